"""A disk in a file: ext4 on a loop device, and the cut of its power."""

import fcntl
import os
import struct
import subprocess
import time
from pathlib import Path

from bench import wait_until

EXT4_IOC_SHUTDOWN = 0x8004587D
"""_IOR('X', 125, __u32) of fs/ext4: from here on nothing reaches the disk."""
NOLOGFLUSH = 2
"""EXT4_GOING_FLAGS_NOLOGFLUSH: what the file system's own journal has not written yet is lost too."""

SIZE_MB = 64
"""More than the journal's low water (32 MiB), its reserve (4 MiB) and the file system's own needs."""


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode:
        raise OSError(f"{command}: {done.returncode}: {done.stderr}")


def make(path, megabytes=SIZE_MB):
    """A new empty disk."""
    with open(path, "wb") as image:
        image.truncate(megabytes << 20)
    run("mke2fs", "-q", "-F", "-t", "ext4", "-m", "0", "-E", "lazy_itable_init=0,lazy_journal_init=0", path)


def mount(image, at, options="loop"):
    Path(at).mkdir(parents=True, exist_ok=True)
    run("mount", "-o", options, image, at)


def unmount(at):
    """Lets go of it; whoever has files open there must be dead."""
    deadline = time.monotonic() + 20
    while True:
        try:
            return run("umount", at)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def let_go(at):
    """At the end of a round, however it went."""
    subprocess.run(["umount", "--lazy", str(at)], stderr=subprocess.DEVNULL)


def copy(image, to):
    run("cp", "--sparse=always", image, to)


def export(place, driver, disk, *more):
    """A block device of `qemu-storage-daemon` as a file: the daemon and the file. `driver` ends in `node-name=top`."""
    file = Path(place) / "export.img"
    file.touch()
    daemon = subprocess.Popen(["qemu-storage-daemon", *more, "--blockdev", driver, "--export",
                               f"type=fuse,id=export,node-name=top,mountpoint={file},writable=on,growable=off"])
    wait_until(lambda: file.stat().st_size == Path(disk).stat().st_size, "the exported disk")
    return daemon, file


def cut(at):
    """The power of the disk goes: every later write and sync fails, and what was not synced is gone."""
    handle = os.open(at, os.O_RDONLY)
    try:
        fcntl.ioctl(handle, EXT4_IOC_SHUTDOWN, struct.pack("I", NOLOGFLUSH))
    finally:
        os.close(handle)
