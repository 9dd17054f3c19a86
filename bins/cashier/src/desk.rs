//! Answers requests from the database and passwords, without messaging.

use crate::{
    Database, Failure, audit, bots,
    failure::reply,
    guests::{self, Guests},
    inspections,
    ledger::{Movement, Posting, TournamentEntry, queue::Ledger},
    login::{self, LogIn, change::PasswordChange},
    names,
    origin::Origin,
    pass_office::PassOffice,
    passwords::{self, Passwords},
    players, second_factor, sessions,
    settlement::{self, Settlement},
};
use std::time::Duration;
use wire::{
    Refusal,
    cashier::{AdminRequest, CashierReply, SessionRequest, TableMoneyRequest, TournamentMoneyRequest},
    codec,
    fleet::Notice,
    subject,
};

/// The sender of a request. Each has its own subject, so that the server can restrict each role to
/// its own requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::Display)]
#[strum(serialize_all = "lowercase")]
pub enum Counter {
    /// Gateways.
    Session,
    /// Table workers.
    Table,
    /// Coordinators.
    Tournament,
    /// The administrator.
    Admin,
}

impl Counter {
    /// All counters.
    pub const ALL: [Self; 4] = [Self::Session, Self::Table, Self::Tournament, Self::Admin];

    /// Returns the subject of the counter's requests.
    #[must_use]
    pub const fn subject(self) -> &'static str {
        match self {
            Self::Session => subject::CASHIER_SESSION,
            Self::Table => subject::CASHIER_TABLE,
            Self::Tournament => subject::CASHIER_TOURNAMENT,
            Self::Admin => subject::CASHIER_ADMIN,
        }
    }
}

/// The result of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeskAnswer {
    /// The reply for the caller.
    pub reply: CashierReply,
    /// The notice for all gateways, which is sent before the reply.
    pub notice: Option<Notice>,
}

impl From<Result<CashierReply, Failure>> for DeskAnswer {
    fn from(outcome: Result<CashierReply, Failure>) -> Self {
        Self { reply: reply(outcome), notice: None }
    }
}

/// The part of the cashier that carries out requests.
pub struct Desk {
    database: Database,
    passwords: Passwords,
    ledger: Ledger,
    passes: PassOffice,
}

impl Desk {
    /// Returns a desk over a database. It needs a tokio runtime.
    #[must_use]
    pub fn new(database: Database, passwords: Passwords) -> Self {
        let ledger = Ledger::start(database.clone());
        let passes = PassOffice::new(database.clone());
        Self { database, passwords, ledger, passes }
    }

    /// Sets for how long session passes are valid.
    #[must_use]
    pub fn with_passes_valid_for(mut self, valid: Duration) -> Self {
        self.passes.set_valid(valid);
        self
    }

    /// Returns the part that gives out session passes.
    #[must_use]
    pub fn passes(&self) -> &PassOffice {
        &self.passes
    }

    /// Returns the database.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Returns the number of postings since the start.
    #[must_use]
    pub fn posted(&self) -> u64 {
        self.ledger.posted()
    }

    /// Answers a request from its bytes.
    pub async fn answer(&self, counter: Counter, payload: &[u8]) -> DeskAnswer {
        let answer = match counter {
            Counter::Session => match codec::decode(payload) {
                Ok(request) => self.session(request).await.into(),
                Err(error) => unreadable(counter, &error),
            },
            Counter::Table => match codec::decode(payload) {
                Ok(request) => self.table(request).await.into(),
                Err(error) => unreadable(counter, &error),
            },
            Counter::Tournament => match codec::decode(payload) {
                Ok(request) => self.tournament(request).await.into(),
                Err(error) => unreadable(counter, &error),
            },
            Counter::Admin => match codec::decode(payload) {
                Ok(request) => self.admin(request).await,
                Err(error) => unreadable(counter, &error),
            },
        };
        if let CashierReply::Refused(refusal) = &answer.reply {
            tracing::debug!(%counter, %refusal, "a request is refused");
        }
        answer
    }

    /// Answers gateways.
    ///
    /// # Errors
    /// The refusal, or the database's failure.
    pub async fn session(&self, request: SessionRequest) -> Result<CashierReply, Failure> {
        Ok(match request {
            SessionRequest::LogIn { name, password, address, device, code, gateway } => {
                // Without the key no session is opened, and no code is used up.
                self.passes.public_key().await?;
                let request = LogIn { name, password, address, device, code };
                let session = login::log_in(&self.database, &self.passwords, request).await?;
                CashierReply::Session(self.passes.add_to(session, gateway).await?)
            }
            SessionRequest::Resume { token, gateway } => {
                let session = sessions::resume(&self.database, token).await?;
                CashierReply::Session(self.passes.add_to(session, gateway).await?)
            }
            SessionRequest::LogOut { token } => {
                sessions::close(&self.database, &token).await?;
                CashierReply::Done
            }
            SessionRequest::ChangePassword { token, old, new, code } => {
                let change = PasswordChange { token, old, new, code };
                login::change::change(&self.database, &self.passwords, change).await?;
                CashierReply::Done
            }
            SessionRequest::SecondFactor { token, request } => {
                login::second_factor::answer(&self.database, &self.passwords, &token, request).await?
            }
            SessionRequest::Sessions { token } => {
                CashierReply::Sessions(sessions::of_session(&self.database, &token).await?)
            }
            SessionRequest::EndSession { token, session } => {
                sessions::end_one(&self.database, &token, session).await?;
                CashierReply::Done
            }
            SessionRequest::Check { sessions, gateway } => {
                let ended = sessions::ended(&self.database, &sessions).await?;
                match gateway {
                    Some(gateway) => {
                        CashierReply::Checked(self.passes.renew(&sessions, ended, gateway).await?)
                    }
                    None => CashierReply::Ended(ended),
                }
            }
            SessionRequest::Balance { player } => {
                let (balance, in_play) = players::balance(&self.database, player).await?;
                CashierReply::Balance { balance, in_play }
            }
        })
    }

    /// Answers table workers.
    ///
    /// # Errors
    /// The refusal, or the database's failure.
    pub async fn table(&self, request: TableMoneyRequest) -> Result<CashierReply, Failure> {
        self.ledger.post(Posting::of_table(request)?).await?;
        Ok(CashierReply::Done)
    }

    /// Answers coordinators.
    ///
    /// # Errors
    /// The refusal, or the database's failure.
    pub async fn tournament(&self, request: TournamentMoneyRequest) -> Result<CashierReply, Failure> {
        use TournamentMoneyRequest::{Bots, Enter, Refund, Settle};
        match request {
            Enter { tournament, player, entry: number, buy_in, fee } => {
                let entry = TournamentEntry { tournament, player, number, buy_in, fee };
                self.ledger.post(Posting::enter(entry)?).await?;
            }
            Refund { tournament, player, entry: number, buy_in, fee } => {
                let entry = TournamentEntry { tournament, player, number, buy_in, fee };
                self.ledger.post(Posting::refund(entry)?).await?;
            }
            Settle { tournament, name, places, finished_ms } => {
                let settlement = Settlement::new(tournament, name, places, finished_ms)?;
                if settlement::settle(&self.database, &settlement).await? {
                    self.ledger.count();
                }
            }
            Bots { count } => return self.bots(count).await,
        }
        Ok(CashierReply::Done)
    }

    /// Answers the administrator.
    pub async fn admin(&self, request: AdminRequest) -> DeskAnswer {
        let notice = match request {
            AdminRequest::Ban { player, banned: true } => Some(Notice::Banned { player }),
            AdminRequest::EndSessions { player } => Some(Notice::SessionsEnded { player }),
            AdminRequest::Ban { banned: false, .. }
            | AdminRequest::CreatePlayer { .. }
            | AdminRequest::ShowPlayer { .. }
            | AdminRequest::Credit { .. }
            | AdminRequest::Sessions { .. }
            | AdminRequest::Bots { .. }
            | AdminRequest::Results { .. }
            | AdminRequest::Audit
            | AdminRequest::Inspect { .. }
            | AdminRequest::RemoveSecondFactor { .. }
            | AdminRequest::Guests { .. } => None,
        };
        let outcome = self.administer(request).await;
        let notice = notice.filter(|_| outcome.is_ok());
        DeskAnswer { reply: reply(outcome), notice }
    }

    async fn administer(&self, request: AdminRequest) -> Result<CashierReply, Failure> {
        Ok(match request {
            AdminRequest::CreatePlayer { name, password } => {
                names::check(&name)?;
                passwords::rules::check(&password, &name)?;
                let turn = self.passwords.turn(Origin::Administrator).await?;
                let hash = self.passwords.hash(turn, password).await?;
                CashierReply::Player(players::create(&self.database, &name, &hash).await?)
            }
            AdminRequest::ShowPlayer { player } => {
                CashierReply::Player(players::find(&self.database, &player).await?)
            }
            AdminRequest::Credit { posting, player, amount } => {
                let movement = Movement::Credit { player, amount };
                self.ledger.post(Posting::named(posting, movement)?).await?;
                CashierReply::Done
            }
            AdminRequest::Ban { player, banned } => {
                players::ban(&self.database, player, banned).await?;
                CashierReply::Done
            }
            AdminRequest::Sessions { player } => {
                CashierReply::Sessions(sessions::of_player(&self.database, player).await?)
            }
            AdminRequest::EndSessions { player } => {
                sessions::end_all(&self.database, player).await?;
                CashierReply::Done
            }
            AdminRequest::RemoveSecondFactor { id, player, reason } => {
                second_factor::remove(&self.database, id, player, &reason).await?;
                CashierReply::Done
            }
            AdminRequest::Bots { count } => self.bots(count).await?,
            AdminRequest::Results { tournament } => {
                CashierReply::Results(settlement::results(&self.database, tournament).await?)
            }
            AdminRequest::Audit => CashierReply::Audit(audit::audit(&self.database).await?),
            AdminRequest::Inspect { id, table, hand, reason } => {
                inspections::note(&self.database, id, (table, hand), &reason).await?;
                CashierReply::Done
            }
            AdminRequest::Guests { prefix, first, count, credit } => {
                let guests = Guests::new(&prefix, first, count)?;
                let sessions = guests::open(&self.database, &guests).await?;
                guests::credit(&self.ledger, &sessions, credit).await?;
                CashierReply::Guests(sessions)
            }
        })
    }

    async fn bots(&self, count: u32) -> Result<CashierReply, Failure> {
        Ok(CashierReply::Bots(bots::first(&self.database, count).await?))
    }
}

/// Refuses a message that cannot be decoded. The decoder's texts name fields and types, never
/// values, so they contain no password.
fn unreadable(counter: Counter, error: &codec::CodecError) -> DeskAnswer {
    tracing::warn!(%counter, "a request cannot be decoded: it is refused with the decoder's reason");
    DeskAnswer { reply: CashierReply::Refused(Refusal::bad_message(error.to_string())), notice: None }
}
