//! One attempt over HTTP.
//!
//! `POST` of the stored bytes, with the headers that the vendor documents. The token is in one header, marked sensitive,
//! and nowhere else. Every hop is checked by [`Policy`] before anything is dialled, and dialled at an address that
//! [`resolve`](super::resolve) has checked; proxies from the environment are ignored. Redirects: 307 and 308 are followed
//! by hand, at most [`MOST_HOPS`], to allowed targets only; any other is an answer that failed.
//!
//! Limits: 10 s to connect, 30 s in all, 8 KiB of the answer's body (never decompressed), no connection kept for later.
//! TLS is rustls with ring, 1.2 or newer, built at the first https target: plain http to loopback needs no certificates.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue, LOCATION, RETRY_AFTER};
use reqwest::{Client, ClientBuilder, Response, redirect};
use secrecy::{ExposeSecret, SecretString};

use super::origin::{Policy, Product, Target};
use super::resolve::{Checked, Lookup, SystemLookup};
use super::{Answer, Post, Report};

/// So many redirects are followed.
pub const MOST_HOPS: usize = 3;

/// So much of an answer's body is read.
pub const MOST_BODY_BYTES: usize = 8 * 1024;

/// The body only explains the status: it is not waited for any longer.
const BODY_TIME: Duration = Duration::from_secs(5);

/// So much of the body is kept for the log.
const NOTE_CHARS: usize = 200;

/// What can be set.
pub struct Options {
    /// The second part of `Authorization`, where the partner uses it.
    pub user_token: Option<SecretString>,
    /// For name, connection and handshake.
    pub connect_timeout: Duration,
    /// For one attempt in all, redirects included.
    pub total_timeout: Duration,
    /// Where addresses come from.
    pub lookup: Arc<dyn Lookup>,
    /// Certificates to trust instead of the system's; empty for the system's.
    pub roots: Vec<reqwest::Certificate>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            user_token: None,
            connect_timeout: Duration::from_secs(10),
            total_timeout: Duration::from_secs(30),
            lookup: Arc::new(SystemLookup),
            roots: Vec::new(),
        }
    }
}

/// Why there can be no sender.
#[derive(Debug, thiserror::Error)]
pub enum SenderError {
    /// A token must be visible ASCII without blank or comma, and not empty.
    #[error("the token has characters that cannot be sent in a header, or is empty")]
    Token,
    /// The HTTP client.
    #[error("the HTTP client cannot be built")]
    Client(#[source] reqwest::Error),
}

/// Sends reports.
pub struct Sender {
    policy: Arc<Policy>,
    resolver: Arc<Checked>,
    tokens: Vec<SecretString>,
    authorization: HeaderValue,
    options: Options,
    plain: Client,
    tls: Mutex<Option<Client>>,
}

impl Sender {
    /// A sender of that partner token to that list.
    pub fn new(policy: Arc<Policy>, token: SecretString, mut options: Options) -> Result<Self, SenderError> {
        // An error says that another part was first: one provider is installed either way.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let user = options.user_token.take();
        let authorization = authorization(&token, user.as_ref())?;
        let resolver = Arc::new(Checked::new(Arc::clone(&policy), Arc::clone(&options.lookup)));
        // Trusts no certificate: it speaks plain http only.
        let plain = client(&resolver, &options).tls_certs_only([]).build().map_err(SenderError::Client)?;
        let tokens = std::iter::once(token).chain(user).collect();
        Ok(Self { policy, resolver, tokens, authorization, options, plain, tls: Mutex::new(None) })
    }

    async fn attempt(&self, report: &Report) -> Answer {
        let mut target = match self.policy.check(&report.url) {
            Ok(target) => target,
            Err(error) => return Answer::NotAllowed(error),
        };
        for hop in 0..=MOST_HOPS {
            let response = match self.request(&target, Some(&report.body)).await {
                Ok(response) => response,
                // After a redirect, bytes have left: an earlier hop has them.
                Err(Answer::Unreachable(why)) if hop > 0 => return Answer::NoAnswer(why),
                Err(answer) => return answer,
            };
            let code = response.status().as_u16();
            let refused = |note: String| Answer::Status { code, retry_after: None, note };
            match (code, location(&response, &target)) {
                (307 | 308, Some(place)) => match self.policy.check(&place) {
                    Ok(next) => target = next,
                    Err(error) => return refused(format!("redirect refused, to {}: {error}", host(&place))),
                },
                (300..=399, Some(place)) => return refused(format!("redirect not followed, to {}", host(&place))),
                _ => return self.read(response).await,
            }
        }
        Answer::Status { code: 307, retry_after: None, note: "too many redirects".to_owned() }
    }

    /// Reads a reference list of the cloud: GET with the same token, to the same list of places, at most `limit` bytes.
    pub async fn get(&self, url: &str, limit: usize) -> Result<Vec<u8>, Answer> {
        let target = self.policy.check(url).map_err(Answer::NotAllowed)?;
        let read = async {
            let mut response = self.request(&target, None).await?;
            if response.status() != 200 {
                return Err(self.read(response).await);
            }
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(|e| Answer::NoAnswer(chain(&e.without_url())))? {
                body.extend_from_slice(&chunk);
                if body.len() > limit {
                    return Err(Answer::NoAnswer(format!("the answer is longer than {limit} bytes")));
                }
            }
            Ok(body)
        };
        let late = || Err(Answer::NoAnswer("no answer in time".to_owned()));
        tokio::time::timeout(self.options.total_timeout, read).await.unwrap_or_else(|_| late())
    }

    /// GET, or POST of a body.
    async fn request(&self, target: &Target, body: Option<&str>) -> Result<Response, Answer> {
        let client = self.client_for(target)?;
        let accept = match target.product {
            Product::Altegio => "application/vnd.api.v2+json",
            Product::Yclients => "application/vnd.yclients.v2+json",
        };
        let headers = HeaderMap::from_iter([
            (AUTHORIZATION, self.authorization.clone()),
            (ACCEPT, HeaderValue::from_static(accept)),
            (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        ]);
        let request = match body {
            Some(body) => client.post(target.url().clone()).body(body.to_owned()),
            None => client.get(target.url().clone()),
        };
        request.headers(headers).send().await.map_err(|error| {
            let connecting = error.is_connect();
            let why = chain(&error.without_url());
            if connecting { Answer::Unreachable(why) } else { Answer::NoAnswer(why) }
        })
    }

    fn client_for(&self, target: &Target) -> Result<Client, Answer> {
        if target.url().scheme() == "http" {
            return Ok(self.plain.clone());
        }
        let mut tls = self.tls.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = &*tls {
            return Ok(client.clone());
        }
        let mut builder =
            client(&self.resolver, &self.options).https_only(true).tls_version_min(reqwest::tls::Version::TLS_1_2);
        if !self.options.roots.is_empty() {
            builder = builder.tls_certs_only(self.options.roots.clone());
        }
        let client = builder.build().map_err(|error| Answer::Unreachable(format!("no TLS here: {}", chain(&error))))?;
        Ok(tls.insert(client).clone())
    }

    async fn read(&self, mut response: Response) -> Answer {
        let code = response.status().as_u16();
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.map(|value| value.chars().take(64).collect());
        let mut body = Vec::new();
        // The status has arrived and counts, whatever becomes of the body.
        let _ = tokio::time::timeout(BODY_TIME.min(self.options.total_timeout / 2), async {
            while body.len() < MOST_BODY_BYTES {
                let Ok(Some(chunk)) = response.chunk().await else { break };
                body.extend_from_slice(&chunk[..chunk.len().min(MOST_BODY_BYTES - body.len())]);
            }
        })
        .await;
        Answer::Status { code, retry_after, note: self.note(&body) }
    }

    /// The start of the body, on one line, without our tokens should they be echoed.
    fn note(&self, body: &[u8]) -> String {
        let text = String::from_utf8_lossy(body);
        if self.tokens.iter().any(|token| text.contains(token.expose_secret())) {
            return "(the answer repeats our token; withheld)".to_owned();
        }
        text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(NOTE_CHARS).collect()
    }
}

impl Post for Sender {
    async fn send(&self, report: &Report) -> Answer {
        match tokio::time::timeout(self.options.total_timeout, self.attempt(report)).await {
            Ok(answer) => answer,
            Err(_) => Answer::NoAnswer("no answer in time".to_owned()),
        }
    }
}

fn client(resolver: &Arc<Checked>, options: &Options) -> ClientBuilder {
    Client::builder()
        .no_proxy()
        .redirect(redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .dns_resolver(Arc::clone(resolver))
        .connect_timeout(options.connect_timeout)
        // Each attempt resolves, checks and dials anew.
        .pool_max_idle_per_host(0)
        .user_agent(concat!("kkm-bridge/", env!("CARGO_PKG_VERSION")))
}

fn authorization(token: &SecretString, user: Option<&SecretString>) -> Result<HeaderValue, SenderError> {
    let sound = |token: &SecretString| {
        let token = token.expose_secret();
        !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',')
    };
    if !sound(token) || !user.is_none_or(sound) {
        return Err(SenderError::Token);
    }
    let mut text = format!("Bearer {}", token.expose_secret());
    if let Some(user) = user {
        text.push_str(", User ");
        text.push_str(user.expose_secret());
    }
    let mut value = HeaderValue::try_from(text).map_err(|_| SenderError::Token)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Where a redirect leads: absolute as it came, or an absolute path at the same origin; anything else fails the check.
fn location(response: &Response, target: &Target) -> Option<String> {
    let place = response.headers().get(LOCATION)?.to_str().unwrap_or("").to_owned();
    let same_origin = place.starts_with('/') && !place.starts_with("//");
    Some(if same_origin { format!("{}{place}", target.origin()) } else { place })
}

/// The host alone, for the log.
fn host(place: &str) -> String {
    let url = url::Url::parse(place).ok();
    url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_else(|| "nowhere".to_owned())
}

/// An error and its causes on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
