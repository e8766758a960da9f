"""A disk that writes down every request, and the states in which a power cut may leave it.

`qemu-storage-daemon` puts its `blklogwrites` between ext4 and the image; the log is that of dm-log-writes
(linux/drivers/md/dm-log-writes.c): a superblock and entries, each padded to a sector, all little-endian.
A real disk with a write-back cache keeps what came before its last flush; of what came after it any part may be lost,
in any order, and a write may be torn between two sectors.
"""

import os
import struct
from pathlib import Path

import image
from bench import check

MAGIC = 0x6A736677736872
FLUSH, FUA, DISCARD = 1, 2, 4
EXT4_SUPERBLOCK = range(2, 4)
"""Sectors of 512 bytes. It is written in place and has no second copy at hand, so a disk that tears it loses all."""


class Recorder:
    """A mounted disk whose requests are logged."""

    def __init__(self, place):
        self.place = Path(place)
        self.base, self.disk, self.log, self.at = (
            self.place / name for name in ("base.img", "disk.img", "disk.log", "disk"))
        image.make(self.base)
        image.copy(self.base, self.disk)
        self.log.touch()
        self.daemon, self.export = image.export(
            self.place, f"driver=blklogwrites,node-name=top,file.driver=file,file.filename={self.disk},"
            f"log.driver=file,log.filename={self.log},log-append=off", self.disk)
        image.mount(self.export, self.at)

    def now(self):
        """How much is in the log: whatever is durable now was asked for before."""
        return self.log.stat().st_size

    def close(self):
        image.unmount(self.at)
        self.daemon.terminate()
        self.daemon.wait()


class Entry:
    """A request."""

    def __init__(self, sector, flags, data, end):
        self.sector, self.flags, self.data = sector, flags, data
        self.end = end
        """Size of the log when it was complete."""


def read(path):
    """The entries, and the size of a sector."""
    raw = Path(path).read_bytes()
    magic, _, _, sector_size = struct.unpack_from("<QQQI", raw)
    check(magic == MAGIC, f"no log: {magic:#x}")
    entries, at = [], sector_size
    while at + 32 <= len(raw):
        sector, sectors, flags, more = struct.unpack_from("<QQQQ", raw, at)
        if not (sector or sectors or flags or more):
            break
        at += sector_size
        size = 0 if flags & DISCARD else sectors * sector_size
        if at + size > len(raw):
            break
        at += size
        entries.append(Entry(sector, flags, raw[at - size:at], at))
    return entries, sector_size


class Replay:
    """Builds states of the disk, in the order of the log."""

    def __init__(self, base, work, log):
        self.entries, self.sector_size = read(log)
        self.durable, self.applied = Path(work), 0
        image.copy(base, self.durable)
        self.flushes = [n for n, entry in enumerate(self.entries) if entry.flags & FLUSH]

    def write(self, file, entry, size=None):
        if entry.data:
            os.pwrite(file, entry.data[:size], entry.sector * self.sector_size)

    def state(self, path, upto, dice=None):
        """The disk after the first `upto` entries: all of them, or with dice, what a disk may have kept of them."""
        last = max((n for n in self.flushes if n < upto), default=-1) + 1
        with open(self.durable, "r+b") as file:
            for entry in self.entries[self.applied:last]:
                self.write(file.fileno(), entry)
        check(self.applied <= last, "states are built in the order of the log")
        self.applied = last
        image.copy(self.durable, path)
        tail = self.entries[last:upto]
        with open(path, "r+b") as file:
            for entry in tail:
                if dice is None or entry.flags & FUA:
                    self.write(file.fileno(), entry)
                elif dice.random() < 0.5:
                    torn = dice.random() < 0.3 and entry.sector not in EXT4_SUPERBLOCK and entry.sector != 0
                    self.write(file.fileno(), entry, 512 * dice.randrange(len(entry.data) // 512 + 1) if torn else None)
