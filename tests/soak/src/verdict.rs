//! The judgement: reads the journals and the ledger, and compares them with the clients' logs.

use crate::{
    faults::Done,
    measure::Takeover,
    options::Options,
    report::{Report, Spread},
    room::{self, CREDIT},
    tally::Tally,
};
use anyhow::bail;
use futures::{StreamExt, TryStreamExt, stream};
use history::Placed;
use poker::table::TableRecord;
use std::collections::HashMap;
use testkit::{
    Fleet,
    check::{Answer, ClientLog, Fault, Finding, Story, clocks, money, testimony},
};
use wire::{
    Chips, PlayerId, TableId,
    cashier::{AdminRequest, Audit, CashierReply},
};

/// Imprecision of the times at which players felt outages begin and end, in milliseconds.
const SLACK_MS: u64 = 700;
/// Records before and after the first violation that are shown.
const AROUND: usize = 6;
/// Findings that are described.
const TOLD: usize = 20;

/// The material that was collected during the run.
pub struct Evidence {
    /// The clients' logs.
    pub logs: Vec<ClientLog>,
    /// The faults and their effects.
    pub done: Done,
    /// Players who played for cash only.
    pub cash_players: Vec<PlayerId>,
    /// Tournaments that were settled.
    pub settled: u64,
    /// Findings from the end of the run.
    pub found: Vec<Finding>,
}

/// Judges a run. Returns the report, and the trace that explains the first violation.
///
/// # Errors
/// When journals or ledger cannot be read.
pub async fn judge(
    fleet: &Fleet,
    options: &Options,
    evidence: &Evidence,
    tally: &Tally,
) -> anyhow::Result<(Report, Vec<String>)> {
    let stories = stories(fleet).await?;
    let mut findings = evidence.found.clone();
    for story in stories.values() {
        findings.extend(story.findings().iter().cloned());
        findings.extend(clocks(story, &evidence.done.outages, SLACK_MS));
    }
    for log in &evidence.logs {
        findings.extend(testimony(log, &stories));
    }
    let balances = balances(fleet, &evidence.cash_players).await?;
    findings.extend(money(stories.values(), &audit(fleet).await?, &balances, CREDIT.0 as i64));
    findings.extend(verify(fleet).await?);
    findings.sort_by_key(|finding| (finding.sequence.is_none(), finding.sequence));
    let late = late_writes(fleet)?;
    let report = report(options, evidence, &stories, &findings, tally, late);
    let trace =
        if findings.is_empty() { Vec::new() } else { trace(fleet, options, evidence, &findings).await? };
    Ok((report, trace))
}

/// Returns the story of every table by its records, archived or not.
async fn stories(fleet: &Fleet) -> anyhow::Result<HashMap<TableId, Story>> {
    let mut stories = HashMap::new();
    for (table, records) in history::tables(&fleet.admin).await? {
        let mut story = Story::new(table);
        for Placed { sequence, stored_ms, record } in &records {
            story.record(*sequence, *stored_ms, record);
        }
        stories.insert(table, story);
    }
    Ok(stories)
}

/// Returns the cashier's audit of the ledger.
///
/// # Errors
/// When the cashier does not answer.
pub async fn audit(fleet: &Fleet) -> anyhow::Result<Audit> {
    match fleet.cashier(AdminRequest::Audit).await? {
        CashierReply::Audit(audit) => Ok(audit),
        reply => bail!("the cashier answered an audit request with {reply:?}"),
    }
}

async fn balances(fleet: &Fleet, players: &[PlayerId]) -> anyhow::Result<HashMap<PlayerId, (i64, Chips)>> {
    stream::iter(players.iter().copied())
        .map(|player| async move { Ok((player, room::balance(fleet, player).await?)) })
        .buffer_unordered(32)
        .try_collect()
        .await
}

/// Returns the findings of `pokerctl verify`.
async fn verify(fleet: &Fleet) -> anyhow::Result<Vec<Finding>> {
    #[derive(serde::Deserialize)]
    struct Verified {
        violations: u64,
        found: Vec<serde_json::Value>,
    }
    let printed = fleet.pokerctl_prints(&["verify", "--json"]).await?;
    let verified: Verified = serde_json::from_str(printed.trim())?;
    let mut findings: Vec<Finding> = verified
        .found
        .iter()
        .map(|violation| {
            let table = violation["location"]["table"].as_u64().map(TableId);
            let fault = if violation["rule"] == "chips" { Fault::Chips } else { Fault::Journal };
            let what = format!("verify: {violation}");
            Finding { fault, table, sequence: violation["sequence"].as_u64(), player: None, what }
        })
        .collect();
    let undescribed = verified.violations.saturating_sub(findings.len() as u64);
    findings.extend((0..undescribed).map(|_| Finding {
        fault: Fault::Journal,
        table: None,
        sequence: None,
        player: None,
        what: "verify: one more violation".to_owned(),
    }));
    Ok(findings)
}

/// A record under way that is younger than this, when its partition is given up, was begun by an
/// owner that had been paused since.
const LATE_MS: u64 = 2_000;

/// Counts, by the logs of table workers, partitions that were given up because another owner had
/// written, or with records under way that were begun after another owner could write.
fn late_writes(fleet: &Fleet) -> anyhow::Result<u64> {
    let mut count = 0;
    for entry in std::fs::read_dir(fleet.data().join("logs"))? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("table-worker")) {
            let log = std::fs::read_to_string(path)?;
            let is_late = |line: &&str| {
                let youngest = line.split_once("given up with records under way").and_then(|(_, rest)| {
                    let (_, ms) = rest.split_once("youngest_ms=")?;
                    ms.split_whitespace().next()?.parse::<u64>().ok()
                });
                line.contains("has a newer owner") || youngest.is_some_and(|ms| ms < LATE_MS)
            };
            count += log.lines().filter(is_late).count() as u64;
        }
    }
    Ok(count)
}

fn report(
    options: &Options,
    evidence: &Evidence,
    stories: &HashMap<TableId, Story>,
    findings: &[Finding],
    tally: &Tally,
    late_writes_refused: u64,
) -> Report {
    let count =
        |faults: &[Fault]| findings.iter().filter(|finding| faults.contains(&finding.fault)).count() as u64;
    let mut violated = std::collections::BTreeMap::new();
    for finding in findings {
        let name = serde_json::to_value(finding.fault).ok();
        let name = name.and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default();
        *violated.entry(name).or_default() += 1;
    }
    let logs = || evidence.logs.iter();
    let acknowledged =
        |log: &ClientLog| log.commands.iter().filter(|sent| sent.answer == Answer::Done).count() as u64;
    let takeovers_ms = |died: bool| {
        let counts = |takeover: &&Takeover| !takeover.disturbed && takeover.died == died;
        let takeovers = evidence.done.takeovers.iter().filter(counts);
        Spread::of(takeovers.flat_map(|takeover| takeover.times_ms(stories)).collect())
    };
    Report {
        seed: options.seed,
        seconds: options.seconds,
        tables: options.tables,
        players: options.players,
        faults: evidence.done.counts.iter().map(|(kind, count)| (kind.to_string(), *count)).collect(),
        acknowledged: logs().map(acknowledged).sum(),
        events: logs().map(|log| log.seen() as u64).sum(),
        lines: stories.values().map(Story::lines).sum(),
        hands: stories.values().map(|story| story.hands() as u64).sum(),
        verified: logs().map(|log| log.verified).sum(),
        tournaments: evidence.settled,
        connections: logs().map(|log| u64::from(log.connections)).sum(),
        lost: count(&[Fault::Lost]),
        repeated: count(&[Fault::Doubled, Fault::Repeat]),
        gaps: count(&[Fault::Gap]),
        chips_off: count(&[Fault::Chips]),
        leaks: count(&[Fault::Leak]),
        violations: findings.len() as u64,
        violated,
        takeover_ms: takeovers_ms(true),
        standstill_ms: takeovers_ms(false),
        outage_per_table_ms: Spread::of(evidence.done.waits_ms.clone()),
        late_writes_refused,
        refused: tally.refusals(),
    }
}

/// Returns the lines of the trace: how to repeat the run, the first violations, and the events
/// around the first one.
async fn trace(
    fleet: &Fleet,
    options: &Options,
    evidence: &Evidence,
    findings: &[Finding],
) -> anyhow::Result<Vec<String>> {
    let mut lines = vec![format!("{} violations with seed {}", findings.len(), options.seed)];
    lines.extend(findings.iter().take(TOLD).map(|finding| format!("  {finding}")));
    let shown = findings.iter().find(|finding| finding.table.is_some() && finding.sequence.is_some());
    if let Some(Finding { table: Some(table), sequence: Some(sequence), .. }) = shown {
        let records = history::table(&fleet.admin, *table).await?;
        let at = records.partition_point(|placed| placed.sequence < *sequence);
        let around = at.saturating_sub(AROUND)..records.len().min(at + AROUND);
        let before = records.get(around).unwrap_or_default().iter().map(|placed| {
            let Placed { sequence, stored_ms, record } = placed;
            let TableRecord { epoch, at_ms, cause, events, .. } = record;
            format!("  {sequence} stored {stored_ms} epoch {epoch} at {at_ms} by {cause:?}: {events:?}")
        });
        lines.push(format!("table {table} around record {sequence}:"));
        lines.extend(before);
    }
    lines.push("faults:".to_owned());
    lines.extend(evidence.done.diary.iter().map(|(at_ms, what)| format!("  {at_ms} {what}")));
    Ok(lines)
}
