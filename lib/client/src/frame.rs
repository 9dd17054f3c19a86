//! Encodes and decodes frames.

use crate::error::LinkError;
use serde::Deserialize;
use wire::{
    CommandId,
    client::{ClientFrame, ServerFrame},
    codec::Encoding,
};

/// Returns the bytes of a frame, without the TCP length.
///
/// # Errors
/// When a value has a form that the encoding does not support; no current frame does.
pub fn encode(frame: &ClientFrame, encoding: Encoding) -> Result<Vec<u8>, LinkError> {
    encoding.encode(frame).map_err(|why| LinkError(why.to_string()))
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

/// Decodes the bytes of a frame. An event in which a part is not known to this version is an
/// [`Event::Unknown`](wire::event::Event::Unknown), a line of the lobby is left out.
///
/// # Errors
/// When the bytes are no frame of any version.
pub fn decode(bytes: &[u8], encoding: Encoding) -> Result<Received, LinkError> {
    let why = match encoding.decode(bytes) {
        Ok(frame) => return Ok(Received::Frame(Box::new(frame))),
        Err(why) => why,
    };
    if let Ok(frame) = encoding.decode_by_item(bytes) {
        return Ok(Received::Frame(Box::new(frame)));
    }
    let envelope: Result<Envelope, _> = encoding.decode(bytes);
    envelope.map(|envelope| Received::Unknown(envelope.re)).map_err(|_| LinkError(why.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::{Refusal, client::ServerMessage, codec, event::Event};

    #[test]
    fn an_unknown_message_still_names_its_request() {
        let frame = ServerFrame { v: 1, re: Some(CommandId(5)), m: ServerMessage::Pong };
        let bytes = codec::encode(&frame).unwrap();
        assert_eq!(decode(&bytes, Encoding::MessagePack), Ok(Received::Frame(Box::new(frame))));
        let newer = br#"{"v":1,"re":5,"m":{"Telepathy":{"x":1}}}"#;
        assert_eq!(decode(newer, Encoding::Json), Ok(Received::Unknown(Some(CommandId(5)))));
        assert!(decode(b"[1", Encoding::Json).is_err());
    }

    #[test]
    fn an_answer_with_an_unknown_refusal_still_names_its_request() {
        let (refusal, text) = (Refusal::TooMuchTalk, "a reason".to_owned());
        let m = ServerMessage::Refused { refusal, text };
        let frame = ServerFrame { v: 1, re: Some(CommandId(5)), m };
        for encoding in [Encoding::Json, Encoding::MessagePack] {
            let mut bytes = encoding.encode(&frame).unwrap();
            let name = b"TooMuchTalk";
            let at = bytes.windows(name.len()).position(|part| part == name).unwrap();
            bytes[at..at + name.len()].copy_from_slice(b"TooTiredNow");
            assert_eq!(decode(&bytes, encoding), Ok(Received::Unknown(Some(CommandId(5)))));
        }
    }

    #[test]
    fn an_unknown_part_of_an_event_leaves_the_other_events_of_the_frame() {
        let acted = r#"{"Acted":{"seat":1,"action":"Conjure","added":0,"stack":90}}"#;
        let newer = format!(
            r#"{{"v":1,"m":{{"Events":{{"table":3,"first":7,"events":[{{"SatOut":{{"seat":2}}}},{acted},"Closed"]}}}}}}"#
        );
        let Ok(Received::Frame(frame)) = decode(newer.as_bytes(), Encoding::Json) else {
            panic!("the frame is not read");
        };
        let ServerMessage::Events(events) = frame.m else { panic!("{:?}", frame.m) };
        let [Event::SatOut { seat: 2 }, Event::Unknown(unknown), Event::Closed] = &events.events[..] else {
            panic!("the known events are not around the unknown one: {events:?}");
        };
        assert_eq!((events.first, unknown.name.as_str()), (7, "Acted"));
    }
}
