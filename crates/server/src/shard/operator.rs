//! Messages of the operator and changes of groups, which no agent asks for: who asked is told by ticket.

use super::{ShardHandle, ShardInput};
use crossbeam_channel::{Receiver, Sender, bounded};
use model::{Address, Effect, GroupChange, GroupRefusal, InboxRules, InstantMessage, MessageFailure, Ticket};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How long an operator waits until he is told that nobody knows.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// What came of a message: whether it waits because the recipient is away.
pub(crate) type Sent = Result<bool, MessageFailure>;

/// What came of a change of a group: what was left out of it.
pub(crate) type GroupOutcome = Result<Vec<GroupRefusal>, GroupRefusal>;

/// What came of the rules of an inbox.
pub(crate) type InboxOutcome = Result<(), MessageFailure>;

/// Why nothing is known of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum SendError {
    /// The shard ends, or failed by a fault of its own.
    #[error("the server is ending, or failed; what was asked for may or may not have been done")]
    Gone,
    /// The store is slow.
    #[error("the store has not written it yet, so nobody can say whether it is done; see `herald status`")]
    Unknown,
}

/// The operators that wait. There are no more than clients of the control socket.
#[derive(Debug, Default)]
pub(super) struct Senders {
    last: u64,
    waiting: HashMap<Ticket, (Instant, Asked)>,
}

/// Who waits for what.
#[derive(Debug)]
pub(super) enum Asked {
    Message(Sender<Sent>),
    Group(Sender<GroupOutcome>),
    Inbox(Sender<InboxOutcome>),
}

impl Senders {
    /// Notes who asked; the ticket of the request.
    pub fn admit(&mut self, answer: Asked) -> Ticket {
        // Who has given up need not be told.
        self.waiting.retain(|_, (since, _)| since.elapsed() < 2 * ANSWER_MAX);
        self.last += 1;
        self.waiting.insert(Ticket(self.last), (Instant::now(), answer));
        Ticket(self.last)
    }

    /// Answers who asked.
    pub fn tell(&mut self, effect: &Effect) {
        let (Effect::Accepted { ticket, .. }
        | Effect::MessageRefused { ticket, .. }
        | Effect::GroupChanged { ticket, .. }
        | Effect::GroupRefused { ticket, .. }
        | Effect::InboxRuled { ticket, .. }) = effect
        else {
            return;
        };
        let Some((_, asked)) = self.waiting.remove(ticket) else { return };
        // He may have gone.
        let _gone = match (asked, effect) {
            (Asked::Message(answer), Effect::Accepted { is_stored, .. }) => {
                answer.send(Ok(*is_stored)).is_err()
            }
            (Asked::Message(answer), Effect::MessageRefused { failure, .. }) => {
                answer.send(Err(*failure)).is_err()
            }
            (Asked::Inbox(answer), Effect::InboxRuled { outcome, .. }) => answer.send(*outcome).is_err(),
            (Asked::Group(answer), Effect::GroupChanged { left_out, .. }) => {
                answer.send(Ok(left_out.clone())).is_err()
            }
            (Asked::Group(answer), Effect::GroupRefused { refusal, .. }) => {
                answer.send(Err(refusal.clone())).is_err()
            }
            _ => false,
        };
    }

    /// There will be no answer.
    pub fn forget(&mut self, ticket: Ticket) {
        self.waiting.remove(&ticket);
    }
}

impl ShardHandle {
    /// Sends a message of the operator, and waits until it is durable.
    pub fn send(&self, message: InstantMessage) -> Result<Sent, SendError> {
        let (answer, answered) = bounded(1);
        let message = Box::new(message);
        self.inputs.send(ShardInput::Send { message, answer }).map_err(|_| SendError::Gone)?;
        wait(&answered)
    }

    /// Changes a group as the operator, or as a directory has it, and waits until that is durable.
    pub fn change_group(&self, change: GroupChange) -> Result<GroupOutcome, SendError> {
        let (answer, answered) = bounded(1);
        let change = Box::new(change);
        self.inputs.send(ShardInput::ChangeGroup { change, answer }).map_err(|_| SendError::Gone)?;
        wait(&answered)
    }

    /// Decides about an inbox as the operator, and waits until that is durable.
    pub fn rule_inbox(&self, principal: Address, rules: InboxRules) -> Result<InboxOutcome, SendError> {
        let (answer, answered) = bounded(1);
        let input = ShardInput::RuleInbox { principal, rules, answer };
        self.inputs.send(input).map_err(|_| SendError::Gone)?;
        wait(&answered)
    }
}

fn wait<T>(answered: &Receiver<T>) -> Result<T, SendError> {
    answered
        .recv_timeout(ANSWER_MAX)
        .map_err(|error| if error.is_timeout() { SendError::Unknown } else { SendError::Gone })
}
