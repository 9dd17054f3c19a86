//! Chat at a table. Every player may send lines, seated or not; each line is an event like all
//! others.

use super::Table;
use wire::{PlayerId, Refusal, client::MAX_LINE, event::TableEvent, text::is_line};

impl Table {
    pub(super) fn say(
        &self,
        player: PlayerId,
        name: &str,
        text: &str,
        now_ms: u64,
    ) -> Result<Vec<TableEvent>, Refusal> {
        if self.closed {
            return Err(Refusal::TableClosed);
        }
        if !self.memory.has_room_for(player, self.seat_of(player).is_some(), now_ms) {
            return Err(Refusal::TooManySpeakers);
        }
        let text = line(text)?.to_owned();
        Ok(vec![TableEvent::Said { player, name: name.to_owned(), text }])
    }
}

/// Returns the line without the blanks around it.
fn line(text: &str) -> Result<&str, Refusal> {
    let text = text.trim();
    if is_line(text, MAX_LINE) { Ok(text) } else { Err(Refusal::BadLine { most: MAX_LINE }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_trimmed_and_bounded() {
        assert_eq!(line("  nice hand, Käthe 🂡 "), Ok("nice hand, Käthe 🂡"));
        let longest = "é".repeat(usize::from(MAX_LINE));
        assert_eq!(line(&longest), Ok(longest.as_str()));
        let too_long = format!("{longest}é");
        for bad in
            ["", " \n ", "a\nb", "a\u{1b}[2Jb", "a\u{202e}b", "a\u{2028}b", "a\u{7f}", too_long.as_str()]
        {
            assert_eq!(line(bad), Err(Refusal::BadLine { most: MAX_LINE }), "{bad:?}");
        }
    }
}
