//! Rows of a table, named by indices.

use crate::ops::{
    broadcast::or_panic,
    indexing::index::check::{check_index_dtype, check_range},
};
use crate::{Error, ErrorKind, Shape, Tensor};

impl Tensor {
    /// The rows of this table that indices name: `[v, d]` and indices `[..]` give `[.., d]`. Indices are `i64`.
    ///
    /// The row `padding` is read like any other, but passes nothing back and has no tangent: an embedding whose padding row begins as
    /// zeros keeps it so.
    ///
    /// # Panics
    /// When the table is not a matrix of floating-point numbers, the indices are not `i64`, or an index or `padding` is not a row.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let table = Tensor::from([[0.0f32, 0.0], [1.0, 2.0], [3.0, 4.0]]);
    /// let y = table.embedding(&Tensor::from([[1i64, 2], [0, 1]]), Some(0));
    /// assert_eq!(y.shape()[..], [2, 2, 2]);
    /// assert_eq!(y.to_vec::<f32>(), [1.0, 2.0, 3.0, 4.0, 0.0, 0.0, 1.0, 2.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn embedding(&self, indices: &Tensor, padding: Option<usize>) -> Tensor {
        const OP: &str = "embedding";
        let specs = [self.spec(), indices.spec()];
        let refused = |kind: ErrorKind, rule: String| Error::new(kind, OP, rule).with_inputs(&specs);
        let [rows, width] = self.shape()[..] else {
            panic!("{}", refused(ErrorKind::Shape, "the table must be a matrix, a row for each index".to_owned()));
        };
        if !self.dtype().is_float() {
            panic!("{}", Error::needs_float(OP, &specs));
        }
        or_panic(check_index_dtype(OP, &specs, indices.spec()));
        or_panic(check_range(OP, &[self.array(), indices.array()], 0, indices.array()));
        if let Some(padding) = padding.filter(|&padding| padding >= rows) {
            panic!(
                "{}",
                refused(ErrorKind::Index, format!("the padding row {padding} is not one of the table's {rows}"))
            );
        }
        let flat = indices.reshape([indices.numel()]);
        let mut y = self.index_select(0, &flat);
        if let Some(padding) = padding {
            // The mask chooses, so that what does not pass may be anything.
            y = flat.eq(padding).unsqueeze(1).where_(&y.stop_gradient(), &y);
        }
        y.reshape(indices.shape().iter().copied().chain([width]).collect::<Shape>())
    }
}

#[cfg(test)]
mod tests {
    use crate::{DType, Tensor, ops::refused::message};

    fn table() -> Tensor {
        Tensor::from([[0.5f64, 1.5], [2.5, 3.5], [4.5, 5.5]])
    }

    #[test]
    fn indices_may_have_any_shape() {
        assert_eq!(table().embedding(&Tensor::from(2i64), None).to_vec::<f64>(), [4.5, 5.5]);
        let empty = Tensor::zeros([0, 4], DType::I64);
        assert_eq!(table().embedding(&empty, Some(1)).shape()[..], [0, 4, 2]);
        let column = Tensor::from([[1i64, 0], [2, 1]]).transpose(0, 1);
        assert_eq!(
            table().embedding(&column, Some(1)).to_vec::<f64>(),
            [2.5, 3.5, 4.5, 5.5, 0.5, 1.5, 2.5, 3.5],
            "the padding row is read as it is"
        );
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let of = |indices: &Tensor, padding| message(|| table().embedding(indices, padding));
        assert_eq!(
            of(&Tensor::from([[0i64, 1], [3, 1]]), None),
            "embedding: index 3 at [1, 0] is out of range for axis 0 of size 3; got f64[3, 2], i64[2, 2]"
        );
        assert_eq!(
            of(&Tensor::from([-1i64]), None),
            "embedding: index -1 at [0] is out of range for axis 0 of size 3; got f64[3, 2], i64[1]; rows count from 0"
        );
        assert_eq!(
            of(&Tensor::from([0i64]), Some(3)),
            "embedding: the padding row 3 is not one of the table's 3; got f64[3, 2], i64[1]"
        );
        assert!(of(&Tensor::from([0u8]), None).starts_with("embedding: the index must be i64, not u8"));
        assert_eq!(
            message(|| Tensor::from([1.0]).embedding(&Tensor::from([0i64]), None)),
            "embedding: the table must be a matrix, a row for each index; got f64[1], i64[1]"
        );
        assert!(message(|| Tensor::from([[1i64]]).embedding(&Tensor::from([0i64]), None)).contains("floating-point"));
    }
}
