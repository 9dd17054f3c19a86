//! State that the players of a process share.

use crate::{pace::Pace, tally::Tally};
use client::Address;
use std::{rc::Rc, sync::Arc};
use tokio::sync::Semaphore;
use wire::{Chips, codec::Encoding};

/// State that the players of a process share.
pub(super) struct Shared {
    pub(super) addresses: Vec<Address>,
    pub(super) encoding: Encoding,
    pub(super) pace: Pace,
    pub(super) buy_in: Chips,
    pub(super) tally: Rc<Tally>,
    /// Limits the connections that are made at the same time.
    pub(super) doors: Arc<Semaphore>,
    /// Limits the players that are seated at the same time.
    pub(super) chairs: Arc<Semaphore>,
}
