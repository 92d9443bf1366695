//! Products and linear algebra: where a formula divides by what may be zero, and where axes are named.

use crate::gradient;
use cotangent::{DType, Rng, Tensor, grad, hvp, jvp, ops::MatrixNorm, vjp};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Row 3. A determinant is a polynomial: its derivatives exist at singular matrices as anywhere.
#[test]
fn the_second_derivative_of_a_determinant_is_right_where_it_vanishes() {
    // det [[t + 2, 1], [1, 2 t + 3]] = 2 t² + 7 t + 5, which is 0 at t = -1 and at t = -5/2.
    let matrix = |t: &Tensor| {
        let ones = Tensor::from([[2.0, 1.0], [1.0, 3.0]]);
        ones + Tensor::from([[1.0, 0.0], [0.0, 2.0]]) * t
    };
    let f = |t: &Tensor| matrix(t).det();
    for t in [-1.0, -2.5, -1.0 + 1e-9, 0.0, 0.7, 3.0] {
        let x = Tensor::from(t);
        let slope = grad(&x, f).item::<f64>();
        assert!((slope - (4.0 * t + 7.0)).abs() < 1e-14, "f' at {t} is {slope}");
        let slope = |x: &Tensor| grad(x, f);
        assert_eq!(grad(&x, slope).item::<f64>(), 4.0, "reverse over reverse at {t}");
        assert_eq!(jvp(&x, &x.ones_like(), slope).1.item::<f64>(), 4.0, "forward over reverse at {t}");
        let tangent = |x: &Tensor| jvp(x, &x.ones_like(), f).1;
        assert_eq!(grad(&x, tangent).item::<f64>(), 4.0, "reverse over forward at {t}");
        assert_eq!(jvp(&x, &x.ones_like(), tangent).1.item::<f64>(), 4.0, "forward over forward at {t}");
    }
}

/// The same for larger matrices, which need more than a formula for 2 x 2: of every rank, against the polynomial.
#[test]
fn derivatives_of_a_determinant_exist_at_every_rank() {
    let mut rng = Rng::seed(4);
    let (u, v) = (rng.normal([5, 5], DType::F64).qr().0, rng.normal([5, 5], DType::F64).qr().0);
    let sign = (u.det() * v.det()).item::<f64>().round();
    // det(U diag(s + t) Vᵀ) = ± Π (s_i + t)
    for (s, derivatives) in [
        ([1.0, 2.0, 3.0, 4.0, 0.0], [24.0, 100.0, 210.0]),
        ([1.0, 2.0, 3.0, 0.0, 0.0], [0.0, 12.0, 66.0]),
        ([1.0, 2.0, 0.0, 0.0, 0.0], [0.0, 0.0, 12.0]),
        ([0.0; 5], [0.0, 0.0, 0.0]),
        ([1.0, 2.0, 3.0, 4.0, 1e-9], [24.0 + 100e-9, 100.0 + 210e-9, 210.0]),
    ] {
        let f = |t: &Tensor| (&u * (Tensor::from(s) + t)).matmul(&v.transpose(0, 1)).det();
        let first = |t: &Tensor| grad(t, f);
        let second = |t: &Tensor| grad(t, first);
        let zero = Tensor::from(0.0);
        for (order, (found, expected)) in
            [first(&zero), second(&zero), grad(&zero, second)].iter().zip(derivatives).enumerate()
        {
            let error = (found.item::<f64>() - sign * expected).abs();
            // Rounding of sums of a few hundred terms of up to 200; the third of 1e-9 leaves 24e-9 of the next order away.
            assert!(
                error < 1e-10 + 3e-7 * f64::from(u8::from(s[4] == 1e-9)),
                "{s:?}, order {}: off by {error:e}",
                order + 1
            );
        }
    }
}

/// The gradient of a determinant at rank n - 1 is the adjugate's transpose; at lower ranks it is zero.
#[test]
fn the_gradient_of_a_determinant_is_the_matrix_of_cofactors() {
    let x = Tensor::from([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]);
    let expected = [-3.0, 6.0, -3.0, 6.0, -12.0, 6.0, -3.0, 6.0, -3.0];
    for (found, expected) in grad(&x, |x| x.det()).to_vec::<f64>().iter().zip(expected) {
        // Products of elements up to 9, in rotated axes.
        assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
    }
    let zeros = grad(&Tensor::zeros([3, 3], DType::F64), |x| x.det());
    assert_eq!(zeros.to_vec::<f64>(), [0.0; 9]);
    // A batch: regular, singular, regular.
    let batch = Tensor::stack([Tensor::eye(3, DType::F64), x, Tensor::eye(3, DType::F64) * 2], 0);
    let gradients = grad(&batch, |x| x.det().sum(..)).to_vec::<f64>();
    assert_eq!(gradients[..9], [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
    assert!(gradients[9..18].iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-12));
    assert_eq!(gradients[18..], [4.0, 0.0, 0.0, 0.0, 4.0, 0.0, 0.0, 0.0, 4.0]);
}

/// Row 39. Values and gradients of six expressions.
#[test]
fn einsum_names_axes() {
    let (a, b) = (Tensor::from([[1.0, 2.0], [3.0, 4.0]]), Tensor::from([[5.0, 6.0], [7.0, 8.0]]));
    let weights = Tensor::from([[1.0, -1.0], [2.0, 0.5]]);
    let both = |expression: &str, a: &Tensor, b: &Tensor, c: &Tensor| {
        let (y, pullback) = vjp(&(a.clone(), b.clone()), |(a, b)| Tensor::einsum(expression, [a, b]));
        let (a_bar, b_bar) = pullback.pull_once(c);
        [y, a_bar, b_bar].map(|x| x.to_vec::<f64>())
    };
    let [y, a_bar, b_bar] = both("ij,jk->ik", &a, &b, &weights);
    assert_eq!(y, [19.0, 22.0, 43.0, 50.0]);
    assert_eq!(a_bar, weights.matmul(&b.transpose(0, 1)).to_vec::<f64>());
    assert_eq!(b_bar, a.transpose(0, 1).matmul(&weights).to_vec::<f64>());

    let twice = |x: &Tensor| Tensor::stack([x, &(x * 10)], 0);
    let [y, a_bar, b_bar] = both("bij,bjk->bik", &twice(&a), &twice(&b), &twice(&weights));
    assert_eq!(y, [19.0, 22.0, 43.0, 50.0, 1900.0, 2200.0, 4300.0, 5000.0]);
    assert_eq!(a_bar, twice(&weights).matmul(&twice(&b).transpose(1, 2)).to_vec::<f64>());
    assert_eq!(b_bar, twice(&a).transpose(1, 2).matmul(&twice(&weights)).to_vec::<f64>());

    let one = |expression: &str, c: &Tensor| {
        let (y, pullback) = vjp(&a, |a| Tensor::einsum(expression, [a]));
        [y, pullback.pull_once(c)].map(|x| x.to_vec::<f64>())
    };
    assert_eq!(one("ii->i", &Tensor::from([3.0, 5.0])), [vec![1.0, 4.0], vec![3.0, 0.0, 0.0, 5.0]]);
    assert_eq!(one("ii->", &Tensor::from(3.0)), [vec![5.0], vec![3.0, 0.0, 0.0, 3.0]]);
    assert_eq!(one("...ij->...ji", &weights), [vec![1.0, 3.0, 2.0, 4.0], vec![1.0, 2.0, -1.0, 0.5]]);

    let [y, a_bar, b_bar] = both("i,j->ij", &Tensor::from([1.0, 2.0]), &Tensor::from([3.0, 4.0]), &weights);
    assert_eq!([y, a_bar, b_bar], [vec![3.0, 4.0, 6.0, 8.0], vec![-1.0, 8.0], vec![5.0, 0.0]]);
}

/// The kind of row 11: a distance of coincident points has the subgradient of least norm, in every norm and at second order.
#[test]
fn the_distance_of_coincident_points_has_gradient_zero() {
    let x = Tensor::from([[1.0, 2.0], [3.0, -1.0]]);
    for p in [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, f64::INFINITY] {
        let f = |x: &Tensor| x.narrow(0, 0, 1).cdist(&Tensor::from([[1.0, 2.0]]), p);
        assert_eq!(gradient(&x, f), [0.0; 4], "p = {p}");
        let curvature = hvp(&x, &x.ones_like(), |x| f(x).sum(..));
        assert_eq!(curvature.to_vec::<f64>(), [0.0; 4], "p = {p}");
    }
    // One coordinate agrees, the other does not.
    for p in [1.0, 1.5, 2.0, 3.0, f64::INFINITY] {
        let slopes = gradient(&Tensor::from([[1.0, 5.0]]), |x| x.cdist(&Tensor::from([[1.0, 2.0]]), p));
        assert!(slopes[0] == 0.0 && (slopes[1] - 1.0).abs() < 1e-15, "p = {p}: {slopes:?}");
    }
    assert_eq!(gradient(&Tensor::zeros([2, 2], DType::F64), |x| x.matrix_norm(MatrixNorm::Frobenius)), [0.0; 4]);
}

/// What depends on eigenvalues or singular values alone has its derivative where they are equal.
#[test]
fn equal_eigenvalues_and_singular_values_leave_derivatives_finite() {
    let x = Tensor::eye(3, DType::F64) * 2;
    let expected = (Tensor::eye(3, DType::F64) * 3 * 4).to_vec::<f64>();
    // Σ w³ = tr A³, whose gradient is 3 A².
    let close = |found: &Tensor, expected: &[f64]| {
        found.to_vec::<f64>().iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-13)
    };
    assert!(close(&grad(&x, |x| x.eigvalsh().powf(3).sum(..)), &expected));
    assert!(close(&grad(&x, |x| x.svdvals().powf(3).sum(..)), &expected));
    // The nuclear norm near the identity: tr A up to second order, where its Hessian is (v - vᵀ)'s.
    assert!(close(&grad(&x, |x| x.matrix_norm(MatrixNorm::Nuclear)), &Tensor::eye(3, DType::F64).to_vec::<f64>()));
    let v = Tensor::from([[0.0, 1.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]);
    let curvature = hvp(&x, &v, |x| x.matrix_norm(MatrixNorm::Nuclear));
    assert!(close(&curvature, &[0.0, 0.25, 0.0, -0.25, 0.0, 0.0, 0.0, 0.0, 0.0]), "{curvature:?}");
    // The nearest orthogonal matrix, U Vᵀ, is smooth at equal singular values.
    let polar = |x: &Tensor| {
        let (u, _, vt) = x.svd();
        u.matmul(&vt)
    };
    let (_, turning) = jvp(&x, &v, polar);
    assert!(close(&turning, &[0.0, 0.25, 0.0, -0.25, 0.0, 0.0, 0.0, 0.0, 0.0]), "{turning:?}");
}

/// The kind of row 25: matrices without rows, without columns, and no matrices at all.
#[test]
fn empty_matrices_have_empty_results() {
    for shape in [vec![0, 0], vec![2, 0, 0], vec![0, 3, 3]] {
        let x = Tensor::zeros(&shape[..], DType::F64);
        let unary: [fn(&Tensor) -> Tensor; 11] = [
            |x| x.inv(),
            |x| x.det(),
            |x| x.slogdet().1,
            |x| x.cholesky(),
            |x| x.qr().0,
            |x| x.eigh().1,
            |x| x.svd().0,
            |x| x.pinv(),
            |x| x.matrix_exp(),
            |x| x.matrix_power(-3),
            |x| x.solve(x),
        ];
        for (i, f) in unary.iter().enumerate() {
            let gradient = grad(&x, |x| f(x).sum(..));
            assert_eq!(gradient.shape()[..], shape[..], "function {i}");
        }
        assert_eq!(x.det().to_vec::<f64>(), vec![1.0; if shape == [0, 3, 3] { 0 } else { x.det().numel() }]);
    }
    let wide = Tensor::zeros([0, 4], DType::F64);
    assert_eq!(wide.pinv().shape()[..], [4, 0]);
    assert_eq!(wide.matrix_rank().item::<i64>(), 0);
    assert_eq!(wide.lstsq(&Tensor::zeros([0, 2], DType::F64)).to_vec::<f64>(), [0.0; 8]);
    assert_eq!(grad(&wide, |x| x.matrix_norm(MatrixNorm::Nuclear)).shape()[..], [0, 4]);
}

/// The kind of row 34: a derivative that does not exist is refused by name, and not given as some number.
#[test]
fn a_derivative_that_does_not_exist_is_refused() {
    let message = |f: &dyn Fn() -> Tensor| {
        let panic = catch_unwind(AssertUnwindSafe(f)).expect_err("a refusal");
        panic.downcast_ref::<String>().expect("a message").clone()
    };
    let ones = Tensor::ones([2, 2], DType::F64);
    assert_eq!(
        message(&|| grad(&ones, |x| x.slogdet().1)),
        "slogdet: the logarithm of a determinant that is zero has no derivative; got f64[2, 2]"
    );
    // Its sign has one, which is zero.
    assert_eq!(grad(&Tensor::eye(2, DType::F64), |x| x.slogdet().0).to_vec::<f64>(), [0.0; 4]);
    assert_eq!(
        message(&|| grad(&Tensor::ones([3, 2], DType::F64), |x| x.qr_complete().1.sum(..))),
        "qr_complete: the last columns of a complete Q are any that fit: they have no derivative; got f64[3, 2]; differentiate \
         qr(), not qr_complete()"
    );
}
