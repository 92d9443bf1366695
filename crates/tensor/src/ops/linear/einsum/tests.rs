use crate::{DType, Rng, Tensor};
use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// The sum by its definition, for expressions without an ellipsis and with an arrow.
fn by_loops(expression: &str, operands: &[&Tensor]) -> Vec<f64> {
    let (left, right) = expression.split_once("->").expect("an arrow");
    let terms: Vec<Vec<char>> = left.split(',').map(|term| term.chars().collect()).collect();
    let mut sizes = BTreeMap::<char, usize>::new();
    for (term, x) in terms.iter().zip(operands) {
        for (&c, &size) in term.iter().zip(&x.shape()[..]) {
            let common = sizes.entry(c).or_insert(size);
            *common = if *common == 1 { size } else { *common };
        }
    }
    let order: Vec<char> = right.chars().chain(sizes.keys().copied().filter(|c| !right.contains(*c))).collect();
    let outer: usize = right.chars().map(|c| sizes[&c]).product();
    let total: usize = sizes.values().product();
    let data: Vec<Vec<f64>> = operands.iter().map(|x| x.to_vec()).collect();
    let mut sums = vec![0.0; outer];
    for flat in 0..total {
        let mut rest = flat;
        let mut at = BTreeMap::new();
        for c in order.iter().rev() {
            at.insert(*c, rest % sizes[c]);
            rest /= sizes[c];
        }
        let element = |(term, (x, data)): (&Vec<char>, (&&Tensor, &Vec<f64>))| {
            let place = term
                .iter()
                .zip(&x.shape()[..])
                .fold(0, |place, (c, &size)| place * size + if size == 1 { 0 } else { at[c] });
            data[place]
        };
        sums[flat / (total / outer)] += terms.iter().zip(operands.iter().zip(&data)).map(element).product::<f64>();
    }
    sums
}

#[track_caller]
fn assert_is_by_loops(expression: &str, shapes: &[&[usize]]) {
    let mut rng = Rng::seed(3);
    let operands: Vec<Tensor> = shapes.iter().map(|&shape| rng.normal(shape, DType::F64)).collect();
    let operands: Vec<&Tensor> = operands.iter().collect();
    let found = Tensor::einsum(expression, &operands[..]).to_vec::<f64>();
    let expected = by_loops(expression, &operands);
    assert_eq!(found.len(), expected.len(), "{expression}");
    for (found, expected) in found.iter().zip(&expected) {
        // Sums of at most a few hundred products of numbers of about one, in two orders.
        assert!((found - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{expression}: {found} is not {expected}");
    }
}

#[test]
fn it_is_what_its_definition_says() {
    assert_is_by_loops("ij,jk->ik", &[&[2, 3], &[3, 4]]);
    assert_is_by_loops("ij,jk->ki", &[&[2, 3], &[3, 4]]);
    assert_is_by_loops("bij,bjk->bik", &[&[2, 3, 2], &[2, 2, 4]]);
    assert_is_by_loops("bij,kjb->bki", &[&[2, 3, 2], &[4, 2, 2]]);
    assert_is_by_loops("ij,ij->", &[&[2, 3], &[2, 3]]);
    assert_is_by_loops("ij,ij->ji", &[&[2, 3], &[2, 3]]);
    assert_is_by_loops("ij,k->", &[&[2, 3], &[4]]);
    assert_is_by_loops("i,j->ij", &[&[2], &[3]]);
    assert_is_by_loops("ii->i", &[&[3, 3]]);
    assert_is_by_loops("ii->", &[&[3, 3]]);
    assert_is_by_loops("iji->j", &[&[3, 2, 3]]);
    assert_is_by_loops("iii->i", &[&[3, 3, 3]]);
    assert_is_by_loops("iij,jk->k", &[&[3, 3, 2], &[2, 2]]);
    assert_is_by_loops("i,oij,j->o", &[&[3], &[2, 3, 4], &[4]]);
    assert_is_by_loops("ab,bc,cd,de,ea->", &[&[2, 3], &[3, 2], &[2, 4], &[4, 2], &[2, 2]]);
    assert_is_by_loops("ab,bc,cd,de,ef,fg,gh->ah", &[&[2, 3], &[3, 2], &[2, 2], &[2, 3], &[3, 2], &[2, 1], &[1, 2]]);
    assert_is_by_loops("é,é->é", &[&[2], &[2]]);
}

#[test]
fn an_axis_of_size_one_broadcasts() {
    assert_is_by_loops("ij,jk->ik", &[&[2, 1], &[3, 4]]);
    assert_is_by_loops("ij,jk->ik", &[&[2, 3], &[1, 4]]);
    assert_is_by_loops("ij,ij->ij", &[&[2, 1], &[1, 3]]);
    assert_is_by_loops("i,i->", &[&[1], &[4]]);
}

#[test]
fn without_an_arrow_the_letters_that_occur_once_are_kept_in_order() {
    let x = Tensor::arange(0, 6, 1).reshape([2, 3]);
    assert_eq!(Tensor::einsum("ba", [&x]).to_vec::<i64>(), [0, 3, 1, 4, 2, 5]);
    assert_eq!(Tensor::einsum("bA", [&x]).shape()[..], [3, 2], "capitals come first");
    assert_eq!(Tensor::einsum(" i j , j ", [&x, &Tensor::from([1i64, 0, 2])]).to_vec::<i64>(), [4, 13]);
    let both = Tensor::einsum("a...b", [&Tensor::zeros([2, 5, 3], DType::F32)]);
    assert_eq!(both.shape()[..], [5, 2, 3]);
}

#[test]
fn ellipses_broadcast_against_each_other() {
    let mut rng = Rng::seed(1);
    let (a, b) = (rng.normal([4, 1, 2, 3], DType::F64), rng.normal([5, 3, 2], DType::F64));
    let product = Tensor::einsum("...ij,...jk->...ik", [&a, &b]);
    assert_eq!(product.shape()[..], [4, 5, 2, 2]);
    let difference = (product - a.matmul(&b)).abs().max(..).item::<f64>();
    // Sums of three products of numbers of about one.
    assert!(difference < 1e-14, "{difference}");
    assert_eq!(Tensor::einsum("...ij->...ji", [&a]).to_vec::<f64>(), a.transpose(-1, -2).to_vec::<f64>());
    // As PyTorch: an ellipsis that the result does not name is summed.
    let summed = Tensor::einsum("...i->i", [&Tensor::ones([2, 3, 4], DType::F32)]);
    assert_eq!(summed.to_vec::<f32>(), [6.0; 4]);
    // It may stand for no axis, and between letters.
    assert_eq!(Tensor::einsum("i...,i->...", [&Tensor::from([1i64, 2]), &Tensor::from([3i64, 4])]).item::<i64>(), 11);
}

#[test]
fn scalars_and_empty_operands_are_operands() {
    let (two, x) = (Tensor::from(2.0f32), Tensor::from([1.0f32, 3.0]));
    assert_eq!(Tensor::einsum(",i->i", [&two, &x]).to_vec::<f32>(), [2.0, 6.0]);
    assert_eq!(Tensor::einsum("->", [&two]).item::<f32>(), 2.0);
    assert_eq!(Tensor::einsum("", [&two]).item::<f32>(), 2.0);
    let none = Tensor::zeros([0, 3], DType::F32);
    assert_eq!(Tensor::einsum("ij,kj->ik", [&none, &Tensor::ones([2, 3], DType::F32)]).shape()[..], [0, 2]);
    assert_eq!(Tensor::einsum("ij,ik->jk", [&none, &none]).to_vec::<f32>(), [0.0; 9]);
    assert_eq!(Tensor::einsum("ii->i", [&Tensor::zeros([0, 0], DType::F32)]).shape()[..], [0]);
    assert_eq!(
        Tensor::einsum("i,i->", [&Tensor::ones([1], DType::F32), &Tensor::zeros([0], DType::F32)]).item::<f32>(),
        0.0
    );
}

#[test]
fn integers_are_summed_exactly() {
    let large = Tensor::from([1i64 << 60, 3]);
    assert_eq!(Tensor::einsum("i,i->", [&large, &Tensor::from([2i64, 1])]).item::<i64>(), (1 << 61) + 3);
    let x = Tensor::arange(0, 12, 1).reshape([2, 3, 2]);
    let product = Tensor::einsum("bij,bj->bi", [&x, &Tensor::from([[0i64, 5], [7, 2]])]);
    assert_eq!(product.to_vec::<i64>(), [5, 15, 25, 56, 74, 92]);
}

#[test]
fn nan_and_infinity_go_where_the_sum_takes_them() {
    let x = Tensor::from([[f64::NAN, 1.0], [2.0, f64::INFINITY]]);
    let sums = Tensor::einsum("ij->i", [&x]).to_vec::<f64>();
    assert!(sums[0].is_nan());
    assert_eq!(sums[1], f64::INFINITY);
}

#[track_caller]
fn refusal(expression: &str, operands: &[&Tensor]) -> String {
    let panic = catch_unwind(AssertUnwindSafe(|| Tensor::einsum(expression, operands))).expect_err("a refusal");
    panic.downcast_ref::<String>().expect("a message").clone()
}

#[test]
fn what_is_malformed_is_refused_with_the_expression() {
    let x = Tensor::zeros([2, 3], DType::F32);
    let cases = [
        ("ij", vec![], r#"einsum: "ij": names 1 operands, but 0 were given"#),
        ("ij,jk", vec![&x], r#"einsum: "ij,jk": names 2 operands, but 1 were given; got f32[2, 3]"#),
        ("ijk->i", vec![&x], r#"einsum: "ijk->i": names 3 axes of operand 0, which has 2; got f32[2, 3]"#),
        ("ijk...", vec![&x], r#"einsum: "ijk...": names at least 3 axes of operand 0, which has 2; got f32[2, 3]"#),
        ("ij->ii", vec![&x], r#"einsum: "ij->ii": the result names i twice; got f32[2, 3]"#),
        ("ij->k", vec![&x], r#"einsum: "ij->k": the result names k, which no operand has; got f32[2, 3]"#),
        ("i1", vec![&x], r#"einsum: "i1": '1' is no label; labels are letters; got f32[2, 3]"#),
        ("i..j", vec![&x], r#"einsum: "i..j": an ellipsis is three dots; got f32[2, 3]"#),
        ("...i...", vec![&x], r#"einsum: "...i...": the term "...i..." has two ellipses; got f32[2, 3]"#),
        ("ij->i->j", vec![&x], r#"einsum: "ij->i->j": the arrow is -> and comes once; got f32[2, 3]"#),
        ("ii", vec![&x], r#"einsum: "ii": i has sizes 2 and 3 in operand 0; got f32[2, 3]"#),
        (
            "ij,jk",
            vec![&x, &x],
            r#"einsum: "ij,jk": j has size 2 in operand 1, 3 in one before it; got f32[2, 3], f32[2, 3]"#,
        ),
    ];
    for (expression, operands, message) in cases {
        assert_eq!(refusal(expression, &operands), message);
    }
}

#[test]
fn dtypes_that_do_not_fit_are_refused() {
    let (x, y) = (Tensor::zeros([2], DType::F32), Tensor::zeros([2], DType::F64));
    let mixed = "einsum: all inputs must have one dtype, not f32 and f64; got f32[2], f64[2]; cast one of them, for \
                 example with .cast(DType::F32)";
    assert_eq!(refusal("i,i", &[&x, &y]), mixed);
    let bytes = "einsum: sums of products of u8 would soon overflow it; got u8[2]; cast first, for example with \
                 .cast(DType::I64)";
    assert_eq!(refusal("i->", &[&Tensor::zeros([2], DType::U8)]), bytes);
    let huge = Tensor::zeros([1], DType::F32).expand([1 << 40]);
    let overflow = refusal("i,j->ij", &[&huge, &huge]);
    assert!(overflow.starts_with("einsum: shape [1099511627776, 1099511627776] of f32 overflows"), "{overflow}");
}
