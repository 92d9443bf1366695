//! Taking a tensor apart along a long axis costs what the tensor costs, forwards and backwards: operations and elements grow with the
//! number of parts, not with its square. Counted, not timed.

use cotangent_autograd::grad;
use cotangent_tensor::{DType, Few, Level, Primitive, Result, Tensor, Tracer, try_apply};
use std::{
    any::Any,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

/// How many operations ran, and how many elements they returned.
#[derive(Default)]
struct Counts {
    operations: AtomicUsize,
    elements: AtomicUsize,
}

/// A tensor that counts what is done with it, and with what comes of it.
struct Counter {
    level: Level,
    primal: Tensor,
    counts: Arc<Counts>,
}

impl Tracer for Counter {
    fn level(&self) -> Level {
        self.level
    }
    fn primal(&self) -> &Tensor {
        &self.primal
    }
    fn apply(&self, primitive: &dyn Primitive, inputs: &[&Tensor]) -> Result<Few<Tensor>> {
        let own = |x: &Tensor| {
            let tracer = x.tracer().filter(|tracer| tracer.level() == self.level)? as &dyn Any;
            Some(tracer.downcast_ref::<Counter>()?.primal.clone())
        };
        let primals: Vec<Tensor> = inputs.iter().map(|x| own(x).unwrap_or_else(|| (*x).clone())).collect();
        let outputs = try_apply(primitive, &primals.iter().collect::<Vec<_>>())?;
        self.counts.operations.fetch_add(1, Relaxed);
        self.counts.elements.fetch_add(outputs.iter().map(Tensor::numel).sum(), Relaxed);
        Ok(outputs.into_iter().map(|primal| counted(primal, self.level, &self.counts)).collect())
    }
}

fn counted(primal: Tensor, level: Level, counts: &Arc<Counts>) -> Tensor {
    Tensor::from_tracer(Arc::new(Counter { level, primal, counts: Arc::clone(counts) }))
}

/// How a tensor is taken apart.
type Parts = fn(&Tensor) -> Vec<Tensor>;

/// Operations and elements of a gradient of this order, of a recurrence over `steps` steps.
fn cost(steps: usize, order: usize, step_of: Parts) -> [usize; 2] {
    let counts = Arc::new(Counts::default());
    let x = counted(Tensor::ones([steps, 8], DType::F64), Level::fresh(), &counts);
    let loss = |x: &Tensor| {
        let parts = step_of(x);
        assert_eq!(parts.len(), steps);
        parts.iter().fold(Tensor::zeros([1, 8], DType::F64), |state, part| (state * 0.5 + part).tanh()).sum(..)
    };
    let gradient = match order {
        1 => grad(&x, loss),
        _ => grad(&x, |x| grad(x, loss).square().sum(..)),
    };
    assert_eq!(gradient.shape(), x.shape());
    [counts.operations.load(Relaxed), counts.elements.load(Relaxed)]
}

/// How much more twice the steps cost.
fn growth(order: usize, step_of: Parts) -> [f64; 2] {
    let (short, long) = (cost(100, order, step_of), cost(200, order, step_of));
    [long[0] as f64 / short[0] as f64, long[1] as f64 / short[1] as f64]
}

#[test]
fn parts_cost_in_proportion_to_their_number() {
    let ways: [(&str, Parts); 4] = [
        ("unbind", |x| x.unbind(0).iter().map(|part| part.unsqueeze(0)).collect()),
        ("split", |x| x.split(1, 0)),
        ("chunk", |x| x.chunk(x.shape()[0], 0)),
        ("split_with_sizes", |x| x.split_with_sizes(vec![1; x.shape()[0]], 0)),
    ];
    for (name, step_of) in ways {
        for order in [1, 2] {
            let [operations, elements] = growth(order, step_of);
            // Twice, but for what the first step saves and what does not depend on their number; four times would be the square.
            assert!((1.95..=2.05).contains(&operations), "{name}, order {order}: {operations} times the operations");
            assert!((1.95..=2.05).contains(&elements), "{name}, order {order}: {elements} times the elements");
        }
    }
}

/// The count can tell: slices taken one by one each have a cotangent as large as the tensor.
#[test]
fn slices_one_by_one_cost_the_square() {
    let one_by_one = |x: &Tensor| (0..x.shape()[0]).map(|i| x.narrow(0, i, 1)).collect();
    let [_, elements] = growth(1, one_by_one);
    assert!(elements > 3.5, "{elements} times the elements");
}
