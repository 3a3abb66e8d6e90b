//! Herald's own elements in presence documents: the state tag, features and places that other documents have no words for.

use crate::namespaces::HERALD;
use crate::xml::Element;
use model::{Capability, Location, PresenceState};

const PREFIX: &str = "herald";

/// `<herald:state code="C13" qualifier="…"/>`: a state in machine form (interworking a.2).
pub(super) fn state(state: PresenceState, qualifier: Option<&str>) -> Element {
    let element = Element::new(HERALD, PREFIX, "state").with_attribute("code", state.code());
    match qualifier {
        Some(qualifier) => element.with_attribute("qualifier", qualifier),
        None => element,
    }
}

/// Reads a state tag; `None` for an element that is none.
pub(super) fn read_state(element: &Element) -> Option<(PresenceState, Option<String>)> {
    let code = element.is(HERALD, "state").then(|| element.attribute("", "code")).flatten()?;
    let state = PresenceState::ALL.into_iter().find(|state| state.code() == code)?;
    Some((state, element.attribute("", "qualifier").map(str::to_owned)))
}

/// `<herald:feature id="…">text</herald:feature>`: what RFC 5196 has no element for.
pub(super) fn feature(capability: &Capability) -> Option<Element> {
    let element = Element::new(HERALD, PREFIX, "feature");
    match capability {
        Capability::Audio | Capability::Video | Capability::Data => None,
        Capability::ExtendedVideo => Some(element.with_attribute("id", EXTENDED_VIDEO)),
        Capability::Other { identifier, text } => {
            let element = element.with_attribute("other", identifier);
            Some(match text {
                Some(text) => element.with_text(text),
                None => element,
            })
        }
    }
}

const EXTENDED_VIDEO: &str = "extendedVideo";

/// Reads a feature.
pub(super) fn read_feature(element: &Element) -> Option<Capability> {
    if !element.is(HERALD, "feature") {
        return None;
    }
    if element.attribute("", "id") == Some(EXTENDED_VIDEO) {
        return Some(Capability::ExtendedVideo);
    }
    let text = Some(element.text()).filter(|text| !text.is_empty());
    Some(Capability::Other { identifier: element.attribute("", "other")?.to_owned(), text })
}

/// `<herald:place locale="…" …/>`: a location in the words of who published it, which need no format.
pub(super) fn place(location: &Location) -> Option<Element> {
    let mut element = Element::new(HERALD, PREFIX, "place");
    for (name, value) in fields(location) {
        if let Some(value) = value {
            element = element.with_attribute(name, value);
        }
    }
    (!element.attributes.is_empty()).then_some(element)
}

fn fields(location: &Location) -> [(&'static str, Option<&String>); 7] {
    let Location { locale, region, country, country_code, latitude, longitude, elevation } = location;
    [
        ("locale", locale.as_ref()),
        ("region", region.as_ref()),
        ("country", country.as_ref()),
        ("countryCode", country_code.as_ref()),
        ("latitude", latitude.as_ref()),
        ("longitude", longitude.as_ref()),
        ("elevation", elevation.as_ref()),
    ]
}

/// Reads a place.
pub(super) fn read_place(element: &Element) -> Option<Location> {
    let field = |name| element.attribute("", name).map(str::to_owned);
    element.is(HERALD, "place").then(|| Location {
        locale: field("locale"),
        region: field("region"),
        country: field("country"),
        country_code: field("countryCode"),
        latitude: field("latitude"),
        longitude: field("longitude"),
        elevation: field("elevation"),
    })
}
