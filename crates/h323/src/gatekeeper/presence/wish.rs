//! What the presence messages of an endpoint ask of the engine.

use super::contact::{card, named};
use super::contents::Contents;
use super::presentity::{is_oversized, is_too_long, publication};
use crate::alias::{Alias, canonical};
use crate::gatekeeper::link::Gatekeeper;
use crate::wire::h225::AliasAddress;
use crate::wire::presence::{
    PresenceInstruction, PresenceMessage, PresenceNotification, PresenceSubscription,
};
use model::{
    AgentId, ContactCard, ContactChange, Decided, NamedAddress, Publication, Request, SubscriptionId,
    Symmetry, Ticket, Timestamp,
};

/// The most wishes of one request.
const WISHES_MAX: usize = 1000;

/// One thing that is asked of the engine.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Wish {
    Publish(Publication),
    Change { change: ContactChange, contact: NamedAddress, card: ContactCard },
    Decide { id: SubscriptionId, is_approved: bool },
}

/// What was read out of one request.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    pub list: Vec<Wish>,
    /// Something was asked that can't be.
    pub failed: bool,
}

impl Wishes {
    /// Deployed endpoints repeat a state for each of their aliases and a decision for each watcher.
    fn add(&mut self, wish: Wish) {
        if self.list.last() != Some(&wish) {
            self.list.push(wish);
        }
    }
}

impl Wish {
    /// The request to the engine; `id` names the subscription should it be a new one.
    pub fn request(self, ticket: Ticket, agent: AgentId, id: SubscriptionId, symmetry: Symmetry) -> Request {
        match self {
            Self::Publish(publication) => {
                Request::Publish { ticket, agent, publication: Box::new(publication) }
            }
            Self::Change { change, contact, card } => {
                let card = Box::new(card);
                Request::ChangeContact { ticket, agent, change, contact, card, id, symmetry }
            }
            Self::Decide { id, is_approved } => {
                let what = Decided::Subscription(id);
                Request::Decide { ticket, agent, what, is_approved, symmetry }
            }
        }
    }
}

impl Gatekeeper {
    /// Reads what an endpoint asks. Who asks follows from its registration; an alias in a message that is not its own
    /// changes nothing for anybody else (Q4).
    pub(super) fn wishes(&mut self, number: u64, contents: &Contents, at: Timestamp) -> Wishes {
        self.counters.presence_malformed += contents.malformed;
        let mut wishes = Wishes { failed: contents.malformed > 0, ..Wishes::default() };
        if contents.messages.iter().map(size).sum::<usize>() > WISHES_MAX {
            self.counters.presence_flooded += 1;
            wishes.failed = true;
            return wishes;
        }
        for message in &contents.messages {
            self.counters.presence_messages += 1;
            match message {
                PresenceMessage::PresenceStatus(status) => {
                    status.alias.iter().for_each(|alias| self.check_sender(number, alias));
                    self.read_notifications(number, &status.notification, at, &mut wishes);
                    self.read_instructions(status.instruction.as_deref().unwrap_or_default(), &mut wishes);
                }
                PresenceMessage::PresenceNotify(notify) => {
                    self.check_sender(number, &notify.alias);
                    self.read_notifications(number, &notify.notification, at, &mut wishes);
                }
                PresenceMessage::PresenceInstruct(instruct) => {
                    self.check_sender(number, &instruct.alias);
                    self.read_instructions(&instruct.instruction, &mut wishes);
                }
                PresenceMessage::PresenceAuthorize(authorize) => {
                    self.check_sender(number, &authorize.alias);
                    self.read_decisions(&authorize.subscription, &mut wishes);
                }
                // Said between gatekeepers; an endpoint that says it means its own subscriptions.
                PresenceMessage::PresenceRemove(remove) => {
                    for identifier in &remove.identifier {
                        let id = SubscriptionId(identifier.guid.0);
                        wishes.add(Wish::Decide { id, is_approved: false });
                    }
                }
                // What an endpoint asked for does not run out, so it is wanted in any case.
                PresenceMessage::PresenceAlive(_) => {}
                // Between gatekeepers, or of a newer edition.
                _ => self.counters.presence_ignored += 1,
            }
        }
        wishes
    }

    /// The first notification without an address, or with one of the endpoint's own, is its state.
    fn read_notifications(
        &mut self,
        number: u64,
        notifications: &[PresenceNotification],
        at: Timestamp,
        wishes: &mut Wishes,
    ) {
        let mut own = None;
        for notification in notifications {
            let alias = notification.alias_address.as_ref();
            let is_own = alias.is_none_or(|alias| self.is_own_alias(number, alias));
            if let Some(alias) = alias.filter(|_| !is_own) {
                self.check_sender(number, alias);
            }
            if is_own && own.is_none() {
                own = Some(notification);
            } else {
                self.counters.presence_ignored += 1;
            }
        }
        let Some(own) = own else { return };
        self.counters.presence_cut += u64::from(is_oversized(&own.presentity));
        match publication(&own.presentity, at) {
            Some(publication) => wishes.add(Wish::Publish(publication)),
            // A state of a newer edition.
            None => self.counters.presence_ignored += 1,
        }
    }

    fn read_instructions(&mut self, instructions: &[PresenceInstruction], wishes: &mut Wishes) {
        for instruction in instructions {
            let (change, alias) = match instruction {
                PresenceInstruction::Subscribe(alias) => (ContactChange::Subscribe, alias),
                PresenceInstruction::Unsubscribe(alias) => (ContactChange::Unsubscribe, alias),
                PresenceInstruction::Block(alias) => (ContactChange::Block, alias),
                PresenceInstruction::Unblock(alias) => (ContactChange::Unblock, alias),
                // What a gatekeeper says of a contact.
                PresenceInstruction::Pending(_) | PresenceInstruction::UnknownAlternative(_) => {
                    self.counters.presence_ignored += 1;
                    continue;
                }
            };
            self.counters.presence_cut += u64::from(alias.avatar.as_ref().is_some_and(is_too_long));
            match named(&alias.alias, &self.settings.zone) {
                Some(contact) => wishes.add(Wish::Change { change, contact, card: card(alias) }),
                None => {
                    self.counters.presence_unusable += 1;
                    wishes.failed = true;
                }
            }
        }
    }

    /// The identifier alone says which request is decided.
    fn read_decisions(&mut self, subscriptions: &[PresenceSubscription], wishes: &mut Wishes) {
        for subscription in subscriptions {
            match subscription.approved {
                Some(is_approved) => {
                    let id = SubscriptionId(subscription.identifier.guid.0);
                    wishes.add(Wish::Decide { id, is_approved });
                }
                None => self.counters.presence_ignored += 1,
            }
        }
    }

    /// Counts a message that names the alias of another registration as its sender's.
    fn check_sender(&mut self, number: u64, alias: &AliasAddress) {
        if self.is_own_alias(number, alias) {
            return;
        }
        let address = Alias::from_wire(alias).and_then(|alias| canonical(&alias, &self.settings.zone).ok());
        if address.is_some_and(|address| self.registrations.holders(&address).next().is_some()) {
            self.counters.presence_forged += 1;
        }
    }

    fn is_own_alias(&self, number: u64, alias: &AliasAddress) -> bool {
        let Some(alias) = Alias::from_wire(alias) else { return false };
        let address = canonical(&alias, &self.settings.zone).ok();
        let names = self.registrations.get(number).map(|registration| &*registration.names);
        let is_same = |name: &crate::gatekeeper::registration::Name| {
            name.alias == alias || address.as_ref().is_some_and(|address| *address == name.address)
        };
        names.unwrap_or_default().iter().any(is_same)
    }
}

/// How many things a message may ask.
fn size(message: &PresenceMessage) -> usize {
    1 + match message {
        PresenceMessage::PresenceStatus(status) => {
            status.notification.len() + status.instruction.as_ref().map_or(0, Vec::len) + status.alias.len()
        }
        PresenceMessage::PresenceNotify(notify) => notify.notification.len(),
        PresenceMessage::PresenceInstruct(instruct) => instruct.instruction.len(),
        PresenceMessage::PresenceAuthorize(authorize) => authorize.subscription.len(),
        PresenceMessage::PresenceRemove(remove) => remove.identifier.len(),
        _ => 0,
    }
}
