"""A stranger's client on the simulated printer: python-escpos 3.1 (MIT) over TCP, a pseudo terminal and a FIFO.

    python escpos_check.py PRINTER...     the command that starts a printer, without books and link

It prints text, bar codes, QR codes and pictures in every way that it knows; the books must have them, and zxing-cpp, a
third party, must read the codes off the picture of the paper. Exits with 1 at the first difference.
"""

import os
import sys
import tempfile
import time

from escpos.printer import File, Network, Serial
from paper import Printer, same
from PIL import Image


def client(printer, profile="TM-T88V"):
    host, port = printer.name.split(":")
    return Network(host, int(port), timeout=20, profile=profile)


def settle(host):
    """Waits for the answer that comes after everything before it is printed."""
    host._raw(b"\x1dr\x01")
    return host._read()


def dots():
    picture = Image.new("1", (200, 64), 1)
    for place in range(64):
        for x in (place * 3, 199 - place, 0):
            picture.putpixel((x, place), 0)
    return picture


def text_and_codes(command):
    with Printer(command, "--tcp", "127.0.0.1:0") as printer:
        host = client(printer)
        same("online", (host.is_online(), host.paper_status()), (True, 2))
        host.set(align="center", bold=True, double_width=True, double_height=True)
        host.text("Кассовый чек\n")
        host.set_with_default()
        host.text("Молоко 2,5% №1 — 1 999,99 €\n")
        host.textln("Grüße aus Köln, Łódź, Ελλάδα")
        host.set(underline=1)
        host.textln("underlined")
        host.set(underline=0, invert=True)
        host.textln("white on black")
        host.set_with_default()
        host.qr("https://example.org/чек?t=1", native=True, size=6)
        host.qr("https://example.org/drawn", native=False, size=6)
        host.barcode("4601234567893", "EAN13", 64, 3, "BELOW", "A")
        host.barcode("96385074", "EAN8", 64, 3, "ABOVE", "A")
        host.barcode("036000291452", "UPC-A", 64, 3, "OFF", "A")
        host.barcode("{BABC-1234", "CODE128", 64, 2, "BELOW", "A", function_type="B")
        host.barcode("KKM-42", "CODE39", 64, 2, "BELOW", "A")
        host.barcode("12345678", "ITF", 64, 3, "BELOW", "A")
        host.barcode("A40156B", "NW7", 64, 2, "BELOW", "A")
        host.barcode("KKM93", "CODE93", 64, 2, "BELOW", "A", function_type="B")
        host.cashdraw(2)
        host.cashdraw(5)
        host.cut()
        same("everything is printed", settle(host), b"\0")

        lines = ["Кассовый чек", "Молоко 2,5% №1 — 1 999,99 €", "Grüße aus Köln, Łódź, Ελλάδα", "underlined", "white on black"]
        same("text", printer.text(1), lines)
        title, _, _, underlined, reverse = [line for line in printer.all(1, "line") if line["text"]]
        same("looks of the title", {**title, "text": ""}, {"text": "", "bold": True, "wide": 2, "tall": 2})
        same("underlined", (underlined.get("underlined"), reverse.get("reverse")), (True, True))
        codes = [
            ("ean-13", "4601234567893"), ("ean-8", "96385074"), ("upc-a", "036000291452"), ("code128", "ABC-1234"),
            ("code39", "KKM-42"), ("itf", "12345678"), ("codabar", "A40156B"), ("code93", "KKM93"),
        ]
        same("bar codes", [(code["system"], code["data"]) for code in printer.all(1, "barcode")], codes)
        same("QR code", [code["data"] for code in printer.all(1, "qr")], ["https://example.org/чек?t=1"])
        same("pulses", [pulse["pin"] for pulse in printer.all(1, "pulse")], [2, 5])
        same("cut", printer.all(1, "cut"), ["full"])
        same("nothing that should not come", printer.all(1, "incident"), [])
        # UPC-A is the EAN-13 that begins with 0.
        read = [
            ("QRCode", "https://example.org/чек?t=1"), ("QRCode", "https://example.org/drawn"), ("EAN13", "4601234567893"),
            ("EAN8", "96385074"), ("EAN13", "0036000291452"), ("Code128", "ABC-1234"), ("Code39", "KKM-42"), ("ITF", "12345678"),
            ("Codabar", "A40156B"), ("Code93", "KKM93"),
        ]
        same("codes on the paper", printer.codes(1), read)


def pictures(command):
    with Printer(command, "--tcp", "127.0.0.1:0") as printer:
        host = client(printer)
        for slip, way in enumerate(["bitImageRaster", "graphics", "bitImageColumn"], 1):
            host.image(dots(), impl=way)
            host.cut()
            settle(host)
            shown = printer.picture(slip).crop((0, 0, 200, 64))
            same(f"picture by {way}", shown.convert("1").tobytes() == dots().tobytes(), True)
        hashes = {printer.all(slip, "image")[0]["hash"] for slip in (1, 2)}
        same("one fingerprint for one picture", len(hashes), 1)


def conditions(command):
    with Printer(command, "--tcp", "127.0.0.1:0") as printer:
        host = client(printer)
        for line, expected in [
            ("paper low", (True, 1)), ("paper out", (False, 0)), ("paper in", (True, 2)), ("cover open", (False, 2)),
            ("cover close", (True, 2)),
        ]:
            printer.tell(line)
            same(f"online and paper after {line!r}", (host.is_online(), host.paper_status()), expected)


def vendors(command):
    """Its profiles number the code pages as their vendors do, and so do our models."""
    for model, profile in [
        ("epson", "TM-T88V"), ("epson", "default"), ("rongta", "RP326"), ("aures", "OCD-300"), ("kefar", "KR-306"),
        ("xprinter", "POS-5890"),
    ]:
        with Printer(command, "--tcp", "127.0.0.1:0", "--model", model, "--columns", "48") as printer:
            host = client(printer, profile)
            host._raw(b"\x1c.")  # the client does not know of double-byte mode
            for page, text in [("CP866", "Чек №1"), ("CP1251", "Чек №2")]:
                if page in host.profile.get_code_pages():
                    host.charcode(page)
                    host.textln(text)
            host.cut()
            settle(host)
            wanted = [text for page, text in [("CP866", "Чек №1"), ("CP1251", "Чек №2")] if page in host.profile.get_code_pages()]
            same(f"{profile} on {model}", (printer.text(1), printer.all(1, "incident")), (wanted, []))


def links(command):
    with tempfile.TemporaryDirectory() as place:
        with Printer(command, "--pty", os.path.join(place, "serial")) as printer:
            host = Serial(devfile=printer.name, baudrate=115200, timeout=20, dsrdtr=False, profile="TM-T88V")
            same("online over the terminal", host.is_online(), True)
            host.textln("Привет")
            host.cut()
            same("everything is printed", settle(host), b"\0")
            same("text over the terminal", printer.text(1), ["Привет"])
            host.close()
        with Printer(command, "--file", os.path.join(place, "lp0")) as printer:
            host = File(printer.name, profile="TM-T88V")
            host.textln("Только вперёд")
            host.cut()
            host.flush()
            host.close()
            deadline = time.monotonic() + 20
            while not os.path.exists(os.path.join(printer.books, "slip-0001.png")):
                if time.monotonic() > deadline:
                    sys.exit("nothing was printed")
            same("text over the FIFO", printer.text(1), ["Только вперёд"])


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    for check in [text_and_codes, pictures, conditions, vendors, links]:
        check(sys.argv[1:])
    print("python-escpos, zxing-cpp and the books agree")


if __name__ == "__main__":
    main()
