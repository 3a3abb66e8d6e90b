//! What a person says of himself: the published part of presence information (RFC 3863, RFC 4480).

use crate::{Extension, ExtensionKind, PresenceState, Timestamp};
use serde::{Deserialize, Serialize};

/// A text for people, in one language.
#[derive(Clone, Debug, Default, Eq, PartialEq, Hash, Serialize, Deserialize)]
pub struct Note {
    /// The language tag (RFC 5646); `None` where it is not told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The text.
    pub text: String,
}

/// A medium or feature that a device offers, or the category of a contact.
#[derive(Clone, Debug, Eq, PartialEq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Capability {
    /// Speech.
    Audio,
    /// Pictures.
    Video,
    /// Data conferencing.
    Data,
    /// A second video channel.
    ExtendedVideo,
    /// Something else.
    Other {
        /// Its identifier in its network's own form.
        identifier: String,
        /// What people call it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
}

/// Where somebody is, in the words of whoever published it; no format is imposed.
#[derive(Clone, Debug, Default, Eq, PartialEq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Location {
    /// A place within the region.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// A region within the country.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The country's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// The country's code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country_code: Option<String>,
    /// Latitude.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latitude: Option<String>,
    /// Longitude.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longitude: Option<String>,
    /// Height.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elevation: Option<String>,
}

/// What one device published of its person or room.
///
/// Its link bounds every text and list; what the wire of a network can't hold is refused or cut there.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Publication {
    /// The state.
    pub state: PresenceState,
    /// A finer value of the state that has no code of its own (interworking a.1), for example `desk`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qualifier: Option<String>,
    /// The words of a state that is only free text ([`PresenceState::Custom`]), one for each language.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub custom: Vec<Note>,
    /// What is added to the state, one for each language.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
    /// What the device can do; `None`: as published before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Vec<Capability>>,
    /// Where it is; `None`: as published before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// What it says beyond this, in the order of its document. Most publications have none.
    #[serde(default, skip_serializing_if = "<[Extension]>::is_empty")]
    pub extensions: Box<[Extension]>,
    /// When it was published.
    pub at: Timestamp,
}

impl Publication {
    /// Keeps the extensions of those kinds for which `may_pass` holds.
    pub fn retain_extensions(&mut self, may_pass: impl Fn(ExtensionKind) -> bool) {
        if self.extensions.iter().any(|extension| !may_pass(extension.kind)) {
            let mut kept = std::mem::take(&mut self.extensions).into_vec();
            kept.retain(|extension| may_pass(extension.kind));
            self.extensions = kept.into();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ExtensionPlace;

    #[test]
    fn extensions_are_kept_back_by_kind() {
        use ExtensionKind::{Activity, Capability, Contact, Location, Other};
        let extension = |kind| Extension { place: ExtensionPlace::Presence, kind, element: "<a></a>".into() };
        let mut publication = Publication {
            state: PresenceState::Away,
            qualifier: None,
            custom: Vec::new(),
            notes: Vec::new(),
            capabilities: None,
            location: None,
            extensions: [Contact, Activity, Capability, Location, Other].map(extension).into(),
            at: Timestamp(0),
        };
        publication.retain_extensions(|kind| kind != Location);
        let kinds =
            |publication: &Publication| publication.extensions.iter().map(|one| one.kind).collect::<Vec<_>>();
        assert_eq!(kinds(&publication), [Contact, Activity, Capability, Other]);
        publication.retain_extensions(|kind| kind == Activity);
        assert_eq!(kinds(&publication), [Activity]);
    }

    #[test]
    fn hot_types_are_small() {
        assert_eq!(size_of::<Option<Box<Publication>>>(), 8);
        assert_eq!(size_of::<Box<[Extension]>>(), 16);
    }
}
