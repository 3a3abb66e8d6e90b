//! Words for messages in a scene: people who write, links that conclude, a store that keeps.

use crate::scene::{Scene, address, agent, alias};
use engine::{Engine, InboxSummary, Settings};
use model::{
    Claim, Delivery, DeliveryOutcome, Effect, Fact, InstantMessage, MessageContent, MessageFailure,
    MessageId, Millis, Receipt, ReceiptKind, ReceiptsWanted, Request, Ticket, Timestamp,
};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// All that a sender may want to know.
pub const ALL: ReceiptsWanted = ReceiptsWanted { delivered: true, displayed: true, failed: true };

/// The number of a message in its id.
pub fn id(number: u8) -> MessageId {
    MessageId([number; 16])
}

/// A message as a link hands it in; its sender is a lie.
pub fn message(number: u8, to: &str, text: &str) -> InstantMessage {
    InstantMessage {
        id: id(number),
        sender: address("somebody else"),
        recipient: address(to),
        text: text.to_owned(),
        content: None,
        language: None,
        sent_at: Timestamp(1_000_000),
        expires_at: None,
        max_forwards: 70,
        thread: None,
        wanted: ReceiptsWanted::default(),
        in_session: false,
        is_report: false,
        is_ignored: false,
    }
}

/// A message as it is in an inbox: what the store holds of it.
pub type Row = (u64, InstantMessage, Option<Timestamp>);

/// What the store holds after facts, by inbox, sender and id.
pub fn rows(facts: &[Fact]) -> BTreeMap<(String, String, MessageId), Row> {
    let mut rows = BTreeMap::new();
    for fact in facts {
        match fact {
            Fact::Message { inbox, place, message } => {
                let key = (inbox.to_string(), message.sender.to_string(), message.id);
                rows.insert(key, (*place, (**message).clone(), None));
            }
            Fact::MessageSettled { inbox, sender, id, at } => {
                let row = rows.get_mut(&(inbox.to_string(), sender.to_string(), *id)).unwrap();
                (row.1.text, row.2) = (String::new(), Some(*at));
            }
            Fact::MessagesForgotten { before } => {
                rows.retain(|_, (_, _, settled)| settled.is_none_or(|at| at >= *before));
            }
            _ => {}
        }
    }
    rows
}

/// Loads messages and ids as a server does at its start.
pub fn load(engine: &mut Engine, facts: &[Fact]) {
    let rows = rows(facts);
    let mut settled = Vec::new();
    let mut waiting = Vec::new();
    for ((inbox, sender, id), (place, message, settled_at)) in rows {
        match settled_at {
            Some(at) => settled.push((at, inbox, sender, id)),
            None => waiting.push((inbox, place, message)),
        }
    }
    settled.sort();
    waiting.sort_by_key(|(inbox, place, _)| (inbox.clone(), *place));
    let parse = |text: &str| model::Address::parse(text).unwrap();
    for (at, inbox, sender, id) in settled {
        engine.load_settled(&parse(&inbox), &parse(&sender), id, at).unwrap();
    }
    for (inbox, place, message) in waiting {
        engine.load_message(&parse(&inbox), place, message).unwrap();
    }
}

impl Scene {
    /// Registers a device that takes messages, or takes them no more, and attends.
    pub fn join_with(&mut self, number: u64, name: &str, has_messaging: bool) {
        self.claim_messaging(number, name, has_messaging);
        self.keep_alive(number);
        self.attend(number);
    }

    pub fn claim_messaging(&mut self, number: u64, name: &str, has_messaging: bool) {
        let claim = Claim {
            agent: agent(number),
            aliases: vec![alias(name)],
            inferred: true,
            has_presence: false,
            has_messaging,
            strength: self.strength,
            device: format!("device {number}"),
            description: format!("endpoint {number}"),
        };
        self.ask(Request::Claim { ticket: Ticket(number), claim });
    }

    pub fn sign_on(&mut self, number: u64, name: &str) {
        self.join_with(number, name, true);
    }

    pub fn send_as(&mut self, agent_number: Option<u64>, message: InstantMessage) {
        let (ticket, agent) = (Ticket(u64::from(message.id.0[0])), agent_number.map(agent));
        self.ask(Request::Send { ticket, agent, message: Box::new(message) });
    }

    /// Sends a message whose text is its number.
    pub fn send(&mut self, from: u64, number: u8, to: &str) {
        self.send_as(Some(from), message(number, to, &number.to_string()));
    }

    /// Sends a message of which the sender wants to know all.
    pub fn send_wanting(&mut self, from: u64, number: u8, to: &str, wanted: ReceiptsWanted) {
        self.send_as(Some(from), InstantMessage { wanted, ..message(number, to, &number.to_string()) });
    }

    pub fn conclude(&mut self, number: u64, sender: &str, message: u8, outcome: DeliveryOutcome) {
        self.conclude_id(number, sender, id(message), outcome);
    }

    pub fn conclude_id(&mut self, number: u64, sender: &str, message: MessageId, outcome: DeliveryOutcome) {
        let (agent, sender) = (agent(number), address(sender));
        self.ask(Request::Conclude { agent, sender, message, outcome });
    }

    /// The promises that a test is interested in, and not looked at so far; the others stay.
    fn taken<T>(&mut self, mut pick: impl FnMut(&Effect) -> Option<T>) -> Vec<T> {
        self.settle();
        let mut taken = Vec::new();
        self.promised.retain(|effect| match pick(effect) {
            Some(one) => {
                taken.push(one);
                false
            }
            None => true,
        });
        taken
    }

    /// What was to be delivered to an agent since it was last looked at.
    pub fn deliveries(&mut self, number: u64) -> Vec<Arc<Delivery>> {
        self.taken(|effect| match effect {
            Effect::Deliver { agent: to, delivery } if *to == agent(number) => Some(Arc::clone(delivery)),
            _ => None,
        })
    }

    /// The texts of what was to be delivered.
    pub fn texts(&mut self, number: u64) -> Vec<String> {
        self.deliveries(number).iter().map(|delivery| delivery.message.text.clone()).collect()
    }

    /// Takes each delivery to an agent until there is none, and gives back the texts in that order.
    pub fn drain(&mut self, number: u64) -> Vec<String> {
        let mut texts = Vec::new();
        let mut deliveries = VecDeque::from(self.deliveries(number));
        while let Some(delivery) = deliveries.pop_front() {
            let message = &delivery.message;
            texts.push(message.text.clone());
            let (agent, sender) = (agent(number), message.sender.clone());
            let outcome = DeliveryOutcome::Delivered;
            self.ask(Request::Conclude { agent, sender, message: message.id, outcome });
            deliveries.extend(self.deliveries(number));
        }
        texts
    }

    /// What an agent was told of its messages since it was last looked at.
    pub fn receipts(&mut self, number: u64) -> Vec<Receipt> {
        self.taken(|effect| match effect {
            Effect::Reported { agent: to, receipt } if *to == agent(number) => Some(receipt.clone()),
            _ => None,
        })
    }

    /// The same without whom it is of.
    pub fn receipt_kinds(&mut self, number: u64) -> Vec<ReceiptKind> {
        self.receipts(number).iter().map(|receipt| receipt.kind).collect()
    }

    /// The numbers of the messages that were accepted since it was last looked at, and whether they are stored.
    pub fn accepted(&mut self) -> Vec<(u64, bool)> {
        self.taken(|effect| match effect {
            Effect::Accepted { ticket, is_stored, .. } => Some((ticket.0, *is_stored)),
            _ => None,
        })
    }

    /// Why messages were refused since it was last looked at.
    pub fn refusals(&mut self) -> Vec<MessageFailure> {
        self.settle();
        let mut refusals = Vec::new();
        self.immediate.retain(|effect| match effect {
            Effect::MessageRefused { failure, .. } => {
                refusals.push(*failure);
                false
            }
            _ => true,
        });
        refusals
    }

    pub fn inbox(&self, name: &str) -> InboxSummary {
        self.engine.inbox(&address(name)).unwrap()
    }

    /// The next process over the same store, its links gone too.
    pub fn resumed(&self, settings: Settings, down: Millis) -> Self {
        let mut next = self.restarted_with(settings, down);
        load(&mut next.engine, &self.facts);
        next.engine.resume(next.now, engine::Stop::Unclean);
        next
    }
}

/// Content of so many octets.
pub fn content(octets: usize) -> Option<MessageContent> {
    Some(MessageContent { media_type: "application/octet-stream".to_owned(), body: vec![0xff; octets] })
}
