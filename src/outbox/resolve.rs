//! Names become addresses once, and only checked addresses are dialled.
//!
//! The HTTP client asks this resolver right before it connects, and dials exactly what it is given: there is no second
//! look-up between the check and the connection, so a name that changes its address in between (DNS rebinding) gains
//! nothing. Addresses that the host's [`Zone`] does not allow are dropped; when none is left, nothing is dialled.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::origin::{Policy, Zone};

/// What a look-up gives: the addresses of a name.
pub type Found = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send>>;

/// Where addresses come from.
pub trait Lookup: Send + Sync + 'static {
    /// Asks for a name's addresses.
    fn lookup(&self, host: &str) -> Found;
}

/// The system's resolver.
#[derive(Clone, Copy, Debug)]
pub struct SystemLookup;

impl Lookup for SystemLookup {
    fn lookup(&self, host: &str) -> Found {
        let host = host.to_owned();
        Box::pin(async move { Ok(tokio::net::lookup_host((host, 0)).await?.map(|address| address.ip()).collect()) })
    }
}

/// Why a name gives nothing to dial.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// The host is on no list. The URL's check comes first, so this is a second fence.
    #[error("host {0} is not allowed")]
    NotListed(String),
    /// Every address was of a kind that the host may not have.
    #[error("host {host} resolves to {address} only, which it may not")]
    WrongZone {
        /// The name.
        host: String,
        /// The first of its addresses.
        address: IpAddr,
    },
    /// The name has no address.
    #[error("host {0} has no address")]
    Empty(String),
    /// The resolver failed.
    #[error("no address for host {host}")]
    Lookup {
        /// The name.
        host: String,
        /// What it said.
        source: io::Error,
    },
}

/// The resolver that the client is built with.
pub struct Checked {
    policy: Arc<Policy>,
    lookup: Arc<dyn Lookup>,
}

impl Checked {
    /// Checks what `lookup` finds by `policy`.
    pub fn new(policy: Arc<Policy>, lookup: Arc<dyn Lookup>) -> Self {
        Self { policy, lookup }
    }

    /// The addresses that may be dialled for a name; at least one.
    pub fn addresses(&self, host: &str) -> impl Future<Output = Result<Vec<IpAddr>, ResolveError>> + Send + use<> {
        let host = host.to_owned();
        let zone = self.policy.zone_of_host(&host);
        let found = zone.is_some().then(|| self.lookup.lookup(&host));
        async move {
            let (Some(zone), Some(found)) = (zone, found) else { return Err(ResolveError::NotListed(host)) };
            let found = match found.await {
                Ok(found) => found,
                Err(source) => return Err(ResolveError::Lookup { host, source }),
            };
            let Some(&first) = found.first() else { return Err(ResolveError::Empty(host)) };
            let good: Vec<IpAddr> = found.into_iter().filter(|address| allowed(zone, *address)).collect();
            if good.is_empty() { Err(ResolveError::WrongZone { host, address: first }) } else { Ok(good) }
        }
    }
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let addresses = self.addresses(name.as_str());
        Box::pin(async move {
            // Port 0: the client puts the URL's port in its place.
            let addresses = addresses.await?.into_iter().map(|ip| SocketAddr::new(ip, 0));
            Ok(Box::new(addresses) as Addrs)
        })
    }
}

/// Whether a host of that zone may have that address.
pub fn allowed(zone: Zone, address: IpAddr) -> bool {
    match (zone, address) {
        (Zone::Loopback, address) => address.is_loopback(),
        (Zone::Public, IpAddr::V4(address)) => is_public_v4(address),
        (Zone::Public, IpAddr::V6(address)) => is_public_v6(address),
    }
}

/// Not in the IANA registry of IPv4 special-purpose addresses (RFC 6890), multicast or reserved.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let special = match address.octets() {
        [0 | 10 | 127, ..]
        | [169, 254, ..]
        | [192, 168, ..]
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _] => true,
        [100, b, ..] => b & 0xC0 == 64,
        [172, b, ..] => b & 0xF0 == 16,
        [a, ..] => a >= 224,
    };
    !special
}

/// Inside `2000::/3`, the only global unicast space, less what tunnels or documents: so neither mapped IPv4, NAT64, ULA,
/// link-local nor multicast.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let ietf = a == 0x2001 && b < 0x0200;
    let documentation = a == 0x2001 && b == 0x0db8 || a == 0x3fff && b < 0x1000;
    let six_to_four = a == 0x2002;
    a & 0xE000 == 0x2000 && !ietf && !documentation && !six_to_four
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Gives one prepared answer after another.
    struct Turns(Mutex<Vec<Vec<&'static str>>>);

    impl Lookup for Turns {
        fn lookup(&self, _host: &str) -> Found {
            let answer = self.0.lock().unwrap().remove(0);
            Box::pin(async move { Ok(answer.iter().map(|text| text.parse().unwrap()).collect()) })
        }
    }

    fn resolver(turns: &[&[&'static str]]) -> Checked {
        let policy = Policy::new(&["http://localhost:9000", "https://relay.example"]).unwrap();
        let turns = turns.iter().map(|turn| turn.to_vec()).collect();
        Checked::new(Arc::new(policy), Arc::new(Turns(Mutex::new(turns))))
    }

    #[test]
    fn a_public_host_may_have_public_addresses_only() {
        for good in [
            "8.8.8.8",
            "1.1.1.1",
            "100.63.0.1",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "223.255.0.1",
            "2a00:1450::1",
            "2606:4700::1",
        ] {
            assert!(allowed(Zone::Public, good.parse().unwrap()), "{good}");
        }
        for bad in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.0.1",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:8.8.8.8",
            "::ffff:127.0.0.1",
            "::8.8.8.8",
            "64:ff9b::808:808",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!allowed(Zone::Public, bad.parse().unwrap()), "{bad}");
        }
    }

    #[test]
    fn a_loopback_origin_may_have_loopback_addresses_only() {
        for (address, good) in [
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("::1", true),
            ("10.0.0.1", false),
            ("8.8.8.8", false),
            ("::ffff:127.0.0.1", false),
        ] {
            assert_eq!(allowed(Zone::Loopback, address.parse().unwrap()), good, "{address}");
        }
    }

    #[tokio::test]
    async fn bad_addresses_of_a_mixed_answer_are_dropped() {
        let resolver = resolver(&[&["10.0.0.1", "8.8.8.8", "::1"], &["10.0.0.1"], &[]]);
        assert_eq!(resolver.addresses("app.alteg.io").await.unwrap(), ["8.8.8.8".parse::<IpAddr>().unwrap()]);
        assert!(matches!(resolver.addresses("alteg.io").await, Err(ResolveError::WrongZone { .. })));
        assert!(matches!(resolver.addresses("relay.example").await, Err(ResolveError::Empty(_))));
    }

    #[tokio::test]
    async fn a_host_outside_the_list_is_not_even_looked_up() {
        let resolver = resolver(&[]);
        assert!(matches!(resolver.addresses("evil.example").await, Err(ResolveError::NotListed(_))));
    }

    #[tokio::test]
    async fn the_system_finds_loopback_for_localhost() {
        let policy = Arc::new(Policy::new(&["http://localhost:9000"]).unwrap());
        let found = Checked::new(policy, Arc::new(SystemLookup)).addresses("localhost").await.unwrap();
        assert!(!found.is_empty() && found.iter().all(IpAddr::is_loopback));
    }
}
