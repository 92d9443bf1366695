//! Affine maps, the linear layer of networks.

use crate::{
    Array, Buffer, Cotangents, Derivative, Error, ErrorKind, Few, Keep, Primitive, Result, Saved, Shape, Spec, SpecRef,
    Tensor, Vjp, apply,
    array::check_size,
    dtype::for_float,
    error::same_dtypes,
    kernels::{gemm, halves::for_half},
    ops::{
        broadcast::or_panic,
        linear::matmul::{MatMul, matrix, product},
    },
    try_apply,
};

/// Y = X Wᵀ + b for a matrix X, with b in each row; b may be left out.
/// X_bar = Y_bar W, W_bar = Y_barᵀ X, b_bar = the sum of the rows of Y_bar.
///
/// One primitive, so that b is there before the product is added to it, and W_bar lies in memory as W does.
#[derive(Clone, Copy, Debug)]
pub struct Linear;

impl Primitive for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        let refuse = |kind, rule: &str| Err(Error::new(kind, "linear", rule).with_inputs(inputs));
        let (&[x, weight] | &[x, weight, _]) = inputs else {
            return refuse(ErrorKind::Value, "takes an input, a weight and, if there is one, a bias");
        };
        same_dtypes("linear", inputs)?;
        if !x.dtype().is_float() {
            return Err(Error::needs_float("linear", inputs));
        }
        let (&[rows, features], &[outputs, taken]) = (x.shape(), weight.shape()) else {
            return refuse(ErrorKind::Shape, "the primitive takes matrices; its method takes inputs with more axes");
        };
        if features != taken {
            let rule = format!(
                "the last axis of the input has {features} elements, but the weight, [outputs, inputs], takes {taken}"
            );
            return refuse(ErrorKind::Shape, &rule);
        }
        if inputs.get(2).is_some_and(|bias| bias.shape() != [outputs]) {
            return refuse(
                ErrorKind::Shape,
                &format!("the bias must have shape [{outputs}], one element for each output"),
            );
        }
        let shape = Shape::from([rows, outputs]);
        check_size("linear", &shape, x.dtype())?;
        Ok(Spec::new(shape, x.dtype()).into())
    }

    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let (x, weight) = (inputs[0], inputs[1]);
        let ([rows, features], outputs) = ([x.shape()[0], x.shape()[1]], weight.shape()[0]);
        let shape = Shape::from([rows, outputs]);
        if x.dtype().is_half() {
            let y = for_half!(x.dtype(), H => {
                let mut y = Buffer::<H>::recycled(shape.numel());
                let (lhs, rhs) = (matrix::<H>(x), matrix::<H>(weight).transposed());
                let bias = inputs.get(2).map(|bias| bias.to_slice::<H>());
                let sizes = [rows, outputs, features];
                gemm::halves::products(sizes, &mut y, lhs, rhs, &[(lhs.offset, rhs.offset)], bias.as_deref());
                Array::from_buffer(y, shape)
            });
            return Ok(y.into());
        }
        let y = for_float!(x.dtype(), T => {
            let mut y = Buffer::<T>::recycled(shape.numel());
            let (lhs, rhs) = (matrix::<T>(x), matrix::<T>(weight).transposed());
            match inputs.get(2).map(|bias| bias.contiguous()) {
                None => gemm::gemm(rows, outputs, features, &mut y, lhs, rhs, false),
                Some(bias) => {
                    let bias = bias.as_slice::<T>().expect("contiguous");
                    gemm::gemm_onto_row([rows, outputs, features], &mut y, lhs, rhs, bias);
                }
            }
            Array::from_buffer(y, shape)
        });
        Ok(y.into())
    }

    fn flops(&self, inputs: &[SpecRef<'_>], outputs: &[SpecRef<'_>]) -> u64 {
        MatMul.flops(&inputs[..1], outputs)
    }

    fn takes_halves(&self) -> bool {
        true
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for Linear {
    fn keep(&self, needs: &[bool]) -> Keep {
        Keep::input(1).when(needs[0]).and(Keep::input(0).when(needs[1]))
    }
    fn vjp(&self, saved: &Saved, y_bar: Cotangents, needs: &[bool]) -> Few<Option<Tensor>> {
        let y_bar = y_bar.single();
        let x_bar = needs[0].then(|| product(&y_bar, saved.input(1)));
        let weight_bar = needs[1].then(|| product(&y_bar.transpose(0, 1), saved.input(0)));
        let bias_bar = needs.get(2).map(|needed| needed.then(|| y_bar.sum(0)));
        [x_bar, weight_bar].into_iter().chain(bias_bar).collect()
    }
    fn jvp(&self, x: &[&Tensor], dot: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        let linear = |x, weight| apply(&Linear, &[x, weight]).into_single();
        let products = [dot[0].map(|x_dot| linear(x_dot, x[1])), dot[1].map(|weight_dot| linear(x[0], weight_dot))];
        let sum = products.into_iter().flatten().reduce(|sum, term| sum + term);
        let bias_dot = dot.get(2).copied().flatten();
        let y_dot = match (sum, bias_dot) {
            (Some(sum), Some(bias_dot)) => Some(sum + bias_dot),
            (None, Some(bias_dot)) => Some(bias_dot.expand([x[0].size(0), bias_dot.size(0)])),
            (sum, None) => sum,
        };
        Some(Few::one(y_dot))
    }
}

impl Tensor {
    /// `x Wᵀ + b` over the last axis of x: x of `[.., inputs]`, a weight of `[outputs, inputs]` and, if there is one, a bias of `[outputs]`
    /// give `[.., outputs]`. PyTorch's `linear`.
    ///
    /// # Panics
    /// When x has no axis, the shapes do not fit each other, or the dtypes differ or are not floating point.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let (weight, bias) = (Tensor::from([[1.0f32, 2.0], [0.0, -1.0]]), Tensor::from([0.5f32, 0.0]));
    /// assert_eq!(Tensor::from([10.0f32, 1.0]).linear(&weight, Some(&bias)).to_vec::<f32>(), [12.5, -1.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn linear(&self, weight: &Tensor, bias: Option<&Tensor>) -> Tensor {
        or_panic(linear(self, weight, bias).map_err(|error| {
            let specs: Vec<SpecRef<'_>> = [self, weight].into_iter().chain(bias).map(Tensor::spec).collect();
            error.with_inputs(&specs)
        }))
    }
}

fn linear(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Result<Tensor> {
    let Some((&features, before)) = x.shape().split_last() else {
        return Err(Error::new(ErrorKind::Shape, "linear", "a scalar has no features")
            .with_hint("give it an axis with .unsqueeze(0)"));
    };
    let of_matrix = |x: &Tensor| {
        let inputs: Few<&Tensor> = [x, weight].into_iter().chain(bias).collect();
        try_apply(&Linear, &inputs).map(Few::into_single)
    };
    if before.len() == 1 {
        return of_matrix(x);
    }
    let rows: usize = before.iter().product();
    let y = of_matrix(&x.reshape([rows, features]))?;
    let shape: Shape = before.iter().chain(&y.shape()[1..]).copied().collect();
    Ok(y.reshape(&shape))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DType, ops::refused::message};

    #[test]
    fn what_does_not_fit_is_refused() {
        let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32);
        let (x, weight) = (zeros(&[5, 2, 3]), zeros(&[4, 3]));
        let refused = |x: &Tensor, weight: &Tensor, bias: Option<&Tensor>| message(|| x.linear(weight, bias));
        assert_eq!(
            refused(&zeros(&[]), &weight, None),
            "linear: a scalar has no features; got f32[], f32[4, 3]; give it an axis with .unsqueeze(0)"
        );
        assert_eq!(
            refused(&x, &zeros(&[3, 4]), None),
            "linear: the last axis of the input has 3 elements, but the weight, [outputs, inputs], takes 4; \
             got f32[5, 2, 3], f32[3, 4]"
        );
        assert_eq!(
            refused(&x, &weight, Some(&zeros(&[1, 4]))),
            "linear: the bias must have shape [4], one element for each output; got f32[5, 2, 3], f32[4, 3], f32[1, 4]"
        );
        let whole = x.cast(DType::I64);
        let text = refused(&whole, &weight.cast(DType::I64), None);
        assert!(text.starts_with("linear: ") && text.contains("i64[5, 2, 3]"), "{text}");
    }

    #[test]
    fn halves_are_multiplied_as_they_are() {
        let x = Tensor::from([[1.0f32, 2.0], [3.0, -1.0]]).cast(DType::BF16);
        let (weight, bias) =
            (Tensor::from([[0.5f32, 4.0]]).cast(DType::BF16), Tensor::from([0.25f32]).cast(DType::BF16));
        let y = x.linear(&weight, Some(&bias));
        assert_eq!((y.dtype(), y.cast(DType::F32).to_vec::<f32>()), (DType::BF16, vec![8.75, -2.25]));
        assert_eq!(x.linear(&weight, None).cast(DType::F32).to_vec::<f32>(), [8.5, -2.5]);
        // One rounding: 256 + 1 has no bf16, and 257 + 0.5 is past the middle to 258.
        let (x, weight) = (Tensor::from([[256.0f32, 1.0]]), Tensor::from([[1.0f32, 1.0]]));
        let once =
            x.cast(DType::BF16).linear(&weight.cast(DType::BF16), Some(&Tensor::from([0.5f32]).cast(DType::BF16)));
        assert_eq!(once.cast(DType::F32).to_vec::<f32>(), [258.0]);
    }
}
