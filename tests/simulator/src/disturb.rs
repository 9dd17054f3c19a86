//! Faults of processes and of the server, drawn once a second for each process.

use crate::{
    faults::Fault,
    message::{Kind, PoolEvent},
    pool::{Pool, Shared},
    process::Process,
};

/// Longest pause of a process, in milliseconds.
const LONGEST_PAUSE_MS: u64 = 6_000;
/// Longest time until a killed process is started again, in milliseconds.
const LONGEST_DEATH_MS: u64 = 4_000;
/// Longest interruption of a connection, in milliseconds.
const LONGEST_CUT_MS: u64 = 3_000;
/// After this time without a connection another process has taken the partitions over, in
/// milliseconds.
const TAKEN_OVER_MS: u64 = 1_200;
/// Longest time for which claims and heartbeats do not pass although the connection is back, in
/// milliseconds.
const LONGEST_HALF_MS: u64 = 5_000;
/// Farthest that a clock is set ahead, in milliseconds.
pub(crate) const FARTHEST_AHEAD_MS: u64 = 24 * 3_600_000;
/// How long a clock must have stayed as it was set before a process adopts it, in milliseconds.
const ADOPTED_AFTER_MS: u64 = 5_000;
/// Longest time for which a drained process owns no partition, in milliseconds.
const LONGEST_LEAVE_MS: u64 = 8_000;

impl<A: Kind> Pool<A> {
    /// Draws the faults of each process in this second.
    pub(crate) fn disturb(&mut self, shared: &mut Shared) {
        for at in 0..self.processes.len() {
            let Some(process) = self.processes.get_mut(at).filter(|process| process.alive) else { continue };
            let incarnation = process.world.me.incarnation;
            if !process.paused && shared.faults.strike(Fault::Pause, &mut shared.chance) {
                process.paused = true;
                let pause_ms = shared.chance.between(100, LONGEST_PAUSE_MS);
                let resume = PoolEvent::Resume { process: at, incarnation };
                self.planned.push((shared.now_ms + pause_ms, resume));
                shared.trace.note(|| format!("process {at} of {} is paused for {pause_ms} ms", A::NAME));
            }
            let Some(process) = self.processes.get_mut(at) else { continue };
            if shared.faults.strike(Fault::Kill, &mut shared.chance) {
                kill(process);
                shared.trace.note(|| format!("process {at} of {} is killed", A::NAME));
                let back_ms = shared.now_ms + shared.chance.between(50, LONGEST_DEATH_MS);
                self.planned.push((back_ms, PoolEvent::Restart(at)));
                continue;
            }
            if shared.faults.strike(Fault::Cut, &mut shared.chance) {
                shared.trace.note(|| format!("process {at} of {} loses its connection", A::NAME));
                cut(process, shared.now_ms + shared.chance.below(LONGEST_CUT_MS));
            }
            if shared.faults.strike(Fault::HalfConnected, &mut shared.chance) {
                shared.trace.note(|| format!("process {at} of {} is connected by half", A::NAME));
                let back_ms = shared.now_ms + shared.chance.between(TAKEN_OVER_MS, LONGEST_CUT_MS);
                cut(process, back_ms);
                process.half_until_ms = back_ms + shared.chance.between(500, LONGEST_HALF_MS);
            }
            if shared.faults.strike(Fault::ClockSet, &mut shared.chance) {
                let ahead = shared.chance.below(A::FARTHEST_BACK_MS + FARTHEST_AHEAD_MS);
                let ahead_ms = ahead.cast_signed() - A::FARTHEST_BACK_MS.cast_signed();
                process.adopts = Some((shared.now_ms + ADOPTED_AFTER_MS, ahead_ms));
                shared.trace.note(|| format!("the clock of process {at} of {} is set", A::NAME));
            }
            if shared.faults.strike(Fault::Drain, &mut shared.chance) {
                process.leaving_until_ms = shared.now_ms + shared.chance.between(2_000, LONGEST_LEAVE_MS);
                shared.trace.note(|| format!("process {at} of {} hands over", A::NAME));
            }
        }
    }

    /// Breaks every connection, as the server is away.
    pub(crate) fn cut_all(&mut self, until_ms: u64) {
        self.processes.iter_mut().for_each(|process| cut(process, until_ms));
    }
}

fn kill<A: Kind>(process: &mut Process<A>) {
    process.alive = false;
    process.paused = false;
    process.inbox.clear();
    process.owned.clear();
}

fn cut<A: Kind>(process: &mut Process<A>, until_ms: u64) {
    process.world.connected = false;
    process.world.outages += 1;
    process.world.doubt();
    process.reconnects_ms = process.reconnects_ms.max(until_ms);
}
