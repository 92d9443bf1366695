#!/usr/bin/env python3
"""Writes what PyTorch's layers make of drawn inputs, for the tests in crates/nn/tests/layers.

    pip install torch
    python3 scripts/layer_reference.py

Each case is a layer with weights as PyTorch draws them, in double precision. In crates/nn/tests/data/layers.safetensors it has
its state dict under `CASE/state/`, and for run i `CASE/i/x`, the value `y`, its cotangent `y_bar`, and what that becomes: `x_bar`,
and `weight_bar` and so on. A case runs several times where it keeps statistics, last of all in evaluation; what became of the
statistics after a run is `CASE/i/running_mean` and so on.
"""

import json
import pathlib
import struct

import torch
from torch import nn

torch.manual_seed(7)
torch.set_default_dtype(torch.float64)
OUT = pathlib.Path(__file__).parent.parent / "crates/nn/tests/data/layers.safetensors"
tensors = {}


def run(case, i, layer, inputs):
    inputs = [x.clone().requires_grad_(x.is_floating_point()) for x in inputs]
    layer.zero_grad()
    y = layer(*inputs)
    y_bar = torch.randn_like(y)
    y.backward(y_bar)
    at = f"{case}/{i}"
    for name, x in zip(("x", "x2"), inputs):
        tensors[f"{at}/{name}"] = x.detach()
        if x.grad is not None:
            tensors[f"{at}/{name}_bar"] = x.grad
    tensors[f"{at}/y"], tensors[f"{at}/y_bar"] = y.detach(), y_bar
    for name, parameter in layer.named_parameters():
        tensors[f"{at}/{name}_bar"] = parameter.grad.clone()
    for name, buffer in layer.named_buffers():
        tensors[f"{at}/{name}"] = buffer.detach().clone()


def case(name, layer, *inputs):
    """One run, of a layer that does the same in training and evaluation."""
    for key, value in layer.state_dict().items():
        tensors[f"{name}/state/{key}"] = value.clone()
    run(name, 0, layer, inputs)


def moving(name, layer, *shape):
    """Three runs in training and one in evaluation. Weights are drawn, so that they are not all alike."""
    for parameter in layer.parameters():
        nn.init.normal_(parameter)
    for key, value in layer.state_dict().items():
        tensors[f"{name}/state/{key}"] = value.clone()
    for i in range(4):
        layer.train(i < 3)
        run(name, i, layer, [torch.randn(*shape) * (i + 1) + i])


def drawn(layer):
    """The layer with drawn parameters in place of ones and zeros."""
    for parameter in layer.parameters():
        nn.init.normal_(parameter)
    return layer


class Hardsigmoid(nn.Module):
    """By its formula: the derivative of torch's own takes 1/6 in single precision, whatever the dtype."""

    def forward(self, x):
        return nn.functional.relu6(x + 3) / 6


r = torch.randn
case("linear", nn.Linear(3, 2), r(4, 3))
case("linear without bias, any axes", nn.Linear(3, 2, bias=False), r(2, 2, 3))
case("bilinear", nn.Bilinear(3, 4, 2), r(2, 5, 3), r(2, 5, 4))
case("bilinear without bias", nn.Bilinear(3, 4, 2, bias=False), r(3), r(4))

case("conv1d", nn.Conv1d(3, 4, 3), r(2, 3, 8))
case("conv1d single", nn.Conv1d(3, 2, 3, padding=1, bias=False), r(3, 5))
case("conv1d same", nn.Conv1d(2, 2, 4, padding="same", dilation=2), r(2, 2, 9))
case("conv2d", nn.Conv2d(3, 4, 3), r(2, 3, 6, 5))
case("conv2d numbers", nn.Conv2d(4, 6, (3, 2), stride=(2, 1), padding=(1, 2), dilation=(1, 2), groups=2), r(2, 4, 6, 5))
case("conv2d depthwise", nn.Conv2d(3, 3, 3, padding=1, groups=3, bias=False), r(2, 3, 4, 4))
for mode in ("reflect", "replicate", "circular"):
    case(f"conv2d {mode}", nn.Conv2d(2, 2, 3, padding=(2, 1), padding_mode=mode), r(2, 2, 4, 3))
case("conv1d reflect same", nn.Conv1d(2, 1, 4, padding="same", padding_mode="reflect"), r(2, 2, 6))
case("conv3d", nn.Conv3d(2, 3, 2, stride=(1, 2, 1), padding=1), r(2, 2, 3, 4, 3))
case("conv3d circular", nn.Conv3d(1, 2, 2, padding=1, padding_mode="circular"), r(1, 1, 2, 3, 2))

case("conv_transpose1d", nn.ConvTranspose1d(3, 2, 3), r(2, 3, 4))
case("conv_transpose1d single", nn.ConvTranspose1d(3, 2, 3, stride=2, bias=False), r(3, 4))
case(
    "conv_transpose2d numbers",
    nn.ConvTranspose2d(4, 6, (3, 2), stride=(2, 3), padding=(1, 0), output_padding=(1, 2), groups=2, dilation=(2, 1)),
    r(2, 4, 3, 2),
)
case("conv_transpose3d", nn.ConvTranspose3d(2, 1, 2, stride=2, padding=1), r(1, 2, 3, 2, 2))

case("max_pool1d", nn.MaxPool1d(2), r(2, 2, 7))
case("max_pool2d", nn.MaxPool2d(3, stride=2, padding=1), r(2, 2, 6, 5))
case("max_pool2d ceil", nn.MaxPool2d((2, 3), stride=(2, 1), dilation=(2, 1), ceil_mode=True), r(1, 2, 6, 5))
case("max_pool3d", nn.MaxPool3d(2), r(1, 2, 4, 4, 2))
case("avg_pool1d", nn.AvgPool1d(3, stride=1, padding=1), r(2, 2, 5))
case("avg_pool2d", nn.AvgPool2d((3, 2), padding=1, count_include_pad=False, ceil_mode=True), r(2, 2, 5, 6))
case("avg_pool2d divisor", nn.AvgPool2d(2, divisor_override=3), r(1, 2, 4, 4))
case("avg_pool3d", nn.AvgPool3d(2, stride=1), r(1, 1, 3, 3, 3))
case("adaptive_max_pool1d", nn.AdaptiveMaxPool1d(3), r(2, 2, 7))
case("adaptive_max_pool2d", nn.AdaptiveMaxPool2d((None, 2)), r(1, 2, 3, 5))
case("adaptive_max_pool3d", nn.AdaptiveMaxPool3d(2), r(1, 1, 3, 4, 5))
case("adaptive_avg_pool1d", nn.AdaptiveAvgPool1d(3), r(2, 2, 7))
case("adaptive_avg_pool2d", nn.AdaptiveAvgPool2d((2, None)), r(1, 2, 5, 3))
case("adaptive_avg_pool3d", nn.AdaptiveAvgPool3d((1, 2, 3)), r(1, 1, 3, 4, 5))

moving("batch_norm1d", nn.BatchNorm1d(3), 5, 3)
moving("batch_norm1d signals", nn.BatchNorm1d(3, momentum=None, eps=1e-3), 2, 3, 4)
moving("batch_norm2d", nn.BatchNorm2d(3, momentum=0.3), 2, 3, 2, 3)
moving("batch_norm2d without affine", nn.BatchNorm2d(2, affine=False), 2, 2, 2, 2)
moving("batch_norm2d without statistics", nn.BatchNorm2d(2, track_running_stats=False), 2, 2, 2, 2)
moving("batch_norm3d", nn.BatchNorm3d(2), 2, 2, 2, 1, 2)
moving("instance_norm1d", nn.InstanceNorm1d(3), 2, 3, 4)
moving("instance_norm2d", nn.InstanceNorm2d(3, affine=True, track_running_stats=True), 2, 3, 2, 3)
moving("instance_norm2d single", nn.InstanceNorm2d(3, affine=True, track_running_stats=True, momentum=0.3), 3, 2, 3)
moving("instance_norm3d", nn.InstanceNorm3d(2, affine=True, eps=1e-3), 2, 2, 2, 1, 2)

case("layer_norm", drawn(nn.LayerNorm((3, 4))), r(2, 3, 4))
case("layer_norm without bias", drawn(nn.LayerNorm(4, bias=False, eps=1e-2)), r(2, 3, 4))
case("layer_norm without affine", nn.LayerNorm(4, elementwise_affine=False), r(2, 4))
case("rms_norm", drawn(nn.RMSNorm(4)), r(2, 3, 4))
case("rms_norm eps", nn.RMSNorm((3, 4), eps=1e-2, elementwise_affine=False), r(2, 3, 4))
case("group_norm", drawn(nn.GroupNorm(2, 4)), r(2, 4, 3))
case("group_norm without affine", nn.GroupNorm(2, 4, affine=False, eps=1e-2), r(2, 4))
case("local_response_norm", nn.LocalResponseNorm(3, alpha=0.5, beta=0.6, k=2.0), r(2, 5, 3))

case("embedding", nn.Embedding(5, 3), torch.tensor([[0, 4, 4], [1, 2, 0]]))
case("embedding padding_idx", nn.Embedding(5, 3, padding_idx=1), torch.tensor([[1, 4, 1], [1, 2, 0]]))
case("prelu", nn.PReLU(), r(3, 4))
case("prelu channels", drawn(nn.PReLU(3)), r(2, 3, 4))

case("flatten", nn.Flatten(), r(2, 3, 2, 2))
case("flatten some", nn.Flatten(0, -2), r(2, 3, 2, 2))
case("unflatten", nn.Unflatten(1, (3, 2)), r(2, 6, 2))
case("upsample nearest", nn.Upsample(scale_factor=2), r(1, 2, 2, 3))
case("upsample bilinear", nn.Upsample(size=(5, 4), mode="bilinear", align_corners=True), r(1, 2, 2, 3))
case("upsample trilinear", nn.Upsample(scale_factor=1.5, mode="trilinear"), r(1, 1, 2, 3, 2))
case("pixel_shuffle", nn.PixelShuffle(2), r(1, 8, 2, 3))
case("pixel_unshuffle", nn.PixelUnshuffle(2), r(1, 2, 4, 6))
case("identity", nn.Identity(), r(3))

for name, layer in {
    "relu": nn.ReLU(),
    "relu6": nn.ReLU6(),
    "gelu": nn.GELU(),
    "gelu_tanh": nn.GELU(approximate="tanh"),
    "silu": nn.SiLU(),
    "mish": nn.Mish(),
    "selu": nn.SELU(),
    "sigmoid": nn.Sigmoid(),
    "log_sigmoid": nn.LogSigmoid(),
    "hardsigmoid": Hardsigmoid(),
    "hardswish": nn.Hardswish(),
    "tanh": nn.Tanh(),
    "tanhshrink": nn.Tanhshrink(),
    "softplus": nn.Softplus(),
    "softsign": nn.Softsign(),
    "leaky_relu": nn.LeakyReLU(),
    "elu": nn.ELU(),
    "celu": nn.CELU(2.0),
    "hardtanh": nn.Hardtanh(),
    "hardshrink": nn.Hardshrink(),
    "softshrink": nn.Softshrink(),
    "threshold": nn.Threshold(0.5, -2.0),
    "glu": nn.GLU(),
    "softmax": nn.Softmax(dim=1),
    "log_softmax": nn.LogSoftmax(dim=-1),
    "softmin": nn.Softmin(dim=0),
}.items():
    case(name, layer, r(3, 4) * 2)

case(
    "sequential",
    nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8, 3)),
    r(2, 1, 6, 6),
)
moving("sequential with statistics", nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 2)), 5, 3)

NAMES = {torch.float64: "F64", torch.int64: "I64"}
header, data = {}, b""
for name, tensor in tensors.items():
    raw = tensor.contiguous().numpy().tobytes()
    offsets = [len(data), len(data) + len(raw)]
    header[name] = {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": offsets}
    data += raw
header["__metadata__"] = {"torch": torch.__version__, "made_by": "scripts/layer_reference.py"}
text = json.dumps(header, separators=(",", ":")).encode()
# Data are aligned to their eight bytes.
text += b" " * (-len(text) % 8)
OUT.parent.mkdir(parents=True, exist_ok=True)
OUT.write_bytes(struct.pack("<Q", len(text)) + text + data)
cases = len({name.split("/")[0] for name in tensors})
print(f"{cases} cases, {len(tensors)} tensors, {OUT.stat().st_size} bytes in {OUT}")
