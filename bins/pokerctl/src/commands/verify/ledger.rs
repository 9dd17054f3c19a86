//! Checks that the cashier's ledger is balanced and agrees with the journals.
//!
//! Money moves during the check: a buy-in may be recorded by the cashier and not yet by the table,
//! and a cash-out the other way round. So a table's money is compared within the bounds of its open
//! postings; if it does not fit, journal and ledger are read again, until the journal is the same
//! before and after the ledger was read.

use super::VerifyError;
use crate::ask;
use audit::{Location, Money, Report, Rule, TournamentCheck, TournamentOutcome};
use bus::{Bus, Journal, TableStreams};
use futures::StreamExt;
use poker::table::{Effect, Table, TableRecord};
use std::{collections::BTreeMap, time::Duration};
use wire::{
    Chips, TableId, TournamentId,
    cashier::{AdminRequest, Audit, CashierReply, RankedPlace, TableMoneyRequest},
    codec, subject,
    tournament::Place,
};

/// Maximum number of repeated comparisons.
const TRIES: u32 = 20;
/// Pause before a comparison is repeated.
const PAUSE: Duration = Duration::from_millis(500);

/// The state by the journals, with which the ledger is compared.
pub struct Expected {
    /// Money at cash tables.
    pub tables: BTreeMap<TableId, Money>,
    /// Tournaments by their journals.
    pub tournaments: Vec<TournamentOutcome>,
}

/// Compares the ledger with the journals.
///
/// # Errors
/// When the cashier does not answer or a journal cannot be read.
pub async fn check(bus: &Bus, expected: Expected, report: &mut Report) -> Result<(), VerifyError> {
    let books = audit(bus).await?;
    if books.sum != 0 {
        let what = format!("all balances together are {}, not 0", books.sum);
        report.violation(Location::Ledger, None, Rule::Ledger, what);
    }
    for what in &books.unbalanced {
        report.violation(Location::Ledger, None, Rule::Ledger, what.clone());
    }
    tables(bus, &books, &expected.tables, report).await?;
    tournaments(bus, &books, expected.tournaments, report).await
}

async fn tables(
    bus: &Bus,
    books: &Audit,
    journals: &BTreeMap<TableId, Money>,
    report: &mut Report,
) -> Result<(), VerifyError> {
    let known = books.tables.iter().map(|table| table.table);
    let mut doubtful: Vec<TableId> = journals.keys().copied().chain(known).collect();
    doubtful.sort_unstable();
    doubtful.dedup();
    let none = Money::default();
    doubtful.retain(|table| !fits(journals.get(table).unwrap_or(&none), in_play(books, *table)));
    for table in doubtful {
        if let Some(what) = look_again(bus, table).await? {
            report.violation(Location::Table(table), None, Rule::Ledger, what);
        }
    }
    Ok(())
}

/// Reads journal, ledger and journal until the journal did not change meanwhile. Returns the
/// difference, if there is one then.
async fn look_again(bus: &Bus, table: TableId) -> Result<Option<String>, VerifyError> {
    let mut wrong = None;
    for _ in 0..TRIES {
        let before = money(bus, table).await?;
        let amount = in_play(&audit(bus).await?, table);
        let after = money(bus, table).await?;
        if fits(&after, amount) || fits(&before, amount) {
            return Ok(None);
        }
        let Money { here, coming, leaving } = after;
        wrong = Some(format!(
            "the ledger has {amount} in play; by the journal, {here} are at the table, {coming} in buy-ins and {leaving} in cash-outs"
        ));
        if before == after && coming.is_zero() && leaving.is_zero() {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(wrong)
}

/// Returns whether the ledger's amount in play fits: at least the chips at the table, at most
/// with all open postings.
fn fits(money: &Money, amount: i64) -> bool {
    let least = money.here.0;
    let most = money.here.plus(money.coming).plus(money.leaving).0;
    u64::try_from(amount).is_ok_and(|amount| least <= amount && amount <= most)
}

fn in_play(books: &Audit, table: TableId) -> i64 {
    books.tables.iter().find(|money| money.table == table).map_or(0, |money| money.amount)
}

/// Returns a table's money by its journal now. Reads only the last snapshot and its tail: the
/// whole journal has been checked before.
async fn money(bus: &Bus, table: TableId) -> Result<Money, VerifyError> {
    let partition = subject::table_partition(table);
    let journal = TableStreams::new(bus).journal(partition).await?;
    let Some(recovered) = journal.recover_one(&subject::table_journal(table)).await? else {
        return Ok(Money::default());
    };
    let records: Vec<TableRecord> =
        recovered.records.iter().filter_map(|stored| codec::decode(&stored.payload).ok()).collect();
    let Ok(table) = Table::replay(table, &records) else {
        return Ok(Money::default());
    };
    let coming = table.effects().into_iter().filter_map(|effect| match effect {
        Effect::Money(TableMoneyRequest::BuyIn { amount, .. }) => Some(amount),
        _ => None,
    });
    Ok(Money { here: table.chips(), coming: coming.sum(), leaving: table.pending_cash_outs() })
}

async fn tournaments(
    bus: &Bus,
    books: &Audit,
    tournaments: Vec<TournamentOutcome>,
    report: &mut Report,
) -> Result<(), VerifyError> {
    for known in &books.tournaments {
        if !tournaments.iter().any(|outcome| outcome.tournament == known.tournament) {
            let what = format!("the ledger has a prize pool of {} and there is no journal", known.amount);
            report.violation(Location::Tournament(known.tournament), None, Rule::Ledger, what);
        }
    }
    for outcome in tournaments {
        let id = outcome.tournament;
        let wrong = match doubt(bus, books, &outcome).await? {
            Some(_) => look_at_tournament_again(bus, id).await?,
            None => None,
        };
        if let Some(what) = wrong {
            report.violation(Location::Tournament(id), None, Rule::Ledger, what);
        }
    }
    Ok(())
}

async fn look_at_tournament_again(bus: &Bus, id: TournamentId) -> Result<Option<String>, VerifyError> {
    let mut wrong = None;
    for _ in 0..TRIES {
        tokio::time::sleep(PAUSE).await;
        let before = tournament(bus, id).await?;
        let books = audit(bus).await?;
        let doubts = doubt(bus, &books, &before).await?;
        let after = tournament(bus, id).await?;
        match doubts {
            None => return Ok(None),
            Some(what) => wrong = Some(what),
        }
        let is_sure = before.pool.is_none_or(|(least, most)| least == most);
        if before == after && (before.settled || before.places.is_none()) && is_sure {
            break;
        }
    }
    Ok(wrong)
}

/// Returns the difference between a tournament's journal and the ledger, if there is one.
async fn doubt(bus: &Bus, books: &Audit, outcome: &TournamentOutcome) -> Result<Option<String>, VerifyError> {
    let id = outcome.tournament;
    let amount =
        books.tournaments.iter().find(|money| money.tournament == id).map_or(0, |money| money.amount);
    if let Some((least, most)) = outcome.pool
        && !u64::try_from(amount).is_ok_and(|amount| least.0 <= amount && amount <= most.0)
    {
        return Ok(Some(format!(
            "the ledger has a prize pool of {amount}; by the journal it is {least} to {most}"
        )));
    }
    let Some(places) = &outcome.places else { return Ok(None) };
    if !outcome.settled {
        return Ok(Some("it has finished and its prizes are not paid".to_owned()));
    }
    let request = AdminRequest::Results { tournament: id };
    let CashierReply::Results(recorded) = ask::cashier(bus, &request).await? else {
        return Ok(Some("the cashier has no results".to_owned()));
    };
    Ok((ranked(places) != recorded_ranks(&recorded))
        .then(|| "the cashier's results are not the places of the journal".to_owned()))
}

fn ranked(places: &[Place]) -> Vec<(u32, u64, Chips)> {
    let mut ranks: Vec<_> = places.iter().map(|place| (place.place, place.player.0, place.prize)).collect();
    ranks.sort_unstable();
    ranks
}

fn recorded_ranks(places: &[RankedPlace]) -> Vec<(u32, u64, Chips)> {
    let mut ranks: Vec<_> =
        places.iter().map(|place| (place.place, place.account.player.0, place.prize)).collect();
    ranks.sort_unstable();
    ranks
}

/// Returns a tournament's outcome by its journal now.
async fn tournament(bus: &Bus, id: TournamentId) -> Result<TournamentOutcome, VerifyError> {
    let journal = Journal::open(bus, subject::TOURNAMENTS_STREAM).await?;
    let mut check = TournamentCheck::from_first_snapshot(id);
    let mut ignored = Report::default();
    let mut records = std::pin::pin!(journal.walk(&subject::tournament_journal(id)));
    while let Some(stored) = records.next().await {
        let stored = stored?;
        check.bytes(stored.sequence, &stored.payload, &mut ignored);
    }
    Ok(check.outcome())
}

async fn audit(bus: &Bus) -> Result<Audit, VerifyError> {
    match ask::cashier(bus, &AdminRequest::Audit).await? {
        CashierReply::Audit(audit) => Ok(audit),
        _ => Err(ask::AskError::Unexpected { whom: "the cashier".to_owned() }.into()),
    }
}
