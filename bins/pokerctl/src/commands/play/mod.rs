//! `pokerctl play`: lets a person play in any terminal, line by line.

mod device;
mod dialog;
mod input;
mod lobby;
mod login;
mod seats;
mod session;

use super::player::PlayerError;
use crate::context::Context;
use client::{Address, Client, ClientError, Ended, Login, Options};
use std::{
    io::{self, BufRead},
    path::PathBuf,
    thread,
};
use supervisor::{Fleet, FleetError};
use tls::{TlsError, Trust};
use tokio::sync::mpsc;
use wire::Refusal;

/// Options of `play`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Address of a gateway: tcp://host:port, ws://host:port/ or ws+json://host:port/, with TLS
    /// tcps, wss or wss+json; repeat for further gateways [default: the gateways of the fleet on
    /// this machine]
    #[arg(long, value_name = "ADDRESS")]
    connect: Vec<Address>,
    /// File with the certificates of the authorities that are trusted [default: the local authority
    /// of the fleet on this machine, or those of the system]
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Account name [default: asked for]
    #[arg(long)]
    name: Option<String>,
    /// File whose first line is the password [default: asked for]
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Watch only, without an account
    #[arg(long, conflicts_with_all = ["name", "password_file"])]
    visitor: bool,
}

/// The reason why `play` ended, or did not begin.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// No fleet runs here, and no address was given.
    #[error(transparent)]
    Fleet(#[from] FleetError),
    /// The fleet has no gateway.
    #[error("the fleet has no gateway: see `pokerctl nodes`")]
    NoNodes,
    /// The password cannot be read.
    #[error(transparent)]
    Password(#[from] PlayerError),
    /// The input ended before name and password.
    #[error("no name or password: type both, or use --name and --password-file, or --visitor")]
    NoLogin,
    /// Standard input cannot be read.
    #[error("cannot read the input: {0}")]
    Input(io::Error),
    /// No gateway accepted the connection.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// There will be no further connection.
    #[error(transparent)]
    Ended(#[from] Ended),
    /// The file with authorities cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// Connects, logs in and plays until the person quits.
///
/// # Errors
/// When no gateway accepts the connection, or there will be no further one.
pub async fn run(args: Args, context: &Context) -> Result<(), PlayError> {
    let (addresses, authority) = match args.connect.is_empty() {
        true => nodes(context)?,
        false => (args.connect, None),
    };
    let trust = args.ca.or(authority).map(|file| Trust::file(&file)).transpose()?;
    let login = login::login(args.name, args.password_file, args.visitor)?;
    let name = match &login {
        Login::Password { name, .. } => Some(name.clone()),
        Login::Visitor | Login::Token(_) => None,
    };
    let mut options = Options { trust, ..Options::new(addresses, login) };
    options.device = name.as_deref().and_then(|name| device::kept(&context.data_dir, name));
    let client = connect(options).await?;
    if let (Some(name), Some(token)) = (name, client.device())
        && context.data_dir.is_dir()
        && let Err(error) = device::keep(&context.data_dir, &name, &token)
    {
        eprintln!(
            "pokerctl: this device's token cannot be kept: {error}; the next log-in is one of a new device"
        );
    }
    session::Session::new(client).run(lines()).await
}

/// Connects, and asks for the code of a second factor if the log-in is refused for lack of it.
async fn connect(mut options: Options) -> Result<Client, PlayError> {
    loop {
        let error = match Client::connect(options.clone()).await {
            Ok(client) => return Ok(client),
            Err(error) => error,
        };
        let ClientError::Ended(Ended::LogInRefused(refusal)) = &error else { return Err(error.into()) };
        if *refusal == Refusal::BadCode {
            eprintln!("{refusal}");
        } else if *refusal != Refusal::CodeNeeded {
            return Err(error.into());
        }
        options.code = login::ask_code()?;
        if options.code.is_none() {
            return Err(error.into());
        }
    }
}

/// Returns the TCP addresses of the gateways of the fleet on this machine.
fn nodes(context: &Context) -> Result<(Vec<Address>, Option<PathBuf>), PlayError> {
    let fleet = Fleet::read(&context.data_dir)?;
    let named = fleet.addresses("tcp");
    let addresses: Vec<Address> = named.iter().filter_map(|text| text.parse().ok()).collect();
    if addresses.is_empty() { Err(PlayError::NoNodes) } else { Ok((addresses, fleet.authority)) }
}

/// Returns typed lines until the input ends. A separate thread reads them: it may wait for a line
/// forever, and must not keep the program from ending.
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
