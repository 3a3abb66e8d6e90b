//! Call signalling as it comes and goes (H.225.0 clause 7.3, Q.931).

use super::call::{Call, Stage};
use super::chat::{Kind, MessageData};
use super::connection::ConnectionId;
use super::discovery::usable;
use super::identity::MESSAGE_CALL;
use super::machine::{Endpoint, Output};
use super::message::{self, Message};
use super::release::Ending;
use crate::alias::Alias;
use crate::wire::h225::{
    ConferenceGoal, H323UserInformation, H323UuPdu, MessageBody, ReportedPdu, SetupUuie,
};
use crate::wire::q931::{Q931, element, message_type};
use crate::wire::tpkt;
use model::Now;

impl Endpoint {
    /// Takes the content of a packet. What can't be read or belongs to no call is counted.
    pub(super) fn take_packet(&mut self, now: Now, id: ConnectionId, content: &[u8]) {
        let Ok(message) = Q931::decode(content) else {
            self.counters.ignored_messages += 1;
            return;
        };
        if message.message_type == message_type::EMPTY {
            return;
        }
        let pdu = message.user_information().ok().map(|information| information.h323_uu_pdu);
        let Some(call) = self.calls.get(&id) else {
            return match pdu.as_ref().map(|pdu| &pdu.h323_message_body) {
                Some(MessageBody::Setup(setup)) if self.connections.contains_key(&id) => {
                    let setup = setup.clone();
                    self.take_setup(now, id, &message, &setup, pdu);
                }
                _ => self.counters.ignored_messages += 1,
            };
        };
        // The flag of the reference tells nothing on a connection with one call; an h323plus caller turns it round once
        // the other side has opened a session inside its call.
        if message.call_reference != call.reference {
            self.counters.ignored_messages += 1;
            return;
        }
        self.take_call_message(now, id, &message, pdu);
    }

    /// Takes a message of a call that exists.
    fn take_call_message(&mut self, now: Now, id: ConnectionId, message: &Q931, pdu: Option<H323UuPdu>) {
        let stage = match message.message_type {
            message_type::RELEASE_COMPLETE => {
                let ending = Ending::by_remote(message.cause(), pdu.as_ref());
                self.report_message(now, id, pdu, false);
                return self.end_call(now, id, ending);
            }
            message_type::STATUS_INQUIRY => {
                if let Some(call) = self.calls.get(&id) {
                    let message = message::status(call);
                    self.signal(now, id, message);
                }
                return;
            }
            message_type::CALL_PROCEEDING | message_type::PROGRESS => Some(Stage::Proceeding),
            message_type::ALERTING => Some(Stage::Alerting),
            message_type::CONNECT => Some(Stage::Connected),
            // Facility, Information and the like change nothing in a call without media.
            _ => None,
        };
        let data = pdu.as_ref().and_then(MessageData::of);
        self.learn_of_messaging(id, pdu.as_ref(), data.as_ref());
        if let Some(stage) = stage {
            self.take_progress(now, id, stage);
        }
        self.report_message(now, id, pdu, false);
        if let Some(data) = data {
            self.take_message_data(now, id, data);
        }
    }

    /// Takes a Setup: a call that somebody makes to us.
    fn take_setup(
        &mut self,
        now: Now,
        id: ConnectionId,
        message: &Q931,
        setup: &SetupUuie,
        pdu: Option<H323UuPdu>,
    ) {
        let identifier = setup.call_identifier.as_ref().map_or(setup.conference_id.0, |call| call.guid.0);
        let mut call = Call::new(false, identifier, setup.conference_id.0, message.call_reference);
        call.remote_address = setup
            .source_call_signal_address
            .as_ref()
            .and_then(usable)
            .or_else(|| self.connections.get(&id).map(|connection| connection.peer));
        call.remote_aliases = setup.source_address.clone().unwrap_or_default();
        call.remote = remote_name(&call, message);
        let data = pdu.as_ref().and_then(MessageData::of);
        let wants_messages = data.as_ref().is_some_and(|data| data.call_type == Some(MESSAGE_CALL));
        let is_no_call = matches!(
            setup.conference_goal,
            ConferenceGoal::CapabilityNegotiation | ConferenceGoal::CallIndependentSupplementaryService
        );
        // The parameter decides, not the goal: a peer's mark may outlive the call it was meant for.
        let is_message_call = wants_messages || is_no_call && data.is_some();
        if is_message_call && self.settings.offers.messaging {
            call.chat.kind = Kind::Taken;
        }
        call.chat.takes_messages = data.is_some();
        let is_busy = self.is_full(is_message_call);
        let is_known = self.connection_of(identifier).is_some();
        self.keep_connection(id);
        self.calls.insert(id, call);
        if is_message_call && !self.settings.offers.messaging || is_no_call && !is_message_call {
            return self.end_call(now, id, Ending::NOT_IMPLEMENTED);
        }
        // The second connection of a call that is here already is a call to ourselves, or a mistake.
        if is_busy || is_known {
            return self.end_call(now, id, Ending::BUSY);
        }
        self.report_message(now, id, pdu, false);
        if let Some(call) = self.calls.get(&id) {
            let message = message::call_proceeding(call, &self.settings);
            self.signal(now, id, message);
        }
        if self.registration.registered().is_some() {
            self.ask_admission(now, id);
        } else {
            self.ring(now, id);
        }
    }

    /// Sends a message of a call, and reports it where the gatekeeper wants to see it.
    pub(super) fn signal(&mut self, now: Now, id: ConnectionId, message: Message) {
        let Some(call) = self.calls.get(&id) else { return };
        let pdu = H323UuPdu {
            h323_message_body: message.body,
            // No H.245 is ever tunnelled; but a peer told so would open a connection for it.
            h245_tunnelling: Some(true),
            generic_data: message.generic_data,
            ..H323UuPdu::default()
        };
        let information = H323UserInformation { h323_uu_pdu: pdu, ..H323UserInformation::default() };
        let elements = message.elements;
        let mut message = Q931::new(message.message_type, call.reference, !call.is_caller);
        message.elements = elements;
        let octets = message
            .with_user_information(&information)
            .and_then(|message| message.encode())
            .ok()
            .and_then(|message| tpkt::packet(&message));
        match octets {
            Some(octets) => self.outputs.push_back(Output::Send { id, octets }),
            None => self.counters.unwritable += 1,
        }
        self.report_message(now, id, Some(information.h323_uu_pdu), true);
    }

    /// Keeps a Connect, and reports a message to the gatekeeper where it asked for messages of this kind.
    fn report_message(&mut self, now: Now, id: ConnectionId, pdu: Option<H323UuPdu>, sent: bool) {
        let (Some(h323pdu), Some(call)) = (pdu, self.calls.get_mut(&id)) else { return };
        let wanted = &call.grant.uuies_requested;
        let is_wanted = match &h323pdu.h323_message_body {
            MessageBody::Setup(_) => wanted.setup,
            MessageBody::CallProceeding(_) => wanted.call_proceeding,
            MessageBody::Connect(_) => wanted.connect,
            MessageBody::Alerting(_) => wanted.alerting,
            MessageBody::Information(_) => wanted.information,
            MessageBody::ReleaseComplete(_) => wanted.release_complete,
            MessageBody::Facility(_) => wanted.facility,
            MessageBody::Progress(_) => wanted.progress,
            MessageBody::Empty => wanted.empty,
            MessageBody::Status(_) => wanted.status == Some(true),
            MessageBody::StatusInquiry(_) => wanted.status_inquiry == Some(true),
            MessageBody::SetupAcknowledge(_) => wanted.setup_acknowledge == Some(true),
            MessageBody::Notify(_) => wanted.notify == Some(true),
            MessageBody::UnknownAlternative(_) => false,
        };
        let pdu = ReportedPdu { h323pdu, sent };
        if matches!(pdu.h323pdu.h323_message_body, MessageBody::Connect(_)) {
            call.connect = Some(pdu.clone());
        }
        if is_wanted {
            self.send_report(now, id, Some(pdu));
        }
    }
}

/// Who calls, as people are shown it: the first alias, else what is to be displayed, else the address.
fn remote_name(call: &Call, message: &Q931) -> String {
    let alias = call.remote_aliases.iter().find_map(Alias::from_wire).map(|alias| alias.text());
    let display = || {
        let octets = message.element(element::DISPLAY)?;
        let text = String::from_utf8_lossy(octets).trim_matches(['\0', ' ']).to_owned();
        (!text.is_empty()).then_some(text)
    };
    let address = || call.remote_address.map(|address| address.to_string());
    alias.or_else(display).or_else(address).unwrap_or_else(|| "somebody".to_owned())
}
