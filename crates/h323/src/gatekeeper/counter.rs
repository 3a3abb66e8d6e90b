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
    amplifying "ras.amplifying" "answers not given because they are larger than their request, whose address is not proven";
    limited "ras.rate_limited" "datagrams dropped because their sender sends too many";
    limited_names "limits.new_names" "registrations refused because their sender brings too many new aliases";
    limited_contacts "limits.contact_changes" "indications refused because their sender changes too many contacts";
    limited_calls "limits.calls" "calls refused because their address has too many";
    limited_messages "limits.messages" "messages refused because their sender sends too many";
    limited_handshakes "limits.handshakes" "connections over TLS closed because their sender opens too many";
    not_for_many "ras.not_for_many" "messages other than discovery and location that came by multicast or broadcast";
    unknown "ras.unknown_message" "messages of a kind a gatekeeper does not know, answered by unknownMessageResponse";
    unexpected "ras.unexpected_reply" "replies to nothing that was asked";
    repeated "ras.repeated" "requests that were answered again from memory, not processed again";
    in_progress "ras.in_progress" "requests repeated while the first is still worked on";
    discoveries "ras.discoveries" "gatekeeper requests confirmed";
    discoveries_refused "ras.discoveries_refused" "gatekeeper requests rejected";
    registrations "ras.registrations" "full registrations confirmed";
    refreshes "ras.refreshes" "keep-alive registrations confirmed";
    postponed "ras.registrations_postponed" "full registrations told to wait (RIP) because more came than could be decided at once";
    overloaded "ras.registrations_overloaded" "full registrations rejected because too many waited already";
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
    presence_cut "presence.cut" "publications and contacts of which parts were left out: too many, or too long";
    presence_flooded "presence.too_many" "indications that asked for more than is taken at a time";
    presence_refused "presence.refused" "publications, contact changes and decisions refused";
    presence_sent "presence.sent" "service control indications sent to endpoints";
    presence_confirmed "presence.confirmed" "service control indications confirmed by endpoints";
    presence_lagging "presence.unconfirmed" "contacts, states and requests that were never confirmed, and wait until the endpoint is heard";
    presence_silenced "presence.silenced" "times that an endpoint was sent no more until it is heard, because it confirmed nothing";
    presence_hidden "presence.not_shown" "contacts that have no alias which an endpoint could be shown";
    presence_reduced "presence.reduced" "notifications cut to fit into a datagram";
    presence_unsendable "presence.unsendable" "contacts, states and requests that fit into no datagram";
    presence_outdated "presence.outdated" "states dropped because a newer one of the same contact was told or waits";
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
    signed "security.signed" "messages whose sender has shown by a password who he is";
    unsigned "security.unsigned" "messages refused because they must be signed and were not";
    tokens_unusable "security.unusable" "messages refused because none of their tokens is whole and of a method that counts here";
    strangers "security.unknown_user" "messages refused because nobody is known as the user of their token";
    passwords_wrong "security.wrong_password" "messages refused because their token was made with another password, or the message was changed";
    tokens_skewed "security.clock_skew" "messages refused because the time of their token is too far from ours";
    tokens_replayed "security.replayed" "messages refused because their token was seen before";
    tokens_for_others "security.other_gatekeeper" "messages refused because their token is for another gatekeeper";
    names_forged "security.forged" "messages refused because their user does not own the names or the registration that they are about";
    disabled "security.disabled" "registrations refused because their user is disabled";
    connections "signalling.connections" "connections of call signalling accepted";
    connections_refused "signalling.connections_refused" "connections not taken or opened because there are too many";
    connections_silent "signalling.connections_silent" "connections that brought no Setup in time";
    connections_stalled "signalling.stalled" "connections that began a packet and did not end it in time";
    connections_broken "signalling.malformed" "connections ended because of what came on them, or how much of it";
    signalling_ignored "signalling.ignored" "messages that mean nothing in a call for messages";
    calls_of_strangers "signalling.strangers" "calls refused because nobody admitted them";
    calls_repeated "signalling.repeated" "second connections for one call";
    calls_refused "signalling.refused" "calls refused because they can go nowhere, or are too many";
    addresses_not_dialled "signalling.not_dialled" "messages that wait because an endpoint registered the signalling address of another host";
    addresses_insecure "signalling.insecure" "calls not passed on or placed because their called side takes none over TLS";
    calls_relayed "signalling.relayed" "calls passed on";
    callees_unreachable "signalling.unreachable" "calls whose called side could not be connected to";
    calls_indicated "traversal.indicated" "calls of which endpoints behind address translation were told";
    calls_fetched "traversal.fetched" "calls for which such an endpoint then connected";
    message_calls_answered "messages.calls_answered" "calls for messages answered";
    message_calls_placed "messages.calls_placed" "calls for messages placed";
    message_calls_refused "messages.calls_refused" "calls for messages not answered or placed because an endpoint has too many";
    message_calls_silent "messages.calls_silent" "calls for messages released because nothing came in time";
    sessions "messages.sessions" "sessions opened";
    texts_read "messages.texts_read" "texts that endpoints sent";
    texts_repeated "messages.texts_repeated" "second copies of a text, dropped";
    texts_accepted "messages.texts_accepted" "texts taken for good";
    texts_refused "messages.texts_refused" "texts refused";
    texts_delivered "messages.texts_delivered" "texts, or parts of them, that endpoints have taken";
    texts_unconfirmed "messages.texts_unconfirmed" "texts in a session that nothing shows to be read";
    routes_refused "messages.routes_refused" "questions not put to the engine because too many wait";
    deliveries "messages.deliveries" "messages delivered to an endpoint";
    deliveries_postponed "messages.deliveries_postponed" "messages that could not be delivered to an endpoint at present";
    deliveries_failed "messages.deliveries_failed" "messages that an endpoint can't take";
    deliveries_out_of_turn "messages.deliveries_out_of_turn" "messages that came before the one before was concluded";
    records_dropped "soft.unreadable" "records of an earlier process that could not be read";
}
