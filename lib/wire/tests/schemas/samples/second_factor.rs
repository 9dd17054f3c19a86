//! Requests about the second factor of an account, and their answers.

use super::Samples;
use wire::second_factor::{SecondFactorReply, SecondFactorRequest};

/// A code of an authenticator.
pub const CODE: &str = "287082";

/// Returns samples of each request about the second factor.
pub fn requests() -> Samples<SecondFactorRequest> {
    use SecondFactorRequest as R;
    let password = || "correct horse".to_owned();
    vec![
        ("begin a second factor", R::Begin),
        ("confirm a second factor", R::Confirm { password: password(), code: CODE.to_owned() }),
        (
            "new recovery codes",
            R::NewRecoveryCodes { password: password(), code: "aaaq-eaya-ub3q-qcjk".to_owned() },
        ),
        ("end a second factor", R::End { password: password(), code: CODE.to_owned() }),
    ]
}

/// Returns samples of each answer.
pub fn replies() -> Samples<SecondFactorReply> {
    use SecondFactorReply as R;
    let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ".to_owned();
    let uri = format!("otpauth://totp/Poker:ann?secret={secret}&issuer=Poker");
    vec![
        ("secret", R::Secret { secret, uri }),
        ("recovery codes", R::RecoveryCodes(vec!["aaaq-eaya-ub3q-qcjk".to_owned()])),
    ]
}
