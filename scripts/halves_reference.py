"""Operations of PyTorch on bf16 and f16, as the bits of their results; tests/halves.rs has what this prints."""

import torch

torch.manual_seed(0)


def bits(x):
    return ", ".join(f"0x{bits & 0xffff:04x}" for bits in x.flatten().view(torch.int16).tolist())


NUMBERS = torch.tensor([0.1, -0.7, 1.3, 2.9, -3.3, 0.004, 5.5, -1.25], dtype=torch.float64)
for dtype in (torch.bfloat16, torch.float16):
    x = NUMBERS.to(dtype)
    print(dtype, "x", bits(x))
    a = x.reshape(2, 4)
    print("exp", bits(x.exp()))
    print("tanh", bits(x.tanh()))
    print("gelu", bits(torch.nn.functional.gelu(x)))
    print("mul", bits(x * x.flip(0)))
    print("softmax", bits(a.softmax(-1)))
    print("sum", bits(a.sum(-1)))
    print("mean", bits(a.mean(0)))
    print("layer_norm", bits(torch.nn.functional.layer_norm(a, (4,))))
    print("matmul", bits(a @ a.T))
    y = x.clone().requires_grad_()
    (y.sigmoid() * y).sum().backward()
    print("silu_grad", bits(y.grad))
