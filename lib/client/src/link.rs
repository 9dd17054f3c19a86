//! One connection: frames in and out, over TCP or WebSocket. Without session, repeats or task, for
//! programs that hold tens of thousands of connections and handle their loss. Other programs use
//! [`crate::Client`].

use crate::{Address, Wire};
use bytes::Bytes;
use futures::{
    SinkExt, StreamExt,
    stream::{SplitSink, SplitStream},
};
use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};
use tls::{Stream, Trust};
use tokio::{
    io::{AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf, split},
    net::{
        TcpSocket, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{ClientRequestBuilder, Message, protocol::WebSocketConfig},
};
use wire::{
    client::{ClientFrame, MAX_CLIENT_FRAME, MAX_SERVER_FRAME},
    codec::Encoding,
};

/// Time limit of a write, after which the connection counts as lost.
const WRITE_PATIENCE: Duration = Duration::from_secs(10);

pub use crate::{
    error::LinkError,
    frame::{Received, decode, encode},
};

type Socket = WebSocketStream<Stream>;

impl LinkError {
    fn at(address: &Address, why: impl std::fmt::Display) -> Self {
        Self(format!("{address}: {why}"))
    }
}

/// The incoming side of a connection.
#[derive(Debug)]
pub struct Reader(Incoming);

#[derive(Debug)]
enum Incoming {
    Tcp { stream: OwnedReadHalf, frames: framing::Incoming },
    Tls { stream: ReadHalf<Stream>, frames: framing::Incoming },
    Ws { stream: SplitStream<Socket>, encoding: Encoding },
}

/// The outgoing side of a connection.
#[derive(Debug)]
pub struct Writer(Outgoing);

#[derive(Debug)]
enum Outgoing {
    Tcp(OwnedWriteHalf),
    Tls(WriteHalf<Stream>),
    Ws { sink: SplitSink<Socket, Message>, encoding: Encoding },
}

/// The reason why a frame was not sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The frame is larger than a gateway accepts.
    #[error("a frame of {0} bytes is larger than a gateway accepts")]
    TooLarge(usize),
    /// The connection is unusable.
    #[error(transparent)]
    Link(#[from] LinkError),
}

/// Connects to a gateway, from a local address if one is given. A gateway with TLS needs a
/// certificate of an authority that is trusted; without `trust` these are the system's. The caller
/// limits the time.
///
/// # Errors
/// When no program listens at the address, or a handshake fails.
pub async fn connect(
    address: &Address,
    from: Option<IpAddr>,
    trust: Option<&Trust>,
) -> Result<(Reader, Writer), LinkError> {
    let stream = open(address, from).await.map_err(|why| LinkError::at(address, why))?;
    // Small frames must not wait for further ones.
    stream.set_nodelay(true).map_err(|why| LinkError::at(address, why))?;
    let stream = if address.is_secure() {
        secure(stream, address, trust).await.map_err(|why| LinkError::at(address, why))?
    } else {
        Stream::Plain(stream)
    };
    let encoding = match address.wire() {
        Wire::Tcp => return Ok(framed(stream)),
        Wire::WebSocket => Encoding::MessagePack,
        Wire::WebSocketJson => Encoding::Json,
    };
    let uri = address.url().parse().map_err(|why| LinkError::at(address, why))?;
    let request = ClientRequestBuilder::new(uri).with_sub_protocol(encoding.subprotocol());
    let config = WebSocketConfig::default()
        .read_buffer_size(4 * 1024)
        .write_buffer_size(0)
        .max_message_size(Some(MAX_SERVER_FRAME))
        .max_frame_size(Some(MAX_SERVER_FRAME));
    let (socket, _) = client_async_with_config(request, stream, Some(config))
        .await
        .map_err(|why| LinkError::at(address, why))?;
    let (sink, stream) = socket.split();
    Ok((Reader(Incoming::Ws { stream, encoding }), Writer(Outgoing::Ws { sink, encoding })))
}

fn framed(stream: Stream) -> (Reader, Writer) {
    match stream {
        Stream::Plain(stream) => {
            let (reader, write) = over(stream);
            (reader, Writer(Outgoing::Tcp(write)))
        }
        Stream::Tls(_) => {
            let (stream, write) = split(stream);
            let frames = framing::Incoming::new(MAX_SERVER_FRAME);
            (Reader(Incoming::Tls { stream, frames }), Writer(Outgoing::Tls(write)))
        }
    }
}

async fn write_frame(stream: &mut (impl AsyncWrite + Unpin), body: &[u8]) -> Result<(), String> {
    let mut bytes = Vec::new();
    framing::append(&mut bytes, body);
    stream.write_all(&bytes).await.map_err(|e| e.to_string())?;
    // TLS may have taken the bytes without a write to the socket.
    stream.flush().await.map_err(|e| e.to_string())
}

/// Returns both sides of an open TCP connection, the incoming one as frames.
#[must_use]
pub fn over(stream: TcpStream) -> (Reader, OwnedWriteHalf) {
    let (stream, write) = stream.into_split();
    (Reader(Incoming::Tcp { stream, frames: framing::Incoming::new(MAX_SERVER_FRAME) }), write)
}

async fn secure(stream: TcpStream, address: &Address, trust: Option<&Trust>) -> std::io::Result<Stream> {
    match trust {
        Some(trust) => trust.connect(stream, address.host()).await,
        None => Trust::system().map_err(std::io::Error::other)?.connect(stream, address.host()).await,
    }
}

async fn open(address: &Address, from: Option<IpAddr>) -> std::io::Result<TcpStream> {
    let Some(from) = from else {
        return TcpStream::connect(address.authority()).await;
    };
    let mut last = std::io::ErrorKind::AddrNotAvailable.into();
    for to in tokio::net::lookup_host(address.authority()).await? {
        let socket = if to.is_ipv6() { TcpSocket::new_v6() } else { TcpSocket::new_v4() }?;
        socket.bind(SocketAddr::new(from, 0))?;
        match socket.connect(to).await {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}

impl Reader {
    /// Returns the next frame. May be dropped and called again without a loss.
    ///
    /// # Errors
    /// When the connection has ended, or the bytes are no frame.
    pub async fn next(&mut self) -> Result<Received, LinkError> {
        let bytes = self.next_bytes().await?;
        decode(&bytes, self.encoding())
    }

    /// Returns the bytes of the next frame, for [`decode`]. May be dropped and called again without
    /// a loss.
    ///
    /// # Errors
    /// When the connection has ended.
    pub async fn next_bytes(&mut self) -> Result<Bytes, LinkError> {
        match &mut self.0 {
            Incoming::Tcp { stream, frames } => {
                frames.next(stream).await.map_err(|why| LinkError(why.to_string()))
            }
            Incoming::Tls { stream, frames } => {
                frames.next(stream).await.map_err(|why| LinkError(why.to_string()))
            }
            Incoming::Ws { stream, .. } => loop {
                match stream.next().await {
                    Some(Ok(Message::Text(text))) => return Ok(text.into()),
                    Some(Ok(Message::Binary(bytes))) => return Ok(bytes),
                    Some(Ok(Message::Close(_))) | None => {
                        return Err(LinkError("closed by the gateway".into()));
                    }
                    Some(Ok(_)) => {}
                    Some(Err(why)) => return Err(LinkError(why.to_string())),
                }
            },
        }
    }

    /// Returns how frames are encoded, in both directions.
    #[must_use]
    pub const fn encoding(&self) -> Encoding {
        match self.0 {
            Incoming::Tcp { .. } | Incoming::Tls { .. } => Encoding::MessagePack,
            Incoming::Ws { encoding, .. } => encoding,
        }
    }
}

impl Writer {
    /// Sends a frame.
    ///
    /// # Errors
    /// When the frame is too large, or the connection has ended.
    pub async fn send(&mut self, frame: &ClientFrame) -> Result<(), SendError> {
        let encoding = match self.0 {
            Outgoing::Tcp(_) | Outgoing::Tls(_) => Encoding::MessagePack,
            Outgoing::Ws { encoding, .. } => encoding,
        };
        self.send_bytes(encode(frame, encoding)?).await
    }

    /// Sends the bytes of a frame.
    ///
    /// # Errors
    /// When there are more than [`MAX_CLIENT_FRAME`] bytes, or the connection has ended.
    pub async fn send_bytes(&mut self, body: Vec<u8>) -> Result<(), SendError> {
        if body.len() > MAX_CLIENT_FRAME {
            return Err(SendError::TooLarge(body.len()));
        }
        match timeout(WRITE_PATIENCE, self.write(body)).await {
            Ok(sent) => sent.map_err(|why| LinkError(why).into()),
            Err(_) => Err(LinkError("the gateway accepts no more bytes".into()).into()),
        }
    }

    async fn write(&mut self, body: Vec<u8>) -> Result<(), String> {
        match &mut self.0 {
            Outgoing::Tcp(stream) => write_frame(stream, &body).await,
            Outgoing::Tls(stream) => write_frame(stream, &body).await,
            Outgoing::Ws { sink, encoding } => {
                let message = match encoding {
                    Encoding::MessagePack => Message::binary(body),
                    Encoding::Json => Message::text(String::from_utf8(body).map_err(|e| e.to_string())?),
                };
                sink.send(message).await.map_err(|e| e.to_string())
            }
        }
    }

    /// Closes the connection in order, within half a second.
    pub async fn close(&mut self) {
        let goodbye = async {
            match &mut self.0 {
                Outgoing::Tcp(stream) => stream.shutdown().await.is_ok(),
                Outgoing::Tls(stream) => stream.shutdown().await.is_ok(),
                Outgoing::Ws { sink, .. } => sink.close().await.is_ok(),
            }
        };
        // The connection is dropped in any case.
        let _ = timeout(Duration::from_millis(500), goodbye).await;
    }
}
