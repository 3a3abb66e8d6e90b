//! Signalling traversal (H.460.18): how an endpoint behind address translation is told of a call for it.

use super::feature::Feature;
use super::h225::{CallIdentifier, Content, EnumeratedParameter, GenericData, TransportAddress};
use codec::per::{self, BoundedList, OctetString};
use codec::sequence;

/// The indication, as a parameter of the feature: its octets, raw.
const INCOMING_CALL: u8 = 1;

sequence! {
    /// `IncomingCallIndication` (H.460.18 Annex A): where the endpoint is to connect to, and for which call. It goes in
    /// the SCI, and the endpoint answers it with a Facility that names the call on a connection that it opens.
    IncomingCallIndication {
        required "callSignallingAddress" call_signalling_address: TransportAddress,
        required "callID" call_id: CallIdentifier,
    } ... {}
}

impl IncomingCallIndication {
    /// Reads a descriptor; `None` where it is of another feature, or brings no indication that can be read.
    pub fn read(descriptor: &GenericData) -> Option<Self> {
        let feature = Feature::SignallingTraversal;
        (Feature::of(&descriptor.id) == Some(feature)).then_some(())?;
        match descriptor.parameter(&feature.parameter(INCOMING_CALL))? {
            Content::Raw(octets) => per::decode(&octets.0).ok(),
            _ => None,
        }
    }

    /// The descriptor that brings it; `None` where it can't be encoded.
    pub fn write(&self) -> Option<GenericData> {
        let feature = Feature::SignallingTraversal;
        let raw = Content::Raw(OctetString(per::encode(self).ok()?));
        let parameter = EnumeratedParameter::new(feature.parameter(INCOMING_CALL), raw);
        Some(GenericData { parameters: Some(BoundedList(vec![parameter])), ..feature.advertised() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use codec::per::FixedOctets;
    use std::net::SocketAddr;

    #[test]
    fn an_indication_reads_as_it_was_written_and_has_the_octets_of_its_syntax() {
        let address: SocketAddr = "192.0.2.1:1720".parse().unwrap();
        let indication = IncomingCallIndication {
            call_signalling_address: address.into(),
            call_id: CallIdentifier { guid: FixedOctets([7; 16]), ..CallIdentifier::default() },
            ..IncomingCallIndication::default()
        };
        let written = indication.write().unwrap();
        assert_eq!(IncomingCallIndication::read(&written), Some(indication.clone()));
        // Extension bits of the sequence, the choice and its ipAddress, the address, the port, those of the identifier.
        let octets = [&[0, 192, 0, 2, 1, 0x06, 0xb8, 0][..], &[7; 16]].concat();
        assert_eq!(per::encode(&indication).unwrap(), octets);
    }

    #[test]
    fn who_reads_a_capture_sees_which_call_it_is() {
        let address: SocketAddr = "192.0.2.1:1720".parse().unwrap();
        let indication =
            IncomingCallIndication { call_signalling_address: address.into(), ..Default::default() };
        let message = crate::wire::h225::ServiceControlIndication {
            generic_data: indication.write().map(|data| vec![data]),
            ..Default::default()
        };
        let message = crate::wire::h225::RasMessage::ServiceControlIndication(message.into());
        let reading = crate::wire::reading::read(&per::encode(&message).unwrap()).unwrap();
        let parameter = &reading["features"][0]["parameters"][0];
        assert_eq!(parameter["name"], "incoming call indication");
        let address = &parameter["incomingCallIndication"]["callSignallingAddress"];
        assert_eq!(address["ipAddress"]["port"], 1720, "{parameter:#}");
    }

    #[test]
    fn what_is_no_indication_is_none() {
        let feature = Feature::SignallingTraversal;
        assert_eq!(IncomingCallIndication::read(&feature.advertised()), None);
        assert_eq!(IncomingCallIndication::read(&Feature::Presence.advertised()), None);
        for content in [Content::Bool(true), Content::Raw(OctetString(vec![0, 1, 2]))] {
            let parameter = EnumeratedParameter::new(feature.parameter(INCOMING_CALL), content);
            let data = GenericData { parameters: Some(BoundedList(vec![parameter])), ..feature.advertised() };
            assert_eq!(IncomingCallIndication::read(&data), None);
        }
    }
}
