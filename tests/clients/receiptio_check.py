"""A stranger's client on the simulated printer: receiptio 2.1.2 (Apache-2.0), which waits until a printer says "printed".

    python receiptio_check.py RECEIPTIO PRINTER...     its cli.js; the command that starts a printer, without books and link

A receipt with text, a table, bar codes, a QR code and a picture must be on the paper, and zxing-cpp, a third party, must
read the codes off it. receiptio must understand paper, cover, silence and power. Exits with 1 at the first difference.
"""

import base64
import io
import os
import subprocess
import sys
import tempfile
import threading

from PIL import Image
from paper import Printer, same

# It knows one port only; an address of our own keeps us out of the way of others.
ADDRESS = "127.91.0.1"


def receipt():
    picture = Image.new("1", (64, 32), 1)
    for place in range(32):
        for x in (place * 2, 0, 63):
            picture.putpixel((x, place), 0)
    file = io.BytesIO()
    picture.save(file, "PNG")
    return f"""^^^Кассовый чек

ООО Ромашка | ИНН 7707083893
Стрижка | 1| 1500.00
Краска €| 2| 499.99
---
^ИТОГО | ^2499.98

{{code:4601234567893; option:ean,3,64,hri}}
{{code:KKM-42; option:code128,2,64,hri}}
{{code:https://example.org/r?t=20261125T1204; option:qrcode,6,M}}
{{image:{base64.b64encode(file.getvalue()).decode()}}}
"""


class Client:
    def __init__(self, script, place):
        self.script = script
        self.source = os.path.join(place, "source.receipt")
        with open(self.source, "w", encoding="utf-8") as file:
            file.write(receipt())

    def run(self, *arguments):
        command = ["node", self.script, "-d", ADDRESS, *arguments]
        return subprocess.run(command, stderr=subprocess.PIPE, text=True, timeout=120).stderr.strip()

    def print(self, *arguments):
        return self.run("-l", "ru", *arguments, self.source)


def whole(client, command):
    with Printer(command, "--tcp", f"{ADDRESS}:9100") as printer:
        same("asked for its status", client.run("-q"), "online")
        # Found out by itself, then told.
        for slip, arguments in enumerate([[], ["-p", "escpos"]], 1):
            same("its result", client.print(*arguments), "success")
            lines = [" ".join(line.split()) for line in printer.text(slip)]
            expected = [
                "Кассовый чек", "ООО Ромашка ИНН 7707083893", "Стрижка 1 1500.00", "Краска € 2 499.99", "─" * 48, "ИТОГО 2499.98",
            ]
            same("text", lines, expected)
            codes = [(code["system"], code["data"]) for code in printer.all(slip, "barcode")]
            same("bar codes", codes, [("ean-13", "4601234567893"), ("code128", "KKM-42")])
            sizes = [(image["width"], image["height"]) for image in printer.all(slip, "image")]
            same("QR code and picture, both drawn", sizes, [(174, 174), (64, 32)])
            read = [("EAN13", "4601234567893"), ("Code128", "KKM-42"), ("QRCode", "https://example.org/r?t=20261125T1204")]
            same("codes on the paper", printer.codes(slip), read)
            same("cut", printer.all(slip, "cut"), ["partial"])
        # Looking for the kind of printer, it asks a Star printer too: ESC ACK SOH.
        unknown = [line.split()[1] for line in printer.commands() if "  ! " in line]
        same("bytes that are no command", unknown, ["1B", "06", "01"] * 2)
        same("nothing else that should not come", printer.all(2, "incident"), [])


def conditions(client, command):
    with Printer(command, "--tcp", f"{ADDRESS}:9100") as printer:
        for line, expected in [
            ("cover open", "coveropen"), ("cover close", "online"), ("paper out", "paperempty"), ("paper in", "online"),
        ]:
            printer.tell(line)
            same(f"status after {line!r}", client.run("-q", "-p", "escpos"), expected)
        printer.tell("paper out")
        same("printing without paper", client.print("-p", "escpos", "-t", "5"), "paperempty")
        printer.tell("paper in")
        printer.tell("paper out after 3 lines")
        result = []
        thread = threading.Thread(target=lambda: result.append(client.print("-p", "escpos", "-t", "60")))
        thread.start()
        thread.join()
        same("paper that ends in the middle", result, ["paperempty"])
        printer.tell("paper in")
        same("printing a whole one again", client.print("-p", "escpos"), "success")
        printer.tell("lose-answer 100")
        same("a printer that does not answer", client.print("-p", "escpos"), "offline")


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as place:
        client = Client(sys.argv[1], place)
        whole(client, sys.argv[2:])
        conditions(client, sys.argv[2:])
    print("receiptio, zxing-cpp and the books agree")


if __name__ == "__main__":
    main()
