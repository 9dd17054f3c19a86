//! Log-ins at a real fleet: guesses of others, passwords, names, and the sessions of an account, by
//! the client library and by `pokerctl`.

use anyhow::{Context, bail, ensure};
use client::{Address, Client, ClientError, ClientEvent, Ended, Login, Options};
use std::{net::SocketAddr, process::Stdio, time::Duration};
use testkit::{Authenticator, Fleet, FleetSize, PASSWORD};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines, copy_bidirectional},
    net::{TcpListener, TcpSocket},
    process::{Child, ChildStdin, ChildStdout},
    time::timeout,
};
use wire::{
    Chips, Refusal,
    cashier::{AdminRequest, CashierReply, SessionSummary},
    client::{ClientMessage, Closing, ServerMessage},
};

/// Guard against hangs.
const LIMIT: Duration = Duration::from_secs(60);
/// A network of this machine that is not the one of the players.
const FOREIGN: &str = "127.0.66.1:0";
const NEW: &str = "four wet green lamps";

fn login(name: &str, password: &str) -> Login {
    Login::Password { name: name.to_owned(), password: password.to_owned() }
}

/// Returns the address of a listener whose connections reach a gateway from another network.
async fn from_abroad(gateway: &Address) -> anyhow::Result<Address> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let here: Address = format!("tcp://{}", listener.local_addr()?).parse()?;
    let gateway: SocketAddr = gateway.authority().parse()?;
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let Ok(socket) = TcpSocket::new_v4() else { continue };
            let bound = FOREIGN.parse::<SocketAddr>().is_ok_and(|from| socket.bind(from).is_ok());
            let Ok(mut far) = socket.connect(gateway).await else { continue };
            assert!(bound, "{FOREIGN} is not an address of this machine");
            tokio::spawn(async move { copy_bidirectional(&mut near, &mut far).await });
        }
    });
    Ok(here)
}

/// Tries a password on a connection without a session, and returns the refusal.
async fn guess(client: &Client, name: &str, password: &str) -> anyhow::Result<Refusal> {
    let (name, password) = (name.to_owned(), password.to_owned());
    match client.request(ClientMessage::LogIn { name, password, device: None, code: None }).await {
        Err(ClientError::Refused(refusal)) => Ok(refusal),
        other => bail!("not refused: {other:?}"),
    }
}

/// Guesses until the guesser's network is locked, which the fifth wrong password does.
async fn guess_until_locked(client: &Client, name: &str) -> anyhow::Result<()> {
    for number in 1..=5 {
        let refusal = guess(client, name, &format!("wrong password {number}")).await?;
        ensure!(refusal == Refusal::BadCredentials, "guess {number}: {refusal}");
    }
    let refusal = guess(client, name, PASSWORD).await?;
    ensure!(matches!(refusal, Refusal::LockedOut { .. }), "the right password is answered with {refusal}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_of_others_lock_no_device_out_that_was_logged_in_before() -> anyhow::Result<()> {
    let fleet = Fleet::start(FleetSize::default()).await?;
    let addresses = fleet.tcp()?;
    let owner = fleet.hero("lena", addresses.clone(), Chips(1_000)).await?.client;
    let device = owner.device().context("the log-in brought no device's token")?;
    let token = owner.token().context("no session")?;
    drop(owner);

    let abroad = vec![from_abroad(addresses.first().context("no gateway")?).await?];
    let stranger = Client::connect(Options::new(abroad.clone(), Login::Visitor)).await?;
    guess_until_locked(&stranger, "lena").await?;
    // The owner's network is not the guesser's: a device that was never seen logs in too.
    drop(Client::connect(Options::new(addresses.clone(), login("lena", PASSWORD))).await?);
    // On a journey to the guesser's network only the known device does.
    let mut options = Options::new(abroad, login("lena", PASSWORD));
    let unknown = Client::connect(options.clone()).await;
    ensure!(
        matches!(&unknown, Err(ClientError::Ended(Ended::LogInRefused(Refusal::LockedOut { .. })))),
        "a device that was never seen is answered with {:?}",
        unknown.err()
    );
    options.device = Some(device);
    drop(Client::connect(options).await.context("the known device is locked out")?);
    // Sessions that were open go on.
    drop(Client::connect(Options::new(addresses, Login::Token(token))).await?);
    fleet.stop().await
}

/// Returns the refusal of an account that is created with `pokerctl`.
async fn not_created(fleet: &Fleet, name: &str, password: &str) -> anyhow::Result<String> {
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), password)?;
    let path = file.path().display().to_string();
    match fleet.pokerctl(&["player", "create", "--password-file", &path, "--", name]).await {
        Ok(made) => bail!("{name:?} with {password:?} is created: {made}"),
        Err(error) => Ok(error.to_string()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn common_passwords_and_names_that_mislead_are_refused_with_the_reason() -> anyhow::Result<()> {
    let fleet = Fleet::start(FleetSize::default()).await?;
    fleet.account("Lilian", Chips(1_000)).await?;
    for (name, password, reason) in [
        ("mia", "password1", "most common"),
        ("mia", "Qwerty123!", "most common"),
        ("mia-tanner", "mia-tanner-7", "account's name"),
        ("mia", "aaaaaaaaaaaa", "repetition"),
        ("mia", "7k#pZ!q", "too short"),
        ("1ilian", PASSWORD, "looks like another player's"),
        ("LiIian", PASSWORD, "looks like another player's"),
        ("Poker-Admin", PASSWORD, "staff"),
        ("supp0rt", PASSWORD, "staff"),
        // Invisible, from right to left, and a Cyrillic letter.
        ("mi\u{200b}a", PASSWORD, "letters a-z"),
        ("mi\u{202e}a", PASSWORD, "letters a-z"),
        ("mi\u{430}a", PASSWORD, "letters a-z"),
    ] {
        let refusal = not_created(&fleet, name, password).await?;
        ensure!(refusal.contains(reason), "{name:?} with {password:?}: {refusal}");
    }
    fleet.account("mia", Chips(1_000)).await?;
    fleet.stop().await
}

/// Returns an account's sessions, as the client library shows them to the player.
async fn sessions(client: &Client) -> anyhow::Result<Vec<SessionSummary>> {
    match client.request(ClientMessage::Sessions).await? {
        ServerMessage::Sessions(list) => Ok(list),
        other => bail!("no sessions but {other:?}"),
    }
}

/// `pokerctl play` with its input and output.
struct Terminal {
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    _process: Child,
}

impl Terminal {
    fn play(fleet: &Fleet, name: &str, password_file: &str) -> anyhow::Result<Self> {
        let mut process = fleet
            .pokerctl_command(&["play", "--name", name, "--password-file", password_file])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let input = process.stdin.take().context("no input")?;
        let output = BufReader::new(process.stdout.take().context("no output")?).lines();
        Ok(Self { input, output, _process: process })
    }

    async fn types(&mut self, line: &str) -> anyhow::Result<()> {
        Ok(self.input.write_all(format!("{line}\n").as_bytes()).await?)
    }

    /// Reads up to a line that contains the text, and returns the line.
    async fn shows(&mut self, text: &str) -> anyhow::Result<String> {
        let mut before = Vec::new();
        loop {
            let line = timeout(LIMIT, self.output.next_line())
                .await
                .with_context(|| format!("{text:?} is not shown, but {before:?}"))??;
            let line = line.with_context(|| format!("the end before {text:?}: {before:?}"))?;
            if line.contains(text) {
                return Ok(line);
            }
            before.push(line);
        }
    }
}

async fn is_open(addresses: &[Address], token: &str) -> anyhow::Result<bool> {
    let options = Options::new(addresses.to_vec(), Login::Token(token.to_owned()));
    match Client::connect(options).await {
        Ok(_) => Ok(true),
        Err(ClientError::Ended(Ended::LogInRefused(Refusal::SessionExpired))) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

async fn enter(addresses: &[Address], password: &str) -> anyhow::Result<(Client, String)> {
    let client = Client::connect(Options::new(addresses.to_vec(), login("nora", password))).await?;
    let token = client.token().context("no session")?;
    Ok((client, token))
}

#[tokio::test(flavor = "multi_thread")]
async fn players_end_their_sessions_and_a_changed_password_ends_all_others() -> anyhow::Result<()> {
    let fleet = Fleet::start(FleetSize::default()).await?;
    let addresses = fleet.tcp()?;
    let player = fleet.account("nora", Chips(1_000)).await?;
    let (_, lost) = enter(&addresses, PASSWORD).await?;
    let (_, stolen) = enter(&addresses, PASSWORD).await?;
    let (own, token) = enter(&addresses, PASSWORD).await?;

    // By the client library.
    let list = sessions(&own).await?;
    ensure!(list.len() == 3 && list.iter().filter(|session| session.own).count() == 1, "{list:?}");
    let oldest = list.iter().map(|session| session.session).min().context("no session")?;
    let ended = own.request(ClientMessage::EndSession { session: oldest }).await?;
    ensure!(ended == ServerMessage::Done, "{ended:?}");
    ensure!(!is_open(&addresses, &lost).await?, "the ended session is open");
    let (old, new) = (PASSWORD.to_owned(), "password1".to_owned());
    let change = |old, new| ClientMessage::ChangePassword { old, new, code: None };
    let refused = own.request(change(old.clone(), new)).await;
    ensure!(matches!(refused, Err(ClientError::Refused(Refusal::BadAccount { .. }))), "{refused:?}");
    let new = NEW.to_owned();
    let changed = own.request(change(old, new)).await?;
    ensure!(changed == ServerMessage::Done, "{changed:?}");
    ensure!(!is_open(&addresses, &stolen).await?, "the other session is open");
    drop(own);
    ensure!(is_open(&addresses, &token).await?, "the session that changed the password has ended");
    let former = Client::connect(Options::new(addresses.clone(), login("nora", PASSWORD))).await.err();
    ensure!(
        matches!(former, Some(ClientError::Ended(Ended::LogInRefused(Refusal::BadCredentials)))),
        "the former password is answered with {former:?}"
    );

    // By `pokerctl play`.
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), NEW)?;
    let mut terminal = Terminal::play(&fleet, "nora", &file.path().display().to_string())?;
    terminal.types("sessions").await?;
    let line = terminal.shows("127.0.0.0/24").await?;
    ensure!(line.contains("this one"), "the session that was used last is not the own one: {line}");
    for line in ["password", NEW, PASSWORD, PASSWORD] {
        terminal.types(line).await?;
    }
    terminal.shows("the password is changed").await?;
    ensure!(!is_open(&addresses, &token).await?, "the other session is open");
    drop(terminal);

    // By the administrator.
    let (mut last, token) = enter(&addresses, PASSWORD).await?;
    let shown = fleet.pokerctl(&["player", "sessions", "nora", "--json"]).await?;
    ensure!(shown.lines().count() == 2, "the terminal's and the last one: {shown}");
    fleet.pokerctl(&["player", "end-sessions", "nora"]).await?;
    let closed = timeout(LIMIT, async {
        loop {
            match last.next().await {
                Some(ClientEvent::Closed(ended)) => return Some(ended),
                Some(_) => {}
                None => return None,
            }
        }
    });
    let closed = closed.await?;
    ensure!(closed == Some(Ended::ByNode(Closing::SessionEnded)), "{closed:?}");
    ensure!(!is_open(&addresses, &token).await?, "the ended session is open");
    let left = fleet.cashier(AdminRequest::Sessions { player }).await?;
    ensure!(left == CashierReply::Sessions(Vec::new()), "{left:?}");
    fleet.stop().await
}

/// Reads recovery codes that the terminal shows, and returns three of them.
async fn recovery_codes(terminal: &mut Terminal) -> anyhow::Result<[String; 3]> {
    terminal.shows("recovery codes, shown only now").await?;
    let mut codes = [const { String::new() }; 3];
    for code in &mut codes {
        *code = terminal.shows("-").await?.trim().to_owned();
    }
    Ok(codes)
}

/// Turns the second factor of the account in the terminal on, and returns its authenticator and
/// recovery codes.
async fn turn_on(terminal: &mut Terminal, password: &str) -> anyhow::Result<(Authenticator, [String; 3])> {
    terminal.types("second-factor on").await?;
    let uri = terminal.shows("otpauth://totp/Poker:olga?").await?;
    let secret = uri.split(['?', '&']).find_map(|part| part.strip_prefix("secret="));
    let authenticator = Authenticator::new(secret.context("the URI has no secret")?)?;
    let [code, _] = authenticator.codes()?;
    terminal.shows("type your password").await?;
    terminal.types(password).await?;
    terminal.shows("type the code").await?;
    terminal.types(&code).await?;
    terminal.shows("the second factor is on").await?;
    let recovery = recovery_codes(terminal).await?;
    Ok((authenticator, recovery))
}

/// Changes the password in the terminal to [`NEW`], makes new recovery codes, and turns the second
/// factor off: a code each.
async fn change_all(terminal: &mut Terminal, codes: &[String]) -> anyhow::Result<()> {
    let [first, second] = codes else { bail!("not two codes but {codes:?}") };
    for line in ["password", PASSWORD, NEW, NEW] {
        terminal.types(line).await?;
    }
    terminal.shows("type the code").await?;
    terminal.types(first).await?;
    terminal.shows("the password is changed").await?;
    for line in ["second-factor codes", NEW, second] {
        terminal.types(line).await?;
    }
    let [third, ..] = recovery_codes(terminal).await?;
    for line in ["second-factor off", NEW, &third] {
        terminal.types(line).await?;
    }
    terminal.shows("the second factor is off").await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_with_a_second_factor_is_entered_with_its_code() -> anyhow::Result<()> {
    let fleet = Fleet::start(FleetSize::default()).await?;
    let addresses = fleet.tcp()?;
    fleet.account("olga", Chips(1_000)).await?;
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), PASSWORD)?;
    let path = file.path().display().to_string();

    // Turned on in `pokerctl play`.
    let mut terminal = Terminal::play(&fleet, "olga", &path)?;
    let (authenticator, recovery) = turn_on(&mut terminal, PASSWORD).await?;
    drop(terminal);
    let shown = fleet.pokerctl(&["player", "show", "olga"]).await?;
    ensure!(shown.contains("second factor"), "{shown}");

    // By the client library: asked for the code, in with the next one, and never again with it.
    let mut options = Options::new(addresses, login("olga", PASSWORD));
    let refused = Client::connect(options.clone()).await.err();
    let is = |refused: &Option<ClientError>, expected: Refusal| matches!(refused, Some(ClientError::Ended(Ended::LogInRefused(refusal))) if *refusal == expected);
    ensure!(is(&refused, Refusal::CodeNeeded), "without a code: {refused:?}");
    let [_, next] = authenticator.codes()?;
    options.code = Some(next);
    let client = Client::connect(options.clone()).await.context("the code is refused")?;
    let token = client.token().context("no session")?;
    drop(client);
    let again = Client::connect(options.clone()).await.err();
    ensure!(is(&again, Refusal::BadCode), "a code that was used: {again:?}");
    ensure!(is_open(&options.addresses, &token).await?, "the session does not resume without a code");

    // In `pokerctl play` with a recovery code, after a wrong one; turned off, on again, and off by
    // the administrator.
    let mut terminal = Terminal::play(&fleet, "olga", &path)?;
    for line in ["wrong", &recovery[0], "balance"] {
        terminal.types(line).await?;
    }
    terminal.shows("balance 1 000").await?;
    change_all(&mut terminal, &recovery[1..]).await?;
    turn_on(&mut terminal, NEW).await?;
    drop(terminal);
    options.login = login("olga", NEW);
    let refused = Client::connect(options.clone()).await.err();
    ensure!(is(&refused, Refusal::BadCode), "the code of the former secret: {refused:?}");
    let removal = ["player", "remove-second-factor", "olga", "--reason", "the phone is lost"];
    let shown = fleet.pokerctl(&removal).await?;
    ensure!(!shown.contains("second factor"), "{shown}");
    options.code = None;
    drop(Client::connect(options).await.context("the second factor is still on")?);
    fleet.stop().await
}
