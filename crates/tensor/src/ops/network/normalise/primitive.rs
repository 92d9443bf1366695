//! The one primitive under all normalisations by mean and variance.

use super::backward::{FormAxes, NormaliseGrad};
use crate::{
    Array, Cotangents, Derivative, Error, ErrorKind, Few, Keep, Primitive, Result, Saved, Shape, Spec, SpecRef, Tensor,
    Vjp, apply,
    dtype::for_float,
    error::{check_eps, same_dtypes, takes},
    kernels::{
        math::Math,
        normalise::{self as kernel, Form, Rule},
    },
    ops::broadcast::widened,
};
use std::borrow::Cow;

/// Which elements are normalised together.
#[derive(Clone, Debug)]
pub(super) enum Over {
    /// The last axes, of these sizes.
    Trailing(Shape),
    /// So many groups of channels of each sample; a group for each channel if `None`.
    Groups(Option<usize>),
    /// Each channel of all samples.
    Batch,
}

/// `y = (x - mean) / √(var + ε) * weight + bias` with mean and variance of each group of elements, and both of these.
///
/// Inputs: `x`, or `x`, `weight`, `bias`; outputs: `y`, `mean`, `var`, these two in f32 for halves. For the mean square in place of the variance, the mean
/// is zero.
#[derive(Clone, Debug)]
pub struct Normalise {
    op: &'static str,
    over: Over,
    pub(super) eps: f64,
    pub(super) centred: bool,
    pub(super) affine: bool,
}

impl Normalise {
    fn new(op: &'static str, over: Over, eps: f64) -> Self {
        Normalise { op, over, eps, centred: true, affine: false }
    }

    /// Over the last axes, whose sizes are these.
    #[must_use]
    pub fn layer(shape: &Shape, eps: f64) -> Self {
        Normalise::new("layer_norm", Over::Trailing(shape.clone()), eps)
    }

    /// By the mean square over the last axes, whose sizes are these.
    #[must_use]
    pub fn root_mean_square(shape: &Shape, eps: f64) -> Self {
        Normalise { centred: false, ..Normalise::new("rms_norm", Over::Trailing(shape.clone()), eps) }
    }

    /// Each of so many groups of channels of each sample.
    #[must_use]
    pub fn groups(groups: usize, eps: f64) -> Self {
        Normalise::new("group_norm", Over::Groups(Some(groups)), eps)
    }

    /// Each channel of each sample.
    #[must_use]
    pub fn instances(eps: f64) -> Self {
        Normalise::new("instance_norm", Over::Groups(None), eps)
    }

    /// Each channel over the batch.
    #[must_use]
    pub fn batch(eps: f64) -> Self {
        Normalise::new("batch_norm", Over::Batch, eps)
    }

    /// With a weight and a bias as second and third input.
    #[must_use]
    pub fn with_affine(self) -> Self {
        Normalise { affine: true, ..self }
    }

    pub(super) fn op(&self) -> &'static str {
        self.op
    }

    /// The shape of weight and bias, if this one can be normalised.
    fn channelwise(&self, x: SpecRef<'_>) -> Result<Shape> {
        check_eps(self.op, self.eps)?;
        let refuse = |rule: String| Err(Error::new(ErrorKind::Shape, self.op, rule));
        let shape = x.shape();
        match &self.over {
            Over::Trailing(last) => {
                if last.is_empty() {
                    return refuse("the normalised shape needs an axis".to_owned());
                }
                if shape.ends_with(last) {
                    return Ok(last.clone());
                }
                refuse(format!("the normalised shape {last:?} must be the sizes of the last axes"))
            }
            Over::Groups(groups) => match (shape, *groups) {
                (&[_, channels, ..], Some(groups)) if groups == 0 || channels % groups != 0 => {
                    refuse(format!("{channels} channels do not fall into {groups} groups"))
                }
                (&[_, channels, ..], _) => Ok([channels].into()),
                _ => refuse("needs a batch axis and a channel axis".to_owned()),
            },
            Over::Batch => match *shape {
                [_, channels, ..] => Ok([channels].into()),
                _ => refuse("needs a batch axis and a channel axis".to_owned()),
            },
        }
    }

    /// The shape of means and variances.
    fn statistics(&self, shape: &[usize]) -> Shape {
        match &self.over {
            Over::Trailing(last) => shape[..shape.len() - last.len()].into(),
            Over::Groups(groups) => [shape[0], groups.unwrap_or(shape[1])].into(),
            Over::Batch => [shape[1]].into(),
        }
    }

    pub(super) fn form(&self, shape: &[usize]) -> Form {
        let product = |sizes: &[usize]| sizes.iter().product();
        match &self.over {
            Over::Trailing(last) => Form {
                outer: 1,
                samples: product(&shape[..shape.len() - last.len()]),
                period: 1,
                channels: last.numel(),
                spatial: 1,
            },
            Over::Groups(groups) => {
                let period = groups.unwrap_or(shape[1]);
                let channels = shape[1].checked_div(period).unwrap_or(0);
                Form { outer: 1, samples: shape[0], period, channels, spatial: product(&shape[2..]) }
            }
            Over::Batch => {
                Form { outer: shape[0], samples: 1, period: shape[1], channels: 1, spatial: product(&shape[2..]) }
            }
        }
    }

    /// The elements as the kernels take them. Where channels are neighbours (batch norm of a matrix), they are transposed:
    /// a channel's elements then lie together.
    pub(super) fn lay_out<'a>(&self, x: &'a Array) -> (Form, Cow<'a, Array>, bool) {
        let form = self.form(x.shape());
        if form.outer == 1 || form.spatial != 1 {
            return (form, x.contiguous(), false);
        }
        let matrix = x.contiguous();
        let layout = matrix.layout().reshape(&[form.outer, form.period].into()).expect("contiguous");
        let transposed = matrix.with_layout(layout.permute(&[1, 0])).contiguous().into_owned();
        (Form { outer: 1, spatial: form.outer, ..form }, Cow::Owned(transposed), true)
    }

    /// What [`lay_out`](Self::lay_out) has transposed, back in its shape.
    pub(super) fn laid_back(y: Array, transposed: bool, shape: &Shape) -> Array {
        if !transposed {
            return y;
        }
        let matrix = y.layout().reshape(&[shape[1], shape[0]].into()).expect("contiguous").permute(&[1, 0]);
        y.with_layout(matrix.reshape(shape).expect("only axes of size 1 are added"))
    }

    pub(super) fn rule<T: Math>(&self, form: Form) -> Rule<T> {
        Rule { form, eps: T::from_f64(self.eps), centred: self.centred }
    }
}

/// Checks one number for each channel.
pub(super) fn check_channelwise(
    op: &'static str,
    x: SpecRef<'_>,
    what: &str,
    given: SpecRef<'_>,
    wanted: &Shape,
) -> Result<()> {
    if *given.shape() == wanted[..] {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Shape, op, format!("the {what} must have shape {wanted:?}")).with_inputs(&[x, given]))
}

impl Primitive for Normalise {
    fn name(&self) -> &'static str {
        "normalise"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes(self.op, if self.affine { 3 } else { 1 }, inputs)?;
        let x = inputs[0];
        if !x.dtype().is_float() {
            return Err(Error::needs_float(self.op, inputs));
        }
        let channelwise = self.channelwise(x).map_err(|error| error.with_inputs(inputs))?;
        for (what, &given) in ["weight", "bias"].iter().zip(&inputs[1..]) {
            same_dtypes(self.op, &[x, given])?;
            check_channelwise(self.op, x, what, given, &channelwise)?;
        }
        // Not rounded to a half: the variance of what f16 holds may be more than f16 holds, and its root is not.
        let statistics = Spec::new(self.statistics(x.shape()), x.dtype().widened());
        Ok([x.to_owned(), statistics.clone(), statistics].into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let x = inputs[0];
        let statistics = self.statistics(x.shape());
        Ok(for_float!(x.dtype(), T => {
            if x.numel() == 0 {
                // Means of nothing.
                let none = Array::full(T::NAN, &statistics);
                return Ok([x.clone(), none.clone(), none].into());
            }
            let (form, rows, transposed) = self.lay_out(x);
            let affine: Vec<Cow<'_, [T]>> = inputs[1..].iter().map(|x| x.to_slice()).collect();
            let affine = affine.get(..2).map(|affine| (&*affine[0], &*affine[1]));
            let rows = rows.as_slice::<T>().expect("contiguous");
            let (y, mean, variance) = kernel::forward(self.rule::<T>(form), rows, affine);
            let y = if transposed { Array::from_buffer(y, [x.numel()]) } else { Array::from_buffer(y, x.shape()) };
            [
                Normalise::laid_back(y, transposed, x.shape()),
                Array::from_buffer(mean, &statistics),
                Array::from_buffer(variance, &statistics),
            ]
            .into()
        }))
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for Normalise {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::input(0).and(Keep::input(1).when(self.affine)).and(Keep::output(1)).and(Keep::output(2))
    }
    // The formulas stand at the kernel, and in the decomposition.
    fn vjp(&self, saved: &Saved, bars: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let bars = bars.into_tensors();
        let mut inputs: Few<&Tensor> = [saved.input(0), saved.output(1), saved.output(2)].into();
        bars.iter().for_each(|bar| inputs.push(bar));
        if self.affine {
            inputs.push(saved.input(1));
        }
        apply(&NormaliseGrad(self.clone()), &inputs).into_iter().map(Some).collect()
    }
    // The Jacobian of what is normalised, x̂ = (x - mean) r, is symmetric: x̂_dot is what it pulls back from x_dot. mean_dot = Σ x_dot / n,
    // var_dot = 2 Σ (x - mean) x_dot / n, y_dot = weight x̂_dot + weight_dot x̂ + bias_dot.
    fn jvp(&self, x: &[&Tensor], x_dot: &[Option<&Tensor>], y: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        // In f32 for halves, as the statistics are.
        let dtype = x[0].dtype();
        let x: Few<Tensor> = x.iter().map(|x| widened(x)).collect();
        let x_dot: Few<Option<Tensor>> = x_dot.iter().map(|x_dot| x_dot.map(widened)).collect();
        let axes = FormAxes(self.form(x[0].shape()));
        let mut terms: Vec<Tensor> = Vec::new();
        let mut statistics = [None, None];
        if let Some(x_dot) = &x_dot[0] {
            let zero = y[1].zeros_like();
            let plain = NormaliseGrad(Normalise { affine: false, ..self.clone() });
            let normalised_dot = apply(&plain, &[&x[0], &y[1], &y[2], x_dot, &zero, &zero]).into_single();
            let normalised_dot = axes.elements(&normalised_dot);
            terms.push(if self.affine { normalised_dot * axes.channels(&x[1]) } else { normalised_dot });
            let (d, x_dot) = (axes.elements(&x[0]) - axes.groups(&y[1]), axes.elements(x_dot));
            let mean = |terms: &Tensor| (axes.sums(terms) / axes.count()).reshape(y[1].shape());
            statistics = [self.centred.then(|| mean(&x_dot)), Some(mean(&(d * x_dot)) * 2)];
        }
        if let Some(Some(weight_dot)) = x_dot.get(1) {
            let r = (axes.groups(&y[2]) + self.eps).sqrt().reciprocal();
            let normalised = (axes.elements(&x[0]) - axes.groups(&y[1])) * r;
            terms.push(normalised * axes.channels(weight_dot));
        }
        if let Some(Some(bias_dot)) = x_dot.get(2) {
            terms.push(axes.elements(&x[0]).zeros_like() + axes.channels(bias_dot));
        }
        let y_dot =
            terms.into_iter().reduce(|sum, term| sum + term).map(|y_dot| y_dot.reshape(x[0].shape()).cast(dtype));
        let [mean_dot, variance_dot] = statistics;
        Some([y_dot, mean_dot, variance_dot].into())
    }
}
