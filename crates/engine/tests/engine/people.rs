//! People in a scene: agents that take part in presence, and what they hear, in a few words each.

use crate::scene::{Scene, TIME_TO_LIVE, address, agent, alias, call, registration};
use engine::EvidenceExplanation;
use model::{
    Claim, Contact, ContactCard, ContactChange, Decided, Effect, Instant, NamedAddress, Note,
    PresenceDocument, PresenceState, Publication, Request, Source, SubscriptionId, Ticket, WatcherId,
};
use std::sync::Arc;

/// The ticket of every request here.
const TICKET: Ticket = Ticket(0);

impl Scene {
    /// An agent that takes part in presence registers; its device is named after it.
    pub fn join(&mut self, number: u64, names: &[&str]) {
        self.join_as(number, names, &format!("device {number}"));
    }

    pub fn join_as(&mut self, number: u64, names: &[&str], device: &str) {
        let claim = Claim {
            agent: agent(number),
            aliases: names.iter().map(|name| alias(name)).collect(),
            inferred: true,
            has_presence: true,
            has_messaging: false,
            strength: self.strength,
            device: device.to_owned(),
            description: format!("endpoint {number}"),
        };
        self.ask(Request::Claim { ticket: TICKET, claim });
        self.observe(number, registration(self.now.wall, self.now.instant.after(TIME_TO_LIVE)));
    }

    /// The link of an agent offers its claim again after a restart.
    pub fn claim_again(&mut self, number: u64, name: &str) {
        let claim = Claim {
            agent: agent(number),
            aliases: vec![alias(name)],
            inferred: true,
            has_presence: true,
            has_messaging: false,
            strength: self.strength,
            device: format!("device {number}"),
            description: format!("endpoint {number}"),
        };
        self.ask(Request::Claim { ticket: TICKET, claim });
    }

    /// And what it knew.
    pub fn observe_again(&mut self, number: u64, piece: &EvidenceExplanation) {
        let evidence = match piece.source {
            Source::Registration => registration(piece.since, Instant(u64::MAX)),
            Source::Call => call(&piece.id, piece.since),
            _ => return,
        };
        self.observe(number, evidence);
    }

    /// Signs off.
    pub fn farewell(&mut self, number: u64) {
        let (at, reason) = (self.now.wall, "unregistered".to_owned());
        self.ask(Request::Depart { agent: agent(number), at, reason, is_farewell: true });
    }

    pub fn publish(&mut self, number: u64, state: PresenceState) {
        let publication = self.publication(state);
        self.publish_all(number, publication);
    }

    pub fn publication(&self, state: PresenceState) -> Publication {
        Publication {
            state,
            qualifier: None,
            custom: Vec::new(),
            notes: Vec::new(),
            capabilities: None,
            location: None,
            extensions: Box::default(),
            at: self.now.wall,
        }
    }

    pub fn publish_all(&mut self, number: u64, publication: Publication) {
        self.ask(Request::Publish {
            ticket: TICKET,
            agent: agent(number),
            publication: Box::new(publication),
        });
    }

    pub fn change(&mut self, number: u64, change: ContactChange, contact: NamedAddress, card: ContactCard) {
        let id = self.next_id();
        let request = Request::ChangeContact {
            ticket: TICKET,
            agent: agent(number),
            change,
            contact,
            card: Box::new(card),
            id,
            symmetry: self.symmetry,
        };
        self.ask(request);
    }

    pub fn subscribe_to(&mut self, number: u64, name: &str) {
        self.change(number, ContactChange::Subscribe, alias(name), ContactCard::default());
    }

    pub fn unsubscribe_from(&mut self, number: u64, name: &str) {
        self.change(number, ContactChange::Unsubscribe, alias(name), ContactCard::default());
    }

    pub fn block(&mut self, number: u64, name: &str) {
        self.change(number, ContactChange::Block, alias(name), ContactCard::default());
    }

    pub fn unblock(&mut self, number: u64, name: &str) {
        self.change(number, ContactChange::Unblock, alias(name), ContactCard::default());
    }

    pub fn decide(&mut self, number: u64, id: SubscriptionId, is_approved: bool) {
        let (ticket, agent, symmetry) = (TICKET, agent(number), self.symmetry);
        let what = Decided::Subscription(id);
        self.ask(Request::Decide { ticket, agent, what, is_approved, symmetry });
    }

    pub fn attend(&mut self, number: u64) {
        self.ask(Request::Attend { agent: agent(number) });
    }

    /// The id of the request of one to watch another.
    pub fn request_id(&self, watcher: &str, presentity: &str) -> SubscriptionId {
        let records = self.engine.subscriptions_to(&address(presentity));
        records.iter().find(|record| record.watcher == address(watcher)).unwrap().id
    }

    /// One asks, the other approves.
    pub fn befriend(&mut self, (one, name): (u64, &str), (other, other_name): (u64, &str)) {
        self.subscribe_to(one, other_name);
        let id = self.request_id(name, other_name);
        self.decide(other, id, true);
        self.hear_nothing_of(one);
        self.hear_nothing_of(other);
    }

    /// What an agent was told since it was last listened to: promises first, then what may leave at once.
    pub fn effects_for(&mut self, number: u64) -> Vec<Effect> {
        self.settle();
        let is_for_it = |effect: &mut Effect| {
            effect.agent() == Some(agent(number))
                && !matches!(effect, Effect::Claimed { .. } | Effect::ClaimRefused { .. })
        };
        let mut heard = Vec::from_iter(self.promised.extract_if(.., is_for_it));
        heard.extend(self.immediate.extract_if(.., is_for_it));
        heard
    }

    /// The same in words.
    pub fn heard(&mut self, number: u64) -> Vec<String> {
        self.effects_for(number).iter().map(words).collect()
    }

    pub fn hear_nothing_of(&mut self, number: u64) {
        self.effects_for(number);
    }

    /// What one sees of another.
    pub fn seen(&mut self, watcher: &str, presentity: &str) -> Option<Arc<PresenceDocument>> {
        self.settle();
        self.engine.seen_by(&address(watcher), &address(presentity))
    }

    pub fn state_seen(&mut self, watcher: &str, presentity: &str) -> Option<PresenceState> {
        self.seen(watcher, presentity).map(|document| document.state)
    }
}

/// A card with a name.
pub fn card(display: &str) -> ContactCard {
    let display = Some(Note { language: Some("en".to_owned()), text: display.to_owned() });
    ContactCard { display, avatar: Some("/a.png".to_owned()), category: None }
}

fn words(effect: &Effect) -> String {
    match effect {
        Effect::Done { .. } => "done".to_owned(),
        Effect::Refused { refusal, .. } => format!("refused: {refusal}"),
        Effect::Listed { contacts, .. } => Vec::from_iter(contacts.iter().map(entry)).join(", "),
        Effect::Asked { request, .. } => {
            format!("asked by {} for {}", request.watcher.original, request.presentity.local())
        }
        Effect::Inform { contact, document, .. } => {
            format!("{} is {:?}", contact.original, document.state)
        }
        other => panic!("{other:?}"),
    }
}

fn entry(contact: &Contact) -> String {
    format!("{} {:?}", contact.name.original, contact.status)
}

/// A watcher of the operator.
pub fn operator(scene: &mut Scene, name: &str) -> Vec<PresenceState> {
    let watcher = WatcherId(u64::MAX);
    scene.ask(Request::Subscribe { watcher, presentity: Some(address(name)) });
    let told = scene.states_told(u64::MAX);
    scene.ask(Request::Unsubscribe { watcher });
    told
}
