//! What of a line lies within the axes.

/// A rectangle of positions.
#[derive(Clone, Copy)]
pub(super) struct Window {
    pub(super) x: (f64, f64),
    pub(super) y: (f64, f64),
}

pub(super) type Point = (f64, f64);

impl Window {
    pub(super) fn holds(&self, (x, y): Point) -> bool {
        (self.x.0..=self.x.1).contains(&x) && (self.y.0..=self.y.1).contains(&y)
    }

    /// The pieces of a line that lie within; where a point is missing, the line is broken. A point between two breaks is a piece of
    /// its own.
    pub(super) fn pieces(&self, line: impl IntoIterator<Item = Option<Point>>) -> Vec<Vec<Point>> {
        let mut pieces: Vec<Vec<Point>> = Vec::new();
        let mut before: Option<Point> = None;
        // Whether the last piece ends at the point before.
        let mut open = false;
        for point in line {
            match (before, point) {
                (_, None) => open = false,
                (None, Some(point)) => {
                    open = self.holds(point);
                    if open {
                        pieces.push(vec![point]);
                    }
                }
                (Some(from), Some(to)) => match self.segment(from, to) {
                    Some((start, end)) => {
                        match pieces.last_mut().filter(|_| open) {
                            Some(piece) => piece.push(end),
                            None => pieces.push(vec![start, end]),
                        }
                        open = self.holds(to);
                    }
                    None => open = false,
                },
            }
            before = point;
        }
        pieces
    }

    /// The part of a segment that lies within (Liang and Barsky 1984).
    fn segment(&self, from: Point, to: Point) -> Option<(Point, Point)> {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let (mut enters, mut leaves) = (0.0f64, 1.0f64);
        let sides =
            [(-dx, from.0 - self.x.0), (dx, self.x.1 - from.0), (-dy, from.1 - self.y.0), (dy, self.y.1 - from.1)];
        for (outward, room) in sides {
            match outward {
                0.0 if room < 0.0 => return None,
                0.0 => {}
                outward if outward < 0.0 => enters = enters.max(room / outward),
                outward => leaves = leaves.min(room / outward),
            }
        }
        let at = |part: f64| match part {
            0.0 => from,
            1.0 => to,
            part => (from.0 + part * dx, from.1 + part * dy),
        };
        (enters <= leaves).then(|| (at(enters), at(leaves)))
    }
}
