//! The two listeners.

use crate::{
    gateway::{Gateway, Listener},
    limits::TOGETHER,
    session,
    socket::{Socket, SocketState},
    transport::Transport,
};
use axum::{
    Router,
    extract::{ConnectInfo, State, WebSocketUpgrade, connect_info::Connected},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::any,
    serve::IncomingStream,
};
use std::{future::ready, io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    time::sleep,
};
use wire::{
    client::{MAX_CLIENT_FRAME, SUBPROTOCOL_JSON, SUBPROTOCOL_MSGPACK},
    codec::Encoding,
};

/// Pause after a failed accept, which mostly means that open files have run out.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
/// Read buffer of a WebSocket, in bytes: enough for nearly every message of a client. axum's
/// default of 128 KiB would be most of a connection's memory.
const WS_READ_BUFFER: usize = 256;

/// Takes TCP connections until aborted.
pub(crate) async fn tcp(listener: TcpListener, gateway: Arc<Gateway>) {
    loop {
        let (socket, from) = accept(&listener, &gateway, Listener::Tcp).await;
        tracing::debug!(%from, "TCP connection");
        session::spawn(&gateway, Transport::tcp(socket));
    }
}

/// Takes WebSocket connections until aborted.
pub(crate) async fn ws(listener: TcpListener, gateway: Arc<Gateway>) {
    let app = Router::new().route("/", any(upgrade)).with_state(Arc::clone(&gateway));
    let service = app.into_make_service_with_connect_info::<Accepted>();
    let served = axum::serve(WsListener { listener, gateway }, service).await;
    if let Err(error) = served {
        tracing::error!(%error, "the WebSocket listener ended: no more WebSocket connections are accepted");
    }
}

async fn accept(listener: &TcpListener, gateway: &Gateway, kind: Listener) -> (Socket, SocketAddr) {
    loop {
        let (stream, from): (TcpStream, SocketAddr) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted: trying again after a pause");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        match gateway.connections.enter() {
            Some(place) => return (Socket::new(stream, place, kind == Listener::Ws), from),
            None => tracing::debug!(%from, "a connection beyond all limits is closed without an answer"),
        }
    }
}

/// Accepts connections for axum.
struct WsListener {
    listener: TcpListener,
    gateway: Arc<Gateway>,
}

impl axum::serve::Listener for WsListener {
    type Io = Socket;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Socket, SocketAddr) {
        accept(&self.listener, &self.gateway, Listener::Ws).await
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// The socket beneath an HTTP request.
#[derive(Clone)]
struct Accepted(Arc<SocketState>);

impl Connected<IncomingStream<'_, WsListener>> for Accepted {
    fn connect_info(stream: IncomingStream<'_, WsListener>) -> Self {
        Self(stream.io().state())
    }
}

async fn upgrade(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(Accepted(state)): ConnectInfo<Accepted>,
    upgrade: WebSocketUpgrade,
) -> Response {
    let upgrade = upgrade
        .protocols([SUBPROTOCOL_MSGPACK, SUBPROTOCOL_JSON])
        .read_buffer_size(WS_READ_BUFFER)
        .write_buffer_size(TOGETHER)
        .max_message_size(MAX_CLIENT_FRAME)
        .max_frame_size(MAX_CLIENT_FRAME);
    let chosen = upgrade.selected_protocol().and_then(|name| name.to_str().ok());
    let Some(format) = chosen.and_then(Encoding::of_subprotocol) else {
        let text = format!("ask for subprotocol {SUBPROTOCOL_MSGPACK} or {SUBPROTOCOL_JSON}\n");
        return (StatusCode::BAD_REQUEST, text).into_response();
    };
    upgrade.on_upgrade(move |socket| {
        state.establish();
        // In a task of its own, because the upgrade's task keeps memory for all that an upgrade
        // needs.
        session::spawn(&gateway, Transport::ws(socket, state, format));
        ready(())
    })
}
