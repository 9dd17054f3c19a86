//! Output of commands on stdout: lines and columns for people, lines of JSON for programs.

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use serde::Serialize;
use std::{
    fmt::Display,
    io::{self, Write},
    process,
};

/// A table of rows under a header.
pub struct Grid {
    table: Table,
}

impl Grid {
    /// Makes an empty grid with these headers. A leading `#` marks a column of numbers, which is
    /// aligned right.
    pub fn new(headers: &[&str]) -> Self {
        let mut table = Table::new();
        table.load_style(TableStyle::new().header_separator(LineStyle::none().fill('─').junction('─')));
        table.set_header(headers.iter().map(|header| header.trim_start_matches('#')));
        for (index, header) in headers.iter().enumerate() {
            if header.starts_with('#')
                && let Some(column) = table.column_mut(index)
            {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        Self { table }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: Vec<String>) {
        self.table.add_row(cells);
    }

    /// Prints the grid, or `or_else` when it has no rows.
    pub fn print(&self, or_else: &str) {
        if self.table.is_empty() {
            say(or_else);
        } else {
            say(self.table.trim_fmt());
        }
    }
}

/// Prints a value as one line of JSON.
pub fn json_line(value: &impl Serialize) {
    match serde_json::to_string(value) {
        Ok(text) => say(text),
        Err(error) => eprintln!("pokerctl: cannot write JSON: {error}"),
    }
}

/// Prints a line. When stdout is closed (`| head`), the program ends with success.
pub fn say(text: impl Display) {
    if writeln!(io::stdout(), "{text}").is_err() {
        process::exit(0);
    }
}
