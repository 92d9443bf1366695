//! That the table of operations, `operations.md`, is complete.

use std::{collections::BTreeSet, fs, path::Path};

/// The methods of `Tensor` that a room of operations has: those of its `impl` blocks, and the entries of `functions!`.
fn methods_in(source: &str) -> impl Iterator<Item = &str> {
    let blocks = source.split("\nimpl Tensor {\n").skip(1).map(|rest| rest.split("\n}\n").next().expect("the block"));
    let written = blocks.flat_map(|block| block.lines().filter_map(|line| line.strip_prefix("    pub fn ")));
    let entries = source.split("\nfunctions! {\n").skip(1).map(|rest| rest.split("\n}\n").next().expect("the entries"));
    let declared = entries.flat_map(|block| {
        block
            .lines()
            .filter_map(|line| line.strip_prefix("    ")?.split_once(": |")?.0.split_once(", ").map(|(_, name)| name))
    });
    let name = |text| str::split(text, |c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
    written.chain(declared).map(name)
}

fn rooms_below(folder: &Path, sources: &mut Vec<String>) {
    for entry in fs::read_dir(folder).expect("a readable folder") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            rooms_below(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push(fs::read_to_string(&path).expect("a readable file"));
        }
    }
}

#[test]
fn every_method_is_in_the_table_of_operations() {
    // The odd parts between backticks are code.
    let table = include_str!("operations.md");
    let code = table.split('`').skip(1).step_by(2);
    let listed: BTreeSet<&str> = code.flat_map(|code| code.split(|c: char| !c.is_alphanumeric() && c != '_')).collect();
    let mut sources = Vec::new();
    rooms_below(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/ops")), &mut sources);
    let methods: BTreeSet<&str> = sources.iter().flat_map(|source| methods_in(source)).collect();
    assert!(
        methods.len() > 250 && methods.contains("exp") && methods.contains("sum"),
        "the rooms are read: {methods:?}"
    );
    // A form of an operation is told by its suffix.
    let is_listed = |name: &str| {
        let shorter = name.strip_suffix("_keepdims").unwrap_or(name);
        listed.contains(shorter) || shorter.strip_suffix("_with_indices").is_some_and(|name| listed.contains(name))
    };
    let missing: Vec<&&str> = methods.iter().filter(|name| !is_listed(name)).collect();
    assert!(missing.is_empty(), "operations.md lacks {missing:?}");
}
