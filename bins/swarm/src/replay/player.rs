//! One player of a recorded hand: takes the recorded actions in turn, and does not know the other
//! players' actions.

use client::{Client, ClientEvent};
use std::{collections::VecDeque, time::Duration};
use tokio::time::timeout;
use wire::{
    Action, Chips, HandNo, PlayerCommand, SeatNo, TableId,
    event::{Event, Stack},
    view::TableView,
};

/// Longest time without an event; beyond, the table is stuck.
const HANGS: Duration = Duration::from_secs(120);

/// A player at one table.
pub(super) struct Player<'a> {
    client: &'a mut Client,
    table: TableId,
    seat: SeatNo,
    /// The actions that are left.
    actions: VecDeque<Action>,
    hand: HandNo,
    /// The last turn in which the player acted.
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
    /// The reason why the seat was not given.
    pub(super) async fn sit(&self, buy_in: Chips) -> Result<(), String> {
        let sit = PlayerCommand::Sit { seat: Some(self.seat), buy_in }.at(self.table);
        match timeout(HANGS, self.client.request(sit)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("a seat was not given in time".to_owned()),
        }
    }

    /// Plays until the hand is over; returns the stacks that the player saw then.
    ///
    /// # Errors
    /// The first difference from the record.
    pub(super) async fn play(mut self) -> Result<Vec<Stack>, String> {
        loop {
            let next = timeout(HANGS, self.client.next()).await;
            let event = next.map_err(|_| format!("{} got no further event", self.name()))?;
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
                None => return Err(format!("{}: the connection has ended", self.name())),
            }
        }
    }

    async fn event(&mut self, event: &Event) -> Result<(), String> {
        if let Event::HandStarted(start) = event {
            self.hand = start.hand;
        } else if let Event::Turn { seat, turn, .. } = event {
            self.turn(*seat, *turn).await?;
        } else if let Event::TimedOut { seat } = event {
            return Err(format!("p{} runs out of time", seat + 1));
        }
        Ok(())
    }

    /// Acts if a view shows the player's turn, whose event may have been missed.
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
        let action =
            action.ok_or_else(|| format!("{} has a turn beyond the recorded actions", self.name()))?;
        self.acted = turn;
        let act = PlayerCommand::act(self.hand, turn, action.clone()).at(self.table);
        let answer = self.client.request(act).await;
        answer.map(drop).map_err(|error| format!("{}, {}: {error}", self.name(), <&str>::from(&action)))
    }

    /// Returns the player's name in hand files.
    fn name(&self) -> String {
        format!("p{}", self.seat + 1)
    }
}
