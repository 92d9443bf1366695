//! That the operations are documented: all in the table, `operations.md`, and each with an example that asserts something.

use std::{collections::BTreeSet, fs, path::Path};

/// A method of `Tensor` in a room of operations.
struct Method {
    name: String,
    /// Its documentation and attributes.
    head: String,
    /// Whether a macro writes the method, with the attributes that all of its methods have.
    is_declared: bool,
}

/// The macros that declare functions; the entries of each begin with the type, whose name is that of the method.
const MACROS: [&str; 5] = ["functions", "specials", "pairs", "steps", "divisions"];

/// The methods that a room has: those of its `impl` blocks, and the entries of the macros.
fn methods_in(source: &str) -> Vec<Method> {
    let mut methods = Vec::new();
    for block in blocks(source, "\nimpl Tensor {\n") {
        let written = |line: &str| {
            let name: String = line.strip_prefix("    pub fn ")?.chars().take_while(|&c| is_of_name(c)).collect();
            Some(name)
        };
        collect(block, false, written, &mut methods);
    }
    for macro_name in MACROS {
        for block in blocks(source, &format!("\n{macro_name}! {{\n")) {
            let declared = |line: &str| {
                let entry = line.strip_prefix("    ").filter(|entry| entry.starts_with(char::is_uppercase))?;
                Some(snake_case(entry.chars().take_while(|&c| is_of_name(c))))
            };
            collect(block, true, declared, &mut methods);
        }
    }
    methods
}

fn is_of_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn snake_case(name: impl Iterator<Item = char>) -> String {
    let words = name.enumerate().map(|(i, c)| {
        let gap = if i > 0 && c.is_uppercase() { "_" } else { "" };
        format!("{gap}{}", c.to_lowercase())
    });
    words.collect()
}

/// What stands between an opening and the brace that closes it, of each.
fn blocks<'a>(source: &'a str, opening: &str) -> Vec<&'a str> {
    source.split(opening).skip(1).map(|rest| rest.split("\n}\n").next().expect("the block")).collect()
}

/// Adds the methods of a block, which a line with a name begins, and documentation and attributes precede.
fn collect(block: &str, is_declared: bool, name_in: impl Fn(&str) -> Option<String>, methods: &mut Vec<Method>) {
    let mut head = String::new();
    for line in block.lines() {
        if let Some(name) = name_in(line) {
            methods.push(Method { name, head: std::mem::take(&mut head), is_declared });
        } else if line.starts_with("    ///") || line.starts_with("    #[") {
            head += line;
            head += "\n";
        } else if !line.is_empty() {
            head.clear();
        }
    }
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

fn methods() -> Vec<Method> {
    let mut sources = Vec::new();
    rooms_below(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src/ops")), &mut sources);
    let methods: Vec<Method> = sources.iter().flat_map(|source| methods_in(source)).collect();
    let has = |name: &str| methods.iter().any(|method| method.name == name);
    // One of each form, or the sources are not read as they are written.
    let found = ["sum", "exp", "lgamma", "hypot", "floor", "fmod"].map(has);
    assert!(methods.len() > 250 && found == [true; 6], "{} methods, {found:?}", methods.len());
    methods
}

#[test]
fn every_method_is_in_the_table_of_operations() {
    // The odd parts between backticks are code.
    let table = include_str!("operations.md");
    let code = table.split('`').skip(1).step_by(2);
    let listed: BTreeSet<&str> = code.flat_map(|code| code.split(|c: char| !is_of_name(c))).collect();
    // A form of an operation is told by its suffix.
    let is_listed = |name: &str| {
        let shorter = name.strip_suffix("_keepdims").unwrap_or(name);
        listed.contains(shorter) || shorter.strip_suffix("_with_indices").is_some_and(|name| listed.contains(name))
    };
    let methods = methods();
    let missing: BTreeSet<&str> =
        methods.iter().map(|method| &method.name[..]).filter(|name| !is_listed(name)).collect();
    assert!(missing.is_empty(), "operations.md lacks {missing:?}");
}

#[test]
fn every_method_has_an_example_that_asserts() {
    let asserts = |method: &Method| {
        let code: String = method.head.split("```").skip(1).step_by(2).collect();
        code.contains("assert")
    };
    let methods = methods();
    let without: Vec<&str> = methods.iter().filter(|method| !asserts(method)).map(|method| &method.name[..]).collect();
    assert!(without.is_empty(), "these have no example that asserts something: {without:?}");
}

/// A message about wrong input is of use only with the place of the call.
#[test]
fn every_method_shows_where_it_was_called() {
    let methods = methods();
    let written = methods.iter().filter(|method| !method.is_declared);
    let silent: Vec<&str> =
        written.filter(|method| !method.head.contains("#[track_caller]")).map(|method| &method.name[..]).collect();
    assert!(silent.is_empty(), "these lack #[track_caller]: {silent:?}");
}
