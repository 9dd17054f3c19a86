//! A network between a program and a gateway that can fail silently: bytes stop passing and no
//! connection ends.

use client::{Address, Wire};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

/// A proxy to one gateway. Connections live as long as it does.
pub struct Relay {
    /// The address that programs connect to.
    pub address: Address,
    frozen: watch::Sender<bool>,
}

impl Relay {
    /// Starts a relay to this gateway.
    pub async fn start(node: &Address) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let here = listener.local_addr()?;
        let address = match node.wire() {
            Wire::Tcp => format!("tcp://{here}"),
            Wire::WebSocket => format!("ws://{here}/"),
            Wire::WebSocketJson => format!("ws+json://{here}/"),
        };
        let (frozen, freezes) = watch::channel(false);
        tokio::spawn(accept(listener, node.authority().to_owned(), freezes));
        Ok(Self { address: address.parse()?, frozen })
    }

    /// Stops passing bytes; no connection ends.
    pub fn freeze(&self) {
        self.frozen.send_replace(true);
    }
}

async fn accept(listener: TcpListener, node: String, frozen: watch::Receiver<bool>) {
    while let Ok((near, _)) = listener.accept().await {
        let Ok(far) = TcpStream::connect(&node).await else { continue };
        let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
        tokio::spawn(pass(near_in, far_out, frozen.clone()));
        tokio::spawn(pass(far_in, near_out, frozen.clone()));
    }
}

/// Passes bytes in one direction until its end, or until the network fails; then both sides are
/// held open.
async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut frozen: watch::Receiver<bool>) {
    let mut buffer = [0; 4_096];
    loop {
        tokio::select! {
            () = until(&mut frozen, true) => {
                // Until the relay is dropped.
                until(&mut frozen, false).await;
                return;
            }
            read = from.read(&mut buffer) => match read {
                Ok(length @ 1..) if to.write_all(&buffer[..length]).await.is_ok() => {}
                _ => return,
            },
        }
    }
}

/// Waits until the network has this state, or the relay is dropped.
async fn until(frozen: &mut watch::Receiver<bool>, wanted: bool) {
    let _ = frozen.wait_for(|frozen| *frozen == wanted).await;
}
