//! The networks of the training cases, with the names of parameters that they have in PyTorch.

use cotangent::{
    nn::{
        AdaptiveAvgPool2d, BatchNorm2d, Conv2d, Embedding, Flatten, LayerNorm, Linear, Lstm, MaxPool2d,
        RecurrentOptions,
    },
    ops::Attention,
    prelude::*,
};

pub(crate) fn mlp(sizes: &[usize], rng: &mut Rng) -> Sequential {
    let last = sizes.len() - 2;
    sizes.windows(2).enumerate().fold(Sequential::new(), |layers, (i, size)| {
        let layers = layers.push(Linear::new(size[0], size[1], rng));
        if i < last { layers.push_fn(Tensor::relu) } else { layers }
    })
}

pub(crate) fn lenet(rng: &mut Rng) -> Sequential {
    Sequential::new()
        .push(Conv2d::new(1, 6, 5, rng).padding(2))
        .push_fn(Tensor::relu)
        .push(MaxPool2d::new(2))
        .push(Conv2d::new(6, 16, 5, rng))
        .push_fn(Tensor::relu)
        .push(MaxPool2d::new(2))
        .push(Flatten::default())
        .push(Linear::new(400, 120, rng))
        .push_fn(Tensor::relu)
        .push(Linear::new(120, 84, rng))
        .push_fn(Tensor::relu)
        .push(Linear::new(84, 10, rng))
}

pub(crate) fn cnn(rng: &mut Rng) -> Sequential {
    Sequential::new()
        .push(Conv2d::new(1, 32, 3, rng).padding(1))
        .push_fn(Tensor::relu)
        .push(Conv2d::new(32, 64, 3, rng).padding(1))
        .push_fn(Tensor::relu)
        .push(MaxPool2d::new(2))
        .push(Flatten::default())
        .push(Linear::new(12544, 128, rng))
        .push_fn(Tensor::relu)
        .push(Linear::new(128, 10, rng))
}

pub(crate) fn resnet(rng: &mut Rng) -> Sequential {
    Sequential::new()
        .push(Conv2d::new(3, 64, 3, rng).padding(1).without_bias())
        .push(BatchNorm2d::new(64))
        .push_fn(Tensor::relu)
        .push(Residual::new(64, rng))
        .push(Residual::new(64, rng))
        .push(AdaptiveAvgPool2d::new(1))
        .push(Flatten::default())
        .push(Linear::new(64, 10, rng))
}

#[derive(Module, Clone)]
struct Residual {
    c1: Conv2d,
    c2: Conv2d,
    b1: BatchNorm2d,
    b2: BatchNorm2d,
}

impl Residual {
    fn new(channels: usize, rng: &mut Rng) -> Self {
        let mut convolution = || Conv2d::new(channels, channels, 3, rng).padding(1).without_bias();
        Residual {
            c1: convolution(),
            c2: convolution(),
            b1: BatchNorm2d::new(channels),
            b2: BatchNorm2d::new(channels),
        }
    }
}

impl Layer for Residual {
    fn call(&self, x: &Tensor, mode: &mut Mode<'_>) -> Tensor {
        let hidden = self.b1.forward(&self.c1.forward(x), mode).relu();
        (x + self.b2.forward(&self.c2.forward(&hidden), mode)).relu()
    }
}

#[derive(Module, Clone)]
struct Block {
    #[module(skip)]
    heads: usize,
    n1: LayerNorm,
    n2: LayerNorm,
    qkv: Linear,
    proj: Linear,
    fc: Linear,
    out: Linear,
}

impl Block {
    fn new(width: usize, heads: usize, rng: &mut Rng) -> Self {
        Block {
            heads,
            n1: LayerNorm::new(width),
            n2: LayerNorm::new(width),
            qkv: Linear::new(width, 3 * width, rng),
            proj: Linear::new(width, width, rng),
            fc: Linear::new(width, 4 * width, rng),
            out: Linear::new(4 * width, width, rng),
        }
    }

    fn forward(&self, x: &Tensor) -> Tensor {
        let (batch, time, width) = (x.size(0), x.size(1), x.size(2));
        let qkv = self.qkv.forward(&self.n1.forward(x));
        let [q, k, v] = [0, 1, 2].map(|part| {
            let part = qkv.narrow(2, part * width, width);
            part.reshape([batch, time, self.heads, width / self.heads]).transpose(1, 2)
        });
        let attended = q.scaled_dot_product_attention(&k, &v, Attention::new().causal());
        let x = x + self.proj.forward(&attended.transpose(1, 2).reshape([batch, time, width]));
        &x + self.out.forward(&self.fc.forward(&self.n2.forward(&x)).gelu_tanh())
    }
}

/// A language model that sees a text's past.
#[derive(Module, Clone)]
pub(crate) struct Gpt {
    tok: Embedding,
    pos: Embedding,
    blocks: Vec<Block>,
    norm: LayerNorm,
    head: Linear,
}

impl Gpt {
    pub(crate) fn new(symbols: usize, time: usize, width: usize, heads: usize, layers: usize, rng: &mut Rng) -> Self {
        Gpt {
            tok: Embedding::new(symbols, width, rng),
            pos: Embedding::new(time, width, rng),
            blocks: (0..layers).map(|_| Block::new(width, heads, rng)).collect(),
            norm: LayerNorm::new(width),
            head: Linear::new(width, symbols, rng).without_bias(),
        }
    }
}

impl Layer for Gpt {
    fn call(&self, ids: &Tensor, _: &mut Mode<'_>) -> Tensor {
        let places = Tensor::arange(0, ids.size(1) as i64, 1);
        let x = self.tok.forward(ids) + self.pos.forward(&places);
        let x = self.blocks.iter().fold(x, |x, block| block.forward(&x));
        self.head.forward(&self.norm.forward(&x))
    }
}

/// A language model with memory.
#[derive(Module, Clone)]
pub(crate) struct CharLstm {
    e: Embedding,
    lstm: Lstm,
    o: Linear,
}

impl CharLstm {
    pub(crate) fn new(symbols: usize, width: usize, rng: &mut Rng) -> Self {
        CharLstm {
            e: Embedding::new(symbols, width, rng),
            lstm: Lstm::with(RecurrentOptions::new(width, width).batch_first(), rng),
            o: Linear::new(width, symbols, rng),
        }
    }
}

impl Layer for CharLstm {
    fn call(&self, ids: &Tensor, _: &mut Mode<'_>) -> Tensor {
        self.o.forward(&self.lstm.forward(&self.e.forward(ids)).0)
    }
}
