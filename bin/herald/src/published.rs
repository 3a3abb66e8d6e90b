//! What people published of themselves, in words.

use model::{Capability, ExtensionKind, Location, Note, Publication};
use server::control::PresenceView;
use std::fmt::Write;

/// What the person published, in one line: from the device that decides the state, or else the first that says anything;
/// empty where nobody does.
pub fn said(presence: &PresenceView) -> String {
    let of_state = presence.devices.iter().filter(|device| device.state == presence.state);
    let others = presence.devices.iter().filter(|device| device.state != presence.state);
    let publications = of_state.chain(others).filter_map(|device| device.publication.as_deref());
    publications.map(brief).find(|words| !words.is_empty()).unwrap_or_default()
}

/// `"back at two" (en)  in Room 4  [audio, video]`
fn brief(publication: &Publication) -> String {
    let place = publication.location.as_ref().map(location).filter(|place| !place.is_empty());
    let features = Some(features(publication)).filter(|features| !features.is_empty());
    let parts = [
        Some(words(publication)).filter(|words| !words.is_empty()),
        place.map(|place| format!("in {place}")),
        features.map(|features| format!("[{features}]")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("  ")
}

/// What a device published, a line for each thing.
pub fn lines(publication: &Publication) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        if !value.is_empty() {
            // Writing to a string can't fail.
            let _ = writeln!(text, "    {name:9} {value}");
        }
    };
    line("says", words(publication));
    line("state", publication.qualifier.as_deref().map(printable).unwrap_or_default());
    line("features", features(publication));
    line("location", publication.location.as_ref().map(location).unwrap_or_default());
    line("kept", kept(publication));
    text
}

/// `"back at two" (en), "um zwei zurück" (de)`
fn words(publication: &Publication) -> String {
    let notes = publication.custom.iter().chain(&publication.notes);
    notes.filter(|note| !note.text.is_empty()).map(note).collect::<Vec<_>>().join(", ")
}

fn note(note: &Note) -> String {
    let Note { language, text } = note;
    match language {
        Some(language) => format!("{text:?} ({language})"),
        None => format!("{text:?}"),
    }
}

fn features(publication: &Publication) -> String {
    let capabilities = publication.capabilities.iter().flatten().map(capability);
    capabilities.collect::<Vec<_>>().join(", ")
}

fn capability(capability: &Capability) -> String {
    match capability {
        Capability::Audio => "audio".to_owned(),
        Capability::Video => "video".to_owned(),
        Capability::Data => "data".to_owned(),
        Capability::ExtendedVideo => "extended video".to_owned(),
        Capability::Other { identifier, text } => printable(text.as_ref().unwrap_or(identifier)),
    }
}

/// `4 pieces of a presence document: 1 contact, 3 other`
fn kept(publication: &Publication) -> String {
    use ExtensionKind::{Activity, Capability, Contact, Location, Other};
    let count = |kind| publication.extensions.iter().filter(|extension| extension.kind == kind).count();
    let names = [
        (Contact, "contact"),
        (Activity, "activity"),
        (Capability, "capability"),
        (Location, "location"),
        (Other, "other"),
    ];
    let counted = names.map(|(kind, name)| (count(kind), name)).into_iter().filter(|(count, _)| *count > 0);
    let counted: Vec<_> = counted.map(|(count, name)| format!("{count} {name}")).collect();
    match publication.extensions.len() {
        0 => String::new(),
        pieces => format!("{pieces} pieces of a presence document: {}", counted.join(", ")),
    }
}

fn location(location: &Location) -> String {
    let Location { locale, region, country, country_code, latitude, longitude, elevation } = location;
    let place = [locale, region, country, country_code].into_iter().flatten().cloned();
    let point = match (latitude, longitude) {
        (Some(latitude), Some(longitude)) => Some(format!("{latitude} {longitude}")),
        (one, other) => one.as_ref().or(other.as_ref()).cloned(),
    };
    let all = place.chain(point).chain(elevation.clone()).filter(|part| !part.is_empty());
    all.map(|part| printable(&part)).collect::<Vec<_>>().join(", ")
}

/// A text without what a terminal would obey.
fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Extension, ExtensionPlace, PresenceState, Timestamp};

    #[test]
    fn everything_that_was_published_is_shown_and_nothing_else() {
        let mut publication = Publication {
            state: PresenceState::Online,
            qualifier: None,
            custom: Vec::new(),
            notes: vec![
                Note { language: Some("en".into()), text: "back at two".into() },
                Note { language: None, text: "\u{1b}[2J".into() },
            ],
            capabilities: Some(vec![Capability::Audio, Capability::ExtendedVideo]),
            location: Some(Location {
                locale: Some("Room\u{7} 4".into()),
                latitude: Some("48.1".into()),
                longitude: Some("11.6".into()),
                ..Location::default()
            }),
            extensions: Box::default(),
            at: Timestamp(0),
        };
        assert_eq!(
            lines(&publication),
            "    says      \"back at two\" (en), \"\\u{1b}[2J\"\n    features  audio, extended video\n    \
             location  Room\u{fffd} 4, 48.1 11.6\n"
        );
        assert_eq!(
            brief(&publication),
            "\"back at two\" (en), \"\\u{1b}[2J\"  in Room\u{fffd} 4, 48.1 11.6  [audio, extended video]"
        );
        let extension = |kind| Extension { place: ExtensionPlace::Presence, kind, element: "<a></a>".into() };
        let kinds = [ExtensionKind::Other, ExtensionKind::Contact, ExtensionKind::Other];
        let with = Publication { extensions: kinds.map(extension).into(), ..publication.clone() };
        assert!(
            lines(&with).ends_with("    kept      3 pieces of a presence document: 1 contact, 2 other\n")
        );
        publication = Publication { notes: Vec::new(), capabilities: None, location: None, ..publication };
        assert_eq!((lines(&publication), brief(&publication)), (String::new(), String::new()));
    }
}
