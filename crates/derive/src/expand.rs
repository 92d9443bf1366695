//! Writes the implementation: for each field that is shown, one call of its own `visit`, with the path one segment
//! longer.

use crate::{
    attributes::{FieldAttributes, TypeAttributes, check_variant},
    bounds::bounded,
};
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use std::collections::HashSet;
use syn::{
    Data, DeriveInput, Error, Fields, Index, LitStr, Member, Path, Result, Type, WherePredicate, ext::IdentExt,
    parse_quote, spanned::Spanned,
};

/// The implementation for the type in `input`, with the trait's crate at `default_crate`.
pub(crate) fn module(input: TokenStream, default_crate: &str) -> Result<TokenStream> {
    let DeriveInput { attrs, ident, mut generics, data, .. } = syn::parse2(input)?;
    let TypeAttributes { krate, bound } = TypeAttributes::read(&attrs)?;
    let krate: Path = krate.map_or_else(|| syn::parse_str(default_crate), Ok)?;

    let (shown, visit, visit_mut) = match &data {
        Data::Struct(data) => {
            let fields = shown_fields(&data.fields)?;
            let body = |method: &str| {
                let visits = fields.iter().map(|field| {
                    let member = &field.member;
                    let place = if method == "visit" { quote!(&self.#member) } else { quote!(&mut self.#member) };
                    field.visit(&krate, method, &place)
                });
                quote!(#(#visits)*)
            };
            let bodies = (body("visit"), body("visit_mut"));
            (fields, bodies.0, bodies.1)
        }
        Data::Enum(data) => {
            let mut variants = Vec::new();
            let mut errors = Errors::default();
            for variant in &data.variants {
                errors.check(check_variant(&variant.attrs));
                if let Some(fields) = errors.check(shown_fields(&variant.fields)) {
                    variants.push((&variant.ident, fields));
                }
            }
            errors.finish()?;
            let body = |method: &str| match_variants(&variants, &krate, method);
            let bodies = (body("visit"), body("visit_mut"));
            (variants.into_iter().flat_map(|(_, fields)| fields).collect(), bodies.0, bodies.1)
        }
        Data::Union(data) => {
            let rule = "a union cannot be a module: which field it holds is not known; use an enum";
            return Err(Error::new(data.union_token.span, rule));
        }
    };

    match bound {
        Some(predicates) => generics.make_where_clause().predicates.extend(predicates),
        None => {
            let bounds = bounded(&generics, shown.iter().map(|field| field.ty));
            let bounds =
                bounds.iter().map(|bounded| -> WherePredicate { parse_quote!(#bounded: #krate::module::Module) });
            generics.make_where_clause().predicates.extend(bounds);
        }
    }
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    // An unlikely name: hygiene does not reach constants, and a user's `const visitor` would turn the parameter into
    // a pattern.
    let visitor = if shown.is_empty() { quote!(_) } else { quote!(__visitor) };
    Ok(quote! {
        #[automatically_derived]
        impl #impl_generics #krate::module::Module for #ident #type_generics #where_clause {
            fn visit<'__leaf>(&'__leaf self, #visitor: &mut #krate::module::Visitor<'_, '__leaf>) { #visit }
            fn visit_mut<'__leaf>(&'__leaf mut self, #visitor: &mut #krate::module::VisitorMut<'_, '__leaf>) {
                #visit_mut
            }
        }
    })
}

/// A field that is not skipped.
struct Field<'a> {
    member: Member,
    ty: &'a Type,
    buffer: bool,
    rename: Option<LitStr>,
}

fn shown_fields(fields: &Fields) -> Result<Vec<Field<'_>>> {
    let mut shown = Vec::new();
    let mut names = HashSet::new();
    let mut errors = Errors::default();
    for (i, (field, member)) in fields.iter().zip(fields.members()).enumerate() {
        let Some(FieldAttributes { skip, buffer, rename }) = errors.check(FieldAttributes::read(&field.attrs)) else {
            continue;
        };
        if skip {
            continue;
        }
        let name = match (&rename, &field.ident) {
            (Some(rename), _) => rename.value(),
            (None, Some(ident)) => ident.unraw().to_string(),
            (None, None) => i.to_string(),
        };
        if names.contains(&name) {
            let span = rename.as_ref().map_or_else(|| field.span(), LitStr::span);
            errors.check::<()>(Err(Error::new(span, format!("two fields are shown as `{name}`"))));
        }
        names.insert(name);
        shown.push(Field { member, ty: &field.ty, buffer, rename });
    }
    errors.finish()?;
    Ok(shown)
}

impl Field<'_> {
    /// The statement that shows the field, which lies at `place`.
    fn visit(&self, krate: &Path, method: &str, place: &TokenStream) -> TokenStream {
        // Naming the type makes the compiler point at it when it is not a module.
        let ty = self.ty;
        let method = format_ident!("{method}");
        let below = match (&self.rename, &self.member) {
            (Some(rename), _) => quote!(__visitor.field(#rename)),
            (None, Member::Named(ident)) => {
                let name = ident.unraw().to_string();
                quote!(__visitor.field(#name))
            }
            (None, Member::Unnamed(Index { index, .. })) => {
                let index = *index as usize;
                quote!(__visitor.index(#index))
            }
        };
        let as_buffer = self.buffer.then(|| quote!(.as_buffer()));
        quote!(<#ty as #krate::module::Module>::#method(#place, &mut #below #as_buffer);)
    }
}

fn match_variants(variants: &[(&Ident, Vec<Field<'_>>)], krate: &Path, method: &str) -> TokenStream {
    if variants.is_empty() {
        return quote!(match *self {});
    }
    let arms = variants.iter().map(|(ident, fields)| {
        if fields.is_empty() {
            return quote!(Self::#ident { .. } => {});
        }
        let members = fields.iter().map(|field| &field.member);
        let names: Vec<Ident> = (0..fields.len()).map(|i| format_ident!("__field_{i}")).collect();
        let visits = fields.iter().zip(&names).map(|(field, name)| field.visit(krate, method, &quote!(#name)));
        let variant = ident.unraw().to_string();
        quote! {
            Self::#ident { #(#members: #names,)* .. } => {
                let __visitor = &mut __visitor.variant(#variant);
                #(#visits)*
            }
        }
    });
    quote!(match self { #(#arms)* })
}

/// Gathers errors, so that one compilation shows all of them.
#[derive(Default)]
struct Errors(Option<Error>);

impl Errors {
    fn check<T>(&mut self, result: Result<T>) -> Option<T> {
        let error = match result {
            Ok(value) => return Some(value),
            Err(error) => error,
        };
        match &mut self.0 {
            Some(all) => all.combine(error),
            none => *none = Some(error),
        }
        None
    }

    fn finish(self) -> Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}
