//! `pokerctl completions`: a script that completes commands and options in a shell.

use clap::Command;
use clap_complete::Shell;
use std::io;

/// Options of `completions`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell
    shell: Shell,
}

/// Prints the completion script of `program`. For bash: `source <(pokerctl completions bash)`.
///
/// # Errors
/// When stdout cannot be written.
pub fn run(args: &Args, program: &mut Command) -> io::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, program, "pokerctl", &mut script);
    io::Write::write_all(&mut io::stdout(), &script)
}
