#!/usr/bin/env python3
"""Turns what the peers' compare.py prints into a table for benches/README.md.

    compare.py --rounds 2 cotangent=... PyTorch=... candle=... | scripts/compare_table.py
"""

import sys

# The columns of compare.py: the case, then each program's figure with its unit, then each ratio.
CASE, FIGURE, RATIO = 24, 14, 10


def columns(line, count):
    figures = [line[CASE + i * FIGURE : CASE + (i + 1) * FIGURE].strip() for i in range(count)]
    start = CASE + count * FIGURE
    ratios = [line[start + i * RATIO : start + (i + 1) * RATIO].strip() for i in range(count - 1)]
    return [line[:CASE].strip(), *figures, *ratios]


def main():
    lines = [line.rstrip("\n") for line in sys.stdin if line.strip()]
    header = lines[0].split()[1:]
    count = (len(header) + 1) // 2
    names = header[:count]
    print("| case | " + " | ".join(names + [f"{names[0]} is faster than {name}" for name in names[1:]]) + " |")
    print("|---" * (2 * count) + "|")
    for line in lines[1:]:
        if line.startswith("geometric mean"):
            print(f"\n{line[0].upper()}{line[1:]}.", end="")
        else:
            print("| " + " | ".join(columns(line, count)) + " |")
    print()


if __name__ == "__main__":
    main()
