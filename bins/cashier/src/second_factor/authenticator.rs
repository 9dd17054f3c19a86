//! The codes of an authenticator: TOTP with HMAC-SHA-1, six digits and steps of 30 s, which all
//! authenticators know.

use wire::Refusal;

/// Bytes of a secret: as long as the hash, as RFC 4226 advises.
pub const SECRET_BYTES: usize = 20;
/// Digits of a code.
const DIGITS: u8 = 6;
/// Seconds of a time step: RFC 6238's default.
const STEP_S: u64 = 30;
/// Steps before and after the present one whose codes are accepted, for clocks that differ: as RFC
/// 6238 advises.
const SKEW: u16 = 1;
/// The name under which authenticators list the account.
const ISSUER: &str = "Poker";

/// The authenticator of one account.
pub struct Authenticator(totp_rs::Totp);

impl Authenticator {
    /// Makes a new secret.
    ///
    /// # Errors
    /// [`Refusal::Unavailable`] when the system has no randomness.
    pub fn new_secret() -> Result<[u8; SECRET_BYTES], Refusal> {
        let mut secret = [0; SECRET_BYTES];
        getrandom::fill(&mut secret).map_err(|_| Refusal::unavailable("randomness"))?;
        Ok(secret)
    }

    /// Returns the authenticator with a secret.
    ///
    /// # Errors
    /// [`Refusal::Unavailable`] when the secret has not the length of one.
    pub fn of(secret: &[u8]) -> Result<Self, Refusal> {
        let totp = totp_rs::Builder::new()
            .with_algorithm(totp_rs::Algorithm::SHA1)
            .with_digits(DIGITS)
            .with_skew(SKEW)
            .with_step_duration(STEP_S)
            .with_secret(secret.to_vec());
        match totp.build() {
            Ok(totp) => Ok(Self(totp)),
            Err(error) => {
                tracing::error!(%error, "a stored secret cannot be used: the request is refused for now");
                Err(Refusal::unavailable("second factor"))
            }
        }
    }

    /// Returns the time step of a code that is accepted at a time in seconds since 1970; none for a
    /// code that is not.
    #[must_use]
    pub fn step(&self, code: &str, now_s: u64) -> Option<u64> {
        // Authenticators show a gap in the middle.
        let digits: String = code.chars().filter(|c| *c != ' ').collect();
        self.0.check(&digits, now_s)
    }

    /// Returns the secret in base32.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.secret().to_base32()
    }

    /// Returns the URI that authenticators read. Names of people need no escapes in it.
    #[must_use]
    pub fn uri(&self, name: &str) -> String {
        let secret = self.text();
        format!(
            "otpauth://totp/{ISSUER}:{name}?secret={secret}&issuer={ISSUER}&algorithm=SHA1&digits={DIGITS}&period={STEP_S}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238, appendix B.
    const SECRET: &[u8; SECRET_BYTES] = b"12345678901234567890";

    #[test]
    fn codes_are_those_of_rfc_6238() {
        let authenticator = Authenticator::of(SECRET).unwrap();
        // The last six of the eight digits in the RFC's table for SHA-1.
        for (now_s, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(authenticator.step(code, now_s), Some(now_s / STEP_S), "at {now_s}");
        }
    }

    #[test]
    fn codes_of_one_step_before_and_after_are_accepted() {
        let authenticator = Authenticator::of(SECRET).unwrap();
        // The code of step 1, which is from 30 to 59 s.
        let code = "287082";
        for (now_s, step) in [(0, Some(1)), (29, Some(1)), (30, Some(1)), (89, Some(1)), (90, None)] {
            assert_eq!(authenticator.step(code, now_s), step, "at {now_s}");
        }
        assert_eq!(authenticator.step(code, 5 * STEP_S), None);
        assert_eq!(authenticator.step(" 287 082 ", 59), Some(1));
        for wrong in ["287083", "28708", "2870820", "+87082", "", "94287082", "२८७०८२"] {
            assert_eq!(authenticator.step(wrong, 59), None, "{wrong}");
        }
    }

    #[test]
    fn a_secret_has_160_random_bits_and_is_shown_in_base32() {
        let authenticator = Authenticator::of(SECRET).unwrap();
        assert_eq!(authenticator.text(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(
            authenticator.uri("Ann-7"),
            "otpauth://totp/Poker:Ann-7?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Poker\
            &algorithm=SHA1&digits=6&period=30"
        );
        assert_ne!(Authenticator::new_secret().unwrap(), Authenticator::new_secret().unwrap());
        assert!(Authenticator::of(&SECRET[..5]).is_err());
    }
}
