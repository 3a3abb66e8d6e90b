//! Sessions: what is written in them, the signs that it was read, and how they close (sheet section 9.2).
//!
//! Texts have no acknowledgement on the wire. Each is followed by a Status Inquiry on the same connection: its answer,
//! any later message for the session, or an orderly close shows that the text was read before it.

use super::conversation::Stage;
use super::refusal::Release;
use crate::gatekeeper::link::Gatekeeper;
use crate::gatekeeper::outstanding::Purpose;
use crate::gatekeeper::register::presence_check;
use link::ChannelId;
use model::{Address, Now};

/// How often an endpoint is asked whether it has read a text; the time between is a setting.
const INQUIRIES_MAX: u32 = 12;

impl Gatekeeper {
    /// The session is open. Where the endpoint opened it, it is answered.
    pub(super) fn session_opened(&mut self, now: Now, channel: ChannelId, was_sent: bool) {
        let Some(conversation) = self.signalling.conversation(channel) else { return };
        let (leg, peer) = (conversation.leg, conversation.peer.clone());
        self.set_due_after(now, channel, self.settings.signalling.session_idle);
        self.counters.sessions += 1;
        if !leg.is_caller {
            let callee = self.called(&peer);
            self.say(channel, leg.connect(&callee));
        }
        if was_sent {
            // The endpoint opened a session just when it was sent a single message.
            return self.inquire(now, channel);
        }
        self.advance(now, channel);
    }

    /// Sends what there is to be sent next, as far as the call has come.
    pub(super) fn advance(&mut self, now: Now, channel: ChannelId) {
        let Some(conversation) = self.signalling.conversation_mut(channel) else { return };
        let leg = conversation.leg;
        let stage = conversation.stage;
        let wants_session = conversation.wants_session;
        if !conversation.is_settled() || conversation.ending.is_some() {
            return;
        }
        let Some(outbound) = &mut conversation.outbound else { return };
        if outbound.is_sent {
            return;
        }
        let limits = &self.settings.signalling;
        match stage {
            Stage::Alerted if wants_session => {
                conversation.stage = Stage::Opening;
                let patience = limits.answer_timeout;
                self.say(channel, leg.session(true));
                self.set_due_after(now, channel, patience);
            }
            Stage::Alerted | Stage::Connected | Stage::Open => {
                let Some(units) = outbound.parts.front().cloned() else { return };
                outbound.is_sent = true;
                conversation.sent_at = now.instant;
                conversation.inquiries = 0;
                conversation.stale = conversation.unanswered;
                let patience = limits.answer_timeout;
                if stage != Stage::Open {
                    conversation.stage = Stage::Sent;
                }
                self.say(channel, leg.text(units));
                if stage == Stage::Open {
                    return self.inquire(now, channel);
                }
                self.set_due_after(now, channel, patience);
            }
            _ => {}
        }
    }

    /// Asks an endpoint whether it has read what was sent.
    fn inquire(&mut self, now: Now, channel: ChannelId) {
        let Some(conversation) = self.signalling.conversation_mut(channel) else { return };
        conversation.unanswered += 1;
        let leg = conversation.leg;
        self.say(channel, leg.status_inquiry());
        self.set_due_after(now, channel, self.settings.signalling.confirm_timeout);
    }

    /// The endpoint answered a Status Inquiry: it has read what came before that.
    pub(super) fn status_came(&mut self, now: Now, channel: ChannelId) {
        let Some(conversation) = self.signalling.conversation_mut(channel) else { return };
        conversation.answers_inquiries = true;
        conversation.unanswered = conversation.unanswered.saturating_sub(1);
        if conversation.stale > 0 {
            conversation.stale -= 1;
        } else if conversation.awaits_sign() {
            self.confirm(now, channel);
        }
    }

    /// A part of a text is known to have been read; the next one follows.
    pub(super) fn confirm(&mut self, now: Now, channel: ChannelId) {
        let Some(conversation) = self.signalling.conversation_mut(channel) else { return };
        let (number, is_over) = (conversation.number, conversation.is_over);
        let Some(outbound) = conversation.outbound.take() else { return };
        let limits = &self.settings.signalling;
        let idle = if is_over { limits.linger } else { limits.session_idle };
        self.set_due_after(now, channel, idle);
        self.deliver_rest(now, number, outbound);
        self.settle(now, channel);
    }

    /// An endpoint has closed the call in order after it read a part; what is left finds another way.
    pub(super) fn confirm_last(&mut self, now: Now, channel: ChannelId) {
        let Some(conversation) = self.signalling.conversation_mut(channel) else { return };
        conversation.stage = Stage::Closing;
        let (number, outbound) = (conversation.number, conversation.outbound.take());
        if let Some(outbound) = outbound {
            self.deliver_rest(now, number, outbound);
        }
    }

    /// The person at the other end has closed its session: this one closes too, when no text is on its way.
    pub(in crate::gatekeeper) fn session_ended(&mut self, now: Now, number: u64, peer: &Address) {
        for channel in self.signalling.conversations_of(number).to_vec() {
            let Some(conversation) = self.signalling.conversation(channel) else { continue };
            let is_under_way = matches!(conversation.stage, Stage::Open | Stage::Opening);
            let is_meant =
                (is_under_way || conversation.wants_session) && self.is_same_person(&conversation.peer, peer);
            let is_idle = conversation.stage == Stage::Open && conversation.outbound.is_none();
            if !is_meant {
                continue;
            }
            if let Some(conversation) = self.signalling.conversation_mut(channel) {
                conversation.is_over = true;
            }
            if is_idle {
                self.set_due_after(now, channel, self.settings.signalling.linger);
            }
        }
    }

    /// The timer of an IM call.
    pub(super) fn conversation_due(&mut self, now: Now, channel: ChannelId) {
        let Some(conversation) = self.signalling.conversation(channel) else { return };
        match conversation.stage {
            // It closed in order after the text was sent. Who answers questions is waited for.
            Stage::Open
                if conversation.awaits_sign()
                    && conversation.ending.is_some()
                    && !conversation.answers_inquiries =>
            {
                self.confirm(now, channel);
            }
            Stage::Open if conversation.awaits_sign() => self.inquire_again(now, channel),
            Stage::Open => self.close_session(now, channel),
            // A call that was placed in case a text comes is given up in order.
            Stage::Alerted | Stage::Connected if conversation.outbound.is_none() => {
                self.release(now, channel, Release::NORMAL);
            }
            Stage::Closing => self.release(now, channel, Release::NORMAL),
            _ => {
                self.counters.message_calls_silent += 1;
                self.release(now, channel, Release::TIMEOUT);
            }
        }
    }

    /// Nothing shows yet that a text was read. The connection is up, so the endpoint is asked again, for a minute. Who
    /// has answered such a question before and is silent now is lost, and the message is tried again. Who never did
    /// can't answer it, and has the text, since the connection took it: if it is there at all, and a connection to a
    /// machine without power takes anything. So it must have been heard over RAS since, and is asked there; until then
    /// the text waits, at most until the registration ends and the call with it.
    fn inquire_again(&mut self, now: Now, channel: ChannelId) {
        let Some(conversation) = self.signalling.conversation_mut(channel) else { return };
        conversation.inquiries += 1;
        if conversation.inquiries < INQUIRIES_MAX {
            return self.inquire(now, channel);
        }
        let is_first = conversation.inquiries == INQUIRIES_MAX;
        self.counters.texts_unconfirmed += u64::from(is_first);
        if conversation.answers_inquiries {
            // The next text opens another session; the other side need not know, unless it was closed.
            conversation.has_session &= conversation.ending.is_some();
            return self.release(now, channel, Release::TIMEOUT);
        }
        // What came sooner may have been under way when the text was sent.
        let since = conversation.sent_at.after(self.settings.signalling.confirm_timeout);
        let number = conversation.number;
        if self.registrations.get(number).is_some_and(|registration| registration.heard_at.instant > since) {
            return self.confirm(now, channel);
        }
        if is_first {
            self.ask(now, number, Purpose::Session, presence_check);
        }
        self.inquire(now, channel);
    }

    /// Closes a session from our side; the endpoint releases the call.
    fn close_session(&mut self, now: Now, channel: ChannelId) {
        let Some(conversation) = self.signalling.conversation_mut(channel) else { return };
        conversation.stage = Stage::Closing;
        let leg = conversation.leg;
        self.say(channel, leg.session(false));
        self.set_due_after(now, channel, self.settings.signalling.close_timeout);
    }
}
