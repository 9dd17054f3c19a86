//! Reads the PROXY protocol, version 2: what a load balancer says of a connection before the
//! client's first byte.
//!
//! Only load balancers that the gateway was told of are believed, and from these a connection
//! without the header is no connection: any client could say what address it has.

use crate::limits::PROXY_HEADER;
use ppp::v2::{Addresses, Command, Header};
use std::{io, net::IpAddr};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Bytes before the addresses: the signature, version, family, and the length of the rest.
const FIXED: usize = 16;

/// Reads the header of a connection; returns the client's address, or none for the load balancer's
/// own connection or a client without an IP address.
///
/// # Errors
/// When the connection ends, or begins with anything else.
pub(crate) async fn client_of<R: AsyncRead + Unpin>(stream: &mut R) -> io::Result<Option<IpAddr>> {
    let mut bytes = vec![0; FIXED];
    stream.read_exact(&mut bytes).await?;
    if !bytes.starts_with(ppp::v2::PROTOCOL_PREFIX) {
        return Err(invalid("the connection does not begin with it"));
    }
    let rest = usize::from(bytes.last_chunk().copied().map_or(0, u16::from_be_bytes));
    if FIXED + rest > PROXY_HEADER {
        return Err(invalid(format!("it has {} bytes, at most {PROXY_HEADER} are allowed", FIXED + rest)));
    }
    bytes.resize(FIXED + rest, 0);
    // Exactly these: what follows is the client's.
    stream.read_exact(&mut bytes[FIXED..]).await?;
    let header = Header::try_from(bytes.as_slice()).map_err(|error| invalid(error.to_string()))?;
    Ok(match (header.command, header.addresses) {
        (Command::Proxy, Addresses::IPv4(ip)) => Some(ip.source_address.into()),
        (Command::Proxy, Addresses::IPv6(ip)) => Some(ip.source_address.into()),
        (Command::Proxy, Addresses::Unspecified | Addresses::Unix(_)) | (Command::Local, _) => None,
    })
}

fn invalid(reason: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ppp::v2::{Builder, IPv4, IPv6, Protocol, Version};

    async fn read(mut bytes: &[u8]) -> (io::Result<Option<IpAddr>>, Vec<u8>) {
        let client = client_of(&mut bytes).await;
        (client, bytes.to_vec())
    }

    fn header(command: Command, addresses: impl Into<Addresses>) -> Vec<u8> {
        Builder::with_addresses(Version::Two | command, Protocol::Stream, addresses.into()).build().unwrap()
    }

    #[tokio::test]
    async fn the_client_is_the_one_that_the_header_names_and_its_bytes_are_left() {
        let v4: [u8; 4] = [192, 0, 2, 7];
        let v6: std::net::Ipv6Addr = "2001:db8::7".parse().unwrap();
        for (addresses, client) in [
            (Addresses::from(IPv4::new(v4, [10, 0, 0, 1], 4_000, 7_001)), IpAddr::from(v4)),
            (Addresses::from(IPv6::new(v6, v6, 4_000, 7_001)), IpAddr::from(v6)),
        ] {
            let mut bytes = header(Command::Proxy, addresses);
            bytes.extend_from_slice(b"the client's");
            let (read, left) = read(&bytes).await;
            assert_eq!((read.unwrap(), left), (Some(client), b"the client's".to_vec()));
        }
    }

    #[tokio::test]
    async fn a_load_balancers_own_connection_has_no_client() {
        let addresses = IPv4::new([192, 0, 2, 7], [10, 0, 0, 1], 4_000, 7_001);
        assert_eq!(read(&header(Command::Local, addresses)).await.0.unwrap(), None);
    }

    #[tokio::test]
    async fn anything_else_is_an_error() {
        let good = header(Command::Proxy, IPv4::new([192, 0, 2, 7], [10, 0, 0, 1], 4_000, 7_001));
        let mut long = good[..FIXED].to_vec();
        long[14..].copy_from_slice(&u16::MAX.to_be_bytes());
        long.resize(70_000, 0);
        let mut other_version = good.clone();
        other_version[12] = 0x31;
        for bytes in [&good[..20], &long, &other_version, b"GET / HTTP/1.1\r\nHost: gateway\r\n\r\n"] {
            assert!(read(bytes).await.0.is_err(), "{bytes:?}");
        }
    }
}
