//! What operators ask: lists, counters, and the end of a call or a registration.

use super::call::Call;
use super::link::Gatekeeper;
use super::registration::{Liveness, Registration};
use crate::alias::Alias;
use crate::wire::h225::UnregRequestReason;
use link::{CallSummary, Command, CommandError, Counter, EndpointSummary, Level, Outcome};
use model::Now;

impl Gatekeeper {
    pub(super) fn operate(&mut self, now: Now, command: Command) -> Result<Outcome, CommandError> {
        match command {
            Command::Endpoints { filter, limit } => {
                Ok(Outcome::Endpoints(self.endpoints(now, &filter, limit)))
            }
            Command::Calls { limit } => {
                let calls = self.calls.sorted().into_iter().filter(|call| call.ended.is_none());
                Ok(Outcome::Calls(calls.take(limit).map(call_summary).collect()))
            }
            Command::Disconnect { call } => self.disconnect_named(now, &call),
            Command::Unregister { endpoint } => self.unregister_named(now, &endpoint),
            Command::Trace { trace, endpoint } => self.trace(trace, &endpoint).map(|()| Outcome::Tracing),
            Command::Untrace { trace } => {
                self.untrace(trace);
                Ok(Outcome::Tracing)
            }
            Command::Limited => Ok(Outcome::Limited(self.limited())),
            Command::SetUser(credential) => {
                self.set_user(*credential);
                Ok(Outcome::Known)
            }
            Command::RemoveUser { name } => {
                self.remove_user(&name);
                Ok(Outcome::Known)
            }
            Command::DisableUser { name, addresses } => {
                self.disable_user(now, name, addresses);
                Ok(Outcome::Known)
            }
            Command::Counters => Ok(Outcome::Counters(self.counts())),
        }
    }

    fn endpoints(&self, now: Now, filter: &str, limit: usize) -> Vec<EndpointSummary> {
        let filter = filter.to_lowercase();
        let fits = |registration: &&Registration| {
            registration.names.iter().any(|name| {
                name.address.as_str().contains(&filter) || name.alias.text().to_lowercase().contains(&filter)
            })
        };
        let all = self.registrations.sorted().into_iter().filter(fits).take(limit);
        all.map(|registration| self.endpoint_summary(now, registration)).collect()
    }

    fn endpoint_summary(&self, now: Now, registration: &Registration) -> EndpointSummary {
        EndpointSummary {
            agent: self.agent(registration.number),
            identifier: registration.identifier.as_str().to_owned(),
            aliases: registration
                .names
                .iter()
                .map(|name| (name.alias.kind().to_owned(), name.alias.text()))
                .collect(),
            presentity: registration.presentity.as_ref().map(ToString::to_string),
            kind: registration.kind.name().to_owned(),
            product: registration.product.as_deref().map(str::to_owned),
            ras_address: registration.peer.address.to_string(),
            call_signal_addresses: registration
                .call_signal_addresses
                .iter()
                .map(ToString::to_string)
                .collect(),
            registered_at: registration.registered_at,
            heard_at: registration.heard_at.wall,
            expires_at: now.wall_of(registration.silent_at()),
            state: match registration.liveness {
                Liveness::Alive => "registered",
                Liveness::Probing | Liveness::Grace { .. } => "probing",
            }
            .to_owned(),
            features: registration.features.to_vec(),
            calls: self.calls.of(registration.number).len(),
        }
    }

    fn counts(&self) -> Vec<Counter> {
        let size = |name: &str, value: usize, help: &str| Counter {
            name: name.to_owned(),
            value: value as u64,
            help: help.to_owned(),
        };
        let mut counters = vec![
            size("ras.registered", self.registrations.len(), "endpoints registered now"),
            size("ras.traces", self.traces.len(), "endpoints that operators follow now"),
            size("calls.now", self.calls.in_progress(), "calls in progress"),
            size(
                "calls.bandwidth",
                self.calls.bandwidth() as usize,
                "bandwidth of all calls, in units of 100 bit/s",
            ),
        ];
        counters.extend(self.counters.list());
        counters
    }

    /// The registration that an operator names: by alias, address or endpoint identifier.
    fn named(&self, name: &str) -> Option<&Registration> {
        let by_alias = || Alias::parse_typed(name).ok().and_then(|alias| self.find_alias(&alias));
        self.registrations.by_identifier(name).or_else(by_alias)
    }

    fn disconnect_named(&mut self, now: Now, name: &str) -> Result<Outcome, CommandError> {
        let wanted = name.to_lowercase();
        let by_identifier = self.calls.sorted().into_iter().find(|call| call.identifier() == wanted);
        let keys: Vec<_> = match by_identifier {
            Some(call) => vec![call.key],
            None => self
                .named(name)
                .map(|registration| self.calls.of(registration.number).to_vec())
                .unwrap_or_default(),
        };
        let keys: Vec<_> =
            keys.into_iter().filter(|key| self.calls.get(*key).is_some_and(|c| c.ended.is_none())).collect();
        if keys.is_empty() {
            return Err(CommandError::NoCall(name.to_owned()));
        }
        for key in &keys {
            self.disconnect(now, *key);
        }
        Ok(Outcome::Ended(keys.len()))
    }

    fn unregister_named(&mut self, now: Now, name: &str) -> Result<Outcome, CommandError> {
        let number = self.named(name).map(|registration| registration.number);
        let number = number.ok_or_else(|| CommandError::NoEndpoint(name.to_owned()))?;
        self.tell_unregistered(now, number, UnregRequestReason::Maintenance);
        self.end_registration(now, number, "unregistered by the operator");
        self.event(Level::Info, "endpoint.removed", format!("{name} was unregistered by the operator"));
        Ok(Outcome::Ended(1))
    }
}

fn call_summary(call: &Call) -> CallSummary {
    let state = match (call.messaging, call.answer) {
        (true, _) => "message",
        (false, Some(_)) => "answered",
        (false, None) => "admitted",
    };
    CallSummary {
        call_identifier: call.identifier(),
        caller: call.caller.label.clone(),
        callee: call.callee.label.clone(),
        state: state.to_owned(),
        admitted_at: call.admitted_at.wall,
        answered_at: call.answer.map(|answer| answer.at),
        evidence: call.answer.map(|answer| answer.evidence.text().to_owned()),
        bandwidth: call.bandwidth,
    }
}
