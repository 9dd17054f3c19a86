//! Requests to watch tables, or to look at one once.

use super::request::{Handled, Kind, RequestResult, Work};
use crate::{lanes::Lane, limits::WATCHED, session::Session};
use std::sync::Arc;
use wire::{CommandId, Refusal, TableId, client::ServerMessage, table::Resync};

/// Watches a table, or watches it anew.
pub(super) struct Watch {
    pub(super) table: TableId,
    pub(super) since: Since,
}

/// The event after which a viewer continues.
#[derive(Clone, Copy)]
pub(super) enum Since {
    /// As the client says.
    Given(Option<u64>),
    /// The last event that this gateway sent.
    Sent,
}

impl Kind for Watch {
    fn lane(&self) -> Lane {
        Lane::Table(self.table)
    }

    /// Joins the feed before it asks the table, so that no event is missed between the two.
    fn handle(self: Box<Self>, session: &mut Session, re: Option<CommandId>) -> Handled {
        let Self { table, since } = *self;
        // The gateway's own requests follow from a seat that the player has, and are not limited.
        if re.is_some() && !session.watching.contains(&table) && !session.may_watch_more() {
            return Err(Refusal::bad_message(format!(
                "at most {WATCHED} tables may be watched on one connection: unwatch one first"
            )));
        }
        session.watching.insert(table);
        let (gateway, number) = (Arc::clone(&session.gateway), session.number);
        let (outbox, player) = (Arc::clone(&session.outbox), session.player().ok());
        let may_draw = session.may_draw();
        Ok(Box::pin(async move {
            may_draw.await;
            let before = gateway.feeds.join(table, number, &outbox);
            let since = match since {
                Since::Given(since) => since,
                Since::Sent => before,
            };
            match gateway.fleet.resync(table, player, since, since.max(before)).await {
                Ok(resync) => {
                    let closed = resync.view.closed;
                    gateway.feeds.caught_up(table, number, resync, re);
                    Ok(RequestResult::then(move |session| {
                        if closed {
                            session.watching.remove(&table);
                        }
                    }))
                }
                Err(refusal) => {
                    let still = gateway.feeds.give_up(table, number);
                    Ok(RequestResult::then(move |session| session.not_watching(re, table, still, refusal)))
                }
            }
        }))
    }
}

/// Looks at a table once.
pub(super) struct Look {
    pub(super) table: TableId,
    pub(super) since: Option<u64>,
}

impl Kind for Look {
    fn lane(&self) -> Lane {
        Lane::Table(self.table)
    }

    fn handle(self: Box<Self>, session: &mut Session, re: Option<CommandId>) -> Handled {
        let Self { table, since } = *self;
        if session.watching.contains(&table) {
            // Events that are sent meanwhile must not overtake the answer.
            return Box::new(Watch { table, since: Since::Given(since) }).handle(session, re);
        }
        let (gateway, player) = (Arc::clone(&session.gateway), session.player().ok());
        let may_draw = session.may_draw();
        Ok(Box::pin(async move {
            may_draw.await;
            let Resync { view, events, cards } = gateway.fleet.resync(table, player, since, since).await?;
            Ok(RequestResult::Answer(ServerMessage::Table { view: Box::new(view), events, cards }))
        }))
    }
}

/// Stops watching a table.
pub(super) struct Unwatch {
    pub(super) table: TableId,
}

impl Kind for Unwatch {
    fn lane(&self) -> Lane {
        Lane::Table(self.table)
    }

    fn handle(self: Box<Self>, session: &mut Session, _: Option<CommandId>) -> Handled {
        session.watching.remove(&self.table);
        session.gateway.feeds.leave(self.table, session.number);
        Ok(Box::pin(async { Ok(RequestResult::Answer(ServerMessage::Done)) }))
    }
}

/// The gateway's own request for the player's hidden cards.
pub(super) struct LookAtCards {
    pub(super) table: TableId,
}

impl Kind for LookAtCards {
    fn lane(&self) -> Lane {
        Lane::Table(self.table)
    }

    fn handle(self: Box<Self>, session: &mut Session, _: Option<CommandId>) -> Handled {
        let player = session.player().ok();
        let gateway = Arc::clone(&session.gateway);
        Ok(Box::pin(async move {
            let Some(player) = player else { return Ok(RequestResult::Nothing) };
            let seen = gateway.fleet.look_again(self.table, player).await;
            let cards = seen.and_then(|resync| resync.cards);
            Ok(cards
                .map_or(RequestResult::Nothing, |cards| RequestResult::Answer(ServerMessage::Cards(cards))))
        }))
    }
}

impl Session {
    fn may_watch_more(&mut self) -> bool {
        if self.watching.len() >= WATCHED {
            // The session does not notice at once that a table was closed and left the feed.
            let (feeds, number) = (&self.gateway.feeds, self.number);
            self.watching.retain(|&table| feeds.is_watched_by(table, number));
        }
        self.watching.len() < WATCHED
    }

    fn not_watching(&mut self, re: Option<CommandId>, table: TableId, still: bool, refusal: Refusal) {
        if !still {
            self.watching.remove(&table);
        }
        match re {
            Some(_) => self.refuse(re, refusal),
            // The client was told that the table is watched from now on.
            None if refusal.is_transient() => self.watch_first(table),
            None => {
                tracing::debug!(%table, %refusal, "a table cannot be watched: the client gets no events of it")
            }
        }
    }

    /// Watches a table without a request of the client.
    pub(super) fn watch(&mut self, table: TableId) {
        self.add(None, Box::new(Watch { table, since: Since::Sent }));
    }

    /// Watches a table without a request of the client, before the requests that wait for the
    /// table.
    pub(super) fn watch_first(&mut self, table: TableId) {
        let kind = Box::new(Watch { table, since: Since::Sent });
        if let Some(work) = self.lanes.add_first(Lane::Table(table), Work { re: None, kind }) {
            self.start(work);
        }
    }
}
