//! Security of call signalling (H.460.22): what an endpoint or a gatekeeper says of TLS.

use super::feature::Feature;
use super::h225::{Content, EnumeratedParameter, GenericData};
use codec::per::{BoundedList, Integer};
use std::net::SocketAddr;

/// What somebody says of TLS for call signalling.
///
/// ```text
/// feature 22
///   parameter 1, TLS: compound { 1 priority: number8, 2 connectionAddress: transport }
///   parameter 2, IPsec: compound { 1 priority: number8 }
/// ```
///
/// A descriptor without parameters only says that the feature is known, as deployed endpoints do when they discover, ask
/// for a call, or have no port of their own for it; it counts as TLS.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SignallingSecurity {
    /// Whether calls can be made over TLS.
    pub has_tls: bool,
    /// Where calls over TLS are taken.
    pub tls_address: Option<SocketAddr>,
}

/// The mechanisms, as parameters of the feature.
const TLS: u8 = 1;

/// What is said of a mechanism, inside its parameter.
const PRIORITY: u8 = 1;
const CONNECTION_ADDRESS: u8 = 2;

impl SignallingSecurity {
    /// Reads a descriptor; `None` where it is of another feature. What can't be understood in it is passed over.
    pub fn read(descriptor: &GenericData) -> Option<Self> {
        let feature = Feature::SignallingSecurity;
        (Feature::of(&descriptor.id) == Some(feature)).then_some(())?;
        let has_parameters = descriptor.parameters.is_some();
        let has_named_tls = descriptor
            .parameters
            .iter()
            .flat_map(|parameters| &parameters.0)
            .any(|parameter| parameter.id == feature.parameter(TLS));
        let tls_address = match descriptor.parameter(&feature.parameter(TLS)) {
            Some(Content::Compound(said)) => address_in(&said.0),
            _ => None,
        };
        Some(Self { has_tls: has_named_tls || !has_parameters, tls_address })
    }

    /// The descriptor that says it.
    pub fn write(&self) -> GenericData {
        let feature = Feature::SignallingSecurity;
        let said = |number, content| EnumeratedParameter::new(feature.parameter(number), content);
        let tls = self.tls_address.map(|address| {
            let priority = said(PRIORITY, Content::Number8(Integer::clamped(1)));
            let address = said(CONNECTION_ADDRESS, Content::Transport(address.into()));
            said(TLS, Content::Compound(BoundedList(vec![priority, address])))
        });
        GenericData { parameters: tls.map(|tls| BoundedList(vec![tls])), ..feature.advertised() }
    }
}

fn address_in(said: &[EnumeratedParameter]) -> Option<SocketAddr> {
    let id = Feature::SignallingSecurity.parameter(CONNECTION_ADDRESS);
    match said.iter().rev().find(|parameter| parameter.id == id)?.content.as_ref()? {
        Content::Transport(address) => address.socket_address(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_as_it_was() {
        for tls_address in [None, Some("192.0.2.1:1300".parse().unwrap()), "[2001:db8::1]:1300".parse().ok()]
        {
            let said = SignallingSecurity { has_tls: true, tls_address };
            assert_eq!(SignallingSecurity::read(&said.write()), Some(said));
        }
    }

    #[test]
    fn ipsec_alone_is_not_tls_and_other_features_say_nothing() {
        let feature = Feature::SignallingSecurity;
        let ipsec =
            EnumeratedParameter::new(feature.parameter(2), Content::Compound(BoundedList(Vec::new())));
        let data = GenericData { parameters: Some(BoundedList(vec![ipsec])), ..feature.advertised() };
        assert_eq!(
            SignallingSecurity::read(&data),
            Some(SignallingSecurity { has_tls: false, tls_address: None })
        );
        assert_eq!(SignallingSecurity::read(&Feature::Presence.advertised()), None);
    }

    #[test]
    fn a_parameter_without_an_address_is_tls_for_calls_in_one_direction() {
        let feature = Feature::SignallingSecurity;
        for content in [Content::Bool(true), Content::Compound(BoundedList(Vec::new()))] {
            let tls = EnumeratedParameter::new(feature.parameter(TLS), content);
            let data = GenericData { parameters: Some(BoundedList(vec![tls])), ..feature.advertised() };
            let read = SignallingSecurity::read(&data);
            assert_eq!(read, Some(SignallingSecurity { has_tls: true, tls_address: None }));
        }
    }
}
