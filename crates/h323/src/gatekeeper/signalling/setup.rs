//! The first message of a connection: whose call it is, and whether it is for messages.

use super::pdu::{Leg, Marks};
use super::refusal::Release;
use crate::alias::{Alias, canonical};
use crate::gatekeeper::admission::call_key;
use crate::gatekeeper::link::Gatekeeper;
use crate::wire::h225::{AliasAddress, H323UuPdu, MessageBody, SetupUuie};
use crate::wire::q931::Q931;
use crate::wire::tpkt::HEADER;
use link::ChannelId;
use model::{Address, Now};

impl Gatekeeper {
    /// Takes the first message of a connection, which must be the Setup of a call that was admitted, or name one of
    /// which the endpoint was told.
    pub(super) fn take_setup(&mut self, now: Now, channel: ChannelId, message: &Q931, packet: Vec<u8>) {
        let mut leg = Leg {
            reference: message.call_reference,
            is_caller: false,
            identifier: [0; 16],
            conference: [0; 16],
        };
        let pdu = message.user_information().map(|information| information.h323_uu_pdu);
        let (setup, pdu) = match &pdu {
            Ok(pdu @ H323UuPdu { h323_message_body: MessageBody::Setup(setup), .. }) => (setup, pdu),
            Ok(pdu) if self.is_fetched(now, channel, pdu) => return,
            _ => {
                self.counters.connections_broken += 1;
                return self.refuse_setup(channel, &leg, &Release::MALFORMED);
            }
        };
        let identifier = setup.call_identifier.as_ref().map(|identifier| identifier.guid.0);
        leg.identifier = call_key(identifier, setup.conference_id.0);
        leg.conference = setup.conference_id.0;
        let Some(caller) = self.caller(channel, &leg, setup) else {
            self.counters.calls_of_strangers += 1;
            let identifier = leg.identifier;
            self.detail("call.stranger", |_| {
                format!("a call {} came from whom nobody admitted", hexadecimal(identifier))
            });
            return self.refuse_setup(channel, &leg, &Release::STRANGER);
        };
        let from = self.signalling.get(channel).map(|connection| connection.peer);
        let octets = packet.get(HEADER..).unwrap_or_default();
        if !from.is_some_and(|from| self.is_setup_shown(from, caller, setup, octets)) {
            // Whose call it is has not been shown, so its admission stands.
            return self.refuse_setup(channel, &leg, &Release::STRANGER);
        }
        if let Some(connection) = self.signalling.get(channel) {
            self.trace_signalling(Some(caller), connection.peer, true, &packet);
        }
        if self.signalling.has_call(leg.identifier) {
            self.counters.calls_repeated += 1;
            return self.refuse_setup(channel, &leg, &Release::REPEATED);
        }
        let marks = Marks::of(pdu);
        if marks.is_offered {
            self.messaging_learnt(caller, true);
        }
        // The mark decides, not the goal (Q18).
        if marks.is_messaging {
            self.take_message_call(now, channel, leg, caller, setup);
        } else {
            self.take_ordinary_call(now, channel, &leg, packet);
        }
    }

    /// Who calls: the endpoint whose admission names this call, or which names itself; in either case it must be at
    /// the address the connection comes from.
    fn caller(&self, channel: ChannelId, leg: &Leg, setup: &SetupUuie) -> Option<u64> {
        let address = self.signalling.get(channel)?.peer.ip().to_canonical();
        let call = self.calls.get(leg.identifier).filter(|call| call.ended.is_none());
        let admitted = call.filter(|call| call.caller.admitted).and_then(|call| call.caller.number);
        let named = || {
            let identifier = setup.endpoint_identifier.as_ref()?.to_string();
            // Nobody speaks in the place of whoever was admitted.
            call.is_none().then(|| self.registrations.by_identifier(&identifier))?
        };
        let caller = admitted.and_then(|number| self.registrations.get(number)).or_else(named)?;
        (caller.peer.address.ip().to_canonical() == address).then_some(caller.number)
    }

    /// A call for messages is no call (D-08, D-13), and answered here.
    fn take_message_call(&mut self, now: Now, channel: ChannelId, leg: Leg, caller: u64, setup: &SetupUuie) {
        self.calls.set_bandwidth(leg.identifier, 0);
        let mut recipient =
            setup.destination_address.iter().flatten().find_map(|alias| self.recipient_of(alias));
        if let Some(call) = self.calls.get_mut(leg.identifier) {
            call.messaging = true;
            recipient = recipient.or_else(|| call.recipient.clone());
            self.changed.calls.insert(leg.identifier);
        }
        self.answer_message_call(now, channel, leg, caller, recipient);
    }

    fn take_ordinary_call(&mut self, now: Now, channel: ChannelId, leg: &Leg, packet: Vec<u8>) {
        let call = self.calls.get(leg.identifier);
        match call.map(|call| call.callee.address) {
            Some(_) if call.is_some_and(|call| call.lacks_bandwidth) => {
                self.refuse_call(now, channel, leg, Release::NO_BANDWIDTH);
            }
            Some(Some(address)) => self.relay(now, channel, leg, address, packet),
            // It was admitted in case it carries a message.
            Some(None) => self.refuse_call(now, channel, leg, Release::NOT_REGISTERED),
            None => self.refuse_call(now, channel, leg, Release::STRANGER),
        }
    }

    /// Refuses a call, which ends its admission too.
    pub(super) fn refuse_call(&mut self, now: Now, channel: ChannelId, leg: &Leg, release: Release) {
        self.counters.calls_refused += 1;
        self.refuse_setup(channel, leg, &release);
        self.end_call(now, leg.identifier, model::CallEnd::Disengaged, None);
    }

    /// The address that an alias stands for: that of the registration it names, else its own.
    pub(in crate::gatekeeper) fn recipient_of(&self, alias: &AliasAddress) -> Option<Address> {
        let alias = Alias::from_wire(alias)?;
        let zone = &self.settings.zone;
        let held = |address: &Address| self.registrations.holders(address).next().is_some();
        let own = canonical(&alias, zone).ok();
        let other = || crate::alias::alternative(&alias, zone).filter(held);
        own.clone().filter(held).or_else(other).or(own)
    }
}

fn hexadecimal(octets: [u8; 16]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
