"""Writes one section of docs/proofs.md, and leaves the others as they are: proofs.py NAME < section

A section stands between two comments with its name; a new one goes to the end. `top` is what stands before them all.
"""

import re
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs/proofs.md"

name, text = sys.argv[1], sys.stdin.read().strip()
begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
page = PAGE.read_text() if PAGE.exists() else "# What was tried, and how often\n"
section = f"{begin}\n\n{text}\n\n{end}"
if name == "top":
    page = f"{text}\n\n{page[page.index('<!-- '):]}" if "<!-- " in page else f"{text}\n"
elif begin in page:
    page = re.sub(f"{re.escape(begin)}.*?{re.escape(end)}", lambda _: section, page, flags=re.DOTALL)
else:
    page = f"{page.rstrip()}\n\n{section}\n"
PAGE.write_text(page)
print(f"written: {name} in {PAGE.relative_to(Path.cwd())}")
