//! Receipts and reports: what senders are told of their messages.
//!
//! A receipt goes to the sender's agents that are there and is not kept. A failure that no receipt can tell is told
//! by a message of its own, through the sender's inbox; nothing is ever told of such a report.

use crate::effects::Effects;
use crate::engine::Engine;
use crate::inbox::MessageKey;
use crate::principal::PrincipalId;
use crate::publication;
use model::{
    Address, DeliveryOutcome, Effect, HistoryOutcome, InstantMessage, MessageFailure, MessageId, Now,
    Receipt, ReceiptKind, ReceiptsWanted, Timestamp,
};

impl Engine {
    /// Tells the agents of a sender what became of a message; gives back whether one is there.
    pub(crate) fn report(
        &self,
        sender: &Address,
        message: MessageId,
        recipient: &Address,
        kind: ReceiptKind,
        effects: &mut Effects,
    ) -> bool {
        let Some(id) = self.book.owner_of(sender) else { return false };
        let receipt = Receipt { message, recipient: self.name_of(recipient), kind };
        let before = effects.promised.len();
        let agents = self.principals[id].messaging_agents();
        effects.promised.extend(agents.map(|agent| Effect::Reported { agent, receipt: receipt.clone() }));
        effects.promised.len() > before
    }

    /// Tells a sender, once, that a message which has left was displayed.
    pub(crate) fn report_display(&mut self, key: &MessageKey, effects: &mut Effects) {
        let lane = self.inboxes.lane_mut(key.inbox, &key.sender);
        let Some(left) = lane.and_then(|lane| lane.left_mut(key.id)) else { return };
        left.is_relayed = false;
        if std::mem::take(&mut left.message.wanted.displayed) {
            let recipient = left.message.recipient.clone();
            self.report(&key.sender, key.id, &recipient, ReceiptKind::Displayed, effects);
        }
    }

    /// Takes, once, what is heard of a message after the recipient's server had it. Gives back whether anything was open.
    pub(crate) fn follow_up(
        &mut self,
        now: Now,
        key: &MessageKey,
        outcome: DeliveryOutcome,
        effects: &mut Effects,
    ) -> bool {
        let lane = self.inboxes.lane_mut(key.inbox, &key.sender);
        let Some(lane) = lane else { return false };
        // Endpoints say again that they have displayed something.
        let is_known = outcome == DeliveryOutcome::Displayed && lane.has_settled(key.id);
        let Some(left) = lane.left_mut(key.id) else { return is_known };
        let was_relayed = left.is_relayed;
        match outcome {
            DeliveryOutcome::Displayed => {
                if was_relayed {
                    self.follow_up(now, key, DeliveryOutcome::Delivered, effects);
                }
                self.report_display(key, effects);
                true
            }
            DeliveryOutcome::Delivered if was_relayed => {
                left.is_relayed = false;
                let is_wanted = std::mem::take(&mut left.message.wanted.delivered);
                let recipient = left.message.recipient.clone();
                self.counts.messages_delivered += 1;
                self.conclude_history(key.inbox, &key.sender, key.id, HistoryOutcome::Delivered, effects);
                if is_wanted {
                    self.report(&key.sender, key.id, &recipient, ReceiptKind::Delivered, effects);
                }
                true
            }
            DeliveryOutcome::Failed(failure) if was_relayed => {
                left.is_relayed = false;
                left.message.wanted.displayed = false;
                let message = left.message.clone();
                self.counts.messages_failed += 1;
                self.conclude_history(key.inbox, &key.sender, key.id, HistoryOutcome::Failed, effects);
                self.tell_failure(now, key.inbox, &message, failure, effects);
                true
            }
            _ => false,
        }
    }

    /// Tells the sender of a message that it failed. Where nobody is known under the sender's address there is
    /// nobody to tell.
    pub(crate) fn tell_failure(
        &mut self,
        now: Now,
        recipient: PrincipalId,
        message: &InstantMessage,
        failure: MessageFailure,
        effects: &mut Effects,
    ) {
        if let Some(group) = self.group_of_copy(message) {
            return self.tell_copies_failed(now, group, message, &[(recipient, failure)], effects);
        }
        let Some(id) = self.book.owner_of(&message.sender).filter(|_| !message.is_report) else { return };
        let kind = ReceiptKind::Failed(failure);
        if message.wanted.failed
            && self.report(&message.sender, message.id, &message.recipient, kind, effects)
        {
            return;
        }
        let report = self.failure_report(now, id, recipient, message, failure);
        match self.admit_to_inbox(id, &report) {
            Ok(()) => drop(self.deposit(now, id, report, effects)),
            Err(_) => self.counts.reports_dropped += 1,
        }
    }

    /// The message that tells of a failure: in words, without those of the message that failed.
    fn failure_report(
        &mut self,
        now: Now,
        to: PrincipalId,
        from: PrincipalId,
        failed: &InstantMessage,
        failure: MessageFailure,
    ) -> InstantMessage {
        let name = self.name_of(&failed.recipient).original;
        let sender = publication::presentity(&self.book, &self.principals[from], from);
        let sender = sender.unwrap_or(&failed.recipient).clone();
        let text = format!(
            "Your message to {name}, sent on {}, was not delivered: {failure}.",
            civil(failed.sent_at)
        );
        InstantMessage {
            id: self.report_id(to, &sender),
            sender,
            recipient: failed.sender.clone(),
            text,
            content: None,
            language: Some("en".to_owned()),
            sent_at: now.wall,
            expires_at: None,
            max_forwards: REPORT_FORWARDS,
            thread: failed.thread,
            wanted: ReceiptsWanted::default(),
            in_session: false,
            is_report: true,
            is_ignored: false,
        }
    }

    /// An id that no other message in the inbox has: places are never given twice.
    pub(crate) fn report_id(&mut self, to: PrincipalId, sender: &Address) -> MessageId {
        loop {
            let mut id = *b"herald: \0\0\0\0\0\0\0\0";
            id[8..].copy_from_slice(&self.inboxes.next_place().to_be_bytes());
            let id = MessageId(id);
            let lane = self.inboxes.lane(to, sender);
            // Only a peer that guessed it can have used it.
            if !lane.is_some_and(|lane| lane.holds(id) || lane.has_settled(id)) {
                return id;
            }
        }
    }
}

/// A moment for people, to the minute.
pub(crate) fn civil(moment: Timestamp) -> String {
    let civil = jiff::Timestamp::from_millisecond(moment.0);
    civil.map_or_else(
        |_| "an unknown day".to_owned(),
        |civil| civil.strftime("%Y-%m-%d at %H:%M UTC").to_string(),
    )
}

/// How far a report may travel; what SIP gives a request by default.
pub(crate) const REPORT_FORWARDS: u8 = 70;

#[cfg(test)]
mod tests {
    use super::civil;
    use model::Timestamp;

    #[test]
    fn a_moment_is_told_in_civil_time() {
        assert_eq!(civil(Timestamp(1_709_210_096_123)), "2024-02-29 at 12:34 UTC");
        assert_eq!(civil(Timestamp(i64::MIN)), "an unknown day");
    }
}
