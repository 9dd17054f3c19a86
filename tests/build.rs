//! Builds the library that tests preload into a process to set its clock. The library is no crate
//! of the workspace, because it replaces a function of the C library, which needs `unsafe`.

use std::{env, path::PathBuf, process::Command};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let source = "shifted-clock/clock.rs";
    println!("cargo::rerun-if-changed={source}");
    let library = PathBuf::from(env::var("OUT_DIR")?).join("libshifted_clock.so");
    let mut rustc = Command::new(env::var("RUSTC")?);
    rustc.args(["--edition", "2024", "--crate-name", "shifted_clock", "--crate-type", "cdylib", "-O", "-o"]);
    let status = rustc.arg(&library).arg(source).status()?;
    if !status.success() {
        return Err(format!("{source}: {status}").into());
    }
    println!("cargo::rustc-env=SHIFTED_CLOCK_LIBRARY={}", library.display());
    Ok(())
}
