//! What derivatives are good for, without any network: `cargo run --release --example derivatives`.
//!
//! 1. a **gradient**, and the **Hessian**, which is the derivative of the gradient: where a valley leads, and how steep its sides are;
//! 2. **Newton's method**, which takes both to come to the lowest point in a few leaps;
//! 3. a **Jacobian**: how a map between planes stretches them;
//! 4. an **implicit function**: the derivative of what is only known as the solution of an equation;
//! 5. a **differential equation fitted** to measurements, by the gradient through its whole solution.
//!
//! Each derivative is held against a formula from a book, or against differences.

use clap::Parser;
use cotangent::{
    nn::pictures::{Chart, Picture, PictureError, Plane, Shades},
    prelude::*,
};
use std::{
    f64::consts::{PI, TAU},
    num::NonZeroUsize,
    path::PathBuf,
};

/// Rosenbrock's valley (1960), `(1 - x)² + 100 (y - x²)²`: its floor is curved, and lowest at (1, 1). Of one point, or of one in each row.
fn valley(at: &Tensor) -> Tensor {
    let (x, y) = (at.select(-1, 0), at.select(-1, 1));
    (1 - &x).square() + 100 * (y - x.square()).square()
}

/// The way of Newton's method from a point: where gradient and Hessian say that the gradient is zero, if they did not change on the way.
fn newton(f: impl Fn(&Tensor) -> Tensor, start: &Tensor) -> Vec<Tensor> {
    let mut way = vec![start.clone()];
    // Some twenty steps are many for it: near the solution, each doubles the number of right digits.
    for _ in 0..20 {
        let x = &way[way.len() - 1];
        let gradient = grad(x, &f);
        if largest(&gradient) < 1e-12 {
            break;
        }
        way.push(x - hessian(x, &f).solve(&gradient));
    }
    way
}

/// The way of gradient descent, and how many steps it needs until the gradient is small.
fn descend(f: impl Fn(&Tensor) -> Tensor, start: &Tensor, steps: usize) -> Vec<Tensor> {
    let mut way = vec![start.clone()];
    for _ in 0..steps {
        let x = &way[way.len() - 1];
        let gradient = grad(x, &f);
        if largest(&gradient) < 1e-3 {
            break;
        }
        way.push(x - gradient * VALLEY_RATE);
    }
    way
}

/// Steps across the valley do not grow while the rate is below 2 over its curvature there. That is 1002 at the lowest point, and more
/// where the walk may begin.
const VALLEY_RATE: f64 = 5e-4;

/// The numbers of hares and lynxes after each of `times` steps: hares multiply and are eaten, lynxes starve and multiply by eating. (Lotka
/// 1925, Volterra 1926.) `rates` are the logarithms of the four rates, so that these are positive.
fn hares_and_lynxes(rates: &Tensor, times: usize) -> Tensor {
    let rates = rates.exp();
    let (birth, eaten, death, eating) =
        (rates.select(0, 0), rates.select(0, 1), rates.select(0, 2), rates.select(0, 3));
    let alone = Tensor::stack([birth, -death], 0);
    let together = Tensor::stack([-eaten, eating], 0);
    let change = |n: &Tensor| n * (&alone + &together * n.flip([0]));
    // The rule of Runge and Kutta: the derivative is taken at four places in each step.
    let mut n = Tensor::from([3.0, 1.0]);
    let mut all = vec![n.clone()];
    for _ in 0..times {
        let k1 = change(&n);
        let k2 = change(&(&n + &k1 * (STEP / 2.0)));
        let k3 = change(&(&n + &k2 * (STEP / 2.0)));
        let k4 = change(&(&n + &k3 * STEP));
        n = &n + (k1 + 2 * (k2 + k3) + k4) * (STEP / 6.0);
        all.push(n.clone());
    }
    Tensor::stack(all, 0)
}

/// Years in a step of the solver, whose error is then far below that of the counts.
const STEP: f64 = 0.1;
/// Steps of the solver that are counted: two cycles.
const COUNTED: usize = 130;

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let options = Options::parse();
    let mut rng = Rng::seed(options.seed);

    // 1. The gradient and the Hessian at a random point, against the formulas.
    let start = Tensor::from([-1.2, 1.0]) + rng.uniform_range(-0.3, 0.3, [2], DType::F64);
    let (value, gradient) = value_and_grad(&start, valley);
    let [x, y] = start.to_vec::<f64>()[..] else { unreachable!("a point has two numbers") };
    let by_book = Tensor::from([-2.0 * (1.0 - x) - 400.0 * x * (y - x * x), 200.0 * (y - x * x)]);
    let curvature = hessian(&start, valley);
    let curvature_by_book = Tensor::from([[2.0 - 400.0 * (y - 3.0 * x * x), -400.0 * x], [-400.0 * x, 200.0]]);
    let mut difference = relative(&gradient, &by_book).max(relative(&curvature, &curvature_by_book));
    println!("1. Rosenbrock's valley at ({x:.3}, {y:.3}): height {:.3}", value.item::<f64>());
    println!("   gradient {}, Hessian {}", listed(&gradient), listed(&curvature));
    let sides = hessian(&Tensor::from([1.0, 1.0]), valley).eigvalsh().to_vec::<f64>();
    println!("   At its lowest point it curves by {:.1} along the floor, and by {:.0} across.\n", sides[0], sides[1]);

    // 2. Two ways to the lowest point.
    let (by_newton, by_descent) = (newton(valley, &start), descend(valley, &start, 100_000));
    println!("2. Gradient descent is near the lowest point after {} steps. Newton's method:", by_descent.len() - 1);
    for (step, at) in by_newton.iter().enumerate() {
        println!("   step {step}: {}  height {:.1e}", listed(at), valley(at).item::<f64>());
    }

    // 3. From distance and angle to the plane: an area grows by the distance, which is the determinant of the Jacobian.
    let at = Tensor::from([
        rng.uniform_range(1.0, 3.0, [], DType::F64).item(),
        rng.uniform([], DType::F64).item::<f64>() * TAU,
    ]);
    let to_plane = |at: &Tensor| {
        let (distance, angle) = (at.select(0, 0), at.select(0, 1));
        Tensor::stack([&distance * angle.cos(), distance * angle.sin()], 0)
    };
    let stretch = jacobian(&at, to_plane);
    let distance = at.select(0, 0);
    difference = difference.max(relative(&stretch.det(), &distance));
    println!("\n3. From distance and angle {} to the plane: Jacobian {}", listed(&at), listed(&stretch));
    println!("   Its determinant is {}, the distance {}.\n", listed(&stretch.det()), listed(&distance));

    // 4. An implicit function.
    let (mean, e) = (1.0 + rng.uniform([], DType::F64).item::<f64>(), Tensor::from(0.6));
    let slope = grad(&e, |e| on_orbit(e, mean));
    let h = 1e-5;
    let by_differences = |f: &dyn Fn(&Tensor) -> Tensor| (f(&(&e + h)) - f(&(&e - h))) / (2.0 * h);
    let (first, second) = (|e: &Tensor| on_orbit(e, mean), |e: &Tensor| grad(e, |e| on_orbit(e, mean)));
    let (slope_by_differences, bend, bend_by_differences) =
        (by_differences(&first), grad(&e, second), by_differences(&second));
    println!(
        "4. Kepler: at mean anomaly {mean:.3} and eccentricity 0.6 the planet is at {}.",
        listed(&on_orbit(&e, mean))
    );
    println!(
        "   Its derivative by the eccentricity: {}, by differences {}",
        listed(&slope),
        listed(&slope_by_differences)
    );
    println!(
        "   The derivative of that:            {}, by differences {}\n",
        listed(&bend),
        listed(&bend_by_differences)
    );
    // A difference over h is right to about h² and to the rounding of E, 1e-16, over h.
    let implicit = relative(&slope, &slope_by_differences).max(relative(&bend, &bend_by_differences));

    // 5. Hares and lynxes, counted every half year with an error of five percent.
    let truth = Tensor::from([1.0, 0.6, 0.8, 0.3]).ln();
    let counts = counted(&hares_and_lynxes(&truth, COUNTED));
    let counts = &counts * (1 + 0.05 * rng.normal(counts.shape().clone(), DType::F64));
    let mut rates = (Tensor::from([1.0, 0.6, 0.8, 0.3]) * rng.uniform_range(0.75, 1.25, [4], DType::F64)).ln();
    let guess = rates.clone();
    // The logarithm makes an error of five percent count the same among few and among many.
    let misfit = |rates: &Tensor| (counted(&hares_and_lynxes(rates, COUNTED)).ln() - counts.ln()).square().mean(..);
    println!("5. Hares and lynxes: births, eaten, deaths, eating. First guess {}", listed(&rates.exp()));
    let mut adam = Adam::new(0.02);
    let steps = options.steps.get();
    for step in 0..steps {
        let (error, gradient) = value_and_grad(&rates, misfit);
        if step % steps.div_ceil(5) == 0 {
            println!("   step {step:3}: misfit {:.5}, rates {}", error.item::<f64>(), listed(&rates.exp()));
        }
        // Smaller steps at the end, so that it comes to rest.
        adam.set_lr(schedule::Cosine::new(0.02, steps as u64).lr(step as u64));
        adam.step(&mut rates, &gradient);
    }
    let off = relative(&rates.exp(), &truth.exp());
    // With the true rates the misfit would be the mean square of the counts' own errors, 0.0025.
    println!("   found {}, true {}: off by at most {:.1} %", listed(&rates.exp()), listed(&truth.exp()), 100.0 * off);

    draw(&options, (&by_newton, &by_descent), mean, [&guess, &rates, &truth], &counts)?;
    println!("The pictures are in {}.", options.pictures.display());
    println!(
        "result: difference={difference:.1e} implicit={implicit:.1e} newton_steps={} descent_steps={} misfit={:.5} rates_off={off:.3}",
        by_newton.len() - 1,
        by_descent.len() - 1,
        misfit(&rates).item::<f64>(),
    );
    Ok(())
}

/// Kepler's equation (1609), `E - e sin E = M`, cannot be solved for E, the place of a planet on its orbit, by a formula. Newton's method
/// solves it, as plain numbers, of which no tape is kept. One more step of it, with `e` as it came, moves nothing, for it is solved already;
/// but its derivative is that of the implicit function, `dE/de = -F_e / F_E` with F = E - e sin E - M. So E can be differentiated, as often
/// as one likes if as many last steps are made: here two.
fn on_orbit(e: &Tensor, mean: f64) -> Tensor {
    let step = |place: &Tensor, e: &Tensor| {
        let (error, slope) = value_and_grad(place, |place| place - e * place.sin() - mean);
        place - error / slope
    };
    let fixed = stop_gradient(e);
    // From half a turn, Newton's method arrives for every e below 1 (Charles and Tatum 1998).
    let mut place = Tensor::from(PI);
    for _ in 0..20 {
        place = step(&place, &fixed);
    }
    step(&step(&place, e), e)
}

/// Every fifth row: what is counted.
fn counted(all: &Tensor) -> Tensor {
    let every: Vec<i64> = (0..=COUNTED as i64).step_by(5).collect();
    all.index_select(0, &Tensor::from(every))
}

fn largest(x: &Tensor) -> f64 {
    x.abs().max(..).item()
}

/// The greatest difference, relative to the greatest number.
fn relative(found: &Tensor, expected: &Tensor) -> f64 {
    largest(&(found - expected)) / largest(expected)
}

fn listed(x: &Tensor) -> String {
    let numbers: Vec<String> = x.to_vec::<f64>().iter().map(|number| format!("{number:.4}")).collect();
    if x.numel() == 1 { numbers.join("") } else { format!("({})", numbers.join(", ")) }
}

/// Draws the two ways through the valley, the planets, and the hares and lynxes.
fn draw(
    options: &Options,
    (newton, descent): (&[Tensor], &[Tensor]),
    mean: f64,
    [guess, rates, truth]: [&Tensor; 3],
    counts: &Tensor,
) -> Result<(), PictureError> {
    let points = |way: &[Tensor]| -> Vec<(f64, f64)> {
        way.iter().map(|at| at.to_vec::<f64>()).map(|at| (at[0], at[1])).collect()
    };
    let height = Plane::over(-1.5..1.5, -1.0..2.0, |at| valley(&at.cast(DType::F64)).log10());
    let ways = Chart::new("Two ways through Rosenbrock's valley", "x", "y")
        .heat("log10 of the height", &height, Shades::viridis())
        .levels("", &height, [-1.0, 0.0, 1.0, 2.0])
        .line("gradient descent", points(descent))
        .line("Newton", points(newton))
        .points("Newton", points(newton));
    Picture::of(ways).save(options.pictures.join("valley.svg"))?;

    // Early on the orbit, where its form makes more of a difference than in the middle.
    let mean = 0.2 * mean;
    let es = (0..=48).map(|i| f64::from(i) / 50.0);
    let mut orbit = Chart::new("Where a planet is, by the form of its orbit", "eccentricity e", "place E")
        .line("E(e)", es.map(|e| (e, on_orbit(&Tensor::from(e), mean).item::<f64>())));
    for at in [0.15, 0.5, 0.8] {
        let (place, slope) = value_and_grad(&Tensor::from(at), |e| on_orbit(e, mean));
        let (place, slope) = (place.item::<f64>(), slope.item::<f64>());
        let tangent = [-0.2, 0.2].map(|d: f64| (at + d, place + d * slope));
        orbit = orbit.dashed("its derivative", tangent).points("its derivative", [(at, place)]);
    }
    Picture::of(orbit).save(options.pictures.join("implicit.svg"))?;

    let mut charts = Vec::new();
    for (animal, name, most) in [(0, "hares", 6.0), (1, "lynxes", 3.0)] {
        let series = |all: &Tensor, step: f64| -> Vec<(f64, f64)> {
            let numbers = all.select(1, animal).to_vec::<f64>();
            numbers.into_iter().enumerate().map(|(i, number)| (i as f64 * step, number)).collect()
        };
        let of = |rates: &Tensor| series(&hares_and_lynxes(rates, COUNTED), STEP);
        let chart = Chart::new(format!("The {name}"), "year", "thousands")
            .y_range(0.0..most)
            .dashed("first guess", of(guess))
            .line("fitted", of(rates))
            .dashed("true", of(truth))
            .points("counted", series(counts, 5.0 * STEP));
        charts.push(chart);
    }
    Picture::grid(1, charts).save(options.pictures.join("hares-and-lynxes.svg"))
}

/// Shows what derivatives are good for, without any network.
#[derive(Parser)]
struct Options {
    /// Where random numbers start
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How many steps the differential equation is fitted
    #[arg(long, default_value = "300")]
    steps: NonZeroUsize,
    /// The folder for the pictures
    #[arg(long, default_value = "target/pictures/derivatives")]
    pictures: PathBuf,
}
