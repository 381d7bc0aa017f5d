//! What was measured, as a table.

/// The values of one thing that was measured.
#[derive(Debug, Clone)]
pub(super) struct Row {
    /// What it is.
    pub(super) name: String,
    /// One value a round, in the order in which they were measured.
    pub(super) values: Vec<f64>,
    /// What they count.
    pub(super) unit: &'static str,
    /// Our median as a multiple of the real server's.
    pub(super) ratio: Option<f64>,
}

impl Row {
    /// A thing without a real counterpart.
    pub(super) fn new(name: impl Into<String>, values: Vec<f64>, unit: &'static str) -> Self {
        Self {
            name: name.into(),
            values,
            unit,
            ratio: None,
        }
    }

    fn text(&self) -> [String; 5] {
        let (Some(least), Some(most)) = (
            self.values.iter().copied().min_by(f64::total_cmp),
            self.values.iter().copied().max_by(f64::total_cmp),
        ) else {
            return [
                self.name.clone(),
                String::new(),
                String::new(),
                String::new(),
                String::new(),
            ];
        };
        [
            self.name.clone(),
            number(median(&self.values)),
            if self.values.len() > 1 {
                format!("{}–{}", number(least), number(most))
            } else {
                String::new()
            },
            self.unit.to_owned(),
            self.ratio
                .map(|ratio| format!("{ratio:.2} × native"))
                .unwrap_or_default(),
        ]
    }
}

/// The value in the middle; NaN without any.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => sorted[length / 2],
        length => f64::midpoint(sorted[length / 2 - 1], sorted[length / 2]),
    }
}

fn number(value: f64) -> String {
    if value.abs() < 10.0 {
        return format!("{value:.2}");
    }
    let digits = format!("{value:.0}");
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .filter_map(|group| std::str::from_utf8(group).ok())
        .collect();
    groups.join(" ")
}

/// The rows, their columns aligned.
pub(super) fn render(rows: &[Row]) -> String {
    let head = ["", "median", "min–max", "unit", "ratio"].map(str::to_owned);
    let lines: Vec<[String; 5]> = std::iter::once(head)
        .chain(rows.iter().map(Row::text))
        .collect();
    let width = |column: usize| {
        lines
            .iter()
            .map(|line| line[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: [usize; 5] = std::array::from_fn(width);
    let mut table = String::new();
    for line in &lines {
        let [name, median, range, unit, ratio] = line;
        let [a, b, c, d, _] = widths;
        let line = format!("{name:<a$}  {median:>b$}  {range:>c$}  {unit:<d$}  {ratio}");
        table.push_str(line.trim_end());
        table.push('\n');
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_value_in_the_middle() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median(&[4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < f64::EPSILON);
    }

    #[test]
    fn columns_line_up_and_digits_are_grouped() {
        let mut fast = Row::new("rps", vec![1_234_567.0, 999.0, 2000.0], "1/s");
        fast.ratio = Some(0.5);
        let table = render(&[fast, Row::new("wasm", vec![9.5], "kB")]);
        let expected = "      median        min–max  unit  ratio\n\
                        rps    2 000  999–1 234 567  1/s   0.50 × native\n\
                        wasm    9.50                 kB\n";
        assert_eq!(table, expected);
    }
}
