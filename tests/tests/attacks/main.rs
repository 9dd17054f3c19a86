//! Attacks on a real fleet with credentials of its own roles: what is refused, and that nothing
//! changes by it.

mod authority;
mod cards;
mod passes;

use tokio::sync::Mutex;

/// Held by each test for as long as its fleet runs: several fleets on a small machine would leave
/// the archivists, which give way to all others, without time to answer.
static ONE_FLEET: Mutex<()> = Mutex::const_new(());
