//! Comparison of hands that an independent engine has played, one JSON object per line, with these
//! rules: stacks, pots and the legal actions at every decision.
//!
//! A line has the fields of a hand file ([`crate::phh`]) and, from the other engine: `pots` as
//! `[amount, [players]]`, `legal` rows `[action, player, call, least raise, largest raise]` and,
//! where the other engine departs from the TDA, the TDA's values as a sixth element,
//! `finishing_stacks_tda` and `antes_nominal` (the full antes where the other engine was given
//! less, TDA RP-11).

use crate::{
    hand::{Antes, Hand, HandSetup, PlayerSetup, RaiseCap},
    phh::{Amount, Phh, PhhError, amounts, export},
    variant::Betting,
};
use serde::Deserialize;
use serde_json::Value;
use std::fmt;
use wire::{Chips, Legal, SeatNo, event::HandEvent};

/// One hand of the other engine.
#[derive(Clone, Debug)]
pub struct Line {
    /// The line's `id`.
    pub id: String,
    phh: Phh,
    pots: Option<Vec<(u64, Vec<u64>)>>,
    rows: Vec<Row>,
    stacks_tda: Option<Vec<Amount>>,
}

/// Returns one of our hands as a line for the other engine to judge. Where that engine asks a
/// player who has no opponent left to bet against, the line contains the check that it expects;
/// where it takes the ante of a short big blind first, the line contains only the ante that is left
/// after the blind.
///
/// # Errors
/// [`PhhError`] when the format cannot express the hand.
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

/// Returns the check that the other engine expects on the first street, and its place: the check of
/// the only player with chips, who has not acted. The other engine asks every player who had an
/// opponent when the betting began, also when all opponents have folded meanwhile.
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

/// The result of a comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Differences of stacks and pots, each in words; empty when the hand is exact.
    pub differences: Vec<String>,
    /// Decisions whose legal bounds were compared.
    pub bounds_checked: u64,
    /// Differences of legal bounds, each in words.
    pub bounds_different: Vec<String>,
    /// The reason why the hand cannot be compared: the other engine departs from the rules from its
    /// first action on. See docs/conformance.md.
    pub departs: Option<&'static str>,
}

/// The departure in hands without a small blind and with a big blind whose ante put the player
/// all-in, so that no blind is posted. The other engine goes by the bets and lets the first seat
/// left of the button open; by the rules it is the seat left of the big blind, even without chips.
const NO_BLIND_POSTED: &str = "no blind can be posted: the other engine does not open left of the big blind";

/// The other engine's bounds at one decision.
#[derive(Clone, Debug)]
struct Row {
    action: usize,
    bounds: Bounds,
    tda: Option<Bounds>,
}

/// The price of a call, and the least and the largest total of a raise.
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

/// Returns the pots with the players who may win them, numbered from 1.
fn in_words(pots: &[(u64, Vec<u64>)]) -> String {
    let players =
        |players: &[u64]| players.iter().map(|nth| format!("p{}", nth + 1)).collect::<Vec<_>>().join(" ");
    let pots = pots.iter().map(|(amount, who)| format!("{amount} ({})", players(who)));
    pots.collect::<Vec<_>>().join(", ")
}

/// The fields that a hand file does not have.
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

    /// Replays the hand and compares it. Fixed limit is capped at a bet and three raises, heads-up
    /// too.
    ///
    /// # Errors
    /// [`PhhError`] when the hand cannot be replayed: the rules refuse an action that the other
    /// engine allowed.
    pub fn compare(&self) -> Result<Comparison, PhhError> {
        let mut setup = self.phh.setup()?;
        setup.cap = RaiseCap { bets: 4, heads_up: true };
        // The other engine may compute another size of the pot (TDA 54): it counts antes, and
        // blinds only as posted.
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
        // After a short all-in in fixed limit only the call is compared, because the lines' raises
        // are not independent (TDA 47-B).
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

/// Returns the pots with the players who have a claim on them, numbered from 1.
fn pots(hand: &Hand) -> Vec<(u64, Vec<u64>)> {
    let claims = hand.claims().into_iter();
    claims.map(|(pot, seats)| (pot.0, seats.into_iter().map(|seat| u64::from(seat) + 1).collect())).collect()
}
