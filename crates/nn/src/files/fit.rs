//! Whether named tensors fit a module, and putting them into it: first everything is compared, then everything is put, so
//! that a refusal leaves the module as it was.

use super::Problem;
use cotangent_autograd::{Module, module};
use cotangent_tensor::{Spec, Tensor};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// How the tensors of a file and those of a module differ.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
#[must_use = "nothing else says what was not loaded"]
pub struct Report {
    /// In the module, not in the file.
    pub missing: Vec<String>,
    /// In the file, not in the module.
    pub unexpected: Vec<String>,
    /// In both, with different shapes.
    pub misshaped: Vec<Misfit>,
    /// In both, of one shape, with different dtypes.
    pub mistyped: Vec<Misfit>,
}

/// A tensor that is another in the file than in the module.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Misfit {
    /// Its name, in both.
    pub name: String,
    /// What the file has.
    pub found: Spec,
    /// What the module has.
    pub wanted: Spec,
}

impl Report {
    /// Whether file and module have the same tensors.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.unexpected.is_empty() && self.misshaped.is_empty() && self.mistyped.is_empty()
    }

    fn of<M: Module + ?Sized>(tensors: &BTreeMap<String, Tensor>, module: &M) -> Self {
        let (mut report, mut seen) = (Report::default(), BTreeSet::new());
        for (name, tensor) in module::named_tensors(module) {
            match tensors.get(&name) {
                None => report.missing.push(name.clone()),
                Some(found) if found.spec() != tensor.spec() => {
                    let list =
                        if found.shape() == tensor.shape() { &mut report.mistyped } else { &mut report.misshaped };
                    let [found, wanted] = [found.spec(), tensor.spec()].map(|spec| spec.to_owned());
                    list.push(Misfit { name: name.clone(), found, wanted });
                }
                Some(_) => {}
            }
            seen.insert(name);
        }
        report.unexpected.extend(tensors.keys().filter(|name| !seen.contains(*name)).cloned());
        report
    }
}

/// Names, and then shapes, at most so many of each kind as fit a screen; a report has all of them.
const SHOWN: usize = 20;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { missing, unexpected, misshaped, mistyped } = self;
        let absent = |names: &[String], place: &str| {
            let shown: Vec<_> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
            let are = if names.len() == 1 { "is" } else { "are" };
            (!names.is_empty())
                .then(|| format!("{}{} {are} not in the {place}", shown.join(", "), and_more(names.len())))
        };
        let differing = |misfits: &[Misfit]| {
            let shown = misfits.iter().take(SHOWN).map(|Misfit { name, found, wanted }| {
                format!("`{name}` is {found} in the file and {wanted} in the model")
            });
            (!misfits.is_empty()).then(|| shown.collect::<Vec<_>>().join(", ") + &and_more(misfits.len()))
        };
        let cast = (!mistyped.is_empty()).then(|| "cast with cast_like".to_owned());
        let sentences =
            [absent(missing, "file"), absent(unexpected, "model"), differing(misshaped), differing(mistyped), cast];
        if self.is_empty() {
            return f.write_str("file and model have the same tensors");
        }
        f.write_str(&sentences.into_iter().flatten().collect::<Vec<_>>().join("; "))
    }
}

fn and_more(count: usize) -> String {
    count.checked_sub(SHOWN).filter(|&more| more > 0).map_or(String::new(), |more| format!(" and {more} more"))
}

/// Puts every tensor into its place, if the names are the same.
pub(super) fn load<M: Module + ?Sized>(tensors: &BTreeMap<String, Tensor>, module: &mut M) -> Result<(), Problem> {
    let report = Report::of(tensors, module);
    if !report.is_empty() {
        return Err(Problem::Misfit(report));
    }
    put(tensors, module);
    Ok(())
}

/// Puts every tensor that fits into its place.
pub(super) fn load_partly<M: Module + ?Sized>(
    tensors: &BTreeMap<String, Tensor>,
    module: &mut M,
) -> Result<Report, Problem> {
    let report = Report::of(tensors, module);
    if !report.mistyped.is_empty() {
        return Err(Problem::Misfit(Report { mistyped: report.mistyped, ..Report::default() }));
    }
    put(tensors, module);
    Ok(report)
}

fn put<M: Module + ?Sized>(tensors: &BTreeMap<String, Tensor>, module: &mut M) {
    module::for_each_mut(module, |leaf| {
        if let Some(tensor) = tensors.get(&leaf.path.to_string())
            && tensor.spec() == leaf.tensor.spec()
        {
            *leaf.tensor = tensor.clone();
        }
    });
}
