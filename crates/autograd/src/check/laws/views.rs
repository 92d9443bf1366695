//! That a view is no other tensor than its contiguous copy: as an input, as a cotangent, as a tangent.

use super::{
    Held, Violation,
    calls::Case,
    compare::{ROUNDED, largest, same},
};
use crate::check::{Layout, layout::contiguous, modes::Composition};
use cotangent_tensor::Tensor;

impl Case<'_> {
    /// The inputs in another layout, where that changes any of them. Only drawn numbers are broadcast: that gives them other values.
    pub(super) fn laid_out(&self, layout: Layout) -> Option<Vec<Tensor>> {
        let may_change = |x: &Tensor| layout != Layout::Broadcast || (self.is_drawn && x.dtype().is_float());
        let each: Vec<Option<Tensor>> =
            self.inputs.iter().map(|x| if may_change(x) { layout.lay_out(x) } else { None }).collect();
        let differs = each.iter().any(Option::is_some);
        differs.then(|| each.into_iter().zip(&self.inputs).map(|(y, x)| y.unwrap_or_else(|| x.clone())).collect())
    }
}

/// All that an operation gives at a point.
struct Everything {
    outputs: Vec<Tensor>,
    x_bars: Vec<Tensor>,
    y_dots: Vec<Tensor>,
    second: Vec<Tensor>,
}

impl Everything {
    fn of(case: &Case<'_>, inputs: &[Tensor], y_bars: &[Option<Tensor>], x_dots: &[Tensor]) -> Result<Self, String> {
        let modes = Composition::forward_over_reverse(2);
        Ok(Everything {
            outputs: case.outputs(inputs)?,
            x_bars: case.pull(inputs, y_bars)?.derived,
            y_dots: case.push(inputs, x_dots)?.derived,
            second: case.hessian_product(inputs, y_bars, x_dots, modes)?,
        })
    }

    fn same(&self, wanted: &Everything) -> Result<(), String> {
        let whole = largest(&wanted.outputs).max(1.0);
        same(("the value", "output"), &self.outputs, &wanted.outputs, ROUNDED, whole)?;
        same(("the vjp", "input"), &self.x_bars, &wanted.x_bars, ROUNDED, whole)?;
        same(("the jvp", "output"), &self.y_dots, &wanted.y_dots, ROUNDED, whole)?;
        same(("forward over reverse mode", "input"), &self.second, &wanted.second, ROUNDED, whole)
    }
}

pub(super) fn input_layouts(case: &Case<'_>) -> Held {
    let mut compared = 0;
    for layout in Layout::ALL {
        let Some(inputs) = case.laid_out(layout) else { continue };
        let hold = |inputs: &[Tensor]| -> Result<(), String> {
            let copies: Vec<Tensor> = inputs.iter().map(contiguous).collect();
            let outputs = case.outputs(&copies)?;
            let mut rng = case.rng(5);
            let (y_bars, x_dots) = (case.cotangents(&outputs, &mut rng), case.tangents(&copies, &mut rng));
            let wanted = Everything::of(case, &copies, &y_bars, &x_dots)?;
            Everything::of(case, inputs, &y_bars, &x_dots)?.same(&wanted)
        };
        hold(&inputs).map_err(Violation::laid_out(layout))?;
        compared += 1;
        // One view beside contiguous inputs: a kernel may look at the layout of the first input only.
        let alone = if inputs.len() > 1 && !case.is_large { inputs.len() } else { 0 };
        for i in 0..alone {
            let mut single: Vec<Tensor> = inputs.iter().map(contiguous).collect();
            single[i] = inputs[i].clone();
            let named = |text| Violation { layout: Some(layout), what: format!("{text}; input {i} alone is a view") };
            hold(&single).map_err(named)?;
            compared += 1;
        }
    }
    Ok(compared)
}

pub(super) fn cotangent_layouts(case: &Case<'_>) -> Held {
    let mut compared = 0;
    let outputs = case.outputs(&case.inputs)?;
    for layout in Layout::ALL {
        let mut rng = case.rng(6);
        let y_bars = case.cotangents(&outputs, &mut rng);
        let x_dots = case.tangents(&case.inputs, &mut rng);
        let laid_out = |x: &Tensor| layout.lay_out(x).unwrap_or_else(|| x.clone());
        let y_bars: Vec<_> = y_bars.iter().map(|y_bar| y_bar.as_ref().map(laid_out)).collect();
        let x_dots: Vec<Tensor> = x_dots.iter().map(laid_out).collect();
        let copies: Vec<_> = y_bars.iter().map(|y_bar| y_bar.as_ref().map(contiguous)).collect();
        let straight: Vec<Tensor> = x_dots.iter().map(contiguous).collect();
        let hold = || -> Result<(), String> {
            let wanted = Everything::of(case, &case.inputs, &copies, &straight)?;
            Everything::of(case, &case.inputs, &y_bars, &x_dots)?.same(&wanted)
        };
        hold().map_err(Violation::laid_out(layout))?;
        compared += 1;
    }
    // One number in all places, which is what a sum's cotangent is.
    let full = |y: &Tensor| y.dtype().is_float().then(|| Tensor::full(y.shape(), 0.75, y.dtype()));
    let y_bars: Vec<_> = outputs.iter().map(full).collect();
    let copies: Vec<_> = y_bars.iter().map(|y_bar| y_bar.as_ref().map(contiguous)).collect();
    let (found, wanted) = (case.pull(&case.inputs, &y_bars)?, case.pull(&case.inputs, &copies)?);
    same(("the vjp of one number in all places", "input"), &found.derived, &wanted.derived, ROUNDED, 1.0)
        .map_err(Violation::laid_out(Layout::Broadcast))?;
    Ok(compared + 1)
}
