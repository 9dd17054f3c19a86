//! An accepted connection: counts written bytes, ends a handshake that takes too long, and lets
//! the last frames arrive.

use crate::{
    limits::{HANDSHAKE, LINGER},
    slots::{ConnectionSlot, Slot},
};
use std::{
    io::{self, IoSlice},
    net::IpAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll},
};
use tls::Stream;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    time::{Sleep, sleep, timeout},
};

/// An accepted connection, with TLS or without.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: Option<Stream>,
    state: Arc<SocketState>,
    /// The time limit of the handshake, until it is done.
    handshake: Option<Pin<Box<Sleep>>>,
    _place: ConnectionSlot,
}

/// The state of a socket that is read from outside while other types wrap it.
#[derive(Debug)]
pub(crate) struct SocketState {
    slot: Arc<Slot>,
    peer: Option<IpAddr>,
    established: AtomicBool,
    lingers: AtomicBool,
    written: AtomicU64,
}

impl SocketState {
    /// Returns the connection's slot.
    pub(crate) fn slot(&self) -> &Slot {
        &self.slot
    }

    /// Returns the client's address; none if it is not known.
    pub(crate) const fn peer(&self) -> Option<IpAddr> {
        self.peer
    }

    /// Notes that the handshake is done.
    pub(crate) fn establish(&self) {
        self.established.store(true, Ordering::Relaxed);
    }

    /// Asks for the last bytes to arrive at the client before the connection is closed.
    pub(crate) fn linger(&self) {
        self.lingers.store(true, Ordering::Relaxed);
    }

    /// Returns the number of bytes that the operating system, or TLS, has taken.
    pub(crate) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }
}

impl Socket {
    pub(crate) fn new(stream: Stream, place: ConnectionSlot, peer: Option<IpAddr>, handshake: bool) -> Self {
        let state = SocketState {
            slot: place.slot(),
            peer: peer.map(|peer| peer.to_canonical()),
            established: AtomicBool::new(!handshake),
            lingers: AtomicBool::new(false),
            written: AtomicU64::new(0),
        };
        Self {
            stream: Some(stream),
            state: Arc::new(state),
            handshake: handshake.then(|| Box::pin(sleep(HANDSHAKE))),
            _place: place,
        }
    }

    pub(crate) fn state(&self) -> Arc<SocketState> {
        Arc::clone(&self.state)
    }

    /// Returns the stream. Fails once the handshake has taken too long; until it is done, `cx` is
    /// woken then: a client that does not read keeps the gateway writing, so reading alone would
    /// not notice.
    fn stream(&mut self, cx: &mut Context<'_>) -> io::Result<Pin<&mut Stream>> {
        if self.state.established.load(Ordering::Relaxed) {
            self.handshake = None;
        }
        if let Some(handshake) = &mut self.handshake
            && handshake.as_mut().poll(cx).is_ready()
        {
            return Err(io::ErrorKind::TimedOut.into());
        }
        self.stream.as_mut().map(Pin::new).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream(cx)?.poll_read(cx, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = self.stream(cx)?.poll_write(cx, bytes);
        self.count(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = self.stream(cx)?.poll_write_vectored(cx, slices);
        self.count(written)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream(cx)?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream(cx)?.poll_shutdown(cx)
    }
}

impl Socket {
    fn count(&self, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = written {
            self.state.written.fetch_add(bytes as u64, Ordering::Relaxed);
        }
        written
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.state.lingers.load(Ordering::Relaxed)
            && let Some(stream) = self.stream.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(linger(stream));
        }
    }
}

/// Ends the gateway's side and reads the client's remaining bytes until the client ends its side,
/// for a limited time.
async fn linger(mut stream: Stream) {
    let until_end = async {
        let mut scrap = [0; 512];
        stream.shutdown().await?;
        while stream.read(&mut scrap).await? > 0 {}
        Ok::<(), io::Error>(())
    };
    // The connection has ended for the rest of the gateway, so errors do not matter.
    let _ = timeout(LINGER, until_end).await;
}
