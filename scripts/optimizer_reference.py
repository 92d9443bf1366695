#!/usr/bin/env python3
"""Prints the figures that the tests in crates/nn/src/optim and crates/nn/src/schedule hold to, as Rust.

    pip install torch numpy
    python3 scripts/optimizer_reference.py steps > crates/nn/src/optim/tests/figures.rs
    python3 scripts/optimizer_reference.py rates > crates/nn/src/schedule/tests/figures.rs

Steps: three numbers start at (0.5, -1, 2) and follow the gradient x³ - (1, -2, 0.5) by PyTorch's optimizers, at rates that keep those which
divide by the size of the gradient from coming to rest, where they divide rounding by rounding. L-BFGS follows Rosenbrock's function of
four numbers. Lion, Lamb and Muon are written here from their papers, since PyTorch lacks the first two and computes the third in
bfloat16; the script checks that it is as near as that allows.

Rates: what PyTorch's schedulers set in 40 steps, in closed form where the recursion loses digits at the foot of a curve.
"""

import math
import sys

import numpy as np
import torch

# PyTorch keeps Nadam's product of momenta in the default dtype.
torch.set_default_dtype(torch.float64)

START = [0.5, -1.0, 2.0]
TARGET = [1.0, -2.0, 0.5]
STEPS = (1, 2, 5, 20, 100)
optim = torch.optim


def by_pytorch(make):
    x = torch.tensor(START)
    optimizer = make([x])
    for _ in range(max(STEPS)):
        x.grad = x**3 - torch.tensor(TARGET)
        optimizer.step()
        yield x.tolist()


def by_numpy(rule, start=START, target=TARGET):
    x, memory = np.array(start), {}
    for t in range(1, max(STEPS) + 1):
        x = rule(x, x**3 - np.array(target), t, memory)
        yield x.flatten().tolist()


def lion(lr, beta1=0.9, beta2=0.99, decay=0.0):
    def rule(x, g, t, memory):
        m = memory.get("m", np.zeros_like(x))
        direction = np.sign(beta1 * m + (1 - beta1) * g)
        memory["m"] = beta2 * m + (1 - beta2) * g
        return x - lr * (direction + decay * x)

    return rule


def lamb(lr, beta1=0.9, beta2=0.999, eps=1e-6, decay=0.0):
    def rule(x, g, t, memory):
        memory["m"] = m = beta1 * memory.get("m", 0) + (1 - beta1) * g
        memory["v"] = v = beta2 * memory.get("v", 0) + (1 - beta2) * g**2
        u = m / (1 - beta1**t) / (np.sqrt(v / (1 - beta2**t)) + eps) + decay * x
        return x - lr * np.linalg.norm(x) / np.linalg.norm(u) * u

    return rule


MATRIX = [[0.5, -1.0, 2.0], [1.5, 0.25, -0.75]]
MATRIX_TARGET = [[1.0, -2.0, 0.5], [0.0, 1.0, 3.0]]


def muon(lr, momentum=0.95, nesterov=True, decay=0.1, ratio=lambda n, m: math.sqrt(max(1, n / m))):
    def rule(x, g, t, memory):
        memory["b"] = b = momentum * memory.get("b", 0) + (1 - momentum) * g
        u = (1 - momentum) * g + momentum * b if nesterov else b
        # The polynomial acts on the singular values alone, so this needs no iteration over matrices.
        left, values, right = np.linalg.svd(u, full_matrices=False)
        values = values / np.linalg.norm(values)
        for _ in range(5):
            values = 3.4445 * values - 4.7750 * values**3 + 2.0315 * values**5
        return x - lr * decay * x - lr * ratio(*x.shape) * left @ np.diag(values) @ right

    return rule


def near_muon_of_pytorch(lr, **options):
    """PyTorch's Muon for one step, which must be near the rule here, as near as bfloat16 is."""
    x = torch.tensor(MATRIX)
    optimizer = optim.Muon([x], lr=lr, **options)
    x.grad = x**3 - torch.tensor(MATRIX_TARGET)
    optimizer.step()
    ours = next(by_numpy(muon(lr), MATRIX, MATRIX_TARGET))
    assert np.abs(np.array(ours) - x.flatten().numpy()).max() < 0.05 * lr, (ours, x)


def lbfgs(**options):
    def rosenbrock():
        optimizer.zero_grad()
        loss = (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()
        loss.backward()
        return loss

    x = torch.tensor([-1.2, 1.0, 0.5, -0.5], requires_grad=True)
    optimizer = optim.LBFGS([x], **options)
    for _ in range(max(STEPS)):
        optimizer.step(rosenbrock)
        yield x.tolist()


CASES = {
    "sgd": by_pytorch(lambda p: optim.SGD(p, lr=0.05)),
    "sgd decay": by_pytorch(lambda p: optim.SGD(p, lr=0.05, weight_decay=0.1)),
    "sgd momentum": by_pytorch(lambda p: optim.SGD(p, lr=0.05, momentum=0.9, dampening=0.5, weight_decay=0.1)),
    "sgd nesterov": by_pytorch(lambda p: optim.SGD(p, lr=0.05, momentum=0.9, nesterov=True)),
    "sgd maximize": by_pytorch(lambda p: optim.SGD(p, lr=1e-4, maximize=True)),
    "adam": by_pytorch(lambda p: optim.Adam(p, lr=0.1)),
    "adam options": by_pytorch(lambda p: optim.Adam(p, lr=0.1, betas=(0.8, 0.99), eps=0.01, weight_decay=0.1)),
    "adam amsgrad": by_pytorch(lambda p: optim.Adam(p, lr=0.1, betas=(0.9, 0.9), amsgrad=True)),
    "adamw": by_pytorch(lambda p: optim.AdamW(p, lr=0.1)),
    "adamw options": by_pytorch(lambda p: optim.AdamW(p, lr=0.1, weight_decay=0.2, amsgrad=True)),
    "nadam": by_pytorch(lambda p: optim.NAdam(p, lr=0.05)),
    "nadam options": by_pytorch(lambda p: optim.NAdam(p, lr=0.05, weight_decay=0.1, momentum_decay=0.05)),
    "nadam decoupled": by_pytorch(lambda p: optim.NAdam(p, lr=0.05, weight_decay=0.1, decoupled_weight_decay=True)),
    "radam": by_pytorch(lambda p: optim.RAdam(p, lr=0.05)),
    "radam options": by_pytorch(lambda p: optim.RAdam(p, lr=0.05, betas=(0.8, 0.9), weight_decay=0.1)),
    "radam decoupled": by_pytorch(lambda p: optim.RAdam(p, lr=0.05, weight_decay=0.1, decoupled_weight_decay=True)),
    "rmsprop": by_pytorch(lambda p: optim.RMSprop(p, lr=0.01)),
    "rmsprop momentum": by_pytorch(lambda p: optim.RMSprop(p, lr=2e-3, alpha=0.9, momentum=0.5, weight_decay=0.1)),
    "rmsprop centered": by_pytorch(lambda p: optim.RMSprop(p, lr=0.01, centered=True, eps=0.1)),
    "rmsprop both": by_pytorch(lambda p: optim.RMSprop(p, lr=0.01, centered=True, momentum=0.5, eps=0.1)),
    "adagrad": by_pytorch(lambda p: optim.Adagrad(p, lr=0.1)),
    "adagrad options": by_pytorch(
        lambda p: optim.Adagrad(p, lr=0.1, lr_decay=0.01, weight_decay=0.1, initial_accumulator_value=0.5)
    ),
    "adadelta": by_pytorch(lambda p: optim.Adadelta(p)),
    "adadelta options": by_pytorch(lambda p: optim.Adadelta(p, lr=2, rho=0.8, eps=1e-4, weight_decay=0.1)),
    "adamax": by_pytorch(lambda p: optim.Adamax(p, lr=0.05)),
    "adamax options": by_pytorch(lambda p: optim.Adamax(p, lr=0.05, betas=(0.8, 0.9), weight_decay=0.1)),
    "lion": by_numpy(lion(0.013)),
    "lion options": by_numpy(lion(0.013, 0.8, 0.9, 0.3)),
    "lamb": by_numpy(lamb(0.01)),
    "lamb options": by_numpy(lamb(0.01, 0.8, 0.99, 1e-3, 0.1)),
}
MATRIX_CASES = {
    "muon": by_numpy(muon(0.02), MATRIX, MATRIX_TARGET),
    "muon options": by_numpy(
        muon(0.02, 0.9, False, 0.2, lambda n, m: 0.2 * math.sqrt(max(n, m))), MATRIX, MATRIX_TARGET
    ),
    "muon tall": by_numpy(
        muon(0.02, ratio=lambda n, m: math.sqrt(n / m)), np.array(MATRIX).T, np.array(MATRIX_TARGET).T
    ),
}
LBFGS_CASES = {
    "lbfgs": lbfgs(lr=1e-3, max_iter=4, history_size=3),
    "lbfgs strong wolfe": lbfgs(max_iter=3, line_search_fn="strong_wolfe"),
    "lbfgs few evaluations": lbfgs(max_iter=6, max_eval=5, history_size=2, line_search_fn="strong_wolfe"),
}


def print_steps():
    near_muon_of_pytorch(0.02)
    print("//! Where reference implementations are after some steps: what `scripts/optimizer_reference.py steps` prints.\n")
    print("/// A case, and the numbers after each of some steps.")
    print("pub(super) type Figures<const N: usize> = [(&'static str, [(usize, [f64; N]); 5])];")
    for name, cases, size in (("NUMBERS", CASES, 3), ("MATRICES", MATRIX_CASES, 6), ("VALLEY", LBFGS_CASES, 4)):
        print("\n#[rustfmt::skip]")
        print(f"pub(super) const {name}: &Figures<{size}> = &[")
        for case, path in cases.items():
            print(f'    ("{case}", [')
            for step, x in enumerate(path, 1):
                if step in STEPS:
                    print(f"        ({step}, {[float(v) for v in x]}),")
            print("    ]),")
        print("];")


def rates(make, lr=0.5, steps=40, closed=False):
    optimizer = optim.SGD([torch.zeros(1)], lr=lr)
    schedule = make(optimizer)
    for _ in range(steps):
        yield schedule._get_closed_form_lr()[0] if closed else optimizer.param_groups[0]["lr"]
        optimizer.step()
        schedule.step()


def plateau(values, **options):
    optimizer = optim.SGD([torch.zeros(1)], lr=0.5)
    schedule = s.ReduceLROnPlateau(optimizer, **options)
    for value in values:
        schedule.step(value)
        yield optimizer.param_groups[0]["lr"]


s = optim.lr_scheduler
MEASURES = [math.cos(0.7 * i) / (1 + 0.2 * i) for i in range(40)]
RATES = {
    "constant": rates(lambda o: s.ConstantLR(o, factor=0.25, total_iters=7)),
    "step": rates(lambda o: s.StepLR(o, 6, gamma=0.7)),
    "multi step": rates(lambda o: s.MultiStepLR(o, [5, 12, 12, 30], gamma=0.3)),
    "exponential": rates(lambda o: s.ExponentialLR(o, 0.93)),
    "polynomial": rates(lambda o: s.PolynomialLR(o, 30, power=1.7), closed=True),
    "cosine": rates(lambda o: s.CosineAnnealingLR(o, 16, eta_min=0.02), closed=True),
    "warm restarts": rates(lambda o: s.CosineAnnealingWarmRestarts(o, 7, eta_min=0.01)),
    "warm restarts slower": rates(lambda o: s.CosineAnnealingWarmRestarts(o, 5, T_mult=2)),
    "linear": rates(lambda o: s.LinearLR(o, 1 / 3, 0.9, 12)),
    "one cycle": rates(lambda o: s.OneCycleLR(o, 0.5, total_steps=40, cycle_momentum=False)),
    "one cycle linear": rates(
        lambda o: s.OneCycleLR(
            o, 0.5, total_steps=40, pct_start=0.25, anneal_strategy="linear", div_factor=10, final_div_factor=100,
            three_phase=True, cycle_momentum=False,
        )
    ),
    "one cycle falling": rates(lambda o: s.OneCycleLR(o, 0.5, total_steps=40, pct_start=0.0, cycle_momentum=False)),
    "noam": rates(lambda o: s.LambdaLR(o, lambda i: 64**-0.5 * min((i + 1) ** -0.5, (i + 1) * 15**-1.5)), lr=2.0),
    "sequential": rates(
        lambda o: s.SequentialLR(o, [s.LinearLR(o, 0.1, 1, 10), s.ExponentialLR(o, 0.9)], milestones=[10])
    ),
    "product": rates(lambda o: s.ChainedScheduler([s.ConstantLR(o, 0.1, 8), s.ExponentialLR(o, 0.9)])),
    "plateau": plateau(MEASURES, factor=0.5, patience=3),
    "plateau max": plateau(
        MEASURES, mode="max", factor=0.3, patience=2, threshold=0.05, threshold_mode="abs", cooldown=3, min_lr=0.01
    ),
}


def print_rates():
    print("//! Rates of 40 steps: what `scripts/optimizer_reference.py rates` prints.\n")
    print("#[rustfmt::skip]")
    print("pub(super) const RATES: &[(&str, [f64; 40])] = &[")
    for case, values in RATES.items():
        print(f'    ("{case}", {[float(v) for v in values]}),')
    print("];")
    print("\n/// What `plateau` is shown.\n#[rustfmt::skip]")
    print(f"pub(super) const MEASURES: [f64; 40] = {MEASURES};")


{"steps": print_steps, "rates": print_rates}[sys.argv[1]]()
