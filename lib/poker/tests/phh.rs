//! Hand files: reading, replaying, writing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use poker::{
    hand::{Hand, HandSetup},
    ohh,
    oracle::{self, Line},
    phh::{Phh, PhhError, ReplayResult, export},
    random::{self, Dice},
    variant,
};
use std::{fs, path::Path};
use wire::event::HandEvent;

#[test]
fn hand_files_of_our_own_end_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let (mut count, mut wrong) = (0, Vec::new());
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let phh = Phh::parse(&fs::read_to_string(&path).unwrap()).unwrap();
        assert!(phh.finishing_stacks.is_some());
        if phh.check() != ReplayResult::Exact {
            wrong.push(format!("{}: {:?}", path.display(), phh.check()));
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(count >= 7);
}

#[test]
fn every_variant_survives_writing_and_reading() {
    for variant in variant::ALL {
        let mut hands = Vec::new();
        for seed in 0..200 {
            let mut dice = Dice::new(seed);
            let setup = random::setup(variant, 6, &mut dice);
            let (events, hand) = random::play(&setup, &mut dice, |_, _| ()).unwrap();
            let phh = export(&setup, &events).unwrap();
            let read = Phh::parse(&phh.to_text().unwrap()).unwrap();
            assert_eq!(read, phh);
            let replay = read.replay().unwrap_or_else(|error| panic!("{} {seed}: {error}", variant.code));
            assert_eq!(replay.events, events, "{} {seed}", variant.code);
            assert_eq!(replay.finishing_stacks(), phh.finishing_stacks.clone().unwrap());
            assert!(hand.is_over());
            hands.push(phh);
        }
        let read = Phh::parse_all(&Phh::to_text_all(&hands).unwrap()).unwrap();
        assert_eq!(read.len(), 200);
        for ((name, read), (number, written)) in read.iter().zip((1..).zip(&hands)) {
            assert_eq!((name, read), (&number.to_string(), written));
        }
    }
}

#[test]
fn a_deck_is_found_that_deals_a_hand_again() {
    for variant in variant::ALL {
        let mut without = 0;
        for seed in 0..200 {
            let mut dice = Dice::new(seed);
            let setup = random::setup(variant, 6, &mut dice);
            let (events, hand) = random::play(&setup, &mut dice, |_, _| ()).unwrap();
            let scripted = match export(&setup, &events).unwrap().script() {
                Ok(scripted) => scripted,
                Err(PhhError::NoDeck) => {
                    without += 1;
                    continue;
                }
                Err(error) => panic!("{} {seed}: {error}", variant.code),
            };
            let again = HandSetup::from_script(variant, &scripted.script).unwrap();
            assert_eq!(again.script(), scripted.script);
            let mut again = Hand::new(&again).unwrap();
            again.begin(&mut Vec::new());
            for (seat, action) in &scripted.actions {
                again.play(*seat, action, &mut Vec::new()).unwrap();
            }
            assert_eq!(again.board(), hand.board(), "{} {seed}", variant.code);
            let stacks: Vec<_> = again.seats().map(|(_, seat)| scripted.amount(seat.stack)).collect();
            assert_eq!(stacks, scripted.finishing_stacks, "{} {seed}", variant.code);
        }
        // Only draw games shuffle discards in.
        let draws = variant.streets.iter().any(|street| street.draw > 0);
        assert!(without == 0 || draws && without < 200, "{}: {without} without a deck", variant.code);
    }
}

#[test]
fn a_deck_is_found_for_every_hand_file_of_our_own() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let phh = Phh::parse(&fs::read_to_string(&path).unwrap()).unwrap();
        let scripted = phh.script().unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(Some(scripted.finishing_stacks), phh.finishing_stacks);
    }
}

/// Returns a heads-up hand with these actions.
fn with_actions(actions: &[&str]) -> Phh {
    let text = format!(
        "variant = 'NT'\nantes = [0, 0]\nblinds_or_straddles = [1, 2]\nmin_bet = 2\nstarting_stacks = [100, 100]\nactions = {actions:?}"
    );
    Phh::parse(&text).unwrap()
}

#[test]
fn errors_name_the_action_and_the_reason() {
    let refused = |actions: &[&str]| match with_actions(actions).check() {
        ReplayResult::Refused(error) => error.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(refused(&["p2 cc"]), "the hand is not over after its last action: p1 is to act");
    assert_eq!(refused(&["p1 cc"]), "action 0, \"p1 cc\": it is the turn of p2");
    assert_eq!(refused(&["p2 cbr 3"]), "action 0, \"p2 cbr 3\": too small: the total must be at least 4");
    assert_eq!(
        refused(&["p2 dance"]),
        "action 0, \"p2 dance\": the notation has no such action: use f, cc, cbr, pb, sd or sm"
    );
    assert_eq!(
        refused(&["p3 f"]),
        "action 0, \"p3 f\": the player's number is out of range: use p1 to pN for N starting stacks"
    );
    assert_eq!(
        refused(&["d dh p1 Axe"]),
        "action 0, \"d dh p1 Axe\": the cards are malformed: write each as rank and suit, e.g. Ah, or ??"
    );
    assert_eq!(refused(&["p2 f", "p1 f"]), "action 1, \"p1 f\": no player has the action");
    assert!(matches!(Phh::parse("variant = 1"), Err(PhhError::Syntax(_))));
    let mut phh = with_actions(&["p2 f  # a comment"]);
    assert_eq!(phh.check(), ReplayResult::Exact);
    phh.variant = "XX".to_owned();
    assert_eq!(phh.check(), ReplayResult::Refused(PhhError::Variant("XX".to_owned())));
    let mut phh = with_actions(&["p2 f"]);
    phh.antes.pop();
    assert!(matches!(phh.check(), ReplayResult::Refused(PhhError::Length { field: "antes", .. })));
}

#[test]
fn malformed_files_are_refused_without_a_panic() {
    let base = with_actions(&["d dh p1 AcAd", "d dh p2 KcKd", "p2 cbr 6", "p1 cc", "d db 2c3c4c", "p1 cc"]);
    let text = base.to_text().unwrap();
    let mut dice = Dice::new(5);
    for _ in 0..20_000 {
        let mut bytes = text.clone().into_bytes();
        for _ in 0..=dice.below(3) {
            let at = dice.below(bytes.len() as u64) as usize;
            match dice.below(3) {
                0 => bytes[at] = dice.between(32, 126) as u8,
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, b"0123456789-.?AcdhspfbrT"[dice.below(23) as usize]),
            }
        }
        if let Ok(phh) = Phh::parse(&String::from_utf8(bytes).unwrap()) {
            let _ = phh.check();
        }
    }
}

#[test]
fn lines_for_another_engine_compare_as_equal() {
    for variant in variant::ALL {
        for seed in 0..200 {
            let mut dice = Dice::new(seed);
            let mut setup = random::setup(variant, 6, &mut dice);
            setup.cap.heads_up = true;
            let (events, _) = random::play(&setup, &mut dice, |_, _| ()).unwrap();
            let text = oracle::line("a hand", &setup, &events).unwrap();
            let mut line: serde_json::Value = serde_json::from_str(&text).unwrap();
            let found = Line::parse(&text).unwrap().compare().unwrap();
            assert_eq!(found.differences, Vec::<String>::new(), "{} {seed}", variant.code);
            // The comparison finds a stack that is one chip larger and a wrong price of a call.
            let stack = line["finishing_stacks"][0].as_i64().unwrap();
            line["finishing_stacks"][0] = (stack + 1).into();
            line["legal"] = serde_json::json!(
                (0..line["actions"].as_array().unwrap().len())
                    .map(|action| serde_json::json!([action, 1, 1_234_567, null, null]))
                    .collect::<Vec<_>>()
            );
            let found = Line::parse(&line.to_string()).unwrap().compare().unwrap();
            assert_eq!(found.differences.len(), 1);
            assert_eq!(found.bounds_different.len() as u64, found.bounds_checked);
        }
    }
}

/// Returns the actions before the showdown of the line for a hand of three with blinds of 50
/// and 100.
fn line_of_three(stacks: [u64; 3], actions: &[&str]) -> Vec<String> {
    let text = format!(
        "variant = 'NT'\nantes = [0, 0, 0]\nblinds_or_straddles = [50, 100, 0]\nmin_bet = 100\nstarting_stacks = {stacks:?}\nactions = {actions:?}"
    );
    let phh = Phh::parse(&text).unwrap();
    let line = oracle::line("three", &phh.setup().unwrap(), &phh.replay().unwrap().events).unwrap();
    let line: serde_json::Value = serde_json::from_str(&line).unwrap();
    let actions =
        line["actions"].as_array().unwrap().iter().map(|action| action.as_str().unwrap().to_owned());
    actions.filter(|action| action.starts_with('p')).take_while(|action| !action.contains(" sm")).collect()
}

#[test]
fn a_line_has_the_check_that_the_other_engine_expects() {
    // The other engine asks a player who had an opponent when the betting began, whatever happened
    // since.
    assert_eq!(line_of_three([70, 1_000, 1_000], &["p3 f", "p1 cc"]), ["p3 f", "p1 cc", "p2 cc"]);
    assert_eq!(line_of_three([1_000, 1_000, 60], &["p3 cc", "p1 f"]), ["p3 cc", "p1 f", "p2 cc"]);
    // No opponent could ever have bet more than the blind.
    assert_eq!(line_of_three([70, 1_000, 60], &["p3 cc", "p1 f"]), ["p3 cc", "p1 f"]);
    assert_eq!(line_of_three([70, 1_000, 60], &["p3 cc", "p1 cc"]), ["p3 cc", "p1 cc"]);
    // The player has already acted.
    let asked = ["p3 f", "p1 cbr 120", "p2 cc"];
    assert_eq!(line_of_three([120, 1_000, 1_000], &asked), asked);
}

#[test]
fn open_hand_history_adds_up() {
    for variant in variant::ALL {
        for seed in 0..100 {
            let mut dice = Dice::new(seed);
            let setup = random::setup(variant, 6, &mut dice);
            let (events, _) = random::play(&setup, &mut dice, |_, _| ()).unwrap();
            let about = ohh::About { hero: Some(0), seats: 6, ..ohh::About::default() };
            let value = ohh::export(&about, &setup, &events).unwrap();
            let ohh = &value["ohh"];
            let rounds = ohh["rounds"].as_array().unwrap();
            let actions = rounds.iter().flat_map(|round| round["actions"].as_array().unwrap());
            let paid: u64 = actions.clone().map(|action| action["amount"].as_u64().unwrap()).sum();
            let back: u64 = events
                .iter()
                .map(|event| match event {
                    HandEvent::Returned { amount, .. } => amount.0,
                    _ => 0,
                })
                .sum();
            let pots = ohh["pots"].as_array().unwrap();
            let won: u64 = pots.iter().map(|pot| pot["amount"].as_u64().unwrap()).sum();
            assert_eq!(paid - back, won, "{} {seed}", variant.code);
            // Only the hero's hidden cards are included.
            for dealt in
                actions.filter(|action| action["action"] == "Dealt Cards" && action["player_id"] != 0)
            {
                let told = dealt["cards"].as_array().map_or(0, Vec::len);
                assert!(told <= usize::from(variant.has_bring_in()) * 7);
                assert!(variant.has_bring_in() || told == 0);
            }
        }
    }
}

#[test]
fn open_hand_history_has_the_streets_of_holdem() {
    let phh = with_actions(&[
        "d dh p1 AcAd",
        "d dh p2 KcKd",
        "p2 cc",
        "p1 cc",
        "d db 2c3c4d",
        "p1 cc",
        "p2 cc",
        "d db 9h",
        "p1 cc",
        "p2 cc",
        "d db Th",
        "p1 cbr 2",
        "p2 cc",
    ]);
    let replay = phh.replay().unwrap();
    let about = ohh::About { site: "Room".to_owned(), ..ohh::About::default() };
    let value = ohh::export(&about, &phh.setup().unwrap(), &replay.events).unwrap();
    let rounds = value["ohh"]["rounds"].as_array().unwrap();
    let streets: Vec<&str> = rounds.iter().map(|round| round["street"].as_str().unwrap()).collect();
    assert_eq!(streets, ["Preflop", "Flop", "Turn", "River", "Showdown"]);
    assert_eq!(rounds[1]["cards"], serde_json::json!(["2c", "3c", "4d"]));
    assert_eq!(rounds[4]["actions"][0]["action"], "Shows Cards");
    assert_eq!(value["ohh"]["pots"][0]["player_wins"][0]["win_amount"], 8);
}
