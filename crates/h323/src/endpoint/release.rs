//! How calls end.

use super::call::{Call, Stage};
use super::connection::ConnectionId;
use super::event::{Event, Side, digits};
use super::machine::{Endpoint, Output};
use super::message;
use super::registration::reason_of;
use crate::wire::h225::{H323UuPdu, MessageBody};
use model::Now;
use std::borrow::Cow;

/// How a call ended.
#[derive(Clone, Debug)]
pub(super) struct Ending {
    pub by: Side,
    pub reason: Cow<'static, str>,
    pub cause: Option<u8>,
}

impl Ending {
    pub const HANG_UP: Self = Self::local(Side::Endpoint, 16);
    pub const REFUSED: Self = Self::local(Side::Endpoint, 21);
    pub const BUSY: Self = Self::local(Side::Endpoint, 17);
    pub const NOT_IMPLEMENTED: Self = Self::local(Side::Endpoint, 79);
    pub const NO_MESSAGING: Self =
        Self { by: Side::Endpoint, reason: Cow::Borrowed("noInstantMessaging"), cause: Some(79) };
    pub const SILENT: Self = Self::local(Side::Endpoint, 102);
    pub const UNREACHABLE: Self = Self::local(Side::Network, 3);
    pub const NO_ANSWER: Self = Self::local(Side::Network, 19);
    pub const CONNECTION_LOST: Self = Self::local(Side::Network, 41);
    pub const PROTOCOL_ERROR: Self = Self::local(Side::Network, 111);

    const fn local(by: Side, cause: u8) -> Self {
        Self { by, reason: Cow::Borrowed(cause_name(cause)), cause: Some(cause) }
    }

    /// The gatekeeper wants it.
    pub fn by_gatekeeper(reason: String) -> Self {
        Self { by: Side::Gatekeeper, reason: Cow::Owned(reason), cause: None }
    }

    /// The other side released the call, with a cause, or else a reason.
    pub fn by_remote(cause: Option<u8>, pdu: Option<&H323UuPdu>) -> Self {
        let reason = match pdu.map(|pdu| &pdu.h323_message_body) {
            Some(MessageBody::ReleaseComplete(release)) => release.reason.as_ref().map(reason_of),
            _ => None,
        };
        let reason = match (reason, cause) {
            (Some(reason), _) => Cow::Owned(reason),
            (None, Some(cause)) => Cow::Borrowed(cause_name(cause)),
            (None, None) => Cow::Borrowed("undefinedReason"),
        };
        Self { by: Side::Remote, reason, cause }
    }
}

impl Endpoint {
    /// Ends the call with this identifier, else every call.
    pub(super) fn hang_up(&mut self, now: Now, identifier: Option<[u8; 16]>) {
        match identifier.map(|identifier| (identifier, self.connection_of(identifier))) {
            Some((_, Some(id))) => self.hang_up_one(now, id),
            Some((identifier, None)) => self.complain_of_no_call(identifier),
            None if self.calls.is_empty() => self.complain("There is no call."),
            None => self.hang_up_all(now),
        }
    }

    /// Ends every call.
    pub(super) fn hang_up_all(&mut self, now: Now) {
        for id in self.calls.keys().copied().collect::<Vec<_>>() {
            self.hang_up_one(now, id);
        }
    }

    fn hang_up_one(&mut self, now: Now, id: ConnectionId) {
        let is_unanswered =
            |call: &Call| !call.is_caller && call.stage < Stage::Connected && !call.chat.is_message_call();
        let refused = self.calls.get(&id).is_some_and(is_unanswered);
        self.end_call(now, id, if refused { Ending::REFUSED } else { Ending::HANG_UP });
    }

    /// Ends a call and tells so.
    pub(super) fn end_call(&mut self, now: Now, id: ConnectionId, ending: Ending) {
        let Some(call) = self.drop_call(now, id, ending.clone()) else { return };
        self.tell_end_of_conversation(&call, &ending);
        if !call.chat.is_message_call() {
            self.tell(Event::Ended {
                call_identifier: digits(call.identifier),
                remote: call.remote,
                by: ending.by,
                reason: ending.reason.into_owned(),
                cause: ending.cause,
            });
        }
    }

    /// Ends a call: releases it towards the other side and the gatekeeper, as far as they do not know.
    pub(super) fn drop_call(&mut self, now: Now, id: ConnectionId, ending: Ending) -> Option<Call> {
        let call = self.calls.get(&id)?;
        if self.connections.contains_key(&id) {
            if ending.by != Side::Remote {
                let message = message::release_complete(call, ending.cause.unwrap_or(NORMAL));
                self.signal(now, id, message);
            }
            self.close(id);
        } else if call.stage == Stage::Opening {
            self.outputs.push_back(Output::Close(id));
        }
        let call = self.calls.remove(&id)?;
        self.disengage(now, id, &call, &ending);
        Some(call)
    }
}

/// Normal call clearing.
const NORMAL: u8 = 16;

/// The name of a cause (Q.850), spelt like the names of H.225.0.
const fn cause_name(cause: u8) -> &'static str {
    match cause {
        1 => "unallocatedNumber",
        3 => "noRouteToDestination",
        16 => "normalCallClearing",
        17 => "userBusy",
        18 => "noUserResponding",
        19 => "noAnswerFromUser",
        20 => "subscriberAbsent",
        21 => "callRejected",
        27 => "destinationOutOfOrder",
        28 => "invalidNumberFormat",
        31 => "normalUnspecified",
        34 => "noCircuitAvailable",
        38 => "networkOutOfOrder",
        41 => "temporaryFailure",
        42 => "switchingEquipmentCongestion",
        47 => "resourceUnavailable",
        79 => "serviceNotImplemented",
        88 => "incompatibleDestination",
        102 => "recoveryOnTimerExpiry",
        111 => "protocolError",
        127 => "interworking",
        _ => "unknownCause",
    }
}
