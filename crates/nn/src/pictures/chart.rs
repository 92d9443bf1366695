//! What a chart shows: its layers, in the order in which they were added, each over those before it.

mod draw;
mod key;

use super::{plane::Plane, shades::Shades};
use cotangent_tensor::{DType, Tensor};
use std::ops::Range;

/// Everything over two axes that are labelled. A method adds a layer, over those that are there.
///
/// ```
/// use cotangent_nn::pictures::{Chart, Picture};
/// let measured = [(0.0, 1.1), (1.0, 2.8), (2.0, 5.2)];
/// let chart = Chart::new("A line through points", "time in s", "distance in m")
///     .band("fit", [(0.0, 0.5, 1.5), (2.0, 4.5, 5.5)])
///     .line("fit", [(0.0, 1.0), (2.0, 5.0)])
///     .points("measured", measured);
/// assert!(Picture::of(chart).svg()?.contains("distance in m"));
/// # Ok::<(), cotangent_nn::pictures::PictureError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Chart {
    title: String,
    x: Side,
    y: Side,
    square: bool,
    layers: Vec<Layer>,
}

/// What is asked of an axis.
#[derive(Clone, Debug)]
struct Side {
    label: String,
    range: Option<Range<f64>>,
    log: bool,
}

#[derive(Clone, Debug)]
struct Layer {
    /// Its entry in the key, unless it is empty.
    name: String,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    Line(Vec<(f64, f64)>),
    Dashed(Vec<(f64, f64)>),
    /// x, low, high.
    Band(Vec<(f64, f64, f64)>),
    Points(Vec<(f64, f64)>),
    /// Left, right, height.
    Bins(Vec<(f64, f64, f64)>),
    Text((f64, f64)),
    Heat(Plane, Shades),
    /// A region is a layer for each class: those points whose class it is.
    Region(Plane, i64),
    Levels(Plane, Vec<f64>),
}

impl Chart {
    /// A chart without layers.
    #[must_use]
    pub fn new(title: impl Into<String>, x: impl Into<String>, y: impl Into<String>) -> Chart {
        let side = |label| Side { label, range: None, log: false };
        Chart { title: title.into(), x: side(x.into()), y: side(y.into()), square: false, layers: Vec::new() }
    }

    fn layer(mut self, name: impl Into<String>, form: Form) -> Chart {
        self.layers.push(Layer { name: name.into(), form });
        self
    }

    /// Shows these x only. Without it, the axis fits the data.
    #[must_use]
    pub fn x_range(mut self, range: Range<f64>) -> Chart {
        self.x.range = Some(range);
        self
    }

    /// Shows these y only. Without it, the axis fits the data.
    #[must_use]
    pub fn y_range(mut self, range: Range<f64>) -> Chart {
        self.y.range = Some(range);
        self
    }

    /// Makes the x axis logarithmic.
    #[must_use]
    pub fn log_x(mut self) -> Chart {
        self.x.log = true;
        self
    }

    /// Makes the y axis logarithmic.
    #[must_use]
    pub fn log_y(mut self) -> Chart {
        self.y.log = true;
        self
    }

    /// Makes the axes as high as they are wide, as they are with a plane: where x and y are of one kind.
    #[must_use]
    pub fn square(mut self) -> Chart {
        self.square = true;
        self
    }

    /// A line through points in their order; what lies outside of the axes is cut off.
    #[must_use]
    pub fn line<X: Into<f64>, Y: Into<f64>>(
        self,
        name: impl Into<String>,
        points: impl IntoIterator<Item = (X, Y)>,
    ) -> Chart {
        self.layer(name, Form::Line(pairs(points)))
    }

    /// A line through numbers at 1, 2, 3, ..: a loss by epoch.
    #[must_use]
    pub fn curve<Y: Into<f64>>(self, name: impl Into<String>, values: impl IntoIterator<Item = Y>) -> Chart {
        self.layer(name, Form::Line((1..).map(f64::from).zip(values.into_iter().map(Into::into)).collect()))
    }

    /// A dashed line: what others are compared with.
    #[must_use]
    pub fn dashed<X: Into<f64>, Y: Into<f64>>(
        self,
        name: impl Into<String>,
        points: impl IntoIterator<Item = (X, Y)>,
    ) -> Chart {
        self.layer(name, Form::Dashed(pairs(points)))
    }

    /// The area between low and high: points (x, low, high).
    #[must_use]
    pub fn band(self, name: impl Into<String>, points: impl IntoIterator<Item = (f64, f64, f64)>) -> Chart {
        self.layer(name, Form::Band(points.into_iter().collect()))
    }

    /// A mark at each point.
    #[must_use]
    pub fn points<X: Into<f64>, Y: Into<f64>>(
        self,
        name: impl Into<String>,
        points: impl IntoIterator<Item = (X, Y)>,
    ) -> Chart {
        self.layer(name, Form::Points(pairs(points)))
    }

    /// A mark at each row of `x`, which is `[n, 2]` or wider, of the class in `labels`, `[n]`. Classes without a name have their number.
    ///
    /// # Panics
    /// If there are not two numbers for each point, or not as many points as labels.
    #[track_caller]
    #[must_use]
    pub fn classes(mut self, names: &[&str], x: &Tensor, labels: &Tensor) -> Chart {
        assert!(
            x.rank() == 2 && x.size(1) >= 2 && labels.numel() == x.size(0),
            "Chart::classes: points are [n, 2] and labels [n]; got {:?}, {:?}",
            x.shape(),
            labels.shape()
        );
        let points = x.narrow(1, 0, 2).cast(DType::F64).to_vec::<f64>();
        let labels = labels.cast(DType::I64).to_vec::<i64>();
        for class in classes(names, &labels) {
            let of_class = points.chunks(2).zip(&labels).filter(|&(_, &label)| label == class);
            let of_class: Vec<(f64, f64)> = of_class.map(|(point, _)| (point[0], point[1])).collect();
            self = self.points(name_of(names, class), of_class);
        }
        self
    }

    /// Bars that show how often numbers fall into each of `bins` parts of their range.
    #[must_use]
    pub fn histogram<V: Into<f64>>(
        self,
        name: impl Into<String>,
        values: impl IntoIterator<Item = V>,
        bins: usize,
    ) -> Chart {
        let values: Vec<f64> = values.into_iter().map(Into::into).filter(|value: &f64| value.abs() <= 1e300).collect();
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        // Numbers that are all the same are in one bin of width 1.
        let (low, width) = match high - low {
            0.0 => (low - 0.5, 1.0 / bins.max(1) as f64),
            spread => (low, spread / bins.max(1) as f64),
        };
        let mut counts = vec![0u32; if values.is_empty() { 0 } else { bins.max(1) }];
        let last = counts.len().saturating_sub(1);
        for value in values {
            counts[(((value - low) / width) as usize).min(last)] += 1;
        }
        let edge = |bin: usize| low + width * bin as f64;
        let bars = counts.iter().enumerate().map(|(bin, &count)| (edge(bin), edge(bin + 1), f64::from(count)));
        self.layer(name, Form::Bins(bars.collect()))
    }

    /// A short text beside a point.
    #[must_use]
    pub fn note(self, at: (f64, f64), text: impl Into<String>) -> Chart {
        self.layer(text, Form::Text(at))
    }

    /// The values of a plane as colours, with a scale beside the chart.
    #[must_use]
    pub fn heat(self, name: impl Into<String>, plane: &Plane, shades: Shades) -> Chart {
        self.layer(name, Form::Heat(plane.clone(), shades))
    }

    /// The regions of a classifier: the values of the plane are numbers of classes. Classes without a name have their number.
    #[must_use]
    pub fn regions(mut self, names: &[&str], plane: &Plane) -> Chart {
        let present: Vec<i64> =
            plane.values.iter().filter(|value| value.is_finite()).map(|&value| value as i64).collect();
        for class in classes(names, &present) {
            self = self.layer(name_of(names, class), Form::Region(plane.clone(), class));
        }
        self
    }

    /// The lines on which the plane has these values: with one of them, a decision boundary.
    #[must_use]
    pub fn levels(self, name: impl Into<String>, plane: &Plane, levels: impl IntoIterator<Item = f64>) -> Chart {
        self.layer(name, Form::Levels(plane.clone(), levels.into_iter().collect()))
    }
}

fn pairs<X: Into<f64>, Y: Into<f64>>(points: impl IntoIterator<Item = (X, Y)>) -> Vec<(f64, f64)> {
    points.into_iter().map(|(x, y)| (x.into(), y.into())).collect()
}

/// The classes that have a name or occur.
fn classes(names: &[&str], labels: &[i64]) -> Vec<i64> {
    let mut classes: Vec<i64> = (0..names.len() as i64).collect();
    let mut others: Vec<i64> = labels.iter().copied().filter(|label| !classes.contains(label)).collect();
    others.sort_unstable();
    others.dedup();
    classes.append(&mut others);
    classes
}

fn name_of(names: &[&str], class: i64) -> String {
    let name = usize::try_from(class).ok().and_then(|class| names.get(class));
    name.map_or_else(|| class.to_string(), |name| (*name).to_owned())
}
