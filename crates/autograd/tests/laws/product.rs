//! An operation of two inputs whose rule can be broken in each way that differences alone may miss.

use cotangent_tensor::{
    Array, Buffer, Cotangents, DType, Decompose, Derivative, Element, Error, ErrorKind, Few, Keep, Primitive, Result,
    Saved, Spec, SpecRef, Tensor, Vjp, apply,
};

/// What is wrong with the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutant {
    None,
    WrongSign,
    WrongFactor,
    MissingTerm,
    /// The slope is a value, not a tensor.
    WrongAtSecondOrder,
    /// The slope is a tensor to the first power only.
    WrongAtThirdOrder,
    /// The vjp takes the cotangent for a constant.
    WrongInsideOfALargerFunction,
    /// The kernel reads a strided input as if it were contiguous.
    WrongWhereStrided,
    /// The vjp reads a broadcast cotangent as if it were contiguous.
    WrongForBroadcastCotangent,
    /// Only near one point.
    WrongNearOnePoint,
    /// The second input's cotangent.
    WrongForOneInput,
    /// Where only the second input needs a cotangent, it gets that of the first.
    WrongWhereNeededAlone,
    JvpWrong,
    /// Large cotangents are cut.
    ClipsCotangents,
    ClipsTangents,
    /// The rule keeps one input and takes it for the other.
    WrongResidual,
    WrongInSinglePrecision,
    NanForZeroCotangent,
    NanForZeroTangent,
    CotangentOfWrongShape,
    CotangentOfWrongDType,
    NoCotangent,
}

/// z = x² y + x, of one shape and one floating-point dtype.
#[derive(Clone)]
struct Product(Mutant);

fn product<T: Element>(x: &Array, y: &Array, f: impl Fn(T, T) -> T, strided: bool) -> Array {
    let read = |x: &Array| {
        if strided && x.numel() > 0 {
            // The first elements of the storage that the view begins at, in whatever order they lie; the last again where it ends.
            let from = &x.storage_elements::<T>()[x.offset()..];
            return (0..x.numel()).map(|i| from[i.min(from.len() - 1)]).collect::<Vec<T>>();
        }
        x.to_vec::<T>()
    };
    let z = Buffer::from_iter_exact(read(x).into_iter().zip(read(y)).map(|(x, y)| f(x, y)));
    Array::from_buffer(z, x.shape())
}

impl Primitive for Product {
    fn name(&self) -> &'static str {
        "product"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        if inputs[0] != inputs[1] {
            return Err(Error::new(ErrorKind::Shape, "product", "takes two inputs of one shape").with_inputs(inputs));
        }
        Ok(inputs[0].to_owned().into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let (x, y) = (inputs[0], inputs[1]);
        let strided = self.0 == Mutant::WrongWhereStrided && !x.is_contiguous();
        let z = match x.dtype() {
            DType::F32 => {
                let error = if self.0 == Mutant::WrongInSinglePrecision { 1.001 } else { 1.0 };
                product::<f32>(x, y, |x, y| x * x * y * error + x, strided)
            }
            _ => product::<f64>(x, y, |x, y| x * x * y + x, strided),
        };
        Ok(z.into())
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

fn detached(x: &Tensor) -> Tensor {
    x.array().clone().into()
}

fn clipped(x: &Tensor) -> Tensor {
    x.minimum(100.0).maximum(-100.0)
}

impl Vjp for Product {
    fn keep(&self, _: &[bool]) -> Keep {
        if self.0 == Mutant::WrongResidual { Keep::input(1) } else { Keep::ALL_INPUTS }
    }

    // x_bar = (2 x y + 1) z_bar, y_bar = x² z_bar
    fn vjp(&self, saved: &Saved, z_bar: Cotangents, needs: &[bool]) -> Few<Option<Tensor>> {
        let z_bar = z_bar.single();
        let (x, y) = if self.0 == Mutant::WrongResidual {
            (saved.input(1), saved.input(1))
        } else {
            (saved.input(0), saved.input(1))
        };
        let slope = x * y * 2 + 1;
        let x_bar = match self.0 {
            Mutant::WrongSign => -(slope * &z_bar),
            Mutant::WrongFactor => slope * 2 * &z_bar,
            Mutant::MissingTerm => x * y * 2 * &z_bar,
            Mutant::WrongAtSecondOrder => detached(&slope) * &z_bar,
            Mutant::WrongAtThirdOrder => {
                let (x0, y0) = (detached(x), detached(y));
                (detached(&slope) + &y0 * 2 * (x - &x0) + x0 * 2 * (y - y0)) * &z_bar
            }
            Mutant::WrongInsideOfALargerFunction => slope * detached(&z_bar),
            Mutant::WrongForBroadcastCotangent if z_bar.array().strides().contains(&0) && z_bar.numel() > 1 => {
                slope * &z_bar * 0.5
            }
            Mutant::WrongNearOnePoint => slope * (x - 1).abs().lt(0.4).where_(&(&z_bar * 1.01), &z_bar),
            Mutant::ClipsCotangents => slope * clipped(&z_bar),
            Mutant::NanForZeroCotangent => slope * &z_bar * (&z_bar / z_bar.abs()).square(),
            Mutant::CotangentOfWrongShape => (slope * &z_bar).unsqueeze(0),
            Mutant::CotangentOfWrongDType => (slope * &z_bar).cast(DType::F32),
            _ => slope * &z_bar,
        };
        let y_bar = match self.0 {
            Mutant::WrongForOneInput => x * &z_bar,
            Mutant::WrongWhereNeededAlone if !needs[0] => (x * y * 2 + 1) * &z_bar,
            _ => x * x * &z_bar,
        };
        [Some(x_bar), (self.0 != Mutant::NoCotangent).then_some(y_bar)].into()
    }

    fn jvp(&self, x: &[&Tensor], dot: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        let change = |x_dot: &Tensor| match self.0 {
            Mutant::JvpWrong => x_dot * 0.99,
            Mutant::ClipsTangents => clipped(x_dot),
            Mutant::NanForZeroTangent => x_dot * (x_dot / x_dot.abs()).square(),
            _ => x_dot.clone(),
        };
        // The other mutants are of the vjp, which forward mode transposes.
        let of_the_jvp = matches!(
            self.0,
            Mutant::None
                | Mutant::JvpWrong
                | Mutant::ClipsTangents
                | Mutant::NanForZeroTangent
                | Mutant::WrongForBroadcastCotangent
                | Mutant::WrongInsideOfALargerFunction
        );
        let terms =
            [dot[0].map(|x_dot| (x[0] * x[1] * 2 + 1) * change(x_dot)), dot[1].map(|y_dot| x[0] * x[0] * y_dot)];
        of_the_jvp.then(|| Few::one(terms.into_iter().flatten().reduce(|sum, term| sum + term)))
    }
}

/// z = x² y + x, with broadcasting, by a rule that is broken so.
pub(crate) fn product_of(x: &Tensor, y: &Tensor, mutant: Mutant) -> Tensor {
    let shape = cotangent_tensor::Shape::broadcast(x.shape(), y.shape()).expect("shapes that broadcast");
    let (x, y) = (x.expand(&shape), y.expand(&shape));
    apply(&Product(mutant), &[&x, &y]).into_single()
}

/// z = x² y + x; its rule is the decomposition.
#[derive(Clone)]
struct Fused {
    is_right: bool,
}

impl Primitive for Fused {
    fn name(&self) -> &'static str {
        "fused"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        Ok(inputs[0].to_owned().into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        Ok(product::<f64>(inputs[0], inputs[1], |x, y| x * x * y + x, false).into())
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Decomposition(self)
    }
}

impl Decompose for Fused {
    fn decompose(&self, inputs: &[&Tensor]) -> Few<Tensor> {
        let (x, y) = (inputs[0], inputs[1]);
        Few::one(if self.is_right { x.square() * y + x } else { x.square() * y + 1 })
    }
}

/// z = x² y + x, fused.
pub(crate) fn fused(x: &Tensor, y: &Tensor, is_right: bool) -> Tensor {
    apply(&Fused { is_right }, &[x, y]).into_single()
}

/// (q, n, r) = (x y, ⌊x / 2⌋ as an integer, sin x + y), with a rule that may forget one output's cotangent.
#[derive(Clone)]
struct Several {
    forgets: bool,
}

impl Primitive for Several {
    fn name(&self) -> &'static str {
        "several"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        let float = inputs[0].to_owned();
        Ok([float.clone(), Spec::new(inputs[0].shape(), DType::I64), float].into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        let (x, y) = (inputs[0], inputs[1]);
        let half = Buffer::from_iter_exact(x.to_vec::<f64>().into_iter().map(|x| (x / 2.0).floor() as i64));
        Ok([
            product::<f64>(x, y, |x, y| x * y, false),
            Array::from_buffer(half, x.shape()),
            product::<f64>(x, y, |x, y| x.sin() + y, false),
        ]
        .into())
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for Several {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::ALL_INPUTS
    }
    // x_bar = q_bar y + r_bar cos x, y_bar = q_bar x + r_bar
    fn vjp(&self, saved: &Saved, bars: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let (x, y, bars) = (saved.input(0), saved.input(1), bars.into_tensors());
        // Where the first output has no cotangent, zeros are stored once.
        let r_bar =
            if self.forgets && bars[0].array().strides().contains(&0) { bars[2].zeros_like() } else { bars[2].clone() };
        [Some(&bars[0] * y + &r_bar * x.cos()), Some(&bars[0] * x + r_bar)].into()
    }
}

/// x y, an integer, and sin(x) + y.
pub(crate) fn several(x: &Tensor, y: &Tensor, forgets: bool) -> Few<Tensor> {
    apply(&Several { forgets }, &[x, y])
}

/// The larger of two; where they are equal, a rule takes the first in reverse mode, and in forward mode the first or the second.
#[derive(Clone)]
struct Larger {
    agrees: bool,
}

impl Primitive for Larger {
    fn name(&self) -> &'static str {
        "larger"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        Ok(inputs[0].to_owned().into())
    }
    fn eval(&self, inputs: &[&Array]) -> Result<Few<Array>> {
        Ok(product::<f64>(inputs[0], inputs[1], f64::max, false).into())
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Vjp(self)
    }
}

impl Vjp for Larger {
    fn keep(&self, _: &[bool]) -> Keep {
        Keep::ALL_INPUTS
    }
    fn vjp(&self, saved: &Saved, z_bar: Cotangents, _: &[bool]) -> Few<Option<Tensor>> {
        let (is_first, z_bar) = (saved.input(0).ge(saved.input(1)), z_bar.single());
        [Some(is_first.where_(&z_bar, 0)), Some(is_first.where_(0, &z_bar))].into()
    }
    fn jvp(&self, x: &[&Tensor], dot: &[Option<&Tensor>], _: &[Tensor]) -> Option<Few<Option<Tensor>>> {
        let is_first = if self.agrees { x[0].ge(x[1]) } else { x[0].gt(x[1]) };
        let zeros = x[0].zeros_like();
        Some(Few::one(Some(is_first.where_(dot[0].unwrap_or(&zeros), dot[1].unwrap_or(&zeros)))))
    }
}

/// The larger of two, with the same choice among equals in both modes or another.
pub(crate) fn larger(x: &Tensor, y: &Tensor, agrees: bool) -> Tensor {
    apply(&Larger { agrees }, &[x, y]).into_single()
}
