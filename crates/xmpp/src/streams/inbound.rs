//! Streams that others open, and what comes on streams.

use super::dialback::{self, Content, DIALBACK};
use super::outbound::{ACKNOWLEDGEMENTS, SASL, TLS};
use super::pair::Way;
use super::settings::Authentication;
use super::stream::{Phase, Role, Stream};
use super::{Due, Event, Streams};
use crate::wire::namespaces::STREAMS;
use crate::wire::{Condition, Element, Jid, Kind, StreamCondition, base64, stanza, write_attribute};
use link::{ChannelId, Level, Output, Tls};
use model::{Instant, Now, Strength};
use std::net::IpAddr;

impl Streams {
    /// Somebody has connected.
    pub(super) fn accept(&mut self, now: Now, channel: ChannelId, address: IpAddr, is_secured: bool) {
        let unproven = self.unproven.get(&address).copied().unwrap_or_default();
        let limits = &self.settings.limits;
        if self.streams.len() >= limits.streams_max || unproven >= limits.unproven_per_address_max {
            self.counts.refused += 1;
            return self.events.push_back(Event::Output(Output::Close { channel }));
        }
        self.counts.accepted += 1;
        self.unproven.insert(address, unproven + 1);
        let phase = if is_secured { Phase::Securing } else { Phase::Header };
        let ours = self.settings.domains.first().cloned().unwrap_or_default();
        let mut stream = Stream::new(Role::In, phase, &ours, "", limits.stanza, now.instant);
        stream.address = Some(address);
        stream.flow.credit = u64::from(limits.stanzas_per_second_max) * 1000;
        let proof = now.instant.after(limits.proof_time);
        self.wait(channel, &mut stream, proof);
        self.streams.insert(channel, stream);
    }

    pub(super) fn header_in(&mut self, now: Now, channel: ChannelId, stream: &mut Stream, header: &Element) {
        let domain = |name: &str| {
            let jid = header.attribute(name)?.parse::<Jid>().ok()?;
            Some(jid.domain().to_owned())
        };
        let (to, from) = (domain("to"), domain("from"));
        if let Some(to) = &to {
            stream.ours.clone_from(to);
        }
        if !stream.is_authenticated {
            stream.theirs = from.clone().unwrap_or_default();
        }
        stream.id = self.random.identifier();
        // Servers from before XMPP 1.0 know no features, and no version.
        let has_features = header.attribute("version").is_some();
        self.greet_back(stream, has_features);
        if to.is_some_and(|to| !self.is_ours(&to)) {
            return self.end(stream, StreamCondition::HostUnknown, None);
        }
        if stream.is_authenticated && from.is_some_and(|from| from != stream.theirs) {
            return self.end(stream, StreamCondition::InvalidFrom, None);
        }
        if stream.is_authenticated {
            stream.phase = Phase::Ready;
        } else {
            stream.phase = Phase::Features;
        }
        if has_features {
            self.write_features(stream);
        }
        if stream.is_authenticated && stream.is_both_ways {
            self.may_send_on(now, channel, stream);
        }
    }

    pub(super) fn greet_back(&self, stream: &mut Stream, has_features: bool) {
        let mut header = b"<?xml version='1.0'?><stream:stream".to_vec();
        let fixed = [("xmlns", "jabber:server"), ("xmlns:stream", STREAMS), ("xmlns:db", DIALBACK)];
        let given = [("from", &*stream.ours), ("to", &*stream.theirs), ("id", &*stream.id)];
        for (name, value) in fixed.into_iter().chain(given).filter(|(_, value)| !value.is_empty()) {
            write_attribute(name, value, &mut header);
        }
        if has_features {
            write_attribute("version", "1.0", &mut header);
        }
        header.push(b'>');
        stream.write(&header);
    }

    fn write_features(&self, stream: &mut Stream) {
        let mut features = Vec::new();
        let mut offer = |text: &str| features.extend_from_slice(text.as_bytes());
        if stream.is_authenticated {
            offer(&format!("<sm xmlns='{ACKNOWLEDGEMENTS}'/>"));
        } else if !stream.is_secured && self.settings.has_certificate {
            let required = if self.settings.tls_required { "<required/>" } else { "" };
            offer(&format!("<starttls xmlns='{TLS}'>{required}</starttls>"));
        }
        if !stream.is_authenticated && (stream.is_secured || !self.settings.tls_required) {
            if stream.is_certified(&stream.theirs) {
                offer(&format!("<mechanisms xmlns='{SASL}'><mechanism>EXTERNAL</mechanism></mechanisms>"));
                offer("<bidi xmlns='urn:xmpp:features:bidi'/>");
            }
            if self.settings.authentication == Authentication::CertificateOrDialback || stream.is_secured {
                offer("<dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>");
            }
        }
        stream.write(b"<stream:features>");
        stream.write(&features);
        stream.write(b"</stream:features>");
    }

    pub(super) fn element_in(
        &mut self,
        now: Now,
        channel: ChannelId,
        stream: &mut Stream,
        element: &Element,
    ) {
        self.spend(now, channel, stream);
        match (element.namespace(), element.name()) {
            (TLS, "starttls") if stream.is_secured || !self.settings.has_certificate => {
                stream.write(format!("<failure xmlns='{TLS}'/></stream:stream>").as_bytes());
                stream.is_closing = true;
            }
            (TLS, "starttls") => {
                stream.write(format!("<proceed xmlns='{TLS}'/>").as_bytes());
                let tls = Tls::ForDomain { domain: stream.ours.clone() };
                self.secure(channel, stream, tls);
            }
            (SASL, "auth") => self.authenticate(now, channel, stream, element),
            (SASL, "abort") => self.refuse_authentication(stream, "aborted"),
            (DIALBACK, "result") => self.key_shown(now, channel, stream, element),
            (DIALBACK, "verify") => self.is_it_ours(stream, element),
            (BOTH_WAYS, "bidi") => stream.is_both_ways = stream.is_certified(&stream.theirs),
            _ if stream.is_proven() => self.end(stream, StreamCondition::UnsupportedStanzaType, None),
            _ => self.end(stream, StreamCondition::NotAuthorized, None),
        }
    }

    /// Somebody says which domain its certificate is for.
    fn authenticate(&mut self, now: Now, channel: ChannelId, stream: &mut Stream, element: &Element) {
        if element.attribute("mechanism") != Some("EXTERNAL") {
            return self.refuse_authentication(stream, "invalid-mechanism");
        }
        let said = base64::read(element.text().trim().trim_matches('=')).unwrap_or_default();
        let said = String::from_utf8(said).ok().and_then(|said| said.parse::<Jid>().ok());
        let domain = said.map_or_else(|| stream.theirs.clone(), |jid| jid.domain().to_owned());
        let is_other = !stream.theirs.is_empty() && stream.theirs != domain;
        if is_other || !stream.is_secured || !stream.is_certified(&domain) || self.is_ours(&domain) {
            return self.refuse_authentication(stream, "not-authorized");
        }
        stream.theirs.clone_from(&domain);
        stream.is_authenticated = true;
        for ours in self.settings.domains.clone() {
            self.prove(now, channel, stream, (&domain, &ours), Strength::Certificate);
        }
        stream.write(format!("<success xmlns='{SASL}'/>").as_bytes());
        stream.phase = Phase::Header;
        stream.restart();
    }

    fn refuse_authentication(&mut self, stream: &mut Stream, why: &str) {
        stream.write(format!("<failure xmlns='{SASL}'><{why}/></failure>").as_bytes());
    }

    /// A domain has shown that a stream is its own, for stanzas to one of ours.
    fn prove(
        &mut self,
        now: Now,
        channel: ChannelId,
        stream: &mut Stream,
        (theirs, ours): (&str, &str),
        strength: Strength,
    ) {
        if stream.proven.is_empty() {
            self.one_less_unproven(stream.address);
            match strength {
                Strength::Certificate => self.counts.proven_by_certificate += 1,
                _ => self.counts.proven_by_dialback += 1,
            }
            self.wait(channel, stream, now.instant.after(self.settings.limits.idle_time));
        }
        stream.proven.insert((theirs.to_owned(), ours.to_owned()), strength);
        // Who comes may be there to be reached, too.
        let key = (ours.to_owned(), theirs.to_owned());
        if let Some(Way::Later { at }) = self.pairs.get_mut(&key).map(|pair| &mut pair.way) {
            *at = now.instant;
            self.due.insert((now.instant, Due::Pair(key)));
        }
    }

    pub(super) fn one_less_unproven(&mut self, address: Option<IpAddr>) {
        let Some(address) = address else { return };
        if let Some(count) = self.unproven.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                self.unproven.remove(&address);
            }
        }
    }

    /// We may send on a stream that the other side has opened.
    fn may_send_on(&mut self, now: Now, channel: ChannelId, stream: &mut Stream) {
        let way = self.pairs.get(&(stream.ours.clone(), stream.theirs.clone())).map(|pair| &pair.way);
        if !matches!(way, Some(Way::Open { .. } | Way::Opening { .. })) {
            self.opened(now, channel, stream);
        }
    }

    /// Somebody shows a key by which its domain shall tell that it is it.
    fn key_shown(&mut self, now: Now, channel: ChannelId, stream: &mut Stream, element: &Element) {
        let domain = |name: &str| Some(element.attribute(name)?.parse::<Jid>().ok()?.domain().to_owned());
        let (Some(theirs), Some(ours)) = (domain("from"), domain("to")) else {
            return self.end(stream, StreamCondition::ImproperAddressing, None);
        };
        let may_ask = self.settings.authentication == Authentication::CertificateOrDialback;
        let refused = if !self.is_ours(&ours) {
            Some(Condition::ItemNotFound)
        } else if self.is_ours(&theirs) {
            Some(Condition::NotAllowed)
        } else if self.settings.tls_required && !stream.is_secured {
            Some(Condition::PolicyViolation)
        } else if stream.is_certified(&theirs) {
            None
        } else if !may_ask {
            Some(Condition::NotAuthorized)
        } else {
            let under_way = self.checks.values().filter(|asker| **asker == channel).count();
            (under_way >= CHECKS_PER_STREAM_MAX).then_some(Condition::ResourceConstraint)
        };
        if let Some(condition) = refused {
            let content = Some(Content::Error(condition));
            return stream.write(&dialback::element(
                "result",
                &ours,
                &theirs,
                (None, Some("error")),
                content,
            ));
        }
        if stream.theirs.is_empty() {
            stream.theirs.clone_from(&theirs);
        }
        if stream.is_certified(&theirs) {
            stream.write(&dialback::element("result", &ours, &theirs, (None, Some("valid")), None));
            stream.phase = Phase::Ready;
            return self.prove(now, channel, stream, (&theirs, &ours), Strength::Certificate);
        }
        let check = (theirs.clone(), ours.clone(), stream.id.clone());
        if self.checks.insert(check, channel).is_none() {
            self.check((ours, theirs, stream.id.clone()), element.text().trim().to_owned());
        }
    }

    /// A domain has told whether a key is right.
    pub(super) fn check_done(
        &mut self,
        now: Now,
        asker: ChannelId,
        (theirs, ours, id): &(String, String, String),
        is_valid: bool,
    ) {
        self.with(now, asker, |streams, now, channel, stream| {
            if stream.id != *id {
                return;
            }
            let kind = if is_valid { "valid" } else { "invalid" };
            stream.write(&dialback::element("result", ours, theirs, (None, Some(kind)), None));
            if is_valid {
                stream.phase = Phase::Ready;
                streams.prove(now, channel, stream, (theirs, ours), Strength::Network);
            } else {
                streams.counts.impostors += 1;
                stream.write(b"</stream:stream>");
                stream.is_closing = true;
            }
        });
    }

    /// No domain could be asked whether a key is right.
    pub(super) fn check_failed(&mut self, now: Now, asker: ChannelId, (ours, theirs): (&str, &str)) {
        self.with(now, asker, |_, _, _, stream| {
            let content = Some(Content::Error(Condition::RemoteServerTimeout));
            stream.write(&dialback::element("result", ours, theirs, (None, Some("error")), content));
        });
    }

    /// Somebody to whom we have shown a key asks whether it is ours.
    fn is_it_ours(&self, stream: &mut Stream, element: &Element) {
        let attribute = |name: &str| element.attribute(name).unwrap_or_default();
        let (theirs, ours, id) = (attribute("from"), attribute("to"), attribute("id"));
        if !self.is_ours(ours) {
            let content = Some(Content::Error(Condition::ItemNotFound));
            return stream.write(&dialback::element(
                "verify",
                ours,
                theirs,
                (Some(id), Some("error")),
                content,
            ));
        }
        let is_ours = element.text().trim() == dialback::key(&self.settings.secret, theirs, ours, id);
        let kind = if is_ours { "valid" } else { "invalid" };
        stream.write(&dialback::element("verify", ours, theirs, (Some(id), Some(kind)), None));
    }

    /// Takes a stanza: it must be of a domain that has shown that the stream is its own.
    pub(super) fn stanza(&mut self, now: Now, channel: ChannelId, stream: &mut Stream, stanza: Element) {
        self.spend(now, channel, stream);
        self.counts.stanzas_in += 1;
        if let Some(handled) = &mut stream.taken.handled {
            *handled = handled.wrapping_add(1);
        }
        let may_come = match stream.role {
            Role::Component => stream.phase == Phase::Ready,
            _ => !stream.proven.is_empty(),
        };
        if !may_come {
            self.counts.impostors += 1;
            return self.end(stream, StreamCondition::NotAuthorized, None);
        }
        let (Some(from), Some(to)) = (stanza.attribute("from"), stanza.attribute("to")) else {
            return self.not_taken(stream, StreamCondition::ImproperAddressing);
        };
        let Ok(from) = from.parse::<Jid>() else {
            return self.not_taken(stream, StreamCondition::InvalidFrom);
        };
        let Ok(to) = to.parse::<Jid>() else {
            return self.send_back(now, channel, stream, &stanza, &from);
        };
        if !self.is_ours(to.domain()) {
            return self.not_taken(stream, StreamCondition::HostUnknown);
        }
        if stream.role == Role::Component && to.domain() != stream.ours {
            self.astray(stream, to.domain());
        }
        let Some(strength) = strength_of(stream, &from, &to).filter(|_| !self.is_ours(from.domain())) else {
            return self.not_taken(stream, StreamCondition::InvalidFrom);
        };
        let is_answer = Kind::of(&stanza) == Some(Kind::Iq)
            && matches!(stanza.attribute("type"), Some("result" | "error"));
        if is_answer && self.pong(now, channel, stream, (to.domain(), from.domain()), &stanza) {
            // There is nothing to be kept of it.
            stream.taken.settled += u32::from(stream.taken.handled == Some(stream.taken.settled + 1));
            return;
        }
        let receipt = stream.taken.handled.map(|handled| (channel, handled));
        self.events.push_back(Event::Stanza { stanza, from, to, strength, receipt });
    }

    /// What is for one component came on the connection of another: whatever comes by two connections has no order.
    fn astray(&mut self, stream: &Stream, domain: &str) {
        self.counts.astray += 1;
        if self.counts.astray == 1 {
            let text = format!(
                "The server in front sends what is for {domain} by the connection of {}, too, so that messages may \
                 change places. ejabberd does so unless its listener has `global_routes: false`.",
                stream.ours
            );
            self.tell(Level::Warn, "xmpp.astray", text);
        }
    }

    /// A stanza that the other side may not send ends the stream (RFC 6120 section 4.9.3); the server in front speaks for so
    /// many that only the stanza is dropped.
    fn not_taken(&mut self, stream: &mut Stream, condition: StreamCondition) {
        self.counts.impostors += 1;
        if stream.role != Role::Component {
            self.end(stream, condition, None);
        }
    }

    /// What is addressed to nobody who could be goes back.
    fn send_back(&mut self, now: Now, channel: ChannelId, stream: &mut Stream, stanza: &Element, from: &Jid) {
        let Some(answer) = stanza::refusal(stanza, Condition::JidMalformed, None) else { return };
        let ours = stream.ours.clone();
        // Who answers must be one of us.
        let answer = answer.with("from", &ours);
        let mut octets = Vec::new();
        answer.write(&mut octets);
        let out =
            super::Outgoing { from: ours, to: from.domain().to_owned(), octets, tag: None, late: Vec::new() };
        if stream.role == Role::Component {
            self.transmit(now, channel, stream, &out);
        } else {
            self.send(now, out);
        }
    }

    /// Pays for one element; who is too fast is not read for a while.
    fn spend(&mut self, now: Now, channel: ChannelId, stream: &mut Stream) {
        self.refill(now, stream);
        stream.flow.credit = stream.flow.credit.saturating_sub(1000);
        if stream.flow.credit == 0 && !stream.flow.is_held && stream.role == Role::In {
            stream.flow.is_held = true;
            self.wait(channel, stream, now.instant.after(HOLD));
        }
    }

    /// Adds what has been earned since it was last counted.
    pub(super) fn refill(&mut self, now: Now, stream: &mut Stream) {
        let rate = u64::from(self.settings.limits.stanzas_per_second_max);
        let Instant(passed) = Instant(now.instant.0.saturating_sub(stream.flow.counted_at.0));
        stream.flow.counted_at = now.instant;
        stream.flow.credit = (stream.flow.credit + passed.saturating_mul(rate)).min(rate * 1000);
        stream.flow.is_held &= stream.flow.credit < rate * 1000 / 20;
    }
}

/// How surely a stanza on a stream is of the domain that it says; `None`: not at all.
fn strength_of(stream: &Stream, from: &Jid, to: &Jid) -> Option<Strength> {
    if stream.role == Role::Component {
        return Some(Strength::Network);
    }
    // Both names are short, and few.
    let mut proven = stream.proven.iter();
    proven
        .find(|((theirs, ours), _)| theirs == from.domain() && ours == to.domain())
        .map(|(_, strength)| *strength)
}

/// Keys that are checked at a time for one stream.
const CHECKS_PER_STREAM_MAX: usize = 4;
/// How long a stream is not read on which too much came.
pub(super) const HOLD: model::Millis = model::Millis(50);
const BOTH_WAYS: &str = "urn:xmpp:bidi";
