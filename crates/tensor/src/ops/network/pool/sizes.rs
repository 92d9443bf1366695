//! Which windows a pool has: checks, sizes of results, and the span of elements that each window covers.

use crate::{
    Error, ErrorKind, PerAxis, PooledSize, Result, Shape, SpecRef,
    error::takes,
    kernels::pool::{self, Boxes, Span},
    ops::network::conv::{Names, name_at_rank},
    storage::list,
};

/// A kernel that slides.
#[derive(Clone, Debug)]
pub(super) struct Sliding {
    pub(super) kernel: PerAxis,
    pub(super) stride: Option<PerAxis>,
    pub(super) padding: PerAxis,
    pub(super) dilation: PerAxis,
    pub(super) ceil_mode: bool,
}

/// The windows of one axis, in numbers.
#[derive(Clone, Copy)]
pub(super) struct Along {
    input: usize,
    pub(super) output: usize,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    Sliding { kernel: usize, stride: usize, dilation: usize, padding: usize },
    Adaptive,
}

/// Checks the input `[N, C, ..]` of a pool; its name, its spatial sizes as those of three axes, and how many there are.
pub(super) fn check_input(names: &Names, inputs: &[SpecRef<'_>]) -> Result<(&'static str, [usize; 3], usize)> {
    let rank = inputs.first().map_or(0, |input| input.rank());
    let op = name_at_rank(names, rank);
    takes(op, 1, inputs)?;
    let refuse = |rule: &str| Err(Error::new(ErrorKind::Shape, op, rule).with_inputs(inputs));
    if !(3..=5).contains(&rank) {
        return refuse("the primitive takes a tensor with 1 to 3 spatial axes after the first two");
    }
    let shape = inputs[0].shape();
    if shape[2..].contains(&0) {
        return refuse("spatial axes must have elements");
    }
    let mut sizes = [1; 3];
    sizes[5 - rank..].copy_from_slice(&shape[2..]);
    Ok((op, sizes, rank - 2))
}

impl Sliding {
    pub(super) fn new(kernel: PerAxis) -> Self {
        Sliding { kernel, stride: None, padding: 0.into(), dilation: 1.into(), ceil_mode: false }
    }

    /// The windows over an input of these sizes.
    pub(super) fn along(&self, op: &'static str, input: [usize; 3], axes: usize) -> Result<[Along; 3]> {
        let kernel = self.kernel.resolve_positive(op, "kernel", axes)?;
        let stride = self.stride.as_ref().unwrap_or(&self.kernel).resolve_positive(op, "stride", axes)?;
        let padding = self.padding.resolve(op, "padding", axes, 0)?;
        let dilation = self.dilation.resolve_positive(op, "dilation", axes)?;
        let mut along = [Along::ABSENT; 3];
        for i in 3 - axes..3 {
            let (kernel, stride, padding, dilation) = (kernel[i], stride[i], padding[i], dilation[i]);
            let kind = Kind::Sliding { kernel, stride, dilation, padding };
            let output = self.windows_along(op, i + axes - 3, input[i], [kernel, stride, padding, dilation])?;
            along[i] = Along { input: input[i], output, kind };
        }
        Ok(along)
    }

    /// How many windows there are along an axis. With `ceil_mode` a last one may reach over the end, if it starts before it: in the
    /// input or in the padding before it.
    fn windows_along(
        &self,
        op: &'static str,
        axis: usize,
        input: usize,
        [kernel, stride, padding, dilation]: [usize; 4],
    ) -> Result<usize> {
        let too_large =
            || Error::new(ErrorKind::Size, op, "the kernel or the padded input is larger than memory can be");
        let reach = (kernel - 1).checked_mul(dilation).and_then(|n| n.checked_add(1)).ok_or_else(too_large)?;
        if padding > reach / 2 {
            let rule = format!(
                "a padding of {padding} along spatial axis {axis} is more than half of the {reach} elements that the kernel reaches over"
            );
            return Err(Error::new(ErrorKind::Value, op, rule).with_hint("pad the input first, with .pad"));
        }
        if padding > 0 && dilation > input {
            let rule = format!(
                "a dilation of {dilation} along spatial axis {axis} of size {input} leaves windows with nothing but padding"
            );
            return Err(Error::new(ErrorKind::Value, op, rule).with_hint("dilate less, or do not pad"));
        }
        let padded = padding.checked_mul(2).and_then(|n| n.checked_add(input)).ok_or_else(too_large)?;
        let room = if self.ceil_mode { padded.checked_add(stride - 1).ok_or_else(too_large)? } else { padded };
        let Some(rest) = room.checked_sub(reach) else {
            let rule = format!(
                "the kernel reaches over {reach} elements along spatial axis {axis}, where the padded input has {padded}"
            );
            return Err(Error::new(ErrorKind::Shape, op, rule).with_hint("take a smaller kernel, or pad"));
        };
        let windows = rest / stride;
        // One more, unless that would start beyond the input.
        Ok(if self.ceil_mode && windows * stride >= input + padding { windows } else { windows + 1 })
    }
}

impl PooledSize {
    /// The windows that cover an input of these sizes.
    pub(super) fn along(&self, op: &'static str, input: [usize; 3], axes: usize) -> Result<[Along; 3]> {
        let output = self.resolve(op, axes, input)?;
        Ok(std::array::from_fn(|i| Along { input: input[i], output: output[i], kind: Kind::Adaptive }))
    }
}

impl Along {
    const ABSENT: Along = Along { input: 1, output: 1, kind: Kind::Adaptive };

    /// What window `o` covers. A mean counts the elements, or, if `padded`, the places of the window up to the end of the padding.
    fn span(self, o: usize, padded: bool) -> Span {
        match self.kind {
            Kind::Sliding { kernel, stride, dilation, padding } => {
                // In the padded input.
                let first = o * stride;
                let skipped = padding.saturating_sub(first).div_ceil(dilation);
                let start = first + skipped * dilation - padding;
                let end = (first + (kernel - 1) * dilation + 1 - padding).min(self.input);
                let places = (first + kernel).min(self.input + 2 * padding) - first;
                Span { start, end, count: if padded { places } else { end - start } }
            }
            Kind::Adaptive => {
                // In 128 bits products of two sizes do not overflow.
                let (o, input, output) = (o as u128, self.input as u128, self.output as u128);
                let (start, end) = ((o * input / output) as usize, ((o + 1) * input).div_ceil(output) as usize);
                Span { start, end, count: end - start }
            }
        }
    }

    fn step(self) -> usize {
        match self.kind {
            Kind::Sliding { dilation, .. } => dilation,
            Kind::Adaptive => 1,
        }
    }
}

/// The windows in full.
pub(super) fn boxes(along: [Along; 3], padded: bool) -> Boxes {
    Boxes(along.map(|along| pool::Axis {
        input: along.input,
        step: along.step(),
        spans: list((0..along.output).map(|o| along.span(o, padded))),
    }))
}

/// The shape of the result, from the input's.
pub(super) fn pooled_shape(x: &[usize], along: [Along; 3]) -> Shape {
    let sizes = along.map(|along| along.output);
    x[..2].iter().chain(&sizes[5 - x.len()..]).copied().collect()
}
