//! Messages on their way to endpoints that announced messages over RAS.
//!
//! A message goes in one SCI, or in parts, one after the other as each is confirmed; then its receipt is waited for.
//! An endpoint that confirms everything and never gives a receipt, though it announced receipts, is sent the message
//! a second time, which it knows by its id; confirmed again, it counts as delivered: better than a message that
//! comes for ever.

use super::{indication, package_message};
use crate::gatekeeper::authorship::correspondent;
use crate::gatekeeper::link::Gatekeeper;
use crate::gatekeeper::naming::{own_alias, shown};
use crate::gatekeeper::outstanding::Purpose;
use crate::gatekeeper::timer::Due;
use crate::wire::h225::{GenericData, RasMessage};
use crate::wire::package::{PackageMessage, Part, TEXT_OCTETS_MAX, capability, divide};
use codec::per;
use link::Output;
use model::{
    Address, Delivery, DeliveryOutcome, Instant, InstantMessage, MessageId, Millis, NamedAddress, Now,
    Request,
};

/// Octets for what a text and a body need around them.
const AROUND: usize = 64;
/// The fewest octets of a part; with names so long that less is left, a message goes by a call.
const PART_MIN: usize = 128;
/// The most messages that are on their way to one registration at a time, each from another sender.
const UNDER_WAY_MAX: usize = 8;
/// The most messages that wait for their turn.
const WAITING_MAX: usize = 256;
/// How long a receipt is waited for after the last confirmation, and how often a message is sent for it.
const RECEIPT_WITHIN: Millis = Millis::seconds(10);
const TRIES: u8 = 2;

/// A message on its way.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    sender: Address,
    /// Whom the endpoint takes it to come from: the sender, or the group.
    shown_as: Address,
    message: MessageId,
    parts: Vec<GenericData>,
    /// How many parts are confirmed.
    confirmed: usize,
    /// How often all parts were.
    tries: u8,
    awaits: Awaits,
}

/// What a message on its way waits for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Awaits {
    /// Its turn.
    Turn,
    /// The confirmation of an SCI.
    Confirmation(u16),
    /// The receipt.
    Receipt { until: Instant },
}

impl Gatekeeper {
    /// Delivers a message in SCIs and concludes it; `false`, and nothing done, where the endpoint does not take
    /// messages so, or the message is too long for it.
    pub(in crate::gatekeeper) fn deliver_by_package(
        &mut self,
        now: Now,
        number: u64,
        delivery: &Delivery,
    ) -> bool {
        if !self.speaks_package(number, capability::MESSAGES) {
            return false;
        }
        let Some(registration) = self.registrations.get(number) else { return false };
        let knows_groups = self.speaks_package(number, capability::GROUPS);
        let to = own_alias(registration, Some(&delivery.message.recipient)).into_iter().collect();
        let message = PackageMessage { to, ..package_message(delivery, knows_groups, &self.settings.zone) };
        let Some(parts) = self.parts_of(number, message) else { return false };
        let (sender, message) = (delivery.message.sender.clone(), delivery.message.id);
        let shown_as = correspondent(delivery).address.clone();
        let waiting = &mut self.packages.of(number).waiting;
        if waiting.len() >= WAITING_MAX {
            self.counters.packages_dropped += 1;
            self.conclude(number, sender, message, DeliveryOutcome::Later);
            return true;
        }
        let awaits = Awaits::Turn;
        waiting.push_back(Outgoing { sender, shown_as, message, parts, confirmed: 0, tries: 0, awaits });
        self.begin_waiting(now, number);
        true
    }

    /// Shows an endpoint that can tell it from a message what its user wrote on another device. Not repeated.
    pub(in crate::gatekeeper) fn copy_by_package(
        &mut self,
        now: Now,
        number: u64,
        message: &InstantMessage,
        recipient: &NamedAddress,
    ) {
        if !self.speaks_package(number, capability::MESSAGES | capability::CARBONS) {
            return;
        }
        let Some(registration) = self.registrations.get(number) else { return };
        let copy = PackageMessage {
            from: own_alias(registration, None),
            to: shown(recipient, &self.settings.zone).into_iter().collect(),
            text: (!message.text.is_empty()).then(|| message.text.clone()),
            content: message.content.clone().map(|content| (content.media_type, content.body)),
            sent_at: Some(message.sent_at),
            thread: message.thread,
            language: message.language.clone(),
            is_carbon: true,
            ..PackageMessage::new(message.id)
        };
        for part in self.parts_of(number, copy).into_iter().flatten() {
            self.indicate_package(now, number, Purpose::Carbon, part);
        }
    }

    /// An endpoint has confirmed a message or a part of one.
    pub(in crate::gatekeeper) fn package_confirmed(&mut self, now: Now, number: u64, sequence: u16) {
        let has_receipts = self.speaks_package(number, capability::RECEIPTS);
        let Some(mut outgoing) = self.take_outgoing(number, sequence) else { return };
        outgoing.confirmed += 1;
        if outgoing.confirmed < outgoing.parts.len() {
            return self.transmit(now, number, outgoing);
        }
        outgoing.tries += 1;
        if !has_receipts {
            return self.end_delivery(now, number, outgoing, DeliveryOutcome::Delivered);
        }
        let until = now.instant.after(RECEIPT_WITHIN);
        outgoing.awaits = Awaits::Receipt { until };
        self.timers.set(until, Due::Package(number));
        self.packages.of(number).under_way.push(outgoing);
    }

    /// An endpoint has not confirmed a message or a part of one.
    pub(in crate::gatekeeper) fn package_unconfirmed(&mut self, now: Now, number: u64, sequence: u16) {
        if let Some(outgoing) = self.take_outgoing(number, sequence) {
            self.end_delivery(now, number, outgoing, DeliveryOutcome::Later);
        }
    }

    /// The timer of what is under way with a registration.
    pub(in crate::gatekeeper) fn package_due(&mut self, now: Now, number: u64) {
        self.forget_parts(now, number);
        let Some(correspondence) = self.packages.0.get_mut(&number) else { return };
        let is_late = |outgoing: &mut Outgoing| match outgoing.awaits {
            Awaits::Receipt { until } => until <= now.instant,
            _ => false,
        };
        let late: Vec<_> = correspondence.under_way.extract_if(.., is_late).collect();
        for mut outgoing in late {
            if outgoing.tries < TRIES {
                outgoing.confirmed = 0;
                self.transmit(now, number, outgoing);
            } else {
                self.counters.receipts_missing += 1;
                self.end_delivery(now, number, outgoing, DeliveryOutcome::Delivered);
            }
        }
    }

    /// An endpoint has told the outcome of a message on its way; `false` where none of that name is.
    pub(super) fn delivery_settled(
        &mut self,
        now: Now,
        number: u64,
        message: MessageId,
        sender: Option<&Address>,
        outcome: DeliveryOutcome,
    ) -> bool {
        let Some(correspondence) = self.packages.0.get_mut(&number) else { return false };
        let is_it = |outgoing: &Outgoing| {
            let is_from = |sender: &Address| [&outgoing.sender, &outgoing.shown_as].contains(&sender);
            outgoing.message == message && sender.is_none_or(is_from)
        };
        let Some(place) = correspondence.under_way.iter().position(is_it) else { return false };
        let outgoing = correspondence.under_way.swap_remove(place);
        self.end_delivery(now, number, outgoing, outcome);
        true
    }

    /// Tells the engine what became of a delivery.
    pub(in crate::gatekeeper) fn conclude(
        &mut self,
        number: u64,
        sender: Address,
        message: MessageId,
        outcome: DeliveryOutcome,
    ) {
        let agent = self.agent(number);
        self.outputs.push_back(Output::Request(Request::Conclude { agent, sender, message, outcome }));
    }

    fn end_delivery(&mut self, now: Now, number: u64, outgoing: Outgoing, outcome: DeliveryOutcome) {
        if outcome == DeliveryOutcome::Delivered {
            self.counters.package_deliveries += 1;
        }
        self.conclude(number, outgoing.sender, outgoing.message, outcome);
        self.begin_waiting(now, number);
    }

    /// Sends as many of the messages that wait as may be under way.
    pub(in crate::gatekeeper) fn begin_waiting(&mut self, now: Now, number: u64) {
        // What can't be sent yet waits until the address is proven.
        while self.may_indicate(number)
            && let Some(correspondence) = self.packages.0.get_mut(&number)
            && correspondence.under_way.len() < UNDER_WAY_MAX
            && let Some(outgoing) = correspondence.waiting.pop_front()
        {
            self.transmit(now, number, outgoing);
        }
    }

    /// Sends the next part of a message.
    fn transmit(&mut self, now: Now, number: u64, mut outgoing: Outgoing) {
        let part = outgoing.parts.get(outgoing.confirmed).cloned();
        match part.and_then(|part| self.indicate_package(now, number, Purpose::Delivery, part)) {
            Some(sequence) => {
                outgoing.awaits = Awaits::Confirmation(sequence);
                self.packages.of(number).under_way.push(outgoing);
            }
            // Nothing more can be sent at present, so nothing else is begun here.
            None => self.conclude(number, outgoing.sender, outgoing.message, DeliveryOutcome::Later),
        }
    }

    fn take_outgoing(&mut self, number: u64, sequence: u16) -> Option<Outgoing> {
        let under_way = &mut self.packages.0.get_mut(&number)?.under_way;
        let awaited = Awaits::Confirmation(sequence);
        let place = under_way.iter().position(|outgoing| outgoing.awaits == awaited)?;
        Some(under_way.swap_remove(place))
    }

    /// A message as descriptors that each fit a datagram; `None` where it would take too many.
    fn parts_of(&self, number: u64, message: PackageMessage) -> Option<Vec<GenericData>> {
        let registration = self.registrations.get(number)?;
        // What the first part is without text and body; no other part has more.
        let media_type = message.content.as_ref().map(|(media_type, _)| (media_type.clone(), Vec::new()));
        let part = Some(Part { number: 1, count: 1 });
        let bare =
            PackageMessage { text: None, content: media_type, part, ..message.clone() }.write().ok()?;
        let bare = RasMessage::ServiceControlIndication(indication(registration, bare).into());
        let room = self.settings.datagram_budget.checked_sub(per::encode(&bare).ok()?.len() + AROUND)?;
        if room < PART_MIN {
            return None;
        }
        let parts = divide(message, room.min(TEXT_OCTETS_MAX))?;
        parts.iter().map(|part| part.write().ok()).collect()
    }
}
