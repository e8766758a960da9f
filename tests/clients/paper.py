"""A simulated receipt printer in a process of its own, its books, and its paper as a reader of bar codes sees it."""

import json
import os
import subprocess
import sys
import tempfile

import zxingcpp
from PIL import Image, ImageOps


def same(what, got, expected):
    if got != expected:
        sys.exit(f"{what}: got {got!r}, expected {expected!r}")
    print(f"ok   {what}: {got!r}")


class Printer:
    """`with Printer(command, "--tcp", "127.0.0.1:0") as printer`; `printer.name` is where it is reached."""

    def __init__(self, command, *arguments):
        self.home = tempfile.TemporaryDirectory()
        self.books = os.path.join(self.home.name, "books")
        self.command = [*command, "--books", self.books, "--quiet", *arguments]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        ready = self.process.stdout.readline()
        if "ready on" not in ready:
            sys.exit(f"the printer did not start: {ready!r}")
        self.name = ready.split("ready on ")[1].strip()
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.home.cleanup()

    def tell(self, line):
        """A line of the fault script."""
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        same(line, self.process.stdout.readline().strip(), "done")

    def items(self, slip):
        """What is on a slip, in order: pairs of kind and content."""
        with open(os.path.join(self.books, "slips.jsonl"), encoding="utf-8") as file:
            entries = [json.loads(line) for line in file]
        return [pair for entry in entries if entry["slip"] == slip for pair in entry["item"].items()]

    def all(self, slip, kind):
        return [content for known, content in self.items(slip) if known == kind]

    def text(self, slip):
        return [line["text"].strip() for line in self.all(slip, "line") if line["text"]]

    def commands(self):
        with open(os.path.join(self.books, "commands.txt"), encoding="utf-8") as file:
            return [line.rstrip("\n") for line in file]

    def picture(self, slip):
        return Image.open(os.path.join(self.books, f"slip-{slip:04}.png")).convert("L")

    def codes(self, slip):
        """What a reader of bar codes reads off the paper, from top to bottom."""
        # The paper lies on a white table.
        picture = ImageOps.expand(self.picture(slip), 60, 255)
        found = sorted(zxingcpp.read_barcodes(picture), key=lambda code: code.position.top_left.y)
        return [(str(code.format).replace(" ", "").replace("-", ""), code.text) for code in found]
