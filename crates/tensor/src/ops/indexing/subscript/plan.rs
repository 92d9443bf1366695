//! A subscript resolved against a tensor's shape: a slice of it, new axes, and tensors in the places of some axes.

use super::{Item, Kind, Span, Subscript};
use crate::{Array, Buffer, DType, Error, ErrorKind, Few, Result, Shape, SpecRef, Tensor, kernels, ops::Cut};

/// What a subscript takes of a tensor.
pub(super) struct Plan {
    /// One for each axis.
    pub(super) cuts: Vec<Cut>,
    /// Whether the cuts take everything.
    pub(super) whole: bool,
    /// The shape after the cuts, and with the new axes.
    pub(super) viewed: Shape,
    /// Whether there are new axes.
    pub(super) widened: bool,
    /// The tensors in the places of axes of the view, ascending.
    pub(super) tensors: Vec<Named>,
    /// How many axes of the view come before those of the tensors.
    pub(super) at: usize,
}

/// An index tensor in the place of an axis.
pub(super) struct Named {
    /// Of the view.
    pub(super) axis: usize,
    /// Of the tensor, as messages name it.
    pub(super) label: usize,
    pub(super) index: Tensor,
}

impl Plan {
    pub(super) fn new(op: &'static str, x: SpecRef<'_>, subscript: &Subscript) -> Result<Self> {
        Plan::resolve(op, x, &subscript.0).map_err(|error| error.or_inputs(&[x]))
    }

    fn resolve(op: &'static str, x: SpecRef<'_>, items: &[Item]) -> Result<Self> {
        let rank = x.rank();
        let named: usize = items.iter().map(axes_of).sum();
        if named > rank {
            let rule = format!("{named} axes are named, but the tensor has rank {rank}");
            return Err(Error::new(ErrorKind::Axis, op, rule));
        }
        if items.iter().filter(|item| matches!(item.0, Kind::Ellipsis)).count() > 1 {
            let rule = "one Ellipsis stands for all axes that are not named; a second one has no meaning";
            return Err(Error::new(ErrorKind::Axis, op, rule));
        }
        let any_tensor = items.iter().any(|item| matches!(item.0, Kind::Tensor(_)));
        let mut plan =
            Steps { op, shape: x.shape(), cuts: Vec::with_capacity(rank), view: Vec::new(), tensors: Vec::new() };
        // Where the tensors' axes go: the view's axes before the first tensor, and whether anything came between two.
        let (mut first, mut apart, mut since) = (None, false, false);
        let mut widened = false;
        for item in items {
            let before = plan.view.len() - plan.tensors.len();
            match &item.0 {
                Kind::At(i) => plan.take_at(*i)?,
                Kind::Along(along) => plan.take_along(*along)?,
                Kind::Ellipsis => plan.take_whole(rank - named),
                Kind::NewAxis => {
                    plan.view.push(1);
                    widened = true;
                }
                Kind::Tensor(tensor) => plan.take_tensor(tensor)?,
            }
            match &item.0 {
                Kind::At(_) | Kind::Tensor(_) if any_tensor => {
                    apart |= first.is_some() && since;
                    first = first.or(Some(before));
                    since = false;
                }
                _ => since = true,
            }
        }
        plan.take_whole(rank - plan.cuts.len());
        let Steps { cuts, view, tensors, .. } = plan;
        let whole = cuts.iter().zip(x.shape()).all(|(&cut, &size)| cut == Cut::whole(size));
        let at = if apart { 0 } else { first.unwrap_or(0) };
        Ok(Plan { cuts, whole, viewed: view.into(), widened, tensors, at })
    }
}

/// How many axes an item names.
fn axes_of(item: &Item) -> usize {
    match &item.0 {
        Kind::At(_) | Kind::Along(_) => 1,
        Kind::Ellipsis | Kind::NewAxis => 0,
        Kind::Tensor(mask) if mask.dtype() == DType::Bool => mask.rank(),
        Kind::Tensor(_) => 1,
    }
}

/// A plan in the making; the next axis is as many as there are cuts.
struct Steps<'a> {
    op: &'static str,
    shape: &'a [usize],
    cuts: Vec<Cut>,
    view: Vec<usize>,
    tensors: Vec<Named>,
}

impl Steps<'_> {
    fn take_whole(&mut self, axes: usize) {
        for _ in 0..axes {
            let size = self.shape[self.cuts.len()];
            self.cuts.push(Cut::whole(size));
            self.view.push(size);
        }
    }

    fn take_at(&mut self, i: isize) -> Result<()> {
        let (axis, size) = (self.cuts.len(), self.shape[self.cuts.len()]);
        // A size fits isize, so that a negative index and it cannot overflow.
        let place = if i < 0 { i + size as isize } else { i };
        match usize::try_from(place) {
            Ok(place) if place < size => self.cuts.push(Cut::At(place)),
            _ => {
                let rule = format!("index {i} is out of range for axis {axis} of size {size}");
                return Err(Error::new(ErrorKind::Index, self.op, rule));
            }
        }
        Ok(())
    }

    fn take_along(&mut self, along: Span) -> Result<()> {
        let (axis, size) = (self.cuts.len(), self.shape[self.cuts.len()]);
        if along.step == 0 {
            return Err(Error::new(ErrorKind::Value, self.op, format!("the step along axis {axis} must not be 0")));
        }
        let (start, len, step) = along.resolve(size);
        // One element has no next one: its step is as good as 1, and so is a whole axis recognised.
        let step = if len == 1 { 1 } else { step };
        self.cuts.push(Cut::Along { start, len, step });
        self.view.push(len);
        Ok(())
    }

    fn take_tensor(&mut self, tensor: &Tensor) -> Result<()> {
        let refuse = |kind, rule: String| Err(Error::new(kind, self.op, rule));
        match tensor.dtype() {
            DType::I64 => self.take_index(tensor.clone()),
            DType::Bool if tensor.rank() == 0 => {
                return refuse(ErrorKind::Shape, "a mask needs an axis; a single truth value names none".into());
            }
            DType::Bool => {
                let first = self.cuts.len();
                let own = &self.shape[first..first + tensor.rank()];
                let differing = tensor.shape().iter().zip(own).position(|(mask, own)| mask != own);
                if let Some(axis) = differing {
                    let (mask, own) = (tensor.shape()[axis], own[axis]);
                    let rule = format!(
                        "axis {axis} of the mask has size {mask}, but axis {} of the tensor has size {own}",
                        first + axis
                    );
                    return refuse(ErrorKind::Shape, rule);
                }
                positions(tensor).into_iter().for_each(|index| self.take_index(index));
            }
            other => {
                return refuse(
                    ErrorKind::DType,
                    format!("an index tensor must be i64, or bool as a mask, not {other}"),
                );
            }
        }
        Ok(())
    }

    fn take_index(&mut self, index: Tensor) {
        let label = self.cuts.len();
        self.tensors.push(Named { axis: self.view.len(), label, index });
        self.take_whole(1);
    }
}

/// Where a mask holds: one list for each of its axes. How many places these are depends on values, so that they are read at once.
fn positions(mask: &Tensor) -> Few<Tensor> {
    let places = kernels::index::places_of_true(mask.array());
    let mut lists: Few<Buffer<i64>> = mask.shape().iter().map(|_| Buffer::recycled(places.len())).collect();
    let mut slots: Few<&mut [i64]> = lists.iter_mut().map(|list| &mut list[..]).collect();
    kernels::index::for_each_position(&places, mask.shape(), |n, position| {
        slots.iter_mut().zip(position).for_each(|(list, &index)| list[n] = index);
    });
    drop(slots);
    lists.into_iter().map(|list| Array::from_buffer(list, [places.len()]).into()).collect()
}
