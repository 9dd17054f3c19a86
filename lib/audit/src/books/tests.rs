use super::*;

/// Two seats in a hand of a draw game, each with one card.
fn books() -> Books {
    let seat = |player| Seat { player: PlayerId(player), stack: Chips(100), reserved: false, awaited: None };
    let dealt = BTreeMap::from([(0, Vec::new()), (1, Vec::new())]);
    let (pot, cards, seed) = (Chips::ZERO, BTreeSet::new(), Seed([0; 32]));
    let mut books = Books {
        seats: BTreeMap::from([(0, seat(1)), (1, seat(2))]),
        came: Chips(200),
        hand: Some(Hand { no: HandNo(1), seed, pot, dealt, cards }),
        ..Books::default()
    };
    assert_eq!(books.enter(&[deal(0, 3), deal(1, 4)]), []);
    books
}

fn deal(seat: SeatNo, card: usize) -> TableEvent {
    let down = Card::all().skip(card).take(1).collect();
    TableEvent::Hand(HandEvent::Dealt { seat, down, up: Default::default() })
}

#[test]
fn cards_of_a_hand_that_is_given_up_may_be_dealt_again_and_no_others() {
    let (action, added, stack) = (Action::Fold, Chips::ZERO, Chips(100));
    let fold = TableEvent::Hand(HandEvent::Acted { seat: 0, action, added, stack });
    assert_eq!(books().enter(&[fold.clone(), deal(1, 3)]), []);
    assert_eq!(books().enter(&[deal(1, 3)]).len(), 1);
    assert_eq!(books().enter(&[fold, deal(1, 4)]).len(), 1);
}
