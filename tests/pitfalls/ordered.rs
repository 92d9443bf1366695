//! Products, scans, norms and sorting: zeros inside products, the zero vector, ties, NaN, infinities, nothing.

use crate::{
    extremes::{assert_results_or_refusals, functions},
    forward, gradient, reverse,
};
use cotangent::{DType, Element, Tensor, apply, check, grad, hessian, ops::CumProd};

const INF: f64 = f64::INFINITY;
const NAN: f64 = f64::NAN;

fn reversed_product(x: &Tensor) -> Tensor {
    apply(&CumProd::new(0, true), &[x]).into_single()
}

/// Row 8. The derivative by a factor is the product of the others, which divides by nothing.
#[test]
fn a_product_with_a_zero_has_a_gradient() {
    assert_eq!(gradient(&Tensor::from([2.0, 0.0, 3.0, 4.0]), |x| x.prod(..)), [0.0, 24.0, 0.0, 0.0]);
    assert_eq!(gradient(&Tensor::from([2.0, 0.0, 0.0, 4.0]), |x| x.prod(0)), [0.0; 4]);
    let rows = Tensor::from([[2.0, 0.0], [3.0, 5.0]]);
    assert_eq!(gradient(&rows, |x| x.prod(1)), [0.0, 2.0, 5.0, 3.0]);
    assert_eq!(gradient(&rows, |x| x.prod_keepdims([1, 0])), [0.0, 30.0, 0.0, 0.0]);
}

/// Row 9. The same for each beginning of a row.
#[test]
fn running_products_with_a_zero_have_a_gradient() {
    assert_eq!(gradient(&Tensor::from([2.0, 0.0, 3.0, 4.0]), |x| x.cumprod(0)), [1.0, 32.0, 0.0, 0.0]);
    assert_eq!(gradient(&Tensor::from([2.0, 0.0, 0.0, 4.0]), |x| x.cumprod(0)), [1.0, 2.0, 0.0, 0.0]);
    assert_eq!(gradient(&Tensor::from([0.0, 2.0, 3.0]), |x| x.cumprod(-1)), [9.0, 0.0, 0.0]);
    assert_eq!(gradient(&Tensor::from([4.0, 3.0, 0.0, 2.0]), reversed_product), [0.0, 0.0, 32.0, 1.0]);
}

/// Rows 8 and 9, one order up: a zero is where a rule that is exact at first order still divides at the second.
#[test]
fn products_with_zeros_have_derivatives_of_every_order() {
    // With one zero, two, three, none.
    for values in [[2.0, 0.0, 3.0, 4.0], [0.0, 5.0, 0.0, 4.0], [0.0, 0.0, 3.0, 0.0], [2.0, 5.0, 3.0, 4.0]] {
        let x = Tensor::from(values);
        let product_without = |left_out: &[usize]| -> f64 {
            values.iter().enumerate().filter(|(i, _)| !left_out.contains(i)).map(|(_, x)| x).product()
        };
        let second: Vec<f64> =
            (0..16).map(|at| if at / 4 == at % 4 { 0.0 } else { product_without(&[at / 4, at % 4]) }).collect();
        assert_eq!(hessian(&x, |x| x.prod(..)).to_vec::<f64>(), second, "{values:?}");
        // The last running product is the product.
        let last = |x: &Tensor| x.cumprod(0).narrow(0, 3, 1).sum(..);
        assert_eq!(hessian(&x, last).to_vec::<f64>(), second, "{values:?}");
        let first = |x: &Tensor| reversed_product(x).narrow(0, 0, 1).sum(..);
        assert_eq!(hessian(&x, first).to_vec::<f64>(), second, "{values:?}");
        // d³/dx0 dx1 dx2
        let slope = |x: &Tensor, i: usize, f: &dyn Fn(&Tensor) -> Tensor| grad(x, f).narrow(0, i, 1).sum(..);
        for f in [|x: &Tensor| x.prod(..), last] {
            let third = grad(&x, |x| slope(x, 1, &|x| slope(x, 0, &f))).to_vec::<f64>();
            assert_eq!(third, [0.0, 0.0, values[3], values[2]], "{values:?}");
        }
        // With the sum of the factors, so that something is left where several are zero.
        let squares = |f: fn(&Tensor) -> Tensor| move |x: &Tensor| (f(x) + x.sum(..)).square().sum(..);
        for f in [|x: &Tensor| x.prod(..), |x: &Tensor| x.cumprod(0), |x: &Tensor| x.reshape([2, 2]).prod([1, 0])] {
            check::gradients(squares(f)).at(&x).assert_pass();
        }
        check::gradients(squares(|x| x.linear_recurrence(x, 0))).at(&x).assert_pass();
    }
}

/// Row 11. At the zero vector a norm has no derivative; of its subgradients the least is zero, at every order and in every mode.
#[test]
fn a_norm_has_slope_zero_at_the_zero_vector() {
    let zero = Tensor::zeros([3], DType::F64);
    for order in [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, INF, -INF, -1.0] {
        let norm = |x: &Tensor| x.vector_norm(order, ..);
        assert_eq!(norm(&zero).item::<f64>(), 0.0);
        assert_eq!(gradient(&zero, norm), [0.0; 3], "order {order}");
        assert_eq!(gradient(&zero, |x| reverse(x, norm)), [0.0; 3], "order {order}, second");
        assert_eq!(gradient(&zero, |x| forward(x, norm)), [0.0; 3], "order {order}, second");
        // One zero beside others.
        let mixed = Tensor::from([[0.0, 0.0], [3.0, 0.0]]);
        let slopes = gradient(&mixed, |x| x.vector_norm(order, 1));
        assert!(slopes.iter().all(|slope| slope.is_finite()), "order {order}: {slopes:?}");
    }
    assert_eq!(gradient(&Tensor::from([2.0, -2.0, 1.0]), |x| x.vector_norm(INF, ..)), [0.5, -0.5, 0.0]);
    // 4-th derivative of x⁴/.. is not cut off by a select: the norm of order 4 of (x, 1) is (x⁴ + 1)^(1/4).
    let quartic = |x: &Tensor| Tensor::concat([x, &x.ones_like()], 0).vector_norm(4, ..);
    let fourth = |x: &Tensor| grad(x, |x| grad(x, |x| grad(x, |x| grad(x, quartic).sum(..)).sum(..)).sum(..));
    assert_eq!(fourth(&Tensor::from([0.0])).to_vec::<f64>(), [6.0]);
}

/// Row 12. The spread of equal elements is at its least: slope zero, where the root's own is infinite.
#[test]
fn the_standard_deviation_of_a_constant_has_gradient_zero() {
    for x in [Tensor::from([2.5, 2.5, 2.5]), Tensor::from([[0.0], [0.0]])] {
        for correction in [0.0, 1.0, 0.5] {
            assert_eq!(x.std(.., correction).item::<f64>(), 0.0);
            let forms: [fn(&Tensor, f64) -> Tensor; 3] =
                [|x, c| x.std(.., c), |x, c| x.std_keepdims(.., c), |x, c| x.std_mean(.., c).0];
            for f in forms {
                assert!(gradient(&x, |x| f(x, correction)).iter().all(|&slope| slope == 0.0));
                assert!(gradient(&x, |x| reverse(x, |x| f(x, correction).sum(..))).iter().all(|&slope| slope == 0.0));
            }
        }
    }
    // One constant row does not disturb the other.
    let rows = Tensor::from([[1.0, 1.0], [1.0, 3.0]]);
    assert_eq!(gradient(&rows, |x| x.std(1, 0)), [0.0, 0.0, -0.5, 0.5]);
    let single = Tensor::from([2.5]);
    assert_eq!((single.std(.., 0).item::<f64>(), gradient(&single, |x| x.std(.., 0))), (0.0, vec![0.0]));
    assert!(single.std(.., 1).item::<f64>().is_nan() && single.var_mean(.., 1).0.item::<f64>().is_nan());
    // A negative correction is one degree of freedom more.
    assert_eq!(Tensor::from([1.0, 3.0]).var(.., -2).item::<f64>(), 0.5);
}

/// The kind of row 17 where indices are returned too: the element that was picked gets all.
#[test]
fn what_was_picked_among_equals_gets_the_whole_gradient() {
    let x = Tensor::from([1.0, 3.0, 3.0, 1.0]);
    assert_eq!(gradient(&x, |x| x.max_with_indices(0).0), [0.0, 1.0, 0.0, 0.0]);
    assert_eq!(gradient(&x, |x| x.min_with_indices(0).0), [1.0, 0.0, 0.0, 0.0]);
    assert_eq!(gradient(&x, |x| x.cummax(0).0), [1.0, 1.0, 2.0, 0.0]);
    assert_eq!(gradient(&x, |x| x.cummin(0).0), [3.0, 0.0, 0.0, 1.0]);
    assert_eq!(gradient(&x, |x| x.topk(1, 0).0), [0.0, 1.0, 0.0, 0.0]);
    assert_eq!(gradient(&x, |x| x.sort(0).0 * Tensor::from([1.0, 2.0, 3.0, 4.0])), [1.0, 3.0, 4.0, 2.0]);
    assert_eq!(gradient(&x, |x| x.kthvalue(2, 0).0), [0.0, 0.0, 0.0, 1.0]);
    assert_eq!(gradient(&x, |x| x.median_with_indices(0).0), [0.0, 0.0, 0.0, 1.0]);
    // Of all elements, they share.
    assert_eq!(gradient(&x, |x| x.median(..)), [0.5, 0.0, 0.0, 0.5]);
    assert_eq!(gradient(&x, |x| x.quantile(0.5, ..)), [0.0, 0.5, 0.0, 0.5]);
    // Indices are constants, and go through other operations as such.
    assert_eq!(gradient(&x, |x| x.argsort(0).cast(DType::F64) * x), [0.0, 3.0, 1.0, 2.0]);
}

/// Running log sums before the first finite element and behind an infinite one: no difference of infinities.
#[test]
fn running_log_sums_have_gradients_beside_infinities() {
    let close = |found: Vec<f64>, expected: &[f64]| {
        let same = |(&a, &b): (&f64, &f64)| (a - b).abs() < 1e-14 || (a.is_nan() && b.is_nan());
        assert!(found.iter().zip(expected).all(same), "{found:?} is not {expected:?}");
    };
    let share = 1.0 / (1.0 + 1.0f64.exp());
    let x = Tensor::from([-INF, -INF, 1.0, 2.0]);
    close(gradient(&x, |x| x.logcumsumexp(0)), &[0.0, 0.0, 1.0 + share, 1.0 - share]);
    let curvature = share * (1.0 - share);
    let second = hessian(&x, |x| x.logcumsumexp(0).sum(..)).to_vec::<f64>();
    close(second[..10].to_vec(), &[0.0; 10]);
    close(second[10..12].to_vec(), &[curvature, -curvature]);
    close(second[14..].to_vec(), &[-curvature, curvature]);
    close(gradient(&Tensor::from([-INF, -INF]), |x| x.logcumsumexp(0)), &[0.0, 0.0]);
    // PyTorch's [1, NaN, 0]. (A tangent meets the NaN in every direction.)
    let infinite = Tensor::from([1.0, INF, 2.0]);
    close(grad(&infinite, |x| x.logcumsumexp(0).sum(..)).to_vec(), &[1.0, NAN, 0.0]);
    // Far apart: a product of exponentials would overflow on the way.
    close(gradient(&Tensor::from([-1000.0, 1000.0, -1000.0]), |x| x.logcumsumexp(0)), &[1.0, 2.0, 0.0]);
}

/// What is left out is left out of the gradient too.
#[test]
fn nan_that_is_left_out_has_gradient_zero() {
    let x = Tensor::from([1.0, NAN, 3.0, 5.0]);
    assert_eq!(gradient(&x, |x| x.nansum(..)), [1.0, 0.0, 1.0, 1.0]);
    let third = 1.0 / 3.0;
    assert_eq!(gradient(&x, |x| x.nanmean(..)), [third, 0.0, third, third]);
    assert_eq!(gradient(&x, |x| x.nanmedian(..)), [0.0, 0.0, 1.0, 0.0]);
    assert_eq!(gradient(&x, |x| x.nanmedian_with_indices(0).0), [0.0, 0.0, 1.0, 0.0]);
    assert_eq!(gradient(&x, |x| x.nanquantile(0.25, 0)), [0.5, 0.0, 0.5, 0.0]);
    assert!(gradient(&x, |x| x.median(..)).iter().all(|slope| slope.is_nan()));
    // An infinite neighbour, of which the quantile takes nothing, does not turn the others into NaN.
    let infinite = Tensor::from([1.0, INF, 3.0]);
    assert_eq!(gradient(&infinite, |x| x.quantile(0.5, 0)), [0.0, 0.0, 1.0]);
    assert_eq!(gradient(&infinite, |x| x.quantile(0.75, 0)), [0.0, 0.5, 0.5]);
}

/// Row 25. Nothing to scan, to sort, to multiply: a result, or a refusal by name.
#[test]
fn scans_and_sorts_of_nothing_never_crash() {
    assert_results_or_refusals(&functions![
        |x| x.prod(..),
        |x| x.prod(0),
        |x| x.prod_keepdims(-1),
        |x| x.std(.., 0),
        |x| x.std_keepdims(0, 1),
        |x| x.var_mean(-1, 1).0,
        |x| x.std_mean(.., 1).1,
        |x| x.nansum(..),
        |x| x.nansum_keepdims(-1),
        |x| x.nanmean(0),
        |x| x.nanmean_keepdims(..),
        |x| x.all(..),
        |x| x.all_keepdims(0),
        |x| x.any(-1),
        |x| x.count_nonzero(0),
        |x| x.vector_norm(0, ..),
        |x| x.vector_norm(1, 0),
        |x| x.vector_norm(2, ..),
        |x| x.vector_norm(2, -1),
        |x| x.vector_norm_keepdims(3, 0),
        |x| x.vector_norm(-1, -1),
        |x| x.vector_norm(f64::INFINITY, ..),
        |x| x.vector_norm(f64::NEG_INFINITY, 0),
        |x| x.cumsum(0),
        |x| x.cumsum(-1),
        |x| x.cumprod(0),
        |x| x.cumprod(-1),
        |x| x.logcumsumexp(0),
        |x| x.logcumsumexp(-1),
        |x| x.linear_recurrence(x, 0),
        |x| x.linear_recurrence(x, -1),
        |x| x.cummax(0).0,
        |x| x.cummin(-1).0,
        |x| x.max_with_indices(0).0,
        |x| x.min_with_indices_keepdims(-1).0,
        |x| x.sort(0).0,
        |x| x.sort_descending(-1).0,
        |x| x.argsort(0),
        |x| x.argsort_descending(-1),
        |x| x.topk(0, 0).0,
        |x| x.topk(1, -1).0,
        |x| x.topk_smallest(1, 0).0,
        |x| x.kthvalue(1, 0).0,
        |x| x.kthvalue_keepdims(1, -1).0,
        |x| x.median(..),
        |x| x.median_keepdims(0),
        |x| x.nanmedian(-1),
        |x| x.median_with_indices(0).0,
        |x| x.nanmedian_with_indices(-1).0,
        |x| x.quantile(0.5, ..),
        |x| x.quantile([0.1, 0.2], 0),
        |x| x.nanquantile_keepdims(0.5, -1),
        |x| x.diff(1, 0),
        |x| x.diff(3, -1),
        |x| x.searchsorted(x),
        |x| x.searchsorted_right(x),
        |x| x.histc(3, 0.0, 1.0),
        |x| x.cast(DType::I64).bincount(2),
    ]);
}

/// Row 38. NaN in every place of rows of many lengths.
fn nan_comes_through_in_every_place<T: Element + Into<f64>>(number: fn(f64) -> T) {
    for len in 1..=40usize {
        let values: Vec<f64> = (0..len).map(|i| (i * 5 % 9) as f64 - 4.0).collect();
        for place in 0..len {
            let with_nan = |i: usize| number(if i == place { NAN } else { values[i] });
            let x = Tensor::from((0..len).map(with_nan).collect::<Vec<T>>());
            let numbers = |y: &Tensor| -> Vec<f64> { y.to_vec::<T>().into_iter().map(Into::into).collect() };
            let context = format!("{len} elements with NaN at {place}");
            for (name, y) in [
                ("cumsum", x.cumsum(0)),
                ("cumprod", x.cumprod(0)),
                ("logcumsumexp", x.logcumsumexp(0)),
                ("cummax", x.cummax(0).0),
                ("cummin", x.cummin(0).0),
                ("linear_recurrence", x.linear_recurrence(&x.ones_like(), 0)),
            ] {
                let wrong = numbers(&y).iter().enumerate().any(|(i, y)| y.is_nan() != (i >= place));
                assert!(!wrong, "{name} of {context}: {y:?}");
            }
            for (name, y) in [
                ("prod", x.prod(..)),
                ("std", x.std(.., 0)),
                ("norm", x.vector_norm(2, ..)),
                ("norm of order 3", x.vector_norm(3, ..)),
                ("greatest", x.vector_norm(INF, ..)),
                ("median", x.median(..)),
                ("quantile", x.quantile(0.3, ..)),
                ("max_with_indices", x.max_with_indices(0).0),
            ] {
                assert!(numbers(&y)[0].is_nan(), "{name} of {context}: {y:?}");
            }
            let mut others: Vec<f64> = (0..len).filter(|&i| i != place).map(|i| values[i]).collect();
            assert_eq!(numbers(&x.nansum(..)), [others.iter().sum::<f64>()], "nansum of {context}");
            others.sort_by(f64::total_cmp);
            let (sorted, places) = x.sort(0);
            assert_eq!(numbers(&sorted)[..len - 1], others[..], "sort of {context}");
            assert_eq!(places.to_vec::<i64>()[len - 1], place as i64, "sort of {context}");
            assert_eq!(x.topk(1, 0).1.to_vec::<i64>(), [place as i64], "topk of {context}");
            if len > 1 {
                assert_eq!(numbers(&x.nanmedian(..)), [others[(len - 2) / 2]], "nanmedian of {context}");
                assert_eq!(numbers(&x.nanquantile(1.0, ..)), [others[len - 2]], "nanquantile of {context}");
            }
            let zeros = values.iter().enumerate().filter(|&(i, &x)| i != place && x == 0.0).count();
            assert_eq!(x.count_nonzero(..).item::<i64>(), (len - zeros) as i64, "count_nonzero of {context}");
            assert!(x.any(..).item::<bool>() && x.all(..).item::<bool>() == (zeros == 0), "any and all of {context}");
        }
    }
}

#[test]
fn nan_comes_through_scans_and_sorts_of_f32_and_f64() {
    nan_comes_through_in_every_place::<f32>(|x| x as f32);
    nan_comes_through_in_every_place::<f64>(|x| x);
}
