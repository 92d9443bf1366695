//! Norms of matrices.

use super::check_matrix;
use crate::{
    Error, ErrorKind, Result, Tensor,
    ops::broadcast::{by_way_of_f32, or_panic},
};

/// Which norm of a matrix [`Tensor::matrix_norm`] takes; in brackets, as `numpy.linalg.norm` and PyTorch name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MatrixNorm {
    /// The root of the sum of the squares of all elements (`fro`).
    Frobenius,
    /// The sum of the singular values (`nuc`).
    Nuclear,
    /// The largest singular value (`2`).
    Spectral,
    /// The least singular value (`-2`).
    LeastSingular,
    /// The largest sum of the absolute values of a column (`1`).
    LargestColumn,
    /// The least sum of the absolute values of a column (`-1`).
    LeastColumn,
    /// The largest sum of the absolute values of a row (`inf`).
    LargestRow,
    /// The least sum of the absolute values of a row (`-inf`).
    LeastRow,
}

/// Norms of matrices.
impl Tensor {
    /// A norm of each matrix: `[.., m, n] -> [..]`.
    ///
    /// Where several columns, rows or singular values are the largest or the least, each gets an equal share of the cotangent. At zero
    /// the gradient of the Frobenius norm is 0, the subgradient of least norm.
    ///
    /// # Panics
    /// When this is not a matrix or a batch of them, or not of floating point, or there is no column, row or singular value to choose
    /// from.
    ///
    /// ```
    /// # use cotangent_tensor::{Tensor, ops::MatrixNorm};
    /// let a = Tensor::from([[3.0, -4.0], [0.0, 0.0]]);
    /// assert_eq!(a.matrix_norm(MatrixNorm::Frobenius).item::<f64>(), 5.0);
    /// assert_eq!(a.matrix_norm(MatrixNorm::LargestColumn).item::<f64>(), 4.0);
    /// assert_eq!(a.matrix_norm(MatrixNorm::LargestRow).item::<f64>(), 7.0);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn matrix_norm(&self, norm: MatrixNorm) -> Tensor {
        or_panic(check_choice(self, norm).map_err(|error| error.or_inputs(&[self.spec()])));
        by_way_of_f32(self, |a| match norm {
            MatrixNorm::Frobenius => a.vector_norm(2, [-2, -1]),
            MatrixNorm::Nuclear => a.svdvals().sum(-1),
            MatrixNorm::Spectral => a.svdvals().max(-1),
            MatrixNorm::LeastSingular => a.svdvals().min(-1),
            MatrixNorm::LargestColumn => a.abs().sum(-2).max(-1),
            MatrixNorm::LeastColumn => a.abs().sum(-2).min(-1),
            MatrixNorm::LargestRow => a.abs().sum(-1).max(-1),
            MatrixNorm::LeastRow => a.abs().sum(-1).min(-1),
        })
    }
}

/// Checks that there is something to take the largest or the least of.
fn check_choice(x: &Tensor, norm: MatrixNorm) -> Result<()> {
    check_matrix("matrix_norm", &[x.spec()])?;
    let (rows, columns) = (x.size(-2), x.size(-1));
    let (count, what) = match norm {
        MatrixNorm::Frobenius | MatrixNorm::Nuclear => return Ok(()),
        MatrixNorm::Spectral | MatrixNorm::LeastSingular => (rows.min(columns), "singular value"),
        MatrixNorm::LargestColumn | MatrixNorm::LeastColumn => (columns, "column"),
        MatrixNorm::LargestRow | MatrixNorm::LeastRow => (rows, "row"),
    };
    if count > 0 {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Shape, "matrix_norm", format!("there is no {what} to choose for {norm:?}")))
}
