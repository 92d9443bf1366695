//! The battery of laws: rules that are broken in one way each, and the law that must find each of them; rules that are right, and must
//! pass; and what a failure says.

mod holds;
mod mutants;
mod part;
mod product;
mod reports;
