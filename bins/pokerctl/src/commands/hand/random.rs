//! `pokerctl hand random`: plays random legal hands, for another engine to compare.

use super::HandError;
use poker::{
    oracle,
    random::{self, Dice},
    variant,
};
use std::io::{BufWriter, Write};

/// Options of `hand random`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Code of the variant, e.g. NT
    #[arg(long)]
    variant: String,
    /// Number of hands
    #[arg(long, default_value_t = 1_000)]
    n: u64,
    /// Seed; the same seed gives the same hands
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Maximum number of players at a table
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u8).range(2..=10))]
    players: u8,
}

/// Plays random hands and prints them, one JSON object per line.
///
/// # Errors
/// When no variant has the code, a hand cannot be played, or stdout cannot be written.
pub fn run(args: &Args) -> Result<(), HandError> {
    let variant = variant::by_code(&args.variant).ok_or_else(|| HandError::Variant(args.variant.clone()))?;
    let mut dice = Dice::new(args.seed);
    let mut out = BufWriter::new(std::io::stdout().lock());
    for number in 1..=args.n {
        let failed = |reason: String| HandError::Random { number, seed: args.seed, reason };
        let setup = random::setup(variant, args.players, &mut dice);
        let (events, _) = random::play(&setup, &mut dice, |_, _| ())
            .ok_or_else(|| failed("an offered action was refused".to_owned()))?;
        let id = format!("{}-{}-{number}", variant.code, args.seed);
        let line = oracle::line(&id, &setup, &events).map_err(|error| failed(error.to_string()))?;
        writeln!(out, "{line}")?;
    }
    Ok(out.flush()?)
}
