//! Examples of all messages, and the parts that several of them have.

pub mod archive;
pub mod cashier;
pub mod client;
pub mod events;
pub mod fleet;
pub mod journal;
pub mod second_factor;
pub mod server;
pub mod table;
pub mod tournament;

use wire::{
    Action, Card, Chips, ConnectionId, HandNo, Legal, PlayerId, PostingId, RaiseBounds, Refusal, TableId,
    TournamentId,
    cashier::SessionSummary,
    deal::{Digest, Octets, OpenCard, Salt},
    event::{Seed, Stack},
    pass::{GrantedPass, Pass},
    table::{Absence, Level, Purpose, TableConfig},
    tournament::{Arrival, Instruction, LevelSpec, Payout, Place, Report, Stats, Then, TournamentConfig},
};

/// Named examples of one message.
pub type Samples<T> = Vec<(&'static str, T)>;

/// The table of most samples, with a large id.
pub const TABLE: TableId = TableId(912_345_678_901);
/// A table with a small id.
pub const OTHER_TABLE: TableId = TableId(31);
/// The tournament of all samples.
pub const TOURNAMENT: TournamentId = TournamentId(3_141_592_653);
/// The player of most samples.
pub const PLAYER: PlayerId = PlayerId(42);
/// A player with the largest id.
pub const OTHER_PLAYER: PlayerId = PlayerId(wire::ids::MAX_ID);
/// The hand of all samples.
pub const HAND: HandNo = HandNo(17);
/// A moment in November 2023.
pub const AT_MS: u64 = 1_700_000_000_000;
/// The end of a turn that began then, in milliseconds since 1970.
pub const DEADLINE_MS: u64 = AT_MS + 15_000;

/// Returns the cards of a text like `AsKd`.
pub fn cards<List: FromIterator<Card>>(text: &str) -> List {
    text.as_bytes().chunks(2).map(|two| std::str::from_utf8(two).unwrap().parse().unwrap()).collect()
}

/// Returns a pass.
pub fn pass() -> Pass {
    Pass((0..97).collect())
}

/// Returns a pass as the cashier gives it.
pub fn granted() -> GrantedPass {
    GrantedPass { pass: pass(), valid_ms: 1_800_000 }
}

/// Returns the id of a connection.
pub fn connection() -> ConnectionId {
    ConnectionId("gateway-1.5f3759df.17.1".to_owned())
}

/// Returns the id of a posting.
pub fn posting(text: &str) -> PostingId {
    PostingId(text.to_owned())
}

/// Returns sessions of a player: the one that asks, and an older one.
pub fn sessions() -> Vec<SessionSummary> {
    let opened_ms = AT_MS - 3_600_000;
    let own = SessionSummary { session: 12, opened_ms, used_ms: AT_MS, network: None, own: true };
    let network = Some("192.0.2.0/24".to_owned());
    vec![own.clone(), SessionSummary { session: 7, network, own: false, ..own }]
}

/// Returns a seed.
pub fn seed() -> Seed {
    Seed(std::array::from_fn(|i| i as u8 * 8))
}

/// Returns a hash.
pub fn digest() -> Digest {
    Octets(std::array::from_fn(|i| i as u8 * 7))
}

/// Returns a salt.
pub fn salt() -> Salt {
    Octets(std::array::from_fn(|i| i as u8 * 16))
}

/// Returns an opened place of a deck.
pub fn open_card() -> OpenCard {
    OpenCard { place: 3, card: Card::FIRST, salt: salt() }
}

/// Returns a level with an ante.
pub fn level() -> Level {
    Level { number: 3, small_blind: Chips(50), big_blind: Chips(100), ante: Chips(10) }
}

/// Returns the configuration of a cash table.
pub fn cash_config() -> TableConfig {
    TableConfig {
        name: "Käthe's table".to_owned(),
        variant: "NT".to_owned(),
        seats: 6,
        level: Level { number: 0, ante: Chips::ZERO, ..level() },
        purpose: Purpose::Cash { min_buy_in: Chips(2_000), max_buy_in: Chips(10_000) },
        action_ms: 15_000,
        hand_pause_ms: 2_000,
        bot_pace_ms: 300,
        absence: Absence::default(),
        scripted: false,
        open_decks: false,
    }
}

/// Returns the configuration of a table that opens whole decks.
pub fn open_config() -> TableConfig {
    TableConfig { open_decks: true, ..cash_config() }
}

/// Returns the configuration of a tournament's table.
pub fn tournament_table_config() -> TableConfig {
    TableConfig {
        name: "Sunday, table 2".to_owned(),
        level: level(),
        purpose: Purpose::Tournament { tournament: TOURNAMENT },
        ..cash_config()
    }
}

/// Returns the configuration of a tournament.
pub fn tournament_config() -> TournamentConfig {
    TournamentConfig {
        name: "Sunday".to_owned(),
        variant: "NT".to_owned(),
        seats: 6,
        max_entries: 60,
        min_entries: 2,
        buy_in: Chips(1_000),
        fee: Chips(100),
        starting_stack: Chips(5_000),
        levels: vec![LevelSpec { small_blind: Chips(25), big_blind: Chips(50), ante: Chips(5), seconds: 60 }],
        start_ms: Some(AT_MS),
        bots: 59,
        payout: Payout::Standard,
        action_ms: 10_000,
        hand_pause_ms: 1_000,
        bot_pace_ms: 50,
        absence: Absence { grace_ms: 2_000, limit_ms: 60_000 },
    }
}

/// Returns the numbers of a tournament.
pub fn stats() -> Stats {
    Stats { entries: 60, players_left: 21, tables: 4, average_stack: Chips(14_285) }
}

/// Returns an instruction with players who leave and arrive.
pub fn instruction(then: Then) -> Instruction {
    Instruction {
        number: 12,
        level: level(),
        remove: vec![OTHER_PLAYER],
        add: vec![Arrival {
            player: PLAYER,
            name: "ann".to_owned(),
            bot: false,
            stack: Chips(7_300),
            seat: 4,
        }],
        then,
        stats: stats(),
    }
}

/// Returns the report of a hand in which a player is bust.
pub fn report() -> Report {
    Report {
        table: TABLE,
        hand: HAND,
        applied: 11,
        button: 0,
        big_blind: 2,
        results: vec![wire::tournament::HandResult {
            seat: 2,
            player: PLAYER,
            before: Chips(5_000),
            after: Chips::ZERO,
        }],
        actions: 23,
    }
}

/// Returns the places of a finished tournament.
pub fn places() -> Vec<Place> {
    vec![
        Place { place: 1, player: PLAYER, prize: Chips(40_000) },
        Place { place: 2, player: OTHER_PLAYER, prize: Chips(20_000) },
    ]
}

/// Returns a player's chips in a hand.
pub fn stack() -> Stack {
    Stack { seat: 2, player: PLAYER, chips: Chips(4_975) }
}

/// Returns the actions that a player who faces a bet may take.
pub fn legal() -> Legal {
    Legal {
        fold: true,
        check: false,
        call: Some(Chips(200)),
        bet: None,
        raise: Some(RaiseBounds { min: Chips(400), max: Chips(4_975) }),
        bring_in: None,
        discard: None,
    }
}

/// Returns legal actions that do not occur in hold'em facing a bet.
pub fn other_legal() -> Legal {
    Legal {
        fold: true,
        check: true,
        call: None,
        bet: Some(RaiseBounds { min: Chips(100), max: Chips(100) }),
        raise: None,
        bring_in: Some(Chips(25)),
        discard: Some(5),
    }
}

/// Returns all actions.
pub fn actions() -> Vec<(&'static str, Action)> {
    vec![
        ("fold", Action::Fold),
        ("check", Action::Check),
        ("call", Action::Call),
        ("bet", Action::Bet(Chips(300))),
        ("raise to", Action::RaiseTo(Chips(900))),
        ("bring in", Action::BringIn),
        ("discard", Action::Discard(cards("2c7d"))),
        ("stand pat", Action::Discard(Vec::new())),
    ]
}

/// Returns all refusals.
pub fn refusals() -> Vec<(&'static str, Refusal)> {
    use Refusal as R;
    vec![
        ("not your turn", R::NotYourTurn),
        ("turn passed", R::TurnPassed { hand: HAND, turn: 9 }),
        ("no hand", R::NoHand),
        ("cannot check", R::CannotCheck { to_call: Chips(200) }),
        ("nothing to call", R::NothingToCall),
        ("already bet", R::AlreadyBet),
        ("no bet to raise", R::NoBetToRaise),
        ("raise not open", R::RaiseNotOpen),
        ("below minimum", R::BelowMinimum { min: Chips(400) }),
        ("above maximum", R::AboveMaximum { max: Chips(5_000) }),
        ("not at this stage", R::NotAtThisStage),
        ("bad discard", R::BadDiscard { max: 3 }),
        ("not seated", R::NotSeated),
        ("already seated", R::AlreadySeated),
        ("seat taken", R::SeatTaken),
        ("no such seat", R::NoSuchSeat { last: 5 }),
        ("table full", R::TableFull),
        ("buy-in out of bounds", R::BuyInOutOfBounds { min: Chips(2_000), max: Chips(10_000) }),
        ("no chips asked", R::NoChipsAsked),
        ("top-up too large", R::TopUpTooLarge { most: Chips(1_200) }),
        ("nothing missing", R::NothingMissing),
        ("top-up under way", R::TopUpUnderWay),
        ("leaving", R::Leaving),
        ("tournament table", R::TournamentTable),
        ("table closed", R::TableClosed),
        ("insufficient funds", R::InsufficientFunds { balance: Chips(3) }),
        ("registration closed", R::RegistrationClosed),
        ("already registered", R::AlreadyRegistered),
        ("not registered", R::NotRegistered),
        ("tournament full", R::TournamentFull),
        ("tournament past", R::TournamentPast),
        ("visitors only look", R::VisitorsOnlyLook),
        ("bad credentials", R::BadCredentials),
        ("locked out", R::LockedOut { seconds: 30 }),
        ("code needed", R::CodeNeeded),
        ("bad code", R::BadCode),
        ("has a second factor", R::HasSecondFactor),
        ("has no second factor", R::NoSecondFactor),
        ("session expired", R::SessionExpired),
        ("banned", R::Banned),
        ("name taken", R::NameTaken),
        ("bad account", R::BadAccount { reason: "use at least 8 characters".to_owned() }),
        ("bad line", R::BadLine { most: 200 }),
        ("bad name", R::bad_name()),
        ("too many speakers", R::TooManySpeakers),
        ("out of date", R::OutOfDate),
        ("scripted decks off", R::ScriptedDecksOff),
        ("bad script", R::bad_script("nobody sits in seat 3 with 5000 chips")),
        ("no such table", R::NoSuchTable),
        ("no such tournament", R::NoSuchTournament),
        ("no such hand", R::NoSuchHand),
        ("no such player", R::NoSuchPlayer),
        ("already exists", R::AlreadyExists),
        ("bad message", R::bad_message("which table?")),
        ("too fast", R::TooFast),
        ("unavailable", R::unavailable("cashier")),
        ("pass needed", R::pass_needed("the pass has expired")),
        ("too much talk", R::TooMuchTalk),
    ]
}
