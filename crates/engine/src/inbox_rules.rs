//! Rules of single inboxes: how much they hold, to which devices their messages go, and carbon copies of what their
//! owners write.

use crate::device::Device;
use crate::effects::Effects;
use crate::engine::Engine;
use crate::inbox::octets;
use crate::principal::PrincipalId;
use crate::restart::LoadError;
use crate::settings::MessageSettings;
use model::{
    Address, AgentId, DeliverTo, Effect, Fact, InboxRecord, InboxRules, InstantMessage, MessageFailure,
    Millis, PresenceState, Ticket,
};
use std::cmp::Reverse;
use std::sync::Arc;

impl Engine {
    /// Decides about an inbox, or refuses to.
    pub(crate) fn rule_inbox(
        &mut self,
        ticket: Ticket,
        agent: Option<AgentId>,
        principal: &Address,
        rules: InboxRules,
        effects: &mut Effects,
    ) {
        let outcome = self.apply_rules(agent, principal, rules, effects);
        effects.answer(Effect::InboxRuled { ticket, agent, outcome });
    }

    fn apply_rules(
        &mut self,
        agent: Option<AgentId>,
        principal: &Address,
        rules: InboxRules,
        effects: &mut Effects,
    ) -> Result<(), MessageFailure> {
        let id = self.book.owner_of(principal);
        if agent.is_some_and(|agent| self.agents.get(agent) != id) {
            return Err(MessageFailure::Blocked);
        }
        let id = id.ok_or(MessageFailure::NoRecipient)?;
        if self.inbox_rules_of(id) != rules {
            self.keep_rules(id, rules);
            let principal = self.book.address(self.principals[id].identity).clone();
            effects.facts.push(Fact::InboxRules(Box::new(InboxRecord { principal, rules })));
        }
        Ok(())
    }

    /// Takes the rules of an inbox from the store, after the principals.
    ///
    /// # Errors
    /// [`LoadError::PartyUnknown`]; the engine is unchanged.
    pub fn load_inbox_rules(&mut self, record: &InboxRecord) -> Result<(), LoadError> {
        let id = self.book.id(&record.principal).and_then(|name| self.book.filed(name));
        let id = id.ok_or_else(|| LoadError::PartyUnknown { party: record.principal.clone() })?;
        self.keep_rules(id, record.rules);
        Ok(())
    }

    /// The rules of the inbox of the principal that a name belongs to.
    #[must_use]
    pub fn inbox_rules(&self, name: &Address) -> Option<InboxRules> {
        self.book.owner_of(name).map(|id| self.inbox_rules_of(id))
    }

    fn keep_rules(&mut self, id: PrincipalId, rules: InboxRules) {
        match rules == InboxRules::default() {
            true => drop(self.inbox_rules.remove(&id)),
            false => drop(self.inbox_rules.insert(id, rules)),
        }
    }

    fn inbox_rules_of(&self, id: PrincipalId) -> InboxRules {
        self.inbox_rules.get(&id).copied().unwrap_or_default()
    }

    /// Whether an inbox has room for a message.
    pub(crate) fn admit_to_inbox(
        &self,
        id: PrincipalId,
        message: &InstantMessage,
    ) -> Result<(), MessageFailure> {
        self.admit_to_inbox_of(id, octets(message), message.is_ignored)
    }

    /// Whether an inbox has room for a message of so many octets; who is ignored takes no room from others.
    pub(crate) fn admit_to_inbox_of(
        &self,
        id: PrincipalId,
        octets: usize,
        is_ignored: bool,
    ) -> Result<(), MessageFailure> {
        let (rules, limits) = (self.inbox_rules_of(id), &self.settings.messages);
        let or = |own: Option<u32>, limit: usize| own.map_or(limit, |own| own as usize);
        let own = MessageSettings {
            messages_per_inbox_max: or(rules.messages_max, limits.messages_per_inbox_max),
            octets_per_inbox_max: or(rules.octets_max, limits.octets_per_inbox_max),
            ..limits.clone()
        };
        self.inboxes.admit(id, octets, is_ignored, &own)
    }

    /// How long a message waits in an inbox at most.
    pub(crate) fn age_max(&self, id: PrincipalId) -> Millis {
        let own = self.inbox_rules_of(id).age_max.map(|age| Millis::seconds(u64::from(age)));
        own.unwrap_or(self.settings.messages.message_age_max)
    }

    /// Whether one device after the other is tried.
    pub(crate) fn goes_to_one(&self, id: PrincipalId) -> bool {
        self.inbox_rules_of(id).deliver == DeliverTo::MostAvailable
    }

    /// The agents of a principal that take messages, the most available first; of those that are so alike, the one whose
    /// state is the newest.
    pub(crate) fn ranked(&self, id: PrincipalId) -> Vec<AgentId> {
        let devices = self.principals[id].devices.iter().filter(|device| device.has_messaging);
        let rank = |device: &&Device| match device.spell {
            Some(spell) => (availability(spell.state), Reverse(spell.since), device.agent),
            None => (availability(PresenceState::Unknown), Reverse(device.ended_at), device.agent),
        };
        let mut devices = Vec::from_iter(devices);
        devices.sort_by_key(rank);
        devices.into_iter().map(|device| device.agent).collect()
    }

    /// Who is shown what the user of an agent writes: its other agents that take messages.
    pub(crate) fn carbon_agents(&self, agent: AgentId) -> Vec<AgentId> {
        let Some(id) = self.agents.get(agent).filter(|id| !self.inbox_rules_of(*id).no_carbons) else {
            return Vec::new();
        };
        self.principals[id].messaging_agents().filter(|other| *other != agent).collect()
    }

    /// Shows what somebody wrote on its other devices. It is in no inbox of theirs, and nothing is heard of it again.
    pub(crate) fn copy_to(&self, agents: Vec<AgentId>, message: InstantMessage, effects: &mut Effects) {
        let recipient = self.name_of(&message.recipient);
        let message = Arc::new(message);
        effects.promised.extend(agents.into_iter().map(|agent| {
            let (message, recipient) = (Arc::clone(&message), recipient.clone());
            Effect::Carbon { agent, message, recipient }
        }));
    }
}

/// The place of a state in the order of devices for messages, the most available first. Who is at the device and said so
/// comes first; who is in a call sits in front of it, and sees a text sooner than who has gone away.
const fn availability(state: PresenceState) -> u8 {
    use PresenceState as State;
    match state {
        State::Chat | State::Available | State::Online | State::Custom => 0,
        State::OnCall | State::Meeting => 1,
        State::Busy => 2,
        State::Idle | State::Brb | State::Away | State::Lunch => 3,
        State::NotAvailable | State::Vacation | State::VoiceMail => 4,
        State::Dnd => 5,
        State::Hidden => 6,
        State::Unknown => 7,
        State::Offline => 8,
    }
}
