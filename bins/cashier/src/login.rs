//! Logging in with a password.
//!
//! Invariants: a try is counted before the password is checked, so tries at the same time are all
//! counted. A code of a second factor is checked after the right password only, and a wrong one is
//! counted like a wrong password, and by account too. Names without an account are treated alike:
//! same statements, same hashing, same lock. Open sessions are not affected by locks.

pub mod change;
pub mod owner;
pub mod second_factor;
mod tries;

use crate::{
    Database, Failure, devices,
    guests::NO_PASSWORD,
    names::is_name,
    origin::Origin,
    passwords::Passwords,
    players::unsigned,
    second_factor::{COLUMNS, Factor, JOIN, Proof, store},
    sessions,
};
use database::{Client, Limits};
use wire::{
    PlayerId, Refusal,
    cashier::{Account, Session},
};

/// The statements that delete what is old.
pub const SWEEP: [&str; 2] = [tries::SWEEP, devices::SWEEP];

/// A request to log in.
pub struct LogIn {
    /// The account's name, as typed.
    pub name: String,
    /// The password.
    pub password: String,
    /// The client's address; none from a gateway of an earlier version.
    pub address: Option<String>,
    /// The device's token, if the client has one.
    pub device: Option<String>,
    /// A code of the account's second factor.
    pub code: Option<String>,
}

/// An account with the name, from the database.
struct Candidate {
    player: i64,
    name: String,
    hash: Option<String>,
    factor: Option<Factor>,
}

/// A log-in whose password is right.
struct Accepted<'a> {
    player: i64,
    key: &'a str,
    origin: Origin,
    device: [u8; 32],
    token: &'a str,
    network: String,
    proof: Option<Proof>,
}

/// Checks name and password and opens a session.
///
/// # Errors
/// [`Refusal::BadCredentials`], [`Refusal::LockedOut`]; for callers that know the password
/// [`Refusal::CodeNeeded`] and [`Refusal::BadCode`] if the account has a second factor, and
/// [`Refusal::Banned`].
pub async fn log_in(database: &Database, passwords: &Passwords, request: LogIn) -> Result<Session, Failure> {
    let LogIn { name, password, address, device, code } = request;
    let network = Origin::of_address(address.as_deref());
    if !is_name(&name) {
        let turn = passwords.turn(network).await?;
        passwords.fits(turn, password, None).await;
        return Err(Refusal::BadCredentials.into());
    }
    let key = name.to_ascii_lowercase();
    let known = known_device(database, device, &key).await?;
    let origin = known.as_ref().map_or(network, |(_, hash)| Origin::Device(*hash));
    // The permit comes first: a request that is refused for lack of one is not counted as a try.
    let turn = passwords.turn(origin).await?;
    let candidate = find_to_try(database, &key, origin).await?;
    let hash = candidate.as_ref().and_then(|known| known.hash.clone());
    let fits = passwords.fits(turn, password, hash).await;
    let candidate = candidate.filter(|_| fits).ok_or(Refusal::BadCredentials)?;
    let proof = match &candidate.factor {
        Some(factor) => Some(check_code(database, &key, origin, factor, code.as_deref()).await?),
        None => None,
    };
    let token = sessions::new_token()?;
    let device = match known {
        Some((device, _)) => device,
        None => sessions::new_token()?,
    };
    let accepted = Accepted {
        player: candidate.player,
        key: &key,
        origin,
        device: devices::hash(&device),
        token: &token,
        network: network.to_string(),
        proof,
    };
    welcome(database, &accepted).await?;
    let account = Account { player: PlayerId(unsigned(candidate.player)), name: candidate.name };
    Ok(Session { account, token, device: Some(device), pass: None })
}

/// Returns the device's token with its hash, if the device has been logged in to the account
/// before.
async fn known_device(
    database: &Database,
    device: Option<String>,
    key: &str,
) -> Result<Option<(String, [u8; 32])>, Failure> {
    let Some(device) = device else { return Ok(None) };
    let hash = &devices::hash(&device);
    let known = database
        .run(Limits::SHORT, |client| async move { devices::is_known(&client, hash, key).await })
        .await?;
    Ok(known.then_some((device, *hash)))
}

/// Counts a try of a code, by account if the device is not a known one, and checks the code. The
/// count by origin alone would let guesses from many networks at once find a code.
async fn check_code(
    database: &Database,
    key: &str,
    origin: Origin,
    factor: &Factor,
    code: Option<&str>,
) -> Result<Proof, Failure> {
    if code.is_some() && counts_by_account(origin) {
        database
            .run(Limits::SHORT, |client| async move { tries::count(&client, key, Origin::Codes).await })
            .await?;
    }
    Ok(factor.check(code)?)
}

/// Returns whether codes from an origin are counted by account. Those of a known device are counted
/// for it alone, so that the owner gets in while others guess.
const fn counts_by_account(origin: Origin) -> bool {
    !matches!(origin, Origin::Device(_))
}

/// Counts a try and returns the account with the name, if there is one.
async fn find_to_try(database: &Database, key: &str, origin: Origin) -> Result<Option<Candidate>, Failure> {
    database
        .run(Limits::SHORT, |client| async move {
            tries::count(&client, key, origin).await?;
            find(&client, key).await
        })
        .await
}

async fn find(client: &Client, key: &str) -> Result<Option<Candidate>, Failure> {
    let select = format!(
        "SELECT p.player_id, p.name, p.password_hash, {} FROM players p {}
        WHERE lower(p.name COLLATE \"C\") = $1",
        COLUMNS, JOIN
    );
    let Some(row) = client.query_opt(&select, &[&key]).await? else {
        return Ok(None);
    };
    let hash: Option<String> = row.try_get(2)?;
    let hash = hash.filter(|hash| hash != NO_PASSWORD);
    let factor = Factor::read(&row, 3)?;
    Ok(Some(Candidate { player: row.try_get(0)?, name: row.try_get(1)?, hash, factor }))
}

/// Spends the code, deletes the failures, opens the session and notes the device. The ban is read
/// again, under a lock, because a ban during the check of the password would not end a session that
/// is opened after it.
async fn welcome(database: &Database, accepted: &Accepted<'_>) -> Result<(), Failure> {
    let Accepted { player, key, origin, device, token, network, proof } = accepted;
    database
        .run(Limits::SHORT, |mut client| async move {
            let tx = client.transaction().await?;
            if let Some(proof) = proof {
                store::spend(&tx, *player, proof).await?;
                if counts_by_account(*origin) {
                    tries::forget(&tx, key, Origin::Codes).await?;
                }
            }
            tries::forget(&tx, key, *origin).await?;
            let select = "SELECT banned FROM players WHERE player_id = $1 FOR SHARE";
            let banned: bool = tx.query_one(select, &[player]).await?.try_get(0)?;
            if !banned {
                sessions::open(&tx, *player, token, network).await?;
                devices::note(&tx, device, *player).await?;
            }
            tx.commit().await?;
            if banned { Err(Refusal::Banned.into()) } else { Ok(()) }
        })
        .await
}
