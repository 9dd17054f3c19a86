//! A cashier with an account for every name.

use bus::{Bus, Requests};
use futures::StreamExt;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};
use wire::{
    Chips, PlayerId, Refusal,
    cashier::{Account, CashierReply, Session, SessionRequest},
    codec,
    fleet::Notice,
    subject,
};

/// A cashier that knows each name, with sessions and bans.
pub struct FakeCashier {
    bus: Bus,
    books: Arc<Mutex<Books>>,
}

#[derive(Default)]
struct Books {
    players: BTreeMap<String, PlayerId>,
    sessions: HashMap<String, (PlayerId, String)>,
    banned: Vec<PlayerId>,
}

impl FakeCashier {
    /// Answers requests for sessions from now on.
    pub async fn start(bus: Bus) -> Self {
        let books = Arc::new(Mutex::new(Books::default()));
        let requests = bus.serve(subject::CASHIER_SESSION.to_owned(), Some("cashier")).await.unwrap();
        tokio::spawn(serve(requests, Arc::clone(&books)));
        Self { bus, books }
    }

    /// Returns a player's id; no account is needed before.
    pub fn player(&self, name: &str) -> PlayerId {
        self.books.lock().unwrap().player(name)
    }

    /// Bans an account and tells the gateways.
    pub async fn ban(&self, name: &str) {
        let player = self.player(name);
        self.books.lock().unwrap().banned.push(player);
        let notice = codec::encode(&Notice::Banned { player }).unwrap();
        self.bus.publish(subject::NOTICE.to_owned(), notice.into()).await.unwrap();
    }

    /// Ends all sessions.
    pub fn forget_sessions(&self) {
        self.books.lock().unwrap().sessions.clear();
    }
}

async fn serve(mut requests: Requests, books: Arc<Mutex<Books>>) {
    while let Some(request) = requests.next().await {
        let answer = books.lock().unwrap().answer(request.decode().unwrap());
        request.answer(&answer).await.unwrap();
    }
}

impl Books {
    fn player(&mut self, name: &str) -> PlayerId {
        let next = PlayerId(self.players.len() as u64 + 1);
        *self.players.entry(name.to_owned()).or_insert(next)
    }

    fn answer(&mut self, request: SessionRequest) -> CashierReply {
        match request {
            SessionRequest::LogIn { name, password } if password == format!("{name}'s password") => {
                let player = self.player(&name);
                let token = format!("token {} of {name}", self.sessions.len());
                self.sessions.insert(token.clone(), (player, name.clone()));
                self.session(player, name, token)
            }
            SessionRequest::LogIn { .. } => CashierReply::Refused(Refusal::BadCredentials),
            SessionRequest::Resume { token } => match self.sessions.get(&token).cloned() {
                Some((player, name)) => self.session(player, name, token),
                None => CashierReply::Refused(Refusal::SessionExpired),
            },
            SessionRequest::LogOut { token } => {
                self.sessions.remove(&token);
                CashierReply::Done
            }
            SessionRequest::Balance { player } => {
                CashierReply::Balance { balance: Chips(player.0 * 1_000), in_play: Chips(player.0) }
            }
        }
    }

    fn session(&self, player: PlayerId, name: String, token: String) -> CashierReply {
        if self.banned.contains(&player) {
            return CashierReply::Refused(Refusal::Banned);
        }
        CashierReply::Session(Session { account: Account { player, name }, token })
    }
}
