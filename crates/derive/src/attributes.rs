//! Reads `#[module(..)]` on types, variants and fields, and refuses what it does not know.

use syn::{
    Attribute, Error, LitStr, Path, Result, Token, WherePredicate, ext::IdentExt, meta::ParseNestedMeta,
    punctuated::Punctuated,
};

/// What `#[module(..)]` says of a type.
#[derive(Default)]
pub(crate) struct TypeAttributes {
    /// `crate = "path"`
    pub(crate) krate: Option<Path>,
    /// `bound = "predicates"`
    pub(crate) bound: Option<Punctuated<WherePredicate, Token![,]>>,
}

/// What `#[module(..)]` says of a field.
#[derive(Default)]
pub(crate) struct FieldAttributes {
    /// `skip`
    pub(crate) skip: bool,
    /// `buffer`
    pub(crate) buffer: bool,
    /// `rename = "name"`
    pub(crate) rename: Option<LitStr>,
}

const TYPE_KEYS: &str = "a type takes `bound = \"..\"` and `crate = \"..\"`";
const FIELD_KEYS: &str = "a field takes `skip`, `buffer` and `rename = \"..\"`";

impl TypeAttributes {
    pub(crate) fn read(attributes: &[Attribute]) -> Result<Self> {
        let mut read = TypeAttributes::default();
        for_each_key(attributes, |key, meta| match key {
            "crate" => set(&mut read.krate, meta, |text| text.parse_with(Path::parse_mod_style)),
            "bound" => set(&mut read.bound, meta, |text| text.parse_with(Punctuated::parse_terminated)),
            "skip" | "buffer" | "rename" => Err(meta.error(format!("`{key}` goes on a field; {TYPE_KEYS}"))),
            _ => Err(meta.error(format!("unknown key `{key}`; {TYPE_KEYS}"))),
        })?;
        Ok(read)
    }
}

impl FieldAttributes {
    pub(crate) fn read(attributes: &[Attribute]) -> Result<Self> {
        let mut read = FieldAttributes::default();
        for_each_key(attributes, |key, meta| {
            match key {
                "skip" => set_flag(&mut read.skip, key, meta)?,
                "buffer" => set_flag(&mut read.buffer, key, meta)?,
                "rename" => set(&mut read.rename, meta, named)?,
                "crate" | "bound" => return Err(meta.error(format!("`{key}` goes on the type; {FIELD_KEYS}"))),
                _ => return Err(meta.error(format!("unknown key `{key}`; {FIELD_KEYS}"))),
            }
            if read.skip && (read.buffer || read.rename.is_some()) {
                return Err(meta.error("a field that is left out by `skip` takes no other key"));
            }
            Ok(())
        })?;
        Ok(read)
    }
}

/// Refuses every key on a variant.
pub(crate) fn check_variant(attributes: &[Attribute]) -> Result<()> {
    for_each_key(attributes, |key, meta| Err(meta.error(format!("`{key}` does not go on a variant; {FIELD_KEYS}"))))
}

fn for_each_key(
    attributes: &[Attribute],
    mut read: impl FnMut(&str, &ParseNestedMeta<'_>) -> Result<()>,
) -> Result<()> {
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("module")) {
        attribute.parse_nested_meta(|meta| match meta.path.get_ident() {
            Some(key) => read(&key.unraw().to_string(), &meta),
            None => Err(meta.error("expected one word as the key")),
        })?;
    }
    Ok(())
}

fn set_flag(flag: &mut bool, key: &str, meta: &ParseNestedMeta<'_>) -> Result<()> {
    if meta.input.peek(Token![=]) || meta.input.peek(syn::token::Paren) {
        return Err(meta.error(format!("`{key}` takes no value")));
    }
    if *flag {
        return Err(meta.error(format!("`{key}` is given twice")));
    }
    *flag = true;
    Ok(())
}

fn set<T>(slot: &mut Option<T>, meta: &ParseNestedMeta<'_>, parse: impl FnOnce(LitStr) -> Result<T>) -> Result<()> {
    let key = meta.path.require_ident()?.unraw();
    let text = meta.value().and_then(|value| value.parse::<LitStr>());
    let text = text.map_err(|_| meta.error(format!("`{key}` takes a string: `{key} = \"..\"`")))?;
    if slot.replace(parse(text)?).is_some() {
        return Err(meta.error(format!("`{key}` is given twice")));
    }
    Ok(())
}

/// A path segment that someone else can split at the dots again.
fn named(text: LitStr) -> Result<LitStr> {
    if text.value().split('.').any(str::is_empty) {
        return Err(Error::new(
            text.span(),
            "a name must not be empty, nor begin or end with a dot, nor have two in a row",
        ));
    }
    Ok(text)
}
