//! Intake over HTTP: check, store, and only then answer.
//!
//! Any path is served by POST; shops are told apart by their token, and by the path where they share one. The answer is the
//! status body of the cloud's protocol: 200 `pending`, or 400 with a code. Storing goes on although the client hangs up.
//! A wrong token is answered 401, and after ten in a minute from one address 429; a right one is never slowed.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Request, State as Shared};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use kkm_drivers::contract::Refusal as DeviceRefusal;
use kkm_drivers::failpoint;
use kkm_drivers::spoil::{self, Spoil};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::altegio::{self, Order, RawId, Refusal, Rules, Status, StatusBody};
use crate::dispatcher::{LaneDoor, words};
use crate::http::{self, BodyFault, StrangerVerdict, Strangers};
use crate::journal::accept::{Acceptance, Incoming, Policy, Repeat, SameId};
use crate::journal::{Journal, JournalError, operations};
use crate::messages::Message;
use crate::outbox::origin;

/// The longest body that is read, in bytes.
pub const BODY_LIMIT: usize = 1024 * 1024;

/// Who may send, and to which device.
pub struct ShopDoor {
    /// Name, for the log.
    pub name: String,
    /// SHA-256 of the token.
    token: [u8; 32],
    /// Path of the URL; `None`: any.
    path: Option<String>,
    /// Name of the device.
    pub device: String,
}

impl ShopDoor {
    /// A door that opens to `token`, on `path` where one is given.
    pub fn new(name: String, token: &SecretString, path: Option<String>, device: String) -> Self {
        Self { name, token: digest(token.expose_secret()), path, device }
    }
}

/// Everything that intake needs.
pub struct Inbox {
    /// Where documents go.
    pub journal: Journal,
    /// How they are read.
    pub rules: Rules,
    /// Who may send.
    pub shops: Vec<ShopDoor>,
    /// By device.
    pub lanes: BTreeMap<String, LaneDoor>,
    /// Where callbacks may go.
    pub origins: origin::Policy,
    /// For documents that name no callback.
    pub default_callback: String,
    /// For twins.
    pub repeat: Repeat,
    /// For the same id after an error.
    pub same_id_after_error: SameId,
    /// The longest that a document may wait.
    pub give_up_cap: Duration,
    /// Time for a body to arrive.
    pub body_timeout: Duration,
    /// Wakes the outbox.
    pub reports: Arc<tokio::sync::Notify>,
}

/// The routes.
pub fn router(inbox: Arc<Inbox>) -> Router {
    Router::new().fallback(receive).with_state(Door { inbox, strangers: Arc::default() })
}

/// Intake, and who was wrong of late.
#[derive(Clone)]
struct Door {
    inbox: Arc<Inbox>,
    strangers: Arc<Strangers>,
}

async fn receive(Shared(Door { inbox, strangers }): Shared<Door>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    if head.method != Method::POST {
        return meta(StatusCode::NOT_FOUND, None);
    }
    let shop = match inbox.door(&head.headers, head.uri.path()) {
        Ok(shop) => shop,
        Err(StatusCode::UNAUTHORIZED) => {
            let peer = head.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
            return stranger(&strangers, peer, inbox.journal.clock().now().boot_ms);
        }
        Err(denied) => return meta(denied, Some("Access denied.")),
    };
    match http::whole_body(body, BODY_LIMIT, inbox.body_timeout).await {
        // The client may hang up; what was begun is finished all the same.
        Ok(body) => {
            let inbox = inbox.clone();
            http::detached(async move { inbox.take(shop, &body).await }).await
        }
        Err(fault) => {
            let message = match fault {
                BodyFault::TooLarge => Message::TooLarge { limit_kib: BODY_LIMIT / 1024 },
                BodyFault::TooSlow | BodyFault::Broken => Message::Incomplete,
            };
            let mut answer = refuse(fault.status(), None, &Refusal::from(message), &inbox.rules);
            // What follows on this connection is the rest of a body, no request.
            answer.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            answer
        }
    }
}

impl Inbox {
    /// Which shop it is, by token and path. All doors are tried, in equal time.
    fn door(&self, headers: &HeaderMap, path: &str) -> Result<usize, StatusCode> {
        let token = digest(bearer(headers).ok_or(StatusCode::UNAUTHORIZED)?);
        let mut known = false;
        let mut found = None;
        for (index, shop) in self.shops.iter().enumerate() {
            if bool::from(shop.token.ct_eq(&token)) {
                known = true;
                let here = shop.path.as_deref().is_none_or(|p| p.trim_end_matches('/') == path.trim_end_matches('/'));
                if here && (found.is_none() || shop.path.is_some()) {
                    found = Some(index);
                }
            }
        }
        match found {
            Some(index) => Ok(index),
            None if known => Err(StatusCode::FORBIDDEN),
            None => Err(StatusCode::UNAUTHORIZED),
        }
    }

    async fn take(&self, shop: usize, body: &Bytes) -> Response {
        let shop = &self.shops[shop];
        let now = self.journal.clock().now();
        let at = Timestamp::from_millisecond(now.wall_ms).unwrap_or(Timestamp::UNIX_EPOCH);
        let order = match altegio::read(body, &self.rules, at) {
            Ok(order) => order,
            Err(rejected) => {
                tracing::warn!(shop = shop.name, message = %rejected.refusal.message.render(crate::messages::Locale::En), "refused");
                return refuse(StatusCode::BAD_REQUEST, rejected.id, &rejected.refusal, &self.rules);
            }
        };
        let id = order.id.clone();
        match self.store(shop, order, body).await {
            Ok(Ok(())) => answer(StatusCode::OK, &StatusBody::pending(id)),
            Ok(Err(No::Says(message))) => {
                let refusal = Refusal::from(message);
                tracing::warn!(shop = shop.name, id = id.key(), code = refusal.code.number(), "refused");
                refuse(StatusCode::BAD_REQUEST, Some(id), &refusal, &self.rules)
            }
            Ok(Err(No::Stored { code, message })) => {
                let body = StatusBody { id: Some(id), status: Status::Error, code, message };
                answer(StatusCode::BAD_REQUEST, &body)
            }
            Err(error) => {
                tracing::error!(%error, "the document could not be stored");
                refuse(StatusCode::BAD_REQUEST, Some(id), &Refusal::from(Message::Stopping), &self.rules)
            }
        }
    }

    async fn store(&self, shop: &ShopDoor, order: Order, body: &Bytes) -> Result<Result<(), No>, JournalError> {
        let url = order.callback_url.clone().unwrap_or_else(|| self.default_callback.clone());
        if let Err(error) = self.origins.check(&url)
            && !spoil::is(Spoil::CallbackUnchecked)
        {
            tracing::warn!(shop = shop.name, id = order.id.key(), %error, "the callback would leave the allow-list");
            return Ok(Err(No::Says(Message::CallbackNotAllowed { host: host_of(&url) })));
        }
        let Some(lane) = self.lanes.get(&shop.device) else { return Ok(Err(No::Says(Message::UnknownDevice))) };
        let document_id = order.document_id;
        let incoming = self.incoming(shop, &order, body, url);
        let policy = Policy {
            repeat: self.repeat,
            same_id_after_error: self.same_id_after_error,
            give_up_cap: self.give_up_cap,
            receipt_time: lane.receipt_time.get(),
        };
        failpoint::hit("inbox.before-commit");
        let acceptance = if spoil::is(Spoil::AnswerBeforeCommit) {
            let (journal, bell) = (self.journal.clone(), lane.bell.clone());
            tokio::spawn(async move {
                // The window that a commit before the answer closes.
                tokio::time::sleep(Duration::from_secs(1)).await;
                let _ = journal.accept(incoming, policy).await;
                bell.ring();
            });
            return Ok(Ok(()));
        } else {
            self.journal.accept(incoming, policy).await?
        };
        failpoint::hit("inbox.accepted");
        Ok(self.say(acceptance, document_id, lane))
    }

    fn incoming(&self, shop: &ShopDoor, order: &Order, body: &Bytes, url: String) -> Incoming {
        let body_of = order.body();
        let success = words::success(order.id.json(), None, self.rules.altegio.locale);
        Incoming {
            device: shop.device.clone(),
            request_id: order.id.json().to_owned(),
            document_id: order.document_id,
            date_ms: order.date.as_millisecond(),
            fiscal_hash: order.fiscal_hash,
            twin_hash: order.twin_hash,
            total: order.receipt.total(),
            request: body.to_vec(),
            notes: serde_json::to_string(
                &order.notes.iter().map(|n| n.render(self.rules.altegio.locale)).collect::<Vec<_>>(),
            )
            .unwrap_or_else(|_| "[]".into()),
            kind: operations::kind(&body_of),
            body: body_of,
            callback_url: Some(url),
            success_body: success.body,
        }
    }

    fn say(&self, acceptance: Acceptance, document_id: i64, lane: &LaneDoor) -> Result<(), No> {
        let message = match acceptance {
            Acceptance::Queued(row) => {
                tracing::info!(document = row, sale = document_id, "accepted");
                lane.bell.ring();
                return Ok(());
            }
            Acceptance::Pending(row) => {
                tracing::info!(document = row, "the same document again; answered as before");
                return Ok(());
            }
            Acceptance::Twin(row) => {
                tracing::info!(document = row, "registered once for both ids");
                self.reports.notify_one();
                return Ok(());
            }
            Acceptance::Failed { code, message } => return Err(No::Stored { code, message }),
            Acceptance::OtherContent => Message::OtherContent,
            Acceptance::EarlierUndecided => Message::WaitForFirst { document_id },
            Acceptance::AlreadyRegistered { proof, at_ms, confirmed } => Message::AlreadyRegistered {
                number: proof.document_number,
                time: self.time_of_day(at_ms),
                confirmed,
                document_id,
            },
            Acceptance::LaneFull { ahead } => Message::Ahead { receipts: ahead as usize },
            Acceptance::PersonNeeded => Message::PersonMustDecide,
            Acceptance::DeviceCannot(reason) => Message::Device(DeviceRefusal::of(reason)),
            Acceptance::NoRoom => Message::JournalFull,
        };
        Err(No::Says(message))
    }

    fn time_of_day(&self, at_ms: i64) -> String {
        let at = Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::UNIX_EPOCH);
        at.to_zoned_datetime(self.rules.altegio.time_zone.clone()).strftime("%H:%M").to_string()
    }
}

/// Why a document is not taken.
enum No {
    /// For a reason of today.
    Says(Message),
    /// It was taken before and ended in this error.
    Stored { code: u16, message: String },
}

fn host_of(url: &str) -> String {
    origin::origin_of(url).split("://").nth(1).unwrap_or_default().to_owned()
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// The first part of `Bearer <token>[, User <token>]`; one header only.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let value = all.next()?.to_str().ok()?;
    if all.next().is_some() {
        return None;
    }
    let first = value.split(',').next()?.trim();
    let (scheme, token) = first.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty()).then(|| token.trim())
}

fn refuse(status: StatusCode, id: Option<RawId>, refusal: &Refusal, rules: &Rules) -> Response {
    answer(status, &StatusBody::error(id, refusal, rules.altegio.locale))
}

fn answer(status: StatusCode, body: &StatusBody) -> Response {
    json(status, body.to_json())
}

/// A request without a token of ours.
fn stranger(strangers: &Strangers, peer: Option<IpAddr>, now_ms: i64) -> Response {
    match strangers.wrong(peer, now_ms) {
        StrangerVerdict::Wrong => meta(StatusCode::UNAUTHORIZED, Some("Authentication needed.")),
        StrangerVerdict::Wait { left, first } => {
            if first {
                tracing::warn!(?peer, "too many wrong tokens; who has the right one is served on");
            }
            let mut answer = meta(StatusCode::TOO_MANY_REQUESTS, Some("Too many wrong tokens."));
            let seconds = left.as_millis().div_ceil(1000);
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds as u64));
            answer
        }
    }
}

/// The cloud's own form for requests that are no documents.
fn meta(status: StatusCode, message: Option<&str>) -> Response {
    let meta = message.map_or_else(|| serde_json::json!({}), |m| serde_json::json!({ "message": m }));
    json(status, serde_json::json!({ "success": false, "data": null, "meta": meta }).to_string())
}

fn json(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}
