//! The fused derivative of the steps.

use super::{LstmSteps, gates_of, is_empty};
use crate::{
    Array, Decompose, Derivative, Few, Primitive, Result, Spec, SpecRef, Tensor, dtype::for_float, error::takes,
    kernels::lstm as kernel,
};

/// The cotangents of x, of the first h and of the first c of [`LstmSteps`], from the gates and c of each step, the first c, the weight, and
/// the cotangents of h, and of c and of the gates if they have some.
#[derive(Clone, Copy, Debug)]
pub(super) struct LstmStepsGrad {
    pub(super) of: LstmSteps,
    pub(super) c_bar: bool,
    pub(super) gates_bar: bool,
}

impl LstmStepsGrad {
    /// The optional ones of a list of inputs.
    fn optional<T: Copy>(self, inputs: &[T]) -> [Option<T>; 2] {
        let mut rest = inputs[5..].iter().copied();
        [self.c_bar, self.gates_bar].map(|given| if given { rest.next() } else { None })
    }
}

impl Primitive for LstmStepsGrad {
    fn name(&self) -> &'static str {
        "lstm_steps_grad"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        takes("lstm_steps_grad", 5 + usize::from(self.c_bar) + usize::from(self.gates_bar), inputs)?;
        let (gates, first) = (inputs[0], inputs[2].to_owned());
        Ok([Spec::new(gates.shape(), first.dtype()), first.clone(), first].into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let [gates, c, c_first, weight, h_bar] = *inputs.first_chunk().expect("infer has counted");
        let sequences = self.of.sequences(gates.shape(), c_first.shape()[1]);
        if is_empty(&sequences) {
            let zeros = |x: &Array| Tensor::zeros(x.shape(), x.dtype()).into_array();
            return Ok([zeros(gates), zeros(c_first), zeros(c_first)].into());
        }
        Ok(for_float!(gates.dtype(), T => {
            let optional = self.optional(inputs).map(|x| x.map(|x| x.to_slice::<T>()));
            let [all_gates, c, first, weight, h_bar] = [gates, c, c_first, weight, h_bar].map(|x| x.to_slice::<T>());
            let [z_bar, h_first, c_first_bar] = kernel::backward(&kernel::Bars {
                sequences,
                gates: &all_gates,
                c: &c,
                c_first: &first,
                weight: &weight,
                h_bar: &h_bar,
                c_bar: optional[0].as_deref(),
                gates_bar: optional[1].as_deref(),
            });
            let states = c_first.shape();
            [
                Array::from_buffer(z_bar, gates.shape()),
                Array::from_buffer(h_first, states),
                Array::from_buffer(c_first_bar, states),
            ].into()
        }))
    }
    fn flops(&self, inputs: &[SpecRef<'_>], _: &[SpecRef<'_>]) -> u64 {
        // The product with the weight.
        inputs[0]
            .shape()
            .iter()
            .chain(&inputs[3].shape()[1..])
            .fold(2, |all: u64, &size| all.saturating_mul(size as u64))
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Decomposition(self)
    }
}

impl Decompose for LstmStepsGrad {
    // The formulas of the kernel, step by step.
    fn decompose(&self, inputs: &[&Tensor]) -> Few<Tensor> {
        let [gates, c, c_first, weight, h_bar] = *inputs.first_chunk().expect("infer has counted");
        let time = self.of.time() as isize;
        let unbound = |x: &Tensor| x.unbind(time);
        let before = unbound(&self.of.before(c_first, c));
        let optional = self.optional(inputs).map(|x| x.map(unbound));
        let [gates, c, h_bar] = [gates, c, h_bar].map(unbound);
        let (mut product, mut memory) = (c_first.zeros_like(), c_first.zeros_like());
        let mut z_bars = vec![None; c.len()];
        for step in self.of.order(c.len()).rev() {
            let [i, f, g, o] = gates_of(&gates[step]);
            let h_bar = &h_bar[step] + &product;
            let tanh = c[step].tanh();
            let mut c_bar = &memory + &h_bar * &o * (1 - tanh.square());
            if let Some(given) = &optional[0] {
                c_bar += &given[step];
            }
            let mut bars = Tensor::concat([&c_bar * &g, &c_bar * &before[step], &c_bar * &i, h_bar * tanh], -1);
            if let Some(given) = &optional[1] {
                bars += &given[step];
            }
            let slopes = Tensor::concat([&i * (1 - &i), &f * (1 - &f), 1 - g.square(), &o * (1 - &o)], -1);
            let z_bar = bars * slopes;
            memory = c_bar * f;
            product = z_bar.matmul(weight);
            z_bars[step] = Some(z_bar);
        }
        let z_bars: Vec<Tensor> = z_bars.into_iter().map(|z_bar| z_bar.expect("every step")).collect();
        [Tensor::stack(z_bars, time), product, memory].into()
    }
}
