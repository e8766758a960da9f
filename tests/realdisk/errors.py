"""The disk itself fails once, under ext4, and says "ok" ever after: a write or a flush that comes back with an error.

After such an error Linux holds pages in memory that it takes for written, and that are not on the disk; the next flush
succeeds. So each round goes on with the same memory, sells once more, and then loses its power: what counts is on the
disk alone. Usage: errors.py ROUNDS [SEED]
"""

import collections
import json
import random
import signal
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import mkdtemp

import image
from bench import EXIT_JOURNAL, Broken, Shop, check

LANES = 8
ERRORS = [("flush", 5), ("flush", 28)]
"""What fails, and with which errno: EIO, ENOSPC."""


class Failing:
    """A disk whose next request of a kind can be made to fail."""

    def __init__(self, place):
        self.disk, self.at = place / "disk.img", place / "disk"
        image.make(self.disk)
        door = place / "qmp"
        self.daemon, self.export = image.export(
            place, "driver=raw,node-name=top,file=whole", self.disk,
            "--chardev", f"socket,path={door},server=on,wait=off,id=door", "--monitor", "chardev=door",
            "--blockdev", f"driver=file,node-name=whole,filename={self.disk}")
        image.mount(self.export, self.at)
        self.qmp = socket.socket(socket.AF_UNIX)
        self.qmp.connect(str(door))
        self.lines = self.qmp.makefile("r")
        self.lines.readline()
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        self.qmp.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        while "return" not in (answer := json.loads(self.lines.readline())):
            check("error" not in answer, f"{command}: {answer}")

    def fail(self, what, errno):
        """The next request of that kind comes back with an error, once."""
        self.ask("blockdev-add", driver="blkdebug", **{"node-name": "failing"}, image="whole",
                 **{"inject-error": [{"event": "none", "iotype": what, "errno": errno, "once": True}]})
        self.ask("blockdev-reopen", options=[{"driver": "raw", "node-name": "top", "file": "failing"}])

    def close(self):
        image.unmount(self.at)
        self.daemon.terminate()
        self.daemon.wait()


def round_of(seed):
    """One error; gives what it came to."""
    dice = random.Random(seed)
    what, errno = ERRORS[seed % len(ERRORS)]
    place = Path(mkdtemp(prefix="kkm-errors-"))
    failing = Failing(place)
    shop = Shop(place / "shop", failing.at)
    try:
        shop.must_start()
        shop.post("n1", 1)
        shop.cloud.await_word("n1")
        time.sleep(dice.uniform(0, 0.05))
        posting = threading.Thread(target=lambda: [shop.post(f"n{n}", n) for n in (2, 3)])
        posting.start()
        time.sleep(dice.uniform(0, 0.1))
        failing.fail(what, errno)
        posting.join()
        time.sleep(0.1)
        end = "went on"
        if shop.daemon.poll() is not None:
            check(shop.daemon.returncode == EXIT_JOURNAL, f"it ended with {shop.daemon.returncode}\n{shop.log()}")
            # Somebody starts it again, on the same memory.
            end = "ended, and started again" if shop.start() else "ended, and refused to start"
            check(shop.daemon.returncode in (None, EXIT_JOURNAL), f"it ended with {shop.daemon.returncode}\n{shop.log()}")
        if shop.daemon.poll() is None:
            shop.post("n4", 4)
            time.sleep(dice.uniform(0, 0.3))
        shop.daemon.send_signal(signal.SIGKILL)
        image.cut(failing.at)
        shop.kill()
        failing.close()
        image.mount(failing.disk, failing.at)
        shop.kept()
        shop.must_start()
        shop.ended()
        return f"{what} {errno}", end
    except Broken as broken:
        raise Broken(f"seed {seed}, {what} {errno}: {broken}") from None
    finally:
        shop.close()
        image.let_go(failing.at)
        failing.daemon.terminate()


def main():
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    began = time.monotonic()
    with ThreadPoolExecutor(LANES) as lanes:
        ends = collections.Counter(lanes.map(round_of, range(seed, seed + count)))
    told = ", ".join(f"{what}: {end} {times}" for (what, end), times in sorted(ends.items()))
    print(f"errors: {count} errors of the disk ({told}), {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    try:
        main()
    except Broken as broken:
        sys.exit(f"BROKEN: {broken}")
