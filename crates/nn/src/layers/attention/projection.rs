//! What queries, keys and values are made of by an attention's first weights.

use cotangent_derive::Module;
use cotangent_tensor::Tensor;

/// The weights of an attention's projections of queries, keys and values, under PyTorch's names.
#[derive(Clone, Debug, Module)]
pub enum InProjection {
    /// For inputs of one width: one product projects what is query, key and value at once.
    Joint {
        /// Of queries, of keys, of values, one under the other: `[3 width, width]`.
        in_proj_weight: Tensor,
    },
    /// For keys or values of a width of their own.
    Separate {
        /// `[width, width]`.
        q_proj_weight: Tensor,
        /// `[width, key width]`.
        k_proj_weight: Tensor,
        /// `[width, value width]`.
        v_proj_weight: Tensor,
    },
}

impl InProjection {
    /// The widths of queries, keys and values, if the weights fit one another and an output of this width.
    pub(super) fn widths(&self, width: usize) -> Option<[usize; 3]> {
        let columns = |weight: &Tensor, rows: usize| match weight.shape()[..] {
            [given, columns] if given == rows => Some(columns),
            _ => None,
        };
        match self {
            InProjection::Joint { in_proj_weight } => {
                columns(in_proj_weight, 3 * width).filter(|&columns| columns == width).map(|width| [width; 3])
            }
            InProjection::Separate { q_proj_weight, k_proj_weight, v_proj_weight } => {
                let [q, k, v] = [q_proj_weight, k_proj_weight, v_proj_weight].map(|weight| columns(weight, width));
                Some([q?, k?, v?])
            }
        }
    }

    /// Queries, keys and values after their projections, with the axes they came with.
    #[track_caller]
    pub(super) fn project(&self, inputs: [&Tensor; 3], bias: Option<&Tensor>) -> [Tensor; 3] {
        let [query, key, value] = inputs;
        let same = |x: &Tensor, y: &Tensor| std::ptr::eq(x, y);
        let rows = |x: &Tensor| x.split_with_sizes([x.size(0) / 3, x.size(0) / 3 * 2], 0);
        match self {
            InProjection::Joint { in_proj_weight } if same(query, key) && same(key, value) => {
                let all = query.linear(in_proj_weight, bias);
                all.chunk(3, -1).try_into().expect("three thirds of 3 width columns")
            }
            // As a decoder reads its memory.
            InProjection::Joint { in_proj_weight } if same(key, value) => {
                let (weights, biases) = (rows(in_proj_weight), bias.map(rows));
                let bias = |i: usize| biases.as_ref().map(|biases| &biases[i]);
                let both = key.linear(&weights[1], bias(1)).chunk(2, -1);
                [query.linear(&weights[0], bias(0)), both[0].clone(), both[1].clone()]
            }
            InProjection::Joint { in_proj_weight } => {
                let weights = in_proj_weight.chunk(3, 0);
                separate(inputs, [&weights[0], &weights[1], &weights[2]], bias)
            }
            InProjection::Separate { q_proj_weight, k_proj_weight, v_proj_weight } => {
                separate(inputs, [q_proj_weight, k_proj_weight, v_proj_weight], bias)
            }
        }
    }
}

/// Each by its own product.
fn separate(inputs: [&Tensor; 3], weights: [&Tensor; 3], bias: Option<&Tensor>) -> [Tensor; 3] {
    let biases = bias.map(|bias| bias.chunk(3, 0));
    let bias = |i: usize| biases.as_ref().map(|biases| &biases[i]);
    std::array::from_fn(|i| inputs[i].linear(weights[i], bias(i)))
}
