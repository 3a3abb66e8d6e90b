//! What the audit log is told: every answer that refuses something. What the engine refuses it tells by itself.

use super::admission::destination;
use super::limit::Limit;
use super::link::Gatekeeper;
use super::request::Asker;
use super::settings::Network;
use super::signalling::Release;
use crate::alias::{Alias, canonical};
use crate::wire::h225::{AliasAddress, RasMessage, RegistrationRejectReason};
use link::{ChannelId, Output};
use model::{Address, AuditEvent};
use std::borrow::Cow;
use std::fmt::Debug;

impl Gatekeeper {
    /// Notes whom a request is about, in case it is refused.
    pub(super) fn note_subject(&mut self, message: &RasMessage) {
        let first = |aliases: &Option<Vec<AliasAddress>>| aliases.as_ref()?.first().cloned();
        self.subject = match message {
            RasMessage::RegistrationRequest(request) if request.keep_alive != Some(true) => {
                first(&request.terminal_alias)
            }
            RasMessage::AdmissionRequest(request) => destination(request),
            RasMessage::LocationRequest(request) => request.destination_info.first().cloned(),
            _ => None,
        };
    }

    /// Tells the audit log of an answer that refuses something.
    pub(super) fn audit_answer(&mut self, asker: &Asker, answer: &RasMessage) {
        let (act, reason) = match answer {
            // An invitation to say everything once more.
            RasMessage::RegistrationReject(reject)
                if reject.reject_reason == RegistrationRejectReason::FullRegistrationRequired =>
            {
                return;
            }
            RasMessage::GatekeeperReject(reject) => ("discover", word(&reject.reject_reason)),
            RasMessage::RegistrationReject(reject) => ("register", word(&reject.reject_reason)),
            RasMessage::UnregistrationReject(reject) => ("unregister", word(&reject.reject_reason)),
            RasMessage::AdmissionReject(reject) => ("call", word(&reject.reject_reason)),
            RasMessage::BandwidthReject(reject) => ("bandwidth", word(&reject.reject_reason)),
            RasMessage::DisengageReject(reject) => ("disengage", word(&reject.reject_reason)),
            RasMessage::LocationReject(reject) => ("locate", word(&reject.reject_reason)),
            _ => return,
        };
        let object = self.subject.take().and_then(|alias| {
            let address = canonical(&Alias::from_wire(&alias)?, &self.settings.zone).ok()?;
            Some(address.to_string())
        });
        self.refuse(asker, AuditEvent { object, ..AuditEvent::refused(act, reason) });
    }

    /// Tells the audit log of a refusal; who asked and from where is added.
    pub(super) fn refuse(&mut self, asker: &Asker, event: AuditEvent) {
        let registration = self.registrations.by_peer(asker.peer.address);
        let actor = registration.and_then(|known| known.presentity.as_ref()).map(Address::to_string);
        let peer = Some(asker.peer.address.ip().to_canonical().to_string());
        self.audit(AuditEvent { actor, peer, ..event });
    }

    /// Tells the audit log of a call that was refused on its signalling connection.
    pub(super) fn audit_release(&mut self, channel: ChannelId, release: &Release) {
        let reason = release
            .reason
            .as_ref()
            .map_or_else(|| Cow::from(format!("cause {}", release.cause)), |reason| Cow::from(word(reason)));
        let peer = self.signalling.peer_of(channel).map(|peer| peer.ip().to_canonical().to_string());
        self.audit(AuditEvent { peer, ..AuditEvent::refused("call", reason) });
    }

    /// Tells the audit log that somebody is over a limit, or how much was refused until he kept to it again.
    pub(super) fn audit_limit(&mut self, limit: Limit, source: Network, refused: Option<u64>) {
        let reason = match refused {
            None => Cow::from(limit.name()),
            Some(refused) => Cow::from(format!("{}: {refused} in all", limit.name())),
        };
        let event = AuditEvent::refused("limit", reason);
        self.audit(AuditEvent { peer: Some(source.to_string()), ..event });
    }

    fn audit(&mut self, event: AuditEvent) {
        self.outputs.push_back(Output::Audited(Box::new(AuditEvent { gateway: Some(self.id), ..event })));
    }
}

/// The name of a reason, as H.225.0 has it, without what is in it.
fn word(reason: &impl Debug) -> String {
    let name = format!("{reason:?}");
    let name = name.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    let mut letters = name.chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_its_name_without_the_aliases_in_it() {
        let aliases = Vec::new();
        assert_eq!(word(&RegistrationRejectReason::DuplicateAlias(aliases)), "duplicateAlias");
    }
}
