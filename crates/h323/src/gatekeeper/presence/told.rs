//! Telling endpoints what the engine has for them.

use super::indication::{Item, Untold, element, fits, indication};
use super::outbox::{Entry, Outbox};
use super::presentity::Reach;
use crate::gatekeeper::limit::Limit;
use crate::gatekeeper::link::Gatekeeper;
use crate::gatekeeper::naming::own_alias;
use crate::gatekeeper::outstanding::Purpose;
use crate::gatekeeper::pattern::matches;
use crate::gatekeeper::registration::Registration;
use crate::gatekeeper::settings::Network;
use crate::gatekeeper::timer::Due;
use model::{Contact, Millis, NamedAddress, Now, PresenceDocument, SubscriptionRequest};
use std::sync::Arc;

/// When no request of ours can be sent, it is tried again after this time.
const TRY_AGAIN: Millis = Millis::seconds(1);

/// After an indication was given up, 3 s after its last repetition, that may still be on its way for so long. What was told
/// meanwhile could come before it, and would be taken for the older one: nothing in a state says when it was true.
const STRAYS_FOR: Millis = Millis::seconds(2);

/// While so many requests of ours wait for an answer, no presence is told: probes and the end of calls have numbers
/// left.
const UNANSWERED_MAX: usize = 40_000;

impl Gatekeeper {
    /// Entries of an endpoint's contact list.
    pub(in crate::gatekeeper) fn tell_contacts(&mut self, now: Now, number: u64, contacts: Vec<Contact>) {
        for contact in contacts {
            self.keep(number, Entry::Contact(contact));
        }
        self.tell(now, number);
    }

    /// A request to watch somebody at an endpoint.
    pub(in crate::gatekeeper) fn tell_request(
        &mut self,
        now: Now,
        number: u64,
        request: SubscriptionRequest,
    ) {
        self.keep(number, Entry::Request(request));
        self.tell(now, number);
    }

    /// How a contact is.
    pub(in crate::gatekeeper) fn tell_state(
        &mut self,
        now: Now,
        number: u64,
        contact: NamedAddress,
        document: Arc<PresenceDocument>,
    ) {
        self.keep(number, Entry::State { contact, document });
        self.tell(now, number);
    }

    fn keep(&mut self, number: u64, entry: Entry) {
        // One that does not know the feature must not be sent any of it.
        let Some(known) = self.registrations.get(number).filter(|known| known.offer.has_presence) else {
            return;
        };
        let lost_max = if known.is_trusted { 0 } else { self.settings.unconfirmed_max };
        if self.outboxes.has_room(number, self.settings.outbox_max) {
            let is_news = self.outboxes.with(number, |outbox| {
                outbox.lost_max = lost_max;
                outbox.put(entry)
            });
            self.counters.presence_outdated += u64::from(!is_news);
        } else {
            self.counters.presence_overflow += 1;
        }
    }

    /// Sends the next of what an endpoint is to be told, if it is time.
    pub(in crate::gatekeeper) fn tell(&mut self, now: Now, number: u64) {
        let Some(outbox) = self.outboxes.get(number).filter(|outbox| outbox.is_ready()) else { return };
        // Else it is told more when its address is proven.
        if !self.may_indicate(number) {
            return;
        }
        if outbox.next_at > now.instant {
            let at = outbox.next_at;
            return self.timers.set(at, Due::Outbox(number));
        }
        while self.outboxes.get(number).is_some_and(Outbox::is_ready) {
            let batch = self.outboxes.with(number, Outbox::take);
            if let Some((entries, element)) = self.fit(number, batch) {
                return self.indicate(now, number, entries, element);
            }
        }
    }

    fn indicate(&mut self, now: Now, number: u64, entries: Vec<Entry>, element: Vec<u8>) {
        let mut sequence = 0;
        let has_room = self.outstanding.len() < UNANSWERED_MAX;
        let is_sent = has_room
            && self.ask(now, number, Purpose::Presence, |request_seq_num, _| {
                sequence = request_seq_num.get() as u16;
                indication(element, request_seq_num)
            });
        let pace = if is_sent { self.settings.presence_pace } else { TRY_AGAIN };
        let next_at = now.instant.after(pace);
        self.outboxes.with(number, |outbox| {
            outbox.next_at = next_at;
            if is_sent {
                outbox.sent(sequence, entries);
            } else {
                outbox.put_back(entries.into_iter());
            }
        });
        self.counters.presence_sent += u64::from(is_sent);
        if self.outboxes.get(number).is_some_and(Outbox::is_ready) {
            self.timers.set(next_at, Due::Outbox(number));
        }
    }

    /// As many of these entries as fit into a datagram, and the element they make; the rest is put back. `None` where
    /// there is nothing in them to tell.
    fn fit(&mut self, number: u64, batch: Vec<Entry>) -> Option<(Vec<Entry>, Vec<u8>)> {
        let registration = self.registrations.get(number)?;
        let asked_for = match batch.first()? {
            Entry::Request(request) => Some(&request.presentity),
            _ => None,
        };
        let own = own_alias(registration, asked_for)?;
        let reach = self.reach(registration);
        let (mut entries, mut items) = (Vec::new(), Vec::new());
        for entry in batch {
            match Item::of(&entry, &own, reach, &self.settings.zone) {
                Ok(item) => {
                    entries.push(entry);
                    items.push(item);
                }
                Err(Untold::Unnamed) => self.counters.presence_hidden += 1,
                Err(Untold::Nothing) => {}
            }
        }
        let budget = self.settings.datagram_budget;
        let mut left = Vec::new();
        let mut is_reduced = false;
        let element = loop {
            let made = element(&own, &items).filter(|element| fits(element, budget));
            if let Some(element) = made {
                break Some(element).filter(|_| !items.is_empty());
            }
            if items.len() > 1 {
                items.pop();
                left.extend(entries.pop());
            } else if items.first_mut().is_some_and(Item::reduce) {
                is_reduced = true;
            } else {
                self.counters.presence_unsendable += 1;
                break None;
            }
        };
        self.counters.presence_reduced += u64::from(is_reduced);
        self.outboxes.with(number, |outbox| outbox.put_back(left.into_iter().rev()));
        element.map(|element| (entries, element))
    }

    /// What of presence an endpoint can be told beyond the plain states (Q9).
    fn reach(&self, registration: &Registration) -> Reach {
        let package = registration.offer.package.is_some();
        let aliases = registration.names.iter().map(|name| name.alias.text());
        let mut known = registration.product.iter().map(|product| product.to_string()).chain(aliases);
        let patterns = &self.settings.generic_states_to;
        let takes_generic = !patterns.is_empty()
            && known.any(|known| patterns.iter().any(|pattern| matches(pattern, &known)));
        Reach { generic: package || takes_generic, package }
    }

    /// An endpoint has confirmed an indication (SCR), or said that it does not know what it is: it won't know the next
    /// time either.
    pub(in crate::gatekeeper) fn presence_confirmed(&mut self, now: Now, number: u64, sequence: u16) {
        if self.outboxes.get(number).is_none() {
            return;
        }
        self.counters.presence_confirmed += 1;
        self.outboxes.with(number, |outbox| outbox.confirmed(sequence));
        self.heard(now, number);
        self.tell(now, number);
    }

    /// An indication and its repetitions were not confirmed.
    pub(in crate::gatekeeper) fn presence_unconfirmed(&mut self, now: Now, number: u64, sequence: u16) {
        if self.outboxes.get(number).is_none() {
            return;
        }
        let was_silenced = self.outboxes.get(number).is_some_and(Outbox::is_silenced);
        let lagging = self.outboxes.with(number, |outbox| {
            outbox.next_at = outbox.next_at.max(now.instant.after(STRAYS_FOR));
            outbox.unconfirmed(sequence)
        });
        self.counters.presence_lagging += lagging as u64;
        let is_silenced = self.outboxes.get(number).is_some_and(Outbox::is_silenced);
        if is_silenced
            && !was_silenced
            && let Some(registration) = self.registrations.get(number)
        {
            let source = Network::of(registration.peer.address.ip().to_canonical(), u8::MAX);
            self.counters.presence_silenced += 1;
            self.offends(now, Limit::Unconfirmed, source);
        }
        self.tell(now, number);
    }

    /// An endpoint is heard again: what it never confirmed is told again, in its newest form.
    pub(in crate::gatekeeper) fn tell_lagging(&mut self, now: Now, number: u64) {
        if self.outboxes.get(number).is_some() {
            self.outboxes.with(number, Outbox::resume);
            self.tell(now, number);
        }
    }

    /// Drops what an endpoint was still to be told.
    pub(in crate::gatekeeper) fn forget_outbox(&mut self, number: u64) {
        let Some(outbox) = self.outboxes.remove(number) else { return };
        for sequence in outbox.sequences() {
            self.outstanding.remove(sequence);
        }
    }
}
