//! The core's knowledge of tables: the followed tables, their last delivered events, and the
//! program's news of them.

use super::{ALWAYS, ConnectionState, Core};
use crate::{
    ClientEvent,
    following::{Following, Heard, SnapshotStep},
    outstanding::AnswerTo,
};
use poker::verifying::Witness;
use std::time::{Duration, Instant};
use wire::{
    PlayerCommand, TableId,
    client::{ClientMessage, PrivateCards, TableEvents},
    event::Event,
    table::Purpose,
    view::TableView,
};

impl Core {
    /// Lowers the request's `since` to the last delivered event, so that the answer leaves no gap.
    pub(super) fn bring_up_to_date(&mut self, message: &mut ClientMessage) {
        let (ClientMessage::Watch { table, since } | ClientMessage::Resync { table, since }) = message else {
            return;
        };
        let Some(following) = self.tables.get_mut(table) else {
            return;
        };
        following.asked();
        *since = match (*since, following.since()) {
            (Some(asked), Some(seen)) => Some(asked.min(seen)),
            (asked, seen) => asked.or(seen),
        };
    }

    /// Asks again for tables whose events found no room, because the program has taken events.
    pub(crate) fn room(&mut self, now: Instant) {
        let lagging: Vec<TableId> = self
            .tables
            .iter()
            .filter(|(_, following)| following.is_lagging() && !following.is_asking())
            .map(|(&table, _)| table)
            .collect();
        for table in lagging {
            self.ask_table(table, now);
        }
    }

    pub(super) fn ask_table(&mut self, table: TableId, now: Instant) {
        if self.stage == ConnectionState::Ready
            && let Some(following) = self.tables.get_mut(&table)
        {
            following.asked();
            let message = ClientMessage::Watch { table, since: following.since() };
            self.outstanding.add(message, AnswerTo::Following(table), now, ALWAYS);
        }
    }

    /// Adds the player's part in the next decks to an action.
    pub(super) fn contribute(&mut self, message: &mut ClientMessage) {
        if let ClientMessage::Command { table, command: PlayerCommand::Act { hand, mix: mix @ None, .. } } =
            message
            && let Some(witness) = self.tables.get_mut(table).and_then(|f| f.witness.as_mut())
        {
            *mix = witness.contribution(*hand, self.player);
        }
    }

    /// Notes that a command was carried out.
    pub(super) fn carried_out(&mut self, table: TableId, command: &PlayerCommand) {
        if let PlayerCommand::Act { mix: Some(part), .. } = command
            && let Some(witness) = self.tables.get_mut(&table).and_then(|f| f.witness.as_mut())
        {
            witness.accepted(*part);
        }
    }

    pub(super) fn unwatch(&mut self, table: TableId, now: Instant) {
        self.tables.remove(&table);
        self.found.remove(&table);
        self.outstanding.add(ClientMessage::Unwatch { table }, AnswerTo::NoReceiver, now, Duration::ZERO);
    }

    /// Follows the tables at which the player sits, unless they are followed already or the program
    /// left them.
    pub(super) fn sits_at(&mut self, tables: Vec<TableId>, now: Instant) {
        for table in tables {
            if !self.tables.contains_key(&table) && !self.unwanted.contains(&table) {
                self.tables.insert(table, Following::default());
                self.found.insert(table);
                self.ask_table(table, now);
            }
        }
    }

    pub(super) fn hear(&mut self, chunk: TableEvents, now: Instant) {
        let table = chunk.table;
        let room = self.shared.queue.has_room();
        let Some(following) = self.tables.get_mut(&table) else {
            return;
        };
        if !room && !following.is_asking() {
            following.lag();
            return;
        }
        match following.hear(chunk) {
            Heard::Deliver(events) => {
                let unsure = following.is_unsure() && !following.is_asking();
                self.deliver(table, events);
                if unsure {
                    self.ask_table(table, now);
                }
            }
            Heard::Gap => self.ask_table(table, now),
        }
    }

    pub(super) fn see(
        &mut self,
        view: Box<TableView>,
        events: Option<TableEvents>,
        cards: Option<PrivateCards>,
        now: Instant,
    ) {
        let table = view.table;
        let Some(following) = self.tables.get_mut(&table) else {
            return;
        };
        if !self.shared.queue.has_room() {
            following.unasked();
            following.lag();
            return;
        }
        if let (None, Some(secret)) = (&following.witness, self.secret) {
            following.witness = Some(Box::new(Witness::new(&view, secret)));
        }
        let mut known = cards.as_ref().is_none_or(|cards| !following.learn(cards));
        match following.see(&view, events) {
            SnapshotStep::Start(so_far) => {
                if self.found.remove(&table) && !self.tell_of_seat(&view) {
                    self.unwatch(table, now);
                    return;
                }
                known = true;
                self.verify_from(view.table, cards.as_ref(), &so_far);
                self.closed(&view);
                self.shared.queue.push(ClientEvent::Table { view, cards: cards.clone(), so_far });
            }
            SnapshotStep::Deliver(events) => self.deliver(table, events),
            SnapshotStep::Restart(so_far) => {
                known = true;
                self.restart(view, cards.clone(), so_far);
            }
            SnapshotStep::Renew { missed, so_far } => {
                known = true;
                self.deliver(table, missed);
                self.restart(view, cards.clone(), so_far);
            }
        }
        if let (false, Some(cards)) = (known, cards) {
            self.deliver_cards(cards);
        }
    }

    fn restart(&mut self, view: Box<TableView>, cards: Option<PrivateCards>, so_far: Vec<(u64, Event)>) {
        self.verify_from(view.table, cards.as_ref(), &so_far);
        self.closed(&view);
        self.shared.queue.push(ClientEvent::Restarted { view, cards, so_far });
    }

    /// Verifies a table's deals from a view on.
    fn verify_from(&mut self, table: TableId, cards: Option<&PrivateCards>, so_far: &[(u64, Event)]) {
        let witness = self.tables.get_mut(&table).and_then(|following| following.witness.as_mut());
        let Some(witness) = witness else { return };
        witness.restart(so_far.iter().map(|(_, event)| event), self.player);
        cards.iter().for_each(|cards| witness.learn(cards));
    }

    fn deliver_cards(&mut self, cards: PrivateCards) {
        if let Some(witness) = self.tables.get_mut(&cards.table).and_then(|f| f.witness.as_mut()) {
            witness.learn(&cards);
        }
        self.shared.queue.push(ClientEvent::Cards(cards));
    }

    /// Tells the program of a seat whose message was lost. Returns whether the player has a seat.
    pub(super) fn tell_of_seat(&self, view: &TableView) -> bool {
        let Some(seat) = view.seats.iter().find(|seat| Some(seat.player) == self.player) else {
            return false;
        };
        let tournament = match view.config.purpose {
            Purpose::Tournament { tournament } => Some(tournament),
            Purpose::Cash { .. } => None,
        };
        self.shared.queue.push(ClientEvent::GivenSeat { table: view.table, seat: seat.seat, tournament });
        true
    }

    pub(super) fn learn(&mut self, cards: PrivateCards) {
        let Some(following) = self.tables.get_mut(&cards.table) else {
            return;
        };
        if !self.shared.queue.has_room() {
            following.lag();
        } else if !following.is_lagging() && following.learn(&cards) {
            self.deliver_cards(cards);
        }
    }

    pub(super) fn deliver(&mut self, table: TableId, events: Vec<(u64, Event)>) {
        let player = self.player;
        for (number, event) in events {
            let witness = self.tables.get_mut(&table).and_then(|following| following.witness.as_mut());
            let verified = witness.and_then(|witness| witness.hear(&event, player));
            if event == Event::Closed {
                self.tables.remove(&table);
            }
            self.shared.queue.push(ClientEvent::Event { table, number, event });
            if let Some((hand, verdict)) = verified {
                self.shared.queue.push(ClientEvent::Verified { table, hand, verdict });
            }
        }
    }

    /// Stops following a closed table, from which no events come.
    pub(super) fn closed(&mut self, view: &TableView) {
        if view.closed {
            self.tables.remove(&view.table);
        }
    }
}
