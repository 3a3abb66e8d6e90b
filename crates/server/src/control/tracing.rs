//! `herald trace`: every message from and to one endpoint, as it happens.

use super::answering::{Answered, LOOK_INTERVAL, command_failure, ending};
use super::listener::Answers;
use super::{Answer, Answering, Failure, FailureKind, LINE_OCTETS_MAX};
use crossbeam_channel::RecvTimeoutError;
use link::Traced;
use serde_json::json;

/// Room on a line for all that stands around a reading.
const AROUND_READING: u64 = 4096;

impl Answering {
    pub(super) fn trace(&self, endpoint: String, answers: &mut Answers<'_>) -> Answered<()> {
        let driver = match self.h323() {
            Ok(driver) => driver,
            Err(failure) => return Ok(Err(failure)),
        };
        let trace = match driver.trace(endpoint, self.watch_queue_max) {
            Some(Ok(trace)) => trace,
            Some(Err(error)) => return Ok(Err(command_failure(&error))),
            None => return Ok(Err(ending())),
        };
        answers.give(&Answer::Tracing)?;
        loop {
            match trace.messages.recv_timeout(LOOK_INTERVAL) {
                Ok(traced) => answers.give(&Answer::Traced(Box::new(fitting(traced))))?,
                Err(RecvTimeoutError::Timeout) if answers.is_gone() => return Ok(Ok(())),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    let text =
                        "the trace was cut off: the server ends, or the messages were not read fast enough";
                    return Ok(Err(Failure::new(FailureKind::Unavailable, text)));
                }
            }
        }
    }
}

/// The message with its reading, or without one that is too long for a line.
fn fitting(mut traced: Traced) -> Traced {
    let length = traced.reading.to_string().len() as u64;
    if length > LINE_OCTETS_MAX - AROUND_READING {
        let text = format!("the reading has {length} octets, too many to show");
        traced.reading = json!({ "message": traced.name, "length": traced.reading["length"], "error": text });
    }
    traced
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Timestamp;

    #[test]
    fn a_reading_that_is_too_long_for_a_line_is_left_out_and_that_is_said() {
        let traced = |text: &str| Traced {
            trace: 1,
            at: Timestamp(0),
            is_received: true,
            protocol: "RAS".into(),
            peer: "192.0.2.1:1719".into(),
            name: "registrationRequest".into(),
            reading: json!({ "decoded": text }),
        };
        assert_eq!(fitting(traced("short")), traced("short"));
        let long = fitting(traced(&"x".repeat(LINE_OCTETS_MAX as usize)));
        assert!(long.reading["error"].as_str().is_some_and(|error| error.contains("too many to show")));
    }
}
