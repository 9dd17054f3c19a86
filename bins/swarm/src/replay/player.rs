//! One player of a recorded hand: does what is recorded, each time it is its turn, and knows
//! nothing of the others.

use client::{Client, ClientEvent};
use std::{collections::VecDeque, time::Duration};
use tokio::time::timeout;
use wire::{
    Action, Chips, HandNo, PlayerCommand, SeatNo, TableId,
    event::{Event, Stack},
    view::TableView,
};

/// Nothing happens at a table for so long: something hangs.
const HANGS: Duration = Duration::from_secs(120);

/// See the module.
pub(super) struct Player<'a> {
    client: &'a mut Client,
    table: TableId,
    seat: SeatNo,
    /// What it is still to do.
    actions: VecDeque<Action>,
    hand: HandNo,
    /// The last turn that it has acted in.
    acted: u32,
}

impl<'a> Player<'a> {
    pub(super) fn new(
        client: &'a mut Client,
        table: TableId,
        seat: SeatNo,
        actions: VecDeque<Action>,
    ) -> Self {
        Self { client, table, seat, actions, hand: HandNo(0), acted: 0 }
    }

    /// Takes the seat; returns once it is paid for.
    ///
    /// # Errors
    /// Why not, in words.
    pub(super) async fn sit(&self, buy_in: Chips) -> Result<(), String> {
        let sit = PlayerCommand::Sit { seat: Some(self.seat), buy_in }.at(self.table);
        match timeout(HANGS, self.client.request(sit)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("a seat was not given in time".to_owned()),
        }
    }

    /// Plays until the hand is over; the stacks that it saw then.
    ///
    /// # Errors
    /// What came otherwise than recorded, in words.
    pub(super) async fn play(mut self) -> Result<Vec<Stack>, String> {
        loop {
            let next = timeout(HANGS, self.client.next()).await;
            let event = next.map_err(|_| format!("{} waits for what does not come", self.name()))?;
            match event {
                Some(ClientEvent::Event { table, event, .. }) if table == self.table => {
                    if let Event::HandEnded { stacks, .. } = event {
                        return Ok(stacks);
                    }
                    self.event(&event).await?;
                }
                Some(ClientEvent::Table { view, .. } | ClientEvent::Restarted { view, .. }) => {
                    self.look(&view).await?;
                }
                Some(ClientEvent::Closed(why)) => return Err(format!("{}: {why}", self.name())),
                Some(_) => {}
                None => return Err(format!("{}: the connection is over", self.name())),
            }
        }
    }

    async fn event(&mut self, event: &Event) -> Result<(), String> {
        match event {
            Event::HandStarted(start) => self.hand = start.hand,
            Event::Turn { seat, turn, .. } => self.turn(*seat, *turn).await?,
            Event::TimedOut { seat } => return Err(format!("p{} runs out of time", seat + 1)),
            _ => {}
        }
        Ok(())
    }

    /// A sight of the table may show a turn whose event was missed.
    async fn look(&mut self, view: &TableView) -> Result<(), String> {
        let hand = view.hand.as_ref().filter(|_| view.table == self.table);
        if let Some(hand) = hand {
            self.hand = hand.hand;
            if let Some(turn) = &hand.turn {
                self.turn(turn.seat, turn.turn).await?;
            }
        }
        Ok(())
    }

    async fn turn(&mut self, seat: SeatNo, turn: u32) -> Result<(), String> {
        if seat != self.seat || turn <= self.acted {
            return Ok(());
        }
        let action = self.actions.pop_front();
        let action = action.ok_or_else(|| format!("{} is to act once more than recorded", self.name()))?;
        self.acted = turn;
        let act = PlayerCommand::Act { hand: self.hand, turn, action: action.clone() }.at(self.table);
        let answer = self.client.request(act).await;
        answer.map(drop).map_err(|error| format!("{}, {}: {error}", self.name(), <&str>::from(&action)))
    }

    /// As hand files call it.
    fn name(&self) -> String {
        format!("p{}", self.seat + 1)
    }
}
