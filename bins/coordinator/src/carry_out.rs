//! The way from a command to its consequences: decide, append, wait until the record is durable, evolve, and only then tell
//! anybody.

use crate::{
    host::{Ended, Host},
    recovery,
    source::now_ms,
};
use bus::AppendError;
use std::time::Duration;
use tournament::{Answer, Command, Saved};
use wire::{
    PlayerId, Refusal, VERSION,
    client::{ServerFrame, ServerMessage},
    codec,
    journal::{Cause, Record},
    subject,
    tournament::{Place, TournamentEvent},
};

/// For so long after a change of owner a refusal is given only after looking into the journal again: the old owner may have
/// written once more before it noticed, and nothing of ours would have collided with that.
const FENCE: Duration = Duration::from_secs(60);

impl Host {
    /// Carries a command out. The refusal is the command's answer; nothing was written then.
    ///
    /// # Errors
    /// When the journal cannot be written or read: what is known here is then worth nothing any more.
    pub async fn carry_out(
        &mut self,
        cause: Option<Cause>,
        command: Command,
    ) -> Result<Result<(), Refusal>, Ended> {
        loop {
            if cause.is_some_and(|cause| self.saved().answer(cause).is_some()) {
                return Ok(Ok(()));
            }
            let at_ms = now_ms();
            let events = match self.saved().tournament().decide(command.clone(), at_ms) {
                Ok(events) if events.is_empty() => return Ok(Ok(())),
                Ok(events) => events,
                Err(refusal) => {
                    if self.is_stale(&command).await? {
                        continue;
                    }
                    return Ok(Err(refusal));
                }
            };
            match self.write(cause, at_ms, &events).await? {
                Written::Done => return Ok(Ok(())),
                Written::Again => {}
                Written::Conflict => self.reload().await?,
                Written::TooLarge => return Ok(Err(Refusal::bad_message("too large to be recorded"))),
            }
        }
    }

    /// Appends one record and carries it out.
    async fn write(
        &mut self,
        cause: Option<Cause>,
        at_ms: u64,
        events: &[TournamentEvent],
    ) -> Result<Written, Ended> {
        let after = self.loaded.cadence.is_due().then(|| {
            let mut after = self.saved().clone();
            after.evolve(cause, at_ms, events);
            after
        });
        let snapshot = after.is_some();
        let bytes = self.encode(cause, at_ms, events, after.as_ref())?;
        let size = bytes.len();
        match self.means.journal.append(&self.loaded.cursor, bytes.into(), snapshot).await {
            Ok(cursor) => {
                self.loaded.cursor = cursor;
                self.loaded.cadence.wrote(size, snapshot);
                self.written = true;
                match after {
                    Some(after) => self.loaded.saved = after,
                    None => self.loaded.saved.evolve(cause, at_ms, events),
                }
                self.follow_up(events).await;
                Ok(Written::Done)
            }
            Err(AppendError::Conflict { .. }) => Ok(Written::Conflict),
            Err(AppendError::TooLarge { subject, bytes }) if snapshot => {
                tracing::warn!(subject, bytes, "a snapshot is too large; going on without");
                self.loaded.cadence.too_large(size);
                Ok(Written::Again)
            }
            Err(error @ AppendError::TooLarge { .. }) => {
                tracing::error!(%error, "a command is refused");
                Ok(Written::TooLarge)
            }
            Err(error @ (AppendError::NotNow { .. } | AppendError::Closed { .. })) => Err(error.into()),
        }
    }

    /// A [`recovery::TournamentRecord`], made of borrowed parts.
    fn encode(
        &self,
        cause: Option<Cause>,
        at_ms: u64,
        events: &[TournamentEvent],
        state: Option<&Saved>,
    ) -> Result<Vec<u8>, Ended> {
        let events: Vec<&TournamentEvent> = events.iter().collect();
        Ok(codec::encode(&Record { v: VERSION, epoch: self.epoch, at_ms, cause, events, state })?)
    }

    /// Whether the journal has gone on without us; then what is known here is brought up to date.
    async fn is_stale(&mut self, command: &Command) -> Result<bool, Ended> {
        let from_table = matches!(command, Command::Report(_) | Command::Applied { .. });
        if self.written || (!from_table && self.since.elapsed() > FENCE) {
            return Ok(false);
        }
        let known = self.loaded.cursor.last;
        self.reload().await?;
        Ok(self.loaded.cursor.last != known)
    }

    /// What follows from a durable record.
    async fn follow_up(&mut self, events: &[TournamentEvent]) {
        self.answer_entrants(events).await;
        self.announce(events).await;
        self.means.lobby.update(self.saved().tournament(), self.epoch);
        self.drop_idle_pushes();
        self.start_effects();
    }

    /// Answers those who wait for the cashier.
    async fn answer_entrants(&mut self, events: &[TournamentEvent]) {
        for event in events {
            let player = match event {
                TournamentEvent::EntryConfirmed { player } | TournamentEvent::EntryRefused { player, .. } => {
                    player
                }
                _ => continue,
            };
            for (cause, request) in self.entrants.remove(player).into_iter().flatten() {
                match self.saved().answer(cause).cloned() {
                    Some(Answer::Pending) | None => self.hold(cause, request),
                    Some(answer) => crate::host::answer(&request, &answer).await,
                }
            }
        }
    }

    /// Tells players their places. Heard by whoever listens now; the standings have it for good.
    pub async fn announce(&self, events: &[TournamentEvent]) {
        for event in events {
            match event {
                TournamentEvent::Busted { player, place, prize } => {
                    self.tell(Place { player: *player, place: *place, prize: *prize }).await;
                }
                TournamentEvent::Finished { places, .. } => {
                    if let Some(first) = places.first() {
                        self.tell(first.clone()).await;
                    }
                }
                _ => {}
            }
        }
    }

    async fn tell(&self, Place { player, place, prize }: Place) {
        if self.saved().tournament().is_bot(player) {
            return;
        }
        let placed = ServerMessage::Placed { tournament: self.id(), place, prize };
        if let Err(error) = self.publish(player, placed).await {
            tracing::warn!(%player, %error, "a player was not told the place");
        }
    }

    async fn publish(&self, player: PlayerId, m: ServerMessage) -> Result<(), bus::BusError> {
        let frame = codec::encode(&ServerFrame { v: VERSION, re: None, m })?;
        self.means.outside.bus.publish(subject::player_feed(player), frame.into()).await
    }

    /// Throws away what is known here and reads the journal again.
    async fn reload(&mut self) -> Result<(), Ended> {
        let id = self.id();
        self.loaded = recovery::load_one(&self.means.journal, id).await?;
        self.written = false;
        if self.loaded.epoch > self.epoch {
            return Err(Ended::Superseded { tournament: id, epoch: self.loaded.epoch });
        }
        self.means.lobby.update(self.saved().tournament(), self.epoch);
        self.drop_idle_pushes();
        self.start_effects();
        Ok(())
    }
}

/// What became of a record.
enum Written {
    Done,
    /// Not written; without a snapshot it may be.
    Again,
    /// Not written: somebody else has written.
    Conflict,
    /// Not written, and never will be.
    TooLarge,
}
