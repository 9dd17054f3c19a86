//! The parts of feed messages that a gateway needs, without copies: frames stay bytes, and most
//! tables are watched through other gateways.

use bytes::Bytes;
use serde::Deserialize;
use wire::{
    PlayerId, TableId,
    codec::{self, CodecError},
    table::DealtCards,
};

/// [`wire::table::FeedMessage`], borrowed.
#[derive(Deserialize)]
pub(super) struct BorrowedFeedMessage<'a> {
    #[serde(borrow)]
    pub(super) told: Vec<TableNews<'a>>,
}

/// [`wire::table::TableNews`], borrowed.
#[derive(Deserialize)]
pub(super) struct TableNews<'a> {
    pub(super) table: TableId,
    #[serde(borrow)]
    frame: &'a serde_bytes::Bytes,
    #[serde(default)]
    pub(super) cards: Vec<DealtCards>,
    #[serde(borrow, default)]
    pub(super) answers: Option<&'a str>,
    #[serde(default)]
    pub(super) turn: Option<PlayerId>,
}

impl<'a> BorrowedFeedMessage<'a> {
    /// Parses a feed message.
    ///
    /// # Errors
    /// When the bytes are not a feed message.
    pub(super) fn parse(payload: &'a [u8]) -> Result<Self, CodecError> {
        codec::decode(payload)
    }
}

impl TableNews<'_> {
    /// Returns a copy of the frame for all viewers. A slice would keep the whole feed message in
    /// memory as long as a slow viewer has not read it.
    pub(super) fn frame(&self) -> Bytes {
        Bytes::copy_from_slice(self.frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::{HandNo, client::PrivateCards, table};

    #[test]
    fn messages_of_workers_are_parsed() {
        let cards = PrivateCards {
            table: TableId(1),
            hand: HandNo(2),
            cards: vec!["As".parse().unwrap()],
            openings: vec![],
        };
        let cards = vec![DealtCards { player: PlayerId(3), cards }];
        let deal = table::TableNews {
            table: TableId(1),
            frame: vec![1, 2],
            cards: cards.clone(),
            answers: None,
            turn: Some(PlayerId(4)),
        };
        let done = table::TableNews {
            table: TableId(2),
            frame: vec![3],
            cards: Vec::new(),
            answers: Some("_INBOX_gateway.x.1".into()),
            turn: None,
        };
        let payload = codec::encode(&table::FeedMessage { told: vec![deal, done] }).unwrap();
        let BorrowedFeedMessage { told } = BorrowedFeedMessage::parse(&payload).unwrap();
        let [deal, done] = &told[..] else { panic!("two news were sent") };
        assert_eq!((deal.table, &deal.frame()[..], deal.answers), (TableId(1), &[1, 2][..], None));
        assert_eq!((&deal.cards, deal.turn), (&cards, Some(PlayerId(4))));
        assert_eq!((done.table, &done.frame()[..]), (TableId(2), &[3][..]));
        assert_eq!((done.answers, done.turn), (Some("_INBOX_gateway.x.1"), None));
        assert!(BorrowedFeedMessage::parse(&payload[1..]).is_err());
    }
}
