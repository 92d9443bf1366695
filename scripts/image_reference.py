#!/usr/bin/env python3
"""Writes the JPEG files that the tests in crates/nn/src/data/images read, and what Pillow makes of each, as PNG.

    pip install pillow numpy
    python3 scripts/image_reference.py
"""

import pathlib

import numpy as np
from PIL import Image

OUT = pathlib.Path(__file__).parent.parent / "crates/nn/src/data/images/tests"
OUT.mkdir(parents=True, exist_ok=True)

rows, columns = np.mgrid[0:13, 0:19]
planes = [128 + 120 * np.sin(rows / 3 + columns / 5), 128 + 100 * np.cos(columns / 4), 255 * rows / 12]
colours = Image.fromarray(np.stack(planes, -1).astype(np.uint8))

for name, image, settings in [
    ("baseline", colours, {"subsampling": "4:2:0"}),
    ("progressive", colours, {"progressive": True, "subsampling": "4:4:4"}),
    ("grey", colours.convert("L"), {}),
]:
    image.save(OUT / f"{name}.jpg", quality=90, **settings)
    Image.open(OUT / f"{name}.jpg").save(OUT / f"{name}.png", optimize=True)
