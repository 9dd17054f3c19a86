//! Whatever ids players give their commands, and whenever they send them again: the journals have
//! no violations.

use super::{assert_clean, check_table};
use std::collections::HashMap;
use testkit::room::{Dice, cash_table};
use wire::{
    CommandId, PlayerCommand, PlayerId, Refusal, TableId, client::REPEATED_FOR_MS, journal::Cause,
    table::TableCommand,
};

/// A player with a seat at the table, and two without one.
const PLAYERS: [u64; 3] = [99, 201, 202];
/// Commands of each run.
const COMMANDS: u64 = 3_000;

/// Returns an id out of few: those of some programs that each begin somewhere.
fn id(dice: &mut Dice) -> u64 {
    (1 << 40) * (1 + dice.roll(12)) + (1 << 20) * dice.roll(2) + dice.roll(2)
}

fn command(player: u64, dice: &mut Dice) -> TableCommand {
    match dice.roll(3) {
        0 if player == PLAYERS[0] => PlayerCommand::SitOut.by(""),
        1 if player == PLAYERS[0] => PlayerCommand::SitIn.by(""),
        _ => PlayerCommand::Say { text: "again".to_owned() }.by("rude"),
    }
}

#[test]
fn ids_that_are_used_again_are_refused_and_the_journal_has_no_violations() {
    for seed in 1..30 {
        let mut hosted = cash_table(50, seed);
        let mut dice = Dice(seed);
        let mut now_ms = hosted.journal.last().map_or(0, |record| record.at_ms);
        let mut refused = 0;
        let mut times: HashMap<Cause, u32> = HashMap::new();
        // Most commands come soon one after the other, in some runs with long pauses.
        let pause_ms = if seed % 3 == 0 { REPEATED_FOR_MS / 2 } else { 100 };
        for _ in 0..COMMANDS {
            now_ms += dice.roll(pause_ms);
            let player = PLAYERS[dice.roll(3) as usize];
            let cause = Cause { player: Some(PlayerId(player)), id: CommandId(id(&mut dice)) };
            let records = hosted.journal.len();
            match hosted.command(cause, &command(player, &mut dice), now_ms) {
                Ok(()) if hosted.journal.len() > records => *times.entry(cause).or_default() += 1,
                Ok(()) => {}
                Err(Refusal::OutOfDate) => refused += 1,
                // The player has lost all chips, and the seat with them.
                Err(Refusal::NotSeated) => {}
                Err(refusal) => panic!("seed {seed}: {refusal}"),
            }
        }
        if seed % 3 > 0 {
            assert!(refused > COMMANDS / 10, "seed {seed}: {refused} commands were refused");
            let most = times.values().max().copied();
            assert_eq!(most, Some(1), "seed {seed}: no command is carried out twice");
        }
        assert_clean(&check_table(TableId(7), &hosted.journal).0);
    }
}
