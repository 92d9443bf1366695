//! Distances between all pairs of two sets of points.

use crate::ops::broadcast::{ToNumber, common_batch, or_panic};
use crate::{
    Array, Decompose, Derivative, Error, ErrorKind, Few, Primitive, Result, Shape, Spec, SpecRef, Tensor,
    array::check_size,
    dtype::for_float,
    error::{same_dtypes, takes},
    kernels::distance::{Norm, distances},
    primitive::elements,
    try_apply,
};

#[cfg(test)]
mod tests;

/// `z_ij = |x_i - y_j|` in the p-norm, for each index of the axes before the last two, which are the same in both; inputs `x`, `y`.
///
/// The kernel keeps no differences; a tracer computes them, and has its derivatives from there.
#[derive(Clone, Copy, Debug)]
pub struct Cdist {
    p: f64,
}

impl Cdist {
    /// In this norm: a number from 0, or infinity.
    #[must_use]
    pub fn new(p: f64) -> Self {
        Cdist { p }
    }

    fn norm(self) -> Norm {
        match self.p {
            0.0 => Norm::Count,
            1.0 => Norm::Sum,
            2.0 => Norm::Euclidean,
            f64::INFINITY => Norm::Largest,
            p => Norm::Power(p),
        }
    }
}

impl Primitive for Cdist {
    fn name(&self) -> &'static str {
        "cdist"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("cdist", 2, inputs)?;
        same_dtypes("cdist", inputs)?;
        let refuse = |kind, rule: String| Err(Error::new(kind, "cdist", rule).with_inputs(inputs));
        if !inputs[0].dtype().is_float() {
            return Err(Error::needs_float("cdist", inputs));
        }
        if self.p.is_nan() || self.p < 0.0 {
            return refuse(ErrorKind::Value, format!("p must be a number from 0, not {:?}", self.p));
        }
        let (x, y) = (inputs[0].shape(), inputs[1].shape());
        let (Some((batch, [m, d])), Some((batch_y, [n, other]))) = (x.split_last_chunk(), y.split_last_chunk()) else {
            return refuse(ErrorKind::Shape, "takes matrices of points: [.., points, coordinates]".to_owned());
        };
        if d != other {
            let rule = format!("points on the left have {d} coordinates, on the right {other}");
            return refuse(ErrorKind::Shape, rule);
        }
        if batch != batch_y {
            return refuse(
                ErrorKind::Shape,
                "the primitive takes equal batch axes; its method broadcasts them".to_owned(),
            );
        }
        let with = |sizes: &[usize]| batch.iter().chain(sizes).copied().collect::<Shape>();
        // The differences, which a tracer needs.
        check_size("cdist", &with(&[*m, *n, *d]), inputs[0].dtype())?;
        Ok(Spec::new(with(&[*m, *n]), inputs[0].dtype()).into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let [x, y] = [inputs[0], inputs[1]];
        let shape = x.shape().with_size(x.shape().len() - 1, y.shape()[y.shape().len() - 2]);
        Ok(for_float!(x.dtype(), T => Array::from_buffer(distances::<T>(x, y, self.norm()), shape)).into())
    }
    fn flops(&self, inputs: &[SpecRef<'_>], outputs: &[SpecRef<'_>]) -> u64 {
        // For each coordinate of each pair a difference, its power, and a sum.
        let coordinates = *inputs[0].shape().last().expect("a matrix") as u64;
        outputs.iter().map(|&z| elements(z).saturating_mul(3 * coordinates)).sum()
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Decomposition(self)
    }
}

impl Decompose for Cdist {
    fn decompose(&self, inputs: &[&Tensor]) -> Few<Tensor> {
        let differences = inputs[0].unsqueeze(-2) - inputs[1].unsqueeze(-3);
        Few::one(norm(&differences, self.norm()))
    }
}

/// The norm over the last axis.
fn norm(d: &Tensor, norm: Norm) -> Tensor {
    if d.shape().last() == Some(&0) {
        return d.sum(-1);
    }
    match norm {
        Norm::Count => d.ne(0).cast(d.dtype()).sum(-1),
        Norm::Sum => d.abs().sum(-1),
        Norm::Largest => d.abs().max(-1),
        Norm::Euclidean => root(&d.square().sum(-1), Tensor::sqrt),
        Norm::Power(p) => {
            // The slope of x^p at 0 is infinite for p < 1, and its second derivative for p < 2: both are taken as 0.
            let (size, zero) = (d.abs(), d.eq(0));
            let powers = zero.where_(0, &zero.where_(1, &size).powf(p));
            root(&powers.sum(-1), |x| x.powf(1.0 / p))
        }
    }
}

/// A root of sums that may be 0, where it is 0 with all its derivatives.
fn root(x: &Tensor, root: impl Fn(&Tensor) -> Tensor) -> Tensor {
    let zero = x.eq(0);
    zero.where_(0, &root(&zero.where_(1, x)))
}

/// Distances.
impl Tensor {
    /// The distance of each of `m` points to each of `n` others in the p-norm:
    /// `[.., m, d] x [.., n, d] -> [.., m, n]`, `z_ij = (Σ_k |x_ik - y_jk|^p)^(1/p)`; the axes before broadcast.
    ///
    /// `p` is any number from 0: 0 counts the coordinates that differ, infinity takes the largest difference. The Euclidean distance
    /// is computed from differences, not as `|x|² - 2xy + |y|²`, which loses the digits of small distances. At coincident
    /// points the gradient is 0, the subgradient of least norm; where coordinates agree and 1 < p < 2, so is their part of the second
    /// derivative. Inside a transform the differences are kept: `m n d` numbers.
    ///
    /// # Panics
    /// When an operand is not a matrix or a batch of them, the numbers of coordinates differ, the batch axes do not broadcast, the
    /// dtypes differ or are not floating point, or `p` is negative or NaN.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[0.0f32, 0.0], [3.0, 0.0]]);
    /// let y = Tensor::from([[3.0f32, 4.0]]);
    /// assert_eq!(x.cdist(&y, 2).to_vec::<f32>(), [5.0, 4.0]);
    /// assert_eq!(x.cdist(&y, 1).to_vec::<f32>(), [7.0, 4.0]);
    /// ```
    #[doc(alias = "pairwise_distance")]
    #[must_use]
    #[track_caller]
    pub fn cdist(&self, other: &Tensor, p: impl ToNumber) -> Tensor {
        let distances = broadcast_distances(self, other, Cdist::new(p.to_number().as_f64()));
        or_panic(distances.map_err(|error| error.with_inputs(&[self.spec(), other.spec()])))
    }
}

fn broadcast_distances(x: &Tensor, y: &Tensor, cdist: Cdist) -> Result<Tensor> {
    let distances = |x: &Tensor, y: &Tensor| try_apply(&cdist, &[x, y]).map(Few::into_single);
    if x.rank() < 2 || y.rank() < 2 || x.shape()[..x.rank() - 2] == y.shape()[..y.rank() - 2] {
        return distances(x, y);
    }
    let batch = common_batch("cdist", x, y)?;
    let expanded = |x: &Tensor| {
        let shape: Shape = batch.iter().chain(&x.shape()[x.rank() - 2..]).copied().collect();
        check_size("cdist", &shape, x.dtype()).map(|_| x.expand(&shape))
    };
    distances(&expanded(x)?, &expanded(y)?)
}
