//! `herald why`: the evidence behind a state.

use crate::arguments::WhyArguments;
use crate::exit::Failure;
use crate::{ask, print, time};
use model::{AgentId, PresenceState, Timestamp};
use serde::Deserialize;
use server::control::{Answer, Question};
use std::fmt::Write;
use std::path::Path;

/// Explains a state.
pub fn run(data: &Path, arguments: &WhyArguments) -> Result<(), Failure> {
    let question = Question::Why { address: arguments.address.clone() };
    let explanation = ask::one(data, &question, |answer| match answer {
        Answer::Why(explanation) => Some(explanation),
        _ => None,
    })?;
    if arguments.json {
        return print::json(&explanation);
    }
    let explanation: Explanation = serde_json::from_value(explanation)
        .map_err(|error| Failure::new(format!("the explanation can't be read: {error}")))?;
    print::text(&show(&explanation))
}

/// What is shown of the engine's explanation.
#[derive(Deserialize)]
struct Explanation {
    aliases: Vec<Alias>,
    agents: Vec<Agent>,
    evidence: Vec<Evidence>,
    rule: String,
    document: Document,
}

#[derive(Deserialize)]
struct Alias {
    kind: String,
    original: String,
}

#[derive(Deserialize)]
struct Agent {
    agent: AgentId,
    description: String,
    inferred: bool,
    state: Option<PresenceState>,
    decides: bool,
}

#[derive(Deserialize)]
struct Evidence {
    agent: Option<AgentId>,
    source: String,
    state: PresenceState,
    since: Timestamp,
    expires: Option<Timestamp>,
    detail: String,
    held: bool,
    decides: bool,
}

#[derive(Deserialize)]
struct Document {
    presentity: String,
    state: PresenceState,
    since: Timestamp,
}

fn show(explanation: &Explanation) -> String {
    let Explanation { aliases, agents, evidence, rule, document } = explanation;
    let mut text = format!(
        "{} is {} ({}) since {} ({}).\n{rule}\n",
        document.presentity,
        document.state.availability(),
        document.state.code(),
        time::moment(document.since),
        time::ago(document.since)
    );
    // Writing to a string can't fail.
    let _ = writeln!(text, "\nEvidence, what decides marked with >:");
    for piece in evidence {
        let _ = writeln!(text, "{}", evidence_line(piece));
    }
    if !agents.is_empty() {
        let _ = writeln!(text, "\nDevices:");
    }
    for agent in agents {
        let state = match agent.state {
            _ if !agent.inferred => "nothing is inferred for it".to_owned(),
            Some(state) => state.availability().to_string(),
            None => "nothing is known of it".to_owned(),
        };
        let _ = writeln!(
            text,
            "{} {:7}  {state}  {}",
            mark(agent.decides),
            agent.agent.to_string(),
            agent.description
        );
    }
    let names = aliases.iter().map(|alias| format!("{} ({})", alias.original, alias.kind));
    let _ = writeln!(text, "\nNames: {}", names.collect::<Vec<_>>().join(", "));
    text
}

fn evidence_line(piece: &Evidence) -> String {
    let until =
        piece.expires.map_or_else(String::new, |expires| format!(", until {}", time::moment(expires)));
    let held = if piece.held { ", ended and kept for a moment" } else { "" };
    format!(
        "{} {:7}  {:12}  {:9}  {} (since {}{until}{held})",
        mark(piece.decides),
        piece.agent.map_or_else(String::new, |agent| agent.to_string()),
        piece.source,
        piece.state.availability(),
        piece.detail,
        time::moment(piece.since)
    )
}

const fn mark(decides: bool) -> char {
    if decides { '>' } else { ' ' }
}
