//! What the gateway counts.

use link::Counter;

macro_rules! counters {
    ($($(#[$doc:meta])* $field:ident $name:literal $help:literal;)*) => {
        /// Numbers that only grow.
        #[derive(Clone, Debug, Default)]
        pub(crate) struct Counters { $(pub(crate) $field: u64,)* }

        impl Counters {
            /// With their stable names.
            pub(crate) fn list(&self) -> Vec<Counter> {
                vec![$(Counter { name: $name.to_owned(), value: self.$field, help: $help.to_owned() },)*]
            }
        }
    };
}

counters! {
    presence_sent "xmpp.presence_sent" "presence stanzas sent";
    presence_received "xmpp.presence_received" "presence stanzas received";
    presence_unwatched "xmpp.presence_unwatched" "presence stanzas to somebody who does not watch their sender";
    messages_sent "xmpp.messages_sent" "messages handed to other servers";
    messages_received "xmpp.messages_received" "messages received";
    messages_refused "xmpp.messages_refused" "messages sent back";
    queries "xmpp.queries" "queries answered";
    queries_refused "xmpp.queries_refused" "queries answered with an error";
    clients_refused "xmpp.clients_refused" "clients of one person that were one too many";
    users_refused "xmpp.users_refused" "people for whom there was no room";
    reports "xmpp.reports" "complaints of people here";
    malformed "xmpp.malformed" "stanzas that made no sense";
}
