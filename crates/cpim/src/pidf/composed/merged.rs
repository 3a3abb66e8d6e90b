//! What people published through their devices, together.

use crate::pidf::{Device, Person, Presence, Tuple, pieces};
use crate::xml::Element;
use model::{AgentId, PresenceDocument, PresenceState, PresenceTuple, Publication, Timestamp};
use std::collections::HashSet;

/// The documents that were published through the devices of one presentity, the newest first.
pub(super) struct Merged<'a> {
    documents: Vec<(&'a PresenceTuple, &'a Publication, Presence)>,
}

impl<'a> Merged<'a> {
    /// Of all devices but those that hide (F-03).
    pub(super) fn of(document: &'a PresenceDocument) -> Self {
        let hides = |state| state == PresenceState::Hidden;
        let tuples = document.tuples.iter().filter(|tuple| !hides(tuple.state) && !hides(document.state));
        let documents = tuples.filter_map(|tuple| {
            let publication = tuple.publication.as_deref()?;
            // What does not come together again was not taken apart here; the words of the model are left.
            let together = pieces::put_together(document.presentity.as_str(), &publication.extensions)
                .unwrap_or_default();
            Some((tuple, publication, together))
        });
        let mut documents: Vec<_> = documents.collect();
        documents.sort_by_key(|(tuple, publication, _)| (std::cmp::Reverse(publication.at), tuple.agent));
        Self { documents }
    }

    fn of_device(&self, agent: Option<AgentId>) -> Option<&Presence> {
        self.documents.iter().find(|(tuple, _, _)| tuple.agent == agent).map(|(_, _, document)| document)
    }

    /// The tuples that were published through a device.
    pub(super) fn tuples_of(&self, tuple: &PresenceTuple) -> &[Tuple] {
        self.of_device(tuple.agent).map_or(&[], |document| &document.tuples)
    }

    /// The devices that were published through one.
    pub(super) fn devices_of(&self, tuple: &PresenceTuple) -> &[Device] {
        self.of_device(tuple.agent).map_or(&[], |document| &document.devices)
    }

    /// The publications with the state of their tuples, the newest first.
    pub(super) fn publications(&self) -> impl Iterator<Item = (PresenceState, &Publication)> {
        self.documents.iter().map(|(tuple, publication, _)| (tuple.state, *publication))
    }

    /// The persons with the state of their tuples, the newest first.
    pub(super) fn persons(&self) -> impl Iterator<Item = (PresenceState, &Person)> {
        self.documents
            .iter()
            .flat_map(|(tuple, _, document)| document.persons.iter().map(|one| (tuple.state, one)))
    }

    /// Puts devices, notes and elements of the documents themselves into one, each once.
    pub(super) fn pour(&self, presence: &mut Presence) {
        for (_, _, document) in &self.documents {
            presence.devices.extend(document.devices.iter().cloned());
            add(&mut presence.notes, &document.notes);
            add(&mut presence.elements, &document.elements);
            add(&mut presence.attributes, &document.attributes);
        }
        // A tuple that was published for the same inbox says more than ours, but not whether the inbox takes messages.
        let uri = |tuple: &Tuple| tuple.contact.as_ref().map(|contact| contact.uri.clone());
        let Some(own) = presence.tuples.first().filter(|tuple| tuple.id == "im").cloned() else { return };
        let published = presence.tuples[1..].iter().position(|tuple| uri(tuple) == uri(&own));
        if let Some(index) = published {
            let published = presence.tuples.remove(index + 1);
            let mut status = own.status;
            status.retain(|element| {
                !published.status.iter().any(|one| one.is(&element.namespace, &element.local))
            });
            status.extend(published.status.iter().cloned());
            presence.tuples[0] = Tuple { basic: own.basic, status, ..published };
        }
    }
}

fn add<T: Clone + PartialEq>(to: &mut Vec<T>, from: &[T]) {
    for one in from {
        if !to.contains(one) {
            to.push(one.clone());
        }
    }
}

/// Elements of the newest that has those of a name.
pub(super) fn newest_of_each<'a>(of_persons: impl Iterator<Item = Vec<&'a Element>>) -> Vec<Element> {
    let mut elements: Vec<Element> = Vec::new();
    for of_person in of_persons {
        let known = elements.len();
        for element in of_person {
            if !elements[..known].iter().any(|newer| newer.is(&element.namespace, &element.local)) {
                elements.push(element.clone());
            }
        }
    }
    elements
}

/// Gives those another name whose name an earlier part has.
pub(super) fn make_unique(presence: &mut Presence) {
    let tuples = presence.tuples.iter_mut().map(|tuple| &mut tuple.id);
    let persons = presence.persons.iter_mut().map(|person| &mut person.id);
    let ids = tuples.chain(persons).chain(presence.devices.iter_mut().map(|device| &mut device.id));
    let mut seen = HashSet::new();
    for id in ids {
        let mut unique = id.clone();
        let mut number = 2;
        while !seen.insert(unique.clone()) {
            unique = format!("{id}-{number}");
            number += 1;
        }
        *id = unique;
    }
}

/// The last moment of some.
pub(super) fn latest(moments: impl Iterator<Item = Option<Timestamp>>) -> Option<Timestamp> {
    moments.flatten().max()
}
