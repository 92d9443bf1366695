//! Layers: structs of tensors with a `forward`. Their fields are public, so that a layer can also be put together by hand
//! or taken apart; a constructor only fills them. Tensors have PyTorch's names and layouts.
//!
//! A layer over N spatial axes is generic over N, under the names of its three kinds: `Conv2d` is `Convolution<2>`.

mod activation;
mod arrange;
mod attention;
mod batch_norm;
mod bilinear;
mod conv;
mod conv_transpose;
mod dropout;
mod embedding;
mod instance_norm;
mod layer;
mod linear;
mod norm;
mod pool;
mod positions;
mod recurrent;
mod rotary;
mod sequential;
mod sizes;
mod transformer;

pub use activation::{
    Celu, Elu, Gelu, GeluTanh, Glu, Hardshrink, Hardsigmoid, Hardswish, Hardtanh, LeakyRelu, LogSigmoid, LogSoftmax,
    Mish, PRelu, Relu, Relu6, Selu, Sigmoid, Silu, Softmax, Softmin, Softplus, SoftplusWith, Softshrink, Softsign,
    Tanh, Tanhshrink, Threshold,
};
pub use arrange::{Flatten, Identity, PixelShuffle, PixelUnshuffle, Unflatten, Upsample};
pub use attention::{Attend, InProjection, MultiHeadAttention};
pub use batch_norm::{BatchNorm, BatchNorm1d, BatchNorm2d, BatchNorm3d};
pub use bilinear::Bilinear;
pub use conv::{Conv1d, Conv2d, Conv3d, Convolution};
pub use conv_transpose::{ConvTranspose1d, ConvTranspose2d, ConvTranspose3d, TransposedConvolution};
pub use dropout::{AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d};
pub use embedding::Embedding;
pub use instance_norm::{InstanceNorm, InstanceNorm1d, InstanceNorm2d, InstanceNorm3d};
pub use layer::{CloneLayer, Layer};
pub use linear::Linear;
pub use norm::{GroupNorm, LayerNorm, LocalResponseNorm, RmsNorm};
pub use pool::{
    AdaptiveAvgPool1d, AdaptiveAvgPool2d, AdaptiveAvgPool3d, AdaptiveAvgPooling, AdaptiveMaxPool1d, AdaptiveMaxPool2d,
    AdaptiveMaxPool3d, AdaptiveMaxPooling, AvgPool1d, AvgPool2d, AvgPool3d, AvgPooling, MaxPool1d, MaxPool2d,
    MaxPool3d, MaxPooling,
};
pub use positions::{LearnedPositions, SinusoidalPositions};
pub use recurrent::{Gru, GruCell, Lstm, LstmCell, LstmState, Nonlinearity, RecurrentOptions, Rnn, RnnCell};
pub use rotary::RotaryPositions;
pub use sequential::Sequential;
pub use sizes::{AdaptiveSizes, Padding, Sizes};
pub use transformer::{
    Transformer, TransformerDecoder, TransformerDecoderLayer, TransformerEncoder, TransformerEncoderLayer,
    TransformerOptions,
};
