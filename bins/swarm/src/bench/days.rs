//! `days`: measures a takeover, an owner's memory and the lobby after very many tables were played,
//! closed and replaced by others. A day is as many tables as are open at a time, each played once
//! and then replaced, as fast as the machine can.

use super::{
    Args, archive,
    takeover::{self, Killed},
};
use crate::{
    fleet::{self, Size},
    pace::Chance,
    room::{self, BUY_IN, CREDIT, RoomArgs},
    usage::{self, round},
};
use anyhow::{Context, bail, ensure};
use bus::{Bus, Peers, TableStreams};
use futures::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use supervisor::Up;
use wire::{
    CommandId, PlayerCommand, PlayerId, TableId, codec,
    fleet::Role,
    subject,
    table::{TableCommand, WorkersAnswer, WorkersQuery},
};

/// Tables of a day.
const TABLES: usize = 10_000;
/// Tables that are played at the same time.
const AT_ONCE: usize = 128;
/// Players at each of them: as few as play a hand.
const PLAYERS: usize = 2;
/// A day that takes longer is not waited for.
const LONGEST_DAY: Duration = Duration::from_secs(900);
/// Pause between two looks at the archive.
const LOOK: Duration = Duration::from_secs(1);
/// Tables that the lobby lists.
const LOBBY: u16 = 1_000;
/// How long answers of the workers are waited for.
const GATHER: Duration = Duration::from_secs(10);

/// A fleet without connections, and its players.
struct Days {
    up: Up,
    admin: Bus,
    peers: Peers,
    players: Vec<PlayerId>,
    chance: Chance,
    /// Tables that are open.
    open: Vec<TableId>,
    /// Tables that were closed.
    closed: usize,
}

/// Measures the first and the last day.
///
/// # Errors
/// When a fleet cannot be started, or refuses a request.
pub(super) async fn run(args: &Args) -> anyhow::Result<()> {
    for tables in args.sizes(&[TABLES]) {
        let mut room = args.room(tables)?;
        room.players = u8::try_from(PLAYERS)?;
        let mut days = Days::begin(args, &room).await?;
        for day in 1..=args.days {
            let began = Instant::now();
            tokio::time::timeout(LONGEST_DAY, days.play(&room)).await.context("a day took too long")??;
            let seconds = began.elapsed().as_secs_f64();
            if day == 1 || day == args.days {
                if args.archivists > 0 {
                    days.until_archived().await?;
                }
                let mut line = days.measure(args.table_workers).await?;
                line["bench"] = json!("days");
                line["day"] = json!(day);
                line["tables"] = json!(tables);
                line["closed"] = json!(days.closed);
                line["seed"] = json!(room.seed);
                line["tables_per_s"] = json!(round(tables as f64 / seconds));
                println!("{line}");
            }
        }
        let Days { mut up, admin, peers, .. } = days;
        drop((admin, peers));
        up.stop().await?;
    }
    Ok(())
}

impl Days {
    async fn begin(args: &Args, room: &RoomArgs) -> anyhow::Result<Self> {
        let size = Size {
            gateways: 1,
            table_workers: args.table_workers,
            bot_workers: 0,
            archivists: args.archivists,
            scripted_decks: false,
        };
        ensure!(
            args.table_workers > 1,
            "no table worker is left to take over: use --table-workers 2 or more"
        );
        let up = size.start(100, args.idle_ms).await?;
        let admin = fleet::admin(&up.described()?).await?;
        let peers = Peers::watch(&admin).await?;
        let sessions = room::guests(&admin, "days", AT_ONCE * PLAYERS, CREDIT).await?;
        let players = sessions.into_iter().map(|session| session.account.player).collect();
        let chance = Chance::new(room.seed()?, u64::MAX);
        Ok(Self { up, admin, peers, players, chance, open: Vec::new(), closed: 0 })
    }

    /// Replaces every open table by one that is played once.
    async fn play(&mut self, room: &RoomArgs) -> anyhow::Result<()> {
        let new: Vec<TableId> = (0..room.tables).map(|_| TableId::short(self.chance.number())).collect();
        let old = std::mem::replace(&mut self.open, new.clone());
        self.closed += old.len();
        let old = old.into_iter().map(Some).chain(std::iter::repeat(None));
        let (admin, players) = (&self.admin, &self.players);
        let tables = new.into_iter().zip(old).enumerate().map(async |(number, (table, old))| {
            if let Some(old) = old {
                room::ask(admin, old, CommandId(2), TableCommand::Close).await?;
            }
            let config = room::config(room, number);
            room::ask(admin, table, CommandId(1), TableCommand::Create { config, bots: Vec::new() }).await?;
            let pair = players.chunks(PLAYERS).nth(number % AT_ONCE).context("no players")?;
            one_hand(admin, table, pair).await
        });
        stream::iter(tables).buffer_unordered(AT_ONCE).try_for_each(async |()| Ok(())).await
    }

    /// Waits until the archivist has read every record: in a real day it keeps up.
    async fn until_archived(&self) -> anyhow::Result<()> {
        let until = Instant::now() + LONGEST_DAY;
        while archive::behind(&self.admin).await? > 0 {
            ensure!(Instant::now() < until, "the archivist does not catch up");
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// Kills a table worker. Returns the cost of its takeover, and of the open and the closed
    /// tables.
    async fn measure(&self, workers: usize) -> anyhow::Result<Value> {
        let described = self.up.described()?;
        let used = usage::of_fleet(&described, &[]);
        let memory = used.get(Role::TableWorker.name()).map_or(0.0, |used| used.rss_mib);
        let mut line = json!({ "mib_per_table_worker": round(memory / workers as f64) });
        self.lobby(workers, &mut line).await?;
        let (mut records, mut bytes) = (0, 0);
        for journal in TableStreams::new(&self.admin).all().await? {
            let extent = journal.extent().await?;
            (records, bytes) = (records + extent.records, bytes + extent.bytes);
        }
        line["stream_records"] = json!(records);
        line["stream_mib"] = json!(round(bytes as f64 / f64::from(1 << 20)));
        let hands: u64 = self.peers.alive(Role::TableWorker).iter().map(|beat| beat.load.hands).sum();
        line["hands"] = json!(hands);
        let Killed { incarnation, at } = takeover::kill(&described, &self.peers)?;
        line["owned_again_ms"] =
            json!(takeover::owned_again(&self.peers, incarnation, at).await?.as_millis() as u64);
        let looked = self.open.iter().map(async |&table| {
            let look = TableCommand::Resync { since: None };
            room::ask(&self.admin, table, CommandId(3), look).await
        });
        stream::iter(looked).buffer_unordered(AT_ONCE).try_for_each(async |()| Ok(())).await?;
        line["answered_again_ms"] = json!(at.elapsed().as_millis() as u64);
        Ok(line)
    }

    /// Asks the workers for the tables of the lobby.
    async fn lobby(&self, workers: usize, line: &mut Value) -> anyhow::Result<()> {
        let (query, began) = (WorkersQuery::Tables { limit: LOBBY, tournaments: true }, Instant::now());
        let answers: Vec<WorkersAnswer> =
            self.admin.gather(subject::QUERY_TABLES, &query, workers, GATHER).await?;
        line["lobby_ms"] = json!(round(began.elapsed().as_secs_f64() * 1_000.0));
        ensure!(answers.len() == workers, "only {} of {workers} workers answer", answers.len());
        let (mut tables, mut bytes) = (0, 0);
        for answer in &answers {
            let WorkersAnswer::Tables(lines) = answer else {
                bail!("the answer of a table worker does not fit the query")
            };
            tables += lines.len();
            bytes += codec::encode(answer)?.len();
        }
        line["lobby_tables"] = json!(tables);
        line["lobby_bytes"] = json!(bytes);
        Ok(())
    }
}

/// Lets players sit down, begin a hand, and leave: all but the last fold.
async fn one_hand(admin: &Bus, table: TableId, players: &[PlayerId]) -> anyhow::Result<()> {
    let name = |player: &PlayerId| format!("player {player}");
    for player in players {
        let sit = PlayerCommand::Sit { seat: None, buy_in: BUY_IN }.by(&name(player));
        room::ask_for(admin, table, Some(*player), CommandId(10), sit).await?;
    }
    for player in players {
        let leave = PlayerCommand::Leave.by(&name(player));
        room::ask_for(admin, table, Some(*player), CommandId(11), leave).await?;
    }
    Ok(())
}
