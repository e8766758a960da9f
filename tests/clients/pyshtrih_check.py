"""A stranger's client against the simulated register: pyshtrih 2.0.6 (MIT) over a pseudo terminal.

    python pyshtrih_check.py REGISTER...     the command that starts a register, without books and link

It adds `--books DIR --pty LINK --quiet`, opens a shift, sells, returns, moves cash, reports and closes the shift, and
compares every answer with the books. Exits with 1 at the first difference. Needs `pip install pyshtrih==2.0.6`.
"""

import collections
import collections.abc
import datetime
import json
import os
import subprocess
import sys
import tempfile

# The library is older than Python 3.10, which took these names away.
for name in ("Mapping", "MutableMapping", "Iterable", "Callable", "Sequence"):
    setattr(collections, name, getattr(collections.abc, name))

import pyshtrih  # noqa: E402
from pyshtrih import excepts  # noqa: E402


def same(what, got, expected):
    if got != expected:
        sys.exit(f"{what}: got {got!r}, expected {expected!r}")
    print(f"ok   {what}: {got!r}")


def refused(what, code, call):
    try:
        call()
    except excepts.Error as error:
        same(f"{what} is refused", error.code, code)
    else:
        sys.exit(f"{what}: expected error {code:#04x}, got an answer")


def books(directory):
    with open(os.path.join(directory, "documents.jsonl"), encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def work(device, directory):
    device.connect()
    same("device", device.dev_info["Название устройства"], "ШТРИХ-ИМИТАТОР")
    device.beep()
    same("mode of a closed shift", device.state()["Режим ФР"].num, 4)
    full = device.full_state()
    same("serial number", full["Заводской номер"], 1234)
    same("mode in the long status", full["Режим ФР"].num, 4)

    device.open_shift()
    same("mode of an open shift", device.state()["Режим ФР"].num, 2)
    last = books(directory)[-1]
    same("opening in the books", (last["kind"], last["number"], last["shift"]), ("shift_opened", 2, 1))

    device.income(50000)
    device.open_check(0)
    device.sale(("Хлеб", 2000, 4550), department_num=1, tax1=2)
    device.sale(("Молоко", 1500, 8999), department_num=1, tax1=2)
    # The library reads the count's two bytes in the wrong order.
    same("lines in the open receipt", device.state()["Количество операций в чеке"], 2 << 8)
    refused("Z report with an open receipt", 0x4A, device.z_report)
    refused("underpaid closing", 0x45, lambda: device.close_check(cash=100))
    refused("cashless above the total", 0x4D, lambda: device.close_check(payment_type2=99999999))
    change = device.close_check(cash=20000, payment_type2=10000)["Сдача"]
    total = 2 * 4550 + 13499  # 1.5 x 89.99 = 134.985, half away from zero
    same("change", change, 30000 - total)
    sale = books(directory)[-1]
    same("sale in the books", (sale["kind"], sale["operation"], sale["total"]), ("receipt", "sale", total))
    same("cash and card", (sale["payments"]["cash"], sale["payments"]["electronic"]), (total - 10000, [10000]))
    same("tax of 10 %", sale["vat"]["2"], {"rate": {"rate": 1000}, "turnover": total, "tax": 827 + 1227})
    same("titles", [line["title"] for line in sale["lines"]], ["Хлеб", "Молоко"])

    state = device.fs_state()
    same("last document in the storage", state["Номер последнего ФД"], sale["number"])
    found = device.fs_find_document_by_num(sale["number"])
    data = bytes(found["Данные фискального документа"])
    same("type in the storage", found["Тип фискального документа"], 3)
    same("number in the storage", int.from_bytes(data[5:9], "little"), sale["number"])
    same("sign in the storage", int.from_bytes(data[9:13], "little"), sale["sign"])
    same("operation and sum in the storage", (data[13], int.from_bytes(data[14:19], "little")), (1, total))

    device.open_check(2)
    device.return_sale(("Хлеб", 1000, 4550), department_num=1, tax1=2)
    same("mode of a return", device.state()["Режим ФР"].state, (8, 2))
    device.close_check(cash=4550)
    back = books(directory)[-1]
    same("return in the books", (back["operation"], back["total"]), ("sale_return", 4550))

    device.open_check(0)
    device.sale(("Ошибка", 1000, 100))
    device.cancel_check()
    same("a cancelled receipt is in no books", len(books(directory)), back["seq"])

    number = device.outcome(10000)["Сквозной номер документа"]
    drawer = 50000 + (total - 10000) - 4550 - 10000
    register = device.request_monetary_register(241)["Содержимое регистра"]
    same("cash in the drawer", register, drawer)
    same("running number of the cash-out", number, books(directory)[-1]["running_number"])
    refused("more cash out than there is", 0x46, lambda: device.outcome(drawer + 1))
    numbers = [device.request_operational_register(n)["Содержимое регистра"] for n in (155, 156)]
    same("numbers of cash-in and cash-out", numbers, [1, 1])

    device.print_string("Спасибо за покупку")
    device.x_report()
    same("X report in the books", books(directory)[-1]["kind"], "x_report")
    same("mode after the X report", device.state()["Режим ФР"].num, 2)
    same("name of tax group 2", device.read_table(6, 2, 2, str)["Значение"], "НДС 10%")
    same("receipts in the shift", device.request_operational_register(144)["Содержимое регистра"], 1)

    device.z_report()
    last = books(directory)[-1]
    same("closing in the books", (last["kind"], last["shift"]), ("shift_closed", 1))
    same("mode after the Z report", device.state()["Режим ФР"].num, 4)
    refused("a second Z report", 0x73, device.z_report)
    device.set_datetime(datetime.datetime(2031, 1, 2, 3, 4, 5))
    same("the new date", device.full_state()["Дата"], datetime.date(2031, 1, 2))
    numbers = [document["number"] for document in books(directory) if document["number"]]
    same("fiscal documents are numbered without a gap", numbers, list(range(1, len(numbers) + 1)))


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as directory:
        link = os.path.join(directory, "register")
        shelf = os.path.join(directory, "books")
        command = sys.argv[1:] + ["--books", shelf, "--pty", link, "--quiet"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            ready = process.stdout.readline()
            if "ready on" not in ready:
                sys.exit(f"the register did not start: {ready!r}")
            device = pyshtrih.ShtrihM02F(port=link, baudrate=115200, timeout=2, password=30, admin_password=30)
            work(device, shelf)
            device.disconnect()
        finally:
            process.kill()
            process.wait()
    print("pyshtrih and the books agree")


if __name__ == "__main__":
    main()
