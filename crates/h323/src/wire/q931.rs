//! Q.931 messages as H.225.0 uses them: a header, information elements, and the User-User element that carries
//! `H323-UserInformation` (Q.931 clause 4, H.225.0 clause 7.2).

use super::h225::H323UserInformation;
use codec::per::{self, DecodeError, EncodeError};

/// The protocol discriminator of Q.931 call control.
const CALL_CONTROL: u8 = 0x08;
/// The protocol discriminator inside User-User that announces X.680-coded user information.
const X680: u8 = 0x05;
/// The most information elements of a message; Q.931 defines fewer than 30.
const ELEMENTS_MAX: usize = 64;

/// Message types (Q.931 table 4-2).
pub mod message_type {
    /// National escape or, in H.323, a keep-alive; carries nothing.
    pub const EMPTY: u8 = 0x00;
    #[allow(missing_docs)]
    pub const ALERTING: u8 = 0x01;
    #[allow(missing_docs)]
    pub const CALL_PROCEEDING: u8 = 0x02;
    #[allow(missing_docs)]
    pub const PROGRESS: u8 = 0x03;
    #[allow(missing_docs)]
    pub const SETUP: u8 = 0x05;
    #[allow(missing_docs)]
    pub const CONNECT: u8 = 0x07;
    #[allow(missing_docs)]
    pub const SETUP_ACKNOWLEDGE: u8 = 0x0d;
    #[allow(missing_docs)]
    pub const RELEASE_COMPLETE: u8 = 0x5a;
    #[allow(missing_docs)]
    pub const FACILITY: u8 = 0x62;
    #[allow(missing_docs)]
    pub const NOTIFY: u8 = 0x6e;
    #[allow(missing_docs)]
    pub const STATUS_INQUIRY: u8 = 0x75;
    #[allow(missing_docs)]
    pub const INFORMATION: u8 = 0x7b;
    #[allow(missing_docs)]
    pub const STATUS: u8 = 0x7d;

    /// The name of a message type.
    pub const fn name(code: u8) -> &'static str {
        match code {
            EMPTY => "Empty",
            ALERTING => "Alerting",
            CALL_PROCEEDING => "CallProceeding",
            PROGRESS => "Progress",
            SETUP => "Setup",
            CONNECT => "Connect",
            SETUP_ACKNOWLEDGE => "SetupAcknowledge",
            0x0f => "ConnectAcknowledge",
            0x45 => "Disconnect",
            0x4d => "Release",
            RELEASE_COMPLETE => "ReleaseComplete",
            FACILITY => "Facility",
            NOTIFY => "Notify",
            STATUS_INQUIRY => "StatusInquiry",
            INFORMATION => "Information",
            STATUS => "Status",
            _ => "Unknown",
        }
    }
}

/// Information elements (Q.931 table 4-3).
pub mod element {
    #[allow(missing_docs)]
    pub const BEARER_CAPABILITY: u8 = 0x04;
    #[allow(missing_docs)]
    pub const CAUSE: u8 = 0x08;
    #[allow(missing_docs)]
    pub const FACILITY: u8 = 0x1c;
    #[allow(missing_docs)]
    pub const DISPLAY: u8 = 0x28;
    #[allow(missing_docs)]
    pub const CALLING_PARTY_NUMBER: u8 = 0x6c;
    #[allow(missing_docs)]
    pub const CALLED_PARTY_NUMBER: u8 = 0x70;
    /// The only element whose length has two octets.
    pub const USER_USER: u8 = 0x7e;

    /// Whether an element is a single octet.
    pub const fn is_single(code: u8) -> bool {
        code & 0x80 != 0
    }

    /// The name of an element.
    pub const fn name(code: u8) -> &'static str {
        match code {
            BEARER_CAPABILITY => "BearerCapability",
            CAUSE => "Cause",
            0x10 => "CallIdentity",
            0x14 => "CallState",
            0x18 => "ChannelIdentification",
            FACILITY => "Facility",
            0x1e => "ProgressIndicator",
            0x20 => "NetworkSpecificFacilities",
            0x27 => "NotificationIndicator",
            DISPLAY => "Display",
            0x29 => "DateTime",
            0x2c => "KeypadFacility",
            0x34 => "Signal",
            0x4c => "ConnectedNumber",
            CALLING_PARTY_NUMBER => "CallingPartyNumber",
            0x6d => "CallingPartySubaddress",
            CALLED_PARTY_NUMBER => "CalledPartyNumber",
            0x71 => "CalledPartySubaddress",
            0x74 => "RedirectingNumber",
            USER_USER => "UserUser",
            0xa1 => "SendingComplete",
            0x90..=0x9f => "Shift",
            _ => "Unknown",
        }
    }
}

/// Why octets are not a Q.931 message.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Q931Error {
    /// The message ends inside its header or an element.
    #[error("the message ends inside its header or an information element")]
    Truncated,
    /// The protocol discriminator is not that of call control.
    #[error("the protocol discriminator is {0:#04x}, not 0x08")]
    Discriminator(u8),
    /// The call reference has more octets than H.225.0 uses.
    #[error("a call reference of {0} octets is longer than 2")]
    CallReference(u8),
    /// There are more elements than any message has.
    #[error("more than {ELEMENTS_MAX} information elements")]
    Elements,
    /// There is no User-User element, or it does not announce X.680 coding.
    #[error("there is no User-User element in X.680 coding")]
    UserUser,
    /// The user information is malformed.
    #[error("user information: {0}")]
    UserInformation(#[from] DecodeError),
}

/// One information element.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InformationElement {
    /// Its identifier; a single octet element is its own content.
    pub code: u8,
    /// Its content.
    pub octets: Vec<u8>,
}

/// A Q.931 message, every element as it stands on the wire and in its order.
///
/// ```text
/// discriminator 08 | length of reference | reference | type | element ...
/// element: 1xxxxxxx | 0xxxxxxx length content | 7e length(2) content
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Q931 {
    /// Octets of the call reference, 0 to 2; H.225.0 uses 2.
    pub call_reference_length: u8,
    /// The call reference without its flag.
    pub call_reference: u16,
    /// The flag of the call reference: set in messages of the side that did not open the call.
    pub from_destination: bool,
    /// The message type.
    pub message_type: u8,
    /// The information elements.
    pub elements: Vec<InformationElement>,
}

impl Q931 {
    /// A message with a call reference of two octets.
    pub const fn new(message_type: u8, call_reference: u16, from_destination: bool) -> Self {
        Self {
            call_reference_length: 2,
            call_reference,
            from_destination,
            message_type,
            elements: Vec::new(),
        }
    }

    /// Adds an element.
    #[must_use]
    pub fn with(mut self, code: u8, octets: impl Into<Vec<u8>>) -> Self {
        self.elements.push(InformationElement { code, octets: octets.into() });
        self
    }

    /// Adds the User-User element.
    ///
    /// # Errors
    /// The user information breaks a constraint.
    pub fn with_user_information(self, information: &H323UserInformation) -> Result<Self, EncodeError> {
        let mut octets = vec![X680];
        octets.extend(per::encode(information)?);
        Ok(self.with(element::USER_USER, octets))
    }

    /// Reads a message.
    ///
    /// # Errors
    /// The octets are not one.
    pub fn decode(octets: &[u8]) -> Result<Self, Q931Error> {
        let mut rest = octets;
        match take(&mut rest, 1)?[0] {
            CALL_CONTROL => {}
            other => return Err(Q931Error::Discriminator(other)),
        }
        let call_reference_length = take(&mut rest, 1)?[0];
        let (flag, call_reference) = match call_reference_length {
            0 => (0, 0),
            1 => {
                let octet = take(&mut rest, 1)?[0];
                (octet & 0x80, u16::from(octet & 0x7f))
            }
            2 => {
                let octets = take(&mut rest, 2)?;
                (octets[0] & 0x80, u16::from(octets[0] & 0x7f) << 8 | u16::from(octets[1]))
            }
            longer => return Err(Q931Error::CallReference(longer)),
        };
        let message_type = take(&mut rest, 1)?[0];
        let mut elements = Vec::new();
        while let [code, after @ ..] = rest {
            rest = after;
            if elements.len() == ELEMENTS_MAX {
                return Err(Q931Error::Elements);
            }
            let length = match *code {
                code if element::is_single(code) => 0,
                element::USER_USER => {
                    let octets = take(&mut rest, 2)?;
                    usize::from(octets[0]) << 8 | usize::from(octets[1])
                }
                _ => usize::from(take(&mut rest, 1)?[0]),
            };
            elements.push(InformationElement { code: *code, octets: take(&mut rest, length)?.to_vec() });
        }
        Ok(Self {
            call_reference_length,
            call_reference,
            from_destination: flag != 0,
            message_type,
            elements,
        })
    }

    /// Writes the message.
    ///
    /// # Errors
    /// An element is too long for its length field.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let mut octets = vec![CALL_CONTROL, self.call_reference_length];
        let flag = if self.from_destination { 0x80 } else { 0 };
        match self.call_reference_length {
            0 => {}
            1 => octets.push(self.call_reference as u8 & 0x7f | flag),
            _ => octets.extend([(self.call_reference >> 8) as u8 & 0x7f | flag, self.call_reference as u8]),
        }
        octets.push(self.message_type);
        for InformationElement { code, octets: content } in &self.elements {
            octets.push(*code);
            if element::is_single(*code) {
                continue;
            }
            let length = content.len();
            let max = if *code == element::USER_USER { usize::from(u16::MAX) } else { usize::from(u8::MAX) };
            if length > max {
                return Err(EncodeError::Length { length, min: 0, max });
            }
            if *code == element::USER_USER {
                octets.push((length >> 8) as u8);
            }
            octets.push(length as u8);
            octets.extend_from_slice(content);
        }
        Ok(octets)
    }

    /// The content of the first element with this identifier.
    pub fn element(&self, code: u8) -> Option<&[u8]> {
        self.elements.iter().find(|element| element.code == code).map(|element| element.octets.as_slice())
    }

    /// The user information.
    ///
    /// # Errors
    /// There is none, or it is malformed.
    pub fn user_information(&self) -> Result<H323UserInformation, Q931Error> {
        match self.element(element::USER_USER) {
            Some([X680, octets @ ..]) => Ok(per::decode(octets)?),
            _ => Err(Q931Error::UserUser),
        }
    }

    /// The cause value of a Cause element (Q.850), without location.
    pub fn cause(&self) -> Option<u8> {
        self.element(element::CAUSE)?.get(1).map(|octet| octet & 0x7f)
    }
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Result<&'a [u8], Q931Error> {
    let (taken, after) = rest.split_at_checked(count).ok_or(Q931Error::Truncated)?;
    *rest = after;
    Ok(taken)
}
