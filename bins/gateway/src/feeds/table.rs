//! The viewers of one table: decides which frames go to which outbox. Uses no task.

use crate::{
    chunk::Chunk,
    format,
    outbox::Outbox,
    viewer_position::{Portion, Step, ViewerPosition},
};
use bytes::Bytes;
use std::sync::Arc;
use wire::{CommandId, client::ServerMessage, codec::Encoding, table::Resync};

/// A watched table and its viewers.
#[derive(Default)]
pub(super) struct TableFeed {
    viewers: Vec<Viewer>,
    /// The number after which events are asked for, while a resync is under way.
    asked: Option<u64>,
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
    /// Adds a viewer, or lets it join again; returns the number of the last event that it has seen.
    pub(super) fn join(&mut self, number: u64, outbox: &Arc<Outbox>) -> Option<u64> {
        if let Some(viewer) = self.viewer(number) {
            viewer.position = std::mem::replace(&mut viewer.position, ViewerPosition::join()).join_again();
            return viewer.position.last();
        }
        self.viewers.push(Viewer { number, outbox: Arc::clone(outbox), position: ViewerPosition::join() });
        None
    }

    /// Returns whether the viewer watches.
    pub(super) fn has(&self, number: u64) -> bool {
        self.viewers.iter().any(|viewer| viewer.number == number)
    }

    /// Removes a viewer; returns whether none is left.
    pub(super) fn leave(&mut self, number: u64) -> bool {
        self.viewers.retain(|viewer| viewer.number != number);
        self.viewers.is_empty()
    }

    /// Sends a viewer its snapshot and the events after it. Returns whether it still has a gap.
    pub(super) fn caught_up(
        &mut self,
        number: u64,
        seen: u64,
        re: Option<CommandId>,
        answer: ServerMessage,
    ) -> bool {
        let Some(viewer) = self.viewer(number) else { return false };
        viewer.outbox.answer(format::encode(re, answer, viewer.outbox.format()));
        let portions = viewer.position.caught_up(seen);
        viewer.send(portions);
        viewer.position.is_gapped()
    }

    /// Lets a viewer go on without a snapshot. Returns whether it has a gap; `None` when it cannot
    /// go on.
    pub(super) fn give_up(&mut self, number: u64) -> Option<bool> {
        let viewer = self.viewer(number)?;
        let portions = viewer.position.give_up()?;
        viewer.send(portions);
        Some(viewer.position.is_gapped())
    }

    fn viewer(&mut self, number: u64) -> Option<&mut Viewer> {
        self.viewers.iter_mut().find(|viewer| viewer.number == number)
    }

    /// Passes live events to the viewers. Returns whether a viewer has a new gap.
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
            // These were the table's last events. A viewer that still waits for some gets them with
            // a snapshot.
            self.viewers.retain(|viewer| viewer.position.last().is_none_or(|last| last < chunk.last()));
        }
        gap
    }

    /// Takes note that events may have been lost unnoticed. Returns whether a viewer has a gap now.
    pub(super) fn doubt(&mut self) -> bool {
        self.viewers.iter_mut().fold(false, |gap, viewer| viewer.position.doubt() | gap)
    }

    /// Returns whether the table has no viewers.
    pub(super) fn is_empty(&self) -> bool {
        self.viewers.is_empty()
    }

    /// Begins a resync; returns the number of the event after which events are missing. `None` when
    /// a resync is under way or no viewer has a gap.
    pub(super) fn ask(&mut self) -> Option<u64> {
        if self.asked.is_some() {
            return None;
        }
        self.asked = self.since();
        self.asked
    }

    fn since(&self) -> Option<u64> {
        let gapped = self.viewers.iter().filter(|viewer| viewer.position.is_gapped());
        gapped.filter_map(|viewer| viewer.position.last()).min()
    }

    /// Takes in the table's answer to a resync, if one came. Returns whether another resync is
    /// needed.
    pub(super) fn repaired(&mut self, answer: Option<Resync>) -> bool {
        let asked = self.asked.take();
        if let Some(resync) = answer {
            let closed = resync.view.closed;
            self.replay(resync, asked);
            if closed {
                self.viewers.retain(|viewer| matches!(viewer.position, ViewerPosition::Joining { .. }));
            }
        }
        self.since().is_some()
    }

    /// Closes the gaps of all viewers, except of those that have seen more than was `asked` for
    /// where the table forgot that: it may remember what these miss.
    fn replay(&mut self, resync: Resync, asked: Option<u64>) {
        let seen = resync.view.event_no;
        let chunk = resync.events.map(|events| Arc::new(Chunk::replay(events)));
        let mut start =
            NewStart::of(ServerMessage::Table { view: Box::new(resync.view), events: None, cards: None });
        for viewer in self.viewers.iter_mut().filter(|viewer| viewer.position.is_gapped()) {
            let last = viewer.position.last().unwrap_or_default();
            if last < seen {
                let replay = chunk.as_ref().filter(|chunk| chunk.first() <= last + 1 && chunk.last() == seen);
                if replay.is_none() && Some(last) > asked {
                    continue;
                }
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

/// A snapshot for viewers whose missing events the table does not remember, encoded once per
/// format.
struct NewStart {
    message: ServerMessage,
    encoded: [Option<Bytes>; 2],
}

impl NewStart {
    const fn of(message: ServerMessage) -> Self {
        Self { message, encoded: [None, None] }
    }

    fn bytes(&mut self, format: Encoding) -> Bytes {
        let encoded = &mut self.encoded[usize::from(format == Encoding::Json)];
        let bytes = encoded.get_or_insert_with(|| format::encode(None, self.message.clone(), format));
        bytes.clone()
    }
}

#[cfg(test)]
mod tests;
