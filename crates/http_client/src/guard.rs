//! Which addresses may be connected to: public ones over HTTPS, all others only where the configuration names them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::failure::{Failure, FailureKind};

/// What the configuration names: a host, an address, or a network.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum AllowedHost {
    /// A host name in lower case: whatever address it has. `localhost` names the loopback addresses as well.
    Host(String),
    /// The addresses that share the first `bits` bits with `address`.
    Net {
        /// The network's address; bits after the prefix do not count.
        address: IpAddr,
        /// The prefix's length, up to 32 or 128.
        bits: u8,
    },
}

impl FromStr for AllowedHost {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "'{text}' is no host name, address or network such as localhost, 10.1.2.3, 10.0.0.0/8 or fd00::/8"
            )
        };
        let bare = text.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = bare.parse::<IpAddr>() {
            return Ok(Self::Net { address, bits: if address.is_ipv4() { 32 } else { 128 } });
        }
        if let Some((address, bits)) = text.split_once('/') {
            let address: IpAddr = address.parse().map_err(|_| wrong())?;
            let bits: u8 = bits.parse().map_err(|_| wrong())?;
            let most = if address.is_ipv4() { 32 } else { 128 };
            return if bits <= most { Ok(Self::Net { address, bits }) } else { Err(wrong()) };
        }
        let is_label = |label: &str| {
            !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        let name = text.strip_suffix('.').unwrap_or(text);
        // Digits in the last label are a mistyped address: no top-level domain has them alone.
        let is_number = name.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
        if name.split('.').all(is_label) && !is_number {
            Ok(Self::Host(name.to_ascii_lowercase()))
        } else {
            Err(wrong())
        }
    }
}

impl fmt::Display for AllowedHost {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(name) => out.write_str(name),
            Self::Net { address, bits } => write!(out, "{address}/{bits}"),
        }
    }
}

impl AllowedHost {
    fn names(&self, host: &str, address: IpAddr) -> bool {
        match self {
            Self::Host(name) => name == host || (name == "localhost" && address.is_loopback()),
            Self::Net { address: net, bits } => is_within(address, *net, *bits),
        }
    }
}

/// What is spoken over the connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scheme {
    /// Plain HTTP, which anybody on the way can read.
    Plain,
    /// Over TLS.
    Tls,
}

/// The rule: public addresses over HTTPS; any other address, and plain HTTP, only for what is named.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    allowed: Vec<AllowedHost>,
}

impl Guard {
    /// Public addresses over HTTPS, and what is named here.
    pub fn new(allowed: Vec<AllowedHost>) -> Self {
        Self { allowed }
    }

    /// Whether anything is named, so that more than public addresses over HTTPS is reached.
    pub fn names_any(&self) -> bool {
        !self.allowed.is_empty()
    }

    /// Whether `host`, at this address, may be connected to.
    ///
    /// # Errors
    /// [`FailureKind::Refused`], with what would allow it.
    pub fn check(&self, scheme: Scheme, host: &str, address: IpAddr) -> Result<(), Failure> {
        let address = address.to_canonical();
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        if self.allowed.iter().any(|allowed| allowed.names(&host, address)) {
            return Ok(());
        }
        if !is_public(address) {
            let text = format!(
                "{host} has the address {address}, which is not public; addresses that are not public are reached only \
                 where the configuration names them, with --allow-private or in the pipeline file"
            );
            return Err(Failure::new(FailureKind::Refused, text));
        }
        if scheme == Scheme::Plain {
            let text = format!(
                "{host} is reached by https only; plain http is only for hosts that the configuration names, with \
                 --allow-private or in the pipeline file"
            );
            return Err(Failure::new(FailureKind::Refused, text));
        }
        Ok(())
    }
}

fn is_within(address: IpAddr, net: IpAddr, bits: u8) -> bool {
    match (address, net.to_canonical()) {
        (IpAddr::V4(address), IpAddr::V4(net)) => {
            let bits = if bits > 32 { bits.saturating_sub(96) } else { bits };
            let shift = 32_u32.saturating_sub(bits.into());
            (address.to_bits() ^ net.to_bits()).checked_shr(shift).unwrap_or(0) == 0
        }
        (IpAddr::V6(address), IpAddr::V6(net)) => {
            let shift = 128_u32.saturating_sub(bits.into());
            (address.to_bits() ^ net.to_bits()).checked_shr(shift).unwrap_or(0) == 0
        }
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

/// Networks that are not the public Internet's. Source: IANA's registry of special-purpose IPv4 addresses (RFC 6890),
/// and multicast (RFC 5771).
const V4_SPECIAL: &[(Ipv4Addr, u8)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];

/// What is not public within 2000::/3, the only part of IPv6 that is. Source: IANA's registry of special-purpose IPv6
/// addresses. 6to4 (2002::/16) and Teredo (in 2001::/23) carry an IPv4 address of anybody's choice.
const V6_SPECIAL: &[(Ipv6Addr, u8)] = &[
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// The well-known prefix of NAT64 (RFC 6052): the last 32 bits are the IPv4 address that is meant.
const NAT64: Ipv6Addr = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0);

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) if is_within(address.into(), NAT64.into(), 96) => {
            let [.., a, b, c, d] = address.octets();
            is_public_v4(Ipv4Addr::new(a, b, c, d))
        }
        IpAddr::V6(address) => {
            let global = Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0);
            is_within(address.into(), global.into(), 3)
                && !V6_SPECIAL.iter().any(|(net, bits)| is_within(address.into(), (*net).into(), *bits))
        }
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    !V4_SPECIAL.iter().any(|(net, bits)| is_within(address.into(), (*net).into(), *bits))
}

#[cfg(test)]
mod tests {
    use super::{AllowedHost, Guard, Scheme};

    fn guard(allowed: &[&str]) -> Guard {
        Guard::new(allowed.iter().map(|text| text.parse().unwrap()).collect())
    }

    #[test]
    fn only_public_addresses_are_reached_where_nothing_is_named() {
        let refused = "0.0.0.0 10.0.0.1 100.64.0.1 100.127.255.255 127.0.0.1 127.9.9.9 169.254.169.254 172.16.0.1 172.31.255.255 \
             192.0.0.1 192.0.2.1 192.168.1.1 198.18.0.1 198.19.255.255 203.0.113.9 224.0.0.1 240.0.0.1 255.255.255.255 \
             :: ::1 ::ffff:127.0.0.1 ::ffff:10.1.1.1 ::127.0.0.1 64:ff9b::10.0.0.1 64:ff9b:1::1 fe80::1 fec0::1 fc00::1 fd12::1 ff02::1 \
             100::1 2001::1 2001:db8::1 2002:7f00:1:: 3fff::1 5f00::1";
        for address in refused.split_whitespace() {
            let answer = guard(&[]).check(Scheme::Tls, "host.example", address.parse().unwrap());
            assert!(answer.is_err(), "{address} is not public");
        }
        let public = "1.1.1.1 9.255.255.255 11.0.0.1 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1 172.15.0.1 172.32.0.1 \
             192.167.1.1 198.17.1.1 198.20.0.1 223.255.255.255 ::ffff:1.1.1.1 64:ff9b::1.1.1.1 2606:4700:4700::1111 2a00::1";
        for address in public.split_whitespace() {
            guard(&[]).check(Scheme::Tls, "host.example", address.parse().unwrap()).unwrap();
        }
    }

    #[test]
    fn what_is_named_is_reached_also_by_plain_http() {
        let cases = [
            ("localhost", "localhost", "127.0.0.1", true),
            ("localhost", "127.0.0.1", "127.0.0.1", true),
            ("localhost", "[::1]", "::1", true),
            ("localhost", "rebound.example", "127.0.0.1", true),
            ("localhost", "localhost", "10.0.0.1", true),
            ("localhost", "inside.example", "10.0.0.1", false),
            ("127.0.0.1", "localhost", "127.0.0.1", true),
            ("127.0.0.1", "localhost", "::1", false),
            ("127.0.0.1", "localhost", "::ffff:127.0.0.1", true),
            ("127.0.0.1", "x", "127.0.0.2", false),
            ("10.0.0.0/8", "x", "10.255.0.1", true),
            ("10.0.0.0/8", "x", "11.0.0.1", false),
            ("0.0.0.0/0", "x", "192.168.0.1", true),
            ("0.0.0.0/0", "x", "fd00::1", false),
            ("fd00::/8", "x", "fd12::1", true),
            ("::/0", "x", "fd12::1", true),
            ("CRM.Internal", "crm.internal.", "10.9.9.9", true),
            ("crm.internal", "crm.internal.example", "10.9.9.9", false),
            ("old.example", "old.example", "1.1.1.1", true),
            ("old.example", "new.example", "1.1.1.1", false),
        ];
        for (allowed, host, address, wanted) in cases {
            let got = guard(&[allowed]).check(Scheme::Plain, host, address.parse().unwrap()).is_ok();
            assert_eq!(got, wanted, "{allowed} for {host} at {address}");
        }
    }

    #[test]
    fn what_names_nothing_is_refused() {
        for text in
            ["", "10.0.0.0/33", "10.0.0/8", "::/129", "a b", "http://x", "x:80", "10.0.0.256", "x/8", "a..b"]
        {
            assert!(text.parse::<AllowedHost>().is_err(), "{text}");
        }
    }
}
