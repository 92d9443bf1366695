//! A table of learned rows.

use super::layer::layers;
use cotangent_derive::Module;
use cotangent_tensor::{DType, Rng, Tensor};

/// The rows of a table that indices name: i64 `[..]` gives `[.., width]`.
///
/// ```
/// use cotangent_nn::Embedding;
/// use cotangent_tensor::{Rng, Tensor};
/// let layer = Embedding::new(10, 3, &mut Rng::seed(7)).padding_idx(0);
/// let y = layer.forward(&Tensor::from([[2i64, 5, 0], [9, 0, 0]]));
/// assert_eq!(y.shape()[..], [2, 3, 3]);
/// assert_eq!(y.to_vec::<f32>()[6..9], [0.0; 3]);
/// ```
///
/// Where the table also scores the words in the end, hold it once and use it twice: a clone of the weight in a layer of its own would be
/// another parameter, and the two would come apart ([`Module`](cotangent_autograd::Module#tied-weights)).
///
/// ```
/// # use cotangent_autograd::{Module, module::num_parameters};
/// # use cotangent_derive::Module;
/// # use cotangent_nn::{Embedding, Linear};
/// # use cotangent_tensor::{Rng, Tensor};
/// #[derive(Clone, Module)]
/// struct NextWord { words: Embedding, hidden: Linear }
///
/// impl NextWord {
///     fn scores(&self, text: &Tensor) -> Tensor {
///         self.hidden.forward(&self.words.forward(text)).tanh().matmul(&self.words.weight.transpose(0, 1))
///     }
/// }
///
/// let mut rng = Rng::seed(7);
/// let model = NextWord { words: Embedding::new(10, 3, &mut rng), hidden: Linear::new(3, 3, &mut rng) };
/// assert_eq!(model.scores(&Tensor::from([2i64, 5])).shape()[..], [2, 10]);
/// assert_eq!(num_parameters(&model), 10 * 3 + 3 * 3 + 3);
/// ```
#[derive(Clone, Debug, Module)]
pub struct Embedding {
    /// The table, of shape `[rows, width]`.
    pub weight: Tensor,
    /// A row that is not learned, for the places that fill up a sequence.
    pub padding_idx: Option<usize>,
}

impl Embedding {
    /// A table of so many rows of this width; f32, normal with deviation 1, as in PyTorch.
    ///
    /// # Panics
    /// When the table's size overflows.
    #[must_use]
    #[track_caller]
    pub fn new(rows: usize, width: usize, rng: &mut Rng) -> Self {
        Embedding { weight: rng.normal([rows, width], DType::F32), padding_idx: None }
    }

    /// With zeros in a row that is not learned.
    ///
    /// # Panics
    /// When there is no such row.
    #[must_use]
    #[track_caller]
    pub fn padding_idx(self, row: usize) -> Self {
        let rows = self.weight.size(0);
        assert!(row < rows, "embedding: the padding row {row} is not one of the table's {rows}");
        // One more than isize holds has been refused with the table.
        let is_padding = Tensor::arange(0, rows as i64, 1).eq(row).unsqueeze(1);
        Embedding { weight: is_padding.where_(0, &self.weight), padding_idx: Some(row) }
    }

    /// The rows that the indices name, [`Tensor::embedding`].
    ///
    /// # Panics
    /// When the indices are not i64, or one is not a row.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, indices: &Tensor) -> Tensor {
        self.weight.embedding(indices, self.padding_idx)
    }
}

layers!(alike: Embedding);
