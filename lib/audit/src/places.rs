//! The check that final places are complete and prizes add up.

use crate::words::or_none;
use std::collections::{BTreeMap, BTreeSet};
use wire::{
    Chips, PlayerId,
    tournament::{Place, TournamentConfig},
};

/// Returns the faults in the final places of a tournament that these players started, in words;
/// `busts` are places and prizes as given during play.
pub fn check(
    places: &[Place],
    players: &BTreeSet<PlayerId>,
    busts: &BTreeMap<PlayerId, (u32, Chips)>,
    config: &TournamentConfig,
) -> Vec<String> {
    let mut wrong = Vec::new();
    let placed: BTreeSet<PlayerId> = places.iter().map(|place| place.player).collect();
    if placed.len() != places.len() {
        wrong.push("a player has two places".to_owned());
    }
    if placed != *players {
        wrong.push(format!("{} players started, {} have a place", players.len(), placed.len()));
    }
    let mut by_place: BTreeMap<u32, Vec<&Place>> = BTreeMap::new();
    for place in places {
        by_place.entry(place.place).or_default().push(place);
    }
    let pool: Vec<Chips> = tournament::prizes(&config.payout, players.len() as u32, config.buy_in);
    let mut next = 1;
    for (place, sharing) in &by_place {
        if *place != next {
            wrong.push(format!("place {next} is missing: the next one given is {place}"));
            next = *place;
        }
        let due: Chips = pool.iter().skip(next as usize - 1).take(sharing.len()).copied().sum();
        let given: Chips = sharing.iter().map(|place| place.prize).sum();
        if due != given {
            wrong.push(format!("place {place} is worth {due} and is given {given}"));
        }
        let prizes = sharing.iter().map(|place| place.prize.0);
        if prizes.clone().max() > prizes.min().map(|least| least + 1) {
            wrong.push(format!("place {place} is shared unevenly: shares must differ by at most one chip"));
        }
        next += sharing.len() as u32;
    }
    if by_place.get(&1).is_none_or(|winners| winners.len() != 1) {
        wrong.push("place 1 must have exactly one player".to_owned());
    }
    let prizes: Chips = places.iter().map(|place| place.prize).sum();
    let paid = config.buy_in.times(players.len() as u64);
    if prizes != paid {
        wrong.push(format!("{paid} were paid in, the prizes are {prizes}"));
    }
    for place in places {
        let given = busts.get(&place.player).copied();
        if given.is_some_and(|given| given != (place.place, place.prize)) {
            let given = given.map(|(place, prize)| format!("place {place} and {prize}"));
            wrong.push(format!(
                "player {} was given {} and ends with place {} and {}",
                place.player,
                or_none(given),
                place.place,
                place.prize
            ));
        }
        if given.is_none() && place.place != 1 {
            wrong.push(format!("player {} was never bust and has place {}", place.player, place.place));
        }
    }
    wrong
}
