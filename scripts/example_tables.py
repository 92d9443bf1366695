#!/usr/bin/env python3
"""Writes the tables of the examples, examples/data/{iris,wine,breast_cancer}.csv, from scikit-learn's copies.

    pip install scikit-learn
    python3 scripts/example_tables.py

Rows and columns stay in their order; numbers are written as short as they can be. The last column is the name of the class.
"""

import csv
import pathlib

from sklearn import datasets

FOLDER = pathlib.Path(__file__).parent.parent / "examples" / "data"


def write(name, label, bunch, classes):
    with open(FOLDER / f"{name}.csv", "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        columns = [column.removesuffix(" (cm)").replace("_", " ") for column in bunch.feature_names]
        table.writerow([*columns, label])
        for row, target in zip(bunch.data.tolist(), bunch.target):
            table.writerow([*(f"{number!r}".removesuffix(".0") for number in row), classes[target]])


write("iris", "species", datasets.load_iris(), ["setosa", "versicolor", "virginica"])
write("wine", "grower", datasets.load_wine(), ["grower 1", "grower 2", "grower 3"])
write("breast_cancer", "diagnosis", datasets.load_breast_cancer(), ["malignant", "benign"])
