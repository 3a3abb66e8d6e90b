//! The history of messages: of whom one is kept, and what goes into it.
//!
//! A row is a fact of the batch that accepts the message, so that either both are durable or neither; whoever sends waits
//! for nothing more. Each party has its own row, so that what is kept of one does not depend on the other.

use crate::effects::Effects;
use crate::engine::Engine;
use crate::principal::PrincipalId;
use crate::restart::LoadError;
use model::address::Domain;
use model::{Address, Fact, HistoryOutcome, HistoryRecord, InstantMessage, MessageId, Now};
use std::collections::BTreeSet;

/// The domains whose people's messages are kept.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum HistoryDomains {
    /// None.
    #[default]
    None,
    /// Those listed.
    Of(BTreeSet<Domain>),
    /// All.
    All,
}

impl HistoryDomains {
    fn has(&self, address: &Address) -> bool {
        match self {
            Self::None => false,
            Self::Of(domains) => domains.iter().any(|domain| domain.as_str() == address.domain()),
            Self::All => true,
        }
    }
}

impl Engine {
    /// Writes an accepted message into the histories of those of whom one is kept.
    pub(crate) fn remember(
        &self,
        now: Now,
        inbox: PrincipalId,
        message: &InstantMessage,
        effects: &mut Effects,
    ) {
        if self.settings.history == HistoryDomains::None || message.is_report {
            return;
        }
        let record = |principal: Address, peer: Address, is_sent| HistoryRecord {
            principal,
            peer,
            is_sent,
            thread: message.thread,
            at: now.wall,
            id: message.id,
            text: message.text.clone(),
            content: message.content.clone(),
            outcome: HistoryOutcome::Accepted,
        };
        let recipient = self.book.address(self.principals[inbox].identity);
        let sender = self.book.owner_of(&message.sender);
        if let Some(sender) = sender.filter(|sender| self.is_remembered(*sender)) {
            let filed = self.book.address(self.principals[sender].identity).clone();
            effects.facts.push(Fact::Remembered(Box::new(record(filed, recipient.clone(), true))));
        }
        if self.is_remembered(inbox) && !message.is_ignored {
            let filed = sender.map(|sender| self.book.address(self.principals[sender].identity));
            let peer = filed.unwrap_or(&message.sender).clone();
            effects.facts.push(Fact::Remembered(Box::new(record(recipient.clone(), peer, false))));
        }
    }

    /// Writes what became of a message into the histories that may have it.
    pub(crate) fn conclude_history(
        &self,
        inbox: PrincipalId,
        sender: &Address,
        id: MessageId,
        outcome: HistoryOutcome,
        effects: &mut Effects,
    ) {
        if self.settings.history == HistoryDomains::None {
            return;
        }
        let from = self.book.owner_of(sender);
        if self.is_remembered(inbox) || from.is_some_and(|from| self.is_remembered(from)) {
            let filed = from.map(|from| self.book.address(self.principals[from].identity));
            let sender = filed.unwrap_or(sender).clone();
            effects.facts.push(Fact::HistoryConcluded { sender, id, outcome });
        }
    }

    /// Whether a history of a principal is kept.
    fn is_remembered(&self, id: PrincipalId) -> bool {
        self.settings.history.has(self.book.address(self.principals[id].identity))
            && !self.history_exceptions.contains(&id)
    }

    /// Whether a history of the principal with this name is kept; `None` where nobody has it.
    #[must_use]
    pub fn keeps_history_of(&self, name: &Address) -> Option<bool> {
        self.book.owner_of(name).map(|id| self.is_remembered(id))
    }

    /// Keeps a history of a principal from now on, if its domain does, or no more.
    pub(crate) fn keep_history(&mut self, id: PrincipalId, is_kept: bool, effects: &mut Effects) {
        let changed = match is_kept {
            true => self.history_exceptions.remove(&id),
            false => self.history_exceptions.insert(id),
        };
        if changed {
            let principal = self.book.address(self.principals[id].identity).clone();
            effects.facts.push(Fact::HistoryKept { principal, is_kept });
        }
    }

    /// Takes from the store of whom no history is kept, after the principals.
    ///
    /// # Errors
    /// [`LoadError::PartyUnknown`]; the engine is unchanged.
    pub fn load_history_exception(&mut self, principal: &Address) -> Result<(), LoadError> {
        let filed = self.book.id(principal).and_then(|name| self.book.filed(name));
        let id = filed.ok_or_else(|| LoadError::PartyUnknown { party: principal.clone() })?;
        self.history_exceptions.insert(id);
        Ok(())
    }
}
