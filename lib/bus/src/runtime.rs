//! The runtime of a process that handles many small messages.

use std::{
    cell::Cell,
    io,
    time::{Duration, Instant},
};
use tokio::runtime::{Builder, Runtime};

/// An idle thread waits until this long after it last woke before it looks for more work: messages
/// that come until then are handled and answered in one batch. An action passes four such threads.
/// `docs/decisions/0027-how-events-reach-players.md` has the figures.
pub const TOGETHER: Duration = Duration::from_millis(1);

thread_local! {
    /// When this thread last woke.
    static WOKE: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Most tasks that run before timers and sockets are polled. A partition's task may take a few
/// milliseconds at a time while it is loaded; with tokio's default of 61, a process that loads many
/// partitions is late with its heartbeats and may be taken for dead.
const TASKS: u32 = 8;

/// Returns a runtime that handles messages in batches, with a thread per core, or as many as the
/// variable `TOKIO_WORKER_THREADS` says. With one thread, tasks run strictly in the order in which
/// they became ready, so that the messages of several tasks leave for the server in one batch.
///
/// # Errors
/// When the operating system gives no threads.
pub fn runtime() -> io::Result<Runtime> {
    let one = std::env::var("TOKIO_WORKER_THREADS").is_ok_and(|threads| threads == "1");
    let mut builder = if one { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    take_together(&mut builder, TOGETHER).build()
}

/// Makes the threads of a runtime batch the messages that come within this time after they woke,
/// and poll often.
pub fn take_together(builder: &mut Builder, within: Duration) -> &mut Builder {
    builder
        .enable_all()
        .event_interval(TASKS)
        .on_thread_unpark(|| WOKE.set(Some(Instant::now())))
        .on_thread_park(move || {
            if let Some(woke) = WOKE.get() {
                std::thread::sleep(within.saturating_sub(woke.elapsed()));
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{
        future::poll_fn,
        sync::atomic::{AtomicUsize, Ordering},
        task::Poll,
    };
    use tokio::{sync::mpsc, time::sleep};

    /// The timer stands for heartbeats, the tasks for partitions that are being loaded.
    #[test]
    fn a_timer_waits_for_hardly_more_tasks_than_are_ready() {
        const BUSY: usize = 20;
        /// The time that a task runs until it lets others run, a fraction of the timer's.
        const TURN: Duration = Duration::from_micros(250);
        static TURNS: AtomicUsize = AtomicUsize::new(0);
        let runtime = take_together(&mut Builder::new_current_thread(), TOGETHER).build().unwrap();
        for _ in 0..BUSY {
            runtime.spawn(async {
                poll_fn(|task| {
                    std::thread::sleep(TURN);
                    TURNS.fetch_add(1, Ordering::Relaxed);
                    task.waker().wake_by_ref();
                    Poll::<()>::Pending
                })
                .await;
            });
        }
        let timer = runtime.spawn(async {
            let mut most = 0;
            for _ in 0..20 {
                let before = TURNS.load(Ordering::Relaxed);
                sleep(4 * TURN).await;
                most = most.max(TURNS.load(Ordering::Relaxed) - before);
            }
            most
        });
        let most = runtime.block_on(timer).unwrap();
        assert!(most <= 2 * BUSY, "{most} turns of {BUSY} tasks until a timer was looked at");
    }

    #[test]
    fn messages_in_batches_are_complete_and_in_order_and_timers_go_on() {
        const MANY: u32 = 500;
        for builder in [&mut Builder::new_multi_thread(), &mut Builder::new_current_thread()] {
            let runtime = take_together(builder, TOGETHER).build().unwrap();
            let (sender, mut receiver) = mpsc::channel(10);
            let outside = std::thread::spawn(move || {
                for n in 0..MANY {
                    sender.blocking_send(n).unwrap();
                    std::thread::sleep(Duration::from_micros(100));
                }
            });
            runtime.block_on(async {
                let timers = tokio::spawn(async {
                    for _ in 0..20 {
                        sleep(Duration::from_millis(1)).await;
                    }
                });
                for n in 0..MANY {
                    assert_eq!(receiver.recv().await, Some(n));
                }
                assert_eq!(receiver.recv().await, None);
                timers.await.unwrap();
            });
            outside.join().unwrap();
        }
    }
}
