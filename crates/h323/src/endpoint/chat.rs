//! What a call has to do with messages, and what its messages say about that (feature 1.3.6.1.4.1.17090.0.1).
//!
//! A call for messages is a single message, released by the called side as soon as it has the text, or a session, which
//! the called side connects. A session may also be open inside a call of people.

use super::descriptor::{number, signalled};
use super::identity::MESSAGE_CALL_TYPE;
use super::message::{SESSION_OPEN, TEXT};
use super::text;
use crate::wire::feature::Feature;
use crate::wire::h225::{Content, EndpointType, H323UuPdu, MessageBody};
use crate::wire::package::Package;
use model::{Instant, Millis};

/// How soon after a text its double is taken for the work of the stack and not of the person.
const DOUBLE_MAX: Millis = Millis(50);

/// The manufacturer of the deployed library: country, extension, code.
const H323PLUS: (u32, u32, u32) = (9, 0, 61);

/// What a call has to do with messages.
#[derive(Debug, Default)]
pub(super) struct Chat {
    pub kind: Kind,
    pub session: Session,
    /// Whether the other side said that it takes messages.
    pub takes_messages: bool,
    /// Whether the other side is known to say everything twice.
    repeats_itself: bool,
    /// Texts that wait for the session to be opened.
    pub waiting: Vec<String>,
    /// What was heard last, and when.
    heard: Option<(Instant, String)>,
}

/// What a call is for.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) enum Kind {
    /// People.
    #[default]
    Talk,
    /// One message of ours.
    Single { text: String, is_sent: bool },
    /// A session of ours.
    Session,
    /// Messages of somebody else; the first one shows whether it is a session.
    Taken,
}

/// How a session stands.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Session {
    /// There was none.
    #[default]
    None,
    /// The other side was asked and has not answered.
    Asked,
    /// Texts go both ways.
    Open,
    /// It is over; its call may still be there.
    Closed,
}

impl Chat {
    /// Whether the call is for messages and nothing else.
    pub fn is_message_call(&self) -> bool {
        self.kind != Kind::Talk
    }

    /// Whether texts may be said.
    pub fn is_open(&self) -> bool {
        self.session == Session::Open
    }

    /// Whether nothing but the release of the call is missing.
    pub fn is_spent(&self) -> bool {
        self.is_message_call() && self.session == Session::Closed
    }

    /// Learns from a message what the other side is.
    pub fn learn(&mut self, pdu: Option<&H323UuPdu>, data: Option<&MessageData>) {
        self.takes_messages |= data.is_some();
        self.repeats_itself |= pdu.and_then(answering_type).is_some_and(is_h323plus);
    }

    /// Whether a text is the double that an h323plus peer sends of everything it says when it was called.
    pub fn is_double(&mut self, now: Instant, text: &str) -> bool {
        let is_double = self.repeats_itself
            && self.heard.as_ref().is_some_and(|(at, last)| last == text && now.since(*at) <= DOUBLE_MAX);
        self.heard = (!is_double).then(|| (now, text.to_owned()));
        is_double
    }
}

/// What the called side says that it is.
const fn answering_type(pdu: &H323UuPdu) -> Option<&EndpointType> {
    match &pdu.h323_message_body {
        MessageBody::CallProceeding(body) => Some(&body.destination_info),
        MessageBody::Alerting(body) => Some(&body.destination_info),
        MessageBody::Connect(body) => Some(&body.destination_info),
        _ => None,
    }
}

fn is_h323plus(endpoint: &EndpointType) -> bool {
    endpoint.vendor.as_ref().is_some_and(|vendor| {
        let vendor = &vendor.vendor;
        H323PLUS
            == (vendor.t35_country_code.get(), vendor.t35_extension.get(), vendor.manufacturer_code.get())
    })
}

/// What a message says about messages.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct MessageData {
    pub call_type: Option<u32>,
    /// Whether a session is opened, or closed.
    pub open: Option<bool>,
    pub text: Option<String>,
}

impl MessageData {
    /// Reads a message; `None` where it does not have the feature. What is not of its type is passed over.
    pub fn of(pdu: &H323UuPdu) -> Option<Self> {
        let descriptors = signalled(Feature::Messaging, pdu);
        let id = |parameter| Feature::Messaging.parameter(parameter);
        let find = |parameter| descriptors.iter().find_map(|found| found.parameter(&id(parameter)));
        let open = match find(SESSION_OPEN) {
            Some(Content::Bool(is_open)) => Some(*is_open),
            _ => None,
        };
        let text = match find(TEXT) {
            Some(Content::Unicode(text)) => Some(text::read(text.units())),
            _ => None,
        };
        // The text of Herald's package has every character, so it wins.
        let whole =
            signalled(Feature::Herald, pdu).into_iter().find_map(|found| match Package::read(found) {
                Ok(Some(Package::Message(message))) => message.text,
                _ => None,
            });
        let text = text.map(|text| whole.unwrap_or(text));
        let call_type = find(MESSAGE_CALL_TYPE).and_then(number);
        (!descriptors.is_empty()).then_some(Self { call_type, open, text })
    }
}
