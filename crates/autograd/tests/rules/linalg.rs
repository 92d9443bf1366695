//! Samples of products over chosen axes and of dense linear algebra.

use crate::table::{Sample, sample, shapes};
use cotangent_autograd::check::Law;
use cotangent_tensor::{
    Tensor,
    ops::{MatrixNorm, Triangular},
};

/// Square matrices, batches of them, one element, none, no matrix.
fn square() -> Vec<Vec<Vec<usize>>> {
    shapes![[[3, 3]], [[2, 2, 2]], [[1, 1]], [[0, 0]], [[0, 2, 2]]]
}

/// Matrices of every proportion.
fn any_matrix() -> Vec<Vec<Vec<usize>>> {
    shapes![[[3, 2]], [[2, 3]], [[2, 2, 2]], [[1, 1]], [[0, 2]], [[2, 0]]]
}

/// A square matrix and a right-hand side: a matrix, a vector, batches that broadcast either way, one element, none.
fn systems() -> Vec<Vec<Vec<usize>>> {
    shapes![
        [[3, 3], [3, 2]],
        [[2, 2], [2]],
        [[2, 2], [3, 2, 1]],
        [[2, 1, 2, 2], [3, 2, 2]],
        [[1, 1], [1, 1]],
        [[0, 0], [0, 2]],
        [[2, 2], [2, 0]],
        [[0, 2, 2], [0, 2, 1]],
    ]
}

/// Far from singular: with elements of at most 2, the diagonal dominates.
fn regular(x: &Tensor) -> Tensor {
    x + Tensor::eye(x.size(-1), x.dtype()) * 8
}

/// With a row that is nearly the sum of the others in the first matrix of a batch.
fn nearly_singular(x: &Tensor) -> Tensor {
    let n = x.size(-1);
    let sum = x.narrow(1, 0, n - 1).sum_keepdims(1) + x.narrow(1, n - 1, 1) * 3e-4;
    let first = Tensor::concat([x.narrow(1, 0, n - 1), sum], 1).narrow(0, 0, 1);
    Tensor::concat([first, x.narrow(0, 1, x.size(0) - 1)], 0)
}

/// Symmetric with eigenvalues far apart, for elements of at most 1.
fn symmetric(x: &Tensor) -> Tensor {
    let n = x.size(-1);
    let spread = Tensor::eye(n, x.dtype()) * Tensor::arange(0, n as i64, 1).cast(x.dtype()) * 8;
    x + x.transpose(-2, -1) + spread
}

/// With singular values far apart and from zero, for elements of at most 1.
fn of_full_rank(x: &Tensor) -> Tensor {
    let (m, n) = (x.size(-2), x.size(-1));
    let places = |n: usize| Tensor::arange(0, n as i64, 1);
    let spread = places(m).unsqueeze(1).eq(&places(n)).cast(x.dtype()) * ((places(n) + 1) * 6).cast(x.dtype());
    x + spread
}

pub(crate) fn samples() -> Vec<Sample> {
    vec![
        sample!("MatMul", shapes![[[2, 3], [3, 2], [2]], [[1, 1], [1, 1], [1]], [[0, 2], [2, 3], [3]]], |x| {
            Tensor::einsum("ij,jk,k->i", x)
        }),
        sample!("MatMul", shapes![[[2, 3, 3], [3, 2]], [[1, 1, 1], [1, 1]], [[0, 2, 2], [2, 1]]], |x| {
            Tensor::einsum("bii,i...->b...", x)
        }),
        sample!("Mul", shapes![[[2, 1], [2, 3]], [[2, 3], [1, 1]]], |x| Tensor::einsum("ij,ij->ji", x)),
        sample!("MatMul", shapes![[[3], [3]], [[1], [1]], [[0], [0]]], |x| x[0].dot(&x[1])),
        sample!("MatMul", shapes![[[2, 3], [4, 3]], [[3], [2, 3]], [[0, 2], [2]]], |x| x[0].inner(&x[1])),
        sample!("Mul", shapes![[[2], [3]], [[1], [1]], [[0], [2]]], |x| x[0].outer(&x[1])),
        sample!("Mul", shapes![[[2, 2], [3]], [[], [2]], [[1, 1], [1]], [[0, 2], [2, 1]]], |x| x[0].kron(&x[1])),
        sample!("MatMul", shapes![[[2, 3, 2], [3, 2, 2]], [[2, 1, 3], [2, 3, 1]]], |x| {
            x[0].tensordot(&x[1], ([1, 2], [0, 1]))
        }),
        sample!("Mul", shapes![[[2, 3], [3]], [[3], [2, 3]], [[0, 3], [3]]], |x| x[0].cross(&x[1], -1)),
        sample!("Cdist", shapes![[[2, 3], [2, 3]], [[2, 1, 1], [3, 1]], [[0, 2], [3, 2]]], |x| x[0].cdist(&x[1], 2)),
        sample!("Cdist", shapes![[[2, 3], [2, 3]], [[1, 1], [1, 1]]], |x| x[0].cdist(&x[1], 1)).with_ties(),
        sample!("Cdist", shapes![[[2, 3], [2, 3]], [[1, 1], [1, 1]]], |x| x[0].cdist(&x[1], 2.5)),
        sample!("Cdist", shapes![[[2, 3], [2, 3]], [[1, 1], [1, 1]]], |x| x[0].cdist(&x[1], f64::INFINITY)).with_ties(),
        sample!("Inv", square(), |x| regular(&x[0]).inv()),
        sample!("Inv", square(), |x| regular(&x[0]).matrix_power(-3)),
        sample!("MatMul", square(), |x| x[0].matrix_power(5)),
        sample!("Solve", systems(), |x| regular(&x[0]).solve(&x[1])),
        sample!("SolveTriangular", shapes![[[2, 1, 2, 2], [3, 2, 2]], [[2, 2], [3, 2, 1]], [[2, 2], [2, 0]]], |x| {
            regular(&x[0]).solve_triangular(&x[1], Triangular::lower())
        }),
        sample!("SolveTriangular", square(), |x| regular(&x[0]).solve_triangular(&x[0], Triangular::upper())),
        sample!("SolveTriangular", square(), |x| x[0].solve_triangular(&x[0], Triangular::upper().unit_diagonal())),
        sample!("SolveTriangular", square(), |x| regular(&x[0])
            .solve_triangular(&x[0], Triangular::lower().on_the_right())),
        sample!("Det", square(), |x| regular(&x[0]).det()),
        // One of the batch nearly singular, the other not.
        sample!("Det", shapes![[[2, 4, 4]], [[1, 3, 3]]], |x| nearly_singular(&x[0]).det())
            .with(|laws| laws.without(Law::SinglePrecision, "a nearly singular matrix loses its digits in f32")),
        sample!("SlogDet", square(), |x| regular(&x[0]).slogdet().1),
        sample!("Cholesky", square(), |x| regular(&x[0]).cholesky()),
        sample!("Qr", any_matrix(), |x| of_full_rank(&x[0]).qr().0).between(-1.0, 1.0),
        sample!("Qr", any_matrix(), |x| of_full_rank(&x[0]).qr().1).between(-1.0, 1.0),
        sample!("Qr", shapes![[[2, 3]], [[1, 1]]], |x| of_full_rank(&x[0]).qr_complete().1).between(-1.0, 1.0),
        sample!("Eigh", square(), |x| symmetric(&x[0]).eigvalsh()).between(-1.0, 1.0),
        sample!("Eigh", square(), |x| symmetric(&x[0]).eigh().1.square()).between(-1.0, 1.0),
        sample!("Svd", any_matrix(), |x| of_full_rank(&x[0]).svdvals()).between(-1.0, 1.0),
        sample!("Svd", any_matrix(), |x| of_full_rank(&x[0]).svd().0.square()).between(-1.0, 1.0),
        sample!("Svd", any_matrix(), |x| of_full_rank(&x[0]).svd().2.square()).between(-1.0, 1.0),
        sample!("Svd", any_matrix(), |x| {
            let (u, _, vt) = of_full_rank(&x[0]).svd();
            u.matmul(&vt)
        })
        .between(-1.0, 1.0),
        sample!("Pinv", any_matrix(), |x| of_full_rank(&x[0]).pinv()).between(-1.0, 1.0),
        sample!("Pinv", shapes![[[3, 1], [1, 2]]], |x| (&x[0] + 3).matmul(&(&x[1] + 3)).pinv()),
        sample!("Pinv", shapes![[[3, 2], [3]], [[2, 3], [2, 2]]], |x| of_full_rank(&x[0]).lstsq(&x[1])),
        sample!("MatrixExp", square(), |x| x[0].matrix_exp()),
        sample!("VectorNorm", any_matrix(), |x| (&x[0] + 3).matrix_norm(MatrixNorm::Frobenius)),
        sample!("Svd", any_matrix(), |x| of_full_rank(&x[0]).matrix_norm(MatrixNorm::Nuclear)).between(-1.0, 1.0),
        sample!("Max", shapes![[[3, 2]], [[2, 2, 2]], [[1, 1]]], |x| x[0].matrix_norm(MatrixNorm::LargestColumn)),
        sample!("Min", shapes![[[2, 3]], [[2, 2, 2]], [[1, 1]]], |x| x[0].matrix_norm(MatrixNorm::LeastRow))
            .with_ties(),
    ]
}
