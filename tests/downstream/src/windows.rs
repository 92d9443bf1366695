//! A source of data: the windows of a series, each with the value that follows it.

use cotangent::{
    DType, Error, ErrorKind, Result, Tensor,
    nn::data::{Dataset, Example},
};

/// Every window of `width` values, with the value after it. Nothing is copied: windows are views of the series.
///
/// ```
/// use cotangent::{Tensor, nn::data::Dataset};
/// let windows = downstream::Windows::new(Tensor::from([1.0f32, 2.0, 4.0, 8.0]), 2)?;
/// assert_eq!(windows.len(), 2);
/// let last = windows.get(1);
/// assert_eq!((last.x.to_vec::<f32>(), last.y.item::<f32>()), (vec![2.0, 4.0], 8.0));
/// # Ok::<(), cotangent::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Windows {
    series: Tensor,
    width: usize,
}

impl Windows {
    /// Of an f32 series of shape `[n]`, n greater than `width`.
    ///
    /// # Errors
    /// When the series has another shape or dtype, or the window no values.
    pub fn new(series: Tensor, width: usize) -> Result<Self> {
        let fits = series.rank() == 1 && series.numel() > width && width > 0;
        if fits && series.dtype() == DType::F32 {
            return Ok(Windows { series, width });
        }
        let rule = format!("windows of {width} need at least one value each, and an f32 series that is longer");
        Err(Error::new(ErrorKind::Shape, "windows", rule).with_inputs(&[series.spec()]))
    }

    /// The series.
    #[must_use]
    pub fn series(&self) -> &Tensor {
        &self.series
    }

    /// The number of values in a window.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }
}

impl Dataset for Windows {
    type Example = Example;

    fn len(&self) -> usize {
        self.series.numel() - self.width
    }

    fn get(&self, i: usize) -> Example {
        let y = self.series.narrow(0, i + self.width, 1).squeeze(0);
        Example { x: self.series.narrow(0, i, self.width), y }
    }
}
