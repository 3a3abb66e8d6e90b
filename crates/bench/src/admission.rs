//! Admission of the calls for messages, and their end: ARQ, ACF, DRQ, DCF.

use crate::endpoints::{Identifiers, Population};
use crate::error::BenchError;
use crate::exchange::{Answer, Word};
use crate::reply;
use crate::signalling::Leg;
use codec::per::{self, BmpString, FixedOctets, Integer};
use h323::wire::h225::{
    AdmissionRequest, BandWidth, CallModel, DisengageReason, DisengageRequest, EndpointIdentifier,
    RasMessage, RequestSeqNum,
};
use std::net::{SocketAddr, SocketAddrV4};
use std::time::Duration;

/// The bandwidth asked for, in units of 100 bit/s.
const BANDWIDTH: BandWidth = BandWidth::clamped(1280);

/// The identifier of an endpoint as the codec has it.
pub(crate) fn endpoint_identifier(identifiers: &Identifiers, endpoint: u32) -> EndpointIdentifier {
    let units = identifiers.of(endpoint).chunks_exact(2);
    let units = units.map(|unit| u16::from_be_bytes([unit[0], unit[1]])).collect();
    BmpString::from_units(units).unwrap_or_default()
}

/// May `from` call `to`?
pub(crate) fn request(
    population: &Population,
    identifiers: &Identifiers,
    leg: &Leg,
    (from, to): (u32, u32),
    sequence: u16,
) -> Result<Vec<u8>, BenchError> {
    let digits = |endpoint: u32| format!("{endpoint:08}");
    let request = AdmissionRequest {
        request_seq_num: RequestSeqNum::clamped(u32::from(sequence)),
        endpoint_identifier: endpoint_identifier(identifiers, from),
        destination_info: Some(vec![population.alias(&digits(to))?]),
        src_info: vec![population.alias(&digits(from))?],
        src_call_signal_address: Some(SocketAddr::V4(population.call_signal_address(from)).into()),
        band_width: BANDWIDTH,
        call_reference_value: Integer::clamped(u32::from(leg.reference)),
        conference_id: FixedOctets(leg.identifier),
        can_map_alias: Some(true),
        call_identifier: Some(leg.call_identifier()),
        ..AdmissionRequest::default()
    };
    encode(&RasMessage::AdmissionRequest(request.into()))
}

/// A call of `from` is over.
pub(crate) fn disengagement(
    identifiers: &Identifiers,
    leg: &Leg,
    from: u32,
    sequence: u16,
) -> Result<Vec<u8>, BenchError> {
    let request = DisengageRequest {
        request_seq_num: RequestSeqNum::clamped(u32::from(sequence)),
        endpoint_identifier: endpoint_identifier(identifiers, from),
        conference_id: FixedOctets(leg.identifier),
        call_reference_value: Integer::clamped(u32::from(leg.reference)),
        disengage_reason: DisengageReason::NormalDrop,
        call_identifier: Some(leg.call_identifier()),
        answered_call: Some(false),
        ..DisengageRequest::default()
    };
    encode(&RasMessage::DisengageRequest(request.into()))
}

/// Reads the answer to either.
pub(crate) fn answer(octets: &[u8]) -> Option<Answer> {
    let answer = |sequence: RequestSeqNum, word| Answer { sequence: sequence.get() as u16, word };
    Some(match per::decode::<RasMessage>(octets).ok()? {
        RasMessage::AdmissionConfirm(confirm) => answer(confirm.request_seq_num, Word::Confirm),
        RasMessage::DisengageConfirm(confirm) => answer(confirm.request_seq_num, Word::Confirm),
        RasMessage::AdmissionReject(reject) => {
            answer(reject.request_seq_num, Word::Reject(reply::name_of(&reject.reject_reason)))
        }
        RasMessage::DisengageReject(reject) => {
            answer(reject.request_seq_num, Word::Reject(reply::name_of(&reject.reject_reason)))
        }
        RasMessage::RequestInProgress(progress) => {
            let delay = Duration::from_millis(u64::from(progress.delay.get()));
            answer(progress.request_seq_num, Word::Wait(delay))
        }
        _ => return None,
    })
}

/// Where an ACF sends the call, which is to be the gatekeeper: only that keeps messages.
pub(crate) fn destination(octets: &[u8]) -> Option<SocketAddrV4> {
    let RasMessage::AdmissionConfirm(confirm) = per::decode(octets).ok()? else { return None };
    if confirm.call_model != CallModel::GatekeeperRouted {
        return None;
    }
    match confirm.dest_call_signal_address.socket_address()? {
        SocketAddr::V4(address) => Some(address),
        SocketAddr::V6(_) => None,
    }
}

fn encode(message: &RasMessage) -> Result<Vec<u8>, BenchError> {
    per::encode(message).map_err(|error| BenchError::Template(error.to_string()))
}
