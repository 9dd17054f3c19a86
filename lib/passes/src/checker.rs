//! Checking passes.

use crate::{
    layout::{self, BYTES, Parts},
    remembered::Remembered,
};
use ed25519_dalek::{Signature, VerifyingKey};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use wire::{
    PlayerId, Refusal,
    pass::{Pass, PassKeys, PublicKey},
    sender::Sender,
};

/// The longest time from now on for which a pass may be valid, in milliseconds: the longest that
/// cashiers can be told to give, and an hour for clocks that differ. A cashier whose clock is far
/// ahead gives no passes that hold after it is set right.
const LONGEST_MS: u64 = 25 * 3_600_000;

/// Checks the passes of commands, for all partitions of a process.
#[derive(Default)]
pub struct Checker {
    inner: Mutex<Inner>,
    /// Told when a pass names an unknown key: the cashiers may have another one now.
    pub(crate) unknown: Notify,
}

#[derive(Default)]
struct Inner {
    keys: Vec<VerifyingKey>,
    /// Passes that one of the keys signed.
    remembered: Remembered,
}

impl Checker {
    /// Takes the cashiers' public keys, in place of those before. Keys that are no points of the
    /// curve are left out, and a list without any key changes nothing.
    pub fn set_keys(&self, keys: &PassKeys) {
        let keys: Vec<_> =
            keys.keys.iter().filter_map(|PublicKey(key)| VerifyingKey::from_bytes(key).ok()).collect();
        if keys.is_empty() {
            return;
        }
        let mut inner = self.lock();
        if inner.keys != keys {
            *inner = Inner { keys, remembered: Remembered::default() };
        }
    }

    /// Returns whether there is a key.
    #[must_use]
    pub fn has_keys(&self) -> bool {
        !self.lock().keys.is_empty()
    }

    /// Checks that a command's sender may speak for this player now: a gateway has to show a pass.
    /// The subjects of other senders are their authority, and visitors have none to prove.
    ///
    /// # Errors
    /// [`Refusal::PassNeeded`] when the pass is missing, forged, another player's, or has expired;
    /// [`Refusal::Unavailable`] while the cashiers' keys are not known.
    pub fn check(
        &self,
        sender: Sender,
        player: Option<PlayerId>,
        pass: Option<&Pass>,
        now_ms: u64,
    ) -> Result<(), Refusal> {
        match (sender, player) {
            (Sender::Gateway, Some(player)) => self.check_pass(player, pass, now_ms),
            (Sender::Gateway, None)
            | (Sender::TableWorker | Sender::BotWorker | Sender::Coordinator | Sender::Admin, _) => Ok(()),
        }
    }

    fn check_pass(&self, player: PlayerId, pass: Option<&Pass>, now_ms: u64) -> Result<(), Refusal> {
        let refused = |fault: &str| Err(Refusal::pass_needed(format!("the pass {fault}")));
        let Some(Pass(pass)) = pass else { return refused("is missing") };
        let Ok(bytes) = <&[u8; BYTES]>::try_from(pass.as_slice()) else {
            return refused("has the wrong length");
        };
        let Some(parts) = layout::parse(bytes) else { return refused("has an unknown version") };
        if parts.statement.player != player {
            return refused("is another player's");
        }
        if parts.statement.expires_ms <= now_ms {
            return refused("has expired");
        }
        if parts.statement.expires_ms > now_ms + LONGEST_MS {
            return refused("is valid for too long");
        }
        let key = {
            let mut inner = self.lock();
            if inner.keys.is_empty() {
                return Err(Refusal::unavailable("the cashier's key"));
            }
            if inner.remembered.has(bytes) {
                return Ok(());
            }
            inner.keys.iter().copied().find(|key| layout::name_of(&PublicKey(key.to_bytes())) == parts.key)
        };
        let Some(key) = key else {
            self.unknown.notify_one();
            return refused("is signed with an unknown key");
        };
        // Other partitions go on meanwhile.
        if !verifies(&key, &parts) {
            return refused("has a wrong signature");
        }
        let mut inner = self.lock();
        if inner.keys.contains(&key) {
            inner.remembered.add(*bytes);
        }
        Ok(())
    }

    /// Locks the state, which is whole after every statement.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn verifies(key: &VerifyingKey, parts: &Parts) -> bool {
    let bytes = layout::to_sign(&parts.key, &parts.statement);
    key.verify_strict(&bytes, &Signature::from_bytes(&parts.signature)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Signer, layout::Statement};

    const ANN: PlayerId = PlayerId(42);
    const NOW: u64 = 1_700_000_000_000;

    fn signer(byte: u8) -> Signer {
        Signer::new(&[byte; 32])
    }

    fn checker(signer: &Signer) -> Checker {
        let checker = Checker::default();
        checker.set_keys(&PassKeys { keys: vec![signer.public()] });
        checker
    }

    fn pass(signer: &Signer, player: PlayerId, expires_ms: u64) -> Pass {
        signer.sign(&Statement { player, gateway: 7, expires_ms })
    }

    fn fault(checked: Result<(), Refusal>) -> String {
        match checked {
            Err(Refusal::PassNeeded { reason }) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_pass_is_valid_for_its_player_until_it_expires() {
        let (signer, other) = (signer(1), PlayerId(43));
        let checker = checker(&signer);
        let pass = pass(&signer, ANN, NOW + 1);
        let check = |player, now| checker.check_pass(player, Some(&pass), now);
        // The second time it is remembered.
        for _ in 0..2 {
            assert_eq!(check(ANN, NOW), Ok(()));
            assert_eq!(fault(check(other, NOW)), "the pass is another player's");
            assert_eq!(fault(check(ANN, NOW + 1)), "the pass has expired");
        }
    }

    #[test]
    fn a_pass_with_any_byte_changed_is_refused() {
        let signer = signer(1);
        let checker = checker(&signer);
        let Pass(right) = pass(&signer, ANN, NOW + 1_000);
        assert_eq!(checker.check_pass(ANN, Some(&Pass(right.clone())), NOW), Ok(()));
        for place in 0..right.len() {
            let mut wrong = right.clone();
            wrong[place] ^= 1;
            fault(checker.check_pass(ANN, Some(&Pass(wrong)), NOW));
        }
        for wrong in [&right[..right.len() - 1], &[], &[&right[..], &[0]].concat()] {
            fault(checker.check_pass(ANN, Some(&Pass(wrong.to_vec())), NOW));
        }
    }

    #[test]
    fn only_the_cashiers_key_signs_passes() {
        let (own, foreign) = (signer(1), signer(2));
        let checker = checker(&own);
        let forged = pass(&foreign, ANN, NOW + 1_000);
        assert_eq!(
            fault(checker.check_pass(ANN, Some(&forged), NOW)),
            "the pass is signed with an unknown key"
        );
        // The same, under the name of the right key.
        let Pass(mut renamed) = forged;
        renamed[1..9].copy_from_slice(&own.public().0[..8]);
        let reason = fault(checker.check_pass(ANN, Some(&Pass(renamed)), NOW));
        assert_eq!(reason, "the pass has a wrong signature");
    }

    #[test]
    fn passes_of_a_key_that_is_replaced_are_refused_though_they_were_verified_before() {
        let (before, now) = (signer(1), signer(2));
        let checker = checker(&before);
        let old = pass(&before, ANN, NOW + 1_000);
        assert_eq!(checker.check_pass(ANN, Some(&old), NOW), Ok(()));
        checker.set_keys(&PassKeys { keys: vec![now.public()] });
        fault(checker.check_pass(ANN, Some(&old), NOW));
        assert_eq!(checker.check_pass(ANN, Some(&pass(&now, ANN, NOW + 1_000)), NOW), Ok(()));
    }

    #[test]
    fn a_pass_of_a_cashier_whose_clock_is_far_ahead_is_not_accepted() {
        let signer = Signer::new(&[1; 32]);
        let checker = Checker::default();
        checker.set_keys(&PassKeys { keys: vec![signer.public()] });
        let until = |expires_ms| checker.check_pass(ANN, Some(&pass(&signer, ANN, expires_ms)), NOW);
        assert_eq!(until(NOW + LONGEST_MS), Ok(()));
        assert!(until(NOW + LONGEST_MS + 1).is_err());
        checker.set_keys(&PassKeys { keys: Vec::new() });
        assert!(checker.has_keys(), "a list without a key changes nothing");
    }

    #[test]
    fn without_a_key_every_players_command_has_to_be_repeated() {
        let (signer, checker) = (signer(1), Checker::default());
        let checked = checker.check_pass(ANN, Some(&pass(&signer, ANN, NOW + 1_000)), NOW);
        assert!(matches!(&checked, Err(refusal @ Refusal::Unavailable { .. }) if refusal.is_transient()));
        assert!(!checker.has_keys());
    }

    #[test]
    fn only_gateways_that_name_a_player_need_a_pass() {
        let checker = checker(&signer(1));
        fault(checker.check(Sender::Gateway, Some(ANN), None, NOW));
        assert_eq!(checker.check(Sender::Gateway, None, None, NOW), Ok(()));
        for sender in [Sender::Admin, Sender::BotWorker, Sender::Coordinator, Sender::TableWorker] {
            assert_eq!(checker.check(sender, Some(ANN), None, NOW), Ok(()), "{sender}");
        }
    }
}
