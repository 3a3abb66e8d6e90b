//! What can be asked of the domains that are served here, and of the people in them (RFC 6120 section 8.2.3).

mod blocking;
mod commands;
mod discovery;
mod information;
mod search;

pub(super) use discovery::capabilities;
pub(super) use search::Searching;

use super::Gateway;
use crate::wire::namespaces as ns;
use crate::wire::{Condition, Element, Jid, stanza};
use model::{Now, Strength};

impl Gateway {
    /// Answers a query, now or when the engine has answered.
    pub(super) fn query(&mut self, now: Now, stanza: &Element, from: &Jid, to: &Jid, strength: Strength) {
        let is_set = match stanza.attribute("type") {
            Some("get") => false,
            Some("set") => true,
            // Nothing of ours waits for an answer here.
            Some("result" | "error") => return,
            _ => return self.refuse(stanza, Condition::BadRequest, None),
        };
        let Some(payload) = stanza.children().find(|child| child.namespace() != ns::STANZAS) else {
            return self.refuse(stanza, Condition::BadRequest, None);
        };
        self.counters.queries += 1;
        let rooms = self.settings.rooms_domain.clone();
        let is_of_room = |to: &Jid| to.domain() == rooms.as_str() && to.resource().is_some();
        match (payload.namespace(), is_set) {
            (ns::PING, false) if is_of_room(to) && !self.is_there(from, to) => {
                self.refuse(stanza, Condition::NotAcceptable, None);
            }
            (ns::PING, false) => self.pong(now, stanza),
            (ns::DISCO_INFO, false) => self.describe(stanza, to, payload),
            (ns::DISCO_ITEMS, false) => self.list_items(now, stanza, from, to, payload, strength),
            (ns::VERSION, false) => self.answer(&stanza::result(stanza, Some(information::version()))),
            (ns::TIME, false) => self.answer(&stanza::result(stanza, Some(information::time(now)))),
            (ns::LAST, false) => self.tell_uptime(now, stanza, to),
            (ns::VCARD, false) => self.look_up_card(now, stanza, from, to, strength),
            (ns::SEARCH, _) => self.search(now, stanza, from, to, payload, strength),
            (ns::GATEWAY, _) => self.translate(stanza, to, payload),
            (ns::BLOCKING, true) => self.block(now, stanza, from, to, payload, strength),
            (ns::COMMANDS, true) => self.command(now, stanza, from, to, payload, strength),
            _ => self.refuse(stanza, Condition::ServiceUnavailable, None),
        }
    }

    /// Answers a ping. Servers conclude from the answer that what they sent before is not lost any more.
    fn pong(&mut self, now: Now, stanza: &Element) {
        let (pong, mark) = (stanza::result(stanza, None), self.tickets.mark());
        if self.pongs.is_empty() && self.tickets.is_settled(now.instant, mark) {
            self.answer(&pong);
        } else if self.pongs.len() < PONGS_MAX {
            self.pongs.push_back((mark, pong));
        } else {
            self.refuse(stanza, Condition::ResourceConstraint, None);
        }
    }
}

/// The most pings that wait for an answer.
const PONGS_MAX: usize = 10_000;
