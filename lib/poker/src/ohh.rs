//! Hands in the Open Hand History format, version 1.4.7: one JSON object per hand, for hand
//! trackers.
//!
//! The format has only the streets of hold'em; other streets have the variant's own names. It has
//! no bring-in, which is written as an extra blind, and no draws, which are written as dealt cards.
//! Amounts of actions are the chips that went in with them.

use crate::{
    hand::{Hand, HandSetup, SetupError},
    phh::Amount,
    variant::{Betting, Ranking, Variant},
};
use serde_json::{Value, json};
use wire::{
    Action, Card, Chips, SeatNo,
    event::{HandEvent, Post},
};

/// The fields of the format that the hand does not contain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The name of the site.
    pub site: String,
    /// The hand's number, unique at the site.
    pub number: String,
    /// The time of the beginning, as `2026-05-22T16:20:17Z`.
    pub start_utc: String,
    /// The table's name.
    pub table: String,
    /// The number of seats of the table.
    pub seats: u8,
    /// Currency code of cash games; empty for tournament chips.
    pub currency: String,
    /// Whether chips are hundredths of the currency: amounts then have decimals.
    pub hundredths: bool,
    /// Whether it is a tournament's hand.
    pub tournament: bool,
    /// The small blind.
    pub small_blind: Chips,
    /// Names of the players.
    pub names: Vec<(SeatNo, String)>,
    /// The seat from whose view the hand is written: cards of other seats are included only when
    /// shown. `None` includes all cards.
    pub hero: Option<SeatNo>,
}

impl About {
    fn amount(&self, chips: Chips) -> Value {
        let whole = Amount::of(chips);
        let amount = if self.hundredths { whole.in_hundredths() } else { whole };
        serde_json::to_value(amount).unwrap_or_default()
    }
}

/// Returns a hand as an Open Hand History object, from its setup and all of its events.
///
/// # Errors
/// [`SetupError`] when the setup makes no hand.
pub fn export(about: &About, setup: &HandSetup, events: &[HandEvent]) -> Result<Value, SetupError> {
    let mut book = Book { about, hand: Hand::new(setup)?, rounds: Vec::new(), actions: 0 };
    let players: Vec<Value> = setup.players.iter().map(|player| book.player(player.seat)).collect();
    book.start_round(0);
    for event in events {
        book.note(event);
    }
    let variant = setup.variant;
    let ante = setup.players.iter().map(|player| player.ante).max();
    let mut ohh = json!({
        "spec_version": "1.4.7",
        "site_name": about.site,
        "network_name": about.site,
        "internal_version": env!("CARGO_PKG_VERSION"),
        "tournament": about.tournament,
        "game_number": about.number,
        "start_date_utc": about.start_utc,
        "table_name": about.table,
        "game_type": game_type(variant),
        "bet_limit": { "bet_type": bet_type(variant), "bet_cap": 0 },
        "table_size": about.seats,
        "currency": about.currency,
        "dealer_seat": u64::from(setup.button) + 1,
        "small_blind_amount": about.amount(about.small_blind),
        "big_blind_amount": about.amount(setup.min_bet),
        "ante_amount": about.amount(ante.unwrap_or_default()),
        "flags": [],
        "players": players,
        "rounds": book.rounds,
        "pots": pots(about, events),
    });
    if let Some(hero) = about.hero {
        ohh["hero_player_id"] = hero.into();
    } else {
        ohh["flags"] = json!(["Observed"]);
    }
    Ok(json!({ "ohh": ohh }))
}

fn bet_type(variant: &Variant) -> &'static str {
    match variant.betting {
        Betting::NoLimit => "NL",
        Betting::PotLimit => "PL",
        Betting::FixedLimit => "FL",
    }
}

/// Returns the format's name for the variant's family, derived from its streets and rankings.
fn game_type(variant: &Variant) -> &'static str {
    let split = variant.rankings.contains(&Ranking::EightOrBetter);
    let streets = variant.streets;
    let draws = streets.iter().any(|street| street.draw > 0);
    let shows = streets.iter().any(|street| street.up > 0);
    match (draws, shows, variant.hole_cards() > 2, split) {
        (true, ..) => "Draw",
        (_, true, _, true) => "StudHiLo",
        (_, true, ..) => "Stud",
        (_, _, true, true) => "OmahaHiLo",
        (_, _, true, _) => "Omaha",
        _ => "Holdem",
    }
}

fn texts(cards: &[Card]) -> Vec<String> {
    cards.iter().map(Card::to_string).collect()
}

/// The amounts that each winner got of a pot.
type Wins = Vec<(SeatNo, Chips)>;

/// Returns the pots and their winners, from the awards.
fn pots(about: &About, events: &[HandEvent]) -> Vec<Value> {
    let mut pots: Vec<(u8, Chips, Wins)> = Vec::new();
    for event in events {
        let HandEvent::Awarded { pot, seat, amount, .. } = event else {
            continue;
        };
        let at = pots.iter().position(|(number, ..)| number == pot).unwrap_or_else(|| {
            pots.push((*pot, Chips::ZERO, Vec::new()));
            pots.len() - 1
        });
        let (_, total, wins) = &mut pots[at];
        *total = total.plus(*amount);
        match wins.iter_mut().find(|(winner, _)| winner == seat) {
            Some((_, won)) => *won = won.plus(*amount),
            None => wins.push((*seat, *amount)),
        }
    }
    let win = |(seat, won): &(SeatNo, Chips)| json!({ "player_id": seat, "win_amount": about.amount(*won) });
    pots.iter()
        .map(|(number, amount, wins)| {
            let wins: Vec<Value> = wins.iter().map(win).collect();
            json!({ "number": number, "amount": about.amount(*amount), "rake": 0, "player_wins": wins })
        })
        .collect()
}

/// The rounds written so far, and the hand as far as its events were written.
struct Book<'a> {
    about: &'a About,
    hand: Hand,
    rounds: Vec<Value>,
    actions: u64,
}

impl Book<'_> {
    fn player(&self, seat: SeatNo) -> Value {
        let name = self.about.names.iter().find(|(named, _)| *named == seat);
        let name = name.map_or_else(|| format!("Seat {}", u64::from(seat) + 1), |(_, name)| name.clone());
        let stack = self.hand.seat(seat).map_or(Chips::ZERO, |seat| seat.stack);
        json!({
            "id": seat,
            "seat": u64::from(seat) + 1,
            "name": name,
            "display": name,
            "starting_stack": self.about.amount(stack),
        })
    }

    fn start_round(&mut self, street: u8) {
        let name = self.hand.variant().streets.get(usize::from(street)).map_or("", |street| street.name);
        let (first, rest) = name.split_at(name.len().min(1));
        self.push_round(&format!("{}{rest}", first.to_uppercase()));
    }

    fn push_round(&mut self, street: &str) {
        let id = self.rounds.len();
        self.rounds.push(json!({ "id": id, "street": street, "cards": [], "actions": [] }));
    }

    fn note(&mut self, event: &HandEvent) {
        let street = self.hand.street();
        let shows = matches!(event, HandEvent::Shown { .. } | HandEvent::Mucked { .. });
        self.hand.evolve(event);
        match event {
            HandEvent::Posted { seat, post, amount } => {
                self.act(*seat, post_name(*post), *amount, &[]);
            }
            HandEvent::Dealt { seat, down, up } => {
                let told = self.about.hero.is_none_or(|hero| hero == *seat);
                let cards: Vec<Card> = down.iter().filter(|_| told).chain(up).copied().collect();
                self.act(*seat, "Dealt Cards", Chips::ZERO, &cards);
            }
            HandEvent::Board { cards, .. } => {
                if let Some(round) = self.rounds.last_mut() {
                    round["cards"] = json!(texts(cards));
                }
            }
            HandEvent::Acted { seat, action, added, .. } => {
                self.act(*seat, action_name(action), *added, &[]);
            }
            HandEvent::Shown { seat, cards, .. } => {
                self.act(*seat, "Shows Cards", Chips::ZERO, cards);
            }
            HandEvent::Mucked { seat } => self.act(*seat, "Mucks Cards", Chips::ZERO, &[]),
            HandEvent::Returned { .. } | HandEvent::Awarded { .. } => {}
        }
        if self.hand.street() != street {
            self.start_round(self.hand.street());
        } else if !shows && self.hand.is_showing() {
            self.push_round("Showdown");
        }
    }

    fn act(&mut self, seat: SeatNo, name: &str, amount: Chips, cards: &[Card]) {
        let all_in = !amount.is_zero() && self.hand.seat(seat).is_some_and(|seat| seat.stack.is_zero());
        self.actions += 1;
        let mut action = json!({
            "action_number": self.actions,
            "player_id": seat,
            "action": name,
            "amount": self.about.amount(amount),
            "is_allin": all_in,
        });
        if !cards.is_empty() {
            action["cards"] = json!(texts(cards));
        }
        if let Some(actions) = self.rounds.last_mut().and_then(|round| round["actions"].as_array_mut()) {
            actions.push(action);
        }
    }
}

const fn post_name(post: Post) -> &'static str {
    match post {
        Post::Ante | Post::BigBlindAnte => "Post Ante",
        Post::SmallBlind => "Post SB",
        Post::BigBlind => "Post BB",
        Post::Straddle => "Straddle",
        Post::DeadBlind => "Post Dead",
        Post::BringIn => "Post Extra Blind",
    }
}

const fn action_name(action: &Action) -> &'static str {
    match action {
        Action::Fold => "Fold",
        Action::Check => "Check",
        Action::Call => "Call",
        Action::Bet(_) => "Bet",
        Action::RaiseTo(_) => "Raise",
        Action::BringIn => "Post Extra Blind",
        // The cards that replace them are dealt in the next action.
        Action::Discard(_) => "Mucks Cards",
    }
}
