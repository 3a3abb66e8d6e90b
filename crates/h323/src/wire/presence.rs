//! The presence module as deployed: what the octet string of parameter 1 of the presence feature holds.
//!
//! There is no recommendation; the compiled code of the deployed endpoints and gatekeepers is the standard. A
//! [`PresenceElement`] is a complete aligned PER encoding of its own. Receivers in the field read only its first
//! message, so senders put one message into an element; readers take all.

use super::h225::{
    AliasAddress, GenericData, GenericIdentifier, GloballyUniqueId, TimeToLive, TransportAddress,
};
use codec::per::{BmpString, Ia5String};
use codec::{choice, sequence};

sequence! {
    /// `PresenceElement`: the top type.
    PresenceElement {
        required "message" message: Vec<PresenceMessage>,
    } ... {}

    /// `PresenceStatus`: an endpoint's own state with its registration.
    PresenceStatus {
        required "alias" alias: Vec<AliasAddress>,
        required "notification" notification: Vec<PresenceNotification>,
        optional "instruction" instruction: Vec<PresenceInstruction>,
    } ... {}

    /// `PresenceInstruct`: contents of and changes to a contact list.
    PresenceInstruct {
        required "alias" alias: AliasAddress,
        required "instruction" instruction: Vec<PresenceInstruction>,
    } ... {}

    /// `PresenceAuthorize`: a request for a decision, or the decision.
    PresenceAuthorize {
        required "alias" alias: AliasAddress,
        required "subscription" subscription: Vec<PresenceSubscription>,
    } ... {}

    /// `PresenceNotify`: somebody's state.
    PresenceNotify {
        required "alias" alias: AliasAddress,
        required "notification" notification: Vec<PresenceNotification>,
    } ... {}

    /// `PresenceRequest`: a subscription across zones.
    PresenceRequest {
        required "subscription" subscription: Vec<PresenceSubscription>,
    } ... {}

    /// `PresenceResponse`: the answer to a subscription across zones.
    PresenceResponse {
        required "subscription" subscription: Vec<PresenceSubscription>,
    } ... {}

    /// `PresenceAlive`: subscriptions that are still wanted.
    PresenceAlive {
        required "identifier" identifier: Vec<PresenceIdentifier>,
    } ... {}

    /// `PresenceRemove`: subscriptions that are not wanted any more.
    PresenceRemove {
        required "identifier" identifier: Vec<PresenceIdentifier>,
    } ... {}

    /// `PresenceAlert`: a notification across zones.
    PresenceAlert {
        required "notification" notification: Vec<PresenceNotification>,
    } ... {}

    /// `PresenceDisplay`: a text in one language; not extensible.
    PresenceDisplay {
        optional "language" language: Ia5String,
        required "display" display: BmpString<1, 128>,
    }

    /// `PresenceFeatureGeneric`; its `display` is an IA5String on the wire, whatever the published text says.
    PresenceFeatureGeneric {
        required "identifier" identifier: GenericIdentifier,
        optional "display" display: Ia5String,
    } ... {}

    /// `PresenceAlias`: a contact.
    PresenceAlias {
        required "alias" alias: AliasAddress,
        optional "display" display: PresenceDisplay,
    } ... {
        "avatar" avatar: Ia5String,
        "category" category: PresenceFeature,
    }

    /// `PresenceSubscription`: who wants to watch whom, and the decision.
    PresenceSubscription {
        required "identifier" identifier: PresenceIdentifier,
        required "subscribe" subscribe: AliasAddress,
        required "aliases" aliases: Vec<PresenceAlias>,
        optional "approved" approved: bool,
        optional "rasAddress" ras_address: TransportAddress,
        optional "timeToLive" time_to_live: TimeToLive,
        optional "genericData" generic_data: Vec<GenericData>,
    } ... {}

    /// `PresenceIdentifier`: names one subscription.
    PresenceIdentifier {
        required "guid" guid: GloballyUniqueId,
        optional "remove" remove: bool,
    } ... {}

    /// `PresenceNotification`: one presentity's state, for whom.
    PresenceNotification {
        optional "aliasAddress" alias_address: AliasAddress,
        optional "subscribers" subscribers: Vec<PresenceIdentifier>,
        required "presentity" presentity: Presentity,
    } ... {}

    /// `PresenceGeoLocation`: free text in every member.
    PresenceGeoLocation {
        optional "locale" locale: Ia5String,
        optional "region" region: Ia5String,
        optional "country" country: Ia5String,
        optional "countryCode" country_code: Ia5String,
        optional "latitude" latitude: Ia5String,
        optional "longitude" longitude: Ia5String,
        optional "elevation" elevation: Ia5String,
    } ... {}

    /// `Presentity`: presence information.
    Presentity {
        required "state" state: PresenceState,
        optional "supportedFeatures" supported_features: Vec<PresenceFeature>,
        optional "geolocation" geolocation: PresenceGeoLocation,
        optional "display" display: Vec<PresenceDisplay>,
        optional "genericData" generic_data: Vec<GenericData>,
    } ... {}
}

choice! {
    /// `PresenceMessage`.
    PresenceMessage {
        "presenceStatus" PresenceStatus(PresenceStatus),
        "presenceInstruct" PresenceInstruct(PresenceInstruct),
        "presenceAuthorize" PresenceAuthorize(PresenceAuthorize),
        "presenceNotify" PresenceNotify(PresenceNotify),
        "presenceRequest" PresenceRequest(PresenceRequest),
        "presenceResponse" PresenceResponse(PresenceResponse),
        "presenceAlive" PresenceAlive(PresenceAlive),
        "presenceRemove" PresenceRemove(PresenceRemove),
        "presenceAlert" PresenceAlert(PresenceAlert),
    } ... {}

    /// `PresenceInstruction`: a change to one entry of a contact list.
    PresenceInstruction {
        "subscribe" Subscribe(PresenceAlias),
        "unsubscribe" Unsubscribe(PresenceAlias),
        "block" Block(PresenceAlias),
        "unblock" Unblock(PresenceAlias),
        "pending" Pending(PresenceAlias),
    } ... {}

    /// `PresenceFeature`: what a presentity can do, or the category of a contact.
    PresenceFeature {
        "audio" Audio,
        "video" Video,
        "data" Data,
        "extVideo" ExtVideo,
    } ... {
        "generic" Generic(PresenceFeatureGeneric),
    }

    /// `PresenceState`.
    PresenceState {
        "hidden" Hidden,
        "available" Available,
        "online" Online,
        "offline" Offline,
        "onCall" OnCall,
        "voiceMail" VoiceMail,
        "notAvailable" NotAvailable,
        "away" Away,
    } ... {
        "generic" Generic(Vec<PresenceDisplay>),
    }
}
