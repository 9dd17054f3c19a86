//! What table workers tell, without what this gateway does not need: frames stay bytes, and most tables are watched elsewhere.

use bytes::Bytes;
use serde::Deserialize;
use wire::{
    PlayerId, TableId,
    codec::{self, CodecError},
    table::DealtCards,
};

/// [`wire::table::FeedMessage`], not copied.
#[derive(Deserialize)]
pub(super) struct BorrowedFeedMessage<'a> {
    #[serde(borrow)]
    pub(super) told: Vec<TableNews<'a>>,
}

/// [`wire::table::TableNews`], not copied.
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
    /// # Errors
    /// When the bytes are something else.
    pub(super) fn parse(payload: &'a [u8]) -> Result<Self, CodecError> {
        codec::decode(payload)
    }
}

impl TableNews<'_> {
    /// The frame for everybody. A copy: a viewer who is slow would otherwise keep the news of all tables in memory.
    pub(super) fn frame(&self) -> Bytes {
        Bytes::copy_from_slice(self.frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::{HandNo, client::PrivateCards, table};

    #[test]
    fn what_workers_tell_is_understood() {
        let cards = PrivateCards { table: TableId(1), hand: HandNo(2), cards: vec!["As".parse().unwrap()] };
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
        let [deal, done] = &told[..] else { panic!("two are told") };
        assert_eq!((deal.table, &deal.frame()[..], deal.answers), (TableId(1), &[1, 2][..], None));
        assert_eq!((&deal.cards, deal.turn), (&cards, Some(PlayerId(4))));
        assert_eq!((done.table, &done.frame()[..]), (TableId(2), &[3][..]));
        assert_eq!((done.answers, done.turn), (Some("_INBOX_gateway.x.1"), None));
        assert!(BorrowedFeedMessage::parse(&payload[1..]).is_err());
    }
}
