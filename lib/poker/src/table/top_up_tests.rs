//! Chips that are added at a cash table, between hands and during one.

use super::{
    tests::{Desk, bot_table, cash_config, table_of},
    *,
};
use wire::{
    Action, CommandId, PlayerCommand, Refusal,
    event::Unseating,
    journal::Cause,
    table::TableCommand,
    tournament::{Arrival, Instruction, Stats},
};

fn top_up(amount: u64) -> TableCommand {
    PlayerCommand::TopUp { amount: Chips(amount) }.by("")
}

/// Returns the public view of player 1's seat: chips behind, and chips that arrive after the hand.
fn stack_and_waiting(desk: &Desk) -> (u64, u64) {
    let view = desk.table.view();
    let seat = view.seats.iter().find(|seat| seat.player == PlayerId(1)).unwrap();
    (seat.stack.0, seat.waiting.0)
}

/// Lets the players act until the hand is over: a player who faces a bet folds.
fn play_out(desk: &mut Desk) {
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
        assert_eq!(desk.table.chips(), Chips(340), "no chip is lost with the hand");
        assert_eq!(desk.table.inventory().seats[1].waiting, Chips::ZERO);
        desk.now_ms += 100;
        desk.settle();
        play_out(&mut desk);
        assert_eq!(desk.table.chips(), Chips(340), "and they are played with");
        desk.check_replay();
    }
}

#[test]
fn between_hands_the_chips_come_at_once() {
    let mut desk = table_of(3, 1);
    desk.send(Some(1), &top_up(60)).unwrap();
    assert_eq!(stack_and_waiting(&desk), (100, 0), "the money is not here yet");
    desk.pay(false);
    assert_eq!(stack_and_waiting(&desk), (160, 0));
    desk.settle();
    assert!(desk.table.is_playing());
    assert_eq!(desk.table.chips(), Chips(360));
    desk.check_replay();
}

#[test]
fn during_a_hand_the_chips_wait_for_its_end() {
    let mut desk = table_of(3, 1);
    desk.settle();
    let (stack, _) = stack_and_waiting(&desk);
    desk.send(Some(1), &top_up(60)).unwrap();
    desk.pay(false);
    assert_eq!(stack_and_waiting(&desk), (stack, 60));
    play_out(&mut desk);
    let left = desk.table.inventory().seats[0].stack.0;
    assert_eq!(stack_and_waiting(&desk), (left, 0));
    assert!((60 + 98..=60 + 103).contains(&left), "{left}: a blind lost or won");
    desk.check_replay();
}

#[test]
fn chips_that_come_late_keep_the_seat_of_a_player_who_has_lost_all() {
    let mut desk = table_of(2, 3);
    desk.settle();
    desk.send(Some(1), &top_up(60)).unwrap();
    desk.send(Some(2), &top_up(60)).unwrap();
    // All players are all-in until one of them has lost.
    while desk.table.hands() == 0 {
        let all_in = |legal: &wire::Legal| match (legal.raise, legal.bet) {
            (Some(bounds), _) => Action::RaiseTo(bounds.max),
            (None, Some(bounds)) => Action::Bet(bounds.max),
            (None, None) if legal.call.is_some() => Action::Call,
            (None, None) => Action::Check,
        };
        desk.act(|_, legal| all_in(legal)).unwrap();
    }
    desk.settle();
    assert_eq!(desk.table.players().count(), 2, "no player is bust while chips are on their way");
    desk.pay(false);
    assert_eq!(desk.table.chips(), Chips(320));
    desk.now_ms += 100;
    desk.settle();
    assert!(desk.table.is_playing(), "and the next hand is dealt to both");
    desk.check_replay();
}

#[test]
fn an_amount_that_may_not_be_brought_is_refused_by_name() {
    let mut desk = table_of(3, 1);
    assert_eq!(desk.send(Some(1), &top_up(0)), Err(Refusal::NoChipsAsked));
    assert_eq!(desk.send(Some(1), &top_up(101)), Err(Refusal::TopUpTooLarge { most: Chips(100) }));
    assert_eq!(desk.send(Some(9), &top_up(10)), Err(Refusal::NotSeated));
    assert!(matches!(desk.send(None, &top_up(10)), Err(Refusal::BadMessage { .. })));
    desk.settle();
    desk.send(Some(1), &top_up(60)).unwrap();
    assert_eq!(desk.send(Some(1), &top_up(10)), Err(Refusal::TopUpUnderWay));
    desk.pay(false);
    // Chips in the pot count as the seat's, and chips that arrive after the hand count too.
    assert_eq!(desk.send(Some(1), &top_up(41)), Err(Refusal::TopUpTooLarge { most: Chips(40) }));
    desk.send(Some(1), &top_up(40)).unwrap();
    desk.pay(false);
    assert_eq!(desk.send(Some(1), &top_up(1)), Err(Refusal::NothingMissing));
    desk.send(Some(2), &PlayerCommand::Leave.by("")).unwrap();
    assert_eq!(desk.send(Some(2), &top_up(10)), Err(Refusal::Leaving));
    desk.send(None, &TableCommand::Close).unwrap();
    assert_eq!(desk.send(Some(3), &top_up(10)), Err(Refusal::TableClosed));
    let reserved = PlayerCommand::Sit { seat: None, buy_in: Chips(100) }.by("kim");
    let mut desk = Desk::new(&cash_config(), &[], 1);
    desk.send(Some(1), &reserved).unwrap();
    assert_eq!(desk.send(Some(1), &top_up(10)), Err(Refusal::TopUpUnderWay), "the buy-in comes first");
}

#[test]
fn chips_cannot_be_brought_to_a_tournament() {
    let purpose = Purpose::Tournament { tournament: wire::TournamentId(3) };
    let mut desk = Desk::new(&TableConfig { purpose, ..cash_config() }, &[], 1);
    let add =
        vec![Arrival { player: PlayerId(1), name: "kim".into(), bot: false, stack: Chips(50), seat: 0 }];
    let (level, remove, stats) = (cash_config().level, Vec::new(), Stats::default());
    let instruction = Instruction { number: 1, level, remove, add, then: Then::Wait, stats };
    desk.send(None, &TableCommand::Instruct(instruction)).unwrap();
    assert_eq!(desk.send(Some(1), &top_up(10)), Err(Refusal::TournamentTable));
}

#[test]
fn a_refusal_of_the_cashier_is_the_answer_and_leaves_a_person_seated() {
    let mut desk = table_of(3, 1);
    let cause = Cause { player: Some(PlayerId(1)), id: CommandId(900) };
    desk.repeat(cause, &top_up(60)).unwrap();
    desk.pay(true);
    let poor = Refusal::InsufficientFunds { balance: Chips::ZERO };
    assert_eq!(desk.table.answer(cause), Some(&Answer::Refused(poor)));
    desk.settle();
    assert_eq!(desk.table.players().count(), 3);
    assert!(desk.table.is_playing());
    desk.repeat(Cause { id: CommandId(901), ..cause }, &top_up(60)).unwrap();
    desk.check_replay();
}

#[test]
fn a_bot_that_gets_no_more_chips_leaves() {
    let mut desk = bot_table(3, 1);
    let posting = desk.table.posting(desk.table.postings + 1);
    desk.write(None, vec![TableEvent::TopUpAsked { seat: 1, amount: Chips(40), posting }]);
    desk.pay(true);
    desk.settle();
    let gone = |event: &Event| matches!(event, Event::Unseated { seat: 1, reason: Unseating::Left, .. });
    assert!(desk.seen.iter().any(gone));
}

#[test]
fn a_repeated_top_up_waits_for_the_same_answer_and_moves_chips_once() {
    let mut desk = table_of(3, 1);
    desk.settle();
    let cause = Cause { player: Some(PlayerId(1)), id: CommandId(900) };
    for _ in 0..3 {
        desk.repeat(cause, &top_up(60)).unwrap();
        assert_eq!(desk.table.answer(cause), Some(&Answer::AwaitsChips));
    }
    desk.pay(false);
    let answer = Some(Answer::Done(desk.table.event_no()));
    assert_eq!(desk.table.answer(cause).cloned(), answer);
    let records = desk.journal.len();
    desk.repeat(cause, &top_up(60)).unwrap();
    desk.pay(false);
    assert_eq!((desk.journal.len(), desk.table.answer(cause).cloned()), (records, answer));
    assert_eq!(desk.table.chips(), Chips(360));
    desk.check_replay();
}
