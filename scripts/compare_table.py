#!/usr/bin/env python3
"""Turns what the peers' compare.py prints into the tables of benches/README.md.

    compare.py --rounds 2 cotangent=... PyTorch-plain=... PyTorch-kept=... candle=... | scripts/compare_table.py

Programs that differ only in what follows a hyphen are one framework, whose best figure counts.
"""

import math
import sys

# The columns of compare.py: the case, then each program's figure with its unit, then ratios, which are computed again here.
CASE, FIGURE = 24, 14


def better(a, b):
    """The better of two figures, each a number with a unit: less time, or more of it."""
    if a is None or b is None:
        return a or b
    return max(a, b) if a[1] == "GF/s" else min(a, b)


def figures(line, names):
    """The best figure of each framework, by name."""
    best = {}
    for i, name in enumerate(names):
        text = line[CASE + i * FIGURE : CASE + (i + 1) * FIGURE].split()
        figure = (float(text[0]), text[1]) if len(text) == 2 else None
        framework = name.split("-")[0]
        best[framework] = better(best.get(framework), figure)
    return best


def ratio(ours, theirs):
    """How many times as fast ours is."""
    return ours[0] / theirs[0] if ours[1] == "GF/s" else theirs[0] / ours[0]


def shown(figure):
    # Times below a hundredth of a millisecond are read as nanoseconds.
    if figure is None:
        return "-"
    value, unit = figure
    return f"{value * 1e6:.0f} ns" if unit == "ms" and value < 0.01 else f"{value:.4g} {unit}"


def main():
    lines = [line.rstrip("\n") for line in sys.stdin if line.strip()]
    # The first ratio is written without a space before it.
    header = lines[0].replace("/", " /").split()[1:]
    names = [name for name in header if not name.startswith("/")]
    rows = [(line[:CASE].strip(), figures(line, names)) for line in lines[1:] if not line.startswith("geometric mean")]
    ours, *others = dict.fromkeys(name.split("-")[0] for name in names)
    print("| case | " + " | ".join([ours, *others, *(f"{other} / {ours}" for other in others)]) + " |")
    print("|---" * (2 * len(others) + 2) + "|")
    ratios = {other: [] for other in others}
    for case, of in rows:
        cells = [case, *(shown(of[name]) for name in [ours, *others])]
        for other in others:
            if of[other] is None:
                cells.append("-")
            else:
                ratios[other].append(ratio(of[ours], of[other]))
                cells.append(f"{ratios[other][-1]:.2f}")
        print("| " + " | ".join(cells) + " |")
    means = [
        f"{other} {math.exp(sum(map(math.log, of)) / len(of)):.2f} (least {min(of):.2f})" for other, of in ratios.items() if of
    ]
    print(f"\nGeometric means: {', '.join(means)}.")


if __name__ == "__main__":
    main()
