//! The second factor of an account: a code of the player's authenticator (TOTP, RFC 6238), or a
//! recovery code in its place.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A player's request about the second factor of the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SecondFactorRequest {
    /// Makes a secret, which changes nothing until it is confirmed. A session that asks again gets
    /// the same secret for an hour. Answered with [`SecondFactorReply::Secret`].
    Begin,
    /// Turns the second factor on, with a code of the new secret, from the session that began it.
    /// Answered with [`SecondFactorReply::RecoveryCodes`].
    Confirm {
        /// The account's password.
        password: String,
        /// A code of the authenticator.
        code: String,
    },
    /// Makes new recovery codes in place of all earlier ones. Answered with
    /// [`SecondFactorReply::RecoveryCodes`].
    NewRecoveryCodes {
        /// The account's password.
        password: String,
        /// A code of the authenticator, or a recovery code.
        code: String,
    },
    /// Turns the second factor off; it may be off already. Answered as done.
    End {
        /// The account's password.
        password: String,
        /// A code of the authenticator, or a recovery code.
        code: String,
    },
}

/// The answer to a [`SecondFactorRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum SecondFactorReply {
    /// A new secret for the player's authenticator.
    Secret {
        /// The secret in base32 (RFC 4648, without padding), to be typed.
        secret: String,
        /// The same as an `otpauth://` URI, which authenticators read as a QR code.
        uri: String,
    },
    /// New recovery codes, which are shown only now: each is accepted once in place of a code of
    /// the authenticator.
    RecoveryCodes(Vec<String>),
}
