//! What goes to standard output.

use crate::exit::Failure;
use serde::Serialize;
use server::control::as_json;
use std::io::{self, Write};

/// Prints text as it is.
pub fn text(text: &str) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes())?;
    Ok(output.flush()?)
}

/// Prints one line, at once.
pub fn line(line: &str) -> Result<(), Failure> {
    text(&format!("{line}\n"))
}

/// Prints a value as one line of JSON, at once.
pub fn json(value: &impl Serialize) -> Result<(), Failure> {
    line(&as_json(value).to_string())
}

/// Prints rows with their columns one below the other; the last column is as wide as it is.
pub fn table<const COLUMNS: usize>(
    titles: [&str; COLUMNS],
    rows: &[[String; COLUMNS]],
) -> Result<(), Failure> {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.chain([titles[column].len()]).max().unwrap_or(0)
    };
    let widths: [usize; COLUMNS] = std::array::from_fn(width);
    let mut printed = String::new();
    let mut print = |row: [&str; COLUMNS]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        printed.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        printed.push('\n');
    };
    print(titles);
    for row in rows {
        print(std::array::from_fn(|column| row[column].as_str()));
    }
    text(&printed)
}
