//! Deliveries: messages on their way from an inbox to the agents of its principal, and what becomes of them.
//!
//! An agent has one message of each sender under way at most, which keeps their order. The first agent that has a
//! message settles it. One that no agent can take, or that expires, has failed, and its sender is told.

use crate::effects::Effects;
use crate::engine::Engine;
use crate::inbox::{Lane, Left, MessageKey, Settled, Waiting};
use crate::principal::PrincipalId;
use model::{
    Address, AgentId, DeliveryOutcome, Effect, Fact, HistoryOutcome, Instant, MessageFailure, MessageId,
    Millis, Now, ReceiptKind, Timestamp,
};

impl Engine {
    /// Begins to deliver to an agent all that it may take now, the oldest first; what it put off it tries at once.
    pub(crate) fn attend_inbox(&mut self, agent: AgentId, effects: &mut Effects) {
        let Some(id) = self.agents.get(agent) else { return };
        if !self.principals[id].messaging_agents().any(|other| other == agent) {
            return;
        }
        if self.goes_to_one(id) {
            return self.begin_all(id, effects);
        }
        let Some(inbox) = self.inboxes.get_mut(id) else { return };
        let begin = |lane: &mut Lane| lane.retry(agent).or_else(|| lane.begin(agent));
        let mut begun = Vec::from_iter(inbox.lanes.values_mut().filter_map(begin));
        begun.sort_unstable_by_key(|(place, _)| *place);
        let deliver = |(_, delivery)| Effect::Deliver { agent, delivery };
        effects.promised.extend(begun.into_iter().map(deliver));
    }

    /// Forgets what was under way at an agent that is gone, or another principal's now.
    pub(crate) fn leave_inbox(&mut self, now: Now, id: PrincipalId, agent: AgentId) {
        self.inboxes.leave(id, agent);
        // What expired while it was under way there is not any more.
        self.inboxes.arm(id, now.instant);
    }

    /// Begins to deliver the next message of a sender to every agent that is free for it.
    pub(crate) fn begin_deliveries(&mut self, id: PrincipalId, sender: &Address, effects: &mut Effects) {
        if self.goes_to_one(id) {
            return self.begin_with_one(id, sender, effects);
        }
        let Some(lane) = self.inboxes.lane_mut(id, sender) else { return };
        for agent in self.principals[id].messaging_agents() {
            if let Some((_, delivery)) = lane.begin(agent) {
                effects.promised.push(Effect::Deliver { agent, delivery });
            }
        }
        self.inboxes.tidy(id, sender);
    }

    /// Begins to deliver the next message of a sender to the most available agent that has not put it off or refused
    /// it, unless one has it under way: who has several devices is shown it once.
    fn begin_with_one(&mut self, id: PrincipalId, sender: &Address, effects: &mut Effects) {
        let ranked = self.ranked(id);
        let Some(lane) = self.inboxes.lane_mut(id, sender) else { return };
        if !lane.is_under_way()
            && let Some((agent, delivery)) = ranked.into_iter().find_map(|agent| {
                let (_, delivery) = lane.begin(agent)?;
                Some((agent, delivery))
            })
        {
            effects.promised.push(Effect::Deliver { agent, delivery });
        }
        self.inboxes.tidy(id, sender);
    }

    /// The same with the messages of every sender, the oldest first.
    fn begin_all(&mut self, id: PrincipalId, effects: &mut Effects) {
        let lanes = self.inboxes.get(id).into_iter().flat_map(|inbox| &inbox.lanes);
        let waiting = lanes.filter_map(|(sender, lane)| Some((lane.shown().next()?.place, sender.clone())));
        let mut waiting = Vec::from_iter(waiting);
        waiting.sort_unstable();
        for (_, sender) in waiting {
            self.begin_with_one(id, &sender, effects);
        }
    }

    /// Takes what a link says of a delivery.
    pub(crate) fn conclude(
        &mut self,
        now: Now,
        agent: AgentId,
        (sender, id): (Address, MessageId),
        outcome: DeliveryOutcome,
        effects: &mut Effects,
    ) {
        let Some(inbox) = self.agents.get(agent) else { return self.counts.strays += 1 };
        let key = MessageKey { inbox, sender, id };
        let Some(lane) = self.inboxes.lane_mut(inbox, &key.sender) else { return self.counts.strays += 1 };
        let attempt = lane.conclude(agent, id);
        let is_displayed = outcome == DeliveryOutcome::Displayed;
        match (attempt, outcome) {
            (None, _) => {
                if !self.follow_up(now, &key, outcome, effects) {
                    self.counts.strays += 1;
                }
            }
            // Another agent had it first.
            (Some(_), _) if !lane.holds(id) => {
                if is_displayed {
                    self.report_display(&key, effects);
                }
            }
            (Some(_), DeliveryOutcome::Delivered) => self.delivered(now, &key, effects),
            (Some(_), DeliveryOutcome::Relayed) => self.relayed(now, &key, effects),
            (Some(_), DeliveryOutcome::Displayed) => {
                self.delivered(now, &key, effects);
                self.report_display(&key, effects);
            }
            (Some(mut attempt), DeliveryOutcome::Later) => {
                let interval = RETRY_INTERVALS[attempt.tries.min(RETRY_INTERVALS.len() - 1)];
                attempt.tries += 1;
                attempt.retry_at = Some(now.instant.after(interval));
                lane.attempts.push(attempt);
                self.rearm(now, inbox);
            }
            (Some(_), DeliveryOutcome::Failed(failure)) => self.refused(now, agent, &key, failure, effects),
        }
        self.begin_deliveries(inbox, &key.sender, effects);
    }

    /// Does what is due in inboxes, a bounded number at a time.
    pub(crate) fn tend_inboxes(&mut self, now: Now, effects: &mut Effects) {
        for _ in 0..INBOXES_PER_TURN {
            let Some(id) = self.inboxes.pop_due(now.instant) else { break };
            self.tend(now, id, effects);
        }
        let window = self.settings.messages.repeat_window;
        let before = Timestamp(now.wall.0.saturating_sub_unsigned(window.0));
        if self.inboxes.forget(now.instant, before, window.min(FORGET_INTERVAL)) {
            effects.facts.push(Fact::MessagesForgotten { before });
        }
    }

    fn tend(&mut self, now: Now, id: PrincipalId, effects: &mut Effects) {
        let Some(inbox) = self.inboxes.get(id) else { return };
        for (sender, message) in inbox.expired(now.wall) {
            let key = MessageKey { inbox: id, sender, id: message };
            self.fail(now, &key, MessageFailure::Expired, effects);
            self.begin_deliveries(id, &key.sender, effects);
        }
        let to_one = self.goes_to_one(id);
        let retries = self.inboxes.get(id).map_or_else(Vec::new, |inbox| inbox.retries(now.instant));
        for (sender, agent) in retries {
            let Some(lane) = self.inboxes.lane_mut(id, &sender) else { continue };
            let is_able = self.principals[id].messaging_agents().any(|other| other == agent);
            if to_one && lane.is_under_way() {
                // Another device has it; should that one put it off too, this one comes first again.
                lane.attempts.retain(|attempt| attempt.agent != agent);
                continue;
            }
            match lane.retry(agent).filter(|_| is_able) {
                Some((_, delivery)) => effects.promised.push(Effect::Deliver { agent, delivery }),
                // It takes no messages any more; should it do so again, it gets this one first.
                None => lane.attempts.retain(|attempt| attempt.agent != agent),
            }
        }
        if to_one {
            // The device that had a message may have gone.
            self.begin_all(id, effects);
        }
        self.rearm(now, id);
    }

    /// Makes sure that the engine comes back when something in an inbox is due.
    pub(crate) fn rearm(&mut self, now: Now, id: PrincipalId) {
        let Some(inbox) = self.inboxes.get(id) else { return };
        let expires = inbox.expires_at().map(|at| now.instant_of(at).max(now.instant));
        let due: Option<Instant> = expires.into_iter().chain(inbox.retry_at()).min();
        if let Some(due) = due {
            self.inboxes.arm(id, due);
        }
    }

    /// The recipient's server has a message, which is no proof that the recipient has.
    fn relayed(&mut self, now: Now, key: &MessageKey, effects: &mut Effects) {
        if self.settle_message(now, key, true, effects).is_some() {
            self.counts.messages_relayed += 1;
            self.conclude_history(key.inbox, &key.sender, key.id, HistoryOutcome::Relayed, effects);
        }
    }

    fn delivered(&mut self, now: Now, key: &MessageKey, effects: &mut Effects) {
        let Some(waiting) = self.settle_message(now, key, false, effects) else { return };
        self.counts.messages_delivered += 1;
        self.conclude_history(key.inbox, &key.sender, key.id, HistoryOutcome::Delivered, effects);
        let message = &waiting.delivery.message;
        if message.wanted.delivered && !message.is_report {
            self.report(&key.sender, key.id, &message.recipient, ReceiptKind::Delivered, effects);
        }
    }

    /// An agent can't take a message: it has failed when no other is left that may.
    fn refused(
        &mut self,
        now: Now,
        agent: AgentId,
        key: &MessageKey,
        failure: MessageFailure,
        effects: &mut Effects,
    ) {
        let lane = self.inboxes.lane_mut(key.inbox, &key.sender);
        let Some(waiting) = lane.and_then(|lane| lane.waiting_mut(key.id)) else { return };
        waiting.refused_by.push(agent);
        let has_refused = |agent| waiting.refused_by.contains(&agent);
        if self.principals[key.inbox].messaging_agents().all(has_refused) {
            self.fail(now, key, failure, effects);
        } else {
            self.rearm(now, key.inbox);
        }
    }

    /// A message has failed for good: it leaves, and its sender is told.
    fn fail(&mut self, now: Now, key: &MessageKey, failure: MessageFailure, effects: &mut Effects) {
        let Some(waiting) = self.settle_message(now, key, false, effects) else { return };
        self.counts.messages_failed += 1;
        self.conclude_history(key.inbox, &key.sender, key.id, HistoryOutcome::Failed, effects);
        self.tell_failure(now, key.inbox, &waiting.delivery.message, failure, effects);
    }

    /// Takes a message out of its inbox and remembers its id.
    fn settle_message(
        &mut self,
        now: Now,
        key: &MessageKey,
        is_relayed: bool,
        effects: &mut Effects,
    ) -> Option<Waiting> {
        let waiting = self.inboxes.take(key)?;
        let inbox = self.book.address(self.principals[key.inbox].identity).clone();
        let at = now.wall;
        effects.facts.push(Fact::MessageSettled { inbox, sender: key.sender.clone(), id: key.id, at });
        let left = Left::of(&waiting.delivery.message, is_relayed);
        let messages = &self.settings.messages;
        self.inboxes.remember(key.clone(), Settled { at, left }, messages.repeats_max);
        self.inboxes.forget_by(now.instant.after(messages.repeat_window.min(FORGET_INTERVAL)));
        Some(waiting)
    }
}

/// How long a message that an agent put off waits: the first time, the second, and so on; the last goes on.
pub(crate) const RETRY_INTERVALS: [Millis; 4] =
    [Millis::seconds(5), Millis::seconds(15), Millis::seconds(60), Millis::seconds(300)];

/// How often ids of messages that have left are looked through for old ones.
pub(crate) const FORGET_INTERVAL: Millis = Millis::seconds(3600);

/// The most inboxes that are looked through in one call of [`Engine::settle`].
const INBOXES_PER_TURN: usize = 1024;
