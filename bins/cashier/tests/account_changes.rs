//! Changes of the password, and sessions that are listed and ended, against a real PostgreSQL.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use cashier::Desk;
use common::*;
use wire::{
    PlayerId, Refusal,
    cashier::{
        AdminRequest, CashierReply, EndedSession, HeldSession, MOST_CHECKED, Session, SessionRequest,
        SessionSummary,
    },
    fleet::Notice,
};

const HOME: &str = "192.0.2.7";
const NEW: &str = "four wet green lamps";

async fn enter(desk: &Desk, password: &str, device: Option<&str>) -> CashierReply {
    said(desk.session(log_in_from("Alice", password, Some(HOME), device)).await)
}

async fn session(desk: &Desk, password: &str) -> Session {
    match enter(desk, password, None).await {
        CashierReply::Session(session) => session,
        other => panic!("{other:?}"),
    }
}

/// Opens a session of another account.
async fn mallory(desk: &Desk) -> Session {
    create(desk, "Mallory").await;
    match said(desk.session(log_in_from("Mallory", PASSWORD, None, None)).await) {
        CashierReply::Session(session) => session,
        other => panic!("{other:?}"),
    }
}

async fn change(desk: &Desk, token: &str, old: &str, new: &str) -> CashierReply {
    let (token, old, new) = (token.to_owned(), old.to_owned(), new.to_owned());
    said(desk.session(SessionRequest::ChangePassword { token, old, new, code: None }).await)
}

async fn is_open(desk: &Desk, session: &Session) -> bool {
    let resume = SessionRequest::Resume { token: session.token.clone(), gateway: None };
    matches!(said(desk.session(resume).await), CashierReply::Session(_))
}

async fn list(desk: &Desk, token: &str) -> Vec<SessionSummary> {
    match said(desk.session(SessionRequest::Sessions { token: token.to_owned() }).await) {
        CashierReply::Sessions(list) => list,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_changed_password_ends_other_sessions_and_forgets_devices() {
    let house = House::start().await;
    let desk = house.desk();
    create(&desk, "Alice").await;
    let (own, other) = (session(&desk, PASSWORD).await, session(&desk, PASSWORD).await);
    assert_eq!(change(&desk, &own.token, PASSWORD, NEW).await, CashierReply::Done);
    assert!(is_open(&desk, &own).await);
    assert!(!is_open(&desk, &other).await);
    assert_eq!(enter(&desk, PASSWORD, None).await, refused(Refusal::BadCredentials));
    session(&desk, NEW).await;
    // A thief's device is a stranger again: it is locked with its network.
    for _ in 0..5 {
        enter(&desk, "wrong password", None).await;
    }
    let known = enter(&desk, NEW, other.device.as_deref()).await;
    assert!(matches!(known, CashierReply::Refused(Refusal::LockedOut { .. })), "{known:?}");
    // A repeat, whose first answer was lost, is answered as done.
    assert_eq!(change(&desk, &own.token, PASSWORD, NEW).await, CashierReply::Done);
}

#[tokio::test]
async fn a_password_is_changed_only_with_the_old_one_and_to_a_good_one() {
    let house = House::start().await;
    let desk = house.desk();
    create(&desk, "Alice").await;
    let own = session(&desk, PASSWORD).await;
    for bad in ["short", "Passw0rd!", "alice-alice", PASSWORD, "abcdefgh12345678"] {
        let reply = change(&desk, &own.token, PASSWORD, bad).await;
        assert!(matches!(reply, CashierReply::Refused(Refusal::BadAccount { .. })), "{bad}: {reply:?}");
    }
    assert_eq!(change(&desk, "no session", PASSWORD, NEW).await, refused(Refusal::SessionExpired));
    for _ in 0..5 {
        let reply = change(&desk, &own.token, "wrong password", NEW).await;
        assert_eq!(reply, refused(Refusal::BadCredentials));
    }
    // A stolen session does not guess the password without limit, and locks no log-in.
    let locked = change(&desk, &own.token, PASSWORD, NEW).await;
    assert!(matches!(locked, CashierReply::Refused(Refusal::LockedOut { .. })), "{locked:?}");
    let other = session(&desk, PASSWORD).await;
    assert_eq!(change(&desk, &other.token, PASSWORD, NEW).await, CashierReply::Done);
    // Guests have no password.
    let (prefix, credit) = ("guest".to_owned(), wire::Chips(0));
    let open = AdminRequest::Guests { prefix, first: 1, count: 1, credit };
    let CashierReply::Guests(guests) = admin(&desk, open).await else { panic!("no guests") };
    assert_eq!(change(&desk, &guests[0].token, "!", NEW).await, refused(Refusal::BadCredentials));
}

#[tokio::test]
async fn of_many_sessions_those_that_have_ended_are_found() {
    let house = House::start().await;
    let desk = house.desk();
    create(&desk, "Alice").await;
    let (closed, open) = (session(&desk, PASSWORD).await, session(&desk, PASSWORD).await);
    let mallory = mallory(&desk).await;
    said(desk.session(SessionRequest::LogOut { token: closed.token.clone() }).await);
    admin(&desk, AdminRequest::Ban { player: mallory.account.player, banned: true }).await;
    let held = |player: PlayerId, token: &str| HeldSession { player, token: token.to_owned() };
    let (alice, mallorys) = (open.account.player, mallory.account.player);
    let sessions = vec![
        held(alice, &closed.token),
        held(alice, &open.token),
        held(mallorys, &mallory.token),
        held(mallorys, &open.token),
        held(PlayerId(4_000_000), "no session"),
    ];
    let ended = |index, banned| EndedSession { index, banned };
    let found = said(desk.session(SessionRequest::Check { sessions: sessions.clone(), gateway: None }).await);
    let expected = vec![ended(0, false), ended(2, true), ended(3, true), ended(4, false)];
    assert_eq!(found, CashierReply::Ended(expected));
    let none = said(desk.session(SessionRequest::Check { sessions: Vec::new(), gateway: None }).await);
    assert_eq!(none, CashierReply::Ended(Vec::new()));
    let many = vec![sessions[0].clone(); MOST_CHECKED + 1];
    let reply = said(desk.session(SessionRequest::Check { sessions: many, gateway: None }).await);
    assert!(matches!(reply, CashierReply::Refused(Refusal::BadMessage { .. })), "{reply:?}");
}

#[tokio::test]
async fn sessions_are_listed_and_ended_by_their_player() {
    let house = House::start().await;
    let desk = house.desk();
    create(&desk, "Alice").await;
    let (own, other) = (session(&desk, PASSWORD).await, session(&desk, PASSWORD).await);
    let mallory = mallory(&desk).await;
    let sessions = list(&desk, &own.token).await;
    assert_eq!(sessions.len(), 2);
    assert!(
        sessions.iter().all(|session| session.network.as_deref() == Some("192.0.2.0/24")),
        "{sessions:?}"
    );
    assert!(sessions.iter().all(|session| session.used_ms >= session.opened_ms && session.opened_ms > 0));
    let number = |own: bool| sessions.iter().find(|session| session.own == own).unwrap().session;
    let end = async |token: &str, session: u64| {
        said(desk.session(SessionRequest::EndSession { token: token.to_owned(), session }).await)
    };
    // Sessions of others are out of reach; the own one is ended by logging out.
    assert_eq!(end(&mallory.token, number(false)).await, CashierReply::Done);
    assert!(is_open(&desk, &other).await);
    let own_one = end(&own.token, number(true)).await;
    assert!(matches!(own_one, CashierReply::Refused(Refusal::BadMessage { .. })), "{own_one:?}");
    assert_eq!(end(&own.token, number(false)).await, CashierReply::Done);
    assert_eq!(end(&own.token, number(false)).await, CashierReply::Done);
    assert!(!is_open(&desk, &other).await);
    assert!(is_open(&desk, &own).await);
    assert_eq!(end(&other.token, number(true)).await, refused(Refusal::SessionExpired));
    assert_eq!(list(&desk, &own.token).await.len(), 1);
}

#[tokio::test]
async fn the_administrator_lists_and_ends_sessions() {
    let house = House::start().await;
    let desk = house.desk();
    let alice = create(&desk, "Alice").await;
    let sessions = [session(&desk, PASSWORD).await, session(&desk, PASSWORD).await];
    let CashierReply::Sessions(list) = admin(&desk, AdminRequest::Sessions { player: alice }).await else {
        panic!("no list")
    };
    assert_eq!((list.len(), list.iter().any(|session| session.own)), (2, false));
    let answer = desk.admin(AdminRequest::EndSessions { player: alice }).await;
    assert_eq!(answer.reply, CashierReply::Done);
    assert_eq!(answer.notice, Some(Notice::SessionsEnded { player: alice }));
    for session in &sessions {
        assert!(!is_open(&desk, session).await);
    }
    let nobody = desk.admin(AdminRequest::EndSessions { player: PlayerId(77) }).await;
    assert_eq!((nobody.reply, nobody.notice), (refused(Refusal::NoSuchPlayer), None));
}
