//! A person's session in the terminal: typed lines become requests, and events are printed.
//! Requests run in tasks of their own, so that a slow answer does not delay events.

mod account;

use super::{
    PlayError,
    dialog::{Dialog, Purpose},
    input::{self, HELP, Input, Typed},
    lobby::Lobby,
    seats::{OwnTurn, Seats},
};
use crate::{
    commands::{sessions, tournament},
    grid::say,
    screen, words,
};
use account::PASSWORD_CHANGED;
use client::{Client, ClientError, ClientEvent, Down, Ended};
use std::{collections::HashSet, time::Duration};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};
use wire::{
    HandNo, PlayerCommand, PlayerId, Refusal, TableId,
    client::{ClientMessage, ServerMessage},
    event::Event,
};

/// Seconds before the end of the player's turn at which a reminder is printed.
const REMINDERS: [u64; 2] = [10, 5];
/// Players listed in standings.
const STANDINGS: u32 = 20;

type Reply = (Asked, Result<ServerMessage, ClientError>);

/// The form in which an answer is printed.
#[derive(Debug)]
enum Asked {
    Heard,
    Answered(&'static str),
    Shown,
    /// A change of the password, for which a code may be needed.
    Password {
        old: String,
        new: String,
    },
    /// Shown; a gateway that knows no pages is asked for all of them.
    Page,
}

/// A session.
pub struct Session {
    client: Client,
    seats: Seats,
    lobby: Lobby,
    replies: (mpsc::Sender<Reply>, mpsc::Receiver<Reply>),
    /// The turns and seconds at which a reminder was printed.
    reminded: HashSet<(TableId, HandNo, u32, u64)>,
    /// Whether the connection is lost.
    lost: bool,
    /// The table that is being left.
    leaving: Option<TableId>,
    /// A request about the account whose lines are being typed.
    dialog: Option<Dialog>,
}

impl Session {
    /// Starts a session on an open connection.
    pub fn new(client: Client) -> Self {
        Self {
            client,
            seats: Seats::default(),
            lobby: Lobby::default(),
            replies: mpsc::channel(64),
            reminded: HashSet::new(),
            lost: false,
            leaving: None,
            dialog: None,
        }
    }

    /// Plays until the person quits, the input ends or the connection is closed for good.
    pub async fn run(mut self, mut lines: mpsc::Receiver<String>) -> Result<(), PlayError> {
        say("h lists the commands.");
        // The list comes before the first typed line, which may name a place in it.
        let lobby = self.client.request(ClientMessage::LobbyPage { page: 0 }).await;
        self.reply(Asked::Page, lobby);
        let mut clock = interval(Duration::from_millis(250));
        clock.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                event = self.client.next() => match event {
                    Some(ClientEvent::Closed(Ended::ByUs)) | None => return Ok(()),
                    Some(ClientEvent::Closed(ended)) => return Err(ended.into()),
                    Some(event) => self.event(event),
                },
                line = lines.recv() => {
                    let goes_on = match line {
                        Some(line) => self.line(&line),
                        None => false,
                    };
                    if !goes_on {
                        self.say_goodbye();
                        return Ok(());
                    }
                },
                Some((asked, reply)) = self.replies.1.recv() => self.reply(asked, reply),
                _ = clock.tick() => self.remind(),
            }
        }
    }

    fn me(&self) -> Option<PlayerId> {
        self.client.player()
    }

    fn ask(&self, asked: Asked, message: ClientMessage) {
        let (handle, replies) = (self.client.handle(), self.replies.0.clone());
        tokio::spawn(async move {
            let reply = handle.request(message).await;
            // Sending fails only after the session's end.
            let _ = replies.send((asked, reply)).await;
        });
    }

    fn event(&mut self, event: ClientEvent) {
        match event {
            ClientEvent::Up { node, .. } => {
                if std::mem::take(&mut self.lost) {
                    say(format!("connected again, to {node}"));
                }
            }
            ClientEvent::Down(why) => {
                self.lost = true;
                match why {
                    Down::ByNode(reason) => {
                        say(format!("the gateway closed the connection ({reason}); connecting again"))
                    }
                    Down::Broken(reason) => {
                        say(format!("the connection is lost ({reason}); connecting again"))
                    }
                }
            }
            ClientEvent::Table { view, cards, .. } => {
                let table = view.table;
                self.seats.start(*view, cards);
                self.show(table);
            }
            ClientEvent::Restarted { view, cards, .. } => {
                let table = view.table;
                self.seats.start(*view, cards);
                say("some events were missed; the table now:");
                self.show(table);
            }
            ClientEvent::Event { table, number, event } => self.happened(table, number, &event),
            ClientEvent::Cards(cards) => {
                let table = cards.table;
                self.seats.cards(cards);
                self.say_cards(table);
            }
            ClientEvent::Verified { verdict: Ok(_), .. } => {}
            ClientEvent::Verified { table, hand, verdict: Err(fault) } => {
                say(format!("WARNING: hand {hand} at table {table} was not dealt as committed: {fault}"));
            }
            ClientEvent::GivenSeat { table, seat, .. } => {
                say(format!("you have seat {seat} at table {table}"));
                self.seats.look_at(table);
            }
            ClientEvent::LostSeat { table, reason } => {
                say(format!("you no longer have a seat at table {table}: {reason}"));
                self.seats.stop(table);
            }
            ClientEvent::Placed { place, prize, .. } => {
                say(format!("the tournament is over for you: place {place}, prize {}", words::chips(prize)));
            }
            ClientEvent::Service(service) => say(words::service(service)),
            ClientEvent::Closed(_) => {}
        }
    }

    fn happened(&mut self, table: TableId, number: u64, event: &Event) {
        if let Some(said) = self.seats.event(table, number, event) {
            say(said);
        }
        if matches!(event, Event::HandStarted(_)) {
            self.say_cards(table);
        }
        if let Event::SatOut { seat } = event
            && self.leaving != Some(table)
            && self.me().is_some_and(|me| self.seats.sits_at(table, *seat, me))
        {
            say("(type in to be dealt in again)");
        }
        let asks = matches!(event, Event::Turn { .. } | Event::ClockExtended { .. });
        let own = self.me().and_then(|me| self.seats.own_turn(table, me));
        if asks && own.is_some_and(|own| own.turn.deadline_ms > self.client.now_ms()) {
            self.seats.look_at(table);
            self.show(table);
        }
    }

    fn say_cards(&self, table: TableId) {
        let cards = self.seats.own_cards(table);
        if !cards.is_empty() {
            say(format!("your cards: {}", words::cards(cards)));
        }
    }

    fn show(&self, table: TableId) {
        if let Some(text) = self.seats.text(table, self.me(), self.client.now_ms()) {
            say(text);
        }
    }

    fn remind(&mut self) {
        let Some(me) = self.me() else { return };
        for OwnTurn { table, hand, turn, .. } in self.seats.own_turns(me) {
            let left = screen::seconds_left(turn.deadline_ms, self.client.now_ms());
            if REMINDERS.contains(&left) && self.reminded.insert((table, hand, turn.turn, left)) {
                say(format!("{left} s left"));
            }
        }
        if self.reminded.len() > 1_000 {
            self.reminded.clear();
        }
    }

    /// Handles a typed line. Returns whether the session continues.
    fn line(&mut self, line: &str) -> bool {
        if let Some(dialog) = self.dialog.take() {
            self.dialog_step(dialog.take(line));
            return true;
        }
        match input::parse(line) {
            Ok(None) => {}
            Ok(Some(Input::Quit)) => return false,
            Ok(Some(input)) => self.typed(input),
            Err(wrong) => say(wrong),
        }
        true
    }

    fn typed(&mut self, input: Input) {
        use ClientMessage as M;
        match input {
            Input::Act(typed) => self.act(&typed),
            Input::Sit { table, buy_in, seat } => {
                let table = self.lobby.table(table);
                match buy_in.or_else(|| self.lobby.usual_buy_in(table)) {
                    Some(buy_in) => {
                        self.seats.look_at(table);
                        self.ask(Asked::Shown, PlayerCommand::Sit { seat, buy_in }.at(table));
                    }
                    None => say("add the buy-in: sit N CHIPS"),
                }
            }
            Input::Watch(table) => {
                let table = self.lobby.table(table);
                self.ask(Asked::Shown, M::Watch { table, since: None });
            }
            Input::Table(table) => {
                let table = self.lobby.table(table);
                if self.seats.look_at(table) {
                    self.show(table);
                } else {
                    say(format!("table {table} is not watched: type watch N first"));
                }
            }
            Input::Register(tournament) => {
                let tournament = self.lobby.tournament(tournament);
                self.ask(Asked::Answered("you are registered"), M::Register { tournament });
            }
            Input::Unregister(tournament) => {
                let tournament = self.lobby.tournament(tournament);
                self.ask(Asked::Answered("your entry is given back"), M::Unregister { tournament });
            }
            Input::Standings(tournament) => {
                let tournament = self.lobby.tournament(tournament);
                self.ask(Asked::Shown, M::Standings { tournament, limit: STANDINGS });
            }
            Input::Lobby(page) => self.ask(Asked::Page, M::LobbyPage { page: page.saturating_sub(1) }),
            Input::Balance => self.ask(Asked::Shown, M::Balance),
            Input::Sessions => self.ask(Asked::Shown, M::Sessions),
            Input::EndSession(session) => {
                self.ask(Asked::Answered("the session has ended"), M::EndSession { session });
            }
            Input::Password => self.dialog = Some(Dialog::begin(Purpose::Password)),
            Input::SecondFactor(what) => self.second_factor(what),
            Input::Help => say(HELP),
            Input::Unwatch
            | Input::SitOut
            | Input::SitIn
            | Input::TopUp(_)
            | Input::Leave
            | Input::Say(_)
            | Input::Show => match self.seats.current() {
                Some(table) => self.at_table(&input, table),
                None => say("you are not at a table: l lists tables"),
            },
            Input::Quit => {}
        }
    }

    fn at_table(&mut self, input: &Input, table: TableId) {
        use ClientMessage as M;
        match input {
            Input::Unwatch => {
                self.seats.stop(table);
                self.ask(Asked::Answered("the table is no longer watched"), M::Unwatch { table });
            }
            Input::SitOut => {
                self.ask(Asked::Answered("you are not dealt in"), PlayerCommand::SitOut.at(table))
            }
            Input::SitIn => {
                self.ask(Asked::Answered("you are dealt in again"), PlayerCommand::SitIn.at(table))
            }
            Input::TopUp(amount) => self.ask(
                Asked::Answered("the chips are at the table; those for a hand being played come after it"),
                PlayerCommand::TopUp { amount: *amount }.at(table),
            ),
            Input::Leave => {
                self.leaving = Some(table);
                self.ask(
                    Asked::Answered("you leave, at the latest after this hand"),
                    PlayerCommand::Leave.at(table),
                );
            }
            // The chat message comes back as an event, like to all viewers.
            Input::Say(text) => self.ask(Asked::Heard, PlayerCommand::Say { text: text.clone() }.at(table)),
            _ => self.show(table),
        }
    }

    fn act(&mut self, typed: &Typed) {
        let here = self.seats.current();
        let own = self.me().zip(here).and_then(|(me, table)| self.seats.own_turn(table, me));
        let Some(OwnTurn { table, hand, turn, stack }) = own else {
            return say("it is not your turn");
        };
        match input::action(typed, &turn.legal, stack) {
            Ok(action) => {
                self.ask(Asked::Heard, PlayerCommand::act(hand, turn.turn, action).at(table));
            }
            Err(wrong) => say(wrong),
        }
    }

    fn reply(&mut self, asked: Asked, reply: Result<ServerMessage, ClientError>) {
        if let (Asked::Password { old, new }, Err(ClientError::Refused(Refusal::CodeNeeded))) =
            (&asked, &reply)
        {
            return self.ask_code(old.clone(), new.clone());
        }
        match reply {
            Err(ClientError::Refused(Refusal::BadMessage { .. })) if matches!(asked, Asked::Page) => {
                self.ask(Asked::Shown, ClientMessage::Lobby);
            }
            Err(error) => say(error),
            Ok(ServerMessage::Lobby { tables, tournaments }) => {
                self.lobby.update(tables, tournaments);
                say(self.lobby.text());
            }
            Ok(ServerMessage::LobbyPage { page, pages, tables, tournaments }) => {
                self.lobby.update(tables, tournaments);
                say(self.lobby.text());
                if pages > 1 {
                    say(format!("This is page {} of {pages}: l N lists page N.", page.saturating_add(1)));
                }
            }
            Ok(ServerMessage::Balance { balance, in_play }) => {
                say(format!("balance {}, at tables {}", words::chips(balance), words::chips(in_play)));
            }
            Ok(ServerMessage::Sessions(list)) => sessions::show(&list),
            Ok(ServerMessage::SecondFactor(reply)) => self.show_second_factor(&asked, reply),
            Ok(ServerMessage::Standings(standings)) => tournament::show(&standings),
            Ok(ServerMessage::Seated { table, seat }) => {
                say(format!("you have seat {seat} at table {table}"));
                self.leaving = None;
                self.seats.look_at(table);
            }
            Ok(_) => match asked {
                Asked::Answered(text) => say(text),
                Asked::Password { .. } => say(PASSWORD_CHANGED),
                Asked::Heard | Asked::Shown | Asked::Page => {}
            },
        }
    }

    /// Prints which of the player's seats are kept.
    fn say_goodbye(&self) {
        let seated = self.me().map(|me| self.seats.seated(me)).unwrap_or_default();
        for table in seated {
            say(format!(
                "your seat at table {table} is kept for a while: connect again, or type leave next time"
            ));
        }
    }
}
