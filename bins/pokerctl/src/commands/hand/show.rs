//! `pokerctl hand show`: prints a hand of the fleet or of a hand file in words, street by street.

use super::{
    HandError, hands,
    played::{self, HandId, Played},
};
use crate::{context::Context, grid::say, words};
use poker::{
    hand::Hand,
    phh::{Phh, PhhError, Replay},
    table::new_hand,
};
use std::path::PathBuf;
use wire::{
    Action, Card, Chips, SeatNo,
    event::{HandEvent, Share},
};

/// Options of `hand show`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A hand that the fleet has played, as TABLE.HAND, or a PHH file: one hand (.phh) or several
    /// (.phhs)
    hand: PathBuf,
}

/// Prints the hands in words: a hand of the fleet if the argument is `TABLE.HAND` and no such file
/// exists, else the hands of the file.
///
/// # Errors
/// When the fleet cannot be reached, the hand is not finished, or the file cannot be read or is no
/// valid hand file.
pub async fn run(args: &Args, context: &Context) -> Result<(), HandError> {
    let id = args.hand.to_str().and_then(|text| text.parse::<HandId>().ok());
    if let Some(id) = id.filter(|_| !args.hand.exists()) {
        let bus = context.bus().await?;
        let missing = HandError::NoHand { table: id.table, hand: id.hand };
        let played = played::find(&bus, id).await?.ok_or(missing)?;
        let lines = tell_played(id, &played)?;
        lines.iter().for_each(say);
        return Ok(());
    }
    if !args.hand.exists() {
        return Err(HandError::NoHandOrFile(args.hand.display().to_string()));
    }
    for (name, phh) in hands(&args.hand)? {
        let lines = tell(&name, &phh).map_err(|error| HandError::Phh { path: args.hand.clone(), error })?;
        lines.iter().for_each(say);
    }
    Ok(())
}

/// Returns a hand of the fleet in words.
fn tell_played(id: HandId, played: &Played) -> Result<Vec<String>, HandError> {
    let hand = new_hand(&played.config, &played.start, &played.seed, played.script.as_deref())
        .map_err(|error| HandError::SetUp { id: id.to_string(), error })?;
    let mut names = vec![String::new(); usize::from(played.config.seats)];
    for stack in &played.start.stacks {
        if let Some(name) = names.get_mut(usize::from(stack.seat)) {
            *name = format!("player {}", stack.player);
        }
    }
    let mut end = hand.clone();
    played.events.iter().for_each(|event| end.evolve(event));
    let title = format!("hand {id} at {}", played.config.name);
    Ok(told(&title, names, &hand, &played.events, &end))
}

/// Returns a hand file's hand in words: a line for each event, and an empty line at the end.
fn tell(name: &str, phh: &Phh) -> Result<Vec<String>, PhhError> {
    let replay: Replay = phh.replay()?;
    Ok(told(name, names(phh), &replay.start, &replay.events, &replay.end))
}

fn told(title: &str, names: Vec<String>, start: &Hand, events: &[HandEvent], end: &Hand) -> Vec<String> {
    let mut teller = Teller { names, hand: start.clone(), street: None, lines: Vec::new() };
    teller.lines.push(format!("{title}: {}", start.variant().name));
    for (seat, player) in start.seats() {
        let button = if seat == start.button() { " (button)" } else { "" };
        teller.lines.push(format!("  {} has {}{button}", teller.name(seat), player.stack));
    }
    events.iter().for_each(|event| teller.event(event));
    let ends: Vec<String> =
        end.seats().map(|(seat, player)| format!("{} {}", teller.name(seat), player.stack)).collect();
    teller.lines.push(format!("  stacks: {}", ends.join(", ")));
    teller.lines.push(String::new());
    teller.lines
}

fn names(phh: &Phh) -> Vec<String> {
    let numbered = |nth: usize| format!("p{}", nth + 1);
    let given = phh.players.clone().unwrap_or_default();
    (0..phh.starting_stacks.len())
        .map(|nth| given.get(nth).filter(|name| !name.is_empty()).cloned().unwrap_or_else(|| numbered(nth)))
        .collect()
}

struct Teller {
    names: Vec<String>,
    hand: Hand,
    street: Option<u8>,
    lines: Vec<String>,
}

impl Teller {
    fn name(&self, seat: SeatNo) -> &str {
        self.names.get(usize::from(seat)).map_or("?", String::as_str)
    }

    fn event(&mut self, event: &HandEvent) {
        // The event that ends a street moves the hand to the next street, so the street is the one
        // before the event.
        self.head();
        self.hand.evolve(event);
        let line = match event {
            HandEvent::Posted { seat, post, amount } => {
                format!("{} posts {} {amount}", self.name(*seat), words::posted(*post))
            }
            HandEvent::Dealt { seat, down, up } => {
                let cards: Vec<Card> = down.iter().chain(up).copied().collect();
                format!("{} is dealt {}", self.name(*seat), spell(&cards))
            }
            HandEvent::Board { cards, .. } => format!("board: {}", spell(cards)),
            HandEvent::Acted { seat, action, added, .. } => {
                format!("{} {}", self.name(*seat), act(action, *added))
            }
            HandEvent::Returned { seat, amount } => format!("{amount} goes back to {}", self.name(*seat)),
            HandEvent::Shown { seat, cards, hand } => {
                format!("{} shows {}: {hand}", self.name(*seat), spell(cards))
            }
            HandEvent::Mucked { seat } => format!("{} mucks", self.name(*seat)),
            HandEvent::Awarded { pot, seat, amount, share } => {
                let which = if *pot == 0 { "the pot".to_owned() } else { format!("side pot {pot}") };
                let part = match share {
                    Share::Whole => "",
                    Share::High => " (high)",
                    Share::Low => " (low)",
                };
                format!("{} wins {amount} of {which}{part}", self.name(*seat))
            }
        };
        self.lines.push(format!("    {line}"));
    }

    /// Adds a line for a new street, with the chips and the board in the middle.
    fn head(&mut self) {
        let street = self.hand.street();
        if self.street == Some(street) || self.hand.is_over() {
            return;
        }
        self.street = Some(street);
        let name = self.hand.variant().streets.get(usize::from(street)).map_or("", |street| street.name);
        let mut line = format!("  {name}");
        if !self.hand.middle().is_zero() {
            line.push_str(&format!(": {} in the middle", self.hand.middle()));
        }
        if !self.hand.board().is_empty() {
            line.push_str(&format!(", board {}", spell(self.hand.board())));
        }
        self.lines.push(line);
    }
}

fn act(action: &Action, added: Chips) -> String {
    match action {
        Action::Fold => "folds".to_owned(),
        Action::Check => "checks".to_owned(),
        Action::Call => format!("calls {added}"),
        Action::Bet(to) => format!("bets {to}"),
        Action::RaiseTo(to) => format!("raises to {to}"),
        Action::BringIn => format!("brings it in for {added}"),
        Action::Discard(cards) if cards.is_empty() => "stands pat".to_owned(),
        Action::Discard(cards) => format!("throws {} away", spell(cards)),
    }
}

fn spell(cards: &[Card]) -> String {
    cards.iter().map(Card::to_string).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hand_is_printed_street_by_street() {
        let text = "variant = 'NT'\nantes = [0, 0]\nblinds_or_straddles = [1, 2]\nmin_bet = 2\n\
            starting_stacks = [100, 100]\nplayers = ['Ann', 'Bob']\nactions = ['d dh p1 AsAd', 'd dh p2 KsKd', \
            'p2 cc', 'p1 cc', 'd db 2c3d4h', 'p1 cbr 10', 'p2 f']\n";
        let lines = tell("x", &Phh::parse(text).unwrap()).unwrap().join("\n");
        for part in [
            "x: ",
            "Bob has 100 (button)",
            "Bob posts the small blind of 1",
            "Ann is dealt As Ad",
            "board: 2c 3d 4h",
            "Ann bets 10",
            "Bob folds",
        ] {
            assert!(lines.contains(part), "{part:?} is missing in\n{lines}");
        }
        // The event that ends a street is printed under it, and the next street's first event under
        // that street.
        let order = ["preflop", "Bob posts", "Ann checks", "flop: 4 in", "board:", "Ann bets"];
        let places = order.map(|part| lines.find(part).unwrap());
        assert!(places.is_sorted(), "{lines}");
    }
}
