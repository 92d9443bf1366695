use super::{MatrixNorm, Triangular};
use crate::{DType, ErrorKind, Rng, Tensor, ops::Solve, try_apply, with_threads};
use std::panic::{AssertUnwindSafe, catch_unwind};

type Call = fn(&Tensor) -> Tensor;

#[track_caller]
fn assert_close(found: &Tensor, expected: &[f64]) {
    let found = found.cast(DType::F64).to_vec::<f64>();
    assert_eq!(found.len(), expected.len());
    let scale = expected.iter().fold(1.0, |scale: f64, x| scale.max(x.abs()));
    for (i, (x, y)) in found.iter().zip(expected).enumerate() {
        // A few units in the last place of the largest, in two libraries.
        assert!((x - y).abs() <= 2e-14 * scale, "element {i} is {x}, not {y}");
    }
}

#[track_caller]
fn refusal<R>(f: impl FnOnce() -> R) -> String {
    let panic = catch_unwind(AssertUnwindSafe(f)).err().expect("a refusal");
    panic.downcast_ref::<String>().expect("a message").clone()
}

fn symmetric() -> Tensor {
    Tensor::from([[4.0, 1.0, 2.0], [1.0, 3.0, 0.0], [2.0, 0.0, 5.0]])
}

fn tall() -> Tensor {
    Tensor::from([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
}

#[test]
fn values_are_those_of_pytorch() {
    let exp = [
        3.1784378358555023,
        0.6365063816718632,
        1.6238201736405626,
        0.6365063816718632,
        2.1911240438868025,
        0.17540370514841824,
        1.6238201736405626,
        0.17540370514841816,
        3.902646070101574,
    ];
    assert_close(&(symmetric() / 4).matrix_exp(), &exp);
    assert_close(&symmetric().eigvalsh(), &[1.854897308799577, 3.4760236029181337, 6.669079088282288]);
    assert_close(&tall().svdvals(), &[9.525518091565107, 0.5143005806586441]);
    let pinv = [-4.0 / 3.0, -1.0 / 3.0, 2.0 / 3.0, 13.0 / 12.0, 1.0 / 3.0, -5.0 / 12.0];
    assert_close(&tall().pinv(), &pinv);
    let (q, r) = tall().qr();
    let columns = [
        -0.16903085094570325,
        0.8970852271450607,
        -0.50709255283711,
        0.27602622373694136,
        -0.8451542547285166,
        -0.34503277967117696,
    ];
    assert_close(&q, &columns);
    assert_close(&r, &[-5.916079783099615, -7.437357441610946, 0.0, 0.828078671210825]);
    let (q, r) = tall().qr_complete();
    assert_close(&q.narrow(1, 2, 1), &[0.4082482904638627, -0.8164965809277263, 0.40824829046386313]);
    assert_eq!(r.shape()[..], [3, 2]);
}

#[test]
fn norms_are_those_of_pytorch() {
    for (norm, expected) in [
        (MatrixNorm::Frobenius, 9.539392014169456),
        (MatrixNorm::Nuclear, 10.03981867222375),
        (MatrixNorm::Spectral, 9.525518091565107),
        (MatrixNorm::LeastSingular, 0.5143005806586441),
        (MatrixNorm::LargestColumn, 12.0),
        (MatrixNorm::LeastColumn, 9.0),
        (MatrixNorm::LargestRow, 11.0),
        (MatrixNorm::LeastRow, 3.0),
    ] {
        assert_close(&tall().matrix_norm(norm), &[expected]);
        // A batch is its matrices one by one.
        assert_close(&Tensor::stack([tall(), tall() * 2], 0).matrix_norm(norm), &[expected, 2.0 * expected]);
    }
}

#[test]
fn the_exponential_is_right_for_hard_matrices() {
    // Moler and Van Loan's example, whose Taylor series cancels: e^-1 and e^-17 in a skewed basis.
    let skewed = Tensor::from([[-49.0, 24.0], [-64.0, 31.0]]);
    let expected = [-0.7357587581447971, 0.5518190996581323, -1.4715175990883527, 1.1036382407156453];
    for (found, expected) in skewed.matrix_exp().to_vec::<f64>().iter().zip(expected) {
        // The condition of this problem is about 1e3.
        assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
    }
    assert_close(&Tensor::from([[0.0, 1e6], [0.0, 0.0]]).matrix_exp(), &[1.0, 1e6, 0.0, 1.0]);
    assert_close(&(Tensor::eye(2, DType::F64) * -800).matrix_exp(), &[0.0; 4]);
    assert_eq!(Tensor::from([[800.0]]).matrix_exp().item::<f64>(), f64::INFINITY);
    let turn = Tensor::from([[0.0, -1.0], [1.0, 0.0]]) * 100.0;
    let (sin, cos) = 100f64.sin_cos();
    for (found, expected) in turn.matrix_exp().to_vec::<f64>().iter().zip([cos, -sin, sin, cos]) {
        // Five squarings, each of which doubles the relative error.
        assert!((found - expected).abs() < 1e-12, "{found} is not {expected}");
    }
}

#[test]
fn views_are_factored_as_their_copies() {
    let x = Rng::seed(8).normal([2, 4, 3], DType::F64);
    let copied = |x: &Tensor| Tensor::from_vec(x.to_vec::<f64>(), x.shape()).unwrap();
    let views = [x.transpose(-2, -1).flip(1), x.narrow(1, 1, 3), x.narrow(0, 0, 1).expand([2, 4, 3])];
    for view in views {
        let copy = copied(&view);
        let square = |x: &Tensor| x.matmul(&x.transpose(-2, -1)) + Tensor::eye(x.size(-2), DType::F64);
        let of_any: [Call; 4] = [|x| x.pinv(), |x| x.qr().1, |x| x.svdvals(), |x| x.lstsq(&x.narrow(-1, 0, 1))];
        for f in of_any {
            assert_eq!(f(&view).to_vec::<f64>(), f(&copy).to_vec::<f64>());
        }
        let turned = square(&copy).transpose(-2, -1);
        let of_square: [Call; 5] = [|x| x.inv(), |x| x.det(), |x| x.cholesky(), |x| x.eigvalsh(), |x| x.matrix_exp()];
        for f in of_square {
            assert_eq!(f(&turned).to_vec::<f64>(), f(&copied(&turned)).to_vec::<f64>());
        }
    }
}

#[test]
fn systems_broadcast_as_in_pytorch() {
    let mut rng = Rng::seed(9);
    let mut solved = |a: &[usize], b: &[usize]| {
        let a = rng.normal(a, DType::F64) + Tensor::eye(2, DType::F64) * 5;
        let b = rng.normal(b, DType::F64);
        let x = a.solve(&b);
        let is_vector = b.rank() == 1 || b.shape()[..] == a.shape()[..a.rank() - 1];
        let back = if is_vector { a.matmul(&x.unsqueeze(-1)).squeeze(-1) } else { a.matmul(&x) };
        let difference = (back - b).abs();
        // Condition below 10, elements of about one.
        assert!(difference.numel() == 0 || difference.max(..).item::<f64>() < 1e-14);
        x.shape().to_vec()
    };
    assert_eq!(solved(&[2, 2], &[2]), [2]);
    assert_eq!(solved(&[2, 2], &[2, 3]), [2, 3]);
    assert_eq!(solved(&[2, 2], &[4, 2, 3]), [4, 2, 3]);
    assert_eq!(solved(&[2, 2], &[5, 4, 2, 3]), [5, 4, 2, 3]);
    assert_eq!(solved(&[4, 2, 2], &[2]), [4, 2]);
    assert_eq!(solved(&[4, 2, 2], &[4, 2]), [4, 2]);
    assert_eq!(solved(&[4, 1, 2, 2], &[3, 2, 1]), [4, 3, 2, 1]);
    assert_eq!(solved(&[2, 2], &[0, 2, 3]), [0, 2, 3]);
}

#[test]
fn both_formats_are_computed_in_their_own_precision() {
    let single = symmetric().cast(DType::F32);
    assert_eq!(single.inv().dtype(), DType::F32);
    let error = (single.matmul(&single.inv()) - Tensor::eye(3, DType::F32)).abs().max(..).item::<f32>();
    // Some units in the last place of f32.
    assert!(error < 1e-6, "{error}");
    let error = (single.matrix_exp().ln().cast(DType::F64) - symmetric().matrix_exp().ln()).abs().max(..);
    // The condition is about the norm, 7, and a squaring doubles the error of each product.
    assert!(error.item::<f64>() < 5e-6, "{error:?}");
    let (w, v) = single.eigh();
    let error = ((&v * w.unsqueeze(-2)).matmul(&v.transpose(0, 1)) - &single).abs().max(..).item::<f32>();
    // Elements up to 5, in three products.
    assert!(error < 1e-5, "{error}");
}

#[test]
fn a_zero_on_the_diagonal_divides() {
    let x = Tensor::from([[1.0, 0.0], [1.0, 0.0]]).solve_triangular(&Tensor::from([[1.0], [3.0]]), Triangular::lower());
    assert_eq!(x.to_vec::<f64>(), [1.0, f64::INFINITY]);
}

#[test]
fn a_square_q_that_memory_cannot_have_is_refused() {
    for tall in [[1 << 33, 1], [1 << 31, 1]] {
        let refusal = refusal(|| Tensor::shape_only(tall, DType::F32).qr_complete());
        assert!(refusal.starts_with("qr_complete: shape [") && refusal.contains("overflows the size"), "{refusal}");
    }
    let (q, r) = Tensor::shape_only([1 << 33, 1], DType::F32).qr();
    assert_eq!((q.numel(), r.numel()), (1 << 33, 1));
}

#[test]
fn nan_gives_nan() {
    let x = Tensor::from([[f64::NAN, 1.0], [1.0, 2.0]]);
    let has_nan = |x: Tensor| x.to_vec::<f64>().iter().any(|x| x.is_nan());
    let all: [Call; 12] = [
        |x| x.inv(),
        |x| x.det(),
        |x| x.slogdet().1,
        |x| x.cholesky(),
        |x| x.qr().1,
        |x| x.eigvalsh(),
        |x| x.svdvals(),
        |x| x.pinv(),
        |x| x.matrix_exp(),
        |x| x.matrix_power(2),
        |x| x.matrix_norm(MatrixNorm::Nuclear),
        |x| x.solve(&Tensor::from([1.0, 1.0])),
    ];
    for f in all {
        assert!(has_nan(f(&x)));
    }
}

#[test]
fn rank_is_counted() {
    let x = Tensor::stack(
        [Tensor::eye(3, DType::F32), Tensor::ones([3, 3], DType::F32), Tensor::zeros([3, 3], DType::F32)],
        0,
    );
    assert_eq!(x.matrix_rank().to_vec::<i64>(), [3, 1, 0]);
    assert_eq!(Tensor::zeros([2, 0, 3], DType::F32).matrix_rank().to_vec::<i64>(), [0, 0]);
}

#[test]
fn a_tolerance_cuts_singular_values_off() {
    let x = Tensor::from([[2.0, 0.0], [0.0, 1e-3]]);
    assert_close(&x.pinv(), &[0.5, 0.0, 0.0, 1e3]);
    assert_close(&x.pinv_within(1e-2), &[0.5, 0.0, 0.0, 0.0]);
    assert_close(&x.pinv_within(1), &[0.0; 4]);
    assert_eq!(
        refusal(|| x.pinv_within(-1.0)),
        "pinv_within: the tolerance must be a number from 0, not -1.0; got f64[2, 2]"
    );
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let x = Rng::seed(5).normal([30, 12, 12], DType::F64);
    let all = || {
        let regular = x.matmul(&x.transpose(-2, -1)) + Tensor::eye(12, DType::F64);
        [x.inv(), x.det(), x.solve(&x.flip(1)), regular.cholesky(), x.pinv()].map(|y| y.to_vec::<f64>())
    };
    assert_eq!(with_threads(1, all), with_threads(2, all));
}

#[test]
fn what_has_no_result_is_refused() {
    let ones = Tensor::ones([2, 2], DType::F64);
    assert_eq!(
        refusal(|| ones.inv()),
        "inv: the matrix is singular: its LU factorisation has a zero at pivot 1; got f64[2, 2]; pinv and lstsq take any matrix"
    );
    let batch = Tensor::stack([Tensor::eye(2, DType::F64), ones.clone()], 0);
    assert_eq!(
        refusal(|| batch.solve(&Tensor::from([1.0, 2.0]))),
        "solve: matrix 1 of the batch is singular: its LU factorisation has a zero at pivot 1; got f64[2, 2, 2], f64[2]; \
         pinv and lstsq take any matrix"
    );
    assert_eq!(
        refusal(|| (-&ones).cholesky()),
        "cholesky: the matrix is not positive definite at pivot 0; got f64[2, 2]"
    );
    assert_eq!(
        refusal(|| ones.matrix_power(-1)),
        "matrix_power: a singular matrix has no negative powers; got f64[2, 2]"
    );
}

#[test]
fn what_does_not_fit_is_refused() {
    let (wide, vector) = (Tensor::zeros([2, 3], DType::F32), Tensor::zeros([2], DType::F32));
    for (name, f) in [
        ("inv", (|x| x.inv()) as Call),
        ("det", |x| x.det()),
        ("slogdet", |x| x.slogdet().0),
        ("cholesky", |x| x.cholesky()),
        ("eigh", |x| x.eigh().0),
        ("matrix_exp", |x| x.matrix_exp()),
        ("matrix_power", |x| x.matrix_power(2)),
    ] {
        let expected = format!("{name}: takes square matrices, not of 2 rows and 3 columns; got f32[2, 3]");
        assert_eq!(refusal(|| f(&wide)), expected);
        assert_eq!(refusal(|| f(&vector)), format!("{name}: takes matrices, in the last two axes; got f32[2]"));
        let integers = refusal(|| f(&Tensor::zeros([2, 2], DType::I64)));
        assert!(integers.starts_with(&format!("{name}: needs a floating-point dtype; got i64[2, 2]")), "{integers}");
    }
    let square = Tensor::eye(2, DType::F32);
    assert_eq!(
        refusal(|| square.solve(&Tensor::zeros([3], DType::F32))),
        "solve: the matrix has 2 rows, the right-hand side 3; got f32[2, 2], f32[3]"
    );
    assert_eq!(
        refusal(|| Tensor::zeros([3, 2, 2], DType::F32).solve(&Tensor::zeros([2, 2, 1], DType::F32))),
        "solve: the batch axes do not broadcast: aligned at the last, sizes must be equal or 1; got f32[3, 2, 2], f32[2, 2, 1]"
    );
    assert_eq!(
        refusal(|| square.solve_triangular(&vector, Triangular::upper())),
        "solve_triangular: takes a matrix, and a vector or matrices on the right; got f32[2, 2], f32[2]"
    );
    assert_eq!(
        refusal(|| wide.lstsq(&Tensor::zeros([3], DType::F32))),
        "lstsq: the matrix has 2 rows, the right-hand side 3; got f32[2, 3], f32[3]"
    );
    assert_eq!(
        refusal(|| Tensor::zeros([2, 0], DType::F32).matrix_norm(MatrixNorm::Spectral)),
        "matrix_norm: there is no singular value to choose for Spectral; got f32[2, 0]"
    );
    assert!(refusal(|| square.solve(&Tensor::eye(2, DType::F64))).starts_with("solve: all inputs must have one dtype"));
    let error = try_apply(&Solve, &[&square, &Tensor::zeros([1, 2, 1], DType::F32)]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Shape);
}
