//! A receipt all the way, on this machine alone: register, service and cloud as processes of their own.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};

use clap::Args;

const SHOP_TOKEN: &str = "demo-shop-token-0000000000000000";
const PARTNER_TOKEN: &str = "demo-partner-token-00000000000000";

#[derive(Args, Debug)]
pub(super) struct Demo {
    /// Show one receipt and end: exit code 0 when its callback says success
    #[arg(long)]
    once: bool,
}

/// A process that ends with the demo.
struct Process {
    child: Child,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(super) fn run(demo: &Demo) -> ExitCode {
    match play(demo) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("kkm-bridge demo: {error}");
            ExitCode::FAILURE
        }
    }
}

/// A directory that goes with the demo.
struct Stage(PathBuf);

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Stage {
    fn set() -> Result<Self, String> {
        let directory = std::env::temp_dir().join(format!("kkm-bridge-demo-{}", std::process::id()));
        std::fs::create_dir_all(&directory).map_err(|e| format!("{}: {e}", directory.display()))?;
        Ok(Self(directory))
    }

    fn file(&self, name: &str, text: &str) -> Result<PathBuf, String> {
        use std::os::unix::fs::OpenOptionsExt;
        let path = self.0.join(name);
        let mut options = std::fs::OpenOptions::new();
        options.create(true).write(true).truncate(true).mode(0o600);
        let written = options.open(&path).and_then(|mut f| std::io::Write::write_all(&mut f, text.as_bytes()));
        written.map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(path)
    }
}

fn play(demo: &Demo) -> Result<ExitCode, String> {
    let stage = Stage::set()?;
    let line = stage.0.join("register.tty");
    let shop_token = stage.file("shop.token", SHOP_TOKEN)?;
    let partner_token = stage.file("partner.token", PARTNER_TOKEN)?;
    let callback_port = free_port()?;
    let config = stage.file("kkm-bridge.toml", &settings(&stage.0, &line, callback_port))?;

    println!("A simulated Shtrih-M register on {}, the service and a stand-in for Altegio,", line.display());
    println!("each a process of its own. The document is Altegio's published example; its request for a");
    println!("payment terminal (pos.enabled) is switched off, for there is none here.\n");
    let mut register = command(&["simulate", "register", "--protocol", "shtrih"]);
    register.arg("--books").arg(stage.0.join("books")).arg("--pty").arg(&line);
    let (_register, _) = start(register, "register ")?;
    let mut service = command(&["run", "--config"]);
    service.arg(&config).env("KKM_BRIDGE_LOG", "warn");
    let (_service, ready) = start(service, "kkm-bridge ready")?;
    let url = ready.rsplit(' ').next().unwrap_or_default().to_owned();

    let mut cloud = command(&["simulate", "cloud"]);
    cloud.arg("--listen").arg(format!("127.0.0.1:{callback_port}"));
    cloud.arg("--token-file").arg(&partner_token).arg("--shop-token-file").arg(&shop_token).arg("--post").arg(&url);
    if demo.once {
        cloud.arg("--once");
    } else {
        println!("Send your own (another id each time), and read the callback here; Ctrl-C ends:\n");
        println!("  curl -s {url} -H 'Authorization: Bearer {SHOP_TOKEN}' -H 'Content-Type: application/json' \\");
        println!("    -d '{}'\n", your_own(callback_port));
    }
    let status = cloud.status().map_err(|e| format!("the stand-in for the cloud: {e}"))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn settings(directory: &Path, line: &Path, callback_port: u16) -> String {
    format!(
        r#"[intake]
listen = "127.0.0.1:0"

[journal]
directory = "{directory}/journal"

[callback]
token = {{ file = "{directory}/partner.token" }}
allowed = ["http://127.0.0.1:{callback_port}"]

[shops.demo]
token = {{ file = "{directory}/shop.token" }}
device = "front"

[devices.front.driver]
family = "shtrih"
port = "{line}"
"#,
        directory = directory.display(),
        line = line.display(),
    )
}

fn your_own(callback_port: u16) -> String {
    let mut document: serde_json::Value = serde_json::from_str(super::simulate::EXAMPLE).expect("the example is JSON");
    document["id"] = "my-own-1".into();
    document["document_id"] = 1.into();
    document["callback_url"] = format!("http://127.0.0.1:{callback_port}/api/v1/integration/kkm/callback/").into();
    document.to_string()
}

fn command(arguments: &[&str]) -> Command {
    let program = std::env::current_exe().unwrap_or_else(|_| "kkm-bridge".into());
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Starts a process and waits for its ready line; what it prints afterwards is passed on.
fn start(mut command: Command, ready: &str) -> Result<(Process, String), String> {
    let child = command.stdout(Stdio::piped()).spawn().map_err(|e| format!("{command:?}: {e}"))?;
    let mut process = Process { child };
    let mut output = BufReader::new(process.child.stdout.take().ok_or("a process without output")?);
    let mut line = String::new();
    loop {
        line.clear();
        let read = output.read_line(&mut line).map_err(|e| e.to_string())?;
        if read == 0 {
            return Err(format!("a part ended before it was ready: {command:?}"));
        }
        if line.starts_with(ready) {
            break;
        }
    }
    std::thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            println!("{line}");
        }
    });
    Ok((process, line.trim_end().to_owned()))
}

/// A port that is free now; the stand-in takes it a moment later.
fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|e| e.to_string())?;
    Ok(listener.local_addr().map_err(|e| e.to_string())?.port())
}
