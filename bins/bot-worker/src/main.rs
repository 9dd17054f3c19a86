//! Bot worker.
#[cfg(test)]
mod asks;
mod equity;
mod policy;

fn main() {}
