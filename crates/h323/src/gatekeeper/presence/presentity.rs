//! What people publish of themselves, between the wire and the canonical model.

use super::state;
use crate::wire::feature::Feature;
use crate::wire::h225::{Content, EnumeratedParameter, GenericData, GenericIdentifier};
use crate::wire::presence::{
    PresenceDisplay, PresenceFeature, PresenceFeatureGeneric, PresenceGeoLocation, PresenceState as Native,
    Presentity,
};
use codec::per::{BmpString, BoundedList, ExtensibleInteger, FixedOctets, Ia5String};
use model::{Capability, Location, Note, PresenceDocument, PresenceState, Publication, Timestamp};

/// The most notes and capabilities of one publication, taken and written.
const NOTES_MAX: usize = 10;
const CAPABILITIES_MAX: usize = 32;

/// The most characters of a text that has no limit on the wire: part of a location, picture, feature, qualifier.
pub(super) const TEXT_CHARS_MAX: usize = 512;

/// The most characters of a language tag.
const LANGUAGE_CHARS_MAX: usize = 35;

/// The most UTF-16 units of a display text.
const DISPLAY_UNITS_MAX: usize = 128;

/// In Herald's package: the canonical state with its qualifier, beside a state that can't say as much.
const STATE_TAG: u8 = 50;

/// What of presence an endpoint can be told beyond the plain states.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Reach {
    /// The state `generic`.
    pub generic: bool,
    /// Herald's package.
    pub package: bool,
}

/// What an endpoint publishes; `None` for a state of a newer edition.
///
/// Features and location that are left out stay as they were. A canned text of ours beside the state makes it the
/// state it was canned for; it stays among the notes, so that it goes out again as it came in.
pub(super) fn publication(presentity: &Presentity, at: Timestamp) -> Option<Publication> {
    let custom = match &presentity.state {
        Native::Generic(texts) => notes(texts),
        _ => Vec::new(),
    };
    let notes = presentity.display.as_deref().map(notes).unwrap_or_default();
    let plain = state::canonical(&presentity.state)?;
    let texts = custom.iter().chain(&notes);
    let canned = texts.filter_map(|note| state::of_text(&note.text, &presentity.state)).next();
    let tag = presentity.generic_data.iter().flatten().rev().find_map(state_tag);
    let (state, qualifier) = tag
        .filter(|(state, _)| state::is_written_as(*state, &presentity.state))
        .unwrap_or((canned.unwrap_or(plain), None));
    let capabilities = presentity.supported_features.as_ref();
    Some(Publication {
        state,
        qualifier,
        custom,
        notes,
        capabilities: capabilities
            .map(|features| features.iter().filter_map(capability).take(CAPABILITIES_MAX).collect()),
        location: presentity.geolocation.as_ref().map(location),
        extensions: Box::default(),
        at,
    })
}

/// Whether an endpoint publishes more than is taken: the rest is left out.
pub(super) fn is_oversized(presentity: &Presentity) -> bool {
    let custom = match &presentity.state {
        Native::Generic(texts) => texts.as_slice(),
        _ => &[],
    };
    let displays = presentity.display.as_deref().unwrap_or_default();
    let features = presentity.supported_features.as_deref().unwrap_or_default();
    let places = presentity.geolocation.iter().flat_map(|at| {
        [&at.locale, &at.region, &at.country, &at.country_code, &at.latitude, &at.longitude, &at.elevation]
    });
    let names = features.iter().filter_map(|feature| match feature {
        PresenceFeature::Generic(generic) => generic.display.as_ref(),
        _ => None,
    });
    custom.len().max(displays.len()) > NOTES_MAX
        || features.len() > CAPABILITIES_MAX
        || places.flatten().chain(names).any(is_too_long)
}

/// Whether a text from the wire is too long to be kept.
pub(super) fn is_too_long(text: &Ia5String) -> bool {
    text.to_string().chars().count() > TEXT_CHARS_MAX
}

/// What a watcher's endpoint is told of a document; `None` where nothing is known.
pub(super) fn presentity(document: &PresenceDocument, reach: Reach) -> Option<Presentity> {
    let tuple = document.deciding();
    let publication = tuple.and_then(|tuple| tuple.publication.as_deref());
    let words = publication.filter(|publication| publication.state == document.state);
    let row = state::row(document.state, words.is_none())?;
    if row.native == Native::Offline {
        // Who hides says nothing; who has gone may have left a word.
        let said = words.filter(|_| document.state == PresenceState::Offline);
        let shown = displays(said.map(|said| said.notes.as_slice()).unwrap_or_default().iter());
        let display = Some(shown).filter(|shown| !shown.is_empty());
        return Some(Presentity { state: Native::Offline, display, ..Presentity::default() });
    }
    let custom = words.map(|words| words.custom.as_slice()).unwrap_or_default();
    let notes = words.map(|words| words.notes.as_slice()).unwrap_or_default();
    let canned = row
        .canned
        .first()
        .map(|(language, text)| Note { language: Some((*language).to_owned()), text: (*text).to_owned() });
    let canned = canned.filter(|_| !custom.iter().chain(notes).any(|note| row.says(&note.text)));
    let says = displays(custom.iter().chain(&canned));
    let (state, shown) = if row.prefers_generic && reach.generic && !says.is_empty() {
        (Native::Generic(says), displays(notes.iter()))
    } else {
        // What the user wrote comes first: deployed endpoints show the first text only.
        (row.native.clone(), displays(custom.iter().chain(notes).chain(&canned)))
    };
    let features = publication.and_then(|publication| publication.capabilities.as_ref());
    let features: Option<Vec<_>> =
        features.map(|capabilities| capabilities.iter().filter_map(feature).take(CAPABILITIES_MAX).collect());
    let qualifier = words.and_then(|words| words.qualifier.as_deref());
    Some(Presentity {
        state,
        supported_features: features.filter(|features| !features.is_empty()),
        geolocation: publication.and_then(|publication| publication.location.as_ref()).map(geolocation),
        display: Some(shown).filter(|shown| !shown.is_empty()),
        generic_data: reach.package.then(|| tagged(document.state, qualifier)).flatten(),
        ..Presentity::default()
    })
}

/// Takes away what matters least of a presentity that does not fit into a datagram; `false` when nothing is left to
/// take.
pub(super) fn reduce(presentity: &mut Presentity) -> bool {
    const SHORT: usize = 40;
    if presentity.generic_data.take().is_some()
        || presentity.supported_features.take().is_some()
        || presentity.geolocation.take().is_some()
    {
        return true;
    }
    let lists = [
        presentity.display.as_mut(),
        match &mut presentity.state {
            Native::Generic(texts) => Some(texts),
            _ => None,
        },
    ];
    let mut is_reduced = false;
    for texts in lists.into_iter().flatten() {
        is_reduced |= texts.len() > 1;
        texts.truncate(1);
        for text in texts {
            if text.display.units().len() > SHORT {
                is_reduced = true;
                text.display = cut(&text.display.to_string(), SHORT).unwrap_or_default();
            }
        }
    }
    is_reduced
}

/// A capability or category on the wire.
pub(super) fn feature(capability: &Capability) -> Option<PresenceFeature> {
    Some(match capability {
        Capability::Audio => PresenceFeature::Audio,
        Capability::Video => PresenceFeature::Video,
        Capability::Data => PresenceFeature::Data,
        Capability::ExtendedVideo => PresenceFeature::ExtVideo,
        Capability::Other { identifier, text } => PresenceFeature::Generic(PresenceFeatureGeneric {
            identifier: read_identifier(identifier)?,
            display: text.as_deref().and_then(ascii),
            ..PresenceFeatureGeneric::default()
        }),
    })
}

/// A capability or category from the wire; `None` for one of a newer edition.
pub(super) fn capability(feature: &PresenceFeature) -> Option<Capability> {
    Some(match feature {
        PresenceFeature::Audio => Capability::Audio,
        PresenceFeature::Video => Capability::Video,
        PresenceFeature::Data => Capability::Data,
        PresenceFeature::ExtVideo => Capability::ExtendedVideo,
        PresenceFeature::Generic(generic) => Capability::Other {
            identifier: write_identifier(&generic.identifier)?,
            text: generic.display.as_ref().and_then(bounded),
        },
        PresenceFeature::UnknownAlternative(_) => return None,
    })
}

/// A text for people from the wire; `None` where it is empty, which deployed endpoints pad with a NUL.
pub(super) fn note(display: &PresenceDisplay) -> Option<Note> {
    let text = display.display.to_string().trim_end_matches('\0').to_owned();
    let language = display.language.as_ref().map(ToString::to_string);
    let language = language.filter(|tag| !tag.is_empty() && tag.chars().count() <= LANGUAGE_CHARS_MAX);
    (!text.is_empty()).then_some(Note { language, text })
}

/// A text for people on the wire, cut where it is too long; `None` where it is empty.
pub(super) fn display(note: &Note) -> Option<PresenceDisplay> {
    Some(PresenceDisplay {
        language: note.language.as_deref().and_then(ascii),
        display: cut(&note.text, DISPLAY_UNITS_MAX)?,
    })
}

/// An ASCII text on the wire: other characters have no form there.
pub(super) fn ascii(text: &str) -> Option<Ia5String> {
    let text: String = text.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect();
    Ia5String::new(&text).filter(|_| !text.is_empty())
}

/// A text from the wire that is neither empty nor too long to be kept.
pub(super) fn bounded(text: &Ia5String) -> Option<String> {
    Some(text.to_string()).filter(|kept| !kept.is_empty() && !is_too_long(text))
}

/// The beginning of a text that has at most so many units, with an ellipsis where more followed.
fn cut(text: &str, units_max: usize) -> Option<BmpString<1, 128>> {
    if let Some(whole) =
        BmpString::new(text).filter(|whole: &BmpString<1, 128>| whole.units().len() <= units_max)
    {
        return Some(whole);
    }
    let mut left = units_max.saturating_sub(1);
    let fits = |c: &char| {
        let fits = c.len_utf16() <= left;
        left = left.saturating_sub(c.len_utf16());
        fits
    };
    let beginning: String = text.chars().take_while(fits).chain(['…']).collect();
    BmpString::new(&beginning).filter(|_| !text.is_empty())
}

fn notes(displays: &[PresenceDisplay]) -> Vec<Note> {
    displays.iter().filter_map(note).take(NOTES_MAX).collect()
}

fn displays<'a>(notes: impl Iterator<Item = &'a Note>) -> Vec<PresenceDisplay> {
    notes.filter_map(display).take(NOTES_MAX).collect()
}

fn location(geolocation: &PresenceGeoLocation) -> Location {
    let text = |member: &Option<Ia5String>| member.as_ref().and_then(bounded);
    Location {
        locale: text(&geolocation.locale),
        region: text(&geolocation.region),
        country: text(&geolocation.country),
        country_code: text(&geolocation.country_code),
        latitude: text(&geolocation.latitude),
        longitude: text(&geolocation.longitude),
        elevation: text(&geolocation.elevation),
    }
}

fn geolocation(location: &Location) -> PresenceGeoLocation {
    let text = |member: &Option<String>| member.as_deref().and_then(ascii);
    PresenceGeoLocation {
        locale: text(&location.locale),
        region: text(&location.region),
        country: text(&location.country),
        country_code: text(&location.country_code),
        latitude: text(&location.latitude),
        longitude: text(&location.longitude),
        elevation: text(&location.elevation),
        ..PresenceGeoLocation::default()
    }
}

/// A generic identifier as text: a number, an object identifier with dots, or 32 hexadecimal digits.
fn write_identifier(identifier: &GenericIdentifier) -> Option<String> {
    Some(match identifier {
        GenericIdentifier::Standard(number) => number.0.to_string(),
        GenericIdentifier::Oid(identifier) => identifier.to_string(),
        GenericIdentifier::NonStandard(guid) => guid.0.iter().map(|octet| format!("{octet:02x}")).collect(),
        GenericIdentifier::UnknownAlternative(_) => return None,
    })
}

fn read_identifier(text: &str) -> Option<GenericIdentifier> {
    if text.contains('.') {
        return text.parse().ok().map(GenericIdentifier::Oid);
    }
    if text.len() == 32 {
        let guid = u128::from_str_radix(text, 16).ok()?;
        return Some(GenericIdentifier::NonStandard(FixedOctets(guid.to_be_bytes())));
    }
    text.parse().ok().map(|number: u16| GenericIdentifier::Standard(ExtensibleInteger(i64::from(number))))
}

/// The state and the qualifier of a state tag, for example `C5;desk`.
fn state_tag(data: &GenericData) -> Option<(PresenceState, Option<String>)> {
    if Feature::of(&data.id) != Some(Feature::Herald) {
        return None;
    }
    let Content::Text(text) = data.parameter(&Feature::Herald.parameter(STATE_TAG))? else { return None };
    let text = bounded(text)?;
    let (code, qualifier) = match text.split_once(';') {
        Some((code, qualifier)) => (code, Some(qualifier.to_owned())),
        None => (text.as_str(), None),
    };
    Some((state::of_code(code)?, qualifier.filter(|qualifier| !qualifier.is_empty())))
}

fn tagged(state: PresenceState, qualifier: Option<&str>) -> Option<Vec<GenericData>> {
    let text = match qualifier {
        Some(qualifier) => format!("{};{qualifier}", state.code()),
        None => state.code().to_owned(),
    };
    let tag = EnumeratedParameter::new(Feature::Herald.parameter(STATE_TAG), Content::Text(ascii(&text)?));
    Some(vec![GenericData { parameters: Some(BoundedList(vec![tag])), ..Feature::Herald.advertised() }])
}
