//! From a document of the engine to a presence document as watchers of other networks read it (interworking a.1, a.2).

mod merged;
mod person;

use super::tables::encode;
use super::{Contact, Device, Presence, Tuple, tag};
use crate::namespaces::{CAPS, DATA_MODEL, JABBER};
use crate::xml::Element;
use merged::Merged;
use model::address::im_pres;
use model::{
    Address, AgentId, Basic, Capability, PresenceDocument, PresenceState, PresenceTuple, Publication,
    Timestamp,
};
use std::collections::HashMap;

/// What becomes of a message to somebody.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Inbox {
    /// There is none.
    Absent,
    /// It is delivered while a device is there, and refused else.
    #[default]
    Delivering,
    /// It is kept until somebody is there, and the domain counts that as open.
    Storing,
}

/// An address by which a device can be called.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DeviceContact {
    /// Which device; `None`: whichever is there, shown where none is.
    pub agent: Option<AgentId>,
    /// A URI, `h323:` or `tel:`.
    pub uri: String,
    /// How much it is preferred, in thousandths.
    pub priority: Option<u16>,
    /// Whether it takes a second call.
    pub takes_second_call: bool,
}

/// Writes a document of the engine as a presence document.
///
/// A tuple for messages where there is an inbox, one for each address of each device, the person with activities and notes,
/// the devices with what they can do; and all that people published, where it stood. `<basic>` follows from who can be
/// reached, never from an activity (C-27). The words for people in which the engine says why are not written: they name
/// others.
pub fn compose(document: &PresenceDocument, inbox: Inbox, contacts: &[DeviceContact]) -> Presence {
    let address = &document.presentity;
    let mut presence = Presence { entity: uri("pres", address), ..Presence::default() };
    let merged = Merged::of(document);
    if document.state != PresenceState::Unknown {
        presence.tuples.extend(im_tuple(document, inbox));
        for tuple in document.tuples.iter().filter(|tuple| tuple.state != PresenceState::Unknown) {
            match merged.tuples_of(tuple) {
                [] => presence.tuples.extend(call_tuples(document, tuple, contacts)),
                tuples => presence.tuples.extend(tuples.iter().map(|one| as_reachable(one, tuple))),
            }
        }
    }
    let without_device = document.tuples.iter().filter(|tuple| merged.devices_of(tuple).is_empty());
    presence.devices.extend(without_device.filter_map(|tuple| device(address, tuple)));
    merged.pour(&mut presence);
    presence.persons.push(person::person(document, &merged, &presence));
    merged::make_unique(&mut presence);
    let last = presence.tuples.iter().filter_map(|tuple| tuple.timestamp).max();
    if let Some(person) = presence.persons.first_mut() {
        person.timestamp = person.timestamp.max(last);
    }
    presence
}

impl Presence {
    /// Moves timestamps that are before those of the same part in an earlier document, so that they never go back (C-24).
    pub fn follow(&mut self, before: &Self) {
        let tuples = self.tuples.iter_mut().map(|tuple| (&tuple.id, &mut tuple.timestamp));
        raise(tuples, before.tuples.iter().map(|tuple| (&tuple.id, tuple.timestamp)).collect());
        let persons = self.persons.iter_mut().map(|person| (&person.id, &mut person.timestamp));
        raise(persons, before.persons.iter().map(|person| (&person.id, person.timestamp)).collect());
        let devices = self.devices.iter_mut().map(|device| (&device.id, &mut device.timestamp));
        raise(devices, before.devices.iter().map(|device| (&device.id, device.timestamp)).collect());
    }
}

fn raise<'a>(
    parts: impl Iterator<Item = (&'a String, &'a mut Option<Timestamp>)>,
    before: HashMap<&String, Option<Timestamp>>,
) {
    for (id, timestamp) in parts {
        *timestamp = (*timestamp).max(before.get(id).copied().flatten());
    }
}

/// An address as a URI of a scheme whose local parts are those of `im:` and `pres:`.
fn uri(scheme: &str, address: &Address) -> String {
    format!("{scheme}:{}@{}", im_pres::escape(address.local()), address.domain())
}

/// The tuple for messages, which shows the composed state.
fn im_tuple(document: &PresenceDocument, inbox: Inbox) -> Option<Tuple> {
    let is_there = document.tuples.iter().any(|tuple| tuple.basic == Basic::Open);
    let basic = match inbox {
        Inbox::Absent => return None,
        Inbox::Storing => Basic::Open,
        Inbox::Delivering if is_there => Basic::Open,
        Inbox::Delivering => Basic::Closed,
    };
    let qualifier = document.deciding().and_then(|tuple| tuple.publication.as_deref()?.qualifier.as_deref());
    Some(Tuple {
        id: "im".to_owned(),
        basic: Some(basic),
        status: shown(document.state, qualifier),
        contact: Some(Contact { uri: uri("im", &document.presentity), ..Contact::default() }),
        timestamp: Some(document.since),
        ..Tuple::default()
    })
}

/// `show` and the state tag; who hides is offline (a.4, rule 6).
fn shown(state: PresenceState, qualifier: Option<&str>) -> Vec<Element> {
    let (state, qualifier) = match state {
        PresenceState::Hidden => (PresenceState::Offline, None),
        state => (state, qualifier),
    };
    let show = Some(encode(state).show).filter(|show| !show.is_empty());
    let show = show.map(|show| Element::new(JABBER, "jabber", "show").with_text(show));
    show.into_iter().chain([tag::state(state, qualifier)]).collect()
}

/// The tuples for calls of a device that published none: one for each of its addresses.
fn call_tuples(document: &PresenceDocument, tuple: &PresenceTuple, contacts: &[DeviceContact]) -> Vec<Tuple> {
    let own = |contact: &&DeviceContact| contact.agent == tuple.agent;
    let mut of_device: Vec<_> = contacts.iter().filter(own).collect();
    if of_device.is_empty() {
        of_device = contacts.iter().filter(|contact| contact.agent.is_none()).collect();
    }
    let name = tuple.agent.map_or_else(|| "ID-none".to_owned(), |agent| format!("ID-{agent}"));
    let in_call = matches!(tuple.state, PresenceState::OnCall | PresenceState::Meeting);
    let publication = said(tuple);
    let with = |id: String, contact: Option<&DeviceContact>| {
        let takes_call = !in_call || contact.is_none_or(|contact| contact.takes_second_call);
        let qualifier = publication.and_then(|publication| publication.qualifier.as_deref());
        let device = tuple.agent.map(|agent| {
            let id = device_urn(&document.presentity, agent);
            Element::new(DATA_MODEL, "dm", "deviceID").with_text(&id)
        });
        Tuple {
            id,
            basic: Some(if takes_call { tuple.basic } else { Basic::Closed }),
            status: shown(tuple.state, qualifier),
            contact: contact.map(|contact| Contact {
                uri: contact.uri.clone(),
                priority: contact.priority,
                attributes: Vec::new(),
            }),
            elements: capabilities(tuple).into_iter().chain(device).collect(),
            timestamp: Some(tuple.since),
            ..Tuple::default()
        }
    };
    match of_device.len() {
        0 => vec![with(name, None)],
        1 => vec![with(name, Some(of_device[0]))],
        // Named by the address, so that the name stays when others come and go.
        _ => of_device
            .iter()
            .map(|one| with(format!("{name}-{:08x}", digest(&one.uri) >> 32), Some(one)))
            .collect(),
    }
}

/// What was published through a device; of one that hides nothing is said (F-03).
fn said(tuple: &PresenceTuple) -> Option<&Publication> {
    tuple.publication.as_deref().filter(|_| tuple.state != PresenceState::Hidden)
}

/// What a device can do (RFC 5196), and whether a machine answers; `None` where neither is known.
fn capabilities(tuple: &PresenceTuple) -> Option<Element> {
    let is_automata = encode(tuple.state).is_automata;
    let listed = said(tuple).and_then(|publication| publication.capabilities.as_deref());
    if listed.is_none() && !is_automata {
        return None;
    }
    let said = |local: &str, is_so: bool| {
        Element::new(CAPS, "caps", local).with_text(if is_so { "true" } else { "false" })
    };
    let mut element = Element::new(CAPS, "caps", "servcaps");
    if is_automata {
        element = element.with(said("automata", true));
    }
    if let Some(listed) = listed {
        let media = [("audio", Capability::Audio), ("data", Capability::Data), ("video", Capability::Video)];
        element = media
            .iter()
            .fold(element, |element, (name, medium)| element.with(said(name, listed.contains(medium))));
        element = listed.iter().filter_map(tag::feature).fold(element, Element::with);
    }
    Some(element)
}

/// A published tuple as the device is: closed where that can't be reached.
fn as_reachable(tuple: &Tuple, device: &PresenceTuple) -> Tuple {
    let basic = if device.basic == Basic::Closed { tuple.basic.map(|_| Basic::Closed) } else { tuple.basic };
    Tuple { basic, ..tuple.clone() }
}

/// The device of a tuple.
fn device(address: &Address, tuple: &PresenceTuple) -> Option<Device> {
    let agent = tuple.agent?;
    Some(Device {
        id: format!("DEV-{agent}"),
        device_id: Some(device_urn(address, agent)),
        timestamp: Some(tuple.since),
        ..Device::default()
    })
}

/// The URN of a device: the same as long as its gateway knows it by its number. A UUID of version 8 (RFC 9562), which tells
/// neither number nor address.
fn device_urn(address: &Address, agent: AgentId) -> String {
    let (one, other) = (digest(&format!("{address}/{agent}")), digest(&format!("{agent}/{address}")));
    let (one, other) = ((one & !0xf000) | 0x8000, (other & (u64::MAX >> 2)) | (1 << 63));
    let (high, middle, low) = (one >> 32, (one >> 16) & 0xffff, one & 0xffff);
    format!(
        "urn:uuid:{high:08x}-{middle:04x}-{low:04x}-{:04x}-{:012x}",
        other >> 48,
        other & 0xffff_ffff_ffff
    )
}

/// FNV-1a: names that are the same in every run; nothing depends on its being hard to turn.
fn digest(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, octet| (hash ^ u64::from(octet)).wrapping_mul(0x0100_0000_01b3))
}
