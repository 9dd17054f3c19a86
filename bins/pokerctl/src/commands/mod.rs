//! One module for each command: its options (`Args`), its function (`run`) and its error type.
//! `main` calls them.

pub mod apply;
pub mod completions;
pub mod demo;
pub mod drain;
pub mod hand;
pub mod nodes;
pub mod play;
pub mod player;
pub mod sessions;
pub mod table;
pub mod tables;
pub mod tournament;
pub mod up;
pub mod verify;
