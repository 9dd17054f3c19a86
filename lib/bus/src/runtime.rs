use std::{cell::Cell, time::{Duration, Instant}};
thread_local! { static WOKE: Cell<Option<Instant>> = const { Cell::new(None) }; }
pub fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    let pause = std::env::var("COALESCE_US").ok().and_then(|t| t.parse().ok()).map(Duration::from_micros);
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.enable_all();
    if let Some(pause) = pause {
        builder.on_thread_unpark(|| WOKE.set(Some(Instant::now())));
        builder.on_thread_park(move || {
            if let Some(woke) = WOKE.get() {
                let left = pause.saturating_sub(woke.elapsed());
                if !left.is_zero() { std::thread::sleep(left); }
            }
        });
    }
    builder.build()
}
