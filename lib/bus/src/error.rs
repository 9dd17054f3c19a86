//! Errors of the connection.

use wire::codec::CodecError;

/// Why the bus could not do something.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// No server answers.
    #[error(
        "no NATS server answers at {urls} ({reason}); start one, or say where it is with --nats-url or NATS_URL"
    )]
    Unreachable {
        /// The addresses that were tried.
        urls: String,
        /// What the last attempt said.
        reason: String,
    },
    /// The server knows no such user, or the password is another.
    #[error(
        "the NATS server at {urls} refuses user {user}: set NATS_PASSWORD or --nats-password-file to this fleet's password of that user"
    )]
    Unauthorized {
        /// The addresses that were tried.
        urls: String,
        /// The user.
        user: String,
    },
    /// An address that is none.
    #[error("{} is no NATS address: write it like nats://127.0.0.1:4222", wire::text::Quoted(url))]
    BadUrl {
        /// The text.
        url: String,
    },
    /// The password file cannot be read.
    #[error("cannot read the NATS password from {path}: {source}")]
    PasswordFile {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The node's name is no subject token.
    #[error(transparent)]
    Node(#[from] wire::ids::BadNodeId),
    /// The message could not be handed to the connection: too large, a bad subject, or the connection is closed.
    #[error("cannot send to {subject}: {reason}")]
    Send {
        /// Where to.
        subject: String,
        /// Why.
        reason: String,
    },
    /// The subscription could not be made.
    #[error("cannot subscribe to {subject}: {reason}")]
    Subscribe {
        /// To what.
        subject: String,
        /// Why.
        reason: String,
    },
    /// A value could not be encoded or decoded.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// The server's JetStream API answered with an error, or with none in time.
    #[error("{what}: {reason}")]
    JetStream {
        /// What was asked, with names.
        what: String,
        /// What came back.
        reason: String,
    },
    /// Something that `pokerctl apply` makes is not there.
    #[error("{what} is missing on the NATS server: run `pokerctl apply`")]
    Missing {
        /// Stream, bucket or consumer, with its name.
        what: String,
    },
    /// The operating system gave no random numbers.
    #[error("no random numbers from the operating system: {0}")]
    Random(getrandom::Error),
}

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// Nobody answered within the patience; whether it was carried out is unknown.
    #[error("no answer on {subject} within {waited_ms} ms")]
    TimedOut {
        /// Where it was sent.
        subject: String,
        /// How long was waited.
        waited_ms: u64,
    },
    /// It could not be sent.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The question could not be encoded, or the answer not be decoded.
    #[error("{subject}: {source}")]
    Codec {
        /// Where it was sent.
        subject: String,
        /// What is wrong with the bytes.
        source: CodecError,
    },
}
