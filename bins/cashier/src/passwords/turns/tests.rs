use super::*;
use futures::{FutureExt, future::BoxFuture};
use std::collections::BTreeMap;
use tokio::task::unconstrained;

fn network(number: u8) -> Origin {
    Origin::of_address(Some(&format!("10.0.{number}.1")))
}

fn device(number: u8) -> Origin {
    Origin::Device([number; 32])
}

type Waiting = (Origin, BoxFuture<'static, Result<HashPermit, Refusal>>);

fn wait(turns: &Turns, origin: Origin) -> Waiting {
    let turns = turns.clone();
    // Without the executor's limit on what one task polls, which hundreds of turns exceed.
    let mut turn = unconstrained(async move { turns.turn(origin).await }).boxed();
    assert!((&mut turn).now_or_never().is_none(), "the turn did not wait");
    (origin, turn)
}

/// Ends one turn after the other and returns the origins in the order of their turns.
fn served(first: HashPermit, mut waiting: Vec<Waiting>) -> Vec<Origin> {
    let mut order = Vec::new();
    let mut permit = Some(first);
    while permit.take().is_some() {
        for at in 0..waiting.len() {
            if let Some(turn) = (&mut waiting[at].1).now_or_never() {
                permit = Some(turn.unwrap());
                order.push(waiting.remove(at).0);
                break;
            }
        }
    }
    assert!(waiting.is_empty(), "{} got no turn", waiting.len());
    order
}

#[tokio::test]
async fn networks_take_turns_however_many_requests_one_has() {
    let turns = Turns::new(1);
    let first = turns.turn(network(1)).await.unwrap();
    let mut waiting: Vec<Waiting> = (0..10).map(|_| wait(&turns, network(1))).collect();
    waiting.push(wait(&turns, network(2)));
    waiting.push(wait(&turns, network(3)));
    waiting.push(wait(&turns, network(2)));
    let order = served(first, waiting);
    let expected = [1, 2, 3, 1, 2, 1, 1, 1, 1, 1, 1, 1, 1].map(network);
    assert_eq!(order, expected);
}

#[tokio::test]
async fn known_devices_go_first_and_keep_no_network_out() {
    let turns = Turns::new(1);
    let first = turns.turn(network(1)).await.unwrap();
    let mut waiting = vec![wait(&turns, network(1)), wait(&turns, network(2))];
    for number in 1..=5 {
        waiting.push(wait(&turns, device(number)));
    }
    let order = served(first, waiting);
    let (d, n) = (device, network);
    assert_eq!(order, [d(1), d(2), d(3), n(1), d(4), d(5), n(2)]);
}

#[tokio::test]
async fn an_origin_has_a_bounded_number_of_requests_waiting() {
    let turns = Turns::new(1);
    let _first = turns.turn(network(1)).await.unwrap();
    let full = Err(Refusal::unavailable("too many logins at once"));
    let refused = |origin| turns.turn(origin).now_or_never().map(|turn| turn.map(|_| ()));
    for (origin, most) in [(network(1), MOST_OF_NETWORK), (device(1), MOST_OF_DEVICE)] {
        let mut waiting: Vec<Waiting> = (0..most).map(|_| wait(&turns, origin)).collect();
        assert_eq!(refused(origin), Some(full.clone()));
        // A request that gives up makes room.
        waiting.pop();
        waiting.push(wait(&turns, origin));
        assert_eq!(refused(origin), Some(full.clone()));
    }
}

#[tokio::test]
async fn a_full_queue_takes_the_place_from_the_origin_with_the_most_requests() {
    let turns = Turns::new(1);
    let first = turns.turn(network(0)).await.unwrap();
    let greedy = MOST_WAITING / MOST_OF_NETWORK;
    let mut waiting: Vec<Waiting> = (1..=greedy)
        .flat_map(|number| vec![u8::try_from(number).unwrap(); MOST_OF_NETWORK])
        .map(|number| wait(&turns, network(number)))
        .collect();
    waiting.push(wait(&turns, network(200)));
    let mut given_up = 0;
    waiting.retain_mut(|(_, turn)| match turn.now_or_never() {
        Some(Err(_)) => {
            given_up += 1;
            false
        }
        Some(Ok(_)) | None => true,
    });
    assert_eq!(given_up, 1);
    let order = served(first, waiting);
    assert_eq!(order.iter().position(|origin| *origin == network(200)), Some(greedy));
    let mut counts = BTreeMap::new();
    for origin in order {
        *counts.entry(origin.to_string()).or_insert(0) += 1;
    }
    assert_eq!(counts.values().sum::<usize>(), MOST_WAITING);
}

#[tokio::test]
async fn a_turn_that_its_request_gave_up_goes_to_the_next_one_with_its_memory() {
    let turns = Turns::new(1);
    let mut first = turns.turn(network(1)).await.unwrap();
    first.memory(7)[0] = Block::new();
    let (_, gone) = wait(&turns, network(1));
    let (_, in_time) = wait(&turns, network(2));
    drop(first);
    // The first request in line was given the turn, and never looked.
    drop(gone);
    let second = in_time.now_or_never().unwrap().unwrap();
    assert_eq!(second.memory.len(), 7, "the memory is used again");
    drop(second);
    assert_eq!(turns.lock().free.len(), 1);
}
