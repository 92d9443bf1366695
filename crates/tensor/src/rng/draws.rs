//! The tensors that are drawn from the stream. Pieces of a tensor are made on any thread, each from its own place in the stream.

use super::{Rng, normal};
use crate::{Array, Buffer, DType, Element, Shape, Tensor, array::check_size, error::or_panic, kernels::parallel};
use rand_core::Rng as _;

/// Tensors of random numbers.
impl Rng {
    /// Uniform in [0, 1): k / 2²⁴ in f32, k / 2⁵³ in f64, for k uniform below the denominator.
    ///
    /// # Panics
    /// When the dtype is not floating point, or the shape overflows.
    ///
    /// ```
    /// use cotangent_tensor::{DType, Rng};
    /// let x = Rng::seed(0).uniform([1000], DType::F64).to_vec::<f64>();
    /// assert!(x.iter().all(|x| (0.0..1.0).contains(x)));
    /// ```
    #[must_use]
    #[track_caller]
    pub fn uniform(&mut self, shape: impl Into<Shape>, dtype: DType) -> Tensor {
        let shape = shape.into();
        match float("uniform", dtype) {
            Float::F32 => self.tensor("uniform", shape, |word: u32| unit_f32(word)),
            Float::F64 => self.tensor("uniform", shape, |word: u64| unit_f64(word)),
        }
    }

    /// Uniform in [low, high): low + (high - low) u for u as in [`uniform`](Self::uniform), computed in `dtype`. All
    /// elements are `low` when the bounds are equal.
    ///
    /// # Panics
    /// When the dtype is not floating point, `low > high`, a bound or their distance is not finite in the dtype, or the
    /// shape overflows.
    ///
    /// ```
    /// use cotangent_tensor::{DType, Rng};
    /// let x = Rng::seed(0).uniform_range(-2.0, 3.0, [1000], DType::F32).to_vec::<f32>();
    /// assert!(x.iter().all(|x| (-2.0..3.0).contains(x)));
    /// ```
    #[must_use]
    #[track_caller]
    pub fn uniform_range(&mut self, low: f64, high: f64, shape: impl Into<Shape>, dtype: DType) -> Tensor {
        let shape = shape.into();
        assert!(low <= high, "uniform_range: low must not exceed high; got low {low:?}, high {high:?}");
        let finite = match float("uniform_range", dtype) {
            Float::F32 => (high as f32 - low as f32).is_finite(),
            Float::F64 => (high - low).is_finite(),
        };
        assert!(
            finite,
            "uniform_range: the bounds and their distance must be finite in {dtype}; got low {low:?}, high {high:?}"
        );
        // The sum may round up to `high`, which the range excludes.
        match dtype {
            DType::F32 => {
                let (low, high) = (low as f32, high as f32);
                let last = high.next_down().max(low);
                self.tensor("uniform_range", shape, |word: u32| (low + (high - low) * unit_f32(word)).min(last))
            }
            _ => {
                let last = high.next_down().max(low);
                self.tensor("uniform_range", shape, |word: u64| (low + (high - low) * unit_f64(word)).min(last))
            }
        }
    }

    /// Standard normal: mean 0, variance 1. The magnitude stays below 6.4 in f32 and 9.2 in f64.
    ///
    /// A random word gives the quantile, and algorithm AS 241 the number that has it (Wichura, "The percentage points
    /// of the normal distribution", Applied Statistics 37, 1988). Unlike rejection, this takes as many words for each
    /// number.
    ///
    /// # Panics
    /// When the dtype is not floating point, or the shape overflows.
    ///
    /// ```
    /// use cotangent_tensor::{DType, Rng};
    /// let x = Rng::seed(0).normal([10_000], DType::F64).to_vec::<f64>();
    /// assert!((x.iter().sum::<f64>() / 1e4).abs() < 0.05);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn normal(&mut self, shape: impl Into<Shape>, dtype: DType) -> Tensor {
        let shape = shape.into();
        match float("normal", dtype) {
            Float::F32 => self.tensor_of_blocks("normal", shape, 8, normal::fill_f32),
            Float::F64 => self.tensor_of_blocks("normal", shape, 24, normal::fill_f64),
        }
    }

    /// Truth values, each true with probability `p`, exact to 2⁻⁵³.
    ///
    /// # Panics
    /// When `p` is not within [0, 1], or the shape overflows.
    ///
    /// ```
    /// use cotangent_tensor::Rng;
    /// assert_eq!(Rng::seed(0).bernoulli(1.0, [3]).to_vec::<bool>(), [true; 3]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn bernoulli(&mut self, p: f64, shape: impl Into<Shape>) -> Tensor {
        assert!((0.0..=1.0).contains(&p), "bernoulli: the probability must lie within 0 and 1; got {p}");
        // Multiplying by a power of two is exact; an integer comparison then also makes p = 0 and p = 1 exact.
        let trues = (p * (1u64 << 53) as f64).ceil() as u64;
        self.tensor("bernoulli", shape.into(), move |word: u64| word >> 11 < trues)
    }

    /// Integers, uniform in low, .., high - 1, without bias.
    ///
    /// # Panics
    /// When `low >= high`, or the shape overflows.
    ///
    /// ```
    /// use cotangent_tensor::Rng;
    /// let dice = Rng::seed(0).randint(1, 7, [100]).to_vec::<i64>();
    /// assert!(dice.iter().all(|n| (1..=6).contains(n)));
    /// ```
    #[must_use]
    #[track_caller]
    pub fn randint(&mut self, low: i64, high: i64, shape: impl Into<Shape>) -> Tensor {
        assert!(low < high, "randint: low must be below high; got low {low}, high {high}");
        let shape = shape.into();
        let count = checked_count("randint", &shape, DType::I64);
        // Their distance fits 64 bits unsigned, and so wrapping arithmetic gives it.
        let span = high.wrapping_sub(low) as u64;
        let elements = Buffer::from_iter_exact((0..count).map(|_| low.wrapping_add(self.below(span) as i64)));
        Array::from_buffer(elements, shape).into()
    }

    /// Class indices, i64 `[..]`, by scores `[.., classes]`: a class is drawn with the probability that the softmax of its row gives it.
    ///
    /// To draw by a temperature, divide the scores by it; to draw by probabilities, take their logarithms. A score of -inf is never drawn.
    /// The greatest of scores with noise of Gumbel's law has this distribution (Gumbel, 1954).
    ///
    /// # Panics
    /// When the scores are not floating-point, have no axis or no classes, or a row has no finite greatest score: NaN, inf, or all -inf.
    ///
    /// ```
    /// use cotangent_tensor::{Rng, Tensor};
    /// let scores = Tensor::from([[0.0, f64::NEG_INFINITY], [-100.0, 100.0]]);
    /// assert_eq!(Rng::seed(0).categorical(&scores).to_vec::<i64>(), [0, 1]);
    /// ```
    #[doc(alias = "multinomial")]
    #[must_use]
    #[track_caller]
    pub fn categorical(&mut self, scores: &Tensor) -> Tensor {
        let spec = scores.spec();
        let fits = scores.dtype().is_float() && spec.shape().last().is_some_and(|&classes| classes > 0);
        assert!(fits, "categorical: needs floating-point scores [.., classes] of at least one class; got {spec}");
        let scores = scores.stop_gradient().cast(DType::F64);
        if scores.has_values() {
            let is_finite = scores.max(-1).is_finite().all(..).item::<bool>();
            assert!(
                is_finite,
                "categorical: the greatest score of each row must be finite; got {spec} with NaN, inf or only -inf in a row"
            );
        }
        let noise = -(-self.uniform(scores.shape(), DType::F64).ln()).ln();
        (scores + noise).argmax(-1)
    }

    /// The integers 0, .., n - 1 in random order, as i64 to index with.
    ///
    /// # Panics
    /// When `n` integers do not fit memory.
    ///
    /// ```
    /// use cotangent_tensor::Rng;
    /// let mut order = Rng::seed(0).permutation(5).to_vec::<i64>();
    /// order.sort();
    /// assert_eq!(order, [0, 1, 2, 3, 4]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn permutation(&mut self, n: usize) -> Tensor {
        let count = checked_count("permutation", &n.into(), DType::I64);
        let mut order = Buffer::from_iter_exact((0..count).map(|i| i as i64));
        self.shuffle(&mut order);
        Array::from_buffer(order, [n]).into()
    }

    /// Puts a slice in random order; every order is equally likely (Fisher-Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }

    /// Uniform in 0, .., bound - 1 (Lemire, "Fast random integer generation in an interval", ACM TOMACS 29, 2019).
    fn below(&mut self, bound: u64) -> u64 {
        // The high half of word * bound; words whose low half falls in the first 2^64 mod bound are one too many for
        // some results.
        let mut product = u128::from(self.0.next_u64()) * u128::from(bound);
        if (product as u64) < bound {
            let surplus = bound.wrapping_neg() % bound;
            while (product as u64) < surplus {
                product = u128::from(self.0.next_u64()) * u128::from(bound);
            }
        }
        (product >> 64) as u64
    }

    /// A tensor whose elements are each a function of one word.
    #[track_caller]
    fn tensor<W: Word, T: Element>(
        &mut self,
        op: &'static str,
        shape: Shape,
        element: impl Fn(W) -> T + Send + Sync,
    ) -> Tensor {
        // About 2 ns each, of which most goes to the word.
        self.tensor_of_blocks(op, shape, 2, move |words: &[W], elements: &mut [T]| {
            for (slot, &word) in elements.iter_mut().zip(words) {
                *slot = element(word);
            }
        })
    }

    /// A tensor of which `fill` makes a block of elements from as many words; `cost` estimates the nanoseconds of one.
    #[track_caller]
    fn tensor_of_blocks<W: Word, T: Element>(
        &mut self,
        op: &'static str,
        shape: Shape,
        cost: usize,
        fill: impl Fn(&[W], &mut [T]) + Send + Sync,
    ) -> Tensor {
        /// Elements to a block: their words and bytes stay in the first-level cache.
        const BLOCK: usize = 256;
        /// Elements to a piece of parallel work: long enough that starting its stream, about 100 ns, does not count.
        const PIECE: usize = 64 * BLOCK;
        let mut elements = Buffer::recycled(checked_count(op, &shape, T::DTYPE));
        let start = self.0.get_word_pos();
        let words_before = |i: usize| (i * size_of::<W>() / size_of::<u32>()) as u128;
        let stream = &self.0;
        parallel::chunks(&mut elements, PIECE, shape.numel() * cost, |i, piece| {
            let mut stream = stream.clone();
            stream.set_word_pos(start + words_before(i * PIECE));
            let (mut bytes, mut words) = ([0; BLOCK * size_of::<u64>()], [W::default(); BLOCK]);
            for block in piece.chunks_mut(BLOCK) {
                let bytes = &mut bytes[..block.len() * size_of::<W>()];
                stream.fill_bytes(bytes);
                for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(size_of::<W>())) {
                    *word = W::from_le(bytes);
                }
                fill(&words[..block.len()], block);
            }
        });
        self.0.set_word_pos(start + words_before(elements.len()));
        Array::from_buffer(elements, shape).into()
    }
}

/// What an element is made of: 32 or 64 bits of the stream.
trait Word: Copy + Default {
    fn from_le(bytes: &[u8]) -> Self;
}
impl Word for u32 {
    fn from_le(bytes: &[u8]) -> Self {
        u32::from_le_bytes(bytes.try_into().expect("four bytes"))
    }
}
impl Word for u64 {
    fn from_le(bytes: &[u8]) -> Self {
        u64::from_le_bytes(bytes.try_into().expect("eight bytes"))
    }
}

/// The upper 24 bits, as many as an f32 holds, over 2²⁴.
pub(super) fn unit_f32(word: u32) -> f32 {
    (word >> 8) as f32 * (1.0 / (1u32 << 24) as f32)
}

/// The upper 53 bits, as many as an f64 holds, over 2⁵³.
pub(super) fn unit_f64(word: u64) -> f64 {
    (word >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

enum Float {
    F32,
    F64,
}

#[track_caller]
fn float(op: &'static str, dtype: DType) -> Float {
    match dtype {
        DType::F32 => Float::F32,
        DType::F64 => Float::F64,
        half if half.is_half() => panic!("{op}: draws f32 and f64, not {half}; draw f32 and .cast(DType::{half:?})"),
        other => panic!(
            "{op}: needs a floating-point dtype; got {other}; draw floats and .cast them, or use randint or bernoulli"
        ),
    }
}

#[track_caller]
fn checked_count(op: &'static str, shape: &Shape, dtype: DType) -> usize {
    or_panic(check_size(op, shape, dtype))
}
