//! The derive macro of the trait `Module`: shows the tensors of a struct's or enum's fields, each under its path.
//!
//! Generated code has to name the crate that owns the trait, and a macro cannot see which one its user depends on. So
//! there are two entry points, one for each crate that the trait is reached through, and importing one says which:
//! [`Module`] for `cotangent-autograd`, and [`FacadeModule`], which `cotangent` re-exports as `Module`. Nothing is
//! guessed from a manifest.

#![forbid(unsafe_code)]

mod attributes;
mod bounds;
mod expand;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

/// Implements `cotangent_autograd::Module` for a struct or an enum.
///
/// Every field has to be a module. Named fields are shown under their name, the fields of tuples under their index.
/// Of an enum, the fields of the current variant are shown, and the variant's name is not part of their path.
///
/// ```
/// use cotangent_autograd::module::{Module, named_tensors};
/// use cotangent_derive::Module;
/// use cotangent_tensor::Tensor;
///
/// #[derive(Module)]
/// struct Linear {
///     weight: Tensor,
///     bias: Option<Tensor>,
/// }
///
/// #[derive(Module)]
/// struct Model<A> {
///     #[module(rename = "fc")]
///     layers: Vec<Linear>,
///     dropout: f64,
///     #[module(skip)]
///     activation: A,
///     #[module(buffer)]
///     steps: Tensor,
/// }
///
/// let layer = Linear { weight: Tensor::from([1.0, 2.0]), bias: None };
/// let model = Model { layers: vec![layer], dropout: 0.1, activation: |x: Tensor| x, steps: Tensor::from(0.0) };
/// let names: Vec<String> = named_tensors(&model).into_iter().map(|(name, _)| name).collect();
/// assert_eq!(names, ["fc.0.weight", "steps"]);
/// ```
///
/// # Attributes of fields
///
/// - `#[module(skip)]` leaves the field out; its type need not be a module.
/// - `#[module(buffer)]` calls the field's tensors buffers: kept with the model, but not learned.
/// - `#[module(rename = "name")]` shows the field under another name, which may contain dots.
///
/// # Attributes of the type
///
/// - `#[module(bound = "T: Layer")]` replaces the bounds of the implementation. Without it, every type parameter that
///   occurs in a field which is not skipped gets the bound `Module`, unless it occurs in `PhantomData` only.
/// - `#[module(crate = "path")]` says where the crate is found, when it was renamed or is re-exported.
#[proc_macro_derive(Module, attributes(module))]
pub fn derive_module(input: TokenStream) -> TokenStream {
    expand::module(input.into(), "::cotangent_autograd").unwrap_or_else(syn::Error::into_compile_error).into()
}

/// As [`Module`](derive@Module), for those who depend on `cotangent` alone, which re-exports this macro as `Module`.
#[proc_macro_derive(FacadeModule, attributes(module))]
pub fn derive_module_through_facade(input: TokenStream) -> TokenStream {
    expand::module(input.into(), "::cotangent").unwrap_or_else(syn::Error::into_compile_error).into()
}
