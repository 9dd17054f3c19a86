//! The two listeners.

use crate::{
    gateway::{Gateway, Listener},
    limits::{ACCEPTED, HANDSHAKE, PROXIED, PROXY, TOGETHER},
    origin::is_in,
    proxied, session,
    socket::{Socket, SocketState},
    transport::Transport,
    web_origin,
};
use axum::{
    Router,
    extract::{ConnectInfo, State, WebSocketUpgrade, connect_info::Connected},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::any,
    serve::IncomingStream,
};
use std::{
    future::{pending, ready},
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tls::Stream;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::JoinSet,
    time::{sleep, timeout},
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
    let sessions = Arc::clone(&gateway);
    accept(listener, gateway, Listener::Tcp, move |socket| {
        session::spawn(&sessions, Transport::tcp(socket));
        ready(())
    })
    .await;
}

/// Takes WebSocket connections until aborted.
pub(crate) async fn ws(listener: TcpListener, gateway: Arc<Gateway>) {
    let address = match listener.local_addr() {
        Ok(address) => address,
        Err(error) => {
            tracing::error!(%error, "the WebSocket listener has no address: no WebSocket connections are accepted");
            return;
        }
    };
    let (accepted, sockets) = mpsc::channel(ACCEPTED);
    let app = Router::new().route("/", any(upgrade)).with_state(Arc::clone(&gateway));
    let service = app.into_make_service_with_connect_info::<Accepted>();
    let accepting = accept(listener, gateway, Listener::Ws, move |socket| {
        let accepted = accepted.clone();
        async move {
            // It ends only with the listener.
            let _ = accepted.send(socket).await;
        }
    });
    tokio::select! {
        () = accepting => {}
        served = axum::serve(WsListener { sockets, address }, service).into_future() => if let Err(error) = served {
            tracing::error!(%error, "the WebSocket listener ended: no more WebSocket connections are accepted");
        }
    }
}

/// Accepts connections and passes those on that get a slot.
async fn accept<F: Future<Output = ()> + Send + 'static>(
    listener: TcpListener,
    gateway: Arc<Gateway>,
    kind: Listener,
    pass_on: impl Fn(Socket) -> F + Clone + Send + Sync + 'static,
) {
    let proxied = Arc::new(Semaphore::new(PROXIED));
    // Connections before their first frame; they end with the listener.
    let mut waiting = JoinSet::new();
    loop {
        let (mut stream, from): (TcpStream, SocketAddr) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted: trying again after a pause");
                sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // Clients wait for small messages, so they must not be held back.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY cannot be set: small messages may be delayed");
        }
        while waiting.try_join_next().is_some() {}
        let is_proxied = is_in(&gateway.proxies, from.ip());
        if !is_proxied && gateway.tls.is_none() {
            enter(stream, Some(from.ip()), &gateway, kind, &pass_on).await;
            continue;
        }
        // In tasks of their own, because the header and the handshake may come late.
        let permit = match is_proxied {
            true => Arc::clone(&proxied).acquire_owned().await.ok(),
            false => None,
        };
        let (gateway, pass_on) = (Arc::clone(&gateway), pass_on.clone());
        waiting.spawn(async move {
            let client = match permit {
                Some(permit) => client_of(&mut stream, from, permit).await,
                None => Some(Some(from.ip())),
            };
            if let Some(client) = client {
                enter(stream, client, &gateway, kind, &pass_on).await;
            }
        });
    }
}

/// Returns the client that a load balancer names, if it knows one; none when the connection is to
/// be closed. The permit is held until then.
async fn client_of(
    stream: &mut TcpStream,
    from: SocketAddr,
    _permit: OwnedSemaphorePermit,
) -> Option<Option<IpAddr>> {
    match timeout(PROXY, proxied::client_of(stream)).await {
        Ok(Ok(client)) => return Some(client),
        Ok(Err(error)) => {
            tracing::warn!(%from, %error, "a load balancer's connection has no PROXY header and is closed: let it send version 2");
        }
        Err(_) => {
            tracing::warn!(%from, "a load balancer's connection brought no PROXY header in time and is closed");
        }
    }
    None
}

/// Passes a connection on if it gets a slot, after the handshake of TLS. Beyond all limits it is
/// closed.
async fn enter<F: Future<Output = ()> + Send + 'static>(
    stream: TcpStream,
    from: Option<IpAddr>,
    gateway: &Gateway,
    kind: Listener,
    pass_on: &(impl Fn(Socket) -> F + Clone + Send + Sync + 'static),
) {
    let Some(slot) = gateway.slots.enter(from) else {
        tracing::debug!(?from, "a connection beyond all limits is closed without an answer");
        return;
    };
    tracing::debug!(?from, ?kind, "a connection");
    let socket = move |stream| Socket::new(stream, slot, from, kind == Listener::Ws);
    let Some(tls) = &gateway.tls else {
        return pass_on(socket(Stream::Plain(stream))).await;
    };
    match timeout(HANDSHAKE, tls.accept(stream)).await {
        Ok(Ok(stream)) => pass_on(socket(stream)).await,
        Ok(Err(error)) => {
            tracing::debug!(?from, %error, "a connection did not agree on TLS and is closed");
        }
        Err(_) => tracing::debug!(?from, "a handshake of TLS took too long: the connection is closed"),
    }
}

/// Hands accepted connections to axum.
struct WsListener {
    sockets: mpsc::Receiver<Socket>,
    address: SocketAddr,
}

impl axum::serve::Listener for WsListener {
    type Io = Socket;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Socket, SocketAddr) {
        match self.sockets.recv().await {
            Some(socket) => (socket, self.address),
            // The task that accepts has ended, and so does this one.
            None => pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
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
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    if !web_origin::may_connect(&headers, &gateway.web_origins) {
        let text =
            "pages of this origin may not connect: the gateway's option --web-origins names those that may\n";
        return (StatusCode::FORBIDDEN, text).into_response();
    }
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
