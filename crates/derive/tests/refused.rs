//! How refusals look to a user: where the compiler points, and at what.

#[test]
fn refusals_point_at_their_cause() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
