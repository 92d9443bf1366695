//! Laws by their moments, bounds and quantiles; figures of PyTorch's gains.

use super::*;
use crate::panics::panic_message;

/// Standard deviation about zero, and greatest magnitude.
fn spread(weight: &Tensor) -> (f64, f64) {
    (weight.square().mean(..).item::<f64>().sqrt(), weight.abs().max(..).item::<f64>())
}

fn close(found: f64, wanted: f64) {
    // A deviation estimated from n = 24,000 numbers is off by wanted / √(2n), 0.5%, at one sigma.
    assert!((found / wanted - 1.0).abs() < 0.02, "{found} instead of {wanted}");
}

#[test]
fn every_law_has_its_deviation_and_bounds() {
    let mut rng = Rng::seed(5);
    // A convolution's weight: fan_in = 20 * 12 = 240, fan_out = 100 * 12 = 1200.
    let shape = [100, 20, 3, 4];
    for (fan, size) in [(Fan::In, 240.0), (Fan::Out, 1200.0)] {
        let wanted = gain::RELU / f64::sqrt(size);
        let (deviation, greatest) = spread(&kaiming_uniform(shape, fan, gain::RELU, DType::F64, &mut rng));
        close(deviation, wanted);
        assert!(greatest <= 3f64.sqrt() * wanted && greatest > 1.7 * wanted);
        close(spread(&kaiming_normal(shape, fan, gain::RELU, DType::F64, &mut rng)).0, wanted);
    }
    let wanted = gain::TANH * (2.0f64 / 1440.0).sqrt();
    let (deviation, greatest) = spread(&xavier_uniform(shape, gain::TANH, DType::F64, &mut rng));
    close(deviation, wanted);
    assert!(greatest <= 3f64.sqrt() * wanted && greatest > 1.7 * wanted);
    close(spread(&xavier_normal(shape, gain::TANH, DType::F64, &mut rng)).0, wanted);
}

/// Density and distribution function of the normal law.
fn normal(x: f64) -> (f64, f64) {
    let density = (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    (if x.is_infinite() { 0.0 } else { density }, Tensor::from(-x / SQRT_2).erfc().item::<f64>() / 2.0)
}

#[test]
fn a_truncated_normal_has_its_moments_and_quantiles() {
    let infinity = f64::INFINITY;
    let cases = [(0.0, 1.0, -2.0, 2.0), (0.0, 0.02, -2.0, 2.0), (1.5, 2.0, -1.0, 2.0), (0.0, 1.0, 3.0, 3.5)];
    let cases = cases.into_iter().chain([(-1.0, 0.5, -infinity, -1.0), (2.0, 1.0, -infinity, infinity)]);
    for (mean, std, low, high) in cases {
        let drawn = trunc_normal([200, 500], mean, std, low..=high, DType::F64, &mut Rng::seed(8));
        let n = drawn.numel() as f64;
        let extremes = (drawn.min(..).item::<f64>(), drawn.max(..).item::<f64>());
        assert!(low <= extremes.0 && extremes.1 <= high, "{extremes:?}");
        let (a, b) = ((low - mean) / std, (high - mean) / std);
        let ((density_a, below_a), (density_b, below_b)) = (normal(a), normal(b));
        let mass = below_b - below_a;
        let times = |x: f64, density: f64| if x.is_infinite() { 0.0 } else { x * density };
        let shift = (density_a - density_b) / mass;
        let variance = 1.0 + (times(a, density_a) - times(b, density_b)) / mass - shift * shift;
        let (found_var, found_mean) = drawn.var_mean(.., 0);
        // Five standard errors of the mean; of the variance, √2 more for what is no wider than a normal law.
        let error = 5.0 * (variance / n).sqrt() * std;
        let (found_mean, found_var) = (found_mean.item::<f64>(), found_var.item::<f64>());
        assert!((found_mean - (mean + std * shift)).abs() < error, "{found_mean} in {low}..{high}");
        assert!((found_var / (std * std * variance) - 1.0).abs() < 5.0 * (2.0 / n).sqrt(), "{found_var}");
        for i in 1..8 {
            // So much of the bounds lies below x, and so must of what was drawn.
            let x = extremes.0 + (extremes.1 - extremes.0) * f64::from(i) / 8.0;
            let wanted = (normal((x - mean) / std).1 - below_a) / mass;
            let found = drawn.lt(x).cast(DType::F64).mean(..).item::<f64>();
            assert!((found - wanted).abs() < 5.0 * (wanted * (1.0 - wanted) / n).sqrt() + 1e-12, "{found}, {wanted}");
        }
    }
    let single = trunc_normal([1000], 0.0, 1.0, 0.1..=0.3, DType::F32, &mut Rng::seed(9));
    assert!(single.ge(0.1f32).all(..).item::<bool>() && single.le(0.3f32).all(..).item::<bool>());
}

#[test]
fn what_has_no_truncated_normal_is_refused() {
    let refusal = |mean: f64, std: f64, bounds: RangeInclusive<f64>, dtype| {
        panic_message(|| trunc_normal([3], mean, std, bounds, dtype, &mut Rng::seed(1)))
    };
    for std in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(refusal(0.0, std, -2.0..=2.0, DType::F32).starts_with("trunc_normal: the standard deviation must"));
    }
    assert!(refusal(f64::NAN, 1.0, -2.0..=2.0, DType::F32).starts_with("trunc_normal: the mean must be finite"));
    for (low, high) in [(2.0, -2.0), (1.0, 1.0), (f64::NAN, 1.0)] {
        assert!(refusal(0.0, 1.0, low..=high, DType::F32).starts_with("trunc_normal: the lower bound must be"));
    }
    assert_eq!(
        refusal(0.0, 0.02, 1.0..=2.0, DType::F32),
        "trunc_normal: bounds must come within six standard deviations of the mean; got 1.0..=2.0 for a mean of 0.0 and a \
         deviation of 0.02"
    );
    let halves = "trunc_normal: draws f32 and f64, not bf16; draw f32 and .cast(DType::BF16)";
    assert_eq!(refusal(0.0, 1.0, -2.0..=2.0, DType::BF16), halves);
}

#[test]
fn an_orthogonal_weight_keeps_lengths_and_prefers_no_direction() {
    let mut rng = Rng::seed(10);
    for (shape, dtype) in
        [(&[5, 5][..], DType::F64), (&[3, 7], DType::F64), (&[7, 3], DType::F32), (&[4, 3, 2, 2], DType::F64)]
    {
        let weight = orthogonal(shape, gain::RELU, dtype, &mut rng);
        assert_eq!((&weight.shape()[..], weight.dtype()), (shape, dtype));
        let matrix = weight.reshape([shape[0], shape[1..].iter().product()]);
        let matrix = if matrix.size(0) > matrix.size(1) { matrix.transpose(0, 1) } else { matrix };
        let products = matrix.matmul(&matrix.transpose(0, 1)).cast(DType::F64);
        let error = (products - Tensor::eye(matrix.size(0), DType::F64) * 2).abs().max(..).item::<f64>();
        // Sums of up to 12 products of rounded numbers.
        assert!(error < 30.0 * dtype.epsilon().expect("floating point"), "{shape:?}: {error}");
    }
    // Of a rotation or reflection of the plane, every element is positive as often as not, and the determinant is. Without the signs of R, the
    // first element never is. 0.064 is four standard errors of a share of 1000.
    let drawn: Vec<Vec<f64>> = (0..1000).map(|_| orthogonal([2, 2], 1.0, DType::F64, &mut rng).to_vec()).collect();
    for f in
        [|m: &[f64]| m[0], |m: &[f64]| m[1], |m: &[f64]| m[2], |m: &[f64]| m[3], |m: &[f64]| m[0] * m[3] - m[1] * m[2]]
    {
        let share = drawn.iter().filter(|m| f(m) > 0.0).count() as f64 / 1000.0;
        assert!((share - 0.5).abs() < 0.064, "{share}");
    }
    assert_eq!(orthogonal([3, 0], 1.0, DType::F32, &mut rng).shape()[..], [3, 0]);
    let message = panic_message(|| orthogonal([3], 1.0, DType::F32, &mut Rng::seed(1)));
    assert_eq!(message, "orthogonal: a weight needs two axes, [outputs, inputs, ..]; got the shape [3]");
    let message = panic_message(|| orthogonal([3, 3], 1.0, DType::F16, &mut Rng::seed(1)));
    assert_eq!(message, "orthogonal: draws f32 and f64, not f16; draw f32 and .cast(DType::F16)");
}

#[test]
fn gains_are_those_of_pytorch() {
    // torch.nn.init.calculate_gain("leaky_relu", 0.01) and ("leaky_relu", 5 ** 0.5)
    assert_eq!(gain::leaky_relu(0.01), 1.4141428569978354);
    assert_eq!(gain::leaky_relu(5f64.sqrt()), 0.5773502691896257);
    assert_eq!(gain::leaky_relu(0.0), gain::RELU);
}

#[test]
fn a_vector_has_no_fan_and_an_empty_weight_no_elements() {
    let mut rng = Rng::seed(6);
    let message = panic_message(|| xavier_normal([3], 1.0, DType::F32, &mut rng.clone()));
    assert_eq!(message, "xavier_normal: a weight needs two axes, [outputs, inputs, ..]; got the shape [3]");
    assert_eq!(kaiming_uniform([3, 0], Fan::In, 1.0, DType::F32, &mut rng).numel(), 0);
}
