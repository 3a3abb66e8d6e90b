//! `herald trace`: every message from and to an endpoint, a line for each.

mod gist;

use crate::arguments::TraceArguments;
use crate::exit::Failure;
use crate::{ask, print, time};
use link::Traced;
use server::control::{Answer, Question, as_json};
use std::path::Path;

/// Follows until it is interrupted or the server ends.
pub fn run(data: &Path, arguments: &TraceArguments) -> Result<(), Failure> {
    let question = Question::Trace { endpoint: arguments.alias.clone() };
    ask::each(data, &question, |answer| match answer {
        Answer::Tracing if !arguments.json => {
            print::line(&format!("Following {}; Ctrl-C ends it.", arguments.alias))
        }
        Answer::Traced(traced) if arguments.json => print::json(&traced),
        Answer::Traced(traced) => {
            print::line(&line(&traced))?;
            match arguments.full {
                true => print::line(&format!("{:#}", as_json(&traced.reading))),
                false => Ok(()),
            }
        }
        _ => Ok(()),
    })
}

/// `13:02:11  <- RAS  registrationRequest  192.0.2.10:32768  alice, 4004`
fn line(traced: &Traced) -> String {
    let arrow = if traced.is_received { "<-" } else { "->" };
    let line = format!(
        "{}  {arrow} {:7}  {:26}  {:21}  {}",
        time::moment(traced.at),
        traced.protocol,
        traced.name,
        traced.peer,
        gist::of(&traced.reading)
    );
    line.trim_end().to_owned()
}
