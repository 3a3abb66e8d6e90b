//! One connection of a call for messages, and how far it has come.

use crate::error::BenchError;
use crate::flights::Micros;
use crate::signalling::Leg;
use crate::template::{self, Template};
use std::collections::VecDeque;

/// One connection.
#[derive(Debug)]
pub(crate) struct Line {
    pub leg: Leg,
    pub stage: Stage,
    /// Who writes to whom.
    pub pair: u32,
    /// The call, where it is one of ours.
    pub call: u32,
    pub packets: Packets,
    /// The texts that are not accepted yet, and since when.
    pub waiting: VecDeque<(u32, Micros)>,
}

/// How far it has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Stage {
    /// Writer: the Setup is sent.
    Calling,
    /// Writer: the session is offered.
    Opening,
    /// Writer: texts go.
    Open,
    /// Writer: the single message is sent, the release is awaited.
    Sent,
    /// Reader: the Setup is awaited.
    Answering,
    /// Reader: texts are awaited.
    Reading,
}

/// What is sent again and again, encoded once.
#[derive(Debug, Default)]
pub(crate) struct Packets {
    text: Option<Template>,
    pub inquiry: Vec<u8>,
    pub status: Vec<u8>,
}

impl Packets {
    /// Those of a writer.
    pub fn of_writer(leg: &Leg, prefix: &str) -> Result<Self, BenchError> {
        Ok(Self { text: Some(leg.text(prefix)?), inquiry: leg.status_inquiry()?, status: leg.status()? })
    }

    /// Those of a reader.
    pub fn of_reader(leg: &Leg) -> Result<Self, BenchError> {
        Ok(Self { status: leg.status()?, ..Self::default() })
    }

    /// Appends a text with its numbers.
    pub fn append_text(&self, pair: u32, number: u32, out: &mut Vec<u8>) {
        if let Some(template) = &self.text {
            let start = template.append(out);
            template::put_digits(template.slot(out, start, 0), pair);
            template::put_digits(template.slot(out, start, 1), number);
        }
    }
}

impl Line {
    /// A call that was accepted and has brought nothing yet.
    pub fn answering(pair: u32) -> Self {
        let leg = Leg { reference: 0, identifier: [0; 16], is_caller: false };
        let (packets, waiting) = (Packets::default(), VecDeque::new());
        Self { leg, stage: Stage::Answering, pair, call: 0, packets, waiting }
    }
}
