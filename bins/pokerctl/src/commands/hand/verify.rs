//! `pokerctl hand verify`: verifies the shuffle of a finished hand, with the administrator's
//! knowledge of its seed. The commitment was published before the deal. The hand is dealt again
//! from the seed, and every card must be the one that was dealt. A scripted hand was not shuffled:
//! the output says so, and the hand is dealt again from its script.
//!
//! With `--json` the output has all that viewers saw of the commitment (table, hand, `previous`,
//! `mixes`, `opening`), for `scripts/verify-shuffle --opening`.

use super::{
    HandError,
    played::{self, HandId, Played},
};
use crate::{context::Context, grid::json_line};
use poker::{dealing, shuffle, table::new_hand};
use serde::Serialize;
use wire::{
    HandNo, TableId,
    deal::{Digest, Mix, Opening},
    event::{HandEvent, Seed},
};

/// Options of `hand verify`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The hand, as TABLE.HAND
    hand: HandId,
}

#[derive(Serialize)]
struct Verdict {
    table: TableId,
    hand: HandNo,
    commitment: Seed,
    /// The commitment of the hand before; none if the deck was not committed to card by card.
    previous: Option<Digest>,
    /// The players' parts in the deck.
    mixes: Vec<Mix>,
    /// What all viewers were shown of the deck after the hand.
    opening: Option<Opening>,
    seed: Seed,
    /// Whether the deck was scripted and not shuffled: such a hand has no commitment.
    scripted: bool,
    /// Whether the seed's deck gives the commitment; none for a scripted hand.
    commitment_holds: Option<bool>,
    /// Whether dealing from the seed, or from the script, gives the same events as the journal has.
    deal_holds: bool,
    events: usize,
}

/// Prints whether the hand's shuffle and deal hold. Returns whether both do.
///
/// # Errors
/// When the fleet cannot be reached, or the table has no finished hand of this number.
pub async fn run(args: &Args, context: &Context) -> Result<bool, HandError> {
    let HandId { table, hand } = args.hand;
    let bus = context.bus().await?;
    let played = played::find(&bus, args.hand).await?.ok_or(HandError::NoHand { table, hand })?;
    let deal = played.start.deal.as_ref();
    let verdict = Verdict {
        table,
        hand,
        commitment: played.start.commitment,
        previous: deal.map(|deal| deal.previous),
        mixes: deal.map(|deal| deal.mixes.clone()).unwrap_or_default(),
        opening: played.dealt.map(|dealt| dealing::opening(&played.seed, dealt)),
        seed: played.seed,
        scripted: played.script.is_some(),
        commitment_holds: played.commitment_holds(table),
        deal_holds: deals_again(&played),
        events: played.events.len(),
    };
    let holds = verdict.commitment_holds.unwrap_or(true) && verdict.deal_holds;
    if context.json {
        json_line(&verdict);
    } else {
        let word = |holds| if holds { "holds" } else { "DOES NOT HOLD" };
        println!("hand {hand} at table {table}");
        let from = match verdict.commitment_holds {
            Some(kept) => {
                println!("  commitment  {}  {}", verdict.commitment, word(kept));
                println!("  seed        {}", verdict.seed);
                let numbers = verdict.mixes.iter().filter(|mix| mix.value.is_some()).count();
                println!("  players     {numbers} contributed to the deck");
                "seed"
            }
            None => {
                println!("  deck        scripted, not shuffled: there is no commitment");
                "script"
            }
        };
        println!("  deal        {} events from this {from}  {}", verdict.events, word(verdict.deal_holds));
    }
    Ok(holds)
}

impl Played {
    /// Returns whether the seed fits the commitment; none for a scripted hand.
    fn commitment_holds(&self, table: TableId) -> Option<bool> {
        let shuffled = self.script.is_none();
        shuffled.then(|| match &self.start.deal {
            Some(deal) => {
                let commitment = dealing::commitment(table, self.start.hand, &deal.previous, &self.seed);
                commitment.0 == self.start.commitment.0
            }
            None => shuffle::commitment(&self.seed) == self.start.commitment,
        })
    }
}

/// Returns whether the hand, dealt from the seed or the script and played with the journal's
/// actions, gives the journal's events.
fn deals_again(played: &Played) -> bool {
    let Played { config, start, seed, script, .. } = played;
    let Ok(mut hand) = new_hand(config, start, seed, script.as_deref()) else {
        return false;
    };
    let mut events = Vec::new();
    hand.begin(&mut events);
    for event in &played.events {
        if let HandEvent::Acted { seat, action, .. } = event
            && hand.play(*seat, action, &mut events).is_err()
        {
            return false;
        }
    }
    events == played.events
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::{
        Card, Chips, PlayerId,
        event::{HandStart, Stack},
        table::{Level, TableConfig},
    };

    /// Returns a hand of three in which all players check or call to the end.
    fn played(seed: Seed) -> Played {
        let level = Level { number: 0, small_blind: Chips(50), big_blind: Chips(100), ante: Chips::ZERO };
        let config = TableConfig {
            name: "x".to_owned(),
            seats: 3,
            action_ms: 10_000,
            ..TableConfig::cash(level, Chips(100)..=Chips(20_000)).without_pauses()
        };
        let stack = |seat| Stack { seat, player: PlayerId(seat.into()), chips: Chips(5_000) };
        let start = HandStart {
            hand: HandNo(1),
            button: 2,
            small_blind: Some(0),
            big_blind: 1,
            level,
            stacks: (0..3).map(stack).collect(),
            commitment: shuffle::commitment(&seed),
            deal: None,
        };
        let mut hand = new_hand(&config, &start, &seed, None).unwrap();
        let mut events = Vec::new();
        hand.begin(&mut events);
        while let Some(actor) = hand.actor() {
            let action = if hand.legal().check { wire::Action::Check } else { wire::Action::Call };
            hand.play(actor, &action, &mut events).unwrap();
        }
        Played { config, start, seed, dealt: None, script: None, events }
    }

    #[test]
    fn a_hand_is_dealt_again_from_its_seed_and_from_no_other_seed() {
        let mut hand = played(Seed([3; 32]));
        assert!(deals_again(&hand));
        hand.seed = Seed([4; 32]);
        assert!(!deals_again(&hand));
    }

    #[test]
    fn an_exchanged_card_is_noticed() {
        let mut hand = played(Seed([3; 32]));
        let mut used: Vec<Card> = Vec::new();
        for event in &hand.events {
            match event {
                HandEvent::Dealt { down, .. } => used.extend(down.iter()),
                HandEvent::Board { cards, .. } => used.extend(cards.iter()),
                _ => {}
            }
        }
        let river = hand.events.iter_mut().rev().find_map(|event| match event {
            HandEvent::Board { cards, .. } => Some(cards),
            _ => None,
        });
        river.unwrap()[0] = Card::all().find(|card| !used.contains(card)).unwrap();
        assert!(!deals_again(&hand));
    }
}
