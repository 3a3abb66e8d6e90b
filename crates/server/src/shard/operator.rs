//! Messages of the operator, who has no agent: who asked is told by ticket.

use super::{ShardHandle, ShardInput};
use crossbeam_channel::{Sender, bounded};
use model::{Administration, Effect, InstantMessage, MessageFailure, Refusal, Ticket};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How long an operator waits until he is told that nobody knows.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// What came of something that was to be done to a principal.
pub(crate) type Administered = Result<(), Refusal>;

/// What came of a message: whether it waits because the recipient is away.
pub(crate) type Sent = Result<bool, MessageFailure>;

/// Why nothing is known of what was asked.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum SendError {
    /// The shard ends, or failed by a fault of its own.
    #[error("the server is ending, or failed; it may or may not have been done")]
    Gone,
    /// The store is slow.
    #[error("the store has not written it yet, so nobody can say whether it is done; see `herald status`")]
    Unknown,
}

/// The operators that wait. There are no more than clients of the control socket.
#[derive(Debug, Default)]
pub(super) struct Senders {
    last: u64,
    waiting: HashMap<Ticket, (Instant, Waiting)>,
}

/// Who waits for what.
#[derive(Debug)]
enum Waiting {
    Message(Sender<Sent>),
    Administration(Sender<Administered>),
}

impl Senders {
    /// Notes who asked; the ticket of the request.
    pub fn admit(&mut self, answer: Sender<Sent>) -> Ticket {
        self.wait(Waiting::Message(answer))
    }

    /// As [`Self::admit`].
    pub fn admit_administration(&mut self, answer: Sender<Administered>) -> Ticket {
        self.wait(Waiting::Administration(answer))
    }

    fn wait(&mut self, answer: Waiting) -> Ticket {
        // Who has given up need not be told.
        self.waiting.retain(|_, (since, _)| since.elapsed() < 2 * ANSWER_MAX);
        self.last += 1;
        self.waiting.insert(Ticket(self.last), (Instant::now(), answer));
        Ticket(self.last)
    }

    /// Answers who asked.
    pub fn tell(&mut self, effect: &Effect) {
        if let Effect::Administered { ticket, done } = effect {
            if let Some((_, Waiting::Administration(answer))) = self.waiting.remove(ticket) {
                let _ = answer.send(done.clone());
            }
            return;
        }
        let (ticket, sent) = match effect {
            Effect::Accepted { ticket, is_stored, .. } => (ticket, Ok(*is_stored)),
            Effect::MessageRefused { ticket, failure, .. } => (ticket, Err(*failure)),
            _ => return,
        };
        if let Some((_, Waiting::Message(answer))) = self.waiting.remove(ticket) {
            // He may have gone.
            let _ = answer.send(sent);
        }
    }

    /// There will be no answer.
    pub fn forget(&mut self, ticket: Ticket) {
        self.waiting.remove(&ticket);
    }
}

impl ShardHandle {
    /// Has something done to a principal, and waits until it is durable.
    pub fn administer(&self, administration: Administration) -> Result<Administered, SendError> {
        let (answer, answered) = bounded(1);
        self.inputs.send(ShardInput::Administer { administration, answer }).map_err(|_| SendError::Gone)?;
        answered
            .recv_timeout(ANSWER_MAX)
            .map_err(|error| if error.is_timeout() { SendError::Unknown } else { SendError::Gone })
    }

    /// Sends a message of the operator, and waits until it is durable.
    pub fn send(&self, message: InstantMessage) -> Result<Sent, SendError> {
        let (answer, answered) = bounded(1);
        let message = Box::new(message);
        self.inputs.send(ShardInput::Send { message, answer }).map_err(|_| SendError::Gone)?;
        answered
            .recv_timeout(ANSWER_MAX)
            .map_err(|error| if error.is_timeout() { SendError::Unknown } else { SendError::Gone })
    }
}
