//! `herald inbox`: what waits for somebody, and by which rules.

use super::answering::{ending, unavailable};
use super::{Answer, Answering, Failure, FailureKind};
use model::{Address, InboxRules, Timestamp};
use serde::{Deserialize, Serialize};

/// An inbox as programs are shown it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InboxView {
    /// Whose.
    pub presentity: Address,
    /// What is decided about it; what is missing is as for everybody.
    pub rules: InboxRules,
    /// How many messages wait.
    pub waiting: usize,
    /// Their octets.
    pub octets: usize,
    /// When the one that has waited longest was written.
    pub since: Option<Timestamp>,
}

impl Answering {
    pub(super) fn inbox(&self, typed: &str) -> Result<Answer, Failure> {
        self.view_inbox(self.known(typed)?)
    }

    pub(super) fn set_inbox(&self, typed: &str, rules: InboxRules) -> Result<Answer, Failure> {
        let name = self.known(typed)?;
        let outcome = self.shard.rule_inbox(name.clone(), rules).map_err(|error| unavailable(&error))?;
        outcome.map_err(|failure| Failure::new(FailureKind::Unavailable, format!("refused: {failure}")))?;
        self.view_inbox(name)
    }

    fn view_inbox(&self, name: Address) -> Result<Answer, Failure> {
        let view = self.shard.look(move |engine| {
            let (inbox, rules) = (engine.inbox(&name)?, engine.inbox_rules(&name)?);
            let presentity = engine.resolve(&name)?.clone();
            let engine::InboxSummary { waiting, octets, oldest: since, .. } = inbox;
            Some(InboxView { presentity, rules, waiting, octets, since })
        });
        view.flatten().map(|view| Answer::Inbox(Box::new(view))).ok_or_else(ending)
    }
}
