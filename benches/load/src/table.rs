//! The results, as tables.

use std::{collections::BTreeMap, process::ExitCode};

use crate::{
    Result,
    server::Program,
    workload::{COLUMNS, Column},
};

/// The values of a server in a column, or the reason why there are none.
type Cell = std::result::Result<Vec<f64>, String>;

pub struct Table<'p> {
    programs: &'p [Program],
    cells: BTreeMap<(&'p str, &'static str), Cell>,
}

impl<'p> Table<'p> {
    pub fn new(programs: &'p [Program]) -> Self {
        Self { programs, cells: BTreeMap::new() }
    }

    pub fn record(&mut self, program: &'p Program, column: &'static Column, result: Result<Option<f64>>) {
        let cell = self.cells.entry((&program.name, column.name)).or_insert_with(|| Ok(Vec::new()));
        match (result, &mut *cell) {
            (Ok(value), Ok(values)) => values.extend(value),
            (Err(error), Ok(_)) => *cell = Err(error.to_string()),
            (_, Err(_)) => {}
        }
    }

    /// Prints the columns that were measured, six in a table, and what is missing. The exit status is 1 after a failure.
    pub fn print(&self, left_out: &[String]) -> ExitCode {
        let is_measured = |column: &&Column| self.cells.keys().any(|(_, name)| *name == column.name);
        let columns: Vec<&Column> = COLUMNS.iter().filter(is_measured).collect();
        for columns in columns.chunks(6) {
            self.print_columns(columns);
        }
        for program in self.programs {
            if let Some(reason) = &program.missing {
                println!("NOT RUN: {}: {reason}", program.name);
            }
        }
        if !left_out.is_empty() {
            println!("LEFT OUT by the command line: {}", left_out.join(", "));
        }
        let mut code = ExitCode::SUCCESS;
        for ((program, column), cell) in &self.cells {
            if let Err(reason) = cell {
                println!("FAILED: {program}, {column}: {reason}");
                code = ExitCode::FAILURE;
            }
        }
        code
    }

    fn print_columns(&self, columns: &[&Column]) {
        print!("| server |");
        for column in columns {
            print!(" {} ({}) |", column.name, column.unit);
        }
        println!("\n|---|{}", "---|".repeat(columns.len()));
        let best = |column: &Column| {
            let medians = self.programs.iter().filter_map(|program| self.median(program, column));
            // Memory that a garbage collector returned is not the best of anything.
            medians.map(|(median, _)| median).filter(|median| *median > 0.0).min_by(f64::total_cmp)
        };
        let best: Vec<Option<f64>> = columns.iter().map(|column| best(column)).collect();
        for program in self.programs.iter().filter(|program| program.missing.is_none()) {
            print!("| {} |", program.name);
            for (column, best) in columns.iter().zip(&best) {
                let is_failed = self.cells.get(&(&program.name, column.name)).is_some_and(Cell::is_err);
                let cell = match self.median(program, column) {
                    Some((median, half)) if Some(median) == *best => format!("**{}**", number(median, half)),
                    Some((median, half)) => number(median, half),
                    None if is_failed => "failed".to_owned(),
                    None => "-".to_owned(),
                };
                print!(" {cell} |");
            }
            println!();
        }
        println!();
    }

    /// Returns the median, and half of the range.
    fn median(&self, program: &Program, column: &Column) -> Option<(f64, f64)> {
        let values = self.cells.get(&(program.name.as_str(), column.name))?.as_ref().ok()?;
        let mut values = values.clone();
        values.sort_by(f64::total_cmp);
        Some((*values.get(values.len() / 2)?, (values.last()? - values.first()?) / 2.0))
    }
}

fn number(median: f64, half: f64) -> String {
    let digits = if median < 20.0 { 2 } else { 0 };
    format!("{median:.digits$} ± {half:.digits$}")
}
