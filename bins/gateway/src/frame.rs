//! Frames on a byte stream: a big-endian `u32` length, then that many bytes. Memory is allocated per frame, so an idle
//! connection holds none.

use bytes::{Bytes, BytesMut};
use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A frame on its way in, in whatever pieces it comes.
#[derive(Debug)]
pub(crate) struct Incoming {
    limit: usize,
    header: [u8; 4],
    filled: usize,
    /// Of a frame whose length is known.
    body: Option<BytesMut>,
    length: usize,
}

/// Why there is no frame.
#[derive(Debug)]
pub(crate) enum NoFrame {
    /// The other side is gone.
    Gone,
    /// It would be larger than allowed.
    TooLarge,
}

impl Incoming {
    /// For frames of at most `limit` bytes.
    pub(crate) const fn new(limit: usize) -> Self {
        Self { limit, header: [0; 4], filled: 0, body: None, length: 0 }
    }

    /// The next frame.
    pub(crate) fn poll<R: AsyncRead + Unpin>(
        &mut self,
        stream: &mut R,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Bytes, NoFrame>> {
        loop {
            match &mut self.body {
                None => {
                    let mut buffer = ReadBuf::new(&mut self.header[self.filled..]);
                    let read = ready!(fill(stream, cx, &mut buffer));
                    let Some(read) = read else { return Poll::Ready(Err(NoFrame::Gone)) };
                    self.filled += read;
                    if self.filled == self.header.len() {
                        self.length = u32::from_be_bytes(self.header) as usize;
                        if self.length > self.limit {
                            return Poll::Ready(Err(NoFrame::TooLarge));
                        }
                        self.body = Some(BytesMut::with_capacity(self.length));
                    }
                }
                Some(body) if body.len() == self.length => {
                    self.filled = 0;
                    let body = std::mem::take(body);
                    self.body = None;
                    return Poll::Ready(Ok(body.freeze()));
                }
                Some(body) => {
                    let start = body.len();
                    body.resize(self.length, 0);
                    let mut buffer = ReadBuf::new(&mut body[start..]);
                    let read = fill(stream, cx, &mut buffer);
                    let got = match read {
                        Poll::Ready(Some(read)) => read,
                        _ => 0,
                    };
                    body.truncate(start + got);
                    if ready!(read).is_none() {
                        return Poll::Ready(Err(NoFrame::Gone));
                    }
                }
            }
        }
    }
}

/// Reads some bytes; none when the stream has ended or failed.
fn fill<R: AsyncRead + Unpin>(
    stream: &mut R,
    cx: &mut Context<'_>,
    buffer: &mut ReadBuf<'_>,
) -> Poll<Option<usize>> {
    Poll::Ready(match ready!(Pin::new(stream).poll_read(cx, buffer)) {
        Ok(()) if !buffer.filled().is_empty() => Some(buffer.filled().len()),
        _ => None,
    })
}

/// Frames on their way out, one behind the other, so that those that leave together are one write.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    bytes: Vec<u8>,
    written: usize,
}

impl Outgoing {
    /// Puts a frame behind the others.
    pub(crate) fn add(&mut self, body: &[u8]) {
        // No frame of ours comes near 4 GiB.
        let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
        self.bytes.reserve(4 + body.len());
        self.bytes.extend_from_slice(&length.to_be_bytes());
        self.bytes.extend_from_slice(body);
    }

    /// Ready when everything is written; nothing is kept then.
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
    async fn frames_survive_any_cutting() {
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
    async fn half_a_frame_is_no_frame() {
        let (mut far, mut near) = tokio::io::duplex(64);
        far.write_all(&[0, 0, 0, 5, 1, 2]).await.unwrap();
        drop(far);
        assert!(matches!(receive(&mut Incoming::new(300), &mut near).await, Err(NoFrame::Gone)));
    }
}
