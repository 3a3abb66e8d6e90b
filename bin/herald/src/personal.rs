//! `herald export` and `herald erase`: everything that is stored about one.

use crate::arguments::{EraseArguments, ExportArguments};
use crate::exit::Failure;
use crate::{ask, print};
use serde_json::{Value, json};
use server::control::{Answer, Question, rfc3339};
use std::fs::OpenOptions;
use std::io::{self, BufRead, BufWriter, IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Writes it as one JSON document.
pub fn export(data: &Path, arguments: &ExportArguments) -> Result<(), Failure> {
    let question = Question::Export { address: arguments.address.clone() };
    let Some(path) = &arguments.output else {
        return document(data, &question, &arguments.address, &mut io::stdout().lock());
    };
    // It holds what people wrote, so it is for its owner alone.
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let file = file.map_err(|error| Failure::new(format!("can't write {}: {error}", path.display())))?;
    document(data, &question, &arguments.address, &mut BufWriter::new(file))?;
    print::line(&format!("{} has everything that is stored about {}.", path.display(), arguments.address))
}

fn document(data: &Path, question: &Question, address: &str, output: &mut impl Write) -> Result<(), Failure> {
    let (about, at) = (Value::from(address), Value::from(rfc3339(crate::time::now())));
    let mut current: Option<String> = None;
    write!(output, "{{\"about\":{about},\"at\":{at},\"tables\":{{")?;
    ask::each(data, question, |answer| {
        let Answer::Exported { table, row } = answer else { return Ok(()) };
        if current.as_ref() == Some(&table) {
            write!(output, ",\n{row}")?;
        } else {
            let end = if current.is_some() { "],\n" } else { "\n" };
            write!(output, "{end}{}:[\n{row}", Value::from(table.as_str()))?;
            current = Some(table);
        }
        Ok(())
    })?;
    let end = if current.is_some() { "]" } else { "" };
    writeln!(output, "{end}}}}}")?;
    Ok(output.flush()?)
}

/// Removes it, after it was confirmed.
pub fn erase(data: &Path, arguments: &EraseArguments) -> Result<(), Failure> {
    let EraseArguments { address, yes, json } = arguments;
    if !yes && !is_confirmed(address)? {
        return Err(Failure::new("nothing was erased"));
    }
    let question = Question::Erase { address: address.clone() };
    let ended = ask::one(data, &question, |answer| match answer {
        Answer::Ended(ended) => Some(ended),
        _ => None,
    })?;
    if *json {
        return print::json(&json!({ "erased": address, "unregistered": ended }));
    }
    print::line(&format!(
        "{address} is erased. Backups, calls.jsonl and logs are not touched: docs/audit.md says what to do with them."
    ))
}

fn is_confirmed(address: &str) -> Result<bool, Failure> {
    let input = io::stdin();
    if !input.is_terminal() {
        return Err(Failure::new("an erasure can't be taken back; confirm it with --yes"));
    }
    eprint!("Everything about {address} will be removed for good. Type its name again to confirm: ");
    let mut typed = String::new();
    input.lock().read_line(&mut typed)?;
    Ok(typed.trim() == address)
}
