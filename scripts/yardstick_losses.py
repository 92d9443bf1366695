"""The losses of the yardstick's training cases in PyTorch: FOLDER/CASE.safetensors with the initial weights, the data, and 50 losses.

    python scripts/yardstick_losses.py FOLDER [CASE ...]
    LOSSES=FOLDER cargo bench -q --bench yardstick -- mlp mlp_small lenet cnn resnet gpt gpt_m lstm

Beside the first and last loss it prints how far PyTorch is from itself, the greatest relative difference of a loss on one thread, where sums
are added in another order, and of one in channels-last memory: what a difference of cotangent's is to be seen beside.

The modules have the names of those in benches/yardstick/networks.rs. About 60 MB for the largest case, so that nothing of it is kept in the
project.
"""

import sys
from copy import deepcopy
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

STEPS = 50


def mlp(*sizes):
    layers = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        *mlp(400, 120, 84, 10),
    )


def cnn():
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        *mlp(12544, 128, 10),
    )


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.c1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.c2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.b1, self.b2 = nn.BatchNorm2d(channels), nn.BatchNorm2d(channels)

    def forward(self, x):
        return F.relu(x + self.b2(self.c2(F.relu(self.b1(self.c1(x))))))


def resnet():
    first = [nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
    return nn.Sequential(*first, Residual(64), Residual(64), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.n1, self.n2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.fc, self.out = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        shape = x.shape
        q, k, v = (part.unflatten(2, (self.heads, -1)).transpose(1, 2) for part in self.qkv(self.n1(x)).chunk(3, 2))
        x = x + self.proj(F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(shape))
        return x + self.out(F.gelu(self.fc(self.n2(x)), approximate="tanh"))


class Gpt(nn.Module):
    def __init__(self, symbols, time, width, heads, layers):
        super().__init__()
        self.tok, self.pos = nn.Embedding(symbols, width), nn.Embedding(time, width)
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(layers)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, symbols, bias=False)

    def forward(self, ids):
        return self.head(self.norm(self.blocks(self.tok(ids) + self.pos(torch.arange(ids.shape[1])))))


class CharLstm(nn.Module):
    def __init__(self, symbols, width):
        super().__init__()
        self.e, self.lstm, self.o = nn.Embedding(symbols, width), nn.LSTM(width, width, batch_first=True), nn.Linear(width, symbols)

    def forward(self, ids):
        return self.o(self.lstm(self.e(ids))[0])


def images(*shape):
    return torch.randn(shape), torch.randint(0, 10, shape[:1])


def text(*shape):
    return torch.randint(0, 65, shape), torch.randint(0, 65, shape)


CASES = {
    "mlp": lambda: (mlp(784, 512, 512, 10), images(128, 784)),
    "mlp_small": lambda: (mlp(10, 45, 45, 10), images(32, 10)),
    "lenet": lambda: (lenet(), images(64, 1, 28, 28)),
    "cnn": lambda: (cnn(), images(64, 1, 28, 28)),
    "resnet": lambda: (resnet(), images(32, 3, 32, 32)),
    "gpt": lambda: (Gpt(65, 64, 128, 4, 4), text(12, 64)),
    "gpt_m": lambda: (Gpt(65, 256, 384, 6, 6), text(4, 256)),
    "lstm": lambda: (CharLstm(65, 256), text(32, 64)),
}


def losses_of(model, x, y):
    adam, losses = torch.optim.Adam(model.parameters(), 1e-3), []
    for _ in range(STEPS):
        adam.zero_grad()
        loss = F.cross_entropy(model(x).flatten(0, -2), y.flatten())
        loss.backward()
        adam.step()
        losses.append(loss.detach())
    return torch.stack(losses)


def main(folder, *cases):
    Path(folder).mkdir(parents=True, exist_ok=True)
    threads = torch.get_num_threads()
    for case in cases or CASES:
        torch.manual_seed(0)
        model, (x, y) = CASES[case]()
        weights = {f"model.{name}": tensor.clone() for name, tensor in model.state_dict().items()}
        on_one_thread, otherwise_laid_out = deepcopy(model), deepcopy(model).to(memory_format=torch.channels_last)
        losses = losses_of(model, x, y)
        save_file(weights | {"given.x": x, "given.y": y, "given.losses": losses}, Path(folder) / f"{case}.safetensors")
        torch.set_num_threads(1)
        others = [losses_of(on_one_thread, x, y)]
        torch.set_num_threads(threads)
        if x.dim() == 4:
            others.append(losses_of(otherwise_laid_out, x.to(memory_format=torch.channels_last), y))
        differences = " ".join(f"{((other - losses).abs() / losses).max().item():.1e}" for other in others)
        print(case, losses[0].item(), losses[-1].item(), "from itself:", differences, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
