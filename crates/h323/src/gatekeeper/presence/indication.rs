//! Indications to endpoints: one presence message in one element in one SCI, which fits into a datagram (Q1, D-03).

use super::contact::{instruction, presence_alias};
use super::contents::ELEMENT;
use super::outbox::Entry;
use super::presentity::{Reach, presentity, reduce};
use crate::alias::Zone;
use crate::gatekeeper::naming::shown;
use crate::wire::feature::Feature;
use crate::wire::h225::{
    AliasAddress, Content, EnumeratedParameter, GenericData, RasMessage, RequestSeqNum,
    ServiceControlIndication, ServiceControlReason, ServiceControlSession,
};
use crate::wire::presence::{
    PresenceAuthorize, PresenceElement, PresenceIdentifier, PresenceInstruct, PresenceInstruction,
    PresenceMessage, PresenceNotification, PresenceNotify, PresenceSubscription,
};
use codec::per::{self, BoundedList, FixedOctets, OctetString};

/// One entry of a message to an endpoint.
#[derive(Clone, Debug)]
pub(super) enum Item {
    Instruction(PresenceInstruction),
    Subscription(PresenceSubscription),
    Notification(PresenceNotification),
}

/// Why an entry is not told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Untold {
    /// There is no alias under which the endpoint could be shown who it is about.
    Unnamed,
    /// There is nothing to tell.
    Nothing,
}

impl Item {
    /// What an endpoint, addressed by its alias `own`, is told of an entry.
    pub fn of(entry: &Entry, own: &AliasAddress, reach: Reach, zone: &Zone) -> Result<Self, Untold> {
        match entry {
            Entry::Contact(contact) => {
                instruction(contact, zone).map(Self::Instruction).ok_or(Untold::Unnamed)
            }
            Entry::Request(request) => {
                let watcher = shown(&request.watcher, zone).ok_or(Untold::Unnamed)?;
                Ok(Self::Subscription(PresenceSubscription {
                    identifier: PresenceIdentifier {
                        guid: FixedOctets(request.id.0),
                        ..PresenceIdentifier::default()
                    },
                    subscribe: own.clone(),
                    aliases: vec![presence_alias(watcher, &request.card)],
                    ..PresenceSubscription::default()
                }))
            }
            Entry::State { contact, document } => Ok(Self::Notification(PresenceNotification {
                presentity: presentity(document, reach).ok_or(Untold::Nothing)?,
                alias_address: Some(shown(contact, zone).ok_or(Untold::Unnamed)?),
                ..PresenceNotification::default()
            })),
        }
    }

    /// Takes away what matters least; `false` when nothing is left to take.
    pub fn reduce(&mut self) -> bool {
        let alias = match self {
            Self::Notification(notification) => return reduce(&mut notification.presentity),
            Self::Subscription(subscription) => subscription.aliases.first_mut(),
            Self::Instruction(
                PresenceInstruction::Subscribe(alias)
                | PresenceInstruction::Unsubscribe(alias)
                | PresenceInstruction::Block(alias)
                | PresenceInstruction::Unblock(alias)
                | PresenceInstruction::Pending(alias),
            ) => Some(alias),
            Self::Instruction(PresenceInstruction::UnknownAlternative(_)) => None,
        };
        alias.is_some_and(|alias| {
            alias.avatar.take().is_some() || alias.category.take().is_some() || alias.display.take().is_some()
        })
    }
}

/// The element with these items, which are of one kind; `None` where it can't be encoded.
pub(super) fn element(own: &AliasAddress, items: &[Item]) -> Option<Vec<u8>> {
    let element = PresenceElement { message: vec![message(own, items)], ..PresenceElement::default() };
    per::encode(&element).ok()
}

/// The SCI with an element, in the form that deployed gatekeepers give it.
pub(super) fn indication(element: Vec<u8>, request_seq_num: RequestSeqNum) -> RasMessage {
    let raw = Content::Raw(OctetString(element));
    let parameter = EnumeratedParameter::new(Feature::Presence.parameter(ELEMENT), raw);
    let presence =
        GenericData { parameters: Some(BoundedList(vec![parameter])), ..Feature::Presence.advertised() };
    let session =
        ServiceControlSession { reason: ServiceControlReason::Refresh, ..ServiceControlSession::default() };
    let indication = ServiceControlIndication {
        request_seq_num,
        service_control: vec![session],
        generic_data: Some(vec![presence]),
        ..ServiceControlIndication::default()
    };
    RasMessage::ServiceControlIndication(indication.into())
}

/// An SCI has no more octets than this beside its element.
const ENVELOPE_MAX: usize = 64;

/// Whether the SCI with an element has at most so many octets. Nearly always that can be said without writing it.
pub(super) fn fits(element: &[u8], budget: usize) -> bool {
    if element.len() + ENVELOPE_MAX <= budget {
        return true;
    }
    let message = indication(element.to_vec(), RequestSeqNum::clamped(1));
    per::encode(&message).is_ok_and(|octets| octets.len() <= budget)
}

fn message(own: &AliasAddress, items: &[Item]) -> PresenceMessage {
    let alias = own.clone();
    let mut instructions = Vec::new();
    let mut subscriptions = Vec::new();
    let mut notifications = Vec::new();
    for item in items.iter().cloned() {
        match item {
            Item::Instruction(instruction) => instructions.push(instruction),
            Item::Subscription(subscription) => subscriptions.push(subscription),
            Item::Notification(notification) => notifications.push(notification),
        }
    }
    if !instructions.is_empty() {
        PresenceMessage::PresenceInstruct(PresenceInstruct {
            alias,
            instruction: instructions,
            ..PresenceInstruct::default()
        })
    } else if !subscriptions.is_empty() {
        PresenceMessage::PresenceAuthorize(PresenceAuthorize {
            alias,
            subscription: subscriptions,
            ..PresenceAuthorize::default()
        })
    } else {
        PresenceMessage::PresenceNotify(PresenceNotify {
            alias,
            notification: notifications,
            ..PresenceNotify::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_indication_adds_to_its_element_is_no_more_than_is_reckoned() {
        for octets in (1..300).chain(16_000..16_100) {
            let message = indication(vec![0xff; octets], RequestSeqNum::clamped(65_535));
            let whole = per::encode(&message).unwrap().len();
            assert!(whole <= octets + ENVELOPE_MAX, "{whole} octets for an element of {octets}");
        }
    }
}
