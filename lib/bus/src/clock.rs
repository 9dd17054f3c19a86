//! The time of this process: the machine's time when the process started, counted on by the
//! monotonic clock and slowly corrected towards the machine's clock. So a deadline stays equally
//! far away when the machine's clock is set.
//!
//! See `docs/decisions/0037-clocks.md`.

use rustix::time::{ClockId, clock_gettime};
use std::{
    sync::{LazyLock, Mutex, PoisonError},
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::sync::watch;

/// Largest correction, as a fraction of the time since the last one: one part in this many, 1 ms in
/// 100 ms.
const PART: i64 = 100;
/// Readings closer together than this are not corrected, in microseconds: the correction would be
/// rounded to zero.
const LEAST_US: i64 = 10_000;
/// Longest time that one correction counts, in microseconds: otherwise a process that reads its
/// clock once an hour would be corrected by half a minute at once.
const MOST_US: i64 = 1_000_000;
/// A difference of this size, in microseconds, is no drift: the machine's clock was set.
const STEP_US: i64 = 5_000_000;
/// How long the machine's clock must stay as it was set before the process adopts it, in
/// microseconds: a mistake is corrected sooner than that.
const SETTLED_US: i64 = 120_000_000;

/// Readings of both clocks at one moment, in microseconds.
#[derive(Clone, Copy, Debug)]
struct ClockReading {
    /// Since the machine was started. Counts while the machine is suspended, and never decreases.
    monotonic: i64,
    /// Since 1970, by the machine's clock.
    wall: i64,
}

/// A change that is logged, with the milliseconds by which the machine's clock is ahead; negative
/// when it is behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Notice {
    /// The machine's clock was set.
    Stepped(i64),
    /// Both clocks agree again.
    Close,
    /// The process has adopted the machine's time.
    Adopted(i64),
}

/// A machine's clock that was set.
#[derive(Clone, Copy, Debug)]
struct Step {
    /// By how much it is ahead, in microseconds.
    ahead: i64,
    /// When it was set, by the monotonic clock.
    since: i64,
}

/// The course of the clock from one reading to the next. Pure.
#[derive(Debug)]
struct Course {
    /// The offset to the monotonic clock.
    offset: i64,
    /// When the offset was last corrected, by the monotonic clock.
    corrected_at: i64,
    /// The last time that was returned: corrections never lead back before it.
    last: i64,
    step: Option<Step>,
}

impl Course {
    const fn new(ClockReading { monotonic, wall }: ClockReading) -> Self {
        Self { offset: wall - monotonic, corrected_at: monotonic, last: wall, step: None }
    }

    /// Takes in a reading. Returns the time in microseconds since 1970.
    fn read(&mut self, ClockReading { monotonic, wall }: ClockReading) -> (i64, Option<Notice>) {
        let since = monotonic - self.corrected_at;
        let mut notice = None;
        if since >= LEAST_US {
            let ahead = wall - monotonic - self.offset;
            notice = self.judge(ahead, monotonic);
            if matches!(notice, Some(Notice::Adopted(_))) {
                *self = Self::new(ClockReading { monotonic, wall });
            } else {
                let most = since.min(MOST_US) / PART;
                self.offset += ahead.clamp(-most, most);
                self.corrected_at = monotonic;
            }
        }
        self.last = self.last.max(monotonic + self.offset);
        (self.last, notice)
    }

    /// Classifies a difference: drift, a set clock, or a set clock that has stayed long enough to
    /// be adopted.
    fn judge(&mut self, ahead: i64, monotonic: i64) -> Option<Notice> {
        let ms = ahead / 1_000;
        if ahead.abs() < STEP_US {
            return self.step.take().map(|_| Notice::Close);
        }
        match self.step {
            Some(step) if (ahead - step.ahead).abs() < STEP_US => {
                let is_settled = monotonic - step.since >= SETTLED_US;
                is_settled.then_some(Notice::Adopted(ms))
            }
            _ => {
                self.step = Some(Step { ahead, since: monotonic });
                Some(Notice::Stepped(ms))
            }
        }
    }
}

/// The clock of this process.
static CLOCK: LazyLock<Mutex<Course>> = LazyLock::new(|| Mutex::new(Course::new(reading())));
/// How often this process has adopted the machine's time.
static ADOPTED: LazyLock<watch::Sender<u64>> = LazyLock::new(|| watch::Sender::new(0));

/// Returns the time of this process in milliseconds since 1970. Between two calls it advances by
/// the time between them, up to one hundredth more or less, except when the machine's time is
/// adopted (see [`adopted`]).
#[must_use]
pub fn now_ms() -> u64 {
    let (now, notice) = CLOCK.lock().unwrap_or_else(PoisonError::into_inner).read(reading());
    match notice {
        None => {}
        Some(Notice::Stepped(ahead_ms)) => {
            tracing::warn!(
                ahead_ms,
                "the machine's clock was set: this process goes on by the monotonic clock, and adopts the new time if it stays"
            );
        }
        Some(Notice::Close) => tracing::info!("the machine's clock agrees with this process' clock again"),
        Some(Notice::Adopted(ahead_ms)) => {
            tracing::warn!(
                ahead_ms,
                "the machine's clock has stayed as it was set: this process adopts its time"
            );
            ADOPTED.send_modify(|times| *times += 1);
        }
    }
    u64::try_from(now / 1_000).unwrap_or(0)
}

/// Returns a counter that rises whenever this process adopts the machine's time: moments from
/// before then are on another time scale.
#[must_use]
pub fn adopted() -> watch::Receiver<u64> {
    ADOPTED.subscribe()
}

fn reading() -> ClockReading {
    let micros = |since: Duration| i64::try_from(since.as_micros()).unwrap_or(i64::MAX);
    let monotonic = Duration::try_from(clock_gettime(ClockId::Boottime)).unwrap_or_default();
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    ClockReading { monotonic: micros(monotonic), wall: micros(wall) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000;
    const S: i64 = 1_000 * MS;
    const HOUR: i64 = 3_600 * S;

    /// A machine with its two clocks, and a process that reads them every 20 ms.
    struct Machine {
        reading: ClockReading,
        course: Course,
        /// By how much the machine's clock drifts in a second.
        drift: i64,
        now: i64,
        notices: Vec<Notice>,
    }

    impl Machine {
        fn new() -> Self {
            let reading = ClockReading { monotonic: 77 * S, wall: 1_700_000_000 * S };
            Self { reading, course: Course::new(reading), drift: 0, now: reading.wall, notices: Vec::new() }
        }

        /// Lets time pass, and asserts that no correction is larger than allowed.
        fn pass(&mut self, time: i64) {
            const LOOK: i64 = 20 * MS;
            for _ in 0..time / LOOK {
                self.reading.monotonic += LOOK;
                self.reading.wall += LOOK + self.drift * LOOK / S;
                let (now, notice) = self.course.read(self.reading);
                if !matches!(notice, Some(Notice::Adopted(_))) {
                    let passed = now - self.now;
                    assert!((passed - LOOK).abs() <= LOOK / PART, "{passed} µs in {LOOK}");
                }
                self.now = now;
                self.notices.extend(notice);
            }
        }

        fn set(&mut self, by: i64) {
            self.reading.wall += by;
        }

        /// Returns by how much the machine's clock is ahead.
        fn ahead(&self) -> i64 {
            self.reading.wall - self.now
        }
    }

    #[test]
    fn a_drifting_clock_is_followed() {
        for drift in [-500, 500] {
            let mut machine = Machine { drift, ..Machine::new() };
            machine.pass(600 * S);
            assert!(machine.ahead().abs() <= MS, "{}", machine.ahead());
            assert_eq!(machine.notices, []);
        }
    }

    #[test]
    fn a_small_difference_is_corrected_slowly() {
        for by in [-2 * S, 2 * S] {
            let mut machine = Machine::new();
            machine.pass(S);
            machine.set(by);
            machine.pass(100 * S);
            assert!((machine.ahead() - by / 2).abs() < 20 * MS, "a hundredth: {}", machine.ahead());
            machine.pass(101 * S);
            assert!(machine.ahead().abs() < MS);
            assert_eq!(machine.notices, []);
        }
    }

    #[test]
    fn a_set_clock_is_adopted_only_after_it_has_stayed_for_two_minutes() {
        for by in [-HOUR, HOUR] {
            let mut machine = Machine::new();
            machine.pass(S);
            machine.set(by);
            machine.pass(119 * S);
            assert!(machine.ahead().abs() > HOUR - 2 * S);
            assert_eq!(machine.notices, [Notice::Stepped(by / MS)], "told once");
            machine.pass(2 * S);
            assert_eq!(machine.ahead(), 0);
            assert!(matches!(machine.notices[..], [_, Notice::Adopted(ms)] if (ms - by / MS).abs() < 2_000));
            machine.pass(300 * S);
            assert_eq!(machine.notices.len(), 2);
        }
    }

    #[test]
    fn a_clock_that_is_set_and_set_back_is_never_adopted() {
        let mut machine = Machine::new();
        machine.set(HOUR);
        machine.pass(60 * S);
        machine.set(-HOUR);
        machine.pass(600 * S);
        assert_eq!(machine.notices, [Notice::Stepped(HOUR / MS), Notice::Close]);
        assert!(machine.ahead().abs() < MS);
    }

    #[test]
    fn a_clock_that_is_set_repeatedly_is_not_adopted() {
        let mut machine = Machine::new();
        for _ in 0..10 {
            machine.set(HOUR);
            machine.pass(60 * S);
        }
        assert_eq!(machine.notices.len(), 10);
        assert!(machine.ahead() > 9 * HOUR);
    }

    #[test]
    fn a_process_that_seldom_reads_its_clock_is_corrected_by_little_at_once() {
        let mut machine = Machine::new();
        machine.pass(S);
        machine.reading.monotonic += HOUR;
        machine.reading.wall += HOUR + 4 * S;
        let (now, notice) = machine.course.read(machine.reading);
        assert_eq!((machine.reading.wall - now, notice), (4 * S - MOST_US / PART, None));
    }

    #[test]
    fn readings_in_quick_succession_never_go_back() {
        let mut machine = Machine::new();
        machine.set(-4 * S);
        let mut last = machine.now;
        for _ in 0..100_000 {
            machine.reading.monotonic += 3;
            machine.reading.wall += 3;
            let (now, _) = machine.course.read(machine.reading);
            assert!(now >= last);
            last = now;
        }
        assert!(machine.ahead() < 0);
    }

    #[test]
    fn the_clock_begins_at_the_time_of_the_machine() {
        let wall_ms = u64::try_from(reading().wall / MS).unwrap();
        assert!(now_ms().abs_diff(wall_ms) < 5_000);
    }
}
