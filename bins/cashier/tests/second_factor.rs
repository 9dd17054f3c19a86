//! Second factors against a real PostgreSQL: on, off, codes that are wrong or used, recovery codes,
//! locks, and what a stranger learns.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use cashier::{Desk, sweep::sweep};
use common::*;
use testkit::Authenticator;
use wire::{
    CommandId, PlayerId, Refusal,
    cashier::{AdminRequest, CashierReply, Session, SessionRequest},
    second_factor::{SecondFactorReply, SecondFactorRequest},
};

const HOME: &str = "192.0.2.7";
const WRONG: &str = "wrong password";
const NEW: &str = "four wet green lamps";

/// An account whose second factor is on.
struct Alice {
    house: House,
    desk: Desk,
    player: PlayerId,
    /// The session that turned it on.
    session: Session,
    authenticator: Authenticator,
    recovery: Vec<String>,
}

async fn request(desk: &Desk, token: &str, request: SecondFactorRequest) -> CashierReply {
    said(desk.session(SessionRequest::SecondFactor { token: token.to_owned(), request }).await)
}

fn confirm(password: &str, code: &str) -> SecondFactorRequest {
    SecondFactorRequest::Confirm { password: password.to_owned(), code: code.to_owned() }
}

fn renew(password: &str, code: &str) -> SecondFactorRequest {
    SecondFactorRequest::NewRecoveryCodes { password: password.to_owned(), code: code.to_owned() }
}

fn end(password: &str, code: &str) -> SecondFactorRequest {
    SecondFactorRequest::End { password: password.to_owned(), code: code.to_owned() }
}

/// Returns the secret of a begun second factor.
async fn begin(desk: &Desk, token: &str) -> String {
    match request(desk, token, SecondFactorRequest::Begin).await {
        CashierReply::SecondFactor(SecondFactorReply::Secret { secret, uri }) => {
            assert!(uri.starts_with(&format!("otpauth://totp/Poker:Alice?secret={secret}&")), "{uri}");
            secret
        }
        other => panic!("{other:?}"),
    }
}

fn recovery_codes(reply: CashierReply) -> Vec<String> {
    match reply {
        CashierReply::SecondFactor(SecondFactorReply::RecoveryCodes(codes)) => codes,
        other => panic!("{other:?}"),
    }
}

fn opened(reply: CashierReply) -> Session {
    match reply {
        CashierReply::Session(session) => session,
        other => panic!("{other:?}"),
    }
}

fn is_locked(reply: &CashierReply) -> bool {
    matches!(reply, CashierReply::Refused(Refusal::LockedOut { .. }))
}

async fn enter(desk: &Desk, password: &str, code: Option<&str>) -> CashierReply {
    said(desk.session(log_in_with("Alice", password, Some(HOME), None, code)).await)
}

impl Alice {
    /// Creates the account and turns the second factor on, some minutes ago.
    async fn protected() -> Self {
        let house = House::start().await;
        let desk = house.desk();
        let player = create(&desk, "Alice").await;
        let session = opened(enter(&desk, PASSWORD, None).await);
        let authenticator = Authenticator::new(&begin(&desk, &session.token).await).unwrap();
        let [code, _] = authenticator.codes().unwrap();
        let recovery = recovery_codes(request(&desk, &session.token, confirm(PASSWORD, &code)).await);
        let alice = Self { house, desk, player, session, authenticator, recovery };
        alice.minutes_pass().await;
        alice
    }

    /// Lets the codes that were used be those of earlier time steps.
    async fn minutes_pass(&self) {
        let owner = self.house.owner().await;
        owner.execute("UPDATE second_factors SET last_step = last_step - 100", &[]).await.unwrap();
    }

    async fn enter(&self, code: Option<&str>) -> CashierReply {
        enter(&self.desk, PASSWORD, code).await
    }

    async fn asks(&self, what: SecondFactorRequest) -> CashierReply {
        request(&self.desk, &self.session.token, what).await
    }

    async fn changes_password(&self, code: Option<&str>) -> CashierReply {
        let (token, code) = (self.session.token.clone(), code.map(str::to_owned));
        let (old, new) = (PASSWORD.to_owned(), NEW.to_owned());
        said(self.desk.session(SessionRequest::ChangePassword { token, old, new, code }).await)
    }
}

#[tokio::test]
async fn a_second_factor_is_on_once_it_is_confirmed_with_password_and_code() {
    let house = House::start().await;
    let desk = house.desk();
    create(&desk, "Alice").await;
    let session = opened(enter(&desk, PASSWORD, None).await);
    let token = session.token.as_str();
    let unasked = request(&desk, token, confirm(PASSWORD, "287082")).await;
    assert_eq!(unasked, refused(Refusal::NoSecondFactor));
    let secret = begin(&desk, token).await;
    assert_eq!(begin(&desk, token).await, secret, "a repeat gets the same secret");
    let authenticator = Authenticator::new(&secret).unwrap();
    let [code, next] = authenticator.codes().unwrap();
    let wrong = authenticator.wrong_code().unwrap();
    assert_eq!(request(&desk, token, confirm(WRONG, &code)).await, refused(Refusal::BadCredentials));
    assert_eq!(request(&desk, token, confirm(PASSWORD, &wrong)).await, refused(Refusal::BadCode));
    // Nothing is on yet; another session cannot confirm this one's secret, and gets its own.
    let other = opened(enter(&desk, PASSWORD, None).await);
    let foreign = request(&desk, &other.token, confirm(PASSWORD, &code)).await;
    assert_eq!(foreign, refused(Refusal::NoSecondFactor));
    assert!(!show(&desk, "Alice").await.second_factor);
    let recovery = recovery_codes(request(&desk, token, confirm(PASSWORD, &code)).await);
    assert_eq!(recovery.len(), 10);
    assert!(show(&desk, "Alice").await.second_factor);
    for again in [SecondFactorRequest::Begin, confirm(PASSWORD, &next)] {
        assert_eq!(request(&desk, token, again).await, refused(Refusal::HasSecondFactor));
    }
    // The code that confirmed it logs in to nothing; the next one does. Sessions resume without.
    assert_eq!(enter(&desk, PASSWORD, Some(&code)).await, refused(Refusal::BadCode));
    opened(enter(&desk, PASSWORD, Some(&next)).await);
    opened(said(desk.session(SessionRequest::Resume { token: token.to_owned(), gateway: None }).await));
}

#[tokio::test]
async fn a_secret_that_was_not_confirmed_within_an_hour_is_forgotten() {
    let house = House::start().await;
    let desk = house.desk();
    create(&desk, "Alice").await;
    let session = opened(enter(&desk, PASSWORD, None).await);
    let secret = begin(&desk, &session.token).await;
    let [code, _] = Authenticator::new(&secret).unwrap().codes().unwrap();
    let owner = house.owner().await;
    let age = "UPDATE second_factors SET begun_at = begun_at - interval '61 minutes'";
    owner.execute(age, &[]).await.unwrap();
    let late = request(&desk, &session.token, confirm(PASSWORD, &code)).await;
    assert_eq!(late, refused(Refusal::NoSecondFactor));
    let fresh = begin(&desk, &session.token).await;
    assert_ne!(fresh, secret);
    sweep(desk.database()).await.unwrap();
    assert_eq!(begin(&desk, &session.token).await, fresh, "the sweep leaves what is new");
    owner.execute(age, &[]).await.unwrap();
    sweep(desk.database()).await.unwrap();
    assert!(owner.query("SELECT FROM second_factors", &[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_code_is_asked_for_after_the_right_password_and_accepted_once() {
    let alice = Alice::protected().await;
    // A wrong password is answered alike, with and without a code, right or wrong.
    let [code, next] = alice.authenticator.codes().unwrap();
    for given in [None, Some(code.as_str())] {
        assert_eq!(enter(&alice.desk, WRONG, given).await, refused(Refusal::BadCredentials));
    }
    assert_eq!(alice.enter(None).await, refused(Refusal::CodeNeeded));
    assert_eq!(alice.enter(Some(" ")).await, refused(Refusal::CodeNeeded));
    opened(alice.enter(Some(&next)).await);
    // Neither the used code nor an older one is accepted from now on.
    for used in [&next, &code] {
        assert_eq!(alice.enter(Some(used)).await, refused(Refusal::BadCode));
    }
    alice.minutes_pass().await;
    let (first, second) = tokio::join!(alice.enter(Some(&code)), alice.enter(Some(&code)));
    let replies = [first, second];
    let entered = replies.iter().filter(|reply| matches!(reply, CashierReply::Session(_))).count();
    assert_eq!(entered, 1, "{replies:?}");
    assert!(replies.contains(&refused(Refusal::BadCode)), "{replies:?}");
    // An account without a second factor ignores codes.
    create(&alice.desk, "Bob").await;
    let bob = log_in_with("Bob", PASSWORD, Some(HOME), None, Some("287082"));
    opened(said(alice.desk.session(bob).await));
}

#[tokio::test]
async fn a_recovery_code_is_accepted_once_in_place_of_a_code() {
    let alice = Alice::protected().await;
    let typed = alice.recovery[0].to_uppercase().replace('-', " ");
    opened(alice.enter(Some(&typed)).await);
    assert_eq!(alice.enter(Some(&alice.recovery[0])).await, refused(Refusal::BadCode));
    opened(alice.enter(Some(&alice.recovery[1])).await);
    // The database has no code as it is.
    let rows = alice.house.owner().await.query("SELECT code_hash FROM recovery_codes", &[]).await.unwrap();
    let stored: Vec<Vec<u8>> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(stored.len(), 10);
    assert!(alice.recovery.iter().all(|code| !stored.contains(&code.clone().into_bytes())));
    // New codes take the place of all others; an old one pays for them.
    assert_eq!(alice.asks(renew(WRONG, &alice.recovery[2])).await, refused(Refusal::BadCredentials));
    let new = recovery_codes(alice.asks(renew(PASSWORD, &alice.recovery[2])).await);
    assert_eq!(new.len(), 10);
    for old in &alice.recovery[2..4] {
        assert_eq!(alice.enter(Some(old)).await, refused(Refusal::BadCode));
    }
    opened(alice.enter(Some(&new[0])).await);
}

#[tokio::test]
async fn turning_it_off_needs_password_and_code() {
    let alice = Alice::protected().await;
    let [code, _] = alice.authenticator.codes().unwrap();
    let wrong = alice.authenticator.wrong_code().unwrap();
    assert_eq!(alice.asks(end(WRONG, &code)).await, refused(Refusal::BadCredentials));
    assert_eq!(alice.asks(end(PASSWORD, "")).await, refused(Refusal::CodeNeeded));
    assert_eq!(alice.asks(end(PASSWORD, &wrong)).await, refused(Refusal::BadCode));
    assert_eq!(alice.enter(None).await, refused(Refusal::CodeNeeded));
    assert_eq!(alice.asks(end(PASSWORD, &code)).await, CashierReply::Done);
    opened(alice.enter(None).await);
    // A repeat, whose first answer was lost, is answered as done.
    assert_eq!(alice.asks(end(PASSWORD, &code)).await, CashierReply::Done);
    let none = alice.asks(renew(PASSWORD, &alice.recovery[0])).await;
    assert_eq!(none, refused(Refusal::NoSecondFactor));
    assert!(!show(&alice.desk, "Alice").await.second_factor);
}

#[tokio::test]
async fn a_changed_password_needs_a_code() {
    let alice = Alice::protected().await;
    let wrong = alice.authenticator.wrong_code().unwrap();
    assert_eq!(alice.changes_password(None).await, refused(Refusal::CodeNeeded));
    assert_eq!(alice.changes_password(Some(&wrong)).await, refused(Refusal::BadCode));
    opened(alice.enter(Some(&alice.recovery[0])).await);
    let [code, next] = alice.authenticator.codes().unwrap();
    assert_eq!(alice.changes_password(Some(&code)).await, CashierReply::Done);
    assert_eq!(alice.changes_password(Some(&code)).await, CashierReply::Done, "a repeat");
    assert_eq!(enter(&alice.desk, NEW, None).await, refused(Refusal::CodeNeeded));
    opened(enter(&alice.desk, NEW, Some(&next)).await);
}

#[tokio::test]
async fn wrong_codes_lock_their_network_and_then_all_networks_but_no_known_device() {
    let alice = Alice::protected().await;
    let device = opened(alice.enter(Some(&alice.recovery[0])).await).device.unwrap();
    let wrong = alice.authenticator.wrong_code().unwrap();
    let from = async |address: &str, device: Option<&str>, code: Option<&str>| {
        said(alice.desk.session(log_in_with("Alice", PASSWORD, Some(address), device, code)).await)
    };
    // Asking for nothing but the refusal forgives no wrong code.
    let thief = "198.51.100.7";
    for _ in 0..2 {
        assert_eq!(from(thief, None, Some(&wrong)).await, refused(Refusal::BadCode));
        assert_eq!(from(thief, None, None).await, refused(Refusal::CodeNeeded));
    }
    assert_eq!(from(thief, None, Some(&wrong)).await, refused(Refusal::BadCode));
    assert!(is_locked(&from(thief, None, None).await));
    // The thief's other networks have two guesses left together.
    for address in ["198.51.101.7", "198.51.102.7"] {
        assert_eq!(from(address, None, Some(&wrong)).await, refused(Refusal::BadCode), "{address}");
    }
    let [code, _] = alice.authenticator.codes().unwrap();
    assert!(is_locked(&from("198.51.103.7", None, Some(&code)).await), "the sixth guess");
    opened(from(thief, Some(&device), Some(&code)).await);
    // A wrong password is answered as before: the lock shows only to those that know the right one.
    let stranger = log_in_from("Alice", WRONG, Some("198.51.104.7"), None);
    assert_eq!(said(alice.desk.session(stranger).await), refused(Refusal::BadCredentials));
}

#[tokio::test]
async fn a_stolen_session_guesses_no_code() {
    let alice = Alice::protected().await;
    let wrong = alice.authenticator.wrong_code().unwrap();
    for _ in 0..4 {
        assert_eq!(alice.asks(end(PASSWORD, &wrong)).await, refused(Refusal::BadCode));
    }
    // The form of a repeated change of the password, which needs no code, forgives no guesses.
    let token = alice.session.token.clone();
    let (old, new) = (WRONG.to_owned(), PASSWORD.to_owned());
    let repeat = SessionRequest::ChangePassword { token, old, new, code: None };
    assert_eq!(said(alice.desk.session(repeat).await), CashierReply::Done);
    for attempt in [end(PASSWORD, &alice.recovery[0]), renew(PASSWORD, &alice.recovery[0])] {
        assert!(is_locked(&alice.asks(attempt).await));
    }
    assert!(is_locked(&alice.changes_password(Some(&alice.recovery[0])).await));
}

#[tokio::test]
async fn the_administrator_turns_it_off_on_record() {
    let alice = Alice::protected().await;
    let (player, desk) = (alice.player, &alice.desk);
    let remove = |id, player, reason: &str| AdminRequest::RemoveSecondFactor {
        id: CommandId(id),
        player,
        reason: reason.to_owned(),
    };
    let bad = admin(desk, remove(1, player, " ")).await;
    assert!(matches!(bad, CashierReply::Refused(Refusal::BadMessage { .. })), "{bad}");
    let nobody = admin(desk, remove(1, PlayerId(77), "a reason")).await;
    assert_eq!(nobody, refused(Refusal::NoSuchPlayer));
    assert_eq!(admin(desk, remove(1, player, " the phone is lost ")).await, CashierReply::Done);
    let session = opened(alice.enter(None).await);
    // A belated repeat does not turn off what was turned on since.
    let authenticator = Authenticator::new(&begin(desk, &session.token).await).unwrap();
    let [code, _] = authenticator.codes().unwrap();
    recovery_codes(request(desk, &session.token, confirm(PASSWORD, &code)).await);
    assert_eq!(admin(desk, remove(1, player, "the phone is lost")).await, CashierReply::Done);
    assert_eq!(alice.enter(None).await, refused(Refusal::CodeNeeded));
    assert_eq!(admin(desk, remove(2, player, "lost again")).await, CashierReply::Done);
    assert_eq!(admin(desk, remove(3, player, "once more")).await, refused(Refusal::NoSecondFactor));
    let owner = alice.house.owner().await;
    let select = "SELECT player_id, reason FROM second_factor_removals ORDER BY removal_id";
    let rows = owner.query(select, &[]).await.unwrap();
    let rows: Vec<(i64, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    let id = i64::try_from(player.0).unwrap();
    assert_eq!(rows, [(id, "the phone is lost".to_owned()), (id, "lost again".to_owned())]);
    let client = database::connect(&alice.house.url()).await.unwrap();
    for statement in ["DELETE FROM second_factor_removals", "UPDATE second_factor_removals SET reason = 'x'"]
    {
        let error = client.execute(statement, &[]).await.unwrap_err();
        assert_eq!(error.code().map(|code| code.code()), Some("42501"), "{statement}: {error}");
    }
}

#[tokio::test]
async fn guests_have_no_second_factor() {
    let house = House::start().await;
    let desk = house.desk();
    let guests =
        AdminRequest::Guests { prefix: "guest".to_owned(), first: 1, count: 1, credit: wire::Chips(1) };
    let CashierReply::Guests(sessions) = admin(&desk, guests).await else { panic!("no guest") };
    let reply = request(&desk, &sessions[0].token, SecondFactorRequest::Begin).await;
    assert_eq!(reply, refused(Refusal::BadCredentials));
}
