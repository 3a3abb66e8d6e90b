//! Instant inboxes (RFC 2778): the messages that wait for somebody, and the ids of those that have left.
//!
//! Only bookkeeping: who may write, who is told and what is durable is decided in [`crate::message`] and
//! [`crate::delivery`]. Who has no messages costs nothing here.

use crate::device::FOREVER;
use crate::principal::PrincipalId;
use crate::settings::MessageSettings;
use model::{
    Address, AgentId, Delivery, Instant, InstantMessage, MessageFailure, MessageId, Millis, Timestamp,
};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

/// All inboxes that hold anything.
#[derive(Debug)]
pub(crate) struct Inboxes {
    /// Never iterated, so its order is of no consequence.
    inboxes: HashMap<PrincipalId, Inbox>,
    /// When to come back to which inbox, as with evidence.
    due: BTreeSet<(Instant, PrincipalId)>,
    /// In which inboxes messages settled, the longest ago first; one entry for each id that is remembered.
    settled: VecDeque<(Timestamp, PrincipalId)>,
    /// When to look for ids that may be forgotten.
    forget_at: Instant,
    place_next: u64,
    waiting: usize,
    ignored: usize,
    octets: usize,
}

impl Inboxes {
    /// No inboxes. Places are numbered from the epoch, so that those of a later process are higher without anything
    /// kept for it.
    pub(crate) fn new(epoch: u32) -> Self {
        Self {
            inboxes: HashMap::new(),
            due: BTreeSet::new(),
            settled: VecDeque::new(),
            forget_at: FOREVER,
            place_next: u64::from(epoch) << PLACE_BITS,
            waiting: 0,
            ignored: 0,
            octets: 0,
        }
    }

    /// A place higher than all before.
    pub(crate) fn next_place(&mut self) -> u64 {
        let place = self.place_next;
        self.place_next += 1;
        place
    }

    /// Puts a message in its place, behind all others of its sender.
    pub(crate) fn put(&mut self, id: PrincipalId, waiting: Waiting) {
        let octets = waiting.octets();
        self.place_next = self.place_next.max(waiting.place + 1);
        self.octets += octets;
        let inbox = self.inboxes.entry(id).or_default();
        inbox.octets += octets;
        if waiting.is_ignored() {
            (self.ignored, inbox.ignored) = (self.ignored + 1, inbox.ignored + 1);
        } else {
            (self.waiting, inbox.waiting) = (self.waiting + 1, inbox.waiting + 1);
        }
        let sender = waiting.delivery.message.sender.clone();
        inbox.lanes.entry(sender).or_default().waiting.push_back(waiting);
    }

    /// Takes a message out. Nobody waits to try it again; who has it under way goes on.
    pub(crate) fn take(&mut self, key: &MessageKey) -> Option<Waiting> {
        let inbox = self.inboxes.get_mut(&key.inbox)?;
        let lane = inbox.lanes.get_mut(&key.sender)?;
        let place = lane.waiting.iter().position(|waiting| waiting.id() == key.id)?;
        let taken = lane.waiting.remove(place)?;
        lane.attempts.retain(|attempt| attempt.message != key.id || attempt.retry_at.is_none());
        self.octets -= taken.octets();
        inbox.octets -= taken.octets();
        if taken.is_ignored() {
            (self.ignored, inbox.ignored) = (self.ignored - 1, inbox.ignored - 1);
        } else {
            (self.waiting, inbox.waiting) = (self.waiting - 1, inbox.waiting - 1);
        }
        Some(taken)
    }

    /// Forgets an agent that is gone.
    pub(crate) fn leave(&mut self, id: PrincipalId, agent: AgentId) {
        let Some(inbox) = self.inboxes.get_mut(&id) else { return };
        inbox.lanes.values_mut().for_each(|lane| lane.leave(agent));
        inbox.lanes.retain(|_, lane| !lane.is_empty());
        if inbox.lanes.is_empty() {
            self.due.remove(&(inbox.armed, id));
            self.inboxes.remove(&id);
        }
    }

    /// Remembers the id of a message that has left; the oldest of all ids goes where there is no room.
    pub(crate) fn remember(&mut self, key: MessageKey, settled: Settled, repeats_max: usize) {
        let MessageKey { inbox: id, sender, id: message } = key;
        let inbox = self.inboxes.entry(id).or_default();
        self.settled.push_back((settled.at, id));
        inbox.settled.push_back((sender.clone(), message));
        inbox.lanes.entry(sender).or_default().settled.insert(message, settled);
        while self.settled.len() > repeats_max {
            self.forget_oldest();
        }
    }

    /// Makes sure that [`Self::forget`] is due by then.
    pub(crate) fn forget_by(&mut self, at: Instant) {
        self.forget_at = self.forget_at.min(at);
    }

    /// Forgets ids of messages that left before `before`, if it is time; gives back whether there were any.
    pub(crate) fn forget(&mut self, now: Instant, before: Timestamp, interval: Millis) -> bool {
        if now < self.forget_at {
            return false;
        }
        let known = self.settled.len();
        while self.settled.front().is_some_and(|(at, _)| *at < before) {
            self.forget_oldest();
        }
        self.forget_at = if self.settled.is_empty() { FOREVER } else { now.after(interval) };
        self.settled.len() < known
    }

    /// Each inbox forgets in the order in which all do, so the oldest of all is the oldest of its inbox.
    fn forget_oldest(&mut self) {
        let Some((_, id)) = self.settled.pop_front() else { return };
        let Some(inbox) = self.inboxes.get_mut(&id) else { return };
        let Some((sender, message)) = inbox.settled.pop_front() else { return };
        if let Some(lane) = inbox.lanes.get_mut(&sender) {
            lane.settled.remove(&message);
        }
        self.tidy(id, &sender);
    }

    /// Drops a lane that is of no use any more, and then the inbox.
    pub(crate) fn tidy(&mut self, id: PrincipalId, sender: &Address) {
        let Some(inbox) = self.inboxes.get_mut(&id) else { return };
        if inbox.lanes.get(sender).is_some_and(Lane::is_empty) {
            inbox.lanes.remove(sender);
        }
        if inbox.lanes.is_empty() {
            self.due.remove(&(inbox.armed, id));
            self.inboxes.remove(&id);
        }
    }

    /// Makes sure that the engine comes back to an inbox at `due` or earlier.
    pub(crate) fn arm(&mut self, id: PrincipalId, due: Instant) {
        let Some(inbox) = self.inboxes.get_mut(&id) else { return };
        if due < inbox.armed {
            self.due.remove(&(inbox.armed, id));
            inbox.armed = due;
            self.due.insert((due, id));
        }
    }

    /// An inbox that is due; it has to be armed again.
    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<PrincipalId> {
        let (_, id) = self.due.first().copied().filter(|(at, _)| *at <= now)?;
        self.due.pop_first();
        if let Some(inbox) = self.inboxes.get_mut(&id) {
            inbox.armed = FOREVER;
        }
        Some(id)
    }

    /// When something is due.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let inbox = self.due.first().map(|(at, _)| *at);
        inbox.into_iter().chain(Some(self.forget_at).filter(|at| *at != FOREVER)).min()
    }

    /// Whether there is room for a message of so many octets, or for one of which nothing is kept.
    pub(crate) fn admit(
        &self,
        id: PrincipalId,
        octets: usize,
        is_ignored: bool,
        limits: &MessageSettings,
    ) -> Result<(), MessageFailure> {
        let full = |limit| Err(MessageFailure::Unavailable { limit });
        let held = |inbox: &Inbox| (if is_ignored { inbox.ignored } else { inbox.waiting }, inbox.octets);
        let (waiting, held) = self.get(id).map_or((0, 0), held);
        if waiting >= limits.messages_per_inbox_max {
            return full("messages_per_inbox_max");
        }
        if held + octets > limits.octets_per_inbox_max {
            return full("octets_per_inbox_max");
        }
        if self.waiting + self.ignored >= limits.messages_max {
            return full("messages_max");
        }
        if self.octets + octets > limits.octets_max {
            return full("octets_max");
        }
        Ok(())
    }

    /// The inboxes that hold anything, in order.
    pub(crate) fn all(&self) -> BTreeSet<PrincipalId> {
        self.inboxes.keys().copied().collect()
    }

    pub(crate) fn get(&self, id: PrincipalId) -> Option<&Inbox> {
        self.inboxes.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: PrincipalId) -> Option<&mut Inbox> {
        self.inboxes.get_mut(&id)
    }

    pub(crate) fn lane(&self, id: PrincipalId, sender: &Address) -> Option<&Lane> {
        self.get(id)?.lanes.get(sender)
    }

    pub(crate) fn lane_mut(&mut self, id: PrincipalId, sender: &Address) -> Option<&mut Lane> {
        self.get_mut(id)?.lanes.get_mut(sender)
    }

    /// How many messages wait, in all inboxes.
    pub(crate) fn waiting_len(&self) -> usize {
        self.waiting
    }
}

/// Names a message in an inbox.
#[derive(Clone, Debug)]
pub(crate) struct MessageKey {
    pub(crate) inbox: PrincipalId,
    pub(crate) sender: Address,
    pub(crate) id: MessageId,
}

/// The inbox of one principal.
#[derive(Debug)]
pub(crate) struct Inbox {
    /// By sender. A lane is kept as long as an id in it is remembered.
    pub(crate) lanes: BTreeMap<Address, Lane>,
    /// Whose messages settled, the longest ago first.
    settled: VecDeque<(Address, MessageId)>,
    pub(crate) waiting: usize,
    ignored: usize,
    pub(crate) octets: usize,
    armed: Instant,
}

impl Default for Inbox {
    fn default() -> Self {
        let (lanes, settled) = (BTreeMap::new(), VecDeque::new());
        Self { lanes, settled, waiting: 0, ignored: 0, octets: 0, armed: FOREVER }
    }
}

impl Inbox {
    /// The messages that have expired and are under way nowhere.
    pub(crate) fn expired(&self, now: Timestamp) -> Vec<(Address, MessageId)> {
        let idle = self.lanes.iter().flat_map(|(sender, lane)| lane.idle().map(move |one| (sender, one)));
        let expired = idle.filter(|(_, waiting)| waiting.expires_at <= now);
        expired.map(|(sender, waiting)| (sender.clone(), waiting.id())).collect()
    }

    /// Who is to try again by now, and whose message.
    pub(crate) fn retries(&self, now: Instant) -> Vec<(Address, AgentId)> {
        let attempts = self.lanes.iter().flat_map(|(sender, lane)| {
            let due =
                lane.attempts.iter().filter(move |attempt| attempt.retry_at.is_some_and(|at| at <= now));
            due.map(move |attempt| (sender.clone(), attempt.agent))
        });
        attempts.collect()
    }

    /// When a message that is under way nowhere expires first.
    pub(crate) fn expires_at(&self) -> Option<Timestamp> {
        self.lanes.values().flat_map(Lane::idle).map(|waiting| waiting.expires_at).min()
    }

    /// When somebody is to try again first.
    pub(crate) fn retry_at(&self) -> Option<Instant> {
        self.lanes.values().flat_map(|lane| &lane.attempts).filter_map(|attempt| attempt.retry_at).min()
    }
}

/// The messages of one sender in one inbox.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    /// In the order of their places.
    pub(crate) waiting: VecDeque<Waiting>,
    /// One at most for each agent. One that is under way may be of a message that has left.
    pub(crate) attempts: Vec<Attempt>,
    settled: BTreeMap<MessageId, Settled>,
}

impl Lane {
    /// Begins to deliver the first message that an agent may take, unless it is busy with this sender.
    pub(crate) fn begin(&mut self, agent: AgentId) -> Option<(u64, Arc<Delivery>)> {
        if self.attempts.iter().any(|attempt| attempt.agent == agent) {
            return None;
        }
        let may_take = |waiting: &&Waiting| !waiting.is_ignored() && !waiting.refused_by.contains(&agent);
        let next = self.waiting.iter().find(may_take)?;
        self.attempts.push(Attempt { agent, message: next.id(), tries: 0, retry_at: None });
        Some((next.place, Arc::clone(&next.delivery)))
    }

    /// Delivers again what an agent was to try again.
    pub(crate) fn retry(&mut self, agent: AgentId) -> Option<(u64, Arc<Delivery>)> {
        let attempt = self.attempts.iter_mut().find(|attempt| attempt.agent == agent)?;
        attempt.retry_at.take()?;
        let message = attempt.message;
        let waiting = self.waiting.iter().find(|waiting| waiting.id() == message)?;
        Some((waiting.place, Arc::clone(&waiting.delivery)))
    }

    /// Whether an agent has a message under way that waits still.
    pub(crate) fn is_under_way(&self) -> bool {
        let is = |attempt: &Attempt| attempt.retry_at.is_none() && self.holds(attempt.message);
        self.attempts.iter().any(is)
    }

    /// Takes what an agent has under way.
    pub(crate) fn conclude(&mut self, agent: AgentId, message: MessageId) -> Option<Attempt> {
        let is_it = |attempt: &Attempt| {
            attempt.agent == agent && attempt.message == message && attempt.retry_at.is_none()
        };
        let place = self.attempts.iter().position(is_it)?;
        Some(self.attempts.swap_remove(place))
    }

    fn leave(&mut self, agent: AgentId) {
        self.attempts.retain(|attempt| attempt.agent != agent);
        for waiting in &mut self.waiting {
            waiting.refused_by.retain(|other| *other != agent);
        }
    }

    pub(crate) fn waiting_mut(&mut self, message: MessageId) -> Option<&mut Waiting> {
        self.waiting.iter_mut().find(|waiting| waiting.id() == message)
    }

    pub(crate) fn holds(&self, message: MessageId) -> bool {
        self.waiting.iter().any(|waiting| waiting.id() == message)
    }

    /// Whether it holds a message that is never delivered.
    pub(crate) fn ignores(&self, message: MessageId) -> bool {
        self.shown().all(|waiting| waiting.id() != message) && self.holds(message)
    }

    /// The messages that wait to be delivered.
    pub(crate) fn shown(&self) -> impl Iterator<Item = &Waiting> {
        self.waiting.iter().filter(|waiting| !waiting.is_ignored())
    }

    pub(crate) fn has_settled(&self, message: MessageId) -> bool {
        self.settled.contains_key(&message)
    }

    /// What may still be told of a message that has left.
    pub(crate) fn left_mut(&mut self, message: MessageId) -> Option<&mut Left> {
        self.settled.get_mut(&message)?.left.as_deref_mut()
    }

    fn idle(&self) -> impl Iterator<Item = &Waiting> {
        let is_under_way = |waiting: &Waiting| {
            let id = waiting.id();
            self.attempts.iter().any(|attempt| attempt.message == id && attempt.retry_at.is_none())
        };
        self.waiting.iter().filter(move |waiting| !is_under_way(waiting))
    }

    fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.attempts.is_empty() && self.settled.is_empty()
    }
}

/// A message that waits.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) place: u64,
    pub(crate) delivery: Arc<Delivery>,
    pub(crate) expires_at: Timestamp,
    /// The agents that can't take it.
    pub(crate) refused_by: Vec<AgentId>,
}

impl Waiting {
    pub(crate) fn id(&self) -> MessageId {
        self.delivery.message.id
    }

    pub(crate) fn is_ignored(&self) -> bool {
        self.delivery.message.is_ignored
    }

    fn octets(&self) -> usize {
        octets(&self.delivery.message)
    }
}

/// A delivery to one agent.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) agent: AgentId,
    pub(crate) message: MessageId,
    /// How often it was put off.
    pub(crate) tries: usize,
    /// When to try again; `None` while it is under way.
    pub(crate) retry_at: Option<Instant>,
}

/// A message that has left.
#[derive(Debug)]
pub(crate) struct Settled {
    pub(crate) at: Timestamp,
    /// What its sender may still be told.
    pub(crate) left: Option<Box<Left>>,
}

/// A message that has left and of which more may be heard.
#[derive(Debug)]
pub(crate) struct Left {
    /// The message without its text; what its sender was told it wants no more.
    pub(crate) message: InstantMessage,
    /// Whether the recipient's server has it and nobody knows more yet, so that it may still fail.
    pub(crate) is_relayed: bool,
}

impl Left {
    /// What is kept of a message that leaves; `None` where nothing may be told of it any more.
    pub(crate) fn of(message: &InstantMessage, is_relayed: bool) -> Option<Box<Self>> {
        if message.is_report || !(is_relayed || message.wanted.displayed) {
            return None;
        }
        let message = InstantMessage { text: String::new(), content: None, ..message.clone() };
        Some(Box::new(Self { message, is_relayed }))
    }
}

/// What a message counts against the limits: the octets of its text and its content.
pub(crate) fn octets(message: &InstantMessage) -> usize {
    message.text.len() + message.content.as_ref().map_or(0, |content| content.body.len())
}

/// Places of one epoch; a database counts to 2^63, which leaves room for eight million epochs.
const PLACE_BITS: u32 = 40;

#[cfg(test)]
mod tests {
    use super::{Attempt, Waiting};

    #[test]
    fn hot_types_are_small() {
        assert_eq!(size_of::<Waiting>(), 48);
        assert_eq!(size_of::<Attempt>(), 56);
    }
}
