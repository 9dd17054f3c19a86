//! Accounts, logins, sessions and bans, against a real PostgreSQL.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod common;

use common::*;
use std::{collections::HashSet, sync::Arc};
use wire::{
    PlayerId, Refusal,
    cashier::{AdminRequest, CashierReply, Session, SessionRequest},
    fleet::Notice,
};

fn session(reply: CashierReply) -> Session {
    match reply {
        CashierReply::Session(session) => session,
        other => panic!("{other:?}"),
    }
}

async fn resume(desk: &cashier::Desk, token: &str) -> CashierReply {
    said(desk.session(SessionRequest::Resume { token: token.to_owned(), gateway: None }).await)
}

#[tokio::test]
async fn accounts_have_unique_names_and_rules() {
    let house = House::start().await;
    let desk = house.desk();
    let alice = create(&desk, "Alice").await;
    assert_eq!(alice, PlayerId(1));
    let create = |name: &str, password: &str| {
        let request = AdminRequest::CreatePlayer { name: name.to_owned(), password: password.to_owned() };
        admin(&desk, request)
    };
    assert_eq!(create("aLICE", PASSWORD).await, refused(Refusal::NameTaken));
    for (name, password) in [
        ("al", PASSWORD),
        ("1234", PASSWORD),
        ("Calm Otter", PASSWORD),
        ("bobby", "short"),
        ("bobby", "Passw0rd!"),
    ] {
        let reply = create(name, password).await;
        assert!(matches!(reply, CashierReply::Refused(Refusal::BadAccount { .. })), "{name}: {reply:?}");
    }
    let details = show(&desk, "alice").await;
    assert_eq!((details.account.player, details.account.name.as_str()), (alice, "Alice"));
    assert_eq!(details, show(&desk, "1").await);
    assert_eq!((details.bot, details.banned, details.balance), (false, false, 0));
    for nobody in ["carol", "77", "-1", "", "a\0"] {
        let request = AdminRequest::ShowPlayer { player: nobody.to_owned() };
        assert_eq!(admin(&desk, request).await, refused(Refusal::NoSuchPlayer), "{nobody:?}");
    }
    // Of many requests at once, one gets the name.
    let rush = (0..6).map(|n| create(if n % 2 == 0 { "Dave" } else { "dAVE" }, PASSWORD));
    let replies = futures::future::join_all(rush).await;
    let made = replies.iter().filter(|reply| matches!(reply, CashierReply::Player(_))).count();
    let taken = replies.iter().filter(|reply| **reply == refused(Refusal::NameTaken)).count();
    assert_eq!((made, taken), (1, 5));
}

#[tokio::test]
async fn names_that_look_like_another_players_or_like_staff_are_refused() {
    let house = House::start().await;
    let desk = house.desk();
    create(&desk, "Milan").await;
    let create = |name: &str| {
        let request = AdminRequest::CreatePlayer { name: name.to_owned(), password: PASSWORD.to_owned() };
        admin(&desk, request)
    };
    for name in ["MiIan", "M1lan", "rnilan", "admin", "Poker-5upport", "cash1er"] {
        let reply = create(name).await;
        let CashierReply::Refused(Refusal::BadAccount { reason }) = &reply else {
            panic!("{name}: {reply:?}")
        };
        assert!(reason.contains("looks like"), "{name}: {reason}");
    }
    assert_eq!(create("milan").await, refused(Refusal::NameTaken));
    assert!(matches!(create("Milano").await, CashierReply::Player(_)));
    // Of look-alikes at the same time, one gets the name.
    let rush = ["Bobby", "B0bby", "BOBBY", "b0bbY"].map(create);
    let replies = futures::future::join_all(rush).await;
    let made = replies.iter().filter(|reply| matches!(reply, CashierReply::Player(_))).count();
    assert_eq!(made, 1, "{replies:?}");
}

/// The migration has given names that existed before their look.
#[tokio::test]
async fn the_database_and_the_cashier_agree_on_looks() {
    let house = House::start().await;
    let owner = house.owner().await;
    let all = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz-0123456789";
    for name in [all, "vvw", "rnm", "Il1i", "O0o"] {
        let look: String = owner.query_one("SELECT look_of($1)", &[&name]).await.unwrap().get(0);
        assert_eq!(look, cashier::names::look(name), "{name}");
    }
}

#[tokio::test]
async fn sessions_open_resume_and_end() {
    let house = House::start().await;
    let desk = house.desk();
    let alice = create(&desk, "Alice").await;
    assert_eq!(log_in(&desk, "Alice", "wrong password").await, refused(Refusal::BadCredentials));
    let opened = session(log_in(&desk, "aliCE", PASSWORD).await);
    assert_eq!((opened.account.player, opened.account.name.as_str()), (alice, "Alice"));
    let resumed = session(resume(&desk, &opened.token).await);
    assert_eq!(resumed, Session { device: None, ..opened.clone() });
    assert_eq!(resume(&desk, "feed").await, refused(Refusal::SessionExpired));

    // The database contains no token, only its hash.
    let owner = house.owner().await;
    let clear = "SELECT count(*) FROM sessions WHERE token_hash = convert_to($1, 'UTF8') OR token_hash = decode($1, 'hex')";
    assert_eq!(owner.query_one(clear, &[&opened.token]).await.unwrap().get::<_, i64>(0), 0);

    let log_out = || desk.session(SessionRequest::LogOut { token: opened.token.clone() });
    assert_eq!(said(log_out().await), CashierReply::Done);
    assert_eq!(said(log_out().await), CashierReply::Done);
    assert_eq!(resume(&desk, &opened.token).await, refused(Refusal::SessionExpired));

    // A session ends after 30 days without use; each use starts them anew.
    let token = session(log_in(&desk, "Alice", PASSWORD).await).token;
    let age = |days: i32| {
        let set = "UPDATE sessions SET used_at = now() - make_interval(days => $1)";
        let owner = &owner;
        async move { owner.execute(set, &[&days]).await.unwrap() }
    };
    age(29).await;
    session(resume(&desk, &token).await);
    let fresh = "SELECT used_at > now() - interval '1 minute' FROM sessions";
    assert!(owner.query_one(fresh, &[]).await.unwrap().get::<_, bool>(0));
    age(31).await;
    assert_eq!(resume(&desk, &token).await, refused(Refusal::SessionExpired));
    cashier::sweep::sweep(desk.database()).await.unwrap();
    let left = owner.query_one("SELECT count(*) FROM sessions", &[]).await.unwrap();
    assert_eq!(left.get::<_, i64>(0), 0);

    // The 17th session ends the one that was unused for the longest time.
    let mut tokens = Vec::new();
    for _ in 0..17 {
        tokens.push(session(log_in(&desk, "Alice", PASSWORD).await).token);
    }
    assert_eq!(resume(&desk, &tokens[0]).await, refused(Refusal::SessionExpired));
    session(resume(&desk, &tokens[1]).await);
    session(resume(&desk, &tokens[16]).await);
}

/// No answer distinguishes known from unknown names.
#[tokio::test]
async fn failed_logins_lock_a_name_for_a_growing_time() {
    let house = House::start().await;
    let desk = house.desk();
    create(&desk, "Alice").await;
    let owner = house.owner().await;
    let unlock =
        || async { owner.execute("UPDATE login_tries SET locked_until = now()", &[]).await.unwrap() };
    for name in ["Alice", "nobody"] {
        for _ in 0..5 {
            assert_eq!(log_in(&desk, name, "wrong password").await, refused(Refusal::BadCredentials));
        }
        for (least, most) in [(25, 30), (55, 60), (115, 120)] {
            match log_in(&desk, &name.to_uppercase(), PASSWORD).await {
                CashierReply::Refused(Refusal::LockedOut { seconds }) => {
                    assert!((least..=most).contains(&seconds), "{name}: {seconds}");
                }
                other => panic!("{name}: {other:?}"),
            }
            unlock().await;
            assert_eq!(log_in(&desk, name, "wrong password").await, refused(Refusal::BadCredentials));
        }
        owner.execute("UPDATE login_tries SET failures = 1000000, locked_until = now()", &[]).await.unwrap();
        assert_eq!(log_in(&desk, name, "wrong password").await, refused(Refusal::BadCredentials));
        let longest = log_in(&desk, name, PASSWORD).await;
        assert!(
            matches!(longest, CashierReply::Refused(Refusal::LockedOut { seconds: 3590..=3600 })),
            "{longest:?}"
        );
        unlock().await;
    }
    // A successful log-in deletes the failures.
    session(log_in(&desk, "Alice", PASSWORD).await);
    for _ in 0..4 {
        assert_eq!(log_in(&desk, "alice", "wrong password").await, refused(Refusal::BadCredentials));
    }
    session(log_in(&desk, "Alice", PASSWORD).await);
    // Malformed names get the same answer as unknown names.
    assert_eq!(log_in(&desk, "Calm Otter", PASSWORD).await, refused(Refusal::BadCredentials));
    assert_eq!(log_in(&desk, "\0", PASSWORD).await, refused(Refusal::BadCredentials));
}

#[tokio::test]
async fn guesses_at_the_same_time_are_counted() {
    let house = House::start().await;
    let desk = house.desk();
    create(&desk, "Alice").await;
    for name in ["Alice", "nobody"] {
        let guess = |n| if n % 2 == 0 { "guess one" } else { "guess two" };
        let replies = futures::future::join_all((0..20).map(|n| log_in(&desk, name, guess(n)))).await;
        let wrong = replies.iter().filter(|reply| **reply == refused(Refusal::BadCredentials)).count();
        let locked =
            |reply: &&CashierReply| matches!(reply, CashierReply::Refused(Refusal::LockedOut { .. }));
        assert_eq!((wrong, replies.iter().filter(locked).count()), (5, 15), "{name}");
    }
}

#[tokio::test]
async fn a_ban_ends_sessions_and_stakes_until_it_is_lifted() {
    let house = House::start().await;
    let desk = house.desk();
    let alice = rich(&desk, "Alice", 100).await;
    let token = session(log_in(&desk, "Alice", PASSWORD).await).token;
    assert_eq!(table(&desk, buy_in("a", alice, 7, 60)).await, CashierReply::Done);

    let answer = desk.admin(AdminRequest::Ban { player: alice, banned: true }).await;
    assert_eq!(answer.reply, CashierReply::Done);
    assert_eq!(answer.notice, Some(Notice::Banned { player: alice }));
    assert_eq!(resume(&desk, &token).await, refused(Refusal::SessionExpired));
    assert_eq!(log_in(&desk, "Alice", PASSWORD).await, refused(Refusal::Banned));
    // Without the password a caller does not learn of the ban.
    assert_eq!(log_in(&desk, "Alice", "wrong password").await, refused(Refusal::BadCredentials));
    assert_eq!(table(&desk, buy_in("b", alice, 7, 1)).await, refused(Refusal::Banned));
    assert_eq!(tournament(&desk, enter(9, alice, 0, 1, 0)).await, refused(Refusal::Banned));
    assert_eq!(table(&desk, cash_out("c", alice, 7, 60)).await, CashierReply::Done);
    assert!(show(&desk, "alice").await.banned);

    let answer = desk.admin(AdminRequest::Ban { player: alice, banned: false }).await;
    assert_eq!((answer.reply, answer.notice), (CashierReply::Done, None));
    session(log_in(&desk, "Alice", PASSWORD).await);
    let nobody = desk.admin(AdminRequest::Ban { player: PlayerId(77), banned: true }).await;
    assert_eq!((nobody.reply, nobody.notice), (refused(Refusal::NoSuchPlayer), None));
}

#[tokio::test]
async fn bots_are_the_same_ones_each_time() {
    let house = House::start().await;
    let (one, two) = (Arc::new(house.desk()), Arc::new(house.desk()));
    let rush = (0..8).map(|n| {
        let desk = Arc::clone(if n % 2 == 0 { &one } else { &two });
        tokio::spawn(async move { bots(&desk, 500).await })
    });
    let lists = futures::future::join_all(rush).await;
    let first = lists[0].as_ref().unwrap();
    assert_eq!(first.iter().collect::<HashSet<_>>().len(), 500);
    assert!(lists.iter().all(|list| list.as_ref().unwrap() == first));
    let more = bots(&one, 700).await;
    assert_eq!((&more[..500], more.len()), (&first[..], 700));
    assert_eq!(bots(&two, 3).await, first[..3]);
    assert_eq!(bots(&two, 0).await, []);

    let bot = show(&one, &first[1].to_string()).await;
    assert_eq!((bot.bot, bot.account.name.as_str()), (true, "Rapid Cougar"));
    assert_eq!(table(&one, buy_in("a", first[1], 7, 500)).await, CashierReply::Done);
    assert_eq!(show(&one, "rapid cougar").await.balance, -500);
    assert_eq!(balance(&one, first[1]).await, (0, 500));
    assert_eq!(log_in(&one, "Rapid Cougar", "").await, refused(Refusal::BadCredentials));
    let many = admin(&one, AdminRequest::Bots { count: 100_001 }).await;
    assert!(matches!(many, CashierReply::Refused(Refusal::BadMessage { .. })));
    assert_sound(&one).await;
}

#[tokio::test]
async fn a_cashier_waits_for_bots_that_another_one_is_creating() {
    let house = House::start().await;
    let desk = Arc::new(house.desk());
    let mut other = house.owner().await;
    let making = other.transaction().await.unwrap();
    making.execute("INSERT INTO players (name, bot_number) VALUES ('Slow Start', 2)", &[]).await.unwrap();
    let waiting = tokio::spawn(async move { bots(&desk, 3).await });
    // The wait is longer than a statement's wait for a lock and than the patience of a short
    // request.
    tokio::time::sleep(std::time::Duration::from_secs(4)).await;
    assert!(!waiting.is_finished(), "the request did not wait");
    making.rollback().await.unwrap();
    assert_eq!(waiting.await.unwrap().len(), 3);
}

#[tokio::test]
async fn guests_have_sessions_and_money_but_no_password() {
    let house = House::start().await;
    let desk = house.desk();
    let open = async |prefix: &str, first, count| {
        let (prefix, credit) = (prefix.to_owned(), wire::Chips(700));
        admin(&desk, AdminRequest::Guests { prefix, first, count, credit }).await
    };
    let CashierReply::Guests(guests) = open("Guest", 1, 40).await else { panic!("no guests") };
    let names: Vec<&str> = guests.iter().map(|guest| guest.account.name.as_str()).collect();
    assert_eq!((names.len(), names[0], names[39]), (40, "Guest-1", "Guest-40"));
    assert_eq!(session(resume(&desk, &guests[7].token).await).account, guests[7].account);
    assert_eq!(show(&desk, "guest-8").await.balance, 700);
    for password in ["", "!", PASSWORD] {
        assert_eq!(log_in(&desk, names[0], password).await, refused(Refusal::BadCredentials));
    }

    // The second request overlaps: the same accounts, one session each, credited once.
    let CashierReply::Guests(again) = open("guest", 31, 20).await else { panic!("no guests") };
    assert_eq!(again[9].account, guests[39].account);
    assert_eq!(show(&desk, "guest-40").await.balance, 700);
    assert_eq!(resume(&desk, &guests[39].token).await, refused(Refusal::SessionExpired));
    assert_eq!(session(resume(&desk, &again[9].token).await).account, guests[39].account);

    // A person's account is no guest and makes the whole request fail.
    let ann = create(&desk, "guest-53").await;
    assert_eq!(open("guest", 51, 5).await, refused(Refusal::NameTaken));
    assert_eq!(show(&desk, "guest-53").await.account.player, ann);
    let nobody = AdminRequest::ShowPlayer { player: "guest-51".to_owned() };
    assert_eq!(admin(&desk, nobody).await, refused(Refusal::NoSuchPlayer));
    let ban = AdminRequest::Ban { player: guests[0].account.player, banned: true };
    assert_eq!(admin(&desk, ban).await, CashierReply::Done);
    assert_eq!(open("guest", 1, 1).await, refused(Refusal::Banned));
}
