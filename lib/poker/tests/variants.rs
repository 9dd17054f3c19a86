//! The differences between variants: streets, bring-ins, draws, halves of pots.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use poker::{
    hand::{Hand, HandSetup, PlayerSetup},
    random::{self, Dice},
    variant::{self, Variant, by_code},
};
use wire::{
    Action::{self, Bet, BringIn, Call, Check, Discard, Fold, RaiseTo},
    Card, Chips, HoleCards, RaiseBounds, Refusal, SeatNo,
    event::{HandEvent, Post, Share},
};

fn cards(text: &str) -> Vec<Card> {
    (0..text.len()).step_by(2).map(|at| text[at..at + 2].parse().unwrap()).collect()
}

/// Returns a deck that begins with these cards; the others follow in order.
fn deck(top: &str) -> [Card; 52] {
    let mut deck = cards(&top.replace(' ', ""));
    let rest: Vec<Card> = Card::all().filter(|card| !deck.contains(card)).collect();
    deck.extend(rest);
    deck.try_into().unwrap()
}

/// Returns a hand with players at seats 0, 1, 2, ..., the button at the last. The minimum bet is
/// 100: blinds of 50 and 100 at seats 0 and 1 (heads-up at 1 and 0), or antes of 10 and a bring-in
/// of 50.
fn start(variant: &'static Variant, stacks: &[u64], top: &str) -> Hand {
    let stud = variant.has_bring_in();
    let (small, big) = if stacks.len() == 2 { (1, 0) } else { (0, 1) };
    let players = (0..)
        .zip(stacks)
        .map(|(seat, &stack)| PlayerSetup {
            seat,
            stack: Chips(stack),
            ante: Chips(if stud { 10 } else { 0 }),
            blind: match seat {
                _ if stud => None,
                seat if seat == small => Some((Post::SmallBlind, Chips(50))),
                seat if seat == big => Some((Post::BigBlind, Chips(100))),
                _ => None,
            },
            dead: Chips::ZERO,
        })
        .collect();
    let button = stacks.len() as SeatNo - 1;
    let mut hand = Hand::new(&HandSetup::new(variant, button, Chips(100), players, deck(top))).unwrap();
    hand.open().iter().for_each(|event| hand.evolve(event));
    hand
}

fn code(code: &str) -> &'static Variant {
    by_code(code).unwrap()
}

fn act(hand: &mut Hand, action: Action) -> Vec<HandEvent> {
    let mut events = Vec::new();
    let (actor, legal) = (hand.actor().unwrap(), hand.legal());
    hand.play(actor, &action, &mut events)
        .unwrap_or_else(|refusal| panic!("{action:?} of {legal:?}: {refusal}"));
    events
}

fn check_down(hand: &mut Hand) -> Vec<HandEvent> {
    let mut events = Vec::new();
    while hand.actor().is_some() {
        let legal = hand.legal();
        let action = match () {
            () if legal.discard.is_some() => Discard(vec![]),
            () if legal.check => Check,
            () => Call,
        };
        events.extend(act(hand, action));
    }
    events
}

fn awards(events: &[HandEvent]) -> Vec<(SeatNo, u64, Share)> {
    let award = |event: &HandEvent| match event {
        HandEvent::Awarded { seat, amount, share, .. } => Some((*seat, amount.0, *share)),
        _ => None,
    };
    events.iter().filter_map(award).collect()
}

const fn exactly(amount: u64) -> Option<RaiseBounds> {
    Some(RaiseBounds { min: Chips(amount), max: Chips(amount) })
}

/// The whole declaration of five-card Omaha.
static FIVE_CARD_OMAHA: Variant = Variant {
    code: "PO5",
    name: "Pot-limit five-card Omaha",
    max_players: 8,
    streets: &variant::with_board(5),
    ..variant::PO
};

#[test]
fn a_new_variant_is_one_declaration() {
    for seed in 0..300 {
        let mut dice = Dice::new(seed);
        let setup = random::setup(&FIVE_CARD_OMAHA, 8, &mut dice);
        let total = Hand::new(&setup).unwrap().total();
        let (_, hand) = random::play(&setup, &mut dice, |hand, _| {
            assert!(hand.seats().all(|(_, seat)| seat.down.len() == 5));
        })
        .unwrap();
        assert!(hand.is_over());
        assert_eq!(hand.seats().map(|(_, seat)| seat.stack).sum::<Chips>(), total);
    }
    // A hand uses two of the five: the third spade of the hand makes no flush with two on the
    // board.
    let mut hand = start(&FIVE_CARD_OMAHA, &[1_000; 2], "AsKsQs2h3d 7c7d8h9hJd 4c 2s3s4d 5c 9c 6c Kd");
    act(&mut hand, Call);
    let events = check_down(&mut hand);
    let shown: Vec<&str> = events
        .iter()
        .filter_map(|event| match event {
            HandEvent::Shown { hand, .. } => Some(hand.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(shown, ["two pair, kings and threes"]);
}

#[test]
fn the_lowest_card_brings_it_in_and_may_complete() {
    let mut hand = start(code("F7S"), &[1_000; 3], "AsAhKd 2s7h2c QcQd2d");
    // 2c is below 2d: clubs are the lowest suit.
    assert_eq!(hand.actor(), Some(1));
    let legal = hand.legal();
    assert_eq!((legal.bring_in, legal.bet), (Some(Chips(50)), exactly(100)));
    assert!(!legal.fold && !legal.check && legal.call.is_none() && legal.raise.is_none());
    assert_eq!(hand.decide(1, &Fold), Err(Refusal::NotAtThisStage));
    assert_eq!(hand.default_action(), BringIn);
    act(&mut hand, BringIn);
    let legal = hand.legal();
    assert_eq!((hand.actor(), legal.call, legal.raise), (Some(2), Some(Chips(50)), exactly(100)));
    act(&mut hand, Call);
    act(&mut hand, RaiseTo(Chips(100)));
    // The bring-in was not a full bet: its player may raise the completion.
    let legal = hand.legal();
    assert_eq!((hand.actor(), legal.call, legal.raise), (Some(1), Some(Chips(50)), exactly(200)));
    act(&mut hand, Fold);
    act(&mut hand, Call);
    assert_eq!((hand.street(), hand.middle()), (1, Chips(30 + 50 + 200)));
}

#[test]
fn a_bring_in_that_takes_the_last_chips_keeps_its_price() {
    let mut hand = start(code("F7S"), &[1_000, 40, 1_000], "AsAhKd 2s7h2c QcQd2d");
    assert_eq!(hand.legal().bring_in, Some(Chips(30)));
    act(&mut hand, BringIn);
    assert_eq!(hand.legal().call, Some(Chips(50)));
}

#[test]
fn the_highest_hand_face_up_acts_first_from_fourth_street_on() {
    let mut hand = start(code("F7S"), &[1_000; 3], "AsAhKd 2s7h3c QcQd4d 9h Js 3h 4c");
    act(&mut hand, BringIn);
    act(&mut hand, Call);
    act(&mut hand, Call);
    // The hands face up are king high, a pair of threes, a pair of fours.
    assert_eq!((hand.street(), hand.actor()), (1, Some(2)));
    assert_eq!(hand.legal().bet, exactly(100));
    act(&mut hand, Check);
    act(&mut hand, Check);
    act(&mut hand, Check);
    assert_eq!(hand.street(), 2);
    assert_eq!(hand.legal().bet, exactly(200), "the big bet from fifth street on");
}

#[test]
fn in_razz_the_highest_card_brings_it_in_and_the_lowest_hand_acts_first() {
    let mut hand = start(code("FR"), &[1_000; 3], "2h3hAs 4h5hKd 6h7hKc 9h 8c Qs 2c");
    assert_eq!(hand.actor(), Some(1), "the ace is low, and diamonds are above clubs");
    act(&mut hand, BringIn);
    act(&mut hand, Call);
    act(&mut hand, Call);
    assert_eq!(hand.actor(), Some(0), "8-A is lower than K-2 and K-Q");
}

#[test]
fn eight_players_on_seventh_street_share_a_card() {
    let mut hand = start(code("F7S"), &[10_000; 8], "");
    if hand.legal().bring_in.is_some() {
        act(&mut hand, BringIn);
    }
    check_down(&mut hand);
    assert!(hand.is_over());
    assert_eq!(hand.board().len(), 1);
    assert!(hand.seats().all(|(_, seat)| seat.cards().len() == 6));
}

#[test]
fn the_odd_chip_of_stud_goes_to_the_highest_card() {
    // TDA 20. Seats 0 and 1 tie with a pair of sevens; seat 1 has the ace of spades.
    let top = "AcKd5h AsKh5d 8c3h2c Tc 7c7dJc Td 7h7sQd Th 6c6d4h Ts 2s2d5s";
    let mut hand = start(code("F7S"), &[1_000, 1_000, 35], top);
    act(&mut hand, BringIn);
    let events = check_down(&mut hand);
    let whole = Share::Whole;
    assert_eq!(awards(&events), [(1, 53, whole), (0, 52, whole), (1, 25, whole), (0, 25, whole)]);
}

#[test]
fn hi_lo_gives_the_odd_chip_to_the_high_hand() {
    // TDA 20: 301 chips; 151 for the high half, 150 for the low.
    let mut hand =
        start(code("FO/8"), &[150, 1_000, 151], "KsKhQcJd As2h9cTd Ac3hTc9d 4c Kc7s5d 4d 6h 4h Qd");
    act(&mut hand, Fold);
    act(&mut hand, RaiseTo(Chips(150)));
    let events = act(&mut hand, Call);
    let shares = awards(&events);
    let half = |share| shares.iter().filter(|award| award.2 == share).map(|award| award.1).sum::<u64>();
    assert_eq!((half(Share::High), half(Share::Low)), (150, 150));
    assert_eq!(shares, [(0, 150, Share::High), (1, 150, Share::Low)]);
}

#[test]
fn without_a_qualifying_low_the_high_hand_takes_it_all() {
    let mut hand = start(code("FO/8"), &[150, 1_000], "KsKhQcJd As2h9cTd 4c KcTs5d 4d 9h 4h Qd");
    act(&mut hand, Call);
    let events = check_down(&mut hand);
    assert_eq!(awards(&events), [(0, 200, Share::Whole)]);
}

#[test]
fn drawn_cards_are_replaced_at_once_from_the_left_of_the_button() {
    let mut hand = start(code("F2L3D"), &[1_000; 3], "2c3c4c5cKc 2d3d4d5dKd 2h3h4h5hKh 8s 7c 9s");
    act(&mut hand, Call);
    act(&mut hand, Call);
    act(&mut hand, Check);
    assert_eq!((hand.street(), hand.actor()), (1, Some(0)));
    assert_eq!(hand.legal().discard, Some(5));
    assert_eq!(hand.default_action(), Discard(vec![]), "stands pat when time runs out");
    assert_eq!(hand.decide(0, &Check), Err(Refusal::NotAtThisStage));
    let (own, foreign) = (cards("Kc"), cards("Kd"));
    assert_eq!(hand.decide(0, &Discard(foreign)), Err(Refusal::BadDiscard { max: 5 }));
    let twice = Discard(cards("KcKc"));
    assert_eq!(hand.decide(0, &twice), Err(Refusal::BadDiscard { max: 5 }));
    let events = act(&mut hand, Discard(own));
    let replaced =
        HandEvent::Dealt { seat: 0, down: cards("7c").into_iter().collect(), up: HoleCards::new() };
    assert_eq!(events[1], replaced, "8s was burned");
    act(&mut hand, Discard(vec![]));
    act(&mut hand, Discard(cards("Kh")));
    assert_eq!(hand.actor(), Some(0), "then the betting, left of the button");
    assert_eq!(hand.seat(2).unwrap().down.to_vec(), cards("2h3h4h5h9s"));
}

#[test]
fn discards_come_back_when_the_deck_runs_out_but_never_to_the_player_who_discarded_them() {
    let mut hand = start(code("F5D"), &[1_000; 8], "");
    let start = hand.clone();
    let mut record = Vec::new();
    while hand.street() == 0 {
        let action = if hand.legal().check { Check } else { Call };
        record.extend(act(&mut hand, action));
    }
    let mut back = 0;
    let mut thrown: Vec<Card> = Vec::new();
    while hand.legal().discard.is_some() {
        let seat = hand.actor().unwrap();
        let own = hand.seat(seat).unwrap().down.to_vec();
        let events = act(&mut hand, Discard(own.clone()));
        let got = hand.seat(seat).unwrap().down;
        assert_eq!(got.len(), 5);
        assert!(got.iter().all(|card| !own.contains(card)));
        back += got.iter().filter(|card| thrown.contains(card)).count();
        thrown.extend(own);
        record.extend(events);
    }
    assert_eq!(back, 40 - 11, "eleven were left after the burn");
    record.extend(check_down(&mut hand));
    let mut replayed = start;
    record.iter().for_each(|event| replayed.evolve(event));
    assert_eq!(replayed, hand);
    let stored = rmp_serde::to_vec_named(&hand).unwrap();
    assert_eq!(rmp_serde::from_slice::<Hand>(&stored).unwrap(), hand);
}

#[test]
fn players_who_are_all_in_still_draw_before_hands_are_tabled() {
    let mut hand = start(code("N2L1D"), &[300, 300], "");
    act(&mut hand, RaiseTo(Chips(300)));
    let events = act(&mut hand, Call);
    assert!(!events.iter().any(|event| matches!(event, HandEvent::Shown { .. })));
    assert_eq!((hand.actor(), hand.legal().discard), (Some(0), Some(5)));
    act(&mut hand, Discard(vec![]));
    let events = act(&mut hand, Discard(vec![]));
    let shown = events.iter().filter(|event| matches!(event, HandEvent::Shown { .. })).count();
    assert_eq!(shown, 2);
    assert!(hand.is_over());
}

#[test]
fn in_badugi_four_cards_of_different_suits_win() {
    let mut hand = start(code("FB"), &[1_000; 2], "KcQdJhTs 2c3d4h4s");
    act(&mut hand, Call);
    let mut events = act(&mut hand, Check);
    while hand.actor().is_some() {
        let action = if hand.legal().check { Check } else { Discard(vec![]) };
        events = act(&mut hand, action);
    }
    assert_eq!(awards(&events), [(0, 200, Share::Whole)]);
}

#[test]
fn short_deck_is_dealt_from_thirty_six_cards() {
    for seed in 0..200 {
        let mut dice = Dice::new(seed);
        let setup = random::setup(code("NS"), 10, &mut dice);
        let (_, hand) = random::play(&setup, &mut dice, |_, _| ()).unwrap();
        let held = hand.seats().flat_map(|(_, seat)| seat.cards().to_vec());
        assert!(held.chain(hand.board().iter().copied()).all(|card| card.rank().0 >= 4));
    }
}

#[test]
fn chips_up_to_the_limit_do_not_overflow() {
    for variant in variant::ALL {
        let most = usize::from(variant.max_players);
        let mut hand = start(variant, &vec![Chips::MAX.0; most], "");
        let total = hand.total();
        let mut actions = 0;
        while let Some(actor) = hand.actor() {
            let legal = hand.legal();
            let action = match (legal.bet, legal.raise) {
                (Some(bounds), _) if actions < 60 => Bet(bounds.max),
                (_, Some(bounds)) if actions < 60 => RaiseTo(bounds.max),
                _ if legal.call.is_some() => Call,
                _ => hand.default_action(),
            };
            hand.play(actor, &action, &mut Vec::new()).unwrap();
            assert_eq!(hand.total(), total);
            actions += 1;
        }
        assert_eq!(hand.seats().map(|(_, seat)| seat.stack).sum::<Chips>(), total);
    }
}
