//! Matrix products.

use crate::ops::broadcast::{common_batch, or_panic};
use crate::{
    Array, Buffer, Cotangents, Derivative, Error, ErrorKind, Few, Keep, Primitive, Result, Saved, Shape, Spec, SpecRef,
    Tensor, Vjp, apply,
    array::check_size,
    dtype::for_float,
    error::{same_dtypes, takes},
    kernels::{
        gemm::{self, Matrix},
        halves::for_half,
    },
    primitive::elements,
    try_apply,
};

/// C = A B for matrices in the last two axes, for each index of the axes before them, which are the same in A and B;
/// A_bar = C_bar Bᵀ, B_bar = Aᵀ C_bar.
#[derive(Clone, Copy, Debug)]
pub struct MatMul;

impl Primitive for MatMul {
    fn name(&self) -> &'static str {
        "matmul"
    }

    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("matmul", 2, inputs)?;
        same_dtypes("matmul", inputs)?;
        let refuse = |rule: &str| Err(Error::new(ErrorKind::Shape, "matmul", rule).with_inputs(inputs));
        if !inputs[0].dtype().is_float() {
            return Err(Error::needs_float("matmul", inputs));
        }
        let (a, b) = (inputs[0].shape(), inputs[1].shape());
        let (Some((batch_a, [m, k])), Some((batch_b, [k_b, n]))) = (a.split_last_chunk(), b.split_last_chunk()) else {
            return refuse("the primitive takes matrices; its method takes vectors too");
        };
        if k != k_b {
            return refuse(&format!("the inner sizes differ: {k} columns on the left, {k_b} rows on the right"));
        }
        if batch_a != batch_b {
            return refuse("the primitive takes equal batch axes; its method broadcasts them");
        }
        let shape: Shape = batch_a.iter().copied().chain([*m, *n]).collect();
        check_size("matmul", &shape, inputs[0].dtype())?;
        Ok(Spec::new(shape, inputs[0].dtype()).into())
    }

    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let (a, b) = (inputs[0], inputs[1]);
        let (rank, m, n) = (a.shape().len(), a.shape()[a.shape().len() - 2], b.shape()[b.shape().len() - 1]);
        let (k, batch) = (a.shape()[rank - 1], &a.shape()[..rank - 2]);
        let shape: Shape = batch.iter().copied().chain([m, n]).collect();
        // An empty product may have more matrices than memory could list.
        let offsets = if shape.numel() == 0 { Vec::new() } else { batch_offsets(a, b, batch) };
        if a.dtype().is_half() {
            let c = for_half!(a.dtype(), H => {
                let mut c = Buffer::<H>::recycled(shape.numel());
                gemm::halves::products([m, n, k], &mut c, matrix::<H>(a), matrix::<H>(b), &offsets, None);
                Array::from_buffer(c, shape)
            });
            return Ok(c.into());
        }
        let c = for_float!(a.dtype(), T => {
            let mut c = Buffer::<T>::recycled(shape.numel());
            let (a, b) = (matrix::<T>(a), matrix::<T>(b));
            match offsets.as_slice() {
                &[(at_a, at_b)] => {
                    gemm::gemm(m, n, k, &mut c, Matrix { offset: at_a, ..a }, Matrix { offset: at_b, ..b }, false);
                }
                offsets => gemm::gemm_batched(m, n, k, &mut c, a, b, offsets),
            }
            Array::from_buffer(c, shape)
        });
        Ok(c.into())
    }

    fn flops(&self, inputs: &[SpecRef<'_>], outputs: &[SpecRef<'_>]) -> u64 {
        let k = *inputs[0].shape().last().expect("a matrix") as u64;
        outputs.iter().map(|&c| elements(c).saturating_mul(2 * k)).sum()
    }

    fn takes_halves(&self) -> bool {
        true
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for MatMul {
    fn keep(&self, needs: &[bool]) -> Keep {
        Keep::input(1).when(needs[0]).and(Keep::input(0).when(needs[1]))
    }
    fn vjp(&self, saved: &Saved, c_bar: Cotangents, needs: &[bool]) -> Few<Option<Tensor>> {
        let c_bar = c_bar.single();
        let a_bar = needs[0].then(|| product(&c_bar, &saved.input(1).transpose(-2, -1)));
        let b_bar = needs[1].then(|| product(&saved.input(0).transpose(-2, -1), &c_bar));
        [a_bar, b_bar].into()
    }
    fn jvp(&self, x: &[&Tensor], dot: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        let terms = [dot[0].map(|a_dot| product(a_dot, x[1])), dot[1].map(|b_dot| product(x[0], b_dot))];
        Some(Few::one(terms.into_iter().flatten().reduce(|sum, term| sum + term)))
    }
}

pub(super) fn product(a: &Tensor, b: &Tensor) -> Tensor {
    apply(&MatMul, &[a, b]).into_single()
}

pub(super) fn matrix<T: crate::Element>(array: &Array) -> Matrix<'_, T> {
    let [.., row_stride, col_stride] = *array.strides() else { unreachable!("infer asks for matrices") };
    Matrix { data: array.storage_elements(), offset: array.offset(), row_stride, col_stride }
}

/// Where each matrix of the batch begins in A and in B, in row-major order of the batch axes.
fn batch_offsets(a: &Array, b: &Array, batch: &[usize]) -> Vec<(usize, usize)> {
    let mut offsets = vec![(a.offset(), b.offset())];
    for (axis, &size) in batch.iter().enumerate() {
        let (stride_a, stride_b) = (a.strides()[axis], b.strides()[axis]);
        let along = |(at_a, at_b): (usize, usize)| {
            (0..size as isize)
                .map(move |i| (at_a.wrapping_add_signed(i * stride_a), at_b.wrapping_add_signed(i * stride_b)))
        };
        offsets = offsets.into_iter().flat_map(along).collect();
    }
    offsets
}

impl Tensor {
    /// The matrix product, as NumPy's `matmul`: of the last two axes, with the axes before them broadcast. A vector on the left is a
    /// row, on the right a column, and its axis is dropped from the result.
    ///
    /// `[.., m, k] x [.., k, n] -> [.., m, n]`; C_ij = Σ_p A_ip B_pj.
    ///
    /// # Panics
    /// When an operand is a scalar, the inner sizes differ, the batch axes do not broadcast, the dtypes differ or are not floating
    /// point.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let a = Tensor::from([[1.0f32, 2.0], [3.0, 4.0]]);
    /// assert_eq!(a.matmul(&a).to_vec::<f32>(), [7.0, 10.0, 15.0, 22.0]);
    /// assert_eq!(a.matmul(&Tensor::from([1.0f32, 1.0])).to_vec::<f32>(), [3.0, 7.0]);
    /// ```
    #[doc(alias = "mm")]
    #[doc(alias = "mv")]
    #[doc(alias = "bmm")]
    #[doc(alias = "addmm")]
    #[doc(alias = "baddbmm")]
    #[must_use]
    #[track_caller]
    pub fn matmul(&self, other: &Tensor) -> Tensor {
        // What the user passed says more than what it was reshaped or expanded to.
        or_panic(product_of_ranks(self, other).map_err(|error| error.with_inputs(&[self.spec(), other.spec()])))
    }
}

/// The product of vectors, matrices or batches of matrices.
fn product_of_ranks(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    let (rank_a, rank_b) = (a.rank(), b.rank());
    if rank_a == 0 || rank_b == 0 {
        return Err(
            Error::new(ErrorKind::Shape, "matmul", "a scalar is not a matrix").with_hint("multiply by it with *")
        );
    }
    if rank_a == 1 {
        return Ok(product_of_ranks(&a.unsqueeze(0), b)?.squeeze(if rank_b == 1 { -1 } else { -2 }));
    }
    if rank_b == 1 {
        return Ok(product_of_ranks(a, &b.unsqueeze(1))?.squeeze(-1));
    }
    if rank_b == 2 && rank_a > 2 {
        // One large product instead of many: the rows of all matrices on the left, one under the other.
        let (rows, k) = (&a.shape()[..rank_a - 1], a.shape()[rank_a - 1]);
        let shape: Shape = rows.iter().copied().chain([b.shape()[1]]).collect();
        let flat: Shape = [rows.iter().product(), k].into();
        return Ok(product_of_ranks(&a.reshape(&flat), b)?.reshape(&shape));
    }
    if a.shape()[..rank_a - 2] == b.shape()[..rank_b - 2] {
        return try_product(a, b);
    }
    let batch = common_batch("matmul", a, b)?;
    let expanded = |x: &Tensor| {
        let shape: Shape = batch.iter().chain(&x.shape()[x.rank() - 2..]).copied().collect();
        check_size("matmul", &shape, x.dtype()).map(|_| x.expand(&shape))
    };
    try_product(&expanded(a)?, &expanded(b)?)
}

fn try_product(a: &Tensor, b: &Tensor) -> Result<Tensor> {
    try_apply(&MatMul, &[a, b]).map(Few::into_single)
}
