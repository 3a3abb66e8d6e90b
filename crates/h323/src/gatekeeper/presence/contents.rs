//! Where presence stands in a request: the elements in its feature set and its generic data.

use crate::wire::feature::Feature;
use crate::wire::h225::{Content, FeatureSet, GenericData};
use crate::wire::presence::{PresenceElement, PresenceMessage};
use codec::per;

/// The parameter of the presence feature that holds an element.
pub(super) const ELEMENT: u8 = 1;

/// All presence messages of one request, in order.
#[derive(Clone, Debug, Default)]
pub(in crate::gatekeeper) struct Contents {
    pub messages: Vec<PresenceMessage>,
    /// How many elements could not be decoded.
    pub malformed: u64,
}

impl Contents {
    /// What these descriptors hold.
    pub fn of(descriptors: &[&GenericData]) -> Self {
        let mut contents = Self::default();
        for content in elements(descriptors) {
            let element = match content {
                Content::Raw(octets) => per::decode::<PresenceElement>(&octets.0).ok(),
                _ => None,
            };
            match element {
                Some(element) => contents.messages.extend(element.message),
                None => contents.malformed += 1,
            }
        }
        contents
    }

    /// Whether there is anything in these descriptors.
    pub fn are_in(descriptors: &[&GenericData]) -> bool {
        elements(descriptors).next().is_some()
    }

    /// Whether there was nothing, not even something unreadable.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty() && self.malformed == 0
    }
}

/// The descriptors of a request: those of all three lists of its feature set, and its generic data. Senders in the
/// field use either place.
pub(in crate::gatekeeper) fn descriptors<'a>(
    set: Option<&'a FeatureSet>,
    data: Option<&'a [GenericData]>,
) -> Vec<&'a GenericData> {
    let lists = set.map(|set| [&set.needed_features, &set.desired_features, &set.supported_features]);
    let advertised = lists.into_iter().flatten().flatten().flatten();
    advertised.chain(data.unwrap_or_default()).collect()
}

fn elements<'a>(descriptors: &[&'a GenericData]) -> impl Iterator<Item = &'a Content> {
    let presence = descriptors.iter().filter(|data| Feature::of(&data.id) == Some(Feature::Presence));
    let parameters = presence.flat_map(|data| data.parameters.iter().flat_map(|parameters| &parameters.0));
    let id = Feature::Presence.parameter(ELEMENT);
    parameters.filter(move |parameter| parameter.id == id).filter_map(|parameter| parameter.content.as_ref())
}
