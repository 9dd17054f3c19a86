//! What waits at a table, what is on its way into its journal, and the replies to those who wait.

use bus::Request;
use poker::table::{Table, TableRecord};
use std::time::Instant;
use wire::{
    Refusal,
    event::TableEvent,
    journal::Cause,
    table::{TableCommand, TableReply},
};

/// A command that waits its turn.
pub struct Waiting {
    pub cause: Option<Cause>,
    pub what: What,
    /// Who wants an answer; nobody for the worker's own.
    pub request: Option<Request>,
    /// Whether the answer may ride on the feed.
    pub on_feed: bool,
    /// Whether it was made sure that the owner before had written nothing more when this was decided.
    pub checked: bool,
}

impl Waiting {
    /// Whether somebody waits for an answer that was not checked.
    pub const fn is_to_be_checked(&self) -> bool {
        self.request.is_some() && !self.checked
    }

    /// Something of the worker's own.
    pub const fn own(what: What) -> Self {
        Self { cause: None, what, request: None, on_feed: false, checked: false }
    }
}

/// What something that came back from outside means for the table as it is by then.
pub type Consequence = Box<dyn Fn(&Table) -> Vec<TableEvent> + Send>;

/// What is to be done.
pub enum What {
    Command(TableCommand),
    /// Something came back from outside.
    Events(Consequence),
}

/// A record on its way into the journal; none while it is looked whether there is one of the owner before.
pub struct Writing {
    pub record: Option<TableRecord>,
    pub request: Option<Request>,
    pub waiting: Option<Waiting>,
    pub since: Instant,
}

impl Writing {
    /// One that begins now.
    pub fn new(record: TableRecord, request: Option<Request>, waiting: Option<Waiting>) -> Self {
        Self { record: Some(record), request, waiting, since: Instant::now() }
    }

    /// A look into the journal before this is answered.
    pub fn check(waiting: Waiting) -> Self {
        let waiting = Some(Waiting { checked: true, ..waiting });
        Self { record: None, request: None, waiting, since: Instant::now() }
    }
}

/// Sends a reply. A requester who does not get it repeats the request.
pub async fn respond(request: &Request, reply: &TableReply) {
    if let Err(error) = request.answer(reply).await {
        tracing::debug!(%error, "a reply was not sent");
    }
}

/// Refuses a request.
pub async fn refuse(request: Option<&Request>, refusal: Refusal) {
    if let Some(request) = request {
        respond(request, &TableReply::Refused(refusal)).await;
    }
}
