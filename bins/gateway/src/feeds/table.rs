//! One watched table and its viewers. No task, no message: what to send to whom.

use crate::{
    chunk::Chunk,
    format::{self, Format},
    outbox::Outbox,
    viewer_position::{Portion, Step, ViewerPosition},
};
use bytes::Bytes;
use std::sync::Arc;
use wire::{CommandId, client::ServerMessage, table::Resync};

/// See the module.
#[derive(Default)]
pub(super) struct TableFeed {
    viewers: Vec<Viewer>,
    /// Whether the table is being asked for what is missing.
    asking: bool,
}

struct Viewer {
    number: u64,
    outbox: Arc<Outbox>,
    position: ViewerPosition,
}

impl Viewer {
    fn send(&self, portions: Vec<Portion>) {
        for (chunk, from) in portions {
            self.outbox.push(chunk.bytes(from, self.outbox.format()));
        }
    }
}

impl TableFeed {
    /// A viewer begins to watch, perhaps anew: what it has seen so far.
    pub(super) fn join(&mut self, number: u64, outbox: &Arc<Outbox>) -> Option<u64> {
        if let Some(viewer) = self.viewer(number) {
            viewer.position = std::mem::replace(&mut viewer.position, ViewerPosition::join()).join_again();
            return viewer.position.last();
        }
        self.viewers.push(Viewer { number, outbox: Arc::clone(outbox), position: ViewerPosition::join() });
        None
    }

    /// Whether that viewer watches.
    pub(super) fn has(&self, number: u64) -> bool {
        self.viewers.iter().any(|viewer| viewer.number == number)
    }

    /// Whether nobody is left.
    pub(super) fn leave(&mut self, number: u64) -> bool {
        self.viewers.retain(|viewer| viewer.number != number);
        self.viewers.is_empty()
    }

    /// Gives a viewer its snapshot and what came after it. Whether something is missing still.
    pub(super) fn caught_up(
        &mut self,
        number: u64,
        seen: u64,
        re: Option<CommandId>,
        answer: ServerMessage,
    ) -> bool {
        let Some(viewer) = self.viewer(number) else { return false };
        viewer.outbox.push(format::encode(re, answer, viewer.outbox.format()));
        let portions = viewer.position.caught_up(seen);
        viewer.send(portions);
        viewer.position.is_gapped()
    }

    /// Lets a viewer go on without a snapshot. None when it cannot, else whether something is missing.
    pub(super) fn give_up(&mut self, number: u64) -> Option<bool> {
        let viewer = self.viewer(number)?;
        let portions = viewer.position.give_up()?;
        viewer.send(portions);
        Some(viewer.position.is_gapped())
    }

    fn viewer(&mut self, number: u64) -> Option<&mut Viewer> {
        self.viewers.iter_mut().find(|viewer| viewer.number == number)
    }

    /// Live events came: what to push where. Whether somebody misses some.
    pub(super) fn hear(&mut self, chunk: &Arc<Chunk>, mut push: impl FnMut(&Arc<Outbox>, Bytes)) -> bool {
        let mut gap = false;
        for viewer in &mut self.viewers {
            match viewer.position.hear(chunk) {
                Step::Nothing => {}
                Step::Send(from) => {
                    push(&viewer.outbox, chunk.bytes(from, viewer.outbox.format()));
                }
                Step::Gap => gap = true,
            }
        }
        if chunk.closes() {
            // Nothing comes after it. Whoever still waits for something gets it with a snapshot.
            self.viewers.retain(|viewer| viewer.position.last().is_none_or(|last| last < chunk.last()));
        }
        gap
    }

    /// Events may have been lost without a sign. Whether somebody waits for them.
    pub(super) fn doubt(&mut self) -> bool {
        self.viewers.iter_mut().fold(false, |gap, viewer| viewer.position.doubt() | gap)
    }

    /// Whether nobody watches.
    pub(super) fn is_empty(&self) -> bool {
        self.viewers.is_empty()
    }

    /// What to ask the table from, unless it is being asked already or nobody misses anything.
    pub(super) fn ask(&mut self) -> Option<u64> {
        if self.asking {
            return None;
        }
        let since = self.since()?;
        self.asking = true;
        Some(since)
    }

    fn since(&self) -> Option<u64> {
        let gapped = self.viewers.iter().filter(|viewer| viewer.position.is_gapped());
        gapped.filter_map(|viewer| viewer.position.last()).min()
    }

    /// What the table gave again, if it answered. Whether it is to be asked again.
    pub(super) fn repaired(&mut self, answer: Option<Resync>) -> bool {
        self.asking = false;
        if let Some(resync) = answer {
            let closed = resync.view.closed;
            self.replay(resync);
            if closed {
                self.viewers.retain(|viewer| matches!(viewer.position, ViewerPosition::Joining { .. }));
            }
        }
        self.since().is_some()
    }

    fn replay(&mut self, resync: Resync) {
        let seen = resync.view.event_no;
        let chunk = resync.events.map(|events| Arc::new(Chunk::replay(events)));
        let mut start =
            NewStart::of(ServerMessage::Table { view: Box::new(resync.view), events: None, cards: None });
        for viewer in self.viewers.iter_mut().filter(|viewer| viewer.position.is_gapped()) {
            let last = viewer.position.last().unwrap_or_default();
            if last < seen {
                let replay = chunk.as_ref().filter(|chunk| chunk.first() <= last + 1 && chunk.last() == seen);
                let format = viewer.outbox.format();
                viewer.outbox.push(match replay {
                    Some(chunk) => chunk.bytes(last + 1, format),
                    None => start.bytes(format),
                });
            }
            let portions = viewer.position.caught_up(seen);
            viewer.send(portions);
        }
    }
}

/// A snapshot for viewers whose missing events nobody remembers, encoded once per format.
struct NewStart {
    message: ServerMessage,
    encoded: [Option<Bytes>; 2],
}

impl NewStart {
    const fn of(message: ServerMessage) -> Self {
        Self { message, encoded: [None, None] }
    }

    fn bytes(&mut self, format: Format) -> Bytes {
        let encoded = &mut self.encoded[usize::from(format == Format::Json)];
        let bytes = encoded.get_or_insert_with(|| format::encode(None, self.message.clone(), format));
        bytes.clone()
    }
}

#[cfg(test)]
mod tests;
