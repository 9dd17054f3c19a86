//! The tables and tournaments of the whole fleet, requested at most once per [`LOBBY_AGE`] for all
//! clients, and encoded once for all that read the same encoding.

use crate::{
    fleet_client::FleetClient,
    format,
    limits::{LOBBY_AGE, LOBBY_LINES, LOBBY_PAGE},
};
use bytes::Bytes;
use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
    time::Instant,
};
use tokio::sync::Mutex;
use wire::{
    CommandId,
    client::ServerMessage,
    codec::Encoding,
    fleet::Role,
    subject,
    table::{TableSummary, WorkersAnswer, WorkersQuery},
    tournament::{CoordinatorsAnswer, CoordinatorsQuery, TournamentSummary},
};

/// The last lobby.
#[derive(Default)]
pub(crate) struct Lobby {
    seen: Mutex<Option<CachedLobby>>,
}

struct CachedLobby {
    at: Instant,
    lobby: Arc<EncodedLobby>,
}

/// A lobby and its encodings.
struct EncodedLobby {
    lists: Lists,
    /// One for each encoding.
    encoded: [Encoded; 2],
}

/// The messages in one encoding, made when the first client asks for them.
#[derive(Default)]
struct Encoded {
    all: OnceLock<Bytes>,
    pages: OnceLock<Vec<Bytes>>,
}

/// Lines of the lobby.
#[derive(Clone)]
struct Lists {
    tables: Vec<TableSummary>,
    tournaments: Vec<TournamentSummary>,
}

impl Lobby {
    /// Returns the frame that answers a request for the lobby or a page of it, at most
    /// [`LOBBY_AGE`] old.
    pub(crate) async fn show(
        &self,
        fleet: &FleetClient,
        page: Option<u32>,
        re: Option<CommandId>,
        format: Encoding,
    ) -> Bytes {
        let lobby = self.lobby(fleet).await;
        let message = match page {
            Some(page) => lobby.page(page, format),
            None => lobby.all(format),
        };
        format::encode_around(re, &message, format)
    }

    async fn lobby(&self, fleet: &FleetClient) -> Arc<EncodedLobby> {
        // Clients that ask during a query wait for its answer.
        let mut seen = self.seen.lock().await;
        if let Some(CachedLobby { at, lobby }) = &*seen
            && at.elapsed() < LOBBY_AGE
        {
            return Arc::clone(lobby);
        }
        let limit = u16::try_from(LOBBY_LINES).unwrap_or(u16::MAX);
        let tables_query = WorkersQuery::Tables { limit, tournaments: false };
        let tables = fleet.workers(&tables_query);
        let query = CoordinatorsQuery::Tournaments { limit };
        let tournaments = fleet.gather(subject::QUERY_TOURNAMENTS, &query, Role::Coordinator);
        let (tables, tournaments) = tokio::join!(tables, tournaments);
        let lobby = Arc::new(EncodedLobby::of(Lists::of(tables, tournaments)));
        *seen = Some(CachedLobby { at: Instant::now(), lobby: Arc::clone(&lobby) });
        lobby
    }
}

impl EncodedLobby {
    fn of(lists: Lists) -> Self {
        Self { lists, encoded: Default::default() }
    }

    fn encoded(&self, format: Encoding) -> &Encoded {
        &self.encoded[usize::from(format == Encoding::Json)]
    }

    fn all(&self, format: Encoding) -> Bytes {
        let encode = || {
            let Lists { tables, tournaments } = self.lists.clone();
            format::encode_frame(&ServerMessage::Lobby { tables, tournaments }, format)
        };
        self.encoded(format).all.get_or_init(encode).clone()
    }

    /// Returns a page, without lines if there is none of this number.
    fn page(&self, page: u32, format: Encoding) -> Bytes {
        let pages = u32::try_from(self.lists.pages()).unwrap_or(u32::MAX);
        let encode = |page| format::encode_frame(&self.lists.page(page, pages), format);
        let encoded = self.encoded(format).pages.get_or_init(|| (0..pages).map(encode).collect());
        encoded.get(page as usize).cloned().unwrap_or_else(|| encode(page))
    }
}

impl Lists {
    /// Returns the number of pages, at least 1.
    fn pages(&self) -> usize {
        self.tables.len().max(self.tournaments.len()).div_ceil(LOBBY_PAGE).max(1)
    }

    fn page(&self, page: u32, pages: u32) -> ServerMessage {
        let from = (page as usize).saturating_mul(LOBBY_PAGE);
        ServerMessage::LobbyPage {
            page,
            pages,
            tables: self.tables.iter().skip(from).take(LOBBY_PAGE).cloned().collect(),
            tournaments: self.tournaments.iter().skip(from).take(LOBBY_PAGE).cloned().collect(),
        }
    }

    /// Merges the answers. During a hand-over two workers may answer for the same table.
    fn of(tables: Vec<WorkersAnswer>, tournaments: Vec<CoordinatorsAnswer>) -> Self {
        let tables: BTreeMap<_, _> = tables
            .into_iter()
            .filter_map(|answer| match answer {
                WorkersAnswer::Tables(tables) => Some(tables),
                WorkersAnswer::Seats(_) | WorkersAnswer::SeatsOf(_) => None,
            })
            .flatten()
            .map(|summary| (summary.table, summary))
            .collect();
        let tournaments: BTreeMap<_, _> = tournaments
            .into_iter()
            .flat_map(|CoordinatorsAnswer::Tournaments(tournaments)| tournaments)
            .map(|summary| (summary.tournament, summary))
            .collect();
        let mut lists =
            Self { tables: tables.into_values().collect(), tournaments: tournaments.into_values().collect() };
        // Ids are random, so the lists are sorted by names; play that is to come or under way is
        // first.
        lists.tables.sort_by(|a, b| (a.closed, &a.config.name).cmp(&(b.closed, &b.config.name)));
        lists.tournaments.sort_by(|a, b| (a.phase as u8, &a.name).cmp(&(b.phase as u8, &b.name)));
        lists.tables.truncate(LOBBY_LINES);
        lists.tournaments.truncate(LOBBY_LINES);
        lists
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::{Chips, TournamentId, tournament::Phase};

    fn tournament(id: u64, name: &str, phase: Phase) -> TournamentSummary {
        TournamentSummary {
            tournament: TournamentId(id),
            name: name.into(),
            variant: "NT".into(),
            phase,
            entries: 0,
            max_entries: 9,
            players_left: 0,
            buy_in: Chips(10),
            fee: Chips(1),
        }
    }

    #[test]
    fn answers_are_merged_and_sorted() {
        let one = vec![tournament(1, "b", Phase::Finished), tournament(2, "c", Phase::Registering)];
        let two = vec![tournament(2, "c", Phase::Registering), tournament(3, "a", Phase::Registering)];
        let answers = [one, two].map(CoordinatorsAnswer::Tournaments).into();
        let lists = Lists::of(vec![WorkersAnswer::Seats(vec![])], answers);
        assert!(lists.tables.is_empty());
        let ids: Vec<u64> = lists.tournaments.iter().map(|t| t.tournament.0).collect();
        assert_eq!(ids, [3, 2, 1]);
    }

    #[test]
    fn pages_have_all_lines_once_and_none_after_the_last() {
        let lines = (0..250).map(|id| tournament(id, "a", Phase::Registering)).collect();
        let lobby = EncodedLobby::of(Lists { tables: Vec::new(), tournaments: lines });
        let mut ids = Vec::new();
        for format in [Encoding::MessagePack, Encoding::Json] {
            for number in 0..5 {
                match format.decode(&lobby.page(number, format)).unwrap() {
                    ServerMessage::LobbyPage { page, pages, tables, tournaments } => {
                        assert_eq!((page, pages, tables.len()), (number, 3, 0));
                        ids.extend(tournaments.into_iter().map(|line| line.tournament.0));
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
        assert_eq!(ids, (0..250).chain(0..250).collect::<Vec<_>>());
    }

    #[test]
    fn an_empty_lobby_is_one_page() {
        assert_eq!(Lists { tables: Vec::new(), tournaments: Vec::new() }.pages(), 1);
    }
}
