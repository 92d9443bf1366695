//! Products of matrices and tensors, distances, and dense linear algebra.
//!
//! | room | operations |
//! |---|---|
//! | `matmul`, `affine` | matmul; linear |
//! | `products`, `einsum`, `distance` | dot, inner, outer, kron, tensordot, cross; einsum; cdist |
//! | `linalg` | inv, solve, solve_triangular, det, slogdet, cholesky, qr, eigh, svd, pinv, lstsq, matrix_power, matrix_exp, .. |

pub(super) mod affine;
pub(super) mod distance;
pub(super) mod einsum;
pub(super) mod linalg;
pub(super) mod matmul;
pub(super) mod products;

pub use affine::Linear;
pub use distance::Cdist;
pub use linalg::{
    Cholesky, Det, Eigh, Inv, MatrixExp, MatrixNorm, Pinv, Qr, SlogDet, Solve, SolveTriangular, Svd, Triangular,
};
pub use matmul::MatMul;
pub use products::SummedAxes;
