//! What was measured: as a table, as CSV, as a drawing.

use std::{collections::HashMap, fmt::Write as _, fs, io};

pub struct Table {
    pub names: Vec<&'static str>,
    pub rows: Vec<Row>,
}

pub struct Row {
    pub name: String,
    /// For each library the median of its samples in ns, and that of its ratios to the first library in the same round.
    pub cells: Vec<Option<(f64, f64)>>,
    /// The same with another profile of the build, if that was read.
    pub beside: Vec<Option<(f64, f64)>>,
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
        Self { name, cells: cells.collect(), beside: Vec::new(), allocations }
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

    /// Takes the rows of an earlier run, as [`csv`](Self::csv) writes them.
    pub fn read(&mut self, csv: &str) {
        for (name, library, cell) in figures(csv) {
            if self.rows.last().is_none_or(|row| row.name != name) {
                let (cells, allocations) = (vec![None; self.names.len()], Vec::new());
                self.rows.push(Row { name: name.to_owned(), cells, beside: Vec::new(), allocations });
            }
            let number = self.names.iter().position(|known| *known == library).expect("a known library");
            self.rows.last_mut().expect("one was made").cells[number] = Some(cell);
        }
    }

    /// Puts the figures of another run, as [`csv`](Self::csv) writes them, beside those of this one.
    pub fn put_beside(&mut self, csv: &str) {
        let cells: HashMap<(&str, &str), (f64, f64)> =
            figures(csv).map(|(name, library, cell)| ((name, library), cell)).collect();
        for row in &mut self.rows {
            let cell = |name| cells.get(&(row.name.as_str(), name)).copied();
            row.beside = self.names.iter().map(|name| cell(*name)).collect();
        }
    }

    /// Nanoseconds of the first library, and of all others how many times as long they take.
    pub fn markdown(&self) -> String {
        let mut out = format!("| ns for a message | {} |\n|---|", self.names.join(" | "));
        out += &"---|".repeat(self.names.len());
        out.push('\n');
        for row in &self.rows {
            let _ = write!(out, "| {} |", row.name);
            for number in 0..self.names.len() {
                let _ = write!(out, " {} |", row.cell(number));
            }
            out.push('\n');
        }
        out
    }

    /// A few rows for readers in a hurry: this crate, the fastest of the others in each profile, and the best known one.
    pub fn summary(&self) -> String {
        let mut out =
            "| ns for a message, fat LTO / plain release | sansocket | fastest of the others | tungstenite |\n|---|---|---|---|\n"
                .to_owned();
        let known = self.names.iter().position(|name| *name == "tungstenite").expect("it is measured");
        for row in self.rows.iter().filter(|row| SHOWN.contains(&row.name.as_str())) {
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} |",
                row.name,
                row.cell(0),
                self.best(row),
                row.cell(known)
            );
        }
        out
    }

    /// The fastest of the others, in each profile.
    fn best(&self, row: &Row) -> String {
        let best = |cells: &[Option<(f64, f64)>]| {
            let peers = self.names.iter().zip(cells).filter(|(name, _)| is_peer(name, &row.name));
            let ratios = peers.filter_map(|(name, cell)| Some((cell.as_ref()?.1, *name)));
            ratios.min_by(|a, b| a.0.total_cmp(&b.0))
        };
        match (best(&row.cells), best(&row.beside)) {
            (Some((ratio, name)), Some((other, same))) if name == same => {
                format!("{name} ×{ratio:.2} / ×{other:.2}")
            }
            (Some((ratio, name)), Some((other, another))) => {
                format!("{name} ×{ratio:.2} / {another} ×{other:.2}")
            }
            (Some((ratio, name)), None) => format!("{name} ×{ratio:.2}"),
            (None, _) => String::new(),
        }
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

    /// Puts each table between its two markers in a Markdown file, if they are there.
    pub fn replace_in(&self, file: &str) -> io::Result<()> {
        let mut text = fs::read_to_string(file)?;
        for (what, table) in [("table", self.markdown()), ("summary", self.summary())] {
            let [begin, end] = [format!("<!-- {what} begins -->\n"), format!("<!-- {what} ends -->")];
            if let Some((before, rest)) = text.split_once(&begin)
                && let Some((_, after)) = rest.split_once(&end)
            {
                text = format!("{before}{begin}{table}{end}{after}");
            }
        }
        fs::write(file, text)
    }
}

impl Row {
    /// The figures of a library: nanoseconds of the first, and of another how many times as long it takes.
    fn cell(&self, number: usize) -> String {
        let text = |cell: &Option<(f64, f64)>| {
            cell.map(|(ns, ratio)| match number {
                0 => format!("{ns:.*}", usize::from(ns < 100.0)),
                _ => format!("×{ratio:.2}"),
            })
        };
        let cell = self.cells.get(number).and_then(text);
        match (cell, self.beside.get(number).and_then(text)) {
            (Some(cell), Some(other)) => format!("{cell} / {other}"),
            (cell, _) => cell.unwrap_or_default(),
        }
    }
}

/// The row, the library, and the figures of each line of a CSV file.
fn figures(csv: &str) -> impl Iterator<Item = (&str, &str, (f64, f64))> {
    csv.lines().skip(1).map(|line| {
        let (name, rest) = line.trim_start_matches('"').split_once("\",").expect("a name in quotes");
        let values: Vec<&str> = rest.split(',').collect();
        let number = |at: usize| values[at].parse().expect("a number");
        (name, values[0], (number(1), number(2)))
    })
}

/// Whether a library is one to compare with in a row: not this crate, not the limit, and no text without validation.
pub fn is_peer(name: &str, row: &str) -> bool {
    !name.starts_with("sansocket") && name != "limit" && !(name.ends_with('*') && row.contains("text"))
}

/// The rows of the summary and of the drawing.
pub const SHOWN: [&str; 12] = [
    "server receives binary, 16 B, reads of 64 KiB",
    "server receives binary, 125 B, reads of 64 KiB",
    "server receives binary, 16 KiB, reads of 64 KiB",
    "server receives binary, 1 MiB, reads of 64 KiB",
    "server receives ASCII text, 125 B, reads of 64 KiB",
    "server receives mixed text, 1 KiB, reads of 64 KiB",
    "client receives binary, 1 KiB, reads of 1500 B",
    "server echoes binary, 125 B, reads of 64 KiB",
    "server echoes binary, 125 B, 10,000 connections in turn",
    "server sends binary, 125 B",
    "client sends binary, 16 KiB",
    "server accepts the request of a browser",
];
