//! Frames of clients.

use super::{
    HAND, Samples, TABLE, TOURNAMENT, actions,
    second_factor::{self, CODE},
};
use wire::{
    Chips, CommandId, PlayerCommand,
    client::{ClientFrame, ClientMessage},
    deal::Contribution,
};

/// Returns samples of each request of clients, in its frame.
pub fn client_frames() -> Samples<ClientFrame> {
    use {ClientMessage as M, PlayerCommand as P};
    let (table, tournament) = (TABLE, TOURNAMENT);
    let mut all = vec![
        ("log in", log_in(None, None)),
        ("log in from a known device", log_in(Some("fedcba9876543210"), None)),
        ("log in with a code", log_in(None, Some(CODE))),
        ("resume", M::Resume { token: "0123456789abcdef".to_owned() }),
        ("log out", M::LogOut),
        (
            "change the password",
            M::ChangePassword {
                old: "correct horse".to_owned(),
                new: "battery staple".to_owned(),
                code: None,
            },
        ),
        (
            "change the password with a code",
            M::ChangePassword {
                old: "correct horse".to_owned(),
                new: "battery staple".to_owned(),
                code: Some(CODE.to_owned()),
            },
        ),
        ("sessions", M::Sessions),
        ("end a session", M::EndSession { session: 12 }),
        ("ping", M::Ping),
        ("time", M::Time),
        ("lobby", M::Lobby),
        ("a page of the lobby", M::LobbyPage { page: 2 }),
        ("balance", M::Balance),
        ("seats", M::Seats),
        ("register", M::Register { tournament }),
        ("unregister", M::Unregister { tournament }),
        ("standings", M::Standings { tournament, limit: 20 }),
        ("sit", P::Sit { seat: None, buy_in: Chips(5_000) }.at(table)),
        ("sit in a seat", P::Sit { seat: Some(3), buy_in: Chips(5_000) }.at(table)),
        ("sit out", P::SitOut.at(table)),
        ("sit in", P::SitIn.at(table)),
        ("leave", P::Leave.at(table)),
        ("top up", P::TopUp { amount: Chips(500) }.at(table)),
        ("say", P::Say { text: "nice hand, Käthe".to_owned() }.at(table)),
        ("watch", M::Watch { table, since: None }),
        ("watch since", M::Watch { table, since: Some(1_000_000) }),
        ("unwatch", M::Unwatch { table }),
        ("resync", M::Resync { table, since: None }),
        ("resync since", M::Resync { table, since: Some(255) }),
    ];
    let requests = second_factor::requests().into_iter();
    all.extend(requests.map(|(name, request)| (name, M::SecondFactor(request))));
    all.extend(actions().into_iter().map(|(name, action)| {
        let hand = HAND;
        (name, P::act(hand, 9, action).at(table))
    }));
    let mix = Some(Contribution { value: Some(super::salt()), pledge: super::digest() });
    let act = P::Act { hand: HAND, turn: 9, action: wire::Action::Call, mix };
    all.push(("call with a part in the next decks", act.at(table)));
    all.into_iter()
        .map(|(name, m)| {
            let id = CommandId(7_000_000_000_000_001);
            (name, ClientFrame { v: 1, id, m })
        })
        .collect()
}

fn log_in(device: Option<&str>, code: Option<&str>) -> ClientMessage {
    ClientMessage::LogIn {
        name: "ann".to_owned(),
        password: "correct horse".to_owned(),
        device: device.map(str::to_owned),
        code: code.map(str::to_owned),
    }
}
