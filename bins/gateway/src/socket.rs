//! An accepted TCP connection: counts what is written, ends a handshake that takes too long, and lets the last words
//! arrive.

use crate::{
    connections::ConnectionSlot,
    limits::{HANDSHAKE, LINGER},
};
use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    net::TcpStream,
    time::{Sleep, sleep, timeout},
};

/// See the module.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: Option<TcpStream>,
    state: Arc<SocketState>,
    /// Until when the handshake must be done.
    handshake: Option<Pin<Box<Sleep>>>,
    _place: ConnectionSlot,
}

/// What is known of a socket from outside, when others have wrapped it.
#[derive(Debug)]
pub(crate) struct SocketState {
    beyond_limit: bool,
    established: AtomicBool,
    lingers: AtomicBool,
    written: AtomicU64,
}

impl SocketState {
    /// Whether the connection is one too many.
    pub(crate) const fn is_beyond_limit(&self) -> bool {
        self.beyond_limit
    }

    /// The handshake is done.
    pub(crate) fn establish(&self) {
        self.established.store(true, Ordering::Relaxed);
    }

    /// The other side is to get all that was written before the connection goes away.
    pub(crate) fn linger(&self) {
        self.lingers.store(true, Ordering::Relaxed);
    }

    /// Bytes that the operating system has taken.
    pub(crate) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }
}

impl Socket {
    pub(crate) fn new(stream: TcpStream, place: ConnectionSlot, handshake: bool) -> Self {
        // Small messages that are waited for: nothing may hold them back.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "cannot set TCP_NODELAY");
        }
        let state = SocketState {
            beyond_limit: place.is_beyond_limit(),
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

    fn stream(&mut self) -> io::Result<Pin<&mut TcpStream>> {
        self.stream.as_mut().map(Pin::new).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.state.established.load(Ordering::Relaxed) {
            self.handshake = None;
        }
        if let Some(handshake) = &mut self.handshake
            && handshake.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        self.stream()?.poll_read(cx, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = self.stream()?.poll_write(cx, bytes);
        self.count(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = self.stream()?.poll_write_vectored(cx, slices);
        self.count(written)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream()?.poll_shutdown(cx)
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

/// Ends our side and reads what still comes until the other side ends too, for a short time.
async fn linger(mut stream: TcpStream) {
    let until_end = async {
        let mut scrap = [0; 512];
        stream.shutdown().await?;
        while stream.read(&mut scrap).await? > 0 {}
        Ok::<(), io::Error>(())
    };
    // Whatever happens here, nobody waits for it.
    let _ = timeout(LINGER, until_end).await;
}
