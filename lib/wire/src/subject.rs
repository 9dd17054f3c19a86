//! Builds and parses all subjects, and assigns tables and tournaments to partitions.
//!
//! | subject | publishers | subscribers |
//! | --- | --- | --- |
//! | `journal.table.<partition>.<table>` | table worker | the stream `TABLES_<n>` that holds the partition |
//! | `moved.table.<partition>.<n>` | admin, who moves a partition to another stream | stream `TABLES_<n>`, which held the partition before |
//! | `journal.tournament.<partition>.<tournament>` | coordinator | stream `TOURNAMENTS` |
//! | `command.table.<partition>.<sender>` | gateway, bot worker, coordinator, admin, each as itself ([`Sender`]) | owner of the partition |
//! | `command.tournament.<partition>.<sender>` | gateway, table worker, admin, each as itself | owner of the partition |
//! | `feed.tables` | table worker | gateways |
//! | `feed.player.<player>` | table worker, coordinator | gateways |
//! | `query.tables`, `query.tournaments` | gateway, coordinator, admin | every table worker / coordinator |
//! | `query.archive` | admin | one archivist (queue group) |
//! | `cashier.session`, `.table`, `.tournament`, `.admin` | gateway, table worker, coordinator, admin | one cashier (queue group) |
//! | `bots.ask` | table worker | work-queue stream `BOT_ASKS` |
//! | `$KV.PASSES.keys` | cashier | the stream `KV_PASSES`, which table workers and coordinators read |
//! | `owners.<kind>.<partition>` | the server, when a claim is written | table worker (`table`), coordinator (`tournament`), archivist (`archive`) |
//! | `heartbeat.<role>.<node>` | all members | all members |
//! | `alive.<role>.<incarnation>` | all members, to learn from the server whether there are subscribers | that member, which does not answer |
//! | `drain.<role>.<node>` | admin | that member |
//! | `notice` | gateway, cashier | gateways |

use crate::{NodeId, PlayerId, TableId, TournamentId, fleet::Role, sender::Sender};

/// Number of partitions of tables.
pub const TABLE_PARTITIONS: u16 = 256;
/// Number of partitions of tournaments.
pub const TOURNAMENT_PARTITIONS: u16 = 16;
/// Journals of all tables.
pub const ALL_TABLE_JOURNALS: &str = "journal.table.>";
/// Subjects in the lists of streams that held partitions of tables before.
pub const ALL_MOVED_TABLES: &str = "moved.table.>";
/// The stream of all tournaments' journals.
pub const TOURNAMENTS_STREAM: &str = "TOURNAMENTS";
/// Number of units that archivists own: unit n is the stream `TABLES_<n>`, the last one the
/// tournaments' stream.
pub const ARCHIVE_UNITS: u16 = 65;
/// The unit of the tournaments' stream.
pub const TOURNAMENTS_UNIT: u16 = ARCHIVE_UNITS - 1;
/// The work-queue stream of requests to bot workers.
pub const BOT_ASKS_STREAM: &str = "BOT_ASKS";
/// The durable consumer that all bot workers pull from.
pub const BOT_ASKS_CONSUMER: &str = "bot-workers";
/// The subject of requests to bot workers.
pub const BOT_ASK: &str = "bots.ask";
/// The KV bucket of claims: keys `table.<partition>`, `tournament.<partition>` and
/// `archive.<unit>`.
pub const OWNERS_BUCKET: &str = "OWNERS";
/// The KV bucket of the keys by which owners check session passes.
pub const PASSES_BUCKET: &str = "PASSES";
/// The subject of the bucket's only key, whose value is [`crate::pass::PassKeys`].
pub const PASS_KEYS: &str = "$KV.PASSES.keys";
/// Queries to all table workers.
pub const QUERY_TABLES: &str = "query.tables";
/// Queries to all coordinators.
pub const QUERY_TOURNAMENTS: &str = "query.tournaments";
/// Queries to one archivist (queue group).
pub const QUERY_ARCHIVE: &str = "query.archive";
/// Requests of gateways to the cashier.
pub const CASHIER_SESSION: &str = "cashier.session";
/// Requests of table workers to the cashier.
pub const CASHIER_TABLE: &str = "cashier.table";
/// Requests of coordinators to the cashier.
pub const CASHIER_TOURNAMENT: &str = "cashier.tournament";
/// Requests of the administrator to the cashier.
pub const CASHIER_ADMIN: &str = "cashier.admin";
/// The feed of all tables ([`crate::table::FeedMessage`]). Each gateway gets all of it: tables
/// without viewers cost a gateway less than a subscription for each table with viewers.
pub const TABLE_FEED: &str = "feed.tables";
/// All messages to single players.
pub const ALL_PLAYER_FEEDS: &str = "feed.player.*";
/// Notices to all gateways.
pub const NOTICE: &str = "notice";
/// All heartbeats.
pub const ALL_HEARTBEATS: &str = "heartbeat.>";

/// Spreads ids evenly: the finalizer of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014, p. 459).
const fn spread(id: u64) -> u64 {
    let z = id.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Returns the partition of a table, 0 to [`TABLE_PARTITIONS`] - 1.
#[must_use]
pub const fn table_partition(table: TableId) -> u16 {
    (spread(table.0) % TABLE_PARTITIONS as u64) as u16
}

/// Returns the partition of a tournament, 0 to [`TOURNAMENT_PARTITIONS`] - 1.
#[must_use]
pub const fn tournament_partition(tournament: TournamentId) -> u16 {
    (spread(tournament.0) % TOURNAMENT_PARTITIONS as u64) as u16
}

/// Returns the name of a stream of tables' journals by its number.
#[must_use]
pub fn table_stream_name(number: u16) -> String {
    format!("TABLES_{number}")
}

/// Returns the number of a tables' stream by its name.
#[must_use]
pub fn parse_table_stream_name(name: &str) -> Option<u16> {
    name.strip_prefix("TABLES_")?.parse().ok()
}

/// Returns the subject of a table's journal.
#[must_use]
pub fn table_journal(table: TableId) -> String {
    format!("journal.table.{}.{table}", table_partition(table))
}

/// Returns the subjects of all journals of a partition's tables. The stream that has it among its
/// subjects holds the partition.
#[must_use]
pub fn table_journals(partition: u16) -> String {
    format!("journal.table.{partition}.*")
}

/// Returns the partition of a subject from [`table_journals`].
#[must_use]
pub fn parse_table_journals(subject: &str) -> Option<u16> {
    let partition = subject.strip_prefix("journal.table.")?.strip_suffix(".*")?.parse().ok()?;
    (partition < TABLE_PARTITIONS).then_some(partition)
}

/// Returns the subject in the list of the tables' stream `number` that says that the stream held a
/// partition before another stream did.
#[must_use]
pub fn moved_tables(partition: u16, number: u16) -> String {
    format!("moved.table.{partition}.{number}")
}

/// Returns the pattern of these subjects for all streams that held a partition before.
#[must_use]
pub fn all_moved_tables(partition: u16) -> String {
    format!("moved.table.{partition}.*")
}

/// Returns the partition of a subject of [`moved_tables`].
#[must_use]
pub fn parse_moved_tables(subject: &str) -> Option<u16> {
    let (partition, number) = subject.strip_prefix("moved.table.")?.split_once('.')?;
    number.parse::<u16>().ok()?;
    partition.parse().ok().filter(|partition| *partition < TABLE_PARTITIONS)
}

/// Returns the subject of a tournament's journal.
#[must_use]
pub fn tournament_journal(tournament: TournamentId) -> String {
    format!("journal.tournament.{}.{tournament}", tournament_partition(tournament))
}

/// Returns the subjects of all journals of a partition's tournaments.
#[must_use]
pub fn tournament_journals(partition: u16) -> String {
    format!("journal.tournament.{partition}.*")
}

/// Returns the table of a journal's subject.
#[must_use]
pub fn parse_table_journal(subject: &str) -> Option<TableId> {
    let mut tokens = subject.strip_prefix("journal.table.")?.split('.');
    let table = tokens.nth(1)?.parse().ok()?;
    tokens.next().is_none().then_some(table)
}

/// Returns the tournament of a journal's subject.
#[must_use]
pub fn parse_tournament_journal(subject: &str) -> Option<TournamentId> {
    let mut tokens = subject.strip_prefix("journal.tournament.")?.split('.');
    let tournament = tokens.nth(1)?.parse().ok()?;
    tokens.next().is_none().then_some(tournament)
}

/// Returns the subjects of all senders' commands to the tables of a partition.
#[must_use]
pub fn table_commands(partition: u16) -> String {
    format!("command.table.{partition}.*")
}

/// Returns the subject of a sender's commands to a table.
#[must_use]
pub fn table_commands_of(table: TableId, sender: Sender) -> String {
    format!("command.table.{}.{sender}", table_partition(table))
}

/// Returns the subjects of all senders' commands to the tournaments of a partition.
#[must_use]
pub fn tournament_commands(partition: u16) -> String {
    format!("command.tournament.{partition}.*")
}

/// Returns the subject of a sender's commands to a tournament.
#[must_use]
pub fn tournament_commands_of(tournament: TournamentId, sender: Sender) -> String {
    format!("command.tournament.{}.{sender}", tournament_partition(tournament))
}

/// Returns the subject of messages to one player, except cards: complete frames. Each gateway gets
/// all of them, because they are few, and a subscription for each player would cost server and
/// gateways more.
#[must_use]
pub fn player_feed(player: PlayerId) -> String {
    format!("feed.player.{player}")
}

/// Returns the player of a subject from [`player_feed`].
#[must_use]
pub fn parse_player_feed(subject: &str) -> Option<PlayerId> {
    subject.strip_prefix("feed.player.")?.parse().ok()
}

/// Returns the subjects of all claims of a kind (`table`, `tournament` or `archive`): the bucket's
/// values when they are written.
#[must_use]
pub fn owner_news(kind: &str) -> String {
    format!("owners.{kind}.*")
}

/// Returns the subject of a member's heartbeats.
#[must_use]
pub fn heartbeat(role: Role, node: &NodeId) -> String {
    format!("heartbeat.{}.{node}", role.name())
}

/// Returns the subjects of the heartbeats of all members of a role.
#[must_use]
pub fn heartbeats(role: Role) -> String {
    format!("heartbeat.{}.*", role.name())
}

/// Returns the subject to which one incarnation of a member subscribes as long as it runs, without
/// answering: after its end, the server answers a request there with "no responders".
#[must_use]
pub fn alive(role: Role, incarnation: u64) -> String {
    format!("alive.{}.{incarnation}", role.name())
}

/// Returns the subject of the administrator's request to one member to drain.
#[must_use]
pub fn drain(role: Role, node: &NodeId) -> String {
    format!("drain.{}.{node}", role.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn journal_subjects_parse_back() {
        for id in [0, 1, 77, 1 << 39] {
            assert_eq!(parse_table_journal(&table_journal(TableId(id))), Some(TableId(id)));
            assert_eq!(
                parse_tournament_journal(&tournament_journal(TournamentId(id))),
                Some(TournamentId(id))
            );
        }
        assert_eq!(parse_table_journal("journal.table.1.2.3"), None);
        assert_eq!(parse_table_journal("journal.tournament.1.2"), None);
    }

    #[test]
    fn subjects_of_partitions_parse_back() {
        assert_eq!(parse_table_journals(&table_journals(255)), Some(255));
        for other in ["journal.table.256.*", "journal.table.0.*.*", "journal.table.>", ALL_TABLE_JOURNALS] {
            assert_eq!(parse_table_journals(other), None);
        }
        assert_eq!(parse_moved_tables(&moved_tables(255, 7)), Some(255));
        for other in ["moved.table.256.1", "moved.table.1", "moved.table.1.*", ALL_MOVED_TABLES] {
            assert_eq!(parse_moved_tables(other), None);
        }
    }

    #[test]
    fn names_of_streams_parse_back() {
        assert_eq!(parse_table_stream_name(&table_stream_name(63)), Some(63));
        assert_eq!(parse_table_stream_name("TOURNAMENTS"), None);
    }

    #[test]
    fn subjects_of_players_parse_back() {
        assert_eq!(parse_player_feed(&player_feed(PlayerId(77))), Some(PlayerId(77)));
        assert_eq!(parse_player_feed(ALL_PLAYER_FEEDS), None);
        assert_eq!(parse_player_feed("feed.tables"), None);
    }

    #[test]
    fn partitions_fill_evenly() {
        let mut tables = [0_u32; TABLE_PARTITIONS as usize];
        for id in 0..25_600 {
            tables[usize::from(table_partition(TableId(id)))] += 1;
        }
        assert!(tables.iter().all(|&n| (50..200).contains(&n)));
    }
}
