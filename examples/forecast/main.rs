//! How many visitors will come in the next two weeks? `cargo run --release --example forecast`.
//!
//! A swimming pool has counted its visitors for five years. They become more (a trend), come in summer and at weekends (two seasons), and
//! for reasons that nobody knows (noise). A forecast that is one number is always wrong; an honest one says how wrong. It gives an
//! interval, here one in which the truth shall lie in 80 % of all cases.
//!
//! Three methods look ahead: a **naive** one, as on the same day of the week before, which is hard to beat; an **autoregression**, a
//! weighted sum of the last days; and a **recurrent network**, which also reads the calendar. All learn from four years. The fifth is the
//! **backtest**: every six days a forecast from nothing but what was known on that day, compared with what came.
//!
//! The series is made in `series.rs`, the methods are in `methods.rs`, and the pictures in `drawings.rs`.

mod drawings;
mod methods;
mod series;

use clap::Parser;
use cotangent::prelude::*;
use methods::{Autoregression, Recurrent, naive, pinball, with_errors};
use series::{AHEAD, SEEN, Series, TRAINED, Windows};
use std::{num::NonZeroUsize, path::PathBuf};

type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

fn main() -> Result<()> {
    let options = Options::parse();
    let mut rng = Rng::seed(options.seed);
    let series = Series::new(&mut rng);
    let test = series.test();
    println!(
        "{TRAINED} days to learn from. Then {} forecasts, one every six days, of {AHEAD} days from the {SEEN} days before.\n",
        test.seen.size(0)
    );

    let autoregression = Autoregression::fitted(&series);
    let mut network = Recurrent::new(&mut rng);
    network.learn(&series, options.steps.get(), &mut rng)?;
    let backtests = [
        Backtest::of("recurrent", &network.forecast(&test), &test),
        Backtest::of("autoregression", &with_errors(|windows| autoregression.forecast(windows), &series, &test), &test),
        Backtest::of("naive", &with_errors(naive, &series, &test), &test),
    ];

    println!("{:15} {:>12} {:>10} {:>18} {:>16}", "", "off by", "of naive", "in the interval", "interval is wide");
    let [recurrent, regression, naive] = &backtests;
    for backtest in &backtests {
        println!(
            "{:15} {:5.1} people {:8.0} % {:16.1} % {:9.1} people",
            backtest.name,
            backtest.error,
            100.0 * backtest.error / naive.error,
            100.0 * backtest.coverage,
            backtest.width
        );
    }
    println!(
        "\nThe interval shall hold 80 %. It is the better the narrower it is and still holds them: the pinball loss weighs both, and is"
    );
    let losses = backtests.iter().map(|backtest| format!("{:.2} ({})", backtest.pinball, backtest.name));
    println!("{}.", losses.collect::<Vec<_>>().join(", "));

    drawings::all(&options.pictures.join("forecast.svg"), &series, &backtests)?;
    println!("The picture is {}.", options.pictures.join("forecast.svg").display());
    println!(
        "result: error={:.1} error_autoregression={:.1} error_naive={:.1} coverage={:.3} pinball={:.2} \
         pinball_autoregression={:.2} pinball_naive={:.2}",
        recurrent.error,
        regression.error,
        naive.error,
        recurrent.coverage,
        recurrent.pinball,
        regression.pinball,
        naive.pinball
    );
    Ok(())
}

/// What became of the forecasts of a method.
pub(crate) struct Backtest {
    name: &'static str,
    /// Visitors by quantile, `[n, AHEAD, 3]`.
    forecast: Tensor,
    /// By how many visitors the middle was off, in the mean, for each of the days ahead.
    error_by_day: Vec<f64>,
    /// The part of the truth that lay in the interval, for each of the days ahead.
    coverage_by_day: Vec<f64>,
    error: f64,
    coverage: f64,
    width: f64,
    pinball: f64,
}

impl Backtest {
    /// In visitors: a logarithm is the business of a method alone.
    fn of(name: &'static str, log_forecast: &Tensor, windows: &Windows) -> Self {
        let (forecast, truth) = (log_forecast.cast(DType::F64).exp(), windows.ahead.cast(DType::F64).exp());
        let [low, middle, high] = [0, 1, 2].map(|i| forecast.select(2, i));
        let errors = (&truth - middle).abs();
        let inside = (truth.ge(&low) & truth.le(&high)).cast(DType::F64);
        Backtest {
            name,
            error_by_day: errors.mean(0).to_vec(),
            coverage_by_day: inside.mean(0).to_vec(),
            error: errors.mean(..).item(),
            coverage: inside.mean(..).item(),
            width: (high - low).mean(..).item(),
            pinball: pinball(&forecast, &truth).item(),
            forecast,
        }
    }
}

/// Forecasts visitors with intervals, and tests the forecasts on a year that came later.
#[derive(Parser)]
struct Options {
    /// Where random numbers start
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many steps the network learns
    #[arg(long, default_value = "200")]
    steps: NonZeroUsize,
    /// The folder for the picture
    #[arg(long, default_value = "target/pictures/forecast")]
    pictures: PathBuf,
}
