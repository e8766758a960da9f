//! A test document all the way: through a service of its own, with the shop's tokens and tax table, a journal of its own,
//! and a stand-in for the cloud on loopback. The shop's journal is not touched; its service adopts the device as it is then.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State as Shared;
use axum::http::{HeaderValue, header};
use kkm_drivers::contract::{TaxSystem, VatRate};
use kkm_drivers::open::{self, DeviceConfig};
use rustix::process::{Pid, Signal, kill_process};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::render::Plan;
use crate::altegio::TaxTable;
use crate::config::{self, TokenSource};

/// A receipt, a shift before it, and a slow printer.
const PATIENCE: Duration = Duration::from_secs(90);

/// A directory and a service that go with the trial.
struct Stage {
    directory: PathBuf,
    service: Option<Child>,
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(service) = &mut self.service {
            // It lets go of the device as it should, for the shop's own service comes next.
            let _ = kill_process(Pid::from_child(service), Signal::TERM);
            let _ = service.wait();
        }
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// Sells 1.00 in cash, and says which document it became.
pub(super) fn sell(plan: &Plan, device: &DeviceConfig) -> Result<String, String> {
    let document = document(device)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    runtime.block_on(play(plan, document))
}

async fn play(plan: &Plan, mut document: Value) -> Result<String, String> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.map_err(|e| e.to_string())?;
    let origin = format!("http://{}", listener.local_addr().map_err(|e| e.to_string())?);
    let (heard, mut callbacks) = unbounded_channel();
    let router = Router::new().fallback(receive).with_state(Arc::new(heard));
    tokio::spawn(async move { axum::serve(listener, router).await });

    let directory = std::env::temp_dir().join(format!("kkm-bridge-setup-{}", std::process::id()));
    let mut stage = Stage { directory, service: None };
    let url = start(plan, &mut stage, &origin)?;
    document["callback_url"] = json!(format!("{origin}/api/v1/integration/kkm/callback/"));
    let token =
        config::read_secret(&TokenSource::File(plan.shop_token_file().to_owned())).map_err(|e| e.to_string())?;
    post(&url, &token, &document).await?;
    let callback = tokio::time::timeout(PATIENCE, callbacks.recv()).await;
    let callback = callback.map_err(|_| format!("no callback within {} s", PATIENCE.as_secs()))?.unwrap_or_default();
    if callback["status"] == "success" {
        return Ok("the document went in, was registered, and its callback came back".to_owned());
    }
    Err(format!("the callback says {}: {}", callback["code"], callback["message"].as_str().unwrap_or_default()))
}

async fn receive(Shared(heard): Shared<Arc<UnboundedSender<Value>>>, body: Bytes) {
    let _ = heard.send(serde_json::from_slice(&body).unwrap_or_default());
}

/// Starts the service; gives its address.
fn start(plan: &Plan, stage: &mut Stage, origin: &str) -> Result<String, String> {
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
    let directory = stage.directory.clone();
    let io = |e: std::io::Error| format!("{}: {e}", directory.display());
    std::fs::DirBuilder::new().mode(0o700).create(&directory).map_err(io)?;
    let path = directory.join("trial.toml");
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(&path).map_err(io)?;
    std::io::Write::write_all(&mut file, plan.on_trial(&directory, origin).text().as_bytes()).map_err(io)?;
    let log = std::fs::File::create(directory.join("log")).map_err(io)?;
    let program = std::env::current_exe().map_err(io)?;
    let mut command = Command::new(program);
    command.arg("--config").arg(&path).arg("run").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
    command.env_remove("NOTIFY_SOCKET");
    let service = stage.service.insert(command.spawn().map_err(io)?);
    let output = service.stdout.take().ok_or("a service without output")?;
    let ready = BufReader::new(output).lines().map_while(Result::ok).find(|line| line.starts_with("kkm-bridge ready"));
    match ready {
        Some(line) => Ok(line.rsplit(' ').next().unwrap_or_default().to_owned()),
        None => {
            let log = std::fs::read_to_string(directory.join("log")).unwrap_or_default();
            Err(format!("the service does not start: {}", log.lines().last().unwrap_or_default()))
        }
    }
}

async fn post(url: &str, token: &SecretString, document: &Value) -> Result<(), String> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().map_err(|e| e.to_string())?;
    let bearer = HeaderValue::from_str(&format!("Bearer {}", token.expose_secret())).map_err(|e| e.to_string())?;
    let request =
        client.post(url).header(header::AUTHORIZATION, bearer).header(header::CONTENT_TYPE, "application/json");
    let answer = request.body(document.to_string()).send().await.map_err(|e| e.to_string())?;
    let status = answer.status();
    let body = answer.text().await.map_err(|e| e.to_string())?;
    if status == 200 { Ok(()) } else { Err(format!("the document was answered {status}: {body}")) }
}

/// One line, 1.00 without VAT where the device has that, under the tax system of its registration.
fn document(device: &DeviceConfig) -> Result<Value, String> {
    let mut driver = open::open(device).map_err(|e| e.to_string())?;
    let abilities = driver.capabilities().map_err(|e| e.to_string())?;
    let identity = driver.identity().map_err(|e| e.to_string())?;
    let table = TaxTable::default();
    // A device without rates of its own takes any.
    let other = abilities.vat_rates.first().filter(|_| !abilities.vat_rates.contains(&VatRate::Exempt));
    let rate = other.copied().unwrap_or(VatRate::Exempt);
    let system = abilities.tax_systems.first().copied().unwrap_or(TaxSystem::DEFAULT);
    let vat = table.vats().find(|(_, vat)| vat.rate == rate).map(|(slug, _)| slug);
    let vat = vat.ok_or_else(|| format!("no slug of the tax table means the rate {rate}"))?;
    let systems = || table.systems();
    let tax = systems().find(|(_, s)| s.system == system).or_else(|| systems().next()).map(|(slug, _)| slug);
    Ok(json!({
        "id": format!("setup-{}-{}", identity.serial, std::process::id()),
        "document_id": 1,
        "type": "sale",
        "positions": [{
            "type": "service", "title": "Проверка / test", "price": 1, "quantity": 1, "discount_amount": 0,
            "vat": vat, "payment_method": "payment",
        }],
        "payments": [{ "type": "cash", "sum": 1 }],
        "tax": tax,
    }))
}
