//! Where connections come from: addresses, and networks that one party is likely to have whole.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::IpAddr;

/// The bits of an IPv4 address that networks share which count together.
const NETWORK_V4: u8 = 24;
/// The bits of an IPv6 address that count as one address: a customer has at least this network, and
/// may take any address of it.
const ADDRESS_V6: u8 = 64;
/// The bits of an IPv6 address that networks share which count together.
const NETWORK_V6: u8 = 48;

/// The address and the network of a connection, as they are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    /// An IPv4 address, or the /64 of an IPv6 address.
    pub(crate) address: IpNet,
    /// The /24 of an IPv4 address, or the /48 of an IPv6 address.
    pub(crate) network: IpNet,
}

impl Origin {
    /// Returns the origin of a connection from this address. An IPv4 address in the form of an IPv6
    /// address counts as what it is.
    pub(crate) fn of(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(ip) => {
                let within = |bits| IpNet::V4(Ipv4Net::new(ip, bits).unwrap_or(Ipv4Net::from(ip)).trunc());
                Self { address: Ipv4Net::from(ip).into(), network: within(NETWORK_V4) }
            }
            IpAddr::V6(ip) => {
                let within = |bits| IpNet::V6(Ipv6Net::new(ip, bits).unwrap_or(Ipv6Net::from(ip)).trunc());
                Self { address: within(ADDRESS_V6), network: within(NETWORK_V6) }
            }
        }
    }
}

/// Parses a network such as `10.0.0.0/8` or `fd00::/8`, or a single address.
///
/// # Errors
/// When the text is neither.
pub(crate) fn network(text: &str) -> Result<IpNet, String> {
    let single = || text.parse().map(|ip: IpAddr| IpNet::from(ip.to_canonical()));
    text.parse()
        .or_else(|_| single())
        .map_err(|_| "give an address, or a network such as 10.0.0.0/8 or fd00::/8".to_owned())
}

/// Returns whether one of the networks has the address.
pub(crate) fn is_in(networks: &[IpNet], ip: IpAddr) -> bool {
    let ip = ip.to_canonical();
    networks.iter().any(|network| network.contains(&ip))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(ip: &str) -> (String, String) {
        let Origin { address, network } = Origin::of(ip.parse().unwrap());
        (address.to_string(), network.to_string())
    }

    #[test]
    fn addresses_are_counted_by_what_one_party_has() {
        assert_eq!(origin("192.0.2.77"), ("192.0.2.77/32".into(), "192.0.2.0/24".into()));
        assert_eq!(origin("::ffff:192.0.2.77"), origin("192.0.2.77"));
        assert_eq!(origin("2001:db8:1:2:3:4:5:6"), ("2001:db8:1:2::/64".into(), "2001:db8:1::/48".into()));
    }

    #[test]
    fn networks_and_single_addresses_are_parsed() {
        let networks: Vec<IpNet> =
            ["127.0.0.0/8", "::1", "192.0.2.7"].iter().map(|text| network(text).unwrap()).collect();
        for ip in ["127.4.0.2", "::1", "192.0.2.7", "::ffff:127.0.0.1"] {
            assert!(is_in(&networks, ip.parse().unwrap()), "{ip}");
        }
        assert!(!is_in(&networks, "192.0.2.8".parse().unwrap()));
        assert!(network("localhost").is_err());
    }
}
