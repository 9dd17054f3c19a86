//! Attacks on a real fleet with credentials of its own roles: what is refused, and that nothing
//! changes by it.

mod authority;
<<<<<<< HEAD
mod passes;
=======
mod cards;
>>>>>>> 1759bee (viewers of a fleet verify its decks and learn no folded card)
