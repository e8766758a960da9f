"""Every request to the disk is recorded; then the shop goes on from any state in which a power cut may have left it.

Beside the disk's log stands what the world saw, and at which place of the log: answers, callbacks, and the register's
books before and after each of its documents. A proxy holds the register's answer until that is written down.
Usage: blocks.py STATES [SEED]     as many states: one at every flush, the rest between two flushes
"""

import random
import shutil
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import mkdtemp

import image
from bench import Broken, Cloud, Register, Shop
from blocklog import Recorder, Replay

LANES = 12
SALES = 8


class Witness:
    """What the world saw, each with its place in the disk's log."""

    def __init__(self, place, now):
        self.place, self.now = place, now
        self.posted, self.answered, self.heard, self.books = [], [], [], []

    def snapshot(self, books):
        """The books as they are now; the first ones are older than anything in the log."""
        copy = self.place / f"books-{len(self.books)}"
        shutil.copytree(books, copy)
        self.books.append((self.now() if self.books else 0, copy))

    def until(self, place):
        """What was seen by then."""
        before = lambda seen: [what for at, what in seen if at <= place]
        return before(self.posted), before(self.answered), before(self.heard), before(self.books)[-1]


class Proxy:
    """Between daemon and register: a new document is in a snapshot of the books before the daemon hears of it."""

    def __init__(self, register, witness):
        self.register, self.witness = register, witness
        self.documents = register.books / "documents.jsonl"
        self.size = self.documents.stat().st_size
        witness.snapshot(register.books)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            daemon, _ = self.listener.accept()
            host, port = self.register.address.split(":")
            register = socket.create_connection((host, int(port)))
            for end in (daemon, register):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            back = threading.Thread(target=self.carry, args=(register, daemon, self.look), daemon=True)
            back.start()
            self.carry(daemon, register, lambda: None)
            back.join()
            daemon.close()
            register.close()

    def carry(self, source, sink, before):
        try:
            while chunk := source.recv(4096):
                before()
                sink.sendall(chunk)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def look(self):
        if (size := self.documents.stat().st_size) != self.size:
            self.size = size
            self.witness.snapshot(self.register.books)


def record(place, seed):
    """A morning on a recorded disk: sales, a daemon that is killed, one that is stopped."""
    dice = random.Random(seed)
    recorder = Recorder(place)
    witness = Witness(place, recorder.now)
    register = Register(place / "books")
    proxy = Proxy(register, witness)
    cloud = Cloud(lambda body: witness.heard.append((recorder.now(), body)))
    shop = Shop(place / "shop", recorder.at, proxy.address, register, cloud)
    killed, stopped = dice.sample(range(1, SALES), 2)
    try:
        shop.must_start()
        for number in range(1, SALES + 1):
            name = f"n{number}"
            witness.posted.append((recorder.now(), (name, number)))
            shop.post(name, number)
            witness.answered.append((recorder.now(), name))
            if number == killed:
                time.sleep(dice.uniform(0, 0.1))
                shop.kill()
                shop.must_start()
            if dice.random() < 0.7:
                cloud.await_word(name)
            if number == stopped:
                shop.daemon.terminate()
                shop.await_exit()
                shop.must_start()
        shop.ended()
        shop.daemon.terminate()
        shop.await_exit()
    finally:
        shop.kill()
        register.kill()
        recorder.close()
    return recorder, witness


def go_on(place, seen, disk, name):
    """The power comes back: the shop goes on from this state of its disk."""
    posted, answered, heard, books = seen
    at = place / f"{name}.disk"
    mine = place / f"{name}.shop"
    shutil.copytree(books, mine / "books")
    cloud = Cloud()
    cloud.bodies.extend(heard)
    shop = None
    try:
        image.mount(disk, at)
        shop = Shop(mine, at, None, Register(mine / "books"), cloud)
        shop.sent, shop.answered = list(posted), list(answered)
        shop.kept()
        shop.must_start()
        shop.ended()
    except Broken as broken:
        raise Broken(f"{name}: {broken}") from None
    finally:
        if shop is not None:
            shop.close()
            image.let_go(at)
        disk.unlink()


def main():
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    began = time.monotonic()
    place = Path(mkdtemp(prefix="kkm-blocks-"))
    recorder, witness = record(place, seed)
    replay = Replay(recorder.base, place / "durable.img", recorder.log)
    dice = random.Random(seed)
    whole = [(flush + 1, None) for flush in replay.flushes]
    whole = whole if len(whole) <= count else dice.sample(whole, count)
    between = [(dice.randrange(1, len(replay.entries) + 1), dice) for _ in range(count - len(whole))]
    states = sorted(whole + between, key=lambda state: state[0])
    running = threading.Semaphore(LANES * 2)
    with ThreadPoolExecutor(LANES) as lanes:
        results = []
        for nth, (upto, dice_or_all) in enumerate(states):
            running.acquire()
            if any(result.done() and result.exception() for result in results):
                break
            disk = place / f"state-{nth}.img"
            replay.state(disk, upto, dice_or_all)
            seen = witness.until(replay.entries[upto - 1].end)
            name = f"state-{nth}"
            results.append(lanes.submit(go_on, place, seen, disk, name))
            results[-1].add_done_callback(lambda _: running.release())
    for result in results:
        result.result()
    shutil.rmtree(place)
    print(f"blocks: {len(states)} states of the disk, {len(whole)} of them at {len(replay.flushes)} flushes, "
          f"{len(replay.entries)} requests, {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    try:
        main()
    except Broken as broken:
        sys.exit(f"BROKEN: {broken}")
