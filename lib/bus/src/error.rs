//! Errors of the connection.

use wire::codec::CodecError;

/// Why an operation of the bus failed.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// No server answers.
    #[error(
        "no NATS server answers at {urls} ({reason}); start one, or say where it is with --nats-url or NATS_URL"
    )]
    Unreachable {
        /// The addresses that were tried.
        urls: String,
        /// The reason of the last attempt's failure.
        reason: String,
    },
    /// The server does not know the user, or the password is wrong.
    #[error(
        "the NATS server at {urls} refuses user {user}: set NATS_PASSWORD or --nats-password-file to this fleet's password of that user"
    )]
    Unauthorized {
        /// The addresses that were tried.
        urls: String,
        /// The user.
        user: String,
    },
    /// An address is malformed.
    #[error("{} is not a NATS address: write it like nats://127.0.0.1:4222", wire::text::Quoted(url))]
    BadUrl {
        /// The text.
        url: String,
    },
    /// The password file cannot be read.
    #[error("cannot read the NATS password from {path}: {source}")]
    PasswordFile {
        /// The file.
        path: String,
        /// The reason.
        source: std::io::Error,
    },
    /// The file with the servers' authorities cannot be read.
    #[error("cannot read the authorities of the NATS servers from {path}: {source}")]
    AuthorityFile {
        /// The file.
        path: String,
        /// The reason.
        source: std::io::Error,
    },
    /// The node's name is not a subject token.
    #[error(transparent)]
    Node(#[from] wire::ids::BadNodeId),
    /// The message was not accepted by the connection: too large, a bad subject, or the connection
    /// is closed.
    #[error("cannot send to {subject}: {reason}")]
    Send {
        /// The message's subject.
        subject: String,
        /// The reason.
        reason: String,
    },
    /// The subscription could not be made.
    #[error("cannot subscribe to {subject}: {reason}")]
    Subscribe {
        /// The subject.
        subject: String,
        /// The reason.
        reason: String,
    },
    /// A value could not be encoded or decoded.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// The server's JetStream API answered with an error, or not in time.
    #[error("{what}: {reason}")]
    JetStream {
        /// The request, with names.
        what: String,
        /// The reason.
        reason: String,
    },
    /// An object that `pokerctl apply` makes does not exist.
    #[error("{what} is missing on the NATS server: run `pokerctl apply`")]
    Missing {
        /// Stream, bucket or consumer, with its name.
        what: String,
    },
    /// The operating system gave no random numbers.
    #[error("no random numbers from the operating system: {0}")]
    Random(getrandom::Error),
}

/// Why a request got no answer.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// No answer came within the patience; whether the request was carried out is unknown.
    #[error("no answer on {subject} within {waited_ms} ms")]
    TimedOut {
        /// The request's subject.
        subject: String,
        /// How long the request waited, in milliseconds.
        waited_ms: u64,
    },
    /// The request could not be sent.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The request could not be encoded, or the answer could not be decoded.
    #[error("{subject}: {source}")]
    Codec {
        /// The request's subject.
        subject: String,
        /// The reason.
        source: CodecError,
    },
}
