//! The lines that a player types, and their meaning. An input is never replaced by another action
//! than the one that was typed.

use crate::words;
use wire::{Action, Card, Chips, Legal, RaiseBounds, SeatNo, text::Quoted};

/// A typed line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// An action in turn.
    Act(Typed),
    /// Takes a seat at a cash table.
    Sit {
        /// The table: its place in the list, or its number.
        table: u64,
        /// The buy-in; none for the usual one.
        buy_in: Option<Chips>,
        /// The seat; none for any.
        seat: Option<SeatNo>,
    },
    /// Watches a table.
    Watch(u64),
    /// Ends watching the current table.
    Unwatch,
    /// Makes another watched table the current one.
    Table(u64),
    /// Takes an entry in a tournament.
    Register(u64),
    /// Gives the entry back.
    Unregister(u64),
    /// Shows a tournament's standings.
    Standings(u64),
    /// Lists a page of tables and tournaments, from 1.
    Lobby(u32),
    /// Shows the balance.
    Balance,
    /// Lists the player's sessions.
    Sessions,
    /// Ends another session of the player, by its number.
    EndSession(u64),
    /// Changes the password.
    Password,
    /// Turns the second factor on or off.
    SecondFactor(SecondFactor),
    /// Sits out.
    SitOut,
    /// Ends sitting out.
    SitIn,
    /// Brings more chips to the seat.
    TopUp(Chips),
    /// Gives the seat up.
    Leave,
    /// Chats at the table.
    Say(String),
    /// Shows the table again.
    Show,
    /// Shows the help.
    Help,
    /// Ends the program.
    Quit,
}

/// A change of the second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondFactor {
    /// Turns it on.
    On,
    /// Turns it off.
    Off,
    /// Makes new recovery codes.
    Codes,
}

/// An action as it is typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Typed {
    /// Folds.
    Fold {
        /// Whether to fold although checking is free.
        sure: bool,
    },
    /// Checks.
    Check,
    /// Calls.
    Call,
    /// Bets this amount.
    Bet(Chips),
    /// Raises to this total.
    Raise(Chips),
    /// Bets or raises as much as is allowed.
    AllIn,
    /// Brings in (stud).
    BringIn,
    /// Discards these cards (draw games).
    Discard(Vec<Card>),
}

/// The help text of `play`.
pub const HELP: &str = "\
At the table:
  f  fold    k  check    c  call    b N  bet N    r N  raise to a total of N    a  all-in (or the most that is allowed)
  d CARDS  discard cards, e.g. d 2c7d    p  stand pat    i  bring in    ff  fold although checking is free
  s  show the table again    out / in  sit out, or end it    leave  give up the seat after the hand
  topup N  bring N more chips from your balance    say TEXT  chat at the table
  table N  show another one of your tables    unwatch  stop watching
In the lobby:
  l [PAGE]  list tables and tournaments    sit N [CHIPS] [SEAT]  take a seat    watch N  watch a table
  register N    unregister N    standings N    balance
Your account:
  sessions  list your log-ins    end N  end the one with the number N    password  change your password
  second-factor on  have log-ins ask for a code too    second-factor off    second-factor codes  new recovery codes
  h  this help    q  quit
For tables and tournaments, N is the place in the list or the number.";

/// Parses a line; none if it is empty.
///
/// # Errors
/// The reason, as a text for the player.
pub fn parse(line: &str) -> Result<Option<Input>, String> {
    let mut words = line.split_whitespace();
    let Some(first) = words.next() else { return Ok(None) };
    let rest: Vec<&str> = words.collect();
    let key = first.to_lowercase();
    if matches!(key.as_str(), "say" | "/say") && !rest.is_empty() {
        return Ok(Some(Input::Say(line.trim_start()[first.len()..].trim().to_owned())));
    }
    let input = match (key.as_str(), rest.as_slice()) {
        ("f" | "fold", []) => Input::Act(Typed::Fold { sure: false }),
        ("ff", []) => Input::Act(Typed::Fold { sure: true }),
        ("k" | "x" | "check", []) => Input::Act(Typed::Check),
        ("c" | "call", []) => Input::Act(Typed::Call),
        ("b" | "bet", [amount]) => Input::Act(Typed::Bet(chips(amount)?)),
        ("r" | "raise", [amount]) => Input::Act(Typed::Raise(chips(amount)?)),
        ("b" | "bet" | "r" | "raise", _) => return Err(format!("add the amount: {first} N")),
        ("a" | "allin" | "all-in", []) => Input::Act(Typed::AllIn),
        ("i", []) => Input::Act(Typed::BringIn),
        ("p" | "pat", []) => Input::Act(Typed::Discard(Vec::new())),
        ("d" | "draw", [_, ..]) => Input::Act(Typed::Discard(cards(&rest)?)),
        ("sit", [table]) => Input::Sit { table: number(table)?, buy_in: None, seat: None },
        ("sit", [table, buy_in]) => {
            Input::Sit { table: number(table)?, buy_in: Some(chips(buy_in)?), seat: None }
        }
        ("sit", [table, buy_in, seat]) => {
            let seat = seat.parse().map_err(|_| format!("{} is not the number of a seat", Quoted(seat)))?;
            Input::Sit { table: number(table)?, buy_in: Some(chips(buy_in)?), seat: Some(seat) }
        }
        ("sit", _) => return Err(format!("say at which table: {first} N [CHIPS] [SEAT]")),
        ("watch", [table]) => Input::Watch(number(table)?),
        ("unwatch", []) => Input::Unwatch,
        ("table" | "t", [table]) => Input::Table(number(table)?),
        ("register", [tournament]) => Input::Register(number(tournament)?),
        ("unregister", [tournament]) => Input::Unregister(number(tournament)?),
        ("standings", [tournament]) => Input::Standings(number(tournament)?),
        ("watch" | "table" | "t" | "register" | "unregister" | "standings", _) => {
            return Err(format!("add the number: {first} N"));
        }
        ("l" | "lobby", []) => Input::Lobby(1),
        ("l" | "lobby", [page]) => {
            Input::Lobby(page.parse().map_err(|_| format!("{} is not the number of a page", Quoted(page)))?)
        }
        ("balance", []) => Input::Balance,
        ("sessions", []) => Input::Sessions,
        ("end", [session]) => Input::EndSession(
            session
                .parse()
                .map_err(|_| format!("{} is not a number: sessions lists them", Quoted(session)))?,
        ),
        ("password" | "passwd", []) => Input::Password,
        ("second-factor", ["on"]) => Input::SecondFactor(SecondFactor::On),
        ("second-factor", ["off"]) => Input::SecondFactor(SecondFactor::Off),
        ("second-factor", ["codes"]) => Input::SecondFactor(SecondFactor::Codes),
        ("second-factor", _) => return Err(format!("add on, off or codes: {first} on")),
        ("out", []) => Input::SitOut,
        ("in", []) => Input::SitIn,
        ("topup", [amount]) => Input::TopUp(chips(amount)?),
        ("topup", _) => return Err(format!("say how many chips: {first} N")),
        ("leave", []) => Input::Leave,
        ("s" | "show", []) => Input::Show,
        ("h" | "help" | "?", []) => Input::Help,
        ("q" | "quit" | "exit", []) => Input::Quit,
        _ => return Err(format!("{} is not a command: h lists the commands", Quoted(line.trim()))),
    };
    Ok(Some(input))
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{} is not a number: l lists tables and tournaments", Quoted(text)))
}

/// Parses an amount; `1.5k`, and commas, underscores and apostrophes between thousands are
/// accepted.
fn chips(text: &str) -> Result<Chips, String> {
    let wrong = || format!("{} is not an amount of chips: write e.g. 1500 or 1.5k", Quoted(text));
    let plain: String = text.to_lowercase().chars().filter(|c| !matches!(c, ',' | '_' | '\'')).collect();
    let Some(thousands) = plain.strip_suffix('k') else {
        return plain.parse().map_err(|_| wrong());
    };
    let (whole, part) = thousands.split_once('.').unwrap_or((thousands, ""));
    if part.len() > 3 || !part.chars().all(|c| c.is_ascii_digit()) {
        return Err(wrong());
    }
    let whole: u64 = whole.parse().map_err(|_| wrong())?;
    let part: u64 = format!("{part:0<3}").parse().map_err(|_| wrong())?;
    whole.checked_mul(1_000).and_then(|n| n.checked_add(part)).map(Chips).ok_or_else(wrong)
}

fn cards(texts: &[&str]) -> Result<Vec<Card>, String> {
    let joined = texts.concat();
    if !joined.is_ascii() {
        return Err(format!("{} are not cards: write e.g. 2c7d", Quoted(&joined)));
    }
    let pairs = joined.as_bytes().chunks(2).map(String::from_utf8_lossy);
    pairs
        .map(|pair| {
            let mut pair: Vec<char> = pair.chars().collect();
            pair.iter_mut().take(1).for_each(|rank| *rank = rank.to_ascii_uppercase());
            let text: String = pair.into_iter().collect();
            text.parse().map_err(|error: wire::cards::BadCard| error.to_string())
        })
        .collect()
}

/// Returns the typed action if it is among the allowed ones, so that a typing error is not sent.
/// `stack` is the player's chips behind.
///
/// # Errors
/// The reason, with the possible actions, as a text for the player.
pub fn action(typed: &Typed, legal: &Legal, stack: Chips) -> Result<Action, String> {
    let between = |bounds: RaiseBounds, total: Chips| {
        if (bounds.min..=bounds.max).contains(&total) {
            Ok(total)
        } else {
            Err(format!("the total must be {} to {}", words::chips(bounds.min), words::chips(bounds.max)))
        }
    };
    match typed {
        Typed::Fold { sure: false } if legal.check => {
            Err("checking is free: k checks, ff folds anyway".to_owned())
        }
        Typed::Fold { .. } if legal.fold => Ok(Action::Fold),
        Typed::Fold { .. } => Err("folding is not possible now".to_owned()),
        Typed::Check if legal.check => Ok(Action::Check),
        Typed::Check => Err(match legal.call {
            Some(call) => format!("the bet to call is {}: c calls, f folds", words::chips(call)),
            None => "checking is not possible now".to_owned(),
        }),
        Typed::Call => legal.call.map(|_| Action::Call).ok_or("there is no bet to call: k checks".to_owned()),
        Typed::Bet(total) => match (legal.bet, legal.raise) {
            (Some(bounds), _) => between(bounds, *total).map(Action::Bet),
            (None, Some(_)) => Err(format!("there is a bet already: r {total} raises to a total of {total}")),
            (None, None) => Err("betting is not possible now".to_owned()),
        },
        Typed::Raise(total) => match (legal.raise, legal.bet) {
            (Some(bounds), _) => between(bounds, *total).map(Action::RaiseTo),
            (None, Some(_)) => Err(format!("there is no bet to raise: b {total} bets {total}")),
            (None, None) => Err("raising is not possible now".to_owned()),
        },
        Typed::AllIn => match (legal.bet, legal.raise, legal.call) {
            (Some(bounds), _, _) => Ok(Action::Bet(bounds.max)),
            (None, Some(bounds), _) => Ok(Action::RaiseTo(bounds.max)),
            (None, None, Some(call)) if call >= stack => Ok(Action::Call),
            (None, None, Some(_)) => Err("you may not raise now: c calls, f folds".to_owned()),
            (None, None, None) => Err("betting is not possible now".to_owned()),
        },
        Typed::BringIn => {
            legal.bring_in.map(|_| Action::BringIn).ok_or("bringing in is not possible now".to_owned())
        }
        Typed::Discard(cards) => match legal.discard {
            Some(most) if cards.len() <= usize::from(most) => Ok(Action::Discard(cards.clone())),
            Some(most) => Err(format!("discard at most {most} cards")),
            None => Err("drawing is not possible now".to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn act(line: &str) -> Typed {
        match parse(line) {
            Ok(Some(Input::Act(typed))) => typed,
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn a_command_without_its_number_is_told_what_is_missing() {
        for (line, form) in
            [("sit", "sit N [CHIPS] [SEAT]"), ("watch", "watch N"), ("register", "register N"), ("t", "t N")]
        {
            let error = parse(line).unwrap_err();
            assert!(error.ends_with(form), "{line}: {error}");
        }
    }

    #[test]
    fn typed_lines_are_parsed() {
        assert_eq!(act("f"), Typed::Fold { sure: false });
        assert_eq!(act(" C "), Typed::Call);
        assert_eq!(act("b 200"), Typed::Bet(Chips(200)));
        assert_eq!(act("raise 1,400"), Typed::Raise(Chips(1_400)));
        assert_eq!(act("r 1.25k"), Typed::Raise(Chips(1_250)));
        assert_eq!(act("r 2k"), Typed::Raise(Chips(2_000)));
        assert_eq!(act("d 2c td"), Typed::Discard(vec!["2c".parse().unwrap(), "Td".parse().unwrap()]));
        assert_eq!(act("d 2cTd"), act("d 2c td"));
        assert_eq!(
            parse("sit 1 5k 3"),
            Ok(Some(Input::Sit { table: 1, buy_in: Some(Chips(5_000)), seat: Some(3) }))
        );
        assert_eq!(parse("second-factor off"), Ok(Some(Input::SecondFactor(SecondFactor::Off))));
        assert_eq!(parse("end 12"), Ok(Some(Input::EndSession(12))));
        assert_eq!(parse("topup 1.5k"), Ok(Some(Input::TopUp(Chips(1_500)))));
        let said = |text: &str| Ok(Some(Input::Say(text.to_owned())));
        assert_eq!(parse(" say  fold  or call? "), said("fold  or call?"));
        assert_eq!(parse("/Say f"), said("f"));
        assert_eq!(parse("  "), Ok(None));
        for wrong in [
            "end",
            "end all",
            "password secret",
            "second-factor",
            "second-factor 287082",
            "topup",
            "topup x",
            "topup 1 2",
            "b",
            "b x",
            "r 1.2345k",
            "d 2",
            "sit",
            "say",
            "sit one",
            "raise 1 2",
            "fold 3",
            "hello",
            "d é",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    fn facing_a_bet() -> Legal {
        Legal {
            fold: true,
            call: Some(Chips(100)),
            raise: Some(RaiseBounds { min: Chips(200), max: Chips(1_000) }),
            ..Legal::default()
        }
    }

    #[test]
    fn typed_actions_are_checked_against_the_allowed_ones() {
        let legal = facing_a_bet();
        let act = |typed: Typed| action(&typed, &legal, Chips(1_000));
        assert_eq!(act(Typed::Raise(Chips(250))), Ok(Action::RaiseTo(Chips(250))));
        assert_eq!(act(Typed::AllIn), Ok(Action::RaiseTo(Chips(1_000))));
        assert_eq!(act(Typed::Call), Ok(Action::Call));
        assert_eq!(act(Typed::Raise(Chips(199))), Err("the total must be 200 to 1 000".to_owned()));
        assert!(act(Typed::Check).is_err());
        assert_eq!(
            act(Typed::Bet(Chips(300))),
            Err("there is a bet already: r 300 raises to a total of 300".to_owned())
        );
    }

    #[test]
    fn a_fold_is_refused_when_checking_is_free() {
        let legal = Legal { fold: true, check: true, ..Legal::default() };
        assert!(action(&Typed::Fold { sure: false }, &legal, Chips(1)).is_err());
        assert_eq!(action(&Typed::Fold { sure: true }, &legal, Chips(1)), Ok(Action::Fold));
        assert!(action(&Typed::Call, &legal, Chips(1)).is_err());
    }

    #[test]
    fn all_in_is_a_call_only_if_the_call_takes_the_whole_stack() {
        let legal = Legal { raise: None, ..facing_a_bet() };
        assert_eq!(action(&Typed::AllIn, &legal, Chips(100)), Ok(Action::Call));
        assert!(action(&Typed::AllIn, &legal, Chips(500)).is_err());
    }
}
