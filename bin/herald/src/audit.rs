//! `herald audit`: who was refused what, and what operators did.

use crate::arguments::AuditArguments;
use crate::exit::Failure;
use crate::{ask, print, time};
use model::AuditRecord;
use server::control::{Answer, Question};
use std::path::Path;
use store::{AuditHead, AuditQuery, AuditRow, Verified};

/// Shows the log, or looks whether it is whole.
pub fn run(data: &Path, arguments: &AuditArguments) -> Result<(), Failure> {
    if arguments.verify {
        return verify(data, arguments);
    }
    let query = AuditQuery {
        after: 0,
        since: arguments.since,
        until: arguments.until,
        actor: arguments.actor.clone(),
        object: arguments.object.clone(),
        act: arguments.act.clone(),
    };
    let question = Question::Audit { query, last: arguments.limit, follows: arguments.follow };
    let mut is_empty = true;
    ask::each(data, &question, |answer| {
        let Answer::Audited(row) = answer else { return Ok(()) };
        is_empty = false;
        if arguments.json { print::json(&row) } else { print::line(&sentence(&row)) }
    })?;
    match is_empty && !arguments.json {
        true => print::line("The audit log has nothing of that."),
        false => Ok(()),
    }
}

fn verify(data: &Path, arguments: &AuditArguments) -> Result<(), Failure> {
    let question = Question::VerifyAudit { noted: arguments.head.clone() };
    let verified = ask::one(data, &question, |answer| match answer {
        Answer::Verified(verified) => Some(verified),
        _ => None,
    });
    let verified = match verified {
        Err(failure) if failure.is_not_running() && data.exists() => {
            store::verify_audit(data, arguments.head.as_ref()).map_err(Failure::new)?
        }
        other => other?,
    };
    if arguments.json {
        return print::json(&verified);
    }
    let Verified { rows, removed, head: AuditHead { number, hash } } = verified;
    let before = match removed {
        0 => String::new(),
        removed => format!(" Those up to number {removed} were removed because of their age or number."),
    };
    print::line(&format!(
        "The audit log is as it was written: {rows} rows.{before} Its head is {number}:{hash}"
    ))
}

/// A row as a line: when, what came of it, who, what, whom, why, from where, how often.
fn sentence(row: &AuditRow) -> String {
    let AuditRow { number, record: AuditRecord { at, last_at, count, event } } = row;
    let mut line = format!("{number}  {}  {}", time::moment(*at), event.outcome.name());
    let mut add = |before: &str, word: Option<&str>| {
        if let Some(word) = word {
            line.push_str(before);
            line.extend(word.chars().map(|letter| if letter.is_control() { '\u{fffd}' } else { letter }));
        }
    };
    add("  ", Some(&event.act));
    add("  ", event.object.as_deref());
    add(" / ", event.target.as_deref());
    add("  by ", event.actor.as_deref());
    add("  from ", event.peer.as_deref());
    add("  because: ", event.reason.as_deref());
    let times = (*count > 1).then(|| format!("{count} times until {}", time::moment(*last_at)));
    add("  ", times.as_deref());
    line
}

/// Reads a head as [`verify`] prints it.
pub fn head(text: &str) -> Result<AuditHead, String> {
    let parts = text.split_once(':').and_then(|(number, hash)| Some((number.parse().ok()?, hash)));
    match parts {
        Some((number, hash)) if hash.len() == 64 && hash.bytes().all(|digit| digit.is_ascii_hexdigit()) => {
            Ok(AuditHead { number, hash: hash.to_lowercase() })
        }
        _ => {
            Err("write a head as `herald audit --verify` prints it: a number, a colon, 64 hexadecimal digits"
                .into())
        }
    }
}
