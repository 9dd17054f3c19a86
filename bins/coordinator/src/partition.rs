//! The task of one owned partition: loads its tournaments, hands each request to the task of its tournament, and ends them all
//! when the partition is given up.

use crate::{
    host::{self, MAILBOX, Mail, Means},
    recovery::{self, Loaded},
};
use bus::{BusError, JournalError, Request, Tenure};
use futures::StreamExt;
use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};
use wire::{
    Epoch, Refusal, TournamentId, subject,
    tournament::{TournamentCommand, TournamentReply, TournamentRequest},
};

/// For so long after a change of owner, "no such tournament" is said only after looking into the journal: the old owner may have
/// written once more before it noticed.
const FENCE: Duration = Duration::from_secs(60);

/// Why a partition cannot be worked on.
#[derive(Debug, thiserror::Error)]
pub enum PartitionError {
    /// Its journals cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Its requests cannot be listened to.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The connection is closed for good.
    #[error("no more requests come in")]
    Deaf,
}

struct Partition {
    means: Arc<Means>,
    epoch: Epoch,
    since: Instant,
    /// Mailboxes; none for tournaments that are over and not in memory.
    mailboxes: HashMap<TournamentId, Option<mpsc::Sender<Mail>>>,
    /// Tournaments whose journals cannot be read.
    unreadable: HashSet<TournamentId>,
    hosts: JoinSet<()>,
    tenure: Tenure,
    stop: watch::Sender<bool>,
}

/// Runs a partition until it is released; then every tournament finishes the record it is writing.
///
/// # Errors
/// When the partition's journals cannot be read or its subject cannot be listened to.
pub async fn run(
    means: Arc<Means>,
    number: u16,
    epoch: Epoch,
    mut tenure: Tenure,
) -> Result<(), PartitionError> {
    let recovered = means.journal.recover(&subject::tournament_journals(number)).await?;
    let mut requests = means.outside.bus.serve(subject::tournament_commands(number), None).await?;
    let mut partition = Partition {
        means,
        epoch,
        since: Instant::now(),
        mailboxes: HashMap::new(),
        unreadable: HashSet::new(),
        hosts: JoinSet::new(),
        tenure: tenure.clone(),
        stop: watch::Sender::new(false),
    };
    for journal in recovered {
        partition.adopt(journal);
    }
    loop {
        tokio::select! {
            () = tenure.ends() => break,
            request = requests.next() => match request {
                Some(request) => partition.request(request).await,
                None => return Err(PartitionError::Deaf),
            },
            Some(_) = partition.hosts.join_next() => {}
        }
    }
    partition.stop.send_replace(true);
    while partition.hosts.join_next().await.is_some() {}
    requests.turn_away(TournamentReply::Refused(Refusal::unavailable("tournament")));
    Ok(())
}

impl Drop for Partition {
    /// However the task ends, its tournaments are no longer this coordinator's.
    fn drop(&mut self) {
        self.mailboxes.keys().for_each(|&tournament| self.means.lobby.forget(tournament, self.epoch));
    }
}

impl Partition {
    /// One unreadable journal does not stop the others.
    fn adopt(&mut self, journal: bus::Recovered) {
        let subject = journal.cursor.subject.clone();
        match recovery::load(journal) {
            Ok((id, loaded)) if loaded.is_over() => {
                self.means.lobby.update(loaded.saved.tournament(), self.epoch);
                self.mailboxes.insert(id, None);
            }
            Ok((id, loaded)) => drop(self.start(id, Some(loaded))),
            Err(error) => {
                tracing::error!(%subject, %error, "a tournament cannot be loaded");
                self.unreadable.extend(subject::parse_tournament_journal(&subject));
            }
        }
    }

    /// Starts the task of a tournament; it reads the journal itself where nothing is `loaded`.
    fn start(&mut self, id: TournamentId, loaded: Option<Loaded>) -> mpsc::Sender<Mail> {
        let (mailbox, mail) = mpsc::channel(MAILBOX);
        let means = Arc::clone(&self.means);
        self.hosts.spawn(host::keep(
            means,
            self.epoch,
            id,
            loaded,
            mail,
            self.tenure.clone(),
            self.stop.subscribe(),
        ));
        self.mailboxes.insert(id, Some(mailbox.clone()));
        mailbox
    }

    async fn request(&mut self, request: Request) {
        let asked: TournamentRequest = match request.decode() {
            Ok(asked) => asked,
            Err(error) => {
                tracing::warn!(%error, "a request cannot be read");
                return refuse(&request, Refusal::bad_message(error.to_string())).await;
            }
        };
        let id = asked.tournament;
        if self.unreadable.contains(&id) {
            return refuse(&request, Refusal::unavailable("tournament")).await;
        }
        if !self.mailboxes.contains_key(&id)
            && let Err(refusal) = self.admit(id, &asked.command).await
        {
            let refusal = if self.tenure.is_certain() { refusal } else { Refusal::unavailable("tournament") };
            return refuse(&request, refusal).await;
        }
        let open = self.mailboxes.get(&id).cloned().flatten().filter(|mailbox| !mailbox.is_closed());
        let mailbox = open.unwrap_or_else(|| self.start(id, None));
        if let Err(
            mpsc::error::TrySendError::Full((_, request)) | mpsc::error::TrySendError::Closed((_, request)),
        ) = mailbox.try_send((asked, request))
        {
            refuse(&request, Refusal::unavailable("tournament")).await;
        }
    }

    /// Makes room for a tournament that is not known here: one that is to be created, or that the owner before created last.
    async fn admit(&mut self, id: TournamentId, command: &TournamentCommand) -> Result<(), Refusal> {
        if let TournamentCommand::Create { config } = command {
            tournament::check(config)?;
            drop(self.start(id, Some(Loaded::unborn(id))));
            return Ok(());
        }
        if self.since.elapsed() > FENCE {
            return Err(Refusal::NoSuchTournament);
        }
        match recovery::load_one(&self.means.journal, id).await {
            Ok(loaded) if loaded.cursor.last > 0 => {
                drop(self.start(id, Some(loaded)));
                Ok(())
            }
            Ok(_) => Err(Refusal::NoSuchTournament),
            Err(error) => {
                tracing::warn!(tournament = %id, %error, "a journal cannot be read");
                Err(Refusal::unavailable("tournament"))
            }
        }
    }
}

async fn refuse(request: &Request, refusal: Refusal) {
    host::respond(request, &TournamentReply::Refused(refusal)).await;
}
