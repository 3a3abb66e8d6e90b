//! Messages to the one group there is, the board: each member is shown each of them once and in order, and nobody else
//! any.

use super::{Checker, View, Violation};
use crate::journal::Seen;
use crate::people::{self, BOARD, People};
use crate::world::World;
use h323::endpoint::Event;
use model::{
    AgentId, ContactChange, DeliveryOutcome, Effect, Instant, MessageId, OperatorAct, Request, Rule, Service,
    Subject, Ticket,
};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// What is known of every message to the board, by its text.
#[derive(Default)]
pub(super) struct GroupMessages {
    messages: BTreeMap<String, Message>,
    texts: HashMap<MessageId, String>,
    tickets: HashMap<(AgentId, Ticket), String>,
    /// Who has registered for good, so that there is an inbox.
    known: BTreeSet<usize>,
    /// Who has ever blocked whom, or tried to, or been kept from him by a rule.
    blocked: HashSet<(usize, usize)>,
    /// The last message of one person that another was shown, since it was switched on.
    last: HashMap<(usize, usize), u64>,
    switched: HashMap<usize, Instant>,
    requests: u64,
}

struct Message {
    sender: usize,
    id: MessageId,
    order: u64,
    is_accepted: bool,
    /// Who had an inbox when it was sent.
    expected: BTreeSet<usize>,
    /// For whom it failed.
    failed: BTreeSet<usize>,
    /// Who was shown it, and when last.
    shown: BTreeMap<usize, Instant>,
}

impl GroupMessages {
    pub(super) fn see(&mut self, view: &View<'_>, seen: &Seen) -> Result<(), Violation> {
        match seen {
            Seen::Asked(request) => {
                self.requests += 1;
                self.asked(view, request);
            }
            Seen::Told(effect) => match &**effect {
                Effect::Claimed { agent, .. } => self.known.extend(view.parties.of(*agent)),
                Effect::Accepted { ticket, agent: Some(agent), .. } => {
                    return self.accepted(view, (*agent, *ticket));
                }
                _ => {}
            },
            Seen::Shown(number, event) => {
                if let Event::Message { text, .. } = &**event
                    && let Some(text) = text.find("g-").map(|place| &text[place..])
                {
                    return self.shown(view, *number, text);
                }
            }
            Seen::Switched(number, _) => {
                self.last.retain(|(_, recipient), _| recipient != number);
                self.switched.insert(*number, view.now);
            }
            // A new run counts its tickets anew.
            Seen::Started | Seen::Ended => self.tickets.clear(),
            _ => {}
        }
        Ok(())
    }

    fn asked(&mut self, view: &View<'_>, request: &Request) {
        match request {
            Request::Send { ticket, agent: Some(agent), message } if message.recipient.local() == BOARD => {
                let Some(sender) = view.parties.of(*agent) else { return };
                self.tickets.insert((*agent, *ticket), message.text.clone());
                self.texts.insert(message.id, message.text.clone());
                let members = view.people.members().iter().copied();
                let expected = members.filter(|member| {
                    *member != sender
                        && self.known.contains(member)
                        && !self.blocked.contains(&(*member, sender))
                });
                let (id, order) = (message.id, self.requests);
                let new = Message {
                    sender,
                    id,
                    order,
                    is_accepted: false,
                    expected: expected.collect(),
                    failed: BTreeSet::new(),
                    shown: BTreeMap::new(),
                };
                let known = self.messages.entry(message.text.clone()).or_insert(new);
                if !known.is_accepted && known.shown.is_empty() {
                    known.order = order;
                }
            }
            Request::Conclude { agent, message, outcome: DeliveryOutcome::Failed(_), .. } => {
                let message = self.texts.get(message).and_then(|text| self.messages.get_mut(text));
                if let (Some(message), Some(number)) = (message, view.parties.of(*agent)) {
                    message.failed.insert(number);
                }
            }
            Request::ChangeContact { agent, change: ContactChange::Block, contact, .. } => {
                let blocked = people::of_address(&contact.address);
                self.blocked.extend(view.parties.of(*agent).zip(blocked));
            }
            // A rule that was ever made, or may have been, may keep a copy back.
            Request::Operate { act, .. } => {
                if let OperatorAct::SetRule(Rule { key, .. }) = &**act
                    && key.service == Service::Messages
                {
                    let is = |subject: &Subject, number| match subject {
                        Subject::Address(address) => people::of_address(address) == Some(number),
                        _ => true,
                    };
                    let everybody = || 0..view.people.len();
                    let whom = everybody().filter(|number| is(&key.whom, *number));
                    self.blocked.extend(whom.flat_map(|whom| {
                        everybody().filter(|number| is(&key.who, *number)).map(move |who| (whom, who))
                    }));
                }
            }
            _ => {}
        }
    }

    /// A sender is told that its message is accepted: on the disk there must be a copy for each who has an inbox.
    fn accepted(&mut self, view: &View<'_>, ticket: (AgentId, Ticket)) -> Result<(), Violation> {
        let Some(text) = self.tickets.remove(&ticket) else { return Ok(()) };
        let Some(message) = self.messages.get_mut(&text) else { return Ok(()) };
        message.is_accepted = true;
        message.expected.retain(|member| !self.blocked.contains(&(*member, message.sender)));
        let disk = view.world.disk.borrow();
        let rows = disk.synced().messages.keys().filter(|(_, _, id)| *id == message.id);
        let copies = BTreeSet::from_iter(rows.filter_map(|(inbox, ..)| people::of_address(inbox)));
        match message.expected.difference(&copies).next() {
            Some(member) => {
                let text = format!("{text:?} is accepted, and there is no copy for p{member}");
                view.violation(Checker::Loss, text)
            }
            None => Ok(()),
        }
    }

    fn shown(&mut self, view: &View<'_>, number: usize, text: &str) -> Result<(), Violation> {
        let Some(message) = self.messages.get_mut(text) else {
            return view.violation(Checker::Rules, format!("p{number} is shown {text:?}, which nobody sent"));
        };
        if number == message.sender || !view.people.members().contains(&number) {
            return view
                .violation(Checker::Rules, format!("p{number} is shown {text:?}, which is not for it"));
        }
        if let Some(before) = message.shown.insert(number, view.now) {
            // Members speak the package: an endpoint shows nothing twice as long as it is on.
            let is_new_since = self.switched.get(&number).is_some_and(|at| *at >= before);
            return match is_new_since {
                true => Ok(()),
                false => view.violation(Checker::Twice, format!("p{number} is shown {text:?} twice")),
            };
        }
        let last = self.last.entry((message.sender, number)).or_insert(0);
        if *last > message.order {
            let sender = message.sender;
            let text = format!("p{number} is shown {text:?} after what p{sender} wrote later");
            return view.violation(Checker::Order, text);
        }
        *last = message.order;
        Ok(())
    }

    /// All that was accepted was shown to every member, has failed there, or waits for one that can't be reached.
    pub(super) fn rest(&self, world: &World, people: &People) -> Result<(), Violation> {
        let violation = |checker, text| Err(Violation { checker, at: world.now.instant, text });
        let disk = world.disk.borrow();
        for (text, message) in self.messages.iter().filter(|(_, message)| message.is_accepted) {
            for member in &message.expected {
                let inbox = super::address(world, *member);
                let sender = super::address(world, message.sender);
                let row = disk.synced().messages.get(&(inbox, sender, message.id));
                let waits = row.is_some_and(|row| row.message.is_some());
                let is_done = message.shown.contains_key(member) || message.failed.contains(member);
                if !is_done && !waits {
                    let text = format!("{text:?} was accepted, is not shown to p{member}, and is gone");
                    return violation(Checker::Loss, text);
                }
                if waits && people.person(*member).is_registered {
                    let text = format!("{text:?} waits, and p{member} is there to take it");
                    return violation(Checker::Rest, text);
                }
            }
        }
        Ok(())
    }
}
