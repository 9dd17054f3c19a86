//! Second factors: codes of the player's authenticator (TOTP, RFC 6238), and recovery codes.
//!
//! Invariants: a code is checked only after the right password, so it shows to no stranger which
//! accounts have a second factor; it is accepted once, and none that is older; a wrong one counts
//! like a wrong password (`crate::login`); a recovery code is stored hashed and accepted once.

mod authenticator;
pub mod recovery;
mod removal;
pub mod store;

pub use authenticator::Authenticator;
pub use removal::remove;

use crate::{Failure, players::unsigned, sessions};
use database::tokio_postgres::Row;
use wire::Refusal;

/// The columns of a [`Factor`], of a statement with [`JOIN`].
pub const COLUMNS: &str = "f.secret, extract(epoch FROM now())::bigint";
/// The join of the second factors that are in force to `players p`, which may have none.
pub const JOIN: &str = "LEFT JOIN second_factors f ON f.player_id = p.player_id AND f.active_at IS NOT NULL";

/// The second factor of an account, and the time by the database's clock, which all cashiers share.
pub struct Factor {
    authenticator: Authenticator,
    now_s: u64,
}

impl Factor {
    /// Returns the second factor from the columns [`COLUMNS`], of which the first is `column`; none
    /// if the account has none.
    ///
    /// # Errors
    /// [`Failure::Database`].
    pub fn read(row: &Row, column: usize) -> Result<Option<Self>, Failure> {
        let Some(secret) = row.try_get::<_, Option<&[u8]>>(column)? else { return Ok(None) };
        let authenticator = Authenticator::of(secret)?;
        Ok(Some(Self { authenticator, now_s: unsigned(row.try_get(column + 1)?) }))
    }

    /// Checks a code, and returns what is spent when the request is carried out.
    ///
    /// # Errors
    /// [`Refusal::CodeNeeded`] without a code, [`Refusal::BadCode`] for one that is neither the
    /// authenticator's now nor of the form of a recovery code.
    pub fn check(&self, code: Option<&str>) -> Result<Proof, Refusal> {
        let code = code.map(str::trim).filter(|code| !code.is_empty()).ok_or(Refusal::CodeNeeded)?;
        let what = match recovery::hash(code) {
            Some(hash) => Spent::Recovery(hash),
            None => Spent::Step(self.authenticator.step(code, self.now_s).ok_or(Refusal::BadCode)?),
        };
        // The request is named, so that a repeated attempt of its transaction is no second use.
        Ok(Proof { what, by: sessions::hash(&sessions::new_token()?) })
    }
}

/// A code that is to be spent.
pub struct Proof {
    what: Spent,
    by: [u8; 32],
}

impl Proof {
    /// Returns the name of the request that spends the code.
    #[must_use]
    pub const fn by(&self) -> &[u8; 32] {
        &self.by
    }
}

/// The kind of a code.
enum Spent {
    /// A code of the authenticator, by its time step.
    Step(u64),
    /// A recovery code, by its hash.
    Recovery([u8; 32]),
}
