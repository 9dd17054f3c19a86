//! The hot path does not allocate: neither a look at a hand nor an action does, except for the
//! names of hands that are shown.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use poker::{
    hand::Hand,
    random::{self, Dice},
    variant,
};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};
use wire::event::HandEvent;

/// The system's allocator, which counts the allocations of this thread.
struct Counting;

thread_local! {
    static ASKED: Cell<u64> = const { Cell::new(0) };
}

#[allow(unsafe_code, reason = "hands on to the system's allocator")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ASKED.with(|asked| asked.set(asked.get() + 1));
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn asked(work: impl FnOnce()) -> u64 {
    let before = ASKED.with(Cell::get);
    work();
    ASKED.with(Cell::get) - before
}

#[test]
fn actions_allocate_nothing() {
    assert!(asked(|| drop(std::hint::black_box(vec![1u8]))) > 0, "allocations are counted");
    let mut events: Vec<HandEvent> = Vec::with_capacity(1_000);
    for code in ["NT", "PT", "FT", "NS", "PO", "FO/8"] {
        for seed in 0..200 {
            let mut dice = Dice::new(seed);
            let setup = random::setup(variant::by_code(code).unwrap(), 9, &mut dice);
            let mut hand = Hand::new(&setup).unwrap();
            let shows =
                |events: &[HandEvent]| events.iter().any(|event| matches!(event, HandEvent::Shown { .. }));
            events.clear();
            let opening = asked(|| hand.begin(&mut events));
            assert!(opening == 0 || shows(&events), "{code} {seed}: {opening} allocations to begin");
            while let Some(actor) = hand.actor() {
                let action = random::action(&hand.legal(), &[], 1, &mut dice);
                events.clear();
                let taken = asked(|| {
                    hand.play(actor, &action, &mut events).unwrap();
                    std::hint::black_box((hand.legal(), hand.pots().last(), hand.clone()));
                });
                assert!(taken == 0 || shows(&events), "{code} {seed}: {taken} allocations for {action:?}");
            }
        }
    }
}
