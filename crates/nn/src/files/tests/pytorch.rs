//! A file that PyTorch wrote, by scripts/safetensors_reference.py.

use super::*;
use crate::files::Reading;

const FILE: &[u8] = include_bytes!("mlp.safetensors");

#[test]
fn a_model_of_pytorchs_loads_by_name_and_computes_the_same() {
    let file = Reading::new().only(|name| !name.starts_with("wide.")).from_bytes(FILE).unwrap();
    assert_eq!((&*file.metadata["format"], &*file.metadata["note"]), ("pt", "tanh between"));
    let (x, y) = (file.tensors["x"].clone(), file.tensors["y"].to_vec::<f32>());
    let mut model = Mlp::new(1);
    let weights = file.rename(|name| Some(name.strip_prefix("model.")?.to_owned())).unwrap();
    weights.load_into(&mut model).unwrap();
    assert_eq!(model.seen.item::<i64>(), 12);
    for (found, wanted) in model.forward(&x).to_vec::<f32>().into_iter().zip(y) {
        // Sums of four numbers below 1: a few roundings of f32.
        assert!((found - wanted).abs() < 4.0 * f32::EPSILON, "{found}, PyTorch {wanted}");
    }
}

#[test]
fn numbers_of_half_precision_are_those_of_pytorch() {
    let error = NamedTensors::from_bytes(FILE).unwrap_err().to_string();
    assert!(error.contains("which no tensor holds; read it into a wider dtype with Reading::widening"), "{error}");
    let file = Reading::new().widening().from_bytes(FILE).unwrap();
    // As the script prints them.
    let f16 = [1.0, -2.5, 65504.0, 5.960_464_5e-8, f32::INFINITY];
    let bf16 = [1.0, -2.5, 65536.0, 6.007_030_6e-8, f32::INFINITY];
    assert_eq!(file.tensors["wide.f16"].to_vec::<f32>(), f16);
    assert_eq!(file.tensors["wide.bf16"].to_vec::<f32>(), bf16);
    assert_eq!(file.tensors["wide.i32"].to_vec::<i64>(), [-7, 9]);
}
