//! Where our token may go: the allow-list of callback origins.
//!
//! The callback's URL comes inside a document, and our answer to it carries the partner token; so the URL is checked when
//! the document is taken in, and again before every attempt and every redirect.
//!
//! - Built in: `alteg.io`, `yclients.com` and their sub-domains; https, port 443, path under `/api/`.
//! - Listed by the owner: exact origins, with an optional path that callbacks must lie under. Plain http is for loopback
//!   alone (`localhost`, `127.0.0.0/8`, `[::1]`); an address instead of a name, too.
//!
//! The check is made twice: on the raw text, by a grammar narrower than RFC 3986 ([`Parts::read`]: no user-info, fragment,
//! backslash, blank, percent-escape in the path, dot segment, non-ASCII or punycode label, trailing dot), and on what the
//! `url` crate, which also does the dialling, makes of it. Where the two differ in one part, the URL is refused: no
//! spelling that one parser reads differently from another gets through.

use std::fmt;
use std::net::IpAddr;

use url::Url;

/// The vendor's clouds: the domain, and the product whose `Accept` it wants.
const BUILT_IN: [(&str, Product); 2] = [("alteg.io", Product::Altegio), ("yclients.com", Product::Yclients)];

/// Every callback path of the vendor lies under it.
const BUILT_IN_PATH: &str = "/api/";

/// No URL of the vendor comes near; a longer one is refused unread.
const LONGEST_URL_BYTES: usize = 2048;

/// The twin products, told apart by the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Product {
    /// Altegio; also spoken to a listed origin.
    Altegio,
    /// Its Russian twin.
    Yclients,
}

/// Which addresses a host's name may resolve to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// Global unicast only.
    Public,
    /// This machine only.
    Loopback,
}

/// Why a URL is refused. The text may be shown to a person: it holds no secret, and not the URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// More than 2048 bytes.
    #[error("the callback URL is too long")]
    TooLong,
    /// A blank, a control character, a backslash, something beyond ASCII, a quote.
    #[error("the callback URL has a character that does not belong there")]
    Character,
    /// Not `https://...` or `http://...`.
    #[error("the callback URL does not start with https://")]
    Scheme,
    /// `user:password@host`.
    #[error("the callback URL has a user name before the host")]
    UserInfo,
    /// `#...`.
    #[error("the callback URL has a fragment")]
    Fragment,
    /// An empty or overlong label, a trailing dot, an address where a name belongs, punycode.
    #[error("the callback URL's host is not a plain host name")]
    Host,
    /// Port 0, over 65535, not a number, or none after the colon.
    #[error("the callback URL's port is not a plain number")]
    Port,
    /// `.` or `..` as a segment, or a percent-escape.
    #[error("the callback URL's path has dot segments or escapes")]
    Path,
    /// Two parsers read it differently.
    #[error("the callback URL can be read in two ways")]
    Ambiguous,
    /// A sound URL of an origin that is not on the list.
    #[error("the callback host is not on the list of allowed origins")]
    NotListed,
}

/// A line of the owner's list that cannot be taken.
#[derive(Debug, thiserror::Error)]
#[error("allowed origin {entry:?}: {why}")]
pub struct ListError {
    /// The line.
    pub entry: String,
    /// What is wrong with it.
    pub why: String,
}

/// A URL that was checked, and can be dialled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    url: Url,
    /// Whose `Accept` header the host wants.
    pub product: Product,
    /// Which addresses it may resolve to.
    pub zone: Zone,
}

impl Target {
    /// The URL to dial.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// `scheme://host[:port]`: what brakes and limits count by.
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }
}

/// The origin of a URL's text, or "" where it has none: the column by which a store leaves out held hosts.
pub fn origin_of(url: &str) -> String {
    match Url::parse(url) {
        Ok(url) if url.has_host() => url.origin().ascii_serialization(),
        Ok(_) | Err(_) => String::new(),
    }
}

#[derive(Clone, Debug)]
struct Listed {
    https: bool,
    host: String,
    port: u16,
    path: String,
    zone: Zone,
}

/// The allow-list.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    listed: Vec<Listed>,
}

impl Policy {
    /// The built-in origins and the owner's, written as `https://host[:port][/path/]`.
    pub fn new<T: AsRef<str>>(allowed: &[T]) -> Result<Self, ListError> {
        let listed = allowed.iter().map(|entry| Listed::read(entry.as_ref())).collect::<Result<_, _>>()?;
        Ok(Self { listed })
    }

    /// Checks a callback's URL.
    pub fn check(&self, text: &str) -> Result<Target, OriginError> {
        let parts = Parts::read(text)?;
        let url = Url::parse(text).map_err(|_| OriginError::Ambiguous)?;
        if !parts.agree(&url) {
            return Err(OriginError::Ambiguous);
        }
        let (product, zone) = self.find(&parts).ok_or(OriginError::NotListed)?;
        Ok(Target { url, product, zone })
    }

    /// Which addresses a host's name may resolve to; `None` for a host that is not on the list at all.
    pub fn zone_of_host(&self, host: &str) -> Option<Zone> {
        let host = host.to_ascii_lowercase();
        if built_in(&host).is_some() {
            return Some(Zone::Public);
        }
        self.listed.iter().find(|listed| listed.host == host).map(|listed| listed.zone)
    }

    fn find(&self, parts: &Parts<'_>) -> Option<(Product, Zone)> {
        let product = built_in(&parts.host);
        if let Some(product) = product
            && parts.https
            && parts.port == 443
            && parts.path.starts_with(BUILT_IN_PATH)
        {
            return Some((product, Zone::Public));
        }
        let listed = self.listed.iter().find(|listed| listed.covers(parts))?;
        Some((product.unwrap_or(Product::Altegio), listed.zone))
    }
}

fn built_in(host: &str) -> Option<Product> {
    let inside = |domain: &str| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    BUILT_IN.iter().find(|(domain, _)| inside(domain)).map(|(_, product)| *product)
}

impl Listed {
    fn read(entry: &str) -> Result<Self, ListError> {
        let refuse = |why: &dyn fmt::Display| ListError { entry: entry.to_owned(), why: why.to_string() };
        let parts = Parts::read(entry).map_err(|error| refuse(&error))?;
        let url = Url::parse(entry).map_err(|error| refuse(&error))?;
        if !parts.agree(&url) {
            return Err(refuse(&OriginError::Ambiguous));
        }
        if parts.query.is_some() {
            return Err(refuse(&"a query does not belong here"));
        }
        if !parts.path.ends_with('/') {
            return Err(refuse(&"a path must end with /"));
        }
        let zone = match parts.address {
            Some(address) if address.is_loopback() => Zone::Loopback,
            Some(_) => return Err(refuse(&"an address is possible for loopback alone; give a name")),
            None if parts.host == "localhost" => Zone::Loopback,
            None => Zone::Public,
        };
        if zone == Zone::Public && !parts.https {
            return Err(refuse(&"plain http is possible for loopback alone"));
        }
        let Parts { https, host, port, path, .. } = parts;
        Ok(Self { https, host, port, path: path.to_owned(), zone })
    }

    fn covers(&self, parts: &Parts<'_>) -> bool {
        self.https == parts.https
            && self.host == parts.host
            && self.port == parts.port
            && parts.path.starts_with(&self.path)
    }
}

/// A URL as the narrow grammar reads it.
struct Parts<'a> {
    https: bool,
    /// Lower case; an address is in its one canonical spelling, IPv6 in brackets.
    host: String,
    address: Option<IpAddr>,
    port: u16,
    /// Starts with `/`.
    path: &'a str,
    query: Option<&'a str>,
}

impl<'a> Parts<'a> {
    fn read(text: &'a str) -> Result<Self, OriginError> {
        if text.len() > LONGEST_URL_BYTES {
            return Err(OriginError::TooLong);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\\\"'<>^`{|}".contains(&byte)) {
            return Err(OriginError::Character);
        }
        if text.contains('#') {
            return Err(OriginError::Fragment);
        }
        let (scheme, rest) = text.split_once("://").ok_or(OriginError::Scheme)?;
        let https = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(OriginError::Scheme),
        };
        let (authority, tail) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (path, query) = match tail.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (tail, None),
        };
        if authority.contains('@') {
            return Err(OriginError::UserInfo);
        }
        let (host, port) = split_port(authority)?;
        let port = port.unwrap_or(if https { 443 } else { 80 });
        let host = host.to_ascii_lowercase();
        let address = read_host(&host)?;
        let path = if path.is_empty() { "/" } else { path };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_.~:=+,".contains(&byte);
        if !path.bytes().all(plain) || path.split('/').any(|segment| segment == "." || segment == "..") {
            return Err(OriginError::Path);
        }
        Ok(Self { https, host, address, port, path, query })
    }

    /// Whether the `url` crate reads the same parts.
    fn agree(&self, url: &Url) -> bool {
        url.scheme() == if self.https { "https" } else { "http" }
            && url.username().is_empty()
            && url.password().is_none()
            && url.host_str() == Some(self.host.as_str())
            && url.port_or_known_default() == Some(self.port)
            && url.path() == self.path
            && url.query() == self.query
            && url.fragment().is_none()
    }
}

/// Splits `host:port`, `[v6]:port`.
fn split_port(authority: &str) -> Result<(&str, Option<u16>), OriginError> {
    let end_of_v6 = authority.find(']').map_or(0, |at| at + 1);
    let Some(colon) = authority[end_of_v6..].find(':') else { return Ok((authority, None)) };
    let (host, port) = authority.split_at(end_of_v6 + colon);
    let port = &port[1..];
    // No sign, no leading zero, so that every parser reads the same number.
    if port.is_empty() || port.starts_with('0') || !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(OriginError::Port);
    }
    Ok((host, Some(port.parse().map_err(|_| OriginError::Port)?)))
}

/// Takes a plain name, or an address in its canonical spelling.
fn read_host(host: &str) -> Result<Option<IpAddr>, OriginError> {
    if let Some(v6) = host.strip_prefix('[') {
        let v6 = v6.strip_suffix(']').ok_or(OriginError::Host)?;
        let address: std::net::Ipv6Addr = v6.parse().map_err(|_| OriginError::Host)?;
        return if address.to_string() == v6 { Ok(Some(address.into())) } else { Err(OriginError::Host) };
    }
    if let Ok(address) = host.parse::<std::net::Ipv4Addr>() {
        return Ok(Some(address.into()));
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
            && !label.starts_with("xn--")
    };
    // A last label that starts with a digit is a number in some spelling: an address to many a parser, never a real name.
    let last_is_name = host.rsplit('.').next().is_some_and(|last| !last.starts_with(|c: char| c.is_ascii_digit()));
    if host.len() <= 253 && last_is_name && host.split('.').all(label) { Ok(None) } else { Err(OriginError::Host) }
}
