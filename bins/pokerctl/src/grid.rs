//! Columns for people, lines of JSON for programs.

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};
use serde::Serialize;

/// Rows under a header.
pub struct Grid {
    table: Table,
}

impl Grid {
    /// Under these headers. Those that begin with `#` head numbers, which stand to the right.
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

    /// Prints it, or a sentence when it has no rows.
    pub fn print(&self, or_else: &str) {
        if self.table.is_empty() {
            println!("{or_else}");
        } else {
            println!("{}", self.table.trim_fmt());
        }
    }
}

/// Prints a value as one line of JSON.
pub fn json_line(value: &impl Serialize) {
    match serde_json::to_string(value) {
        Ok(line) => println!("{line}"),
        Err(error) => eprintln!("pokerctl: cannot write JSON: {error}"),
    }
}
