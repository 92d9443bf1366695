//! How good a model is: plain numbers, for people and for decisions, without derivatives.
//!
//! | of what | metrics |
//! |---|---|
//! | scores `[.., classes]` and labels `[..]` | [`accuracy`], [`top_k_accuracy`], [`confusion_matrix`], [`ClassReport`] (precision, recall, F1), [`perplexity`] |
//! | one logit and whether it is so, of any shape | [`binary_accuracy`] |
//! | scores `[n]` of one class against the rest | [`roc_auc`], [`average_precision`] |
//! | predicted numbers and true ones | [`mean_squared_error`], [`mean_absolute_error`], [`r2_score`] |
//! | values that come in batches | [`Mean`] |
//!
//! Names and conventions are scikit-learn's. Where it divides by zero, each function says what it returns. Of no examples the result is
//! NaN, as that of any mean. NaN among scores counts as the greatest where classes are compared, as for
//! [`argmax`](cotangent_tensor::Tensor::argmax), and makes the result NaN everywhere else. Inputs inside a transform are looked at by
//! their values. All of them panic when shapes or dtypes do not fit, or a label is not a class.

mod classification;
mod ranking;
mod regression;
mod report;
mod running;

pub use classification::{accuracy, binary_accuracy, confusion_matrix, perplexity, top_k_accuracy};
pub use ranking::{average_precision, roc_auc};
pub use regression::{mean_absolute_error, mean_squared_error, r2_score};
pub use report::{Average, ClassReport};
pub use running::Mean;
