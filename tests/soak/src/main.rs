//! `soak`: see `lib.rs`.

use clap::Parser;
use soak::{Options, run, schedule::schedule};
use std::process::ExitCode;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let options = Options::parse();
    if options.print_schedule {
        schedule(&options).iter().for_each(|fault| println!("{fault}"));
        return Ok(ExitCode::SUCCESS);
    }
    let (report, trace) = run(&options).await?;
    trace.iter().for_each(|line| eprintln!("{line}"));
    println!("{}", serde_json::to_string(&report)?);
    Ok(if report.violations == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
