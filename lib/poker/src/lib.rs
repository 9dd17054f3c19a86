//! The rules of poker: cards into decks, decks into hands, bets into pots, pots to winners; and one table
//! around them.
//!
//! What always holds: everything here is pure. The shuffled deck and the time are inputs; nothing allocates a
//! clock, a socket or randomness. `decide` turns a command into events or a named refusal, `evolve` applies an
//! event and cannot fail, and chips are integers that are conserved at every event.
//!
//! A poker variant is one constant of data ([`variant::Variant`]): its streets, its betting structure and
//! what wins. No code asks which variant is being played.
//!
//! What this crate does not know: NATS, sockets, storage, players' accounts, tournaments.

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
