//! Who watches whom, in both directions (RFC 6121 section 3; interworking tables c.1 and c.2).

use super::Gateway;
use super::tickets::Asked;
use super::user::{Contact, Watching};
use crate::wire::{Condition, Element, nick};
use model::{
    Address, Contact as Entry, ContactCard, ContactChange, ContactStatus, Decided, NamedAddress, Note, Now,
    Request, SubscriptionId, SubscriptionRequest, Symmetry,
};

impl Gateway {
    /// A user asks to watch somebody of here.
    pub(super) fn asks_to_watch(&mut self, now: Now, user: &Address, contact: &Address, stanza: &Element) {
        let Some(agent) = self.agent(user) else { return };
        self.change(user, contact, |contact| contact.watched = Watching::Asked);
        let display = nick::read(stanza).map(|text| Note { language: None, text });
        let request = Request::ChangeContact {
            ticket: self
                .tickets
                .issue_durable(now.instant, Asked::ToWatch { user: user.clone(), contact: contact.clone() }),
            agent,
            change: ContactChange::Subscribe,
            contact: self.named(contact),
            card: Box::new(ContactCard { display, ..ContactCard::default() }),
            id: SubscriptionId(self.random.octets()),
            symmetry: Symmetry::Never,
        };
        self.ask(now, user, request);
    }

    /// A user watches somebody of here no more, or asks no more to.
    pub(super) fn watches_no_more(&mut self, now: Now, user: &Address, contact: &Address) {
        let Some(agent) = self.agent(user) else { return };
        // It is told that it does not watch, whatever is known of it.
        self.change(user, contact, |contact| contact.watched = Watching::Asked);
        let request = Request::ChangeContact {
            ticket: self.tickets.issue_durable(now.instant, Asked::Nothing),
            agent,
            change: ContactChange::Unsubscribe,
            contact: self.named(contact),
            card: Box::default(),
            id: SubscriptionId(self.random.octets()),
            symmetry: Symmetry::Never,
        };
        self.ask(now, user, request);
    }

    /// A user decides that somebody of here may watch it, or may not or no more. What nobody has asked for the engine
    /// knows nothing of, and nothing comes of it.
    pub(super) fn decides(&mut self, now: Now, user: &Address, contact: &Address, is_approved: bool) {
        let Some(agent) = self.agent(user) else { return };
        if !is_approved {
            self.change(user, contact, |contact| contact.watching = Watching::No);
            self.drop_unwatched(now, user);
        } else if self.contact(user, contact).watching == Watching::Asked {
            // How the user is comes right after its consent.
            self.change(user, contact, |contact| contact.watching = Watching::Yes);
        }
        let request = Request::Decide {
            ticket: self.tickets.issue_durable(now.instant, Asked::Nothing),
            agent,
            what: Decided::Watcher(contact.clone()),
            is_approved,
            symmetry: Symmetry::Never,
        };
        self.ask(now, user, request);
    }

    /// Entries of a user's list, as the engine has them.
    pub(super) fn listed(&mut self, now: Now, user: &Address, entries: &[Entry]) {
        for Entry { name, status, .. } in entries {
            let Contact { watched, shown, .. } = self.contact(user, &name.address);
            match status {
                ContactStatus::Subscribed => {
                    // Said again after a start, in case that it was not heard before; a server ignores what it knows.
                    if watched != Watching::Yes {
                        self.send_presence(now, &name.address, user, "subscribed");
                    }
                    self.change(user, &name.address, |contact| contact.watched = Watching::Yes);
                }
                ContactStatus::Removed => {
                    if watched == Watching::No {
                        continue;
                    }
                    self.send_presence(now, &name.address, user, "unsubscribed");
                    if watched == Watching::Yes {
                        self.darken(now, &name.address, user, &shown);
                    }
                    self.change(user, &name.address, |contact| contact.watched = Watching::No);
                    self.rest(now, user);
                }
                // Either of the two may have asked; who did so is told next where it was the other.
                ContactStatus::Pending if watched == Watching::No => {
                    self.change(user, &name.address, |contact| contact.watched = Watching::Perhaps);
                }
                ContactStatus::Pending | ContactStatus::Blocked | ContactStatus::Unblocked => {}
            }
        }
    }

    /// Somebody of here asks to watch a user.
    pub(super) fn asked(&mut self, now: Now, user: &Address, request: &SubscriptionRequest) {
        let watcher = &request.watcher;
        self.change(user, &watcher.address, |contact| {
            contact.watching = Watching::Asked;
            if contact.watched == Watching::Perhaps {
                contact.watched = Watching::No;
            }
        });
        let display = request.card.display.as_ref().map(|note| note.text.as_str());
        let nick = Vec::from_iter(display.or_else(|| nickname(watcher)).map(nick::element));
        self.send_presence_with(now, &watcher.address, user, "subscribe", &nick);
    }

    /// Somebody of here watches a user with its consent, or watches it no more.
    pub(super) fn watched(&mut self, now: Now, user: &Address, watcher: &NamedAddress, is_watching: bool) {
        let before = self.contact(user, &watcher.address).watching;
        let after = if is_watching { Watching::Yes } else { Watching::No };
        self.change(user, &watcher.address, |contact| {
            contact.watching = after;
            if contact.watched == Watching::Perhaps {
                contact.watched = Watching::No;
            }
        });
        match (before, is_watching) {
            // Its server tells by itself how it is to whom it has just let watch.
            (Watching::No | Watching::Perhaps, true) => {
                self.send_presence(now, &watcher.address, user, "probe");
            }
            (Watching::Asked | Watching::Yes, true) | (Watching::No | Watching::Perhaps, false) => {}
            (Watching::Asked | Watching::Yes, false) => {
                self.send_presence(now, &watcher.address, user, "unsubscribe");
                self.drop_unwatched(now, user);
                self.rest(now, user);
            }
        }
    }

    /// A wish to watch was refused for want of room.
    pub(super) fn not_watching(&mut self, now: Now, user: &Address, contact: &Address) {
        self.change(user, contact, |contact| contact.watched = Watching::No);
        let error = Condition::ResourceConstraint.element();
        self.send_presence_with(now, contact, user, "error", &[error]);
        self.rest(now, user);
    }

    /// The user's server sent back what was sent to it in somebody's name.
    pub(super) fn presence_failed(
        &mut self,
        now: Now,
        user: &Address,
        contact: &Address,
        condition: Condition,
    ) {
        // Nobody is there who could ever agree.
        let is_final = matches!(
            condition,
            Condition::ItemNotFound
                | Condition::Gone
                | Condition::JidMalformed
                | Condition::RemoteServerNotFound
                | Condition::Forbidden
                | Condition::NotAllowed
        );
        if is_final && self.contact(user, contact).watching != Watching::No {
            self.decides(now, user, contact, false);
        }
    }

    /// Tells a user that somebody of here is gone.
    fn darken(&mut self, now: Now, contact: &Address, user: &Address, shown: &[String]) {
        for resource in shown {
            self.send_unavailable(now, contact, Some(resource), user);
        }
        if shown.is_empty() {
            self.send_unavailable(now, contact, None, user);
        }
        self.change(user, contact, |contact| contact.shown.clear());
    }
}

/// What people call somebody of here, where that is more than its address.
pub(super) fn nickname(name: &NamedAddress) -> Option<&str> {
    (name.kind == "h323-ID" && name.original != name.address.local()).then_some(&*name.original)
}
