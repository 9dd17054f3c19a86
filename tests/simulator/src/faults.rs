//! The kinds of faults, how often each strikes, and how often each has struck.

use crate::chance::Chance;
use serde::Serialize;
use std::collections::BTreeMap;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// A message never arrives.
    MessageLost,
    /// A message arrives twice.
    MessageDoubled,
    /// A message is overtaken by later ones.
    MessageLate,
    /// A record is stored, but its owner gets no ack.
    AckLost,
    /// A record is stored, but its ack comes after the owner's time limit.
    AckLate,
    /// A record reaches the journal after the owner's time limit.
    AppendLate,
    /// A record never reaches the journal.
    AppendLost,
    /// A record is not stored because the stream has no room.
    AppendRefused,
    /// A process is paused and goes on later.
    Pause,
    /// A process is killed and started again.
    Kill,
    /// A process loses its connection and the messages on their way to it.
    Cut,
    /// A process loses its connection until others have taken over; then it hears commands again,
    /// but claims and heartbeats do not pass yet.
    HalfConnected,
    /// The server of messages and journals is down.
    ServerAway,
    /// A machine's clock is set.
    ClockSet,
    /// A process hands its partitions over and takes some back later.
    Drain,
    /// The cashier does not answer.
    CashierAway,
    /// The cashier refuses a posting though the money is there.
    CashierRefuses,
    /// A request reaches the cashier twice.
    CashierTwice,
    /// A client loses its connection.
    ClientCut,
    /// A client's program ends and is started again.
    ClientKilled,
    /// A client sends a command twice.
    ClientRepeats,
}

/// All kinds of faults.
pub(crate) const ALL: [Fault; 21] = [
    Fault::MessageLost,
    Fault::MessageDoubled,
    Fault::MessageLate,
    Fault::AckLost,
    Fault::AckLate,
    Fault::AppendLate,
    Fault::AppendLost,
    Fault::AppendRefused,
    Fault::Pause,
    Fault::Kill,
    Fault::Cut,
    Fault::HalfConnected,
    Fault::ServerAway,
    Fault::ClockSet,
    Fault::Drain,
    Fault::CashierAway,
    Fault::CashierRefuses,
    Fault::CashierTwice,
    Fault::ClientCut,
    Fault::ClientKilled,
    Fault::ClientRepeats,
];

/// Returns the average number of faults of a kind in a million occasions, before the run's own
/// draw. An occasion is a message, an append, a second of a process, and so on.
const fn usual(fault: Fault) -> u32 {
    match fault {
        Fault::MessageLost | Fault::MessageDoubled | Fault::ClientRepeats | Fault::HalfConnected => 30_000,
        Fault::MessageLate => 40_000,
        Fault::AckLost | Fault::AckLate | Fault::AppendLate | Fault::AppendLost => 8_000,
        Fault::AppendRefused => 5_000,
        Fault::Pause => 40_000,
        Fault::Kill | Fault::Cut => 15_000,
        Fault::ServerAway | Fault::ClockSet | Fault::Drain => 6_000,
        Fault::CashierAway => 30_000,
        Fault::CashierRefuses => 20_000,
        Fault::CashierTwice => 50_000,
        Fault::ClientCut => 30_000,
        Fault::ClientKilled => 6_000,
    }
}

/// The faults of one run.
pub(crate) struct Faults {
    often: BTreeMap<Fault, u32>,
    /// How often each kind has struck.
    pub(crate) counts: BTreeMap<Fault, u64>,
    /// Whether no more faults strike.
    pub(crate) calm: bool,
}

impl Faults {
    /// Draws how often each kind strikes: not at all, as usual, or four times as often. A kind that
    /// strikes all the time would hide errors that only show without it.
    pub(crate) fn draw(chance: &mut Chance) -> Self {
        let often = ALL.map(|fault| {
            let times = match chance.below(5) {
                0 => 0,
                1..=3 => 1,
                _ => 4,
            };
            (fault, usual(fault) * times)
        });
        Self { often: often.into(), counts: BTreeMap::new(), calm: false }
    }

    /// Draws whether a fault strikes on this occasion, and counts it.
    pub(crate) fn strike(&mut self, fault: Fault, chance: &mut Chance) -> bool {
        let often = self.often.get(&fault).copied().unwrap_or(0);
        let strikes = !self.calm && chance.hits(often);
        if strikes {
            *self.counts.entry(fault).or_default() += 1;
        }
        strikes
    }
}
