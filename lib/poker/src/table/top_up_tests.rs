//! Chips that are added at a cash table, between hands and during one.

use super::{tests::table_of, *};
use wire::Action;

/// Lets the players act until the hand is over: a player who faces a bet folds.
fn play_out(desk: &mut super::tests::Desk) {
    let hands = desk.table.hands();
    while desk.table.hands() == hands {
        desk.act(|_, legal| if legal.check { Action::Check } else { Action::Fold }).unwrap();
    }
}

#[test]
fn chips_that_arrive_during_a_hand_are_there_after_it() {
    for seed in 1..=10 {
        println!("seed {seed}");
        let mut desk = table_of(3, seed);
        desk.settle();
        let posting = desk.table.posting(desk.table.postings + 1);
        let asked = TableEvent::TopUpAsked { seat: 1, amount: Chips(40), posting };
        desk.write(None, vec![asked]);
        desk.pay(false);
        assert!(desk.table.is_playing());
        assert_eq!(desk.table.chips(), Chips(340), "they count at once");
        assert_eq!(desk.table.inventory().seats[1].waiting, Chips(40));
        play_out(&mut desk);
        assert_eq!(desk.table.chips(), Chips(340), "none is lost with the hand");
        assert_eq!(desk.table.inventory().seats[1].waiting, Chips::ZERO);
        desk.now_ms += 100;
        desk.settle();
        play_out(&mut desk);
        assert_eq!(desk.table.chips(), Chips(340), "and they are played with");
        desk.check_replay();
    }
}
