use super::*;
use crate::asks::ask;
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use std::collections::BTreeMap;

fn kind(action: &Action) -> &'static str {
    match action {
        Action::Fold => "fold",
        Action::Check => "check",
        Action::Call => "call",
        Action::Bet(_) => "bet",
        Action::RaiseTo(_) => "raise",
        Action::BringIn => "bring in",
        Action::Discard(_) => "discard",
    }
}

/// Returns how often each kind of action is chosen in 1,000 tries.
fn habits(ask: &BotAsk, equity: f64) -> BTreeMap<&'static str, u32> {
    let mut counts = BTreeMap::new();
    for seed in 0..1_000 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let action = choose(ask, Some(equity), &mut rng).unwrap();
        *counts.entry(kind(&action)).or_default() += 1;
    }
    counts
}

fn short(mut ask: BotAsk, chips: u64) -> BotAsk {
    ask.stack = Chips(chips);
    ask.legal.call = ask.legal.call.map(|call| call.min(Chips(chips)));
    ask.legal.raise = ask.legal.raise.map(|_| RaiseBounds { min: Chips(chips), max: Chips(chips) });
    ask
}

#[test]
fn aces_reraise_and_trash_folds_to_a_raise() {
    let aces = habits(&ask("AsAh", "", 1), 0.85);
    assert!(aces["raise"] > 850, "{aces:?}");
    assert!(!aces.contains_key("fold"), "{aces:?}");
    let trash = habits(&ask("7d2c", "", 1), 0.34);
    assert!(trash["fold"] > 950, "{trash:?}");
}

#[test]
fn good_hands_bet_for_value_and_weak_ones_bluff_now_and_then() {
    let strong = habits(&ask("AsAh", "Ad7c2h", 1), 0.93);
    assert!(strong["bet"] > 700, "{strong:?}");
    assert!(strong["check"] > 50, "slow play adds variety: {strong:?}");
    let weak = habits(&ask("4s3h", "AdKcQh", 1), 0.2);
    assert!((50..250).contains(&weak["bet"]), "{weak:?}");
    let crowd = habits(&ask("4s3h", "AdKcQh", 4), 0.05);
    assert!(crowd.get("bet").copied().unwrap_or(0) < weak["bet"], "{crowd:?}");
}

#[test]
fn draws_call_when_the_pot_pays_for_it_and_fold_when_it_does_not() {
    let mut facing = ask("AsKs", "Qs7s2h", 1);
    facing.legal = Legal {
        fold: true,
        call: Some(Chips(100)),
        raise: Some(RaiseBounds { min: Chips(200), max: Chips(10_000) }),
        ..Legal::default()
    };
    facing.pot = Chips(600);
    let cheap = habits(&facing, 0.40);
    assert!(cheap["call"] > 900, "{cheap:?}");
    facing.legal.call = Some(Chips(3_000));
    facing.pot = Chips(3_500);
    facing.legal.raise = None;
    let dear = habits(&facing, 0.40);
    assert!(dear["fold"] > 900, "{dear:?}");
}

#[test]
fn short_stacks_push_or_fold() {
    let unraised = |chips| {
        let mut ask = short(ask("AsTs", "", 2), chips);
        ask.legal.call = Some(Chips(100));
        ask.pot = Chips(150);
        ask
    };
    let good = habits(&unraised(800), 0.46);
    assert_eq!(good["raise"], 1_000, "{good:?}");
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let action = choose(&unraised(800), Some(0.46), &mut rng);
    assert_eq!(action, Some(Action::RaiseTo(Chips(800))));
    let bad = habits(&unraised(800), 0.25);
    assert_eq!(bad["fold"], 1_000, "{bad:?}");
    // The same middling hand mostly folds with nine big blinds and always goes all-in with two.
    let middling = |chips| habits(&unraised(chips), 0.345);
    assert!(middling(950)["fold"] > 500, "{:?}", middling(950));
    assert_eq!(middling(200)["raise"], 1_000);
}

#[test]
fn an_all_in_call_is_made_where_no_raise_is_offered() {
    let mut ask = short(ask("AsAh", "", 1), 250);
    ask.legal.raise = None;
    assert_eq!(habits(&ask, 0.85)["call"], 1_000);
}

#[test]
fn the_same_seed_chooses_the_same() {
    let ask = ask("JsTs", "9d8c2h", 3);
    let choice = |seed| choose(&ask, Some(0.4), &mut ChaCha8Rng::seed_from_u64(seed));
    for seed in 0..50 {
        assert_eq!(choice(seed), choice(seed));
    }
}

#[test]
fn stages_without_an_estimate_have_reasonable_actions() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut draw = ask("AsKs", "", 2);
    draw.legal = Legal { discard: Some(5), ..Legal::default() };
    assert_eq!(choose(&draw, None, &mut rng), Some(Action::Discard(vec![])));
    let mut stud = ask("AsKs", "", 2);
    stud.legal = Legal { bring_in: Some(Chips(10)), raise: None, ..Legal::default() };
    assert_eq!(choose(&stud, None, &mut rng), Some(Action::BringIn));
    let mut nothing = ask("AsKs", "", 2);
    nothing.legal = Legal::default();
    assert_eq!(choose(&nothing, Some(0.5), &mut rng), None);
}

fn bounds() -> impl Strategy<Value = Option<RaiseBounds>> {
    proptest::option::of(
        (1_u64..5_000, 0_u64..1 << 53).prop_map(|(min, more)| RaiseBounds {
            min: Chips(min),
            max: Chips((min + more).min(Chips::MAX.0)),
        }),
    )
}

prop_compose! {
    fn legal()(
        fold in any::<bool>(),
        check in any::<bool>(),
        call in proptest::option::of(1_u64..1 << 53),
        bet in bounds(),
        raise in bounds(),
        bring_in in proptest::option::weighted(0.1, 1_u64..100),
        discard in proptest::option::weighted(0.1, 0_u8..6),
    ) -> Legal {
        Legal {
            fold,
            check,
            call: call.map(Chips),
            bet,
            raise: if bet.is_some() { None } else { raise },
            bring_in: bring_in.map(Chips),
            discard,
        }
    }
}

proptest! {
    #[test]
    fn every_choice_was_offered(
        legal in legal(),
        equity in proptest::option::of(0.0_f64..=1.0),
        opponents in 0_usize..9,
        street in 0_u8..4,
        pot in 0_u64..=Chips::MAX.0,
        stack in 0_u64..=Chips::MAX.0,
        bet in 0_u64..=Chips::MAX.0,
        big_blind in 0_u64..1_000,
        seed in any::<u64>(),
    ) {
        let mut ask = ask("AsKs", "", opponents);
        ask.legal = legal.clone();
        ask.street = street;
        ask.pot = Chips(pot);
        ask.stack = Chips(stack);
        ask.bet = Chips(bet);
        ask.big_blind = Chips(big_blind);
        let within = |total: Chips, bounds: Option<RaiseBounds>| {
            bounds.is_some_and(|bounds| bounds.min <= total && total <= bounds.max)
        };
        match choose(&ask, equity, &mut ChaCha8Rng::seed_from_u64(seed)) {
            None => prop_assert_eq!(legal, Legal::default()),
            Some(Action::Fold) => prop_assert!(legal.fold && !legal.check),
            Some(Action::Check) => prop_assert!(legal.check),
            Some(Action::Call) => prop_assert!(legal.call.is_some()),
            Some(Action::Bet(total)) => prop_assert!(within(total, legal.bet)),
            Some(Action::RaiseTo(total)) => prop_assert!(within(total, legal.raise)),
            Some(Action::BringIn) => prop_assert!(legal.bring_in.is_some()),
            Some(Action::Discard(cards)) => prop_assert!(legal.discard.is_some() && cards.is_empty()),
        }
    }
}
