//! Free ports.

use crate::ServerError;
use std::net::{Ipv4Addr, TcpListener};

/// Below the range that the kernel gives to outgoing connections, so that a port stays free while
/// its server restarts.
const LOWEST: u16 = 12_000;
const HIGHEST: u16 = 31_999;

/// Attempts with other ports when a chosen one was taken meanwhile.
pub(crate) const TRIES: usize = 10;

/// Returns any port that servers may take, free or not.
///
/// # Errors
/// When the system has no random numbers.
pub fn random() -> Result<u16, ServerError> {
    let random = getrandom::u32().map_err(ServerError::Random)?;
    let offset = u16::try_from(random % u32::from(HIGHEST - LOWEST + 1)).unwrap_or(0);
    Ok(LOWEST + offset)
}

/// Returns a port that is free now.
pub(crate) fn free(program: &'static str) -> Result<u16, ServerError> {
    let mut port = 0;
    for _ in 0..200 {
        port = random()?;
        if is_free(port) {
            return Ok(port);
        }
    }
    Err(ServerError::PortTaken { program, port })
}

/// Returns whether a server could listen on the port now.
pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}
