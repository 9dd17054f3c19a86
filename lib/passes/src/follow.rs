//! The cashiers' public keys, as they are in the bucket.

use crate::Checker;
use bus::{Bus, bucket};
use std::time::Duration;
use tokio::time::{sleep, timeout};
use wire::{
    pass::PassKeys,
    subject::{PASS_KEYS, PASSES_BUCKET},
};

/// How often the bucket is read, in case the cashiers have another key.
const LOOK: Duration = Duration::from_secs(10);
/// How often it is read as long as there is no key, and at most if passes name unknown keys.
const SOON: Duration = Duration::from_millis(500);

impl Checker {
    /// Reads the cashiers' keys from the bucket and follows their changes, until the future is
    /// dropped. While the bucket cannot be read, the keys that are known stay in force.
    pub async fn follow(&self, bus: Bus) {
        let mut is_told = false;
        loop {
            match bucket::read::<PassKeys>(&bus, PASSES_BUCKET, PASS_KEYS).await {
                Ok(keys) => {
                    // A bucket that was emptied takes no key away: the cashiers write it again.
                    if let Some(keys) = keys {
                        self.set_keys(&keys);
                    }
                    is_told = false;
                }
                Err(error) if !is_told => {
                    is_told = true;
                    tracing::warn!(
                        has_keys = self.has_keys(),
                        %error,
                        "the keys of session passes cannot be read: without keys, commands of players are \
                         refused for now; they are read again; if the bucket is missing, run `pokerctl apply`"
                    );
                }
                Err(error) => tracing::debug!(%error, "the keys of session passes cannot be read"),
            }
            sleep(SOON).await;
            if self.has_keys() {
                // It is read at once if a pass names an unknown key.
                let _ = timeout(LOOK, self.unknown.notified()).await;
            }
        }
    }
}
