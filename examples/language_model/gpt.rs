//! The network: a transformer that reads letters, and gives a score to each possible next one.

use cotangent::{
    nn::{Attend, LearnedPositions, data::text::Vocabulary},
    prelude::*,
};

/// How many letters the network sees.
pub(crate) const CONTEXT: usize = 64;
/// How many numbers stand for a letter and what is around it.
const WIDTH: usize = 128;
/// How many places a letter can look at in one layer.
pub(crate) const HEADS: usize = 4;
pub(crate) const LAYERS: usize = 4;

/// In the first half each letter looks at the letters before it, and takes over what it finds; in the second it thinks about that, for
/// itself. Both add to what is known already.
#[derive(Module, Clone)]
struct Block {
    before_attention: LayerNorm,
    attention: MultiHeadAttention,
    before_thought: LayerNorm,
    hidden: Linear,
    output: Linear,
}

impl Block {
    fn new(rng: &mut Rng) -> Self {
        Block {
            before_attention: LayerNorm::new(WIDTH),
            attention: MultiHeadAttention::new(WIDTH, HEADS, rng).batch_first(),
            before_thought: LayerNorm::new(WIDTH),
            hidden: Linear::new(WIDTH, 4 * WIDTH, rng),
            output: Linear::new(4 * WIDTH, WIDTH, rng),
        }
    }

    /// `[n, length, width]` of the same.
    fn forward(&self, x: &Tensor) -> Tensor {
        let seen = self.before_attention.forward(x);
        // Causal: no letter sees those after it, which it is to guess.
        let found = self.attention.forward_with(&seen, &seen, &seen, Attend::new().causal(), &mut Mode::undecided());
        self.thought(x + found)
    }

    /// As `forward`, with how much each letter looks at each: `[n, heads, length, length]`.
    fn with_attention(&self, x: &Tensor) -> (Tensor, Tensor) {
        let seen = self.before_attention.forward(x);
        let masks = Attend::new().causal().per_head_weights();
        let (found, weights) = self.attention.forward_with_weights(&seen, &seen, &seen, masks, &mut Mode::undecided());
        (self.thought(x + found), weights)
    }

    fn thought(&self, x: Tensor) -> Tensor {
        let hidden = self.hidden.forward(&self.before_thought.forward(&x)).gelu_tanh();
        x + self.output.forward(&hidden)
    }
}

/// A generative pre-trained transformer in the form of GPT-2. (Vaswani et al., "Attention is all you need", NeurIPS 2017; Radford et
/// al., "Language models are unsupervised multitask learners", 2019.)
#[derive(Module, Clone)]
pub(crate) struct Gpt {
    letters: Embedding,
    positions: LearnedPositions,
    blocks: Vec<Block>,
    norm: LayerNorm,
    output: Linear,
}

impl Gpt {
    pub(crate) fn new(letters: usize, rng: &mut Rng) -> Self {
        let mut gpt = Gpt {
            letters: Embedding::new(letters, WIDTH, rng),
            positions: LearnedPositions::new(CONTEXT, WIDTH, rng),
            blocks: (0..LAYERS).map(|_| Block::new(rng)).collect(),
            norm: LayerNorm::new(WIDTH),
            output: Linear::new(WIDTH, letters, rng).without_bias(),
        };
        // As in GPT-2: what the blocks add then counts from the start.
        gpt.letters.weight *= 0.02;
        gpt.positions.weight *= 0.02;
        gpt
    }

    /// Scores `[n, length, letters]` for texts `[n, length]` of at most 64 letters: at each place for the letter that comes next.
    fn forward(&self, texts: &Tensor) -> Tensor {
        let x = self.positions.forward(&self.letters.forward(texts));
        let x = self.blocks.iter().fold(x, |x, block| block.forward(&x));
        self.output.forward(&self.norm.forward(&x))
    }

    /// The mean surprise at each next letter, in nats.
    pub(crate) fn loss(&self, texts: &Tensor, next: &Tensor) -> Tensor {
        self.forward(texts).flatten(0, 1).cross_entropy(&next.flatten(0, 1))
    }

    /// How much each letter of a text `[length]` looks at each, for every head of every layer: `[layers * heads, length, length]`.
    pub(crate) fn attention(&self, text: &Tensor) -> Tensor {
        let mut x = self.positions.forward(&self.letters.forward(&text.unsqueeze(0)));
        let mut weights = Vec::new();
        for block in &self.blocks {
            let (after, of_block) = block.with_attention(&x);
            x = after;
            weights.push(of_block.squeeze(0));
        }
        Tensor::concat(weights, 0)
    }

    /// Continues a text by so many letters. Each is drawn by the probabilities of the scores over the temperature: below 1, what is likely
    /// becomes likelier still.
    pub(crate) fn continued(
        &self,
        text: &str,
        count: usize,
        temperature: f64,
        letters: &Vocabulary,
        rng: &mut Rng,
    ) -> Result<String, cotangent::Error> {
        let mut codes = letters.encode(text)?;
        for _ in 0..count {
            let seen = codes.numel().min(CONTEXT);
            let scores = self.forward(&codes.narrow(0, codes.numel() - seen, seen).unsqueeze(0));
            let scores = scores.select(0, 0).select(0, -1) / temperature;
            codes = Tensor::concat([codes, rng.categorical(&scores).unsqueeze(0)], 0);
        }
        letters.decode(&codes)
    }
}
