//! One connection, TCP or WebSocket: receives and sends frames, without one waiting for the other.

use crate::{
    gateway::Listener,
    socket::{Socket, SocketState},
};
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket};
use bytes::Bytes;
use framing::{NoFrame, Outgoing};
use futures::{Sink, Stream};
use std::{
    collections::VecDeque,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use wire::{
    client::{Closing, MAX_CLIENT_FRAME},
    codec::Encoding,
};

/// A connection that carries frames.
pub(crate) enum Transport {
    /// Length-prefixed frames.
    Tcp {
        /// The connection.
        socket: Socket,
        /// The frame being read.
        incoming: framing::Incoming,
        /// The frames being written.
        outgoing: Outgoing,
    },
    /// WebSocket messages.
    Ws(Box<Ws>),
}

/// A WebSocket connection.
pub(crate) struct Ws {
    socket: WebSocket,
    state: Arc<SocketState>,
    format: Encoding,
    /// Messages to be written.
    outgoing: VecDeque<Message>,
    /// Whether written messages are not flushed yet.
    unflushed: bool,
}

/// An input of a connection.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// A frame.
    Frame(Bytes),
    /// A sign of life without a frame.
    Sign,
    /// A message that is no frame of this connection's format.
    Nonsense,
    /// A frame that is too large; no more can be read.
    TooLarge,
    /// Bytes that are not WebSocket any more; no more can be read.
    Broken,
    /// The end of the connection.
    Gone,
}

/// The connection failed.
#[derive(Debug)]
pub(crate) struct Failed;

impl Transport {
    pub(crate) fn tcp(socket: Socket) -> Self {
        Self::Tcp {
            socket,
            incoming: framing::Incoming::new(MAX_CLIENT_FRAME),
            outgoing: Outgoing::default(),
        }
    }

    pub(crate) fn ws(socket: WebSocket, state: Arc<SocketState>, format: Encoding) -> Self {
        Self::Ws(Box::new(Ws { socket, state, format, outgoing: VecDeque::new(), unflushed: false }))
    }

    /// Returns the encoding of frames.
    pub(crate) const fn format(&self) -> Encoding {
        match self {
            Self::Tcp { .. } => Encoding::MessagePack,
            Self::Ws(ws) => ws.format,
        }
    }

    /// Returns the listener that accepted the connection.
    pub(crate) const fn listener(&self) -> Listener {
        match self {
            Self::Tcp { .. } => Listener::Tcp,
            Self::Ws(_) => Listener::Ws,
        }
    }

    /// Returns the state of the socket beneath.
    pub(crate) fn state(&self) -> Arc<SocketState> {
        match self {
            Self::Tcp { socket, .. } => socket.state(),
            Self::Ws(ws) => Arc::clone(&ws.state),
        }
    }

    /// Returns the next input.
    pub(crate) fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Incoming> {
        match self {
            Self::Tcp { socket, incoming, .. } => incoming.poll(socket, cx).map(|frame| match frame {
                Ok(frame) => Incoming::Frame(frame),
                Err(NoFrame::Gone(_)) => Incoming::Gone,
                Err(NoFrame::TooLarge { .. }) => Incoming::TooLarge,
            }),
            Self::Ws(ws) => ws.poll_receive(cx),
        }
    }

    /// Adds a frame to be sent together with those added before. Few at a time: see
    /// [`Transport::poll_send`].
    pub(crate) fn start(&mut self, frame: Bytes) {
        match self {
            Self::Tcp { outgoing, .. } => outgoing.add(&frame),
            Self::Ws(ws) => {
                let message = ws.message(frame);
                ws.outgoing.push_back(message);
            }
        }
    }

    /// Returns whether all added frames are sent.
    pub(crate) fn is_idle(&self) -> bool {
        match self {
            Self::Tcp { outgoing, .. } => outgoing.is_empty(),
            Self::Ws(ws) => ws.outgoing.is_empty() && !ws.unflushed,
        }
    }

    /// Returns ready when all added frames are sent.
    pub(crate) fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failed>> {
        match self {
            Self::Tcp { socket, outgoing, .. } => outgoing.poll(socket, cx).map_err(|_| Failed),
            Self::Ws(ws) => ws.poll_send(cx),
        }
    }

    /// Adds the closing message that a WebSocket has.
    pub(crate) fn start_close(&mut self, reason: Closing) {
        if let Self::Ws(ws) = self {
            let code = reason.close_code();
            let reason = reason.to_string().into();
            ws.outgoing.push_back(Message::Close(Some(CloseFrame { code, reason })));
        }
    }
}

impl Ws {
    fn message(&self, frame: Bytes) -> Message {
        match self.format {
            Encoding::MessagePack => Message::Binary(frame),
            // JSON is always UTF-8.
            Encoding::Json => Message::Text(Utf8Bytes::try_from(frame).unwrap_or_default()),
        }
    }

    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Incoming> {
        let message = match ready!(Pin::new(&mut self.socket).poll_next(cx)) {
            Some(Ok(message)) => message,
            Some(Err(error)) => return Poll::Ready(classify(error)),
            None => return Poll::Ready(Incoming::Gone),
        };
        Poll::Ready(match (message, self.format) {
            (Message::Text(text), Encoding::Json) => Incoming::Frame(text.into()),
            (Message::Binary(bytes), Encoding::MessagePack) => Incoming::Frame(bytes),
            (Message::Text(_) | Message::Binary(_), _) => Incoming::Nonsense,
            (Message::Ping(_), _) => {
                // The library answers a ping by itself; the answer leaves with the next flush.
                self.unflushed = true;
                Incoming::Sign
            }
            (Message::Pong(_), _) => Incoming::Sign,
            (Message::Close(_), _) => {
                self.unflushed = true;
                Incoming::Gone
            }
        })
    }

    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Failed>> {
        let mut socket = Pin::new(&mut self.socket);
        while !self.outgoing.is_empty() {
            ready!(socket.as_mut().poll_ready(cx)).map_err(|_| Failed)?;
            if let Some(message) = self.outgoing.pop_front() {
                socket.as_mut().start_send(message).map_err(|_| Failed)?;
                self.unflushed = true;
            }
        }
        self.outgoing = VecDeque::new();
        if self.unflushed {
            ready!(socket.poll_flush(cx)).map_err(|_| Failed)?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }
}

/// Returns the input that an error of a WebSocket stands for.
fn classify(error: axum::Error) -> Incoming {
    use tungstenite::{Error, error::ProtocolError};
    match error.into_inner().downcast_ref::<Error>() {
        Some(Error::Capacity(_)) => Incoming::TooLarge,
        Some(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => Incoming::Gone,
        Some(Error::Protocol(_) | Error::Utf8(_)) => Incoming::Broken,
        _ => Incoming::Gone,
    }
}
