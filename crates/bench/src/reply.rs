//! What a RAS message is, read from its first octets: the confirms that come by the hundred thousand are not decoded
//! whole, everything else is.

use crate::exchange::{Answer, Word};
use codec::per::{self, Json};
use h323::wire::h225::{RasMessage, RegistrationConfirm, RequestSeqNum};
use std::collections::HashMap;
use std::time::Duration;

/// A RAS message whose kind and sequence number stand at known places.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Kind {
    RegistrationConfirm,
    ServiceControlIndication,
    ServiceControlResponse,
}

/// The kind and the sequence number of a message; `None` for all other kinds.
///
/// The choice has 25 alternatives in its root: its first octet has the extension bit, five bits of which one it is,
/// and two bits of what follows. Those of the extension have their number in that octet, and then a length.
pub(crate) fn peek(octets: &[u8]) -> Option<(Kind, u16)> {
    let first = *octets.first()?;
    let (kind, at) = if first & 0x80 == 0 {
        match first >> 2 {
            // Two octets of preamble: it has three optional members.
            4 => (Kind::RegistrationConfirm, 2),
            _ => return None,
        }
    } else {
        let body = if octets.get(1)? & 0x80 == 0 { 2 } else { 3 };
        match first & 0x7f {
            // Eight optional members make two octets of preamble, seven make one.
            5 => (Kind::ServiceControlIndication, body + 2),
            6 => (Kind::ServiceControlResponse, body + 1),
            _ => return None,
        }
    };
    let wire = u16::from_be_bytes([*octets.get(at)?, *octets.get(at + 1)?]);
    Some((kind, wire.checked_add(1)?))
}

/// Reads an answer to a registration request.
pub(crate) fn registration_answer(octets: &[u8]) -> Option<Answer> {
    if let Some((Kind::RegistrationConfirm, sequence)) = peek(octets) {
        return Some(Answer { sequence, word: Word::Confirm });
    }
    let number = |sequence: RequestSeqNum| sequence.get() as u16;
    match per::decode::<RasMessage>(octets).ok()? {
        RasMessage::RegistrationReject(reject) => Some(Answer {
            sequence: number(reject.request_seq_num),
            word: Word::Reject(name_of(&reject.reject_reason)),
        }),
        RasMessage::UnregistrationConfirm(confirm) => {
            Some(Answer { sequence: number(confirm.request_seq_num), word: Word::Confirm })
        }
        RasMessage::UnregistrationReject(reject) => Some(Answer {
            sequence: number(reject.request_seq_num),
            word: Word::Reject(name_of(&reject.reject_reason)),
        }),
        RasMessage::RequestInProgress(progress) => Some(Answer {
            sequence: number(progress.request_seq_num),
            word: Word::Wait(Duration::from_millis(u64::from(progress.delay.get()))),
        }),
        _ => None,
    }
}

/// The name of the alternative of a choice, as H.225.0 spells it.
pub(crate) fn name_of(choice: &impl Json) -> String {
    let json = choice.to_json();
    let name = json.as_object().and_then(|choice| choice.keys().next().cloned());
    name.or_else(|| json.as_str().map(str::to_owned)).unwrap_or_else(|| "undefinedReason".to_owned())
}

/// Where the endpoint identifier stands in the confirms of one server: learnt from the first of each shape, and
/// compared with the whole decoding now and then.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    known: HashMap<([u8; 2], usize), (usize, usize)>,
    read: u32,
}

/// Each so many confirms are decoded whole.
const CHECK_EACH: u32 = 256;

impl Layout {
    /// The octets of the endpoint identifier in a confirm; `None` where it can't be read.
    pub fn identifier<'a>(&mut self, octets: &'a [u8]) -> Option<&'a [u8]> {
        let shape = ([*octets.first()?, *octets.get(1)?], octets.len());
        self.read = self.read.wrapping_add(1);
        if !self.read.is_multiple_of(CHECK_EACH)
            && let Some((start, end)) = self.known.get(&shape)
        {
            return octets.get(*start..*end);
        }
        let RasMessage::RegistrationConfirm(confirm) = per::decode(octets).ok()? else { return None };
        let identifier = identifier_octets(&confirm);
        let mut places = octets.windows(identifier.len()).enumerate().filter(|(_, some)| *some == identifier);
        let (start, _) = places.next()?;
        self.known.insert(shape, (start, start + identifier.len()));
        octets.get(start..start + identifier.len())
    }
}

/// The identifier as it stands on the wire.
fn identifier_octets(confirm: &RegistrationConfirm) -> Vec<u8> {
    confirm.endpoint_identifier.units().iter().flat_map(|unit| unit.to_be_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use codec::per::BmpString;
    use codec::per::{BoundedList, Integer, OctetString};
    use h323::wire::feature::Feature;
    use h323::wire::h225::{
        Content, EnumeratedParameter, GenericData, RegistrationReject, RegistrationRejectReason,
        RequestInProgress, ServiceControlIndication, ServiceControlResponse,
    };

    fn number(sequence: u16) -> RequestSeqNum {
        RequestSeqNum::clamped(u32::from(sequence))
    }

    fn indication(sequence: u16, octets: usize) -> Vec<u8> {
        let content = Content::Raw(OctetString(vec![7; octets]));
        let parameter = EnumeratedParameter::new(Feature::Presence.parameter(1), content);
        let data =
            GenericData { parameters: Some(BoundedList(vec![parameter])), ..Feature::Presence.advertised() };
        let indication = ServiceControlIndication {
            request_seq_num: number(sequence),
            generic_data: Some(vec![data]),
            ..ServiceControlIndication::default()
        };
        per::encode(&RasMessage::ServiceControlIndication(indication.into())).unwrap()
    }

    #[test]
    fn the_quick_reading_is_what_the_encoder_wrote() {
        for sequence in [1, 2, 255, 256, 65_535] {
            let confirm = RegistrationConfirm {
                request_seq_num: number(sequence),
                endpoint_identifier: BmpString::new("x").unwrap(),
                ..RegistrationConfirm::default()
            };
            let confirm = per::encode(&RasMessage::RegistrationConfirm(confirm.into())).unwrap();
            assert_eq!(peek(&confirm), Some((Kind::RegistrationConfirm, sequence)));
            let response = ServiceControlResponse {
                request_seq_num: number(sequence),
                ..ServiceControlResponse::default()
            };
            let response = per::encode(&RasMessage::ServiceControlResponse(response.into())).unwrap();
            assert_eq!(peek(&response), Some((Kind::ServiceControlResponse, sequence)));
            for octets in [10, 300] {
                let indication = indication(sequence, octets);
                assert_eq!(peek(&indication), Some((Kind::ServiceControlIndication, sequence)));
            }
        }
    }

    #[test]
    fn rejects_and_pleas_for_patience_are_read_whole() {
        let reject = RegistrationReject {
            request_seq_num: number(9),
            reject_reason: RegistrationRejectReason::ResourceUnavailable,
            ..RegistrationReject::default()
        };
        let reject = per::encode(&RasMessage::RegistrationReject(reject.into())).unwrap();
        let word = Word::Reject("resourceUnavailable".to_owned());
        assert_eq!(registration_answer(&reject), Some(Answer { sequence: 9, word }));
        let progress = RequestInProgress {
            request_seq_num: number(10),
            delay: Integer::clamped(1500),
            ..RequestInProgress::default()
        };
        let progress = per::encode(&RasMessage::RequestInProgress(progress.into())).unwrap();
        let word = Word::Wait(Duration::from_millis(1500));
        assert_eq!(registration_answer(&progress), Some(Answer { sequence: 10, word }));
        assert_eq!(registration_answer(&[]), None);
        assert_eq!(registration_answer(&[0xff; 7]), None);
    }

    #[test]
    fn the_identifier_is_found_where_it_stands() {
        let mut layout = Layout::default();
        for identifier in ["0123456789abcdef", "fedcba9876543210", "short"] {
            let confirm = RegistrationConfirm {
                request_seq_num: number(3),
                endpoint_identifier: BmpString::new(identifier).unwrap(),
                ..RegistrationConfirm::default()
            };
            let octets = per::encode(&RasMessage::RegistrationConfirm(confirm.into())).unwrap();
            let wire: Vec<u8> = identifier.bytes().flat_map(|octet| [0, octet]).collect();
            assert_eq!(layout.identifier(&octets), Some(wire.as_slice()));
        }
    }
}
