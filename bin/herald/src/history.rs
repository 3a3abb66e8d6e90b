//! `herald history`: the messages that were kept of one, and whether any are.

use crate::arguments::HistoryArguments;
use crate::exit::Failure;
use crate::{ask, print, time};
use model::{HistoryOutcome, HistoryRecord};
use server::control::{Answer, Kept, Question};
use std::path::Path;

/// Shows messages, or says whether they are to be kept.
pub fn run(data: &Path, arguments: &HistoryArguments) -> Result<(), Failure> {
    if arguments.on || arguments.off {
        return keep(data, arguments);
    }
    let kept = Kept {
        address: arguments.address.clone(),
        with: arguments.with.clone(),
        thread: arguments.thread,
        since: arguments.since,
        until: arguments.until,
        search: arguments.search.clone(),
        limit: arguments.limit,
    };
    let mut records = Vec::new();
    ask::each(data, &Question::Kept(kept), |answer| {
        if let Answer::Kept(record) = answer {
            records.push(record);
        }
        Ok(())
    })?;
    if records.is_empty() && !arguments.json {
        return print::line("No such message was kept.");
    }
    // The newest ones came first, so that the oldest are left out where there are too many.
    records.iter().rev().try_for_each(|record| {
        if arguments.json { print::json(record) } else { print::line(&sentence(record)) }
    })
}

fn keep(data: &Path, arguments: &HistoryArguments) -> Result<(), Failure> {
    let question = Question::KeepHistory { address: arguments.address.clone(), is_kept: arguments.on };
    let done = ask::one(data, &question, |answer| match answer {
        Answer::Done(done) => Some(done),
        _ => None,
    })?;
    print::line(&format!("{}: {done}.", arguments.address))
}

fn sentence(record: &HistoryRecord) -> String {
    let arrow = if record.is_sent { "to" } else { "from" };
    let outcome = match record.outcome {
        HistoryOutcome::Delivered => String::new(),
        outcome => format!(" ({})", outcome.name()),
    };
    let shown = |letter: char| if letter.is_control() && letter != '\n' { '\u{fffd}' } else { letter };
    let text: String = record.text.replace('\n', "\n    ").chars().map(shown).collect();
    let content = record.content.as_ref();
    let content = content.map_or_else(String::new, |content| {
        format!(" [{}, {} octets]", content.media_type, content.body.len())
    });
    format!("{}  {arrow} {}{outcome}: {text}{content}", time::moment(record.at), record.peer)
}

/// Reads the name of a conversation: 32 hexadecimal digits.
pub fn thread(text: &str) -> Result<[u8; 16], String> {
    let octet = |place: usize| u8::from_str_radix(text.get(2 * place..2 * place + 2)?, 16).ok();
    let octets = (0..16).map(octet).collect::<Option<Vec<_>>>().filter(|_| text.len() == 32);
    let octets = octets.and_then(|octets| octets.try_into().ok());
    octets.ok_or_else(|| "write a conversation as its 32 hexadecimal digits".to_owned())
}
