"""A journal that is damaged by hand: refused with a way out and left as it is, or harmless.

A page of garbage, a page of zeros, a turned bit, a file cut short or gone, in the file or in its log. What starts all the
same must sell nothing twice when the cloud sends everything again. A torn end of the log cannot be told from a power
cut that came before the last commit was answered, so there the register's memory is the guard: the device is fenced.
Usage: damage.py COUNT [SEED]
"""

import collections
import random
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import mkdtemp

from bench import EXIT_JOURNAL, Broken, Register, Shop, check, wait_until

LANES = 10
SALES = 6
PAGE = 4096
WAY_OUT = "kkm-bridge restore FILE"


def garbage(data, dice):
    at = dice.randrange(max(1, len(data) // PAGE)) * PAGE
    data[at:at + PAGE] = dice.randbytes(len(data[at:at + PAGE]))


def zeros(data, dice):
    at = dice.randrange(max(1, len(data) // PAGE)) * PAGE
    data[at:at + PAGE] = bytes(len(data[at:at + PAGE]))


def bit(data, dice):
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def short(data, dice):
    del data[dice.randrange(len(data)):]


def gone(data, dice):
    data.clear()


HARMS = [(harm, file) for harm in (garbage, zeros, bit, short, gone) for file in ("journal.db", "journal.db-wal")]


def morning(place):
    """A journal with a file and a log that both matter: a daemon was killed, another sold on, and was killed too."""
    shop = Shop(place / "shop")
    for number in range(1, SALES + 1):
        if shop.daemon is None:
            shop.must_start()
        name = f"n{number}"
        shop.post(name, number)
        check(shop.cloud.await_word(name), f"{name}: never ended\n{shop.log()}")
        if number in (SALES // 2, SALES):
            shop.kill()
    shop.register.kill()
    return shop


def harmed(place, before, seed):
    """One harm; gives what came of it."""
    dice = random.Random(seed)
    harm, file = HARMS[seed % len(HARMS)]
    mine = place / f"harm-{seed}"
    shutil.copytree(before.register.books, mine / "books")
    shop = Shop(mine, register=Register(mine / "books"), cloud=before.cloud)
    try:
        shutil.copytree(before.state / "journal", shop.state / "journal")
        path = shop.state / "journal" / file
        data = bytearray(path.read_bytes())
        harm(data, dice)
        path.write_bytes(data)
        files = [shop.state / "journal" / name for name in ("journal.db", "journal.db-wal")]
        bytes_before = [f.read_bytes() for f in files]
        if not shop.start():
            check(shop.daemon.returncode == EXIT_JOURNAL, f"exit {shop.daemon.returncode}\n{shop.log()}")
            check(WAY_OUT in shop.log(), f"no way out is told\n{shop.log()}")
            check([f.read_bytes() for f in files] == bytes_before, "the damaged journal was changed")
            return "refused"
        receipts = shop.register.receipts()
        # The cloud sends everything again, and something new.
        for name, number in before.sent + [("new", 1000)]:
            shop.post(name, number)
        if "new" in shop.answered:
            fenced = lambda: "until a person agrees" in (mine / "daemon.log").read_text()
            wait_until(lambda: shop.daemon.poll() is not None or shop.register.receipts() != receipts or fenced(),
                       f"the new one is sold or fenced\n{shop.log()}")
        if shop.daemon.poll() is not None:
            check(shop.daemon.returncode == EXIT_JOURNAL, f"exit {shop.daemon.returncode}\n{shop.log()}")
        shop.kill()
        after = shop.register.receipts()
        twice = {n for n in after if after.count(n) > 1}
        check(not twice, f"registered twice: {twice}\n{shop.log()}")
        return "sold on" if "new" in after else "fenced or ended"
    except Broken as broken:
        raise Broken(f"seed {seed}, {harm.__name__} in {file}: {broken}") from None
    finally:
        shop.kill()
        shop.register.kill()


def main():
    count, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    began = time.monotonic()
    place = Path(mkdtemp(prefix="kkm-damage-"))
    before = morning(place)
    with ThreadPoolExecutor(LANES) as lanes:
        ends = collections.Counter(lanes.map(lambda n: harmed(place, before, n), range(seed, seed + count)))
    shutil.rmtree(place)
    told = ", ".join(f"{end}: {times}" for end, times in sorted(ends.items()))
    print(f"damage: {count} damaged journals ({told}), {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    try:
        main()
    except Broken as broken:
        sys.exit(f"BROKEN: {broken}")
