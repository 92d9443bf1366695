//! Products of tensors, distances and linear algebra, for the sweep.

use super::Case;
use cotangent::{
    Tensor,
    ops::{MatrixNorm, Triangular},
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        ("dot", |x, y| x.dot(y)),
        ("inner", |x, y| x.inner(y)),
        ("outer", |x, y| x.outer(y)),
        ("kron", |x, y| x.kron(y)),
        ("tensordot", |x, y| x.tensordot(y, 1)),
        ("tensordot", |x, y| x.tensordot(y, ([-1, 0], [0, 1]))),
        ("tensordot", |x, y| x.tensordot(y, usize::MAX)),
        ("cross", |x, y| x.cross(y, -1)),
        ("cross", |x, y| Tensor::stack([x, x, x], 0).cross(y, 0)),
        ("cdist", |x, y| x.cdist(y, 2)),
        ("cdist", |x, y| x.unsqueeze(0).cdist(y, f64::INFINITY)),
        ("cdist", |x, y| x.cdist(y, -1)),
        ("einsum", |x, y| Tensor::einsum("ij,jk->ik", [x, y])),
        ("einsum", |x, y| Tensor::einsum("...i,...i", [x, y])),
        ("einsum", |x, y| Tensor::einsum("ii,i->", [x, y])),
        ("einsum", |x, y| Tensor::einsum("i->ij", [x, y])),
        ("einsum", |x, _| Tensor::einsum("i!", [x])),
        ("inv", |x, _| x.inv()),
        ("solve", |x, y| x.solve(y)),
        ("solve_triangular", |x, y| x.solve_triangular(y, Triangular::lower())),
        ("det", |x, _| x.det()),
        ("slogdet", |x, _| x.slogdet().1),
        ("cholesky", |x, _| x.cholesky()),
        ("qr", |x, _| x.qr().1),
        ("qr_complete", |x, _| x.qr_complete().0),
        ("eigh", |x, _| x.eigh().0),
        ("eigvalsh", |x, _| x.eigvalsh()),
        ("svd", |x, _| x.svd().1),
        ("svdvals", |x, _| x.svdvals()),
        ("pinv", |x, _| x.pinv()),
        ("pinv_within", |x, _| x.pinv_within(0.1)),
        ("pinv_within", |x, _| x.pinv_within(f64::NAN)),
        ("lstsq", |x, y| x.lstsq(y)),
        ("matrix_rank", |x, _| x.matrix_rank()),
        ("matrix_power", |x, _| x.matrix_power(3)),
        ("matrix_power", |x, _| x.matrix_power(-1)),
        ("matrix_power", |x, _| x.matrix_power(i64::MIN)),
        ("matrix_exp", |x, _| x.matrix_exp()),
        ("matrix_norm", |x, _| x.matrix_norm(MatrixNorm::Frobenius)),
        ("matrix_norm", |x, _| x.matrix_norm(MatrixNorm::Nuclear)),
        ("matrix_norm", |x, _| x.matrix_norm(MatrixNorm::LargestColumn)),
        ("matrix_norm", |x, _| x.matrix_norm(MatrixNorm::Spectral)),
    ]
}
