#!/usr/bin/env python3
"""Packs scikit-learn's copy of the handwritten digits into crates/nn/data/digits.bin, and prints its checksum.

    pip download --no-deps --only-binary :all: scikit-learn
    python3 scripts/pack_digits.py scikit_learn-*.whl

Takes the wheel or the digits.csv.gz inside it. An image becomes 41 bytes: its 64 pixels, row by row, five bits each (they
are 0 to 16), as one little-endian integer of 320 bits whose lowest bits are the first pixel; then its label.
"""

import gzip
import hashlib
import pathlib
import sys
import zipfile

MEMBER = "sklearn/datasets/data/digits.csv.gz"
TARGET = pathlib.Path(__file__).parent.parent / "crates" / "nn" / "data" / "digits.bin"


def csv_lines(path):
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as wheel:
            packed = wheel.read(MEMBER)
    else:
        packed = pathlib.Path(path).read_bytes()
    return gzip.decompress(packed).decode("ascii").split()


def packed_image(line):
    *pixels, label = (int(float(field)) for field in line.split(","))
    if len(pixels) != 64 or not all(0 <= pixel <= 16 for pixel in pixels) or not 0 <= label <= 9:
        sys.exit(f"not an image of 64 pixels of 0 to 16 and a label of 0 to 9: {line}")
    bits = sum(pixel << 5 * i for i, pixel in enumerate(pixels))
    return bits.to_bytes(40, "little") + bytes([label])


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    images = [packed_image(line) for line in csv_lines(sys.argv[1])]
    if len(images) != 1797:
        sys.exit(f"expected 1797 images, found {len(images)}")
    data = b"".join(images)
    TARGET.write_bytes(data)
    print(f"{hashlib.sha256(data).hexdigest()}  {TARGET.name}  ({len(data)} bytes)")


if __name__ == "__main__":
    main()
