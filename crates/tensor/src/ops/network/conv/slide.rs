//! How a kernel slides: stride, padding, dilation and groups, and the sizes that follow. The checks that the three operations share.

use super::{Conv, ConvTranspose, Names, name_at_rank};
use crate::{
    ConvPadding, Error, ErrorKind, PerAxis, Result, Shape, SpecRef, Tensor,
    array::check_size,
    error::{same_dtypes, takes},
    kernels::{
        conv::Sizes,
        windows::{Axis, Windows},
    },
};

/// What a convolution, its transpose and its weight's gradient have in common.
#[derive(Clone, Debug)]
pub(super) struct Slide {
    pub(super) stride: PerAxis,
    pub(super) padding: ConvPadding,
    pub(super) dilation: PerAxis,
    pub(super) groups: usize,
}

/// A slide in numbers, for three axes of which the first may be absent.
#[derive(Clone, Copy)]
pub(super) struct Numbers {
    op: &'static str,
    /// How many spatial axes there are.
    axes: usize,
    kernel: [usize; 3],
    stride: [usize; 3],
    dilation: [usize; 3],
    padding: [(usize, usize); 3],
    /// How many padded elements a kernel reaches over.
    reach: [usize; 3],
}

impl Default for Slide {
    fn default() -> Self {
        Slide { stride: 1.into(), padding: ConvPadding::Valid, dilation: 1.into(), groups: 1 }
    }
}

/// The spatial sizes of a shape as those of three axes.
pub(super) fn spatial(shape: &[usize]) -> [usize; 3] {
    let mut sizes = [1; 3];
    sizes[5 - shape.len()..].copy_from_slice(&shape[2..]);
    sizes
}

/// `[first, second, ..]` with the sizes of the last `axes` of three.
pub(super) fn shape_with(first: usize, second: usize, sizes: [usize; 3], axes: usize) -> Shape {
    [first, second].into_iter().chain(sizes[3 - axes..].iter().copied()).collect()
}

/// What the shapes of two inputs of such an operation must have: two axes and then one to three spatial ones, all with elements. Of a
/// third, its dtype is checked.
pub(super) fn check_inputs(names: &Names, inputs: &[SpecRef<'_>], takes_bias: bool) -> Result<&'static str> {
    let rank = inputs.first().map_or(0, |input| input.rank());
    let op = name_at_rank(names, rank);
    if !(takes_bias && inputs.len() == 3) {
        takes(op, 2, inputs)?;
    }
    same_dtypes(op, inputs)?;
    if !inputs[0].dtype().is_float() {
        return Err(Error::needs_float(op, inputs));
    }
    let refuse = |rule: String| Err(Error::new(ErrorKind::Shape, op, rule).with_inputs(inputs));
    if !(3..=5).contains(&rank) || inputs[1].rank() != rank {
        return refuse(
            "the primitive takes two tensors of one rank, with 1 to 3 spatial axes after the first two".into(),
        );
    }
    if inputs[..2].iter().any(|input| input.shape()[2..].contains(&0)) {
        return refuse("spatial axes and the kernel must have elements".into());
    }
    Ok(op)
}

/// Checks the shape of the bias, if there is one, against the channels of the output.
pub(super) fn check_bias(op: &'static str, inputs: &[SpecRef<'_>], channels: usize) -> Result<()> {
    match inputs.get(2) {
        Some(bias) if bias.shape() != [channels] => {
            let rule = format!("the bias has a number for each of the {channels} output channels");
            Err(Error::new(ErrorKind::Shape, op, rule).with_inputs(inputs))
        }
        _ => Ok(()),
    }
}

impl Slide {
    /// The numbers for a kernel of these sizes. `Same` stands for a number in a convolution only, not in its transpose.
    pub(super) fn numbers(
        &self,
        op: &'static str,
        kernel: [usize; 3],
        axes: usize,
        transposed: bool,
    ) -> Result<Numbers> {
        let stride = self.stride.resolve_positive(op, "stride", axes)?;
        let dilation = self.dilation.resolve_positive(op, "dilation", axes)?;
        let mut reach = [1; 3];
        for i in 0..3 {
            let more = (kernel[i] - 1).checked_mul(dilation[i]);
            reach[i] = more.and_then(|more| more.checked_add(1)).ok_or_else(|| too_large(op, "the dilated kernel"))?;
        }
        if self.padding == ConvPadding::Same && !transposed && stride != [1; 3] {
            let rule = "padding \"same\" is defined for stride 1";
            return Err(
                Error::new(ErrorKind::Value, op, rule).with_hint("give the numbers, before and after each axis")
            );
        }
        let padding = self.padding.resolve(op, axes, (!transposed).then(|| reach.map(|reach| reach - 1)))?;
        Ok(Numbers { op, axes, kernel, stride, dilation, padding, reach })
    }

    /// The channels of a group of inputs and of outputs, from all of them and those that the weight has in a group.
    pub(super) fn channels(
        &self,
        op: &'static str,
        [inputs, outputs]: [usize; 2],
        inputs_of_weight: Option<usize>,
    ) -> Result<[usize; 2]> {
        let groups = self.groups;
        if groups == 0 {
            return Err(Error::new(ErrorKind::Value, op, "groups must be at least 1"));
        }
        for (channels, what) in [(inputs, "input"), (outputs, "output")] {
            if channels % groups != 0 {
                let rule = format!("{channels} {what} channels do not divide into {groups} groups");
                return Err(Error::new(ErrorKind::Shape, op, rule));
            }
        }
        match inputs_of_weight {
            Some(count) if count != inputs / groups => {
                let of = if groups == 1 { String::new() } else { format!(" in each of {groups} groups") };
                let rule = format!("the weight takes {count} input channels{of}, the input has {inputs}");
                Err(Error::new(ErrorKind::Shape, op, rule))
            }
            _ => Ok([inputs / groups, outputs / groups]),
        }
    }

    /// The transposed convolution from outputs of the sizes `y` to inputs of the sizes `x`.
    pub(super) fn back_to(&self, x: &[usize], y: &[usize], kernel: &[usize]) -> ConvTranspose {
        let axes = x.len() - 2;
        let numbers = self.numbers("conv", spatial(kernel), axes, false).expect("checked when the primal was computed");
        let (x, y) = (spatial(x), spatial(y));
        let left_over = |i: usize| x[i] as i128 - numbers.input_without_rest(i, y[i]).expect("as above");
        let output_padding: Vec<usize> = (3 - axes..3).map(|i| left_over(i) as usize).collect();
        let padding = ConvPadding::Pairs(numbers.padding[3 - axes..].to_vec());
        ConvTranspose { slide: Slide { padding, ..self.clone() }, output_padding: output_padding.into() }
    }

    /// The convolution of `x`, without the windows beyond the sizes of `like`.
    pub(super) fn forward_to(&self, x: &Tensor, w: &Tensor, like: &[usize]) -> Tensor {
        let y = crate::apply(&Conv { slide: self.clone() }, &[x, w]).into_single();
        let shorter = |y: Tensor, axis: usize| {
            if y.shape()[axis] == like[axis] { y } else { y.narrow(axis as isize, 0, like[axis]) }
        };
        (2..like.len()).fold(y, shorter)
    }
}

impl Numbers {
    /// The windows over inputs of these sizes.
    pub(super) fn windows(&self, input: [usize; 3]) -> Result<[Axis; 3]> {
        let mut windows = [Axis::ABSENT; 3];
        for i in 3 - self.axes..3 {
            let (before, after) = self.padding[i];
            let padded = input[i].checked_add(before).and_then(|n| n.checked_add(after));
            let padded = padded.ok_or_else(|| too_large(self.op, "the padded input"))?;
            let Some(rest) = padded.checked_sub(self.reach[i]) else {
                let (reach, axis) = (self.reach[i], i + self.axes - 3);
                let rule = format!(
                    "the kernel reaches over {reach} elements along spatial axis {axis}, where the padded input has {padded}"
                );
                return Err(Error::new(ErrorKind::Shape, self.op, rule).with_hint("pad more, or dilate less"));
            };
            windows[i] = self.axis(i, input[i], rest / self.stride[i] + 1);
        }
        Ok(windows)
    }

    /// The windows of a transpose: from outputs of these sizes to the inputs that they came from.
    pub(super) fn windows_back(&self, output: [usize; 3], output_padding: [usize; 3]) -> Result<[Axis; 3]> {
        let mut windows = [Axis::ABSENT; 3];
        for i in 3 - self.axes..3 {
            self.check_output_padding(i, output_padding[i])?;
            let input = self.input_without_rest(i, output[i]).map(|n| n + output_padding[i] as i128);
            let input = input.and_then(|n| isize::try_from(n).ok()).ok_or_else(|| too_large(self.op, "the output"))?;
            let Some(input) = usize::try_from(input).ok().filter(|&n| n > 0) else {
                let (padding, axis) = (self.padding[i], i + self.axes - 3);
                let rule = format!("padding {padding:?} along spatial axis {axis} leaves a size of {input}");
                return Err(
                    Error::new(ErrorKind::Shape, self.op, rule).with_hint("the padding is what is cut off; take less")
                );
            };
            windows[i] = self.axis(i, input, output[i]);
        }
        Ok(windows)
    }

    /// The windows between inputs and outputs of these sizes, of which the outputs may be fewer than fit.
    pub(super) fn windows_between(&self, input: [usize; 3], output: [usize; 3]) -> Result<[Axis; 3]> {
        let mut windows = self.windows(input)?;
        for i in 3 - self.axes..3 {
            let rest = self.input_without_rest(i, output[i]).map(|least| input[i] as i128 - least);
            // A transpose adds less than that to what its windows reach.
            let most = self.stride[i].max(self.dilation[i]) as i128;
            if rest.is_none_or(|rest| rest < 0 || rest >= most) {
                let (fit, axis) = (windows[i].output, i + self.axes - 3);
                let rule =
                    format!("the output has size {} along spatial axis {axis}, where {fit} windows fit", output[i]);
                return Err(Error::new(ErrorKind::Shape, self.op, rule));
            }
            windows[i].output = output[i];
        }
        Ok(windows)
    }

    fn axis(&self, i: usize, input: usize, output: usize) -> Axis {
        let (kernel, stride, dilation) = (self.kernel[i], self.stride[i], self.dilation[i]);
        Axis { input, kernel, output, stride, dilation, before: self.padding[i].0 }
    }

    /// The least size of inputs with this many windows; it may be negative. In 128 bits nothing here overflows but what is refused.
    fn input_without_rest(&self, i: usize, output: usize) -> Option<i128> {
        let (before, after) = self.padding[i];
        let span = (output as i128 - 1).checked_mul(self.stride[i] as i128)?.checked_add(self.reach[i] as i128)?;
        Some(span - before as i128 - after as i128)
    }

    fn check_output_padding(&self, i: usize, padding: usize) -> Result<()> {
        if padding < self.stride[i].max(self.dilation[i]) {
            return Ok(());
        }
        let (stride, dilation) = (self.stride[i], self.dilation[i]);
        let rule = format!(
            "an output padding of {padding} must be less than the stride or the dilation, which are {stride} and {dilation}"
        );
        Err(Error::new(ErrorKind::Value, self.op, rule).with_hint("pad the result instead"))
    }
}

fn too_large(op: &'static str, what: &str) -> Error {
    Error::new(ErrorKind::Size, op, format!("{what} is larger than memory can be"))
}

/// The sizes of a convolution between `[batch, groups * inputs, ..]` and `[batch, groups * outputs, ..]`.
pub(super) fn sizes(batch: usize, groups: usize, [inputs, outputs]: [usize; 2], windows: [Axis; 3]) -> Sizes {
    Sizes { batch, groups, inputs, outputs, windows: Windows(windows) }
}

/// Checks that an output of this shape can be.
pub(super) fn checked(op: &'static str, shape: Shape, like: SpecRef<'_>) -> Result<Shape> {
    check_size(op, &shape, like.dtype()).map(|_| shape)
}
