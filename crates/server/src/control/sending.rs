//! `herald send`: a message of the operator.

use super::answering::unavailable;
use super::{Answer, Answering, Failure, FailureKind, TEXT_OCTETS_MAX};
use crate::secrets;
use model::{InstantMessage, MessageFailure, MessageId, ReceiptsWanted};

/// By how many servers a message of the operator may be relayed.
const MAX_FORWARDS: u8 = 70;

/// The local part of who a message comes from when the operator names nobody.
const SENDER: &str = "herald";

impl Answering {
    pub(super) fn send(&self, from: Option<&str>, to: &str, text: String) -> Result<Answer, Failure> {
        if text.is_empty() {
            return Err(Failure::new(FailureKind::Malformed, "there is no text to send"));
        }
        if text.len() > TEXT_OCTETS_MAX {
            let words = format!("the text has {} octets; at most {TEXT_OCTETS_MAX} can be sent", text.len());
            return Err(Failure::new(FailureKind::Malformed, words));
        }
        let message = InstantMessage {
            id: MessageId(random()?),
            sender: self.address(from.unwrap_or(SENDER))?,
            recipient: self.address(to)?,
            text,
            content: None,
            language: None,
            sent_at: self.clock.now().wall,
            expires_at: None,
            max_forwards: MAX_FORWARDS,
            thread: None,
            wanted: ReceiptsWanted::default(),
            in_session: false,
            is_report: false,
            is_ignored: false,
        };
        match self.shard.send(message).map_err(|error| unavailable(&error))? {
            Ok(is_stored) => Ok(Answer::Accepted { is_stored }),
            Err(MessageFailure::NoRecipient) => Err(self.names.unknown(to, &self.shard)),
            Err(failure) => Err(Failure::new(FailureKind::Unavailable, format!("refused: {failure}"))),
        }
    }
}

fn random() -> Result<[u8; 16], Failure> {
    let random = secrets::random().map_err(|error| unavailable(&error))?;
    Ok(std::array::from_fn(|at| random[at]))
}
