//! The order of one player's command ids. An aggregate remembers the answers to a player's last few
//! commands; of the others it keeps just enough to know that they were carried out.
//!
//! A program numbers its commands upwards: a run. Another program of the same player begins
//! anywhere, so a player may have several runs. Of a run none of whose answers is remembered its
//! last id is kept, as an [`EndedRun`].
//!
//! Invariant: after a command was carried out, it is not carried out again before its run is
//! forgotten by time, or at least [`LENGTH`] / [`STEP`] further commands of the player were carried
//! out, each [`STEP`] or so above the one before. A program whose ids count up gets there after
//! [`LENGTH`] commands.

use serde::{Deserialize, Serialize};
use wire::CommandId;

/// An id that is above another one by less than this continues its run. A program sends other
/// requests between two commands to one aggregate, and they take ids too.
const STEP: u64 = 1 << 20;
/// An id that is below another one by less than this is of the same run and comes too late. Another
/// program of the player, which begins at a random number of 52 bits, is taken for it once in
/// sixteen million times.
const LENGTH: u64 = 1 << 28;
/// Ended runs of one player; while there are as many, no further program of the player begins.
/// Ids that do not count up fill this list at once, and the programs of a person hardly ever do.
const MAX_ENDED: usize = 8;

/// The ended runs of one player at one aggregate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EndedRuns(Vec<EndedRun>);

/// A run of which no answer is remembered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct EndedRun {
    /// The highest id that was carried out.
    last: CommandId,
    /// The time that has certainly passed since its answer was forgotten, in milliseconds.
    passed_ms: u64,
}

impl EndedRuns {
    /// Returns whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether a command must not be carried out: a later one of its run was, or it would
    /// begin one run too many. `remembered` are the ids whose answers are remembered, and this id
    /// is not among them.
    pub fn is_out_of_date(&self, remembered: impl Iterator<Item = CommandId> + Clone, id: CommandId) -> bool {
        let mut known = remembered.clone().chain(self.lasts());
        if known.any(|later| later.0.checked_sub(id.0).is_some_and(|by| by < LENGTH)) {
            return true;
        }
        let mut known = remembered.chain(self.lasts());
        self.0.len() >= MAX_ENDED && !known.any(|earlier| continues(earlier, id))
    }

    /// Takes note that a command is remembered: a run that it continues has not ended.
    pub fn remembered(&mut self, id: CommandId) {
        self.0.retain(|run| !continues(run.last, id));
    }

    /// Takes note that the answer to a command is forgotten; `remembered` are the ids whose answers
    /// still are remembered.
    pub fn forgotten(&mut self, id: CommandId, remembered: impl Iterator<Item = CommandId>) {
        let goes_on = remembered.chain(self.lasts()).any(|later| continues(id, later));
        if !goes_on {
            self.0.push(EndedRun { last: id, passed_ms: 0 });
        }
    }

    /// Notes that so much time has certainly passed, in milliseconds, and forgets runs whose last
    /// answer was forgotten `kept_ms` ago.
    pub fn pass(&mut self, passed_ms: u64, kept_ms: u64) {
        for run in &mut self.0 {
            run.passed_ms = run.passed_ms.saturating_add(passed_ms);
        }
        self.0.retain(|run| run.passed_ms < kept_ms);
    }

    fn lasts(&self) -> impl Iterator<Item = CommandId> {
        self.0.iter().map(|run| run.last)
    }
}

/// Returns whether an id continues the run of another one.
const fn continues(earlier: CommandId, id: CommandId) -> bool {
    earlier.0 < id.0 && id.0 - earlier.0 < STEP
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{HashMap, VecDeque};

    const KEPT_MS: u64 = 1_000;

    /// The memory of one player's last four commands.
    #[derive(Default)]
    struct Memory {
        answers: VecDeque<CommandId>,
        ended: EndedRuns,
        done: HashMap<u64, usize>,
        count: usize,
    }

    impl Memory {
        /// Carries a command out, unless it is known or out of date; returns whether it was.
        fn ask(&mut self, id: u64) -> bool {
            let id = CommandId(id);
            let known = self.answers.contains(&id);
            if known || self.ended.is_out_of_date(self.answers.iter().copied(), id) {
                return false;
            }
            if self.answers.len() == 4
                && let Some(oldest) = self.answers.pop_front()
            {
                self.ended.forgotten(oldest, self.answers.iter().copied().chain([id]));
            }
            self.answers.push_back(id);
            self.ended.remembered(id);
            self.count += 1;
            self.done.insert(id.0, self.count);
            true
        }
    }

    #[test]
    fn a_program_that_counts_up_is_never_refused_and_leaves_no_ended_run() {
        let mut memory = Memory::default();
        for id in 0..10_000 {
            assert!(memory.ask(1_000 + id * 4_096) && memory.ended.is_empty(), "command {id}");
        }
        assert!((0..10_000).all(|id| !memory.ask(1_000 + id * 4_096 - 1)), "all of them come too late");
    }

    #[test]
    fn further_programs_of_a_player_begin_anywhere_until_they_are_too_many() {
        let mut memory = Memory::default();
        // Upwards, downwards, and in between; each sends some commands.
        let begins = [50, 90, 10, 30, 70, 20, 80, 40, 60].map(|at| at << 44);
        for begin in begins {
            assert!((0..10).all(|id| memory.ask(begin + id)), "{begin}");
        }
        let late = begins.iter().flat_map(|begin| (0..10).map(move |id| begin + id));
        assert!(late.clone().all(|id| !memory.ask(id)));
        assert!(!memory.ask(95 << 44), "one program too many");
        assert!(memory.ask(begins[8] + 10), "the others go on");
        memory.ended.pass(KEPT_MS, KEPT_MS);
        assert!(memory.ask(95 << 44) && memory.ended.is_empty());
    }

    #[test]
    fn whatever_ids_a_program_sends_none_is_carried_out_twice_within_256_commands() {
        // Few ids, at distances around all bounds, so that most of them come again and again.
        let at = [
            0,
            1,
            2,
            5,
            STEP - 1,
            STEP,
            STEP + 1,
            3 * STEP,
            LENGTH - 1,
            LENGTH,
            LENGTH + STEP - 1,
            3 * LENGTH,
        ];
        let ids: Vec<u64> = at.iter().flat_map(|a| at.map(|b| (1 << 50) + a * 3 + b)).collect();
        for seed in 1..200_u64 {
            let mut memory = Memory::default();
            let mut bits = seed;
            for _ in 0..3_000 {
                bits ^= bits << 13;
                bits ^= bits >> 7;
                bits ^= bits << 17;
                let id = ids[bits as usize % ids.len()];
                let before = memory.done.get(&id).copied();
                if memory.ask(id)
                    && let Some(before) = before
                {
                    assert!(memory.count - before > 256, "seed {seed}: id {id} was carried out twice");
                }
            }
            assert!(memory.ended.0.len() <= MAX_ENDED + 4, "seed {seed}");
        }
    }
}
