"""The power is cut at a random moment of the work, and comes back.

A cut loses what was not synced: ext4 gives back the last state that its own journal holds. The daemon is killed just
before the disk, for no program outlives its power: let run on, an fdatasync that meets the shutdown of ext4 returns 0
now and then although nothing was written (seen on 6.18). SIGKILL reaches all threads at once, what is under way in the
kernel goes on; SIGSTOP on a busy machine lets other threads run for a while. Usage: cuts.py COUNT [SEED]
"""

import random
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import mkdtemp

import image
from bench import PATIENCE_S, Broken, Shop

LANES = 6
"""Most of a cut is waiting, so many shops go at once."""
CUTS_IN_A_SHOP = 10
LONGEST_MS = 300
"""A start takes about 100 ms and so does a receipt."""
LONGEST_GAP_MS = 150
"""Between two customers; more come than can be served."""


def shop_of_cuts(seed, count):
    """One shop through its cuts; gives the number of documents."""
    dice = random.Random(seed)
    place = Path(mkdtemp(prefix="kkm-cuts-"))
    disk, at = place / "disk.img", place / "disk"
    image.make(disk)
    image.mount(disk, at)
    shop = Shop(place / "shop", state=at)
    number = 0
    try:
        for _ in range(count):
            stop, sold = threading.Event(), threading.Event()
            shop.spawn()

            def customers():
                nonlocal number
                if not shop.ready():
                    return
                while not stop.is_set():
                    number += 1
                    answer = shop.post(f"s{seed}n{number}", number)
                    sold.set()
                    if answer is None:
                        return
                    stop.wait(dice.uniform(0, LONGEST_GAP_MS) / 1000)

            posting = threading.Thread(target=customers)
            posting.start()
            # Two of three fall into the sales, the others into the start and the recovery from the last one.
            if dice.random() < 0.67:
                sold.wait(PATIENCE_S)
            time.sleep(dice.uniform(0, LONGEST_MS) / 1000)
            shop.daemon.send_signal(signal.SIGKILL)
            image.cut(at)
            stop.set()
            shop.kill()
            posting.join()
            image.unmount(at)
            image.mount(disk, at)
            shop.kept()
        shop.must_start()
        shop.ended()
        return len(shop.sent)
    except Broken as broken:
        raise Broken(f"seed {seed}: {broken}") from None
    finally:
        shop.close()
        image.let_go(at)


def main():
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    began = time.monotonic()
    shops = [(seed + n, min(CUTS_IN_A_SHOP, count - n * CUTS_IN_A_SHOP)) for n in range(-(-count // CUTS_IN_A_SHOP))]
    with ThreadPoolExecutor(LANES) as lanes:
        documents = sum(lanes.map(lambda shop: shop_of_cuts(*shop), shops))
    print(f"cuts: {count} cuts of the file system, {documents} documents, {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    try:
        main()
    except Broken as broken:
        sys.exit(f"BROKEN: {broken}")
