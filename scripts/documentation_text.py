#!/usr/bin/env python3
"""Writes examples/data/documentation.txt: the documentation in the sources of the crates, as one text.

    python3 scripts/documentation_text.py

Code, tables, and lines with characters beyond ASCII are left out: what remains is prose of about 95 symbols.
"""

from pathlib import Path

ROOT = Path(__file__).parent.parent


def prose(source):
    """The lines of doc comments, an empty line where a comment ends."""
    is_code = False
    for line in source.splitlines():
        line = line.strip()
        if not line.startswith(("///", "//!")):
            yield ""
            continue
        text = line[3:].removeprefix(" ").rstrip()
        if text.startswith("```"):
            is_code = not is_code
        elif not is_code and not text.startswith("|") and text.isascii():
            yield text


lines = []
for path in sorted([*ROOT.glob("src/**/*.rs"), *ROOT.glob("crates/*/src/**/*.rs")]):
    for line in prose(path.read_text()):
        if line or (lines and lines[-1]):
            lines.append(line)

(ROOT / "examples/data/documentation.txt").write_text("\n".join(lines).strip() + "\n")
