//! Hands that an independent engine has played, one JSON object per line, compared with these rules: stacks, pots
//! and what was legal at every decision.
//!
//! A line has the fields of a hand file ([`crate::phh`]) and, from the other engine: `pots` as
//! `[amount, [players]]`, `legal` rows `[action, player, call, least raise, largest raise]` and, where the other
//! engine departs from the TDA, the TDA's values as a sixth element, `finishing_stacks_tda` and `antes_nominal`
//! (antes as asked where the other engine was given less, TDA RP-11).

use crate::{
    hand::{Antes, Hand, HandSetup, PlayerSetup, RaiseCap},
    phh::{Amount, Phh, PhhError, amounts, export},
    variant::Betting,
};
use serde::Deserialize;
use serde_json::Value;
use std::fmt;
use wire::{Chips, Legal, SeatNo, event::HandEvent};

/// One line.
#[derive(Clone, Debug)]
pub struct Line {
    /// What the line calls itself.
    pub id: String,
    phh: Phh,
    pots: Option<Vec<(u64, Vec<u64>)>>,
    rows: Vec<Row>,
    stacks_tda: Option<Vec<Amount>>,
}

/// A hand of ours as a line for the other engine to judge. Where that engine asks a player who has nobody left to bet
/// against, the line has the check it waits for; where it takes the ante of a short big blind first, the line
/// gives it the ante that is left after the blind.
///
/// # Errors
/// When the hand cannot be written in the format.
pub fn line(id: &str, setup: &HandSetup, events: &[HandEvent]) -> Result<String, PhhError> {
    let write = |error: &dyn std::fmt::Display| PhhError::Write(error.to_string());
    let mut asked = setup.clone();
    if setup.antes == Antes::BigBlind {
        for player in &mut asked.players {
            let blind = player.blind.map_or(Chips::ZERO, |(_, blind)| blind);
            player.ante = player.ante.min(player.stack.minus_or_zero(blind));
        }
    }
    let nominal = export(setup, events).map_err(|error| write(&error))?.antes;
    let mut phh = export(&asked, events).map_err(|error| write(&error))?;
    if let Some((at, check)) = expected_check(&phh, setup, events)? {
        phh.actions.insert(at, check);
    }
    let mut hand = Hand::new(setup)?;
    events.iter().for_each(|event| hand.evolve(event));
    let mut line = serde_json::to_value(&phh).map_err(|error| write(&error))?;
    line["id"] = id.into();
    if nominal != phh.antes {
        line["antes_nominal"] = serde_json::to_value(nominal).map_err(|error| write(&error))?;
    }
    // Without a showdown there are no pots to compare.
    let contested = hand.seats().filter(|(_, seat)| seat.is_in()).count() > 1;
    let pots = contested.then(|| pots(&hand));
    line["pots"] = serde_json::to_value(pots).map_err(|error| write(&error))?;
    Ok(line.to_string())
}

/// The check that the other engine waits for on the first street, and where it goes: of the only player with chips, who
/// has not acted. It asks everybody whom somebody could bet against when the betting began, also when all of those
/// have folded meanwhile.
fn expected_check(
    phh: &Phh,
    setup: &HandSetup,
    events: &[HandEvent],
) -> Result<Option<(usize, String)>, PhhError> {
    let began = events.iter().position(|event| matches!(event, HandEvent::Acted { .. }));
    let tabled = events.iter().position(|event| matches!(event, HandEvent::Shown { .. }));
    let at = phh.actions.iter().position(|action| action.contains(" sm"));
    let (Some(began), Some(tabled), Some(at)) = (began, tabled, at) else {
        return Ok(None);
    };
    let after = |count: usize| -> Result<Hand, PhhError> {
        let mut hand = Hand::new(setup)?;
        events.iter().take(count).for_each(|event| hand.evolve(event));
        Ok(hand)
    };
    let (start, end) = (after(began)?, after(tabled)?);
    let mut with_chips = end.seats().filter(|(_, seat)| seat.can_bet()).map(|(seat, _)| seat);
    let (Some(alone), None) = (with_chips.next(), with_chips.next()) else {
        return Ok(None);
    };
    let has_acted =
        events[..tabled].iter().any(|event| matches!(event, HandEvent::Acted { seat, .. } if *seat == alone));
    let posted = start.seat(alone).map_or(Chips::ZERO, |seat| seat.bet);
    let mut others = start.seats().filter(|(seat, _)| *seat != alone);
    let could_be_bet_against = others.any(|(_, other)| other.bet.plus(other.stack) > posted);
    if end.street() > 0 || has_acted || !could_be_bet_against {
        return Ok(None);
    }
    let key = |seat: SeatNo| (seat <= setup.button, seat);
    let nth = setup.players.iter().filter(|player| key(player.seat) <= key(alone)).count();
    Ok(Some((at, format!("p{nth} cc"))))
}

/// How a line compares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Differences of stacks and pots, each in words; none when the hand is exact.
    pub differences: Vec<String>,
    /// Decisions whose legal bounds were compared.
    pub bounds_checked: u64,
    /// Differences of legal bounds, each in words.
    pub bounds_different: Vec<String>,
    /// Why the hand cannot be compared: the other engine departs from the rules from its first action on. See docs/conformance.md.
    pub departs: Option<&'static str>,
}

/// Without a small blind and with a big blind that an ante has put all-in nobody posts a blind. The other engine, which goes by the bets,
/// then lets the first seat left of the button open; by the rules it is the one left of the big blind, wherever its chips are.
const NO_BLIND_POSTED: &str = "nobody can post a blind: the other engine does not open left of the big blind";

/// What the other engine allows at one decision.
#[derive(Clone, Debug)]
struct Row {
    action: usize,
    bounds: Bounds,
    tda: Option<Bounds>,
}

/// What calling costs, and what raises reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
struct Bounds(u64, Option<u64>, Option<u64>);

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "call {}", self.0)?;
        match (self.1, self.2) {
            (Some(least), Some(most)) => write!(f, ", raise to {least} to {most}"),
            (Some(total), None) | (None, Some(total)) => write!(f, ", raise to {total}"),
            (None, None) => Ok(()),
        }
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.bounds)?;
        self.tda.map_or(Ok(()), |tda| write!(f, " (by the TDA {tda})"))
    }
}

/// Pots with the players who may win them, from 1.
fn in_words(pots: &[(u64, Vec<u64>)]) -> String {
    let players =
        |players: &[u64]| players.iter().map(|nth| format!("p{}", nth + 1)).collect::<Vec<_>>().join(" ");
    let pots = pots.iter().map(|(amount, who)| format!("{amount} ({})", players(who)));
    pots.collect::<Vec<_>>().join(", ")
}

/// The fields beside those of a hand file.
#[derive(Deserialize)]
struct Extra {
    #[serde(default)]
    id: String,
    #[serde(default)]
    pots: Option<Vec<(u64, Vec<u64>)>>,
    #[serde(default)]
    legal: Vec<Value>,
    #[serde(default)]
    finishing_stacks_tda: Option<Vec<Amount>>,
    #[serde(default)]
    antes_nominal: Option<Vec<Amount>>,
}

impl Line {
    /// Reads a line.
    ///
    /// # Errors
    /// [`PhhError::Syntax`].
    pub fn parse(text: &str) -> Result<Self, PhhError> {
        let syntax = |error: serde_json::Error| PhhError::Syntax(error.to_string());
        let mut fields: serde_json::Map<String, Value> = serde_json::from_str(text).map_err(syntax)?;
        let extra: Extra = serde_json::from_value(Value::Object(fields.clone())).map_err(syntax)?;
        for beside in ["id", "pots", "legal", "finishing_stacks_tda", "antes_nominal", "flags"] {
            fields.remove(beside);
        }
        let mut phh: Phh = serde_json::from_value(Value::Object(fields)).map_err(syntax)?;
        phh.antes = extra.antes_nominal.unwrap_or(phh.antes);
        let row = |row: Value| -> Result<Row, PhhError> {
            let parts: Vec<Value> = serde_json::from_value(row).map_err(syntax)?;
            let [action, _, call, min, max, rest @ ..] = &parts[..] else {
                return Err(PhhError::Syntax("a legal row has at least five elements".to_owned()));
            };
            let number = |value: &Value| value.as_u64();
            let bounds = Bounds(number(call).unwrap_or(0), number(min), number(max));
            let tda = rest.first().cloned().map(serde_json::from_value).transpose().map_err(syntax)?;
            let action = number(action).unwrap_or(0) as usize;
            Ok(Row { action, bounds, tda })
        };
        Ok(Self {
            id: extra.id,
            phh,
            pots: extra.pots,
            rows: extra.legal.into_iter().map(row).collect::<Result<_, _>>()?,
            stacks_tda: extra.finishing_stacks_tda,
        })
    }

    /// Plays the hand again and compares. Fixed limit is capped at a bet and three raises, heads-up too.
    ///
    /// # Errors
    /// When the hand cannot be played again: the rules refuse what the other engine allowed.
    pub fn compare(&self) -> Result<Comparison, PhhError> {
        let mut setup = self.phh.setup()?;
        setup.cap = RaiseCap { bets: 4, heads_up: true };
        // Whether the other engine may take another pot for the size of the pot (TDA 54): it counts antes, and
        // blinds only as they were posted.
        let odd = |player: &PlayerSetup| {
            let blind = player.blind.map_or(Chips::ZERO, |(_, blind)| blind);
            !player.ante.is_zero() || blind > player.stack
        };
        let has_blind = |player: &&PlayerSetup| player.blind.is_some();
        let can_post = |player: &PlayerSetup| player.stack > player.ante;
        let posts = setup.players.iter().filter(has_blind).count();
        let no_blind_posted = posts > 0 && !setup.players.iter().filter(has_blind).any(can_post);
        let odd_pot = posts < 2 || setup.players.iter().any(odd);
        let mut found = Comparison::default();
        let replay = self.phh.replay_from(&setup, |action, hand| {
            let Some(row) = self.rows.iter().find(|row| row.action == action) else {
                return;
            };
            found.bounds_checked += 1;
            let own = bounds(&hand.legal());
            if !row.agrees(own, hand, odd_pot) {
                let difference = format!("action {action}: {own}, but {row}");
                found.bounds_different.push(difference);
            }
        });
        let replay = match replay {
            Err(PhhError::OutOfTurn { .. }) if no_blind_posted => {
                return Ok(Comparison { departs: Some(NO_BLIND_POSTED), ..Comparison::default() });
            }
            replay => replay?,
        };
        let stacks = replay.finishing_stacks();
        let expected = self.stacks_tda.as_ref().or(self.phh.finishing_stacks.as_ref());
        if let Some(expected) = expected.filter(|expected| **expected != stacks) {
            found.differences.push(format!("stacks {}, but {}", amounts(&stacks), amounts(expected)));
        }
        if let Some(expected) = &self.pots {
            let pots = pots(&replay.end);
            if pots != *expected {
                found.differences.push(format!("pots {}, but {}", in_words(&pots), in_words(expected)));
            }
        }
        Ok(found)
    }
}

impl Row {
    fn agrees(&self, own: Bounds, hand: &Hand, odd_pot: bool) -> bool {
        let expected = self.tda.unwrap_or(self.bounds);
        let betting = hand.variant().betting;
        let fixed = betting == Betting::FixedLimit;
        // After a short all-in in fixed limit the lines have no view of their own on raises (TDA 47-B).
        if fixed && (expected.1 != self.bounds.1 || hand.has_short_all_in()) {
            return own.0 == expected.0;
        }
        // In fixed limit the other engine's largest raise is the stack.
        let any_most = fixed || betting == Betting::PotLimit && odd_pot;
        (own.0, own.1) == (expected.0, expected.1) && (any_most || own.2 == expected.2)
    }
}

fn bounds(legal: &Legal) -> Bounds {
    let raise = legal.bet.or(legal.raise);
    Bounds(legal.call.unwrap_or_default().0, raise.map(|raise| raise.min.0), raise.map(|raise| raise.max.0))
}

/// Pots and who has a claim on them, players numbered from 1.
fn pots(hand: &Hand) -> Vec<(u64, Vec<u64>)> {
    let claims = hand.claims().into_iter();
    claims.map(|(pot, seats)| (pot.0, seats.into_iter().map(|seat| u64::from(seat) + 1).collect())).collect()
}
