//! Encodes and decodes frames, the same on TCP and WebSocket.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use wire::{
    CommandId, VERSION,
    client::{ClientFrame, ServerFrame, ServerMessage},
    codec::Encoding,
};

/// A malformed frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed {
    /// The request's id, if it could be decoded.
    pub(crate) id: Option<CommandId>,
    /// The reason.
    pub(crate) reason: String,
}

/// The fields that frames of every version have.
#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    v: Option<u64>,
    id: CommandId,
}

/// Decodes a request.
pub(crate) fn decode(bytes: &[u8], format: Encoding) -> Result<ClientFrame, Malformed> {
    match format.decode::<ClientFrame>(bytes) {
        Ok(frame) if frame.v == VERSION => Ok(frame),
        Ok(frame) => Err(wrong_version(frame.id, frame.v.into())),
        Err(error) => match format.decode(bytes) {
            Ok(Envelope { v: Some(v), id }) if v != u64::from(VERSION) => Err(wrong_version(id, v)),
            Ok(Envelope { id, .. }) => Err(Malformed { id: Some(id), reason: error.to_string() }),
            Err(_) => Err(Malformed { id: None, reason: error.to_string() }),
        },
    }
}

fn wrong_version(id: CommandId, v: u64) -> Malformed {
    let reason = format!("version {v} of the protocol is not spoken here: send v = {VERSION}");
    Malformed { id: Some(id), reason }
}

/// Encodes a message as a frame.
pub(crate) fn encode(re: Option<CommandId>, message: ServerMessage, format: Encoding) -> Bytes {
    encode_frame(&ServerFrame { v: VERSION, re, m: message }, format)
}

/// Encodes a message as a frame, of which the message was encoded before.
pub(crate) fn encode_around(re: Option<CommandId>, message: &[u8], format: Encoding) -> Bytes {
    const PLACE: ServerMessage = ServerMessage::Pong;
    let frame = encode(re, PLACE, format);
    let place = encode_frame(&PLACE, format);
    // The last one: a request's id may have any bytes.
    match frame.windows(place.len()).rposition(|window| window == place) {
        Some(at) => [&frame[..at], message, &frame[at + place.len()..]].concat().into(),
        None => {
            tracing::error!("a frame has no place for its message: an empty one is sent");
            Bytes::new()
        }
    }
}

/// Encodes a frame or a part of one.
pub(crate) fn encode_frame(frame: &impl Serialize, format: Encoding) -> Bytes {
    format.encode(frame).map(Bytes::from).unwrap_or_else(|error| {
        // Cannot happen with the types that are encoded here; the client at least notices an empty
        // frame.
        tracing::error!(%error, "a frame cannot be encoded: an empty one is sent");
        Bytes::new()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::{client::ClientMessage, codec};

    #[test]
    fn both_formats_are_decoded() {
        let frame = ClientFrame { v: 1, id: CommandId(3), m: ClientMessage::Ping };
        let json = br#"{"v":1,"id":3,"m":"Ping"}"#;
        assert_eq!(decode(json, Encoding::Json), Ok(frame.clone()));
        assert_eq!(decode(&codec::encode(&frame).unwrap(), Encoding::MessagePack), Ok(frame));
    }

    #[test]
    fn a_message_that_was_encoded_before_makes_the_same_frame() {
        let message = ServerMessage::Seats(vec![wire::TableId(7), wire::TableId(u64::MAX)]);
        // The second has the bytes of the message in whose place the other one is put.
        for re in [None, Some(CommandId(1)), Some(CommandId(0xA450_6F6E_6700_0000))] {
            for format in [Encoding::MessagePack, Encoding::Json] {
                let before = encode_frame(&message, format);
                assert_eq!(encode_around(re, &before, format), encode(re, message.clone(), format));
            }
        }
    }

    #[test]
    fn malformed_frames_are_named_and_their_id_is_kept() {
        let bad = decode(br#"{"v":1,"id":3,"m":"Fly"}"#, Encoding::Json).unwrap_err();
        assert_eq!(bad.id, Some(CommandId(3)));
        assert!(bad.reason.contains("Fly"), "{}", bad.reason);
        assert_eq!(decode(b"hello", Encoding::Json).unwrap_err().id, None);
        assert_eq!(decode(&[0xc1], Encoding::MessagePack).unwrap_err().id, None);
    }

    #[test]
    fn another_version_is_named_in_the_error() {
        for text in [&br#"{"v":2,"id":3,"m":"Ping"}"#[..], br#"{"v":2,"id":3,"m":{"Fly":{}}}"#] {
            let bad = decode(text, Encoding::Json).unwrap_err();
            assert_eq!(bad.id, Some(CommandId(3)));
            assert!(bad.reason.contains("version 2"), "{}", bad.reason);
        }
    }
}
