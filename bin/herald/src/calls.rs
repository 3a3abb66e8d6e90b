//! `herald calls`: calls in progress, and those that have ended.

use crate::arguments::CallsArguments;
use crate::exit::Failure;
use crate::{ask, print, time};
use model::CallDetailRecord;
use server::control::{Answer, Question};
use std::path::Path;

/// Lists calls.
pub fn run(data: &Path, arguments: &CallsArguments) -> Result<(), Failure> {
    if arguments.history { history(data, arguments) } else { in_progress(data, arguments) }
}

fn in_progress(data: &Path, arguments: &CallsArguments) -> Result<(), Failure> {
    let limit = usize::try_from(arguments.limit).unwrap_or(usize::MAX);
    let mut rows = Vec::new();
    ask::each(data, &Question::Calls { limit }, |answer| {
        let Answer::Call(call) = answer else { return Ok(()) };
        if arguments.json {
            return print::json(&call);
        }
        let since = call.answered_at.unwrap_or(call.admitted_at);
        let lasts = format!("{} ({})", time::moment(since), time::ago(since));
        rows.push([call.caller, call.callee, call.state, lasts, call.call_identifier]);
        Ok(())
    })?;
    match (arguments.json, rows.is_empty()) {
        (true, _) => Ok(()),
        (false, true) => print::line("No call is in progress."),
        (false, false) => print::table(["CALLER", "CALLEE", "STATE", "SINCE", "IDENTIFIER"], &rows),
    }
}

fn history(data: &Path, arguments: &CallsArguments) -> Result<(), Failure> {
    let mut rows = Vec::new();
    ask::each(data, &Question::History { limit: arguments.limit, since: arguments.since }, |answer| {
        let Answer::Record(call) = answer else { return Ok(()) };
        if arguments.json {
            return print::json(&call);
        }
        rows.push(row(&call));
        Ok(())
    })?;
    match (arguments.json, rows.is_empty()) {
        (true, _) => Ok(()),
        (false, true) => print::line("No call has ended in that time."),
        (false, false) => print::table(["ENDED", "CALLER", "CALLEE", "LASTED", "END", "IDENTIFIER"], &rows),
    }
}

fn row(call: &CallDetailRecord) -> [String; 6] {
    let lasted = match call.answered_at {
        Some(answered_at) => time::length(call.ended_at.since(answered_at)),
        None => "not answered".to_owned(),
    };
    let end = serde_json::to_value(call.end).ok();
    let end = end.and_then(|end| end.as_str().map(str::to_owned)).unwrap_or_default();
    let reason = call.reason.as_ref().map_or_else(|| end.clone(), |reason| format!("{end} ({reason})"));
    [
        time::moment(call.ended_at),
        call.caller.clone(),
        call.callee.clone(),
        lasted,
        reason,
        call.call_identifier.clone(),
    ]
}
