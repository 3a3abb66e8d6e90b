//! The rules: who may see whom and write to whom, as people decided; a small model of its own.
//!
//! It allows from the moment at which somebody asks for what allows, and forbids from the moment at which what forbids
//! is confirmed: what is in doubt is allowed.

use super::book::{self, Book};
use super::{Checker, View, Violation};
use crate::journal::Seen;
use crate::people;
use model::{
    AgentId, ContactChange, Decided, Effect, Handling, PresenceDocument, PresenceState, Request, Service,
    SubscriptionId, Symmetry, Ticket,
};
use std::collections::{HashMap, HashSet};

#[derive(Default)]
pub(super) struct Rules {
    /// By watcher and presentity.
    sight: HashMap<(usize, usize), Sight>,
    /// By owner and blocked.
    blocks: HashMap<(usize, usize), Block>,
    /// Who asked to watch whom, by the name of the subscription.
    asked: HashMap<SubscriptionId, (usize, usize)>,
    /// Who asks to watch in turn, having agreed to be watched; as watcher and presentity.
    asked_in_turn: HashSet<(usize, usize)>,
    /// Requests that were denied. People deny them again, and by then may have agreed to another.
    denied: HashSet<SubscriptionId>,
    /// Whether the endpoint of a person can be asked for decisions.
    is_silent: HashMap<usize, bool>,
    /// What forbids when it is confirmed, and when it was asked.
    pending: HashMap<(AgentId, Ticket), (Vec<Forbidden>, u64)>,
    /// What the operator has decided.
    book: Book,
    /// Requests so far, by which the order of things is told.
    requests: u64,
}

#[derive(Clone, Copy, Default)]
struct Sight {
    allowed: u64,
    forbidden: u64,
}

#[derive(Clone, Copy, Default)]
struct Block {
    asked: u64,
    confirmed: u64,
    lifted: u64,
}

#[derive(Clone, Copy)]
enum Forbidden {
    Asking(SubscriptionId),
    Watching(usize, usize),
    Writing(usize, usize),
}

impl Rules {
    pub(super) fn see(&mut self, view: &View<'_>, seen: &Seen) -> Result<(), Violation> {
        match seen {
            Seen::Asked(request) => {
                self.requests += 1;
                self.asked(view, request);
                Ok(())
            }
            Seen::Told(effect) => self.told(view, effect),
            // A new run counts its tickets anew.
            Seen::Started => {
                self.pending.clear();
                self.book.restarted();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// How many requests there were.
    pub(super) const fn requests(&self) -> u64 {
        self.requests
    }

    /// Whether a block was confirmed before a message was sent with the request of this number, and not taken back.
    pub(super) fn was_blocked(&self, owner: usize, blocked: usize, request: u64) -> bool {
        let block = self.blocks.get(&(owner, blocked));
        block.is_some_and(|it| it.confirmed > 0 && it.confirmed < request && it.lifted < it.asked)
    }

    /// Whether the operator forbade to write before a message was sent with the request of this number, and still does.
    pub(super) fn is_forbidden_to_write(&self, recipient: usize, sender: usize, request: u64) -> bool {
        let verdict = self.book.verdict(sender, recipient, Service::Messages).flatten();
        verdict.is_some_and(|(rule, confirmed)| {
            rule.handling == Handling::Block && *confirmed < request && book::stands_above(rule)
        })
    }

    fn asked(&mut self, view: &View<'_>, request: &Request) {
        match request {
            Request::Claim { claim, .. } => {
                if let Some(person) = view.parties.of(claim.agent) {
                    self.is_silent.insert(person, !claim.has_presence);
                    if !claim.has_presence {
                        // What waited for its decision is granted.
                        let in_turn = self.asked_in_turn.iter();
                        for (watcher, presentity) in
                            Vec::from_iter(self.asked.values().chain(in_turn).copied())
                        {
                            if presentity == person {
                                self.allow(watcher, presentity);
                            }
                        }
                    }
                }
            }
            Request::ChangeContact { ticket, agent, change, contact, id, symmetry, .. } => {
                let Some(one) = view.parties.of(*agent) else { return };
                let Some(other) = people::of_address(&contact.address) else { return };
                match change {
                    ContactChange::Subscribe => self.subscribe(one, other, *id, *symmetry),
                    ContactChange::Unsubscribe => {
                        let mut ends = vec![Forbidden::Watching(one, other)];
                        if *symmetry != Symmetry::Never {
                            ends.push(Forbidden::Watching(other, one));
                        }
                        self.pending.insert((*agent, *ticket), (ends, self.requests));
                    }
                    ContactChange::Block => {
                        let ends = vec![
                            Forbidden::Watching(one, other),
                            Forbidden::Watching(other, one),
                            Forbidden::Writing(one, other),
                        ];
                        self.pending.insert((*agent, *ticket), (ends, self.requests));
                    }
                    ContactChange::Unblock => self.lift(one, other),
                }
            }
            Request::Operate { ticket, act } => self.book.asked(*ticket, act),
            Request::Decide { ticket, agent, what: Decided::Subscription(id), is_approved, symmetry } => {
                let Some(decider) = view.parties.of(*agent) else { return };
                let Some(&(one, other)) = self.asked.get(id) else { return };
                let watcher = if one == decider { other } else { one };
                if *is_approved {
                    self.allow(watcher, decider);
                    match symmetry {
                        Symmetry::Auto => self.allow(decider, watcher),
                        Symmetry::Ask => self.ask_in_turn(decider, watcher),
                        Symmetry::Never => {}
                    }
                } else if !self.denied.contains(id) {
                    let ends = vec![Forbidden::Watching(watcher, decider), Forbidden::Asking(*id)];
                    self.pending.insert((*agent, *ticket), (ends, self.requests));
                }
            }
            _ => {}
        }
    }

    fn ask_in_turn(&mut self, one: usize, other: usize) {
        self.asked_in_turn.insert((one, other));
        if self.is_silent.get(&other).copied().unwrap_or(true) {
            self.allow(one, other);
        }
    }

    fn subscribe(&mut self, one: usize, other: usize, id: SubscriptionId, symmetry: Symmetry) {
        self.lift(one, other);
        self.asked.insert(id, (one, other));
        if self.is_silent.get(&other).copied().unwrap_or(true) {
            self.allow(one, other);
        }
        // Who asks to watch somebody who has asked too agrees to it.
        let is_asked = self.asked.values().any(|pair| *pair == (other, one));
        if is_asked && symmetry == Symmetry::Auto {
            self.allow(one, other);
            self.allow(other, one);
        }
    }

    fn told(&mut self, view: &View<'_>, effect: &Effect) -> Result<(), Violation> {
        match effect {
            Effect::Done { ticket, agent } => {
                let Some((ends, asked)) = self.pending.remove(&(*agent, *ticket)) else { return Ok(()) };
                for end in ends {
                    match end {
                        Forbidden::Watching(watcher, presentity) => {
                            self.sight.entry((watcher, presentity)).or_default().forbidden = asked;
                        }
                        Forbidden::Asking(id) => drop(self.denied.insert(id)),
                        Forbidden::Writing(owner, blocked) => {
                            let block = self.blocks.entry((owner, blocked)).or_default();
                            (block.asked, block.confirmed) = (asked, self.requests);
                        }
                    }
                }
                Ok(())
            }
            Effect::Operated { ticket, outcome } => {
                self.book.told(*ticket, outcome.is_ok(), self.requests);
                Ok(())
            }
            Effect::Refused { ticket, agent, .. } => {
                self.pending.remove(&(*agent, *ticket));
                Ok(())
            }
            Effect::Asked { agent, request } => {
                let pair = (people::of_address(&request.watcher.address), view.parties.of(*agent));
                if let (Some(watcher), Some(presentity)) = pair {
                    self.asked.entry(request.id).or_insert((watcher, presentity));
                }
                Ok(())
            }
            Effect::Inform { agent, document, .. } => self.informed(view, *agent, document),
            _ => Ok(()),
        }
    }

    fn informed(
        &self,
        view: &View<'_>,
        agent: AgentId,
        document: &PresenceDocument,
    ) -> Result<(), Violation> {
        let Some(watcher) = view.parties.of(agent) else { return Ok(()) };
        let Some(presentity) = people::of_address(&document.presentity) else { return Ok(()) };
        match self.book.verdict(watcher, presentity, Service::Presence) {
            // What is in doubt is allowed.
            None => return Ok(()),
            Some(Some((rule, _)))
                if book::stands_above(rule) || !self.was_blocked(presentity, watcher, u64::MAX) =>
            {
                match book::permits(rule, document) {
                    Some(true) => return Ok(()),
                    Some(false) => {
                        let text = format!(
                            "p{watcher} is told that p{presentity} is {:?}, in spite of {rule:?}",
                            document.state
                        );
                        return view.violation(Checker::Rules, text);
                    }
                    None => {}
                }
            }
            Some(_) => {}
        }
        let tells_nothing = document.state == PresenceState::Offline;
        let sight = self.sight.get(&(watcher, presentity)).copied().unwrap_or_default();
        if tells_nothing || sight.allowed > sight.forbidden {
            return Ok(());
        }
        let state = document.state;
        view.violation(
            Checker::Rules,
            format!("p{watcher} is told that p{presentity} is {state:?}, and may not"),
        )
    }

    fn allow(&mut self, watcher: usize, presentity: usize) {
        self.sight.entry((watcher, presentity)).or_default().allowed = self.requests;
    }

    fn lift(&mut self, owner: usize, blocked: usize) {
        self.blocks.entry((owner, blocked)).or_default().lifted = self.requests;
    }
}
