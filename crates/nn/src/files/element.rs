//! How elements are stored in safetensors files, and which of the format's dtypes tensors can hold.

use cotangent_tensor::DType;
use safetensors::Dtype;

/// How a dtype of the format becomes one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// The elements are the same.
    Same(DType),
    /// The elements are the same, and where that is asked for have their equals in f32.
    Half(DType),
    /// Every element has its equal in a wider dtype.
    Wider(DType),
    /// There is no dtype for them.
    Never,
}

pub(super) fn read_as(stored: Dtype) -> Read {
    match stored {
        Dtype::BOOL => Read::Same(DType::Bool),
        Dtype::U8 => Read::Same(DType::U8),
        Dtype::I64 => Read::Same(DType::I64),
        Dtype::F32 => Read::Same(DType::F32),
        Dtype::F64 => Read::Same(DType::F64),
        Dtype::F16 => Read::Half(DType::F16),
        Dtype::BF16 => Read::Half(DType::BF16),
        Dtype::I8 | Dtype::I16 | Dtype::U16 | Dtype::I32 | Dtype::U32 => Read::Wider(DType::I64),
        _ => Read::Never,
    }
}

/// How tensors are written.
pub(super) fn stored_as(dtype: DType) -> Option<Dtype> {
    let all = [Dtype::BOOL, Dtype::U8, Dtype::I64, Dtype::F32, Dtype::F64, Dtype::F16, Dtype::BF16];
    all.into_iter().find(|&stored| matches!(read_as(stored), Read::Same(same) | Read::Half(same) if same == dtype))
}
