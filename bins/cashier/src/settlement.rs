//! The settlement of a tournament, which records places and pays prizes out of the pool in one
//! transaction; and the reading of results.
//!
//! Invariants: a tournament is settled once; its prizes are its pool, to the last chip; after that,
//! the pool does not change.

use crate::{
    Database, Failure,
    ledger::{AccountId, books::Books, settle_key, store},
    players::{count_known, signed, unsigned},
};
use database::{Client, Limits, Transaction};
use sha2::{Digest, Sha256};
use std::collections::{BTreeSet, HashSet};
use wire::{
    Chips, PlayerId, Refusal, TournamentId,
    cashier::{Account, RankedPlace},
    tournament::Place,
};

/// The most places of one tournament.
const MOST_PLACES: usize = 100_000;

/// The results of a tournament to settle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    tournament: TournamentId,
    name: String,
    /// The places, best first.
    places: Vec<Place>,
    finished_ms: u64,
    prizes: Chips,
}

impl Settlement {
    /// Checks all that can be checked without the ledger.
    ///
    /// # Errors
    /// [`Refusal::BadMessage`] with the reason.
    pub fn new(
        tournament: TournamentId,
        name: String,
        mut places: Vec<Place>,
        finished_ms: u64,
    ) -> Result<Self, Refusal> {
        places.sort_by_key(|place| (place.place, place.player));
        let mut players = HashSet::with_capacity(places.len());
        let bad = |reason: String| Err(Refusal::bad_message(format!("tournament {tournament}: {reason}")));
        if places.is_empty() || places.len() > MOST_PLACES {
            return bad(format!("{} places: there must be 1 to {MOST_PLACES}", places.len()));
        }
        if let Some(twice) = places.iter().find(|place| !players.insert(place.player)) {
            return bad(format!("player {} has two places", twice.player));
        }
        let in_range =
            |place: &&Place| (1..=MOST_PLACES).contains(&(place.place as usize)) && place.prize <= Chips::MAX;
        if let Some(odd) = places.iter().find(|place| !in_range(place)) {
            return bad(format!("place {} with prize {} is out of range", odd.place, odd.prize));
        }
        if tournament.0 > wire::ids::MAX_ID || finished_ms > wire::ids::MAX_ID || name.contains('\0') {
            return bad("number, name or time is out of range".to_owned());
        }
        let prizes = places.iter().map(|place| place.prize).sum();
        Ok(Self { tournament, name, places, finished_ms, prizes })
    }

    /// Returns a digest that is the same for the same settlement, independently of the order in
    /// which the places were given.
    fn digest(&self) -> Vec<u8> {
        let mut hasher = Sha256::new();
        hasher.update((self.name.len() as u64).to_be_bytes());
        hasher.update(&self.name);
        hasher.update(self.finished_ms.to_be_bytes());
        for place in &self.places {
            hasher.update(place.place.to_be_bytes());
            hasher.update(place.player.0.to_be_bytes());
            hasher.update(place.prize.0.to_be_bytes());
        }
        hasher.finalize().to_vec()
    }

    fn winners(&self) -> impl Iterator<Item = &Place> {
        self.places.iter().filter(|place| !place.prize.is_zero())
    }

    /// Returns whether the settlement is already recorded.
    ///
    /// # Errors
    /// [`Refusal::AlreadyExists`] when the tournament was settled with other contents;
    /// [`Refusal::BadMessage`] when the prizes are not the sum in the pool.
    fn decide(&self, books: &Books) -> Result<bool, Refusal> {
        if let Some(recorded) = books.postings.get(&settle_key(self.tournament)) {
            let same = recorded.digest.as_ref() == Some(&self.digest()) && recorded.amount == self.prizes.0;
            return if same { Ok(true) } else { Err(Refusal::AlreadyExists) };
        }
        let pool = books.accounts.get(&AccountId::Tournament(self.tournament));
        let pool = pool.map_or(0, |account| account.balance);
        if pool != signed(self.prizes.0) {
            return Err(Refusal::bad_message(format!(
                "tournament {}: the prizes add up to {}, but the prize pool holds {pool}",
                self.tournament, self.prizes
            )));
        }
        Ok(false)
    }
}

/// Settles a tournament. Returns false when it was settled before.
///
/// # Errors
/// As [`Settlement::new`]; [`Refusal::NoSuchPlayer`]; [`Refusal::AlreadyExists`] when it was
/// settled with other contents.
pub async fn settle(database: &Database, settlement: &Settlement) -> Result<bool, Failure> {
    database.run(Limits::LONG, |mut client| async move { settle_once(&mut client, settlement).await }).await
}

async fn settle_once(client: &mut Client, settlement: &Settlement) -> Result<bool, Failure> {
    let pool = AccountId::Tournament(settlement.tournament);
    let winners = settlement.winners().map(|place| AccountId::Player(place.player));
    let accounts: BTreeSet<AccountId> = winners.chain([pool]).collect();
    // The account has to exist before the lock: without a paid entry there is no account to lock.
    store::open_accounts(client, &accounts).await?;
    let tx = client.transaction().await?;
    tx.batch_execute("SET LOCAL statement_timeout = '60s'").await?;
    let books = store::read(&tx, &accounts, &[settle_key(settlement.tournament)]).await?;
    if settlement.decide(&books)? {
        return Ok(false);
    }
    let players: Vec<i64> = settlement.places.iter().map(|place| signed(place.player.0)).collect();
    if count_known(&tx, &players).await? != players.len() as i64 {
        return Err(Refusal::NoSuchPlayer.into());
    }
    pay(&tx, settlement).await?;
    record(&tx, settlement, &players).await?;
    tx.commit().await?;
    Ok(true)
}

async fn pay(tx: &Transaction<'_>, settlement: &Settlement) -> Result<(), Failure> {
    let tournament = signed(settlement.tournament.0);
    let prizes = signed(settlement.prizes.0);
    let (players, amounts): (Vec<i64>, Vec<i64>) =
        settlement.winners().map(|place| (signed(place.player.0), signed(place.prize.0))).unzip();
    let insert = "WITH posted AS (
            INSERT INTO postings (key, kind, place_id, amount, digest) VALUES ($1, 'settle', $2, $3, $4)
            RETURNING posting_id)
        INSERT INTO entries (posting_id, kind, owner, amount)
        SELECT posting_id, 'player', w.player_id, w.amount
        FROM posted, unnest($5::bigint[], $6::bigint[]) AS w (player_id, amount)
        UNION ALL SELECT posting_id, 'tournament', $2, -$3::bigint FROM posted WHERE $3 > 0";
    let key = settle_key(settlement.tournament);
    tx.execute(insert, &[&key, &tournament, &prizes, &settlement.digest(), &players, &amounts]).await?;
    Ok(())
}

async fn record(tx: &Transaction<'_>, settlement: &Settlement, players: &[i64]) -> Result<(), Failure> {
    let tournament = signed(settlement.tournament.0);
    let insert = "INSERT INTO tournaments (tournament_id, name, finished_at)
        VALUES ($1, $2, to_timestamp(0) + $3 * interval '1 millisecond')";
    let finished_ms = settlement.finished_ms as f64;
    tx.execute(insert, &[&tournament, &settlement.name, &finished_ms]).await?;
    let insert = "INSERT INTO tournament_results (tournament_id, player_id, place, prize)
        SELECT $1, w.player_id, w.place, w.prize
        FROM unnest($2::bigint[], $3::int[], $4::bigint[]) AS w (player_id, place, prize)";
    let place = |place: &Place| i32::try_from(place.place).unwrap_or(i32::MAX);
    let places: Vec<i32> = settlement.places.iter().map(place).collect();
    let prizes: Vec<i64> = settlement.places.iter().map(|place| signed(place.prize.0)).collect();
    tx.execute(insert, &[&tournament, &players, &places, &prizes]).await?;
    Ok(())
}

/// Returns the places of a finished tournament, best first.
///
/// # Errors
/// [`Refusal::NoSuchTournament`] when no tournament is settled under this number.
pub async fn results(database: &Database, tournament: TournamentId) -> Result<Vec<RankedPlace>, Failure> {
    database
        .run(Limits::LONG, |client| async move {
            let select = "SELECT r.place, r.player_id, p.name, r.prize
                FROM tournament_results r JOIN players p USING (player_id)
                WHERE r.tournament_id = $1 ORDER BY r.place, r.player_id";
            let rows = client.query(select, &[&signed(tournament.0)]).await?;
            if rows.is_empty() {
                return Err(Refusal::NoSuchTournament.into());
            }
            let ranked = |row: &database::tokio_postgres::Row| {
                Ok(RankedPlace {
                    place: u32::try_from(row.try_get::<_, i32>(0)?).unwrap_or(0),
                    account: Account { player: PlayerId(unsigned(row.try_get(1)?)), name: row.try_get(2)? },
                    prize: Chips(unsigned(row.try_get(3)?)),
                })
            };
            rows.iter().map(ranked).collect()
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::books::Recorded;

    fn place(place: u32, player: u64, prize: u64) -> Place {
        Place { place, player: PlayerId(player), prize: Chips(prize) }
    }

    fn settlement(places: Vec<Place>) -> Result<Settlement, Refusal> {
        Settlement::new(TournamentId(1), "Test".to_owned(), places, 1_000)
    }

    #[test]
    fn the_digest_depends_on_all_contents_but_the_order_of_places() {
        let one = settlement(vec![place(1, 5, 70), place(2, 3, 30)]).unwrap();
        let other = settlement(vec![place(2, 3, 30), place(1, 5, 70)]).unwrap();
        assert_eq!(one.digest(), other.digest());
        let different = settlement(vec![place(1, 5, 60), place(2, 3, 40)]).unwrap();
        assert_ne!(one.digest(), different.digest());
        let later = Settlement { finished_ms: 1_001, ..one.clone() };
        assert_ne!(one.digest(), later.digest());
        let renamed = Settlement { name: "Tes".to_owned(), ..one.clone() };
        assert_ne!(one.digest(), renamed.digest());
    }

    #[test]
    fn malformed_places_are_refused() {
        assert!(settlement(vec![]).is_err());
        assert!(settlement(vec![place(1, 5, 70), place(2, 5, 30)]).is_err());
        assert!(settlement(vec![place(0, 5, 70)]).is_err());
        assert!(settlement(vec![place(1, 5, u64::MAX)]).is_err());
    }

    #[test]
    fn prizes_other_than_the_pool_are_refused() {
        let settlement = settlement(vec![place(1, 5, 70), place(2, 3, 30)]).unwrap();
        let account = |balance| crate::ledger::books::Account { balance, ..Default::default() };
        let mut books = Books::default();
        for pool in [0, 99, 101] {
            books.accounts.insert(AccountId::Tournament(TournamentId(1)), account(pool));
            let refusal = settlement.decide(&books).unwrap_err();
            assert!(refusal.to_string().contains(&format!("the prize pool holds {pool}")));
        }
        books.accounts.insert(AccountId::Tournament(TournamentId(1)), account(100));
        assert_eq!(settlement.decide(&books), Ok(false));
        let recorded = Recorded {
            kind: "settle".to_owned(),
            player: None,
            place: Some(1),
            amount: 100,
            fee: 0,
            digest: Some(settlement.digest()),
        };
        books.postings.insert(settle_key(TournamentId(1)), recorded.clone());
        assert_eq!(settlement.decide(&books), Ok(true));
        let other = Recorded { digest: Some(vec![0; 32]), ..recorded };
        books.postings.insert(settle_key(TournamentId(1)), other);
        assert_eq!(settlement.decide(&books), Err(Refusal::AlreadyExists));
    }
}
