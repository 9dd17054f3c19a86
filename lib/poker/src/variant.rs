//! Poker variants as data. A variant is one constant: the streets in order, the size of bets, the
//! cards of the deck and the rankings. A new variant is one declaration here and its place in
//! [`ALL`]; the rules need no other line.

use wire::{Card, Rank};

/// The betting structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Betting {
    /// Up to all-in.
    NoLimit,
    /// Up to the size of the pot.
    PotLimit,
    /// In fixed steps: the small bet on the early streets, the big bet later.
    FixedLimit,
}

/// The fixed-limit bet of a street. It has no meaning in other structures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BetSize {
    /// The small bet.
    Small,
    /// The big bet.
    Big,
}

/// The player who acts first on a street.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Opener {
    /// The first player left of the highest blind. Heads-up that is the button (TDA 34-B).
    LeftOfBlinds,
    /// The first player left of the button.
    LeftOfButton,
    /// The player with the lowest card face up pays the bring-in: aces high, suits break ties,
    /// clubs lowest.
    LowCardBringsIn,
    /// The player with the highest card face up pays the bring-in: aces low, suits break ties,
    /// spades highest.
    HighCardBringsIn,
    /// The player with the highest hand face up.
    HighHand,
    /// The player with the lowest hand face up, aces low.
    LowHand,
}

/// One street: the cards dealt, the draw, and the player who opens the betting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Street {
    /// The street's name for players.
    pub name: &'static str,
    /// Whether a card is burned first.
    pub burn: bool,
    /// Cards dealt face down to each player.
    pub down: u8,
    /// Cards dealt face up to each player.
    pub up: u8,
    /// Cards dealt to the board.
    pub board: u8,
    /// Most cards a player may exchange before the betting; 0 for no draw.
    pub draw: u8,
    /// Size of a fixed-limit bet.
    pub bet: BetSize,
    /// The player who opens the betting.
    pub opener: Opener,
}

/// The cards of the deck.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stock {
    /// All 52.
    Full,
    /// The 36 from the six up.
    SixUp,
}

impl Stock {
    /// Returns whether the deck has the card.
    #[must_use]
    pub fn has(self, card: Card) -> bool {
        match self {
            Self::Full => true,
            Self::SixUp => card.rank() >= Rank(4),
        }
    }
}

/// The winner who gets the odd chip of a shared pot (TDA 20).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OddChip {
    /// The first winner left of the button.
    LeftOfButton,
    /// The winner with the highest card, suits breaking ties.
    HighCard,
}

/// A way to rank hands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ranking {
    /// The usual ranking: straight flush down to high card, aces high, and low in A-2-3-4-5.
    High,
    /// With 36 cards: a flush beats a full house, A-6-7-8-9 is a straight.
    ShortDeck,
    /// Lowest hand wins, aces low, straights and flushes do not count.
    AceToFive,
    /// As [`Ranking::AceToFive`], but only hands of five different ranks up to the eight qualify.
    EightOrBetter,
    /// Lowest hand wins, aces high, straights and flushes count against it.
    DeuceToSeven,
    /// Lowest hand of different ranks and suits wins, more cards before fewer, aces low.
    Badugi,
}

/// The choice of cards from a player's and the board's that makes a hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Selection {
    /// Any five of them.
    Any,
    /// Exactly this many hole cards, the rest from the board.
    FromHole(u8),
}

/// A poker variant.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Variant {
    /// Its code: the PHH format's where that has one.
    pub code: &'static str,
    /// The variant's name for players.
    pub name: &'static str,
    /// Most players that the deck is enough for.
    pub max_players: u8,
    /// The deck.
    pub stock: Stock,
    /// How bets are sized.
    pub betting: Betting,
    /// The streets, in order.
    pub streets: &'static [Street],
    /// The choice of the five cards.
    pub selection: Selection,
    /// The rankings that win. Two of them halve the pot; the odd chip goes to the first (TDA 20).
    pub rankings: &'static [Ranking],
    /// The winner who gets odd chips.
    pub odd_chip: OddChip,
}

impl Variant {
    /// Returns the most hole cards that a player is dealt in all, exchanged ones not counted.
    #[must_use]
    pub fn hole_cards(&self) -> u8 {
        self.streets.iter().map(|street| street.down + street.up).sum()
    }

    /// Returns whether an opening bring-in takes the place of blinds.
    #[must_use]
    pub fn has_bring_in(&self) -> bool {
        self.streets.first().is_some_and(|street| street.brings_in())
    }
}

impl Street {
    /// Returns whether the street opens with a bring-in.
    #[must_use]
    pub const fn brings_in(&self) -> bool {
        matches!(self.opener, Opener::LowCardBringsIn | Opener::HighCardBringsIn)
    }
}

/// Returns the variant with a code.
#[must_use]
pub fn by_code(code: &str) -> Option<&'static Variant> {
    ALL.iter().copied().find(|variant| variant.code == code)
}

/// A street without cards, draws or burns; the declarations below add to it.
const PLAIN: Street = Street {
    name: "",
    burn: false,
    down: 0,
    up: 0,
    board: 0,
    draw: 0,
    bet: BetSize::Small,
    opener: Opener::LeftOfButton,
};

const fn preflop(down: u8) -> Street {
    Street { name: "preflop", down, opener: Opener::LeftOfBlinds, ..PLAIN }
}

const FLOP: Street = Street { name: "flop", burn: true, board: 3, ..PLAIN };
const TURN: Street = Street { name: "turn", burn: true, board: 1, bet: BetSize::Big, ..PLAIN };
const RIVER: Street = Street { name: "river", ..TURN };

/// Returns the streets of hold'em, or of Omaha with more hole cards.
#[must_use]
pub const fn with_board(hole_cards: u8) -> [Street; 4] {
    [preflop(hole_cards), FLOP, TURN, RIVER]
}

/// Returns the streets of seven-card stud. `first` pays the bring-in, `then` opens the later
/// streets.
#[must_use]
pub const fn stud(first: Opener, then: Opener) -> [Street; 5] {
    let third = Street { name: "third street", down: 2, up: 1, opener: first, ..PLAIN };
    let fourth = Street { name: "fourth street", burn: true, up: 1, opener: then, ..PLAIN };
    let fifth = Street { name: "fifth street", bet: BetSize::Big, ..fourth };
    let sixth = Street { name: "sixth street", ..fifth };
    let seventh = Street { name: "seventh street", down: 1, up: 0, ..fifth };
    [third, fourth, fifth, sixth, seventh]
}

/// Returns the street before the first draw.
const fn before_draw(hole_cards: u8) -> Street {
    Street { name: "before the draw", ..preflop(hole_cards) }
}

const fn draw(name: &'static str, most: u8, bet: BetSize) -> Street {
    Street { name, burn: true, draw: most, bet, ..PLAIN }
}

/// Returns the streets of a draw game with one draw.
#[must_use]
pub const fn single_draw(hole_cards: u8) -> [Street; 2] {
    [before_draw(hole_cards), draw("draw", hole_cards, BetSize::Big)]
}

/// Returns the streets of a draw game with three draws.
#[must_use]
pub const fn triple_draw(hole_cards: u8) -> [Street; 4] {
    [
        before_draw(hole_cards),
        draw("first draw", hole_cards, BetSize::Small),
        draw("second draw", hole_cards, BetSize::Big),
        draw("third draw", hole_cards, BetSize::Big),
    ]
}

/// No-limit hold'em.
pub static NT: Variant = Variant {
    code: "NT",
    name: "No-limit hold'em",
    max_players: 10,
    stock: Stock::Full,
    betting: Betting::NoLimit,
    streets: &with_board(2),
    selection: Selection::Any,
    rankings: &[Ranking::High],
    odd_chip: OddChip::LeftOfButton,
};

/// Pot-limit hold'em.
pub static PT: Variant = Variant { code: "PT", name: "Pot-limit hold'em", betting: Betting::PotLimit, ..NT };

/// Fixed-limit hold'em.
pub static FT: Variant =
    Variant { code: "FT", name: "Fixed-limit hold'em", betting: Betting::FixedLimit, ..NT };

/// No-limit short-deck hold'em.
pub static NS: Variant = Variant {
    code: "NS",
    name: "No-limit short-deck hold'em",
    stock: Stock::SixUp,
    rankings: &[Ranking::ShortDeck],
    ..NT
};

/// Pot-limit Omaha.
pub static PO: Variant = Variant {
    code: "PO",
    name: "Pot-limit Omaha",
    betting: Betting::PotLimit,
    streets: &with_board(4),
    selection: Selection::FromHole(2),
    ..NT
};

/// Fixed-limit Omaha hi-lo, eight or better.
pub static FO8: Variant = Variant {
    code: "FO/8",
    name: "Fixed-limit Omaha hi-lo",
    betting: Betting::FixedLimit,
    rankings: &[Ranking::High, Ranking::EightOrBetter],
    ..PO
};

/// Fixed-limit seven-card stud.
pub static F7S: Variant = Variant {
    code: "F7S",
    name: "Seven-card stud",
    max_players: 8,
    stock: Stock::Full,
    betting: Betting::FixedLimit,
    streets: &stud(Opener::LowCardBringsIn, Opener::HighHand),
    selection: Selection::Any,
    rankings: &[Ranking::High],
    odd_chip: OddChip::HighCard,
};

/// Fixed-limit seven-card stud hi-lo, eight or better.
pub static F7S8: Variant = Variant {
    code: "F7S/8",
    name: "Seven-card stud hi-lo",
    rankings: &[Ranking::High, Ranking::EightOrBetter],
    ..F7S
};

/// Fixed-limit razz.
pub static FR: Variant = Variant {
    code: "FR",
    name: "Razz",
    streets: &stud(Opener::HighCardBringsIn, Opener::LowHand),
    rankings: &[Ranking::AceToFive],
    ..F7S
};

/// Fixed-limit five-card draw. The code is ours: the PHH format has none.
pub static F5D: Variant = Variant {
    code: "F5D",
    name: "Five-card draw",
    max_players: 8,
    stock: Stock::Full,
    betting: Betting::FixedLimit,
    streets: &single_draw(5),
    selection: Selection::Any,
    rankings: &[Ranking::High],
    odd_chip: OddChip::LeftOfButton,
};

/// No-limit deuce-to-seven single draw.
pub static N2L1D: Variant = Variant {
    code: "N2L1D",
    name: "No-limit 2-7 single draw",
    betting: Betting::NoLimit,
    rankings: &[Ranking::DeuceToSeven],
    ..F5D
};

/// Fixed-limit deuce-to-seven triple draw.
pub static F2L3D: Variant = Variant {
    code: "F2L3D",
    name: "2-7 triple draw",
    streets: &triple_draw(5),
    rankings: &[Ranking::DeuceToSeven],
    ..F5D
};

/// Fixed-limit badugi.
pub static FB: Variant =
    Variant { code: "FB", name: "Badugi", streets: &triple_draw(4), rankings: &[Ranking::Badugi], ..F5D };

/// All variants.
pub static ALL: &[&Variant] = &[&NT, &PT, &FT, &NS, &PO, &FO8, &F7S, &F7S8, &FR, &F5D, &N2L1D, &F2L3D, &FB];
