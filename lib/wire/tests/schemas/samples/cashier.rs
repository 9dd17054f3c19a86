//! Requests to the cashier and its answers.

use super::{
    AT_MS, HAND, OTHER_PLAYER, PLAYER, Samples, TABLE, TOURNAMENT, places, posting, refusals,
    second_factor::{self, CODE},
};
use wire::{
    Chips, CommandId,
    cashier::{
        Account, AdminRequest, Audit, CashierReply, CheckedPass, CheckedSessions, EndedSession, HeldSession,
        PlayerDetails, RankedPlace, Session, SessionRequest, TableMoney, TableMoneyRequest, TournamentMoney,
        TournamentMoneyRequest,
    },
    pass::{PassKeys, PublicKey},
};

/// Returns samples of each request for sessions and balances.
pub fn sessions() -> Samples<SessionRequest> {
    let token = || "0123456789abcdef".to_owned();
    let mut all = vec![
        ("log in", log_in(None, None, None)),
        ("log in from a known device", log_in(Some("192.0.2.7"), Some("fedcba9876543210"), None)),
        ("log in with a code", log_in(Some("192.0.2.7"), None, Some(CODE))),
        ("log in for a pass", log_in_for_a_pass()),
        ("resume", SessionRequest::Resume { token: token(), gateway: None }),
        ("resume for a pass", SessionRequest::Resume { token: token(), gateway: Some(u64::MAX) }),
        ("log out", SessionRequest::LogOut { token: token() }),
        (
            "change the password",
            SessionRequest::ChangePassword {
                token: token(),
                old: "correct horse".to_owned(),
                new: "battery staple".to_owned(),
                code: None,
            },
        ),
        (
            "change the password with a code",
            SessionRequest::ChangePassword {
                token: token(),
                old: "correct horse".to_owned(),
                new: "battery staple".to_owned(),
                code: Some(CODE.to_owned()),
            },
        ),
        ("sessions", SessionRequest::Sessions { token: token() }),
        ("end a session", SessionRequest::EndSession { token: token(), session: 12 }),
        (
            "check sessions",
            SessionRequest::Check {
                sessions: vec![HeldSession { player: PLAYER, token: token() }],
                gateway: None,
            },
        ),
        ("renew passes", SessionRequest::Check { sessions: Vec::new(), gateway: Some(7) }),
        ("balance", SessionRequest::Balance { player: PLAYER }),
    ];
    let requests = second_factor::requests().into_iter();
    all.extend(
        requests.map(|(name, request)| (name, SessionRequest::SecondFactor { token: token(), request })),
    );
    all
}

fn log_in_for_a_pass() -> SessionRequest {
    let mut request = log_in(None, None, None);
    if let SessionRequest::LogIn { gateway, .. } = &mut request {
        *gateway = Some(5_000_000_000);
    }
    request
}

fn log_in(address: Option<&str>, device: Option<&str>, code: Option<&str>) -> SessionRequest {
    SessionRequest::LogIn {
        name: "ann".to_owned(),
        password: "correct horse".to_owned(),
        address: address.map(str::to_owned),
        device: device.map(str::to_owned),
        code: code.map(str::to_owned),
        gateway: None,
    }
}

/// Returns samples of each request for money of tables.
pub fn table_money() -> Samples<TableMoneyRequest> {
    vec![
        (
            "buy in",
            TableMoneyRequest::BuyIn {
                posting: posting("buy-in.31.42.7"),
                player: PLAYER,
                table: TABLE,
                amount: Chips(5_000),
            },
        ),
        (
            "cash out",
            TableMoneyRequest::CashOut {
                posting: posting("cash-out.31.42.17"),
                player: PLAYER,
                table: TABLE,
                amount: Chips(5_250),
            },
        ),
    ]
}

/// Returns samples of each request for money of tournaments.
pub fn tournament_money() -> Samples<TournamentMoneyRequest> {
    use TournamentMoneyRequest as R;
    let (tournament, player, buy_in, fee) = (TOURNAMENT, PLAYER, Chips(1_000), Chips(100));
    vec![
        ("enter", R::Enter { tournament, player, entry: 1, buy_in, fee }),
        ("refund", R::Refund { tournament, player, entry: 1, buy_in, fee }),
        ("settle", R::Settle { tournament, name: "Sunday".to_owned(), places: places(), finished_ms: AT_MS }),
        ("bots", R::Bots { count: 59 }),
    ]
}

/// Returns samples of each request of the administrator.
pub fn admin() -> Samples<AdminRequest> {
    use AdminRequest as R;
    vec![
        ("create a player", R::CreatePlayer { name: "ann".to_owned(), password: "correct horse".to_owned() }),
        ("show a player", R::ShowPlayer { player: "ann".to_owned() }),
        ("credit", R::Credit { posting: posting("credit.42.1"), player: PLAYER, amount: Chips(100_000) }),
        ("ban", R::Ban { player: PLAYER, banned: true }),
        ("sessions", R::Sessions { player: PLAYER }),
        ("end sessions", R::EndSessions { player: PLAYER }),
        (
            "remove a second factor",
            R::RemoveSecondFactor {
                id: CommandId(7_000_000_000_000_001),
                player: PLAYER,
                reason: "the phone is lost, the passport was shown".into(),
            },
        ),
        ("bots", R::Bots { count: 5 }),
        ("results", R::Results { tournament: TOURNAMENT }),
        ("audit", R::Audit),
        (
            "inspect",
            R::Inspect {
                id: CommandId(7_000_000_000_000_001),
                table: TABLE,
                hand: HAND,
                reason: "a player reports a fault".into(),
            },
        ),
        ("guests", R::Guests { prefix: "guest".to_owned(), first: 1, count: 500, credit: Chips(100_000) }),
    ]
}

fn account() -> Account {
    Account { player: PLAYER, name: "ann".to_owned() }
}

/// Returns samples of each answer of cashiers.
pub fn replies() -> Samples<CashierReply> {
    use CashierReply as R;
    let ranked = RankedPlace { place: 1, account: account(), prize: Chips(40_000) };
    let session =
        Session { account: account(), token: "0123456789abcdef".to_owned(), device: None, pass: None };
    let known = Session { device: Some("fedcba9876543210".to_owned()), ..session.clone() };
    let mut all = vec![
        ("done", R::Done),
        ("guests", R::Guests(vec![session.clone()])),
        ("session", R::Session(session)),
        ("session with a pass", R::Session(Session { pass: Some(super::granted()), ..known.clone() })),
        ("session on a known device", R::Session(known)),
        ("balance", R::Balance { balance: Chips(95_000), in_play: Chips(5_000) }),
        ("bots", R::Bots(vec![Account { player: OTHER_PLAYER, name: "robby".to_owned() }])),
        (
            "player",
            R::Player(PlayerDetails {
                account: account(),
                bot: true,
                banned: false,
                second_factor: false,
                balance: -12_000,
                in_play: Chips(5_000),
                prizes: Chips(40_000),
            }),
        ),
        (
            "player with a second factor",
            R::Player(PlayerDetails {
                account: account(),
                bot: false,
                banned: false,
                second_factor: true,
                balance: 12_000,
                in_play: Chips(0),
                prizes: Chips(0),
            }),
        ),
        ("sessions", R::Sessions(super::sessions())),
        ("ended sessions", R::Ended(vec![EndedSession { index: 2, banned: true }])),
        (
            "checked sessions",
            R::Checked(CheckedSessions {
                ended: vec![EndedSession { index: 2, banned: true }],
                passes: vec![CheckedPass { index: 0, granted: super::granted() }],
            }),
        ),
        ("results", R::Results(vec![ranked])),
        ("audit", R::Audit(audit())),
    ];
    all.extend(second_factor::replies().into_iter().map(|(name, reply)| (name, R::SecondFactor(reply))));
    all.extend(refusals().into_iter().map(|(name, refusal)| (name, R::Refused(refusal))));
    all
}

fn audit() -> Audit {
    Audit {
        sum: 0,
        unbalanced: vec!["buy-in.31.42.7".to_owned()],
        tables: vec![TableMoney { table: TABLE, amount: 30_000 }],
        tournaments: vec![TournamentMoney { tournament: TOURNAMENT, amount: 60_000 }],
    }
}

/// Returns samples of the keys by which passes are checked.
pub fn pass_keys() -> Samples<PassKeys> {
    let key = PublicKey(std::array::from_fn(|i| i as u8 * 3));
    vec![("no keys", PassKeys::default()), ("a key", PassKeys { keys: vec![key] })]
}
