//! Frames on a byte stream, for both of its ends: a big-endian `u32` length, then that many bytes.
//!
//! Invariants: between frames a connection holds no memory. A frame over the limit is refused by
//! its length, before its bytes come. This crate does not know the contents of frames.

use bytes::{Buf, Bytes, BytesMut};
use std::{
    io,
    mem::MaybeUninit,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

/// Bytes that are read at once: nearly every frame, whole, and often several.
const CHUNK: usize = 4 * 1_024;
/// Bytes of a frame's length.
const HEADER: usize = 4;

/// The reason why there is no frame.
#[derive(Debug, thiserror::Error)]
pub enum NoFrame {
    /// The stream has ended or failed.
    #[error("{0}")]
    Gone(#[from] io::Error),
    /// It would be larger than allowed.
    #[error("a frame of {length} bytes, at most {limit} are allowed")]
    TooLarge {
        /// Its length in bytes.
        length: usize,
        /// Most bytes that are allowed.
        limit: usize,
    },
}

/// Reads frames from pieces of any size.
#[derive(Debug)]
pub struct Incoming {
    limit: usize,
    /// Bytes that are not yet a whole frame, with its length.
    bytes: BytesMut,
}

impl Incoming {
    /// Returns a reader of frames of at most `limit` bytes.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, bytes: BytesMut::new() }
    }

    /// Returns the next frame. May be given up and called again: no bytes are lost.
    ///
    /// # Errors
    /// When the stream has ended or failed, or the frame is too large; there will be no more frames
    /// then.
    pub async fn next<R: AsyncRead + Unpin>(&mut self, stream: &mut R) -> Result<Bytes, NoFrame> {
        std::future::poll_fn(|cx| self.poll(stream, cx)).await
    }

    /// Does the same as [`Incoming::next`] inside of another future.
    ///
    /// # Errors
    /// Those of [`Incoming::next`].
    pub fn poll<R: AsyncRead + Unpin>(
        &mut self,
        stream: &mut R,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Bytes, NoFrame>> {
        loop {
            let missing = match self.length()? {
                Some(end) if self.bytes.len() >= end => return Poll::Ready(Ok(self.take(end))),
                Some(end) => end - self.bytes.len(),
                None => 0,
            };
            let read = if missing > CHUNK {
                self.bytes.reserve(missing);
                ready!(pin!(stream.read_buf(&mut self.bytes)).poll(cx))?
            } else {
                ready!(self.poll_chunk(stream, cx))?
            };
            if read == 0 {
                return Poll::Ready(Err(NoFrame::Gone(io::ErrorKind::UnexpectedEof.into())));
            }
        }
    }

    /// Returns where the first frame ends, once its length is known.
    fn length(&self) -> Result<Option<usize>, NoFrame> {
        let Some(&header) = self.bytes.first_chunk::<HEADER>() else { return Ok(None) };
        let (length, limit) = (u32::from_be_bytes(header) as usize, self.limit);
        if length > limit { Err(NoFrame::TooLarge { length, limit }) } else { Ok(Some(HEADER + length)) }
    }

    /// Takes the first frame, which ends at `end`.
    fn take(&mut self, end: usize) -> Bytes {
        // All of it is given away where possible: an idle connection holds no memory.
        let rest = if self.bytes.len() == end { BytesMut::new() } else { self.bytes.split_off(end) };
        let mut frame = std::mem::replace(&mut self.bytes, rest).freeze();
        frame.advance(HEADER);
        frame
    }

    /// Reads into the stack first, so that no memory is allocated before bytes are there.
    fn poll_chunk<R: AsyncRead + Unpin>(
        &mut self,
        stream: &mut R,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let mut space = [const { MaybeUninit::uninit() }; CHUNK];
        let mut chunk = ReadBuf::uninit(&mut space);
        ready!(Pin::new(stream).poll_read(cx, &mut chunk))?;
        self.bytes.extend_from_slice(chunk.filled());
        Poll::Ready(Ok(chunk.filled().len()))
    }
}

/// Frames to be written, one behind the other, so that frames that leave together are one write.
#[derive(Debug, Default)]
pub struct Outgoing {
    bytes: Vec<u8>,
    written: usize,
}

impl Outgoing {
    /// Returns whether all frames are written.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Puts a frame behind the others.
    pub fn add(&mut self, body: &[u8]) {
        append(&mut self.bytes, body);
    }

    /// Returns ready when all frames are written; no bytes are kept then.
    ///
    /// # Errors
    /// When the stream fails or accepts no more bytes.
    pub fn poll<W: AsyncWrite + Unpin>(
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
        if !self.is_empty() {
            // TLS may have taken the bytes without a write to the socket.
            ready!(Pin::new(stream).poll_flush(cx))?;
            *self = Self::default();
        }
        Poll::Ready(Ok(()))
    }
}

/// Puts a frame behind those in a buffer.
pub fn append(buffer: &mut Vec<u8>, body: &[u8]) {
    // No frame of ours comes near 4 GiB.
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    buffer.reserve(HEADER + body.len());
    buffer.extend_from_slice(&length.to_be_bytes());
    buffer.extend_from_slice(body);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use tokio::io::AsyncWriteExt;

    #[tokio::test]
    async fn frames_survive_any_cutting() {
        let bodies: [&'static [u8]; 5] = [b"one", b"", b"three", &[7; 300], &[8; 3 * CHUNK]];
        for piece in [1, 2, 3, 5, 64, CHUNK, 4 * CHUNK] {
            let (mut far, mut near) = tokio::io::duplex(piece);
            tokio::spawn(async move {
                let mut outgoing = Outgoing::default();
                for pair in bodies.chunks(2) {
                    pair.iter().for_each(|body| outgoing.add(body));
                    poll_fn(|cx| outgoing.poll(&mut far, cx)).await.unwrap();
                }
            });
            let mut incoming = Incoming::new(3 * CHUNK);
            for body in bodies {
                assert_eq!(incoming.next(&mut near).await.unwrap(), body);
            }
            assert!(matches!(incoming.next(&mut near).await, Err(NoFrame::Gone(_))));
        }
    }

    #[tokio::test]
    async fn a_frame_over_the_limit_is_refused_before_it_comes() {
        let (mut far, mut near) = tokio::io::duplex(64);
        far.write_all(&301_u32.to_be_bytes()).await.unwrap();
        let refused = Incoming::new(300).next(&mut near).await;
        assert!(matches!(refused, Err(NoFrame::TooLarge { length: 301, limit: 300 })));
    }

    #[tokio::test]
    async fn half_a_frame_is_no_frame() {
        let (mut far, mut near) = tokio::io::duplex(64);
        far.write_all(&[0, 0, 0, 5, 1, 2]).await.unwrap();
        drop(far);
        assert!(matches!(Incoming::new(300).next(&mut near).await, Err(NoFrame::Gone(_))));
    }
}
