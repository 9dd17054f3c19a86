//! Shows the sessions of an account: to the administrator, and to the player.

use crate::{grid::Grid, words};
use wire::cashier::SessionSummary;

/// Prints sessions, one a line.
pub fn show(sessions: &[SessionSummary]) {
    let mut grid = Grid::new(&["#session", "opened", "last used", "network", ""]);
    for session in sessions {
        let network = session.network.clone().unwrap_or_else(|| "-".to_owned());
        let (opened, used) = (words::ago(session.opened_ms), words::ago(session.used_ms));
        let own = if session.own { "this one" } else { "" };
        grid.row(vec![session.session.to_string(), opened, used, network, own.to_owned()]);
    }
    grid.print("no sessions");
}
