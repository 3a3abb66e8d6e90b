//! Refusals, and the history of subscriptions, as the audit log is told of them. Whoever was refused is told by whoever
//! refuses, and never waits for this.

use crate::alias_book::NameId;
use crate::consequences::Consequences;
use crate::engine::Engine;
use crate::publication;
use model::{Address, AgentId, AuditEvent, AuditOutcome};
use std::borrow::Cow;

impl Engine {
    /// A refusal, for [`Effects::audited`](crate::Effects::audited): what an agent asked (`None`: somebody without one),
    /// whom it is about, and why, in words of ours.
    pub(crate) fn refusal(
        &self,
        act: &'static str,
        agent: Option<AgentId>,
        object: Option<&Address>,
        reason: impl Into<Cow<'static, str>>,
    ) -> AuditEvent {
        AuditEvent {
            actor: agent.and_then(|agent| self.presentity_of(agent)).map(Address::to_string),
            object: object.map(Address::to_string),
            gateway: agent.map(|agent| agent.gateway),
            ..AuditEvent::refused(act, reason)
        }
    }

    /// Notes that a watcher is not, or no more, to watch a presentity.
    pub(crate) fn refuse_watcher(
        &mut self,
        watcher: NameId,
        presentity: NameId,
        reason: &'static str,
        consequences: &mut Consequences,
    ) {
        self.counts.watchers_refused += 1;
        self.note_subscription(AuditOutcome::Refused, watcher, presentity, reason, consequences);
    }

    /// Notes what becomes of a subscription: that it waits, is granted, refused or over. Together these are the history of who
    /// asked to watch whom (F-07).
    pub(crate) fn note_subscription(
        &self,
        outcome: AuditOutcome,
        watcher: NameId,
        presentity: NameId,
        reason: &'static str,
        consequences: &mut Consequences,
    ) {
        let name = |name| Some(self.book.address(name).to_string());
        let (actor, object, reason) = (name(watcher), name(presentity), Some(reason.into()));
        let event = AuditEvent { actor, object, reason, ..AuditEvent::new("subscribe", outcome) };
        consequences.audited.push(event);
    }

    /// The address of the presentity that an agent belongs to.
    #[must_use]
    pub fn presentity_of(&self, agent: AgentId) -> Option<&Address> {
        let id = self.agents.get(agent)?;
        publication::presentity(&self.book, &self.principals[id], id)
    }
}

/// The presentity has blocked the watcher.
pub(crate) const BLOCKED: &str = "the presentity has blocked the watcher";

/// A rule says no.
pub(crate) const RULED_OUT: &str = "a rule forbids it";

/// No rule says anything, and the default is no.
pub(crate) const REFUSED_BY_DEFAULT: &str = "no rule allows it, and by default it is refused";

/// Nobody can be asked, and the rule for that is to refuse.
pub(crate) const SILENT: &str = "nobody can be asked there, and that counts as a refusal";

/// The presentity has said no.
pub(crate) const DENIED: &str = "the presentity has refused";

/// Nobody has decided.
pub(crate) const UNDECIDED: &str = "nobody has decided in time";

/// The presentity is asked.
pub(crate) const ASKED: &str = "the presentity is asked";

/// The presentity has said yes.
pub(crate) const AGREED: &str = "the presentity has agreed";

/// The presentity watches the watcher, or has asked to, which counts as a yes.
pub(crate) const IN_TURN: &str = "the presentity watches the watcher, which counts as agreed";

/// A rule says yes.
pub(crate) const RULED_IN: &str = "a rule allows it";

/// A rule says yes no more.
pub(crate) const RULE_ENDED: &str = "the rule that allowed it holds no more, and the presentity is asked";

/// Nobody can be asked, and the rule for that is to agree.
pub(crate) const UNHEARD: &str = "nobody can be asked there, and that counts as agreed";

/// One of the two ends it.
pub(crate) const OVER: &str = "the watcher has given it up, or the presentity has withdrawn it";
