//! Numbers for the status page.

use model::{Availability, PresenceDocument};
use serde::Serialize;

/// Sizes of the tables as they are, and counters since the start.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Principals known.
    pub principals: usize,
    /// Names that belong to a principal.
    pub names: usize,
    /// Agents that hold a claim.
    pub agents: usize,
    /// Watchers.
    pub watchers: usize,
    /// Subscriptions, those to all presentities among them.
    pub subscriptions: usize,
    /// Names that are watched and belong to nobody yet.
    pub unknown_names: usize,
    /// Principals by what a board shows of them.
    pub available: usize,
    /// In a call.
    pub on_call: usize,
    /// Registered, elsewhere.
    pub away: usize,
    /// Not to be reached.
    pub offline: usize,
    /// Nothing is known.
    pub unknown: usize,
    /// Groups.
    pub groups: usize,
    /// Members of all groups.
    pub group_members: usize,
    /// Counter: changes of groups refused.
    pub group_changes_refused: u64,
    /// Messages that wait in inboxes.
    pub messages_waiting: usize,
    /// Counter: documents that differed from the one before.
    pub changes: u64,
    /// Counter: notifications given out.
    pub notifications: u64,
    /// Counter: claims refused because of a limit.
    pub claims_refused: u64,
    /// Counter: subscriptions refused because of a limit.
    pub subscriptions_refused: u64,
    /// Contacts: whom principals watch or have asked to watch.
    pub contacts: usize,
    /// Whom principals have blocked.
    pub blocks: usize,
    /// Rules of owners and of the operator.
    pub rules: usize,
    /// Counter: documents restricted to what a class of watchers may see.
    pub compositions: u64,
    /// Counter: requests to watch refused by a rule.
    pub watchers_refused: u64,
    /// Devices through which something is published.
    pub publications: usize,
    /// Counter: publications and changes of contact lists refused because of a limit.
    pub requests_refused: u64,
    /// Counter: requests to watch that nobody decided in time.
    pub requests_expired: u64,
    /// Counter: publications of absent devices dropped because their principal has too many.
    pub publications_dropped: u64,
    /// Counter: pieces of evidence dropped because their agent has too many.
    pub evidence_dropped: u64,
    /// Counter: requests about agents that hold no claim.
    pub strays: u64,
    /// Counter: soft records that could not be read or are of nobody known.
    pub records_dropped: u64,
    /// Counter: messages put in inboxes, reports of failures among them.
    pub messages_accepted: u64,
    /// Counter: principals that were erased; they count as principals until the next start.
    pub principals_erased: u64,
    /// Counter: messages to groups of which copies were put in inboxes.
    pub group_messages: u64,
    /// Counter: members that got no copy because they have blocked the sender or take no messages.
    pub group_copies_left_out: u64,
    /// Counter: copies that failed, because of a full inbox or later.
    pub group_copies_failed: u64,
    /// Counter: messages refused.
    pub messages_refused: u64,
    /// Counter: messages of senders whom their recipient blocks politely: accepted, and never delivered.
    pub messages_ignored: u64,
    /// Counter: messages that had been accepted already and were sent again.
    pub messages_repeated: u64,
    /// Counter: messages that an agent of the recipient has.
    pub messages_delivered: u64,
    /// Counter: messages that the recipient's server has.
    pub messages_relayed: u64,
    /// Counter: messages that failed after they were accepted.
    pub messages_failed: u64,
    /// Counter: messages that the store did not take.
    pub messages_retracted: u64,
    /// Counter: reports of failures for which the sender's inbox had no room.
    pub reports_dropped: u64,
}

impl Counts {
    /// Counts a principal's first document.
    pub(crate) fn enter(&mut self, document: &PresenceDocument) {
        *self.of(document.state.availability()) += 1;
    }

    /// Takes a principal's former document out of the count.
    pub(crate) fn leave(&mut self, document: &PresenceDocument) {
        *self.of(document.state.availability()) -= 1;
    }

    fn of(&mut self, availability: Availability) -> &mut usize {
        match availability {
            Availability::Available => &mut self.available,
            Availability::OnCall => &mut self.on_call,
            Availability::Away => &mut self.away,
            Availability::Offline => &mut self.offline,
            Availability::Unknown => &mut self.unknown,
        }
    }
}
