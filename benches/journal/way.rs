//! The way of a document through the program, over what one sync of this disk takes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use kkm_bridge::altegio::Rules;
use kkm_bridge::dispatcher::{Closing, Lane, LaneDoor, Settings};
use kkm_bridge::http::{self, Plain};
use kkm_bridge::inbox::{self, Inbox, ShopDoor};
use kkm_bridge::journal::Journal;
use kkm_bridge::journal::accept::{Repeat, SameId};
use kkm_bridge::messages::Locale;
use kkm_bridge::outbox::origin;
use kkm_drivers::contract::{
    Capabilities, Document, Driver, Fault, Found, Identity, Mark, Outcome, Paper, Status, Verdict, Witness,
};
use kkm_drivers::simulated::Simulated;
use kkm_drivers::simulator::{Clock, Register};
use tokio::sync::Notify;

use crate::document::{DEVICE, EXAMPLE, LIMITS, POLICY, clock, lives, open};
use crate::{FEW, hundredths, median, ratio};

/// Documents on their way, one after another.
const DOCUMENTS: u32 = 300;
/// Most syncs' time from the request to the receipt's first byte, in hundredths: acceptance and mark need two.
const WAY_HUNDREDTHS: u128 = 300;
/// Starts of the program.
const STARTS: u32 = 5;
const TOKEN: &str = "bench-token-0123456789abcdef";
const ORIGIN: &str = "https://app.alteg.io";

/// Accept to durable, and the whole way; before each, one sync, so that what else the disk does is the same for both.
pub(crate) fn measure() -> bool {
    let dir = tempfile::tempdir().expect("a directory");
    let mut disk = Disk(File::create(dir.path().join("sync")).expect("made"));
    let journal = open(dir.path());
    let (syncs, accepts) =
        (0..FEW).map(|n| (disk.sync(), lives(&journal, n..n + 1)[0].accept)).collect::<(Vec<_>, Vec<_>)>();
    drop(journal);
    let (sync, accept) = (median(syncs), median(accepts));
    println!("accept to durable {accept:?}, one fdatasync {sync:?}, ratio {}", hundredths(ratio(accept, sync)));
    let (sync, way) = first_byte(&mut disk);
    let syncs = ratio(way, sync);
    println!("POST to the receipt's first byte {way:?}, one fdatasync {sync:?}, ratio {}", hundredths(syncs));
    syncs <= WAY_HUNDREDTHS
}

struct Disk(File);

impl Disk {
    /// What the disk takes for what an accept writes.
    fn sync(&mut self) -> Duration {
        // A commit of an accept appends about five pages to the log.
        self.0.write_all(&vec![0; 5 * 4096]).expect("written");
        let began = Instant::now();
        self.0.sync_data().expect("synced");
        began.elapsed()
    }
}

/// From a request on a kept connection to the call that sends the receipt to a device that answers at once.
fn first_byte(disk: &mut Disk) -> (Duration, Duration) {
    let dir = tempfile::tempdir().expect("a directory");
    let journal = Journal::open(dir.path(), clock()).expect("a journal");
    let at = "2026-11-25T09:00:00".parse().expect("a moment");
    let register = Register::in_memory(Clock::Fixed { at }, Box::new(std::io::sink()));
    let (begun, begins) = channel();
    let device = Noted { inner: Simulated::over(register), begun };
    let door = LaneDoor::default();
    let settled = Arc::new(Notify::new());
    let lane = lane(Box::new(device), &journal, &door, &settled);
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = stop.clone();
    let thread = std::thread::spawn(move || lane.run(&stopped).expect("the journal holds"));
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port");
    let address = listener.local_addr().expect("bound");
    let router = inbox::router(Arc::new(intake(&journal, &door)));
    runtime.spawn(http::serve(listener, Plain, router, http::Limits::default(), std::future::pending()));
    let mut connection = TcpStream::connect(address).expect("connected");
    connection.set_nodelay(true).expect("set");
    let mut one = |n| {
        let sync = disk.sync();
        let way = one(&mut connection, &begins, n);
        runtime.block_on(settled.notified());
        (sync, way)
    };
    // The first one's shift is opened.
    one(0);
    let (syncs, ways) = (1..=DOCUMENTS).map(one).collect::<(Vec<_>, Vec<_>)>();
    stop.store(true, Ordering::SeqCst);
    door.bell.ring();
    thread.join().expect("the lane stops");
    (median(syncs), median(ways))
}

fn one(connection: &mut TcpStream, begins: &Receiver<Instant>, n: u32) -> Duration {
    let mut document: serde_json::Value = serde_json::from_slice(EXAMPLE).expect("the example is JSON");
    document["id"] = format!("way {n}").into();
    document["document_id"] = n.into();
    let body = document.to_string();
    let length = body.len();
    let request = format!(
        "POST / HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: {length}\r\n\r\n{body}"
    );
    let began = Instant::now();
    connection.write_all(request.as_bytes()).expect("sent");
    let mut answer = [0; 4096];
    let count = connection.read(&mut answer).expect("an answer");
    assert!(answer[..count].starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer[..count]));
    let left = begins.recv_timeout(Duration::from_secs(60)).expect("a receipt is begun");
    left - began
}

fn lane(driver: Box<dyn Driver>, journal: &Journal, door: &LaneDoor, settled: &Arc<Notify>) -> Lane {
    let settings = Settings {
        limits: LIMITS,
        serial: None,
        cancel_foreign: false,
        open_shift: true,
        closing: Closing::default(),
        close_expired_shift: true,
        locale: Locale::En,
    };
    Lane::new(DEVICE.into(), driver, journal.clone(), settings, door.clone(), settled.clone()).expect("a lane")
}

fn intake(journal: &Journal, door: &LaneDoor) -> Inbox {
    Inbox {
        journal: journal.clone(),
        rules: Rules::default(),
        shops: vec![ShopDoor::new("salon".into(), &TOKEN.into(), None, DEVICE.into())],
        lanes: BTreeMap::from([(DEVICE.to_owned(), door.clone())]),
        origins: origin::Policy::new(&[ORIGIN.to_owned()]).expect("an origin"),
        default_callback: format!("{ORIGIN}/api/v1/integration/kkm/callback/"),
        repeat: Repeat::Evidence,
        same_id_after_error: SameId::Retry,
        give_up_cap: POLICY.give_up_cap,
        body_timeout: Duration::from_secs(10),
        reports: Arc::new(Notify::new()),
    }
}

/// Start of the program on a journal that is there, until it says that it is ready.
pub(crate) fn start(journal: &Path) -> Duration {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().display();
    for name in ["shop", "partner"] {
        std::fs::write(dir.path().join(name), TOKEN).expect("written");
        std::fs::set_permissions(dir.path().join(name), std::os::unix::fs::PermissionsExt::from_mode(0o600))
            .expect("set");
    }
    let config = format!(
        "[intake]\nlisten = \"127.0.0.1:0\"\n[journal]\ndirectory = \"{}\"\n\
         [callback]\ntoken = {{ file = \"{path}/partner\" }}\n\
         [shops.salon]\ntoken = {{ file = \"{path}/shop\" }}\ndevice = \"back\"\n\
         [devices.back.driver]\nfamily = \"simulated\"\nport = \"{path}/books\"\n",
        journal.display()
    );
    let file = dir.path().join("kkm-bridge.toml");
    std::fs::write(&file, config).expect("written");
    median((0..STARTS).map(|_| one_start(&file)).collect())
}

fn one_start(config: &Path) -> Duration {
    let began = Instant::now();
    let mut daemon = Daemon(
        Command::new(env!("CARGO_BIN_EXE_kkm-bridge"))
            .arg("--config")
            .arg(config)
            .arg("run")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts"),
    );
    let mut line = String::new();
    BufReader::new(daemon.0.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
    let started = began.elapsed();
    assert!(line.starts_with("kkm-bridge ready"), "{line:?}");
    started
}

/// Ends with the measurement.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A device that notes when the first byte of a receipt would leave.
struct Noted {
    inner: Simulated,
    begun: Sender<Instant>,
}

impl Driver for Noted {
    fn identity(&mut self) -> Result<Identity, Fault> {
        self.inner.identity()
    }

    fn status(&mut self) -> Result<Status, Fault> {
        self.inner.status()
    }

    fn capabilities(&mut self) -> Result<Capabilities, Fault> {
        self.inner.capabilities()
    }

    fn mark(&mut self) -> Result<Mark, Fault> {
        self.inner.mark()
    }

    fn execute(&mut self, document: &Document, witness: &mut dyn Witness) -> Outcome {
        if document.body.receipt().is_some() {
            self.begun.send(Instant::now()).expect("awaited");
        }
        self.inner.execute(document, witness)
    }

    fn verdict(&mut self, document: &Document, since: &Mark) -> Result<Verdict, Fault> {
        self.inner.verdict(document, since)
    }

    fn cancel_open(&mut self) -> Result<(), Fault> {
        self.inner.cancel_open()
    }

    fn found_since(&mut self, since: u64) -> Result<Option<Vec<Found>>, Fault> {
        self.inner.found_since(since)
    }

    fn resume_paper(&mut self) -> Result<Paper, Fault> {
        self.inner.resume_paper()
    }
}
