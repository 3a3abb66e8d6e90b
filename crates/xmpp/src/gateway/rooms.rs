//! Conversations as rooms that people of other domains enter (XEP-0045; interworking table f).

use super::tickets::{Asked, Written};
use super::{Gateway, Output};
use crate::translation::message;
use crate::wire::namespaces::{MUC_USER, STANZAS};
use crate::wire::{Condition, Element, Jid, Kind, stanza};
use model::{Address, GroupRefusal, InstantMessage, MessageId, Now, Occupant, Request, Strength};
use std::collections::{BTreeMap, VecDeque};

/// Who of other domains is in which conversation.
#[derive(Debug, Default)]
pub(super) struct Rooms {
    /// By user and group.
    stays: BTreeMap<(Address, Address), Stay>,
    /// The ids of messages that came from occupants, which they are to see again as they wrote them.
    echoes: VecDeque<(MessageId, String)>,
}

/// That a user is in a conversation, with one or more clients.
#[derive(Debug, Default)]
struct Stay {
    /// The full JIDs of its clients.
    clients: Vec<Jid>,
    /// Under which name.
    nick: String,
    /// Everybody there, by name.
    others: BTreeMap<String, Address>,
}

impl Rooms {
    fn stay(&self, user: &Address, group: &Address) -> Option<&Stay> {
        self.stays.get(&(user.clone(), group.clone()))
    }

    fn is_in(&self, user: &Address, group: &Address, client: &Jid) -> bool {
        self.stay(user, group).is_some_and(|stay| stay.clients.contains(client))
    }

    /// Whether a user is in any.
    pub(super) fn has(&self, user: &Address) -> bool {
        self.stays.keys().any(|(other, _)| other == user)
    }

    fn of_user(&self, user: &Address) -> Vec<Address> {
        self.stays.keys().filter(|(other, _)| other == user).map(|(_, group)| group.clone()).collect()
    }
}

impl Gateway {
    /// Takes a stanza to a room, or to the domain of rooms.
    pub(super) fn in_room(&mut self, now: Now, stanza: &Element, from: &Jid, to: &Jid, strength: Strength) {
        let group = to.local().and_then(|_| {
            let jid = Jid::of_domain(self.settings.domain.as_str());
            jid.with_local(to.local()?).address()?.ok()
        });
        let (Some(Ok(user)), Some(group)) = (from.address(), group) else {
            return self.refuse(stanza, Condition::ItemNotFound, None);
        };
        match Kind::of(stanza) {
            Some(Kind::Presence) => {
                self.room_presence(now, stanza, (from, &user), (to, &group), strength);
            }
            Some(Kind::Message) => self.room_message(now, stanza, (from, &user), (to, &group)),
            _ => {}
        }
    }

    fn room_presence(
        &mut self,
        now: Now,
        stanza: &Element,
        (from, user): (&Jid, &Address),
        (to, group): (&Jid, &Address),
        strength: Strength,
    ) {
        match stanza.attribute("type") {
            None => {
                let Some(nick) = to.resource() else {
                    return self.refuse(stanza, Condition::JidMalformed, None);
                };
                if from.resource().is_none() {
                    return self.refuse(stanza, Condition::BadRequest, None);
                }
                if self.rooms.is_in(user, group, from)
                    && self.rooms.stay(user, group).is_some_and(|stay| stay.nick == nick)
                {
                    // It only says how it is, which the others there have no place for.
                    return;
                }
                if !self.claim(now, from, user, strength) {
                    return self.refuse(stanza, Condition::ResourceConstraint, None);
                }
                let Some(agent) = self.agent(user) else { return };
                let asked =
                    Asked::ToEnter { client: from.clone(), group: group.clone(), nick: nick.to_owned() };
                let (ticket, group, nick) = (self.tickets.issue(asked), group.clone(), nick.to_owned());
                self.ask(now, user, Request::Enter { ticket, agent, group, nick });
            }
            Some("unavailable" | "error") => self.leaves(now, user, group, from),
            // Nobody subscribes to a room.
            Some(_) => {}
        }
    }

    /// A client leaves.
    fn leaves(&mut self, now: Now, user: &Address, group: &Address, client: &Jid) {
        let key = (user.clone(), group.clone());
        let Some(stay) = self.rooms.stays.get_mut(&key) else { return };
        let before = stay.clients.len();
        stay.clients.retain(|other| other != client);
        if stay.clients.len() == before {
            return;
        }
        let (nick, is_last) = (stay.nick.clone(), stay.clients.is_empty());
        let own = item("none", "none", None, &["110"]);
        self.send_from_room(group, Some(&nick), client, "presence", Some("unavailable"), own);
        if is_last {
            self.rooms.stays.remove(&key);
            if let Some(agent) = self.agent(user) {
                self.outputs.push_back(Output::Request(Request::Exit { agent, group: group.clone() }));
            }
            self.rest(now, user);
        }
    }

    /// All clients of a user leave all rooms: nothing is heard of its server any more.
    pub(super) fn leaves_all(&mut self, now: Now, user: &Address) {
        for group in self.rooms.of_user(user) {
            let stay = self.rooms.stay(user, &group);
            for client in stay.map(|stay| stay.clients.clone()).unwrap_or_default() {
                self.leaves(now, user, &group, &client);
            }
        }
    }

    /// A client has entered: it is told who is there, itself last, and what the room is about.
    pub(super) fn entered(
        &mut self,
        user: &Address,
        (client, group, nick): (&Jid, &Address, &str),
        title: &str,
        occupants: &[Occupant],
    ) {
        let key = (user.clone(), group.clone());
        let stay = self.rooms.stays.entry(key).or_default();
        let before = std::mem::replace(&mut stay.nick, nick.to_owned());
        stay.others = occupants.iter().map(|one| (one.nick.clone(), one.address.clone())).collect();
        let is_new = !stay.clients.contains(client);
        if is_new {
            stay.clients.push(client.clone());
        }
        let own = || item("member", "participant", Some(Jid::of(user)), &["100", "110"]);
        if !is_new && before != nick {
            let renamed = item_with_nick("member", "participant", nick, &["303", "110"]);
            self.send_from_room(group, Some(&before), client, "presence", Some("unavailable"), renamed);
            return self.send_from_room(group, Some(nick), client, "presence", None, own());
        }
        for other in occupants.iter().filter(|other| other.nick != nick) {
            let there = item("member", "participant", Some(Jid::of(&other.address)), &[]);
            self.send_from_room(group, Some(&other.nick), client, "presence", None, there);
        }
        self.send_from_room(group, Some(nick), client, "presence", None, own());
        let subject = Element::new("subject", STANZAS).with_text(title);
        self.send_from_room(group, None, client, "message", Some("groupchat"), subject);
    }

    /// A client may not enter.
    pub(super) fn not_entered(
        &mut self,
        (client, group, nick): (&Jid, &Address, &str),
        refusal: &GroupRefusal,
    ) {
        let condition = match refusal {
            GroupRefusal::NickTaken(_) => Condition::Conflict,
            GroupRefusal::NotMember { .. } => Condition::RegistrationRequired,
            GroupRefusal::Full { .. } => Condition::ServiceUnavailable,
            _ => Condition::ItemNotFound,
        };
        let error = condition.element_with_text(&refusal.to_string());
        self.send_from_room(group, Some(nick), client, "presence", Some("error"), error);
    }

    /// Somebody comes or goes.
    pub(super) fn occupancy(
        &mut self,
        user: &Address,
        group: &Address,
        occupant: &Occupant,
        is_there: bool,
        renamed: Option<&str>,
    ) {
        let Some(stay) = self.rooms.stays.get_mut(&(user.clone(), group.clone())) else { return };
        let Occupant { nick, address } = occupant;
        if is_there {
            stay.others.insert(nick.clone(), address.clone());
        } else {
            stay.others.remove(nick);
        }
        let jid = Some(Jid::of(address));
        let (kind, content) = match (is_there, renamed) {
            (true, _) => (None, item("member", "participant", jid, &[])),
            (false, None) => (Some("unavailable"), item("none", "none", jid, &[])),
            (false, Some(nick)) => (Some("unavailable"), item_with_nick("member", "none", nick, &["303"])),
        };
        for client in stay.clients.clone() {
            self.send_from_room(group, Some(nick), &client, "presence", kind, content.clone());
        }
    }

    /// A user is in a room no more.
    pub(super) fn put_out(&mut self, now: Now, user: &Address, group: &Address) {
        let Some(stay) = self.rooms.stays.remove(&(user.clone(), group.clone())) else { return };
        for client in stay.clients {
            let out = item("none", "none", None, &["110", "321"]);
            self.send_from_room(group, Some(&stay.nick), &client, "presence", Some("unavailable"), out);
        }
        self.rest(now, user);
    }

    /// A user hears what was written in a room.
    pub(super) fn overheard(
        &mut self,
        user: &Address,
        group: &Address,
        nick: &str,
        message: &InstantMessage,
    ) {
        let Some(stay) = self.rooms.stay(user, group) else { return };
        let written = self.rooms.echoes.iter().find(|(id, _)| *id == message.id);
        let id = written.map_or_else(|| message::id_text(message.id), |(_, id)| id.clone());
        let body = Element::new("body", STANZAS).with_text(&message.text);
        for client in stay.clients.clone() {
            let from = self.room_jid(group).with_resource(nick);
            let stanza = stanza::message("groupchat", &from, &client, Some(&id), vec![body.clone()]);
            self.send(&stanza, from.domain(), client.domain());
        }
    }

    fn room_message(
        &mut self,
        now: Now,
        stanza: &Element,
        (from, user): (&Jid, &Address),
        (to, group): (&Jid, &Address),
    ) {
        let kind = stanza.attribute("type");
        if kind == Some("error") {
            return self.leaves(now, user, group, from);
        }
        if !self.rooms.is_in(user, group, from) {
            return self.refuse(stanza, Condition::NotAcceptable, Some("You are not in this room."));
        }
        let recipient = match (kind, to.resource()) {
            (Some("groupchat"), None) => Some(group.clone()),
            (Some("groupchat"), Some(_)) => return self.refuse(stanza, Condition::BadRequest, None),
            (_, Some(nick)) => self.rooms.stay(user, group).and_then(|stay| stay.others.get(nick).cloned()),
            (_, None) => return self.invite(now, stanza, user, group),
        };
        let Some(recipient) = recipient else {
            return self.refuse(stanza, Condition::ItemNotFound, None);
        };
        if recipient != *group && !recipient.is_in(&self.settings.domain) {
            return self.whisper(stanza, user, &recipient, group);
        }
        let read = message::read(stanza, user, &recipient, now.wall, self.random.octets());
        let Some(message) = read.message else {
            if stanza.child("subject", STANZAS).is_some() {
                self.refuse(stanza, Condition::Forbidden, Some("The operator says what this room is about."));
            }
            return;
        };
        let Some(agent) = self.agent(user) else { return };
        let id = stanza.attribute("id").map(str::to_owned);
        if let Some(id) = &id {
            self.rooms.echoes.push_back((message.id, id.clone()));
            if self.rooms.echoes.len() > ECHOES_MAX {
                self.rooms.echoes.pop_front();
            }
        }
        let asked =
            Written { from: from.to_string(), to: recipient, stanza: id, kind: "groupchat", id: message.id };
        let ticket = self.tickets.issue_durable(now.instant, Asked::ToSend(Box::new(asked)));
        self.ask(now, user, Request::Send { ticket, agent: Some(agent), message: Box::new(message) });
    }

    /// One occupant writes to another alone, neither of whom is served here (XEP-0045 section 7.5).
    fn whisper(&mut self, stanza: &Element, user: &Address, recipient: &Address, group: &Address) {
        let Some(nick) = self.rooms.stay(user, group).map(|stay| stay.nick.clone()) else { return };
        let clients = self.rooms.stay(recipient, group).map(|stay| stay.clients.clone()).unwrap_or_default();
        let from = self.room_jid(group).with_resource(&nick);
        for client in clients {
            let (id, content) = (stanza.attribute("id"), stanza.children().cloned().collect());
            let whispered = stanza::message("chat", &from, &client, id, content);
            self.send(&whispered, from.domain(), client.domain());
        }
    }

    /// Somebody in a room invites another: who is served here is told in words, anybody else by its own means.
    fn invite(&mut self, now: Now, stanza: &Element, user: &Address, group: &Address) {
        let invites =
            stanza.child("x", MUC_USER).into_iter().flat_map(|x| x.children_named("invite", MUC_USER));
        let invites = Vec::from_iter(invites.take(INVITES_MAX).filter_map(|invite| {
            let to: Jid = invite.attribute("to")?.parse().ok()?;
            let reason = invite.child("reason", MUC_USER).map(Element::text);
            Some((to, reason))
        }));
        for (to, reason) in invites {
            let Some(Ok(address)) = to.address() else { continue };
            if address.is_in(&self.settings.domain) {
                let why = reason.filter(|reason| !reason.is_empty()).map(|reason| format!(" ({reason})"));
                let text = format!("I invite you to write to {}{}", group.local(), why.unwrap_or_default());
                let Some(agent) = self.agent(user) else { continue };
                let body = Element::new("body", STANZAS).with_text(&text);
                let said = Element::new("message", STANZAS).with_child(body);
                let read = message::read(&said, user, &address, now.wall, self.random.octets());
                let ticket = self.tickets.issue(Asked::Nothing);
                if let Some(message) = read.message {
                    self.ask(
                        now,
                        user,
                        Request::Send { ticket, agent: Some(agent), message: Box::new(message) },
                    );
                }
                continue;
            }
            let room = self.room_jid(group);
            let reason = reason.map(|reason| Element::new("reason", MUC_USER).with_text(&reason));
            let invite =
                Element::new("invite", MUC_USER).with("from", Jid::of(user).as_str()).with_children(reason);
            let x = Element::new("x", MUC_USER).with_child(invite);
            let stanza = stanza::message("normal", &room, &to, None, vec![x]);
            self.send(&stanza, room.domain(), to.domain());
        }
    }

    /// Whether a client is in a room under a name (XEP-0410).
    pub(super) fn is_there(&self, from: &Jid, to: &Jid) -> bool {
        let group = to.local().and_then(|local| {
            Jid::of_domain(self.settings.domain.as_str()).with_local(local).address()?.ok()
        });
        let (Some(Ok(user)), Some(group)) = (from.address(), group) else { return false };
        self.rooms.is_in(&user, &group, from)
    }

    fn room_jid(&self, group: &Address) -> Jid {
        let jid = Jid::of(group);
        let rooms = Jid::of_domain(self.settings.rooms_domain.as_str());
        jid.local().map_or_else(|| rooms.clone(), |local| rooms.with_local(local))
    }

    fn send_from_room(
        &mut self,
        group: &Address,
        nick: Option<&str>,
        to: &Jid,
        name: &str,
        kind: Option<&str>,
        content: Element,
    ) {
        let room = self.room_jid(group);
        let from = nick.map_or_else(|| room.clone(), |nick| room.with_resource(nick));
        let stanza = Element::new(name, STANZAS)
            .with("from", from.as_str())
            .with("to", to.as_str())
            .with_some("type", kind)
            .with_child(content);
        self.send(&stanza, from.domain(), to.domain());
    }
}

fn item(affiliation: &str, role: &str, jid: Option<Jid>, statuses: &[&str]) -> Element {
    let jid = jid.map(|jid| jid.to_string());
    let item = Element::new("item", MUC_USER)
        .with("affiliation", affiliation)
        .with("role", role)
        .with_some("jid", jid);
    let statuses = statuses.iter().map(|code| Element::new("status", MUC_USER).with("code", *code));
    Element::new("x", MUC_USER).with_child(item).with_children(statuses)
}

fn item_with_nick(affiliation: &str, role: &str, nick: &str, statuses: &[&str]) -> Element {
    let item =
        Element::new("item", MUC_USER).with("affiliation", affiliation).with("role", role).with("nick", nick);
    let statuses = statuses.iter().map(|code| Element::new("status", MUC_USER).with("code", *code));
    Element::new("x", MUC_USER).with_child(item).with_children(statuses)
}

/// The most ids of messages that are kept for who wrote them.
const ECHOES_MAX: usize = 1024;

/// The most people who are invited at a time.
const INVITES_MAX: usize = 16;
