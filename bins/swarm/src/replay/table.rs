//! One recorded hand at one table: every player takes a seat, waits at the start barrier, and
//! plays; then the stacks are compared.

use super::{player::Player, tally::Verdict};
use crate::room::{self, TableError};
use bus::Bus;
use client::Client;
use futures::future::{try_join, try_join_all};
use indicatif::ProgressBar;
use poker::phh::{Amount, Scripted};
use std::{collections::VecDeque, sync::Arc, time::Instant};
use tokio::sync::{Barrier, Semaphore};
use wire::{
    Action, Chips, CommandId, SeatNo, TableId,
    event::Stack,
    table::{Level, TableCommand, TableConfig},
};

/// Time to act, in milliseconds: a player that takes longer is stuck.
const ACTION_MS: u32 = 60_000;
/// Ids of the administrator's commands to a table, which is used once.
pub(super) const CREATE: CommandId = CommandId(1);
const SCRIPT: CommandId = CommandId(2);
pub(super) const CLOSE: CommandId = CommandId(3);
/// Longest name of a table, in characters.
const LONGEST_NAME: usize = 60;

/// State that all tables of a round share.
pub(super) struct Round {
    pub(super) admin: Bus,
    /// The start barrier, which players pass once all are seated.
    pub(super) barrier: Barrier,
    /// Tables that are being filled at the same time.
    pub(super) chairs: Semaphore,
    pub(super) seated: ProgressBar,
}

/// A recorded hand that can be played.
#[derive(Clone)]
pub(super) struct Playable {
    pub(super) name: Arc<str>,
    pub(super) scripted: Arc<Scripted>,
}

/// A table with its hand and its players.
pub(super) struct Table {
    pub(super) id: TableId,
    pub(super) hand: Playable,
    pub(super) players: Vec<Client>,
}

/// The result of a hand.
pub(super) struct Done {
    pub(super) table: Table,
    pub(super) verdict: Verdict,
    pub(super) at: Instant,
}

/// Returns a table for a hand.
pub(super) fn config(hand: &Playable) -> TableConfig {
    let Playable { name, scripted } = hand;
    let Scripted { variant, script, .. } = &**scripted;
    let stacks = || script.players.iter().map(|player| player.stack);
    let (least, most) = (stacks().min().unwrap_or(Chips(1)), stacks().max().unwrap_or(Chips(1)));
    // These blinds are shown in the lobby; the hand's own amounts are in the script. No table
    // accepts a buy-in below its big blind.
    let big_blind = script.min_bet.min(least);
    let small_blind = script.small_blind.min(big_blind);
    let cut = name.chars().count().saturating_sub(LONGEST_NAME);
    TableConfig {
        name: name.chars().skip(cut).collect(),
        variant: variant.code.to_owned(),
        seats: script.players.len().try_into().unwrap_or(u8::MAX),
        action_ms: ACTION_MS,
        scripted: true,
        ..TableConfig::cash(Level::cash(small_blind, big_blind), least..=most).without_pauses()
    }
}

impl Playable {
    /// Players of the hand.
    pub(super) fn seats(&self) -> usize {
        self.scripted.script.players.len()
    }
}

impl Table {
    /// Plays the hand at the same time as all others of the round.
    pub(super) async fn play(mut self, round: Arc<Round>) -> Done {
        let scripted = Arc::clone(&self.hand.scripted);
        let verdict = self.play_hand(&scripted, &round).await;
        Done { table: self, verdict, at: Instant::now() }
    }

    async fn play_hand(&mut self, hand: &Scripted, round: &Round) -> Verdict {
        let id = self.id;
        let seats = hand.script.players.iter();
        let players: Vec<(Player<'_>, Chips)> = seats
            .zip(&mut self.players)
            .map(|(seat, client)| {
                (Player::new(client, id, seat.seat, actions_of(hand, seat.seat)), seat.stack)
            })
            .collect();
        let seated = {
            let chair = round.chairs.acquire().await;
            let seated = try_join_all(players.iter().map(|(player, stack)| player.sit(*stack))).await;
            drop(chair);
            seated
        };
        round.seated.inc(1);
        round.barrier.wait().await;
        if let Err(why) = seated {
            return Verdict::Refused(why);
        }
        let deal = async {
            let script = TableCommand::Script(hand.script.clone());
            room::ask(&round.admin, id, SCRIPT, script).await.map_err(NotPlayed::Dealt)
        };
        let playing = players.into_iter().map(|(player, _)| player.play());
        let playing = async { try_join_all(playing).await.map_err(NotPlayed::Otherwise) };
        match try_join(deal, playing).await {
            Ok(((), seen)) => compare(hand, &seen),
            Err(NotPlayed::Dealt(TableError::Refused { refusal, .. })) => {
                Verdict::Refused(refusal.to_string())
            }
            Err(NotPlayed::Dealt(error)) => Verdict::Refused(error.to_string()),
            Err(NotPlayed::Otherwise(how)) => Verdict::Different(how),
        }
    }
}

enum NotPlayed {
    /// The table refused the script.
    Dealt(TableError),
    /// The play differed from the record.
    Otherwise(String),
}

fn actions_of(hand: &Scripted, seat: SeatNo) -> VecDeque<Action> {
    let own = hand.actions.iter().filter(|(actor, _)| *actor == seat);
    own.map(|(_, action)| action.clone()).collect()
}

/// Compares each player's view at the end with the record.
fn compare(hand: &Scripted, seen: &[Vec<Stack>]) -> Verdict {
    for stacks in seen {
        let played: Vec<Amount> = stacks.iter().map(|stack| hand.amount(stack.chips)).collect();
        if played != hand.finishing_stacks {
            let recorded = words(&hand.finishing_stacks);
            return Verdict::Different(format!("{recorded} is recorded, {} came out", words(&played)));
        }
    }
    Verdict::Exact
}

fn words(amounts: &[Amount]) -> String {
    let all: Vec<String> = amounts.iter().map(ToString::to_string).collect();
    all.join(" ")
}
