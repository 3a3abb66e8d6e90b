//! What the engine tells the gateway.

use super::tickets::Asked;
use super::{Gateway, Output};
use crate::wire::chat_state::ChatState;
use crate::wire::{Condition, Jid};
use model::{Effect, MessageFailure, Now, Refusal, Request, Strength};

impl Gateway {
    /// Takes what the engine asks of it or answers.
    pub(crate) fn apply(&mut self, now: Now, effect: Effect) {
        if let Effect::Summon { address, .. } = &effect {
            let jid = Jid::of(address);
            // Nobody has come from there yet; how it shows who it is will be seen.
            self.claim(now, &jid, address, Strength::Network);
            return;
        }
        if let Effect::Done { ticket, .. }
        | Effect::Refused { ticket, .. }
        | Effect::Accepted { ticket, .. }
        | Effect::MessageRefused { ticket, .. } = &effect
        {
            self.tickets.settle(*ticket);
        }
        self.take(now, effect);
        while let Some((mark, _)) = self.pongs.front() {
            if !self.tickets.is_settled(now.instant, *mark) {
                break;
            }
            if let Some((_, pong)) = self.pongs.pop_front() {
                self.answer(&pong);
            }
        }
    }

    /// Whether all that was asked for up to a mark is kept.
    pub(crate) fn is_settled(&mut self, now: Now, mark: u64) -> bool {
        self.tickets.is_settled(now.instant, mark)
    }

    /// What has been asked for up to now.
    pub(crate) fn mark(&self) -> u64 {
        self.tickets.mark()
    }

    fn take(&mut self, now: Now, effect: Effect) {
        let Some(agent) = effect.agent() else { return };
        let Some((user, client)) = self.users.owner(agent.number).cloned() else { return };
        if client.is_some() {
            // Agents of clients only show themselves.
            return;
        }
        match effect {
            Effect::Claimed { ticket, agent, .. } => {
                self.tickets.take(ticket);
                self.outputs.push_back(Output::Request(Request::Attend { agent }));
            }
            Effect::ClaimRefused { ticket, .. } => {
                self.tickets.take(ticket);
                self.counters.users_refused += 1;
                self.users.remove(&user);
            }
            Effect::Done { ticket, .. } => drop(self.tickets.take(ticket)),
            Effect::Refused { ticket, refusal, .. } => {
                if let Some(asked) = self.tickets.take(ticket) {
                    self.not_done(now, asked, &refusal);
                }
            }
            Effect::Listed { contacts, .. } => self.listed(now, &user, &contacts),
            Effect::Asked { request, .. } => self.asked(now, &user, &request),
            Effect::Watched { watcher, is_watching, .. } => self.watched(now, &user, &watcher, is_watching),
            Effect::Inform { contact, document, .. } => self.inform(now, &user, &contact, &document),
            Effect::Deliver { delivery, .. } => self.deliver(now, &user, &delivery),
            Effect::Accepted { ticket, .. } => drop(self.tickets.take(ticket)),
            Effect::MessageRefused { ticket, failure, .. } => {
                if let Some(Asked::ToSend(written)) = self.tickets.take(ticket) {
                    self.refused(&written, failure);
                }
            }
            Effect::Entered { ticket, title, occupants, .. } => {
                if let Some(Asked::ToEnter { client, group, nick }) = self.tickets.take(ticket) {
                    self.entered(&user, (&client, &group, &nick), &title, &occupants);
                }
            }
            Effect::GroupRefused { ticket, refusal, .. } => {
                if let Some(Asked::ToEnter { client, group, nick }) = self.tickets.take(ticket) {
                    self.not_entered((&client, &group, &nick), &refusal);
                }
            }
            Effect::Occupancy { group, occupant, is_there, renamed, .. } => {
                self.occupancy(&user, &group, &occupant, is_there, renamed.as_deref());
            }
            Effect::PutOut { group, .. } => self.put_out(now, &user, &group),
            Effect::Overheard { group, nick, message, .. } => {
                self.overheard(&user, &group, &nick, &message);
            }
            Effect::Browsed { ticket, found, next, .. } => {
                if let Some(Asked::ToBrowse(what)) = self.tickets.take(ticket) {
                    self.found(*what, &found, next.as_ref());
                }
            }
            Effect::Explained { ticket, lines, .. } => {
                if let Some(Asked::ToExplain { command }) = self.tickets.take(ticket) {
                    self.completed(&command, Some(&lines.join("\n")));
                }
            }
            Effect::Reported { receipt, .. } => self.reported(&receipt),
            Effect::Composing { peer, is_composing, thread, .. } => {
                let state = if is_composing { ChatState::Composing } else { ChatState::Active };
                self.composing(&user, &peer.address, state, thread);
            }
            Effect::SessionEnded { peer, .. } => self.composing(&user, &peer, ChatState::Gone, None),
            _ => {}
        }
    }

    fn not_done(&mut self, now: Now, asked: Asked, refusal: &Refusal) {
        match asked {
            Asked::ToWatch { user, contact } => self.not_watching(now, &user, &contact),
            Asked::ToExplain { command } => {
                self.refuse(
                    &command,
                    Condition::ItemNotFound,
                    Some("There is nobody of that name whom you may see."),
                );
            }
            Asked::ToFetch { user, contact } => self.not_fetched(now, &user, &contact),
            Asked::ToSend(written) => {
                let limit = "the server";
                let _ = refusal;
                self.refused(&written, MessageFailure::Unavailable { limit });
            }
            Asked::Nothing | Asked::ToClaim(_) | Asked::ToBrowse(_) | Asked::ToEnter { .. } => {}
        }
    }
}
