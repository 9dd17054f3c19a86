//! Clients of a table in random hands: a mirror that applies events shows the same state as the
//! table, and every viewer finds that the hands were dealt as committed.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails")]

use client::TableMirror;
use poker::{
    table::{Effect, Table, TableRecord, create, private_cards_dealt, public},
    verifying::{Verdict, Witness},
};
use wire::{
    Action, Chips, CommandId, ConnectionId, Epoch, PlayerCommand, PlayerId, TableId,
    cashier::TableMoneyRequest,
    event::{Event, Seed, TableEvent},
    journal::Cause,
    table::{HouseBot, Level, TableCommand, TableConfig},
    view::TableView,
};

/// Games with a board, with open cards, with one draw and with three.
const VARIANTS: [&str; 10] = ["NT", "PO", "FO/8", "NS", "F7S", "FR", "F5D", "N2L1D", "F2L3D", "FB"];

/// A small deterministic random generator: xorshift64* (Vigna 2016).
struct Chance(u64);

impl Chance {
    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % below
    }
}

/// A table and two mirrors: one from its beginning, one that now and then restarts from a snapshot.
struct Desk {
    table: Table,
    whole: TableMirror,
    late: TableMirror,
    chance: Chance,
    now_ms: u64,
    commands: u64,
    hands_compared: u64,
    /// Players and a visitor.
    witnesses: Vec<(Option<PlayerId>, Witness)>,
    counts: Counts,
}

/// Sums over the verdicts on hands.
#[derive(Default, Debug)]
struct Counts {
    hands: usize,
    opened: usize,
    own: usize,
    contributions: usize,
}

impl Counts {
    fn add(&mut self, verdict: &Verdict) {
        self.hands += 1;
        self.opened += verdict.opened;
        self.own += verdict.own;
        self.contributions += verdict.contributions;
    }
}

impl Desk {
    fn new(seed: u64) -> Self {
        let id = TableId(77);
        let config = TableConfig {
            name: "cash".into(),
            variant: VARIANTS[seed as usize % VARIANTS.len()].into(),
            action_ms: 10_000,
            hand_pause_ms: 100,
            bot_pace_ms: 0,
            ..TableConfig::cash(
                Level { number: 0, small_blind: Chips(2), big_blind: Chips(5), ante: Chips(seed % 3) },
                Chips(40)..=Chips(200),
            )
        };
        let bot = |i| HouseBot { player: PlayerId(i), name: format!("bot {i}"), buy_in: Chips(40 + 50 * i) };
        let bots: Vec<HouseBot> = (1..=3).map(bot).collect();
        let table = Table::new(id, config.clone());
        let mirror = TableMirror::new(table.view());
        let players = [1, 2, 3, 10, 11, 12, 13, 14].map(|player| Some(PlayerId(player)));
        let witness = |player: Option<PlayerId>| {
            let secret = player.map_or(0, |player| player.0 as u8);
            (player, Witness::new(&table.view(), [secret; 32]))
        };
        let witnesses = players.into_iter().chain([None]).map(witness).collect();
        let mut desk = Self {
            table,
            whole: mirror.clone(),
            late: mirror,
            chance: Chance(seed.wrapping_mul(0x9e37_79b9) | 1),
            now_ms: 1_000,
            commands: 0,
            hands_compared: 0,
            witnesses,
            counts: Counts::default(),
        };
        let events = create(id, &config, &bots).unwrap();
        desk.write(None, events);
        desk
    }

    fn write(&mut self, cause: Option<Cause>, events: Vec<TableEvent>) {
        let seen: Vec<Event> = events.iter().filter_map(public).collect();
        let record = TableRecord {
            v: 1,
            epoch: Epoch(1),
            at_ms: self.now_ms,
            resumed: false,
            cause,
            events,
            state: None,
        };
        self.table.apply(&record);
        self.verify(&record.events, &seen);
        for event in &seen {
            let number = self.whole.view().event_no + 1;
            assert!(self.whole.apply(number, event) && self.late.apply(number, event));
        }
        self.compare(&seen);
        if self.chance.next(40) == 0 {
            self.late.restart(self.table.view());
        }
    }

    /// Tells all viewers of events, the hidden cards before or after them.
    fn verify(&mut self, events: &[TableEvent], seen: &[Event]) {
        let cards: Vec<_> = private_cards_dealt(&self.table, events).collect();
        let cards_first = self.chance.next(2) == 0;
        for (player, witness) in &mut self.witnesses {
            let own = cards.iter().filter(|(of, _)| Some(*of) == *player);
            let (first, last) = if cards_first { (Some(own), None) } else { (None, Some(own)) };
            first.into_iter().flatten().for_each(|(_, cards)| witness.learn(cards));
            for event in seen {
                if let Some((hand, verdict)) = witness.hear(event, *player) {
                    let verdict = verdict.unwrap_or_else(|fault| panic!("hand {hand}, {player:?}: {fault}"));
                    self.counts.add(&verdict);
                }
            }
            last.into_iter().flatten().for_each(|(_, cards)| witness.learn(cards));
        }
    }

    fn compare(&mut self, seen: &[Event]) {
        let mut truth = self.table.view();
        let turn = |view: &TableView| view.hand.as_ref().and_then(|hand| hand.turn.clone());
        if let (Some(shown), Some(turn)) =
            (turn(self.whole.view()), truth.hand.as_mut().and_then(|hand| hand.turn.as_mut()))
            && seen.is_empty()
        {
            // A player who leaves in turn gets no further time, and others do not learn that in
            // advance.
            assert!(turn.deadline_ms <= shown.deadline_ms);
            turn.deadline_ms = shown.deadline_ms;
        }
        assert_eq!(*self.whole.view(), truth, "after {seen:#?}");
        // A mirror without the hand's start may divide the pots differently; their sum is right.
        let sum = |view: &TableView| {
            let pots = view.hand.as_ref().map(|hand| hand.pots.iter().copied().sum::<Chips>());
            (pots, view.seats.iter().map(|seat| seat.stack).collect::<Vec<_>>())
        };
        assert_eq!(sum(self.late.view()), sum(&truth), "after {seen:#?}");
        self.hands_compared += u64::from(seen.iter().any(|event| matches!(event, Event::HandEnded { .. })));
    }

    /// Sends a command. Returns whether it was carried out.
    fn send(&mut self, player: u64, command: &TableCommand) -> bool {
        self.commands += 1;
        let cause = Cause { player: Some(PlayerId(player)), id: CommandId(self.commands) };
        let decided = self.table.decide(cause, command, self.now_ms);
        let Ok(events) = decided else { return false };
        if !events.is_empty() {
            self.write(Some(cause), events);
        }
        true
    }

    /// Applies all ticks that are due now.
    fn settle(&mut self) {
        for _ in 0..1_000 {
            let seed = Seed(std::array::from_fn(|_| self.chance.next(256) as u8));
            let events = self.table.tick(self.now_ms, || seed);
            if events.is_empty() {
                return;
            }
            self.write(None, events);
        }
        panic!("the table does not come to rest");
    }

    fn pay(&mut self) {
        for effect in self.table.effects() {
            let Effect::Money(request) = effect else { continue };
            let events = match request {
                TableMoneyRequest::BuyIn { posting, .. } => self.table.money_arrived(&posting, None),
                TableMoneyRequest::CashOut { posting, .. } => self.table.paid_back(&posting),
            };
            self.write(None, events);
        }
    }

    /// Sends a random legal action of the actor. Returns whether there is an actor.
    fn act(&mut self) -> bool {
        let view = self.table.view();
        let Some((hand, turn)) = view.hand.and_then(|hand| Some((hand.hand, hand.turn?))) else {
            return false;
        };
        let player = view.seats.iter().find(|seat| seat.seat == turn.seat).unwrap().player;
        let legal = &turn.legal;
        let mut offered = Vec::new();
        if legal.check {
            offered.push(Action::Check);
        } else if legal.fold {
            offered.push(Action::Fold);
        }
        if legal.call.is_some() {
            offered.extend([Action::Call, Action::Call]);
        }
        offered.extend(legal.bring_in.map(|_| Action::BringIn));
        if let Some(most) = legal.discard {
            let held = self.table.cards_of(player).map(|own| own.cards).unwrap_or_default();
            let thrown = held.into_iter().filter(|_| self.chance.next(2) == 0).take(most.into());
            offered.push(Action::Discard(thrown.collect()));
        }
        let mut within = |bounds: wire::RaiseBounds| match self.chance.next(3) {
            0 => bounds.max,
            _ => Chips(bounds.min.0 + self.chance.next(bounds.max.0 - bounds.min.0 + 1)),
        };
        offered.extend(legal.bet.map(|bounds| Action::Bet(within(bounds))));
        offered.extend(legal.raise.map(|bounds| Action::RaiseTo(within(bounds))));
        let action = offered.swap_remove(self.chance.next(offered.len() as u64) as usize);
        let turn = turn.turn;
        let at = self.witnesses.iter().position(|(viewer, _)| *viewer == Some(player)).unwrap();
        let mix = self.witnesses[at].1.contribution(hand, Some(player));
        let act = PlayerCommand::Act { hand, turn, action, mix }.by("");
        if let (true, Some(mix)) = (self.send(player.0, &act), mix) {
            self.witnesses[at].1.accepted(mix);
        }
        true
    }

    fn step(&mut self) {
        self.now_ms += self.chance.next(60);
        let guest = 10 + self.chance.next(5);
        let carried_out = match self.chance.next(21) {
            0 => {
                let buy_in = Chips(40 + self.chance.next(160));
                self.send(guest, &PlayerCommand::Sit { seat: None, buy_in }.by("x"))
            }
            1 => self.send(guest, &PlayerCommand::SitOut.by("")),
            2 => self.send(guest, &PlayerCommand::SitIn.by("")),
            3 => self.send(guest, &PlayerCommand::Leave.by("")),
            4 => {
                self.now_ms += 11_000;
                true
            }
            5 => {
                self.pay();
                true
            }
            6 => self.send(guest, &TableCommand::Online { connection: ConnectionId("a".into()) }),
            7 => self.send(guest, &TableCommand::Gone { connection: ConnectionId("a".into()) }),
            20 => {
                let amount = Chips(1 + self.chance.next(120));
                self.send(guest, &PlayerCommand::TopUp { amount }.by(""))
            }
            8 => self.send(guest, &PlayerCommand::Say { text: "hm".into() }.by("x")),
            _ => self.act(),
        };
        if !carried_out {
            self.now_ms += 100;
        }
        self.settle();
    }
}

#[test]
fn viewers_see_the_state_of_the_table_and_verify_its_deals() {
    let (mut hands, mut counts) = (0, Counts::default());
    for seed in 1..=160 {
        println!("seed {seed}");
        let mut desk = Desk::new(seed);
        for _ in 0..300 {
            desk.step();
        }
        hands += desk.hands_compared;
        let Counts { hands, opened, own, contributions } = desk.counts;
        counts.hands += hands;
        counts.opened += opened;
        counts.own += own;
        counts.contributions += contributions;
    }
    assert!(hands > 500, "only {hands} hands were played");
    println!("{counts:?}");
    assert!(counts.hands > 5_000 && counts.opened > 10_000 && counts.own > 2_000, "{counts:?}");
    assert!(counts.contributions > 2_000, "{counts:?}");
}
