//! What was measured: as a table, as CSV, as a drawing.

use std::{fmt::Write as _, fs, io};

pub struct Table {
    pub names: Vec<&'static str>,
    pub rows: Vec<Row>,
}

pub struct Row {
    pub name: String,
    /// For each library the median of its samples in ns, and that of its ratios to the first library in the same round.
    pub cells: Vec<Option<(f64, f64)>>,
    /// How often each library asked for memory, for a message.
    pub allocations: Vec<Option<f64>>,
}

impl Row {
    /// `allocations` are those of a pass, with the number of its messages.
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    pub fn new(name: String, samples: Vec<Vec<f64>>, allocations: &[Option<(usize, usize)>]) -> Self {
        let each = |&(count, messages): &(usize, usize)| count as f64 / messages as f64;
        let allocations = allocations.iter().map(|pass| pass.as_ref().map(each)).collect();
        let base = samples[0].clone();
        let cells = samples.into_iter().map(|samples| {
            let ratios = samples.iter().zip(&base).map(|(sample, base)| sample / base).collect();
            (!samples.is_empty()).then(|| (median(samples), median(ratios)))
        });
        Self { name, cells: cells.collect(), allocations }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

impl Table {
    pub fn new(names: Vec<&'static str>) -> Self {
        Self { names, rows: Vec::new() }
    }

    /// Nanoseconds of the first library, and of all others how many times as long they take.
    pub fn markdown(&self) -> String {
        let mut out = format!("| ns for a message | {} |\n|---|", self.names.join(" | "));
        out += &"---|".repeat(self.names.len());
        out.push('\n');
        for row in &self.rows {
            let _ = write!(out, "| {} |", row.name);
            for (number, cell) in row.cells.iter().enumerate() {
                let _ = match cell {
                    None => write!(out, " |"),
                    Some((ns, _)) if number == 0 => write!(out, " {ns:.*} |", usize::from(*ns < 100.0)),
                    Some((_, ratio)) => write!(out, " ×{ratio:.2} |"),
                };
            }
            out.push('\n');
        }
        out
    }

    /// How often memory is asked for, for a message that is received.
    pub fn allocations(&self) -> String {
        let mut out = format!("| allocations for a message | {} |\n|---|", self.names.join(" | "));
        out += &"---|".repeat(self.names.len());
        out.push('\n');
        for row in self.rows.iter().filter(|row| row.name.contains("receives") && !row.name.contains("mixed"))
        {
            let _ = write!(out, "| {} |", row.name);
            for count in &row.allocations {
                let _ = match count {
                    None => write!(out, " |"),
                    Some(count) => write!(out, " {count:.2} |"),
                };
            }
            out.push('\n');
        }
        out
    }

    pub fn print(&self) {
        println!("{}", self.markdown());
        for row in &self.rows {
            for (name, cell) in self.names.iter().zip(&row.cells).skip(1) {
                match cell {
                    Some((_, ratio)) if *name == "limit" && *ratio < 0.8 => {
                        println!("{:.2} of the limit: {}", 1.0 / ratio, row.name);
                    }
                    Some((_, ratio)) if *name != "limit" && *ratio < 1.0 => {
                        println!("{name} is ahead, ×{ratio:.2}: {}", row.name);
                    }
                    _ => {}
                }
            }
        }
    }

    pub fn csv(&self) -> String {
        let mut out = String::from("workload,library,ns,ratio\n");
        for row in &self.rows {
            for (name, cell) in self.names.iter().zip(&row.cells) {
                if let Some((ns, ratio)) = cell {
                    let _ = writeln!(out, "\"{}\",{name},{ns:.2},{ratio:.3}", row.name);
                }
            }
        }
        out
    }

    /// Puts the table between the two markers of a Markdown file.
    pub fn replace_in(&self, file: &str) -> io::Result<()> {
        const MARKERS: [&str; 2] = ["<!-- table begins -->\n", "<!-- table ends -->"];
        let text = fs::read_to_string(file)?;
        let missing = || io::Error::other("a marker is missing");
        let (before, rest) = text.split_once(MARKERS[0]).ok_or_else(missing)?;
        let (_, after) = rest.split_once(MARKERS[1]).ok_or_else(missing)?;
        fs::write(file, format!("{before}{}{}{}{after}", MARKERS[0], self.markdown(), MARKERS[1]))
    }

    /// For each row a line, and on it each library where its ratio to the first is, on a logarithmic scale.
    pub fn svg(&self) -> String {
        const COLORS: [&str; 9] = [
            "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#7a3e9d", "#e69f00", "#56b4e9", "#8a8a00", "#888888",
        ];
        assert!(self.names.len() <= COLORS.len(), "a color for each library");
        let (left, right, line) = (430.0, 900.0, 20.0);
        let height = 106.0 + line * self.rows.len() as f64;
        let x =
            |ratio: f64| left + 20.0 + (ratio.clamp(0.25, 64.0) / 0.25).log2() / 8.0 * (right - left - 40.0);
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {right} {height}\" font-family=\"sans-serif\" \
             font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
             <text x=\"10\" y=\"20\" font-size=\"14\">Time for a message, as a multiple of sansocket's (further left is \
             faster)</text>\n"
        );
        for (number, (name, color)) in self.names.iter().zip(COLORS).enumerate() {
            let (at, y) = (10.0 + 178.0 * (number % 5) as f64, 38.0 + 16.0 * (number / 5) as f64);
            let _ = writeln!(
                out,
                "<circle cx=\"{at}\" cy=\"{y}\" r=\"5\" fill=\"{color}\"/><text x=\"{}\" y=\"{}\" font-size=\"11\">{name}</text>",
                at + 9.0,
                y + 4.0
            );
        }
        for ratio in [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0] {
            let (at, color) = (x(ratio), if ratio == 1.0 { "#000000" } else { "#cccccc" });
            let _ = writeln!(
                out,
                "<line x1=\"{at}\" x2=\"{at}\" y1=\"84\" y2=\"{height}\" stroke=\"{color}\"/><text x=\"{at}\" y=\"79\" text-anchor=\"middle\">×{ratio}</text>"
            );
        }
        for (number, row) in self.rows.iter().enumerate() {
            let y = 98.0 + line * number as f64;
            let _ = writeln!(out, "<text x=\"10\" y=\"{}\">{}</text>", y + 4.0, row.name);
            for (cell, color) in row.cells.iter().zip(COLORS) {
                if let Some((_, ratio)) = cell {
                    let _ = writeln!(
                        out,
                        "<circle cx=\"{:.1}\" cy=\"{y}\" r=\"5\" fill=\"{color}\" fill-opacity=\"0.85\"/>",
                        x(*ratio)
                    );
                }
            }
        }
        out + "</svg>\n"
    }
}
