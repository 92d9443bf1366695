//! Order and paths of every container, and pairing.

use super::*;
use cotangent_tensor::DType;
use std::{collections::BTreeMap, marker::PhantomData};

fn tensor(x: f64) -> Tensor {
    Tensor::from(x)
}

/// Paths in order, checking that values count up from zero and that the mutable visit shows the same.
fn paths(mut module: impl Module) -> Vec<String> {
    let (mut paths, mut paths_mut) = (Vec::new(), Vec::new());
    for_each(&module, |leaf| {
        assert_eq!(leaf.tensor.item::<f64>(), paths.len() as f64);
        paths.push(leaf.path.to_string());
    });
    for_each_mut(&mut module, |leaf| {
        assert_eq!(leaf.tensor.item::<f64>(), paths_mut.len() as f64);
        paths_mut.push(leaf.path.to_string());
    });
    assert_eq!(paths, paths_mut);
    paths
}

/// The message of the panic.
fn refusal<A: Module, B: Module>(mut a: A, b: B) -> String {
    let zip =
        std::panic::AssertUnwindSafe(|| zip_mut(&mut a, &b, |_, _| panic!("nothing may be changed before the check")));
    let panic = std::panic::catch_unwind(zip).expect_err("the structures differ");
    panic.downcast_ref::<String>().cloned().unwrap_or_default()
}

#[test]
fn a_tensor_is_a_module_with_the_empty_path() {
    assert_eq!(paths(tensor(0.0)), [""]);
    assert_eq!(paths(Box::new(Some(tensor(0.0)))), [""]);
}

#[test]
fn what_an_operation_returns_is_a_module() {
    let mut outputs: cotangent_tensor::Few<Tensor> = [Tensor::from(1.0), Tensor::from(2.0)].into();
    for_each_mut(&mut outputs, |leaf| *leaf.tensor = &*leaf.tensor * 2);
    let named = named_tensors(&outputs);
    let values: Vec<_> = named.iter().map(|(name, y)| (name.as_str(), y.item::<f64>())).collect();
    assert_eq!(values, [("0", 2.0), ("1", 4.0)]);
}

#[test]
fn containers_name_their_elements() {
    assert_eq!(paths([tensor(0.0), tensor(1.0)]), ["0", "1"]);
    assert_eq!(paths(vec![vec![tensor(0.0)], vec![], vec![tensor(1.0), tensor(2.0)]]), ["0.0", "2.0", "2.1"]);
    assert_eq!(paths((tensor(0.0), (tensor(1.0), tensor(2.0)), [tensor(3.0)])), ["0", "1.0", "1.1", "2.0"]);
    assert_eq!(paths(vec![None, Some(tensor(0.0))]), ["1"]);
    let slice: Box<[Tensor]> = Box::new([tensor(0.0)]);
    assert_eq!(paths(slice), ["0"]);
    let objects: Vec<Box<dyn Module>> = vec![Box::new(tensor(0.0)), Box::new([tensor(1.0)])];
    assert_eq!(paths(objects), ["0", "1.0"]);
    let map = BTreeMap::from([(10, tensor(1.0)), (9, tensor(0.0))]);
    assert_eq!(paths((map,)), ["0.9", "0.10"]);
    let t = tensor;
    assert_eq!(
        paths((t(0.0), t(1.0), t(2.0), t(3.0), t(4.0), t(5.0), t(6.0), t(7.0))),
        ["0", "1", "2", "3", "4", "5", "6", "7"]
    );
}

#[test]
fn plain_data_holds_no_tensors() {
    let activation: fn(&Tensor) -> Tensor = Tensor::clone;
    assert_eq!(paths((1usize, 2.0f32, true, 'c', "text", String::new(), PhantomData::<u8>, activation)), [""; 0]);
    assert_eq!(paths(()), [""; 0]);
}

#[test]
fn replacing_tensors_leaves_the_original() {
    let model = (tensor(1.0), vec![tensor(2.0)]);
    let mapped = map(&model, |leaf| tensor(leaf.tensor.item::<f64>() * 10.0));
    assert_eq!((mapped.0.item::<f64>(), mapped.1[0].item::<f64>()), (10.0, 20.0));
    assert_eq!((model.0.item::<f64>(), model.1[0].item::<f64>()), (1.0, 2.0));
}

#[test]
fn pairs_lie_in_the_same_place() {
    let mut a = (vec![tensor(1.0), tensor(2.0)], Some(tensor(3.0)));
    // Another type with tensors in the same places is as good.
    let b = ([tensor(10.0), tensor(20.0)], tensor(30.0));
    let mut seen = Vec::new();
    zip_mut(&mut a, &b, |x, y| {
        *x.tensor = tensor(x.tensor.item::<f64>() + y.item::<f64>());
        seen.push(x.path.to_string());
    });
    assert_eq!(seen, ["0.0", "0.1", "1"]);
    assert_eq!(tensors(&a).into_iter().map(Tensor::item::<f64>).collect::<Vec<_>>(), [11.0, 22.0, 33.0]);
}

#[test]
fn differing_structures_are_refused_with_the_place() {
    let rule = "zip_mut: the two modules must have tensors in the same places; ";
    let t = || tensor(0.0);
    assert_eq!(refusal(vec![t(), t()], vec![t()]), format!("{rule}the first has `1`, the second does not"));
    assert_eq!(refusal((vec![t()],), (vec![t(), t()],)), format!("{rule}the second has `0.1`, the first does not"));
    assert_eq!(
        refusal([Some(t()), Some(t())], [None, Some(t())]),
        format!("{rule}the first has `0` where the second has `1`")
    );
    assert_eq!(refusal(t(), None::<Tensor>), format!("{rule}the first has a tensor at its root, the second does not"));
    let keyed = |key: &'static str| BTreeMap::from([(key, [t()])]);
    assert_eq!(refusal(keyed("a"), keyed("b")), format!("{rule}the first has `a.0` where the second has `b.0`"));
}

#[test]
fn pairing_compares_the_whole_path() {
    // Paths of the same length that differ above the last segment only.
    let t = || tensor(0.0);
    let message = refusal((Some([t()]), None::<[Tensor; 1]>), (None::<[Tensor; 1]>, Some([t()])));
    assert!(message.ends_with("the first has `0.0` where the second has `1.0`"), "{message}");
}

#[test]
fn debug_shows_where() {
    for_each(&[((), tensor(0.0))], |leaf| assert_eq!(format!("{:?}", leaf.path), "\"0.1\""));
}

#[test]
fn a_cast_to_halves_leaves_buffers() {
    #[derive(Clone)]
    struct Layer(Tensor, Tensor);
    impl Module for Layer {
        fn visit<'a>(&'a self, visitor: &mut Visitor<'_, 'a>) {
            self.0.visit(&mut visitor.index(0));
            self.1.visit(&mut visitor.index(1).as_buffer());
        }
        fn visit_mut<'a>(&'a mut self, visitor: &mut VisitorMut<'_, 'a>) {
            self.0.visit_mut(&mut visitor.index(0));
            self.1.visit_mut(&mut visitor.index(1).as_buffer());
        }
    }
    let layer = Layer(Tensor::from(1f32), Tensor::from(2f32));
    for (dtype, buffer) in [(DType::BF16, DType::F32), (DType::F16, DType::F32), (DType::F64, DType::F64)] {
        let cast = cast(&layer, dtype);
        assert_eq!((cast.0.dtype(), cast.1.dtype()), (dtype, buffer));
        // The same array, by which running statistics are found again.
        assert_eq!(cast.1.array().is_same(layer.1.array()), buffer == DType::F32);
    }
}
