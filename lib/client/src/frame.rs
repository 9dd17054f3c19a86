//! Frames as bytes.

use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncReadExt};
use wire::{
    CommandId,
    client::{ClientFrame, MAX_SERVER_FRAME, ServerFrame},
    codec::{self, CodecError},
};

/// The bytes of a frame, without the TCP length.
pub(crate) fn encode(frame: &ClientFrame, json: bool) -> Result<Vec<u8>, String> {
    if json {
        serde_json::to_vec(frame).map_err(|e| e.to_string())
    } else {
        codec::encode(frame).map_err(|e| e.to_string())
    }
}

/// A frame of a node, or as much as can be understood of it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// A whole frame.
    Frame(Box<ServerFrame>),
    /// A message of a kind that this version does not know, perhaps an answer.
    Unknown(Option<CommandId>),
}

/// What every version of a frame has.
#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    re: Option<CommandId>,
}

/// Understands the bytes of a frame.
pub(crate) fn decode(bytes: &[u8], json: bool) -> Result<Received, String> {
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
    envelope.map(|envelope| Received::Unknown(envelope.re))
}

/// Reads frames with a big-endian `u32` length off a byte stream. Allocates per frame, so a silent connection holds
/// next to nothing.
#[derive(Debug)]
pub(crate) struct FrameReader<R> {
    stream: R,
    header: [u8; 4],
    filled: usize,
    body: Vec<u8>,
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    pub(crate) const fn new(stream: R) -> Self {
        Self { stream, header: [0; 4], filled: 0, body: Vec::new() }
    }

    /// The next frame's bytes. May be dropped and called again: nothing is lost.
    pub(crate) async fn next(&mut self) -> std::io::Result<Vec<u8>> {
        while self.filled < 4 {
            let read = self.stream.read(&mut self.header[self.filled..]).await?;
            if read == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            self.filled += read;
        }
        let length = u32::from_be_bytes(self.header) as usize;
        if length > MAX_SERVER_FRAME {
            let text = format!("a frame of {length} bytes, at most {MAX_SERVER_FRAME} are allowed");
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, text));
        }
        self.body.reserve_exact(length - self.body.len());
        while self.body.len() < length {
            let missing = (length - self.body.len()) as u64;
            let read = (&mut self.stream).take(missing).read_buf(&mut self.body).await?;
            if read == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
        }
        self.filled = 0;
        Ok(std::mem::take(&mut self.body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::client::ServerMessage;

    #[tokio::test]
    async fn frames_arrive_in_whatever_pieces() {
        let mut bytes = Vec::new();
        for body in [&b"one"[..], b"", b"three"] {
            bytes.extend((body.len() as u32).to_be_bytes());
            bytes.extend(body);
        }
        for piece in 1..bytes.len() {
            let mut builder = tokio_test_stream(&bytes, piece);
            assert_eq!(builder.next().await.unwrap(), b"one");
            assert_eq!(builder.next().await.unwrap(), b"");
            assert_eq!(builder.next().await.unwrap(), b"three");
            assert!(builder.next().await.is_err());
        }
    }

    /// A reader that yields at most `piece` bytes at a time.
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
