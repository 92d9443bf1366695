use super::{axis::Axis, cells, clip::Window, compact::compact, levels, *};
use cotangent_tensor::{DType, Tensor};
use plotters::coord::ranged1d::{BoldPoints, Ranged, ValueFormatter};

fn svg(panel: impl Into<Panel>) -> String {
    Picture::of(panel).svg().expect("a picture")
}

/// The contents of the text elements.
fn texts(svg: &str) -> Vec<&str> {
    svg.split("<text ").skip(1).filter_map(|text| text.split('>').nth(1)?.split('<').next()).map(str::trim).collect()
}

fn count(svg: &str, what: &str) -> usize {
    svg.matches(what).count()
}

fn labels(axis: &Axis, count: usize) -> Vec<String> {
    axis.key_points(BoldPoints(count)).iter().map(|at| axis.format_ext(at)).collect()
}

#[test]
fn a_chart_has_its_title_its_labels_and_an_entry_for_each_name() {
    let chart = Chart::new("Learning", "epoch", "loss")
        .curve("training", [2.0, 1.0, 0.5])
        .points("training", [(1.0, 2.0)])
        .line("", [(0.0, 0.0), (3.0, 2.0)])
        .dashed("chance", [(1.0, 2.3), (3.0, 2.3)]);
    let svg = svg(chart);
    for text in ["Learning", "epoch", "loss", "training", "chance"] {
        assert_eq!(texts(&svg).iter().filter(|&&other| other == text).count(), 1, "{text}: {svg}");
    }
    // The line and its sign in the key, and the line without a name, which has none.
    assert_eq!(count(&svg, "<polyline fill=\"none\" stroke=\"#0072B2\""), 2);
    assert_eq!(count(&svg, "<polyline fill=\"none\" stroke=\"#707070\""), 1);
    // The point and its sign in the key.
    assert_eq!(count(&svg, "<circle"), 2);
    assert!(svg.starts_with("<svg width=\"600\" height=\"") && svg.trim_end().ends_with("</svg>"), "{svg}");
}

#[test]
fn text_cannot_become_markup() {
    let svg = svg(Chart::new("a < b & \"c\" opacity=\"1\"", "<x>", "y").line("</text><script>", [(0, 0), (1, 1)]));
    assert!(!svg.contains("<script>") && !svg.contains("<x>"), "{svg}");
    assert!(texts(&svg).contains(&"a &lt; b &amp; &quot;c&quot; opacity=&quot;1&quot;"), "{svg}");
}

#[test]
fn no_data_and_strange_numbers_make_a_picture() {
    let strange = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, 1e300, -1e308, f64::MAX, 1e-320, 5.0, 5.0];
    let pairs = || strange.iter().flat_map(|&x| strange.map(|y| (x, y)));
    let plane = |value: f64| Plane::over(0.0..1.0, 0.0..1.0, |points| points.narrow(1, 0, 1) * 0.0 + value);
    for count in 0..=strange.len() {
        let some = &strange[..count];
        let mut chart = Chart::new("", "", "")
            .curve("curve", some.iter().copied())
            .line("line", pairs().take(count * count))
            .dashed("dashed", some.iter().map(|&x| (x, 1.0)))
            .points("points", pairs())
            .band("band", pairs().map(|(x, y)| (x, y, 1.0)))
            .histogram("histogram", some.iter().copied(), count)
            .note((f64::NAN, 0.0), "note");
        assert!(svg(chart.clone()).contains("histogram"));
        chart = chart.log_x().log_y();
        assert!(svg(chart.clone()).contains("histogram"));
        for &value in some {
            let plane = plane(value);
            chart = chart.heat("heat", &plane, Shades::viridis()).levels("level", &plane, [0.0, f64::NAN]);
            assert!(svg(chart.clone().regions(&["only"], &plane)).contains("only"));
        }
        assert!(svg(Bars::new("", "label", some.iter().map(|&value| ("name", value)))).contains("label"));
        let values = Tensor::from_slice(some, [1, count]).expect("a row");
        assert!(svg(Matrix::new("", "across", "down", &values)).contains("across"));
        for shades in [Shades::ink(), Shades::diverging(), Shades::viridis().over(1.0..1.0)] {
            let images = Images::new("images", &values.unsqueeze(0)).shades(shades);
            assert!(svg(images.each_for_itself()).contains("images"));
        }
    }
    assert!(svg(Images::new("none", &Tensor::zeros([0, 8, 8], DType::F32))).contains("none"));
    assert!(svg(Matrix::new("none", "", "", &Tensor::zeros([0, 0], DType::F32))).contains("none"));
    assert!(Picture::grid(3, [] as [Chart; 0]).svg().expect("paper").starts_with("<svg"));
}

#[test]
fn an_axis_that_cannot_be_is_an_error_that_names_it() {
    let chart = Chart::new("Learning", "epoch", "loss").curve("training", [1.0, 2.0]);
    for range in [f64::NAN..1.0, 1.0..1.0, 0.0..f64::INFINITY] {
        let error = Picture::of(chart.clone().x_range(range)).svg().expect_err("no such axis");
        assert!(matches!(&error, PictureError::Range { axis, .. } if axis == "epoch"), "{error}");
    }
    let error = Picture::of(chart.log_y().y_range(0.0..1.0)).svg().expect_err("no logarithm of zero");
    assert_eq!(
        error.to_string(),
        "picture: an axis must run from a finite number to a greater one, and above zero if it is logarithmic; \
         the loss of `Learning` was given 0..1"
    );
}

#[test]
fn a_picture_that_cannot_be_written_is_an_error_that_names_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let picture = Picture::of(Chart::new("Learning", "epoch", "loss"));
    let path = folder.path().join("new/folder/chart.svg");
    picture.save(&path).expect("the folder is made");
    assert_eq!(std::fs::read_to_string(&path).expect("the file"), picture.svg().expect("the text"));
    let error = picture.save(path.join("below-a-file.svg")).expect_err("a file is no folder");
    assert!(matches!(&error, PictureError::Io { path, .. } if path.ends_with("below-a-file.svg")), "{error}");
}

#[test]
fn ticks_are_round_numbers() {
    let linear = |low: f64, high: f64| Axis::around([low, high].into_iter(), false, 0.0);
    assert_eq!(labels(&linear(0.0, 40.0), 5), ["0", "10", "20", "30", "40"]);
    assert_eq!(labels(&linear(-0.3, 0.31), 6), ["-0.2", "0", "0.2"]);
    assert_eq!(labels(&linear(0.0, 2.5e7), 5), ["0", "5e6", "1e7", "1.5e7", "2e7", "2.5e7"]);
    assert_eq!(labels(&linear(1e-7, 3e-7), 2), ["1e-7", "2e-7", "3e-7"]);
    let log = |low: f64, high: f64| Axis::around([low, high].into_iter(), true, 0.0);
    assert_eq!(labels(&log(0.001, 1000.0), 7), ["0.001", "0.01", "0.1", "1", "10", "100", "1000"]);
    assert_eq!(labels(&log(0.04, 2.0), 7), ["0.05", "0.1", "0.2", "0.5", "1", "2"]);
    assert_eq!(labels(&log(1e-12, 1e12), 4), ["1e-12", "1e-6", "1", "1e6", "1e12"]);
    // Less than from one round number to the next.
    let narrow = labels(&log(2.2, 2.6), 4);
    assert!(narrow.len() >= 2 && narrow.iter().all(|text| text.starts_with("2.")), "{narrow:?}");
}

#[test]
fn a_line_is_cut_at_the_axes() {
    let window = Window { x: (0.0, 1.0), y: (0.0, 1.0) };
    let pieces = |line: &[(f64, f64)]| window.pieces(line.iter().map(|&point| Some(point)));
    assert_eq!(pieces(&[(-1.0, -1.0), (2.0, 2.0)]), [[(0.0, 0.0), (1.0, 1.0)]]);
    assert_eq!(pieces(&[(-1.0, 0.5), (0.5, 0.5), (0.5, 2.0)]), [[(0.0, 0.5), (0.5, 0.5), (0.5, 1.0)]]);
    // Out and in again: two pieces.
    assert_eq!(pieces(&[(0.5, 0.5), (0.5, 1.5), (0.75, 1.5), (0.75, 0.5)]).len(), 2);
    assert!(pieces(&[(-1.0, 0.0), (-1.0, 1.0)]).is_empty());
    let broken = window.pieces([Some((0.1, 0.1)), None, Some((0.2, 0.2)), Some((0.3, 0.3))]);
    assert_eq!(broken, [vec![(0.1, 0.1)], vec![(0.2, 0.2), (0.3, 0.3)]]);
}

#[test]
fn rectangles_cover_each_cell_once() {
    // Ten columns and rows with a pattern of three levels and of cells without one.
    let level = |column: usize, row: usize| [None, Some(0), Some(1), Some(2)][(column / 3 + row * row / 5) % 4];
    let mut seen = [[None; 10]; 10];
    for block in cells::joined(10, 10, level) {
        for row in block.rows {
            for column in block.columns.clone() {
                assert_eq!(seen[row][column].replace(block.level), None);
            }
        }
    }
    for (row, cells) in seen.iter().enumerate() {
        for (column, &cell) in cells.iter().enumerate() {
            assert_eq!(cell, level(column, row));
        }
    }
    assert_eq!(cells::joined(4, 3, |_, _| Some(7)), [cells::Block { columns: 0..4, rows: 0..3, level: 7 }]);
}

#[test]
fn the_level_line_of_a_cone_is_one_circle() {
    let side = 41;
    let radius = |p: usize| ((p % side) as f64 - 20.0).hypot((p / side) as f64 - 20.0);
    let cone: Vec<f64> = (0..side * side).map(radius).collect();
    let lines = levels::lines(&cone, side, 12.5);
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0].first(), lines[0].last());
    // Linear interpolation on a lattice of 1 is off by at most 1 / (8 r).
    assert!(lines[0].iter().all(|&(x, y)| ((x - 20.0).hypot(y - 20.0) - 12.5).abs() < 0.01));
    // Four arcs, from border to border, where the circle is larger than the lattice.
    assert_eq!(levels::lines(&cone, side, 23.0).len(), 4);
    // A saddle has two lines in one cell. Below the middle, 1/2, they part the low corners from the rest; above it the high ones.
    let saddle = |level: f64| levels::lines(&[1.0, 0.0, 0.0, 1.0], 2, level);
    assert_eq!(saddle(0.25), [[(0.75, 0.0), (1.0, 0.25)], [(0.0, 0.75), (0.25, 1.0)]]);
    assert_eq!(saddle(0.75), [[(0.25, 0.0), (0.0, 0.25)], [(1.0, 0.75), (0.75, 1.0)]]);
    assert!(levels::lines(&[1.0, 0.0, 0.0, f64::NAN], 2, 0.6).is_empty());
}

#[test]
fn rectangles_of_one_colour_that_follow_each_other_are_one_path() {
    let rect = |x: u32, color: &str| {
        format!("<rect x=\"{x}\" y=\"2\" width=\"3\" height=\"4\" opacity=\"1\" fill=\"{color}\" stroke=\"none\"/>\n")
    };
    let others = "<rect x=\"1\" y=\"2\" width=\"3\" height=\"4\" opacity=\"1\" fill=\"none\" stroke=\"#000000\"/>\n\
                  <rect x=\"1\" y=\"2\" width=\"3\" height=\"4\" opacity=\"0.5\" fill=\"#000000\" stroke=\"none\"/>\n";
    let svg = [&rect(1, "#AAAAAA"), &rect(9, "#AAAAAA"), &rect(1, "#BBBBBB"), others, &rect(1, "#BBBBBB")].concat();
    assert_eq!(
        compact(&svg),
        "<path fill=\"#AAAAAA\" d=\"M1 2h3v4h-3zM9 2h3v4h-3z\"/>\n<path fill=\"#BBBBBB\" d=\"M1 2h3v4h-3z\"/>\n\
         <rect x=\"1\" y=\"2\" width=\"3\" height=\"4\" fill=\"none\" stroke=\"#000000\"/>\n\
         <rect x=\"1\" y=\"2\" width=\"3\" height=\"4\" opacity=\"0.5\" fill=\"#000000\"/>\n\
         <path fill=\"#BBBBBB\" d=\"M1 2h3v4h-3z\"/>\n"
    );
}

#[test]
fn a_plane_knows_which_point_is_where() {
    // Class 1 is the upper right quarter: its region is one rectangle.
    let plane = Plane::over(0.0..2.0, 10.0..12.0, |points| {
        let right = points.narrow(1, 0, 1).gt(1.008).cast(DType::I64);
        right * points.narrow(1, 1, 1).gt(11.008).cast(DType::I64)
    });
    let blocks = plane.blocks(|value| (value == 1.0).then_some(0));
    // The border is between the points 60 and 61 of 120 steps.
    assert_eq!(blocks, [(((1.0083333333333333, 11.008333333333333), (2.0, 12.0)), 0)]);
    let svg = svg(Chart::new("", "", "").regions(&["rest", "corner"], &plane));
    assert_eq!(texts(&svg).iter().filter(|&&text| text == "corner" || text == "rest").count(), 2);
    let line = plane.level_lines(0.5);
    assert!(line.len() == 1 && line[0].iter().all(|&(x, y)| x >= 1.0 && y >= 11.0), "{line:?}");
}

#[test]
#[should_panic(expected = "Plane::over: the function returns one number for each point; got [1] for [14641, 2]")]
fn a_function_that_returns_too_little_is_refused() {
    let _ = Plane::over(0.0..1.0, 0.0..1.0, |_| Tensor::from([1.0]));
}

#[test]
fn a_heat_map_has_its_scale_and_few_shapes() {
    let slope = Plane::over(0.0..1.0, 0.0..1.0, |points| points.narrow(1, 0, 1) * 8.0 - 4.0);
    let svg = svg(Chart::new("A slope", "x", "y").heat("height", &slope, Shades::diverging()));
    for text in ["-4", "0", "4", "height"] {
        assert!(texts(&svg).contains(&text) || texts(&svg).contains(&format!("{text}.0").as_str()), "{text}: {svg}");
    }
    // White in the middle, and the ends of the map.
    assert!(["#FFFFFF", "#2166AC", "#B2182B"].iter().all(|color| svg.contains(color)), "{svg}");
    // 17 stripes and as many on the scale, less the first stripe there, which follows the last of the map, and the paper.
    assert_eq!(count(&svg, "<path"), 17 + 17 + 1);
}

#[test]
fn points_have_the_colour_and_the_mark_of_their_class() {
    let x = Tensor::from([[0.0, 0.0], [1.0, 1.0], [2.0, 0.0], [3.0, 3.0]]);
    let svg = svg(Chart::new("", "", "").classes(&["no", "yes"], &x, &Tensor::from([0i64, 1, 1, 7])));
    // Each has one more in the key.
    assert_eq!(count(&svg, "<circle"), 2);
    assert_eq!(count(&svg, "<polygon fill=\"#D55E00\""), 3);
    // A class without a name has its number.
    assert!(texts(&svg).contains(&"7"), "{svg}");
}

#[test]
fn a_histogram_counts_every_number_once() {
    let svg =
        svg(Chart::new("", "x", "how many").histogram("", [0.0, 0.1, 0.5, 0.9, 1.0, f64::NAN], 2).y_range(0.0..4.0));
    // Two bins: [0, 0.5) holds two numbers, [0.5, 1] three.
    assert_eq!(count(&svg, "<polygon"), 2);
    let single = Picture::of(Chart::new("", "", "").histogram("", [3.0, 3.0], 1)).svg().expect("a picture");
    assert_eq!(count(&single, "<polygon"), 1);
}

#[test]
fn images_are_drawn_in_ink_and_white_is_paper() {
    let images = Tensor::from([[[0.0, 1.0], [1.0, 1.0]], [[0.0, 0.5], [0.0, 0.0]]]);
    let svg = svg(Images::new("Two", &images).captions(["first", "second"]));
    assert!(texts(&svg).contains(&"first") && texts(&svg).contains(&"second"));
    // The paper, and one shape for each image: black in the first, grey in the second.
    assert_eq!((count(&svg, "<path"), count(&svg, "fill=\"#000000\"")), (1 + 2, 1));
    assert_eq!(count(&svg, "<rect"), 2, "a frame for each");
    // With a range of its own the second has black too.
    let apart = Picture::of(Images::new("Two", &images).each_for_itself()).svg().expect("a picture");
    assert_eq!(count(&apart, "fill=\"#000000\""), 2);
}

#[test]
#[should_panic(expected = "Images::new: images are [n, height, width] or [n, 1, height, width]; got [2, 3]")]
fn images_of_another_rank_are_refused() {
    let _ = Images::new("", &Tensor::zeros([2, 3], DType::F32));
}

#[test]
fn a_matrix_writes_its_numbers_where_they_fit() {
    let counts = Tensor::from([[48i64, 2], [5, 45]]);
    let svg = svg(Matrix::new("", "predicted", "true", &counts).labels(["no", "yes"], ["nein", "ja"]));
    for text in ["48", "2", "5", "45", "no", "yes", "nein", "ja", "predicted", "true"] {
        assert!(texts(&svg).contains(&text), "{text}: {svg}");
    }
    let large =
        Picture::of(Matrix::new("", "", "", &Tensor::full([60, 60], 0.25, DType::F32))).svg().expect("a picture");
    assert!(!texts(&large).contains(&"0.25") && texts(&large).contains(&"58"), "{large}");
}

/// The rectangles of a colour: left, top, width and height in plotters' units.
fn rectangles(svg: &str, color: &str) -> Vec<[i32; 4]> {
    let paths = svg.split("<path ").skip(1).filter(|path| path.starts_with(&format!("fill=\"{color}\"")));
    let moves = paths.flat_map(|path| path.split('"').nth(3).expect("its d").split('M').skip(1));
    let numbers =
        |text: &str| text.split([' ', 'h', 'v']).map(|x| x.trim_end_matches('z').parse().expect("a number")).collect();
    let mut found = Vec::new();
    for text in moves {
        let numbers: Vec<i32> = numbers(text);
        found.push([numbers[0], numbers[1], numbers[2], numbers[3]]);
    }
    found
}

#[test]
fn a_matrix_of_any_size_is_drawn_whole() {
    // Cells of a seventh of a pixel, of half a pixel and of two; alone, and in a third of the width.
    for (size, in_row) in [(4000, 1), (1000, 1), (270, 1), (256, 3), (3, 1)] {
        let mut corners = vec![0f32; size * size];
        (corners[0], corners[size * size - 1]) = (1.0, 1.0);
        let corners = Tensor::from_vec(corners, [size, size]).expect("as many as it has");
        let shades = Shades::ink().over(0.0..1e-3);
        let panels = (0..in_row).map(|_| Matrix::new("", "", "", &corners).shades(shades.clone()));
        let svg = Picture::grid(in_row, panels).svg().expect("a picture");
        let dark = rectangles(&svg, "#000000");
        assert_eq!(dark.len(), 2 * in_row, "{size}");
        let frames: Vec<[i32; 4]> = svg
            .split("<rect ")
            .skip(1)
            .map(|rect| [1, 3, 5, 7].map(|i| rect.split('"').nth(i).expect("a size").parse().expect("a number")))
            .collect();
        assert_eq!(frames.len(), in_row, "{size}");
        for (frame, corner) in frames.iter().zip(dark.chunks(2)) {
            let ([first, last], [x, y, width, height]) = ([corner[0], corner[1]], *frame);
            assert_eq!(
                ([first[0], first[1]], [last[0] + last[2], last[1] + last[3]]),
                ([x, y], [x + width, y + height]),
                "{size}"
            );
            // A square, and cells that can be seen.
            assert!((width - height).abs() <= 1 && last[2] > 0 && last[3] > 0, "{size}: {frame:?} {last:?}");
        }
    }
}

#[test]
fn small_images_are_drawn_whole() {
    // As many as MNIST has to test on, which makes 123 columns; and an image of more pixels than can be drawn.
    for (count, side, columns) in [(10_000, 2, None), (100, 2, Some(97)), (1, 600, None), (96, 2, Some(96))] {
        let images = Tensor::ones([count, side, side], DType::F32);
        let images = Images::new("", &images).shades(Shades::ink().over(0.0..1.0));
        let images = columns.map_or(images.clone(), |columns| images.clone().columns(columns));
        let svg = svg(images);
        let dark = rectangles(&svg, "#000000");
        assert_eq!(dark.len(), count, "{side}");
        let paper = rectangles(&svg, "#FFFFFF")[0];
        let mut right = (0, 0);
        for &[x, y, width, height] in &dark {
            assert!(width > 0 && height > 0 && x + width <= paper[2] && y + height <= paper[3], "{side} {columns:?}");
            // No image reaches into the next one.
            assert!(y != right.1 || x >= right.0, "{count} {side} {columns:?}");
            right = (x + width, y);
        }
    }
}

#[test]
fn cells_below_a_unit_are_means_of_several() {
    let values: Vec<f64> = (0..15).map(f64::from).chain([f64::NAN; 5]).collect();
    let whole = cells::Cells::of(&values, 5, 0.25);
    assert!((whole.columns, whole.rows, whole.size) == (5, 4, 0.25) && whole.values[..15] == values[..15]);
    let few = cells::Cells::of(&values, 5, 0.125);
    assert_eq!((few.columns, few.rows, few.size), (3, 2, 0.25));
    // Of 0, 1, 5 and 6; of 2, 3, 7 and 8; of 4 and 9; of 10 and 11; of 12 and 13; of 14: a missing number counts for nothing.
    assert_eq!(few.values, [3.0, 5.0, 6.5, 10.5, 12.5, 14.0]);
    assert!(
        cells::Cells::of(&[f64::NAN; 4], 2, 0.125).values[0].is_nan()
            && cells::Cells::of(&[], 0, 1.0).values.is_empty()
    );
}
