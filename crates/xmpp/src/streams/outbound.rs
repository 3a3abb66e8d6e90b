//! Streams that we open: to send stanzas on, to ask whether a key is right, or as a component.

use super::dialback::{self, Content, DIALBACK};
use super::pair::Way;
use super::settings::Authentication;
use super::stream::{Phase, Role, Stream};
use super::{Due, Event, Query, Streams};
use crate::wire::{Condition, Element, StreamCondition, base64, write_attribute};
use link::{ChannelId, Level, Output, ResolveError, ServiceName, Target, Tls};
use model::{Now, Strength};
use sha1::{Digest, Sha1};
use std::collections::VecDeque;
use std::fmt::Write;

impl Streams {
    /// Looks up the way between two domains.
    pub(super) fn find(&mut self, key: (String, String)) {
        self.ask(&key.1, Query::Way(key.clone()));
        if let Some(pair) = self.pairs.get_mut(&key) {
            pair.way = Way::Resolving;
        }
    }

    fn ask(&mut self, domain: &str, what: Query) {
        self.drawn += 1;
        let query = self.drawn;
        self.queries.insert(query, what);
        let component = self.settings.component.as_ref().map(|component| &component.route);
        let (name, port, services) = match component.or(self.settings.routes.get(domain)) {
            Some(route) => (route.host.clone(), route.port, Vec::new()),
            None => {
                let service =
                    |prefix: &str, is_secured| ServiceName { prefix: prefix.to_owned(), is_secured };
                let services = vec![service("_xmpp-server._tcp", false), service("_xmpps-server._tcp", true)];
                (domain.to_owned(), SERVER_PORT, services)
            }
        };
        self.events.push_back(Event::Output(Output::Resolve { query, name, services, port }));
    }

    /// The servers of a domain are known, or are not.
    pub(super) fn way_found(
        &mut self,
        now: Now,
        key: (String, String),
        found: Result<Vec<Target>, ResolveError>,
    ) {
        match found {
            Ok(targets) if !targets.is_empty() => self.open_next(now, key, targets.into()),
            Ok(_) | Err(ResolveError::NoService) => {
                self.way_failed(now, &key, Condition::RemoteServerNotFound, "its domain has no server");
            }
            Err(ResolveError::Unavailable) => {
                self.way_failed(now, &key, Condition::RemoteServerTimeout, "the DNS does not answer");
            }
        }
    }

    /// Tries the next server of a domain.
    fn open_next(&mut self, now: Now, key: (String, String), mut left: VecDeque<Target>) {
        let Some(target) = left.pop_front() else {
            return self.way_failed(
                now,
                &key,
                Condition::RemoteServerTimeout,
                "none of its servers can be reached",
            );
        };
        let role = if self.settings.component.is_some() { Role::Component } else { Role::Out };
        let (ours, theirs) = self.names_of(&key);
        let channel = self.open(now, role, &ours, &theirs, &target);
        if let Some(pair) = self.pairs.get_mut(&key) {
            pair.way = Way::Opening { channel, left };
        }
    }

    /// What the two ends of a pair are called.
    fn names_of(&self, (ours, theirs): &(String, String)) -> (String, String) {
        let front = self.settings.component.as_ref().map(|component| component.route.host.clone());
        (ours.clone(), front.unwrap_or_else(|| theirs.clone()))
    }

    pub(super) fn open(
        &mut self,
        now: Now,
        role: Role,
        ours: &str,
        theirs: &str,
        target: &Target,
    ) -> ChannelId {
        let channel = self.next_channel();
        let route = self.settings.component.as_ref().map(|component| &component.route);
        let route = route.or(self.settings.routes.get(theirs));
        let is_secured = route.map_or(target.is_secured, |route| route.is_secured);
        let tls = is_secured.then(|| Tls::ToDomain { domain: theirs.to_owned(), ours: ours.to_owned() });
        let mut stream =
            Stream::new(role, Phase::Connecting, ours, theirs, self.settings.limits.stanza, now.instant);
        stream.is_secured = is_secured;
        self.wait(channel, &mut stream, now.instant.after(self.settings.limits.proof_time));
        self.counts.opened += 1;
        self.streams.insert(channel, stream);
        let peer = target.address;
        self.events.push_back(Event::Output(Output::Open { channel, peer, local: None, tls }));
        channel
    }

    /// The way to a domain could not be had.
    fn way_failed(&mut self, now: Now, key: &(String, String), condition: Condition, problem: &str) {
        let Some(pair) = self.pairs.get_mut(key) else { return };
        pair.failures = pair.failures.saturating_add(1);
        let at = now.instant.after(pair.pause());
        pair.way = Way::Later { at };
        let is_new = pair.unreachable.replace(condition).is_none();
        let waiting = pair.take_all();
        self.due.insert((at, Due::Pair(key.clone())));
        for waiting in waiting {
            self.failed(waiting.out.tag, condition);
        }
        if is_new {
            let name = if key.1.is_empty() { &format!("the server in front of {}", key.0) } else { &key.1 };
            let level = if key.1.is_empty() { Level::Warn } else { Level::Info };
            self.tell(level, "xmpp.unreachable", format!("No stream to {name} can be had: {problem}."));
            let problem = Some(problem.to_owned());
            self.events.push_back(Event::Domain { domain: key.1.clone(), problem });
        }
    }

    /// The stream on which stanzas were sent is gone, or was never had.
    pub(super) fn way_gone(&mut self, now: Now, key: (String, String), stream: &Stream, problem: &str) {
        let Some(pair) = self.pairs.get_mut(&key) else { return };
        if stream.is_broken && matches!(pair.way, Way::Open { .. }) && self.settings.component.is_none() {
            // What it has of what was sent is not known.
            (pair.has_lost, pair.failures) = (true, pair.failures.saturating_add(1));
            let at = now.instant.after(pair.pause());
            pair.way = Way::Later { at };
            self.due.insert((at, Due::Pair(key)));
            return;
        }
        let failure = stream.failure;
        match std::mem::take(&mut pair.way) {
            Way::Opening { left, .. } if !left.is_empty() => self.open_next(now, key, left),
            Way::Opening { .. } => self.way_failed(now, &key, failure, problem),
            _ if self.settings.component.is_some() => {
                self.way_failed(now, &key, Condition::RemoteServerTimeout, problem);
            }
            _ if pair.waiting.is_empty() => drop(self.pairs.remove(&key)),
            _ => self.find(key),
        }
    }

    /// Looks after what waits for a domain.
    pub(super) fn tend_pair(&mut self, now: Now, key: (String, String)) {
        let Some(pair) = self.pairs.get_mut(&key) else { return };
        let mut expired = Vec::new();
        while let Some(waiting) = pair.take_expired(now.instant) {
            expired.push(waiting.out.tag);
        }
        let is_due = matches!(pair.way, Way::Later { at } if at <= now.instant);
        let is_given_up =
            pair.waiting.is_empty() && pair.failures >= ATTEMPTS_MAX && self.settings.component.is_none();
        if is_due && is_given_up {
            // Whoever has something for it, or comes from there, will find out.
            self.pairs.remove(&key);
        } else if is_due {
            self.find(key);
        }
        for tag in expired {
            self.failed(tag, Condition::RemoteServerTimeout);
        }
    }

    /// The connection of a stream that we open is there.
    pub(super) fn connected(&mut self, _: Now, _: ChannelId, stream: &mut Stream) {
        // One that is secured from the start goes on when its certificate is told.
        if !stream.is_secured && stream.phase == Phase::Connecting {
            self.greet(stream);
        }
    }

    pub(super) fn greet(&self, stream: &mut Stream) {
        stream.phase = Phase::Header;
        let namespace = match stream.role {
            Role::Component => "jabber:component:accept",
            _ => "jabber:server",
        };
        let mut header = b"<?xml version='1.0'?><stream:stream".to_vec();
        write_attribute("xmlns", namespace, &mut header);
        write_attribute("xmlns:stream", crate::wire::namespaces::STREAMS, &mut header);
        if stream.role == Role::Component {
            write_attribute("to", &stream.ours, &mut header);
        } else {
            write_attribute("xmlns:db", DIALBACK, &mut header);
            write_attribute("from", &stream.ours, &mut header);
            write_attribute("to", &stream.theirs, &mut header);
            write_attribute("version", "1.0", &mut header);
        }
        header.push(b'>');
        stream.write(&header);
    }

    pub(super) fn header_out(&mut self, stream: &mut Stream, header: &Element) {
        stream.id = header.attribute("id").unwrap_or_default().to_owned();
        match (&stream.role, &self.settings.component) {
            (Role::Component, Some(component)) => {
                let digest = Sha1::digest(format!("{}{}", stream.id, component.secret));
                let digest = digest.iter().fold(String::new(), |mut text, octet| {
                    let _ = write!(text, "{octet:02x}");
                    text
                });
                stream.write(format!("<handshake>{digest}</handshake>").as_bytes());
                stream.phase = Phase::Sasl;
            }
            // A server from before XMPP 1.0 has no features.
            _ if header.attribute("version").is_none() => self.prove_by_dialback(stream),
            _ => stream.phase = Phase::Features,
        }
    }

    pub(super) fn element_out(
        &mut self,
        now: Now,
        channel: ChannelId,
        stream: &mut Stream,
        element: &Element,
    ) {
        match (element.namespace(), element.name(), stream.phase) {
            (_, "handshake", Phase::Sasl) if stream.role == Role::Component => {
                self.tell(
                    Level::Info,
                    "xmpp.component",
                    format!("The server in front takes {}.", stream.ours),
                );
                self.ready(now, channel, stream);
            }
            (crate::wire::namespaces::STREAMS, "features", Phase::Features) => {
                self.take_features(now, channel, stream, element);
            }
            (TLS, "proceed", Phase::StartTls) => {
                let tls = Tls::ToDomain { domain: stream.theirs.clone(), ours: stream.ours.clone() };
                self.secure(channel, stream, tls);
            }
            (SASL, "success", Phase::Sasl) => {
                stream.is_authenticated = true;
                stream.restart();
                self.greet(stream);
            }
            // What the certificate does not show the DNS may.
            (SASL, "failure", Phase::Sasl) => self.prove_by_dialback(stream),
            (DIALBACK, "result", Phase::Dialback) => self.dialback_answered(now, channel, stream, element),
            (DIALBACK, "verify", _) => self.key_checked(now, channel, stream, element),
            (TLS | SASL, "failure", _) => self.give_up(stream, "it refuses TLS"),
            _ => {}
        }
    }

    /// Hands what was written to the connection, and has it secured after that.
    pub(super) fn secure(&mut self, channel: ChannelId, stream: &mut Stream, tls: Tls) {
        let octets = std::mem::take(&mut stream.out);
        if !octets.is_empty() {
            self.events.push_back(Event::Output(Output::Octets { channel, octets }));
        }
        stream.phase = Phase::Securing;
        self.events.push_back(Event::Output(Output::Secure { channel, tls }));
    }

    /// TLS is there.
    pub(super) fn secured(
        &mut self,
        _: Now,
        _: ChannelId,
        stream: &mut Stream,
        certificate: link::PeerCertificate,
    ) {
        stream.is_secured = true;
        stream.certificate = Some(certificate);
        stream.restart();
        match stream.role {
            Role::In => stream.phase = Phase::Header,
            _ => self.greet(stream),
        }
    }

    fn take_features(&mut self, now: Now, channel: ChannelId, stream: &mut Stream, features: &Element) {
        let offers = |name: &str, namespace: &str| features.child(name, namespace).is_some();
        if offers("starttls", TLS) && !stream.is_secured {
            stream.write(b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
            stream.phase = Phase::StartTls;
            return;
        }
        if self.settings.tls_required && !stream.is_secured {
            return self.give_up(stream, "it offers no TLS");
        }
        if self.settings.authentication == Authentication::Certificate && !stream.is_certified(&stream.theirs)
        {
            return self.give_up(stream, &certificate_problem(stream));
        }
        stream.offers_acknowledgements = offers("sm", ACKNOWLEDGEMENTS);
        if stream.is_authenticated {
            return self.ready(now, channel, stream);
        }
        if matches!(stream.role, Role::Verify { .. }) {
            return self.ask_whether_right(stream);
        }
        let mechanisms = features.child("mechanisms", SASL);
        let has_external = mechanisms.is_some_and(|mechanisms| {
            mechanisms
                .children_named("mechanism", SASL)
                .any(|mechanism| mechanism.text().trim() == "EXTERNAL")
        });
        // Both ways only where the other end is as sure as it would be on a stream of its own.
        if offers("bidi", BOTH_WAYS_FEATURE) && stream.is_certified(&stream.theirs) {
            stream.write(b"<bidi xmlns='urn:xmpp:bidi'/>");
            stream.is_both_ways = true;
        }
        if has_external && self.settings.has_certificate {
            let identity = base64::write(stream.ours.as_bytes());
            stream.write(format!("<auth xmlns='{SASL}' mechanism='EXTERNAL'>{identity}</auth>").as_bytes());
            stream.phase = Phase::Sasl;
        } else {
            self.prove_by_dialback(stream);
        }
    }

    /// Shows the other server a key that it can ask us about.
    fn prove_by_dialback(&mut self, stream: &mut Stream) {
        if matches!(stream.role, Role::Verify { .. }) {
            return self.ask_whether_right(stream);
        }
        let key = dialback::key(&self.settings.secret, &stream.theirs, &stream.ours, &stream.id);
        let result =
            dialback::element("result", &stream.ours, &stream.theirs, (None, None), Some(Content::Key(&key)));
        stream.write(&result);
        stream.phase = Phase::Dialback;
    }

    fn dialback_answered(&mut self, now: Now, channel: ChannelId, stream: &mut Stream, element: &Element) {
        match element.attribute("type") {
            Some("valid") => self.ready(now, channel, stream),
            Some(_) => self.give_up(stream, "it does not believe that we are our domain"),
            // A key on a stream of ours is none of theirs to send.
            None => {}
        }
    }

    /// Stanzas may pass.
    pub(super) fn ready(&mut self, now: Now, channel: ChannelId, stream: &mut Stream) {
        stream.phase = Phase::Ready;
        if stream.offers_acknowledgements {
            stream.taken.sent = Some(0);
            stream.write(format!("<enable xmlns='{ACKNOWLEDGEMENTS}'/>").as_bytes());
        }
        if stream.is_both_ways {
            let pair = (stream.theirs.clone(), stream.ours.clone());
            stream.proven.insert(pair, Strength::Certificate);
        }
        self.wait(channel, stream, now.instant.after(self.settings.limits.idle_time));
        self.opened(now, channel, stream);
    }

    /// There is a way to a domain now; what waited goes.
    pub(super) fn opened(&mut self, now: Now, channel: ChannelId, stream: &mut Stream) {
        let key = self.key(&stream.ours, &stream.theirs);
        let pair = self.pairs.entry(key.clone()).or_default();
        pair.way = Way::Open { channel };
        let has_lost = std::mem::take(&mut pair.has_lost);
        if !has_lost {
            pair.failures = 0;
        }
        let was_unreachable = pair.unreachable.take().is_some();
        for mut waiting in pair.take_all() {
            if was_unreachable || has_lost {
                waiting.out.be_late();
            }
            self.transmit(now, channel, stream, &waiting.out);
        }
        if was_unreachable || has_lost {
            self.events.push_back(Event::Domain { domain: key.1, problem: None });
        }
    }

    fn give_up(&mut self, stream: &mut Stream, problem: &str) {
        self.tell(
            Level::Debug,
            "xmpp.not_proven",
            format!("The stream to {} is given up: {problem}.", stream.theirs),
        );
        stream.failure = Condition::RemoteServerNotFound;
        self.end(stream, StreamCondition::PolicyViolation, Some(problem));
    }

    /// Begins to ask a domain whether a key is right that came on a stream.
    pub(super) fn check(&mut self, (ours, theirs, id): (String, String, String), key: String) {
        let domain = theirs.clone();
        self.ask(&domain, Query::Check { ours, theirs, id, key });
    }

    /// The servers of a domain that is to be asked about a key.
    pub(super) fn checker_found(
        &mut self,
        now: Now,
        (ours, theirs, id): (String, String, String),
        key: String,
        found: Result<Vec<Target>, ResolveError>,
    ) {
        let Some(for_channel) = self.checks.get(&(theirs.clone(), ours.clone(), id.clone())).copied() else {
            return;
        };
        match found.ok().and_then(|targets| targets.into_iter().next()) {
            Some(target) => {
                let role = Role::Verify { for_channel, for_id: id, key };
                self.open(now, role, &ours, &theirs, &target);
            }
            None => {
                self.checks.remove(&(theirs.clone(), ours.clone(), id));
                self.check_failed(now, for_channel, (&ours, &theirs));
            }
        }
    }

    fn ask_whether_right(&mut self, stream: &mut Stream) {
        let Role::Verify { for_id, key, .. } = stream.role.clone() else { return };
        let content = Some(Content::Key(&key));
        let verify =
            dialback::element("verify", &stream.ours, &stream.theirs, (Some(&for_id), None), content);
        stream.write(&verify);
        stream.phase = Phase::Dialback;
    }

    /// A domain says whether a key is right. Only on a stream to the domain itself that counts.
    fn key_checked(&mut self, now: Now, _: ChannelId, stream: &mut Stream, element: &Element) {
        let (Some(from), Some(to), Some(id)) =
            (element.attribute("from"), element.attribute("to"), element.attribute("id"))
        else {
            return;
        };
        if from != stream.theirs || to != stream.ours {
            return;
        }
        let key = (from.to_owned(), to.to_owned(), id.to_owned());
        if let Some(asker) = self.checks.remove(&key) {
            let is_valid = element.attribute("type") == Some("valid");
            self.check_done(now, asker, &key, is_valid);
        }
        if matches!(stream.role, Role::Verify { .. }) {
            stream.write(b"</stream:stream>");
            stream.is_closing = true;
        }
    }
}

fn certificate_problem(stream: &Stream) -> String {
    match &stream.certificate {
        Some(certificate) if certificate.is_trusted => {
            format!("its certificate is for {}, not for it", certificate.names.join(", "))
        }
        Some(certificate) => {
            let problem =
                certificate.problem.as_deref().unwrap_or("it leads to no authority that is trusted");
            format!("its certificate does not count: {problem}")
        }
        None => "it has shown no certificate".to_owned(),
    }
}

/// How often in a row a domain is tried for which nothing waits: about an hour.
const ATTEMPTS_MAX: u32 = 14;
/// The port of servers for servers.
const SERVER_PORT: u16 = 5269;
pub(super) const TLS: &str = "urn:ietf:params:xml:ns:xmpp-tls";
pub(super) const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";
pub(super) const ACKNOWLEDGEMENTS: &str = "urn:xmpp:sm:3";
pub(super) const BOTH_WAYS_FEATURE: &str = "urn:xmpp:features:bidi";
