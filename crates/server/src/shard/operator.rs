//! Requests of the operator, who has no agent: who asked is told by ticket.

use super::{ShardHandle, ShardInput};
use crossbeam_channel::{Sender, bounded};
use model::{
    Address, Effect, GroupChange, GroupRefusal, InboxRules, InstantMessage, MessageFailure, OperatorAct,
    Refusal, Request, Ticket,
};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How long an operator waits until he is told that nobody knows.
const ANSWER_MAX: Duration = Duration::from_secs(30);

/// A request that still needs the ticket by which it is answered.
pub(crate) type Ticketed = Box<dyn FnOnce(Ticket) -> Request + Send>;

/// What came of a message: whether it waits because the recipient is away.
pub(crate) type Sent = Result<bool, MessageFailure>;

/// What came of a change of a group: what was left out of it, and why.
pub(crate) type GroupOutcome = Result<Vec<GroupRefusal>, GroupRefusal>;

/// Why nothing is known of a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum OperatorError {
    /// The shard ends, or failed by a fault of its own.
    #[error("the server is ending, or failed; it may or may not have been done")]
    Gone,
    /// The store is slow.
    #[error("the store has not written it yet, so nobody can say whether it is done; see `herald status`")]
    Unknown,
}

/// The operators that wait. There are no more than clients of the control socket.
#[derive(Debug, Default)]
pub(super) struct Operators {
    last: u64,
    waiting: HashMap<Ticket, (Instant, Sender<Effect>)>,
}

impl Operators {
    /// Notes who asked; the ticket of the request.
    pub fn admit(&mut self, answer: Sender<Effect>) -> Ticket {
        // Who has given up need not be told.
        self.waiting.retain(|_, (since, _)| since.elapsed() < 2 * ANSWER_MAX);
        self.last += 1;
        self.waiting.insert(Ticket(self.last), (Instant::now(), answer));
        Ticket(self.last)
    }

    /// Answers who asked.
    pub fn tell(&mut self, effect: Effect) {
        let (Effect::Accepted { ticket, .. }
        | Effect::MessageRefused { ticket, .. }
        | Effect::GroupChanged { ticket, .. }
        | Effect::GroupRefused { ticket, .. }
        | Effect::InboxRuled { ticket, .. }
        | Effect::Operated { ticket, .. }) = &effect
        else {
            return;
        };
        if let Some((_, answer)) = self.waiting.remove(ticket) {
            // He may have gone.
            let _ = answer.send(effect);
        }
    }

    /// There will be no answer.
    pub fn forget(&mut self, ticket: Ticket) {
        self.waiting.remove(&ticket);
    }
}

impl ShardHandle {
    /// Sends a message of the operator, and waits until it is durable.
    pub fn send(&self, message: InstantMessage) -> Result<Sent, OperatorError> {
        let message = Box::new(message);
        match self.ask(Box::new(|ticket| Request::Send { ticket, agent: None, message }))? {
            Effect::Accepted { is_stored, .. } => Ok(Ok(is_stored)),
            Effect::MessageRefused { failure, .. } => Ok(Err(failure)),
            _ => Err(OperatorError::Gone),
        }
    }

    /// Does what the operator wants, and waits until it is durable.
    pub fn operate(&self, act: OperatorAct) -> Result<Result<(), Refusal>, OperatorError> {
        let act = Box::new(act);
        match self.ask(Box::new(|ticket| Request::Operate { ticket, act }))? {
            Effect::Operated { outcome, .. } => Ok(outcome),
            _ => Err(OperatorError::Gone),
        }
    }

    /// Changes a group, and waits until it is durable; gives back what was left out, and why.
    pub fn change_group(&self, change: GroupChange) -> Result<GroupOutcome, OperatorError> {
        let change = Box::new(change);
        match self.ask(Box::new(|ticket| Request::ChangeGroup { ticket, agent: None, change }))? {
            Effect::GroupChanged { left_out, .. } => Ok(Ok(left_out)),
            Effect::GroupRefused { refusal, .. } => Ok(Err(refusal)),
            _ => Err(OperatorError::Gone),
        }
    }

    /// Decides about an inbox, and waits until it is durable.
    pub fn rule_inbox(
        &self,
        principal: Address,
        rules: InboxRules,
    ) -> Result<Result<(), MessageFailure>, OperatorError> {
        let request = move |ticket| Request::RuleInbox { ticket, agent: None, principal, rules };
        match self.ask(Box::new(request))? {
            Effect::InboxRuled { outcome, .. } => Ok(outcome),
            _ => Err(OperatorError::Gone),
        }
    }

    fn ask(&self, request: Ticketed) -> Result<Effect, OperatorError> {
        let (answer, answered) = bounded(1);
        self.inputs.send(ShardInput::Operate { request, answer }).map_err(|_| OperatorError::Gone)?;
        answered
            .recv_timeout(ANSWER_MAX)
            .map_err(|error| if error.is_timeout() { OperatorError::Unknown } else { OperatorError::Gone })
    }
}
