//! What ends or begins a subscription at a user's server, and is told again where it may not have arrived: the server would
//! show for ever what is not so. Presence itself is told anew as a whole.

use super::{Gateway, Output};
use crate::streams::Outgoing;
use crate::wire::Condition;
use model::Address;
use std::collections::{BTreeMap, HashMap};

/// The most replies that wait for the servers of users to be there again.
const OWED_MAX: usize = 10_000;

/// A relation in one direction: the user, the contact, and whether it is the user that is watched.
type Relation = (Address, Address, bool);

/// Replies under way, and those that did not arrive.
#[derive(Debug, Default)]
pub(super) struct Replies {
    /// By tag.
    under_way: HashMap<u64, (Relation, Outgoing)>,
    /// The tag of the newest one of each relation.
    newest: HashMap<Relation, u64>,
    owed: BTreeMap<Relation, Outgoing>,
}

impl Replies {
    /// Whether a presence of this type is one.
    pub fn is_one(kind: Option<&str>) -> bool {
        matches!(kind, Some("subscribed" | "unsubscribed" | "unsubscribe"))
    }
}

impl Gateway {
    /// Sends a reply; the newest one of a relation is what counts.
    pub(super) fn reply(&mut self, user: &Address, contact: &Address, kind: Option<&str>, out: Outgoing) {
        let relation = (user.clone(), contact.clone(), kind == Some("unsubscribe"));
        self.replies.owed.remove(&relation);
        self.send_reply(relation, out);
    }

    fn send_reply(&mut self, relation: Relation, out: Outgoing) {
        let tag = self.next_tag();
        self.replies.newest.insert(relation.clone(), tag);
        self.replies.under_way.insert(tag, (relation, out.clone()));
        self.outputs.push_back(Output::Stanza(Outgoing { tag: Some(tag), ..out }));
    }

    /// A reply has arrived, or not.
    pub(super) fn reply_concluded(&mut self, tag: u64, failed: Option<Condition>) {
        let Some((relation, out)) = self.replies.under_way.remove(&tag) else { return };
        if self.replies.newest.get(&relation) != Some(&tag) {
            return;
        }
        self.replies.newest.remove(&relation);
        let may_arrive =
            matches!(failed, Some(Condition::RemoteServerTimeout | Condition::ResourceConstraint));
        if may_arrive && self.replies.owed.len() < OWED_MAX {
            self.replies.owed.insert(relation, out);
        }
    }

    /// The servers of a domain, or all, are there again.
    pub(super) fn reply_again(&mut self, domain: &str) {
        let is_there = |(user, ..): &Relation| domain.is_empty() || user.domain() == domain;
        let (now, later): (BTreeMap<_, _>, BTreeMap<_, _>) =
            std::mem::take(&mut self.replies.owed).into_iter().partition(|(relation, _)| is_there(relation));
        self.replies.owed = later;
        for (relation, out) in now {
            self.send_reply(relation, out);
        }
    }
}
