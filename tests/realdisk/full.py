"""The disk fills up at every operation of a sale: before the mark, at it, and after it.

A document that was accepted is finished on the reserved room, and the next one is refused at intake. Where the last byte
went while a commit was being written the process ends, and the next start finishes it, on the same full disk. When
there is room again, everything is as ever. Usage: full.py [EVERY]     every how many operations, 1 by default
"""

import errno
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import mkdtemp

import image
from bench import EXIT_JOURNAL, Broken, Shop, check, wait_until
from faults import SHIM, build

LANES = 8


def fill(at):
    """Takes up whatever room there is."""
    with open(at / "filler", "wb") as filler:
        size, step = 0, 1 << 20
        while step >= 512:
            try:
                os.posix_fallocate(filler.fileno(), size, step)
                size += step
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                step //= 2


def stopped(process):
    """True when it waits before its operation; also when it is past all of them."""
    try:
        state = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        state = "gone"
    return process.poll() is not None or state == "T"


def go_on(process):
    """Lets it go on where it stops, for as long as it lives."""
    while process.poll() is None:
        if stopped(process):
            process.send_signal(signal.SIGCONT)
        time.sleep(0.02)


def sale(nth):
    """A sale whose disk is full from its nth operation on; gives whether it had so many, and how it went."""
    place = Path(mkdtemp(prefix="kkm-full-"))
    disk, at, arm = place / "disk.img", place / "disk", place / "armed"
    image.make(disk)
    image.mount(disk, at)
    shop = Shop(place / "shop", state=at)
    try:
        shop.must_start()
        shop.post("n1", 1)
        shop.ended()
        shop.kill()
        environment = {"LD_PRELOAD": str(SHIM), "KKM_FAULT_DIR": str(at), "KKM_FAULT": f"{nth}:stop",
                       "KKM_FAULT_ARM": str(arm)}
        check(shop.start(environment), f"it does not start\n{shop.log()}")
        arm.touch()
        with ThreadPoolExecutor(1) as customer:
            answer = customer.submit(shop.post, "n2", 2)
            wait_until(lambda: stopped(shop.daemon) or shop.cloud.words("n2"), "the operation")
            met = not shop.cloud.words("n2") or stopped(shop.daemon)
            fill(at)
            # The cloud may hear of it before the last operations: then it stops there, after the disk was full.
            threading.Thread(target=go_on, args=(shop.daemon,), daemon=True).start()
            answer = answer.result()
        lived = (shop.lives("n2") if "n2" in shop.answered else answer is not None) and shop.post("n3", 3) is not None
        if not lived:
            check(shop.await_exit() == EXIT_JOURNAL, f"exit {shop.daemon.returncode}\n{shop.log()}")
            shop.kept()
            shop.must_start()
        if "n2" in shop.answered:
            check(shop.cloud.await_word("n2"), f"it was accepted, and never ended\n{shop.log()}")
        refused = shop.post("n3", 3)
        check(refused and (refused["http"], refused["code"]) == (400, 2002), f"on a full disk: {refused}\n{shop.log()}")
        shop.kill()
        (at / "filler").unlink()
        shop.kept()
        shop.must_start()
        shop.ended()
        end = "finished" if "n2" in shop.answered else "refused"
        return met, end if lived else f"{end} after another start"
    except Broken as broken:
        raise Broken(f"operation {nth}: {broken}") from None
    finally:
        shop.close()
        image.let_go(at)


def main():
    every = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    began = time.monotonic()
    build()
    places, ends = 0, {}
    with ThreadPoolExecutor(LANES) as lanes:
        first, more = 1, True
        while more:
            for met, end in lanes.map(sale, range(first, first + LANES * every, every)):
                more = more and met
                places += met
                ends[end] = ends.get(end, 0) + met
            first += LANES * every
    told = ", ".join(f"{end}: {times}" for end, times in sorted(ends.items()))
    print(f"full: full at {places} operations of a sale ({told}), {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    try:
        main()
    except Broken as broken:
        sys.exit(f"BROKEN: {broken}")
