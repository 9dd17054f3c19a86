//! Hands with scripted decks.

use super::{
    tests::{Desk, cash_config, tournament_config},
    *,
};
use crate::phh::{Phh, Scripted};
use wire::{
    Action, Card, PlayerCommand, Refusal,
    event::HandEvent,
    script::Script,
    table::{HouseBot, TableCommand},
};

/// A hand in which three players see the river: the second wins with a flush that only this deck
/// deals.
const HAND: &str = "
variant = 'NT'
ante_trimming_status = true
antes = [1, 1, 1]
blinds_or_straddles = [2, 4, 8]
min_bet = 4
starting_stacks = [100, 50, 75]
actions = ['d dh p1 AsAd', 'd dh p2 7h2h', 'd dh p3 ????', 'p1 cbr 20', 'p2 cc', 'p3 f', 'd db Kh9h3c', 'p1 cbr 29',
    'p2 cc', 'd db 4h', 'd db Ac']
";

fn hand() -> Scripted {
    Phh::parse(HAND).unwrap().script().unwrap()
}

fn config() -> TableConfig {
    let purpose = Purpose::Cash { min_buy_in: Chips(2), max_buy_in: Chips(1_000) };
    TableConfig { scripted: true, purpose, ..cash_config() }
}

/// Returns a table where all players of the script sit.
fn seated(config: &TableConfig, script: &Script) -> Desk {
    let mut desk = Desk::new(config, &[], 3);
    for seat in &script.players {
        let sit = PlayerCommand::Sit { seat: Some(seat.seat), buy_in: seat.stack }.by("p");
        desk.send(Some(u64::from(seat.seat) + 1), &sit).unwrap();
    }
    desk.pay(false);
    desk.settle();
    desk
}

fn stacks(desk: &Desk) -> Vec<u64> {
    (0..3).filter_map(|no| desk.table.seat(no)).map(|seat| seat.stack.0).collect()
}

#[test]
fn the_scripted_deck_is_dealt_and_no_hand_begins_without_a_script() {
    let Scripted { script, actions, .. } = hand();
    let mut desk = seated(&config(), &script);
    desk.now_ms += 60_000;
    desk.settle();
    assert!(!desk.table.is_playing(), "no script has come");
    desk.send(None, &TableCommand::Script(script.clone())).unwrap();
    let TableEvent::HandStarted { script: kept, start, .. } = &desk.journal.last().unwrap().events[0] else {
        panic!("no hand began");
    };
    assert_eq!(kept.as_deref(), Some(&script), "the journal says that it is a script's");
    assert_eq!((start.small_blind, start.big_blind, start.button), (Some(0), 1, 2));
    let own = desk.table.cards_of(PlayerId(2)).unwrap().cards;
    assert_eq!(own.iter().map(Card::to_string).collect::<String>(), "7h2h");
    for (seat, action) in actions {
        let (player, hand, turn, _) = desk.turn().unwrap();
        assert_eq!(player, u64::from(seat) + 1);
        desk.send(Some(player), &PlayerCommand::act(hand, turn, action).by("")).unwrap();
    }
    assert_eq!(stacks(&desk), [50, 109, 66]);
    let board = desk.journal.iter().flat_map(|record| &record.events).filter_map(|event| match event {
        TableEvent::Hand(HandEvent::Board { cards, .. }) => Some(cards.iter().map(Card::to_string).collect()),
        _ => None,
    });
    assert_eq!(board.collect::<Vec<String>>(), ["Kh9h3c", "4h", "Ac"]);
    desk.now_ms += 60_000;
    desk.settle();
    assert!(!desk.table.is_playing(), "one hand, and no other");
    desk.check_replay();
    let public = serde_json::to_string(&desk.seen).unwrap();
    assert!(!public.contains("deck") && !public.contains("script"));
}

#[test]
fn scripts_that_do_not_fit_the_table_are_refused_with_the_reason() {
    let script = hand().script;
    let deal = TableCommand::Script(script.clone());
    let refusal = |desk: &mut Desk, player, command: &TableCommand| desk.send(player, command).unwrap_err();
    let mut desk = seated(&config(), &script);
    assert!(matches!(refusal(&mut desk, Some(1), &deal), Refusal::BadMessage { .. }), "no player may");
    let broken: [fn(&mut Script); 5] = [
        |script| script.players[2].stack = Chips(74),
        |script| script.players[2].seat = 5,
        |script| script.deck[0] = script.deck[1],
        |script| script.deck.truncate(51),
        |script| script.players.truncate(1),
    ];
    for breaks in broken {
        let mut script = script.clone();
        breaks(&mut script);
        let refusal = refusal(&mut desk, None, &TableCommand::Script(script));
        assert!(matches!(refusal, Refusal::BadScript { .. }), "{refusal}");
    }
    desk.send(None, &deal).unwrap();
    assert_eq!(refusal(&mut desk, None, &deal), Refusal::NotAtThisStage);

    let shuffles = TableConfig { scripted: false, ..config() };
    let mut desk = Desk::new(&shuffles, &[], 4);
    assert!(matches!(refusal(&mut desk, None, &deal), Refusal::BadScript { .. }));
    let tournament = TableConfig { scripted: true, ..tournament_config() };
    assert!(create(TableId(1), &tournament, &[]).is_err());
}

#[test]
fn bots_at_a_scripted_table_wait_for_the_script_too() {
    let bots: Vec<HouseBot> = (1..=3)
        .map(|n| HouseBot { player: PlayerId(n), name: format!("bot {n}"), buy_in: Chips(100) })
        .collect();
    let mut desk = Desk::new(&config(), &bots, 5);
    desk.pay(false);
    desk.now_ms += 60_000;
    desk.settle();
    assert!(desk.table.bot_turn().is_none());
    let mut script = hand().script;
    script.players.iter_mut().for_each(|player| player.stack = Chips(100));
    desk.send(None, &TableCommand::Script(script)).unwrap();
    assert!(desk.table.bot_turn().is_some());
    desk.act(|_, _| Action::Fold).unwrap();
}
