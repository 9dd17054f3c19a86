//! Encodes and decodes frames.

use crate::link::LinkError;
use bytes::{Bytes, BytesMut};
use serde::Deserialize;
use std::{
    future::poll_fn,
    mem::MaybeUninit,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};
use wire::{
    CommandId,
    client::{ClientFrame, MAX_SERVER_FRAME, ServerFrame},
    codec::{self, CodecError},
};

/// Returns the bytes of a frame, without the TCP length.
///
/// # Errors
/// When a value has a form that the encoding does not support; no current frame does.
pub fn encode(frame: &ClientFrame, json: bool) -> Result<Vec<u8>, LinkError> {
    if json {
        serde_json::to_vec(frame).map_err(|e| LinkError(e.to_string()))
    } else {
        codec::encode(frame).map_err(|e| LinkError(e.to_string()))
    }
}

/// A frame of a gateway, or the part of it that this version understands.
#[derive(Debug, PartialEq, Eq)]
pub enum Received {
    /// A whole frame.
    Frame(Box<ServerFrame>),
    /// A message of a kind that this version does not know; with a command id if it is an answer.
    Unknown(Option<CommandId>),
}

/// The fields that every version of a frame has.
#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    re: Option<CommandId>,
}

/// Decodes the bytes of a frame.
///
/// # Errors
/// When the bytes are no frame of any version.
pub fn decode(bytes: &[u8], json: bool) -> Result<Received, LinkError> {
    let whole = if json {
        serde_json::from_slice(bytes).map_err(|e| e.to_string())
    } else {
        codec::decode(bytes).map_err(|e: CodecError| e.to_string())
    };
    let why = match whole {
        Ok(frame) => return Ok(Received::Frame(Box::new(frame))),
        Err(why) => why,
    };
    let envelope: Result<Envelope, _> = if json {
        serde_json::from_slice(bytes).map_err(|_| why)
    } else {
        codec::decode(bytes).map_err(|_: CodecError| why)
    };
    envelope.map(|envelope| Received::Unknown(envelope.re)).map_err(LinkError)
}

/// Bytes that are read at once: several small frames, or one of usual size, take one system call.
const CHUNK: usize = 4 * 1024;

/// Reads frames with a big-endian `u32` length from a byte stream. Between frames it holds no
/// memory, so that silent connections cost little.
#[derive(Debug)]
pub(crate) struct FrameReader<R> {
    stream: R,
    /// Bytes that were read and are not yet part of a complete frame.
    pending: BytesMut,
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    pub(crate) fn new(stream: R) -> Self {
        Self { stream, pending: BytesMut::new() }
    }

    /// Returns the next frame's bytes. May be dropped and called again without a loss.
    pub(crate) async fn next(&mut self) -> std::io::Result<Bytes> {
        loop {
            let missing = match self.length()? {
                Some(length) if self.pending.len() >= 4 + length => return Ok(self.take(length)),
                Some(length) => 4 + length - self.pending.len(),
                None => 0,
            };
            let read = if missing > CHUNK {
                self.pending.reserve(missing);
                self.stream.read_buf(&mut self.pending).await?
            } else {
                poll_fn(|cx| self.poll_chunk(cx)).await?
            };
            if read == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Returns the length of the frame that has begun, once it is known.
    fn length(&self) -> std::io::Result<Option<usize>> {
        let Some(header) = self.pending.first_chunk() else {
            return Ok(None);
        };
        let length = u32::from_be_bytes(*header) as usize;
        if length > MAX_SERVER_FRAME {
            let text = format!("a frame of {length} bytes, at most {MAX_SERVER_FRAME} are allowed");
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, text));
        }
        Ok(Some(length))
    }

    fn take(&mut self, length: usize) -> Bytes {
        let whole = if self.pending.len() == 4 + length {
            std::mem::take(&mut self.pending)
        } else {
            self.pending.split_to(4 + length)
        };
        whole.freeze().slice(4..)
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<std::io::Result<usize>> {
        let mut space = [MaybeUninit::uninit(); CHUNK];
        let mut chunk = ReadBuf::uninit(&mut space);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut chunk))?;
        self.pending.extend_from_slice(chunk.filled());
        Poll::Ready(Ok(chunk.filled().len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::client::ServerMessage;

    #[tokio::test]
    async fn frames_are_read_from_pieces_of_any_size() {
        let mut bytes = Vec::new();
        for body in [&b"one"[..], b"", b"three"] {
            bytes.extend((body.len() as u32).to_be_bytes());
            bytes.extend(body);
        }
        for piece in 1..bytes.len() {
            let mut builder = tokio_test_stream(&bytes, piece);
            assert_eq!(builder.next().await.unwrap(), &b"one"[..]);
            assert_eq!(builder.next().await.unwrap(), &b""[..]);
            assert_eq!(builder.next().await.unwrap(), &b"three"[..]);
            assert!(builder.next().await.is_err());
        }
    }

    /// Returns a reader that yields at most `piece` bytes at a time.
    fn tokio_test_stream(bytes: &[u8], piece: usize) -> FrameReader<tokio::io::DuplexStream> {
        let (mut far, near) = tokio::io::duplex(piece);
        let bytes = bytes.to_vec();
        tokio::spawn(async move {
            tokio::io::AsyncWriteExt::write_all(&mut far, &bytes).await.unwrap();
        });
        FrameReader::new(near)
    }

    #[test]
    fn an_unknown_message_still_names_its_request() {
        let frame = ServerFrame { v: 1, re: Some(CommandId(5)), m: ServerMessage::Pong };
        let bytes = codec::encode(&frame).unwrap();
        assert_eq!(decode(&bytes, false), Ok(Received::Frame(Box::new(frame))));
        let newer = br#"{"v":1,"re":5,"m":{"Telepathy":{"x":1}}}"#;
        assert_eq!(decode(newer, true), Ok(Received::Unknown(Some(CommandId(5)))));
        assert!(decode(b"[1", true).is_err());
    }
}
