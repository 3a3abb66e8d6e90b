//! Instant messages: who may write to whom, and what is accepted.
//!
//! Accepted means durable: the answer and the first delivery are promises that rest on [`Fact::Message`]. The checks
//! are those of RFC 3860 section 3.4: who the recipient is, whether the sender may write to it, how often the
//! message was relayed.

use crate::effects::Effects;
use crate::engine::Engine;
use crate::inbox::{MessageKey, Settled, Waiting, octets};
use crate::principal::PrincipalId;
use crate::publication;
use crate::restart::LoadError;
use model::{
    Address, AgentId, AuditEvent, Delivery, Effect, Fact, Handling, Instant, InstantMessage, MessageFailure,
    MessageId, NamedAddress, Now, Service, Ticket, Timestamp,
};
use std::sync::Arc;

/// Who sends: the principal, where it is known, and the address it sends under.
type Sender = (Option<PrincipalId>, Address);

impl Engine {
    /// Answers where a message would go.
    pub(crate) fn route(&mut self, ticket: Ticket, agent: AgentId, to: &Address, effects: &mut Effects) {
        let routed = self.sender(agent).map_err(Denial::from).and_then(|(sender, _)| {
            if let Some(group) = self.conversation_at(to) {
                // The group takes it, whoever of its members is there.
                return self.admit_writer(group, sender).map(|()| Vec::new()).map_err(Denial::from);
            }
            if self.gateway_to(to).is_some() && self.book.owner_of(to).is_none() {
                return Ok(Vec::new());
            }
            let admitted = self.admit_recipient(sender, to);
            let id = self.book.owner_of(to).ok_or(MessageFailure::NoRecipient)?;
            if !matches!(admitted, Err(Denial::Told(_))) {
                self.admit_to_inbox_of(id, 0, admitted.is_err())?;
            }
            Ok(self.principals[admitted?].messaging_agents().collect())
        });
        // Whom nobody knows may have been called as well; that is for the gateway to tell.
        if let Err(failure) = &routed
            && *failure != Denial::Told(MessageFailure::NoRecipient)
        {
            effects.audited.push(self.refusal("message", Some(agent), Some(to), failure.to_string()));
        }
        effects.immediate.push(match routed {
            Ok(agents) => Effect::Routed { ticket, agent, agents },
            Err(Denial::Untold) => Effect::Routed { ticket, agent, agents: Vec::new() },
            Err(Denial::Told(failure)) => Effect::MessageRefused { ticket, agent: Some(agent), failure },
        });
    }

    /// Accepts a message or refuses it.
    pub(crate) fn send(
        &mut self,
        now: Now,
        ticket: Ticket,
        agent: Option<AgentId>,
        message: InstantMessage,
        effects: &mut Effects,
    ) {
        let carbons = agent.map(|agent| self.carbon_agents(agent)).filter(|agents| !agents.is_empty());
        let carbons = carbons.map(|agents| (agents, message.clone()));
        let repeated = self.counts.messages_repeated;
        let (sender, recipient) = (message.sender.clone(), message.recipient.clone());
        let accepted = self.accept(now, agent, message, effects);
        if let Err(failure) = &accepted {
            self.leaving.extend(self.book.owner_of(&recipient));
            let event = self.refusal("message", agent, Some(&recipient), failure.to_string());
            // The operator writes in somebody's name.
            let actor = event.actor.or_else(|| agent.is_none().then(|| sender.to_string()));
            effects.audited.push(AuditEvent { actor, ..event });
        }
        let is_stored = match accepted {
            // A repeat rests on facts of an earlier batch, for which promises wait too.
            Ok(is_stored) => is_stored,
            Err(Denial::Untold) => true,
            Err(Denial::Told(failure)) => {
                self.counts.messages_refused += 1;
                return effects.immediate.push(Effect::MessageRefused { ticket, agent, failure });
            }
        };
        effects.promised.push(Effect::Accepted { ticket, agent, is_stored });
        if let Some((agents, message)) = carbons.filter(|_| self.counts.messages_repeated == repeated) {
            self.copy_to(agents, message, effects);
        }
    }

    /// Gives back whether the message waits because the recipient is away.
    fn accept(
        &mut self,
        now: Now,
        agent: Option<AgentId>,
        mut message: InstantMessage,
        effects: &mut Effects,
    ) -> Result<bool, Denial> {
        let (sender, address) = match agent {
            Some(agent) => self.sender(agent)?,
            None => (self.book.owner_of(&message.sender), message.sender.clone()),
        };
        message.sender = address;
        // Only the server itself tells the fate of messages.
        message.is_report &= agent.is_none();
        if let Some(group) = self.conversation_at(&message.recipient) {
            if agent.is_some() {
                self.admit_writer(group, sender)?;
            }
            return Ok(self.send_to_group(now, group, sender, message, effects)?);
        }
        self.expect_foreigner(&message.recipient, now)?;
        let admitted = self.admit_recipient(sender, &message.recipient);
        if let Err(Denial::Told(failure)) = admitted {
            return Err(failure.into());
        }
        let id = self.book.owner_of(&message.recipient).ok_or(MessageFailure::NoRecipient)?;
        if let Some(lane) = self.inboxes.lane(id, &message.sender) {
            let is_waiting = lane.holds(message.id);
            if is_waiting || lane.has_settled(message.id) {
                self.counts.messages_repeated += 1;
                let is_away = || self.principals[id].messaging_agents().next().is_none();
                return Ok(admitted.is_err() || lane.ignores(message.id) || is_waiting && is_away());
            }
        }
        self.admit_message(now, &mut message)?;
        message.is_ignored = admitted.is_err();
        self.admit_to_inbox(id, &message)?;
        let is_delayed = self.deposit(now, id, message, effects);
        match admitted {
            Err(denial) => Err(denial),
            Ok(_) => Ok(is_delayed),
        }
    }

    /// Whether a message may be relayed at all, which uses up one of its forwards.
    pub(crate) fn admit_message(&self, now: Now, message: &mut InstantMessage) -> Result<(), MessageFailure> {
        if octets(message) > self.settings.messages.message_octets_max {
            return Err(MessageFailure::TooLarge);
        }
        message.max_forwards = message.max_forwards.checked_sub(1).ok_or(MessageFailure::Loop)?;
        match message.expires_at.is_some_and(|at| at <= now.wall) {
            true => Err(MessageFailure::Expired),
            false => Ok(()),
        }
    }

    /// Puts a message in an inbox and begins to deliver it; gives back whether nobody is there for it.
    ///
    /// It is stored with the moment at which it expires, so that a restart needs to know nothing else.
    pub(crate) fn deposit(
        &mut self,
        now: Now,
        id: PrincipalId,
        mut message: InstantMessage,
        effects: &mut Effects,
    ) -> bool {
        let age_max = now.wall.after(self.age_max(id));
        let expires_at = message.expires_at.map_or(age_max, |at| at.min(age_max));
        message.expires_at = Some(expires_at);
        let place = self.inboxes.next_place();
        let inbox = self.book.address(self.principals[id].identity).clone();
        let said = message.clone();
        if message.is_ignored {
            (message.text, message.content) = (String::new(), None);
            self.counts.messages_ignored += 1;
        }
        effects.facts.push(Fact::Message { inbox, place, message: Box::new(message.clone()) });
        self.remember(now, id, &said, effects);
        let is_delayed = self.principals[id].messaging_agents().next().is_none();
        if is_delayed {
            self.summon(self.principals[id].identity);
        }
        let sender = message.sender.clone();
        self.enqueue(id, place, message, expires_at, is_delayed);
        self.inboxes.arm(id, now.instant_of(expires_at));
        self.counts.messages_accepted += 1;
        self.begin_deliveries(id, &sender, effects);
        is_delayed
    }

    /// Takes back a message that the store did not take; its sender has been told by whoever says so.
    pub(crate) fn retract(&mut self, inbox: &Address, from: Address, id: MessageId, effects: &mut Effects) {
        let Some(inbox) = self.filed_under(inbox) else { return self.counts.strays += 1 };
        let key = MessageKey { inbox, sender: from, id };
        if self.inboxes.take(&key).is_none() {
            return self.counts.strays += 1;
        }
        self.counts.messages_retracted += 1;
        if let Some(lane) = self.inboxes.lane_mut(inbox, &key.sender) {
            // Its deliveries were promises too, and have not left.
            lane.attempts.retain(|attempt| attempt.message != id);
        }
        self.begin_deliveries(inbox, &key.sender, effects);
    }

    /// Tells the other side that somebody writes.
    pub(crate) fn compose(
        &mut self,
        agent: AgentId,
        recipient: &Address,
        is_composing: bool,
        thread: Option<[u8; 16]>,
        effects: &mut Effects,
    ) {
        let Ok((sender, address)) = self.sender(agent) else { return };
        let Ok(id) = self.admit_recipient(sender, recipient) else { return };
        let peer = self.name_of(&address);
        let others = self.principals[id].messaging_agents().filter(|other| *other != agent);
        // Behind the messages written before.
        effects.promised.extend(others.map(|agent| {
            let peer = peer.clone();
            Effect::Composing { agent, peer, is_composing, thread }
        }));
    }

    /// Tells the other side that somebody has closed the session.
    pub(crate) fn end_session(&mut self, agent: AgentId, peer: &Address, effects: &mut Effects) {
        let Ok((_, address)) = self.sender(agent) else { return };
        let Some(id) = self.book.owner_of(peer) else { return };
        let others = self.principals[id].messaging_agents().filter(|other| *other != agent);
        // Behind the messages written before.
        effects.promised.extend(others.map(|agent| Effect::SessionEnded { agent, peer: address.clone() }));
    }

    /// Takes a message from the store, after the principals and the aliases, in order of the places of each inbox.
    /// What has expired is told at the first [`Self::settle`].
    ///
    /// # Errors
    /// [`LoadError::PartyUnknown`]; the engine is unchanged.
    pub fn load_message(
        &mut self,
        inbox: &Address,
        place: u64,
        message: InstantMessage,
    ) -> Result<(), LoadError> {
        let id = self.filed_under(inbox).ok_or_else(|| LoadError::PartyUnknown { party: inbox.clone() })?;
        let expires_at = message.expires_at.unwrap_or(Timestamp(i64::MAX));
        self.enqueue(id, place, message, expires_at, true);
        self.inboxes.arm(id, Instant(0));
        Ok(())
    }

    /// Takes the id of a message that has left its inbox from the store, the one that left first before the others.
    ///
    /// # Errors
    /// [`LoadError::PartyUnknown`]; the engine is unchanged.
    pub fn load_settled(
        &mut self,
        inbox: &Address,
        sender: &Address,
        id: MessageId,
        at: Timestamp,
    ) -> Result<(), LoadError> {
        let principal = self.filed_under(inbox);
        let inbox = principal.ok_or_else(|| LoadError::PartyUnknown { party: inbox.clone() })?;
        let key = MessageKey { inbox, sender: sender.clone(), id };
        let settled = Settled { at, left: None };
        self.inboxes.remember(key, settled, self.settings.messages.repeats_max);
        self.inboxes.forget_by(Instant(0));
        Ok(())
    }

    fn enqueue(
        &mut self,
        id: PrincipalId,
        place: u64,
        message: InstantMessage,
        expires_at: Timestamp,
        is_delayed: bool,
    ) {
        let sender = self.name_of(&message.sender);
        let group = self.group_of_copy(&message).map(|group| self.book.named(group));
        let delivery = Arc::new(Delivery { message, sender, group, is_delayed });
        self.inboxes.put(id, Waiting { place, delivery, expires_at, refused_by: Vec::new() });
    }

    /// Who an agent is: never what a message says.
    fn sender(&self, agent: AgentId) -> Result<Sender, MessageFailure> {
        let presentity =
            |id| publication::presentity(&self.book, &self.principals[id], id).map(|name| (Some(id), name));
        let sender = self.agents.get(agent).and_then(presentity);
        let (id, name) = sender.ok_or(MessageFailure::Unavailable { limit: UNREGISTERED })?;
        Ok((id, name.clone()))
    }

    /// The principal that a message would be for.
    fn admit_recipient(
        &self,
        sender: Option<PrincipalId>,
        recipient: &Address,
    ) -> Result<PrincipalId, Denial> {
        let id = self.book.owner_of(recipient).ok_or(MessageFailure::NoRecipient)?;
        if let Some(denial) = sender.and_then(|sender| self.forbids_writing(sender, id)) {
            return Err(denial);
        }
        let principal = &self.principals[id];
        if !principal.devices.is_empty() && principal.messaging_agents().next().is_none() {
            return Err(MessageFailure::NotSupported.into());
        }
        Ok(id)
    }

    /// Why one principal may not write to another.
    pub(crate) fn forbids_writing(&self, sender: PrincipalId, recipient: PrincipalId) -> Option<Denial> {
        let [owner, other] = [recipient, sender].map(|id| self.principals[id].identity);
        match self.verdict(other, owner, Service::Messages).handling {
            Handling::Allow => None,
            Handling::Confirm if self.watches(other, owner) || self.watches(owner, other) => None,
            Handling::Confirm | Handling::Block => Some(MessageFailure::Blocked.into()),
            Handling::PoliteBlock => Some(Denial::Untold),
        }
    }

    /// A name as it was registered; as it is written where nobody registered it.
    pub(crate) fn name_of(&self, address: &Address) -> NamedAddress {
        let unknown = || NamedAddress {
            address: address.clone(),
            kind: crate::alias_book::UNREGISTERED.to_owned(),
            original: address.to_string(),
        };
        self.of_its_network(self.book.id(address).map_or_else(unknown, |name| self.book.named(name)))
    }

    fn filed_under(&self, address: &Address) -> Option<PrincipalId> {
        self.book.id(address).and_then(|name| self.book.filed(name))
    }
}

/// Why a message is not taken, as the audit log has it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Denial {
    /// The sender is told.
    #[error("{0}")]
    Told(MessageFailure),
    /// The sender is to learn nothing of being turned away: what it writes is taken as for somebody who is away, and goes
    /// nowhere (F-02).
    #[error("the recipient does not take messages from this sender")]
    Untold,
}

impl From<MessageFailure> for Denial {
    fn from(failure: MessageFailure) -> Self {
        Self::Told(failure)
    }
}

/// What an agent is told that holds no claim, or whose names have all gone to others.
const UNREGISTERED: &str = "the sender is not registered";
