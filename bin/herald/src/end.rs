//! `herald disconnect` and `herald unregister`.

use crate::arguments::{DisconnectArguments, UnregisterArguments};
use crate::exit::Failure;
use crate::{ask, print};
use serde_json::json;
use server::control::{Answer, Question};
use std::path::Path;

/// Ends a call, or all calls of an endpoint.
pub fn disconnect(data: &Path, arguments: &DisconnectArguments) -> Result<(), Failure> {
    let ended = end(data, &Question::Disconnect { call: arguments.call.clone() })?;
    tell(ended, arguments.json, &format!("{ended} call{} ended.", if ended == 1 { "" } else { "s" }))
}

/// Unregisters an endpoint.
pub fn unregister(data: &Path, arguments: &UnregisterArguments) -> Result<(), Failure> {
    let ended = end(data, &Question::Unregister { endpoint: arguments.endpoint.clone() })?;
    tell(ended, arguments.json, &format!("{} is unregistered.", arguments.endpoint))
}

fn end(data: &Path, question: &Question) -> Result<usize, Failure> {
    ask::one(data, question, |answer| match answer {
        Answer::Ended(ended) => Some(ended),
        _ => None,
    })
}

fn tell(ended: usize, as_json: bool, sentence: &str) -> Result<(), Failure> {
    if as_json { print::json(&json!({ "ended": ended })) } else { print::line(sentence) }
}
