//! Presence that endpoints send: passed to the engine, and confirmed when the engine has made it durable.

use super::contents::Contents;
use super::wish::Wish;
use crate::gatekeeper::limit::Flow;
use crate::gatekeeper::link::Gatekeeper;
use crate::gatekeeper::request::Asker;
use crate::wire::h225::ServiceControlResult;
use link::Output;
use model::{Now, Refusal, SubscriptionId, Ticket};
use rand::Rng;
use std::collections::HashMap;

/// The most wishes that the engine has not answered, of all endpoints and of one.
const OPEN_MAX: usize = 100_000;
const OPEN_OF_ONE_MAX: usize = 2_000;

/// How a request is confirmed when all it asked for is done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::gatekeeper) enum Confirmation {
    /// SCR.
    Response,
    /// RCF to a full RRQ.
    Registration,
    /// RCF to a keep-alive RRQ.
    Refresh,
}

/// The requests whose wishes the engine has not all answered.
#[derive(Debug, Default)]
pub(in crate::gatekeeper) struct Received {
    requests: HashMap<u64, Open>,
    /// For each ticket the request.
    tickets: HashMap<Ticket, u64>,
    /// For each registration how many tickets are open.
    of_one: HashMap<u64, usize>,
    last: u64,
}

#[derive(Debug)]
struct Open {
    asker: Asker,
    number: u64,
    confirmation: Confirmation,
    /// How many wishes are not answered.
    left: usize,
    result: Option<ServiceControlResult>,
}

impl Gatekeeper {
    /// Takes the presence in a request of a registered endpoint, which is confirmed when all of it is done.
    pub(in crate::gatekeeper) fn take_presence(
        &mut self,
        now: Now,
        asker: Asker,
        number: u64,
        contents: Contents,
        confirmation: Confirmation,
    ) {
        let negotiated = self.registrations.get(number).is_some_and(|known| known.offer.has_presence);
        let mut open = Open { asker, number, confirmation, left: 0, result: None };
        if contents.is_empty() {
            return self.confirm_received(open);
        }
        if !negotiated {
            self.counters.presence_unasked += 1;
            open.result = Some(ServiceControlResult::NeededFeatureNotSupported);
            return self.confirm_received(open);
        }
        let wishes = self.wishes(number, &contents, now.wall);
        if wishes.failed {
            open.result = Some(ServiceControlResult::Failed);
        }
        let changes = wishes.list.iter().filter(|wish| matches!(wish, Wish::Change { .. })).count();
        if changes > 0 && !self.is_within(now, Flow::ContactChanges, asker.peer.address.ip(), changes) {
            open.result = Some(ServiceControlResult::NotAvailable);
            return self.confirm_received(open);
        }
        let (all, of_one) =
            (self.received.tickets.len(), self.received.of_one.get(&number).copied().unwrap_or(0));
        let more = wishes.list.len();
        if more > 0 && (all + more > OPEN_MAX || of_one + more > OPEN_OF_ONE_MAX) {
            self.counters.presence_flooded += 1;
            open.result = Some(ServiceControlResult::NotAvailable);
            return self.confirm_received(open);
        }
        if more == 0 {
            return self.confirm_received(open);
        }
        open.left = more;
        self.received.last += 1;
        let request = self.received.last;
        self.received.requests.insert(request, open);
        *self.received.of_one.entry(number).or_default() += more;
        for wish in wishes.list {
            self.pass_on(request, number, wish);
        }
    }

    fn pass_on(&mut self, request: u64, number: u64, wish: Wish) {
        let ticket = self.next_ticket();
        let mut id = [0; 16];
        self.random.fill_bytes(&mut id);
        self.received.tickets.insert(ticket, request);
        let wish = wish.request(ticket, self.agent(number), SubscriptionId(id), self.settings.symmetric);
        self.outputs.push_back(Output::Request(wish));
    }

    /// The engine has done or refused what an endpoint wanted.
    pub(in crate::gatekeeper) fn presence_answered(&mut self, ticket: Ticket, refusal: Option<&Refusal>) {
        let Some(request) = self.received.tickets.remove(&ticket) else { return };
        let Some(open) = self.received.requests.get_mut(&request) else { return };
        if let Some(refusal) = refusal {
            self.counters.presence_refused += 1;
            open.result.get_or_insert(result_of(refusal));
        }
        open.left = open.left.saturating_sub(1);
        let is_done = open.left == 0;
        let number = open.number;
        if let Some(count) = self.received.of_one.get_mut(&number) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.received.of_one.remove(&number);
            }
        }
        if is_done && let Some(open) = self.received.requests.remove(&request) {
            self.confirm_received(open);
        }
    }

    /// A registration is confirmed whatever became of the presence in it: there is no word for that in an RCF.
    fn confirm_received(&mut self, open: Open) {
        match open.confirmation {
            Confirmation::Response => self.respond(&open.asker, open.result),
            Confirmation::Registration => self.confirm_registration(&open.asker, open.number),
            Confirmation::Refresh => self.confirm_refresh(&open.asker, open.number),
        }
    }
}

/// What an endpoint is told of a refusal.
const fn result_of(refusal: &Refusal) -> ServiceControlResult {
    match refusal {
        Refusal::Stranger | Refusal::Unavailable { .. } => ServiceControlResult::NotAvailable,
        _ => ServiceControlResult::Failed,
    }
}
