//! Random numbers: a seeded stream that the caller owns, and the tensors that are drawn from it. There is no global
//! generator.
//!
//! The raw stream is ChaCha8 (D. J. Bernstein, "ChaCha, a variant of Salsa20", 2008): block `i` of 16 words is a
//! function of a 256-bit key and the counter `i` alone, so that any part of it can be made on any thread, and a place
//! in it is a number. Everything above the words is made here, with arithmetic that IEEE 754 fixes to the last bit: the
//! same seed gives the same tensors on every processor, operating system, instruction set and number of threads.
//!
//! An f32 takes one word of the stream, a number of another dtype two; where bounded integers would be biased, two
//! more.

mod draws;
mod normal;

use crate::{Error, ErrorKind, Result};
use rand_chacha::ChaCha8Rng;
use rand_core::{Infallible, Rng as _, SeedableRng, TryRng};

/// A seeded stream of random numbers, which can be split, saved and continued.
///
/// Not for secrets: a seed of 64 bits can be guessed.
///
/// ```
/// use cotangent_tensor::{DType, Rng};
/// let x = Rng::seed(7).normal([2, 3], DType::F32);
/// assert_eq!(x.shape()[..], [2, 3]);
/// assert_eq!(x.to_vec::<f32>(), Rng::seed(7).normal([2, 3], DType::F32).to_vec::<f32>());
/// ```
///
/// It implements `rand_core::Rng` of rand 0.10, so that the distributions of rand and rand_distr can draw from it:
///
/// ```
/// use rand::RngExt;
/// let die = cotangent_tensor::Rng::seed(7).random_range(1..=6);
/// assert!((1..=6).contains(&die));
/// ```
///
/// A clone repeats the numbers of the original; for further, independent numbers use [`split`](Self::split).
#[derive(Clone)]
pub struct Rng(ChaCha8Rng);

/// Words after which ChaCha's 64-bit counter of 16-word blocks starts again.
const PERIOD: u128 = 1 << 68;

/// The stream itself: where it starts, how it is split, saved and continued.
impl Rng {
    /// The stream that a seed names. Different seeds, however close, name unrelated streams.
    #[must_use]
    pub fn seed(seed: u64) -> Self {
        // SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014, fig. 14): a
        // bijection of 64 bits at each step, so that no two seeds share a key.
        let mut state = seed;
        let mut key = [0; 32];
        for word in key.chunks_exact_mut(8) {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            word.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes());
        }
        Rng(ChaCha8Rng::from_seed(key))
    }

    /// An independent stream, for another layer, thread or worker; this one moves on.
    ///
    /// The new stream's 256-bit key is the next 8 words of this one. ChaCha's output cannot be told from uniform bits
    /// without the key, so the new key is unrelated to anything else that this stream gives out, and what two keys
    /// generate is unrelated too; two of n streams share a key with a probability below n² / 2²⁵⁷. Streams of streams
    /// are as good.
    ///
    /// ```
    /// use cotangent_tensor::{DType, Rng};
    /// let mut rng = Rng::seed(7);
    /// let (mut a, mut b) = (rng.split(), rng.split());
    /// assert_ne!(a.uniform([4], DType::F32).to_vec::<f32>(), b.uniform([4], DType::F32).to_vec::<f32>());
    /// ```
    #[must_use]
    pub fn split(&mut self) -> Rng {
        let mut key = [0; 32];
        self.0.fill_bytes(&mut key);
        Rng(ChaCha8Rng::from_seed(key))
    }

    /// The stream and the place in it, to be continued by [`from_bytes`](Self::from_bytes): the key, then the number of
    /// 32-bit words that were drawn, in little-endian order.
    ///
    /// ```
    /// use cotangent_tensor::{DType, Rng};
    /// let mut rng = Rng::seed(7);
    /// let saved = rng.to_bytes();
    /// let mut again = Rng::from_bytes(&saved)?;
    /// assert_eq!(rng.permutation(9).to_vec::<i64>(), again.permutation(9).to_vec::<i64>());
    /// # Ok::<(), cotangent_tensor::Error>(())
    /// ```
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 48] {
        let mut bytes = [0; 48];
        bytes[..32].copy_from_slice(&self.0.get_seed());
        bytes[32..].copy_from_slice(&self.0.get_word_pos().to_le_bytes());
        bytes
    }

    /// Continues a stream that [`to_bytes`](Self::to_bytes) saved.
    ///
    /// # Errors
    /// When there are not 48 bytes, or the place lies beyond the end of the stream.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let refuse = |rule: String| Err(Error::new(ErrorKind::Data, "rng", rule));
        let Ok(bytes) = <&[u8; 48]>::try_from(bytes) else {
            return refuse(format!("a saved stream has 48 bytes, not {}", bytes.len()));
        };
        let (mut key, mut position) = ([0; 32], [0; 16]);
        key.copy_from_slice(&bytes[..32]);
        position.copy_from_slice(&bytes[32..]);
        let position = u128::from_le_bytes(position);
        if position >= PERIOD {
            return refuse(format!("the saved place, word {position}, lies beyond the end of the stream, 2^68"));
        }
        let mut stream = ChaCha8Rng::from_seed(key);
        stream.set_word_pos(position);
        Ok(Rng(stream))
    }
}

/// The raw words, for distributions of the rand family.
impl TryRng for Rng {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.0.try_next_u32()
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.0.try_next_u64()
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.0.try_fill_bytes(bytes)
    }
}

impl std::fmt::Debug for Rng {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rng(word {})", self.0.get_word_pos())
    }
}

#[cfg(test)]
mod tests;
