//! Conferences: who is in which room of an MCU, by the calls in progress (D-40).

use super::call::Call;
use super::link::Gatekeeper;
use super::registration::Kind;
use link::Output;
use model::{Address, Conference, Now, Request};
use std::collections::BTreeSet;

impl Gatekeeper {
    /// A call was answered or is over: where one of its sides is an MCU, the engine is told who is in its rooms.
    pub(super) fn convene_call(&mut self, now: Now, key: [u8; 16]) {
        let numbers = self.calls.get(key).into_iter().flat_map(Call::numbers);
        for number in Vec::from_iter(numbers) {
            self.convene(now, number);
        }
    }

    /// The engine has (again) given a registration its names: an MCU its rooms, or a participant a name there.
    pub(super) fn convene_around(&mut self, now: Now, number: u64) {
        let calls = self.calls.of(number).iter().filter_map(|key| self.calls.get(*key));
        let sides = calls.flat_map(Call::numbers).chain([number]);
        for number in BTreeSet::from_iter(sides) {
            self.convene(now, number);
        }
    }

    /// Tells the engine who is in the rooms of an MCU, each of which is one of its names; nothing of who is none.
    fn convene(&mut self, now: Now, number: u64) {
        let mcu = self.registrations.get(number);
        let Some(mcu) = mcu.filter(|one| one.kind == Kind::Mcu && one.claimed) else { return };
        let room = |address: &Address| Conference { address: address.clone(), participants: Vec::new() };
        let mut conferences: Vec<_> = mcu.names.iter().map(|name| room(&name.address)).collect();
        for call in self.calls.of(number).iter().filter_map(|key| self.calls.get(*key)) {
            let Some((participant, called)) = self.participant(call, number) else { continue };
            // Who is called by the MCU, or calls its transport address, is in its first room.
            let place = mcu.names.iter().position(|name| Some(&name.address) == called);
            if let Some(conference) = conferences.get_mut(place.unwrap_or_default()) {
                conference.participants.push(participant);
            }
        }
        let (agent, at) = (self.agent(number), now.wall);
        self.outputs.push_back(Output::Request(Request::Convene { agent, at, conferences }));
    }

    /// Who is in a conference by a call with an MCU, and the name that was called.
    fn participant<'a>(&self, call: &'a Call, mcu: u64) -> Option<(Address, Option<&'a Address>)> {
        if call.answer.is_none() || call.ended.is_some() || call.messaging {
            return None;
        }
        let is_called = call.callee.number == Some(mcu);
        let (other, called) = match is_called {
            true => (&call.caller, call.recipient.as_ref()),
            false => (&call.callee, None),
        };
        let presentity = self.registrations.get(other.number?)?.presentity.clone();
        Some((presentity?, called))
    }
}
