//! Gives out session passes, signed with a key that all cashiers share.
//!
//! Invariants: a pass is given only with a log-in, a resumed session or a session that goes on; the
//! key is made once, by the first cashier, and only cashiers can read it.

use crate::{Database, Failure};
use bus::{Bus, bucket, clock::now_ms};
use database::Limits;
use passes::{Signer, layout::Statement};
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::task::spawn_blocking;
use wire::{
    PlayerId, Refusal,
    cashier::{CheckedPass, CheckedSessions, EndedSession, HeldSession, Session},
    pass::{GrantedPass, PassKeys, PublicKey},
    subject::PASS_KEYS,
};

/// How long passes are valid, unless an option says otherwise.
const VALID: Duration = Duration::from_secs(1_800);

/// The part of the cashier that gives out passes.
pub struct PassOffice {
    database: Database,
    valid: Duration,
    /// The database's key, as it was read last.
    signer: Mutex<Option<Arc<Signer>>>,
}

impl PassOffice {
    /// Returns the office over a database.
    pub(crate) fn new(database: Database) -> Self {
        Self { database, valid: VALID, signer: Mutex::new(None) }
    }

    /// Sets for how long passes are valid.
    pub(crate) fn set_valid(&mut self, valid: Duration) {
        self.valid = valid;
    }

    /// Adds a pass to an open session, if a gateway asks for one.
    ///
    /// # Errors
    /// When the key cannot be read or made.
    pub async fn add_to(&self, mut session: Session, gateway: Option<u64>) -> Result<Session, Failure> {
        if let Some(gateway) = gateway {
            let signer = self.signer().await?;
            session.pass = Some(grant(&signer, session.account.player, gateway, self.valid));
        }
        Ok(session)
    }

    /// Returns passes of those sessions that have not ended.
    ///
    /// # Errors
    /// When the key cannot be read or made.
    pub async fn renew(
        &self,
        held: &[HeldSession],
        ended: Vec<EndedSession>,
        gateway: u64,
    ) -> Result<CheckedSessions, Failure> {
        let signer = self.signer().await?;
        let over: HashSet<u32> = ended.iter().map(|ended| ended.index).collect();
        let going_on = (0..).zip(held).filter(|(index, _)| !over.contains(index));
        let players: Vec<_> = going_on.map(|(index, held)| (index, held.player)).collect();
        let valid = self.valid;
        // A thousand signatures take some 20 ms, for which other requests would wait.
        let passes = spawn_blocking(move || {
            let pass =
                |(index, player)| CheckedPass { index, granted: grant(&signer, player, gateway, valid) };
            players.into_iter().map(pass).collect()
        });
        let passes = passes.await.map_err(|_| Refusal::unavailable("the cashier"))?;
        Ok(CheckedSessions { ended, passes })
    }

    /// Returns the public key by which the passes are checked.
    ///
    /// # Errors
    /// When the key cannot be read or made.
    pub async fn public_key(&self) -> Result<PublicKey, Failure> {
        Ok(self.signer().await?.public())
    }

    /// Writes the public key into the bucket from which table workers and coordinators read it.
    ///
    /// # Errors
    /// The reason, when the key cannot be read or made, or the bucket takes no value.
    pub async fn announce(&self, bus: &Bus) -> Result<(), String> {
        // A key that was replaced while this cashier stood still must not come back.
        let signer = self.read().await.map_err(|failure| failure.into_refusal().to_string())?;
        let keys = PassKeys { keys: vec![signer.public()] };
        bucket::write(bus, PASS_KEYS, &keys).await.map_err(|error| error.to_string())
    }

    async fn signer(&self) -> Result<Arc<Signer>, Failure> {
        let known = self.known().clone();
        match known {
            Some(signer) => Ok(signer),
            None => self.read().await,
        }
    }

    /// Reads the key from the database.
    async fn read(&self) -> Result<Arc<Signer>, Failure> {
        let signer = Arc::new(Signer::new(&secret(&self.database).await?));
        *self.known() = Some(Arc::clone(&signer));
        Ok(signer)
    }

    fn known(&self) -> MutexGuard<'_, Option<Arc<Signer>>> {
        self.signer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn grant(signer: &Signer, player: PlayerId, gateway: u64, valid: Duration) -> GrantedPass {
    let valid_ms = u32::try_from(valid.as_millis()).unwrap_or(u32::MAX);
    let expires_ms = now_ms() + u64::from(valid_ms);
    GrantedPass { pass: signer.sign(&Statement { player, gateway, expires_ms }), valid_ms }
}

/// Returns the secret bytes of the key, which is made if there is none.
async fn secret(database: &Database) -> Result<[u8; 32], Failure> {
    let fresh = Signer::new_secret().map_err(|_| Refusal::unavailable("randomness"))?;
    let fresh = &fresh;
    database
        .run(Limits::SHORT, |client| async move {
            // Of two cashiers that start at the same time, one makes the key.
            let make = "INSERT INTO pass_key (secret) VALUES ($1) ON CONFLICT DO NOTHING";
            client.execute(make, &[&fresh.as_slice()]).await?;
            let row = client.query_one("SELECT secret FROM pass_key", &[]).await?;
            let secret: &[u8] = row.try_get(0)?;
            Ok(secret.try_into().map_err(|_| Refusal::unavailable("the key of passes"))?)
        })
        .await
}
