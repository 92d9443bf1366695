//! The operations, one room per family. An operation is its method on [`Tensor`](crate::Tensor), its primitive and its derivative
//! rule, side by side.
//!
//! | room | operations |
//! |---|---|
//! | `arithmetic` | `+ - * /`, negation |
//! | `elementwise` | the trait [`Elementwise`]: one scalar formula and its derivative make a fused operation |
//! | `functions`, `gamma` | exp, ln, sqrt, powers, sin, cos, abs, erf and its relatives, logit; lgamma, digamma, polygamma |
//! | `trigonometry` | tan, the inverse and the hyperbolic functions, degrees, sinc |
//! | `rounding`, `division` | floor, ceil, trunc, round, sign, frac, heaviside; fmod, remainder, div_floor, div_trunc |
//! | `pairs` | pow, hypot, atan2, logaddexp, xlogy, copysign, fmax, fmin, lerp |
//! | `finite` | is_nan, is_inf, is_finite, nan_to_num |
//! | `activations` | sigmoid, tanh, gelu, softplus, silu, mish, softsign, log_sigmoid, tanhshrink, glu, softmin |
//! | `rectifiers` | relu, relu6, leaky_relu, prelu, elu, celu, selu, the hard and the shrinking ones, threshold |
//! | `select` | maximum, minimum, clamp, where |
//! | `compare` | eq, ne, lt, le, gt, ge |
//! | `cast`, `stop_gradient` | cast; stop_gradient |
//! | `cross_entropy`, `ctc` | the fused losses of logits against class indices, and of alignments |
//! | `reduce`, `extrema`, `softmax` | sum, mean, var, std, nansum, nanmean, all, any, count_nonzero; max, min, argmax, argmin; softmax, log_softmax, logsumexp |
//! | `product`, `median`, `quantile`, `norm` | prod; median, nanmedian; quantile, nanquantile; vector_norm |
//! | `pick` | sort, argsort, topk, kthvalue; max, min, median with indices; cummax, cummin |
//! | `scan`, `difference` | cumsum, cumprod, logcumsumexp, linear_recurrence; diff |
//! | `search` | searchsorted, bincount, histc |
//! | `matmul` | matmul |
//! | `conv` | conv1d, conv2d, conv3d, conv_transpose1d, conv_transpose2d, conv_transpose3d, im2col, col2im |
//! | `pool` | max_pool, avg_pool, adaptive_max_pool, adaptive_avg_pool, each 1d, 2d and 3d |
//! | `products`, `einsum`, `distance` | dot, inner, outer, kron, tensordot, cross; einsum; cdist |
//! | `linalg` | inv, solve, solve_triangular, det, slogdet, cholesky, qr, eigh, svd, pinv, lstsq, matrix_power, matrix_exp, .. |
//! | `shape`, `views` | reshape, flatten, permute, transpose, expand, squeeze, unsqueeze; narrow, flip |
//! | `join` | concat, stack, pad |
//! | `split`, `arrange`, `tiling` | split, chunk, unbind; movedim, roll, rot90, unflatten, meshgrid, hstack, ..; tile, repeat, repeat_interleave |
//! | `slice`, `subscript` | NumPy's square brackets: index, select, index_put, index_add_at, with_index |
//! | `diagonal`, `triangle` | diagonal, diag, diag_embed, trace; tril, triu |
//! | `unfold`, `pad_mode` | windows of an axis; padding by reflection, repetition, turns |
//! | `index` | index_select, gather, scatter_add |
//! | `normalise` | layer_norm, rms_norm, group_norm, instance_norm, batch_norm, local_response_norm |
//! | `attention` | scaled_dot_product_attention, masked_softmax |
//! | `embedding`, `rotary`, `dropout` | embedding; rotary_embedding; dropout, feature_dropout, alpha_dropout |
//! | `resample`, `grid` | interpolate, pixel_shuffle, pixel_unshuffle; grid_sample, affine_grid |
//! | `similarity` | normalize, cosine_similarity, pairwise_distance |
//! | `take`, `scatter` | take, take_along_dim, index_fill, index_copy; scatter, scatter_reduce |
//! | `mask`, `one_hot` | masked_fill, masked_select, nonzero; one_hot |
//!
//! Each method panics with the error of its primitive; `try_apply(&primitive, &inputs)` returns it.
//!
#![doc = include_str!("operations.md")]

mod activations;
mod arithmetic;
mod arrange;
mod attention;
mod broadcast;
mod cast;
mod compare;
mod conv;
mod cross_entropy;
mod ctc;
mod diagonal;
mod difference;
mod distance;
mod division;
mod dropout;
mod einsum;
mod elementwise;
mod embedding;
mod extrema;
mod finite;
mod functions;
mod gamma;
mod gather;
mod grid;
mod index;
mod join;
mod linalg;
mod mask;
mod matmul;
mod median;
mod norm;
mod normalise;
mod one_hot;
mod pad_mode;
mod pairs;
mod pick;
mod placing;
mod pool;
mod product;
mod products;
mod quantile;
mod rectifiers;
mod reduce;
#[cfg(test)]
mod refused;
mod resample;
mod rotary;
mod rounding;
mod rows;
mod scan;
mod scatter;
mod search;
mod select;
mod shape;
mod similarity;
mod slice;
mod softmax;
mod split;
mod stop_gradient;
mod subscript;
mod take;
mod tiling;
mod triangle;
mod trigonometry;
mod unfold;
mod views;

pub use activations::{Gelu, GeluTanh, Glu, LogSigmoid, Mish, Sigmoid, Silu, Softplus, Softsign, Tanh, Tanhshrink};
pub use arithmetic::{Add, Div, Mul, Neg, Sub};
pub use arrange::Grid;
pub use attention::{Attention, ScaledDotProductAttention};
pub use broadcast::{Operand, ToNumber};
pub use cast::Cast;
pub use compare::{Compare, Comparison};
pub use conv::{Col2Im, Conv, ConvTranspose, ConvWeightGrad, Im2Col};
pub use cross_entropy::{CrossEntropy, CrossEntropyGrad};
pub use ctc::{CtcLoss, CtcLossGrad};
pub use diagonal::{Diagonal, DiagonalScatter};
pub use distance::Cdist;
pub use division::{DivFloor, DivTrunc, Fmod, Remainder};
pub(crate) use elementwise::MAX_ARITY;
pub use elementwise::{Elementwise, ElementwiseGrad, Kept, Special, apply_broadcast};
pub use extrema::{ArgMax, ArgMin, Max, Min};
pub use finite::NanToNum;
pub use functions::{
    Abs, Cbrt, Cos, Erf, Erfc, Erfinv, Exp, Exp2, Expm1, Ln, Log1p, Log2, Log10, Logit, Powf, Reciprocal, Rsqrt, Sin,
    Sqrt, Square,
};
pub use gamma::{Digamma, Lgamma, Polygamma};
pub use gather::{Gather, ScatterAdd};
pub use grid::{GridPadding, GridSample};
pub use index::{IndexAdd, IndexSelect};
pub use join::{Concat, Pad};
pub use linalg::{
    Cholesky, Det, Eigh, Inv, MatrixExp, MatrixNorm, Pinv, Qr, SlogDet, Solve, SolveTriangular, Svd, Triangular,
};
pub use matmul::MatMul;
pub use median::{Median, NanMedian};
pub use norm::VectorNorm;
pub use normalise::Normalise;
pub use one_hot::OneHot;
pub use pad_mode::{PadMode, PadWith, PadWithTranspose};
pub use pairs::{Atan2, Copysign, Fmax, Fmin, Hypot, Lerp, Logaddexp, Logaddexp2, Pow, Xlogy};
pub use pick::{
    ArgSort, CumMax, CumMin, KthValue, MaxWithIndices, MedianWithIndices, MinWithIndices, NanMedianWithIndices, Sort,
    TopK,
};
pub use pool::{AdaptiveAvgPool, AdaptiveMaxPool, AvgPool, AvgPoolGrad, MaxPool};
pub use product::Prod;
pub use products::SummedAxes;
pub use quantile::{QuantileMethod, Quantiles};
pub use rectifiers::{
    Celu, Elu, Hardshrink, Hardsigmoid, Hardswish, Hardtanh, LeakyRelu, Prelu, Relu, Relu6, Selu, Softshrink, Threshold,
};
pub use reduce::{All, Any, Sum};
pub use resample::{Interpolate, Interpolation, Resample};
pub use rotary::{Rotary, RotaryEmbedding};
pub use rounding::{Ceil, Floor, Frac, Heaviside, Round, RoundDecimals, Sign, Trunc};
pub use scan::{CumProd, CumSum, LinearRecurrence, LogCumSumExp};
pub use scatter::{Scatter, ScatterExtremum, ScatterProd, ScatterReduce};
pub use search::SearchSorted;
pub use select::{Clamp, Maximum, Minimum, Where};
pub use shape::{Expand, NewShape, Permute, Reshape};
pub use slice::{Cut, Slice, SliceScatter};
pub use softmax::{LogSoftmax, LogSoftmaxGrad, LogSumExp, Softmax, SoftmaxGrad};
pub use split::Split;
pub use stop_gradient::StopGradient;
pub use subscript::{Ellipsis, Index, IndexPut, Item, NewAxis, Span, Subscript, step};
pub use tiling::Repeats;
pub use triangle::Triangle;
pub use trigonometry::{Acos, Acosh, Asin, Asinh, Atan, Atanh, Cosh, Deg2rad, Rad2deg, Sinc, Sinh, Tan};
pub use unfold::{OverlapAdd, Unfold};
pub use views::{Flip, Narrow};
