//! Presence: what users say of themselves, and what they are told of people here.

use super::replies::Replies;
use super::tickets::Asked;
use super::user::{Client, Watching};
use super::{Gateway, Output};
use crate::streams::Outgoing;
use crate::translation::presence;
use crate::wire::{Element, Jid, write_attribute, write_escaped};
use model::{
    Address, AgentId, Claim, Evidence, EvidenceKey, NamedAddress, Now, PresenceDocument, PresenceState,
    Publication, Request, Source, Timestamp,
};
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

impl Gateway {
    /// A client of a user says how it is, to somebody of here.
    pub(super) fn client_available(
        &mut self,
        now: Now,
        user: &Address,
        from: &Jid,
        contact: &Address,
        stanza: &Element,
    ) {
        let Some(resource) = from.resource() else { return };
        // What is said to one who does not watch is for its eyes only, and it has none for it.
        if self.contact(user, contact).watching != Watching::Yes {
            return self.counters.presence_unwatched += 1;
        }
        let said = digest(stanza);
        let Some(known) = self.users.get_mut(user) else { return };
        let has_room = known.clients.len() < self.settings.clients_per_user_max;
        let is_new = match known.clients.get_mut(resource) {
            Some(client) => {
                client.shown_to.insert(contact.clone());
                if std::mem::replace(&mut client.said, said) == said {
                    return self.show(user, contact, true);
                }
                false
            }
            None if !has_room => return self.counters.clients_refused += 1,
            None => true,
        };
        if is_new {
            self.add_client(now, user, resource, said, contact);
        }
        self.show(user, contact, true);
        let publication = presence::read(stanza, now.wall);
        self.publish(user, Some(resource), publication);
    }

    /// A client of a user is not there any more, or not for somebody of here; without a resource no client is.
    pub(super) fn client_unavailable(
        &mut self,
        now: Now,
        user: &Address,
        from: &Jid,
        contact: &Address,
        stanza: &Element,
    ) {
        if self.contact(user, contact).watching != Watching::Yes {
            return self.counters.presence_unwatched += 1;
        }
        let Some(known) = self.users.get_mut(user) else { return };
        let named = |resource: &String| from.resource().is_none_or(|named| named == resource);
        let resources = Vec::from_iter(known.clients.keys().filter(|resource| named(resource)).cloned());
        let mut gone = Vec::new();
        for resource in resources {
            let Some(client) = known.clients.get_mut(&resource) else { continue };
            client.shown_to.remove(contact);
            if client.shown_to.is_empty() {
                gone.push(resource);
            }
        }
        let is_seen = known.clients.values().any(|client| client.shown_to.contains(contact));
        for resource in gone {
            self.remove_client(now, user, &resource, SIGNED_OFF);
        }
        let Some(known) = self.users.get(user) else { return };
        if known.clients.is_empty() {
            // Its last words, which its server tells also of who has been away for long.
            let publication = presence::read(stanza, now.wall);
            self.publish(user, None, Publication { state: PresenceState::Offline, ..publication });
            self.show(user, contact, true);
        } else if !is_seen {
            self.show(user, contact, false);
        }
    }

    /// Somebody else wants to know how somebody of here is.
    pub(super) fn probes(&mut self, now: Now, user: &Address, contact: &Address) {
        let Some(agent) = self.agent(user) else { return };
        let asked = Asked::ToFetch { user: user.clone(), contact: contact.clone() };
        let (ticket, presentity) = (self.tickets.issue(asked), contact.clone());
        self.ask(now, user, Request::Fetch { ticket, agent, presentity });
    }

    /// A probe was not answered: the user watches nobody of that address.
    pub(super) fn not_fetched(&mut self, now: Now, user: &Address, contact: &Address) {
        // Who has asked and waits would take it for the answer.
        if matches!(self.contact(user, contact).watched, Watching::No | Watching::Yes) {
            self.send_presence(now, contact, user, "unsubscribed");
        }
        self.rest(now, user);
    }

    /// Tells a user the newest of somebody of here.
    pub(super) fn inform(
        &mut self,
        now: Now,
        user: &Address,
        name: &NamedAddress,
        document: &Arc<PresenceDocument>,
    ) {
        let is_at_hand = self.encoded.as_ref().is_some_and(|(at_hand, _)| Arc::ptr_eq(at_hand, document));
        if !is_at_hand {
            let encoded = presence::encode(document, super::subscription::nickname(name), &self.common);
            self.encoded = Some((Arc::clone(document), encoded));
        }
        let Some((_, encoded)) = self.encoded.take() else { return };
        let contact = &name.address;
        let known = self.contact(user, contact);
        let before: BTreeSet<&str> = known.shown.iter().map(String::as_str).collect();
        for device in &encoded.devices {
            self.send_document(now, contact, Some(&device.resource), user, false, &device.content);
        }
        let is_there = |resource: &&str| encoded.devices.iter().any(|device| device.resource == **resource);
        for resource in before.iter().filter(|resource| !is_there(resource)) {
            self.send_document(now, contact, Some(resource), user, true, &encoded.absence);
        }
        if encoded.devices.is_empty() && before.is_empty() {
            self.send_document(now, contact, None, user, true, &encoded.absence);
        }
        let is_same = encoded.devices.len() == known.shown.len() && before.iter().all(is_there);
        if known.watched == Watching::Yes && !is_same {
            let shown = encoded.devices.iter().map(|device| device.resource.clone()).collect();
            self.change(user, contact, |contact| contact.shown = shown);
        }
        self.encoded = Some((Arc::clone(document), encoded));
    }

    /// Nothing can be heard of the people of a domain for a reason, or they can be asked again.
    pub(crate) fn domain_changed(&mut self, now: Now, domain: &str, problem: Option<&str>) {
        let users =
            self.users.addresses().filter(|address| domain.is_empty() || address.domain() == domain).cloned();
        for user in Vec::from_iter(users) {
            let Some(agent) = self.agent(&user) else { continue };
            if let Some(problem) = problem {
                self.forget_clients(now, &user, UNREACHABLE);
                self.leaves_all(now, &user);
                self.publish(&user, None, unknown(now.wall));
                self.observe(agent, PresenceState::Unknown, now.wall, &format!("{UNREACHABLE}: {problem}"));
            } else {
                self.observe(agent, PresenceState::Unknown, now.wall, KNOWN);
                self.probe_again(now, &user);
                self.tell_again(&user);
            }
        }
        if problem.is_none() {
            self.reply_again(domain);
        }
    }

    /// Tells a user anew how all are whom it watches: what was told before may be lost.
    fn tell_again(&mut self, user: &Address) {
        if let Some(agent) = self.agent(user) {
            self.outputs.push_back(Output::Request(Request::Attend { agent }));
        }
    }

    /// Asks how a user is in the name of all who watch it.
    fn probe_again(&mut self, now: Now, user: &Address) {
        let Some(known) = self.users.get(user) else { return };
        let contacts = known.contacts.iter().filter_map(|(address, contact)| match contact.watching {
            Watching::Yes => Some((address.clone(), "probe")),
            // It may be that this has never arrived.
            Watching::Asked => Some((address.clone(), "subscribe")),
            Watching::No | Watching::Perhaps => None,
        });
        for (contact, kind) in Vec::from_iter(contacts) {
            self.send_presence(now, &contact, user, kind);
        }
    }

    /// Where nobody watches a user any more, nothing will be heard of it.
    pub(super) fn drop_unwatched(&mut self, now: Now, user: &Address) {
        if self.users.get(user).is_some_and(|user| !user.is_watched()) {
            self.forget_clients(now, user, UNWATCHED);
        }
    }

    fn forget_clients(&mut self, now: Now, user: &Address, reason: &str) {
        let Some(known) = self.users.get(user) else { return };
        for resource in Vec::from_iter(known.clients.keys().cloned()) {
            self.remove_client(now, user, &resource, reason);
        }
    }

    fn add_client(&mut self, now: Now, user: &Address, resource: &str, said: u64, contact: &Address) {
        let number = self.users.add_client(user, resource);
        let Some(known) = self.users.get_mut(user) else { return };
        let client = Client { agent: number, said, shown_to: [contact.clone()].into() };
        known.clients.insert(resource.to_owned(), client);
        let (strength, jid) = (known.strength, known.jid.clone());
        let agent = AgentId { gateway: self.id, number };
        let claim = Claim {
            agent,
            aliases: vec![self.foreign(user)],
            inferred: true,
            has_presence: false,
            has_messaging: false,
            strength,
            device: resource.to_owned(),
            description: format!("XMPP {jid}/{resource}"),
        };
        let ticket = self.tickets.issue(Asked::Nothing);
        self.outputs.push_back(Output::Request(Request::Claim { ticket, claim }));
        self.observe(agent, PresenceState::Online, now.wall, "available at its server");
    }

    fn remove_client(&mut self, now: Now, user: &Address, resource: &str, reason: &str) {
        let Some(known) = self.users.get_mut(user) else { return };
        let Some(client) = known.clients.remove(resource) else { return };
        self.users.remove_agent(client.agent);
        let agent = AgentId { gateway: self.id, number: client.agent };
        let (at, reason) = (now.wall, reason.to_owned());
        self.outputs.push_back(Output::Request(Request::Depart { agent, at, reason, is_farewell: true }));
    }

    /// Evidence that somebody is known to its server.
    pub(super) fn observe(&mut self, agent: AgentId, state: PresenceState, since: Timestamp, detail: &str) {
        let key = EvidenceKey { source: Source::Registration, id: String::new() };
        let evidence = Evidence { key, state, since, expires: None, detail: detail.into() };
        self.outputs.push_back(Output::Request(Request::Observe { agent, evidence }));
    }

    /// What a user says of itself, through a client or apart from any.
    fn publish(&mut self, user: &Address, resource: Option<&str>, publication: Publication) {
        let agent = match resource {
            None => self.agent(user),
            Some(resource) => {
                let client = self.users.get(user).and_then(|user| user.clients.get(resource));
                client.map(|client| AgentId { gateway: self.id, number: client.agent })
            }
        };
        let Some(agent) = agent else { return };
        let ticket = self.tickets.issue(Asked::Nothing);
        let publication = Box::new(publication);
        self.outputs.push_back(Output::Request(Request::Publish { ticket, agent, publication }));
    }

    /// A user shows itself to somebody of here, or not, where that is new.
    fn show(&mut self, user: &Address, contact: &Address, is_shown: bool) {
        if self.contact(user, contact).is_hidden_from != is_shown {
            return;
        }
        self.change(user, contact, |contact| contact.is_hidden_from = !is_shown);
        let Some(agent) = self.agent(user) else { return };
        let watcher = contact.clone();
        self.outputs.push_back(Output::Request(Request::Show { agent, watcher, is_shown }));
    }

    /// A stanza about subscriptions, between bare JIDs (RFC 6121 section 3).
    pub(super) fn send_presence(&mut self, now: Now, contact: &Address, user: &Address, kind: &str) {
        self.send_presence_with(now, contact, user, kind, &[]);
    }

    pub(super) fn send_presence_with(
        &mut self,
        now: Now,
        contact: &Address,
        user: &Address,
        kind: &str,
        content: &[Element],
    ) {
        let mut octets = Vec::new();
        content.iter().for_each(|element| element.write(&mut octets));
        self.write_presence(now, contact, None, user, Some(kind), &octets);
    }

    pub(super) fn send_unavailable(
        &mut self,
        now: Now,
        contact: &Address,
        resource: Option<&str>,
        user: &Address,
    ) {
        self.write_presence(now, contact, resource, user, Some("unavailable"), b"");
    }

    fn send_document(
        &mut self,
        now: Now,
        contact: &Address,
        resource: Option<&str>,
        user: &Address,
        is_absence: bool,
        content: &[u8],
    ) {
        let kind = is_absence.then_some("unavailable");
        self.write_presence(now, contact, resource, user, kind, content);
    }

    fn write_presence(
        &mut self,
        now: Now,
        contact: &Address,
        resource: Option<&str>,
        user: &Address,
        kind: Option<&str>,
        content: &[u8],
    ) {
        let Some(known) = self.users.get_mut(user) else { return };
        known.active_at = now.instant;
        let mut octets = Vec::with_capacity(STANZA_OCTETS + content.len());
        octets.extend_from_slice(b"<presence from='");
        write_escaped(Jid::of(contact).as_str(), &mut octets);
        if let Some(resource) = resource {
            octets.push(b'/');
            write_escaped(resource, &mut octets);
        }
        octets.extend_from_slice(b"' to='");
        write_escaped(known.jid.as_str(), &mut octets);
        octets.push(b'\'');
        if let Some(kind) = kind {
            write_attribute("type", kind, &mut octets);
        }
        if content.is_empty() {
            octets.extend_from_slice(b"/>");
        } else {
            octets.push(b'>');
            octets.extend_from_slice(content);
            octets.extend_from_slice(b"</presence>");
        }
        let (from, to) = (contact.domain().to_owned(), known.jid.domain().to_owned());
        self.counters.presence_sent += 1;
        let out = Outgoing { from, to, octets, tag: None, late: Vec::new() };
        if Replies::is_one(kind) {
            return self.reply(user, contact, kind, out);
        }
        self.outputs.push_back(Output::Stanza(out));
    }
}

/// Nothing is known.
fn unknown(at: Timestamp) -> Publication {
    Publication {
        state: PresenceState::Unknown,
        qualifier: None,
        custom: Vec::new(),
        notes: Vec::new(),
        capabilities: None,
        location: None,
        extensions: Box::default(),
        at,
    }
}

/// What tells one presence of a client from another; to whom it was sent does not.
fn digest(stanza: &Element) -> u64 {
    let mut octets = Vec::new();
    stanza.children().for_each(|child| child.write(&mut octets));
    let mut hasher = DefaultHasher::new();
    octets.hash(&mut hasher);
    hasher.finish()
}

/// How many octets a stanza has without its content, about.
const STANZA_OCTETS: usize = 160;

/// What is known of somebody who has no client.
pub(super) const KNOWN: &str = "known to its server";
/// Why clients are gone.
const SIGNED_OFF: &str = "it signed off";
const UNREACHABLE: &str = "its server can't be reached";
const UNWATCHED: &str = "nobody watches it any more";
