//! Commands to tables, and their answers.

use super::{
    HAND, OTHER_PLAYER, PLAYER, Samples, TABLE, actions, cash_config, connection, instruction, refusals,
    server, tournament_table_config,
};
use wire::{
    Chips, CommandId, PlayerCommand,
    client::{ServerFrame, ServerMessage, TableEvents},
    codec,
    deal::Contribution,
    table::{
        DealtCards, FeedMessage, HouseBot, PlayerSeats, Resync, TableCommand, TableNews, TableReply,
        TableRequest, WorkersAnswer, WorkersQuery,
    },
    tournament::Then,
};

/// Returns samples of each command to tables.
pub fn requests() -> Samples<TableRequest> {
    use {PlayerCommand as P, TableCommand as C};
    let bots = vec![HouseBot { player: OTHER_PLAYER, name: "robby".to_owned(), buy_in: Chips(5_000) }];
    let nobodys = vec![
        ("create a cash table", C::Create { config: cash_config(), bots }),
        ("create a tournament's table", C::Create { config: tournament_table_config(), bots: Vec::new() }),
        ("create a table with open decks", C::Create { config: super::open_config(), bots: Vec::new() }),
        ("instruct to play", C::Instruct(instruction(Then::Play))),
        ("instruct to wait", C::Instruct(instruction(Then::Wait))),
        ("instruct to close", C::Instruct(instruction(Then::Close))),
        ("close", C::Close),
        ("script", C::Script(super::events::script())),
    ];
    let mut players = vec![
        ("sit", P::Sit { seat: Some(3), buy_in: Chips(5_000) }.by("ann")),
        ("sit out", P::SitOut.by("ann")),
        ("sit in", P::SitIn.by("ann")),
        ("leave", P::Leave.by("ann")),
        ("top up", P::TopUp { amount: Chips(500) }.by("ann")),
        ("say", P::Say { text: "nice hand, Käthe".to_owned() }.by("ann")),
        ("online", C::Online { connection: connection() }),
        ("gone", C::Gone { connection: connection() }),
        ("resync", C::Resync { since: None }),
        ("resync since", C::Resync { since: Some(998) }),
    ];
    players.extend(actions().into_iter().map(|(name, action)| {
        let act = P::act(HAND, 9, action).by("ann");
        (name, act)
    }));
    let mix = Some(Contribution { value: Some(super::salt()), pledge: super::digest() });
    let act = P::Act { hand: HAND, turn: 9, action: wire::Action::Call, mix };
    players.push(("call with a pledge", act.by("ann")));
    let request = |player, command| TableRequest {
        table: TABLE,
        id: CommandId(69_641),
        player,
        command,
        on_feed: false,
        pass: None,
    };
    let nobodys = nobodys.into_iter().map(|(name, c)| (name, request(None, c)));
    let players = players.into_iter().map(|(name, c)| (name, request(Some(PLAYER), c)));
    let on_feed = TableRequest { on_feed: true, ..request(Some(PLAYER), P::SitIn.by("ann")) };
    let proven = TableRequest { pass: Some(super::pass()), ..on_feed.clone() };
    let more = [("sit in, answered on the feed", on_feed), ("sit in, with a pass", proven)];
    nobodys.chain(players).chain(more).collect()
}

/// Returns samples of each answer of tables.
pub fn replies() -> Samples<TableReply> {
    use TableReply as R;
    let mut all = vec![("done", R::Done { event_no: 1_001 }), ("seat", R::Seat { seat: 3, event_no: 1_001 })];
    let messages = server::server_frames();
    for (name, frame) in messages {
        if let wire::client::ServerMessage::Table { view, events, cards } = frame.m {
            let view = *view;
            let events = events.map(|_| every_event());
            all.push((name, R::Resync(Box::new(Resync { view, events, cards }))));
        }
    }
    all.push((
        "table with open decks, with places of the deck",
        R::Resync(Box::new(Resync {
            view: wire::view::TableView { config: super::open_config(), ..server::view(None) },
            events: None,
            cards: Some(server::cards_with_places()),
        })),
    ));
    all.push((
        "table of a tournament",
        R::Resync(Box::new(Resync {
            view: wire::view::TableView { config: tournament_table_config(), ..server::view(None) },
            events: None,
            cards: None,
        })),
    ));
    all.extend(refusals().into_iter().map(|(name, refusal)| (name, R::Refused(refusal))));
    all
}

/// Returns samples of messages of the feed.
pub fn news() -> Samples<FeedMessage> {
    let frame = ServerFrame { v: 1, re: None, m: ServerMessage::Events(every_event()) };
    let frame = codec::encode(&frame).unwrap();
    let told = TableNews { table: TABLE, frame, cards: Vec::new(), answers: None, turn: None };
    let cards = vec![DealtCards { player: PLAYER, cards: server::private_cards() }];
    let deal = TableNews { cards, ..told.clone() };
    let cards = vec![DealtCards { player: PLAYER, cards: server::cards_with_places() }];
    let few = ServerFrame { v: 1, re: None, m: ServerMessage::Events(few_events()) };
    let opened = TableNews { cards, frame: codec::encode(&few).unwrap(), ..told.clone() };
    let answer = TableNews { answers: Some("_INBOX_gateway.U2xvd2x5IG5vdw.7".into()), ..told.clone() };
    let turn = TableNews { turn: Some(PLAYER), ..told };
    vec![
        ("a deal and an answer", FeedMessage { told: vec![deal, answer] }),
        ("a deal with places of the deck", FeedMessage { told: vec![opened] }),
        ("somebody is to act", FeedMessage { told: vec![turn] }),
    ]
}

fn few_events() -> TableEvents {
    TableEvents { events: vec![wire::event::Event::SatOut { seat: 4 }], ..every_event() }
}

fn every_event() -> TableEvents {
    let events = super::events::public_events();
    TableEvents { table: TABLE, first: 1_001, events: events.into_iter().map(|(_, event)| event).collect() }
}

/// Returns samples of each query to table workers.
pub fn queries() -> Samples<WorkersQuery> {
    vec![
        ("tables", WorkersQuery::Tables { limit: 1_000, tournaments: true }),
        ("seats", WorkersQuery::Seats { player: PLAYER }),
        ("seats of several", WorkersQuery::SeatsOf { players: vec![PLAYER, OTHER_PLAYER] }),
    ]
}

/// Returns samples of each answer to them.
pub fn answers() -> Samples<WorkersAnswer> {
    vec![
        ("tables", WorkersAnswer::Tables(vec![server::table_summary(), server::tournament_table_summary()])),
        ("tables with open decks", WorkersAnswer::Tables(vec![server::open_table_summary()])),
        ("seats", WorkersAnswer::Seats(vec![TABLE])),
        (
            "seats of several",
            WorkersAnswer::SeatsOf(vec![PlayerSeats { player: PLAYER, tables: vec![TABLE] }]),
        ),
    ]
}
