//! What the macro refuses, and in which words; what it generates is tested by compiling it, in `tests/derive.rs`.

use crate::{bounds::bounded, expand::module};

const FIELD: &str = "a field takes `skip`, `buffer` and `rename = \"..\"`";
const TYPE: &str = "a type takes `bound = \"..\"` and `crate = \"..\"`";

fn refusals(input: &str) -> Vec<String> {
    let error = module(input.parse().expect("tokens"), "m").expect_err("the input is to be refused");
    error.into_iter().map(|error| error.to_string()).collect()
}

fn is_taken(input: &str) -> bool {
    module(input.parse().expect("tokens"), "m").is_ok()
}

#[test]
fn a_union_is_refused() {
    let rule = "a union cannot be a module: which field it holds is not known; use an enum";
    assert_eq!(refusals("union U { a: u8, b: u8 }"), [rule]);
}

#[test]
fn unknown_keys_are_refused_with_the_known_ones() {
    assert_eq!(refusals("struct S { #[module(ignore)] a: u8 }"), [format!("unknown key `ignore`; {FIELD}")]);
    assert_eq!(refusals("#[module(ignore)] struct S;"), [format!("unknown key `ignore`; {TYPE}")]);
    assert_eq!(refusals("struct S(#[module(a::b)] u8);"), ["expected one word as the key"]);
}

#[test]
fn keys_in_the_wrong_place_are_refused() {
    assert_eq!(refusals("#[module(skip)] struct S;"), [format!("`skip` goes on a field; {TYPE}")]);
    assert_eq!(refusals("struct S(#[module(crate = \"a\")] u8);"), [format!("`crate` goes on the type; {FIELD}")]);
    let variant = "enum E { #[module(rename = \"b\")] A(u8) }";
    assert_eq!(refusals(variant), [format!("`rename` does not go on a variant; {FIELD}")]);
}

#[test]
fn values_are_checked() {
    assert_eq!(refusals("struct S(#[module(skip = true)] u8);"), ["`skip` takes no value"]);
    assert_eq!(refusals("struct S(#[module(buffer(a))] u8);"), ["`buffer` takes no value"]);
    let string = "`rename` takes a string: `rename = \"..\"`";
    assert_eq!(refusals("struct S(#[module(rename)] u8);"), [string]);
    assert_eq!(refusals("struct S(#[module(rename = b)] u8);"), [string]);
    let name = "a name must not be empty, nor begin or end with a dot, nor have two in a row";
    for text in ["", ".a", "a.", "a..b"] {
        assert_eq!(refusals(&format!("struct S(#[module(rename = {text:?})] u8);")), [name], "{text:?}");
    }
    assert!(is_taken("struct S(#[module(rename = \"a.b\")] u8);"));
}

#[test]
fn contradictions_are_refused() {
    assert_eq!(refusals("struct S(#[module(skip, skip)] u8);"), ["`skip` is given twice"]);
    let twice = "struct S(#[module(rename = \"b\")] #[module(rename = \"c\")] u8);";
    assert_eq!(refusals(twice), ["`rename` is given twice"]);
    assert_eq!(refusals("#[module(crate = \"a\", crate = \"b\")] struct S;"), ["`crate` is given twice"]);
    let skip = "a field that is left out by `skip` takes no other key";
    assert_eq!(refusals("struct S(#[module(skip, buffer)] u8);"), [skip]);
    assert_eq!(refusals("struct S(#[module(rename = \"b\", skip)] u8);"), [skip]);
    assert_eq!(refusals("struct S { #[module(rename = \"b\")] a: u8, b: u8 }"), ["two fields are shown as `b`"]);
    assert!(is_taken("struct S { #[module(rename = \"b\")] a: u8, #[module(skip)] b: u8 }"));
}

#[test]
fn all_errors_are_reported_at_once() {
    let three = "enum E { A { #[module(no)] a: u8, #[module(skip = 1)] b: u8 }, B(#[module(rename)] u8) }";
    assert_eq!(refusals(three).len(), 3);
}

/// What the implementation for a struct with these generics and field types bounds.
fn bounds(generics: &str, types: &str) -> Vec<String> {
    let input: syn::DeriveInput = syn::parse_str(&format!("struct S<{generics}>({types});")).expect("a struct");
    let syn::Data::Struct(data) = &input.data else { unreachable!("a struct was written") };
    let bounds = bounded(&input.generics, data.fields.iter().map(|field| &field.ty));
    bounds.iter().map(|bound| bound.to_string().replace(' ', "")).collect()
}

#[test]
fn bounds_go_to_parameters_of_shown_fields() {
    assert_eq!(bounds("T, U", "Vec<(U, Option<T>)>, [T; 2]"), ["T", "U"]);
    assert_eq!(bounds("T, U", "U"), ["U"]);
    assert_eq!(bounds("T", "T::Layer, Box<T::Layer>"), ["T::Layer"]);
    assert_eq!(bounds("const N: usize", "[u8; N]"), [""; 0]);
    assert_eq!(bounds("'T, T", "other::T, &'T str"), [""; 0]);
}

#[test]
fn phantom_data_asks_nothing_of_its_parameter() {
    assert_eq!(bounds("T, U", "PhantomData<Vec<T>>, U"), ["U"]);
    assert_eq!(bounds("T, U", "(std::marker::PhantomData<fn(T) -> Vec<T>>, U)"), ["U"]);
    assert_eq!(bounds("T", "(PhantomData, T)"), ["T"]);
}
