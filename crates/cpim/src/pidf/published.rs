//! From a presence document that somebody published to the words of `model`.

use super::rpid::{Reading, read};
use super::tables::{Said, decode, encode};
use super::{Presence, Tuple, pieces, tag};
use crate::namespaces::{HERALD, JABBER};
use crate::xml::Element;
use model::{
    Basic, Capability, EXTENSIONS_MAX, EXTENSIONS_OCTETS_MAX, Extension, Location, Note, PresenceState,
    Publication, Timestamp,
};

/// Why a document can't be published.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PublicationError {
    /// It says more than is kept for one publication.
    #[error(
        "it has {octets} octets in {pieces} pieces; {EXTENSIONS_OCTETS_MAX} octets in {EXTENSIONS_MAX} pieces are kept"
    )]
    TooLarge {
        /// How many octets.
        octets: usize,
        /// In how many pieces.
        pieces: usize,
    },
}

/// What a document says, for the engine: its state by the tables, notes, capabilities and place in our words, and the whole
/// of it in pieces.
///
/// Activities count that hold at the moment `at`, when it was published. Nothing is lost: [`compose`](super::compose)
/// writes what this keeps.
///
/// # Errors
/// [`PublicationError::TooLarge`].
pub fn publication(presence: &Presence, at: Timestamp) -> Result<Publication, PublicationError> {
    let understood: Vec<_> = presence.tuples.iter().filter(|tuple| !tuple.is_beyond_us).collect();
    let (state, qualifier) = state(presence, &understood, at);
    let extensions = pieces::take_apart(&without_ours(presence));
    let octets = extensions.iter().map(Extension::octets).sum();
    if octets > EXTENSIONS_OCTETS_MAX || extensions.len() > EXTENSIONS_MAX {
        return Err(PublicationError::TooLarge { octets, pieces: extensions.len() });
    }
    let (notes, custom) = notes(presence, state);
    Ok(Publication {
        state,
        qualifier,
        custom,
        notes,
        capabilities: capabilities(presence),
        location: location(presence),
        extensions: extensions.into(),
        at,
    })
}

/// The document without what Herald writes of itself whenever it writes one: its own elements, and the notes of persons.
fn without_ours(presence: &Presence) -> Presence {
    let mut presence = presence.clone();
    let keep = |elements: &mut Vec<Element>| elements.retain(|element| &*element.namespace != HERALD);
    keep(&mut presence.elements);
    for tuple in &mut presence.tuples {
        keep(&mut tuple.elements);
        keep(&mut tuple.status);
    }
    for person in &mut presence.persons {
        keep(&mut person.elements);
        person.notes.clear();
    }
    for device in &mut presence.devices {
        keep(&mut device.elements);
    }
    presence
}

/// Everything that is said of the person, in persons and, as older documents have it, in tuples.
fn of_person<'a>(presence: &'a Presence, tuples: &'a [&Tuple]) -> impl Iterator<Item = &'a Element> {
    let persons = presence.persons.iter().flat_map(|person| &person.elements);
    persons.chain(tuples.iter().flat_map(|tuple| tuple.elements.iter().chain(&tuple.status)))
}

fn state(presence: &Presence, tuples: &[&Tuple], at: Timestamp) -> (PresenceState, Option<String>) {
    if presence.tuples.is_empty() && presence.persons.is_empty() {
        return (PresenceState::Unknown, None);
    }
    let readings: Vec<_> = of_person(presence, tuples).filter_map(read).collect();
    let activities: Vec<&str> = readings
        .iter()
        .filter_map(|reading| match reading {
            Reading::Activities { span, activities, .. } if span.holds(at) => Some(activities),
            _ => None,
        })
        .flatten()
        .map(|activity| activity.name.as_str())
        .collect();
    let show = shown(tuples, |element| element.is(JABBER, "show").then(|| element.text().trim().to_owned()));
    let show = show.unwrap_or_default();
    let said = Said {
        activities: &activities,
        show: &show,
        is_idle: readings.iter().any(|reading| matches!(reading, Reading::UserInput { is_idle: true, .. })),
        is_automata: tuples.iter().any(|tuple| !is_im(tuple) && has(tuple, "automata")),
        is_closed: !tuples.is_empty() && tuples.iter().all(|tuple| tuple.basic == Some(Basic::Closed)),
    };
    let decoded = decode(said);
    // The tag makes finer what the document says; where it says something else it was changed on the way.
    let tag = shown(tuples, tag::read_state);
    tag.filter(|(tagged, qualifier)| agrees(*tagged, qualifier.as_deref(), &said)).unwrap_or(decoded)
}

/// Whether a state would be written as what is said.
fn agrees(state: PresenceState, qualifier: Option<&str>, said: &Said<'_>) -> bool {
    let (encoded, activity) = (encode(state), super::activity(state, qualifier));
    // Who hides says it to nobody by this document (a.4, rule 6).
    !matches!(state, PresenceState::Hidden | PresenceState::Unknown)
        && said.is_closed == (state == PresenceState::Offline)
        && (said.is_closed
            || (encoded.show == said.show
                && encoded.is_idle == said.is_idle
                && encoded.is_automata == said.is_automata
                && if activity.is_empty() {
                    said.activities.is_empty()
                } else {
                    said.activities.contains(&activity)
                }))
}

/// What the status of the tuple for messages holds, or else that of the first that does.
fn shown<T>(tuples: &[&Tuple], pick: impl Fn(&Element) -> Option<T>) -> Option<T> {
    let (im, others): (Vec<&Tuple>, Vec<&Tuple>) = tuples.iter().copied().partition(|tuple| is_im(tuple));
    im.into_iter().chain(others).flat_map(|tuple| &tuple.status).find_map(pick)
}

/// Whether a tuple leads to an inbox.
pub(super) fn is_im(tuple: &Tuple) -> bool {
    let scheme = tuple.contact.as_ref().and_then(|contact| contact.uri.split_once(':'));
    scheme.is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("im"))
}

fn has(tuple: &Tuple, capability: &str) -> bool {
    tuple.elements.iter().filter_map(read).any(|reading| match reading {
        Reading::Capabilities { has, .. } => has.iter().any(|has| has == capability),
        _ => false,
    })
}

/// The notes for people, and the words of a state that is only words.
fn notes(presence: &Presence, state: PresenceState) -> (Vec<Note>, Vec<Note>) {
    let persons: Vec<_> = presence.persons.iter().flat_map(|person| person.notes.iter().cloned()).collect();
    let notes = if !persons.is_empty() {
        persons
    } else if !presence.notes.is_empty() {
        presence.notes.clone()
    } else {
        presence
            .tuples
            .iter()
            .map(|tuple| &tuple.notes)
            .find(|notes| !notes.is_empty())
            .cloned()
            .unwrap_or_default()
    };
    let activities = presence.persons.iter().flat_map(|person| &person.elements).filter_map(read);
    let custom = activities.filter_map(|reading| match reading {
        Reading::Activities { activities, .. } if state == PresenceState::Custom => Some(activities),
        _ => None,
    });
    (
        notes,
        custom
            .flatten()
            .filter(|activity| activity.name == "other")
            .filter_map(|activity| activity.text)
            .collect(),
    )
}

/// What services and devices can do; `None` where the document does not say.
fn capabilities(presence: &Presence) -> Option<Vec<Capability>> {
    let tuples = presence.tuples.iter().flat_map(|tuple| &tuple.elements);
    let elements: Vec<_> =
        tuples.chain(presence.devices.iter().flat_map(|device| &device.elements)).collect();
    let mut found: Option<Vec<Capability>> = None;
    for element in elements {
        if let Some(Reading::Capabilities { has, .. }) = read(element) {
            let listed = found.get_or_insert_default();
            let media =
                [("audio", Capability::Audio), ("video", Capability::Video), ("data", Capability::Data)];
            for (_, capability) in media.into_iter().filter(|(name, _)| has.iter().any(|has| has == name)) {
                if !listed.contains(&capability) {
                    listed.push(capability);
                }
            }
        }
        for capability in element.elements().filter_map(tag::read_feature) {
            let listed = found.get_or_insert_default();
            if !listed.contains(&capability) {
                listed.push(capability);
            }
        }
    }
    found
}

fn location(presence: &Presence) -> Option<Location> {
    presence.persons.iter().flat_map(|person| &person.elements).find_map(tag::read_place)
}
