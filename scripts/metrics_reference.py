#!/usr/bin/env python3
"""Prints what scikit-learn and PyTorch make of small data, for the tests in crates/nn/src/metrics.

    pip install scikit-learn torch
    python3 scripts/metrics_reference.py
"""

import warnings

import numpy as np
import torch
from sklearn import metrics

warnings.simplefilter("ignore")

# Five classes, of which 3 is only predicted and 4 does not occur at all.
LABELS = [0, 0, 1, 1, 1, 2, 2, 0, 1, 2, 2, 0]
PREDICTED = [0, 1, 1, 1, 2, 2, 0, 0, 3, 2, 2, 0]

print("labels", LABELS)
print("predicted", PREDICTED)
for score in (metrics.precision_score, metrics.recall_score, metrics.f1_score):
    print(score.__name__)
    print("    classes", score(LABELS, PREDICTED, average=None, labels=range(5)).tolist())
    for average in ("macro", "micro", "weighted"):
        print(f"    {average}", repr(float(score(LABELS, PREDICTED, average=average))))

SCORES = [0.1, 0.4, 0.35, 0.8, 0.4, 0.4, 0.9, 0.2, 0.8, 0.05]
POSITIVE = [0, 0, 1, 1, 1, 0, 1, 0, 0, 1]
print("roc_auc_score", repr(float(metrics.roc_auc_score(POSITIVE, SCORES))))
print("average_precision_score", repr(float(metrics.average_precision_score(POSITIVE, SCORES))))
print("    of one class:", metrics.roc_auc_score([1, 1], [0.1, 0.2]), metrics.average_precision_score([1, 1], [0.1, 0.2]))
print("    of no positives:", metrics.average_precision_score([0, 0], [0.1, 0.2]))

PREDICTIONS = np.array([[2.5, 0.0], [0.1, 2.0], [2.0, -1.0], [8.0, 0.5]])
TARGETS = np.array([[3.0, 0.5], [-0.5, 2.0], [2.0, 1.0], [7.0, 0.5]])
for score in (metrics.mean_squared_error, metrics.mean_absolute_error, metrics.r2_score):
    print(score.__name__, repr(float(score(TARGETS, PREDICTIONS))), repr(float(score(TARGETS[:, 0], PREDICTIONS[:, 0]))))
print("    constant:", metrics.r2_score([1, 1], [1, 1]), metrics.r2_score([1, 1], [1, 2]), metrics.r2_score([1], [1]))

TOP = np.array([[0.1, 0.5, 0.2, 0.2001], [0.3, 0.1, 0.4, 0.2], [0.9, 0.02, 0.05, 0.03], [0.25, 0.24, 0.26, 0.2501]])
TOP_LABELS = [2, 0, 1, 1]
for k in (1, 2, 3, 4):
    print("top_k_accuracy_score", k, metrics.top_k_accuracy_score(TOP_LABELS, TOP, k=k, labels=range(4)))

logits = torch.tensor(TOP)
print("perplexity", torch.nn.functional.cross_entropy(logits, torch.tensor(TOP_LABELS)).exp().item())
ignored = torch.tensor([2, -100, 1, 1])
print("    second label ignored", torch.nn.functional.cross_entropy(logits, ignored).exp().item())
