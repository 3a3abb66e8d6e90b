//! The descriptors of generic features, wherever a message carries them.

use crate::wire::feature::Feature;
use crate::wire::h225::{Content, FeatureDescriptor, FeatureSet, GenericData, H323UuPdu, MessageBody};

/// The descriptors of a feature in a feature set and in generic data, in this order, as the deployed readers look for
/// them.
pub(super) fn descriptors<'a>(
    feature: Feature,
    set: Option<&'a FeatureSet>,
    data: Option<&'a Vec<GenericData>>,
) -> impl Iterator<Item = &'a GenericData> {
    let id = feature.identifier();
    let lists = set.into_iter().flat_map(lists_of);
    lists.chain(data).flatten().filter(move |descriptor| descriptor.id == id)
}

/// The descriptors of a feature in a call signalling message: in its generic data, then in the feature set or the
/// feature lists of its body.
pub(super) fn signalled(feature: Feature, pdu: &H323UuPdu) -> Vec<&FeatureDescriptor> {
    let id = feature.identifier();
    let set = match &pdu.h323_message_body {
        MessageBody::CallProceeding(body) => body.feature_set.as_ref(),
        MessageBody::Alerting(body) => body.feature_set.as_ref(),
        MessageBody::Connect(body) => body.feature_set.as_ref(),
        MessageBody::ReleaseComplete(body) => body.feature_set.as_ref(),
        // A Facility with H.245 inside is there for that alone.
        MessageBody::Facility(body) if pdu.h245_control.is_none() => body.feature_set.as_ref(),
        _ => None,
    };
    let lists = match &pdu.h323_message_body {
        MessageBody::Setup(setup) => {
            [&setup.supported_features, &setup.desired_features, &setup.needed_features]
        }
        _ => [&None; 3],
    };
    let lists = lists.into_iter().filter_map(Option::as_ref);
    let all = pdu.generic_data.iter().chain(set.into_iter().flat_map(lists_of)).chain(lists);
    all.flatten().filter(|descriptor| descriptor.id == id).collect()
}

fn lists_of(set: &FeatureSet) -> impl Iterator<Item = &Vec<FeatureDescriptor>> {
    [&set.supported_features, &set.desired_features, &set.needed_features]
        .into_iter()
        .filter_map(Option::as_ref)
}

/// A number, in whichever of the three sizes it came.
pub(super) const fn number(content: &Content) -> Option<u32> {
    match content {
        Content::Number8(number) => Some(number.get()),
        Content::Number16(number) => Some(number.get()),
        Content::Number32(number) => Some(number.get()),
        _ => None,
    }
}
