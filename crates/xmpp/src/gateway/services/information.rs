//! Plain facts: version, time, uptime, cards, and the name that goes with an address (XEP-0092, 0202, 0012, 0054, 0100).

use super::search::{Looking, Searching};
use crate::gateway::Gateway;
use crate::wire::namespaces as ns;
use crate::wire::{Condition, Element, Jid, stanza, time as moment};
use model::{Address, Listing, Now, Strength};

/// What runs here.
pub(super) fn version() -> Element {
    let part = |name: &str, text: &str| Element::new(name, ns::VERSION).with_text(text);
    Element::new("query", ns::VERSION)
        .with_child(part("name", "Herald"))
        .with_child(part("version", env!("CARGO_PKG_VERSION")))
}

/// What time it is here.
pub(super) fn time(now: Now) -> Element {
    let part = |name: &str, text: &str| Element::new(name, ns::TIME).with_text(text);
    Element::new("time", ns::TIME)
        .with_child(part("tzo", "+00:00"))
        .with_child(part("utc", &moment::write(now.wall)))
}

impl Gateway {
    /// For how long a domain has been served.
    pub(super) fn tell_uptime(&mut self, now: Now, stanza: &Element, to: &Jid) {
        if to.local().is_some() {
            // Since when somebody is away is for those who watch it.
            return self.refuse(stanza, Condition::Forbidden, None);
        }
        let started = *self.started_at.get_or_insert(now.instant);
        let seconds = now.instant.since(started).0 / 1000;
        let query = Element::new("query", ns::LAST).with("seconds", seconds.to_string());
        self.answer(&stanza::result(stanza, Some(query)));
    }

    /// The card of somebody of here: what people call it.
    pub(super) fn look_up_card(
        &mut self,
        now: Now,
        stanza: &Element,
        from: &Jid,
        to: &Jid,
        strength: Strength,
    ) {
        let Some(Ok(address)) = to.address() else {
            let name = Element::new("FN", ns::VCARD).with_text("Herald");
            let card = Element::new("vCard", ns::VCARD).with_child(name);
            return self.answer(&stanza::result(stanza, Some(card)));
        };
        let looking = Looking { text: address.local().to_owned(), after: None, limit: LOOKED_AT_MAX };
        self.look(now, from, strength, Searching::Card { stanza: stanza.clone(), address }, looking);
    }

    /// Tells the card of somebody who was looked for.
    pub(super) fn tell_card(&mut self, stanza: &Element, address: &Address, found: &[Listing]) {
        let Some(listing) = found.iter().find(|listing| listing.name.address == *address) else {
            return self.refuse(stanza, Condition::ItemNotFound, None);
        };
        let part = |name: &str, text: &str| Element::new(name, ns::VCARD).with_text(text);
        let card = Element::new("vCard", ns::VCARD)
            .with_child(part("FN", &listing.name.original))
            .with_child(part("NICKNAME", &listing.name.original))
            .with_child(part("JABBERID", Jid::of(address).as_str()))
            .with_children(self.settings.avatar.as_ref().map(|avatar| {
                Element::new("PHOTO", ns::VCARD)
                    .with_child(part("TYPE", &avatar.media_type))
                    .with_child(part("BINVAL", &crate::wire::base64::write(&avatar.octets)))
            }));
        self.answer(&stanza::result(stanza, Some(card)));
    }

    /// The JID of a name as people here write it (XEP-0100 section 6).
    pub(super) fn translate(&mut self, stanza: &Element, to: &Jid, payload: &Element) {
        let part = |name: &str, text: &str| Element::new(name, ns::GATEWAY).with_text(text);
        let query = Element::new("query", ns::GATEWAY);
        let Some(prompt) = payload.child("prompt", ns::GATEWAY) else {
            let asked = query
                .with_child(part(
                    "desc",
                    "Enter the name or the number of a room or person of this H.323 network.",
                ))
                .with_child(part("prompt", "Name"));
            return self.answer(&stanza::result(stanza, Some(asked)));
        };
        let domain = &self.settings.domain;
        let text = prompt.text();
        let (local, at) = text.rsplit_once('@').unwrap_or((&text, domain.as_str()));
        let address = (at == domain.as_str() && to.local().is_none()).then(|| Address::new(local, domain));
        match address {
            Some(Ok(address)) => {
                let jid = Jid::of(&address);
                let query =
                    query.with_child(part("jid", jid.as_str())).with_child(part("prompt", jid.as_str()));
                self.answer(&stanza::result(stanza, Some(query)));
            }
            _ => self.refuse(stanza, Condition::NotAcceptable, None),
        }
    }
}

/// The most names that are looked at for a card.
const LOOKED_AT_MAX: usize = 50;
