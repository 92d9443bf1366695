//! The derive as the facade re-exports it: generated code names `::cotangent` and nothing else.

#![deny(warnings)]

// Stands for the facade, which has the module `module` at the same place.
extern crate cotangent_autograd as cotangent;

use cotangent_derive::FacadeModule as Module;
use cotangent_tensor::Tensor;

#[derive(Module)]
struct Layer<T> {
    weight: T,
}

#[test]
fn the_facade_is_named() {
    let layer = Layer { weight: Tensor::from(1.0) };
    assert_eq!(cotangent::module::named_tensors(&layer)[0].0, "weight");
}
