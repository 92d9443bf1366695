//! Constructors: of elements that are given, of one number in every place, of numbers in a row.

use crate::{
    Array, Buffer, DType, Element, Error, ErrorKind, Number, Result, Shape, Tensor,
    array::{check_count, check_size},
    bf16,
    dtype::for_dtype,
    error::or_panic,
    f16,
    kernels::halves,
};

/// Constructors.
impl Tensor {
    /// A tensor of elements in row-major order.
    ///
    /// # Errors
    /// When the shape holds another number of elements than were given, or overflows.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from_vec(vec![1.0f32, 2.0, 3.0, 4.0], [2, 2])?;
    /// assert_eq!(x.shape()[..], [2, 2]);
    /// assert!(Tensor::from_vec(vec![1.0f32], [2, 2]).is_err());
    /// # Ok::<(), cotangent_tensor::Error>(())
    /// ```
    pub fn from_vec<T: Element>(elements: Vec<T>, shape: impl Into<Shape>) -> Result<Self> {
        Tensor::from_slice(&elements, shape)
    }

    /// As [`from_vec`](Self::from_vec), from a slice.
    ///
    /// # Errors
    /// When the shape holds another number of elements than were given, or overflows.
    pub fn from_slice<T: Element>(elements: &[T], shape: impl Into<Shape>) -> Result<Self> {
        let shape = shape.into();
        check_count(&shape, T::DTYPE, elements.len())?;
        Ok(Array::from_buffer(Buffer::from_slice(elements), shape).into())
    }

    /// One number in every place. The value is stored once, whatever the shape.
    ///
    /// # Panics
    /// When the shape overflows, or the number cannot be represented in an integer dtype.
    ///
    /// ```
    /// # use cotangent_tensor::{DType, Tensor};
    /// assert_eq!(Tensor::full([2], 7, DType::I64).to_vec::<i64>(), [7, 7]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn full(shape: impl Into<Shape>, value: impl Into<Number>, dtype: DType) -> Self {
        let shape = shape.into();
        or_panic(Tensor::try_full("full", &shape, value.into(), dtype))
    }

    fn try_full(op: &'static str, shape: &Shape, value: Number, dtype: DType) -> Result<Self> {
        check_size(op, shape, dtype)?;
        let scalar = Tensor::try_number(op, value, dtype)?;
        Ok(scalar.array().with_layout(scalar.array().layout().expand(shape)).into())
    }

    /// Zeros (or false).
    ///
    /// # Panics
    /// When the shape overflows.
    #[must_use]
    #[track_caller]
    pub fn zeros(shape: impl Into<Shape>, dtype: DType) -> Self {
        let shape = shape.into();
        or_panic(check_size("zeros", &shape, dtype).map(drop));
        for_dtype!(dtype, T => Array::full(T::default(), &shape)).into()
    }

    /// Ones.
    ///
    /// # Panics
    /// When the shape overflows.
    #[must_use]
    #[track_caller]
    pub fn ones(shape: impl Into<Shape>, dtype: DType) -> Self {
        or_panic(Tensor::try_full("ones", &shape.into(), Number::Int(1), dtype))
    }

    /// A shape and a dtype without values. What is computed of it has none either: each operation says what shapes it would give
    /// and computes nothing, so that a model of any size can be run for its shapes. Reading values is refused.
    ///
    /// # Panics
    /// When the shape overflows.
    ///
    /// ```
    /// # use cotangent_tensor::{DType, Tensor};
    /// // 4 TB, of which none is asked for.
    /// let x = Tensor::shape_only([1_000_000, 1_000_000], DType::F32);
    /// let y = x.matmul(&x.transpose(0, 1)).relu().sum(0);
    /// assert_eq!(y.shape()[..], [1_000_000]);
    /// assert!(!y.has_values() && y.try_to_vec::<f32>().is_err());
    /// ```
    #[must_use]
    #[track_caller]
    pub fn shape_only(shape: impl Into<Shape>, dtype: DType) -> Self {
        let shape = shape.into();
        or_panic(check_size("shape_only", &shape, dtype).map(drop));
        Array::shape_only(&shape, dtype).into()
    }

    /// Zeros of this tensor's shape and dtype; of a tensor without values, one without values.
    #[must_use]
    pub fn zeros_like(&self) -> Self {
        if !self.has_values() {
            return Array::shape_only(self.shape(), self.dtype()).into();
        }
        Tensor::zeros(self.shape(), self.dtype())
    }

    /// Ones of this tensor's shape and dtype; of a tensor without values, one without values.
    #[must_use]
    pub fn ones_like(&self) -> Self {
        if !self.has_values() {
            return Array::shape_only(self.shape(), self.dtype()).into();
        }
        Tensor::ones(self.shape(), self.dtype())
    }

    /// The identity matrix of `n` rows.
    ///
    /// # Panics
    /// When the size overflows.
    #[must_use]
    #[track_caller]
    pub fn eye(n: usize, dtype: DType) -> Self {
        or_panic(check_size("eye", &[n, n].into(), dtype).map(drop));
        let one = or_panic(Tensor::try_number("eye", Number::Int(1), dtype));
        for_dtype!(dtype, T => {
            let mut elements = Buffer::<T>::zeroed(n * n);
            let one = one.array().storage_elements::<T>()[0];
            elements.iter_mut().step_by(n + 1).for_each(|x| *x = one);
            Array::from_buffer(elements, [n, n])
        })
        .into()
    }

    /// The integers `start`, `start + step`, .. below (or, for a negative step, above) `end`.
    ///
    /// # Panics
    /// When `step` is zero, or there are more integers than memory can hold.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// assert_eq!(Tensor::arange(0, 7, 3).to_vec::<i64>(), [0, 3, 6]);
    /// assert_eq!(Tensor::arange(2, 0, -1).to_vec::<i64>(), [2, 1]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn arange(start: i64, end: i64, step: i64) -> Self {
        assert!(step != 0, "arange: the step must not be zero; got start {start}, end {end}, step {step}");
        let span = i128::from(end) - i128::from(start);
        let count =
            if (span > 0) == (step > 0) { span.unsigned_abs().div_ceil(u128::from(step.unsigned_abs())) } else { 0 };
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        or_panic(check_size("arange", &count.into(), DType::I64).map(drop));
        let elements = Buffer::from_iter_exact((0..count).map(|i| start.wrapping_add((i as i64).wrapping_mul(step))));
        Array::from_buffer(elements, [count]).into()
    }

    /// `count` evenly spaced numbers from `start` to `end`, both included.
    ///
    /// # Panics
    /// When the dtype is not floating point, or the size overflows.
    ///
    /// ```
    /// # use cotangent_tensor::{DType, Tensor};
    /// assert_eq!(Tensor::linspace(0.0, 1.0, 5, DType::F64).to_vec::<f64>(), [0.0, 0.25, 0.5, 0.75, 1.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn linspace(start: f64, end: f64, count: usize, dtype: DType) -> Self {
        assert!(dtype.is_float(), "linspace: needs a floating-point dtype, not {dtype}");
        or_panic(check_size("linspace", &count.into(), DType::F64).map(drop));
        let intervals = count.saturating_sub(1).max(1) as f64;
        let mut elements = Buffer::recycled(count);
        for (i, slot) in elements.iter_mut().enumerate() {
            *slot = start + (end - start) * (i as f64 / intervals);
        }
        if count > 1 {
            elements[count - 1] = end;
        }
        Tensor::from(Array::from_buffer(elements, [count])).cast(dtype)
    }

    /// A scalar of this dtype that holds a plain number.
    pub(crate) fn try_number(op: &'static str, number: Number, dtype: DType) -> Result<Self> {
        let refuse = |rule: String| Err(Error::new(ErrorKind::DType, op, rule));
        let array = match (dtype, number) {
            (DType::F32, number) => Array::scalar(number.as_f64() as f32),
            (DType::F64, number) => Array::scalar(number.as_f64()),
            (DType::BF16, number) => Array::scalar(halves::nearest::<bf16>(number.as_f64())),
            (DType::F16, number) => Array::scalar(halves::nearest::<f16>(number.as_f64())),
            (DType::I64, Number::Int(n)) => Array::scalar(n),
            (DType::U8, Number::Int(n)) => match u8::try_from(n) {
                Ok(n) => Array::scalar(n),
                Err(_) => return refuse(format!("{n} does not fit a tensor of u8, which holds 0 to 255")),
            },
            (DType::Bool, Number::Int(n @ (0 | 1))) => Array::scalar(n == 1),
            (DType::Bool, number) => return refuse(format!("a tensor of bool holds false and true, not {number}")),
            (_, Number::Float(x)) => {
                return refuse(format!("the float {x:?} does not go with a tensor of {dtype}"))
                    .map_err(|error| error.with_hint("write an integer, or cast the tensor with .cast(DType::F32)"));
            }
        };
        Ok(array.into())
    }
}

/// A scalar. A literal such as `1.0` is an f64, as anywhere in Rust; write `1.0f32` beside layers, which are f32.
impl<T: Element> From<T> for Tensor {
    fn from(value: T) -> Self {
        Array::scalar(value).into()
    }
}
impl<T: Element, const N: usize> From<[T; N]> for Tensor {
    fn from(elements: [T; N]) -> Self {
        Array::from_buffer(Buffer::from_slice(&elements), [N]).into()
    }
}
impl<T: Element, const N: usize, const M: usize> From<[[T; N]; M]> for Tensor {
    fn from(rows: [[T; N]; M]) -> Self {
        Array::from_buffer(Buffer::from_slice(rows.as_flattened()), [M, N]).into()
    }
}
impl<T: Element, const N: usize, const M: usize, const L: usize> From<[[[T; N]; M]; L]> for Tensor {
    fn from(blocks: [[[T; N]; M]; L]) -> Self {
        Array::from_buffer(Buffer::from_slice(blocks.as_flattened().as_flattened()), [L, M, N]).into()
    }
}
impl<T: Element> From<Vec<T>> for Tensor {
    fn from(elements: Vec<T>) -> Self {
        let count = elements.len();
        Array::from_buffer(Buffer::from_slice(&elements), [count]).into()
    }
}
/// Rows of one length, such as points: `[rows, N]`.
///
/// ```
/// # use cotangent_tensor::Tensor;
/// let points = vec![[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]];
/// assert_eq!(Tensor::from(points).shape()[..], [3, 2]);
/// ```
impl<T: Element, const N: usize> From<Vec<[T; N]>> for Tensor {
    fn from(rows: Vec<[T; N]>) -> Self {
        Array::from_buffer(Buffer::from_slice(rows.as_flattened()), [rows.len(), N]).into()
    }
}
/// Rows, which must be of one length; of no rows `[0, 0]`.
///
/// ```
/// # use cotangent_tensor::Tensor;
/// assert_eq!(Tensor::try_from(vec![vec![1i64, 2], vec![3, 4]])?.shape()[..], [2, 2]);
/// let ragged = Tensor::try_from(vec![vec![1i64, 2], vec![3]]).unwrap_err();
/// assert_eq!(ragged.to_string(), "try_from: the rows must be of one length; row 0 has 2 elements, and row 1 has 1");
/// # Ok::<(), cotangent_tensor::Error>(())
/// ```
impl<T: Element> TryFrom<Vec<Vec<T>>> for Tensor {
    type Error = Error;
    fn try_from(rows: Vec<Vec<T>>) -> Result<Self> {
        let columns = rows.first().map_or(0, Vec::len);
        if let Some(odd) = rows.iter().position(|row| row.len() != columns) {
            let found = rows[odd].len();
            let rule =
                format!("the rows must be of one length; row 0 has {columns} elements, and row {odd} has {found}");
            return Err(Error::new(ErrorKind::Shape, "try_from", rule));
        }
        Tensor::from_vec(rows.concat(), [rows.len(), columns])
    }
}
impl<T: Element> From<&[T]> for Tensor {
    fn from(elements: &[T]) -> Self {
        Array::from_buffer(Buffer::from_slice(elements), [elements.len()]).into()
    }
}
