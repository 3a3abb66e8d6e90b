//! Soft state: what a restart takes up again (registrations and calls).

use super::call::{Answer, Call, Ended, Side};
use super::link::Gatekeeper;
use super::presence::Offer;
use super::registration::{EndpointIdentifier, Kind, Liveness, Name, Peer, Registration};
use super::timer::Due;
use crate::alias::{Alias, canonical};
use link::ChannelId;
use model::{Address, Millis, Now, SoftRecord, Strength, Timestamp};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::net::SocketAddr;

const REGISTRATIONS: &str = "h323.registration";
const CALLS: &str = "h323.call";

/// The tables of soft state that a gatekeeper writes and takes back, in any order.
pub const SOFT_TABLES: [&str; 2] = [REGISTRATIONS, CALLS];

/// What has changed since it was written last.
#[derive(Debug, Default)]
pub(super) struct Changed {
    pub registrations: BTreeSet<u64>,
    /// Of those that changed, those that are written when the engine has given them their names.
    unclaimed: BTreeSet<u64>,
    pub calls: BTreeSet<[u8; 16]>,
}

/// What is usual is left out, and names are short: there may be a million of these. The longer names are those of
/// earlier versions.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RegistrationRecord<'a> {
    #[serde(rename = "id", alias = "identifier")]
    identifier: Cow<'a, str>,
    #[serde(default, skip_serializing_if = "is_default")]
    channel: u32,
    peer: SocketAddr,
    local: SocketAddr,
    aliases: Vec<(Cow<'a, str>, String)>,
    #[serde(rename = "signal", alias = "callSignalAddresses")]
    call_signal_addresses: Cow<'a, [SocketAddr]>,
    kind: Kind,
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    prefixes: Cow<'a, [String]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    product: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "<[_]>::is_empty")]
    features: Cow<'a, [String]>,
    #[serde(default, skip_serializing_if = "is_default")]
    offer: Offer,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    messaging: Option<bool>,
    #[serde(rename = "ttl", alias = "timeToLive")]
    time_to_live: Millis,
    #[serde(rename = "since", alias = "registeredAt")]
    registered_at: Timestamp,
    #[serde(default, skip_serializing_if = "is_default")]
    is_proven: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    strength: Strength,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[derive(Serialize, Deserialize)]
struct SideRecord {
    number: Option<u64>,
    label: String,
    address: Option<SocketAddr>,
    reference: u16,
    admitted: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CallRecord {
    conference_identifier: [u8; 16],
    caller: SideRecord,
    callee: SideRecord,
    recipient: Option<Address>,
    admitted_at: Timestamp,
    answer: Option<Answer>,
    messaging: bool,
    conference: bool,
    bandwidth: u32,
}

impl Gatekeeper {
    pub(super) fn take_changed(&mut self, _now: Now, limit: usize) -> Vec<SoftRecord> {
        let mut records = Vec::new();
        while records.len() < limit
            && let Some(number) = self.changed.registrations.pop_first()
        {
            self.changed.unclaimed.remove(&number);
            let registration = self.registrations.get(number);
            if registration.is_some_and(|registration| !registration.claimed) {
                self.changed.unclaimed.insert(number);
                continue;
            }
            let value =
                registration.and_then(|registration| serde_json::to_string(&record(registration)).ok());
            records.push(SoftRecord { table: REGISTRATIONS, key: number.to_string(), value });
        }
        while records.len() < limit
            && let Some(key) = self.changed.calls.pop_first()
        {
            let call = self.calls.get(key).filter(|call| call.ended.is_none());
            let value = call.and_then(|call| serde_json::to_string(&call_record(call)).ok());
            let key = key.iter().map(|octet| format!("{octet:02x}")).collect();
            records.push(SoftRecord { table: CALLS, key, value });
        }
        records
    }

    /// The engine has given a registration its names, so that it is written if it has changed. `is_restored`: it was
    /// taken back, and is written as it was.
    pub(super) fn write_claimed(&mut self, number: u64, is_restored: bool) {
        if self.changed.unclaimed.remove(&number) || !is_restored {
            self.changed.registrations.insert(number);
        }
    }

    pub(super) fn take_back(&mut self, now: Now, record: &SoftRecord) {
        let Some(value) = &record.value else { return };
        let taken = match record.table {
            REGISTRATIONS => self.restore_registration(now, &record.key, value),
            CALLS => self.restore_call(now, &record.key, value),
            _ => None,
        };
        if taken.is_none() {
            self.counters.records_dropped += 1;
        }
    }

    /// A registration goes on as if it had been heard just now: it has one whole time to live to be heard again.
    fn restore_registration(&mut self, now: Now, key: &str, value: &str) -> Option<()> {
        let record: RegistrationRecord = serde_json::from_str(value).ok()?;
        let number = key.parse().ok()?;
        let name = |(kind, text): &(Cow<'_, str>, String)| {
            let alias = Alias::restore(kind, text).ok()?;
            let address = canonical(&alias, &self.settings.zone).ok()?;
            Some(Name { alias, address })
        };
        let is_trusted = self.is_trusted(record.peer.ip());
        let registration = Registration {
            number,
            identifier: EndpointIdentifier::parse(&record.identifier)?,
            peer: Peer { channel: ChannelId(record.channel), address: record.peer, local: record.local },
            names: record.aliases.iter().filter_map(name).collect(),
            call_signal_addresses: record.call_signal_addresses.into_owned().into(),
            kind: record.kind,
            prefixes: record.prefixes.into_owned().into(),
            product: record.product.map(|product| product.into_owned().into_boxed_str()),
            features: record.features.into_owned().into(),
            offer: record.offer,
            messaging: record.messaging,
            time_to_live: record.time_to_live,
            registered_at: record.registered_at,
            heard_at: now,
            liveness: Liveness::Alive,
            presentity: None,
            claimed: false,
            is_trusted,
            is_proven: record.is_proven || is_trusted,
            strength: record.strength,
            was_indicated: false,
            almost_out_of_resources: false,
        };
        while let Some(other) = self.in_the_place_of(&registration) {
            let older = other.min(number);
            self.registrations.remove(older);
            self.changed.registrations.insert(older);
            if older == number {
                return Some(());
            }
        }
        self.timers.set(registration.silent_at(), Due::Registration(number));
        self.registrations.insert(registration);
        self.claim_in_turn(now, number);
        Some(())
    }

    /// A registration that takes calls at an address of this one, at the same host: a kill can leave the record of the
    /// one before beside that of the one that stands.
    fn in_the_place_of(&self, registration: &Registration) -> Option<u64> {
        let at = |address: &SocketAddr| self.registrations.by_call_signal(*address);
        let mut others = registration.call_signal_addresses.iter().filter_map(at);
        let is_of_the_host =
            |other: &&Registration| other.peer.address.ip() == registration.peer.address.ip();
        others.find(is_of_the_host).map(|other| other.number)
    }

    fn restore_call(&mut self, now: Now, key: &str, value: &str) -> Option<()> {
        let record: CallRecord = serde_json::from_str(value).ok()?;
        let key = u128::from_str_radix(key, 16).ok()?.to_be_bytes();
        let side = |side: SideRecord| Side {
            number: side.number,
            label: side.label,
            address: side.address,
            call_reference: side.reference,
            admitted: side.admitted,
            ..Side::default()
        };
        let call = Call {
            key,
            conference_identifier: record.conference_identifier,
            caller: side(record.caller),
            callee: side(record.callee),
            recipient: record.recipient,
            lacks_bandwidth: false,
            admitted_at: Now { instant: now.instant_of(record.admitted_at), wall: record.admitted_at },
            ringing_at: Some(now),
            answer: record.answer,
            ended: None::<Ended>,
            messaging: record.messaging,
            conference: record.conference,
            bandwidth: record.bandwidth,
            check_interval: self.settings.answer_check,
            charged_to: None,
        };
        self.calls.insert(call);
        self.timers.set(now.instant.after(self.settings.answer_check), Due::Call(key));
        Some(())
    }
}

fn record(registration: &Registration) -> RegistrationRecord<'_> {
    RegistrationRecord {
        identifier: registration.identifier.as_str().into(),
        channel: registration.peer.channel.0,
        peer: registration.peer.address,
        local: registration.peer.local,
        aliases: registration
            .names
            .iter()
            .map(|name| (name.alias.kind().into(), name.alias.text()))
            .collect(),
        call_signal_addresses: Cow::Borrowed(&registration.call_signal_addresses),
        kind: registration.kind,
        prefixes: Cow::Borrowed(&registration.prefixes),
        product: registration.product.as_deref().map(Cow::Borrowed),
        features: Cow::Borrowed(&registration.features),
        offer: registration.offer,
        messaging: registration.messaging,
        time_to_live: registration.time_to_live,
        registered_at: registration.registered_at,
        is_proven: registration.is_proven,
        strength: registration.strength,
    }
}

fn call_record(call: &Call) -> CallRecord {
    let side = |side: &Side| SideRecord {
        number: side.number,
        label: side.label.clone(),
        address: side.address,
        reference: side.call_reference,
        admitted: side.admitted,
    };
    CallRecord {
        conference_identifier: call.conference_identifier,
        caller: side(&call.caller),
        callee: side(&call.callee),
        recipient: call.recipient.clone(),
        admitted_at: call.admitted_at.wall,
        answer: call.answer,
        messaging: call.messaging,
        conference: call.conference,
        bandwidth: call.bandwidth,
    }
}
