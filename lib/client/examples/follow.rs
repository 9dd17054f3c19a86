//! Registers a player for a tournament and prints the events of its tables.
//!
//!     cargo run --example follow -- tcp://127.0.0.1:7000 ann 'correct horse' 17

use client::{Client, ClientEvent, Login, Options};
use wire::client::ClientMessage;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut next = |name: &str| arguments.next().ok_or_else(|| format!("the argument {name} is missing"));
    let (address, name, password) = (next("ADDRESS")?, next("NAME")?, next("PASSWORD")?);
    let tournament = next("TOURNAMENT")?.parse()?;
    let login = Login::Password { name, password };
    let mut client = Client::connect(Options::new(vec![address.parse()?], login)).await?;
    client.request(ClientMessage::Register { tournament }).await?;
    while let Some(event) = client.next().await {
        if let ClientEvent::Event { table, number, event } = event {
            println!("table {table}, event {number}: {event:?}");
        }
    }
    Ok(())
}
