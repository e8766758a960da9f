"""Every operation on the journal's directory fails once, at its turn, in each way.

Two stretches of work are walked through, operation by operation: a sale, from the request to the confirmed report and
the end of the service; and the same with a start before it that finds the log of a daemon that was killed. After each fault the daemon either goes on as if nothing had
been, or ends with the code that the unit does not restart at once; the next start tells the truth.
Usage: faults.py [STRETCH...] [--kinds KIND,...]
"""

import argparse
import collections
import itertools
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import mkdtemp

from bench import EXIT_JOURNAL, ROOT, Broken, Shop, check, wait_until

LANES = 12
KINDS = ("eio", "enospc", "short", "eio+", "enospc+")
SHIM = ROOT / "target/disk/fault.so"


def build():
    SHIM.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cc", "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o", SHIM, ROOT / "tests/realdisk/fault.c", "-ldl"],
                   check=True)


class Walk:
    """A shop whose disk fails at one operation after another."""

    def __init__(self):
        self.place = Path(mkdtemp(prefix="kkm-faults-"))
        self.shop = Shop(self.place / "shop")
        self.list, self.arm = self.place / "operations", self.place / "armed"
        self.number = 0
        self.sell()
        self.shop.kill()

    def sell(self):
        """A sale on a disk that does not fail, to its end; the daemon lives on."""
        self.shop.must_start()
        self.next()
        self.shop.ended()

    def next(self):
        self.number += 1
        return self.shop.post(f"n{self.number}", self.number)

    def operations(self):
        return self.list.read_text().splitlines() if self.list.exists() else []

    def go(self, stretch, fault):
        """Walks through a stretch with a fault; gives its operations and how the daemon ended, if it did."""
        self.list.unlink(missing_ok=True)
        self.arm.unlink(missing_ok=True)
        if stretch == "start":
            self.arm.touch()
        environment = {"LD_PRELOAD": str(SHIM), "KKM_FAULT_DIR": str(self.shop.state), "KKM_FAULT": fault,
                       "KKM_FAULT_LOG": str(self.list), "KKM_FAULT_ARM": str(self.arm)}
        if self.shop.start(environment):
            self.arm.touch()
            self.next()
            name = f"n{self.number}"
            wait_until(lambda: self.shop.daemon.poll() is not None or self.shop.cloud.words(name), f"{name} is heard of")
            self.shop.daemon.terminate()
            self.shop.await_exit()
        return self.operations(), self.shop.daemon.returncode

    def fail(self, stretch, fault):
        """One fault and the way out of it; gives what failed and what came of it."""
        try:
            operations, code = self.go(stretch, fault)
            check(code in (0, EXIT_JOURNAL), f"it ended with {code}\n{self.shop.log()}")
            nth = int(fault.split(":")[0])
            what = operations[nth - 1].split()[1:] if nth <= len(operations) else None
            self.shop.kill()
            self.shop.kept()
            # A start whose fault is gone: what was answered goes on, what was not comes again.
            self.shop.must_start()
            self.shop.ended()
            if stretch == "start":
                self.next()
                self.shop.ended()
            self.shop.kill()
            return what, "went on" if code == 0 else "ended"
        except Broken as broken:
            raise Broken(f"{stretch}, {fault}: {broken}") from None

    def close(self):
        self.shop.close()


def walk(stretch, kinds):
    """Every operation of a stretch, in every way, some shops at a time."""
    first = Walk()
    length = len(first.go(stretch, "0:none")[0])
    first.close()
    # A little further than one walk, since commits may be shared or not.
    waiting = itertools.product(range(1, length + 3), kinds)
    ends, places, lock = collections.Counter(), set(), threading.Lock()

    def lane():
        mine = Walk()
        try:
            while True:
                with lock:
                    turn = next(waiting, None)
                if turn is None:
                    return
                what, end = mine.fail(stretch, f"{turn[0]}:{turn[1]}")
                with lock:
                    if what is not None:
                        ends[end] += 1
                        places.add(turn[0])
        finally:
            mine.close()

    began = time.monotonic()
    with ThreadPoolExecutor(LANES) as lanes:
        for result in [lanes.submit(lane) for _ in range(LANES)]:
            result.result()
    print(f"faults: {stretch}: {len(places)} operations x {len(kinds)} faults: {sum(ends.values())} met, "
          f"{ends['ended']} ended it, {ends['went on']} did not, {time.monotonic() - began:.0f} s", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("stretches", nargs="*", default=["sale", "start"])
    parser.add_argument("--kinds", default=",".join(KINDS))
    asked = parser.parse_args()
    build()
    for stretch in asked.stretches:
        walk(stretch, asked.kinds.split(","))


if __name__ == "__main__":
    try:
        main()
    except Broken as broken:
        sys.exit(f"BROKEN: {broken}")
