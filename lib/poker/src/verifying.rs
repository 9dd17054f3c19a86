//! The verification of hands by their viewers: that the cards are those to which the table
//! committed (see [`crate::dealing`]).

mod check;
#[cfg(test)]
mod tests;
mod witness;

pub use check::{Fault, Seen, Verdict, check, continues};
pub use witness::{Verified, Witness};
