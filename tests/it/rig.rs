//! A shop on a bench: register, daemon and cloud, and the books of each.

#[path = "rig/printer.rs"]
mod printer;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

pub use self::printer::PrinterLink;
use kkm_drivers::simulator::books::{self, BookedDocument, Kind};
use serde_json::{Value, json};

pub const SHOP_TOKEN: &str = "shop-token-0123456789abcdef";
pub const PARTNER_TOKEN: &str = "partner-token-0123456789abcdef";

/// No event of a test takes longer on a busy machine. `KKM_TEST_PATIENCE_S` shortens it where failures are expected.
pub fn patience() -> Duration {
    let seconds = std::env::var("KKM_TEST_PATIENCE_S").ok().and_then(|s| s.parse().ok()).unwrap_or(60);
    Duration::from_secs(seconds)
}

/// The documented example without its payment terminal; `callback_url` is put in by [`Rig::post`].
pub fn example() -> Value {
    serde_json::from_str(include_str!("../../src/console/simulate/example.json")).expect("the example is JSON")
}

/// The documented example as another sale of its own.
pub fn another(id: &str, document_id: i64) -> Value {
    let mut document = example();
    document["id"] = json!(id);
    document["document_id"] = json!(document_id);
    document
}

/// How the register is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// A pseudo-terminal, as a serial line.
    Pty,
    /// A socket.
    Tcp,
    /// None: the register of the family `simulated` lives in the daemon.
    Inside,
}

struct RunningRegister {
    child: Child,
    console: ChildStdin,
    said: Mutex<Receiver<String>>,
}

pub struct Rig {
    dir: tempfile::TempDir,
    wire: Wire,
    /// Where the register was when it last started on TCP.
    address: Option<String>,
    /// Lines of the device's section in the place of its own port.
    beside: Option<String>,
    register: Option<RunningRegister>,
    daemon: Option<Child>,
    pub url: String,
    pub cloud: Cloud,
    settings: String,
    intake: String,
    listen: String,
    origins: Vec<String>,
}

impl Rig {
    /// A register and a cloud; the daemon is started by [`Rig::start`].
    pub fn new() -> Self {
        Self::with("")
    }

    /// The same with further lines at the end of the configuration.
    pub fn with(settings: &str) -> Self {
        Self::wired(Wire::Pty, settings)
    }

    /// The same over another wire.
    pub fn wired(wire: Wire, settings: &str) -> Self {
        let mut rig = Self::bare(wire, settings);
        if wire != Wire::Inside {
            rig.start_register(&[]);
        }
        rig
    }

    /// A daemon and a cloud of their own at somebody else's register.
    pub fn beside(other: &Self) -> Self {
        let mut rig = Self::bare(other.wire, "");
        rig.beside = Some(other.port());
        rig
    }

    /// The device of the configuration by lines of its own: `port = "auto"`, and what else it needs.
    pub fn place(&mut self, lines: &str) {
        self.beside = Some(lines.to_owned());
    }

    fn bare(wire: Wire, settings: &str) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let cloud = Cloud::open();
        let origins = vec![cloud.origin.clone()];
        let settings = settings.to_owned();
        let rig = Self {
            dir,
            wire,
            address: None,
            beside: None,
            register: None,
            daemon: None,
            url: String::new(),
            cloud,
            settings,
            intake: String::new(),
            listen: "127.0.0.1:0".to_owned(),
            origins,
        };
        rig.secret("shop.token", SHOP_TOKEN);
        rig.secret("partner.token", PARTNER_TOKEN);
        rig
    }

    fn secret(&self, name: &str, text: &str) {
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.create(true).write(true).truncate(true).mode(0o600).open(self.path(name)).expect("made");
        file.write_all(text.as_bytes()).expect("written");
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn port(&self) -> String {
        let dir = self.dir.path().display();
        match (self.wire, &self.beside, &self.address) {
            (Wire::Inside, _, _) => format!("family = \"simulated\"\nport = \"{dir}/books\""),
            (Wire::Pty | Wire::Tcp, Some(port), _) => port.clone(),
            // Nothing of an earlier connection is under way on loopback.
            (Wire::Tcp, None, Some(address)) => {
                format!("family = \"shtrih\"\nport = \"tcp://{address}\"\nquiet_ms = 0")
            }
            (Wire::Pty | Wire::Tcp, None, _) => format!("family = \"shtrih\"\nport = \"{dir}/register.tty\""),
        }
    }

    pub fn config(&self) -> PathBuf {
        let path = self.path("kkm-bridge.toml");
        let dir = self.dir.path().display();
        let port = self.port();
        let text = format!(
            r#"[intake]
listen = "{listen}"
{intake}

[journal]
directory = "{dir}/journal"

[callback]
token = {{ file = "{dir}/partner.token" }}
allowed = [{allowed}]

[shops.salon]
token = {{ file = "{dir}/shop.token" }}
device = "front"

[devices.front.driver]
{port}

{settings}
"#,
            allowed = self.origins.iter().map(|o| format!("{o:?}")).collect::<Vec<_>>().join(", "),
            listen = self.listen,
            intake = self.intake,
            settings = self.settings,
        );
        // Another daemon may be reading it.
        if std::fs::read_to_string(&path).ok().as_ref() != Some(&text) {
            std::fs::write(&path, text).expect("written");
        }
        path
    }

    pub fn start_register(&mut self, faults: &[&str]) {
        let mut command = Command::new(program());
        command.args(["simulate", "register", "--protocol", "shtrih", "--quiet"]);
        command.arg("--books").arg(self.path("books"));
        match self.wire {
            Wire::Pty => command.arg("--pty").arg(self.path("register.tty")),
            Wire::Tcp => command.arg("--tcp").arg(self.address.clone().unwrap_or_else(port_of_our_own)),
            Wire::Inside => panic!("it has no line to start on"),
        };
        for fault in faults {
            command.args(["--fault", fault]);
        }
        let line = self.run_device(command, "register ");
        if self.wire == Wire::Tcp {
            self.address = line.rsplit(' ').next().map(|address| address.trim().to_owned());
        }
    }

    /// Runs a simulated device; gives the line by which it says that it is ready.
    fn run_device(&mut self, mut command: Command, prefix: &str) -> String {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log(&self.path("register.log")))
            .spawn()
            .expect("the register starts");
        let console = child.stdin.take().expect("piped");
        let mut output = BufReader::new(child.stdout.take().expect("piped"));
        let line = ready(&mut output, prefix).expect("the device is ready");
        let (say, said) = channel();
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| say.send(line)));
        self.register = Some(RunningRegister { child, console, said: Mutex::new(said) });
        line
    }

    /// Types a line at the register's console; gives the first line of its answer, when it is done.
    pub fn register(&mut self, line: &str) -> String {
        let register = self.register.as_mut().expect("the register runs");
        let said = register.said.get_mut().expect("whole");
        said.try_iter().for_each(drop);
        writeln!(register.console, "{line}").expect("taken");
        register.console.flush().expect("taken");
        let said = said.recv_timeout(patience()).expect("the register answers");
        assert!(!said.starts_with("not done") && !said.contains("accepted is"), "{line}: {said}");
        said
    }

    pub fn kill_register(&mut self) {
        if let Some(mut register) = self.register.take() {
            let _ = register.child.kill();
            let _ = register.child.wait();
        }
    }

    pub fn start(&mut self) {
        self.start_with(&[]);
    }

    /// A further line of the section `[intake]`.
    pub fn settings_at_top(&mut self, line: &str) {
        line.clone_into(&mut self.intake);
    }

    /// Lets callbacks go to another origin too.
    pub fn allow_origin(&mut self, origin: &str) {
        self.origins.push(origin.to_owned());
    }

    /// Every daemon listens at the same address from now on.
    pub fn listen_at_one_port(&mut self) {
        let free = port_of_our_own();
        self.listen.clone_from(&free);
        self.url = format!("http://{free}/");
    }

    /// A daemon that is waited for by nobody; where there is a port of ours, it is found there once it is ready.
    pub fn spawn(&self) -> Child {
        let mut command = self.daemon_command(&[]);
        command.stdout(Stdio::null()).spawn().expect("the daemon starts")
    }

    /// Starts the daemon with further environment, and waits until it is ready.
    pub fn start_with(&mut self, environment: &[(&str, &str)]) {
        assert!(self.try_start(environment), "the daemon did not become ready:\n{}", self.log());
    }

    /// The same, when it may die before it is ready.
    pub fn try_start(&mut self, environment: &[(&str, &str)]) -> bool {
        let mut child = self.daemon_command(environment).stdout(Stdio::piped()).spawn().expect("the daemon starts");
        let mut output = BufReader::new(child.stdout.take().expect("piped"));
        match ready(&mut output, "kkm-bridge ready") {
            Some(line) => {
                // The rest goes nowhere, but is read, so that nobody waits for us.
                std::thread::spawn(move || std::io::copy(&mut output, &mut std::io::sink()));
                line.rsplit(' ').next().expect("an address").trim().clone_into(&mut self.url);
                self.daemon = Some(child);
                true
            }
            None => {
                let _ = child.wait();
                false
            }
        }
    }

    fn daemon_command(&self, environment: &[(&str, &str)]) -> Command {
        let mut command = Command::new(program());
        command.arg("--config").arg(self.config()).arg("run");
        command.env("KKM_BRIDGE_LOG", "debug");
        if let Ok(spoil) = std::env::var("KKM_TEST_SPOIL") {
            command.env("KKM_BRIDGE_SPOIL", spoil);
        }
        command.envs(environment.iter().copied());
        command.stdin(Stdio::null()).stderr(log(&self.path("daemon.log")));
        command
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.path("daemon.log")).unwrap_or_default()
    }

    /// Waits until the log contains `text`.
    #[track_caller]
    pub fn await_log(&self, text: &str) {
        let deadline = Instant::now() + patience();
        while !self.log().contains(text) {
            assert!(Instant::now() < deadline, "never {text:?}:\n{}", self.log());
            std::thread::park_timeout(Duration::from_millis(10));
        }
    }

    /// Waits until the daemon has died by itself.
    pub fn wait_for_death(&mut self) {
        self.wait_for_exit();
    }

    /// The same, with its exit code.
    pub fn wait_for_exit(&mut self) -> Option<i32> {
        let mut child = self.daemon.take().expect("the daemon runs");
        let deadline = Instant::now() + patience();
        loop {
            if let Some(status) = child.try_wait().expect("asked") {
                return status.code();
            }
            assert!(Instant::now() < deadline, "the daemon lives:\n{}", self.log());
            std::thread::yield_now();
            std::thread::park_timeout(Duration::from_millis(2));
        }
    }

    /// Sends a signal to the daemon.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let daemon = self.daemon.as_ref().expect("the daemon runs");
        rustix::process::kill_process(rustix::process::Pid::from_child(daemon), signal).expect("sent");
    }

    pub fn kill(&mut self) {
        if let Some(mut child) = self.daemon.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Sends a document with its callback at the stand-in.
    pub fn post(&self, document: &Value) -> Reply {
        self.try_post(document).unwrap_or_else(|error| panic!("no answer: {error}\n{}", self.log()))
    }

    pub fn try_post(&self, document: &Value) -> std::io::Result<Reply> {
        let mut document = document.clone();
        if document.get("callback_url").is_none() {
            document["callback_url"] = json!(format!("{}/api/v1/integration/kkm/callback/", self.cloud.origin));
        }
        self.post_bytes(document.to_string().as_bytes(), &format!("Bearer {SHOP_TOKEN}"))
    }

    pub fn post_bytes(&self, body: &[u8], authorization: &str) -> std::io::Result<Reply> {
        let address = self.url.trim_start_matches("http://").trim_end_matches('/');
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(patience()))?;
        let head = format!(
            "POST / HTTP/1.1\r\nHost: {address}\r\nAuthorization: {authorization}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes())?;
        // A server may refuse before it has read all.
        let _ = stream.write_all(body);
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Reply::parse(&String::from_utf8_lossy(&answer))
            .ok_or_else(|| std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "the answer broke off"))
    }

    /// All documents in the register's own books.
    pub fn books(&self) -> Vec<BookedDocument> {
        books::read(&self.path("books")).expect("the books are whole")
    }

    /// Receipts in them.
    pub fn receipts(&self) -> Vec<BookedDocument> {
        self.books().into_iter().filter(|d| d.kind == Kind::Receipt).collect()
    }

    /// Runs a command of the program.
    pub fn command(&self, arguments: &[&str]) -> std::process::Output {
        self.command_with(&[], arguments)
    }

    /// The same with further environment.
    pub fn command_with(&self, environment: &[(&str, &str)], arguments: &[&str]) -> std::process::Output {
        let mut command = Command::new(program());
        command.envs(environment.iter().copied()).arg("--config").arg(self.config()).args(arguments);
        command.output().expect("it runs")
    }

    /// What `show` says of a document.
    pub fn show(&self, name: &str) -> String {
        String::from_utf8_lossy(&self.command(&["show", name]).stdout).into_owned()
    }

    /// The journal as it is on the disk, read from a copy, for who opens it changes it; nothing before there is one.
    pub fn journal_copy(&self) -> Option<rusqlite::Connection> {
        let copy = self.path("copy.db");
        for suffix in ["", "-wal"] {
            let from = self.path(&format!("journal/journal.db{suffix}"));
            let to = self.path(&format!("copy.db{suffix}"));
            if std::fs::copy(&from, &to).is_err() {
                let _ = std::fs::remove_file(&to);
            }
        }
        let _ = std::fs::remove_file(self.path("copy.db-shm"));
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE;
        rusqlite::Connection::open_with_flags(copy, flags).ok()
    }

    /// Waits until something hinders a document that waits; gives the cause as the journal keeps it.
    pub fn await_hindered(&self, name: &str) -> String {
        let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
        let journal = rusqlite::Connection::open_with_flags(self.path("journal/journal.db"), flags).expect("a journal");
        let query = "SELECT hindrance FROM documents WHERE request_id = ?1 AND state = 'accepted'";
        let deadline = Instant::now() + patience();
        loop {
            let hindrance: Option<Option<String>> =
                journal.query_row(query, [json!(name).to_string()], |r| r.get(0)).ok();
            if let Some(Some(cause)) = hindrance {
                return cause;
            }
            assert!(Instant::now() < deadline, "{name} was never hindered:\n{}", self.log());
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }

    /// Waits until `show` of a document contains `text`.
    pub fn await_shown(&self, name: &str, text: &str) -> String {
        let deadline = Instant::now() + patience();
        loop {
            let shown = self.show(name);
            if shown.contains(text) {
                return shown;
            }
            assert!(Instant::now() < deadline, "never {text:?}:\n{shown}\n{}", self.log());
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.kill();
        self.kill_register();
        if std::thread::panicking() {
            eprintln!("--- the daemon's log\n{}", self.log());
        }
    }
}

/// An address below the ports that the system hands out by itself: nobody takes it between two lives.
fn port_of_our_own() -> String {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = (std::process::id() * 37 % 20_000) as u16;
    std::iter::repeat_with(|| 10_000 + (first + NEXT.fetch_add(1, Ordering::Relaxed)) % 20_000)
        .find_map(|port| TcpListener::bind(("127.0.0.1", port)).and_then(|l| l.local_addr()).ok())
        .expect("a port")
        .to_string()
}

fn program() -> PathBuf {
    std::env::var_os("KKM_TEST_PROGRAM").map_or_else(|| env!("CARGO_BIN_EXE_kkm-bridge").into(), PathBuf::from)
}

fn log(path: &Path) -> std::fs::File {
    std::fs::File::options().create(true).append(true).open(path).expect("a log")
}

/// Reads a program's output up to the line that says it is ready.
fn ready(output: &mut impl BufRead, prefix: &str) -> Option<String> {
    output.lines().map_while(Result::ok).find(|line| line.starts_with(prefix))
}

/// An answer of the daemon.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    pub status: u16,
    pub body: Value,
}

impl Reply {
    fn parse(text: &str) -> Option<Self> {
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Self { status, body: serde_json::from_str(body).ok()? })
    }

    #[track_caller]
    pub fn assert_pending(&self) {
        assert_eq!(
            (self.status, &self.body["status"], &self.body["code"]),
            (200, &json!("pending"), &json!(0)),
            "{self:?}"
        );
    }

    #[track_caller]
    pub fn assert_error(&self, code: u16) {
        assert_eq!(
            (self.status, &self.body["status"], &self.body["code"]),
            (400, &json!("error"), &json!(code)),
            "{self:?}"
        );
        assert!(self.body["message"].as_str().is_some_and(|m| !m.is_empty()), "{self:?}");
    }
}

/// What the cloud asks for with a 429.
pub const RETRY_AFTER_S: u64 = 2;

/// A request that reached the cloud.
#[derive(Clone, Debug)]
pub struct Callback {
    pub head: String,
    pub body: Value,
    pub answered: u16,
    pub at: Instant,
}

#[derive(Default)]
struct Heard {
    callbacks: Vec<Callback>,
    /// Codes to answer with, in turn; then 200.
    script: Vec<u16>,
    /// Where the next callback is sent on to, and how.
    redirect: Option<(u16, String)>,
    /// What a GET is answered with.
    list: Value,
}

/// A stand-in for the cloud that keeps every callback.
pub struct Cloud {
    pub origin: String,
    heard: Arc<(Mutex<Heard>, Condvar)>,
}

impl Cloud {
    pub fn open() -> Self {
        Self::open_at("127.0.0.1:0")
    }

    /// At a given address.
    pub fn open_at(address: &str) -> Self {
        let listener = TcpListener::bind(address).expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("bound"));
        let heard: Arc<(Mutex<Heard>, Condvar)> = Arc::default();
        let shared = heard.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = shared.clone();
                std::thread::spawn(move || Self::hear(stream, &shared));
            }
        });
        Self { origin, heard }
    }

    /// Answers the next callbacks with these codes.
    pub fn answer(&self, codes: &[u16]) {
        self.heard.0.lock().expect("whole").script = codes.iter().rev().copied().collect();
    }

    /// Answers the next callback with a redirect.
    pub fn redirect(&self, code: u16, to: &str) {
        self.heard.0.lock().expect("whole").redirect = Some((code, to.to_owned()));
    }

    /// Waits until a callback for `id` was answered with this code.
    #[track_caller]
    pub fn await_heard(&self, id: &Value, code: u16) {
        let guard = self.heard.0.lock().expect("whole");
        let heard = |h: &Heard| h.callbacks.iter().any(|c| c.body["id"] == *id && c.answered == code);
        let (guard, _) = self.heard.1.wait_timeout_while(guard, patience(), |h| !heard(h)).expect("whole");
        assert!(heard(&guard), "no callback for {id} answered {code}; heard {:?}", guard.callbacks);
    }

    /// Answers GET with this.
    pub fn serve_list(&self, list: Value) {
        self.heard.0.lock().expect("whole").list = list;
    }

    fn hear(mut stream: TcpStream, heard: &(Mutex<Heard>, Condvar)) -> Option<()> {
        let mut reader = BufReader::new(stream.try_clone().ok()?);
        loop {
            let mut top = String::new();
            loop {
                let before = top.len();
                if reader.read_line(&mut top).ok()? == 0 {
                    return None;
                }
                if top.len() - before <= 2 {
                    break;
                }
            }
            let length = top.lines().find_map(|l| {
                let (name, value) = l.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
            });
            let mut body = vec![0; length.unwrap_or(0)];
            reader.read_exact(&mut body).ok()?;
            let mut inner = heard.0.lock().ok()?;
            if top.starts_with("GET ") {
                let list = inner.list.to_string();
                write!(stream, "HTTP/1.1 200 X\r\nContent-Length: {}\r\n\r\n{list}", list.len()).ok()?;
                continue;
            }
            let redirect = inner.redirect.take();
            let answered = match &redirect {
                Some((code, _)) => *code,
                None => inner.script.pop().unwrap_or(200),
            };
            inner.callbacks.push(Callback {
                head: top,
                body: serde_json::from_slice(&body).unwrap_or(Value::Null),
                answered,
                at: Instant::now(),
            });
            drop(inner);
            heard.1.notify_all();
            let further = match (redirect, answered) {
                (Some((_, to)), _) => format!("Location: {to}\r\n"),
                (None, 429) => format!("Retry-After: {RETRY_AFTER_S}\r\n"),
                (None, _) => String::new(),
            };
            write!(stream, "HTTP/1.1 {answered} X\r\n{further}Content-Length: 2\r\n\r\n{{}}").ok()?;
        }
    }

    /// Every callback so far.
    pub fn callbacks(&self) -> Vec<Callback> {
        self.heard.0.lock().expect("whole").callbacks.clone()
    }

    /// Waits until a callback for `id` was answered with 200.
    #[track_caller]
    pub fn await_final(&self, id: &Value) -> Callback {
        let guard = self.heard.0.lock().expect("whole");
        let found = |h: &Heard| h.callbacks.iter().find(|c| c.body["id"] == *id && c.answered == 200).cloned();
        let (guard, _) = self.heard.1.wait_timeout_while(guard, patience(), |h| found(h).is_none()).expect("whole");
        found(&guard).unwrap_or_else(|| panic!("no callback for {id}; heard {:?}", guard.callbacks))
    }

    #[track_caller]
    pub fn await_success(&self, id: &Value) -> Callback {
        let callback = self.await_final(id);
        assert_eq!(callback.body["status"], "success", "{callback:?}");
        assert_eq!(callback.body["code"], 0, "{callback:?}");
        callback
    }

    /// Every final word that was heard for an id, without repeats.
    pub fn words_for(&self, id: &Value) -> Vec<Value> {
        let mut words: Vec<Value> =
            self.callbacks().into_iter().filter(|c| c.body["id"] == *id).map(|c| c.body).collect();
        words.dedup();
        words
    }
}
