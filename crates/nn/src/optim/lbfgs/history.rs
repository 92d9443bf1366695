//! The second derivative as far as the last iterations have shown it.

use super::line_search::dot;

/// An approximate inverse of the matrix of second derivatives: a multiple of the identity, corrected by how the gradient has changed
/// with x.
#[derive(Clone, Debug)]
pub(super) struct History {
    /// y, the oldest first.
    pub(super) changes_of_gradient: Vec<Vec<f64>>,
    /// s
    pub(super) changes_of_x: Vec<Vec<f64>>,
    /// 1 / y·s
    pub(super) reciprocals: Vec<f64>,
    /// The multiple of the identity.
    pub(super) scale: f64,
}

impl History {
    /// The identity.
    pub(super) fn new() -> Self {
        History { changes_of_gradient: Vec::new(), changes_of_x: Vec::new(), reciprocals: Vec::new(), scale: 1.0 }
    }

    /// Takes in a change of x and of the gradient, and forgets the oldest of more than `size`.
    pub(super) fn learn(&mut self, s: Vec<f64>, y: Vec<f64>, size: usize) {
        let curvature = dot(&y, &s);
        // PyTorch's threshold. Below it the function is not convex along s or the change is lost in rounding, and the
        // approximation would stop being positive definite.
        let is_convex = curvature > 1e-10;
        if !is_convex || size == 0 {
            return;
        }
        while self.reciprocals.len() >= size {
            self.changes_of_gradient.remove(0);
            self.changes_of_x.remove(0);
            self.reciprocals.remove(0);
        }
        self.scale = curvature / dot(&y, &y);
        self.changes_of_gradient.push(y);
        self.changes_of_x.push(s);
        self.reciprocals.push(1.0 / curvature);
    }

    /// The approximate inverse times the negative gradient: the two loops of algorithm 7.4.
    pub(super) fn direction(&self, gradient: &[f64]) -> Vec<f64> {
        let mut q: Vec<f64> = gradient.iter().map(|g| -g).collect();
        let mut weights = vec![0.0; self.reciprocals.len()];
        for i in (0..weights.len()).rev() {
            weights[i] = dot(&self.changes_of_x[i], &q) * self.reciprocals[i];
            add_multiple(&mut q, -weights[i], &self.changes_of_gradient[i]);
        }
        q.iter_mut().for_each(|q| *q *= self.scale);
        for (i, weight) in weights.into_iter().enumerate() {
            let correction = dot(&self.changes_of_gradient[i], &q) * self.reciprocals[i];
            add_multiple(&mut q, weight - correction, &self.changes_of_x[i]);
        }
        q
    }
}

fn add_multiple(to: &mut [f64], factor: f64, of: &[f64]) {
    for (to, of) in to.iter_mut().zip(of) {
        *to += factor * of;
    }
}
