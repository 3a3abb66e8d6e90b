//! Service discovery (XEP-0030) and capabilities (XEP-0115): what the domains, people and rooms here are and can do.

use super::search::{Looking, Searching, wanted};
use crate::gateway::{Avatar, Gateway};
use crate::wire::namespaces as ns;
use crate::wire::{Condition, Element, Jid, stanza};
use model::{Now, Strength};
use sha1::{Digest, Sha1};

/// What something is, and what it can do.
struct Description {
    /// Category, type and name.
    identity: (&'static str, &'static str, &'static str),
    /// In order.
    features: &'static [&'static str],
}

/// A domain whose people are on an H.323 network.
const DOMAIN: Description = Description {
    identity: ("gateway", "h323", "Herald"),
    features: &[
        ns::DISCO_INFO,
        ns::DISCO_ITEMS,
        ns::PAGES,
        ns::GATEWAY,
        ns::LAST,
        ns::COMMANDS,
        ns::SEARCH,
        ns::VERSION,
        ns::BLOCKING,
        ns::PING,
        ns::TIME,
        ns::VCARD,
    ],
};

/// A person or a room system, by its bare JID.
const ACCOUNT: Description = Description {
    identity: ("account", "registered", "Herald"),
    features: &[ns::DISCO_INFO, ns::DISCO_ITEMS, ns::PING, ns::VCARD],
};

/// A device.
const DEVICE: Description = Description {
    identity: ("client", "phone", "Herald"),
    features: &[
        ns::CAPS,
        ns::CHAT_STATES,
        ns::DISCO_INFO,
        ns::DISCO_ITEMS,
        ns::OOB,
        ns::VERSION,
        ns::MARKERS,
        ns::IDLE,
        ns::PING,
        ns::RECEIPTS,
        ns::TIME,
    ],
};

/// The domain of rooms.
const ROOMS: Description = Description {
    identity: ("conference", "text", "Rooms"),
    features: &[ns::DISCO_INFO, ns::DISCO_ITEMS, ns::MUC, ns::PAGES, ns::PING, ns::VERSION],
};

/// A room.
const ROOM: Description = Description {
    identity: ("conference", "text", "Room"),
    features: &[ns::DISCO_INFO, ns::DISCO_ITEMS, ns::MUC, "muc_nonanonymous", "muc_persistent", ns::PING],
};

/// The elements that tell the capabilities of a device, and of its picture (XEP-0153): without one clients need not ask.
#[must_use]
pub(in crate::gateway) fn capabilities(avatar: Option<&Avatar>) -> Vec<u8> {
    let element = Element::new("c", ns::CAPS)
        .with("hash", "sha-1")
        .with("node", ns::HERALD)
        .with("ver", verification(&DEVICE));
    let mut octets = Vec::new();
    element.write(&mut octets);
    let name = avatar.map(|avatar| Sha1::digest(&avatar.octets)).unwrap_or_default();
    let name: String = name.iter().filter(|_| avatar.is_some()).map(|octet| format!("{octet:02x}")).collect();
    let photo = Element::new("photo", ns::VCARD_UPDATE).with_text(&name);
    Element::new("x", ns::VCARD_UPDATE).with_child(photo).write(&mut octets);
    octets
}

/// The verification string (XEP-0115 section 5.1).
fn verification(description: &Description) -> String {
    let (category, kind, name) = description.identity;
    let mut features = description.features.to_vec();
    features.sort_unstable();
    let mut text = format!("{category}/{kind}//{name}<");
    for feature in features {
        text.push_str(feature);
        text.push('<');
    }
    crate::wire::base64::write(&Sha1::digest(text.as_bytes()))
}

impl Gateway {
    /// What something of here is.
    pub(super) fn describe(&mut self, stanza: &Element, to: &Jid, payload: &Element) {
        let is_room_domain = to.domain() == self.settings.rooms_domain.as_str();
        let is_domain = !is_room_domain && to.local().is_none();
        let description = match (is_room_domain, to.local(), to.resource()) {
            (true, None, _) => &ROOMS,
            (true, Some(_), _) => &ROOM,
            (false, None, _) => &DOMAIN,
            (false, Some(_), None) => &ACCOUNT,
            (false, Some(_), Some(_)) => &DEVICE,
        };
        let node = payload.attribute("node");
        let own = format!("{}#{}", ns::HERALD, verification(&DEVICE));
        if node.is_some_and(|node| node != own || to.resource().is_none()) {
            return self.refuse(stanza, Condition::ItemNotFound, None);
        }
        let (category, kind, name) = description.identity;
        let identity = Element::new("identity", ns::DISCO_INFO)
            .with("category", category)
            .with("type", kind)
            .with("name", name);
        let feature = |feature: &&str| Element::new("feature", ns::DISCO_INFO).with("var", *feature);
        let query = Element::new("query", ns::DISCO_INFO)
            .with_some("node", node)
            .with_child(identity)
            .with_children(description.features.iter().map(feature))
            .with_children(self.outages().filter(|_| is_domain));
        self.answer(&stanza::result(stanza, Some(query)));
    }

    /// Where it is told what is out of order (XEP-0455 section 2.1).
    fn outages(&self) -> Option<Element> {
        let value = |text: &str| Element::new("value", ns::FORMS).with_text(text);
        let field =
            |name: &str, kind: &str| Element::new("field", ns::FORMS).with("var", name).with("type", kind);
        let addresses = &self.settings.outage_addresses;
        let form = Element::new("x", ns::FORMS)
            .with("type", "result")
            .with_child(field("FORM_TYPE", "hidden").with_child(value("urn:xmpp:sos:0")))
            .with_child(
                field("external-status-addresses", "list-multi")
                    .with_children(addresses.iter().map(|address| value(address))),
            );
        Some(form).filter(|_| !addresses.is_empty())
    }

    /// What a domain of here has.
    pub(super) fn list_items(
        &mut self,
        now: Now,
        stanza: &Element,
        from: &Jid,
        to: &Jid,
        payload: &Element,
        strength: Strength,
    ) {
        let is_room_domain = to.domain() == self.settings.rooms_domain.as_str();
        if payload.attribute("node") == Some(ns::COMMANDS) && to.local().is_none() && !is_room_domain {
            let items = Element::new("query", ns::DISCO_ITEMS).with("node", ns::COMMANDS);
            let items = items.with_children(super::commands::items(to));
            return self.answer(&stanza::result(stanza, Some(items)));
        }
        if payload.attribute("node").is_some() || to.local().is_some() {
            let empty = Element::new("query", ns::DISCO_ITEMS).with_some("node", payload.attribute("node"));
            return self.answer(&stanza::result(stanza, Some(empty)));
        }
        let is_person = from.local().is_some();
        if !is_person {
            // A server looks at what is there, and has nobody to watch for.
            let rooms =
                Element::new("item", ns::DISCO_ITEMS).with("jid", self.settings.rooms_domain.as_str());
            let items =
                Element::new("query", ns::DISCO_ITEMS).with_children((!is_room_domain).then_some(rooms));
            return self.answer(&stanza::result(stanza, Some(items)));
        }
        let (limit, after) = wanted(stanza);
        let stanza = stanza.clone();
        let what = if is_room_domain { Searching::Rooms { stanza } } else { Searching::Items { stanza } };
        self.look(now, from, strength, what, Looking { text: String::new(), after, limit });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verification_string_is_that_of_the_specification() {
        // XEP-0115 section 5.2, the example without a form.
        let exodus = Description {
            identity: ("client", "pc", "Exodus 0.9.1"),
            features: &[
                "http://jabber.org/protocol/caps",
                "http://jabber.org/protocol/disco#info",
                "http://jabber.org/protocol/disco#items",
                "http://jabber.org/protocol/muc",
            ],
        };
        assert_eq!(verification(&exodus), "QgayPKawpkPSDYmwT/WM94uAlu0=");
    }
}
