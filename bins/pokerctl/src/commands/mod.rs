//! One module per subject: its options (`Args`) and what carries it out (`run`). A module has its own error
//! type; `main` is where they meet.

pub mod apply;
pub mod completions;
pub mod demo;
pub mod drain;
pub mod hand;
pub mod nodes;
pub mod play;
pub mod player;
pub mod table;
pub mod tables;
pub mod tournament;
pub mod up;
pub mod verify;
