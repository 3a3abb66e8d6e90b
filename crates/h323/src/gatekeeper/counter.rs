//! What the gatekeeper counts.

use link::Counter;

macro_rules! counters {
    ($( $field:ident $name:literal $help:literal; )*) => {
        /// Numbers that only grow, shown by `herald status`.
        #[derive(Clone, Debug, Default)]
        pub(super) struct Counters { $( pub $field: u64, )* }

        impl Counters {
            /// All of them with their names, in the order of declaration.
            pub fn list(&self) -> Vec<Counter> {
                vec![$( Counter { name: $name.to_owned(), value: self.$field, help: $help.to_owned() }, )*]
            }
        }
    };
}

counters! {
    datagrams "ras.datagrams" "RAS datagrams received";
    malformed "ras.malformed" "datagrams that are not RAS messages";
    oversized "ras.answer_too_large" "answers that could not be encoded";
    limited "ras.rate_limited" "datagrams dropped because their sender sends too many";
    not_for_many "ras.not_for_many" "messages other than discovery and location that came by multicast or broadcast";
    unknown "ras.unknown_message" "messages of a kind a gatekeeper does not know, answered by unknownMessageResponse";
    unexpected "ras.unexpected_reply" "replies to nothing that was asked";
    repeated "ras.repeated" "requests that were answered again from memory, not processed again";
    in_progress "ras.in_progress" "requests repeated while the first is still worked on";
    discoveries "ras.discoveries" "gatekeeper requests confirmed";
    discoveries_refused "ras.discoveries_refused" "gatekeeper requests rejected";
    registrations "ras.registrations" "full registrations confirmed";
    refreshes "ras.refreshes" "keep-alive registrations confirmed";
    registrations_refused "ras.registrations_refused" "registrations rejected";
    unregistrations "ras.unregistrations" "unregistrations confirmed";
    unregistrations_refused "ras.unregistrations_refused" "unregistrations rejected, forged ones among them";
    forged "ras.forged" "messages whose endpoint identifier and source address do not fit";
    admissions "ras.admissions" "admissions confirmed";
    admissions_refused "ras.admissions_refused" "admissions rejected";
    bandwidths "ras.bandwidths" "bandwidth requests confirmed";
    bandwidths_refused "ras.bandwidths_refused" "bandwidth requests rejected";
    disengages "ras.disengages" "disengage requests confirmed";
    disengages_refused "ras.disengages_refused" "disengage requests rejected";
    locations "ras.locations" "location requests confirmed";
    locations_refused "ras.locations_refused" "location requests rejected or left unanswered";
    reports "ras.reports" "status reports (IRR) taken";
    probes "ras.probes" "silent endpoints asked whether they are still there";
    lost "ras.endpoints_lost" "endpoints that ended without a word";
    returned "ras.endpoints_returned" "silent endpoints that answered or came back in time";
    calls "calls.admitted" "calls admitted";
    answered "calls.answered" "calls known to be answered";
    healed "calls.healed" "calls ended because an endpoint no longer knew them";
    presence_messages "presence.received" "presence messages taken from endpoints";
    presence_malformed "presence.malformed" "presence elements that could not be decoded";
    presence_strangers "presence.strangers" "service control indications from addresses where nobody is registered";
    presence_unasked "presence.not_negotiated" "presence elements from endpoints that did not offer the feature";
    presence_forged "presence.forged" "presence messages that name another endpoint's alias as their sender's";
    presence_ignored "presence.ignored" "presence messages and parts of them that mean nothing from an endpoint";
    presence_unusable "presence.unusable_alias" "contacts whose alias stands for no address";
    presence_flooded "presence.too_many" "indications that asked for more than is taken at a time";
    presence_refused "presence.refused" "publications, contact changes and decisions refused";
    presence_sent "presence.sent" "service control indications sent to endpoints";
    presence_confirmed "presence.confirmed" "service control indications confirmed by endpoints";
    presence_lagging "presence.unconfirmed" "contacts, states and requests that were never confirmed, and wait until the endpoint is heard";
    presence_hidden "presence.not_shown" "contacts that have no alias which an endpoint could be shown";
    presence_reduced "presence.reduced" "notifications cut to fit into a datagram";
    presence_unsendable "presence.unsendable" "contacts, states and requests that fit into no datagram";
    presence_overflow "presence.outbox_full" "contacts, states and requests dropped because too many wait";
    package_messages "package.messages" "whole messages of the package received over RAS";
    package_refusals "package.refusals" "messages of the package refused before the engine was asked";
    package_deliveries "package.deliveries" "messages delivered over RAS";
    packages_unannounced "package.unannounced" "indications with the package from somebody who is not registered with it";
    packages_malformed "package.malformed" "malformed descriptors of the package, ignored";
    packages_dropped "package.dropped" "descriptors and messages put off because too many were under way";
    parts_dropped "package.parts_dropped" "messages dropped whose parts did not fit, or did not come in time";
    receipts_missing "package.receipts_missing" "messages that count as delivered though no receipt came";
    receipts_unexpected "package.receipts_unexpected" "receipts for nothing that was delivered";
    records_dropped "soft.unreadable" "records of an earlier process that could not be read";
}
