//! The table of all operations names every method that an operation has.

use std::{collections::BTreeSet, fs, path::Path};

const OPS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/ops");

/// The methods of every `impl Tensor` below a folder.
fn methods(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            methods(&path, found);
            continue;
        }
        let text = fs::read_to_string(&path).expect("a readable file");
        for block in text.split("\nimpl Tensor {\n").skip(1) {
            // rustfmt closes the block with the first brace at the start of a line.
            let block = block.split("\n}").next().unwrap_or_default();
            let names = block.lines().filter_map(|line| line.strip_prefix("    pub fn "));
            found.extend(names.map(|line| line.split(['(', '<']).next().unwrap_or_default().to_owned()));
        }
    }
}

#[test]
fn every_method_stands_in_the_table() {
    let mut found = BTreeSet::new();
    methods(Path::new(OPS), &mut found);
    // A form of another method that differs in the shape, or in a second output, stands in its row.
    let is_form =
        |name: &str| name.ends_with("_keepdims") || (name.contains("pool") && name.ends_with("_with_indices"));
    found.retain(|name| !is_form(name));
    let table = fs::read_to_string(format!("{OPS}/operations.md")).expect("the table");
    let named: BTreeSet<&str> = table.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let missing: Vec<&String> = found.iter().filter(|name| !named.contains(name.as_str())).collect();
    assert!(missing.is_empty(), "operations.md does not name {missing:?}");
    // There are far more; fewer would mean that the sources were not read.
    assert!(found.len() > 100, "{} methods", found.len());
}
