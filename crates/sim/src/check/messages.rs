//! Messages: none lost, none twice, all in order.

use super::rules::Rules;
use super::{Checker, View, Violation};
use crate::journal::Seen;
use crate::people::{self, People};
use crate::run::Tally;
use crate::world::World;
use h323::endpoint::{Event, Way};
use model::{AgentId, DeliveryOutcome, Effect, Instant, InstantMessage, MessageId, Millis, Request, Ticket};
use std::collections::{BTreeMap, HashMap};

/// What is known of every message, by its text, which is written only once.
#[derive(Default)]
pub(super) struct Messages {
    messages: BTreeMap<String, Message>,
    tickets: HashMap<(Option<AgentId>, Ticket), String>,
    texts: HashMap<MessageId, String>,
    /// The last message of one person that another was shown, since it was switched on.
    last: HashMap<(usize, usize), u64>,
    /// When each endpoint was switched on or off last.
    switched: Vec<Instant>,
    /// When each person hung up last.
    hung_up: Vec<Instant>,
    /// When something last happened after which a message may come to somebody again.
    disturbed: Vec<Instant>,
}

struct Message {
    sender: usize,
    recipient: usize,
    id: MessageId,
    /// The number of the request with which it was sent.
    order: u64,
    is_accepted: bool,
    has_failed: bool,
    /// When it left for its recipient last, and when first since it was shown.
    left_at: Instant,
    left_since: Option<Instant>,
    /// Whether its recipient hung up between then and the word that it has it. To release the call of a message in
    /// order is to confirm it, and where the release crosses the text on the way nobody can tell.
    has_crossed: bool,
    /// When that which was shown to its recipient last had left, when it was shown, and whether it came over the package.
    shown: Option<(Instant, Instant)>,
    by_package: bool,
}

impl Messages {
    pub(super) fn see(
        &mut self,
        view: &View<'_>,
        seen: &Seen,
        rules: &Rules,
        tally: &mut Tally,
    ) -> Result<(), Violation> {
        self.disturbed.resize(view.people.len(), Instant(0));
        self.hung_up.resize(view.people.len(), Instant(0));
        self.switched.resize(view.people.len(), Instant(0));
        match seen {
            Seen::Asked(request) => {
                // With a registration end the calls of its messages, and what was not confirmed comes again.
                if let Request::Depart { agent, .. } | Request::Attend { agent } = &**request
                    && let Some(number) = view.parties.of(*agent)
                {
                    self.disturbed[number] = view.now;
                }
                self.asked(view, request, rules.requests());
            }
            Seen::Told(effect) => match &**effect {
                Effect::Accepted { ticket, agent, .. } => {
                    self.accepted(view, (*agent, *ticket), rules, tally)?;
                }
                Effect::Deliver { delivery, .. } => self.delivered(view, &delivery.message)?,
                _ => {}
            },
            Seen::Shown(number, event) => {
                // What people write in a call of theirs is between their endpoints.
                if let Event::Message { text, way, .. } = &**event
                    && *way != Way::Call
                {
                    tally.shown += 1;
                    return self.shown(view, *number, text, *way == Way::Ras);
                }
            }
            Seen::Switched(number, _) => {
                self.last.retain(|(_, recipient), _| recipient != number);
                self.disturbed[*number] = view.now;
                self.switched[*number] = view.now;
            }
            Seen::Typed(number, line)
                if ["hangup", "close", "unregister"].iter().any(|word| line.starts_with(word)) =>
            {
                self.hung_up[*number] = view.now;
                self.disturbed[*number] = view.now;
            }
            Seen::Broken(number) => self.disturbed[*number] = view.now,
            Seen::Started | Seen::Ended => {
                self.disturbed.fill(view.now);
                // An end in order takes no time here, and yet waits for the disk: what left meanwhile left before it.
                for message in self.messages.values_mut() {
                    message.left_at = message.left_at.min(view.now);
                    message.left_since = message.left_since.map(|at| at.min(view.now));
                }
                // A new run counts its tickets anew.
                self.tickets.clear();
            }
            _ => {}
        }
        Ok(())
    }

    fn asked(&mut self, view: &View<'_>, request: &Request, order: u64) {
        match request {
            Request::Send { ticket, agent, message } if !message.is_report => {
                let Some(sender) = agent.and_then(|agent| view.parties.of(agent)) else { return };
                let Some(recipient) = people::of_address(&message.recipient) else { return };
                let id = message.id;
                self.tickets.insert((*agent, *ticket), message.text.clone());
                self.texts.insert(id, message.text.clone());
                let known = self.messages.entry(message.text.clone()).or_insert(Message {
                    sender,
                    recipient,
                    id,
                    order,
                    is_accepted: false,
                    has_failed: false,
                    left_at: Instant(0),
                    left_since: None,
                    has_crossed: false,
                    shown: None,
                    by_package: false,
                });
                if !known.is_accepted && known.shown.is_none() {
                    (known.order, known.id) = (order, id);
                }
            }
            Request::Conclude { message, outcome, .. } => {
                let known = self.texts.get(message).and_then(|text| self.messages.get_mut(text));
                let Some(known) = known else { return };
                match outcome {
                    DeliveryOutcome::Failed(_) => known.has_failed = true,
                    _ => {
                        let hung_up = self.hung_up[known.recipient].after(UNDER_WAY);
                        known.has_crossed |= hung_up >= known.left_at;
                    }
                }
            }
            _ => {}
        }
    }

    /// A sender is told that its message is accepted: it must be on the disk, and must have been allowed.
    fn accepted(
        &mut self,
        view: &View<'_>,
        ticket: (Option<AgentId>, Ticket),
        rules: &Rules,
        tally: &mut Tally,
    ) -> Result<(), Violation> {
        let Some(text) = self.tickets.remove(&ticket) else { return Ok(()) };
        let Some(message) = self.messages.get_mut(&text) else { return Ok(()) };
        tally.accepted += u64::from(!message.is_accepted);
        message.is_accepted = true;
        let disk = view.world.disk.borrow();
        let rows = disk.synced().messages.iter().filter(|((_, _, id), _)| *id == message.id);
        let rows = Vec::from_iter(rows.map(|(_, row)| row.message.is_some()));
        if rows.is_empty() {
            return view.violation(Checker::Loss, format!("{text:?} is accepted and not on the disk"));
        }
        if rows.iter().filter(|waits| **waits).count() > 1 {
            return view.violation(Checker::Twice, format!("{text:?} is in inboxes twice"));
        }
        if rules.is_forbidden_to_write(message.recipient, message.sender, message.order) {
            let text = format!("{text:?} is accepted, and a rule forbids its sender to write");
            return view.violation(Checker::Rules, text);
        }
        if rules.was_blocked(message.recipient, message.sender, message.order) {
            let text = format!("{text:?} is accepted, and its recipient has blocked its sender");
            return view.violation(Checker::Rules, text);
        }
        Ok(())
    }

    /// A message leaves for an endpoint: it must be on the disk too.
    fn delivered(&mut self, view: &View<'_>, delivered: &InstantMessage) -> Result<(), Violation> {
        let Some(message) = self.messages.get_mut(&delivered.text) else { return Ok(()) };
        message.left_at = view.now;
        message.left_since.get_or_insert(view.now);
        let disk = view.world.disk.borrow();
        if !disk.synced().messages.keys().any(|(_, _, id)| *id == message.id) {
            let text = format!("{:?} is delivered and not on the disk", delivered.text);
            return view.violation(Checker::Loss, text);
        }
        Ok(())
    }

    fn shown(
        &mut self,
        view: &View<'_>,
        number: usize,
        text: &str,
        by_package: bool,
    ) -> Result<(), Violation> {
        let Some(message) = self.messages.get_mut(text) else {
            // A report of Herald itself; what people write begins with m and says by whom.
            if text.starts_with('m') && text.contains(" from p") {
                return view
                    .violation(Checker::Rules, format!("p{number} is shown {text:?}, which nobody sent"));
            }
            return Ok(());
        };
        if message.recipient != number {
            let recipient = message.recipient;
            let text = format!("p{number} is shown {text:?}, which is for p{recipient}");
            return view.violation(Checker::Rules, text);
        }
        let left_at = message.left_since.take().unwrap_or(message.left_at);
        let before = message.shown.replace((left_at, view.now));
        let both_by_package = std::mem::replace(&mut message.by_package, by_package) && by_package;
        if let Some((left_before, before)) = before {
            // Over the package messages have ids, and an endpoint shows none twice as long as it is on. Else one may be
            // shown again where, since it left, the connection broke or the person hung up, or the server did not live to
            // hear that it arrived.
            let is_on_since = self.switched[number] < before;
            if (both_by_package && is_on_since) || self.disturbed[number] < left_before {
                return view.violation(Checker::Twice, format!("p{number} is shown {text:?} twice"));
            }
            return Ok(());
        }
        // It counted as delivered before, and comes again because the server did not live to write that down: others have
        // come since, and for the server it is a repetition.
        if message.has_crossed {
            return Ok(());
        }
        let last = self.last.entry((message.sender, number)).or_insert(0);
        if *last > message.order {
            let sender = message.sender;
            let text = format!("p{number} is shown {text:?} after what p{sender} wrote later");
            return view.violation(Checker::Order, text);
        }
        *last = message.order;
        Ok(())
    }

    /// All that was accepted was shown, has failed, or waits for somebody who can't be reached.
    pub(super) fn rest(&self, world: &World, people: &People) -> Result<(), Violation> {
        let violation = |checker, text| Err(Violation { checker, at: world.now.instant, text });
        let disk = world.disk.borrow();
        for (text, message) in &self.messages {
            let row = disk.synced().messages.iter().find(|((_, _, id), _)| *id == message.id);
            let waits = row.is_some_and(|(_, row)| row.message.is_some());
            let recipient = people.person(message.recipient);
            let offers = world.terminals[message.recipient].1.offers;
            let can_take = offers.messaging || offers.package;
            let is_excused = message.has_failed || message.has_crossed;
            if message.is_accepted && message.shown.is_none() && !is_excused && !waits {
                return violation(Checker::Loss, format!("{text:?} was accepted, is not shown, and is gone"));
            }
            if waits && can_take && recipient.is_registered {
                let text = format!("{text:?} waits, and p{} is there to take it", message.recipient);
                return violation(Checker::Rest, text);
            }
        }
        Ok(())
    }
}

/// How long a release may be on its way before the server knows of it.
const UNDER_WAY: Millis = Millis::seconds(15);
