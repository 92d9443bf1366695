#!/usr/bin/env python3
"""Writes what PyTorch's recurrent and transformer modules compute, for the tests in crates/nn/tests/{recurrent,transformer}.

    pip install torch
    python3 scripts/recurrent_reference.py

Makes crates/nn/tests/data/{recurrent,transformer}.safetensors, in f64. The metadata has a list of cases as JSON, each with the
module's name and its options. A case has the tensors

    CASE/parameter/NAME   the module's state dict
    CASE/input/NAME       what it is called with
    CASE/output/NAME      what it returns
    CASE/cotangent/NAME   random numbers of each output's shape
    CASE/gradient/NAME    of sum(output * cotangent), for each parameter and each floating-point input
"""

import json
import pathlib
import struct

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

DATA = pathlib.Path(__file__).parent.parent / "crates/nn/tests/data"
torch.set_default_dtype(torch.float64)
# The kernels of evaluation differ from those that have gradients, and refuse some masks.
torch.backends.mha.set_fastpath_enabled(False)


class File:
    def __init__(self, name):
        self.name, self.cases, self.tensors = name, [], {}

    def add(self, case, module, inputs, call, **options):
        """A case: the tensors of `inputs` by name, and `call(module, **inputs)`, a dict of outputs."""
        with torch.no_grad():
            for name, parameter in module.named_parameters():
                # PyTorch's laws leave some at zero or one, where errors hide.
                parameter.copy_(torch.randn_like(parameter) * 0.4 + (1.0 if "norm" in name and "weight" in name else 0.0))
        leaves = {name: parameter for name, parameter in module.named_parameters()}
        for name, tensor in inputs.items():
            if tensor.is_floating_point() and not name.endswith("mask"):
                leaves[name] = tensor.requires_grad_()
        outputs = call(module, **inputs)
        cotangents = {name: torch.randn_like(output) for name, output in outputs.items()}
        loss = sum((output * cotangents[name]).sum() for name, output in outputs.items())
        gradients = torch.autograd.grad(loss, list(leaves.values()), allow_unused=True)
        gradients = {
            name: torch.zeros_like(leaf) if gradient is None else gradient
            for (name, leaf), gradient in zip(leaves.items(), gradients)
        }
        groups = dict(
            parameter=module.state_dict(), input=inputs, output=outputs, cotangent=cotangents, gradient=gradients
        )
        for group, tensors in groups.items():
            for name, tensor in tensors.items():
                self.tensors[f"{case}/{group}/{name}"] = tensor.detach().clone().contiguous()
        self.cases.append(dict(case=case, module=type(module).__name__, options=options))

    def save(self):
        # The format: the header's length, the header as JSON, then the numbers, in little-endian order.
        header, chunks, offset = {"__metadata__": {"cases": json.dumps(self.cases)}}, [], 0
        for name, tensor in self.tensors.items():
            chunk = tensor.numpy().tobytes()
            dtype = {torch.float64: "F64", torch.bool: "BOOL"}[tensor.dtype]
            offsets = [offset, offset + len(chunk)]
            header[name] = dict(dtype=dtype, shape=list(tensor.shape), data_offsets=offsets)
            chunks.append(chunk)
            offset += len(chunk)
        encoded = json.dumps(header, separators=(",", ":")).encode()
        # Padded, so that the numbers are aligned.
        encoded += b" " * (-len(encoded) % 8)
        DATA.mkdir(parents=True, exist_ok=True)
        path = DATA / f"{self.name}.safetensors"
        path.write_bytes(struct.pack("<Q", len(encoded)) + encoded + b"".join(chunks))
        print(f"{path}: {len(self.cases)} cases, {path.stat().st_size} bytes")


# ---------------------------------------------------------------------------------------------------------------------- recurrent


def sequence_case(file, case, Module, state=False, lengths=None, batch=2, steps=4, nonlinearity=None, **options):
    sizes = dict(input_size=3, hidden_size=4)
    torch_options = {**sizes, **options}
    if nonlinearity:
        torch_options["nonlinearity"] = nonlinearity
    module = Module(**torch_options)
    cells = module.num_layers * (2 if module.bidirectional else 1)
    batch_first = options.get("batch_first", False)
    if batch is None:
        shape, state_batch = [steps], []
    else:
        shape, state_batch = [batch, steps] if batch_first else [steps, batch], [batch]
    inputs = {"x": torch.randn(*shape, 3)}
    is_lstm = Module is nn.LSTM
    if state:
        inputs["h"] = torch.randn(cells, *state_batch, options.get("proj_size", 0) or 4)
        if is_lstm:
            inputs["c"] = torch.randn(cells, *state_batch, 4)

    def call(module, x, h=None, c=None):
        initial = None if h is None else (h, c) if is_lstm else h
        if lengths:
            x = pack_padded_sequence(x, torch.tensor(lengths), batch_first=batch_first, enforce_sorted=False)
        y, last = module(x, initial)
        if lengths:
            y, _ = pad_packed_sequence(y, batch_first=batch_first, total_length=steps)
        return {"y": y, "h": last[0], "c": last[1]} if is_lstm else {"y": y, "h": last}

    if lengths:
        options["lengths"] = lengths
    if nonlinearity:
        options["nonlinearity"] = nonlinearity
    file.add(case, module, inputs, call, **sizes, **options)


def cell_case(file, case, Module, state=True, batch=2, **options):
    module = Module(3, 4, **options)
    lead = [] if batch is None else [batch]
    inputs = {"x": torch.randn(*lead, 3)}
    is_lstm = Module is nn.LSTMCell
    if state:
        inputs["h"] = torch.randn(*lead, 4)
        if is_lstm:
            inputs["c"] = torch.randn(*lead, 4)

    def call(module, x, h=None, c=None):
        last = module(x, None if h is None else (h, c) if is_lstm else h)
        return {"h": last[0], "c": last[1]} if is_lstm else {"h": last}

    file.add(case, module, inputs, call, input_size=3, hidden_size=4, **options)


def recurrent():
    torch.manual_seed(1)
    file = File("recurrent")
    for name, Module in dict(rnn=nn.RNN, lstm=nn.LSTM, gru=nn.GRU).items():
        sequence_case(file, name, Module)
        sequence_case(file, f"{name}_state", Module, state=True)
        sequence_case(file, f"{name}_deep", Module, state=True, num_layers=2, bidirectional=True)
        sequence_case(file, f"{name}_batch_first", Module, state=True, batch_first=True, bias=False, batch=3)
        sequence_case(file, f"{name}_one", Module, state=True, batch=None, bidirectional=True)
        sequence_case(
            file, f"{name}_lengths", Module, state=True, batch=3, lengths=[2, 4, 1], num_layers=2, bidirectional=True
        )
    sequence_case(file, "rnn_relu", nn.RNN, state=True, nonlinearity="relu", num_layers=2)
    sequence_case(file, "lstm_projected", nn.LSTM, state=True, proj_size=2, num_layers=2, bidirectional=True)
    sequence_case(
        file, "lstm_batch_first_lengths", nn.LSTM, batch=3, lengths=[3, 3, 2], batch_first=True, bidirectional=True
    )
    for name, Module in dict(rnn_cell=nn.RNNCell, lstm_cell=nn.LSTMCell, gru_cell=nn.GRUCell).items():
        cell_case(file, name, Module)
        cell_case(file, f"{name}_one", Module, state=False, batch=None, bias=False)
    cell_case(file, "rnn_cell_relu", nn.RNNCell, nonlinearity="relu")
    file.save()


# -------------------------------------------------------------------------------------------------------------------- transformer


def causal_mask(size):
    return nn.Transformer.generate_square_subsequent_mask(size)


def attention_case(file, case, queries=3, keys=3, batch=2, joint=False, weights=None, causal=False, masks=None, **options):
    """With `joint` one tensor is query, key and value. `weights` is None, "mean" or "heads"."""
    module = nn.MultiheadAttention(4, 2, **options)
    batch_first = options.get("batch_first", False)

    def shape(length, width):
        if batch is None:
            return [length, width]
        return [batch, length, width] if batch_first else [length, batch, width]

    inputs = {"query": torch.randn(shape(queries, 4))}
    if not joint:
        inputs["key"] = torch.randn(shape(keys, options.get("kdim", 4)))
        inputs["value"] = torch.randn(shape(keys, options.get("vdim", 4)))
    inputs.update(masks or {})

    def call(module, query, key=None, value=None, attn_mask=None, key_padding_mask=None):
        key, value = (query, query) if joint else (key, value)
        if causal:
            attn_mask = causal_mask(query.shape[-2 if batch is None or batch_first else 0])
        y, found = module(
            query,
            key,
            value,
            attn_mask=attn_mask,
            key_padding_mask=key_padding_mask,
            need_weights=weights is not None,
            average_attn_weights=weights == "mean",
        )
        return {"y": y} if weights is None else {"y": y, "weights": found}

    file.add(
        case, module, inputs, call, embed_dim=4, num_heads=2, causal=causal, weights=weights, joint=joint, **options
    )


def layer_case(file, case, module, lengths, call, masks=None, **options):
    """`lengths` by the name of the input."""
    batch_first = options.get("batch_first", False)
    inputs = {
        name: torch.randn([2, length, 4] if batch_first else [length, 2, 4]) for name, length in lengths.items()
    }
    inputs.update(masks or {})
    file.add(case, module, inputs, call, **options)


def transformer():
    torch.manual_seed(2)
    file = File("transformer")
    additive, padding = torch.randn(3, 5), torch.tensor([[False, False, True, False, True], [False] * 4 + [True]])
    blocked = torch.tensor([[True, False, False, False, False], [False, True, False, True, False], [False] * 5])
    attention_case(file, "attention", joint=True)
    attention_case(file, "attention_cross", keys=5, batch_first=True)
    attention_case(file, "attention_causal", joint=True, causal=True, weights="mean")
    attention_case(file, "attention_additive", keys=5, masks={"attn_mask": additive}, weights="heads")
    attention_case(file, "attention_blocked", keys=5, masks={"attn_mask": blocked}, weights="mean", batch_first=True)
    attention_case(file, "attention_padding", keys=5, masks={"key_padding_mask": padding}, bias=False)
    attention_case(
        file, "attention_both", keys=5, masks={"attn_mask": blocked, "key_padding_mask": padding}, weights="heads"
    )
    attention_case(
        file,
        "attention_heads",
        keys=5,
        masks={"attn_mask": torch.randn(4, 3, 5), "key_padding_mask": torch.randn(2, 5)},
    )
    attention_case(file, "attention_widths", keys=5, kdim=3, vdim=6, weights="mean")
    attention_case(file, "attention_one", keys=5, batch=None, weights="heads", masks={"attn_mask": blocked})
    attention_case(
        file, "attention_extra", keys=5, add_bias_kv=True, add_zero_attn=True, weights="mean",
        masks={"attn_mask": blocked, "key_padding_mask": padding},
    )

    sizes = dict(d_model=4, nhead=2, dim_feedforward=5)
    square = torch.tensor([[False, True, False], [False, False, True], [False, False, False]])
    pad_source = torch.tensor([[False] * 5, [False, False, False, True, True]])
    pad_target = torch.tensor([[False] * 3, [False, False, True]])
    encoder_call = lambda module, x, mask=None, key_padding_mask=None: {
        "y": module(x, mask, src_key_padding_mask=key_padding_mask)
    }
    decoder_call = lambda module, x, memory, mask=None, padding_mask=None, memory_mask=None, memory_padding_mask=None: {
        "y": module(x, memory, mask, memory_mask, padding_mask, memory_padding_mask)
    }
    for order, norm_first in dict(after=False, first=True).items():
        for activation in ("relu", "gelu"):
            options = dict(**sizes, norm_first=norm_first, activation=activation)
            if activation == "gelu":
                options.update(batch_first=True, layer_norm_eps=1e-3)
            layer_case(
                file,
                f"encoder_layer_{order}_{activation}",
                nn.TransformerEncoderLayer(dropout=0.0, **options),
                {"x": 3},
                encoder_call,
                {"mask": square, "key_padding_mask": pad_target},
                **options,
            )
            layer_case(
                file,
                f"decoder_layer_{order}_{activation}",
                nn.TransformerDecoderLayer(dropout=0.0, **options),
                {"x": 3, "memory": 5},
                decoder_call,
                {
                    "mask": square,
                    "padding_mask": pad_target,
                    "memory_mask": blocked,
                    "memory_padding_mask": pad_source,
                },
                **options,
            )
    options = dict(**sizes, norm_first=True, bias=False)
    layer_case(
        file,
        "encoder",
        nn.TransformerEncoder(nn.TransformerEncoderLayer(dropout=0.0, **options), 2, nn.LayerNorm(4, bias=False), False),
        {"x": 3},
        encoder_call,
        num_layers=2,
        norm=True,
        **options,
    )
    options = dict(**sizes)
    layer_case(
        file,
        "decoder",
        nn.TransformerDecoder(nn.TransformerDecoderLayer(dropout=0.0, **options), 2),
        {"x": 3, "memory": 5},
        decoder_call,
        num_layers=2,
        norm=False,
        **options,
    )
    options = dict(**sizes, batch_first=True)
    layer_case(
        file,
        "transformer",
        nn.Transformer(num_encoder_layers=1, num_decoder_layers=1, dropout=0.0, **options),
        {"source": 5, "x": 3},
        lambda module, source, x: {"y": module(source, x, tgt_mask=causal_mask(3), tgt_is_causal=True)},
        **options,
    )
    file.save()


recurrent()
transformer()
