//! Tensors that are shapes without values go through everything, compute nothing, and cannot be read.

use cotangent_autograd::{checkpoint, jvp, value_and_grad, vjp};
use cotangent_tensor::{
    Array, DType, Derivative, ErrorKind, Few, Primitive, Result, Rng, Spec, SpecRef, Tensor, apply, memory,
    ops::{Rotary, ScatterReduce},
};
use std::panic::{AssertUnwindSafe, catch_unwind};

fn message(f: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(f)).expect_err("it is refused");
    panic.downcast_ref::<String>().cloned().unwrap_or_default()
}

#[test]
fn derivatives_of_shapes_are_shapes() {
    let (w, x) = (Tensor::shape_only([1 << 20, 1 << 16], DType::F32), Tensor::shape_only([8, 1 << 16], DType::F32));
    let before = memory::live_bytes();
    let loss = |w: &Tensor, x: &Tensor| (x.matmul(&w.transpose(0, 1)).relu() + 1.0).logsumexp(-1).mean(..);
    let (y, w_bar) = value_and_grad(&w, |w| loss(w, &x));
    assert_eq!((y.spec(), w_bar.spec()), (SpecRef::new(&[], DType::F32), w.spec()));
    let (_, y_dot) = jvp(&w, &w, |w| loss(w, &x));
    assert_eq!(y_dot.spec(), y.spec());
    let (z, pullback) = vjp(&x, |x| x.cast(DType::F64).cumsum(0).sort(1));
    let x_bar = pullback.pull_once(&z);
    assert_eq!(x_bar.spec(), x.spec());
    let w_bar_again = value_and_grad(&w, |w| checkpoint(&(w.clone(), x.clone()), move |(w, x)| loss(w, x))).1;
    assert_eq!(w_bar_again.spec(), w.spec());
    for shape in [&y, &w_bar, &y_dot, &x_bar, &w_bar_again] {
        assert!(!shape.has_values());
    }
    // The weight alone would be 256 GiB; other tests of this file run beside it.
    assert!(memory::live_bytes() < before + (1 << 20));
}

/// An operation that must not be run.
#[derive(Clone)]
struct Never;

impl Primitive for Never {
    fn name(&self) -> &'static str {
        "never"
    }
    fn infer(&self, inputs: &[SpecRef<'_>]) -> Result<Few<Spec>> {
        Ok([inputs[0].to_owned(), Spec::new([2], DType::I64)].into())
    }
    fn eval(&self, _: &[&Array]) -> Result<Few<Array>> {
        unreachable!("only its shapes are asked for")
    }
    fn derivative(&self) -> Derivative<'_> {
        Derivative::Zero
    }
}

#[test]
fn an_operation_of_ones_own_is_asked_for_its_shapes_only() {
    // One shape among values is enough.
    let outputs = apply(&Never, &[&Tensor::from([1.0, 2.0, 3.0]), &Tensor::shape_only([4], DType::F32)]);
    assert_eq!(
        outputs.iter().map(Tensor::spec).map(|spec| spec.to_owned()).collect::<Vec<_>>(),
        [Spec::new([3], DType::F64), Spec::new([2], DType::I64)]
    );
    assert!(outputs.iter().all(|y| !y.has_values()));
}

#[test]
fn shapes_that_do_not_fit_are_refused_as_ever() {
    let x = Tensor::shape_only([2, 3], DType::F32);
    assert!(message(|| drop(x.matmul(&x))).starts_with("matmul: "));
    assert!(message(|| drop(Tensor::shape_only([usize::MAX, 8], DType::F32))).contains("overflows"));
}

#[test]
fn values_that_are_not_there_cannot_be_read() {
    let x = Tensor::shape_only([1], DType::F32);
    let said = "a tensor that is a shape without values cannot be read; got f32[1]; what depends on values needs a run with values";
    assert_eq!(x.try_item::<f32>().unwrap_err().to_string(), format!("item: {said}"));
    assert_eq!(x.try_to_vec::<f32>().unwrap_err().kind(), ErrorKind::Value);
    assert_eq!(message(|| x.clone().with_mut::<f32, _>(|_| ())), format!("with_mut: {said}"));
    assert_eq!(message(|| drop(x.array().to_vec::<f32>())), format!("array: {said}"));
    assert_eq!(message(|| drop(x.array().clone().into_buffer::<f32>())), format!("array: {said}"));
    assert_eq!(message(|| x.clone().into_array().with_mut::<f32, _>(|_| ())), format!("array: {said}"));
    // How many there are depends on the values.
    assert!(message(|| drop(x.nonzero())).contains("without values"));
    assert_eq!(format!("{x:?}"), "Tensor(f32[1]): no values");
    assert_eq!(format!("{x}"), "no values of shape [1]");
}

#[test]
fn nothing_is_drawn_or_filled_for_a_shape() {
    let x = Tensor::shape_only([1 << 40], DType::F32);
    let rng = || Rng::seed(7);
    let all = [x.dropout(0.5, &mut rng()), x.alpha_dropout(0.5, &mut rng()), x.zeros_like(), x.ones_like()];
    assert!(all.iter().all(|y| y.spec() == x.spec() && !y.has_values()));
    // What a function does not depend on has a gradient of its shape.
    let (_, unused) = value_and_grad(&x, |_| Tensor::from(1.0f32));
    assert!(unused.spec() == x.spec() && !unused.has_values());
}

#[test]
fn indices_without_values_are_not_checked() {
    let (table, places) = (Tensor::from([[1.0, 2.0]]), Tensor::shape_only([3, 5], DType::I64));
    assert_eq!(table.embedding(&places, None).shape()[..], [3, 5, 2]);
    assert_eq!(table.index_select(0, &Tensor::shape_only([4], DType::I64)).shape()[..], [4, 2]);
    // In every operation that takes some, and what comes out has no values.
    let x = Tensor::from([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
    let [list, square] = [vec![2], vec![2, 3]].map(|shape| Tensor::shape_only(shape, DType::I64));
    let all: [&dyn Fn(&Tensor) -> Tensor; 15] = [
        &|x| x.gather(0, &square),
        &|x| x.scatter(0, &square, x),
        &|x| x.scatter_add(1, &square, x),
        &|x| x.scatter_reduce(0, &square, x, ScatterReduce::Amax, true),
        &|x| x.scatter_reduce(0, &square, x, ScatterReduce::Mean, true),
        &|x| x.take(&square),
        &|x| x.take_along_dim(&square, 1),
        &|x| x.index_add(0, &list, x),
        &|x| x.index_copy(0, &list, x),
        &|x| x.index((&list, 1)),
        &|x| x.index((.., &list)),
        &|x| x.index_put((&list, 0), 5),
        &|x| x.embedding(&list, Some(0)),
        &|x| x * square.one_hot(4, DType::F64).sum(-1),
        &|x| x.masked_fill(&square.gt(0), 5),
    ];
    for (i, f) in all.iter().enumerate() {
        let (y, x_bar) = value_and_grad(&x, |x| f(x).sum(..));
        assert!(!y.has_values() && x_bar.spec() == x.spec() && !x_bar.has_values(), "{i}");
        assert!(!jvp(&x, &x, |x| f(x)).1.has_values(), "{i}");
    }
}

#[test]
fn an_operation_may_be_told_its_places_without_values() {
    let (x, positions) = (Tensor::from([[1.0, 2.0], [3.0, 4.0]]), Tensor::shape_only([2], DType::I64));
    let turned = Rotary::new().positions(&positions);
    let (y, x_bar) = value_and_grad(&x, |x| x.rotary_embedding(&turned).square().sum(..));
    assert!(!y.has_values() && x_bar.spec() == x.spec() && !x_bar.has_values());
    let wrong = Rotary::new().positions(&Tensor::shape_only([3], DType::I64));
    assert!(message(|| drop(x.rotary_embedding(&wrong))).contains("do not broadcast"));
    // No table is made for a shape: this one would have 2^40 rows.
    let huge = Tensor::shape_only([1 << 20, 1 << 20, 64], DType::F32);
    assert_eq!(huge.rotary_embedding(&Rotary::new()).spec(), huge.spec());

    let index = Tensor::shape_only([2, 2], DType::I64);
    let product = |x: &Tensor| x.scatter_reduce(0, &index, x, ScatterReduce::Prod, false).sum(..);
    let (y, x_bar) = value_and_grad(&x, product);
    assert!(!y.has_values() && x_bar.spec() == x.spec() && !x_bar.has_values());
}
