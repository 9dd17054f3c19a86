//! Random hands of every variant, with invariants checked at each step.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use poker::{
    hand::{Antes, Hand, HandSetup, PlayerSetup},
    random::{self, Dice},
    shuffle,
    variant::{self, Variant},
};
use proptest::prelude::*;
use wire::{
    Action, Card, Chips, Legal, RaiseBounds, Refusal, SeatNo,
    event::{HandEvent, Post, Seed},
};

/// One decision of a random player: the kind of action, and its amount or number of cards.
type Choice = (u8, u16);

#[derive(Debug, Clone)]
struct Deal {
    variant: &'static Variant,
    stacks: Vec<u64>,
    button: usize,
    ante: u64,
    big_blind_ante: bool,
    dead_small_blind: bool,
    seed: [u8; 32],
    choices: Vec<Choice>,
}

fn stack() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => 1..400u64,
        4 => 400..5_000u64,
        2 => 5_000..50_000u64,
        1 => Chips::MAX.0 - 1_000..=Chips::MAX.0,
    ]
}

fn deal() -> impl Strategy<Value = Deal> {
    (0..variant::ALL.len()).prop_flat_map(|nth| {
        let variant = variant::ALL[nth];
        (
            prop::collection::vec(stack(), 2..=usize::from(variant.max_players)),
            0..usize::from(variant.max_players),
            prop_oneof![3 => Just(0u64), 1 => 1..120u64],
            any::<bool>(),
            prop::bool::weighted(0.1),
            any::<[u8; 32]>(),
            prop::collection::vec(any::<Choice>(), 200),
        )
            .prop_map(move |(stacks, button, ante, bb_ante, dead, seed, choices)| Deal {
                variant,
                button: button % stacks.len(),
                stacks,
                ante,
                big_blind_ante: bb_ante && !variant.has_bring_in(),
                dead_small_blind: dead,
                seed,
                choices,
            })
    })
}

fn setup(deal: &Deal) -> HandSetup {
    let count = deal.stacks.len();
    let left = |n: usize| (deal.button + n) % count;
    let (small, big) = if count == 2 { (left(0), left(1)) } else { (left(1), left(2)) };
    let blinds = !deal.variant.has_bring_in();
    let players = deal
        .stacks
        .iter()
        .enumerate()
        .map(|(at, &stack)| PlayerSetup {
            // Seat numbers with gaps.
            seat: at as SeatNo * 2 + 1,
            stack: Chips(stack),
            ante: match deal.big_blind_ante {
                true if at != big => Chips::ZERO,
                _ => Chips(deal.ante),
            },
            blind: match at {
                at if blinds && at == big => Some((Post::BigBlind, Chips(100))),
                at if blinds && at == small && !deal.dead_small_blind => Some((Post::SmallBlind, Chips(50))),
                _ => None,
            },
            dead: Chips::ZERO,
        })
        .collect();
    let button = deal.button as SeatNo * 2 + 1;
    let deck = shuffle::deck(&Seed(deal.seed));
    let mut setup = HandSetup::new(deal.variant, button, Chips(100), players, deck);
    if deal.big_blind_ante {
        setup.antes = Antes::BigBlind;
    }
    setup
}

fn between(bounds: RaiseBounds, pick: u16) -> Chips {
    let span = bounds.max.0 - bounds.min.0;
    match pick % 4 {
        0 => bounds.min,
        1 => bounds.max,
        2 => Chips(bounds.min.0 + u64::from(pick).min(span)),
        _ => Chips(bounds.min.0 + ((u128::from(span) * u128::from(pick)) >> 16) as u64),
    }
}

/// Returns one action of each kind that is legal.
fn offered(legal: &Legal, held: &[Card], pick: u16) -> Vec<Action> {
    let mut actions = Vec::new();
    let checks = [
        (legal.check, Action::Check),
        (legal.call.is_some(), Action::Call),
        (legal.bring_in.is_some(), Action::BringIn),
        (legal.fold, Action::Fold),
    ];
    actions.extend(checks.into_iter().filter(|(may, _)| *may).map(|(_, action)| action));
    actions.extend(legal.bet.map(|bounds| Action::Bet(between(bounds, pick))));
    actions.extend(legal.raise.map(|bounds| Action::RaiseTo(between(bounds, pick))));
    if let Some(most) = legal.discard {
        let picked = (0..).zip(held).filter(|(at, _)| pick >> at & 1 == 1);
        let cards = picked.map(|(_, &card)| card).take(usize::from(most)).collect();
        actions.push(Action::Discard(cards));
    }
    actions
}

/// Returns illegal actions, each just outside the bounds.
fn outside(legal: &Legal, held: &[Card]) -> Vec<Action> {
    let mut actions = Vec::new();
    let checks = [
        (legal.check, Action::Check),
        (legal.call.is_some(), Action::Call),
        (legal.bring_in.is_some(), Action::BringIn),
        (legal.fold, Action::Fold),
    ];
    actions.extend(checks.into_iter().filter(|(may, _)| !*may).map(|(_, action)| action));
    let around = |bounds: Option<RaiseBounds>, make: fn(Chips) -> Action| match bounds {
        Some(bounds) => {
            vec![make(Chips(bounds.min.0 - 1)), make(Chips(bounds.max.0 + 1)), make(Chips(u64::MAX))]
        }
        None => vec![make(Chips(0)), make(Chips(100)), make(Chips(u64::MAX))],
    };
    actions.extend(around(legal.bet, Action::Bet));
    actions.extend(around(legal.raise, Action::RaiseTo));
    let foreign = Card::all().find(|card| !held.contains(card)).unwrap();
    actions.push(Action::Discard(vec![foreign]));
    match legal.discard {
        Some(_) => actions.push(Action::Discard(vec![held[0], held[0]])),
        None => actions.push(Action::Discard(vec![])),
    }
    actions
}

fn apply(hand: &mut Hand, events: &[HandEvent], total: Chips) -> Result<(), TestCaseError> {
    for event in events {
        hand.evolve(event);
        prop_assert_eq!(hand.total(), total, "chips after {:?}", event);
        let pots: Chips = hand.pots().sum();
        if !hand.is_over() && !matches!(event, HandEvent::Awarded { .. }) {
            prop_assert_eq!(pots, hand.middle(), "pots after {:?}", event);
        }
    }
    Ok(())
}

/// Chooses among the legal actions; folds are rare, so that hands reach later streets.
fn choose(hand: &Hand, (kind, pick): Choice) -> Action {
    let legal = hand.legal();
    let actor = hand.actor().unwrap();
    let held = hand.seat(actor).unwrap().down;
    let mut actions = offered(&legal, &held, pick);
    if kind % 8 != 0 && actions.len() > 1 {
        actions.retain(|action| *action != Action::Fold);
    }
    actions.swap_remove(usize::from(kind / 8) % actions.len())
}

/// Returns whether no card is in play twice. Folded cards are left out, because they may come back
/// in a draw game that runs out of cards.
fn all_cards_differ(hand: &Hand) -> bool {
    let held = hand.seats().filter(|(_, seat)| seat.is_in()).flat_map(|(_, seat)| seat.cards().to_vec());
    let mut cards: Vec<Card> = held.chain(hand.board().iter().copied()).collect();
    let count = cards.len();
    cards.sort_unstable();
    cards.dedup();
    cards.len() == count
}

fn play(deal: &Deal) -> Result<(), TestCaseError> {
    let mut hand = Hand::new(&setup(deal)).unwrap();
    let total = hand.total();
    let mut record = hand.open();
    let fresh = hand.clone();
    apply(&mut hand, &record.clone(), total)?;
    let mut choices = deal.choices.iter().copied().chain(std::iter::repeat((9, 0)));
    while let Some(actor) = hand.actor() {
        let held = hand.seat(actor).unwrap().down;
        let legal = hand.legal();
        for action in outside(&legal, &held) {
            let refused = hand.decide(actor, &action);
            prop_assert!(refused.is_err(), "{:?} is outside of {:?} but accepted", action, legal);
        }
        for action in offered(&legal, &held, 3).into_iter().chain([hand.default_action()]) {
            let accepted = hand.decide(actor, &action);
            prop_assert!(accepted.is_ok(), "{:?} of {:?} is refused: {:?}", action, legal, accepted);
        }
        let other = hand.seats().map(|(seat, _)| seat).find(|&seat| seat != actor).unwrap();
        prop_assert_eq!(hand.decide(other, &Action::Fold), Err(Refusal::NotYourTurn));
        let events = hand.decide(actor, &choose(&hand, choices.next().unwrap())).unwrap();
        apply(&mut hand, &events, total)?;
        prop_assert!(all_cards_differ(&hand));
        record.extend(events);
    }
    prop_assert!(hand.is_over());
    prop_assert_eq!(hand.seats().map(|(_, seat)| seat.stack).sum::<Chips>(), total);
    let mut replayed = fresh;
    record.iter().for_each(|event| replayed.evolve(event));
    prop_assert_eq!(&replayed, &hand, "a replay of the events gives the same hand");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_hands_keep_the_rules(deal in deal()) {
        play(&deal)?;
    }
}

/// Checks at a decision that all offered actions are accepted, and that actions just outside the
/// offer are refused and leave the hand unchanged.
fn check_offer(hand: &Hand, pick: u16, what: &dyn Fn() -> String) {
    let (actor, legal, mut events) = (hand.actor().unwrap(), hand.legal(), Vec::new());
    let held = hand.seat(actor).unwrap().down;
    let mut untouched = hand.clone();
    for action in outside(&legal, &held) {
        let refused = untouched.play(actor, &action, &mut events).is_err();
        assert!(refused && events.is_empty(), "{}: {action:?} of {legal:?} is accepted", what());
    }
    assert!(untouched == *hand, "{}: a refusal changed the hand", what());
    for action in offered(&legal, &held, pick) {
        let accepted = hand.clone().play(actor, &action, &mut events);
        assert!(accepted.is_ok(), "{}: {action:?} of {legal:?}: {accepted:?}", what());
    }
}

/// Plays hands with another generator than `play`, and many more of them: checks chips, replays
/// and, at every decision, legal and illegal actions.
fn ten_thousand_hands(variant: &'static Variant) {
    for seed in 0..10_000 {
        let what = || format!("{} {seed}", variant.code);
        let mut dice = Dice::new(seed);
        let setup = random::setup(variant, 10, &mut dice);
        let mut replayed = Hand::new(&setup).unwrap();
        let total = replayed.total();
        let watch = |hand: &Hand, _: &Action| {
            assert_eq!(hand.total(), total);
            check_offer(hand, seed as u16, &what);
        };
        let (events, hand) = random::play(&setup, &mut dice, watch)
            .unwrap_or_else(|| panic!("{}: an offered action was refused", what()));
        assert_eq!(hand.seats().map(|(_, seat)| seat.stack).sum::<Chips>(), total);
        events.iter().for_each(|event| replayed.evolve(event));
        assert_eq!(replayed, hand, "{}", what());
    }
}

#[test]
fn ten_thousand_hands_of_every_variant() {
    let count = variant::ALL.len();
    let turn = std::sync::atomic::AtomicUsize::new(0);
    let next = || variant::ALL.get(turn.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, |cores| cores.get().min(count)) {
            scope.spawn(|| {
                while let Some(variant) = next() {
                    ten_thousand_hands(variant)
                }
            });
        }
    });
}
