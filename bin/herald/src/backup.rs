//! `herald backup` and `herald restore`.

use crate::arguments::BackupArguments;
use crate::exit::Failure;
use crate::{ask, print};
use serde_json::json;
use server::control::{Answer, Question};
use std::path::{Path, absolute};

/// Writes a checked copy of the database.
pub fn backup(data: &Path, arguments: &BackupArguments) -> Result<(), Failure> {
    let file = absolute(&arguments.file).map_err(Failure::new)?;
    let done = ask::one(data, &Question::Backup { file: file.clone() }, |answer| match answer {
        Answer::Done(done) => Some(done),
        _ => None,
    });
    match done {
        Ok(_) => {}
        Err(failure) if failure.is_not_running() && data.exists() => {
            // A backup without a server changes nothing, and leaves no record: the log belongs to a server that runs.
            store::backup(data, &file).map_err(Failure::new)?;
        }
        Err(failure) => return Err(failure),
    }
    if arguments.json {
        return print::json(&json!({ "backup": file }));
    }
    print::line(&format!("{} is complete and checked.", file.display()))
}

/// Puts a backup in the place of the database.
pub fn restore(data: &Path, arguments: &BackupArguments) -> Result<(), Failure> {
    let record = server::control::audit_record("restore", &arguments.file);
    let restored = store::restore(data, &arguments.file, Some(&record)).map_err(Failure::new)?;
    if arguments.json {
        return print::json(&json!({ "restored": arguments.file, "replaced": restored.replaced }));
    }
    if let Some(replaced) = restored.replaced {
        print::line(&format!("What was there is kept as {}.", replaced.display()))?;
    }
    print::line(&format!("{} is restored; `herald serve` goes on with it.", arguments.file.display()))
}
