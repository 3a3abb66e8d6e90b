//! `[messages]`: instant messages and their inboxes.

use super::table::table;
use model::Millis;

table! {
    /// Instant messages: what is accepted, and how long it waits for somebody who is away.
    MessagesSettings as "messages" {
        /// The most octets of one message, its text in UTF-8 and its content together.
        message_octets_max: usize = 65_536, "octets", 256..=1_048_576;
        /// How long a message waits at most. Its sender is then told that it was not delivered.
        message_age_max: u64 = 2_592_000, "s", 60..=31_536_000;
        /// How long the identifier of a message that was delivered is kept, so that a repeat is not delivered again.
        repeat_window: u64 = 86_400, "s", 60..=2_592_000;
        /// The most messages that wait for one person, room or machine.
        messages_per_inbox_max: usize = 1000, "", 1..=100_000;
        /// The most octets that wait for one.
        octets_per_inbox_max: usize = 4_194_304, "octets", 256..=1_073_741_824;
        /// The most messages that wait for all of them together. They are held in memory.
        messages_max: usize = 1_000_000, "", 1..=100_000_000;
        /// The most octets that wait for all of them together. They are held in memory.
        octets_max: usize = 536_870_912, "octets", 256..=68_719_476_736;
        /// The most identifiers of delivered messages that are kept; beyond it the oldest go before their time.
        repeats_max: usize = 1_000_000, "", 1..=100_000_000;
    }
}

impl MessagesSettings {
    /// What the engine is told.
    pub fn engine(&self) -> engine::MessageSettings {
        engine::MessageSettings {
            message_octets_max: self.message_octets_max,
            message_age_max: Millis::seconds(self.message_age_max),
            repeat_window: Millis::seconds(self.repeat_window),
            messages_per_inbox_max: self.messages_per_inbox_max,
            octets_per_inbox_max: self.octets_per_inbox_max,
            messages_max: self.messages_max,
            octets_max: self.octets_max,
            repeats_max: self.repeats_max,
            ..engine::MessageSettings::default()
        }
    }
}
