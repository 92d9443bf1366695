//! A layer of a long short-term memory over whole sequences, as one primitive.
//!
//! It is what the networks of `cotangent-nn` run; there it has its weights, its product with the input and its layers.

mod backward;
#[cfg(test)]
mod tests;

use crate::{
    Array, Buffer, Cotangents, Derivative, Error, ErrorKind, Few, Keep, Primitive, Result, Saved, Shape, Spec, SpecRef,
    Tensor, Vjp, apply,
    array::check_size,
    dtype::for_float,
    error::{same_dtypes, takes},
    kernels::lstm::{self as kernel, GATES, Sequences},
    ops::broadcast::widened,
};
use backward::LstmStepsGrad;

const OP: &str = "lstm_steps";

/// All steps of a long short-term memory, from what it makes of its inputs. For each step, with z its row of `x`:
///
/// ```text
/// [i, f, g, o] = z + W h + b, and of each gate the sigmoid, but of g the tanh
/// c' = f c + i g
/// h' = o tanh(c')
/// ```
///
/// Inputs: `x` of shape `[time, batch, 4 hidden]`, the weight W `[4 hidden, hidden]`, the bias b `[4 hidden]`, and the first h and c,
/// `[batch, hidden]`. Outputs: h and c after each step, `[time, batch, hidden]`, and the gates of each, shaped as x,
/// in f32 for halves.
///
/// (Hochreiter, Schmidhuber, "Long short-term memory", Neural Computation 9, 1997; Gers, Schmidhuber, Cummins, "Learning to
/// forget", 2000.)
///
/// ```
/// use cotangent_tensor::{DType, Tensor, apply, ops::LstmSteps};
/// let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F64);
/// let (x, state) = (zeros(&[3, 2, 4]), Tensor::ones([2, 1], DType::F64));
/// let outputs = apply(&LstmSteps::new(), &[&x, &zeros(&[4, 1]), &zeros(&[4]), &state, &state]);
/// // Gates of nothing are half open.
/// assert_eq!(outputs[1].to_vec::<f64>(), [0.5, 0.5, 0.25, 0.25, 0.125, 0.125]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct LstmSteps {
    batch_first: bool,
    reverse: bool,
}

impl LstmSteps {
    /// Through sequences of the axes `[time, batch, ..]`, from the first step to the last.
    #[must_use]
    pub fn new() -> Self {
        LstmSteps::default()
    }

    /// The axes are `[batch, time, ..]`.
    #[must_use]
    pub fn batch_first(self) -> Self {
        LstmSteps { batch_first: true, ..self }
    }

    /// From the last step to the first.
    #[must_use]
    pub fn reverse(self) -> Self {
        LstmSteps { reverse: true, ..self }
    }

    /// The axis of time.
    fn time(self) -> usize {
        usize::from(self.batch_first)
    }

    /// Of x, or what has its first two axes.
    fn sequences(self, x: &[usize], hidden: usize) -> Sequences {
        let (steps, batch) = (x[self.time()], x[1 - self.time()]);
        Sequences { steps, batch, hidden, batch_first: self.batch_first, reverse: self.reverse }
    }

    /// The steps in the order of the walk.
    fn order(self, steps: usize) -> Box<dyn DoubleEndedIterator<Item = usize>> {
        if self.reverse { Box::new((0..steps).rev()) } else { Box::new(0..steps) }
    }

    /// What the state was before each step, of what it was after it and before the first.
    fn before(self, first: &Tensor, after: &Tensor) -> Tensor {
        let (time, steps) = (self.time(), after.size(self.time() as isize));
        let first = first.unsqueeze(time as isize);
        let rest = after.narrow(time as isize, usize::from(self.reverse), steps - 1);
        Tensor::concat(if self.reverse { [rest, first] } else { [first, rest] }, time as isize)
    }
}

/// Whether there is nothing to compute.
fn is_empty(&Sequences { steps, batch, hidden, .. }: &Sequences) -> bool {
    [steps, batch, hidden].contains(&0)
}

/// Four gates of a row of them.
fn gates_of(row: &Tensor) -> [Tensor; GATES] {
    let hidden = row.size(-1) / GATES;
    [0, 1, 2, 3].map(|gate| row.narrow(-1, gate * hidden, hidden))
}

impl Primitive for LstmSteps {
    fn name(&self) -> &'static str {
        OP
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes(OP, 5, inputs)?;
        let [x, weight, bias, h, c] = *inputs.first_chunk().expect("five");
        same_dtypes(OP, inputs).map_err(|error| error.with_inputs(inputs))?;
        if !x.dtype().is_float() {
            return Err(Error::needs_float(OP, inputs));
        }
        let refuse = || {
            let axes = if self.batch_first { "[batch, time, 4 hidden]" } else { "[time, batch, 4 hidden]" };
            let rule = format!("takes {axes}, [4 hidden, hidden], [4 hidden], and [batch, hidden] twice");
            Error::new(ErrorKind::Shape, OP, rule).with_inputs(inputs)
        };
        let (&[_, _, gates], &[rows, hidden]) = (x.shape(), weight.shape()) else {
            return Err(refuse());
        };
        let (steps, batch) = (x.shape()[self.time()], x.shape()[1 - self.time()]);
        if steps == 0 {
            return Err(Error::new(ErrorKind::Shape, OP, "there must be at least one time step").with_inputs(inputs));
        }
        let states = [h, c].iter().all(|state| *state.shape() == [batch, hidden]);
        if hidden.checked_mul(GATES) != Some(gates) || rows != gates || *bias.shape() != [gates] || !states {
            return Err(refuse());
        }
        let shape = Shape::from([x.shape()[0], x.shape()[1], hidden]);
        check_size(OP, &shape, x.dtype())?;
        let states = Spec::new(shape, x.dtype());
        // Gates not rounded to halves: the way back takes 1 - y of them, of which little is left where a gate is open.
        Ok([states.clone(), states, Spec::new(x.shape(), x.dtype().widened())].into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let [x, weight, bias, h, c] = *inputs.first_chunk().expect("infer has counted");
        let hidden = h.shape()[1];
        let sequences = self.sequences(x.shape(), hidden);
        let shape = Shape::from([x.shape()[0], x.shape()[1], hidden]);
        let of_gates = x.shape().clone();
        Ok(for_float!(x.dtype(), T => {
            let [x, weight, bias, h, c] = [x, weight, bias, h, c].map(|x| x.to_slice::<T>());
            let inputs = kernel::Inputs { sequences, projected: &x, weight: &weight, bias: &bias, h: &h, c: &c };
            let [h, c, gates] = match is_empty(&sequences) {
                true => [(); 3].map(|()| Buffer::recycled(0)),
                false => kernel::forward(&inputs),
            };
            [Array::from_buffer(h, shape.clone()), Array::from_buffer(c, shape), Array::from_buffer(gates, of_gates)].into()
        }))
    }
    fn flops(&self, inputs: &[SpecRef<'_>], _: &[SpecRef<'_>]) -> u64 {
        // The product with the weight, as PyTorch counts.
        inputs[0]
            .shape()
            .iter()
            .chain(&inputs[1].shape()[1..])
            .fold(2, |all: u64, &size| all.saturating_mul(size as u64))
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for LstmSteps {
    fn keep(&self, needs: &[bool]) -> Keep {
        let states = Keep::input(4).and(Keep::output(1)).and(Keep::output(2));
        Keep::input(1).and(states).and(Keep::input(3).and(Keep::output(0)).when(needs[1]))
    }
    // z_bar, h_bar and c_bar as at the kernel; W_bar = Σ z_bar h_beforeᵀ, a product for all steps at once; b_bar = Σ z_bar.
    fn vjp(&self, saved: &Saved, bars: Cotangents, needs: &[bool]) -> Few<Option<Tensor>> {
        let (c, gates) = (saved.output(1), saved.output(2));
        let mut given = bars.into_given().into_iter();
        let (h_bar, c_bar, gates_bar) =
            (given.next().flatten().unwrap_or_else(|| c.zeros_like()), given.next().flatten(), given.next().flatten());
        let gradient = LstmStepsGrad { of: *self, c_bar: c_bar.is_some(), gates_bar: gates_bar.is_some() };
        let given = [Some(&h_bar), c_bar.as_ref(), gates_bar.as_ref()].into_iter().flatten();
        let inputs: Few<&Tensor> = [gates, c, saved.input(4), saved.input(1)].into_iter().chain(given).collect();
        let mut bars = apply(&gradient, &inputs).into_iter();
        let mut next = || bars.next().expect("three");
        let (z_bar, h_bar, c_bar) = (next(), next(), next());
        let weight_bar = needs[1].then(|| {
            let before = self.before(saved.input(3), saved.output(0)).flatten(0, 1);
            z_bar.flatten(0, 1).transpose(0, 1).matmul(&before)
        });
        let bias_bar = needs[2].then(|| z_bar.flatten(0, 1).sum(0));
        [Some(z_bar), weight_bar, bias_bar, Some(h_bar), Some(c_bar)].into()
    }
    // The steps again, for tangents: z_dot = x_dot + W_dot h + W h_dot + b_dot, and the differentials of the three formulas.
    fn jvp(&self, x: &[&Tensor], x_dot: &[Option<&Tensor>], y: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        // In f32 for halves, as the gates are.
        let dtype = x[0].dtype();
        let [x, y]: [Vec<Tensor>; 2] = [x.iter().map(|x| widened(x)).collect(), y.iter().map(widened).collect()];
        let x_dot: Vec<Option<Tensor>> = x_dot.iter().map(|x_dot| x_dot.map(widened)).collect();
        let time = self.time() as isize;
        let tangent = |i: usize| x_dot[i].clone().unwrap_or_else(|| x[i].zeros_like());
        let known = tangent(0) + tangent(2);
        let known = match &x_dot[1] {
            Some(weight_dot) => known + self.before(&x[3], &y[0]).matmul(&weight_dot.transpose(0, 1)),
            None => known,
        };
        let (known, c, gates) = (known.unbind(time), y[1].unbind(time), y[2].unbind(time));
        let weight = x[1].transpose(0, 1);
        let (mut before, mut h_dot, mut c_dot) = (x[4].clone(), tangent(3), tangent(4));
        let mut tangents = vec![None; known.len()];
        for step in self.order(known.len()) {
            let z_dot = &known[step] + h_dot.matmul(&weight);
            let ([i, f, g, o], [i_dot, f_dot, g_dot, o_dot]) = (gates_of(&gates[step]), gates_of(&z_dot));
            let [i_dot, f_dot, o_dot] = [(&i, i_dot), (&f, f_dot), (&o, o_dot)].map(|(y, z_dot)| y * (1 - y) * z_dot);
            let g_dot = (1 - g.square()) * g_dot;
            c_dot = &f_dot * &before + &f * c_dot + &i_dot * &g + &i * &g_dot;
            let tanh = c[step].tanh();
            h_dot = &o_dot * &tanh + o * (1 - tanh.square()) * &c_dot;
            before = c[step].clone();
            let gates_dot = Tensor::concat([i_dot, f_dot, g_dot, o_dot], -1);
            tangents[step] = Some([h_dot.clone(), c_dot.clone(), gates_dot]);
        }
        let tangents: Vec<[Tensor; 3]> = tangents.into_iter().map(|of_step| of_step.expect("every step")).collect();
        let stacked = |i: usize| Tensor::stack(tangents.iter().map(|of_step| &of_step[i]).collect::<Vec<_>>(), time);
        Some([Some(stacked(0).cast(dtype)), Some(stacked(1).cast(dtype)), Some(stacked(2))].into())
    }
}
