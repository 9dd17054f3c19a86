//! The origin of a log-in: a device that the cashier knows, or the client's network.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// Bits of an IPv4 address that make its network: the smallest block that is routed by itself.
const NETWORK_BITS_V4: u32 = 24;
/// Bits of an IPv6 address that make its network: a household or a rented server gets this many
/// addresses (RIPE-690).
const NETWORK_BITS_V6: u32 = 56;

/// The addresses of one household, company or rented server: an address without its last bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Network(IpAddr);

impl Network {
    /// Returns the network of an address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(v4) => {
                let mask = u32::MAX << (u32::BITS - NETWORK_BITS_V4);
                IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits() & mask))
            }
            IpAddr::V6(v6) => {
                let mask = u128::MAX << (u128::BITS - NETWORK_BITS_V6);
                IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & mask))
            }
        })
    }
}

impl fmt::Display for Network {
    /// Writes the network as `address/bits`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = if self.0.is_ipv4() { NETWORK_BITS_V4 } else { NETWORK_BITS_V6 };
        write!(f, "{}/{bits}", self.0)
    }
}

/// The origin of a log-in, by which tries are counted and turns are shared out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// A device that has been logged in to the account before, by the hash of its token.
    Device([u8; 32]),
    /// A network.
    Network(Network),
    /// The gateway, of an earlier version, gives no address.
    Unknown,
    /// All networks together, for the codes of one account's second factor: the right password is
    /// known to the origins that are counted here, so that they are few, and a code is short.
    Codes,
    /// The administrator, who creates accounts and does not log in to them.
    Administrator,
}

impl Origin {
    /// Returns the origin of a log-in from an address, given as text.
    #[must_use]
    pub fn of_address(address: Option<&str>) -> Self {
        let address = address.and_then(|text| text.parse().ok());
        address.map_or(Self::Unknown, |address| Self::Network(Network::of(address)))
    }
}

impl fmt::Display for Origin {
    /// Writes the origin as the database names it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(hash) => {
                f.write_str("device ")?;
                hash.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
            Self::Network(network) => network.fmt(f),
            Self::Unknown => f.write_str("unknown"),
            Self::Codes => f.write_str("codes"),
            Self::Administrator => f.write_str("administrator"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_network_have_one_origin() {
        let name = |text| Origin::of_address(Some(text)).to_string();
        assert_eq!(name("192.0.2.7"), "192.0.2.0/24");
        assert_eq!(name("::ffff:192.0.2.255"), "192.0.2.0/24");
        assert_eq!(name("2001:db8:1:2ff::1"), "2001:db8:1:200::/56");
        assert_ne!(name("192.0.3.7"), name("192.0.2.7"));
        assert_ne!(name("2001:db8:1:300::1"), name("2001:db8:1:2ff::1"));
        for unknown in [None, Some("elsewhere"), Some("")] {
            assert_eq!(Origin::of_address(unknown), Origin::Unknown);
        }
        assert_eq!(Origin::Device([0xab; 32]).to_string().len(), "device ".len() + 64);
    }
}
