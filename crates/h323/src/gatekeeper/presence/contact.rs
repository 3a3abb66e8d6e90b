//! Contacts and requests of a contact list, between the wire and the canonical model.

use super::presentity::{ascii, bounded, capability, display, feature, note};
use crate::alias::{Alias, Zone, canonical};
use crate::gatekeeper::naming::shown;
use crate::wire::h225::AliasAddress;
use crate::wire::presence::{PresenceAlias, PresenceInstruction};
use model::{Contact, ContactCard, ContactStatus, NamedAddress};

/// A contact that an endpoint writes; `None` where the alias stands for no address.
pub(super) fn named(alias: &AliasAddress, zone: &Zone) -> Option<NamedAddress> {
    let alias = Alias::from_wire(alias)?;
    let address = canonical(&alias, zone).ok()?;
    Some(NamedAddress { address, kind: alias.kind().to_owned(), original: alias.text() })
}

/// What an endpoint notes on a contact.
pub(super) fn card(alias: &PresenceAlias) -> ContactCard {
    ContactCard {
        display: alias.display.as_ref().and_then(note),
        avatar: alias.avatar.as_ref().and_then(bounded),
        category: alias.category.as_ref().and_then(capability),
    }
}

/// Somebody with what is noted on him.
pub(super) fn presence_alias(alias: AliasAddress, card: &ContactCard) -> PresenceAlias {
    PresenceAlias {
        alias,
        display: card.display.as_ref().and_then(display),
        avatar: card.avatar.as_deref().and_then(ascii),
        category: card.category.as_ref().and_then(feature),
        ..PresenceAlias::default()
    }
}

/// An entry of a contact list as an endpoint is told of it; `None` where it can't be shown.
pub(super) fn instruction(contact: &Contact, zone: &Zone) -> Option<PresenceInstruction> {
    let alias = presence_alias(shown(&contact.name, zone)?, &contact.card);
    Some(match contact.status {
        ContactStatus::Subscribed => PresenceInstruction::Subscribe(alias),
        ContactStatus::Pending => PresenceInstruction::Pending(alias),
        ContactStatus::Blocked => PresenceInstruction::Block(alias),
        ContactStatus::Removed => PresenceInstruction::Unsubscribe(alias),
        ContactStatus::Unblocked => PresenceInstruction::Unblock(alias),
    })
}
