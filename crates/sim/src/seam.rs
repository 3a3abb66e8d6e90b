//! The seam between the gateway and the engine, where most of the planted faults are made.

use crate::fault::{Fault, Faults};
use crate::random::Random;
use model::{
    Address, AgentId, ContactChange, DeliveryOutcome, Effect, Handling, MessageId, NamedAddress, OperatorAct,
    PresenceDocument, Request,
};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Lets everything through, but for the planted fault.
pub(crate) struct Seam {
    faults: Faults,
    random: Random,
    /// What each agent was informed of, by presentity: the document before the newest, and the newest.
    documents: HashMap<(AgentId, Address), Informed>,
    /// Whom agents watch no more, to be told of once more when that is confirmed.
    ended: HashMap<(AgentId, u64), Address>,
    /// A message that is held back for the next one.
    held: Option<Request>,
    /// What is told at the end of the batch.
    late: VecDeque<Effect>,
    /// What the engine is asked by nobody.
    own: Vec<Request>,
}

type Informed = (NamedAddress, Option<Arc<PresenceDocument>>, Arc<PresenceDocument>);

/// What becomes of a request.
pub(crate) struct Asked {
    /// What the engine is asked.
    pub(crate) requests: Vec<Request>,
    /// What the gateway is told without the engine.
    pub(crate) told: Option<Effect>,
}

impl Seam {
    pub(crate) fn new(faults: Faults, random: Random) -> Self {
        Self {
            faults,
            random,
            documents: HashMap::new(),
            ended: HashMap::new(),
            held: None,
            late: VecDeque::new(),
            own: Vec::new(),
        }
    }

    /// A request on its way to the engine.
    pub(crate) fn asked(&mut self, mut request: Request) -> Asked {
        let mut told = None;
        let mut is_lost = false;
        match &mut request {
            Request::Conclude { .. } => is_lost = self.faults.strike(Fault::LostAcknowledgement),
            Request::ChangeContact { change: ContactChange::Block, ticket, agent, .. } => {
                is_lost = self.faults.strike(Fault::BlockIgnored);
                told = is_lost.then_some(Effect::Done { ticket: *ticket, agent: *agent });
            }
            Request::ChangeContact { change: ContactChange::Unsubscribe, ticket, agent, contact, .. } => {
                self.ended.insert((*agent, ticket.0), contact.address.clone());
            }
            Request::Operate { ticket, act } => {
                let forbids =
                    matches!(&**act, OperatorAct::SetRule(rule) if rule.handling != Handling::Allow);
                is_lost = forbids && self.faults.strike(Fault::RuleIgnored);
                told = is_lost.then_some(Effect::Operated { ticket: *ticket, outcome: Ok(()) });
            }
            Request::Decide { is_approved, .. } if !*is_approved => {
                *is_approved = self.faults.strike(Fault::DecisionIgnored);
            }
            Request::Observe { evidence, .. } if self.faults.strike(Fault::EvidenceForever) => {
                evidence.expires = None;
            }
            Request::Depart { is_farewell: false, .. } => {
                is_lost = self.faults.strike(Fault::EvidenceForever)
            }
            _ => {}
        }
        let mut requests = std::mem::take(&mut self.own);
        let is_send = matches!(request, Request::Send { .. });
        match self.held.take() {
            Some(held) if is_send && are_of_one_sender(&held, &request) => requests.extend([request, held]),
            held => {
                requests.extend(held);
                if is_send && self.faults.strike(Fault::MessagesSwapped) {
                    self.held = Some(request);
                } else if !is_lost {
                    requests.push(request);
                }
            }
        }
        Asked { requests, told }
    }

    /// An effect on its way to the gateway.
    pub(crate) fn told(&mut self, effect: Effect) -> Vec<Effect> {
        match &effect {
            Effect::Deliver { .. } => return self.deliver(effect),
            Effect::Inform { agent, contact, document } => {
                let key = (*agent, document.presentity.clone());
                let before = self.documents.remove(&key).map(|(_, _, newest)| newest);
                if let Some(before) = &before
                    && before.version < document.version
                    && self.faults.strike(Fault::OlderDocument)
                {
                    let (agent, contact, document) = (*agent, contact.clone(), Arc::clone(before));
                    self.late.push_back(Effect::Inform { agent, contact, document });
                }
                self.documents.insert(key, (contact.clone(), before, Arc::clone(document)));
            }
            Effect::Done { ticket, agent } => {
                let ended = self.ended.remove(&(*agent, ticket.0));
                let known = ended.and_then(|address| self.documents.get(&(*agent, address)));
                if let Some((contact, _, document)) = known
                    && self.faults.strike(Fault::ToldAfterEnd)
                {
                    let (agent, contact, document) = (*agent, contact.clone(), Arc::clone(document));
                    self.late.push_back(Effect::Inform { agent, contact, document });
                }
            }
            _ => {}
        }
        vec![effect]
    }

    /// What is told at the end of a batch.
    pub(crate) fn after_batch(&mut self) -> Vec<Effect> {
        self.late.drain(..).collect()
    }

    fn deliver(&mut self, effect: Effect) -> Vec<Effect> {
        let Effect::Deliver { agent, delivery } = &effect else { return vec![effect] };
        if self.faults.strike(Fault::LostDelivery) {
            return Vec::new();
        }
        if self.faults.strike(Fault::DeliveredTwice) {
            let mut again = (**delivery).clone();
            again.message.id = MessageId(std::array::from_fn(|_| self.random.next() as u8));
            let again = Effect::Deliver { agent: *agent, delivery: Arc::new(again) };
            return vec![effect, again];
        }
        if self.faults.strike(Fault::RemovedEarly) {
            let (agent, sender) = (*agent, delivery.message.sender.clone());
            let (message, outcome) = (delivery.message.id, DeliveryOutcome::Delivered);
            self.own.push(Request::Conclude { agent, sender, message, outcome });
        }
        vec![effect]
    }
}

fn are_of_one_sender(one: &Request, other: &Request) -> bool {
    let parties = |request: &Request| match request {
        Request::Send { agent, message, .. } => Some((*agent, message.recipient.clone())),
        _ => None,
    };
    parties(one) == parties(other)
}
