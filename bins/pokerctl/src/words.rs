//! Puts cards, amounts, actions and events into words.

use std::{collections::BTreeMap, fmt::Write, time::UNIX_EPOCH};
use wire::{
    Action, Card, Chips, SeatNo,
    client::Service,
    event::{Event, HandEvent, HandStart, Post, Share, TableEvent, Unseating},
    table::{Level, Purpose, TableConfig},
    text::Quoted,
};

/// Returns an amount with its thousands apart: `12 345`.
pub fn chips(amount: Chips) -> String {
    number(amount.0)
}

/// Returns a number with its thousands apart: `12 345`.
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// Returns a number and the word for the counted objects: `1 record`, `1 200 records`.
pub fn counted(n: u64, one: &str, more: &str) -> String {
    format!("{} {}", number(n), if n == 1 { one } else { more })
}

/// Returns cards side by side: `As Kd`.
pub fn cards(cards: &[Card]) -> String {
    let texts: Vec<String> = cards.iter().map(ToString::to_string).collect();
    texts.join(" ")
}

/// Returns a level as `50/100`, or `50/100 ante 10` if it has an ante.
pub fn level(level: &Level) -> String {
    let mut text = format!("{}/{}", chips(level.small_blind), chips(level.big_blind));
    if !level.ante.is_zero() {
        let _ = write!(text, " ante {}", chips(level.ante));
    }
    text
}

/// Returns a variant's name, or its code when the variant is not known.
pub fn variant(code: &str) -> &str {
    poker::variant::by_code(code).map_or(code, |variant| variant.name)
}

/// Returns the code of a variant.
///
/// # Errors
/// When no variant has the code: a text that lists all codes.
pub fn variant_code(code: &str) -> Result<String, String> {
    match poker::variant::by_code(code) {
        Some(variant) => Ok(variant.code.to_owned()),
        None => Err(format!("known codes are {}", variant_codes())),
    }
}

/// Returns the codes of all variants.
pub fn variant_codes() -> String {
    poker::variant::ALL.iter().map(|variant| variant.code).collect::<Vec<_>>().join(", ")
}

/// Returns a street's name.
pub fn street(code: &str, street: u8) -> String {
    poker::variant::by_code(code)
        .and_then(|variant| variant.streets.get(usize::from(street)))
        .map_or_else(|| format!("street {street}"), |street| street.name.to_owned())
}

/// Returns the kind of hands at a table: cash with its buy-ins, scripted, or of a tournament.
pub fn purpose(config: &TableConfig) -> String {
    match config.purpose {
        Purpose::Cash { .. } if config.scripted => "scripted hands, not shuffled".to_owned(),
        Purpose::Cash { min_buy_in, max_buy_in } => {
            let open = if config.open_decks { ", folded cards are opened after each hand" } else { "" };
            format!("cash, {} to {}{open}", chips(min_buy_in), chips(max_buy_in))
        }
        Purpose::Tournament { tournament } => format!("tournament {tournament}"),
    }
}

/// Returns the state of the fleet's services, and its effects for players.
pub fn service(service: Service) -> &'static str {
    match (service.tables, service.money, service.tournaments) {
        (true, true, true) => "tables, money and tournaments work again",
        (false, _, _) => {
            "the tables are stopped: no chips and no seats are lost, and no clock runs out; they continue by themselves"
        }
        (true, false, _) => {
            "hands continue, but sitting down and registration are not possible now; cash-outs are paid later"
        }
        (true, true, false) => "hands continue, but tournament tables wait after their hand",
    }
}

/// Returns how long ago a moment was, in its largest unit: `3 h ago`.
pub fn ago(at_ms: u64) -> String {
    let now_ms = UNIX_EPOCH.elapsed().map_or(at_ms, |now| u64::try_from(now.as_millis()).unwrap_or(at_ms));
    let minutes = now_ms.saturating_sub(at_ms) / 60_000;
    match minutes {
        0..60 => format!("{minutes} min ago"),
        60..2_880 => format!("{} h ago", minutes / 60),
        _ => format!("{} d ago", minutes / 1_440),
    }
}

/// Returns the time of day, UTC, of a moment in milliseconds since 1970: `14:03:59.120`.
pub fn time_of_day(at_ms: u64) -> String {
    let (s, ms) = (at_ms / 1_000, at_ms % 1_000);
    format!("{:02}:{:02}:{:02}.{ms:03}", s / 3_600 % 24, s / 60 % 60, s % 60)
}

/// The players' names by seat, as far as events told them.
#[derive(Clone, Debug, Default)]
pub struct Names(BTreeMap<SeatNo, String>);

impl Names {
    /// Sets the name of a seat's player.
    pub fn sit(&mut self, seat: SeatNo, name: &str) {
        self.0.insert(seat, name.to_owned());
    }

    /// Returns the name of a seat's player, or the seat's number.
    pub fn of(&self, seat: SeatNo) -> String {
        self.0.get(&seat).cloned().unwrap_or_else(|| format!("seat {seat}"))
    }

    /// Returns a public event as a sentence; none for events that need no sentence (a turn, a deal
    /// of hidden cards).
    pub fn public(&mut self, event: &Event) -> Option<String> {
        if let Event::Seated { seat, name, .. } = event {
            self.sit(*seat, name);
        }
        Some(match event {
            Event::Seated { seat, bot, stack, .. } => {
                let bot = if *bot { " (bot)" } else { "" };
                format!("{}{bot} sits down in seat {seat} with {}", self.of(*seat), chips(*stack))
            }
            Event::Unseated { seat, reason, .. } => {
                format!("{} {}", self.of(*seat), unseating(*reason))
            }
            Event::ToppedUp { seat, amount } => format!("{} adds {} chips", self.of(*seat), chips(*amount)),
            Event::SatOut { seat } => format!("{} sits out", self.of(*seat)),
            Event::SatIn { seat } => format!("{} is back", self.of(*seat)),
            Event::Disconnected { seat, .. } => format!("{} has lost the connection", self.of(*seat)),
            Event::Reconnected { seat, .. } => format!("{} is connected again", self.of(*seat)),
            Event::GoneTooLong { seat } => format!("{} has been away for too long", self.of(*seat)),
            Event::Said { name, text, .. } => format!("{name}: \u{201c}{text}\u{201d}"),
            Event::HandStarted(start) => self.started(start),
            Event::Posted { seat, post, amount } => {
                format!("{} posts {} {}", self.of(*seat), posted(*post), chips(*amount))
            }
            Event::Dealt { seat, down, up } => self.dealt(*seat, *down, up)?,
            Event::Board { cards: new, .. } if !new.is_empty() => format!("board: {}", cards(new)),
            Event::Board { .. } | Event::Turn { .. } => return None,
            Event::TimedOut { seat } => format!("{} runs out of time", self.of(*seat)),
            Event::ClockExtended { .. } => "the table is available again; the clock restarts".to_owned(),
            Event::Acted { seat, action, added, stack } => {
                let all_in = if stack.is_zero() && !added.is_zero() { " and is all-in" } else { "" };
                format!("{} {}{all_in}", self.of(*seat), acted(action, *added))
            }
            Event::Drew { seat, count: 0 } => format!("{} stands pat", self.of(*seat)),
            Event::Drew { seat, count } => format!("{} draws {count}", self.of(*seat)),
            Event::Returned { seat, amount } => {
                format!("{} gets an uncalled bet of {} back", self.of(*seat), chips(*amount))
            }
            Event::Shown { seat, cards: shown, hand } => {
                format!("{} shows {}: {hand}", self.of(*seat), cards(shown))
            }
            Event::Mucked { seat } => format!("{} mucks", self.of(*seat)),
            Event::Awarded { pot, seat, amount, share } => {
                format!("{} wins {} {}", self.of(*seat), chips(*amount), won(*pot, *share))
            }
            Event::HandEnded { hand, .. } => format!("hand {hand} is over"),
            Event::Instructed { level: now, then } => {
                format!("tournament level {}: {}", level(now), instructed(*then))
            }
            Event::Closed => "the table is closed".to_owned(),
            Event::Unknown(event) => {
                format!("an event of a later version, {}, which this one cannot read", Quoted(&event.name))
            }
        })
    }

    fn started(&self, start: &HandStart) -> String {
        format!("hand {}: {}, the button is at {}", start.hand, level(&start.level), self.of(start.button))
    }

    fn dealt(&self, seat: SeatNo, down: u8, up: &[Card]) -> Option<String> {
        if up.is_empty() {
            return None;
        }
        let hidden = if down > 0 { format!(" and {down} face down") } else { String::new() };
        Some(format!("{} is dealt {}{hidden}", self.of(seat), cards(up)))
    }

    /// Returns an event of the journal as a sentence.
    pub fn journal(&mut self, event: &TableEvent) -> String {
        match event {
            TableEvent::Created { config } => {
                let (name, seats) = (&config.name, config.seats);
                format!(
                    "{} is created: {}, {seats} seats, {}",
                    Quoted(name),
                    variant(&config.variant),
                    purpose(config)
                )
            }
            TableEvent::SeatReserved { seat, name, buy_in, posting, .. } => {
                self.sit(*seat, name);
                format!("seat {seat} is held for {name}, who buys in for {} ({posting})", chips(*buy_in))
            }
            TableEvent::BuyInRefused { seat, refusal } => {
                format!("the buy-in of {} is refused: {refusal}", self.of(*seat))
            }
            TableEvent::TopUpAsked { seat, amount, posting } => {
                format!("{} asks for {} more chips ({posting})", self.of(*seat), chips(*amount))
            }
            TableEvent::TopUpRefused { seat, refusal: None } => {
                format!("{} gets no more chips", self.of(*seat))
            }
            TableEvent::TopUpRefused { seat, refusal: Some(refusal) } => {
                format!("{} gets no more chips: {refusal}", self.of(*seat))
            }
            TableEvent::LeaveAsked { seat } => format!("{} leaves after this hand", self.of(*seat)),
            TableEvent::Unseated { seat, reason, cash_out, posting: Some(posting), .. } => {
                let why = unseating(*reason);
                format!("{} {why} with {} ({posting})", self.of(*seat), chips(*cash_out))
            }
            TableEvent::CashedOut { posting } => format!("{posting} is paid back"),
            TableEvent::HandStarted { start, script: Some(script), .. } => {
                format!("{}; scripted, not shuffled: {}", self.started(start), cards(&script.deck))
            }
            TableEvent::HandStarted { start, seed, .. } => format!("{}; seed {seed}", self.started(start)),
            TableEvent::Turn { seat, turn, deadline_ms, .. } => {
                format!("turn {turn}: {} until {}", self.of(*seat), time_of_day(*deadline_ms))
            }
            TableEvent::ClockExtended { deadline_ms } => {
                format!("the clock is extended to {}", time_of_day(*deadline_ms))
            }
            TableEvent::Instructed { instruction, .. } => {
                let text = format!("instruction {}: {}", instruction.number, instructed(instruction.then));
                let (leave, come) = (instruction.remove.len(), instruction.add.len());
                format!("{text}, {leave} leave, {come} arrive, {}", level(&instruction.level))
            }
            TableEvent::Heard { seat, connection: Some(connection) } => {
                format!("{} is on connection {connection}", self.of(*seat))
            }
            TableEvent::Heard { seat, connection: None } => {
                format!("{} is back after running out of time", self.of(*seat))
            }
            TableEvent::Disconnected { seat, connection, .. } => {
                format!("{} has lost connection {connection}", self.of(*seat))
            }
            TableEvent::AbsenceExtended { seat, until_ms } => {
                format!("{} has time to come back until {}", self.of(*seat), time_of_day(*until_ms))
            }
            TableEvent::CloseAsked => "the table closes after this hand".to_owned(),
            TableEvent::SnapshotRenewed => "a new snapshot is stored".to_owned(),
            event => match self.hidden(event) {
                Some(told) => told,
                None => poker::table::public(event)
                    .and_then(|event| self.public(&event))
                    .unwrap_or_else(|| <&str>::from(event).to_owned()),
            },
        }
    }

    /// Returns a sentence for an event with cards that only the journal has.
    fn hidden(&self, event: &TableEvent) -> Option<String> {
        let TableEvent::Hand(event) = event else { return None };
        if let HandEvent::Dealt { seat, down, up } = event {
            return Some(format!("{} is dealt {}", self.of(*seat), cards(&[&down[..], up].concat())));
        }
        let HandEvent::Acted { seat, action: Action::Discard(thrown), .. } = event else { return None };
        (!thrown.is_empty()).then(|| format!("{} throws {} away", self.of(*seat), cards(thrown)))
    }
}

fn unseating(reason: Unseating) -> &'static str {
    match reason {
        Unseating::Left => "leaves",
        Unseating::Busted => "is out of chips",
        Unseating::Moved => "moves to another table",
        Unseating::TableClosed => "leaves, because the table closes",
        Unseating::Gone => "was absent for too long and loses the seat",
    }
}

/// Returns the words for a post, to be followed by its amount.
pub fn posted(post: Post) -> &'static str {
    match post {
        Post::Ante => "the ante of",
        Post::BigBlindAnte => "the ante for all of",
        Post::SmallBlind => "the small blind of",
        Post::BigBlind => "the big blind of",
        Post::Straddle => "a straddle of",
        Post::DeadBlind => "a dead blind of",
        Post::BringIn => "the bring-in of",
    }
}

fn acted(action: &Action, added: Chips) -> String {
    match action {
        Action::Fold => "folds".to_owned(),
        Action::Check => "checks".to_owned(),
        Action::Call => format!("calls {}", chips(added)),
        Action::Bet(to) => format!("bets {}", chips(*to)),
        Action::RaiseTo(to) => format!("raises to {}", chips(*to)),
        Action::BringIn => format!("brings in {}", chips(added)),
        Action::Discard(thrown) if thrown.is_empty() => "stands pat".to_owned(),
        Action::Discard(thrown) => format!("draws {}", thrown.len()),
    }
}

fn won(pot: u8, share: Share) -> String {
    let pot = if pot == 0 { "from the pot".to_owned() } else { format!("from side pot {pot}") };
    match share {
        Share::Whole => pot,
        Share::High => format!("{pot} (high)"),
        Share::Low => format!("{pot} (low)"),
    }
}

fn instructed(then: wire::tournament::Then) -> &'static str {
    match then {
        wire::tournament::Then::Play => "play on",
        wire::tournament::Then::Wait => "wait",
        wire::tournament::Then::Close => "the table is broken",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::{HoleCards, PlayerId, event::HandEvent};

    #[test]
    fn amounts_and_times() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(number), ["0", "999", "1 000", "1 234 567"]);
        assert_eq!(time_of_day(1_700_000_000_123), "22:13:20.123");
    }

    #[test]
    fn events_name_players_by_name() {
        let mut names = Names::default();
        let (seat, player, stack) = (2, PlayerId(1), Chips(5_000));
        let seated = Event::Seated { seat, player, name: "ann".to_owned(), bot: false, stack };
        assert_eq!(names.public(&seated).unwrap(), "ann sits down in seat 2 with 5 000");
        let acted = |action, added, stack| Event::Acted { seat, action, added, stack };
        let raised = acted(Action::RaiseTo(Chips(300)), Chips(200), Chips(4_700));
        assert_eq!(names.public(&raised).unwrap(), "ann raises to 300");
        let all_in = acted(Action::Call, Chips(4_700), Chips(0));
        assert_eq!(names.public(&all_in).unwrap(), "ann calls 4 700 and is all-in");
        let other = Event::Acted { seat: 4, action: Action::Fold, added: Chips(0), stack };
        assert_eq!(names.public(&other).unwrap(), "seat 4 folds");
    }

    #[test]
    fn only_sentences_of_the_journal_show_hidden_cards() {
        let mut names = Names::default();
        let down = ["As", "Kd"].iter().map(|card| card.parse().unwrap()).collect();
        let dealt = TableEvent::Hand(HandEvent::Dealt { seat: 1, down, up: HoleCards::new() });
        assert_eq!(names.journal(&dealt), "seat 1 is dealt As Kd");
        assert_eq!(names.public(&poker::table::public(&dealt).unwrap()), None);
    }

    #[test]
    fn a_street_has_its_name_or_its_number() {
        assert_eq!(street("NT", 1), "flop");
        assert_eq!(street("??", 1), "street 1");
    }
}
