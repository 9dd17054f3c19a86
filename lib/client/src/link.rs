//! One connection: frames in, frames out, over TCP or WebSocket.

use crate::{
    Address, Wire,
    frame::{self, FrameReader, Received},
};
use futures::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use std::time::Duration;
use tokio::{
    io::AsyncWriteExt,
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{ClientRequestBuilder, Message, protocol::WebSocketConfig},
};
use wire::client::{ClientFrame, MAX_CLIENT_FRAME, MAX_SERVER_FRAME, SUBPROTOCOL_JSON, SUBPROTOCOL_MSGPACK};

/// A node that takes nothing for this long is as good as gone.
const WRITE_PATIENCE: Duration = Duration::from_secs(10);

type Socket = WebSocketStream<TcpStream>;

/// What comes from the node.
#[derive(Debug)]
pub(crate) enum Reader {
    Tcp(FrameReader<OwnedReadHalf>),
    Ws { stream: SplitStream<Socket>, json: bool },
}

/// What goes to the node.
#[derive(Debug)]
pub(crate) enum Writer {
    Tcp(OwnedWriteHalf),
    Ws { sink: SplitSink<Socket, Message>, json: bool },
}

/// Why a frame was not sent.
#[derive(Debug)]
pub(crate) enum SendError {
    /// It takes this many bytes, more than a node accepts.
    TooLarge(usize),
    /// The connection is of no use any more.
    Link(String),
}

/// Connects. The caller limits the time.
pub(crate) async fn connect(address: &Address) -> Result<(Reader, Writer), String> {
    let stream = TcpStream::connect(address.authority()).await.map_err(|e| format!("{address}: {e}"))?;
    // Small messages that are waited for: nothing may hold them back.
    stream.set_nodelay(true).map_err(|e| e.to_string())?;
    let json = match address.wire() {
        Wire::Tcp => {
            let (read, write) = stream.into_split();
            return Ok((Reader::Tcp(FrameReader::new(read)), Writer::Tcp(write)));
        }
        Wire::WebSocket => false,
        Wire::WebSocketJson => true,
    };
    let uri = address.url().parse().map_err(|e| format!("{address}: {e}"))?;
    let request = ClientRequestBuilder::new(uri).with_sub_protocol(if json {
        SUBPROTOCOL_JSON
    } else {
        SUBPROTOCOL_MSGPACK
    });
    let config = WebSocketConfig::default()
        .read_buffer_size(4 * 1024)
        .write_buffer_size(0)
        .max_message_size(Some(MAX_SERVER_FRAME))
        .max_frame_size(Some(MAX_SERVER_FRAME));
    let (socket, _) = client_async_with_config(request, stream, Some(config))
        .await
        .map_err(|e| format!("{address}: {e}"))?;
    let (sink, stream) = socket.split();
    Ok((Reader::Ws { stream, json }, Writer::Ws { sink, json }))
}

impl Reader {
    /// The next frame. May be dropped and called again: nothing is lost.
    pub(crate) async fn next(&mut self) -> Result<Received, String> {
        match self {
            Self::Tcp(reader) => {
                let bytes = reader.next().await.map_err(|e| e.to_string())?;
                frame::decode(&bytes, false)
            }
            Self::Ws { stream, json } => loop {
                match stream.next().await {
                    Some(Ok(Message::Text(text))) => return frame::decode(text.as_bytes(), *json),
                    Some(Ok(Message::Binary(bytes))) => return frame::decode(&bytes, *json),
                    Some(Ok(Message::Close(_))) | None => return Err("closed by the node".into()),
                    Some(Ok(_)) => {}
                    Some(Err(why)) => return Err(why.to_string()),
                }
            },
        }
    }
}

impl Writer {
    /// Sends a frame.
    pub(crate) async fn send(&mut self, frame: &ClientFrame) -> Result<(), SendError> {
        let json = matches!(self, Self::Ws { json: true, .. });
        let body = frame::encode(frame, json).map_err(SendError::Link)?;
        if body.len() > MAX_CLIENT_FRAME {
            return Err(SendError::TooLarge(body.len()));
        }
        match timeout(WRITE_PATIENCE, self.write(body)).await {
            Ok(sent) => sent.map_err(SendError::Link),
            Err(_) => Err(SendError::Link("the node takes nothing any more".into())),
        }
    }

    async fn write(&mut self, body: Vec<u8>) -> Result<(), String> {
        match self {
            Self::Tcp(stream) => {
                let length = u32::try_from(body.len()).map_err(|e| e.to_string())?;
                let mut bytes = Vec::with_capacity(4 + body.len());
                bytes.extend(length.to_be_bytes());
                bytes.extend(body);
                stream.write_all(&bytes).await.map_err(|e| e.to_string())
            }
            Self::Ws { sink, json } => {
                let message = if *json {
                    let text = String::from_utf8(body).map_err(|e| e.to_string())?;
                    Message::text(text)
                } else {
                    Message::binary(body)
                };
                sink.send(message).await.map_err(|e| e.to_string())
            }
        }
    }

    /// Says goodbye, as far as that is possible.
    pub(crate) async fn close(&mut self) {
        let goodbye = async {
            match self {
                Self::Tcp(stream) => stream.shutdown().await.is_ok(),
                Self::Ws { sink, .. } => sink.close().await.is_ok(),
            }
        };
        // The connection goes away in any case.
        let _ = timeout(Duration::from_millis(500), goodbye).await;
    }
}
