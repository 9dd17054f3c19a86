//! Frames of gateways.

use super::{
    AT_MS, HAND, OTHER_TABLE, PLAYER, Samples, TABLE, TOURNAMENT, cards, cash_config, events, level,
    refusals, stats, tournament_config, tournament_table_config,
};
use wire::{
    Chips, CommandId,
    client::{Closing, PrivateCards, ServerFrame, ServerMessage, Service, TableEvents},
    event::Unseating,
    table::TableSummary,
    tournament::{Payout, Phase, Standing, Standings, TournamentSummary},
    view::{HandView, SeatInHand, SeatView, TableView, TurnView},
};

/// Returns samples of each message of gateways, in its frame.
pub fn server_frames() -> Samples<ServerFrame> {
    let frame = |re, m| ServerFrame { v: 1, re, m };
    let mut all: Samples<ServerFrame> = answers()
        .into_iter()
        .map(|(name, m)| (name, frame(Some(CommandId(7_000_000_000_000_001)), m)))
        .collect();
    all.extend(unasked().into_iter().map(|(name, m)| (name, frame(None, m))));
    all
}

fn welcome(device: Option<&str>) -> ServerMessage {
    ServerMessage::Welcome {
        player: PLAYER,
        name: "ann".to_owned(),
        token: "0123456789abcdef".to_owned(),
        seats: vec![TABLE, OTHER_TABLE],
        device: device.map(str::to_owned),
    }
}

fn answers() -> Vec<(&'static str, ServerMessage)> {
    use ServerMessage as M;
    let mut all = vec![
        ("welcome", welcome(None)),
        ("welcome on a known device", welcome(Some("fedcba9876543210"))),
        ("done", M::Done),
        ("pong", M::Pong),
        ("time", M::Time { now_ms: super::DEADLINE_MS - 9_000 }),
        (
            "lobby",
            M::Lobby {
                tables: vec![table_summary(), tournament_table_summary()],
                tournaments: phases().map(tournament_summary).to_vec(),
            },
        ),
        (
            "a page of the lobby",
            M::LobbyPage {
                page: 2,
                pages: 3,
                tables: vec![table_summary()],
                tournaments: phases().map(tournament_summary).to_vec(),
            },
        ),
        ("balance", M::Balance { balance: Chips(95_000), in_play: Chips(5_000) }),
        ("sessions", M::Sessions(super::sessions())),
        ("seats", M::Seats(vec![TABLE])),
        ("standings", M::Standings(Box::new(standings(Payout::Standard)))),
        ("standings with shares", M::Standings(Box::new(standings(Payout::Shares(vec![6_000, 4_000]))))),
        ("seated", M::Seated { table: TABLE, seat: 2 }),
        (
            "table with open decks",
            M::Table {
                view: Box::new(wire::view::TableView { config: super::open_config(), ..view(None) }),
                events: None,
                cards: None,
            },
        ),
        ("table between hands", M::Table { view: Box::new(view(None)), events: None, cards: None }),
        (
            "table where chips wait for the end of the hand",
            M::Table { view: Box::new(view_with_waiting_chips()), events: None, cards: None },
        ),
        (
            "table in a hand",
            M::Table {
                view: Box::new(view(Some(hand_view()))),
                events: Some(TableEvents { table: TABLE, first: 1_000, events: Vec::new() }),
                cards: Some(private_cards()),
            },
        ),
    ];
    let replies = super::second_factor::replies().into_iter();
    all.extend(replies.map(|(name, reply)| (name, M::SecondFactor(reply))));
    all.extend(refusals().into_iter().map(|(name, refusal)| {
        let text = refusal.to_string();
        (name, M::Refused { refusal, text })
    }));
    all
}

fn unasked() -> Vec<(&'static str, ServerMessage)> {
    use ServerMessage as M;
    let mut all = vec![
        (
            "hello",
            M::Hello {
                node: "gateway-1".to_owned(),
                version: "0.1.0".to_owned(),
                idle_ms: 15_000,
                now_ms: None,
            },
        ),
        (
            "hello with the time",
            M::Hello {
                node: "gateway-1".to_owned(),
                version: "0.1.0".to_owned(),
                idle_ms: 15_000,
                now_ms: Some(super::DEADLINE_MS - 9_000),
            },
        ),
        ("events", M::Events(table_events())),
        ("cards", M::Cards(private_cards())),
        ("cards with their places", M::Cards(cards_with_places())),
        ("given a seat", M::GivenSeat { table: TABLE, seat: 4, tournament: Some(TOURNAMENT) }),
        ("lost the seat", M::LostSeat { table: TABLE, reason: Unseating::Moved }),
        ("service", M::Service(Service { money: false, ..Service::WHOLE })),
        ("timed out", M::TimedOut { table: TABLE }),
        ("placed", M::Placed { tournament: TOURNAMENT, place: 3, prize: Chips(6_000) }),
    ];
    all.extend(closings().map(|(name, reason)| {
        let elsewhere = vec!["127.0.0.1:7001".to_owned()];
        (name, M::Closing { reason, elsewhere })
    }));
    all
}

fn closings() -> [(&'static str, Closing); 11] {
    [
        ("closing: node full", Closing::NodeFull),
        ("closing: node stopping", Closing::NodeStopping),
        ("closing: online elsewhere", Closing::OnlineElsewhere),
        ("closing: banned", Closing::Banned),
        ("closing: session ended", Closing::SessionEnded),
        ("closing: frame too large", Closing::FrameTooLarge),
        ("closing: malformed", Closing::Malformed),
        ("closing: too fast", Closing::TooFast),
        ("closing: idle", Closing::Idle),
        ("closing: too slow", Closing::TooSlow),
        ("closing: too many connections", Closing::TooManyConnections),
    ]
}

/// Returns one of each public event.
fn table_events() -> TableEvents {
    TableEvents {
        table: TABLE,
        first: 1_001,
        events: events::public_events().into_iter().map(|(_, event)| event).collect(),
    }
}

/// Returns a player's hidden cards.
pub fn private_cards() -> PrivateCards {
    PrivateCards { table: TABLE, hand: HAND, cards: cards("AsKd"), openings: Vec::new() }
}

/// Returns a player's hidden cards with the places of the deck that they came from.
pub fn cards_with_places() -> PrivateCards {
    PrivateCards { openings: vec![super::open_card(); 2], ..private_cards() }
}

/// Returns the line of a table with open decks in the lobby.
pub fn open_table_summary() -> TableSummary {
    TableSummary { config: super::open_config(), ..table_summary() }
}

/// Returns the line of a cash table in the lobby.
pub fn table_summary() -> TableSummary {
    TableSummary { table: TABLE, config: cash_config(), players: 5, hands: 16, closed: false }
}

/// Returns the line of a tournament's table.
pub fn tournament_table_summary() -> TableSummary {
    TableSummary { config: tournament_table_config(), ..table_summary() }
}

/// Returns all phases of tournaments.
pub fn phases() -> [Phase; 4] {
    [Phase::Registering, Phase::Running, Phase::Finished, Phase::Cancelled]
}

/// Returns the line of a tournament in the lobby.
pub fn tournament_summary(phase: Phase) -> TournamentSummary {
    TournamentSummary {
        tournament: TOURNAMENT,
        name: "Sunday".to_owned(),
        variant: "NT".to_owned(),
        phase,
        entries: 60,
        max_entries: 60,
        players_left: 21,
        buy_in: Chips(1_000),
        fee: Chips(100),
    }
}

/// Returns standings with a player who is left and one who is bust.
pub fn standings(payout: Payout) -> Standings {
    let standing = |place, stack, table| Standing {
        place,
        player: PLAYER,
        name: "ann".to_owned(),
        bot: false,
        stack,
        table,
        prize: Chips(6_000),
    };
    Standings {
        tournament: TOURNAMENT,
        config: wire::tournament::TournamentConfig { payout, ..tournament_config() },
        phase: Phase::Running,
        level: level(),
        stats: stats(),
        prize_pool: Chips(60_000),
        hands: 812,
        actions: 6_120,
        started_ms: AT_MS,
        settled: false,
        tables: vec![TABLE, OTHER_TABLE],
        players: vec![standing(1, Chips(14_285), Some(TABLE)), standing(22, Chips::ZERO, None)],
    }
}

/// Returns a table's view, in a hand or between two.
pub fn view(hand: Option<HandView>) -> TableView {
    TableView {
        table: TABLE,
        config: cash_config(),
        event_no: 999,
        level: level(),
        seats: vec![
            SeatView {
                seat: 2,
                player: PLAYER,
                name: "ann".to_owned(),
                bot: false,
                stack: Chips(4_775),
                waiting: Chips::ZERO,
                sitting_out: false,
                disconnected: false,
                in_hand: Some(SeatInHand { bet: Chips(200), folded: false, down: 2, up: cards("Tc") }),
            },
            SeatView {
                seat: 3,
                player: super::OTHER_PLAYER,
                name: "bob".to_owned(),
                bot: true,
                stack: Chips(5_000),
                waiting: Chips::ZERO,
                sitting_out: true,
                disconnected: true,
                in_hand: None,
            },
        ],
        hand,
        hands: 16,
        closed: false,
    }
}

fn view_with_waiting_chips() -> TableView {
    let mut view = view(Some(hand_view()));
    view.seats[0].waiting = Chips(500);
    view
}

fn hand_view() -> HandView {
    HandView {
        hand: HAND,
        button: 0,
        street: 1,
        board: cards("2c3d4h"),
        pots: vec![Chips(450), Chips(25)],
        turn: Some(TurnView { seat: 2, turn: 9, legal: super::legal(), deadline_ms: super::DEADLINE_MS }),
    }
}
