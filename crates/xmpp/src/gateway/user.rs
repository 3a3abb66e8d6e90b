//! One person of an XMPP domain, as the gateway knows it.

use crate::wire::Jid;
use model::{Address, Instant, Strength};
use std::collections::{BTreeMap, BTreeSet};

/// Somebody by a bare JID, with whom there is something to do.
#[derive(Debug)]
pub(crate) struct User {
    /// The bare JID as its own server writes it.
    pub(crate) jid: Jid,
    pub(crate) address: Address,
    /// How its server has shown who it is.
    pub(crate) strength: Strength,
    /// Its clients that are available, by resource.
    pub(crate) clients: BTreeMap<String, Client>,
    /// Who of here has to do with it.
    pub(crate) contacts: BTreeMap<Address, Contact>,
    /// Messages to it whose fate is not known yet.
    pub(crate) deliveries: usize,
    /// When something was heard of it or done for it last.
    pub(crate) active_at: Instant,
    /// Whether its clients understand typing, as far as it was seen.
    pub(crate) shows_typing: bool,
}

impl User {
    pub(crate) fn new(jid: Jid, address: Address, strength: Strength, now: Instant) -> Self {
        Self {
            jid,
            address,
            strength,
            clients: BTreeMap::new(),
            contacts: BTreeMap::new(),
            deliveries: 0,
            active_at: now,
            shows_typing: false,
        }
    }

    /// Whether nobody here has to do with it, so that it may be forgotten.
    pub(crate) fn is_idle(&self) -> bool {
        self.contacts.is_empty() && self.clients.is_empty() && self.deliveries == 0
    }

    /// What there is between it and somebody of here.
    pub(crate) fn contact(&self, address: &Address) -> Contact {
        self.contacts.get(address).cloned().unwrap_or_default()
    }

    /// Changes what there is between it and somebody of here.
    pub(crate) fn change(&mut self, address: &Address, change: impl FnOnce(&mut Contact)) {
        let contact = self.contacts.entry(address.clone()).or_default();
        change(contact);
        if *contact == Contact::default() {
            self.contacts.remove(address);
        }
    }

    /// Whether somebody of here watches it.
    pub(crate) fn is_watched(&self) -> bool {
        self.contacts.values().any(|contact| contact.watching == Watching::Yes)
    }
}

/// A client that is available.
#[derive(Debug)]
pub(crate) struct Client {
    /// The number of its agent.
    pub(crate) agent: u64,
    /// What it said last, for telling a repetition: servers send it once for each who watches.
    pub(crate) said: u64,
    /// To whom of here it was said.
    pub(crate) shown_to: BTreeSet<Address>,
}

/// What there is between a user and somebody of here, in both directions.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Contact {
    /// How the user's wish to watch stands.
    pub(crate) watched: Watching,
    /// How the wish to watch the user stands.
    pub(crate) watching: Watching,
    /// The resources under which the user was told that it is available, while the user watches.
    pub(crate) shown: Vec<String>,
    /// Whether the user is offline for it, whatever it is for others.
    pub(crate) is_hidden_from: bool,
}

/// How the wish of one to watch another stands.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Watching {
    /// There is none.
    #[default]
    No,
    /// One of the two has asked, and it is not known which.
    Perhaps,
    /// It was asked for.
    Asked,
    /// It is granted.
    Yes,
}
