//! A stand-in for Altegio: sends a document, receives callbacks, prints and records both.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::{HeaderMap, StatusCode, header};
use clap::Args;
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The document that Altegio publishes as its example; the callback is put in at the start.
pub(in crate::console) const EXAMPLE: &str = include_str!("example.json");

#[derive(Args, Debug)]
pub(in crate::console) struct Cloud {
    /// Where callbacks are received; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// File with the token that callbacks must carry
    #[arg(long, value_name = "FILE")]
    token_file: PathBuf,
    /// Send a document to this address of the service
    #[arg(long, value_name = "URL", requires = "shop_token_file")]
    post: Option<String>,
    /// File with the token to send it with
    #[arg(long, value_name = "FILE")]
    shop_token_file: Option<PathBuf>,
    /// The document; its callback is replaced by this stand-in. Default: the documented example without payment terminal
    #[arg(long, value_name = "FILE")]
    document: Option<PathBuf>,
    /// End after the callback: exit code 0 for a success with the right token, else 1
    #[arg(long, requires = "post")]
    once: bool,
    /// How long to wait for the callback with --once
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    patience: u64,
    /// Append each callback to this file, a JSON line each
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
    /// Answer callbacks with these HTTP codes in turn, then 200: 500,500,429
    #[arg(long, value_delimiter = ',')]
    answer: Vec<u16>,
}

/// A callback as it came.
#[derive(Debug)]
struct Callback {
    authorized: bool,
    answered: u16,
    body: Value,
}

struct Desk {
    token: String,
    answers: Mutex<Vec<u16>>,
    record: Option<PathBuf>,
    heard: UnboundedSender<Callback>,
}

pub(super) fn run(cloud: &Cloud) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let played = runtime.map_err(|e| e.to_string()).and_then(|runtime| runtime.block_on(play(cloud)));
    match played {
        Ok(code) => code,
        Err(error) => {
            eprintln!("kkm-bridge simulate cloud: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn play(cloud: &Cloud) -> Result<ExitCode, String> {
    let token = read(&cloud.token_file)?.trim().to_owned();
    let listener = tokio::net::TcpListener::bind(cloud.listen).await.map_err(|e| format!("{}: {e}", cloud.listen))?;
    let origin = format!("http://{}", listener.local_addr().map_err(|e| e.to_string())?);
    let (heard, callbacks) = unbounded_channel();
    let answers = cloud.answer.iter().rev().copied().collect();
    let desk = Arc::new(Desk { token, answers: Mutex::new(answers), record: cloud.record.clone(), heard });
    let router = Router::new().fallback(receive).with_state(desk);
    tokio::spawn(async move { axum::serve(listener, router).await });
    println!("cloud ready on {origin}");
    if let Some(url) = &cloud.post {
        post(cloud, url, &origin).await?;
    }
    if cloud.once { wait_for_one(callbacks, cloud.patience).await } else { print_all(callbacks).await }
}

async fn post(cloud: &Cloud, url: &str, origin: &str) -> Result<(), String> {
    let text = cloud.document.as_ref().map_or_else(|| Ok(EXAMPLE.to_owned()), read)?;
    let mut document: Value = serde_json::from_str(&text).map_err(|e| format!("the document: {e}"))?;
    document["callback_url"] = json!(format!("{origin}/api/v1/integration/kkm/callback/"));
    let token = read(cloud.shop_token_file.as_ref().ok_or("--shop-token-file is missing")?)?;
    println!("--- request: POST {url}\n{}", pretty(&document));
    // An error says that it is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().map_err(|e| e.to_string())?;
    let answer = client
        .post(url)
        .header(header::AUTHORIZATION, format!("Bearer {}", token.trim()))
        .header(header::CONTENT_TYPE, "application/json")
        .body(document.to_string())
        .send()
        .await
        .map_err(|e| format!("{url}: {e}"))?;
    let status = answer.status();
    let body = answer.text().await.map_err(|e| e.to_string())?;
    println!("--- answer: {status}\n{body}");
    if status == StatusCode::OK { Ok(()) } else { Err("the document was not taken".into()) }
}

async fn receive(Shared(desk): Shared<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let expected = format!("Bearer {}", desk.token);
    let authorized = headers.get(header::AUTHORIZATION).is_some_and(|v| v.as_bytes() == expected.as_bytes());
    let code = desk.answers.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or(200);
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    if let Some(path) = &desk.record {
        let line = json!({ "authorized": authorized, "answered": code, "body": body });
        let written =
            std::fs::File::options().create(true).append(true).open(path).and_then(|mut f| writeln!(f, "{line}"));
        if let Err(error) = written {
            eprintln!("{}: {error}", path.display());
            return StatusCode::INTERNAL_SERVER_ERROR;
        }
    }
    let _ = desk.heard.send(Callback { authorized, answered: code, body });
    StatusCode::from_u16(code).unwrap_or(StatusCode::OK)
}

fn say(callback: &Callback) {
    let token = if callback.authorized { "with the right token" } else { "WITHOUT the right token" };
    println!("--- callback, {token}, answered {}\n{}", callback.answered, pretty(&callback.body));
}

async fn print_all(mut callbacks: UnboundedReceiver<Callback>) -> Result<ExitCode, String> {
    while let Some(callback) = callbacks.recv().await {
        say(&callback);
    }
    Ok(ExitCode::SUCCESS)
}

async fn wait_for_one(mut callbacks: UnboundedReceiver<Callback>, patience: u64) -> Result<ExitCode, String> {
    let deadline = tokio::time::sleep(Duration::from_secs(patience));
    tokio::pin!(deadline);
    loop {
        tokio::select! {
            () = &mut deadline => return Err(format!("no callback within {patience} s")),
            callback = callbacks.recv() => {
                let Some(callback) = callback else { return Err("the stand-in has ended".into()) };
                say(&callback);
                if callback.answered == 200 {
                    let good = callback.authorized && callback.body["status"] == "success";
                    return Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE });
                }
            }
        }
    }
}

fn read(path: &PathBuf) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}
