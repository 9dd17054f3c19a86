//! Replays of recorded hands and of hands of an independent engine. The files are not part of this
//! project: the environment variable `POKER_CONFORMANCE_DIR` names their folder. Without it these
//! tests print that they have compared no hands.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use poker::{
    hand::{Hand, HandSetup},
    oracle::Line,
    phh::{Phh, ReplayResult},
};
use std::{
    fs,
    path::{Path, PathBuf},
};
use wire::Chips;

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("POKER_CONFORMANCE_DIR").map(PathBuf::from);
    if folder.is_none() {
        eprintln!("NOT CHECKED: POKER_CONFORMANCE_DIR is not set, so no recorded hands were replayed");
    }
    folder
}

fn hand_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            hand_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "phh") {
            files.push(path);
        }
    }
}

/// Replays all hands of a folder and returns their number.
fn all_exact(folder: &Path) -> usize {
    let mut files = Vec::new();
    hand_files(folder, &mut files);
    files.sort();
    let mut wrong = Vec::new();
    for file in &files {
        let phh = Phh::parse(&fs::read_to_string(file).unwrap()).unwrap();
        match phh.check() {
            ReplayResult::Exact => {}
            outcome => wrong.push(format!("{}: {outcome:?}", file.display())),
        }
        // The hand survives writing and reading.
        assert_eq!(Phh::parse(&phh.to_text().unwrap()).unwrap(), phh);
    }
    assert!(wrong.is_empty(), "{} of {} hands:\n{}", wrong.len(), files.len(), wrong.join("\n"));
    files.len()
}

#[test]
fn pluribus_hands_end_as_recorded() {
    let Some(folder) = folder() else { return };
    assert!(all_exact(&folder.join("pluribus")) >= 1_000);
}

#[test]
fn wsop_hands_end_as_recorded() {
    let Some(folder) = folder() else { return };
    assert!(all_exact(&folder.join("wsop")) >= 30);
}

#[derive(serde::Deserialize)]
struct Example {
    id: String,
    variant: String,
    blinds: [i64; 2],
    min_bet: i64,
    stacks: Vec<i64>,
    actions: Vec<String>,
    expect: Expected,
}

#[derive(serde::Deserialize)]
struct Expected {
    call: u64,
    #[serde(default, deserialize_with = "present")]
    min: Option<Option<u64>>,
    max: Option<u64>,
    can_raise: Option<bool>,
}

/// Distinguishes `null` from a missing field.
fn present<'de, D: serde::Deserializer<'de>>(value: D) -> Result<Option<Option<u64>>, D::Error> {
    serde::Deserialize::deserialize(value).map(Some)
}

fn example_hand(example: &Example) -> Hand {
    let fixed = example.variant.starts_with('F');
    let players = example.stacks.len();
    let mut blinds = vec![0; players];
    blinds[..2].copy_from_slice(&example.blinds);
    let text = format!(
        "variant = '{}'\nantes = {:?}\nblinds_or_straddles = {blinds:?}\nmin_bet = {}\nbig_bet = {}\nstarting_stacks = {:?}\nactions = []",
        example.variant,
        vec![0; players],
        example.min_bet,
        if fixed { example.min_bet * 2 } else { example.min_bet },
        example.stacks,
    );
    let setup: HandSetup = Phh::parse(&text).unwrap().setup().unwrap();
    let mut hand = Hand::new(&setup).unwrap();
    hand.open().iter().for_each(|event| hand.evolve(event));
    hand
}

#[test]
fn examples_of_the_tda() {
    use wire::Action::{Bet, Call, Check, Fold, RaiseTo};
    let Some(folder) = folder() else { return };
    let text = fs::read_to_string(folder.join("tda_examples.json")).unwrap();
    let examples: Vec<Example> = serde_json::from_str(&text).unwrap();
    for example in &examples {
        let mut hand = example_hand(example);
        for word in &example.actions {
            let legal = hand.legal();
            let action = match word.as_str() {
                "f" => Fold,
                "cc" if legal.check => Check,
                "cc" => Call,
                to if legal.bet.is_some() => Bet(Chips(to.parse().unwrap())),
                to => RaiseTo(Chips(to.parse().unwrap())),
            };
            let events = hand.decide(hand.actor().unwrap(), &action).unwrap();
            events.iter().for_each(|event| hand.evolve(event));
        }
        let (legal, expect) = (hand.legal(), &example.expect);
        assert_eq!(legal.call, Some(Chips(expect.call)), "{}: call", example.id);
        if let Some(min) = expect.min {
            assert_eq!(legal.raise.map(|raise| raise.min.0), min, "{}: least raise", example.id);
        }
        if let Some(max) = expect.max {
            assert_eq!(legal.raise.map(|raise| raise.max.0), Some(max), "{}: largest raise", example.id);
        }
        if let Some(can) = expect.can_raise {
            assert_eq!(legal.raise.is_some(), can, "{}: whether to raise", example.id);
        }
    }
    assert!(examples.len() >= 19);
}

/// Compares hands of an independent engine: the files `*.jsonl` in the folder that
/// `POKER_ORACLE_DIR` names.
#[test]
fn hands_of_an_independent_engine() {
    let Some(folder) = std::env::var_os("POKER_ORACLE_DIR").map(PathBuf::from) else {
        eprintln!("NOT CHECKED: POKER_ORACLE_DIR is not set, so no hands of another engine were compared");
        return;
    };
    let (mut hands, mut bounds, mut departures, mut wrong) = (0, 0, 0, Vec::new());
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "jsonl") {
            continue;
        }
        for text in fs::read_to_string(path).unwrap().lines() {
            let line = Line::parse(text).unwrap();
            hands += 1;
            match line.compare() {
                Ok(found) => {
                    bounds += found.bounds_checked;
                    departures += u64::from(found.departs.is_some());
                    let all = found.differences.iter().chain(&found.bounds_different);
                    wrong.extend(all.map(|difference| format!("{}: {difference}", line.id)));
                }
                Err(error) => wrong.push(format!("{}: {error}", line.id)),
            }
        }
    }
    eprintln!(
        "{hands} hands and {bounds} decisions compared, {departures} departures, {} differences",
        wrong.len()
    );
    wrong.truncate(40);
    assert!(departures * 50 < hands, "{departures} of {hands} hands were not compared");
    assert!(hands > 0 && wrong.is_empty(), "{}", wrong.join("\n"));
}
