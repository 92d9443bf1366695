//! Local response normalisation: each element divided by what the channels around it amount to.

use crate::{
    Error, ErrorKind, Tensor,
    error::check_option,
    ops::broadcast::{by_way_of_f32, or_panic},
};

impl Tensor {
    /// `x / (k + alpha * mean(x²))^beta`, with the mean over `size` channels around each, `size / 2` of them before it; channels
    /// beyond the first and last count as zeros.
    ///
    /// `[n, c, ..] -> [n, c, ..]`. (Krizhevsky, Sutskever, Hinton, "ImageNet classification with deep convolutional neural
    /// networks", NeurIPS 2012, section 3.3; PyTorch's defaults are `alpha` 1e-4, `beta` 0.75, `k` 1.) For k = 0 the result is
    /// NaN where the window holds zeros only.
    ///
    /// # Panics
    /// When there is no channel axis, `size` is zero, the dtype is not floating point, or a factor is not finite.
    ///
    /// ```
    /// # use cotangent_tensor::Tensor;
    /// let x = Tensor::from([[3.0f64, 4.0]]);
    /// // The window of each channel is the one before it and itself.
    /// let y = x.local_response_norm(2, 2.0, 0.5, 0.0).to_vec::<f64>();
    /// assert_eq!(y, [3.0 / 3.0, 4.0 / 5.0]);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn local_response_norm(&self, size: usize, alpha: f64, beta: f64, k: f64) -> Tensor {
        const OP: &str = "local_response_norm";
        let refused = |rule: &str| Error::new(ErrorKind::Shape, OP, rule).with_inputs(&[self.spec()]);
        if self.rank() < 2 {
            panic!("{}", refused("needs a batch axis and a channel axis"));
        }
        if size == 0 {
            panic!("{}", refused("the window must hold a channel at least"));
        }
        if !self.dtype().is_float() {
            panic!("{}", Error::needs_float(OP, &[self.spec()]));
        }
        for (name, value) in [("alpha", alpha), ("beta", beta), ("k", k)] {
            let checked = check_option(OP, name, value, value.is_finite(), "finite");
            or_panic(checked.map_err(|error| error.with_inputs(&[self.spec()])));
        }
        let channels = self.shape()[1];
        // What reaches beyond the first and last channel from everywhere would add zeros only.
        let farthest = channels.saturating_sub(1);
        let (before, after) = ((size / 2).min(farthest), ((size - 1) / 2).min(farthest));
        let mut padding = vec![(0, 0); self.rank()];
        padding[1] = (before as isize, after as isize);
        by_way_of_f32(self, |x| {
            let squares = x.square().pad(padding, 0);
            let windows = (0..=before + after).map(|start| squares.narrow(1, start, channels));
            let sum = windows.reduce(|sum, window| sum + window).expect("a window of one channel at least");
            x / (sum * (alpha / size as f64) + k).powf(beta)
        })
    }
}
