//! The results of the hands.

use crate::usage::round;
use poker::phh::PhhError;
use serde_json::{Value, json};
use std::{collections::BTreeMap, time::Duration};

/// Hands that did not end as recorded and are listed; further ones are only counted.
const MOST_TOLD: usize = 10;

/// The result of comparing a hand with its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All players saw the recorded stacks at its end.
    Exact,
    /// The hand was played otherwise; how.
    Different(String),
    /// The hand was not played; why.
    Refused(String),
}

/// The results of all hands.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    hands: u64,
    exact: u64,
    different: u64,
    refused: u64,
    /// How often each reason for not playing a hand came.
    refusals: BTreeMap<String, u64>,
    told: Vec<(String, String)>,
    /// Players' actions in hands that ended as recorded.
    pub actions: u64,
    /// Most hands at the same time.
    pub at_once: usize,
    /// Most players at the same time.
    pub players: usize,
    /// From the start barrier to the end of the last hand, over all rounds.
    pub played: Duration,
}

impl Tally {
    /// Counts a hand of this name.
    pub fn hand(&mut self, name: &str, verdict: Verdict) {
        self.hands += 1;
        match verdict {
            Verdict::Exact => self.exact += 1,
            Verdict::Different(how) => {
                self.different += 1;
                if self.told.len() < MOST_TOLD {
                    self.told.push((name.to_owned(), how));
                }
            }
            Verdict::Refused(why) => {
                self.refused += 1;
                *self.refusals.entry(why).or_default() += 1;
            }
        }
    }

    /// Fails unless every hand ended as recorded.
    ///
    /// # Errors
    /// With the numbers.
    pub fn judge(&self) -> anyhow::Result<()> {
        let Self { hands, exact, different, refused, .. } = self;
        anyhow::ensure!(
            exact == hands,
            "of {hands} hands {different} did not end as recorded and {refused} could not be played"
        );
        Ok(())
    }

    /// Returns the counts as fields of a line of JSON.
    pub fn line(&self) -> Value {
        let seconds = self.played.as_secs_f64();
        let per_s = |count: u64| if seconds > 0.0 { round(count as f64 / seconds) } else { 0.0 };
        let told = self.told.iter().map(|(hand, how)| json!({ "hand": hand, "how": how }));
        json!({
            "hands": self.hands,
            "exact": self.exact,
            "different": self.different,
            "refused": self.refused,
            "differences": told.collect::<Vec<_>>(),
            "refusals": self.refusals,
            "at_once": self.at_once,
            "players": self.players,
            "actions": self.actions,
            "seconds": round(seconds),
            "hands_per_s": per_s(self.hands - self.refused),
            "actions_per_s": per_s(self.actions),
        })
    }
}

/// Returns why a file's hand cannot be played, in words that fit other hands too.
pub fn reason(error: &PhhError) -> String {
    match error {
        PhhError::Notation { reason, .. } => (*reason).to_owned(),
        PhhError::OutOfTurn { .. } => "a player acts out of turn".to_owned(),
        PhhError::Refused { refusal, .. } => refusal.to_string(),
        PhhError::Unfinished { .. } => "the hand is not over after its last action".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_hands_are_a_success() {
        let mut tally = Tally { played: Duration::from_millis(500), actions: 9, ..Tally::default() };
        tally.hand("a", Verdict::Exact);
        assert!(tally.judge().is_ok());
        tally.hand("b", Verdict::Refused("no deck".to_owned()));
        tally.hand("c", Verdict::Refused("no deck".to_owned()));
        tally.hand("d", Verdict::Different("3 chips less".to_owned()));
        let failure = tally.judge().unwrap_err().to_string();
        assert_eq!(failure, "of 4 hands 1 did not end as recorded and 2 could not be played");
        let line = tally.line();
        assert_eq!((&line["hands"], &line["exact"], &line["refused"]), (&4.into(), &1.into(), &2.into()));
        assert_eq!(line["refusals"], json!({ "no deck": 2 }));
        assert_eq!(line["differences"], json!([{ "hand": "d", "how": "3 chips less" }]));
        assert_eq!((&line["hands_per_s"], &line["actions_per_s"]), (&4.0.into(), &18.0.into()));
    }
}
