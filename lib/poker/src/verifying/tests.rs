//! Decks that are committed to: what viewers can verify, and what stays hidden.

use super::{Fault, Seen, Verdict, Verified, Witness, check, continues};
use crate::{
    dealing,
    table::{
        Table,
        tests::{Desk, cash_config, table_of},
    },
};
use wire::{
    Action, Card, Chips, HandNo, PlayerCommand, PlayerId, SeatNo, TableId,
    deal::{Contribution, Mix, Octets, OpenCard, Opening, Salt},
    event::{Event, HandStart, Seed, TableEvent},
    table::TableConfig,
    view::PrivateCards,
};

/// All that was seen of a hand.
#[derive(Clone)]
struct Hand {
    config: TableConfig,
    start: HandStart,
    events: Vec<Event>,
    opening: Opening,
    own: Vec<PrivateCards>,
}

impl Hand {
    /// Verifies the hand as the player in a seat.
    fn check(&self, seat: SeatNo) -> Result<Verdict, Fault> {
        let Self { config, start, events, opening, own } = self;
        check(&Seen { table: TableId(77), config, start, events, opening, own: Some((seat, own)) })
    }

    /// Tells a witness of the hand and returns its verdicts.
    fn tell(&self, witness: &mut Witness, player: Option<PlayerId>) -> Vec<Verified> {
        let hand = self.start.hand;
        let opening = self.start.deal.as_ref().map(|_| self.opening.clone());
        let end = Event::HandEnded { hand, stacks: vec![], seed: None, opening };
        let told =
            [Event::HandStarted(self.start.clone())].into_iter().chain(self.events.clone()).chain([end]);
        told.filter_map(|event| witness.hear(&event, player)).collect()
    }

    fn cards(&mut self) -> impl Iterator<Item = &mut OpenCard> {
        self.opening.cards.iter_mut()
    }
}

fn player_at(desk: &Desk, seat: SeatNo) -> PlayerId {
    desk.table.players().find(|(no, _)| *no == seat).unwrap().1
}

/// Plays a hand and returns all that the player in seat 0 saw of it. `act` chooses the actions.
fn play(desk: &mut Desk, mut act: impl FnMut(&Desk, PlayerId) -> Action) -> Hand {
    let mut own = Vec::new();
    let began = desk.seen.len();
    desk.now_ms += 200;
    desk.settle();
    while let Some((player, ..)) = desk.turn() {
        let me = player_at(desk, 0);
        own.extend(desk.table.cards_of(me));
        own.dedup();
        let action = act(desk, PlayerId(player));
        desk.act_with(action, None);
    }
    let mut events = desk.seen[began..].to_vec();
    let (first, last) = (events.remove(0), events.pop().unwrap());
    let Event::HandStarted(start) = first else { panic!("{first:?}") };
    let Event::HandEnded { seed: None, opening: Some(opening), .. } = last else { panic!("{last:?}") };
    Hand { config: desk.table.config().clone(), start, events, opening, own }
}

fn checks_or_calls(desk: &Desk, _: PlayerId) -> Action {
    let legal = desk.turn().unwrap().3;
    if legal.check { Action::Check } else { Action::Call }
}

/// Folds all hands but that of seat 0, and plays that to the end.
fn only_two_show(desk: &Desk, player: PlayerId) -> Action {
    match desk.table.seat_of(player) {
        Some(2 | 3) => Action::Fold,
        _ => checks_or_calls(desk, player),
    }
}

#[test]
fn folded_cards_stay_hidden_and_the_rest_is_verified() {
    let mut desk = table_of(4, 21);
    let hand = play(&mut desk, only_two_show);
    let verdict = hand.check(0).unwrap();
    let shown = hand.events.iter().filter(|event| matches!(event, Event::Shown { .. })).count();
    let expected =
        Verdict { opened: 5 + 2 * shown, own: 2, contributions: 0, withheld: 0, reshuffled: false };
    assert_eq!(verdict, expected);
    // Two players show or muck, two folded, three cards were burned.
    assert_eq!(hand.opening.hidden.len(), 2 * (4 - shown) + 3);
    let public = serde_json::to_string(&desk.seen).unwrap();
    let hidden = desk.journal.iter().flat_map(|record| &record.events).find_map(|event| match event {
        TableEvent::Hand(wire::event::HandEvent::Dealt { seat: 2, down, .. }) => Some(down.to_vec()),
        _ => None,
    });
    for card in hidden.unwrap() {
        assert!(!public.contains(&format!("\"{card}\"")), "{card} was folded and is public");
    }
    let seeds = desk.journal.iter().flat_map(|record| &record.events).filter_map(|event| match event {
        TableEvent::HandStarted { seed, next_seed, .. } => Some([Some(*seed), *next_seed]),
        _ => None,
    });
    for seed in seeds.flatten().flatten() {
        assert!(!public.contains(&seed.to_string()), "a seed is public");
    }
}

#[test]
fn an_open_deck_is_opened_to_the_last_card() {
    let config = TableConfig { open_decks: true, ..cash_config() };
    let mut desk = Desk::new(&config, &[], 22);
    for player in 1..=2 {
        let sit = PlayerCommand::Sit { seat: None, buy_in: Chips(100) }.by("p");
        desk.send(Some(player), &sit).unwrap();
    }
    desk.pay(false);
    let hand = play(&mut desk, |_, _| Action::Fold);
    assert_eq!(hand.check(0).unwrap().opened, 52);
    assert_eq!(hand.opening.hidden, []);
}

#[test]
fn discards_that_are_dealt_again_are_opened_to_no_viewer() {
    let config = TableConfig { variant: "F2L3D".into(), ..cash_config() };
    let mut reshuffled = 0;
    for seed in 1..=20 {
        println!("seed {seed}");
        let mut desk = Desk::new(&config, &[], seed);
        for player in 1..=6 {
            let sit = PlayerCommand::Sit { seat: None, buy_in: Chips(100) }.by("p");
            desk.send(Some(player), &sit).unwrap();
        }
        desk.pay(false);
        let mut discarded: Vec<Card> = Vec::new();
        let hand = play(&mut desk, |desk, player| match desk.turn().unwrap().3.discard {
            Some(_) => {
                let cards: Vec<Card> =
                    desk.table.cards_of(player).unwrap().cards.into_iter().take(4).collect();
                discarded.extend(&cards);
                Action::Discard(cards)
            }
            None => checks_or_calls(desk, player),
        });
        let verdict = hand.check(0).unwrap();
        reshuffled += usize::from(verdict.reshuffled);
        for open in &hand.opening.cards {
            assert!(!discarded.contains(&open.card), "{} was discarded and is opened", open.card);
        }
    }
    assert!(reshuffled > 10, "discards were dealt again in {reshuffled} hands of 20");
}

#[test]
fn an_exchange_of_any_part_is_noticed() {
    let mut desk = table_of(4, 23);
    let hand = play(&mut desk, checks_or_calls);
    assert!(hand.check(0).is_ok());
    let used: Vec<Card> = hand.opening.cards.iter().map(|open| open.card).collect();
    let other = Card::all().find(|card| !used.contains(card)).unwrap();
    let with = |change: &dyn Fn(&mut Hand)| {
        let mut changed = hand.clone();
        change(&mut changed);
        changed.check(0).unwrap_err()
    };
    assert_eq!(with(&|hand| hand.cards().for_each(|open| open.card = other)), Fault::Commitment);
    assert_eq!(with(&|hand| hand.cards().for_each(|open| open.salt = Octets([0; 16]))), Fault::Commitment);
    assert_eq!(with(&|hand| hand.opening.rest = Octets([1; 32])), Fault::Commitment);
    assert_eq!(with(&|hand| hand.opening.hidden.swap(0, 1)), Fault::Commitment);
    assert_eq!(with(&|hand| hand.start.commitment = Seed([1; 32])), Fault::Commitment);
    assert_eq!(with(&|hand| hand.start.hand = HandNo(9)), Fault::Commitment);
    assert_eq!(with(&|hand| hand.opening.hidden.truncate(1)), Fault::Places);
    assert_eq!(with(&|hand| hand.opening.hidden.resize(60, Octets([0; 32]))), Fault::Places);
    assert_eq!(with(&|hand| hand.start.deal = None), Fault::NoCommitments);
    let board = |hand: &mut Hand, change: &dyn Fn(&mut wire::BoardCards)| {
        for event in &mut hand.events {
            if let Event::Board { cards, .. } = event {
                change(cards);
            }
        }
    };
    let exchanged = with(&|hand| board(hand, &|cards| *cards = cards.iter().map(|_| other).collect()));
    assert!(matches!(exchanged, Fault::Deal(_)), "{exchanged}");
    let shown = with(&|hand| {
        for event in &mut hand.events {
            if let Event::Shown { cards, .. } = event {
                *cards = cards.iter().map(|_| other).collect();
            }
        }
    });
    assert!(matches!(shown, Fault::Shown { .. }), "{shown}");
    assert_eq!(with(&|hand| hand.own[0].cards[0] = other), Fault::OwnCard(other));
    let own_place = hand.own[0].openings[0].place;
    assert_eq!(with(&|hand| hand.own[0].openings[0].card = other), Fault::OwnPlace(own_place));
    // The cards are those of the deck, and came to another player.
    let swapped = hand.check(1).unwrap_err();
    assert!(matches!(swapped, Fault::OwnCard(_)), "{swapped}");
}

#[test]
fn a_deck_that_was_not_committed_to_before_is_noticed() {
    let mut desk = table_of(3, 24);
    let before = play(&mut desk, checks_or_calls);
    let hand = play(&mut desk, checks_or_calls);
    assert_eq!(continues(&before.start, &hand.start), Ok(()));
    let deal = |start: &HandStart| start.deal.clone().unwrap();
    assert_eq!(deal(&before.start).next.0, hand.start.commitment.0);
    let other = HandStart { commitment: Seed([7; 32]), ..hand.start.clone() };
    assert_eq!(continues(&before.start, &other), Err(Fault::Chain));
    let forgets = wire::deal::Deal { previous: Octets([0; 32]), ..deal(&hand.start) };
    let other = HandStart { deal: Some(forgets), ..hand.start.clone() };
    assert_eq!(continues(&before.start, &other), Err(Fault::Chain));
    assert_eq!(continues(&before.start, &HandStart { deal: None, ..hand.start }), Err(Fault::Chain));
}

/// Plays a hand in which the player in turn first sends a part.
fn contribute(desk: &mut Desk, value: Option<Salt>, number: Salt) -> (PlayerId, HandStart) {
    desk.now_ms += 200;
    desk.settle();
    let me = PlayerId(1);
    let mut once = Some(Contribution { value, pledge: dealing::pledge(&number) });
    while let Some((player, ..)) = desk.turn() {
        let action = checks_or_calls(desk, PlayerId(player));
        let mix = once.take_if(|_| PlayerId(player) == me);
        desk.act_with(action, mix);
    }
    let started = desk.seen.iter().rev().find_map(|event| match event {
        Event::HandStarted(start) => Some(start.clone()),
        _ => None,
    });
    (me, started.unwrap())
}

#[test]
fn only_a_number_that_was_pledged_before_the_deck_was_committed_to_is_taken() {
    let mut desk = table_of(3, 25);
    let [first, second, third] = [1, 2, 3].map(|n| Octets([n; 16]));
    // A number that was never pledged is not taken; the pledge is.
    contribute(&mut desk, Some(first), first);
    // The pledge was not known before this hand began, when the next deck was committed to.
    let (_, start) = contribute(&mut desk, Some(second), second);
    assert_eq!(start.deal.as_ref().unwrap().mixes.len(), 1);
    assert_eq!(start.deal.unwrap().mixes[0].value, None);
    // The number of the second pledge, which this hand's start has.
    let (_, start) = contribute(&mut desk, Some(second), third);
    assert_eq!(start.deal.unwrap().mixes[0].value, None, "the first number was not sent in its hand");
    let (_, start) = contribute(&mut desk, Some(first), first);
    let mixes = start.deal.clone().unwrap().mixes;
    assert_eq!(mixes[0].value, Some(second));
    let alone = HandStart { deal: None, ..start.clone() };
    let seed = desk.journal.iter().rev().flat_map(|record| &record.events).find_map(|event| match event {
        TableEvent::HandStarted { seed, .. } => Some(*seed),
        _ => None,
    });
    let seed = seed.unwrap();
    assert_ne!(dealing::deck(&seed, &start), dealing::deck(&seed, &alone), "the number changes the deck");
    desk.check_replay();
}

#[test]
fn a_player_whose_number_is_left_out_learns_it() {
    let mut desk = table_of(3, 27);
    let me = Some(PlayerId(1));
    let mut witness = Witness::new(&desk.table.view(), [5; 32]);
    let first = play(&mut desk, checks_or_calls);
    assert_eq!(witness.hear(&Event::HandStarted(first.start.clone()), me), None);
    let part = witness.contribution(first.start.hand, me).unwrap();
    assert_eq!(part.value, None, "no number was pledged before the first hand");
    assert_eq!(witness.contribution(first.start.hand, me), Some(part), "the same until it is accepted");
    witness.accepted(part);
    assert_eq!(witness.contribution(first.start.hand, me), None, "one part in a hand");
    // The table plays on without the part.
    let second = play(&mut desk, checks_or_calls);
    let verdicts = second.tell(&mut witness, me);
    assert_eq!(verdicts, [(second.start.hand, Err(Fault::LeftOut))]);
}

#[test]
fn parts_in_another_order_or_of_other_seats_are_noticed() {
    let mut desk = table_of(4, 28);
    let before = play(&mut desk, checks_or_calls);
    let hand = play(&mut desk, checks_or_calls);
    let part = |seat, value| Mix { seat, value, pledge: dealing::pledge(&Octets([seat; 16])) };
    let with = |start: &HandStart, mixes: Vec<Mix>| {
        let deal = start.deal.clone().map(|deal| wire::deal::Deal { mixes, ..deal });
        HandStart { deal, ..start.clone() }
    };
    let number = |seat| Some(Octets([seat; 16]));
    let pledged = with(&before.start, vec![part(0, None), part(1, None)]);
    let follows = |mixes| continues(&pledged, &with(&hand.start, mixes));
    assert_eq!(follows(vec![part(0, number(0)), part(1, number(1))]), Ok(()));
    assert_eq!(follows(vec![part(0, number(0)), part(1, number(7))]), Err(Fault::NotPledged(1)));
    assert_eq!(follows(vec![part(2, number(2))]), Err(Fault::NotPledged(2)));
    assert_eq!(follows(vec![part(1, number(1)), part(0, number(0))]), Err(Fault::Mixes));
    assert_eq!(follows(vec![part(0, number(0)), part(0, number(0))]), Err(Fault::Mixes));
    assert_eq!(follows(vec![part(9, None)]), Err(Fault::Mixes));
    let exchanged = Hand { start: with(&hand.start, vec![part(9, number(9))]), ..hand.clone() };
    assert_eq!(exchanged.check(0), Err(Fault::Mixes));
    // The cards are those of a deck without the number.
    let mixed = Hand { start: with(&hand.start, vec![part(0, number(0))]), ..hand };
    assert!(mixed.check(0).is_err());
}

#[test]
fn a_number_that_was_pledged_and_is_missing_is_counted() {
    let mut desk = table_of(3, 33);
    let mut witness = Witness::new(&desk.table.view(), [5; 32]);
    // The first hand's action pledges, and no action of the second sends the number.
    let began = desk.seen.len();
    contribute(&mut desk, None, Octets([1; 16]));
    let told = desk.seen[began..].to_vec();
    let first: Vec<_> = told.iter().filter_map(|event| witness.hear(event, None)).collect();
    let second = play(&mut desk, checks_or_calls);
    assert_eq!(second.start.deal.as_ref().unwrap().mixes.len(), 1, "the pledge is published");
    let second = second.tell(&mut witness, None);
    let third = play(&mut desk, checks_or_calls).tell(&mut witness, None);
    let withheld = [first, second, third].map(|verdicts| verdicts[0].1.clone().unwrap().withheld);
    assert_eq!(withheld, [0, 0, 1]);
}

#[test]
fn a_table_that_stops_to_commit_or_skips_a_hand_is_noticed() {
    let mut desk = table_of(3, 29);
    let hands: Vec<Hand> = (0..4).map(|_| play(&mut desk, checks_or_calls)).collect();
    let witness = || Witness::new(&desk.table.view(), [5; 32]);
    let uncommitted =
        |hand: &Hand| Hand { start: HandStart { deal: None, ..hand.start.clone() }, ..hand.clone() };
    let mut follower = witness();
    assert!(hands[0].tell(&mut follower, None)[0].1.is_ok());
    assert_eq!(uncommitted(&hands[1]).tell(&mut follower, None)[0].1, Err(Fault::Chain));
    assert_eq!(uncommitted(&hands[0]).tell(&mut witness(), None)[0].1, Err(Fault::NoCommitments));
    let mut follower = witness();
    hands[0].tell(&mut follower, None);
    assert_eq!(hands[2].tell(&mut follower, None)[0].1, Err(Fault::Chain), "a hand is skipped");
    let mut follower = witness();
    hands[0].tell(&mut follower, None);
    follower.restart([].iter(), None);
    assert!(hands[2].tell(&mut follower, None)[0].1.is_ok(), "events were missed");
    let mut follower = witness();
    follower.hear(&Event::HandStarted(hands[1].start.clone()), None);
    let other = HandStart { commitment: Seed([3; 32]), ..hands[1].start.clone() };
    follower.restart([Event::HandStarted(other)].iter(), None);
    let end = Event::HandEnded { hand: hands[1].start.hand, stacks: vec![], seed: None, opening: None };
    assert_eq!(
        follower.hear(&end, None).unwrap().1,
        Err(Fault::Chain),
        "a hand begins otherwise when told again"
    );
}

#[test]
fn cards_of_the_next_hand_may_come_before_the_end_of_this_one() {
    let mut desk = table_of(3, 30);
    let me = Some(player_at(&desk, 0));
    let mut witness = Witness::new(&desk.table.view(), [5; 32]);
    let first = play(&mut desk, checks_or_calls);
    let second = play(&mut desk, checks_or_calls);
    first.own.iter().chain(&second.own).for_each(|cards| witness.learn(cards));
    for hand in [&first, &second] {
        let verdict = hand.tell(&mut witness, me).remove(0).1.unwrap();
        assert_eq!(verdict.own, 2);
    }
}

#[test]
fn a_player_with_two_programs_is_not_alarmed() {
    let mut desk = table_of(3, 31);
    let me = Some(PlayerId(1));
    let mut witness = Witness::new(&desk.table.view(), [5; 32]);
    let hand = play(&mut desk, checks_or_calls);
    witness.hear(&Event::HandStarted(hand.start.clone()), me);
    let seat = desk.table.seat_of(PlayerId(1)).unwrap();
    let own = |event: &&Event| matches!(event, Event::Acted { seat: by, .. } if *by == seat);
    witness.hear(hand.events.iter().find(own).unwrap(), me);
    assert_eq!(witness.contribution(hand.start.hand, me), None, "the other program may have sent a part");
}

#[test]
fn a_part_that_comes_with_the_action_that_ends_a_hand_is_stored_before_its_end() {
    let mut desk = table_of(2, 32);
    desk.now_ms += 200;
    desk.settle();
    desk.act_with(Action::Fold, Some(Contribution { value: None, pledge: Octets([1; 32]) }));
    let events = &desk.journal.last().unwrap().events;
    assert!(matches!(events[1], TableEvent::Contributed { .. }), "{events:?}");
    assert!(matches!(events.last(), Some(TableEvent::HandEnded { .. })), "{events:?}");
}

#[test]
fn the_owner_of_a_table_keeps_its_promise_of_the_next_deck_after_a_takeover() {
    let mut desk = table_of(3, 26);
    let before = play(&mut desk, checks_or_calls);
    desk.table = Table::replay(desk.table.id(), &desk.journal).unwrap();
    let hand = play(&mut desk, checks_or_calls);
    assert_eq!(continues(&before.start, &hand.start), Ok(()));
    assert!(hand.check(0).is_ok());
}
