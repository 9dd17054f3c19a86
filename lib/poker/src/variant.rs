//! Poker variants as data. A variant is one constant: the streets in order, how bets are sized, which cards are in
//! the deck and what wins. Adding one takes a declaration here and no other line.

use crate::rank::{Ranking, Selection};

/// How bets are sized.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Betting {
    /// Up to all-in.
    NoLimit,
    /// Up to the size of the pot.
    PotLimit,
    /// In fixed steps: the small bet on the early streets, the big bet later.
    FixedLimit,
}

/// Which fixed-limit bet a street has. Of no meaning in other structures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BetSize {
    /// The small bet.
    Small,
    /// The big bet.
    Big,
}

/// Who acts first on a street.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Opener {
    /// The first player left of the highest blind. Heads-up that is the button (TDA 34-B).
    LeftOfBlinds,
    /// The first player left of the button.
    LeftOfButton,
    /// Whoever shows the lowest card brings it in: aces high, suits break ties, clubs lowest.
    LowCardBringsIn,
    /// Whoever shows the highest card brings it in: aces low, suits break ties, spades highest.
    HighCardBringsIn,
    /// Whoever shows the highest hand.
    HighHand,
    /// Whoever shows the lowest hand, aces low.
    LowHand,
}

/// One street: what is dealt, who draws, who opens the betting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Street {
    /// What players call it.
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
    /// Who opens the betting.
    pub opener: Opener,
}

/// Which cards are in the deck.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stock {
    /// All 52.
    Full,
    /// The 36 from the six up.
    SixUp,
}

/// Who gets the odd chip of a pot that winners share (TDA 20).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OddChip {
    /// The first winner left of the button.
    LeftOfButton,
    /// The winner with the highest card, suits breaking ties.
    HighCard,
}

/// A poker variant.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Variant {
    /// Its code: the PHH format's where that names it.
    pub code: &'static str,
    /// What players call it.
    pub name: &'static str,
    /// Most players that the deck is enough for.
    pub max_players: u8,
    /// The deck.
    pub stock: Stock,
    /// How bets are sized.
    pub betting: Betting,
    /// The streets, in order.
    pub streets: &'static [Street],
    /// How the five cards are chosen.
    pub selection: Selection,
    /// What wins. Two of them halve the pot; the odd chip goes to the first (TDA 20).
    pub rankings: &'static [Ranking],
    /// Who gets odd chips.
    pub odd_chip: OddChip,
}

impl Variant {
    /// Most hole cards a player is dealt in all (not counting exchanged ones).
    #[must_use]
    pub fn hole_cards(&self) -> u8 {
        self.streets.iter().map(|street| street.down + street.up).sum()
    }

    /// Whether an opening bring-in takes the place of blinds.
    #[must_use]
    pub fn has_bring_in(&self) -> bool {
        self.streets.first().is_some_and(|street| street.brings_in())
    }
}

impl Street {
    /// Whether the street opens with a bring-in.
    #[must_use]
    pub const fn brings_in(&self) -> bool {
        matches!(self.opener, Opener::LowCardBringsIn | Opener::HighCardBringsIn)
    }
}

/// The variant of a code.
#[must_use]
pub fn by_code(code: &str) -> Option<&'static Variant> {
    ALL.iter().copied().find(|variant| variant.code == code)
}

/// A street without any cards, draws or burns: the declarations below add to it.
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

/// The streets of hold'em, and of its kin with more hole cards.
const fn with_board(hole_cards: u8) -> [Street; 4] {
    [preflop(hole_cards), FLOP, TURN, RIVER]
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

/// Every variant there is.
pub static ALL: &[&Variant] = &[&NT];
