//! What a training has measured: a record for each epoch, as values and as CSV.

use super::{Measures, Monitor};
use cotangent_tensor::{Error, ErrorKind, Result};
use std::fmt::Write as _;

/// What was measured in one epoch.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Record {
    /// The epoch, from 1.
    pub epoch: u64,
    /// The steps that were made until its end, since the first epoch.
    pub steps: u64,
    /// The batches of it that were [left out](super::NonFinite::Skip).
    pub skipped: u64,
    /// The learning rate of its last step.
    pub lr: f64,
    /// How long it took, with the validation.
    pub seconds: f64,
    /// The means over the training batches, `loss` first, each batch measured by the model as it was when it came; those
    /// over the validation data by the model at the end, as `valid_loss` and so on; and
    /// [what was measured beside](super::Trainer::measure).
    pub measures: Measures,
}

/// The records of all epochs.
///
/// ```
/// use cotangent_nn::training::{History, Monitor};
/// let history = History::from_csv("\
/// epoch,steps,skipped,lr,seconds,loss,valid_loss
/// 1,10,0,0.1,2.5,0.75,0.5
/// 2,20,0,0.1,2.5,0.5,0.625
/// ")?;
/// assert_eq!(history.series("loss"), [(1, 0.75), (2, 0.5)]);
/// assert_eq!(history.best(&Monitor::lowest("valid_loss")).map(|record| record.epoch), Some(1));
/// # Ok::<(), cotangent_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    pub(super) records: Vec<Record>,
    pub(super) stopped: Option<String>,
    pub(super) passed_over: Vec<String>,
}

/// The columns of the table before those of the measures.
pub(super) const COLUMNS: [&str; 5] = ["epoch", "steps", "skipped", "lr", "seconds"];

impl History {
    /// The records, one for each epoch that came to its end.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The record of the last epoch; none before the first has ended.
    #[must_use]
    pub fn last(&self) -> Option<&Record> {
        self.records.last()
    }

    /// Why the training was stopped before its last epoch, if it was.
    #[must_use]
    pub fn stopped(&self) -> Option<&str> {
        self.stopped.as_deref()
    }

    /// The damaged checkpoints that the training passed over when it went on from an older one, each by its file and what is wrong with it.
    #[must_use]
    pub fn passed_over(&self) -> &[String] {
        &self.passed_over
    }

    /// The names of all that was measured, in the order in which they came up.
    #[must_use]
    pub fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for (name, _) in self.records.iter().flat_map(|record| record.measures.iter()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// The epochs in which something was measured, with its values.
    #[must_use]
    pub fn series(&self, name: &str) -> Vec<(u64, f64)> {
        self.records.iter().filter_map(|record| Some((record.epoch, record.measures.get(name)?))).collect()
    }

    /// The first record of those with the best value; NaN is never the best.
    #[must_use]
    pub fn best(&self, monitor: &Monitor) -> Option<&Record> {
        let mut best: Option<(&Record, f64)> = None;
        for record in &self.records {
            let Some(value) = record.measures.get(monitor.name()) else { continue };
            if monitor.is_better(value, best.map(|(_, value)| value), 0.0) {
                best = Some((record, value));
            }
        }
        best.map(|(record, _)| record)
    }

    /// A table with the columns `epoch,steps,skipped,lr,seconds`, and then one for each measure, which is empty where it was
    /// not made. Numbers have as many digits as it takes to read the same ones back.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let names = self.names();
        let mut csv = COLUMNS.join(",");
        names.iter().for_each(|name| csv.extend([",", name]));
        csv.push('\n');
        for record in &self.records {
            let Record { epoch, steps, skipped, lr, seconds, measures } = record;
            // Writing to a string does not fail.
            let _ = write!(csv, "{epoch},{steps},{skipped},{lr:?},{seconds:?}");
            for name in &names {
                let _ = match measures.get(name) {
                    Some(value) => write!(csv, ",{value:?}"),
                    None => write!(csv, ","),
                };
            }
            csv.push('\n');
        }
        csv
    }

    /// Reads the table that [`to_csv`](Self::to_csv) gives. Why a training was stopped and what it passed over is not in it.
    ///
    /// # Errors
    /// When it is not such a table; the error names the line.
    pub fn from_csv(csv: &str) -> Result<Self> {
        let refuse = |line: usize, rule: String| Error::new(ErrorKind::Data, "history", format!("line {line}: {rule}"));
        let mut lines = (1..).zip(csv.lines());
        let header: Vec<&str> = lines.next().map_or(Vec::new(), |(_, line)| line.split(',').collect());
        let Some(names) = header.strip_prefix(&COLUMNS) else {
            return Err(refuse(1, format!("the first columns are {}", COLUMNS.join(","))));
        };
        let mut records = Vec::new();
        for (number, line) in lines {
            let cells: Vec<&str> = line.split(',').collect();
            if cells.len() != header.len() {
                return Err(refuse(number, format!("has {} cells, and the header {}", cells.len(), header.len())));
            }
            let cell = |i: usize, what: &str| refuse(number, format!("`{}` is no {what}: {:?}", header[i], cells[i]));
            let count = |i: usize| cells[i].parse::<u64>().map_err(|_| cell(i, "count"));
            let real = |i: usize| cells[i].parse::<f64>().map_err(|_| cell(i, "number"));
            let mut measures = Measures::default();
            for (i, name) in (COLUMNS.len()..).zip(names) {
                if !cells[i].is_empty() {
                    measures.push(*name, real(i)?);
                }
            }
            let (epoch, steps, skipped) = (count(0)?, count(1)?, count(2)?);
            records.push(Record { epoch, steps, skipped, lr: real(3)?, seconds: real(4)?, measures });
        }
        Ok(History { records, ..History::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history() -> History {
        let record = |epoch, measures: &[(&str, f64)]| {
            let (steps, skipped, lr, seconds) = (epoch * 3, epoch - 1, 1e-30, 0.1 + 0.2);
            Record { epoch, steps, skipped, lr, seconds, measures: measures.iter().copied().collect() }
        };
        let records = vec![
            record(1, &[("loss", -0.0), ("valid_accuracy", f64::NAN)]),
            record(2, &[("loss", f64::NEG_INFINITY), ("auc", 1.0 / 3.0), ("valid_accuracy", 0.5)]),
            record(3, &[("loss", 5e-324), ("valid_accuracy", 0.5)]),
        ];
        History { records, ..History::default() }
    }

    #[test]
    fn a_table_reads_back_to_the_same_bits() {
        let csv = history().to_csv();
        let seconds = "0.30000000000000004";
        let lines = [
            "epoch,steps,skipped,lr,seconds,loss,valid_accuracy,auc".to_owned(),
            format!("1,3,0,1e-30,{seconds},-0.0,NaN,"),
            format!("2,6,1,1e-30,{seconds},-inf,0.5,0.3333333333333333"),
            format!("3,9,2,1e-30,{seconds},5e-324,0.5,"),
        ];
        assert_eq!(csv, lines.map(|line| line + "\n").concat());
        // Text, because NaN is not equal to itself, and zeros are whatever their sign.
        assert_eq!(History::from_csv(&csv).expect("a table").to_csv(), csv);
        assert_eq!(History::from_csv(&History::default().to_csv()), Ok(History::default()));
    }

    #[test]
    fn the_best_is_the_first_of_equals_and_not_nan() {
        let history = history();
        assert_eq!(history.best(&Monitor::highest("valid_accuracy")).map(|record| record.epoch), Some(2));
        assert_eq!(history.best(&Monitor::lowest("loss")).map(|record| record.epoch), Some(2));
        assert_eq!(history.best(&Monitor::lowest("other")), None);
        assert_eq!(history.series("auc"), [(2, 1.0 / 3.0)]);
    }

    #[test]
    fn what_is_no_table_is_refused_by_line() {
        let refusal = |csv: &str| History::from_csv(csv).unwrap_err().to_string();
        let columns = "history: line 1: the first columns are epoch,steps,skipped,lr,seconds";
        assert_eq!(refusal(""), columns);
        assert_eq!(refusal("epoch,loss\n1,2\n"), columns);
        let header = "epoch,steps,skipped,lr,seconds,loss\n";
        assert_eq!(refusal(&format!("{header}1,2\n")), "history: line 2: has 2 cells, and the header 6");
        assert_eq!(refusal(&format!("{header}1,2,0,1,1,x\n")), "history: line 2: `loss` is no number: \"x\"");
        assert_eq!(refusal(&format!("{header}1,-2,0,1,1,1\n")), "history: line 2: `steps` is no count: \"-2\"");
    }
}
