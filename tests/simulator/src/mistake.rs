//! Mistakes that the shell around the host makes on purpose, so that the checkers can be tried.

/// One mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// A command is answered before its record is stored.
    AnswersBeforeAck,
    /// The host takes a record in before it is stored, and tells of it once it is.
    EvolvesBeforeAck,
    /// A repeated command is taken for a new one.
    ForgetsCommandIds,
    /// Every process is certain of what it owns.
    IsAlwaysCertain,
    /// Recovery leaves out a record.
    SkipsRecord,
    /// A repeated payment has another posting id.
    PaysUnderAnotherId,
    /// A command that has to wait for the cashier is never answered.
    DropsHeldCommands,
    /// A record that was not stored because of another one is taken for stored.
    TakesConflictsForStored,
    /// Nothing is done when its time has come.
    NeverWakes,
}
