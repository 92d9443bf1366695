//! The place where a function is checked: a module as a list of coordinates, and back.
//!
//! The coordinates are the elements of the floating-point parameters, in the module's order. Buffers and integers are held fixed.

use super::differences::Room;
use crate::module::{self, Kind, Leaf, Module};
use cotangent_tensor::{DType, Rng, Shape, Tensor};
use std::ops::Range;

/// A parameter among the coordinates.
pub(super) struct Place {
    pub(super) path: String,
    pub(super) shape: Shape,
    pub(super) range: Range<usize>,
}

/// A module and its coordinates.
pub(super) struct Point<'m, M> {
    pub(super) model: &'m M,
    pub(super) places: Vec<Place>,
    pub(super) coordinates: Vec<f64>,
    /// The ends of the open interval that coordinates must not leave.
    domain: (f64, f64),
}

fn is_variable<T>(leaf: &Leaf<'_, '_, T>, dtype: DType) -> bool {
    leaf.kind == Kind::Parameter && dtype.is_float()
}

impl<'m, M: Module + Clone> Point<'m, M> {
    /// The coordinates of a module, or why they cannot be moved.
    pub(super) fn of(model: &'m M, domain: (f64, f64)) -> Result<Self, String> {
        let (mut places, mut coordinates, mut refusal) = (Vec::new(), Vec::new(), None);
        module::for_each(model, |leaf| {
            if !is_variable(&leaf, leaf.tensor.dtype()) {
                return;
            }
            let path = leaf.path.to_string();
            match leaf.tensor.try_to_vec::<f64>() {
                Ok(elements) => {
                    let start = coordinates.len();
                    coordinates.extend(elements);
                    places.push(Place { path, shape: leaf.tensor.shape().clone(), range: start..coordinates.len() });
                }
                Err(_) => refusal = refusal.take().or(Some((path, leaf.tensor.spec().to_owned()))),
            }
        });
        if let Some((path, spec)) = refusal {
            return Err(format!(
                "{} is {spec}, where differences drown in rounding; check the same code in f64, \
                 .at(&module::cast(&x, DType::F64)), and hold f32 to f64 by `check::operation`",
                named(&path)
            ));
        }
        if places.is_empty() {
            return Err("the argument has no floating-point parameter, so that there is nothing to check".to_owned());
        }
        let point = Point { model, places, coordinates, domain };
        let (low, high) = domain;
        match point.coordinates.iter().position(|&x| x <= low || x >= high) {
            None => Ok(point),
            Some(i) => {
                let ((path, index), x) = (point.element(i), point.coordinates[i]);
                Err(format!("{}, element {index:?} is {x:?}, outside of the domain ({low:?}, {high:?})", named(&path)))
            }
        }
    }

    /// How far the coordinates can move along a direction.
    pub(super) fn room(&self, direction: &[f64]) -> Room {
        let (low, high) = self.domain;
        let mut room = Room { ahead: f64::INFINITY, behind: f64::INFINITY };
        for (&x, &v) in self.coordinates.iter().zip(direction).filter(|&(_, &v)| v != 0.0) {
            let (up, down) = ((high - x) / v.abs(), (x - low) / v.abs());
            let (ahead, behind) = if v > 0.0 { (up, down) } else { (down, up) };
            room = Room { ahead: room.ahead.min(ahead), behind: room.behind.min(behind) };
        }
        room
    }

    /// The module with other coordinates, in contiguous tensors.
    pub(super) fn with(&self, coordinates: &[f64]) -> M {
        self.replaced(coordinates, Tensor::clone)
    }

    /// A tangent with these coordinates, zero for what is held fixed.
    pub(super) fn tangent(&self, coordinates: &[f64]) -> M {
        self.replaced(coordinates, Tensor::zeros_like)
    }

    fn replaced(&self, coordinates: &[f64], fixed: impl Fn(&Tensor) -> Tensor) -> M {
        let mut places = self.places.iter();
        module::map(self.model, |leaf| {
            if !is_variable(&leaf, leaf.tensor.dtype()) {
                return fixed(leaf.tensor);
            }
            let place = places.next().expect("the module shows the same tensors each time");
            Tensor::from_slice(&coordinates[place.range.clone()], &place.shape).expect("as many as the shape holds")
        })
    }

    /// The coordinates of a gradient, which has the module's structure.
    pub(super) fn coordinates_of(&self, gradient: &M) -> Vec<f64> {
        let mut coordinates = Vec::with_capacity(self.coordinates.len());
        module::for_each(gradient, |leaf| {
            if is_variable(&leaf, leaf.tensor.dtype()) {
                coordinates.extend(leaf.tensor.to_vec::<f64>());
            }
        });
        coordinates
    }

    /// The coordinates after a step along a direction.
    pub(super) fn moved(&self, step: f64, direction: &[f64]) -> M {
        let moved: Vec<f64> = self.coordinates.iter().zip(direction).map(|(x, v)| x + step * v).collect();
        self.with(&moved)
    }

    /// A direction in some coordinates, zero elsewhere.
    pub(super) fn direction(&self, range: Range<usize>, rng: &mut Rng) -> Vec<f64> {
        let mut direction = vec![0.0; self.coordinates.len()];
        direction[range.clone()].copy_from_slice(&general(range.len(), rng));
        direction
    }

    /// The parameter that a coordinate belongs to, and the index of the element in it.
    pub(super) fn element(&self, coordinate: usize) -> (String, Vec<usize>) {
        let place = self.places.iter().find(|place| place.range.contains(&coordinate)).expect("a coordinate");
        (place.path.clone(), index_in(&place.shape, coordinate - place.range.start))
    }
}

/// The index of an element in row-major order.
pub(super) fn index_in(shape: &[usize], mut element: usize) -> Vec<usize> {
    let mut index = vec![0; shape.len()];
    for (i, &size) in index.iter_mut().zip(shape).rev() {
        (*i, element) = (element % size, element / size);
    }
    index
}

/// A parameter as messages name it.
pub(super) fn named(path: &str) -> String {
    if path.is_empty() { "the argument".to_owned() } else { format!("`{path}`") }
}

/// Numbers of either sign between 1/2 and 3/2: none is so small that what it multiplies would go unseen.
pub(super) fn general(count: usize, rng: &mut Rng) -> Vec<f64> {
    let numbers = rng.uniform_range(-1.0, 1.0, [count], DType::F64).to_vec::<f64>();
    numbers.into_iter().map(|x| x + 0.5f64.copysign(x)).collect()
}
