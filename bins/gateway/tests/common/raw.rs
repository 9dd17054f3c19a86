//! A client that breaks the rules of the protocol.

use super::{Gateway, guarded};
use futures::{SinkExt, StreamExt};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{self, ClientRequestBuilder, Message},
};
use wire::{
    CommandId, Refusal, VERSION,
    client::{
        ClientFrame, ClientMessage, Closing, SUBPROTOCOL_JSON, SUBPROTOCOL_MSGPACK, ServerFrame,
        ServerMessage,
    },
    codec,
};

/// A TCP connection.
pub struct RawTcp(pub TcpStream);

impl RawTcp {
    /// Connects and reads the hello.
    pub async fn connect(gateway: &Gateway) -> Self {
        let mut raw = Self::connect_silently(gateway).await;
        assert!(matches!(raw.receive().await.unwrap().m, ServerMessage::Hello { .. }));
        raw
    }

    /// Connects and reads nothing.
    pub async fn connect_silently(gateway: &Gateway) -> Self {
        Self(TcpStream::connect(&gateway.tcp).await.unwrap())
    }

    /// Connects from an address of this machine.
    pub async fn connect_from(gateway: &Gateway, ip: [u8; 4]) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((ip, 0).into()).unwrap();
        Self(socket.connect(gateway.tcp.parse().unwrap()).await.unwrap())
    }

    /// Connects from an address of this machine, with a small buffer for what comes: a client that
    /// does not read is then noticed after few bytes.
    pub async fn connect_narrow(gateway: &Gateway, ip: [u8; 4]) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        socket.bind((ip, 0).into()).unwrap();
        Self(socket.connect(gateway.tcp.parse().unwrap()).await.unwrap())
    }

    /// Sends a frame with these bytes, with its length in front.
    pub async fn send_bytes(&mut self, body: &[u8]) -> std::io::Result<()> {
        let mut bytes = Vec::new();
        framing::append(&mut bytes, body);
        self.0.write_all(&bytes).await
    }

    /// Sends a request.
    pub async fn send(&mut self, id: u64, m: ClientMessage) -> std::io::Result<()> {
        self.send_bytes(&codec::encode(&frame(id, m)).unwrap()).await
    }

    /// Sends a request and returns its answer.
    pub async fn ask(&mut self, id: u64, m: ClientMessage) -> ServerMessage {
        self.send(id, m).await.unwrap();
        loop {
            let frame = self.receive().await.unwrap();
            if frame.re == Some(CommandId(id)) {
                return frame.m;
            }
        }
    }

    /// Returns the next frame; `None` at the end.
    pub async fn receive(&mut self) -> Option<ServerFrame> {
        guarded("a frame", async {
            let length = self.0.read_u32().await.ok()?;
            let mut body = vec![0; length as usize];
            self.0.read_exact(&mut body).await.ok()?;
            Some(codec::decode(&body).unwrap())
        })
        .await
    }

    /// Reads a frame without decoding it; returns its length.
    pub async fn skip(&mut self) -> Option<usize> {
        guarded("a frame", async {
            let length = self.0.read_u32().await.ok()? as usize;
            let mut body = vec![0; length];
            self.0.read_exact(&mut body).await.ok()?;
            Some(length)
        })
        .await
    }

    /// Reads until the end; returns the refusals and the reason for closing.
    pub async fn until_closed(&mut self) -> (Vec<Refusal>, Option<Closing>) {
        let mut refused = Vec::new();
        let mut closing = None;
        while let Some(frame) = self.receive().await {
            assert_eq!(closing, None, "no frame follows the closing message");
            match frame.m {
                ServerMessage::Refused { refusal, .. } => refused.push(refusal),
                ServerMessage::Closing { reason, .. } => closing = Some(reason),
                _ => {}
            }
        }
        (refused, closing)
    }
}

/// A WebSocket connection.
pub struct RawWs(pub WebSocketStream<TcpStream>);

impl RawWs {
    /// Connects with the subprotocol of JSON or of MessagePack, and reads nothing.
    pub async fn connect(gateway: &Gateway, json: bool) -> Self {
        let protocol = if json { SUBPROTOCOL_JSON } else { SUBPROTOCOL_MSGPACK };
        Self::try_connect(gateway, Some(protocol)).await.unwrap()
    }

    /// Connects with a subprotocol, or with none, and returns the refusal of the handshake.
    pub async fn try_connect(gateway: &Gateway, protocol: Option<&str>) -> Result<Self, tungstenite::Error> {
        let stream = TcpStream::connect(&gateway.ws).await.unwrap();
        Self::over(stream, gateway, protocol).await
    }

    /// Does the handshake on a connection.
    pub async fn over(
        stream: TcpStream,
        gateway: &Gateway,
        protocol: Option<&str>,
    ) -> Result<Self, tungstenite::Error> {
        let mut request = Self::request(gateway);
        if let Some(protocol) = protocol {
            request = request.with_sub_protocol(protocol);
        }
        let (socket, response) = client_async(request, stream).await?;
        let chosen = response.headers().get("sec-websocket-protocol").map(|chosen| chosen.to_str().unwrap());
        assert_eq!(chosen, protocol);
        Ok(Self(socket))
    }

    /// Returns the request that asks for a connection.
    pub fn request(gateway: &Gateway) -> ClientRequestBuilder {
        ClientRequestBuilder::new(format!("ws://{}/", gateway.ws).parse().unwrap())
    }

    /// Sends a WebSocket message.
    pub async fn send(&mut self, message: Message) {
        self.0.send(message).await.unwrap();
    }

    /// Reads until the end; returns the refusals, the reason for closing, and its code.
    pub async fn until_closed(&mut self) -> (Vec<Refusal>, Option<Closing>, Option<u16>) {
        let mut refused = Vec::new();
        let mut closing = None;
        let mut code = None;
        while let Some(Ok(message)) = guarded("a message", self.0.next()).await {
            let frame: ServerFrame = match &message {
                Message::Text(text) => serde_json::from_str(text).unwrap(),
                Message::Binary(bytes) => codec::decode(bytes).unwrap(),
                Message::Close(close) => {
                    code = close.as_ref().map(|close| close.code.into());
                    continue;
                }
                _ => continue,
            };
            match frame.m {
                ServerMessage::Refused { refusal, .. } => refused.push(refusal),
                ServerMessage::Closing { reason, .. } => closing = Some(reason),
                _ => {}
            }
        }
        (refused, closing, code)
    }
}

/// Returns a client's frame with a request.
pub fn frame(id: u64, m: ClientMessage) -> ClientFrame {
    ClientFrame { v: VERSION, id: CommandId(id), m }
}
