"""Copies of the journal from before: each is fenced until a person agrees, and then nothing is registered twice.

A copy is taken before and after each sale, and while one is in the register's hands: by `kkm-bridge backup`, and as a
plain copy of the directory of a daemon that was killed. Later each takes the journal's place, by `kkm-bridge restore`
and by hand. Usage: backups.py SALES
"""

import json
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import mkdtemp

from bench import Broken, Register, Shop, check, wait_until

LANES = 8
FENCED = "nothing is dispatched until a person agrees"


def morning(place, sales):
    """A shop with its copies: for each its kind, its place, and which documents it may know."""
    shop = Shop(place / "shop")
    copies = []
    shop.must_start()

    def copy(name):
        path = place / f"{name}.db"
        done = shop.command("backup", str(path))
        check(done.returncode == 0, f"backup: {done.stderr}")
        copies.append(("backup", path))

    for number in range(1, sales + 1):
        name = f"n{number}"
        copy(f"before-{name}")
        if number % 2:
            # It waits at the register while the copy is taken: accepted there, registered later.
            shop.register.say("busy 2")
        shop.post(name, number)
        copy(f"within-{name}")
        check(shop.cloud.await_word(name), f"{name}: never ended\n{shop.log()}")
        shop.kill()
        path = place / f"killed-{name}"
        shutil.copytree(shop.state / "journal", path)
        copies.append(("directory", path))
        shop.must_start()
    # The newest copy of all misses one sale.
    shop.post("last", sales + 1)
    shop.ended()
    shop.kill()
    shop.register.kill()
    return shop, copies


def put_back(place, morning_shop, nth, kind, copy):
    """One copy takes the journal's place, at the register as it stands now."""
    mine = place / f"back-{nth}"
    shutil.copytree(morning_shop.register.books, mine / "books")
    shop = Shop(mine, register=Register(mine / "books"), cloud=morning_shop.cloud)
    try:
        if kind == "directory":
            shutil.copytree(copy, shop.state / "journal")
        else:
            shutil.copytree(morning_shop.state / "journal", shop.state / "journal")
            done = shop.command("restore", str(copy))
            check(done.returncode == 0, f"restore: {done.stderr}")
        before = shop.register.receipts()
        known = {json.loads(request_id) for request_id, _ in shop.rows()}
        shop.must_start()
        name = f"new-{nth}"
        answer = shop.post(name, 1000 + nth)
        # Told to wait while an earlier one is undecided, or taken and held: nothing is sold either way.
        check(answer is not None, f"no answer\n{shop.log()}")
        if answer["http"] == 200:
            wait_until(lambda: FENCED in (mine / "daemon.log").read_text(), f"the fence\n{shop.log()}")
            check(shop.command("devices").stdout.count("kkm-bridge agree front"), shop.command("devices").stdout)
        check(shop.register.receipts() == before, f"sold behind the fence\n{shop.log()}")
        agreed = shop.command("agree", "front")
        check(agreed.returncode == 0, f"agree: {agreed.stderr}")
        wait_until(lambda: (shop.post(name, 1000 + nth) or {}).get("http") == 200, f"{name} is taken")
        check(shop.cloud.await_word(name), f"{name}: never ended\n{shop.log()}")
        # What the copy still had open is told as the register knows it, and nothing was made twice.
        open_then = [(n, k) for n, k in morning_shop.sent if n in known]
        receipts = shop.register.receipts()
        twice = {n for n in receipts if receipts.count(n) > 1}
        check(not twice and name in receipts, f"registered twice: {twice}\n{shop.log()}")
        for n, _ in open_then:
            words = shop.cloud.words(n)
            check(len(words) == 1 and words[0]["status"] == "success", f"{n}: {words}")
    except Broken as broken:
        raise Broken(f"{kind} {copy.name}: {broken}") from None
    finally:
        shop.kill()
        shop.register.kill()


def main():
    sales = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    began = time.monotonic()
    place = Path(mkdtemp(prefix="kkm-backups-"))
    shop, copies = morning(place, sales)
    with ThreadPoolExecutor(LANES) as lanes:
        for result in [lanes.submit(put_back, place, shop, nth, *copy) for nth, copy in enumerate(copies)]:
            result.result()
    shutil.rmtree(place)
    print(f"backups: {len(copies)} older copies, each fenced, {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    try:
        main()
    except Broken as broken:
        sys.exit(f"BROKEN: {broken}")
