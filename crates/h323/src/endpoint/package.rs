//! Messages, receipts and typing over RAS, where the gatekeeper announced Herald's package too.
//!
//! The SCR of an SCI only ends its repetition; what became of a message its receipts say.

use super::contact::shown;
use super::descriptor::descriptors;
use super::event::{Event, Way, digits};
use super::indication::{Indication, Then};
use super::machine::Endpoint;
use crate::alias::Alias;
use crate::wire::feature::Feature;
use crate::wire::h225::{AliasAddress, FeatureSet, GenericData, RegistrationConfirm};
use crate::wire::package::{
    Announcement, Assembly, FailureReason, Joined, MAX_FORWARDS, Package, PackageMessage, PackageReceipt,
    ReceiptStage, Typing, capability, divide,
};
use codec::per;
use model::{Instant, MessageId, Millis, Now, ReceiptsWanted, Timestamp};
use rand::RngExt;
use std::collections::VecDeque;

/// The most octets of a datagram with a message, so that it passes every network undivided.
const DATAGRAM_MAX: usize = 1200;

/// What an SCI has around a descriptor besides its endpoint identifier, which counts twice its characters.
const AROUND: usize = 64;

/// The fewest octets of text in a part, however long the names around it are.
const PART_MIN: usize = 128;

/// The most messages of ours of which a receipt is still taken.
const SENT_MAX: usize = 256;

/// The most messages that are remembered to know a repetition.
const HEARD_MAX: usize = 1024;

/// The most messages of which parts are missing.
const INCOMPLETE_MAX: usize = 8;

/// How long missing parts are waited for.
const PARTS_WITHIN: Millis = Millis::seconds(30);

/// What is under way in the package.
#[derive(Debug, Default)]
pub(super) struct Correspondence {
    /// What the gatekeeper announced; nothing where it did not.
    capabilities: u16,
    /// Messages of ours, the oldest first.
    sent: VecDeque<(MessageId, String)>,
    /// Messages that were told, by sender and id, the oldest first.
    heard: VecDeque<(String, MessageId)>,
    /// Messages of which parts are missing, the oldest first.
    incomplete: VecDeque<(String, MessageId, Instant, Assembly)>,
}

impl Correspondence {
    /// Whether this message was told before; remembers it.
    fn is_repetition(&mut self, from: &str, id: MessageId) -> bool {
        let is_known = self.heard.iter().any(|(known, same)| known == from && *same == id);
        if !is_known {
            if self.heard.len() == HEARD_MAX {
                self.heard.pop_front();
            }
            self.heard.push_back((from.to_owned(), id));
        }
        is_known
    }

    /// Puts a part to the others of its message.
    fn join(&mut self, now: Instant, from: &str, message: PackageMessage) -> Joined {
        self.incomplete.retain(|(_, _, since, _)| now.since(*since) < PARTS_WITHIN);
        let (id, count) = (message.id, message.part.map_or(1, |part| part.count));
        let place = self.incomplete.iter().position(|(known, same, _, _)| known == from && *same == id);
        let place = place.unwrap_or_else(|| {
            if self.incomplete.len() == INCOMPLETE_MAX {
                self.incomplete.pop_front();
            }
            self.incomplete.push_back((from.to_owned(), id, now, Assembly::new(count)));
            self.incomplete.len() - 1
        });
        let Some((_, _, _, assembly)) = self.incomplete.get_mut(place) else { return Joined::Refused };
        let joined = assembly.add(message);
        if joined != Joined::Waiting {
            self.incomplete.remove(place);
        }
        joined
    }
}

impl Endpoint {
    /// Takes note of what the gatekeeper announced; a keep-alive that does not repeat it takes nothing away.
    pub(super) fn note_package(&mut self, confirm: &RegistrationConfirm, is_new: bool) {
        let (set, data) = (confirm.feature_set.as_ref(), confirm.generic_data.as_ref());
        let announcements = descriptors(Feature::Herald, set, data).map(Announcement::read);
        let found = announcements.filter_map(|read| read.ok().flatten()).next();
        match found.filter(|_| self.settings.offers.package) {
            Some(announcement) => self.correspondence.capabilities = announcement.capabilities,
            None if is_new => self.correspondence.capabilities = 0,
            None => {}
        }
    }

    /// Whether the gatekeeper takes messages over RAS.
    pub(super) fn has_messages_over_ras(&self) -> bool {
        self.can(capability::MESSAGES)
    }

    fn can(&self, capability: u16) -> bool {
        self.registration.registered().is_some() && self.correspondence.capabilities & capability != 0
    }

    /// Writes one message: over RAS where the gatekeeper takes it there, else by a call.
    pub(super) fn send_message(&mut self, now: Now, to: &Alias, text: &str) {
        if self.settings.by_call || !self.has_messages_over_ras() {
            return self.send_by_call(now, to, text);
        }
        let Some(alias) = to.to_wire() else {
            return self.complain("To this alias nothing can be written.");
        };
        let id = self.message_id(now.wall);
        let message = PackageMessage {
            from: self.aliases.first().cloned(),
            to: vec![alias],
            text: Some(text.to_owned()),
            sent_at: Some(now.wall),
            max_forwards: Some(MAX_FORWARDS),
            wanted: ReceiptsWanted { delivered: true, displayed: false, failed: true },
            ..PackageMessage::new(id)
        };
        let parts = self.part_octets(&message).and_then(|octets| divide(message, octets));
        let written: Option<Vec<_>> =
            parts.and_then(|parts| parts.iter().map(|part| part.write().ok()).collect());
        let Some(written) = written else {
            return self
                .complain("The text is too long for one message; `open` a session and `say` it there.");
        };
        if self.correspondence.sent.len() == SENT_MAX {
            self.correspondence.sent.pop_front();
        }
        self.correspondence.sent.push_back((id, to.text()));
        self.tell(Event::Sending { to: to.text(), identifier: digits(id.0) });
        for data in written {
            let alias = Some(to.text());
            self.indicate(now, Indication { command: "send", alias, then: Then::Sent(id), data });
        }
    }

    /// How many octets of text go into one part beside all that goes with it.
    fn part_octets(&self, message: &PackageMessage) -> Option<usize> {
        let bare = PackageMessage { text: None, ..message.clone() }.write().ok()?;
        let registered = self.registration.registered()?;
        let identifier = 2 * registered.identifier.to_string().encode_utf16().count();
        let around = AROUND + identifier + per::encode(&bare).ok()?.len();
        Some(DATAGRAM_MAX.saturating_sub(around).max(PART_MIN))
    }

    /// The gatekeeper refuses a part of a message, or does not answer to it: the message is not delivered, as far as
    /// is known here.
    pub(super) fn fail_message(&mut self, id: MessageId, reason: String) {
        let Some(place) = self.correspondence.sent.iter().position(|(sent, _)| *sent == id) else { return };
        if let Some((_, to)) = self.correspondence.sent.remove(place) {
            self.tell(Event::NotDelivered { to, identifier: digits(id.0), reason });
        }
    }

    /// Tells somebody that we write, or stopped.
    pub(super) fn tell_typing(&mut self, now: Now, to: &Alias, is_composing: bool) {
        let Some(alias) = to.to_wire() else {
            return self.complain("To this alias nothing can be written.");
        };
        if !self.can(capability::TYPING) {
            return self.complain("The gatekeeper does not pass on who is typing.");
        }
        let typing =
            Typing { from: self.aliases.first().cloned(), to: Some(alias), is_composing, thread: None };
        let (alias, data) = (Some(to.text()), typing.write());
        self.indicate(now, Indication { command: "typing", alias, then: Then::Tell, data });
    }

    /// Takes what a message of the gatekeeper has of the package. What is malformed is counted, and is as if it were
    /// not there.
    pub(super) fn take_package(
        &mut self,
        now: Now,
        set: Option<&FeatureSet>,
        data: Option<&Vec<GenericData>>,
    ) {
        if !self.settings.offers.package {
            return;
        }
        for descriptor in descriptors(Feature::Herald, set, data) {
            match Package::read(descriptor) {
                Ok(Some(Package::Message(message))) => self.take_package_message(now, *message),
                Ok(Some(Package::Receipt(receipt))) => self.take_receipt(&receipt),
                Ok(Some(Package::Typing(typing))) => {
                    let from = typing.from.as_ref().map_or_else(somebody, shown);
                    self.tell(Event::Typing { from, composing: typing.is_composing });
                }
                Ok(None) => {}
                Err(_) => self.counters.malformed_elements += 1,
            }
        }
    }

    fn take_package_message(&mut self, now: Now, message: PackageMessage) {
        let from = message.from.as_ref().map_or_else(somebody, shown);
        let message = match message.part {
            None => message,
            Some(_) => match self.correspondence.join(now.instant, &from, message) {
                Joined::Whole(message) => *message,
                Joined::Waiting => return,
                Joined::Refused => {
                    self.counters.malformed_elements += 1;
                    return;
                }
            },
        };
        let PackageMessage {
            id, from: sender, to, text, content, sent_at, is_delayed, group, is_carbon, ..
        } = message;
        // A body that is text is shown as such; another is not for a terminal.
        let body = content.filter(|(media_type, _)| media_type.starts_with("text/plain"));
        let text = text.or_else(|| body.map(|(_, body)| String::from_utf8_lossy(&body).into_owned()));
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            let kind = ReceiptStage::Failed;
            let reason = Some(FailureReason::NotSupported);
            return self.give_receipt(
                now,
                sender,
                PackageReceipt { reason, ..PackageReceipt::new(id, kind) },
            );
        };
        if is_carbon {
            let to = to.first().map_or_else(somebody, shown);
            if !self.correspondence.is_repetition(&from, id) {
                self.tell(Event::Carbon { to, text, identifier: digits(id.0) });
            }
            return;
        }
        // A repetition means that our receipt was lost.
        if !self.correspondence.is_repetition(&from, id) {
            let sent_at = sent_at.and_then(time);
            let identifier = digits(id.0);
            let (way, delayed, group) = (Way::Ras, is_delayed, group.as_ref().map(shown));
            self.tell(Event::Message { from, text, way, identifier, sent_at, delayed, group });
        }
        self.give_receipt(now, sender, PackageReceipt::new(id, ReceiptStage::Delivered));
    }

    fn give_receipt(&mut self, now: Now, to: Option<AliasAddress>, receipt: PackageReceipt) {
        let alias = to.as_ref().map(shown);
        let data = PackageReceipt { from: self.aliases.first().cloned(), to, ..receipt }.write();
        self.indicate(now, Indication { command: "receipt", alias, then: Then::Nothing, data });
    }

    fn take_receipt(&mut self, receipt: &PackageReceipt) {
        let id = receipt.message;
        let Some((_, to)) = self.correspondence.sent.iter().find(|(sent, _)| *sent == id) else {
            self.counters.stray_replies += 1;
            return;
        };
        let (to, identifier) = (to.clone(), digits(id.0));
        let event = match receipt.kind {
            ReceiptStage::Accepted => Event::Receipt { to, identifier, receipt: "accepted" },
            ReceiptStage::Stored => Event::Receipt { to, identifier, receipt: "stored" },
            ReceiptStage::Displayed => Event::Receipt { to, identifier, receipt: "displayed" },
            ReceiptStage::Delivered => Event::Delivered { to, identifier },
            ReceiptStage::Failed => {
                let reason = receipt.reason.map_or("unknown", reason_name).to_owned();
                return self.fail_message(id, reason);
            }
        };
        self.tell(event);
    }

    /// A UUID of version 7: the time, then chance (RFC 9562 clause 5.7).
    fn message_id(&mut self, at: Timestamp) -> MessageId {
        let mut octets: [u8; 16] = self.random.random();
        octets[..6].copy_from_slice(&at.0.to_be_bytes()[2..]);
        octets[6] = octets[6] & 0x0f | 0x70;
        octets[8] = octets[8] & 0x3f | 0x80;
        MessageId(octets)
    }
}

fn somebody() -> String {
    "somebody".to_owned()
}

/// A moment as RFC 3339 writes it; `None` for one that it can't.
fn time(at: Timestamp) -> Option<String> {
    jiff::Timestamp::from_millisecond(at.0).ok().map(|at| at.to_string())
}

/// Why a message failed, in the words of the package.
const fn reason_name(reason: FailureReason) -> &'static str {
    match reason {
        FailureReason::NoRecipient => "noSuchRecipient",
        FailureReason::Refused => "refused",
        FailureReason::Expired => "expired",
        FailureReason::TooLarge => "tooLarge",
        FailureReason::NotSupported => "contentNotSupported",
        FailureReason::Loop => "loop",
        FailureReason::Temporary => "tryLater",
        FailureReason::BeyondGateway => "refusedBeyondGateway",
    }
}
