//! Attacks on a real fleet with credentials of its own roles: what is refused, and that nothing
//! changes by it.

mod authority;
mod cards;
mod passes;
