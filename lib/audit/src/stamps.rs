//! What every record of every journal has: version, epoch, cause, events.

use crate::report::{Location, Report, Rule};
use std::collections::HashSet;
use wire::{
    Epoch, VERSION,
    journal::{Cause, Record},
};

/// Follows the outer part of one journal's records.
pub struct Stamps {
    location: Location,
    epoch: Epoch,
    causes: HashSet<Cause>,
}

impl Stamps {
    pub fn new(location: Location) -> Self {
        Self { location, epoch: Epoch(0), causes: HashSet::new() }
    }

    /// Looks at the next record. `numbered` says that its events carry a number of their own which is checked elsewhere: the ids
    /// of such commands are made of the number and need not differ from those of other tables.
    pub fn record<E, S>(
        &mut self,
        sequence: u64,
        record: &Record<E, S>,
        numbered: bool,
        report: &mut Report,
    ) {
        let mut wrong = |rule, what| report.violation(self.location, Some(sequence), rule, what);
        if record.v != VERSION {
            wrong(Rule::Journal, format!("version {} is unknown", record.v));
        }
        if record.events.is_empty() {
            wrong(Rule::Journal, "a record without events".to_owned());
        }
        if record.epoch < self.epoch {
            wrong(Rule::Epoch, format!("epoch {} after epoch {}", record.epoch, self.epoch));
        }
        self.epoch = self.epoch.max(record.epoch);
        if let Some(cause) = record.cause
            && !numbered
            && !self.causes.insert(cause)
        {
            let who = cause.player.map_or("nobody".to_owned(), |player| format!("player {player}"));
            wrong(Rule::Once, format!("command {} of {who} was carried out twice", cause.id));
        }
        report.records += 1;
        report.commands += u64::from(record.cause.is_some());
        report.snapshots += u64::from(record.state.is_some());
    }
}
