//! Orders two and three: the derivatives of ⟨w, g(f)⟩ along random directions, in every composition of the modes, against differences of
//! the derivative one order below.

use super::{
    Stopped,
    differences::{Limit, Slopes, walks},
    differentiated,
    first_order::{Coverage, FirstOrder, dot_product, judged},
    modes::{Composition, number_along, vector_along},
    report::{Comparison, Finding},
    results::bent,
};
use crate::module::Module;
use cotangent_tensor::{Rng, Tensor};

/// Random directions through all elements at second order. Each gives a column of comparisons, one for each element of the gradient; the
/// second is also what the symmetry of the Hessian needs.
const LEAST_DIRECTIONS: usize = 2;

impl<M: Module + Clone, F: Fn(&M) -> Tensor> FirstOrder<'_, M, F> {
    /// All comparisons of order two.
    pub(super) fn second_order(&self, rng: &mut Rng, coverage: &mut Coverage) -> Result<Vec<Finding>, Stopped> {
        let count = self.settings.directions.max(LEAST_DIRECTIONS);
        let directions = self.directions(count, rng);
        let (mut products, mut findings) = (Vec::new(), Vec::new());
        for v in &directions {
            let tangent = [self.point.tangent(v)];
            findings.extend(self.against_differences(2, v, &tangent)?);
            products.push(self.vector(Composition::forward_over_reverse(2), &tangent)?);
            coverage.directions += 1;
        }
        let [u, v] = [&directions[0], &directions[1]];
        let zero = self.zero_product(2);
        if self.settings.all_modes() {
            findings.push(dot_product(2, Comparison::Symmetry, (&products[0], v), (u, &products[1]), zero));
        }
        findings.extend(self.forward_alone(2, &[u, v], (u, &products[1]))?);
        Ok(findings)
    }

    /// All comparisons of order three, along one pair of directions: what it costs grows with every order, and a rule that is wrong at
    /// the third order only is wrong along almost every direction.
    pub(super) fn third_order(&self, rng: &mut Rng, coverage: &mut Coverage) -> Result<Vec<Finding>, Stopped> {
        let directions = self.directions(3, rng);
        let [u, v, z] = [&directions[0], &directions[1], &directions[2]];
        let tangents = [self.point.tangent(u), self.point.tangent(v)];
        let mut findings = self.against_differences(3, u, &tangents)?;
        let product = self.vector(Composition::forward_over_reverse(3), &tangents)?;
        findings.extend(self.forward_alone(3, &[u, v, z], (z, &product))?);
        coverage.directions += 1;
        Ok(findings)
    }

    fn directions(&self, count: usize, rng: &mut Rng) -> Vec<Vec<f64>> {
        (0..count).map(|_| self.point.direction(0..self.point.coordinates.len(), rng)).collect()
    }

    /// Each composition that gives a vector, against the slope of the derivative one order below.
    fn against_differences(&self, order: usize, moving: &[f64], tangents: &[M]) -> Result<Vec<Finding>, Stopped> {
        let compositions: Vec<Composition> =
            self.settings.compositions(order).into_iter().filter(Composition::gives_a_vector).collect();
        if compositions.is_empty() {
            return Ok(Vec::new());
        }
        let below = Composition::forward_over_reverse(order - 1);
        let limits = self.derivative_limits(order, moving, |x| self.vector_at(x, below, &tangents[1..]))?;
        let mut findings = Vec::new();
        for composition in compositions {
            let product = self.vector(composition, tangents)?;
            findings.extend(product.iter().zip(&limits).enumerate().map(|(i, (&analytic, &(limit, zero)))| {
                let (path, index) = self.point.element(i);
                let comparison = Comparison::Differences(composition);
                judged(self.settings.tolerance, order, comparison, (path, Some(index)), analytic, limit, zero)
            }));
        }
        Ok(findings)
    }

    /// Forward passes alone give a number, which the vector of another composition must give too.
    fn forward_alone(
        &self,
        order: usize,
        directions: &[&Vec<f64>],
        product: (&[f64], &[f64]),
    ) -> Result<Option<Finding>, Stopped> {
        let found = self.settings.compositions(order).into_iter().find(|composition| !composition.gives_a_vector());
        let Some(composition) = found else { return Ok(None) };
        let tangents: Vec<M> = directions.iter().map(|direction| self.point.tangent(direction)).collect();
        let number = differentiated(&composition.to_string(), || {
            number_along(&|x: &M| self.number(x), composition.modes(), &tangents, self.point.model).item::<f64>()
        })?;
        let comparison = Comparison::Compositions(composition, Composition::forward_over_reverse(order));
        Ok(Some(dot_product(order, comparison, (&[number], &[1.0]), product, self.zero_product(order as i32))))
    }

    /// ⟨w, g(f(x))⟩
    fn number(&self, x: &M) -> Tensor {
        (bent(&(self.f)(x), self.bend) * &self.w).sum(..)
    }

    fn vector(&self, composition: Composition, tangents: &[M]) -> Result<Vec<f64>, Stopped> {
        self.vector_at(self.point.model, composition, tangents)
    }

    fn vector_at(&self, x: &M, composition: Composition, tangents: &[M]) -> Result<Vec<f64>, Stopped> {
        differentiated(&composition.to_string(), || {
            self.point.coordinates_of(&vector_along(&|x: &M| self.number(x), composition.modes(), tangents, x))
        })
    }

    /// The slope along a direction of each element of a derivative one order below, and what is zero beside it.
    fn derivative_limits(
        &self,
        order: usize,
        direction: &[f64],
        derivative_at: impl Fn(&M) -> Result<Vec<f64>, Stopped>,
    ) -> Result<Vec<(Limit, f64)>, Stopped> {
        let centre = derivative_at(&self.point.with(&self.point.coordinates))?;
        let magnitude = centre.iter().fold(0.0f64, |largest, x| largest.max(x.abs()));
        let mut limits = vec![(Limit::NOWHERE, 0.0); centre.len()];
        for walk in walks(&self.point.coordinates, self.point.room(direction)) {
            // The derivative's own size, and that of terms whose derivatives cancel.
            let whole = (self.whole() / walk.scale.powi(order as i32 - 1)).max(magnitude);
            let mut slopes: Vec<Slopes> = centre.iter().map(|_| Slopes::new(walk, magnitude, whole)).collect();
            for h in walk.steps() {
                let [ahead, behind] = walk.places(h);
                let at = |h: Option<f64>| h.map(|h| derivative_at(&self.point.moved(h, direction))).transpose();
                let (ahead, behind) = (at(ahead)?, at(behind)?);
                for (i, slopes) in slopes.iter_mut().enumerate() {
                    let change = |moved: &Option<Vec<f64>>| moved.as_ref().map_or(0.0, |moved| moved[i] - centre[i]);
                    slopes.push(h, change(&ahead), -change(&behind));
                }
            }
            for (limit, slopes) in limits.iter_mut().zip(&slopes) {
                *limit = Limit::better(*limit, (slopes.limit(self.settings.tolerance), slopes.zero()));
            }
        }
        Ok(limits)
    }
}
