//! The rules of poker: decks, hands, bets, pots and winners; and one table that plays hand after
//! hand.
//!
//! Invariants: the crate is pure. The shuffled deck and the time are inputs; no code here opens a
//! clock, a socket or a source of randomness. `decide` turns a command into events or a named
//! refusal, `evolve` applies an event and cannot fail, and chips are integers that every event
//! conserves.
//!
//! A poker variant is one constant of data ([`variant::Variant`]): its streets, its betting
//! structure and its rankings. No code branches on a variant's name.
//!
//! This crate does not know NATS, sockets, storage, players' accounts or tournaments.

pub mod dealing;
mod deck;
pub mod hand;
pub mod hosted;
pub mod ohh;
pub mod oracle;
pub mod phh;
pub mod random;
pub mod rank;
pub mod shuffle;
pub mod table;
pub mod variant;
pub mod verifying;
