"""How many receipts python-escpos turns into bytes in a second: the lines of one come on standard input."""

import sys
import time

from escpos.printer import Dummy

lines = [line.rstrip("\n") for line in sys.stdin.buffer.read().decode().splitlines()]
printer = Dummy(profile="TM-T88V")
count, began = 0, time.perf_counter()
while time.perf_counter() - began < 3:
    printer.hw("INIT")
    for line in lines:
        printer.text(line + "\n")
    printer.cut()
    assert len(printer.output) > sum(map(len, lines))
    printer.clear()
    count += 1
print(f"{count / (time.perf_counter() - began):.0f}")
