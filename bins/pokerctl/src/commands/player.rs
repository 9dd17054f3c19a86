//! `pokerctl player`: creates, shows and changes accounts.

use crate::{
    ask::{self, AskError},
    commands::sessions,
    context::{ConnectError, Context},
    grid::{json_line, say},
    words,
};
use bus::Bus;
use clap::Subcommand;
use serde_json::json;
use std::{
    io::{self, Read},
    path::PathBuf,
};
use wire::{
    Chips, CommandId, PostingId,
    cashier::{AdminRequest, CashierReply, PlayerDetails},
};

/// Letters of a generated password: 5 bits each.
const PASSWORD_LETTERS: usize = 20;

/// Options of `player`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

/// Parses an amount to be credited.
fn credit(text: &str) -> Result<Chips, String> {
    let amount = text.parse().ok().filter(|amount: &Chips| !amount.is_zero());
    amount.ok_or_else(|| format!("a credit is a whole number from 1 to {}, in digits", Chips::MAX))
}

#[derive(Debug, Subcommand)]
enum What {
    /// Create an account; without --password-file a password is generated and printed
    Create {
        /// Account name: 3 to 20 letters, digits, '_' and '-'
        name: String,
        /// File whose first line is the password; - for standard input
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
        /// Credit for the new account
        #[arg(long, value_name = "AMOUNT", value_parser = credit)]
        credit: Option<Chips>,
    },
    /// Show an account
    Show {
        /// Name or number
        player: String,
    },
    /// Add money to an account
    Credit {
        /// Name or number
        player: String,
        /// Amount
        #[arg(value_parser = credit)]
        amount: Chips,
        /// Name of the posting; a posting of the same name moves money only once, however often it
        /// is repeated
        #[arg(long, value_name = "NAME")]
        posting: Option<String>,
    },
    /// Ban an account; its sessions end at once
    Ban {
        /// Name or number
        player: String,
    },
    /// List the sessions of an account
    Sessions {
        /// Name or number
        player: String,
    },
    /// End all sessions of an account and forget its devices; its connection is closed at once
    EndSessions {
        /// Name or number
        player: String,
    },
    /// Turn the second factor of an account off, which is put on record: for players who have lost
    /// the authenticator and the recovery codes
    RemoveSecondFactor {
        /// Name or number
        player: String,
        /// Why, for the record: how the player was recognised
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Lift a ban
    Unban {
        /// Name or number
        player: String,
    },
}

/// The reason why an account cannot be shown or changed.
#[derive(Debug, thiserror::Error)]
pub enum PlayerError {
    /// The fleet cannot be reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The cashier does not answer, or refuses.
    #[error(transparent)]
    Ask(#[from] AskError),
    /// The password cannot be read.
    #[error("cannot read the password from {path}: {error}")]
    Password {
        /// The file.
        path: PathBuf,
        /// The reason.
        error: io::Error,
    },
    /// The operating system has no random numbers for a password.
    #[error("the operating system gives no random numbers: {0}")]
    NoRandomness(getrandom::Error),
}

/// Runs the command.
///
/// # Errors
/// When the fleet cannot be reached or the cashier refuses.
pub async fn run(args: Args, context: &Context) -> Result<(), PlayerError> {
    let bus = context.bus().await?;
    match args.what {
        What::Create { name, password_file, credit } => {
            create(&bus, context, name, password_file, credit).await
        }
        What::Show { player } => {
            print(&find(&bus, &player).await?, context.json);
            Ok(())
        }
        What::Credit { player, amount, posting } => {
            let found = find(&bus, &player).await?;
            add(&bus, &found, amount, posting).await?;
            print(&find(&bus, &player).await?, context.json);
            Ok(())
        }
        What::Sessions { player } => list_sessions(&bus, context, &player).await,
        What::EndSessions { player } => {
            let player = find(&bus, &player).await?.account.player;
            ask::cashier(&bus, &AdminRequest::EndSessions { player }).await?;
            Ok(())
        }
        What::RemoveSecondFactor { player, reason } => {
            let id = CommandId::from_random(ask::random()?);
            let found = find(&bus, &player).await?.account.player;
            ask::cashier(&bus, &AdminRequest::RemoveSecondFactor { id, player: found, reason }).await?;
            print(&find(&bus, &player).await?, context.json);
            Ok(())
        }
        What::Ban { player } => ban(&bus, context, &player, true).await,
        What::Unban { player } => ban(&bus, context, &player, false).await,
    }
}

async fn create(
    bus: &Bus,
    context: &Context,
    name: String,
    password_file: Option<PathBuf>,
    credit: Option<Chips>,
) -> Result<(), PlayerError> {
    let (password, made_up) = match password_file {
        Some(path) => (read_password(path)?, false),
        None => (make_password()?, true),
    };
    let request = AdminRequest::CreatePlayer { name: name.clone(), password: password.clone() };
    ask::cashier(bus, &request).await?;
    if let Some(amount) = credit {
        let found = find(bus, &name).await?;
        add(bus, &found, amount, None).await?;
    }
    let found = find(bus, &name).await?;
    if context.json {
        let mut line = json!(found);
        if made_up {
            line["password"] = json!(password);
        }
        json_line(&line);
    } else {
        print(&found, false);
        if made_up {
            say(format!("password   {password}"));
        }
    }
    Ok(())
}

async fn add(
    bus: &Bus,
    to: &PlayerDetails,
    amount: Chips,
    posting: Option<String>,
) -> Result<(), PlayerError> {
    let player = to.account.player;
    let posting = match posting {
        Some(name) => name,
        None => format!("credit.{player}.{:016x}", ask::random()?),
    };
    let request = AdminRequest::Credit { posting: PostingId(posting), player, amount };
    ask::cashier(bus, &request).await?;
    Ok(())
}

/// Prints the sessions of an account.
async fn list_sessions(bus: &Bus, context: &Context, player: &str) -> Result<(), PlayerError> {
    let player = find(bus, player).await?.account.player;
    let reply = ask::cashier(bus, &AdminRequest::Sessions { player }).await?;
    let CashierReply::Sessions(list) = reply else {
        return Err(AskError::Unexpected { whom: "the cashier".to_owned() }.into());
    };
    if context.json {
        list.iter().for_each(json_line);
        return Ok(());
    }
    sessions::show(&list);
    Ok(())
}

async fn ban(bus: &Bus, context: &Context, player: &str, banned: bool) -> Result<(), PlayerError> {
    let found = find(bus, player).await?;
    ask::cashier(bus, &AdminRequest::Ban { player: found.account.player, banned }).await?;
    print(&find(bus, player).await?, context.json);
    Ok(())
}

/// Returns an account by name or number.
///
/// # Errors
/// When there is no such account, or the cashier does not answer.
pub async fn find(bus: &Bus, player: &str) -> Result<PlayerDetails, AskError> {
    match ask::cashier(bus, &AdminRequest::ShowPlayer { player: player.to_owned() }).await? {
        CashierReply::Player(found) => Ok(found),
        _ => Err(AskError::Unexpected { whom: "the cashier".to_owned() }),
    }
}

fn print(found: &PlayerDetails, as_json: bool) {
    if as_json {
        return json_line(found);
    }
    let state = match (found.banned, found.bot) {
        (true, _) => "banned",
        (false, true) => "house bot",
        (false, false) => "active",
    };
    let sign = if found.balance < 0 { "-" } else { "" };
    say(format!("player     {} ({})", found.account.name, found.account.player));
    say(format!("state      {state}"));
    if found.second_factor {
        say("log-ins    need a code of the second factor");
    }
    say(format!("balance    {sign}{}", words::number(found.balance.unsigned_abs())));
    say(format!("in play    {}", words::chips(found.in_play)));
    say(format!("prizes     {}", words::chips(found.prizes)));
}

/// Returns the first line of a file, or of standard input if the path is `-`.
///
/// # Errors
/// When the file cannot be read.
pub fn read_password(path: PathBuf) -> Result<String, PlayerError> {
    let text = if path.as_os_str() == "-" {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(&path)
    };
    match text {
        Ok(text) => Ok(text.lines().next().unwrap_or_default().to_owned()),
        Err(error) => Err(PlayerError::Password { path, error }),
    }
}

/// Returns a random password of letters and digits that are not easily confused.
fn make_password() -> Result<String, PlayerError> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut bytes = [0; PASSWORD_LETTERS];
    getrandom::fill(&mut bytes).map_err(PlayerError::NoRandomness)?;
    // 32 letters: 5 bits of each byte, so that all letters are equally likely.
    Ok(bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect())
}
