//! `pokerctl play`: a person at a table, in any terminal, line by line.

mod input;
mod lobby;
mod login;
mod seats;
mod session;

use super::player::PlayerError;
use crate::context::Context;
use client::{Address, Client, ClientError, Ended, Options};
use std::{
    io::{self, BufRead},
    path::PathBuf,
    thread,
};
use supervisor::{Fleet, FleetError};
use tokio::sync::mpsc;

/// Options of `play`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Address of a gateway: tcp://host:port, ws://host:port/ or ws+json://host:port/; may be given again
    /// [default: the nodes of the fleet on this machine]
    #[arg(long, value_name = "ADDRESS")]
    connect: Vec<Address>,
    /// Account name [default: asked for]
    #[arg(long)]
    name: Option<String>,
    /// File whose first line is the password [default: asked for]
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Only look on, without an account
    #[arg(long, conflicts_with_all = ["name", "password_file"])]
    visitor: bool,
}

/// Why playing ended or did not begin.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// No fleet runs here and no address was given.
    #[error(transparent)]
    Fleet(#[from] FleetError),
    /// The fleet has no gateway.
    #[error("the fleet has no gateway: see `pokerctl nodes`")]
    NoNodes,
    /// The password cannot be read.
    #[error(transparent)]
    Password(#[from] PlayerError),
    /// Nothing was typed in.
    #[error("no name and password: type them in, or use --name and --password-file, or --visitor")]
    NoLogin,
    /// Standard input cannot be read.
    #[error("cannot read what is typed: {0}")]
    Input(io::Error),
    /// No connection.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The connection was closed for good.
    #[error(transparent)]
    Ended(#[from] Ended),
}

/// Connects, logs in and plays until the person quits.
///
/// # Errors
/// When no node lets us in, or the connection is closed for good.
pub async fn run(args: Args, context: &Context) -> Result<(), PlayError> {
    let addresses = if args.connect.is_empty() { nodes(context)? } else { args.connect };
    let login = login::login(args.name, args.password_file, args.visitor)?;
    let client = Client::connect(Options::new(addresses, login)).await?;
    session::Session::new(client).run(lines()).await
}

/// TCP addresses of the fleet that runs here.
fn nodes(context: &Context) -> Result<Vec<Address>, PlayError> {
    let named = Fleet::read(&context.data_dir)?.addresses("tcp://");
    let addresses: Vec<Address> = named.iter().filter_map(|text| text.parse().ok()).collect();
    if addresses.is_empty() { Err(PlayError::NoNodes) } else { Ok(addresses) }
}

/// Lines that are typed, until the input ends. A thread of its own reads them: it may wait for a line for ever and
/// must not keep the program from ending.
fn lines() -> mpsc::Receiver<String> {
    let (typed, lines) = mpsc::channel(16);
    thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if typed.blocking_send(line).is_err() {
                return;
            }
        }
    });
    lines
}
