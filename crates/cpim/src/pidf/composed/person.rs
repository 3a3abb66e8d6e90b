//! The person of a composed document: what decides the state, and all else that was published.

use super::merged::{Merged, latest, newest_of_each};
use crate::namespaces::RPID;
use crate::pidf::tables::encode;
use crate::pidf::{Person, Presence, activity, tag};
use crate::time;
use crate::xml::{Element, Node};
use model::{Note, PresenceDocument, PresenceState};

/// The person of a document whose other parts are there already.
pub(super) fn person(document: &PresenceDocument, merged: &Merged<'_>, presence: &Presence) -> Person {
    let of_persons = merged.persons().map(|(state, person)| {
        let elements = person.elements.iter();
        elements.filter(|element| !says_state(element) || state == document.state).collect()
    });
    let mut elements = newest_of_each(of_persons);
    let deciding = document.deciding().and_then(|tuple| tuple.publication.as_deref());
    let deciding = deciding.filter(|_| document.state != PresenceState::Hidden);
    let qualifier = deciding.and_then(|publication| publication.qualifier.as_deref());
    let custom = deciding.map_or(&[][..], |publication| &publication.custom);
    add_activity(&mut elements, document.state, qualifier, custom);
    if encode(document.state).is_idle && !elements.iter().any(|element| element.is(RPID, "user-input")) {
        let idle = Element::new(RPID, "rpid", "user-input").with_text("idle");
        elements.push(match time::rfc3339(document.since) {
            Some(since) => idle.with_attribute("last-input", &since),
            None => idle,
        });
    }
    let location = merged.publications().find_map(|(_, publication)| publication.location.as_ref());
    elements.extend(location.and_then(tag::place));
    let published = merged.persons().next().map(|(_, person)| person);
    Person {
        id: published.map_or_else(|| "person".to_owned(), |person| person.id.clone()),
        elements,
        notes: notes(merged, presence),
        timestamp: latest(
            [Some(document.since)].into_iter().chain(merged.persons().map(|(_, person)| person.timestamp)),
        ),
        attributes: published.map(|person| person.attributes.clone()).unwrap_or_default(),
    }
}

/// Whether an element says a state, which holds only where its device decides.
fn says_state(element: &Element) -> bool {
    element.is(RPID, "activities") || element.is(RPID, "user-input")
}

/// Sees to it that the activity of the state is among those that were published.
fn add_activity(elements: &mut Vec<Element>, state: PresenceState, qualifier: Option<&str>, custom: &[Note]) {
    let name = activity(state, qualifier);
    let published = elements.iter_mut().find(|element| element.is(RPID, "activities"));
    if name.is_empty() || published.as_ref().is_some_and(|published| published.child(RPID, name).is_some()) {
        return;
    }
    let named = || Element::new(RPID, "rpid", name);
    let mut nodes: Vec<_> = custom
        .iter()
        .filter(|_| state == PresenceState::Custom)
        .map(|note| Node::Element(named().with_language(note.language.as_deref()).with_text(&note.text)))
        .collect();
    if nodes.is_empty() {
        nodes.push(Node::Element(named()));
    }
    match published {
        Some(published) => drop(published.nodes.splice(0..0, nodes)),
        None => elements.insert(0, Element { nodes, ..Element::new(RPID, "rpid", "activities") }),
    }
}

/// The notes for people, each once, and not those that stand elsewhere in the document.
fn notes(merged: &Merged<'_>, presence: &Presence) -> Vec<Note> {
    let mut notes: Vec<Note> = Vec::new();
    let in_tuples = || presence.tuples.iter().flat_map(|tuple| &tuple.notes);
    for note in merged.publications().flat_map(|(_, publication)| &publication.notes) {
        if !notes.contains(note) && !presence.notes.contains(note) && !in_tuples().any(|one| one == note) {
            notes.push(note.clone());
        }
    }
    notes
}
