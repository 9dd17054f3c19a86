//! A cashier with an account for every name.

use bus::{Bus, Requests};
use futures::StreamExt;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};
use wire::{
    Chips, PlayerId, Refusal,
    cashier::{Account, CashierReply, EndedSession, Session, SessionRequest},
    codec,
    fleet::Notice,
    second_factor::{SecondFactorReply, SecondFactorRequest},
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
    /// Address and device of each log-in with the right password.
    origins: Vec<(Option<String>, Option<String>)>,
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

    /// Returns address and device of each log-in.
    pub fn origins(&self) -> Vec<(Option<String>, Option<String>)> {
        self.books.lock().unwrap().origins.clone()
    }

    /// Ends a player's sessions, as the administrator asks for it.
    pub async fn end_sessions(&self, name: &str) {
        let player = self.player(name);
        self.forget_sessions();
        let notice = codec::encode(&Notice::SessionsEnded { player }).unwrap();
        self.bus.publish(subject::NOTICE.to_owned(), notice.into()).await.unwrap();
    }

    /// Bans an account, and the notice does not reach the gateways.
    pub fn ban_unheard(&self, name: &str) {
        let player = self.player(name);
        self.books.lock().unwrap().banned.push(player);
    }

    /// Ends a player's sessions, and the notice does not reach the gateways.
    pub fn end_sessions_unheard(&self, name: &str) {
        let player = self.player(name);
        self.books.lock().unwrap().sessions.retain(|_, (of, _)| *of != player);
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
            SessionRequest::LogIn { name, password, code: None, .. }
                if name == "cody" && password == "cody's password" =>
            {
                CashierReply::Refused(Refusal::CodeNeeded)
            }
            SessionRequest::LogIn { name, password, address, device, .. }
                if password == format!("{name}'s password") =>
            {
                self.origins.push((address, device));
                let player = self.player(&name);
                let token = format!("token {} of {name}", self.sessions.len());
                self.sessions.insert(token.clone(), (player, name.clone()));
                let mut reply = self.session(player, name, token);
                if let CashierReply::Session(session) = &mut reply {
                    session.device = Some(format!("device {player}"));
                }
                reply
            }
            SessionRequest::LogIn { .. } => CashierReply::Refused(Refusal::BadCredentials),
            SessionRequest::Resume { token, gateway: _ } => match self.sessions.get(&token).cloned() {
                Some((player, name)) => self.session(player, name, token),
                None => CashierReply::Refused(Refusal::SessionExpired),
            },
            SessionRequest::LogOut { token } => {
                self.sessions.remove(&token);
                CashierReply::Done
            }
            SessionRequest::ChangePassword { old, .. } => match old.as_str() {
                "wrong" => CashierReply::Refused(Refusal::BadCredentials),
                _ => CashierReply::Done,
            },
            SessionRequest::SecondFactor { token, request } => {
                if !self.sessions.contains_key(&token) {
                    return CashierReply::Refused(Refusal::SessionExpired);
                }
                match request {
                    SecondFactorRequest::Begin => {
                        let (secret, uri) = ("SECRET".to_owned(), "otpauth://totp/SECRET".to_owned());
                        CashierReply::SecondFactor(SecondFactorReply::Secret { secret, uri })
                    }
                    SecondFactorRequest::Confirm { code, .. }
                    | SecondFactorRequest::NewRecoveryCodes { code, .. } => {
                        CashierReply::SecondFactor(SecondFactorReply::RecoveryCodes(vec![code]))
                    }
                    SecondFactorRequest::End { .. } => CashierReply::Done,
                }
            }
            SessionRequest::Sessions { token } => {
                let own = |(session, _): (u64, _)| wire::cashier::SessionSummary {
                    session,
                    opened_ms: 1,
                    used_ms: 2,
                    network: None,
                    own: self.sessions.contains_key(&token),
                };
                CashierReply::Sessions((1..).zip(&self.sessions).map(own).collect())
            }
            SessionRequest::EndSession { token, .. } => match self.sessions.get(&token) {
                Some(_) => CashierReply::Done,
                None => CashierReply::Refused(Refusal::SessionExpired),
            },
            SessionRequest::Check { sessions, gateway: _ } => {
                let ended = (0..).zip(&sessions).filter_map(|(index, held)| {
                    let banned = self.banned.contains(&held.player);
                    let has_ended = banned || !self.sessions.contains_key(&held.token);
                    has_ended.then_some(EndedSession { index, banned })
                });
                CashierReply::Ended(ended.collect())
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
        CashierReply::Session(Session { account: Account { player, name }, token, device: None, pass: None })
    }
}
