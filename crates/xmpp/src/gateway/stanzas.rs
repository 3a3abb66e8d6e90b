//! What stanzas ask for, and who answers.

use super::Gateway;
use crate::wire::namespaces::{CARBONS, FORWARD, STANZAS};
use crate::wire::{Condition, Element, Jid, Kind, stanza};
use model::{Address, Now, Strength};

impl Gateway {
    /// Takes a stanza of somebody whose domain has shown that it is what it says, to a domain of ours.
    pub(crate) fn receive(&mut self, now: Now, stanza: &Element, from: &Jid, to: &Jid, strength: Strength) {
        match Kind::of(stanza) {
            Some(Kind::Iq) => return self.query(now, stanza, from, to, strength),
            Some(Kind::Presence) => self.counters.presence_received += 1,
            _ => {}
        }
        if to.domain() == self.settings.rooms_domain.as_str() {
            return self.in_room(now, stanza, from, to, strength);
        }
        let Some(user) = from.address() else { return };
        let (Ok(user), Some(contact)) = (user, to.address()) else { return };
        let Ok(contact) = contact else {
            self.counters.malformed += 1;
            return self.refuse(stanza, Condition::JidMalformed, None);
        };
        match Kind::of(stanza) {
            Some(Kind::Message) if is_wrapped(stanza) => {}
            Some(Kind::Message) => {
                if self.claim(now, from, &user, strength) {
                    self.message(now, &user, from, &contact, stanza);
                } else {
                    self.refuse(stanza, Condition::ResourceConstraint, None);
                }
            }
            Some(Kind::Presence) => self.presence(now, stanza, from, (&user, &contact), strength),
            _ => {}
        }
    }

    fn presence(
        &mut self,
        now: Now,
        stanza: &Element,
        from: &Jid,
        (user, contact): (&Address, &Address),
        strength: Strength,
    ) {
        let kind = stanza.attribute("type");
        // Who is not known has nothing to take back, and nobody to tell how it is.
        let may_begin = matches!(kind, Some("subscribe" | "probe"));
        let is_known = self.users.get(user).is_some();
        if !(is_known || may_begin) {
            return self.counters.presence_unwatched += 1;
        }
        if !self.claim(now, from, user, strength) {
            return self.refuse(stanza, Condition::ResourceConstraint, None);
        }
        match kind {
            None => self.client_available(now, user, from, contact, stanza),
            Some("unavailable") => self.client_unavailable(now, user, from, contact, stanza),
            Some("subscribe") => self.asks_to_watch(now, user, contact, stanza),
            Some("unsubscribe") => self.watches_no_more(now, user, contact),
            Some("subscribed") => self.decides(now, user, contact, true),
            Some("unsubscribed") => self.decides(now, user, contact, false),
            Some("probe") => self.probes(now, user, contact),
            Some("error") => self.presence_failed(now, user, contact, Condition::of(stanza)),
            Some(_) => self.refuse(stanza, Condition::BadRequest, None),
        }
    }

    pub(super) fn answer(&mut self, answer: &Element) {
        let parse = |name: &str| answer.attribute(name).and_then(|jid| jid.parse::<Jid>().ok());
        if let (Some(from), Some(to)) = (parse("from"), parse("to")) {
            self.send(answer, from.domain(), to.domain());
        }
    }

    /// Sends a stanza back, where it may be.
    pub(super) fn refuse(&mut self, stanza: &Element, condition: Condition, text: Option<&str>) {
        if let Some(answer) = stanza::refusal(stanza, condition, text) {
            self.counters.queries_refused += u64::from(stanza.is("iq", STANZAS));
            self.answer(&answer);
        }
    }
}

/// Whether a message only carries another one (XEP-0280, XEP-0297). Such are between somebody and its own server; who else
/// sends one wants to be taken for another.
fn is_wrapped(stanza: &Element) -> bool {
    stanza.children().any(|child| matches!(child.namespace(), CARBONS | FORWARD))
}
