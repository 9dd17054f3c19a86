//! Session passes: proofs of the cashier that a player has logged in on a gateway.
//!
//! | module | for |
//! | --- | --- |
//! | [`layout`] | the bytes of a pass |
//! | [`Signer`] | makes passes, with the cashiers' secret key |
//! | [`Checker`] | checks the passes of gateways' commands, with the cashiers' public keys |
//! | [`Checker::follow`] | reads these keys from the bucket into which the cashiers write them |
//!
//! Invariants: a command that a gateway sends in a player's name is accepted only with a pass that
//! a cashier signed for this player and that has not expired; without the cashiers' keys no such
//! command is accepted.

mod checker;
mod follow;
pub mod layout;
mod remembered;
mod signer;

pub use checker::Checker;
pub use signer::Signer;
