//! What becomes of an axis: sums, products, norms, extrema, quantiles; and the softmax family, which normalises by a sum.
//!
//! | room | operations |
//! |---|---|
//! | `reduce`, `extrema`, `softmax` | sum, mean, var, std, nansum, nanmean, all, any, count_nonzero; max, min, argmax, argmin; softmax, log_softmax, logsumexp |
//! | `product`, `median`, `quantile`, `norm` | prod; median, nanmedian; quantile, nanquantile; vector_norm |

pub(super) mod extrema;
pub(super) mod median;
pub(super) mod norm;
pub(super) mod product;
pub(super) mod quantile;
pub(super) mod reduce;
pub(super) mod softmax;

pub use extrema::{ArgMax, ArgMin, Max, Min};
pub use median::{Median, NanMedian};
pub use norm::VectorNorm;
pub use product::Prod;
pub use quantile::{QuantileMethod, Quantiles};
pub use reduce::{All, Any, Sum};
pub use softmax::{LogSoftmax, LogSoftmaxGrad, LogSumExp, Softmax, SoftmaxGrad};
