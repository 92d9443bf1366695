//! Along an axis in order: running sums and products, differences, sorting, searching.
//!
//! | room | operations |
//! |---|---|
//! | `pick` | sort, argsort, topk, kthvalue; max, min, median with indices; cummax, cummin |
//! | `scan`, `difference` | cumsum, cumprod, logcumsumexp, linear_recurrence; diff |
//! | `search` | searchsorted, bincount, histc |

pub(super) mod difference;
pub(super) mod pick;
pub(super) mod scan;
pub(super) mod search;

pub use pick::{
    ArgSort, CumMax, CumMin, KthValue, MaxWithIndices, MedianWithIndices, MinWithIndices, NanMedianWithIndices, Sort,
    TopK,
};
pub use scan::{CumProd, CumSum, LinearRecurrence, LogCumSumExp};
pub use search::SearchSorted;
