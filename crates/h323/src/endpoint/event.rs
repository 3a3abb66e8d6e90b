//! What an endpoint tells: as JSON for scripts, as a sentence for people.

use super::counter::Counters;
use model::{Location, Note};
use serde::Serialize;
use std::net::SocketAddr;

/// Who did it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Side {
    /// This endpoint.
    Endpoint,
    /// The gatekeeper.
    Gatekeeper,
    /// The other side of the call.
    Remote,
    /// Nobody: a connection broke, or time ran out.
    Network,
}

/// What an endpoint tells. The serialized form has the name in `event`; call identifiers have 32 hexadecimal digits.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// The endpoint takes messages and calls.
    Listening {
        /// Its names.
        aliases: Vec<String>,
        /// Where it takes RAS messages.
        ras_address: SocketAddr,
        /// Where it takes calls.
        call_signal_address: SocketAddr,
    },
    /// A gatekeeper answered.
    Discovered {
        /// Where it takes RAS messages.
        gatekeeper: SocketAddr,
        /// What it calls itself.
        gatekeeper_identifier: Option<String>,
    },
    /// The gatekeeper accepted the registration.
    Registered {
        /// What the gatekeeper calls this endpoint.
        endpoint_identifier: String,
        /// Where it takes RAS messages.
        gatekeeper: SocketAddr,
        /// What it calls itself.
        gatekeeper_identifier: Option<String>,
        /// For how many seconds; for ever where there is none.
        time_to_live: Option<u32>,
        /// The names it accepted, where it lists them.
        aliases: Vec<String>,
        /// Whether it does presence.
        presence: bool,
        /// Whether it takes messages over RAS.
        messages: bool,
    },
    /// The gatekeeper refused to be found or to register this endpoint.
    RegistrationRejected {
        /// Why, in the words of H.225.0.
        reason: String,
    },
    /// The registration ended.
    Unregistered {
        /// Who ended it.
        by: Side,
        /// Why, in the words of H.225.0, where the gatekeeper says.
        reason: Option<String>,
    },
    /// A call is being set up.
    Calling {
        /// Which.
        call_identifier: String,
        /// To whom.
        to: String,
    },
    /// The other side rings.
    Alerting {
        /// Which call.
        call_identifier: String,
        /// Who.
        remote: String,
    },
    /// A call rings here.
    Incoming {
        /// Which.
        call_identifier: String,
        /// From whom.
        from: String,
    },
    /// A call is answered.
    Connected {
        /// Which.
        call_identifier: String,
        /// With whom.
        remote: String,
    },
    /// A call is over.
    Ended {
        /// Which.
        call_identifier: String,
        /// With whom.
        remote: String,
        /// Who ended it.
        by: Side,
        /// Why, in the words of H.225.0 or Q.850.
        reason: String,
        /// The cause value of Q.850, where there is one.
        cause: Option<u8>,
    },
    /// The gatekeeper does not allow a call.
    AdmissionRejected {
        /// Which.
        call_identifier: String,
        /// Why, in the words of H.225.0.
        reason: String,
    },
    /// The gatekeeper does not answer.
    GatekeeperLost {
        /// Which; none where none was found.
        gatekeeper: Option<SocketAddr>,
        /// The alternate that is tried instead.
        next: Option<SocketAddr>,
    },
    /// The gatekeeper did what a command asked.
    Confirmed {
        /// Which command.
        command: &'static str,
        /// About whom.
        alias: Option<String>,
    },
    /// The gatekeeper does not do what a command asked.
    Refused {
        /// Which command.
        command: &'static str,
        /// About whom.
        alias: Option<String>,
        /// Why, in the words of H.225.0.
        reason: String,
    },
    /// The gatekeeper does not answer to a command; it may or may not have heard it.
    Unanswered {
        /// Which command.
        command: &'static str,
        /// About whom.
        alias: Option<String>,
    },
    /// The contact list has an entry, has it in another way, or has it no longer.
    Contact {
        /// Who.
        alias: String,
        /// `subscribed`, `pending`, `unsubscribed`, `blocked` or `unblocked`.
        relation: &'static str,
        /// What people call the contact.
        name: Option<String>,
        /// Where a picture is.
        avatar: Option<String>,
        /// What kind of contact it is.
        category: Option<String>,
    },
    /// Somebody wants to watch this endpoint.
    SubscriptionRequest {
        /// Who.
        from: String,
        /// Which of the own names is to be watched.
        to: String,
        /// Names the request.
        identifier: String,
        /// What people call the watcher.
        name: Option<String>,
        /// Where a picture is.
        avatar: Option<String>,
        /// What kind of contact it is.
        category: Option<String>,
    },
    /// Somebody's state.
    Presence {
        /// Whose.
        alias: String,
        /// `hidden`, `available`, `online`, `offline`, `onCall`, `voiceMail`, `notAvailable`, `away` or `generic`.
        state: &'static str,
        /// The words of a state that is only text, one for each language.
        texts: Vec<Note>,
        /// What is added to the state, one for each language.
        notes: Vec<Note>,
        /// What the device can do.
        features: Vec<String>,
        /// Where it is.
        location: Option<Box<Location>>,
    },
    /// The contact list.
    Contacts {
        /// Who is on it, or was told of.
        contacts: Vec<ContactStatus>,
        /// Who waits for a decision.
        requests: Vec<RequestStatus>,
    },
    /// Somebody wrote.
    Message {
        /// Who.
        from: String,
        /// What.
        text: String,
        /// How it came.
        way: Way,
        /// The call it came by, or its own identifier.
        identifier: String,
        /// When it was written (RFC 3339), where the sender says.
        sent_at: Option<String>,
        /// Whether it waited for this endpoint.
        delayed: bool,
        /// The group that it was written to, and that an answer is for.
        #[serde(skip_serializing_if = "Option::is_none")]
        group: Option<String>,
    },
    /// What our user wrote on another device.
    Carbon {
        /// To whom.
        to: String,
        /// What.
        text: String,
        /// Its identifier.
        identifier: String,
    },
    /// A message of ours was handed to the gatekeeper; receipts say what becomes of it.
    Sending {
        /// To whom.
        to: String,
        /// Its identifier.
        identifier: String,
    },
    /// A message of ours has come further.
    Receipt {
        /// To whom it goes.
        to: String,
        /// Its identifier.
        identifier: String,
        /// `accepted`, `stored` or `displayed`.
        receipt: &'static str,
    },
    /// Somebody writes to us, or stopped.
    Typing {
        /// Who.
        from: String,
        /// Whether it writes.
        composing: bool,
    },
    /// A message of ours has arrived.
    Delivered {
        /// At whom.
        to: String,
        /// The call it went by, or its own identifier.
        identifier: String,
    },
    /// A message of ours has not arrived.
    NotDelivered {
        /// At whom.
        to: String,
        /// The call it should have gone by, or its own identifier.
        identifier: String,
        /// Why, in the words of H.225.0, of Q.850, or of Herald's package.
        reason: String,
    },
    /// Texts may go both ways.
    SessionOpened {
        /// With whom.
        with: String,
        /// In which call.
        call_identifier: String,
        /// Who opened it.
        by: Side,
    },
    /// A session is over.
    SessionClosed {
        /// With whom.
        with: String,
        /// In which call.
        call_identifier: String,
        /// Who ended it.
        by: Side,
        /// Why, where the call ended without the session being closed first.
        reason: Option<String>,
    },
    /// A session could not be opened.
    SessionFailed {
        /// With whom.
        with: String,
        /// In which call.
        call_identifier: String,
        /// Why, in the words of H.225.0 or Q.850.
        reason: String,
        /// How many texts waited for it.
        unsaid: usize,
    },
    /// How things stand.
    Status {
        /// What the gatekeeper calls this endpoint, while registered.
        endpoint_identifier: Option<String>,
        /// Where the gatekeeper takes RAS messages, once known.
        gatekeeper: Option<SocketAddr>,
        /// The calls.
        calls: Vec<CallStatus>,
        /// What was counted.
        counters: Counters,
    },
    /// Something could not be done.
    Error {
        /// A sentence that says what and why.
        message: String,
    },
}

/// How a message came.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Way {
    /// Alone, by a call of its own.
    Single,
    /// In a session.
    Session,
    /// Inside a call of people.
    Call,
    /// Over RAS, without a call.
    Ras,
}

/// A contact.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContactStatus {
    /// Who.
    pub alias: String,
    /// `subscribed`, `pending`, `blocked` or `none`.
    pub relation: &'static str,
    /// The last state, in words.
    pub state: Option<String>,
}

/// A request that waits for a decision.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestStatus {
    /// Who wants to watch.
    pub from: String,
    /// What people call the watcher.
    pub name: Option<String>,
    /// Names the request.
    pub identifier: String,
}

/// How a call stands.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CallStatus {
    /// Which.
    pub call_identifier: String,
    /// With whom.
    pub remote: String,
    /// `outgoing` or `incoming`.
    pub direction: &'static str,
    /// `admitting`, `opening`, `calling`, `proceeding`, `alerting` or `connected`.
    pub state: &'static str,
}

impl Event {
    /// One line of JSON, without the line end.
    #[must_use]
    pub fn json(&self) -> String {
        serde_json::to_string(self).expect("an event has only text, numbers and lists of them")
    }
}

/// The digits of a call identifier.
pub(super) fn digits(identifier: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(identifier))
}
