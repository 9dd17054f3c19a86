//! Frames on a byte stream: a big-endian `u32` length, then that many bytes. Memory is allocated
//! per frame, so an idle connection uses none.

use bytes::{Buf, Bytes, BytesMut};
use std::{
    io,
    mem::MaybeUninit,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Reads frames from pieces of any size.
#[derive(Debug)]
pub(crate) struct Incoming {
    limit: usize,
    /// Bytes that are not yet a whole frame, with its length.
    bytes: BytesMut,
}

/// The reason why there is no frame.
#[derive(Debug)]
pub(crate) enum NoFrame {
    /// The client has closed the connection.
    Gone,
    /// The frame is larger than allowed.
    TooLarge,
}

/// Bytes that are read at once: nearly every frame of a client, whole.
const READ: usize = 1_024;
/// Bytes of a frame's length.
const HEADER: usize = 4;

impl Incoming {
    /// Returns a reader of frames of at most `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, bytes: BytesMut::new() }
    }

    /// Returns the next frame.
    pub(crate) fn poll<R: AsyncRead + Unpin>(
        &mut self,
        stream: &mut R,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Bytes, NoFrame>> {
        loop {
            if let Some(frame) = self.next().transpose() {
                return Poll::Ready(frame);
            }
            let mut piece = [const { MaybeUninit::uninit() }; READ];
            let mut piece = ReadBuf::uninit(&mut piece);
            let read = ready!(Pin::new(&mut *stream).poll_read(cx, &mut piece));
            if read.is_err() || piece.filled().is_empty() {
                return Poll::Ready(Err(NoFrame::Gone));
            }
            self.bytes.extend_from_slice(piece.filled());
        }
    }

    /// Takes the first frame out, once all of it has come.
    fn next(&mut self) -> Result<Option<Bytes>, NoFrame> {
        let Some(&header) = self.bytes.first_chunk::<HEADER>() else { return Ok(None) };
        let length = u32::from_be_bytes(header) as usize;
        if length > self.limit {
            return Err(NoFrame::TooLarge);
        }
        let end = HEADER + length;
        if self.bytes.len() < end {
            return Ok(None);
        }
        // Frees the memory, because most connections are idle.
        let rest = if self.bytes.len() == end { BytesMut::new() } else { self.bytes.split_off(end) };
        let mut frame = std::mem::replace(&mut self.bytes, rest).freeze();
        frame.advance(HEADER);
        Ok(Some(frame))
    }
}

/// Frames to be written, one behind the other, so that several leave with one write.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    bytes: Vec<u8>,
    written: usize,
}

impl Outgoing {
    /// Returns whether all frames are written.
    pub(crate) const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Adds a frame behind the others.
    pub(crate) fn add(&mut self, body: &[u8]) {
        // No frame comes near 4 GiB.
        let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
        self.bytes.reserve(4 + body.len());
        self.bytes.extend_from_slice(&length.to_be_bytes());
        self.bytes.extend_from_slice(body);
    }

    /// Returns ready when all frames are written; then no memory is used.
    pub(crate) fn poll<W: AsyncWrite + Unpin>(
        &mut self,
        stream: &mut W,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while let Some(rest @ [_, ..]) = self.bytes.get(self.written..) {
            let written = ready!(Pin::new(&mut *stream).poll_write(cx, rest))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.written += written;
        }
        *self = Self::default();
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use tokio::io::AsyncWriteExt;

    async fn receive(
        incoming: &mut Incoming,
        stream: &mut (impl AsyncRead + Unpin),
    ) -> Result<Bytes, NoFrame> {
        poll_fn(|cx| incoming.poll(stream, cx)).await
    }

    #[tokio::test]
    async fn frames_survive_any_division_into_pieces() {
        let bodies: [&'static [u8]; 4] = [b"one", b"", b"three", &[7; 300]];
        for piece in [1, 2, 3, 5, 64, 4_096] {
            let (mut far, mut near) = tokio::io::duplex(piece);
            tokio::spawn(async move {
                let mut outgoing = Outgoing::default();
                for pair in bodies.chunks(2) {
                    pair.iter().for_each(|body| outgoing.add(body));
                    poll_fn(|cx| outgoing.poll(&mut far, cx)).await.unwrap();
                }
            });
            let mut incoming = Incoming::new(300);
            for body in bodies {
                assert_eq!(receive(&mut incoming, &mut near).await.unwrap(), body);
            }
            assert!(matches!(receive(&mut incoming, &mut near).await, Err(NoFrame::Gone)));
        }
    }

    #[tokio::test]
    async fn a_frame_over_the_limit_is_refused_before_it_comes() {
        let (mut far, mut near) = tokio::io::duplex(64);
        far.write_all(&301_u32.to_be_bytes()).await.unwrap();
        let mut incoming = Incoming::new(300);
        assert!(matches!(receive(&mut incoming, &mut near).await, Err(NoFrame::TooLarge)));
    }

    #[tokio::test]
    async fn half_a_frame_is_not_returned() {
        let (mut far, mut near) = tokio::io::duplex(64);
        far.write_all(&[0, 0, 0, 5, 1, 2]).await.unwrap();
        drop(far);
        assert!(matches!(receive(&mut Incoming::new(300), &mut near).await, Err(NoFrame::Gone)));
    }
}
