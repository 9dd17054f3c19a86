//! A tournament in its owner's memory: the tournament's part of [`host`]'s interface.

use crate::{
    Command, Effect, Payment, answers::Answer as Remembered, answers::Saved, cadence::Cadence,
    entry::EntryStatus, state::Tournament,
};
use host::{Aggregate, Answer, New, Past, Running};
use wire::{
    PlayerId, Refusal, TableId, TournamentId,
    event::Seed,
    journal::{Cause, Record},
    tournament::{Phase, Place, TournamentEvent, TournamentReply},
};

/// Requests to the cashier under way at a time, per tournament: enough to keep it busy, few enough
/// to leave room for other tournaments.
const MONEY_AT_ONCE: usize = 64;
/// Instructions and openings of tables under way at a time, per tournament.
const TABLES_AT_ONCE: usize = 64;
/// Most players in one answer to a show.
const MOST_SHOWN: u32 = 10_000;

/// A tournament in memory.
pub struct TournamentHost {
    saved: Saved,
    cadence: Cadence,
}

/// A command or a look at a tournament.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TournamentOrder {
    /// A command.
    Do(Command),
    /// The standings, with at most this number of players.
    Show(u32),
}

/// The identity of an effect: at most one with the same key is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// Bots' accounts.
    Bots,
    /// An entry's money, paid or paid back.
    Entry(PlayerId),
    /// Ids of tables.
    Tables,
    /// An instruction sent to a table.
    Push(TableId, u64),
    /// Places and prizes.
    Settle,
}

impl Key {
    /// Returns the key of an effect.
    #[must_use]
    pub const fn of(effect: &Effect) -> Self {
        match effect {
            Effect::AskBots { .. } => Self::Bots,
            Effect::Enter { player, .. } | Effect::Refund { player, .. } => Self::Entry(*player),
            Effect::OpenTables { .. } => Self::Tables,
            Effect::Push { table, instruction, .. } => Self::Push(*table, instruction.number),
            Effect::Settle { .. } => Self::Settle,
        }
    }

    const fn is_money(&self) -> bool {
        matches!(self, Self::Bots | Self::Entry(_) | Self::Settle)
    }
}

/// The news of a tournament: players who have a place now, bots excluded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TournamentNews {
    /// The places.
    pub placed: Vec<Place>,
}

impl TournamentHost {
    fn new(id: TournamentId) -> Self {
        Self { saved: Saved::new(id), cadence: Cadence::default() }
    }

    /// Returns the tournament as of its last stored record.
    #[must_use]
    pub const fn tournament(&self) -> &Tournament {
        self.saved.tournament()
    }

    fn placed(&self, events: &[TournamentEvent]) -> TournamentNews {
        let place = |event: &TournamentEvent| match event {
            TournamentEvent::Busted { player, place, prize } => {
                Some(Place { player: *player, place: *place, prize: *prize })
            }
            TournamentEvent::Finished { places, .. } => places.first().cloned(),
            _ => None,
        };
        let placed = events.iter().filter_map(place);
        TournamentNews { placed: placed.filter(|place| !self.tournament().is_bot(place.player)).collect() }
    }
}

impl Aggregate for TournamentHost {
    type Id = TournamentId;
    type Command = TournamentOrder;
    type Event = TournamentEvent;
    type State = Saved;
    type Reply = TournamentReply;
    type News = TournamentNews;
    type Effect = Effect;
    type Key = Key;

    const NAME: &'static str = "tournament";
    const MAX_QUEUED: usize = 1_024;

    fn create(id: TournamentId, order: &TournamentOrder, now_ms: u64) -> Option<Result<New<Self>, Refusal>> {
        let TournamentOrder::Do(command @ Command::Create { .. }) = order else { return None };
        let new = Self::new(id);
        Some(new.tournament().decide(command.clone(), now_ms, false).map(|events| (new, events)))
    }

    fn replay(id: TournamentId, records: &mut [Past<Self>]) -> Result<Self, String> {
        let mut host = Self::new(id);
        for Past { record, bytes } in records {
            host.cadence.wrote(*bytes, record.state.is_some());
            match record.state.take() {
                Some(state) => host.saved = state,
                None => host.saved.evolve(record),
            }
        }
        Ok(host)
    }

    fn decide(
        &self,
        cause: Option<Cause>,
        order: &TournamentOrder,
        now_ms: u64,
        resumed: bool,
    ) -> Result<Vec<TournamentEvent>, Refusal> {
        if cause.is_some_and(|cause| self.saved.is_out_of_date(cause)) {
            return Err(Refusal::OutOfDate);
        }
        match order {
            TournamentOrder::Do(command) => self.tournament().decide(command.clone(), now_ms, resumed),
            TournamentOrder::Show(_) => Ok(Vec::new()),
        }
    }

    fn evolve(&mut self, record: Record<TournamentEvent, Saved>) -> Vec<TournamentEvent> {
        match record.state {
            Some(state) => self.saved = state,
            None => self.saved.evolve(&record),
        }
        record.events
    }

    /// Merges the cashier's answers that arrived together into one record.
    fn merge(first: &mut TournamentOrder, second: TournamentOrder) -> Option<TournamentOrder> {
        use TournamentOrder::Do;
        match (first, second) {
            (Do(Command::Paid(payments)), Do(Command::Paid(more))) => payments.extend::<Vec<Payment>>(more),
            (Do(Command::Refunded(players)), Do(Command::Refunded(more))) => players.extend(more),
            (_, second) => return Some(second),
        }
        None
    }

    fn look(
        &self,
        order: &TournamentOrder,
        _player: Option<PlayerId>,
        now_ms: u64,
    ) -> Option<TournamentReply> {
        let TournamentOrder::Show(limit) = order else { return None };
        let standings = self.tournament().standings((*limit).min(MOST_SHOWN), now_ms);
        Some(standings.map_or(TournamentReply::Refused(Refusal::NoSuchTournament), |standings| {
            TournamentReply::Standings(Box::new(standings))
        }))
    }

    fn answer(&self, cause: Cause) -> Option<Answer<TournamentReply>> {
        Some(match self.saved.answer(cause)? {
            Remembered::Pending => Answer::Pending,
            Remembered::Done => Answer::Ready(TournamentReply::Done),
            Remembered::Refused(refusal) => Answer::Ready(TournamentReply::Refused(refusal.clone())),
        })
    }

    /// Answers a report, also a repeated one, with the table's last instruction.
    fn reply(&self, order: &TournamentOrder) -> TournamentReply {
        let TournamentOrder::Do(Command::Report(report)) = order else { return TournamentReply::Done };
        let instruction = self.tournament().instruction(report.table).cloned();
        let past = TournamentReply::Refused(Refusal::TournamentPast);
        instruction.map_or(past, TournamentReply::Instruction)
    }

    fn refused(refusal: Refusal) -> TournamentReply {
        TournamentReply::Refused(refusal)
    }

    fn unknown() -> Refusal {
        Refusal::NoSuchTournament
    }

    fn settles(event: &TournamentEvent) -> bool {
        matches!(event, TournamentEvent::EntryConfirmed { .. } | TournamentEvent::EntryRefused { .. })
    }

    fn next_deadline_ms(&self) -> Option<u64> {
        self.tournament().next_deadline_ms()
    }

    /// Decides the start when it is due.
    fn tick(&self, now_ms: u64, seed: impl FnOnce() -> Seed) -> Vec<TournamentEvent> {
        if self.next_deadline_ms().is_none_or(|due_ms| now_ms < due_ms) {
            return Vec::new();
        }
        // A refused start is tried again at the next deadline.
        self.tournament().start(seed(), now_ms).unwrap_or_default()
    }

    fn snapshot(&mut self, record: &Record<TournamentEvent, Saved>, _first: bool) -> Option<Saved> {
        self.cadence.is_due().then(|| {
            let mut after = self.saved.clone();
            after.evolve(record);
            after
        })
    }

    fn wrote(&mut self, bytes: usize, snapshot: bool) {
        self.cadence.wrote(bytes, snapshot);
    }

    fn snapshot_too_large(&mut self, bytes: usize) {
        self.cadence.too_large(bytes);
    }

    fn news(&mut self, events: Vec<TournamentEvent>) -> Option<TournamentNews> {
        Some(self.placed(&events))
    }

    fn retell(&mut self, last: Vec<TournamentEvent>) -> Option<TournamentNews> {
        Some(self.placed(&last))
    }

    fn effects(&self, running: &Running<Key>, start: &mut Vec<(Key, Effect)>) {
        let here = self.tournament();
        let money = running.count(Key::is_money);
        let tables = running.count(|key| !key.is_money());
        let free = |(key, _): &(Key, Effect)| running.is_free(key);
        let keyed = |effect: Effect| (Key::of(&effect), effect);
        let money_left = MONEY_AT_ONCE.saturating_sub(money);
        let tables_left = TABLES_AT_ONCE.saturating_sub(tables);
        start.extend(here.money_effects().map(keyed).filter(free).take(money_left));
        start.extend(here.table_effects().map(keyed).filter(free).take(tables_left));
    }

    fn is_due(&self, key: &Key) -> bool {
        let here = self.tournament();
        match *key {
            Key::Bots => here.phase() == Phase::Registering && here.core.bots_to_come() > 0,
            Key::Entry(player) => {
                matches!(here.stage(player), Some(EntryStatus::Reserved | EntryStatus::Withdrawn))
            }
            Key::Tables => here.core.unopened() > 0,
            Key::Push(table, number) => here.is_push_due(table, number),
            Key::Settle => here.phase() == Phase::Finished && !here.core.settled,
        }
    }

    fn is_over(&self) -> bool {
        let here = self.tournament();
        matches!(here.phase(), Phase::Finished | Phase::Cancelled) && here.effects().next().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::{CommandId, Epoch};

    const ID: TournamentId = TournamentId(5);

    fn record(n: u64, state: Option<Saved>) -> Record<TournamentEvent, Saved> {
        let player = PlayerId(n);
        let cause = Some(Cause { player: Some(player), id: CommandId(n) });
        let events = vec![TournamentEvent::EntryReserved { player, name: format!("p{n}"), bot: false }];
        Record { v: 1, epoch: Epoch(n), at_ms: n, resumed: false, cause, events, state }
    }

    #[test]
    fn a_snapshot_and_its_tail_restore_the_state_and_the_remembered_answers() {
        let mut whole = TournamentHost::new(ID);
        let mut written = Vec::new();
        for n in 1..=20 {
            let mut record = record(n, None);
            record.state = whole.snapshot(&record, n == 1);
            let bytes = TournamentHost::encode(&record).unwrap();
            if record.state.is_some() {
                written.clear();
            }
            whole.wrote(bytes.len(), record.state.is_some());
            whole.evolve(record);
            written.push(bytes);
        }
        assert_eq!(written.len(), 4, "the seventeenth carries a snapshot");
        let past =
            |bytes: &Vec<u8>| Past { record: TournamentHost::decode(bytes).unwrap(), bytes: bytes.len() };
        let mut records: Vec<_> = written.iter().map(past).collect();
        let read = TournamentHost::replay(ID, &mut records).unwrap();
        assert_eq!((&read.saved, read.cadence), (&whole.saved, whole.cadence));
        for n in [1, 20] {
            let cause = Cause { player: Some(PlayerId(n)), id: CommandId(n) };
            assert!(read.answer(cause).is_some());
        }
    }

    #[test]
    fn a_command_that_is_used_again_after_others_is_out_of_date() {
        let mut host = TournamentHost::new(ID);
        let player = PlayerId(7);
        let cause = |run: u64| Cause { player: Some(player), id: CommandId(run << 40) };
        for run in 1..=6 {
            let mut record = record(7, None);
            record.cause = Some(cause(run));
            if run % 2 == 0 {
                record.events = vec![TournamentEvent::EntryWithdrawn { player }];
            }
            host.evolve(record);
        }
        let register = TournamentOrder::Do(Command::Register { player, name: "p7".to_owned() });
        for run in 1..=6 {
            let again = host.answer(cause(run)).is_some()
                || host.decide(Some(cause(run)), &register, 1, false) == Err(Refusal::OutOfDate);
            assert!(again, "command {run} would be carried out again");
        }
        assert_ne!(host.decide(Some(cause(7)), &register, 1, false), Err(Refusal::OutOfDate));
        let saved: Saved = wire::codec::decode(&wire::codec::encode(&host.saved).unwrap()).unwrap();
        assert_eq!(saved, host.saved);
    }

    #[test]
    fn payments_that_arrive_together_are_one_record() {
        let payment = |n| Payment { player: PlayerId(n), entry: 0, refused: None };
        let mut first = TournamentOrder::Do(Command::Paid(vec![payment(1)]));
        assert_eq!(
            TournamentHost::merge(&mut first, TournamentOrder::Do(Command::Paid(vec![payment(2)]))),
            None
        );
        assert_eq!(first, TournamentOrder::Do(Command::Paid(vec![payment(1), payment(2)])));
        let settled = TournamentOrder::Do(Command::Settled);
        assert_eq!(TournamentHost::merge(&mut first, settled.clone()), Some(settled));
    }
}
