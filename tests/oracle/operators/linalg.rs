//! Dense linear algebra.

use super::{
    Formula::{One, Several},
    Operator,
    reductions::vector_norm,
};
use crate::case::Call;
use cotangent::{
    Tensor,
    ops::{MatrixNorm, Triangular},
};

pub(super) const OPERATORS: &[Operator] = &[
    ("linalg.cholesky", One(|c| turned_if(c.flag(1, "upper"), &c.x(0).cholesky()))),
    ("linalg.det", One(|c| c.x(0).det())),
    ("linalg.slogdet", Several(|c| pair(c.x(0).slogdet()))),
    ("linalg.inv", One(|c| c.x(0).inv())),
    ("linalg.solve", One(|c| c.x(0).solve(c.x(1)))),
    ("linalg.solve_triangular", One(solve_triangular)),
    ("linalg.qr", Several(|c| pair(c.x(0).qr()))),
    ("linalg.eigh", Several(eigh)),
    ("linalg.svd", One(svd)),
    ("linalg.pinv", One(pinv)),
    ("linalg.matrix_power", One(|c| c.x(0).matrix_power(c.int(1, "n").expect("an exponent") as i64))),
    ("matrix_exp", One(|c| c.x(0).matrix_exp())),
    ("linalg.matrix_norm", One(matrix_norm)),
    ("linalg.norm", One(norm)),
];

fn pair((a, b): (Tensor, Tensor)) -> Vec<Tensor> {
    vec![a, b]
}

fn turned_if(turns: bool, x: &Tensor) -> Tensor {
    if turns { x.transpose(-2, -1) } else { x.clone() }
}

fn solve_triangular(c: &Call<'_>) -> Tensor {
    let mut triangular = if c.flag(2, "upper") { Triangular::upper() } else { Triangular::lower() };
    if c.flag(4, "unitriangular") {
        triangular = triangular.unit_diagonal();
    }
    if !c.flag_or(3, "left", true) {
        triangular = triangular.on_the_right();
    }
    c.x(0).solve_triangular(c.x(1), triangular)
}

/// Torch reads one triangle, and gives the gradient as if the matrix were symmetric: so is that of the mirrored triangle where it
/// stands in for the matrix. Of the vectors, the samples take what no sign changes.
fn eigh(c: &Call<'_>) -> Vec<Tensor> {
    let a = c.x(0);
    assert_eq!(c.word(1, "UPLO"), Some("U"));
    let places = Tensor::arange(0, a.size(-1) as i64, 1);
    let mirrored = places.unsqueeze(1).gt(&places).where_(&a.transpose(-2, -1), a);
    let (w, v) = (a + (mirrored - a).stop_gradient()).eigh();
    vec![w, v.abs()]
}

/// The samples take the absolute value of the first columns of U, of which full matrices have more.
fn svd(c: &Call<'_>) -> Tensor {
    let _first_columns_are_the_same = c.flag(1, "full_matrices");
    c.x(0).svd().0.abs()
}

/// Torch's variant for singular matrices is of the product of two factors.
fn pinv(c: &Call<'_>) -> Tensor {
    if c.has_tensor(1) {
        return c.x(0).matmul(&c.x(1).transpose(-2, -1)).pinv();
    }
    c.number(2, "rtol").map_or_else(|| c.x(0).pinv(), |rtol| c.x(0).pinv_within(rtol))
}

/// The norm that an argument names, or the Frobenius norm.
fn named_norm(c: &Call<'_>, i: usize) -> MatrixNorm {
    if c.is_word(i) {
        return if c.word(i, "ord") == Some("nuc") { MatrixNorm::Nuclear } else { MatrixNorm::Frobenius };
    }
    match c.float(i, "ord") {
        None => MatrixNorm::Frobenius,
        Some(1.0) => MatrixNorm::LargestColumn,
        Some(-1.0) => MatrixNorm::LeastColumn,
        Some(2.0) => MatrixNorm::Spectral,
        Some(-2.0) => MatrixNorm::LeastSingular,
        Some(f64::INFINITY) => MatrixNorm::LargestRow,
        Some(f64::NEG_INFINITY) => MatrixNorm::LeastRow,
        other => panic!("torch has no matrix norm {other:?}"),
    }
}

fn matrix_norm(c: &Call<'_>) -> Tensor {
    let x = c.x(0);
    let at = |axis: isize| if axis < 0 { axis + x.rank() as isize } else { axis };
    let axes: Vec<isize> = c.ints(2, "dim").unwrap_or_else(|| vec![-2, -1]).into_iter().map(at).collect();
    let others = (0..x.rank() as isize).filter(|axis| !axes.contains(axis));
    let norm = x.permute(others.chain(axes.iter().copied()).collect::<Vec<_>>()).matrix_norm(named_norm(c, 1));
    if !c.flag(3, "keepdim") {
        return norm;
    }
    let (first, second) = (axes[0].min(axes[1]), axes[0].max(axes[1]));
    norm.unsqueeze(first).unsqueeze(second)
}

/// Of a vector or of a matrix.
fn norm(c: &Call<'_>) -> Tensor {
    if c.x(0).rank() == 1 {
        return vector_norm(c, c.float(1, "ord").unwrap_or(2.0));
    }
    let norm = c.x(0).matrix_norm(named_norm(c, 1));
    if c.flag(3, "keepdim") { norm.unsqueeze(0).unsqueeze(1) } else { norm }
}
