//! Reads the file, and says about everything wrong in it where it stands and what was meant.

use super::reference::{TableReference, tables};
use super::{Problem, Settings, SettingsError};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use toml::de::DeTable;

/// The most octets of the file.
const FILE_OCTETS_MAX: u64 = 64 * 1024 * 1024;

/// How alike (0 to 1) two words must be for one to be suggested in place of the other.
const ALIKE: f64 = 0.75;

impl Settings {
    /// Reads a file.
    ///
    /// # Errors
    /// It can't be read, or something in it is wrong; then nothing of it counts.
    pub fn read(file: &Path) -> Result<Self, SettingsError> {
        let unreadable = |error| SettingsError::Unreadable { file: file.to_owned(), error };
        let mut text = String::new();
        File::open(file)
            .map_err(unreadable)?
            .take(FILE_OCTETS_MAX + 1)
            .read_to_string(&mut text)
            .map_err(unreadable)?;
        if text.len() as u64 > FILE_OCTETS_MAX {
            return Err(SettingsError::TooLarge { file: file.to_owned(), limit: FILE_OCTETS_MAX });
        }
        Self::parse(&text).map_err(|problems| SettingsError::Wrong { file: file.to_owned(), problems })
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// All that is wrong: one fault of syntax, or all unknown names, or the first value of a wrong type, or all
    /// values out of range.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let document = DeTable::parse(text).map_err(|error| vec![from_toml(text, &error)])?;
        let unknown = unknown_names(text, document.get_ref());
        if !unknown.is_empty() {
            return Err(unknown);
        }
        let settings: Self = toml::from_str(text).map_err(|error| vec![from_toml(text, &error)])?;
        let mut problems = settings.check();
        for problem in &mut problems {
            problem.line = line_of_field(text, document.get_ref(), &problem.table, &problem.field);
        }
        problems.sort_by_key(|problem| problem.line);
        if problems.is_empty() { Ok(settings) } else { Err(problems) }
    }
}

/// The one of `known` that somebody who wrote `name` may have meant.
fn suggestion<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|known| (strsim::jaro_winkler(name, known), known))
        .filter(|(alike, _)| *alike >= ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, known)| known)
}

fn unknown_names(text: &str, document: &DeTable<'_>) -> Vec<Problem> {
    let known = tables();
    let mut problems = Vec::new();
    for (name, value) in document {
        let line = Some(line_of(text, name.span().start));
        let Some(table) = known.iter().find(|table| table.name == name.get_ref().as_ref()) else {
            problems.push(Problem {
                table: String::new(),
                field: String::new(),
                line,
                text: unknown_table(name.get_ref(), &known),
            });
            continue;
        };
        let fields = value.get_ref().as_table().into_iter().flatten();
        for (field, _) in fields {
            let field_name = field.get_ref().as_ref();
            if table.fields.iter().any(|known| known.name == field_name) {
                continue;
            }
            problems.push(Problem {
                table: table.name.to_owned(),
                field: field_name.to_owned(),
                line: Some(line_of(text, field.span().start)),
                text: unknown_field(field_name, table, &known),
            });
        }
    }
    problems.sort_by_key(|problem| problem.line);
    problems
}

fn unknown_table(name: &str, known: &[TableReference]) -> String {
    if let Some(table) = known.iter().find(|table| table.fields.iter().any(|field| field.name == name)) {
        return format!("`{name}` belongs below [{}]", table.name);
    }
    match suggestion(name, known.iter().map(|table| table.name)) {
        Some(meant) => format!("there is no table [{name}]; did you mean [{meant}]?"),
        None => {
            let names: Vec<_> = known.iter().map(|table| format!("[{}]", table.name)).collect();
            format!("there is no table [{name}]; the tables are {}", names.join(", "))
        }
    }
}

fn unknown_field(name: &str, table: &TableReference, known: &[TableReference]) -> String {
    if let Some(meant) = suggestion(name, table.fields.iter().map(|field| field.name)) {
        return format!("there is no such field; did you mean `{meant}`?");
    }
    if let Some(other) = known.iter().find(|table| table.fields.iter().any(|field| field.name == name)) {
        return format!("there is no such field here; `{name}` belongs below [{}]", other.name);
    }
    "there is no such field; `herald config reference` lists them all".to_owned()
}

/// What the parser says, in one line.
fn from_toml(text: &str, error: &toml::de::Error) -> Problem {
    Problem {
        table: String::new(),
        field: String::new(),
        line: error.span().map(|span| line_of(text, span.start)),
        text: error.message().replace('\n', "; "),
    }
}

fn line_of_field(text: &str, document: &DeTable<'_>, table: &str, field: &str) -> Option<usize> {
    let table = document.iter().find(|(name, _)| name.get_ref() == table)?.1.get_ref().as_table()?;
    let (name, _) = table.iter().find(|(name, _)| name.get_ref() == field)?;
    Some(line_of(text, name.span().start))
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|octet| *octet == b'\n').count()
}
