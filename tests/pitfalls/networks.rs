//! Operations of networks: what is normalised, masked, left out, looked up or resampled, at the places where frameworks
//! have gone wrong.

use crate::{forward, gradient, reverse};
use cotangent::{
    DType, Rng, Tensor, checkpoint, grad, jvp,
    ops::{Attention, GridPadding, GridSample, Interpolate, Interpolation},
};

/// The derivatives of orders 1 to 3 of a function of one number at 0.7, in all eight nestings of the two modes.
#[track_caller]
fn assert_derivatives(f: impl Fn(&Tensor) -> Tensor, expected: [f64; 4]) {
    let t = Tensor::from(0.7);
    type Mode<'a> = &'a dyn Fn(&Tensor, &dyn Fn(&Tensor) -> Tensor) -> Tensor;
    let modes: [Mode<'_>; 2] = [&|x, f| reverse(x, f), &|x, f| forward(x, f)];
    let close = |what: &str, found: Tensor, expected: f64| {
        let found = found.item::<f64>();
        // Some ten roundings for each order.
        assert!((found - expected).abs() <= 1e-13 * expected.abs().max(1.0), "{what}: {found} is not {expected}");
    };
    close("value", f(&t), expected[0]);
    for (i, first) in modes.iter().enumerate() {
        close(&format!("{i}"), first(&t, &f), expected[1]);
        for (j, second) in modes.iter().enumerate() {
            close(&format!("{j}{i}"), second(&t, &|t| first(t, &f)), expected[2]);
            for (k, third) in modes.iter().enumerate() {
                let found = third(&t, &|t| second(t, &|t| first(t, &f)));
                close(&format!("{k}{j}{i}"), found, expected[3]);
            }
        }
    }
}

/// Row 4. layer_norm([t, -t], eps = 1)[0] = t / √(t² + 1); values from mpmath with 40 digits.
#[test]
fn normalisations_have_third_derivatives() {
    let expected =
        [0.573_462_344_363_328_3, 0.549_820_080_885_262_1, -0.774_914_207_959_094_2, 0.713_247_976_644_995_6];
    let pair = |t: &Tensor| Tensor::stack([t, &-t], 0);
    assert_derivatives(|t| pair(t).layer_norm([2], None, None, 1.0).narrow(0, 0, 1).sum(..), expected);
    // The other normalisations of the same two numbers.
    assert_derivatives(|t| pair(t).reshape([1, 2]).group_norm(1, None, None, 1.0).narrow(1, 0, 1).sum(..), expected);
    assert_derivatives(|t| pair(t).reshape([1, 1, 2]).instance_norm(None, None, 1.0).narrow(2, 0, 1).sum(..), expected);
    assert_derivatives(|t| pair(t).reshape([2, 1]).batch_norm(None, None, 1.0).0.narrow(0, 0, 1).sum(..), expected);
    assert_derivatives(|t| pair(t).reshape([1, 1, 2]).batch_norm(None, None, 1.0).0.narrow(2, 0, 1).sum(..), expected);
    assert_derivatives(|t| pair(t).rms_norm([2], None, 1.0).narrow(0, 0, 1).sum(..), expected);
    // rms_norm([t, 2], eps = 1/2)[0] = t / √((t² + 4) / 2 + 1/2)
    let with_two = |t: &Tensor| Tensor::stack([t, &Tensor::from(2.0)], 0);
    assert_derivatives(
        |t| with_two(t).rms_norm([2], None, 0.5).narrow(0, 0, 1).sum(..),
        [0.422_500_148_198_411_04, 0.549_700_947_434_842_3, -0.210_268_121_969_611_8, -0.166_332_316_103_986_45],
    );
}

/// The kind of row 12: elements without a spread, of which there may be one only.
#[test]
fn what_has_no_spread_normalises_with_gradient_zero() {
    for shape in [[2, 3], [2, 1]] {
        let x = Tensor::full(shape, 2.5, DType::F64);
        let count = shape[0] * shape[1];
        // The gradient of one element, which the mean and the variance take part in.
        let first = |y: Tensor| y.narrow(0, 0, 1).sum(0).narrow(0, 0, 1);
        let of_row = gradient(&x, |x| first(x.layer_norm([shape[1]], None, None, 1e-5)));
        assert!(of_row.iter().all(|x| x.is_finite()), "{of_row:?}");
        assert!(of_row.iter().sum::<f64>().abs() < 1e-9, "{of_row:?}");
        assert_eq!(gradient(&x, |x| x.layer_norm([shape[1]], None, None, 1e-5)), vec![0.0; count]);
        assert_eq!(gradient(&x, |x| x.instance_norm(None, None, 1e-5)), vec![0.0; count]);
        assert_eq!(gradient(&x, |x| x.batch_norm(None, None, 1e-5).0), vec![0.0; count]);
        assert_eq!(gradient(&x, |x| x.batch_norm(None, None, 1e-5).2), vec![0.0; count]);
    }
    let zeros = Tensor::zeros([1, 2], DType::F64);
    // 1 / √ε in each place.
    assert!(gradient(&zeros, |x| x.rms_norm([2], None, 0.25)).iter().all(|&x| (x - 2.0).abs() < 1e-15));
}

/// Row 19. A row of a mask that leaves nothing: softmax itself has no answer, a softmax under a mask and attention say zero, and
/// nothing passes back.
#[test]
fn a_row_that_sees_nothing_is_zero_and_passes_nothing_back() {
    const NEVER: f64 = f64::NEG_INFINITY;
    let x = Tensor::from([[NEVER, NEVER], [0.5, NEVER]]);
    let nan = |x: &[f64]| x.iter().map(|x| x.is_nan()).collect::<Vec<_>>();
    assert_eq!(nan(&x.softmax(-1).to_vec::<f64>()), [true, true, false, false]);
    assert_eq!(nan(&x.log_softmax(-1).to_vec::<f64>()), [true, true, false, false]);
    assert_eq!(x.logsumexp(-1).to_vec::<f64>(), [NEVER, 0.5]);
    assert_eq!(gradient(&x, |x| x.logsumexp(-1)), [0.0, 0.0, 1.0, 0.0]);

    let mask = Tensor::from([[false, false], [true, false]]);
    let finite = Tensor::from([[3.0, 1.0], [2.0, 5.0]]);
    assert_eq!(finite.masked_softmax(&mask, -1).to_vec::<f64>(), [0.0, 0.0, 1.0, 0.0]);
    assert_eq!(gradient(&finite, |x| x.masked_softmax(&mask, -1).square()), [0.0; 4]);

    let operands = [[[0.3, -1.0], [0.8, 0.1]], [[1.2, 0.4], [-0.5, 0.9]], [[2.0, 3.0], [-1.0, 4.0]]].map(Tensor::from);
    let added = mask.where_(&Tensor::from(0.0), NEVER);
    for mask in [&mask, &added] {
        let attend = |x: &Vec<Tensor>| x[0].scaled_dot_product_attention(&x[1], &x[2], Attention::new().mask(mask));
        let operands = operands.to_vec();
        assert_eq!(attend(&operands).to_vec::<f64>(), [0.0, 0.0, 2.0, 3.0]);
        let slopes = grad(&operands, |x| attend(x).sum(..));
        assert_eq!(slopes[0].to_vec::<f64>(), [0.0; 4], "one key alone takes all, whatever the query");
        assert_eq!(slopes[1].to_vec::<f64>(), [0.0; 4]);
        assert_eq!(slopes[2].to_vec::<f64>(), [1.0, 1.0, 0.0, 0.0]);
        let second = grad(&operands, |x| {
            grad(x, |x| attend(x).square().sum(..)).iter().fold(Tensor::from(0.0), |sum, x| sum + x.sum(..))
        });
        assert!(second.iter().all(|x| x.to_vec::<f64>().iter().all(|x| x.is_finite())));
        let along = jvp(&operands, &operands, attend).1.to_vec::<f64>();
        assert_eq!(along, [0.0, 0.0, 2.0, 3.0]);
        // A mask that is learned gets zeros there, too.
        if mask.dtype() == DType::F64 {
            let attend = |mask: &Tensor| {
                operands[0].scaled_dot_product_attention(&operands[1], &operands[2], Attention::new().mask(mask))
            };
            assert_eq!(gradient(mask, attend), [0.0; 4]);
        }
    }
    // Values that no one sees may be anything, and keys too.
    let hidden = Tensor::from([[2.0, 3.0], [f64::NAN, f64::INFINITY]]);
    let mask = Tensor::from([[false, false], [false, false]]);
    let attend = |q: &Tensor| q.scaled_dot_product_attention(&operands[1], &operands[2], Attention::new().mask(&mask));
    assert_eq!(gradient(&hidden, attend), [0.0; 4]);
}

/// Row 30. What is made larger has a gradient, in each mode: weights that sum to one pass back what the result got.
#[test]
fn upsampling_passes_the_whole_cotangent_back() {
    let mut rng = Rng::seed(1);
    let x = rng.normal([1, 2, 3, 4], DType::F64);
    for mode in [
        Interpolation::Nearest,
        Interpolation::NearestExact,
        Interpolation::Linear,
        Interpolation::Cubic,
        Interpolation::Area,
    ] {
        for options in [Interpolate::to_size([6, 9]), Interpolate::to_size([2, 5]), Interpolate::by_factor([1.7, 2.0])]
        {
            let options = options.mode(mode);
            let resized = |x: &Tensor| x.interpolate(&options);
            let (y, slopes) = (resized(&x), grad(&x, |x| resized(x).sum(..)));
            assert!((slopes.sum(..).item::<f64>() - y.numel() as f64).abs() < 1e-12, "{options:?}");
            // The same by forward mode: weights that sum to one leave a constant as it is.
            let along = jvp(&x, &x.ones_like(), resized).1.to_vec::<f64>();
            assert!(along.iter().all(|along| (along - 1.0).abs() < 1e-14), "{options:?}");
        }
    }
    // Doubled bilinearly, a corner has all of its own place, 3/4 of the next and 1/4 of the one after, in each direction.
    let corner = gradient(&x, |x| x.interpolate(&Interpolate::to_size([6, 8]).mode(Interpolation::Linear)))[0];
    assert_eq!(corner, 2.0 * 2.0);
    assert_eq!(gradient(&x.narrow(1, 0, 1), |x| x.interpolate(&Interpolate::to_size([3, 4]))), [1.0; 12]);
}

/// Row 35. A padding row is read, and stays as it is in both modes, at every order.
#[test]
fn a_padding_row_has_no_derivative() {
    let table = Tensor::from([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    let indices = Tensor::from([[1i64, 0], [1, 2]]);
    let look_up = |table: &Tensor| table.embedding(&indices, Some(1));
    assert_eq!(look_up(&table).to_vec::<f64>(), [3.0, 4.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(gradient(&table, look_up), [1.0, 1.0, 0.0, 0.0, 1.0, 1.0]);
    let along = jvp(&table, &table.ones_like(), look_up).1.to_vec::<f64>();
    assert_eq!(along, [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0]);
    let curvature = gradient(&table, |table| grad(table, |table| (look_up(table).square() * look_up(table)).sum(..)));
    assert_eq!(curvature, [6.0, 12.0, 0.0, 0.0, 30.0, 36.0]);
    // Also where what does not pass is infinite.
    let zeros = table.zeros_like();
    let slopes = grad(&zeros, |table| table.embedding(&Tensor::from([1i64]), Some(1)).sqrt().sum(..));
    assert_eq!(slopes.to_vec::<f64>(), [0.0; 6]);
}

/// Row 36. Dropout of nothing is the identity, dropout of all is zero; neither multiplies an infinity by zero.
#[test]
fn dropout_has_its_two_ends() {
    let x = Tensor::from([[1.0, f64::INFINITY], [-2.0, 0.0]]);
    type Dropout = fn(&Tensor, f64, &mut Rng) -> Tensor;
    for dropout in [Tensor::dropout as Dropout, Tensor::feature_dropout, Tensor::alpha_dropout] {
        let of = |x: &Tensor, p: f64| dropout(x, p, &mut Rng::seed(3));
        assert_eq!(of(&x, 0.0).to_vec::<f64>(), x.to_vec::<f64>());
        assert_eq!(gradient(&x, |x| of(x, 0.0)), [1.0; 4]);
        assert_eq!(of(&x, 1.0).to_vec::<f64>(), [0.0; 4]);
        assert_eq!(gradient(&x, |x| of(x, 1.0)), [0.0; 4]);
        // In between each element is kept whole, or passes nothing.
        assert!(of(&x, 0.5).to_vec::<f64>().iter().all(|y| !y.is_nan()));
        let slopes = gradient(&x, |x| of(x, 0.5));
        let kept = slopes.iter().copied().fold(0.0, f64::max);
        assert!(slopes.iter().all(|&slope| slope == 0.0 || slope == kept), "{slopes:?}");
    }
}

/// Row 37. A checkpointed segment draws the same mask when it runs again.
#[test]
fn a_checkpoint_repeats_its_dropout() {
    let x = Rng::seed(1).normal([40], DType::F64);
    let rng = Rng::seed(9);
    let segment = move |x: &Tensor| x.dropout(0.5, &mut rng.clone()).square();
    let plain = grad(&x, |x| segment(x).sum(..)).to_vec::<f64>();
    let again = segment.clone();
    let recomputed = grad(&x, |x| checkpoint(x, again.clone()).sum(..)).to_vec::<f64>();
    assert_eq!(recomputed, plain);
    let kept = plain.iter().filter(|&&slope| slope != 0.0).count();
    assert!((1..40).contains(&kept), "{kept}");
    // Attention with dropout as well.
    let (rng, x) = (Rng::seed(9), Rng::seed(2).normal([4, 3], DType::F64));
    let attend = move |x: &Tensor| {
        let mut rng = rng.clone();
        x.scaled_dot_product_attention(x, x, Attention::new().dropout(0.5, &mut rng))
    };
    let plain = grad(&x, |x| attend(x).square().sum(..)).to_vec::<f64>();
    let again = attend.clone();
    assert_eq!(grad(&x, |x| checkpoint(x, again.clone()).square().sum(..)).to_vec::<f64>(), plain);
}

/// The kind of row 11: vectors that vanish have a finite gradient, zero where it is a length's.
#[test]
fn vectors_of_length_zero_have_finite_gradients() {
    let (zeros, y) = (Tensor::zeros([1, 2], DType::F64), Tensor::from([[3.0, 4.0]]));
    for p in [0.5, 1.0, 2.0, 3.0, f64::INFINITY] {
        assert_eq!(
            gradient(&zeros, |x| x.pairwise_distance(&Tensor::zeros([1, 2], DType::F64), p, 0.0)),
            [0.0; 2],
            "{p}"
        );
        assert_eq!(gradient(&zeros, |x| x.normalize(p, 1, 0.25)), [4.0; 2], "{p}");
    }
    assert_eq!(gradient(&zeros, |x| x.cosine_similarity(&y, 1, 0.5)), [1.2, 1.6]);
    assert_eq!(gradient(&y, |y| zeros.cosine_similarity(y, 1, 0.5)), [0.0; 2]);
    // An element that is zero beside others.
    assert_eq!(gradient(&Tensor::from([[0.0, 4.0]]), |x| x.pairwise_distance(&zeros, 0.5, 0.0)), [0.0, 1.0]);
    let second = |x: &Tensor| grad(x, |x| grad(x, |x| x.normalize(2.0, 1, 0.25).square().sum(..)).sum(..));
    assert!(second(&zeros).to_vec::<f64>().iter().all(|x| x.is_finite()));
}

/// The kind of row 10: what lies outside of an image passes nothing back, whatever the place.
#[test]
fn places_outside_of_an_image_pass_nothing_back() {
    let image = Tensor::from([[1.0, 2.0], [3.0, 5.0]]).reshape([1, 1, 2, 2]);
    for mode in [Interpolation::Nearest, Interpolation::Linear, Interpolation::Cubic] {
        for padding in [GridPadding::Zeros, GridPadding::Border, GridPadding::Reflection] {
            let options = GridSample::new().mode(mode).padding(padding);
            let far = Tensor::from([1e300, f64::INFINITY]).reshape([1, 1, 1, 2]);
            let slopes = gradient(&far, |grid| image.grid_sample(grid, options));
            assert!(slopes.iter().all(|slope| slope.is_finite()), "{mode:?}, {padding:?}: {slopes:?}");
            if padding == GridPadding::Zeros {
                assert_eq!(gradient(&image, |image| image.grid_sample(&far, options)), [0.0; 4]);
            }
        }
    }
    // Held at the border, also exactly there.
    let edge = Tensor::from([0.5, 0.9]).reshape([1, 1, 1, 2]);
    let held = GridSample::new().padding(GridPadding::Border);
    assert_eq!(gradient(&edge, |grid| image.grid_sample(grid, held)), [0.0; 2]);
}
