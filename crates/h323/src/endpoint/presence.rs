//! Presence: what this endpoint says of itself, whom it wants to watch, who may watch it, and what the gatekeeper tells
//! (feature 1.3.6.1.4.1.17090.0.12).

use super::contact::{Relation, Request, shown};
use super::descriptor::descriptors;
use super::event::{Event, digits};
use super::indication::{Indication, Then};
use super::machine::Endpoint;
use super::presentity::{feature_name, location, note, notes, state_name, state_texts};
use crate::alias::Alias;
use crate::wire::feature::Feature;
use crate::wire::h225::{
    AliasAddress, Content, EnumeratedParameter, FeatureSet, GenericData, RegistrationConfirm,
};
use crate::wire::presence::{
    PresenceAlias, PresenceAuthorize, PresenceElement, PresenceIdentifier, PresenceInstruct,
    PresenceInstruction, PresenceMessage, PresenceNotification, PresenceNotify, PresenceSubscription,
    Presentity,
};
use codec::per::{self, BoundedList, FixedOctets, Ia5String, OctetString};
use model::Now;

/// The parameter of the presence feature that holds the element.
const ELEMENT: u8 = 1;

/// A change to the own contact list.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ContactChange {
    /// Watch somebody.
    Subscribe,
    /// Watch somebody no longer.
    Unsubscribe,
    /// Let somebody see nothing.
    Block,
    /// Undo that.
    Unblock,
}

impl ContactChange {
    /// The command.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Subscribe => "subscribe",
            Self::Unsubscribe => "unsubscribe",
            Self::Block => "block",
            Self::Unblock => "unblock",
        }
    }
}

/// Where this endpoint stands with presence.
#[derive(Debug, Default)]
pub(super) struct Presence {
    /// Whether the gatekeeper confirmed the feature for this registration.
    is_active: bool,
    /// What was said last of ourselves; a new registration hears it again.
    published: Option<Presentity>,
}

impl Endpoint {
    /// Tells the gatekeeper how things stand here.
    pub(super) fn publish(&mut self, now: Now, presentity: Presentity) {
        let presentity = Presentity {
            supported_features: presentity.supported_features.or_else(|| self.settings.features.clone()),
            geolocation: presentity.geolocation.or_else(|| self.settings.location.clone()),
            ..presentity
        };
        if self.may_speak_of_presence() {
            self.presence.published = Some(presentity.clone());
            self.send_publication(now, presentity);
        }
    }

    fn send_publication(&mut self, now: Now, presentity: Presentity) {
        let notification = PresenceNotification { presentity, ..PresenceNotification::default() };
        let Some(alias) = self.aliases.first().cloned() else { return };
        let notify = PresenceNotify { alias, notification: vec![notification], ..PresenceNotify::default() };
        self.indicate_presence(now, "state", None, Then::Tell, PresenceMessage::PresenceNotify(notify));
    }

    /// Changes the contact list.
    pub(super) fn change_contact(&mut self, now: Now, change: ContactChange, who: &Alias) {
        let (Some(alias), Some(own)) = (who.to_wire(), self.aliases.first().cloned()) else {
            return self.complain("This alias can't be on a contact list.");
        };
        if !self.may_speak_of_presence() {
            return;
        }
        let entry = PresenceAlias { alias, ..PresenceAlias::default() };
        let instruction = match change {
            ContactChange::Subscribe => PresenceInstruction::Subscribe(entry),
            ContactChange::Unsubscribe => PresenceInstruction::Unsubscribe(entry),
            ContactChange::Block => PresenceInstruction::Block(entry),
            ContactChange::Unblock => PresenceInstruction::Unblock(entry),
        };
        let instruct =
            PresenceInstruct { alias: own, instruction: vec![instruction], ..PresenceInstruct::default() };
        let message = PresenceMessage::PresenceInstruct(instruct);
        self.indicate_presence(now, change.name(), Some(who.text()), Then::Tell, message);
    }

    /// Decides the request of somebody that waits.
    pub(super) fn decide(&mut self, now: Now, who: &Alias, approved: bool) {
        let Some(request) = self.contacts.request(who).cloned() else {
            return self.complain(format!(
                "There is no request of {} that waits for a decision; `contacts` lists them.",
                who.text()
            ));
        };
        if !self.may_speak_of_presence() {
            return;
        }
        let identifier =
            PresenceIdentifier { guid: FixedOctets(request.identifier), ..PresenceIdentifier::default() };
        // What the gatekeeper added to the watcher is for us, and does not go back.
        let watcher = PresenceAlias { alias: request.watcher.alias.clone(), ..PresenceAlias::default() };
        let subscription = PresenceSubscription {
            identifier,
            subscribe: request.subscribe.clone(),
            aliases: vec![watcher],
            approved: Some(approved),
            ..PresenceSubscription::default()
        };
        let authorize = PresenceAuthorize {
            alias: request.subscribe,
            subscription: vec![subscription],
            ..PresenceAuthorize::default()
        };
        let command = if approved { "approve" } else { "deny" };
        let message = PresenceMessage::PresenceAuthorize(authorize);
        let then = Then::Decided(request.identifier);
        self.indicate_presence(now, command, Some(who.text()), then, message);
    }

    /// Tells the contact list, the last states, and the requests that wait.
    pub(super) fn tell_contacts(&mut self) {
        let event = Event::Contacts { contacts: self.contacts.list(), requests: self.contacts.requests() };
        self.tell(event);
    }

    /// Takes note of what the gatekeeper confirms. A confirm of a keep-alive that does not repeat the feature takes
    /// nothing away, as one deployed gatekeeper forgets it there.
    pub(super) fn note_presence(&mut self, confirm: &RegistrationConfirm, is_new: bool) {
        let found =
            descriptors(Feature::Presence, confirm.feature_set.as_ref(), confirm.generic_data.as_ref());
        let is_confirmed = self.settings.offers.presence && found.count() > 0;
        self.presence.is_active = is_confirmed || self.presence.is_active && !is_new;
    }

    /// Goes on with what waits; a new registration hears how things stand here.
    pub(super) fn resume_presence(&mut self, now: Now, is_new: bool) {
        if let Some(presentity) = self.presence.published.clone().filter(|_| is_new && self.has_presence()) {
            self.send_publication(now, presentity);
        }
        self.send_indication(now);
    }

    /// Whether the gatekeeper confirmed presence for this registration.
    pub(super) fn has_presence(&self) -> bool {
        self.registration.registered().is_some() && self.presence.is_active
    }

    fn may_speak_of_presence(&mut self) -> bool {
        if self.registration.registered().is_none() {
            self.complain("Presence needs a registration; `register` first.");
        } else if !self.settings.offers.presence {
            self.complain("Presence is switched off.");
        } else if !self.presence.is_active {
            self.complain("The gatekeeper does not do presence.");
        }
        self.settings.offers.presence && self.has_presence()
    }

    /// Sends one message in an element of its own, since the deployed readers read only the first.
    fn indicate_presence(
        &mut self,
        now: Now,
        command: &'static str,
        alias: Option<String>,
        then: Then,
        message: PresenceMessage,
    ) {
        let element = PresenceElement { message: vec![message], ..PresenceElement::default() };
        let Ok(octets) = per::encode(&element) else {
            self.counters.unwritable += 1;
            return self.complain(format!("This can't be written: {command}."));
        };
        let content = Content::Raw(OctetString(octets));
        let parameter = EnumeratedParameter::new(Feature::Presence.parameter(ELEMENT), content);
        let data =
            GenericData { parameters: Some(BoundedList(vec![parameter])), ..Feature::Presence.advertised() };
        self.indicate(now, Indication { command, alias, then, data });
    }

    /// Takes the presence elements of a message, wherever it carries them, and all their messages.
    pub(super) fn take_presence(&mut self, set: Option<&FeatureSet>, data: Option<&Vec<GenericData>>) {
        if !self.settings.offers.presence {
            return;
        }
        let id = Feature::Presence.parameter(ELEMENT);
        for descriptor in descriptors(Feature::Presence, set, data) {
            let element = match descriptor.parameter(&id) {
                None => continue,
                Some(Content::Raw(octets)) => per::decode::<PresenceElement>(&octets.0).ok(),
                Some(_) => None,
            };
            match element {
                Some(element) => element.message.into_iter().for_each(|message| self.take_told(message)),
                None => self.counters.malformed_elements += 1,
            }
        }
    }

    fn take_told(&mut self, message: PresenceMessage) {
        match message {
            PresenceMessage::PresenceInstruct(instruct) => {
                instruct.instruction.into_iter().for_each(|instruction| self.take_instruction(instruction));
            }
            PresenceMessage::PresenceAuthorize(authorize) => {
                authorize.subscription.into_iter().for_each(|request| self.take_request_to_watch(request));
            }
            PresenceMessage::PresenceNotify(notify) => {
                for notification in notify.notification {
                    self.take_notification(&notify.alias, notification);
                }
            }
            PresenceMessage::PresenceStatus(status) => {
                let own = status.alias.first().cloned().unwrap_or_default();
                for notification in status.notification {
                    self.take_notification(&own, notification);
                }
                let instructions = status.instruction.into_iter().flatten();
                instructions.for_each(|instruction| self.take_instruction(instruction));
            }
            // The others go between gatekeepers.
            _ => self.counters.ignored_messages += 1,
        }
    }

    fn take_instruction(&mut self, instruction: PresenceInstruction) {
        let (entry, relation) = match instruction {
            PresenceInstruction::Subscribe(entry) => (entry, "subscribed"),
            PresenceInstruction::Unsubscribe(entry) => (entry, "unsubscribed"),
            PresenceInstruction::Block(entry) => (entry, "blocked"),
            PresenceInstruction::Unblock(entry) => (entry, "unblocked"),
            PresenceInstruction::Pending(entry) => (entry, "pending"),
            PresenceInstruction::UnknownAlternative(_) => return self.counters.ignored_messages += 1,
        };
        let alias = shown(&entry.alias);
        let is_kept = match relation {
            "subscribed" => self.contacts.relate(&alias, Some(Relation::Subscribed)),
            "pending" => self.contacts.relate(&alias, Some(Relation::Pending)),
            "unsubscribed" => {
                self.contacts.hide(&alias);
                self.contacts.relate(&alias, None)
            }
            other => self.contacts.block(&alias, other == "blocked"),
        };
        self.counters.overflows += u64::from(!is_kept);
        let Shown { name, avatar, category } = details(&entry);
        self.tell(Event::Contact { alias, relation, name, avatar, category });
    }

    fn take_request_to_watch(&mut self, request: PresenceSubscription) {
        // A decision is ours to send, not to get.
        if request.approved.is_some() {
            self.counters.ignored_messages += 1;
            return;
        }
        let identifier = request.identifier.guid.0;
        for watcher in request.aliases {
            let (from, to) = (shown(&watcher.alias), shown(&request.subscribe));
            let Shown { name, avatar, category } = details(&watcher);
            let waiting = Request::new(identifier, request.subscribe.clone(), watcher, name.clone());
            if self.contacts.ask(waiting) {
                let identifier = digits(identifier);
                self.tell(Event::SubscriptionRequest { from, to, identifier, name, avatar, category });
            } else {
                self.counters.overflows += 1;
            }
        }
    }

    fn take_notification(&mut self, to: &AliasAddress, notification: PresenceNotification) {
        let alias = shown(notification.alias_address.as_ref().unwrap_or(to));
        let Presentity { state, supported_features, geolocation, display, .. } = notification.presentity;
        let features = supported_features.iter().flatten().filter_map(feature_name).collect();
        let event = Event::Presence {
            alias: alias.clone(),
            state: state_name(&state),
            texts: state_texts(&state),
            notes: display.as_deref().map(notes).unwrap_or_default(),
            features,
            location: geolocation.as_ref().map(|place| Box::new(location(place))),
        };
        let is_kept = self.contacts.show(&alias, event.state_sentence());
        self.counters.overflows += u64::from(!is_kept);
        self.tell(event);
    }
}

/// What an entry says of somebody beside the alias.
struct Shown {
    name: Option<String>,
    avatar: Option<String>,
    category: Option<String>,
}

fn details(entry: &PresenceAlias) -> Shown {
    let name = entry.display.as_ref().map(|display| note(display).text).filter(|name| !name.is_empty());
    let avatar = entry.avatar.as_ref().map(Ia5String::to_string);
    Shown { name, avatar, category: entry.category.as_ref().and_then(feature_name) }
}
