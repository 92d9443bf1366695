//! The learning curves of a history, as a picture.

use super::{BoxError, Callback, History, Moment};
use crate::pictures::{Chart, Picture};
use std::path::PathBuf;

impl History {
    /// The learning curves, with the feature `pictures`: a chart for each measure over the epochs, with its values in training and in
    /// validation.
    ///
    /// ```
    /// use cotangent_nn::training::History;
    /// let history = History::from_csv("\
    /// epoch,steps,skipped,lr,seconds,loss,valid_loss
    /// 1,10,0,0.1,2.5,0.75,0.5
    /// 2,20,0,0.1,2.5,0.5,0.625
    /// ")?;
    /// let svg = history.curves().svg()?;
    /// assert!(svg.contains("training") && svg.contains("validation"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn curves(&self) -> Picture {
        let names = self.names();
        let of_training = |name: &str| name.strip_prefix("valid_").unwrap_or(name).to_owned();
        let mut measures: Vec<String> = vec!["loss".to_owned()];
        for name in names {
            let name = of_training(name);
            if !measures.contains(&name) {
                measures.push(name);
            }
        }
        let columns = measures.len().min(2);
        Picture::grid(columns, measures.iter().map(|name| self.chart(name)))
    }

    /// A measure that is made in one of both alone has its own name in the key.
    fn chart(&self, name: &str) -> Chart {
        let both = [("training", self.series(name)), ("validation", self.series(&format!("valid_{name}")))];
        let is_alone = both.iter().any(|(_, series)| series.is_empty());
        both.into_iter().fold(Chart::new(name, "epoch", name), |chart, (key, series)| {
            let key = if is_alone { name } else { key };
            let points = series.iter().map(|&(epoch, value)| (epoch as f64, value));
            // A line needs two points; the first epoch is seen by its mark.
            match series.len() {
                0 => chart,
                1 => chart.points(key, points),
                _ => chart.line(key, points),
            }
        })
    }
}

/// Draws the [learning curves](History::curves) to an SVG file, anew after each epoch; with the feature `pictures`.
#[derive(Clone, Debug)]
pub struct Curves {
    path: PathBuf,
}

impl Curves {
    /// To this file, whose folder is made if need be.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Curves { path: path.into() }
    }
}

impl<M> Callback<M> for Curves {
    /// Empty axes, or the curves so far: a path that cannot be written is an error before the first epoch, not after it.
    fn start(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        Ok(now.history.curves().save(&self.path)?)
    }

    fn epoch(&mut self, now: &mut Moment<'_, M>) -> Result<(), BoxError> {
        Ok(now.history.curves().save(&self.path)?)
    }
}
