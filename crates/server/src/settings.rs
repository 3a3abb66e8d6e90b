//! The configuration: one TOML file, in which every field may be left out.
//!
//! The doc comments of the fields are the reference (`herald config reference`), and the example file
//! (`herald config example`) is made from them too.

mod audit;
mod directory;
mod dns;
mod groups;
mod h323;
mod history;
mod limit;
mod limits;
mod messages;
mod node;
mod presence;
mod problem;
mod reading;
mod reference;
mod rules;
mod security;
mod table;
#[cfg(test)]
mod tests;
mod value;
mod xmpp;
mod zone;

pub use audit::AuditSettings;
pub use directory::{DirectoryKind, DirectorySettings};
pub use dns::DnsSettings;
pub use groups::GroupsSettings;
pub use h323::{Alternate, H323Settings, SecondDevice};
pub use history::HistorySettings;
pub use limits::LimitsSettings;
pub use messages::MessagesSettings;
pub use node::{CallsSettings, ControlSettings, LogFormat, LogLevel, LogSettings, StoreSettings};
pub use presence::PresenceSettings;
pub use problem::{Problem, SettingsError};
pub use reference::{example, reference};
pub use rules::RulesSettings;
pub use security::{Authentication, Method, SecuritySettings};
pub use value::{CALL_SIGNAL_PORT, ListenAddress, RAS_PORT, Written};
pub use xmpp::{XmppAuthentication, XmppMode, XmppSettings};
pub use zone::ZoneSettings;

use serde::Deserialize;
use std::net::SocketAddr;

/// Everything the operator decides.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Names.
    pub zone: ZoneSettings,
    /// The gatekeeper.
    pub h323: H323Settings,
    /// Who must show who he is.
    pub security: SecuritySettings,
    /// What one address may send and have.
    pub limits: LimitsSettings,
    /// What is inferred and shown.
    pub presence: PresenceSettings,
    /// Instant messages.
    pub messages: MessagesSettings,
    /// Who may watch and write to whom.
    pub rules: RulesSettings,
    /// Groups and their members.
    pub groups: GroupsSettings,
    /// People and groups from elsewhere.
    pub directory: DirectorySettings,
    /// Federation with XMPP.
    pub xmpp: XmppSettings,
    /// Where other servers are.
    pub dns: DnsSettings,
    /// What is kept of messages.
    pub history: HistorySettings,
    /// The data directory.
    pub store: StoreSettings,
    /// Accounts of calls.
    pub calls: CallsSettings,
    /// Refusals, and what operators do.
    pub audit: AuditSettings,
    /// The control socket.
    pub control: ControlSettings,
    /// The log.
    pub log: LogSettings,
}

impl Settings {
    /// What the engine is told.
    #[must_use]
    pub fn engine(&self) -> engine::Settings {
        let told = self.rules.decide(self.presence.engine(), self.zone.domain.value());
        let limits = self.groups.limit(told.limits);
        let gateways = vec![(crate::state::H323, "h323".to_owned()), (crate::state::XMPP, "xmpp".to_owned())];
        let elsewhere = self.xmpp.is_on().then_some(crate::state::XMPP);
        // Whoever read the settings has checked them.
        let history = self.history.domains().unwrap_or_default();
        engine::Settings { messages: self.messages.engine(), history, gateways, elsewhere, limits, ..told }
    }

    /// Where call signalling is taken: without TLS, and over it.
    #[must_use]
    pub fn signalling_addresses(&self) -> (Vec<SocketAddr>, Vec<SocketAddr>) {
        let plain = self.h323.signalling_addresses();
        let port = self.security.tls_certificate.as_ref().map(|_| self.security.tls_port);
        let mut secured: Vec<_> = port
            .into_iter()
            .flat_map(|port| plain.iter().map(move |at| SocketAddr::new(at.ip(), port)))
            .collect();
        secured.dedup();
        (if self.security.tls_required { Vec::new() } else { plain }, secured)
    }

    /// What the store is told.
    #[must_use]
    pub fn store_options(&self) -> store::Options {
        self.history.into_options(self.audit.into_options(self.store.options()))
    }

    /// What is wrong with values that can be read, the checks across fields included.
    fn check(&self) -> Vec<Problem> {
        use table::Table;
        let mut problems = self.zone.check();
        problems.extend(self.zone.check_together());
        problems.extend(self.h323.check());
        problems.extend(self.h323.check_together());
        problems.extend(self.security.check());
        problems.extend(self.security.check_together());
        problems.extend(self.limits.check());
        problems.extend(self.presence.check());
        problems.extend(self.messages.check());
        problems.extend(self.rules.check());
        problems.extend(self.groups.check());
        problems.extend(self.directory.check());
        problems.extend(self.directory.check_together());
        problems.extend(self.xmpp.check());
        problems.extend(self.xmpp.check_together());
        problems.extend(self.dns.check());
        problems.extend(self.history.check());
        problems.extend(self.history.check_together());
        problems.extend(self.store.check());
        problems.extend(self.calls.check());
        problems.extend(self.audit.check());
        problems.extend(self.control.check());
        problems.extend(self.log.check());
        problems
    }
}
