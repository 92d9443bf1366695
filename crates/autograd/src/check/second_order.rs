//! Order two: the Hessian of ⟨w, f⟩ times a direction, in all four compositions of the modes, against differences of the gradient.

use super::{
    Stopped,
    differences::{Limit, Slopes, scales, steps},
    differentiated,
    first_order::{Coverage, FirstOrder, dot_product, judged},
    report::{Finding, Mode},
};
use crate::{
    module::{self, Module},
    transform::{grad, jvp},
};
use cotangent_tensor::{Rng, Tensor};

/// Random directions through all elements. Each gives a column of comparisons, one for each element of the gradient; the second is also
/// what the symmetry of the Hessian needs.
const DIRECTIONS: usize = 2;

impl<M: Module + Clone, F: Fn(&M) -> Tensor> FirstOrder<'_, M, F> {
    /// All comparisons of order two.
    pub(super) fn second_order(&self, rng: &mut Rng, coverage: &mut Coverage) -> Result<Vec<Finding>, Stopped> {
        let all = 0..self.point.coordinates.len();
        let directions: Vec<Vec<f64>> = (0..DIRECTIONS).map(|_| self.point.direction(all.clone(), rng)).collect();
        let mut products = Vec::new();
        let mut findings = Vec::new();
        for v in &directions {
            let tangent = self.point.tangent(v);
            let limits = self.gradient_limits(v)?;
            let compositions = [
                (Mode::ForwardOverReverse, self.forward_over_reverse(&tangent)?),
                (Mode::ReverseOverReverse, self.reverse_over_reverse(&tangent)?),
                (Mode::ReverseOverForward, self.reverse_over_forward(&tangent)?),
            ];
            for (mode, product) in &compositions {
                findings.extend(product.iter().zip(&limits).enumerate().map(|(i, (&analytic, &(limit, zero)))| {
                    let (path, index) = self.point.element(i);
                    judged(self.settings, 2, *mode, (path, Some(index)), analytic, limit, zero)
                }));
            }
            let [(_, product), ..] = compositions;
            products.push(product);
            coverage.directions += 1;
        }
        if !all.is_empty() {
            let zero = self.zero_product(2);
            let [u, v] = [&directions[0], &directions[1]];
            findings.push(dot_product(2, (&products[0], v), (u, &products[1]), zero));
            let twice = self.forward_over_forward(&self.point.tangent(u), &self.point.tangent(v))?;
            findings.push(Finding {
                mode: Mode::ForwardOverForward,
                ..dot_product(2, (&[twice], &[1.0]), (u, &products[1]), zero)
            });
        }
        Ok(findings)
    }

    /// ⟨w, f(x)⟩
    fn number(&self, x: &M) -> Tensor {
        ((self.f)(x) * &self.w).sum(..)
    }

    fn gradient_at(&self, x: &M) -> Result<Vec<f64>, Stopped> {
        differentiated("reverse mode (vjp)", || self.point.coordinates_of(&grad(x, |x| self.number(x))))
    }

    fn forward_over_reverse(&self, v: &M) -> Result<Vec<f64>, Stopped> {
        differentiated("forward over reverse mode", || {
            self.point.coordinates_of(&jvp(self.point.model, v, |x| grad(x, |x| self.number(x))).1)
        })
    }

    fn reverse_over_reverse(&self, v: &M) -> Result<Vec<f64>, Stopped> {
        differentiated("reverse over reverse mode", || {
            let along = |x: &M| inner(&grad(x, |x| self.number(x)), v, &self.number(x));
            self.point.coordinates_of(&grad(self.point.model, along))
        })
    }

    fn reverse_over_forward(&self, v: &M) -> Result<Vec<f64>, Stopped> {
        differentiated("reverse over forward mode", || {
            self.point.coordinates_of(&grad(self.point.model, |x| jvp(x, v, |x| self.number(x)).1))
        })
    }

    fn forward_over_forward(&self, u: &M, v: &M) -> Result<f64, Stopped> {
        differentiated("forward over forward mode", || {
            jvp(self.point.model, u, |x| jvp(x, v, |x| self.number(x)).1).1.item::<f64>()
        })
    }

    /// The slope of each element of the gradient along a direction, and what is zero beside it.
    fn gradient_limits(&self, direction: &[f64]) -> Result<Vec<(Limit, f64)>, Stopped> {
        let centre = self.gradient_at(&self.point.with(&self.point.coordinates))?;
        let magnitude = centre.iter().fold(0.0f64, |largest, x| largest.max(x.abs()));
        let mut limits = vec![(Limit::NOWHERE, 0.0); centre.len()];
        for scale in scales(&self.point.coordinates) {
            // The gradient's own size, and that of terms whose derivatives cancel.
            let whole = self.whole() / scale;
            let mut slopes: Vec<Slopes> =
                centre.iter().map(|_| Slopes::new(scale, magnitude, whole.max(magnitude))).collect();
            for h in steps(scale) {
                let ahead = self.gradient_at(&self.point.moved(h, direction))?;
                let behind = self.gradient_at(&self.point.moved(-h, direction))?;
                for (i, slopes) in slopes.iter_mut().enumerate() {
                    slopes.push(h, ahead[i] - centre[i], centre[i] - behind[i]);
                }
            }
            for (limit, slopes) in limits.iter_mut().zip(&slopes) {
                *limit = Limit::better(*limit, (slopes.limit(self.settings.tolerance), slopes.zero()));
            }
        }
        Ok(limits)
    }
}

/// ⟨a, b⟩ over the parameters that have a derivative, as a tensor like `like`.
fn inner<M: Module>(a: &M, b: &M, like: &Tensor) -> Tensor {
    let pairs = module::tensors(a).into_iter().zip(module::tensors(b));
    let products = pairs.filter(|(a, _)| a.dtype() == like.dtype()).map(|(a, b)| (a * b).sum(..));
    products.fold(like.zeros_like(), |sum, product| sum + product)
}
