//! Columns of text, aligned.

use std::fmt;

/// A table whose first line are the names of the columns.
pub(super) struct Table {
    /// For each column, whether it holds numbers, which stand at the right.
    pub(super) numeric: &'static [bool],
    pub(super) lines: Vec<Vec<String>>,
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = |column: usize| self.lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..self.numeric.len()).map(width).collect();
        for (i, line) in self.lines.iter().enumerate() {
            let mut text = String::new();
            for ((cell, &width), &numeric) in line.iter().zip(&widths).zip(self.numeric) {
                text += &if numeric { format!("{cell:>width$}  ") } else { format!("{cell:<width$}  ") };
            }
            writeln!(f, "{}", text.trim_end())?;
            if i == 0 {
                let rule: Vec<String> = widths.iter().map(|&width| "-".repeat(width)).collect();
                writeln!(f, "{}", rule.join("  ").trim_end())?;
            }
        }
        Ok(())
    }
}

/// A count with its thousands apart.
pub(super) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of bytes, to three digits.
pub(super) fn bytes(count: u64) -> String {
    let (mut size, mut unit) = (count as f64, 0);
    while size >= 999.5 && unit < 5 {
        size /= 1000.0;
        unit += 1;
    }
    let decimals = if unit == 0 || size >= 99.95 {
        0
    } else if size >= 9.995 {
        1
    } else {
        2
    };
    format!("{size:.decimals$} {}", ["B", "kB", "MB", "GB", "TB", "PB"][unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_sizes_are_short() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
        let sizes = [0, 999, 1000, 12_345, 999_499, 999_500, 4_000_000_000].map(bytes);
        assert_eq!(sizes, ["0 B", "999 B", "1.00 kB", "12.3 kB", "999 kB", "1.00 MB", "4.00 GB"]);
    }
}
