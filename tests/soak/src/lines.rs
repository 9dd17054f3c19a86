//! Lines: proxies between players and gateways that can be cut in the middle of a frame, go silent,
//! or hold bytes back. A line passes bytes and does not know frames.

use anyhow::Context;
use client::Address;
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    time::sleep,
};

/// A fault of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// No fault.
    None,
    /// Half of the next bytes still passes, then both ends are closed.
    Cut,
    /// No more bytes pass and no end is told; both ends stay open for this long.
    Silent(Duration),
    /// Bytes from the gateway are not taken for this long, then pass again.
    Held(Duration),
}

/// All lines. Clones share them.
#[derive(Clone, Default)]
pub struct Lines {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    next: AtomicU64,
    open: Mutex<BTreeMap<u64, watch::Sender<Trouble>>>,
}

impl Lines {
    /// Opens a line to a gateway and returns its address; connections to it are passed on to the
    /// gateway.
    ///
    /// # Errors
    /// When there is no port to listen on.
    pub async fn to(&self, node: &Address) -> anyhow::Result<Address> {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no port to listen on for a line")?;
        let port = listener.local_addr()?.port();
        let scheme = node.wire();
        let (lines, node) = (self.clone(), node.authority().to_owned());
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(lines.clone().carry(near, node.clone()));
            }
        });
        Ok(format!("{scheme}://127.0.0.1:{port}").parse()?)
    }

    /// Makes trouble on `count` of the open lines, beginning with number `first`; returns how many
    /// it hit.
    pub fn trouble(&self, first: u64, count: usize, trouble: Trouble) -> usize {
        let open = self.inner.open.lock().unwrap_or_else(PoisonError::into_inner);
        let skip = usize::try_from(first).unwrap_or(0) % open.len().max(1);
        let hit = open.values().cycle().skip(skip).take(count.min(open.len()));
        hit.inspect(|line| _ = line.send_replace(trouble)).count()
    }

    async fn carry(self, near: TcpStream, node: String) {
        let Ok(far) = TcpStream::connect(node).await else {
            return;
        };
        let _ = (near.set_nodelay(true), far.set_nodelay(true));
        let number = self.inner.next.fetch_add(1, Ordering::Relaxed);
        let (trouble, troubled) = watch::channel(Trouble::None);
        self.open().insert(number, trouble);
        let (near_read, near_write) = near.into_split();
        let (far_read, far_write) = far.into_split();
        tokio::select! {
            () = pass(near_read, far_write, troubled.clone(), false) => {}
            () = pass(far_read, near_write, troubled, true) => {}
        }
        self.open().remove(&number);
    }

    fn open(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, watch::Sender<Trouble>>> {
        self.inner.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Passes bytes in one direction until the line ends. `down`: from the gateway to the player.
async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut troubled: watch::Receiver<Trouble>,
    down: bool,
) {
    let mut buffer = vec![0; 4 * 1_024];
    let mut trouble = Trouble::None;
    loop {
        let read = tokio::select! {
            read = from.read(&mut buffer) => read,
            Ok(()) = troubled.changed() => {
                trouble = *troubled.borrow_and_update();
                match trouble {
                    Trouble::Silent(time) => return sleep(time).await,
                    Trouble::Held(time) if down => sleep(time).await,
                    _ => {}
                }
                continue;
            }
        };
        let Ok(read @ 1..) = read else {
            return;
        };
        // The rest of the frame never arrives.
        let passed = if trouble == Trouble::Cut { read / 2 } else { read };
        if to.write_all(&buffer[..passed]).await.is_err() || trouble == Trouble::Cut {
            return;
        }
    }
}
