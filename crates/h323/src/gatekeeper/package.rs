//! Herald's own package between the gatekeeper and endpoints that announced it: messages, receipts and typing in
//! SCIs, without any call.
//!
//! `received` takes what endpoints send, `delivery` brings messages to them. Here is the state of both, and what an
//! endpoint is told besides.

mod delivery;
mod received;

use super::authorship::{attributed, correspondent};
use super::link::Gatekeeper;
use super::naming::{own_alias, shown};
use super::outstanding::Purpose;
use super::registration::{Name, Registration};
use crate::alias::{Alias, Zone, canonical};
use crate::wire::h225::{AliasAddress, GenericData, RasMessage, ServiceControlIndication};
use crate::wire::package::{FailureReason, PackageMessage, PackageReceipt, ReceiptStage, Typing, capability};
use codec::per::BmpString;
use delivery::Outgoing;
use model::{
    Address, Delivery, InstantMessage, MessageFailure, NamedAddress, Now, Receipt, ReceiptKind, Ticket,
    Timestamp,
};
use received::{Buffer, Sending};
use std::collections::{BTreeMap, HashMap, VecDeque};

/// The most receipts that wait until the address of an endpoint is proven.
const RECEIPTS_MAX: usize = 64;

/// What is under way in the package, by registration.
#[derive(Debug, Default)]
pub(super) struct Packages(HashMap<u64, Correspondence>);

/// What is under way with one registration.
#[derive(Debug, Default)]
struct Correspondence {
    /// Messages of the endpoint that the engine has not answered.
    sendings: BTreeMap<Ticket, Sending>,
    /// Messages of the endpoint of which parts are missing, the oldest first.
    buffers: VecDeque<Buffer>,
    /// Messages on their way to the endpoint.
    under_way: Vec<Outgoing>,
    /// Messages that wait for their turn, the oldest first.
    waiting: VecDeque<Outgoing>,
    /// Receipts that wait until the endpoint's address is proven.
    receipts: Vec<PackageReceipt>,
}

impl Packages {
    /// Forgets a registration that has ended; the engine knows what it did not get.
    pub fn remove(&mut self, number: u64) {
        self.0.remove(&number);
    }

    fn of(&mut self, number: u64) -> &mut Correspondence {
        self.0.entry(number).or_default()
    }
}

impl Gatekeeper {
    /// Whether an endpoint announced all these capabilities of the package.
    pub(super) fn speaks_package(&self, number: u64, capabilities: u16) -> bool {
        let announced = self.registrations.get(number).and_then(|registration| registration.offer.package);
        announced.is_some_and(|announced| announced & capabilities == capabilities)
    }

    /// Tells an endpoint what became of a message it sent, where it understands receipts.
    pub(super) fn report_by_package(&mut self, now: Now, number: u64, receipt: &Receipt) {
        if !self.speaks_package(number, capability::RECEIPTS) {
            return;
        }
        let (kind, reason) = match receipt.kind {
            ReceiptKind::Delivered => (ReceiptStage::Delivered, None),
            ReceiptKind::Displayed => (ReceiptStage::Displayed, None),
            ReceiptKind::Failed(failure) => (ReceiptStage::Failed, Some(failure)),
        };
        let from = shown(&receipt.recipient, &self.settings.zone);
        self.give_receipt(now, number, PackageReceipt { from, ..told(receipt.message, kind, reason) });
    }

    /// Tells an endpoint that somebody writes to it, or stopped, where it understands that. Not repeated: what is
    /// lost is soon wrong anyway.
    pub(super) fn compose_by_package(
        &mut self,
        now: Now,
        number: u64,
        peer: &NamedAddress,
        is_composing: bool,
        thread: Option<[u8; 16]>,
    ) {
        if !self.speaks_package(number, capability::TYPING) {
            return;
        }
        let to = self.registrations.get(number).and_then(|registration| own_alias(registration, None));
        let typing = Typing { from: shown(peer, &self.settings.zone), to, is_composing, thread };
        self.indicate_package(now, number, Purpose::Typing, typing.write());
    }

    /// Sends a receipt to the sender of a message; it is repeated until it is confirmed.
    fn give_receipt(&mut self, now: Now, number: u64, receipt: PackageReceipt) {
        if !self.may_indicate(number) {
            let receipts = &mut self.packages.of(number).receipts;
            if receipts.len() < RECEIPTS_MAX {
                receipts.push(receipt);
            } else {
                self.counters.packages_dropped += 1;
            }
            return;
        }
        let to = self.registrations.get(number).and_then(|registration| own_alias(registration, None));
        self.indicate_package(now, number, Purpose::Receipt, PackageReceipt { to, ..receipt }.write());
    }

    /// Gives the receipts that waited until the address of an endpoint was proven.
    pub(super) fn give_receipts(&mut self, now: Now, number: u64) {
        let waiting = self.packages.0.get_mut(&number).map(|correspondence| &mut correspondence.receipts);
        for receipt in waiting.map(std::mem::take).unwrap_or_default() {
            self.give_receipt(now, number, receipt);
        }
    }

    /// Sends a descriptor in an SCI and gives back its sequence number; `None` while too many requests wait.
    fn indicate_package(
        &mut self,
        now: Now,
        number: u64,
        purpose: Purpose,
        descriptor: GenericData,
    ) -> Option<u16> {
        let mut sequence = None;
        let is_sent = self.ask(now, number, purpose, |request_seq_num, registration| {
            sequence = u16::try_from(request_seq_num.get()).ok();
            let message = indication(registration, descriptor);
            RasMessage::ServiceControlIndication(
                ServiceControlIndication { request_seq_num, ..message }.into(),
            )
        });
        sequence.filter(|_| is_sent)
    }

    /// The address of an alias that an endpoint writes; `None` where it stands for nobody here.
    fn address_of(&self, alias: &AliasAddress) -> Option<Address> {
        canonical(&Alias::from_wire(alias)?, &self.settings.zone).ok()
    }

    /// Whether an alias is one of those that an endpoint registered.
    fn is_own(&self, number: u64, alias: &AliasAddress) -> bool {
        let Some(registration) = self.registrations.get(number) else { return false };
        let (alias, address) = (Alias::from_wire(alias), self.address_of(alias));
        let is_it =
            |name: &Name| Some(&name.alias) == alias.as_ref() || Some(&name.address) == address.as_ref();
        registration.names.iter().any(is_it)
    }

    /// The message that an endpoint sends to one recipient; `None` where the endpoint has no name.
    ///
    /// A time ahead of ours is taken for now: a clock that is wrong must not keep a message from expiring.
    pub(super) fn instant_message(
        &self,
        now: Now,
        number: u64,
        recipient: Address,
        message: PackageMessage,
    ) -> Option<InstantMessage> {
        let registration = self.registrations.get(number)?;
        let name = registration.names.first().map(|name| name.address.clone());
        let sent_at = message.sent_at.map_or(now.wall, |sent_at| sent_at.min(now.wall));
        let expires_at = |seconds: u32| sent_at.after(model::Millis::seconds(u64::from(seconds)));
        Some(InstantMessage {
            id: message.id,
            sender: registration.presentity.clone().or(name)?,
            recipient,
            text: message.text.unwrap_or_default(),
            content: message.content.map(|(media_type, body)| model::MessageContent { media_type, body }),
            language: message.language,
            sent_at,
            expires_at: message.expires.map(expires_at),
            max_forwards: message.max_forwards.unwrap_or(crate::wire::package::MAX_FORWARDS),
            thread: message.thread,
            wanted: message.wanted,
            in_session: false,
            is_report: false,
            is_ignored: false,
        })
    }
}

/// A delivery in the words of the package. Its receipt is what Herald waits for, so that one is always wanted.
fn package_message(delivery: &Delivery, knows_groups: bool, zone: &Zone) -> PackageMessage {
    let message = &delivery.message;
    let (from, text) = match knows_groups {
        true => (&delivery.sender, message.text.as_str().into()),
        false => (correspondent(delivery), attributed(delivery)),
    };
    let group = delivery.group.as_ref().filter(|_| knows_groups);
    let lifetime = |at: Timestamp| u32::try_from(at.since(message.sent_at).0 / 1000).unwrap_or(u32::MAX);
    PackageMessage {
        from: shown(from, zone),
        group: group.and_then(|group| shown(group, zone)),
        text: (!text.is_empty()).then(|| text.into_owned()),
        content: message.content.clone().map(|content| (content.media_type, content.body)),
        sent_at: Some(message.sent_at),
        expires: message.expires_at.map(lifetime),
        max_forwards: Some(message.max_forwards),
        thread: message.thread,
        wanted: model::ReceiptsWanted { delivered: true, ..message.wanted },
        language: message.language.clone(),
        is_delayed: delivery.is_delayed,
        ..PackageMessage::new(message.id)
    }
}

/// An SCI with a descriptor, apart from its sequence number.
fn indication(registration: &Registration, descriptor: GenericData) -> ServiceControlIndication {
    ServiceControlIndication {
        endpoint_identifier: BmpString::new(registration.identifier.as_str()),
        generic_data: Some(vec![descriptor]),
        ..ServiceControlIndication::default()
    }
}

/// A receipt that names nobody yet.
fn told(message: model::MessageId, kind: ReceiptStage, failure: Option<MessageFailure>) -> PackageReceipt {
    let reason = failure.map(FailureReason::from);
    let retry_after = (reason == Some(FailureReason::Temporary)).then_some(RETRY_AFTER_SECONDS);
    PackageReceipt { reason, retry_after, ..PackageReceipt::new(message, kind) }
}

/// After how many seconds a message may be sent again that could not be taken at present.
const RETRY_AFTER_SECONDS: u16 = 30;
