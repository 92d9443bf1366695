//! Loops over numbers: arrays or slices in, buffers out. The only home of threads (`parallel`), of instruction sets (`isa`), of the
//! matrix product engine (`gemm`), and, with `storage`, of `unsafe`. Nothing here knows derivatives, tensors or errors:
//! what a kernel is given has passed `infer`.

pub(crate) mod arithmetic;
pub(crate) mod attention;
pub(crate) mod conv;
pub(crate) mod copy;
pub(crate) mod cross_entropy;
pub(crate) mod ctc;
pub(crate) mod distance;
pub(crate) mod gemm;
pub(crate) mod halves;
pub(crate) mod index;
mod isa;
pub(crate) mod linalg;
pub(crate) mod lstm;
pub(crate) mod map;
pub(crate) mod math;
pub(crate) mod normalise;
pub(crate) mod overlap_add;
mod packed;
pub(crate) mod parallel;
pub(crate) mod pieces;
pub(crate) mod points;
pub(crate) mod pool;
pub(crate) mod reduce;
pub(crate) mod resample;
pub(crate) mod rotary;
pub(crate) mod scan;
pub(crate) mod select;
pub(crate) mod softmax;
pub(crate) mod sort;
pub(crate) mod special;
mod steps;
pub(crate) mod tables;
pub(crate) mod triangle;
mod walk;
pub(crate) mod wide;
pub(crate) mod windows;
