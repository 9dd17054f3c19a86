//! `pokerctl hand ohh`: exports hand files as Open Hand History, for hand trackers.

use super::{HandError, hands};
use poker::{
    ohh::{self, About},
    phh::{Phh, PhhError},
};
use std::{
    io::{BufWriter, Write},
    path::PathBuf,
};
use wire::{Chips, SeatNo, event::Post};

/// Options of `hand ohh`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// PHH files: one hand (.phh) or several (.phhs)
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Player whose hidden cards are exported, by name or number (1 is left of the button)
    /// [default: all players]
    #[arg(long)]
    hero: Option<String>,
}

/// Prints the files' hands as Open Hand History, separated by empty lines.
///
/// # Errors
/// When a file cannot be read or is no valid hand file, no player has the hero's name or number, or
/// stdout cannot be written.
pub fn run(args: &Args) -> Result<(), HandError> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut number = 0u64;
    for path in &args.files {
        for (_, phh) in hands(path)? {
            number += 1;
            let hero = args.hero.as_deref().map(|hero| seat_of(&phh, hero)).transpose()?;
            let hand =
                export(&phh, number, hero).map_err(|error| HandError::Phh { path: path.clone(), error })?;
            // The format separates hands by an empty line.
            writeln!(out, "{hand}\n")?;
        }
    }
    Ok(out.flush()?)
}

/// Exports a hand file's hand. `number` is its number if the file has none.
fn export(phh: &Phh, number: u64, hero: Option<SeatNo>) -> Result<serde_json::Value, PhhError> {
    let (setup, replay) = (phh.setup()?, phh.replay()?);
    let posts = setup.players.iter().filter_map(|player| player.blind);
    let small_blind = posts.filter(|(post, _)| *post == Post::SmallBlind).map(|(_, chips)| chips).max();
    let seats = whole(phh, "seat_count").and_then(|seats| u8::try_from(seats).ok());
    let about = About {
        site: text(phh, "venue"),
        number: whole(phh, "hand").map_or(number, i64::unsigned_abs).to_string(),
        start_utc: start(phh),
        table: text(phh, "table"),
        seats: seats.unwrap_or(setup.players.len() as u8),
        currency: text(phh, "currency"),
        hundredths: phh.unit() == 1,
        tournament: phh.other.contains_key("event"),
        small_blind: small_blind.unwrap_or(Chips::ZERO),
        names: (0..).zip(phh.players.iter().flatten().cloned()).collect(),
        hero,
    };
    Ok(ohh::export(&about, &setup, &replay.events)?)
}

fn seat_of(phh: &Phh, hero: &str) -> Result<SeatNo, HandError> {
    let named = phh.players.iter().flatten().position(|name| name == hero);
    let numbered = || hero.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let seat = named.or_else(numbered).filter(|&nth| nth < phh.starting_stacks.len());
    let seat = seat.and_then(|nth| SeatNo::try_from(nth).ok());
    seat.ok_or_else(|| HandError::Hero(hero.to_owned()))
}

/// Returns one of the file's other fields as text: a text or a number; empty if it is missing.
fn text(phh: &Phh, field: &str) -> String {
    match phh.other.get(field) {
        Some(toml::Value::String(text)) => text.clone(),
        Some(toml::Value::Integer(number)) => number.to_string(),
        _ => String::new(),
    }
}

fn whole(phh: &Phh, field: &str) -> Option<i64> {
    phh.other.get(field).and_then(toml::Value::as_integer)
}

/// Returns the hand's start, UTC, as far as the file has it; empty if it has no date.
fn start(phh: &Phh) -> String {
    let [Some(year), Some(month), Some(day)] = ["year", "month", "day"].map(|field| whole(phh, field)) else {
        return String::new();
    };
    let time = match phh.other.get("time") {
        Some(toml::Value::Datetime(time)) => time.to_string(),
        _ => "00:00:00".to_owned(),
    };
    format!("{year:04}-{month:02}-{day:02}T{time}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HAND: &str = "variant = 'NT'\nantes = [0, 0]\nblinds_or_straddles = [0.50, 1]\nmin_bet = 1\n\
        starting_stacks = [100, 100.25]\nplayers = ['Ann', 'Bob']\nyear = 2023\nmonth = 6\nday = 2\nhand = 63\n\
        currency = 'USD'\ntable = 7\nactions = ['d dh p1 AsAd', 'd dh p2 KsKd', 'p2 cc', 'p1 cc', 'd db 2c3d4h', \
        'p1 cbr 10.25', 'p2 f']\n";

    #[test]
    fn a_hand_file_becomes_open_hand_history() {
        let phh = Phh::parse(HAND).unwrap();
        let hand = &export(&phh, 5, Some(seat_of(&phh, "Bob").unwrap())).unwrap()["ohh"];
        assert_eq!((&hand["game_number"], &hand["table_name"]), (&"63".into(), &"7".into()));
        assert_eq!(
            (&hand["start_date_utc"], &hand["currency"]),
            (&"2023-06-02T00:00:00Z".into(), &"USD".into())
        );
        assert_eq!((&hand["small_blind_amount"], &hand["big_blind_amount"]), (&0.5.into(), &1.into()));
        assert_eq!(hand["players"][1]["starting_stack"], 100.25);
        assert_eq!(hand["pots"][0]["player_wins"][0]["win_amount"], 2);
        let told = hand.to_string();
        assert!(told.contains("\"Ks\"") && !told.contains("\"As\""), "{told}");
    }

    #[test]
    fn a_hero_is_named_or_numbered() {
        let phh = Phh::parse(HAND).unwrap();
        assert_eq!(["Ann", "2"].map(|hero| seat_of(&phh, hero).ok()), [Some(0), Some(1)]);
        assert!(["Cid", "0", "3"].iter().all(|hero| seat_of(&phh, hero).is_err()));
    }
}
