use super::*;
use wire::PostingId;

const ALICE: PlayerId = PlayerId(1);
const BOT: PlayerId = PlayerId(2);
const TABLE: TableId = TableId(7);
const TOURNAMENT: TournamentId = TournamentId(9);

fn books(alice: i64) -> Books {
    let account = |balance, may_owe| Account { balance, may_owe, banned: false };
    let accounts = [
        (AccountId::Player(ALICE), account(alice, false)),
        (AccountId::Player(BOT), account(0, true)),
        (AccountId::Equity, account(-alice, true)),
        (AccountId::Revenue, account(0, true)),
        (AccountId::Table(TABLE), account(0, false)),
        (AccountId::Tournament(TOURNAMENT), account(0, false)),
    ];
    Books { accounts: accounts.into(), ..Books::default() }
}

fn named(key: &str, movement: Movement) -> Posting {
    Posting::named(PostingId(key.to_owned()), movement).unwrap()
}

fn buy_in(key: &str, player: PlayerId, amount: u64) -> Posting {
    named(key, Movement::BuyIn { player, table: TABLE, amount: Chips(amount) })
}

fn cash_out(key: &str, player: PlayerId, amount: u64) -> Posting {
    named(key, Movement::CashOut { player, table: TABLE, amount: Chips(amount) })
}

fn entry(player: PlayerId, number: u32, buy_in: u64, fee: u64) -> TournamentEntry {
    TournamentEntry { tournament: TOURNAMENT, player, number, buy_in: Chips(buy_in), fee: Chips(fee) }
}

fn balance(books: &Books, account: AccountId) -> i64 {
    books.accounts[&account].balance
}

/// Returns the refusal of a posting, newly recorded or not.
fn refusal(outcome: Result<PostingResult, Refusal>) -> Refusal {
    match outcome {
        Ok(PostingResult::Refused(refusal)) | Err(refusal) => refusal,
        Ok(result) => panic!("not refused: {result:?}"),
    }
}

fn is_new(outcome: Result<PostingResult, Refusal>) -> bool {
    match outcome {
        Ok(PostingResult::New(sides)) => {
            assert_eq!(sides.iter().map(|side| side.amount).sum::<i64>(), 0);
            true
        }
        Ok(PostingResult::Repeated) => false,
        Ok(PostingResult::Refused(refusal)) | Err(refusal) => panic!("refused: {refusal}"),
    }
}

#[test]
fn money_goes_into_play_and_back_once_each() {
    let mut books = books(100);
    assert!(is_new(books.post(&buy_in("a", ALICE, 60))));
    assert!(!is_new(books.post(&buy_in("a", ALICE, 60))));
    assert_eq!(balance(&books, AccountId::Player(ALICE)), 40);
    assert_eq!(balance(&books, AccountId::Table(TABLE)), 60);
    assert!(is_new(books.post(&cash_out("b", ALICE, 60))));
    assert!(!is_new(books.post(&cash_out("b", ALICE, 60))));
    assert_eq!(balance(&books, AccountId::Player(ALICE)), 100);
    assert_eq!(balance(&books, AccountId::Table(TABLE)), 0);
}

#[test]
fn an_id_with_other_contents_is_refused() {
    let mut books = books(100);
    assert!(is_new(books.post(&buy_in("a", ALICE, 10))));
    for other in [buy_in("a", ALICE, 11), buy_in("a", BOT, 10), cash_out("a", ALICE, 10)] {
        assert_eq!(books.post(&other), Err(Refusal::AlreadyExists));
    }
    assert_eq!(balance(&books, AccountId::Player(ALICE)), 90);
}

#[test]
fn a_refused_buy_in_entry_or_credit_is_refused_alike_when_its_repeat_would_be_covered() {
    let mut books = books(5);
    let poor = Refusal::InsufficientFunds { balance: Chips(5) };
    let enter = Posting::enter(entry(ALICE, 0, 5, 1)).unwrap();
    let credit = |key, amount| named(key, Movement::Credit { player: ALICE, amount: Chips(amount) });
    for posting in [buy_in("a", ALICE, 6), enter.clone()] {
        assert_eq!(books.post(&posting), Ok(PostingResult::Refused(poor.clone())));
    }
    let huge = credit("huge", Chips::MAX.0);
    let too_much = refusal(books.post(&huge));
    assert!(is_new(books.post(&credit("c", 100))));
    for posting in [buy_in("a", ALICE, 6), enter] {
        assert_eq!(books.post(&posting), Err(poor.clone()));
    }
    assert!(is_new(books.post(&buy_in("all", ALICE, 105))));
    assert_eq!(books.post(&huge), Err(too_much));
    assert_eq!(books.post(&buy_in("a", ALICE, 7)), Err(Refusal::AlreadyExists));
    assert_eq!(balance(&books, AccountId::Player(ALICE)), 0);
    assert!(is_new(books.post(&Posting::enter(entry(ALICE, 1, 0, 0)).unwrap())));
}

#[test]
fn money_owed_to_a_player_is_paid_after_a_refusal() {
    let mut books = books(100);
    assert!(matches!(books.post(&cash_out("out", ALICE, 60)), Err(Refusal::BadMessage { .. })));
    assert_eq!(books.post(&Posting::refund(entry(ALICE, 0, 10, 1)).unwrap()), Err(Refusal::NotRegistered));
    assert!(is_new(books.post(&buy_in("in", ALICE, 60))));
    assert!(is_new(books.post(&Posting::enter(entry(ALICE, 0, 10, 1)).unwrap())));
    assert!(is_new(books.post(&cash_out("out", ALICE, 60))));
    assert!(is_new(books.post(&Posting::refund(entry(ALICE, 0, 10, 1)).unwrap())));
    assert_eq!(balance(&books, AccountId::Player(ALICE)), 100);
}

#[test]
fn bots_may_owe() {
    let mut books = books(0);
    assert!(is_new(books.post(&buy_in("a", BOT, 500))));
    assert_eq!(balance(&books, AccountId::Player(BOT)), -500);
}

#[test]
fn more_than_is_in_play_cannot_be_cashed_out() {
    let mut books = books(100);
    assert!(is_new(books.post(&buy_in("a", ALICE, 60))));
    assert!(matches!(books.post(&cash_out("b", ALICE, 61)), Err(Refusal::BadMessage { .. })));
    assert!(is_new(books.post(&cash_out("c", ALICE, 0))));
}

#[test]
fn banned_players_cannot_stake_money_but_get_theirs_back() {
    let mut books = books(100);
    assert!(is_new(books.post(&buy_in("a", ALICE, 60))));
    assert!(is_new(books.post(&Posting::enter(entry(ALICE, 0, 10, 1)).unwrap())));
    books.accounts.get_mut(&AccountId::Player(ALICE)).unwrap().banned = true;
    assert_eq!(refusal(books.post(&buy_in("b", ALICE, 1))), Refusal::Banned);
    let enter = Posting::enter(entry(ALICE, 1, 1, 0)).unwrap();
    assert_eq!(refusal(books.post(&enter)), Refusal::Banned);
    assert!(is_new(books.post(&cash_out("c", ALICE, 60))));
    assert!(is_new(books.post(&Posting::refund(entry(ALICE, 0, 10, 1)).unwrap())));
    assert_eq!(balance(&books, AccountId::Player(ALICE)), 100);
}

#[test]
fn a_player_who_withdraws_and_comes_back_pays_again() {
    let mut books = books(100);
    let first = Posting::enter(entry(ALICE, 0, 10, 1)).unwrap();
    assert!(is_new(books.post(&first)));
    assert!(!is_new(books.post(&first)));
    assert!(is_new(books.post(&Posting::refund(entry(ALICE, 0, 10, 1)).unwrap())));
    assert!(!is_new(books.post(&Posting::refund(entry(ALICE, 0, 10, 1)).unwrap())));
    assert_eq!(books.post(&first), Err(Refusal::TournamentPast));
    assert!(is_new(books.post(&Posting::enter(entry(ALICE, 1, 10, 1)).unwrap())));
    assert_eq!(balance(&books, AccountId::Player(ALICE)), 89);
    assert_eq!(balance(&books, AccountId::Tournament(TOURNAMENT)), 10);
    assert_eq!(balance(&books, AccountId::Revenue), 1);
}

#[test]
fn only_the_paid_amounts_are_refunded() {
    let mut books = books(100);
    let refund = |buy_in, fee| Posting::refund(entry(ALICE, 0, buy_in, fee)).unwrap();
    assert_eq!(books.post(&refund(10, 1)), Err(Refusal::NotRegistered));
    assert!(is_new(books.post(&Posting::enter(entry(ALICE, 0, 10, 1)).unwrap())));
    assert!(matches!(books.post(&refund(11, 0)), Err(Refusal::BadMessage { .. })));
    assert!(is_new(books.post(&refund(10, 1))));
}

#[test]
fn a_settled_tournament_takes_no_entries_and_gives_no_refunds() {
    let mut books = books(100);
    assert!(is_new(books.post(&Posting::enter(entry(ALICE, 0, 10, 1)).unwrap())));
    let settled = Recorded {
        kind: "settle".to_owned(),
        player: None,
        place: Some(TOURNAMENT.0),
        amount: 10,
        fee: 0,
        digest: None,
    };
    books.postings.insert(settle_key(TOURNAMENT), settled);
    let late = Posting::enter(entry(BOT, 0, 10, 1)).unwrap();
    assert_eq!(refusal(books.post(&late)), Refusal::TournamentPast);
    let back = Posting::refund(entry(ALICE, 0, 10, 1)).unwrap();
    assert_eq!(books.post(&back), Err(Refusal::TournamentPast));
    // A repeat of an earlier posting still gets its answer.
    assert!(!is_new(books.post(&Posting::enter(entry(ALICE, 0, 10, 1)).unwrap())));
}

#[test]
fn a_free_entry_moves_no_money_and_is_remembered() {
    let mut books = books(0);
    let free = Posting::enter(entry(ALICE, 0, 0, 0)).unwrap();
    assert_eq!(books.post(&free), Ok(PostingResult::New(vec![])));
    assert_eq!(books.post(&free), Ok(PostingResult::Repeated));
}

#[test]
fn unknown_players_and_overflow_are_refused() {
    let mut books = books(100);
    let nobody = PlayerId(77);
    assert_eq!(books.post(&buy_in("a", nobody, 1)), Err(Refusal::NoSuchPlayer));
    assert_eq!(books.post(&cash_out("a", nobody, 0)), Err(Refusal::NoSuchPlayer));
    let credit = |key, amount| named(key, Movement::Credit { player: ALICE, amount });
    let room = Chips(Chips::MAX.0 - 100);
    assert_eq!(refusal(books.post(&credit("b", Chips::MAX))), Refusal::AboveMaximum { max: room });
    assert!(is_new(books.post(&credit("c", room))));
    // A bot may owe without limit: the table's balance leaves its range first and gives a refusal,
    // not an overflow.
    let outcomes = (0..2_000).map(|n| books.post(&buy_in(&format!("n{n}"), BOT, Chips::MAX.0)));
    let last = outcomes.last().unwrap();
    assert!(matches!(refusal(last), Refusal::BadMessage { .. }));
    assert!(balance(&books, AccountId::Table(TABLE)) > 0);
}

#[test]
fn ids_and_amounts_are_checked() {
    let some = Movement::BuyIn { player: ALICE, table: TABLE, amount: Chips(1) };
    for bad in ["", "enter.9.1.0", "settle.9", "a\0b", &"x".repeat(121)] {
        assert!(Posting::named(PostingId(bad.to_owned()), some).is_err(), "{bad:?}");
    }
    assert!(Posting::named(PostingId("x".repeat(120)), some).is_ok());
    for amount in [0, Chips::MAX.0 + 1, u64::MAX] {
        let movement = Movement::BuyIn { player: ALICE, table: TABLE, amount: Chips(amount) };
        assert!(Posting::named(PostingId("a".to_owned()), movement).is_err(), "{amount}");
    }
    assert!(Posting::enter(entry(ALICE, 0, 1, u64::MAX)).is_err());
    assert!(Posting::enter(entry(PlayerId(u64::MAX), 0, 1, 1)).is_err());
}
