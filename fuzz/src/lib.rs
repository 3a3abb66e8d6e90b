//! What must hold for any octets, shared by the targets.

use arbitrary::{Arbitrary, Unstructured};
use codec::per::{self, DecodeError, EncodeError, Json};
use h323::alias::Zone;
use h323::wire::h225::{H323UserInformation, RasMessage};
use h323::wire::q931::Q931;
use h323::wire::{reading, tpkt};
use model::address::{DialPlan, Domain, PseudonymKey};
use model::{Effect, Request};
use std::fmt::Debug;

/// The first length that is read in fragments but never written.
const FRAGMENT: usize = 16_384;

/// What is read as a `T` is written so that it is read as the same value, and so is its JSON reading.
pub fn is_stable<T: per::Per + Json + Debug + PartialEq>(octets: &[u8]) {
    let Ok(value) = per::decode::<T>(octets) else { return };
    match per::encode(&value) {
        Ok(written) => match per::decode::<T>(&written) {
            // Octets that were passed over were worth their share of the budget.
            Err(DecodeError::TooLarge) if written.len() < octets.len() => return,
            again => assert_eq!(again.as_ref(), Ok(&value)),
        },
        Err(EncodeError::Length { length, .. }) if length >= FRAGMENT => return,
        Err(error) => panic!("{value:?} was read and can't be written: {error}"),
    }
    let reading = value.to_json();
    match T::from_json(&reading) {
        Ok(again) => assert_eq!(again.to_json(), reading),
        Err(error) => panic!("{reading} is not a reading: {error}"),
    }
}

/// What has a reading is written back octet for octet, by way of text.
pub fn is_exact(octets: &[u8]) {
    let Ok(reading) = reading::read(octets) else { return };
    let text = reading.to_string();
    let again = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text} is not JSON: {error}"));
    assert_eq!(reading::write(&again).as_deref(), Ok(octets));
}

/// The most events of one input.
const EVENTS_MAX: usize = 64;

/// A row of events: each one octet that says what happens, two with a length, and as many octets of content.
pub struct Events<'a>(pub &'a [u8]);

impl<'a> Iterator for Events<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let [what, high, low, content @ ..] = self.0 else { return None };
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(content.len());
        let (content, rest) = content.split_at(length);
        self.0 = rest;
        Some((*what, content))
    }
}

/// The events of an input, so many that one input takes no long time.
pub fn events(octets: &[u8]) -> impl Iterator<Item = (u8, &[u8])> {
    Events(octets).take(EVENTS_MAX)
}

/// A RAS message of any kind that these octets make up.
pub fn ras_message(octets: &[u8]) -> RasMessage {
    RasMessage::arbitrary(&mut Unstructured::new(octets)).unwrap_or_default()
}

/// A call signalling message in its packet; the first octets say of which type and call it is.
pub fn call_message(octets: &[u8]) -> Option<Vec<u8>> {
    const TYPES: [u8; 10] = [0x05, 0x02, 0x01, 0x07, 0x62, 0x5a, 0x75, 0x7d, 0x7b, 0x6e];
    let [kind, side, reference, octets @ ..] = octets else { return None };
    let information = H323UserInformation::arbitrary(&mut Unstructured::new(octets)).ok()?;
    let message = Q931::new(TYPES[usize::from(*kind) % TYPES.len()], u16::from(*reference), side % 2 == 1);
    tpkt::packet(&message.with_user_information(&information).ok()?.encode().ok()?)
}

/// The zone of the targets.
pub fn zone() -> Zone {
    Zone {
        domain: Domain::parse("example.com").expect("this is a domain"),
        foreign: Default::default(),
        dial_plan: DialPlan::default(),
        service_codes: Default::default(),
        configured: Default::default(),
        pseudonym_key: PseudonymKey::new([7; 32]),
    }
}

/// What an engine that grants everything answers.
pub fn granted(request: Request) -> Option<Effect> {
    let (ticket, agent) = request.ticket()?;
    Some(match request {
        Request::Claim { claim, .. } => {
            let presentity = claim.aliases.first()?.address.clone();
            Effect::Claimed { ticket, agent: claim.agent, presentity, new_names: claim.aliases.len() }
        }
        Request::Route { agent, .. } => Effect::Routed { ticket, agent, agents: Vec::new() },
        Request::Send { .. } => Effect::Accepted { ticket, agent, is_stored: false },
        _ => Effect::Done { ticket, agent: agent? },
    })
}
