//! Safetensors files beside another reader: that of the authors of the format.

use cotangent_nn::files::{NamedTensors, Problem, Reading};
use cotangent_tensor::DType;
use safetensors::SafeTensors;

/// What we take, the reader of the format's authors takes too, as the same tensors; and it can be written and read again.
pub(crate) fn with_the_authors(bytes: &[u8]) {
    let theirs = SafeTensors::deserialize(bytes);
    let ours = match Reading::new().widening().from_bytes(bytes) {
        Ok(ours) => ours,
        Err(error) => {
            // We are stricter: dtypes, names that occur twice, truth values. In what is whole we agree.
            let stricter = matches!(error.problem(), Problem::Dtype { .. } | Problem::Format { .. });
            assert!(theirs.is_err() || stricter, "{error}");
            return;
        }
    };
    let theirs = theirs.expect("what we take");
    assert_eq!(theirs.len(), ours.tensors.len());
    for (name, tensor) in &ours.tensors {
        let view = theirs.tensor(name).expect("the same names");
        assert_eq!(view.shape(), &tensor.shape()[..]);
        if tensor.dtype() == DType::U8 {
            assert_eq!(view.data(), tensor.to_vec::<u8>());
        }
    }
    let again = ours.to_bytes().expect("what was read can be written");
    assert_eq!(NamedTensors::from_bytes(&again).expect("what we wrote").to_bytes().expect("as before"), again);
}
