"""A shop on a bench: the real daemon, a simulated register in a process of its own, a stand-in for the cloud.

The register's books and the cloud's memory stand on this machine's disk and in this process: they survive whatever
happens to the disk of the journal, and they are the truth by which a run is judged.
"""

import http.client
import http.server
import json
import os
import shutil
import sqlite3
import subprocess
import threading
import time
import uuid
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("KKM_TEST_PROGRAM", str(ROOT / "target/debug/kkm-bridge"))
SHOP_TOKEN = "shop-token-0123456789abcdef"

PATIENCE_S = float(os.environ.get("KKM_TEST_PATIENCE_S", "60"))
"""No event takes longer on a busy machine."""

EXIT_JOURNAL = 74
"""The journal failed or is refused; the unit waits for a person."""


class Broken(Exception):
    """A promise was broken."""


def check(holds, text):
    """A promise."""
    if not holds:
        raise Broken(text)


def wait_until(event, what):
    """Waits for an event that no file descriptor tells of."""
    deadline = time.monotonic() + PATIENCE_S
    while not (found := event()):
        check(time.monotonic() < deadline, f"never: {what}")
        time.sleep(0.01)
    return found


class Mail(http.server.BaseHTTPRequestHandler):
    """The cloud's door: one for all shops of this process, told apart by the partner's token. So a journal that is taken
    to another bench finds its cloud at the same address."""

    protocol_version = "HTTP/1.1"
    boxes = {}

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.boxes[self.headers["Authorization"].removeprefix("Bearer ")].hear(body)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


def open_door():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Mail)
    server.daemon_threads = True
    # A daemon that is killed leaves its connections as they are.
    server.handle_error = lambda *_: None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_address[1]}"


ORIGIN = open_door()


class Cloud:
    """What one shop's cloud heard."""

    def __init__(self, heard=lambda body: None):
        self.token = f"partner-token-{uuid.uuid4().hex}"
        self.bodies, self.heard = [], heard
        self.news = threading.Condition()
        Mail.boxes[self.token] = self

    def hear(self, body):
        with self.news:
            self.bodies.append(body)
            self.heard(body)
            self.news.notify_all()

    def words(self, name):
        """The different bodies that were heard for an id."""
        with self.news:
            mine = [json.dumps(b, sort_keys=True) for b in self.bodies if b["id"] == name]
        return [json.loads(text) for text in dict.fromkeys(mine)]

    def await_word(self, name):
        with self.news:
            return self.news.wait_for(lambda: any(b["id"] == name for b in self.bodies), PATIENCE_S)


class Register:
    """The simulated register on a socket of its own."""

    def __init__(self, books, faults=()):
        self.books, self.address, self.process = Path(books), "127.0.0.1:0", None
        self.start(faults)

    def start(self, faults=()):
        command = [PROGRAM, "simulate", "register", "--protocol", "shtrih", "--quiet"]
        command += ["--books", str(self.books), "--tcp", self.address]
        for fault in faults:
            command += ["--fault", fault]
        log = open(self.books.with_suffix(".log"), "a")
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        line = self.process.stdout.readline()
        check(line.startswith("register "), f"the register is not ready: {line}")
        self.address = line.split()[-1]

    def say(self, line):
        """Types a line at its console and waits for the answer."""
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        said = self.process.stdout.readline()
        check(not said.startswith("not done"), f"{line}: {said}")

    def receipts(self):
        """Titles of the receipts in the books."""
        path = self.books / "documents.jsonl"
        whole = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
        documents = [json.loads(line) for line in whole]
        return [d["lines"][0]["title"] for d in documents if d["kind"] == "receipt"]

    def kill(self):
        self.process.kill()
        self.process.wait()


class Shop:
    """A daemon, its register and its cloud; the journal is in `state`, which may be another disk."""

    def __init__(self, place, state=None, port=None, register=None, cloud=None, settings=""):
        self.place = Path(place)
        self.place.mkdir(parents=True, exist_ok=True)
        self.state = Path(state or self.place / "state")
        self.cloud = cloud or Cloud()
        self.register = register or Register(self.place / "books")
        self.port = port or self.register.address
        self.settings = settings
        self.daemon = self.url = None
        self.answered, self.sent = [], []
        for name, token in (("shop.token", SHOP_TOKEN), ("partner.token", self.cloud.token)):
            path = self.place / name
            path.write_text(token)
            path.chmod(0o600)

    def config(self):
        path = self.place / "kkm-bridge.toml"
        path.write_text(f"""
[intake]
listen = "127.0.0.1:0"
{self.settings}
[journal]
directory = "{self.state}/journal"
[control]
socket = "{self.place}/control.sock"
[callback]
token = {{ file = "{self.place}/partner.token" }}
allowed = ["{ORIGIN}"]
[shops.salon]
token = {{ file = "{self.place}/shop.token" }}
device = "front"
[devices.front.driver]
family = "shtrih"
port = "tcp://{self.port}"
quiet_ms = 0
""")
        return path

    def start(self, environment=None):
        """Starts the daemon; False when it ended before it was ready."""
        self.spawn(environment)
        return self.ready()

    def spawn(self, environment=None):
        """Starts the daemon and waits for nothing."""
        log = open(self.place / "daemon.log", "a")
        environment = {**os.environ, "KKM_BRIDGE_LOG": "debug", **(environment or {})}
        self.daemon = subprocess.Popen([PROGRAM, "--config", self.config(), "run"], env=environment,
                                       stdout=subprocess.PIPE, stderr=log, text=True)
        log.close()

    def ready(self):
        """Waits until it is; False when it ended before."""
        daemon = self.daemon
        line = daemon.stdout.readline()
        if not line.startswith("kkm-bridge ready"):
            daemon.wait()
            return False
        self.url = line.split()[-1].removeprefix("http://").rstrip("/")
        return True

    def must_start(self):
        check(self.start(), f"it does not start: exit {self.daemon.returncode}\n{self.log()}")

    def kill(self):
        if self.daemon is not None:
            self.daemon.kill()
            self.daemon.wait()
            self.daemon.stdout.close()
            self.daemon = None

    def lives(self, name):
        """True when the daemon brings a document to its end; False when it ends itself."""
        wait_until(lambda: self.daemon.poll() is not None or self.cloud.words(name), f"{name} is at its end")
        return self.daemon.poll() is None

    def await_exit(self):
        """The exit code of a daemon that ends by itself."""
        try:
            return self.daemon.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            raise Broken(f"the daemon lives on\n{self.log()}") from None

    def log(self, lines=25):
        return "\n".join((self.place / "daemon.log").read_text().splitlines()[-lines:])

    def command(self, *arguments):
        return subprocess.run([PROGRAM, "--config", self.config(), *arguments], capture_output=True, text=True)

    def document(self, name, number):
        document = json.loads((ROOT / "src/console/simulate/example.json").read_text())
        document["id"], document["document_id"] = name, number
        document["positions"] = [{"type": "service", "title": name, "price": 100 + number % 1000, "quantity": 1,
                                  "discount_amount": 0, "vat": "ru_vat_10", "payment_method": "payment"}]
        document["payments"] = [{"type": "cash", "sum": 100 + number % 1000}]
        document["callback_url"] = f"{ORIGIN}/api/v1/integration/kkm/callback/"
        return document

    def post(self, name, number):
        """Sends a document: the answer, or None when none came. A 200 is a promise that is remembered."""
        if name not in [n for n, _ in self.sent]:
            self.sent.append((name, number))
        try:
            connection = http.client.HTTPConnection(self.url, timeout=PATIENCE_S)
            headers = {"Authorization": f"Bearer {SHOP_TOKEN}", "Content-Type": "application/json"}
            connection.request("POST", "/", json.dumps(self.document(name, number)), headers)
            answer = connection.getresponse()
            body = json.loads(answer.read())
            connection.close()
        except (OSError, http.client.HTTPException, ValueError):
            return None
        if answer.status == 200 and name not in self.answered:
            self.answered.append(name)
        return {"http": answer.status, **body}

    def rows(self, query="SELECT request_id, state FROM documents"):
        """What the journal says, read from a copy: who opens it would change it."""
        with TemporaryDirectory(dir=self.place) as copy:
            for name in ("journal.db", "journal.db-wal"):
                if (path := self.state / "journal" / name).exists():
                    shutil.copyfile(path, Path(copy) / name)
            with closing(sqlite3.connect(Path(copy) / "journal.db")) as journal:
                return journal.execute(query).fetchall()

    def kept(self):
        """Every document that was answered is in the journal. Asked while no daemon runs."""
        try:
            ids = {json.loads(request_id) for request_id, _ in self.rows()} if self.answered else set()
        except sqlite3.Error as error:
            raise Broken(f"answered and not in the journal, which cannot be read: {error}") from None
        lost = [name for name in self.answered if name not in ids]
        check(not lost, f"answered and not in the journal: {lost}")

    def ended(self):
        """Every document is registered once, with one true word to its author; what was not answered is sent again."""
        for name, number in self.sent:
            if name not in self.answered:
                # Too many ahead is an answer too: later, then.
                wait_until(lambda: (self.post(name, number) or {}).get("http") == 200, f"{name} is taken")
        for name, _ in self.sent:
            check(self.cloud.await_word(name), f"{name}: the cloud never heard of it\n{self.log()}")
        self.true()

    def true(self, among=None):
        """What the cloud heard is what the books hold, each at most once; nothing else is in the books."""
        receipts = self.register.receipts()
        for name, _ in self.sent if among is None else among:
            words = self.cloud.words(name)
            check(len(words) <= 1, f"{name}: two words: {words}")
            times = receipts.count(name)
            check(times <= 1, f"{name}: registered {times} times")
            for word in words:
                success = word["status"] == "success"
                check(success == (times == 1), f"{name}: registered {times} times, and the cloud was told {word}")
        strangers = set(receipts) - {name for name, _ in self.sent}
        check(not strangers, f"in the books and never sent: {strangers}")

    def close(self):
        self.kill()
        self.register.kill()
        shutil.rmtree(self.place, ignore_errors=True)
