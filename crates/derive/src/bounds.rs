//! Which bounds an implementation for a generic type needs: `T: Module` for each type parameter that a shown field
//! mentions.
//!
//! A bound on the field's type would be more precise, but it does not work for recursive types (the solver would run
//! in a circle) and would put private types into a public implementation.

use proc_macro2::{Spacing, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use std::collections::BTreeMap;
use syn::{Generics, Type};

/// What must be a module, in the order of the type's parameters: `T`, or `T::Assoc` where a field mentions that.
pub(crate) fn bounded<'a>(generics: &Generics, shown: impl Iterator<Item = &'a Type>) -> Vec<TokenStream> {
    let parameters: Vec<String> = generics.type_params().map(|parameter| parameter.ident.to_string()).collect();
    // Keyed by position and text, so that each is bounded once.
    let mut found = BTreeMap::new();
    if !parameters.is_empty() {
        shown.for_each(|ty| scan(ty.to_token_stream(), &parameters, &mut found));
    }
    found.into_values().collect()
}

fn scan(tokens: TokenStream, parameters: &[String], found: &mut BTreeMap<(usize, String), TokenStream>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut i = 0;
    while i < tokens.len() {
        match &tokens[i] {
            TokenTree::Group(group) => scan(group.stream(), parameters, found),
            TokenTree::Ident(ident) if ident == "PhantomData" => i = after_arguments(&tokens, i + 1) - 1,
            TokenTree::Ident(ident) if i == 0 || !is_path_or_lifetime(&tokens[i - 1]) => {
                if let Some(position) = parameters.iter().position(|parameter| ident == parameter) {
                    let bounded = match tokens.get(i + 1..i + 4) {
                        Some([colon, _, TokenTree::Ident(associated)]) if is_punct(colon, ':') => {
                            quote!(#ident::#associated)
                        }
                        _ => quote!(#ident),
                    };
                    found.insert((position, bounded.to_string()), bounded);
                }
            }
            _ => {}
        }
        i += 1;
    }
}

/// The position after the generic arguments that begin at `start`; `start` itself where there are none.
fn after_arguments(tokens: &[TokenTree], start: usize) -> usize {
    let mut depth = 0;
    let mut arrow = false;
    for (i, token) in tokens.iter().enumerate().skip(start) {
        match token {
            token if is_punct(token, '<') => depth += 1,
            token if is_punct(token, '>') && !arrow => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return if i == start && !is_punct(token, '<') { start } else { i + 1 };
        }
        // The `>` of `->` closes nothing.
        arrow = matches!(token, TokenTree::Punct(punct) if punct.as_char() == '-' && punct.spacing() == Spacing::Joint);
    }
    tokens.len().max(start)
}

/// Whether the next identifier goes on a path (`module::T`) or is a lifetime (`'T`), and so is no type parameter.
fn is_path_or_lifetime(token: &TokenTree) -> bool {
    is_punct(token, ':') || is_punct(token, '\'')
}

fn is_punct(token: &TokenTree, character: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == character)
}
