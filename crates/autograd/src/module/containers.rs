//! The modules of the standard library: containers of modules, and plain data that holds no tensors.

use super::{Module, Visitor, VisitorMut};
use cotangent_tensor::{DType, Few, Shape, Tensor};
use std::{collections::BTreeMap, fmt::Display, marker::PhantomData, time::Duration};

impl Module for Tensor {
    fn visit<'a>(&'a self, visitor: &mut Visitor<'_, 'a>) {
        visitor.leaf(self);
    }
    fn visit_mut<'a>(&'a mut self, visitor: &mut VisitorMut<'_, 'a>) {
        visitor.leaf(self);
    }
}

/// Elements are named by their index.
impl<M: Module> Module for [M] {
    fn visit<'a>(&'a self, visitor: &mut Visitor<'_, 'a>) {
        for (i, module) in self.iter().enumerate() {
            module.visit(&mut visitor.index(i));
        }
    }
    fn visit_mut<'a>(&'a mut self, visitor: &mut VisitorMut<'_, 'a>) {
        for (i, module) in self.iter_mut().enumerate() {
            module.visit_mut(&mut visitor.index(i));
        }
    }
}

/// Elements are named by their index.
impl<M: Module, const N: usize> Module for [M; N] {
    fn visit<'a>(&'a self, visitor: &mut Visitor<'_, 'a>) {
        self.as_slice().visit(visitor);
    }
    fn visit_mut<'a>(&'a mut self, visitor: &mut VisitorMut<'_, 'a>) {
        self.as_mut_slice().visit_mut(visitor);
    }
}

/// Elements are named by their index.
impl<M: Module> Module for Vec<M> {
    fn visit<'a>(&'a self, visitor: &mut Visitor<'_, 'a>) {
        self.as_slice().visit(visitor);
    }
    fn visit_mut<'a>(&'a mut self, visitor: &mut VisitorMut<'_, 'a>) {
        self.as_mut_slice().visit_mut(visitor);
    }
}

/// Elements are named by their index: what [`apply`](cotangent_tensor::apply) returns.
impl<M: Module> Module for Few<M> {
    fn visit<'a>(&'a self, visitor: &mut Visitor<'_, 'a>) {
        self[..].visit(visitor);
    }
    fn visit_mut<'a>(&'a mut self, visitor: &mut VisitorMut<'_, 'a>) {
        self[..].visit_mut(visitor);
    }
}

/// Adds nothing to the path; `None` holds no tensors.
impl<M: Module> Module for Option<M> {
    fn visit<'a>(&'a self, visitor: &mut Visitor<'_, 'a>) {
        if let Some(module) = self {
            module.visit(visitor);
        }
    }
    fn visit_mut<'a>(&'a mut self, visitor: &mut VisitorMut<'_, 'a>) {
        if let Some(module) = self {
            module.visit_mut(visitor);
        }
    }
}

/// Adds nothing to the path.
impl<M: Module + ?Sized> Module for Box<M> {
    fn visit<'a>(&'a self, visitor: &mut Visitor<'_, 'a>) {
        (**self).visit(visitor);
    }
    fn visit_mut<'a>(&'a mut self, visitor: &mut VisitorMut<'_, 'a>) {
        (**self).visit_mut(visitor);
    }
}

/// Entries are named by their key, in the order of the keys.
impl<K: Display, M: Module> Module for BTreeMap<K, M> {
    fn visit<'a>(&'a self, visitor: &mut Visitor<'_, 'a>) {
        for (key, module) in self {
            module.visit(&mut visitor.key(key));
        }
    }
    fn visit_mut<'a>(&'a mut self, visitor: &mut VisitorMut<'_, 'a>) {
        for (key, module) in self {
            module.visit_mut(&mut visitor.key(key));
        }
    }
}

macro_rules! tuple {
    ($($M:ident $i:tt),+) => {
        /// Elements are named by their index.
        impl<$($M: Module),+> Module for ($($M,)+) {
            fn visit<'a>(&'a self, visitor: &mut Visitor<'_, 'a>) {
                $(self.$i.visit(&mut visitor.index($i));)+
            }
            fn visit_mut<'a>(&'a mut self, visitor: &mut VisitorMut<'_, 'a>) {
                $(self.$i.visit_mut(&mut visitor.index($i));)+
            }
        }
    };
}
tuple!(A 0);
tuple!(A 0, B 1);
tuple!(A 0, B 1, C 2);
tuple!(A 0, B 1, C 2, D 3);
tuple!(A 0, B 1, C 2, D 3, E 4);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10);
tuple!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7, I 8, J 9, K 10, L 11);

macro_rules! without_tensors {
    ($($(#[$doc:meta])* [$($generics:tt)*] $Data:ty),+ $(,)?) => {$(
        $(#[$doc])*
        impl<$($generics)*> Module for $Data {
            fn visit<'a>(&'a self, _: &mut Visitor<'_, 'a>) {}
            fn visit_mut<'a>(&'a mut self, _: &mut VisitorMut<'_, 'a>) {}
        }
    )+};
}
// Numbers and strings are settings of a layer (a dropout's probability, a name), never tensors: that a struct may hold
// them without an attribute takes nothing from the check that every other field is a module.
without_tensors! {
    [] (), [] bool, [] char, [] f32, [] f64,
    [] u8, [] u16, [] u32, [] u64, [] u128, [] usize,
    [] i8, [] i16, [] i32, [] i64, [] i128, [] isize,
    [] str, [] String, ['s] &'s str, [] Duration, [] DType, [] Shape,
    [T: ?Sized] PhantomData<T>,
    /// An activation that is chosen at run time, such as `Tensor::relu`.
    [] fn(&Tensor) -> Tensor,
}
