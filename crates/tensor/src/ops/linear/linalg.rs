//! Dense linear algebra: what is defined by a matrix as a whole. All take batches: the matrices lie in the last two axes.
//!
//! | room | operations |
//! |---|---|
//! | `solve` | inv, solve |
//! | `triangular` | solve_triangular |
//! | `determinant` | det, slogdet |
//! | `cholesky`, `qr`, `eigh`, `svd` | the factorisations, eigvalsh, svdvals |
//! | `pseudo_inverse` | pinv, lstsq, matrix_rank |
//! | `power` | matrix_power, matrix_exp |
//! | `norm` | matrix_norm |
//!
//! The rules are those of Giles, Collected matrix derivative results for forward and reverse mode algorithmic differentiation (2008),
//! except where a room names another source. In rules, factors that a formula leaves undefined for equal or zero singular values and
//! eigenvalues are taken as 0: what does not depend on the choice of their vectors has its right derivative all the same.

mod cholesky;
mod determinant;
mod eigh;
mod norm;
mod power;
mod pseudo_inverse;
mod qr;
mod solve;
mod svd;
#[cfg(test)]
mod tests;
mod triangular;

pub use cholesky::Cholesky;
pub use determinant::{Det, SlogDet};
pub use eigh::Eigh;
pub use norm::MatrixNorm;
pub use power::MatrixExp;
pub use pseudo_inverse::Pinv;
pub use qr::Qr;
pub use solve::{Inv, Solve};
pub use svd::Svd;
pub use triangular::{SolveTriangular, Triangular};

use crate::{
    DType, Error, ErrorKind, Result, Shape, SpecRef, Tensor,
    error::{same_dtypes, takes},
    kernels::linalg::BadPivot,
};

/// Checks for one matrix or a batch of them, of floating-point numbers.
fn check_matrix(op: &'static str, inputs: &[SpecRef<'_>]) -> Result<()> {
    takes(op, 1, inputs)?;
    check_matrices(op, inputs)
}

/// As `check_matrix`, of square ones.
fn check_square(op: &'static str, inputs: &[SpecRef<'_>]) -> Result<()> {
    check_matrix(op, inputs)?;
    check_is_square(op, inputs)
}

/// Checks for a square matrix and another with as many rows, with the same batch axes.
fn check_system(op: &'static str, inputs: &[SpecRef<'_>]) -> Result<()> {
    takes(op, 2, inputs)?;
    same_dtypes(op, inputs)?;
    check_matrices(op, inputs)?;
    check_is_square(op, &inputs[..1]).map_err(|error| error.with_inputs(inputs))?;
    let (a, b) = (inputs[0].shape(), inputs[1].shape());
    let (rank, refuse) = (a.len(), |rule: String| Err(Error::new(ErrorKind::Shape, op, rule).with_inputs(inputs)));
    if a[..rank - 2] != b[..b.len() - 2] {
        return refuse("the primitive takes equal batch axes; its method broadcasts them".to_owned());
    }
    if a[rank - 1] != b[rank - 2] {
        return refuse(format!("the matrix has {} rows, the right-hand side {}", a[rank - 1], b[rank - 2]));
    }
    Ok(())
}

fn check_matrices(op: &'static str, inputs: &[SpecRef<'_>]) -> Result<()> {
    if inputs.iter().any(|x| !x.dtype().is_float()) {
        return Err(Error::needs_float(op, inputs));
    }
    if inputs.iter().any(|x| x.rank() < 2) {
        let rule = "takes matrices, in the last two axes";
        return Err(Error::new(ErrorKind::Shape, op, rule).with_inputs(inputs));
    }
    Ok(())
}

fn check_is_square(op: &'static str, inputs: &[SpecRef<'_>]) -> Result<()> {
    let [.., rows, columns] = inputs[0].shape()[..] else { unreachable!("it has two axes") };
    if rows == columns {
        return Ok(());
    }
    let rule = format!("takes square matrices, not of {rows} rows and {columns} columns");
    Err(Error::new(ErrorKind::Shape, op, rule).with_inputs(inputs))
}

/// The error for a matrix without a result, which `is` something.
fn refused(op: &'static str, x: SpecRef<'_>, bad: BadPivot, is: &str) -> Error {
    let which = if x.rank() > 2 { format!("matrix {} of the batch", bad.matrix) } else { "the matrix".to_owned() };
    Error::new(ErrorKind::Value, op, format!("{which} is {is} at pivot {}", bad.pivot)).with_inputs(&[x])
}

/// The operations for all matrices of a batch, of what each of `m` rows and `n` columns takes to the leading order (Golub and Van Loan,
/// Matrix computations, 4th edition, sections 3.4, 4.2, 5.2, 5.4, 8.3 and 8.6).
fn flops_of(x: SpecRef<'_>, each: impl Fn(f64, f64) -> f64) -> u64 {
    let [batch @ .., m, n] = x.shape() else { return 0 };
    (batch.iter().product::<usize>() as f64 * each(*m as f64, *n as f64)) as u64
}

/// The shape with other last two sizes.
fn with_sizes(shape: &[usize], rows: usize, columns: usize) -> Shape {
    shape[..shape.len() - 2].iter().copied().chain([rows, columns]).collect()
}

/// The transpose of each matrix.
fn turned(x: &Tensor) -> Tensor {
    x.transpose(-2, -1)
}

/// Where row and column are equal, in a matrix of `n` rows.
fn on_diagonal(n: usize) -> Tensor {
    let places = Tensor::arange(0, n as i64, 1);
    places.unsqueeze(1).eq(&places)
}

/// Where the row is greater than the column.
fn below_diagonal(n: usize) -> Tensor {
    let places = Tensor::arange(0, n as i64, 1);
    places.unsqueeze(1).gt(&places)
}

/// What stands below the diagonal, and zeros.
fn strictly_lower(x: &Tensor) -> Tensor {
    below_diagonal(x.size(-1)).where_(x, 0)
}

/// What stands on and below the diagonal, and zeros.
fn lower(x: &Tensor) -> Tensor {
    turned(&below_diagonal(x.size(-1))).where_(0, x)
}

fn epsilon(dtype: DType) -> f64 {
    dtype.epsilon().expect("infer has refused what is not floating point")
}

/// `1 / x` where `|x| > tolerance`, else 0, with all derivatives; the tolerance broadcasts.
fn reciprocal_or_zero(x: &Tensor, tolerance: &Tensor) -> Tensor {
    let vanishes = x.abs().le(tolerance);
    vanishes.where_(0, &vanishes.where_(1, x).reciprocal())
}
