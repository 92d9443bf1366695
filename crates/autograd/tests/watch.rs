//! What is written down of a computation, forward and backward, and that watching changes nothing.

use cotangent_autograd::{
    checkpoint, grad, value_and_grad, vjp,
    watch::{self, Origin, Recording, Value},
};
use cotangent_tensor::{DType, Tensor};

type Layer = (Tensor, Tensor);

fn model() -> Vec<Layer> {
    let layer = |scale: f64| {
        (Tensor::from([[0.5, -1.0], [1.5, 0.25], [0.125, 2.0]]) * scale, Tensor::from([0.5, -0.25, 1.0]) * scale)
    };
    vec![layer(1.0), (layer(-0.5).0.transpose(0, 1), Tensor::from([1.0, 2.0]))]
}

fn forward(model: &[Layer], x: &Tensor) -> Tensor {
    let hidden = (x.matmul(&model[0].0.transpose(0, 1)) + &model[0].1).tanh();
    hidden.matmul(&model[1].0.transpose(0, 1)) + &model[1].1
}

fn names_and_paths(recording: &Recording) -> Vec<(&str, Option<&str>)> {
    recording.operations().iter().map(|operation| (operation.name(), operation.path())).collect()
}

#[test]
fn an_operation_belongs_to_the_owner_of_its_parameters() {
    let x = Tensor::from([[1.0, -2.0], [0.5, 3.0]]);
    let (y, recording) = watch::forward(&model(), &x, |m, x| forward(m, x));
    assert_eq!(y.to_vec::<f64>(), forward(&model(), &x).to_vec::<f64>());
    assert_eq!(
        names_and_paths(&recording),
        [
            ("permute", Some("0")),
            ("matmul", Some("0")),
            ("expand", Some("0")),
            ("add", Some("0")),
            ("tanh", None),
            ("permute", Some("1")),
            ("matmul", Some("1")),
            ("expand", Some("1")),
            ("add", Some("1")),
        ]
    );
    let matmul = &recording.operations()[1];
    // Two rows and three columns of two products and their sum.
    assert_eq!(matmul.flops(), 2 * 2 * 3 * 2);
    let value = |number: usize| &recording.values()[number];
    assert_eq!(value(matmul.inputs()[0]).origin(), &Origin::Input(String::new()));
    assert_eq!(value(matmul.inputs()[1]).origin(), &Origin::Operation(0));
    assert_eq!(value(0).origin(), &Origin::Parameter("0.0".to_owned()));
    assert_eq!(value(recording.results()[0]).tensor().to_vec::<f64>(), y.to_vec::<f64>());
    assert!(recording.pulled().is_empty() && recording.values().iter().all(|value| value.cotangent().is_none()));
}

#[test]
fn what_a_function_captures_is_data_and_a_number_is_not() {
    let (w, mask, x) = (Tensor::from([1.0, 2.0]), Tensor::from([1.0, 0.0]), Tensor::from([3.0, 4.0]));
    let (_, recording) = watch::forward(&(w.clone(), w), &(), |(w, v), ()| (w * 2.0) * &x + (v * &mask));
    // Doubled parameters are parameters; what was multiplied by captured data is not.
    assert_eq!(
        names_and_paths(&recording),
        [("mul", Some("0")), ("mul", Some("0")), ("mul", Some("1")), ("add", None)]
    );
}

#[test]
fn cotangents_are_the_derivatives_by_each_value() {
    let x = Tensor::from([[1.0, -2.0], [0.5, 3.0]]);
    let loss = |m: &Vec<Layer>, x: &Tensor| forward(m, x).square().sum(..);
    let (value, gradient, recording) = watch::gradient(&model(), &x, loss);
    let (expected, expected_gradient) = value_and_grad(&(model(), x.clone()), |(m, x)| loss(m, x));
    assert_eq!(value.item::<f64>(), expected.item::<f64>());
    let same = |a: &Tensor, b: &Tensor| assert_eq!(a.to_vec::<f64>(), b.to_vec::<f64>());
    for (found, wanted) in gradient.iter().zip(&expected_gradient.0) {
        same(&found.0, &wanted.0);
        same(&found.1, &wanted.1);
    }
    let cotangent = |number: usize| recording.values()[number].cotangent().expect("the loss depends on it");
    same(cotangent(4), &expected_gradient.1);
    // tanh: the rest of the network is a function of its output.
    let tanh = &recording.operations()[4];
    let hidden = recording.values()[tanh.outputs()[0]].tensor();
    let rest = grad(hidden, |h| (h.matmul(&model()[1].0.transpose(0, 1)) + &model()[1].1).square().sum(..));
    same(cotangent(tanh.outputs()[0]), &rest);
    assert_eq!(cotangent(recording.results()[0]).item::<f64>(), 1.0);
    // Each operation that the loss depends on was pulled back, the last one first.
    let pulled: Vec<_> = recording.pulled().iter().map(|pulled| (pulled.rule(), pulled.operation())).collect();
    let ran = recording.operations().iter().enumerate().rev();
    assert_eq!(pulled, ran.map(|(number, operation)| (operation.name(), Some(number))).collect::<Vec<_>>());
    same(recording.pulled()[0].outputs()[0].as_ref().expect("given"), &Tensor::from([1.0]));
    assert!(recording.values().iter().all(|value| value.tensor().tracer().is_none()));
}

#[test]
fn the_rules_of_a_fused_operations_parts_belong_to_it() {
    let (x, y) = (Tensor::from([[1.0, 2.0], [3.0, 5.0]]), Tensor::from([[0.0, 1.0], [-1.0, 0.5]]));
    let (_, _, recording) = watch::gradient(&x, &y, |x, y| x.exp().cdist(&y.exp(), 2.0).sin().sum(..));
    let names: Vec<&str> = recording.operations().iter().map(|operation| operation.name()).collect();
    assert_eq!(names, ["exp", "exp", "cdist", "sin", "sum"]);
    let pulled = recording.pulled();
    let of = |operation: usize| {
        pulled.iter().filter(move |pulled| pulled.operation() == Some(operation)).map(|pulled| pulled.rule())
    };
    for (operation, name) in [(0, "exp"), (1, "exp"), (3, "sin"), (4, "sum")] {
        assert_eq!(of(operation).collect::<Vec<_>>(), [name]);
    }
    assert!(of(2).count() > 1 && of(2).all(|rule| rule != "cdist"), "{:?}", of(2).collect::<Vec<_>>());
    assert!(recording.values()[recording.operations()[2].outputs()[0]].cotangent().is_some());
}

#[test]
fn watching_nests_in_transforms_and_transforms_in_watching() {
    let f = |x: &Tensor| x.powf(3).sin();
    let x = Tensor::from(0.7);
    let second = grad(&x, |x| grad(x, f)).item::<f64>();
    // Within: what is differentiated is also watched.
    let within = grad(&x, |x| watch::gradient(x, &(), |x, ()| f(x)).1);
    assert_eq!(within.item::<f64>(), second);
    // Values that were written down can be differentiated by what is around.
    let through = grad(&x, |x| watch::forward(x, &(), |x, ()| f(x)).1.values()[1].tensor().sum(..));
    // 3 x², as it is computed: x³ is a power, whose slope is 3 x^2.
    assert!((through.item::<f64>() - 3.0 * 0.7 * 0.7).abs() < 1e-15, "{through}");
    // Around: the operations of the sweep are seen too.
    let (derivative, recording) = watch::forward(&x, &(), |x, ()| grad(x, f));
    assert_eq!(derivative.item::<f64>(), grad(&x, f).item::<f64>());
    assert!(recording.operations().len() > 2);
    let inner = vjp(&x, |x| watch::forward(x, &(), |x, ()| f(x)).0).1.pull(&Tensor::from(1.0));
    assert_eq!(inner.item::<f64>(), derivative.item::<f64>());
}

#[test]
fn a_checkpoint_is_looked_into_unless_it_is_differentiated() {
    let f = |w: &Tensor, x: &Tensor| checkpoint(&(w.clone(), x.clone()), |(w, x)| (w * x).sin());
    let (w, x) = (Tensor::from(2.0), Tensor::from(3.0));
    let names = |recording: &Recording| recording.operations().iter().map(|o| o.name()).collect::<Vec<_>>();
    let (y, recording) = watch::forward(&w, &x, f);
    assert_eq!((y.item::<f64>(), names(&recording)), (6f64.sin(), vec!["mul", "sin"]));
    let (y, w_bar, recording) = watch::gradient(&w, &x, f);
    assert_eq!((y.item::<f64>(), w_bar.item::<f64>()), (6f64.sin(), 3.0 * 6f64.cos()));
    assert_eq!(names(&recording), ["checkpoint"]);
}

#[test]
fn several_outputs_and_integers_are_values_too() {
    let x = Tensor::from([3.0, 1.0, 2.0]);
    let ((sorted, places), recording) = watch::forward(&(), &x, |(), x| x.sort(0));
    assert_eq!((sorted.to_vec::<f64>(), places.to_vec::<i64>()), (vec![1.0, 2.0, 3.0], vec![1, 2, 0]));
    assert_eq!(recording.results().len(), 2);
    let (_, x_bar, recording) = watch::gradient(&x, &(), |x, ()| x.sort(0).0.narrow(0, 0, 1).sum(..));
    assert_eq!(x_bar.to_vec::<f64>(), [0.0, 1.0, 0.0]);
    let integers: Vec<&Value> = recording.values().iter().filter(|value| value.spec().dtype() == DType::I64).collect();
    assert!(!integers.is_empty() && integers.iter().all(|value| value.cotangent().is_none()));
}

#[test]
fn a_tensor_that_outlives_its_watch_is_its_value() {
    let mut escaped = None;
    let (y, recording) = watch::forward(&Tensor::from(2.0), &(), |x, ()| {
        escaped = Some(x * 3.0);
        x * 5.0
    });
    let escaped = escaped.expect("the function ran");
    assert!(escaped.tracer().is_none() && (escaped * y).item::<f64>() == 60.0);
    assert_eq!(recording.operations().len(), 2);
}

#[test]
fn a_panic_ends_the_watch() {
    let escaped = std::sync::Mutex::new(None);
    let run = std::panic::AssertUnwindSafe(|| {
        watch::forward(&Tensor::from(2.0), &(), |x, ()| {
            *escaped.lock().expect("nobody else") = Some(x * 3.0);
            assert!(x.numel() > 1, "on purpose");
        })
    });
    assert!(std::panic::catch_unwind(run).is_err());
    let escaped = escaped.lock().expect("it was not held").take().expect("the function ran");
    assert!(escaped.tracer().is_none() && escaped.item::<f64>() == 6.0);
}

#[test]
fn what_does_not_depend_on_anything_watched_is_not_a_result() {
    let (y, recording) = watch::forward(&Tensor::from(2.0), &(), |_, ()| Tensor::from(1.0) * 3.0);
    assert_eq!(y.item::<f64>(), 3.0);
    assert!(recording.operations().is_empty() && recording.results().is_empty());
    let (_, gradient, recording) = watch::gradient(&Tensor::from(2.0), &(), |_, ()| Tensor::from(1.0));
    assert_eq!(gradient.item::<f64>(), 0.0);
    assert!(recording.pulled().is_empty());
}
