//! Loops over numbers: arrays or slices in, buffers out. The only home of threads (`parallel`), of instruction sets (`isa`), of the
//! matrix product engine (`gemm`), and, with `storage`, of `unsafe`. Nothing here knows derivatives, tensors or errors:
//! what a kernel is given has passed `infer`.

pub(crate) mod arithmetic;
pub(crate) mod copy;
pub(crate) mod gemm;
pub(crate) mod index;
mod isa;
pub(crate) mod map;
pub(crate) mod math;
pub(crate) mod parallel;
pub(crate) mod reduce;
pub(crate) mod select;
pub(crate) mod softmax;
pub(crate) mod special;
mod walk;
pub(crate) mod wide;
