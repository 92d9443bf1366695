//! From words to numbers, and the two networks that judge them.

use crate::{Result, messages::Message};
use cotangent::{
    nn::{Loss as _, data::text::Vocabulary},
    prelude::*,
};

/// The words of these messages that occur five times or more, and one that stands for all others.
pub(crate) fn reading(messages: &[Message]) -> Vocabulary {
    let texts: Vec<&str> = messages.iter().map(|message| message.text.as_str()).collect();
    Vocabulary::of_words(&texts.join(" "), 5).with_unknown("<unknown>")
}

/// Messages as numbers.
pub(crate) struct Mailbox {
    /// `[n, vocabulary]`: 1 where the message has the word.
    bags: Tensor,
    /// `[n, length]`: the numbers of the words in their order, and then that of no word, as far as the longest message goes.
    words: Tensor,
    /// `[n]`: 1 for spam.
    is_spam: Tensor,
}

impl Mailbox {
    pub(crate) fn read(messages: &[Message], vocabulary: &Vocabulary) -> Result<Self> {
        let texts = messages.iter().map(|message| vocabulary.encode(&message.text));
        let texts = texts.collect::<Result<Vec<Tensor>, _>>()?;
        let longest = texts.iter().map(Tensor::numel).max().unwrap_or(0);
        let bag = |words: &Tensor| words.bincount(vocabulary.len()).gt(0).cast(DType::F32);
        let padded = |words: &Tensor| words.pad([(0, (longest - words.numel()) as isize)], vocabulary.len() as i64);
        let is_spam: Vec<f32> = messages.iter().map(|message| f32::from(u8::from(message.is_spam))).collect();
        Ok(Mailbox {
            bags: Tensor::stack(texts.iter().map(bag).collect::<Vec<_>>(), 0),
            words: Tensor::stack(texts.iter().map(padded).collect::<Vec<_>>(), 0),
            is_spam: Tensor::from(is_spam),
        })
    }
}

/// What gives each message a score: positive for spam, the logarithm of its odds.
pub(crate) trait Filter {
    fn score(&self, mailbox: &Mailbox) -> Tensor;
}

/// Steps along the gradient of the log-loss, with all messages in each.
fn learn<F: Filter + Module + Clone>(filter: &mut F, mailbox: &Mailbox, steps: usize, decay: f64) {
    // Thirty times the usual rate of Adam, for few steps. The decay pulls the weight of a word that is seldom back to zero: it may have
    // been in spam by chance.
    let mut adam = AdamW::new(3e-2).weight_decay(decay);
    for _ in 0..steps {
        let loss = |filter: &F| filter.score(mailbox).binary_cross_entropy_with_logits(&mailbox.is_spam);
        let gradient = grad(&*filter, loss);
        adam.step(filter, &gradient);
    }
}

/// One node over a bag of words.
#[derive(Module, Clone)]
pub(crate) struct Bag {
    weights: Tensor,
    bias: Tensor,
}

impl Bag {
    pub(crate) fn new(words: usize) -> Self {
        Bag { weights: Tensor::zeros([words], DType::F32), bias: Tensor::from(0.0f32) }
    }

    pub(crate) fn learn(&mut self, mailbox: &Mailbox, steps: usize) {
        learn(self, mailbox, steps, 0.3);
    }

    /// Each word with its weight, from what speaks for spam to what speaks against it.
    pub(crate) fn by_word(&self, vocabulary: &Vocabulary) -> Vec<(String, f64)> {
        let weights = self.weights.to_vec::<f32>().into_iter().map(f64::from);
        let mut by_word: Vec<_> = vocabulary.symbols().iter().cloned().zip(weights).collect();
        by_word.sort_by(|a, b| b.1.total_cmp(&a.1));
        by_word
    }

    /// What each word of a message adds to its score.
    pub(crate) fn decided(&self, text: &str, vocabulary: &Vocabulary) -> Vec<(String, f64)> {
        let weights = self.weights.to_vec::<f32>();
        let mut seen = std::collections::BTreeSet::new();
        let words = text.split_whitespace().filter(|word| seen.insert(*word));
        let unknown = vocabulary.len() - 1;
        let weight = |word: &str| weights[vocabulary.code(word).map_or(unknown, |code| code as usize)];
        words.map(|word| (word.to_owned(), f64::from(weight(word)))).collect()
    }
}

impl Filter for Bag {
    fn score(&self, mailbox: &Mailbox) -> Tensor {
        mailbox.bags.matmul(&self.weights) + &self.bias
    }
}

/// A place in the plane for each word; the middle of a message's words decides.
#[derive(Module, Clone)]
pub(crate) struct Places {
    words: Embedding,
    hidden: Linear,
    output: Linear,
}

impl Places {
    pub(crate) fn new(words: usize, rng: &mut Rng) -> Self {
        let mut table = Embedding::new(words + 1, 2, rng).padding_idx(words);
        // Close to the middle at first: there a word stays that says nothing.
        table.weight *= 0.1;
        Places { words: table, hidden: Linear::new(2, 8, rng), output: Linear::new(8, 1, rng) }
    }

    pub(crate) fn learn(&mut self, mailbox: &Mailbox, steps: usize) {
        learn(self, mailbox, steps, 1.0);
    }

    /// The score of a message whose words have this middle, `[n, 2]`.
    pub(crate) fn score_at(&self, middle: &Tensor) -> Tensor {
        self.output.forward(&self.hidden.forward(middle).tanh()).squeeze(-1)
    }

    /// Where a word lies.
    pub(crate) fn place(&self, word: &str, vocabulary: &Vocabulary) -> Option<(f64, f64)> {
        let place = self.words.weight.select(0, vocabulary.code(word)? as isize).to_vec::<f32>();
        Some((f64::from(place[0]), f64::from(place[1])))
    }
}

impl Filter for Places {
    fn score(&self, mailbox: &Mailbox) -> Tensor {
        // No word lies at zero, and so adds nothing to the sum; nor must it count.
        let no_word = self.words.weight.size(0) as i64 - 1;
        let counts = mailbox.words.ne(no_word).cast(DType::F32).sum(1).unsqueeze(1);
        self.score_at(&(self.words.forward(&mailbox.words).sum(1) / counts))
    }
}
