//! Text as numbers: a vocabulary of characters or words, and the sequences that a language model learns from.

use super::{Dataset, Example};
use cotangent_tensor::{DType, Error, ErrorKind, Result, Tensor};
use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write,
};

/// What the symbols are that text is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Characters,
    /// What stands between white space; decoding puts one space between words.
    Words,
}

/// Symbols with their numbers, 0, 1, .. Making a vocabulary and encoding by it takes at most 64 times the bytes of the text, where every
/// word is a short one of its own.
///
/// ```
/// use cotangent_nn::data::text::Vocabulary;
/// let letters = Vocabulary::of_characters("hello");
/// assert_eq!(letters.len(), 4);
/// let codes = letters.encode("hole")?;
/// assert_eq!(letters.decode(&codes)?, "hole");
/// assert_eq!(
///     letters.encode("help").unwrap_err().to_string(),
///     "vocabulary: 'p', at byte 3 of the text, is not among the 4 symbols; .with_unknown(..) gives such symbols a number"
/// );
/// # Ok::<(), cotangent_tensor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Vocabulary {
    unit: Unit,
    symbols: Vec<String>,
    codes: HashMap<String, i64>,
    unknown: Option<i64>,
}

impl Vocabulary {
    /// The characters (Unicode scalar values) of a text, in ascending order.
    #[must_use]
    pub fn of_characters(text: &str) -> Self {
        let symbols: std::collections::BTreeSet<char> = text.chars().collect();
        Vocabulary::new(Unit::Characters, symbols.into_iter().map(String::from))
    }

    /// The words of a text, between white space, that it has at least `least` times: the most frequent first, and equally frequent ones
    /// in ascending order.
    ///
    /// ```
    /// use cotangent_nn::data::text::Vocabulary;
    /// let words = Vocabulary::of_words("to be or not to be", 2).with_unknown("<unk>");
    /// let codes = words.encode("to be here")?;
    /// assert_eq!(codes.to_vec::<i64>(), [1, 0, 2]);
    /// assert_eq!(words.decode(&codes)?, "to be <unk>");
    /// # Ok::<(), cotangent_tensor::Error>(())
    /// ```
    #[must_use]
    pub fn of_words(text: &str, least: usize) -> Self {
        let mut counts = BTreeMap::<&str, usize>::new();
        for word in text.split_whitespace() {
            *counts.entry(word).or_default() += 1;
        }
        let mut words: Vec<(&str, usize)> = counts.into_iter().filter(|&(_, count)| count >= least).collect();
        // Stable, so that equally frequent words stay in ascending order.
        words.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
        Vocabulary::new(Unit::Words, words.into_iter().map(|(word, _)| word.to_owned()))
    }

    fn new(unit: Unit, symbols: impl Iterator<Item = String>) -> Self {
        let symbols: Vec<String> = symbols.collect();
        let codes = (0..).zip(&symbols).map(|(code, symbol)| (symbol.clone(), code)).collect();
        Vocabulary { unit, symbols, codes, unknown: None }
    }

    /// With a symbol that stands for all that the vocabulary does not have, which is refused otherwise. One that it does not have
    /// itself is added at the end.
    #[must_use]
    pub fn with_unknown(mut self, symbol: &str) -> Self {
        let code = self.codes.get(symbol).copied().unwrap_or_else(|| {
            let code = self.symbols.len() as i64;
            self.symbols.push(symbol.to_owned());
            self.codes.insert(symbol.to_owned(), code);
            code
        });
        self.unknown = Some(code);
        self
    }

    /// The number of symbols.
    #[must_use]
    pub fn len(&self) -> usize {
        self.symbols.len()
    }

    /// Whether there are no symbols.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.symbols.is_empty()
    }

    /// The symbols, by their numbers.
    #[must_use]
    pub fn symbols(&self) -> &[String] {
        &self.symbols
    }

    /// The number of a symbol.
    #[must_use]
    pub fn code(&self, symbol: &str) -> Option<i64> {
        self.codes.get(symbol).copied()
    }

    /// The numbers of a text's symbols, i64 of shape `[n]`.
    ///
    /// # Errors
    /// When a symbol is not in the vocabulary, and none stands for those.
    pub fn encode(&self, text: &str) -> Result<Tensor> {
        let code = |symbol: &str| match self.code(symbol).or(self.unknown) {
            Some(code) => Ok(code),
            None => Err(self.not_a_symbol(text, symbol)),
        };
        let codes: Result<Vec<i64>> = match self.unit {
            Unit::Characters => text.char_indices().map(|(i, c)| code(&text[i..i + c.len_utf8()])).collect(),
            Unit::Words => text.split_whitespace().map(code).collect(),
        };
        codes.map(Tensor::from)
    }

    fn not_a_symbol(&self, text: &str, symbol: &str) -> Error {
        let at = symbol.as_ptr().addr() - text.as_ptr().addr();
        let shown = match self.unit {
            Unit::Characters => format!("{:?}", symbol.chars().next().expect("a character")),
            Unit::Words => format!("{symbol:?}"),
        };
        let rule = format!("{shown}, at byte {at} of the text, is not among the {} symbols", self.len());
        Error::new(ErrorKind::Value, "vocabulary", rule).with_hint(".with_unknown(..) gives such symbols a number")
    }

    /// The text that has these numbers: characters side by side, words with a space between them.
    ///
    /// # Errors
    /// When the numbers are not i64, or one is not a symbol's.
    pub fn decode(&self, codes: &Tensor) -> Result<String> {
        let mut text = String::new();
        for (i, code) in codes.try_to_vec::<i64>()?.into_iter().enumerate() {
            let symbol = usize::try_from(code).ok().and_then(|code| self.symbols.get(code));
            let Some(symbol) = symbol else {
                let rule = format!("the number at {i} is {code}, and the symbols are 0 to {}", self.len() as i64 - 1);
                return Err(Error::new(ErrorKind::Index, "vocabulary", rule));
            };
            let space = if self.unit == Unit::Words && i > 0 { " " } else { "" };
            write!(text, "{space}{symbol}").expect("a string takes what is written");
        }
        Ok(text)
    }
}

/// Pieces of a long sequence, each with the piece one step later: from x, a language model learns y.
///
/// Example i has `x = tokens[i stride .. i stride + len]` and `y = tokens[i stride + 1 .. i stride + len + 1]`. What is left at the end
/// and is too short is not used. The pieces are views.
///
/// ```
/// use cotangent_nn::data::{Loader, text::{Sequences, Vocabulary}};
/// let text = "to be or not to be";
/// let letters = Vocabulary::of_characters(text);
/// let pieces = Sequences::new(&letters.encode(text)?, 4)?;
/// let batch = Loader::over(pieces, 2)?.into_iter().next().expect("a batch");
/// assert_eq!(batch.x.shape()[..], [2, 4]);
/// assert_eq!(letters.decode(&batch.x)?, "to be or");
/// assert_eq!(letters.decode(&batch.y)?, "o be or ");
/// # Ok::<(), cotangent_tensor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sequences {
    tokens: Tensor,
    len: usize,
    stride: usize,
}

impl Sequences {
    /// Pieces of `len` tokens, one after another.
    ///
    /// # Errors
    /// When the tokens are not i64 of shape `[n]`, the length is zero, or there are not tokens enough for one piece.
    pub fn new(tokens: &Tensor, len: usize) -> Result<Self> {
        let refuse = |kind, rule: &str| Err(Error::new(kind, "sequences", rule).with_inputs(&[tokens.spec()]));
        if tokens.dtype() != DType::I64 || tokens.rank() != 1 {
            return refuse(ErrorKind::Shape, "tokens are i64 of shape [n]");
        }
        if len == 0 {
            return refuse(ErrorKind::Value, "a piece has at least one token");
        }
        if tokens.numel() <= len {
            return refuse(
                ErrorKind::Size,
                &format!("a piece of {len} tokens and the one that follows need more tokens"),
            );
        }
        Ok(Sequences { tokens: tokens.clone(), len, stride: len })
    }

    /// The distance between the starts of two pieces: below the length they overlap.
    ///
    /// # Panics
    /// When it is zero.
    #[must_use]
    #[track_caller]
    pub fn stride(self, stride: usize) -> Self {
        assert!(stride > 0, "sequences: the distance between two pieces is at least one token");
        Sequences { stride, ..self }
    }
}

impl Dataset for Sequences {
    type Example = Example;

    fn len(&self) -> usize {
        // A start needs `len` tokens and one more after it; there is one such start at least.
        (self.tokens.numel() - self.len - 1) / self.stride + 1
    }

    fn get(&self, i: usize) -> Example {
        let piece = |start| self.tokens.narrow(0, start, self.len);
        Example { x: piece(i * self.stride), y: piece(i * self.stride + 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{data::Loader, panics::panic_message};

    #[test]
    fn characters_are_numbered_in_order_and_come_back() {
        let text = "naïve 日本 naïve\n";
        let letters = Vocabulary::of_characters(text);
        assert_eq!(letters.symbols().concat(), "\n aenvï日本".chars().collect::<String>());
        let codes = letters.encode(text).expect("its own text");
        assert_eq!((codes.dtype(), codes.numel()), (DType::I64, text.chars().count()));
        assert_eq!(letters.decode(&codes).expect("its own codes"), text);
        assert_eq!(letters.encode("").expect("nothing").numel(), 0);
        let message = letters.encode("日x").unwrap_err().to_string();
        assert!(message.starts_with("vocabulary: 'x', at byte 3 of the text, is not among the 9 symbols"), "{message}");
        assert!(Vocabulary::of_characters("").is_empty());
    }

    #[test]
    fn words_are_numbered_by_how_often_they_come() {
        let words = Vocabulary::of_words("b a  c\tb a\nd", 1);
        assert_eq!(words.symbols(), ["a", "b", "c", "d"]);
        assert_eq!(Vocabulary::of_words("c b c b b a", 2).symbols(), ["b", "c"]);
        let message = words.encode("a  zebra").unwrap_err().to_string();
        assert!(message.starts_with("vocabulary: \"zebra\", at byte 3 of the text"), "{message}");
    }

    #[test]
    fn an_unknown_symbol_takes_the_place_of_all_others() {
        let letters = Vocabulary::of_characters("abc").with_unknown("?");
        assert_eq!(letters.encode("axbyc").expect("all").to_vec::<i64>(), [0, 3, 1, 3, 2]);
        assert_eq!(Vocabulary::of_characters("a?").with_unknown("?").len(), 2);
    }

    #[test]
    fn a_number_that_is_no_symbol_is_refused() {
        let letters = Vocabulary::of_characters("abc");
        for wrong in [3, -1] {
            let message = letters.decode(&Tensor::from([0i64, wrong])).unwrap_err().to_string();
            assert_eq!(message, format!("vocabulary: the number at 1 is {wrong}, and the symbols are 0 to 2"));
        }
        assert!(letters.decode(&Tensor::from([1.0f32])).is_err());
    }

    #[test]
    fn pieces_are_followed_by_themselves_one_step_later() {
        let tokens = Tensor::arange(0, 10, 1);
        let starts = |pieces: Sequences| -> Vec<i64> {
            let examples = (0..pieces.len()).map(|i| pieces.get(i));
            examples
                .map(|example| {
                    let x = example.x.to_vec::<i64>();
                    assert_eq!(example.y.to_vec::<i64>(), x.iter().map(|t| t + 1).collect::<Vec<_>>());
                    x[0]
                })
                .collect()
        };
        let pieces = |len| Sequences::new(&tokens, len).expect("enough tokens");
        assert_eq!(starts(pieces(3)), [0, 3, 6]);
        assert_eq!(starts(pieces(4)), [0, 4]);
        assert_eq!(starts(pieces(9)), [0]);
        assert_eq!(starts(pieces(7).stride(1)), [0, 1, 2]);
        assert_eq!(starts(pieces(2).stride(5)), [0, 5]);
        let batch = Loader::over(pieces(3), 2).expect("pieces").into_iter().nth(1).expect("two batches");
        assert_eq!((batch.x.shape().to_vec(), batch.y.to_vec::<i64>()), (vec![1, 3], vec![7, 8, 9]));
    }

    #[test]
    fn sequences_that_cannot_be_are_refused() {
        let refusal = |tokens: &Tensor, len| Sequences::new(tokens, len).unwrap_err().to_string();
        let tokens = Tensor::arange(0, 3, 1);
        assert_eq!(
            refusal(&tokens, 3),
            "sequences: a piece of 3 tokens and the one that follows need more tokens; got i64[3]"
        );
        assert_eq!(refusal(&tokens, 0), "sequences: a piece has at least one token; got i64[3]");
        assert_eq!(refusal(&Tensor::from([1.0f32]), 1), "sequences: tokens are i64 of shape [n]; got f32[1]");
        let zero = panic_message(|| Sequences::new(&tokens, 1).expect("enough tokens").stride(0));
        assert_eq!(zero, "sequences: the distance between two pieces is at least one token");
    }
}
