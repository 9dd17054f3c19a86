//! `pipeline`: actions per second in a closed loop, compared with the raw limit of the same traffic
//! on the same machine.

use super::{
    Args, WARM_UP,
    bench_fleet::{BenchFleet, Measured},
    limit::Limit,
};
use crate::{plan::Shape, room::RoomArgs, tally::Counted, usage::round};
use anyhow::ensure;
use bus::{Bus, TableStreams};
use futures::StreamExt;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::json;
use std::time::Duration;
use wire::{
    Action, CommandId, HandNo, PlayerCommand, PlayerId, TableId, codec, pass::Pass, subject,
    table::TableRequest,
};

const TABLES: [usize; 4] = [100, 1_000, 10_000, 27_000];
/// Records of play that sizes are taken from.
const RECORDS: usize = 10_000;

/// Turns of fleet and raw limit, alternated because the machine's speed varies over time.
const TURNS: u32 = 3;
/// With more tables, the raw limit is measured after the fleet: one machine cannot hold both.
const MOST_BY_TURNS: usize = 3_000;
/// Time per table before a measurement: until every player has acted once.
const FIRST_ROUND: Duration = Duration::from_micros(200);

/// A fleet and its raw limit, each measured as often.
struct Compared {
    fleet: Measured,
    limit: Measured,
    /// The ratio of each turn.
    ratios: Vec<f64>,
    shape: Shape,
}

/// Measures every size.
///
/// # Errors
/// When a fleet cannot be started, or violations were found.
pub(super) async fn run(args: &Args) -> anyhow::Result<()> {
    for tables in args.sizes(&TABLES) {
        let room = args.room(tables)?;
        let gateways = args.gateways_for(&room);
        let Compared { fleet, limit, ratios, shape } = compare(args, &room, gateways).await?;
        let own = json!({
            "table_workers": args.table_workers,
            "baseline_per_s": limit.per_s(),
            "ratio": round(fleet.per_s() / limit.per_s()),
            "ratios": ratios,
            "baseline_messages_per_action": limit.messages_per_action(),
            "baseline_seen_by_all": limit.counted.seen.percentiles(),
            "baseline_cpu_ms_per_1000": limit.cpu(),
            "shape": shape,
        });
        fleet.tell("pipeline", &room, gateways, own)?;
    }
    Ok(())
}

async fn compare(args: &Args, room: &RoomArgs, gateways: usize) -> anyhow::Result<Compared> {
    let turns = if room.tables > MOST_BY_TURNS { 1 } else { TURNS };
    let warm_up = WARM_UP + FIRST_ROUND * u32::try_from(room.tables)?;
    let times = (warm_up, args.time() / turns);
    let mut stage = BenchFleet::seated(args, room, gateways).await?;
    let fleet = stage.turn(times).await?;
    let shape = shape(&stage.admin, room, &fleet.counted).await?;
    if turns == 1 {
        stage.close().await?;
        let mut raw = Limit::seated(args, room, gateways, shape).await?;
        let limit = raw.turn(times).await?;
        raw.close().await?;
        return Ok(Compared { ratios: vec![round(fleet.per_s() / limit.per_s())], fleet, limit, shape });
    }
    let mut raw = Limit::seated(args, room, gateways, shape).await?;
    let limit = raw.turn(times).await?;
    let ratios = vec![round(fleet.per_s() / limit.per_s())];
    let mut all = Compared { fleet, limit, ratios, shape };
    for _ in 1..turns {
        let (fleet, limit) = (stage.turn(times).await?, raw.turn(times).await?);
        all.ratios.push(round(fleet.per_s() / limit.per_s()));
        all.fleet.add(fleet);
        all.limit.add(limit);
    }
    raw.close().await?;
    stage.close().await?;
    Ok(all)
}

/// Returns the mean numbers and sizes of the fleet's messages.
async fn shape(admin: &Bus, room: &RoomArgs, counted: &Counted) -> anyhow::Result<Shape> {
    let counts = counted.counts;
    ensure!(counts.hands > 0, "no hand has ended: measure for longer");
    let mean = |bytes: u64, frames: u64| usize::try_from(bytes / frames.max(1)).unwrap_or(0);
    let request = TableRequest {
        table: TableId::short(u64::MAX),
        id: CommandId::from_random(u64::MAX),
        player: Some(PlayerId(100_000)),
        command: PlayerCommand::act(HandNo(1_000), 10, Action::Check).by(""),
        on_feed: true,
        // As long as a real one.
        pass: Some(Pass(vec![0xff; 97])),
    };
    let (record, start_record) = records(admin).await?;
    Ok(Shape {
        players: room.players,
        actions_per_hand: u32::try_from(counts.actions / counts.hands)?.max(1),
        act: mean(counts.sent_bytes, counts.sent),
        request: codec::encode(&request)?.len(),
        answer: mean(counts.answer_bytes, counts.answers),
        record,
        event: mean(counts.event_bytes, counts.event_frames),
        start_record,
        start: mean(counts.start_bytes, counts.start_frames),
        cards: mean(counts.card_bytes, counts.card_frames),
    })
}

/// The part of a record that tells its kind.
#[derive(Deserialize)]
struct Peek {
    state: Option<IgnoredAny>,
    events: Vec<IgnoredAny>,
}

/// Returns mean sizes of records without and with the state after them. A record of play has
/// several events; those of players that come and sit down, which are small, have one.
async fn records(admin: &Bus) -> anyhow::Result<(usize, usize)> {
    let mut sums = [(0, 0); 2];
    // Few tables are in few of the streams.
    for journal in TableStreams::new(admin).all().await? {
        let mut walk = std::pin::pin!(journal.walk(subject::ALL_TABLE_JOURNALS));
        while sums[0].1 + sums[1].1 < RECORDS
            && let Some(stored) = walk.next().await
        {
            let payload = stored?.payload;
            let peek: Peek = codec::decode(&payload)?;
            if peek.events.len() > 1 {
                let (bytes, records) = &mut sums[usize::from(peek.state.is_some())];
                *bytes += payload.len();
                *records += 1;
            }
        }
    }
    ensure!(sums.iter().all(|&(_, records)| records > 0), "no records of play: measure for longer");
    let mean = |(bytes, records): (usize, usize)| bytes / records;
    Ok((mean(sums[0]), mean(sums[1])))
}
