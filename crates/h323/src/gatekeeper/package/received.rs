//! What endpoints send in the package: messages, joined from their parts; receipts; typing.
//!
//! The SCR is no answer to a message, it only ends the repetition of the SCI. What became of the message a receipt
//! says, one for each recipient: accepted, stored, or failed.

use super::told;
use crate::gatekeeper::limit::Flow;
use crate::gatekeeper::link::Gatekeeper;
use crate::gatekeeper::registration::Registration;
use crate::gatekeeper::timer::Due;
use crate::wire::feature::Feature;
use crate::wire::h225::{AliasAddress, GenericData};
use crate::wire::package::{
    Assembly, FailureReason, Joined, Package, PackageMessage, PackageReceipt, ReceiptStage, Typing,
};
use link::Output;
use model::{AgentId, DeliveryOutcome, Instant, MessageFailure, MessageId, Millis, Now, Request, Ticket};

/// The most descriptors of the package that are read in one SCI.
const DESCRIPTORS_MAX: usize = 8;
/// The most messages of one registration that the engine has not answered, counted by recipients.
const SENDINGS_MAX: usize = 256;
/// The most messages of one registration of which parts are missing.
const BUFFERS_MAX: usize = 8;
/// How long missing parts are waited for.
const PARTS_WITHIN: Millis = Millis::seconds(30);

/// A message that the engine has not answered.
#[derive(Clone, Debug)]
pub(super) struct Sending {
    message: MessageId,
    /// As the sender wrote it.
    recipient: AliasAddress,
}

/// A message of which parts are missing.
#[derive(Debug)]
pub(super) struct Buffer {
    message: MessageId,
    assembly: Assembly,
    ends: Instant,
}

impl Gatekeeper {
    /// Takes what an indication holds of the package, beside or without presence. Anything malformed, and anything
    /// from somebody who did not announce the package, is counted and is as if it were not there.
    pub(in crate::gatekeeper) fn packages_received(
        &mut self,
        now: Now,
        number: Option<u64>,
        descriptors: &[&GenericData],
    ) {
        let descriptors =
            descriptors.iter().filter(|descriptor| Feature::of(&descriptor.id) == Some(Feature::Herald));
        let mut descriptors = descriptors.peekable();
        if descriptors.peek().is_none() {
            return;
        }
        let Some(number) = number.filter(|number| self.speaks_package(*number, 0)) else {
            return self.counters.packages_unannounced += 1;
        };
        for (place, descriptor) in descriptors.enumerate() {
            if place >= DESCRIPTORS_MAX {
                self.counters.packages_dropped += 1;
                continue;
            }
            match Package::read(descriptor) {
                Ok(Some(Package::Message(message))) => self.message_received(now, number, *message),
                Ok(Some(Package::Receipt(receipt))) => self.receipt_received(now, number, &receipt),
                Ok(Some(Package::Typing(typing))) => self.typing_received(number, &typing),
                Ok(None) => {}
                Err(error) => {
                    self.counters.packages_malformed += 1;
                    self.detail("package.malformed", |this| {
                        let label =
                            this.registrations.get(number).map(Registration::label).unwrap_or_default();
                        format!("{label} sent a malformed descriptor: {error}")
                    });
                }
            }
        }
    }

    /// The engine has answered a message; `false` where it was not one of the package.
    pub(in crate::gatekeeper) fn package_answered(
        &mut self,
        now: Now,
        agent: Option<AgentId>,
        ticket: Ticket,
        answer: Result<bool, MessageFailure>,
    ) -> bool {
        let Some(AgentId { number, .. }) = agent else { return false };
        let correspondence = self.packages.0.get_mut(&number);
        let Some(sending) = correspondence.and_then(|correspondence| correspondence.sendings.remove(&ticket))
        else {
            return false;
        };
        let receipt = match answer {
            Ok(is_stored) => {
                let kind = if is_stored { ReceiptStage::Stored } else { ReceiptStage::Accepted };
                told(sending.message, kind, None)
            }
            Err(failure) => told(sending.message, ReceiptStage::Failed, Some(failure)),
        };
        self.give_receipt(now, number, PackageReceipt { from: Some(sending.recipient), ..receipt });
        true
    }

    /// Forgets messages whose parts did not come in time.
    pub(super) fn forget_parts(&mut self, now: Now, number: u64) {
        let Some(correspondence) = self.packages.0.get_mut(&number) else { return };
        let buffers = &mut correspondence.buffers;
        while buffers.front().is_some_and(|buffer| buffer.ends <= now.instant) {
            buffers.pop_front();
            self.counters.parts_dropped += 1;
        }
    }

    fn message_received(&mut self, now: Now, number: u64, message: PackageMessage) {
        if message.from.as_ref().is_some_and(|from| !self.is_own(number, from)) {
            self.counters.forged += 1;
            return self.refuse_message(now, number, message.id, None, MessageFailure::Blocked);
        }
        let Some(part) = message.part else { return self.whole_received(now, number, message) };
        let id = message.id;
        let buffers = &mut self.packages.of(number).buffers;
        let known = buffers.iter().position(|buffer| buffer.message == id);
        if known.is_none() && buffers.len() >= BUFFERS_MAX {
            self.counters.parts_dropped += 1;
            let failure = MessageFailure::Unavailable { limit: "messages in parts" };
            return self.refuse_message(now, number, id, None, failure);
        }
        let ends = now.instant.after(PARTS_WITHIN);
        let new = || Buffer { message: id, assembly: Assembly::new(part.count), ends };
        let mut buffer = known.and_then(|place| buffers.remove(place)).unwrap_or_else(new);
        match buffer.assembly.add(message) {
            Joined::Waiting => {
                // The oldest stay in front: a buffer keeps its time.
                let place = buffers.partition_point(|other| other.ends <= buffer.ends);
                self.timers.set(buffer.ends, Due::Package(number));
                buffers.insert(place, buffer);
            }
            Joined::Whole(message) => self.whole_received(now, number, *message),
            Joined::Refused => {
                self.counters.parts_dropped += 1;
                self.refuse_message(now, number, id, None, MessageFailure::TooLarge);
            }
        }
    }

    /// Sends a whole message to each of its recipients.
    fn whole_received(&mut self, now: Now, number: u64, message: PackageMessage) {
        self.counters.package_messages += 1;
        if message.is_carbon {
            // What was written elsewhere is on its way from there.
            return self.counters.packages_dropped += 1;
        }
        let id = message.id;
        if message.to.is_empty() {
            return self.refuse_message(now, number, id, None, MessageFailure::NoRecipient);
        }
        if message.text.as_deref().is_none_or(str::is_empty) && message.content.is_none() {
            return self.refuse_message(now, number, id, None, MessageFailure::NotSupported);
        }
        for alias in message.to.clone() {
            if self.packages.of(number).sendings.len() >= SENDINGS_MAX {
                self.counters.packages_dropped += 1;
                let failure = MessageFailure::Unavailable { limit: "messages without an answer" };
                self.refuse_message(now, number, id, Some(alias), failure);
                continue;
            }
            let source = self.registrations.get(number).map(|one| one.peer.address.ip());
            if source.is_some_and(|source| !self.is_within(now, Flow::Messages, source, 1)) {
                let failure = MessageFailure::Unavailable { limit: "messages of one address" };
                self.refuse_message(now, number, id, Some(alias), failure);
                continue;
            }
            let sent = self
                .address_of(&alias)
                .and_then(|recipient| self.instant_message(now, number, recipient, message.clone()));
            let Some(sent) = sent else {
                self.refuse_message(now, number, id, Some(alias), MessageFailure::NoRecipient);
                continue;
            };
            let ticket = self.next_ticket();
            let sending = Sending { message: id, recipient: alias };
            self.packages.of(number).sendings.insert(ticket, sending);
            let agent = Some(self.agent(number));
            self.outputs.push_back(Output::Request(Request::Send { ticket, agent, message: sent.into() }));
        }
    }

    fn receipt_received(&mut self, now: Now, number: u64, receipt: &PackageReceipt) {
        let outcome = match (receipt.kind, receipt.reason) {
            // A gateway may say that it took a message; that it arrived is another receipt.
            (ReceiptStage::Accepted | ReceiptStage::Stored, _) => return,
            (ReceiptStage::Delivered, _) => DeliveryOutcome::Delivered,
            (ReceiptStage::Displayed, _) => DeliveryOutcome::Displayed,
            (ReceiptStage::Failed, Some(FailureReason::Temporary)) => DeliveryOutcome::Later,
            (ReceiptStage::Failed, reason) => DeliveryOutcome::Failed(failure(reason)),
        };
        let sender = receipt.to.as_ref().and_then(|alias| self.address_of(alias));
        if self.delivery_settled(now, number, receipt.message, sender.as_ref(), outcome) {
            return;
        }
        match sender {
            // What was delivered before may be displayed at any time; the engine knows whether it was.
            Some(sender) if outcome == DeliveryOutcome::Displayed => {
                self.conclude(number, sender, receipt.message, outcome);
            }
            _ => self.counters.receipts_unexpected += 1,
        }
    }

    fn typing_received(&mut self, number: u64, typing: &Typing) {
        if typing.from.as_ref().is_some_and(|from| !self.is_own(number, from)) {
            return self.counters.forged += 1;
        }
        let Some(recipient) = typing.to.as_ref().and_then(|alias| self.address_of(alias)) else { return };
        let (agent, is_composing) = (self.agent(number), typing.is_composing);
        let request = Request::Compose { agent, recipient, is_composing, thread: typing.thread };
        self.outputs.push_back(Output::Request(request));
    }

    /// Tells the sender that a message failed, for one recipient or for all.
    fn refuse_message(
        &mut self,
        now: Now,
        number: u64,
        message: MessageId,
        recipient: Option<AliasAddress>,
        failure: MessageFailure,
    ) {
        self.counters.package_refusals += 1;
        let receipt = told(message, ReceiptStage::Failed, Some(failure));
        self.give_receipt(now, number, PackageReceipt { from: recipient, ..receipt });
    }
}

/// Why an endpoint says that a message failed; where it does not say, it can't take such a one.
fn failure(reason: Option<FailureReason>) -> MessageFailure {
    match reason {
        Some(FailureReason::NoRecipient) => MessageFailure::NoRecipient,
        Some(FailureReason::Refused | FailureReason::BeyondGateway) => MessageFailure::Blocked,
        Some(FailureReason::Expired) => MessageFailure::Expired,
        Some(FailureReason::TooLarge) => MessageFailure::TooLarge,
        Some(FailureReason::Loop) => MessageFailure::Loop,
        Some(FailureReason::NotSupported | FailureReason::Temporary) | None => MessageFailure::NotSupported,
    }
}
