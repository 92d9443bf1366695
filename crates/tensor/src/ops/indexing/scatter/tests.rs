use super::*;
use crate::{
    ErrorKind,
    ops::{refused, shaping::shape::adjoint::assert_adjoint},
    try_apply,
};

fn counting(shape: &[usize]) -> Tensor {
    let numel: usize = shape.iter().product();
    Tensor::from_vec((0..numel).map(|i| i as f64).collect(), shape).unwrap()
}

#[test]
fn the_last_value_for_a_place_stands() {
    let index = Tensor::from([0i64, 2, 0, 2, 2]);
    let y = Tensor::zeros([3], DType::I64).scatter(0, &index, &Tensor::from([1i64, 2, 3, 4, 5]));
    assert_eq!(y.to_vec::<i64>(), [3, 0, 5]);
    assert_eq!(Tensor::from([true; 3]).scatter(0, &index, 0).to_vec::<bool>(), [false, true, false]);
    assert_eq!(
        counting(&[2, 3]).scatter(1, &Tensor::zeros([2, 0], DType::I64), 1).to_vec::<f64>(),
        counting(&[6]).to_vec::<f64>()
    );
    for x in [counting(&[3, 4]), counting(&[4, 3]).transpose(0, 1)] {
        let index = Tensor::from([[0i64, 3, 0], [1, 1, 1]]);
        assert_adjoint(&Scatter::new(1), &[&x, &index, &counting(&[2, 3])]);
        assert_adjoint(&Scatter::new(-1), &[&x, &index, &counting(&[3, 5]).flip(..)]);
    }
}

/// The values are PyTorch's.
#[test]
fn reductions_join_as_pytorch() {
    let (x, index) = (Tensor::from([1.0, 2.0, 3.0]), Tensor::from([0i64, 0, 2, 0]));
    let src = Tensor::from([4.0, 5.0, 6.0, f64::NAN]);
    let cases = [
        (ScatterReduce::Sum, true, [9.0, 10.0], [10, 9]),
        (ScatterReduce::Sum, false, [6.0, 9.0], [9, 6]),
        (ScatterReduce::Prod, true, [18.0, 20.0], [20, 18]),
        (ScatterReduce::Prod, false, [6.0, 20.0], [20, 6]),
        (ScatterReduce::Amax, true, [6.0, 5.0], [5, 6]),
        (ScatterReduce::Amax, false, [6.0, 5.0], [5, 6]),
        (ScatterReduce::Amin, true, [3.0, 1.0], [1, 3]),
        (ScatterReduce::Amin, false, [6.0, 4.0], [4, 6]),
        (ScatterReduce::Mean, true, [4.5, 10.0 / 3.0], [0, 0]),
        (ScatterReduce::Mean, false, [6.0, 4.5], [0, 0]),
    ];
    let (short, without_nan) = (index.narrow(0, 0, 3), src.narrow(0, 0, 3));
    for (reduction, include_self, [third, first], [int_first, int_third]) in cases {
        let y = x.scatter_reduce(0, &index, &src, reduction, include_self).to_vec::<f64>();
        assert!(y[0].is_nan(), "{reduction:?}: NaN stays");
        assert_eq!(y[1..], [2.0, third], "{reduction:?}, {include_self}");
        let y = x.scatter_reduce(0, &short, &without_nan, reduction, include_self).to_vec::<f64>();
        assert_eq!(y, [first, 2.0, third], "{reduction:?}, {include_self}");
        if reduction != ScatterReduce::Mean {
            let integers = [&x, &without_nan].map(|x| x.cast(DType::I64));
            let y = integers[0].scatter_reduce(0, &short, &integers[1], reduction, include_self);
            assert_eq!(y.to_vec::<i64>(), [int_first, 2, int_third], "{reduction:?}, {include_self}");
        }
    }
    let none = Tensor::zeros([0], DType::I64);
    let y = x.scatter_reduce(0, &none, &src, ScatterReduce::Amax, false);
    assert_eq!(y.to_vec::<f64>(), [1.0, 2.0, 3.0]);
}

/// The fused product and the tree that its derivatives go through.
#[test]
fn a_product_is_the_tree_that_it_decomposes_into() {
    use crate::Decompose;
    let index = Tensor::from([[0i64, 0, 3], [2, 2, 2], [1, 0, 1]]);
    for (x, src) in
        [(counting(&[3, 4]), counting(&[3, 3])), (counting(&[4, 3]).transpose(0, 1), counting(&[4, 5]).flip(..))]
    {
        for include_self in [true, false] {
            let product = ScatterProd::new(1, include_self);
            let fused = apply(&product, &[&x, &index, &src]).into_single();
            let tree = product.decompose(&[&x, &index, &src]).into_single();
            assert_eq!(fused.to_vec::<f64>(), tree.to_vec::<f64>(), "products of small integers are exact");
        }
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let x = counting(&[2, 5]);
    let refusal = |index: &Tensor, src: &Tensor| try_apply(&Scatter::new(1), &[&x, index, src]).unwrap_err();
    let error = refusal(&Tensor::from([[0i64, 5]]), &x);
    assert_eq!(error.kind(), ErrorKind::Index);
    assert_eq!(
        error.to_string(),
        "scatter: index 5 at [0, 1] is out of range for axis 1 of size 5; got f64[2, 5], i64[1, 2], f64[2, 5]"
    );
    assert!(
        refusal(&Tensor::from([[0i64; 3]]), &counting(&[1, 2])).to_string().contains("axis 1 of the index has size 3")
    );
    let of_i64 = Tensor::from([[0i64]]);
    assert!(refusal(&of_i64, &of_i64).to_string().contains("the values must have the tensor's dtype, f64, not i64"));
    let message = |reduction, dtype| {
        let x = Tensor::zeros([2], dtype);
        refused::message(|| x.scatter_reduce(0, &Tensor::from([0i64]), &x, reduction, true))
    };
    let outside = Tensor::from([2i64]);
    for reduction in [ScatterReduce::Sum, ScatterReduce::Prod, ScatterReduce::Mean, ScatterReduce::Amax] {
        let x = counting(&[2]);
        assert_eq!(
            refused::message(|| x.scatter_reduce(0, &outside, &x, reduction, true)),
            "scatter_reduce: index 2 at [0] is out of range for axis 0 of size 2; got f64[2], i64[1], f64[2]"
        );
    }
    assert!(message(ScatterReduce::Mean, DType::I64).starts_with("scatter_reduce: needs a floating-point dtype"));
    assert!(message(ScatterReduce::Amax, DType::Bool).starts_with("scatter_reduce: truth values have no arithmetic"));
}
