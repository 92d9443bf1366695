//! What the derive generates, for every form of type that it takes.

// The strictest lints that a user's crate may set: generated code must not trip them.
#![deny(warnings, missing_docs, unreachable_pub, clippy::all, clippy::pedantic, clippy::nursery)]
#![allow(clippy::redundant_pub_crate, reason = "it contradicts unreachable_pub")]

use cotangent_autograd::module::{self, Kind, Module, Visitor, VisitorMut};
use cotangent_derive::Module;
use cotangent_tensor::Tensor;
use std::{collections::BTreeMap, fmt::Display, marker::PhantomData};

fn tensor(x: f64) -> Tensor {
    Tensor::from(x)
}

/// Each path with its tensor's value; the mutable visit has to show the same.
fn shown(module: &mut (impl Module + ?Sized)) -> Vec<(String, f64)> {
    let mut seen = Vec::new();
    module::for_each(module, |leaf| seen.push((leaf.path.to_string(), leaf.kind, leaf.tensor.item::<f64>())));
    let mut seen_mut = Vec::new();
    module::for_each_mut(module, |leaf| seen_mut.push((leaf.path.to_string(), leaf.kind, leaf.tensor.item::<f64>())));
    assert_eq!(seen, seen_mut);
    seen.into_iter().map(|(path, _, value)| (path, value)).collect()
}

fn paths(module: &mut (impl Module + ?Sized)) -> Vec<String> {
    shown(module).into_iter().map(|(path, _)| path).collect()
}

/// A layer.
#[derive(Module, Clone)]
pub struct Linear {
    /// Its weight.
    pub weight: Tensor,
    /// Its bias.
    pub bias: Option<Tensor>,
}

fn linear(weight: f64, bias: Option<f64>) -> Linear {
    Linear { weight: tensor(weight), bias: bias.map(tensor) }
}

#[test]
fn named_fields_nest() {
    #[derive(Module)]
    struct Model {
        first: Linear,
        r#type: Tensor,
        layers: Vec<Linear>,
        named: BTreeMap<&'static str, Linear>,
    }
    let mut model = Model {
        first: linear(1.0, Some(2.0)),
        r#type: tensor(3.0),
        layers: vec![linear(4.0, None), linear(5.0, Some(6.0))],
        named: BTreeMap::from([("b", linear(8.0, None)), ("a", linear(7.0, None))]),
    };
    let expected = [
        ("first.weight", 1.0),
        ("first.bias", 2.0),
        ("type", 3.0),
        ("layers.0.weight", 4.0),
        ("layers.1.weight", 5.0),
        ("layers.1.bias", 6.0),
        ("named.a.weight", 7.0),
        ("named.b.weight", 8.0),
    ];
    assert_eq!(shown(&mut model), expected.map(|(path, value)| (path.to_owned(), value)));
}

#[test]
fn tuple_and_unit_structs() {
    #[derive(Module)]
    struct Pair(Tensor, (), Linear);
    #[derive(Module)]
    struct Relu;
    #[derive(Module)]
    struct Empty {}

    assert_eq!(paths(&mut Pair(tensor(1.0), (), linear(2.0, None))), ["0", "2.weight"]);
    assert_eq!(paths(&mut Relu), [""; 0]);
    assert_eq!(paths(&mut Empty {}), [""; 0]);
}

#[test]
fn attributes_of_fields() {
    struct Foreign;
    #[derive(Module)]
    struct Norm {
        #[module(rename = "gamma")]
        scale: Tensor,
        #[module(buffer, rename = "running.mean")]
        mean: Option<Tensor>,
        #[module(buffer)]
        both: Linear,
        #[module(skip)]
        _foreign: Foreign,
    }
    let mut norm =
        Norm { scale: tensor(1.0), mean: Some(tensor(2.0)), both: linear(3.0, Some(4.0)), _foreign: Foreign };
    assert_eq!(paths(&mut norm), ["gamma", "running.mean", "both.weight", "both.bias"]);
    let mut kinds = Vec::new();
    module::for_each(&norm, |leaf| kinds.push(leaf.kind));
    assert_eq!(kinds, [Kind::Parameter, Kind::Buffer, Kind::Buffer, Kind::Buffer]);
    assert_eq!(module::num_parameters(&norm), 1);
}

#[test]
fn plain_data_needs_no_attribute() {
    #[derive(Module)]
    struct Layer<'name> {
        weight: Tensor,
        rate: f64,
        size: [usize; 2],
        name: &'name str,
        label: Option<String>,
        train: bool,
        activation: fn(&Tensor) -> Tensor,
        marker: PhantomData<Vec<u8>>,
    }
    let name = String::from("dense");
    let mut layer = Layer {
        weight: tensor(1.0),
        rate: 0.5,
        size: [1, 1],
        name: &name,
        label: None,
        train: true,
        activation: Tensor::clone,
        marker: PhantomData,
    };
    assert_eq!(paths(&mut layer), ["weight"]);
}

#[test]
fn generic_types_get_the_bounds_they_need() {
    trait Family {
        type Layer;
    }
    struct Dense;
    impl Family for Dense {
        type Layer = Linear;
    }

    #[derive(Module)]
    struct Generic<'x, A, F: Family, P, K = String, const N: usize = 2>
    where
        K: Display + Ord,
    {
        array: [A; N],
        boxed: Box<A>,
        layer: F::Layer,
        keyed: BTreeMap<K, A>,
        text: &'x str,
        marker: PhantomData<P>,
        #[module(skip)]
        _skipped: Option<F>,
    }
    // `P` and `F` are no modules.
    let mut model: Generic<'_, Linear, Dense, Dense> = Generic {
        array: [linear(1.0, None), linear(2.0, None)],
        boxed: Box::new(linear(3.0, None)),
        layer: linear(4.0, None),
        keyed: BTreeMap::from([("k".to_owned(), linear(5.0, None))]),
        text: "text",
        marker: PhantomData,
        _skipped: None,
    };
    assert_eq!(
        paths(&mut model),
        ["array.0.weight", "array.1.weight", "boxed.weight", "layer.weight", "keyed.k.weight"]
    );
}

#[test]
fn bounds_can_be_given() {
    trait Layer: Module {}
    impl Layer for Linear {}
    impl Layer for Tensor {}

    #[derive(Module)]
    #[module(bound = "L: Layer, M: Layer")]
    struct Residual<L: ?Sized, M> {
        shortcut: M,
        inner: Box<L>,
    }
    let mut model: Residual<dyn Layer, Tensor> = Residual { shortcut: tensor(1.0), inner: Box::new(linear(2.0, None)) };
    assert_eq!(paths(&mut model), ["shortcut", "inner.weight"]);
}

#[derive(Module, Clone)]
enum Activation {
    Relu,
    Prelu { slope: Tensor },
    Elu { slope: Tensor },
    Blend(Tensor, #[module(skip)] Option<char>, #[module(buffer)] Box<Self>),
}

#[test]
fn enums_show_the_current_variant() {
    assert_eq!(paths(&mut Activation::Relu), [""; 0]);
    assert_eq!(paths(&mut Activation::Prelu { slope: tensor(1.0) }), ["slope"]);
    let mut blend = Activation::Blend(tensor(1.0), Some('x'), Box::new(Activation::Prelu { slope: tensor(2.0) }));
    assert_eq!(paths(&mut blend), ["0", "2.slope"]);
    if let Activation::Blend(_, mark, _) = &blend {
        assert_eq!(*mark, Some('x'));
    }
    assert_eq!(module::num_parameters(&blend), 1);
}

#[test]
fn an_empty_enum_derives() {
    #[derive(Module)]
    enum Never {}
    assert_eq!(paths(&mut None::<Never>), [""; 0]);
}

#[test]
fn types_may_contain_themselves() {
    #[derive(Module)]
    struct Node<T> {
        value: T,
        next: Option<Box<Self>>,
        children: Vec<Self>,
    }
    let leaf = |x: f64| Node { value: tensor(x), next: None, children: Vec::new() };
    let mut list = Node { next: Some(Box::new(leaf(2.0))), children: vec![leaf(3.0)], ..leaf(1.0) };
    assert_eq!(paths(&mut list), ["value", "next.value", "children.0.value"]);
}

#[test]
fn trait_objects_are_modules() {
    trait Layer: Module {}
    impl<M: Module> Layer for M {}
    #[derive(Module)]
    struct Sequential {
        layers: Vec<Box<dyn Layer>>,
        head: Box<dyn Module + Send>,
    }
    let mut model = Sequential {
        layers: vec![Box::new(linear(1.0, None)), Box::new(Activation::Relu), Box::new(tensor(2.0))],
        head: Box::new(linear(3.0, None)),
    };
    assert_eq!(paths(&mut model), ["layers.0.weight", "layers.2", "head.weight"]);
}

#[test]
fn the_gradient_of_a_derived_type_is_of_that_type() {
    let model = vec![linear(1.0, Some(2.0)), linear(3.0, None)];
    let doubled = module::map(&model, |leaf| tensor(2.0 * leaf.tensor.item::<f64>()));
    assert_eq!(doubled[0].bias.as_ref().map(Tensor::item::<f64>), Some(4.0));
    assert!(doubled[1].bias.is_none());
}

#[test]
#[should_panic(expected = "the first has `<Prelu>.slope` where the second has `<Elu>.slope`")]
fn different_variants_are_not_paired() {
    let mut a = Activation::Prelu { slope: tensor(1.0) };
    module::zip_mut(&mut a, &Activation::Elu { slope: tensor(1.0) }, |_, _| {});
}

#[test]
fn generated_names_clash_with_nothing() {
    #[allow(
        non_upper_case_globals,
        dead_code,
        reason = "a constant of this name turns a parameter of the same name into a pattern"
    )]
    const visitor: u8 = 0;
    #[allow(dead_code, reason = "shadows the trait's name")]
    struct Visitor;
    #[allow(dead_code, reason = "shadows the prelude")]
    enum Option {
        Some,
    }
    #[derive(cotangent_derive::Module)]
    struct Layer<'a> {
        visitor: Tensor,
        name: &'a str,
        method: Tensor,
    }
    impl Layer<'_> {
        // An inherent method of the same name must not be taken for the trait's.
        #[allow(dead_code, reason = "it is there to be passed over")]
        const fn visit(&self) -> usize {
            self.name.len()
        }
    }
    let mut layer = Layer { visitor: tensor(1.0), name: "", method: tensor(2.0) };
    assert_eq!(paths(&mut layer), ["visitor", "method"]);
}

#[test]
fn types_may_come_from_a_macro() {
    macro_rules! pair {
        ($name:ident, $T:ident, $first:ident: $First:ty) => {
            #[derive(Module)]
            struct $name<$T> {
                $first: $First,
                second: $T,
            }
        };
    }
    pair!(Pair, T, first: Option<Box<T>>);
    let mut pair = Pair { first: Some(Box::new(tensor(1.0))), second: tensor(2.0) };
    assert_eq!(paths(&mut pair), ["first", "second"]);
}

mod reexported {
    //! The trait's crate under another path.

    pub(crate) use cotangent_autograd as autograd;
}

#[test]
fn the_crate_can_be_elsewhere() {
    #[derive(Module)]
    #[module(crate = "crate::reexported::autograd")]
    struct Layer {
        weight: Tensor,
    }
    assert_eq!(paths(&mut Layer { weight: tensor(1.0) }), ["weight"]);
}

/// Hand-written modules and derived ones mix.
#[test]
fn a_module_by_hand() {
    struct Tied(Tensor);
    impl Module for Tied {
        fn visit<'a>(&'a self, visitor: &mut Visitor<'_, 'a>) {
            self.0.visit(&mut visitor.field("tied"));
        }
        fn visit_mut<'a>(&'a mut self, visitor: &mut VisitorMut<'_, 'a>) {
            self.0.visit_mut(&mut visitor.field("tied"));
        }
    }
    #[derive(Module)]
    struct Outer {
        inner: Tied,
    }
    assert_eq!(paths(&mut Outer { inner: Tied(tensor(1.0)) }), ["inner.tied"]);
}
