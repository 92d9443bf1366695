//! How elements are stored in safetensors files, and which of the format's dtypes tensors can hold.

use cotangent_tensor::DType;
use safetensors::Dtype;

/// How a dtype of the format becomes one of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// The elements are the same.
    Same(DType),
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
        Dtype::F16 | Dtype::BF16 => Read::Wider(DType::F32),
        Dtype::I8 | Dtype::I16 | Dtype::U16 | Dtype::I32 | Dtype::U32 => Read::Wider(DType::I64),
        _ => Read::Never,
    }
}

/// How tensors are written.
pub(super) fn stored_as(dtype: DType) -> Option<Dtype> {
    let all = [Dtype::BOOL, Dtype::U8, Dtype::I64, Dtype::F32, Dtype::F64];
    all.into_iter().find(|&stored| read_as(stored) == Read::Same(dtype))
}

/// The upper half of an f32.
pub(super) fn bf16_to_f32(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

/// IEEE 754's binary16: a sign, 5 bits of exponent with bias 15, 10 of mantissa.
pub(super) fn f16_to_f32(bits: u16) -> f32 {
    let (sign, magnitude) = (u32::from(bits & 0x8000) << 16, u32::from(bits & 0x7fff));
    if magnitude >= 0x7c00 {
        // Infinity and NaN, whose payload moves to the upper bits.
        return f32::from_bits(sign | 0x7f80_0000 | (magnitude & 0x3ff) << 13);
    }
    // With its fields in their places the number is too small by a factor of 2^(127 - 15). Multiplying is exact: f32 has
    // subnormal numbers to spare, and takes those of f16 to normal ones.
    let scale = f32::from_bits((127 + 127 - 15) << 23);
    let value = f32::from_bits(magnitude << 13) * scale;
    f32::from_bits(sign | value.to_bits())
}
