//! The contact list as the gatekeeper tells it, and the requests that wait for a decision.

use super::event::{ContactStatus, RequestStatus, digits};
use crate::alias::Alias;
use crate::wire::h225::AliasAddress;
use crate::wire::presence::PresenceAlias;
use std::collections::BTreeMap;

/// The most contacts that are remembered.
const CONTACTS_MAX: usize = 10_000;

/// The most requests that wait for a decision.
const REQUESTS_MAX: usize = 1_000;

/// The contact list.
#[derive(Debug, Default)]
pub(super) struct Contacts {
    contacts: BTreeMap<String, Contact>,
    requests: BTreeMap<String, Request>,
}

/// Somebody on the list, or somebody whose state was told.
#[derive(Debug, Default)]
struct Contact {
    alias: String,
    relation: Option<Relation>,
    is_blocked: bool,
    /// The last state, as people are shown it.
    state: Option<String>,
}

/// How a contact stands to us.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Relation {
    /// A decision is awaited.
    Pending,
    /// Approved.
    Subscribed,
}

/// Somebody wants to watch.
#[derive(Clone, Debug)]
pub(super) struct Request {
    /// Names the subscription.
    pub identifier: [u8; 16],
    /// Whom: one of our aliases.
    pub subscribe: AliasAddress,
    /// Who.
    pub watcher: PresenceAlias,
    from: String,
    name: Option<String>,
}

impl Request {
    /// A request of `watcher` to watch `subscribe`.
    pub fn new(
        identifier: [u8; 16],
        subscribe: AliasAddress,
        watcher: PresenceAlias,
        name: Option<String>,
    ) -> Self {
        let from = shown(&watcher.alias);
        Self { identifier, subscribe, watcher, from, name }
    }
}

impl Contacts {
    /// The list says something about somebody; `false` where no more is remembered.
    pub fn relate(&mut self, alias: &str, relation: Option<Relation>) -> bool {
        let kept = self.change(alias, |contact| contact.relation = relation);
        if relation != Some(Relation::Pending) {
            self.requests.remove(&key(alias));
        }
        kept
    }

    /// Somebody is blocked, or no longer; `false` where no more is remembered.
    pub fn block(&mut self, alias: &str, is_blocked: bool) -> bool {
        self.change(alias, |contact| contact.is_blocked = is_blocked)
    }

    /// Somebody's state; `false` where no more is remembered.
    pub fn show(&mut self, alias: &str, state: String) -> bool {
        self.change(alias, |contact| contact.state = Some(state))
    }

    /// Somebody asks; a repetition replaces the earlier request. `false` where no more are remembered.
    pub fn ask(&mut self, request: Request) -> bool {
        let key = key(&request.from);
        let has_room = self.requests.len() < REQUESTS_MAX || self.requests.contains_key(&key);
        if has_room {
            self.requests.insert(key, request);
        }
        has_room
    }

    /// The request of somebody that waits for a decision.
    pub fn request(&self, alias: &Alias) -> Option<&Request> {
        self.requests.get(&key(&alias.text()))
    }

    /// A request was decided.
    pub fn decided(&mut self, identifier: [u8; 16]) {
        self.requests.retain(|_, request| request.identifier != identifier);
    }

    /// Everybody on the list, by name.
    pub fn list(&self) -> Vec<ContactStatus> {
        let status = |contact: &Contact| ContactStatus {
            alias: contact.alias.clone(),
            relation: match contact.relation {
                _ if contact.is_blocked => "blocked",
                Some(Relation::Subscribed) => "subscribed",
                Some(Relation::Pending) => "pending",
                None => "none",
            },
            state: contact.state.clone(),
        };
        self.contacts.values().map(status).collect()
    }

    /// Every request, by name.
    pub fn requests(&self) -> Vec<RequestStatus> {
        let status = |request: &Request| RequestStatus {
            from: request.from.clone(),
            name: request.name.clone(),
            identifier: digits(request.identifier),
        };
        self.requests.values().map(status).collect()
    }

    fn change(&mut self, alias: &str, change: impl FnOnce(&mut Contact)) -> bool {
        let key = key(alias);
        let has_room = self.contacts.len() < CONTACTS_MAX || self.contacts.contains_key(&key);
        if has_room {
            let contact = self.contacts.entry(key.clone()).or_default();
            contact.alias = alias.to_owned();
            change(contact);
            if contact.relation.is_none() && !contact.is_blocked && contact.state.is_none() {
                self.contacts.remove(&key);
            }
        }
        has_room
    }

    /// Forgets somebody's state, which is no longer told.
    pub fn hide(&mut self, alias: &str) {
        self.change(alias, |contact| contact.state = None);
    }
}

/// An alias as people are shown it.
pub(super) fn shown(alias: &AliasAddress) -> String {
    Alias::from_wire(alias).map_or_else(|| "unknown".to_owned(), |alias| alias.text())
}

/// What people compare: the same name may come in another case, or as another kind of alias.
fn key(alias: &str) -> String {
    alias.to_lowercase()
}
