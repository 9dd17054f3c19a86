//! Upsets: faults that make tables wait, recorded so that each wait can be attributed to one of
//! them.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// For so long after an upset its consequences go on: a worker returns and gets its partitions
/// again.
const AFTERMATH: Duration = Duration::from_secs(4);

/// All upsets. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Upsets(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    begun: u64,
    under_way: u32,
    ended: Option<Instant>,
}

/// One upset, which lasts until it is dropped.
#[derive(Debug)]
pub struct Upset {
    all: Upsets,
    number: u64,
    came_alone: bool,
}

impl Upsets {
    /// Begins an upset.
    #[must_use]
    pub fn begin(&self) -> Upset {
        let mut state = self.state();
        let calm = state.ended.is_none_or(|ended| ended.elapsed() >= AFTERMATH);
        let came_alone = state.under_way == 0 && calm;
        state.begun += 1;
        state.under_way += 1;
        Upset { all: self.clone(), number: state.begun, came_alone }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Upset {
    /// Returns whether no other upset or its consequences were under way when this one began, and
    /// none has begun since.
    #[must_use]
    pub fn is_alone(&self) -> bool {
        self.came_alone && self.all.state().begun == self.number
    }
}

impl Drop for Upset {
    fn drop(&mut self) {
        let mut state = self.all.state();
        state.under_way -= 1;
        state.ended = Some(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upset_is_alone_when_no_other_is_near() {
        let upsets = Upsets::default();
        let first = upsets.begin();
        assert!(first.is_alone());
        let second = upsets.begin();
        assert!(!first.is_alone() && !second.is_alone());
        drop((first, second));
        assert!(!upsets.begin().is_alone(), "the others have only just ended");
        upsets.state().ended = Instant::now().checked_sub(AFTERMATH);
        assert!(upsets.begin().is_alone());
    }
}
