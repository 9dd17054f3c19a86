//! Finds a finished hand of the running fleet: in the archive, or in the table's journal if it is
//! not archived yet.

use super::HandError;
use history::HistoryError;
use poker::table::TableRecord;
use std::{fmt, str::FromStr};
use wire::{
    HandNo, Refusal, TableId,
    deal::Dealt,
    event::{HandEvent, HandStart, Seed, TableEvent},
    script::Script,
    table::TableConfig,
    text::Quoted,
};

/// The name of a hand of the fleet: `TABLE.HAND`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandId {
    /// The table.
    pub table: TableId,
    /// The hand's number at the table, from 1.
    pub hand: HandNo,
}

impl FromStr for HandId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('.');
        let parsed = numbers.and_then(|(table, hand)| {
            Some(Self { table: table.parse().ok()?, hand: HandNo(hand.parse().ok()?) })
        });
        parsed.ok_or_else(|| {
            format!("{} is not the number of a hand: write TABLE.HAND, e.g. 391824474092.17", Quoted(text))
        })
    }
}

impl fmt::Display for HandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.table, self.hand)
    }
}

/// The recorded content of a hand.
pub struct Played {
    /// The table's configuration.
    pub config: TableConfig,
    /// The hand's setup.
    pub start: HandStart,
    /// The seed from which the deck was shuffled.
    pub seed: Seed,
    /// The places of the deck that were opened after the hand; none if the seed was revealed.
    pub dealt: Option<Dealt>,
    /// The script, if the deck was not shuffled.
    pub script: Option<Box<Script>>,
    /// The hand's events.
    pub events: Vec<HandEvent>,
}

/// Finds a finished hand; none if the table has not finished a hand of this number. A running
/// hand is not found.
///
/// # Errors
/// When the archive or the journal cannot be read.
pub async fn find(bus: &bus::Bus, id: HandId) -> Result<Option<Played>, HandError> {
    match history::hand(bus, id.table, id.hand).await {
        Ok(archived) => {
            let config = Some(archived.config);
            Ok(out_of(archived.records.into_iter().map(|record| record.into_record()), config, id.hand))
        }
        Err(HistoryError::Refused(Refusal::NoSuchHand) | HistoryError::Archive(_)) => {
            let records = history::kept(bus, id.table).await?;
            Ok(out_of(records.into_iter().map(|placed| placed.record), None, id.hand))
        }
        Err(error) => Err(error.into()),
    }
}

fn out_of(
    records: impl Iterator<Item = TableRecord>,
    mut config: Option<TableConfig>,
    wanted: HandNo,
) -> Option<Played> {
    let mut found: Option<Played> = None;
    for record in records {
        if let Some(state) = &record.state {
            config = Some(state.config().clone());
        }
        for event in record.events {
            if let TableEvent::HandStarted { start, seed, script, .. } = event {
                let config = config.clone().filter(|_| start.hand == wanted);
                found = config.map(|config| Played {
                    config,
                    start,
                    seed,
                    dealt: None,
                    script,
                    events: Vec::new(),
                });
            } else if let (TableEvent::Hand(event), Some(played)) = (&event, &mut found) {
                played.events.push(event.clone());
            } else if let TableEvent::HandEnded { seed, dealt, .. } = event
                && let Some(played) = found.take()
            {
                return Some(Played { seed, dealt, ..played });
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hand_has_a_number_at_its_table() {
        let id: HandId = "391824474092.17".parse().unwrap();
        assert_eq!((id.table, id.hand), (TableId(391_824_474_092), HandNo(17)));
        assert_eq!(id.to_string(), "391824474092.17");
        for other in ["17", "a.b", "1.", ".1", "hand.phh", "1.2.3"] {
            assert!(other.parse::<HandId>().is_err(), "{other}");
        }
    }
}
