//! Planted mistakes in the code around the host, to test the checkers.

/// A planted mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistake {
    /// A command is answered before its record is stored.
    AnswersBeforeAck,
    /// The host applies a record before it is stored, and sends its news after.
    EvolvesBeforeAck,
    /// A repeated command counts as a new one.
    ForgetsCommandIds,
    /// Every process is always certain of its ownership.
    IsAlwaysCertain,
    /// Recovery skips a record.
    SkipsRecord,
    /// A repeated payment has another posting id.
    PaysUnderAnotherId,
    /// A command that has to wait for the cashier is never answered.
    DropsHeldCommands,
    /// A record that was not stored because of a conflict counts as stored.
    TakesConflictsForStored,
    /// Wake-ups are ignored.
    NeverWakes,
}
