//! Carries out the core's outputs, above all appends, which are repeated until their outcome is
//! certain.

use crate::{
    append::Append,
    context::Context,
    faults::Fault,
    message::{Input, Kind, Outside, Request, Token},
    mistake::Mistake,
    process::{Process, TAKEN_FOR_NEW, known_by},
    server::{Ack, Decided},
    world::PartitionTenure,
};
use bytes::Bytes;
use host::{NotStored, Output, Position, RecordOf};
use wire::CommandId;

/// Time limit for the first attempt's ack, in milliseconds; doubles with each attempt.
const ACK_MS: u64 = 1_000;
/// Longest time limit for an ack, in milliseconds.
const LONGEST_ACK_MS: u64 = 4_000;
/// Pause before an append is repeated, in milliseconds.
const PAUSE_MS: u64 = 50;

impl<A: Kind> Process<A> {
    /// Carries out the outputs of a partition's core.
    pub(crate) fn carry_out(&mut self, place: PartitionTenure, context: &mut Context<'_, A>) {
        let mut outputs = Vec::new();
        loop {
            let Some(core) = self.at(place).and_then(|owned| owned.core.as_mut()) else { return };
            outputs.extend(core.outputs());
            if outputs.is_empty() {
                break;
            }
            // When a partition ends, the order of its answers comes from a hash map, so it is made
            // the same for each run.
            let is_end = |output: &_| matches!(output, Output::Reply { .. } | Output::Released);
            if outputs.iter().all(is_end) {
                outputs.sort_by_key(|output| match output {
                    Output::Reply { token, .. } => token.id.0,
                    _ => u64::MAX,
                });
            }
            for output in outputs.drain(..) {
                self.output(place, output, context);
            }
        }
        self.arm(place, context);
    }

    /// Plans the partition's next wake-up.
    fn arm(&mut self, place: PartitionTenure, context: &mut Context<'_, A>) {
        let now_ms = context.now_ms;
        let Some(owned) = self.at(place) else { return };
        let Some(due_ms) = owned.core.as_ref().and_then(|core| core.next_wake_ms()) else { return };
        let due_ms = due_ms.max(now_ms);
        if owned.armed_ms.is_none_or(|armed_ms| due_ms < armed_ms) {
            owned.armed_ms = Some(due_ms);
            context.deliver(place.member, due_ms - now_ms, Input::Wake(place));
        }
    }

    fn output(&mut self, place: PartitionTenure, output: Output<A, Token>, context: &mut Context<'_, A>) {
        match output {
            Output::Append { id, after, payload, snapshot, patient } => {
                self.append(place, id, (after, payload, snapshot, patient), context);
            }
            Output::Read { id, within_ms } => {
                let ask = self.ask(place, context);
                context.deliver(place.member, within_ms, Input::ReadTimeout { place, id, ask });
                if self.world.connected {
                    context.request(Request::Read { from: place, id, ask });
                }
            }
            Output::Reply { token, reply } => self.reply(token, reply, context),
            Output::Tell { id, news, answers } if self.world.connected => {
                let answers = answers.filter(|token| !is_dropped(*token, context));
                let core = self.at(place).and_then(|owned| owned.core.as_ref());
                let last = core.and_then(|core| core.get(id)).map_or(0, Kind::last_event);
                context.outside.push(Outside::Tell { id, last, news, answers });
            }
            Output::Tell { .. } | Output::Stop { .. } | Output::Loaded { .. } | Output::Evict { .. } => {}
            Output::Start { id, key, effect, tries } => {
                context.outside.push(Outside::Start { place, id, key, effect, tries });
            }
            Output::NotRecorded { id, reason } => {
                context.outside.push(Outside::NotRecorded { id, reason: reason.to_string() });
            }
            Output::Declined { id, refusal } => {
                context.trace.note(|| format!("{} {id} refuses the answer to an effect: {refusal}", A::NAME));
            }
            Output::Unreadable { id, reason } => context.outside.push(Outside::Unreadable { id, reason }),
            Output::Superseded { id, epoch } => {
                let process = place.member.process;
                context.trace.note(|| format!("process {process} finds epoch {epoch} at {} {id}", A::NAME));
                self.world.doubt();
                self.anew(place, context);
            }
            Output::Released => self.ended(place, context),
        }
    }

    fn reply(&mut self, token: Token, reply: A::Reply, context: &mut Context<'_, A>) {
        if self.world.connected && !is_dropped(token, context) {
            context.outside.push(Outside::Reply { process: self.world.me.process, token, reply });
        }
    }

    fn ask(&mut self, place: PartitionTenure, context: &mut Context<'_, A>) -> u64 {
        let ask = context.next();
        if let Some(owned) = self.at(place) {
            owned.asks.insert(ask);
        }
        ask
    }

    fn append(
        &mut self,
        place: PartitionTenure,
        id: A::Id,
        (after, payload, mut snapshot, patient): (Position, Vec<u8>, bool, bool),
        context: &mut Context<'_, A>,
    ) {
        let mut payload = Bytes::from(payload);
        let number = context.next();
        if let Some(mistake) = context.planted.mistake {
            (payload, snapshot) = self.spoil(mistake, place, id, (payload, snapshot), context);
        }
        let after = after.last;
        let append = Append { number, attempt: 0, after, payload, snapshot, patient, in_trouble: false };
        let Some(owned) = self.at(place) else { return };
        owned.appends.insert(id, append);
        if !patient && !self.world.connected {
            return self.end_append(place, id, Err(NotStored::NotNow), context);
        }
        self.attempt(place, id, context);
        if context.planted.mistake == Some(Mistake::EvolvesBeforeAck) {
            let sequence = context.newest + 1;
            self.end_append(place, id, Ok(sequence), context);
        }
    }

    /// Sends a record, at first or again.
    fn attempt(&mut self, place: PartitionTenure, id: A::Id, context: &mut Context<'_, A>) {
        let connected = self.world.connected;
        let Some(append) = self.at(place).and_then(|owned| owned.appends.get(&id)) else { return };
        let Append { number, attempt, after, snapshot, .. } = *append;
        let payload = append.payload.clone();
        if connected {
            let from = place;
            let append = number;
            context.request(Request::Append { from, id, append, attempt, after, payload, snapshot });
        }
        let patience_ms = (ACK_MS << attempt.min(4)).min(LONGEST_ACK_MS);
        let timeout = Input::AppendTimeout { place, id, append: number, attempt };
        context.deliver(place.member, patience_ms, timeout);
    }

    /// Returns the append that an answer is for, if it still waits for that answer.
    fn waits(
        &mut self,
        place: PartitionTenure,
        id: A::Id,
        (number, attempt): (u64, u32),
    ) -> Option<&mut Append> {
        let append = self.at(place)?.appends.get_mut(&id)?;
        (append.number == number && append.attempt == attempt).then_some(append)
    }

    pub(crate) fn acked(
        &mut self,
        place: PartitionTenure,
        id: A::Id,
        which: (u64, u32),
        ack: Ack,
        context: &mut Context<'_, A>,
    ) {
        let Some(append) = self.waits(place, id, which) else { return };
        match (ack, append.patient) {
            (Ack::Stored(sequence), _) => self.end_append(place, id, Ok(sequence), context),
            (Ack::NoRoom, false) => self.end_append(place, id, Err(NotStored::NotNow), context),
            (Ack::NoRoom, true) => self.trouble(place, id, context),
            (Ack::WrongLast, _) => self.ask_back(place, id, context),
        }
    }

    pub(crate) fn append_timeout(
        &mut self,
        place: PartitionTenure,
        id: A::Id,
        which: (u64, u32),
        context: &mut Context<'_, A>,
    ) {
        let Some(append) = self.waits(place, id, which) else { return };
        if append.patient {
            if !append.in_trouble {
                append.in_trouble = true;
                self.world.in_trouble += 1;
                self.world.outages += 1;
            }
            self.ask_back(place, id, context);
        } else {
            self.end_append(place, id, Err(NotStored::NotNow), context);
        }
    }

    /// Reads back whether a record is stored; without an answer the append is repeated.
    fn ask_back(&mut self, place: PartitionTenure, id: A::Id, context: &mut Context<'_, A>) {
        let connected = self.world.connected;
        let Some(append) = self.at(place).and_then(|owned| owned.appends.get_mut(&id)) else { return };
        append.attempt += 1;
        let Append { number, attempt, after, .. } = *append;
        if connected {
            context.request(Request::ReadBack { from: place, id, append: number, attempt, after });
        }
        context.deliver(place.member, ACK_MS, Input::AppendAgain { place, id, append: number, attempt });
    }

    pub(crate) fn read_back(
        &mut self,
        place: PartitionTenure,
        id: A::Id,
        which: (u64, u32),
        decided: Decided,
        context: &mut Context<'_, A>,
    ) {
        if self.waits(place, id, which).is_none() {
            return;
        }
        match decided {
            Decided::Ours(sequence) => self.end_append(place, id, Ok(sequence), context),
            Decided::Theirs => self.end_append(place, id, Err(NotStored::Conflict), context),
            Decided::Open => self.trouble(place, id, context),
        }
    }

    /// Plans to send a record again after a pause.
    fn trouble(&mut self, place: PartitionTenure, id: A::Id, context: &mut Context<'_, A>) {
        let Some(append) = self.at(place).and_then(|owned| owned.appends.get_mut(&id)) else { return };
        append.attempt += 1;
        let (number, attempt) = (append.number, append.attempt);
        if !append.in_trouble {
            append.in_trouble = true;
            self.world.in_trouble += 1;
            self.world.outages += 1;
        }
        context.deliver(place.member, PAUSE_MS, Input::AppendAgain { place, id, append: number, attempt });
    }

    pub(crate) fn append_again(
        &mut self,
        place: PartitionTenure,
        id: A::Id,
        which: (u64, u32),
        context: &mut Context<'_, A>,
    ) {
        if let Some(append) = self.waits(place, id, which) {
            append.attempt += 1;
            self.attempt(place, id, context);
        }
    }

    fn end_append(
        &mut self,
        place: PartitionTenure,
        id: A::Id,
        mut stored: Result<u64, NotStored>,
        context: &mut Context<'_, A>,
    ) {
        let Some(append) = self.at(place).and_then(|owned| owned.appends.remove(&id)) else { return };
        if append.in_trouble {
            self.world.in_trouble -= 1;
        }
        if context.planted.mistake == Some(Mistake::TakesConflictsForStored)
            && stored == Err(NotStored::Conflict)
        {
            stored = Ok(append.after + 1);
        }
        let before = context.outside.len();
        self.with(place, context, |core, around| core.appended(around, id, stored));
        if context.planted.mistake == Some(Mistake::DropsHeldCommands) {
            drop_unanswered(before, id, &append.payload, context);
        }
    }

    /// Applies a planted mistake to a record that is about to be sent.
    fn spoil(
        &mut self,
        mistake: Mistake,
        place: PartitionTenure,
        id: A::Id,
        (payload, snapshot): (Bytes, bool),
        context: &mut Context<'_, A>,
    ) -> (Bytes, bool) {
        let Ok(mut record) = A::decode(&payload) else { return (payload, snapshot) };
        match (mistake, record.cause) {
            (Mistake::AnswersBeforeAck, Some(cause)) => {
                let asked = &context.planted.asked;
                let Some((_, _, token)) = asked.iter().rfind(|(known, at, _)| (*known, *at) == (cause, id))
                else {
                    return (payload, snapshot);
                };
                let token = *token;
                let core = self.at(place).and_then(|owned| owned.core.as_ref());
                if let Some(reply) = core.and_then(|core| core.get(id)?.early_reply(&record)) {
                    self.reply(token, reply, context);
                }
                (payload, snapshot)
            }
            (Mistake::ForgetsCommandIds, Some(cause)) if cause.id.0 >= TAKEN_FOR_NEW => {
                let id = CommandId(cause.id.0 % TAKEN_FOR_NEW);
                record.cause = Some(wire::journal::Cause { id, ..cause });
                record.state = None;
                (A::encode(&record).map_or(payload, Bytes::from), false)
            }
            _ => (payload, snapshot),
        }
    }
}

fn is_dropped<A: Kind>(token: Token, context: &Context<'_, A>) -> bool {
    context.planted.dropped.iter().any(|(_, id)| *id == token.id.0)
}

/// Notes the command of a stored record that was not answered.
fn drop_unanswered<A: Kind>(before: usize, id: A::Id, payload: &Bytes, context: &mut Context<'_, A>) {
    let record: Option<RecordOf<A>> = A::decode(payload).ok();
    let Some(cause) = record.and_then(|record| record.cause) else { return };
    let asked = context.planted.asked.iter().rfind(|(known, at, _)| (*known, *at) == (cause, id));
    let Some((_, _, token)) = asked else { return };
    let answered = context.outside.iter().skip(before).any(|outside| match outside {
        Outside::Reply { token: to, .. } => to == token,
        Outside::Tell { answers, .. } => answers.as_ref() == Some(token),
        _ => false,
    });
    if !answered {
        context.planted.dropped.insert(known_by(cause.player, cause.id));
    }
}

/// Returns by how much a record's ack is delayed, in milliseconds; `None` when it is lost.
pub(crate) fn ack_delay_ms<A: Kind>(context: &mut Context<'_, A>) -> Option<u64> {
    if context.faults.strike(Fault::AckLost, context.chance) {
        return None;
    }
    let late = context.faults.strike(Fault::AckLate, context.chance);
    Some(if late { context.chance.between(900, 6_000) } else { 0 })
}
