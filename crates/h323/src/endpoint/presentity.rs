//! Presence information between the wire and what people are shown.

use super::text;
use crate::wire::feature::Feature;
use crate::wire::h225::GenericIdentifier;
use crate::wire::presence::{
    PresenceDisplay, PresenceFeature, PresenceGeoLocation, PresenceState, Presentity,
};
use codec::per::{BmpString, Ia5String, Json};
use model::{Location, Note};

/// The most characters of one member of a location: all seven together fit a datagram.
const LOCATION_CHARACTERS_MAX: usize = 100;

/// The most 16-bit units of a text beside a state.
const DISPLAY_UNITS_MAX: usize = 128;

/// The states that have a name, as people type and read them.
const STATES: [(&str, PresenceState); 8] = [
    ("hidden", PresenceState::Hidden),
    ("available", PresenceState::Available),
    ("online", PresenceState::Online),
    ("offline", PresenceState::Offline),
    ("onCall", PresenceState::OnCall),
    ("voiceMail", PresenceState::VoiceMail),
    ("notAvailable", PresenceState::NotAvailable),
    ("away", PresenceState::Away),
];

/// The state that is only text.
const GENERIC: &str = "generic";

/// The presence information that a state and a text stand for, as a person types them.
///
/// # Errors
/// A sentence says what is wrong.
pub(super) fn typed(state: &str, text: &str) -> Result<Presentity, String> {
    let units = text.encode_utf16().count();
    if units > DISPLAY_UNITS_MAX {
        return Err(format!(
            "a text beside a state has at most {DISPLAY_UNITS_MAX} characters; this one has {units}"
        ));
    }
    // No language is claimed: nobody said which one it is.
    let text = BmpString::new(text).map(|display| PresenceDisplay { language: None, display });
    if state.eq_ignore_ascii_case(GENERIC) {
        let text = text.ok_or_else(|| "the state generic needs a text".to_owned())?;
        return Ok(Presentity { state: PresenceState::Generic(vec![text]), ..Presentity::default() });
    }
    let known = STATES.iter().find(|(name, _)| name.eq_ignore_ascii_case(state));
    let (_, state) = known.ok_or_else(|| {
        let names: Vec<_> = STATES.iter().map(|(name, _)| *name).chain([GENERIC]).collect();
        format!("there is no state {state:?}; there are {}", names.join(", "))
    })?;
    Ok(Presentity { state: state.clone(), display: text.map(|text| vec![text]), ..Presentity::default() })
}

/// The name of a state.
pub(super) fn state_name(state: &PresenceState) -> &'static str {
    let known = STATES.iter().find(|(_, known)| known == state);
    match state {
        PresenceState::Generic(_) => GENERIC,
        _ => known.map_or("unknown", |(name, _)| name),
    }
}

/// The texts of a state that is only text.
pub(super) fn state_texts(state: &PresenceState) -> Vec<Note> {
    match state {
        PresenceState::Generic(texts) => notes(texts),
        _ => Vec::new(),
    }
}

/// Texts, each in its language.
pub(super) fn notes(displays: &[PresenceDisplay]) -> Vec<Note> {
    displays.iter().map(note).collect()
}

/// One text in its language.
pub(super) fn note(display: &PresenceDisplay) -> Note {
    let language = display.language.as_ref().map(Ia5String::to_string).filter(|tag| !tag.is_empty());
    // The deployed library writes a NUL for no text.
    let text = text::read(display.display.units()).trim_end_matches('\0').to_owned();
    Note { language, text }
}

/// What people call a feature. Every deployed endpoint names the presence feature itself; that says nothing.
pub(super) fn feature_name(feature: &PresenceFeature) -> Option<String> {
    match feature {
        PresenceFeature::Generic(generic) if generic.identifier == Feature::Presence.identifier() => None,
        PresenceFeature::Generic(generic) => {
            let text = generic.display.as_ref().map(Ia5String::to_string);
            Some(text.filter(|text| !text.is_empty()).unwrap_or_else(|| identifier_text(&generic.identifier)))
        }
        PresenceFeature::Audio => Some("audio".to_owned()),
        PresenceFeature::Video => Some("video".to_owned()),
        PresenceFeature::Data => Some("data".to_owned()),
        PresenceFeature::ExtVideo => Some("extVideo".to_owned()),
        PresenceFeature::UnknownAlternative(_) => None,
    }
}

fn identifier_text(identifier: &GenericIdentifier) -> String {
    let value = identifier.to_json();
    let inner = value.as_object().and_then(|choice| choice.values().next());
    inner.map_or_else(String::new, |value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

/// A place.
pub(super) fn location(place: &PresenceGeoLocation) -> Location {
    let text = |member: &Option<Ia5String>| member.as_ref().map(Ia5String::to_string);
    Location {
        locale: text(&place.locale),
        region: text(&place.region),
        country: text(&place.country),
        country_code: text(&place.country_code),
        latitude: text(&place.latitude),
        longitude: text(&place.longitude),
        elevation: text(&place.elevation),
    }
}

/// A feature as a person types it.
///
/// # Errors
/// A sentence says which features there are.
pub fn read_feature(text: &str) -> Result<PresenceFeature, String> {
    match text {
        "audio" => Ok(PresenceFeature::Audio),
        "video" => Ok(PresenceFeature::Video),
        "data" => Ok(PresenceFeature::Data),
        "extVideo" => Ok(PresenceFeature::ExtVideo),
        other => Err(format!("there is no feature {other:?}; there are audio, video, data, extVideo")),
    }
}

/// A place as a person types it: members with their texts, as in `country=Germany,locale=Koeln`.
///
/// # Errors
/// A sentence says what is wrong: there is no such member, or its text is too long or not ASCII.
pub fn read_location(text: &str) -> Result<PresenceGeoLocation, String> {
    let mut location = PresenceGeoLocation::default();
    for member in text.split(',') {
        let (name, value) = member.split_once('=').ok_or_else(|| format!("{member:?} is not NAME=TEXT"))?;
        let place = match name.trim() {
            "locale" => &mut location.locale,
            "region" => &mut location.region,
            "country" => &mut location.country,
            "countryCode" => &mut location.country_code,
            "latitude" => &mut location.latitude,
            "longitude" => &mut location.longitude,
            "elevation" => &mut location.elevation,
            other => return Err(format!("there is no member {other:?} of a location")),
        };
        let value = value.trim();
        let is_allowed = value.is_ascii() && value.len() <= LOCATION_CHARACTERS_MAX;
        *place = Some(Ia5String::new(value).filter(|_| is_allowed).ok_or_else(|| {
            format!("{name} may have only ASCII characters, and at most {LOCATION_CHARACTERS_MAX}")
        })?);
    }
    Ok(location)
}
