//! Measures the time that a pass costs an owner: at a player's first command with it, and at each
//! further one. `cargo run --release -p passes --example cost`

use passes::{Checker, Signer, layout::Statement};
use std::time::Instant;
use wire::{
    PlayerId,
    pass::{Pass, PassKeys},
    sender::Sender,
};

/// The number of players; each has a pass.
const PLAYERS: u64 = 20_000;
/// Look-ups of each pass.
const ROUNDS: u32 = 50;

fn main() {
    let signer = Signer::new(&[7; 32]);
    let checker = Checker::default();
    checker.set_keys(&PassKeys { keys: vec![signer.public()] });
    let began = Instant::now();
    let pass = |player| signer.sign(&Statement { player: PlayerId(player), gateway: 1, expires_ms: 60_000 });
    let passes: Vec<Pass> = (0..PLAYERS).map(pass).collect();
    told("to sign a pass", began, PLAYERS);
    let check_all = || {
        let checked = |(player, pass): (u64, &Pass)| {
            checker.check(Sender::Gateway, Some(PlayerId(player)), Some(pass), 1).is_ok()
        };
        (0..).zip(&passes).filter(|&one| checked(one)).count()
    };
    let began = Instant::now();
    assert_eq!(check_all(), passes.len(), "a pass is refused");
    told("to verify a pass", began, PLAYERS);
    let began = Instant::now();
    for _ in 0..ROUNDS {
        assert_eq!(check_all(), passes.len(), "a pass is refused");
    }
    told("to look a pass up", began, PLAYERS * u64::from(ROUNDS));
}

fn told(what: &str, began: Instant, times: u64) {
    let each = began.elapsed().as_nanos() / u128::from(times);
    println!("{what}: {each} ns");
}
