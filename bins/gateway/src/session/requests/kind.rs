//! The kinds of requests that clients send.

use super::{
    account::Account,
    balance::Balance,
    command::Command,
    lobby::Lobby,
    log_out::LogOut,
    open::Open,
    request::Kind,
    seats::Seats,
    tournament::{Ask, Tournament},
    watch::{Look, Since, Unwatch, Watch},
};
use crate::limits::STANDINGS;
use wire::{
    cashier::SessionRequest,
    client::{ClientMessage, ServerMessage},
};

/// Returns the kind of a client's request.
///
/// # Errors
/// The answer, for requests that need no other member.
pub(super) fn of(message: ClientMessage) -> Result<Box<dyn Kind>, ServerMessage> {
    Ok(match message {
        ClientMessage::Ping => return Err(ServerMessage::Pong),
        ClientMessage::Time => return Err(ServerMessage::Time { now_ms: bus::clock::now_ms() }),
        ClientMessage::LogIn { name, password, device, code } => {
            let (address, gateway) = (None, None);
            Box::new(Open(SessionRequest::LogIn { name, password, address, device, code, gateway }))
        }
        ClientMessage::Resume { token } => Box::new(Open(SessionRequest::Resume { token, gateway: None })),
        ClientMessage::LogOut => Box::new(LogOut),
        ClientMessage::ChangePassword { old, new, code } => {
            Box::new(Account::ChangePassword { old, new, code })
        }
        ClientMessage::SecondFactor(request) => Box::new(Account::SecondFactor(request)),
        ClientMessage::Sessions => Box::new(Account::Sessions),
        ClientMessage::EndSession { session } => Box::new(Account::EndSession { session }),
        ClientMessage::Lobby => Box::new(Lobby { page: None }),
        ClientMessage::LobbyPage { page } => Box::new(Lobby { page: Some(page) }),
        ClientMessage::Balance => Box::new(Balance),
        ClientMessage::Seats => Box::new(Seats),
        ClientMessage::Register { tournament } => Box::new(Tournament { tournament, ask: Ask::Register }),
        ClientMessage::Unregister { tournament } => Box::new(Tournament { tournament, ask: Ask::Unregister }),
        ClientMessage::Standings { tournament, limit } => {
            Box::new(Tournament { tournament, ask: Ask::Show { limit: limit.min(STANDINGS) } })
        }
        ClientMessage::Command { table, command } => Box::new(Command { table, command }),
        ClientMessage::Watch { table, since } => Box::new(Watch { table, since: Since::Given(since) }),
        ClientMessage::Unwatch { table } => Box::new(Unwatch { table }),
        ClientMessage::Resync { table, since } => Box::new(Look { table, since }),
    })
}
