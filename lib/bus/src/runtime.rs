//! The runtime of a process that many small messages pass through.

use std::{
    cell::Cell,
    io,
    time::{Duration, Instant},
};
use tokio::runtime::{Builder, Runtime};

/// A thread that has nothing left to do waits until so long after it woke before it looks for more: what comes meanwhile is taken,
/// and answered, together. An action passes four such threads. `docs/decisions/0029-taken-together.md` has the figures.
const TOGETHER: Duration = Duration::from_millis(2);

thread_local! {
    /// When this thread woke last.
    static WOKE: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// A runtime with a thread per core, or as many as the variable `TOKIO_WORKER_THREADS` says, that takes messages together.
///
/// # Errors
/// When the operating system gives no threads.
pub fn runtime() -> io::Result<Runtime> {
    take_together(&mut Builder::new_multi_thread()).enable_all().build()
}

/// Makes the threads of a runtime take together what comes within two milliseconds.
pub fn take_together(builder: &mut Builder) -> &mut Builder {
    builder.on_thread_unpark(|| WOKE.set(Some(Instant::now()))).on_thread_park(|| {
        if let Some(woke) = WOKE.get() {
            std::thread::sleep(TOGETHER.saturating_sub(woke.elapsed()));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::{sync::mpsc, time::sleep};

    #[test]
    fn nothing_is_lost_or_out_of_order_and_time_goes_on() {
        const MANY: u32 = 500;
        for builder in [&mut Builder::new_multi_thread(), &mut Builder::new_current_thread()] {
            let runtime = take_together(builder).enable_all().build().unwrap();
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
