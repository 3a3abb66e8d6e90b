//! What a full RRQ says, read and checked.

use super::link::Gatekeeper;
use super::presence::{Contents, Offer, descriptors};
use super::registration::{Kind, Name};
use crate::alias::{Alias, alternative, canonical, presentity_alias};
use crate::wire::feature::Feature;
use crate::wire::h225::{
    AliasAddress, EndpointType, GenericIdentifier, RegistrationRejectReason, RegistrationRequest,
    SupportedProtocols, TransportAddress, VendorIdentifier,
};
use codec::per::{Integer, OctetString};
use model::Millis;
use std::net::SocketAddr;

/// The most aliases, call signalling addresses and prefixes of one registration.
const ALIASES_MAX: usize = 64;
const ADDRESSES_MAX: usize = 16;
const PREFIXES_MAX: usize = 64;
/// The most features of a registration that operators are shown.
const FEATURES_MAX: usize = 64;

/// A full RRQ, read and checked.
#[derive(Debug)]
pub(super) struct Candidate {
    pub names: Vec<Name>,
    pub call_signal_addresses: Vec<SocketAddr>,
    pub kind: Kind,
    pub prefixes: Vec<String>,
    pub product: Option<String>,
    pub features: Vec<String>,
    pub offer: Offer,
    pub presence: Contents,
    pub time_to_live: Millis,
    pub identifier: Option<String>,
    pub additive: bool,
}

impl Gatekeeper {
    /// Reads a full RRQ that came from `peer`.
    ///
    /// # Errors
    /// It can't be accepted; the reason is that of the RRJ.
    pub(super) fn read_registration(
        &self,
        request: &RegistrationRequest,
        peer: SocketAddr,
    ) -> Result<Candidate, RegistrationRejectReason> {
        if !self.is_for_us(request.gatekeeper_identifier.as_ref()) {
            return Err(RegistrationRejectReason::DiscoveryRequired);
        }
        let addresses = &request.call_signal_address;
        let mut call_signal_addresses: Vec<_> =
            addresses.iter().filter_map(|address| address.socket_address()).take(ADDRESSES_MAX).collect();
        if call_signal_addresses.is_empty() {
            let unusable = !addresses.is_empty();
            return Err(if unusable {
                RegistrationRejectReason::TransportNotSupported
            } else {
                RegistrationRejectReason::InvalidCallSignalAddress
            });
        }
        if request.ras_address.is_empty() {
            return Err(RegistrationRejectReason::InvalidRasAddress);
        }
        let names =
            self.read_names(request.terminal_alias.as_deref().unwrap_or_default(), &call_signal_addresses)?;
        let kind = kind_of(&request.terminal_type);
        let features = descriptors(request.feature_set.as_ref(), request.generic_data.as_deref());
        let mut offer = Offer::of(&features);
        let mut time_to_live = self.grant_time_to_live(request.time_to_live.map(Integer::get));
        offer.has_traversal &= self.takes_traversal(&offer, peer, &request.ras_address);
        if offer.has_traversal {
            // What it calls its own is the address of somebody else here, or of nobody.
            call_signal_addresses = vec![peer];
            time_to_live = time_to_live.min(self.settings.traversal_time_to_live);
        }
        Ok(Candidate {
            names,
            call_signal_addresses,
            kind,
            prefixes: prefixes_of(&request.terminal_type),
            product: product_of(&request.endpoint_vendor)
                .or_else(|| product_of(request.terminal_type.vendor.as_ref()?)),
            offer,
            presence: Contents::of(&features),
            features: features
                .iter()
                .map(|descriptor| feature_name(&descriptor.id))
                .take(FEATURES_MAX)
                .collect(),
            time_to_live,
            identifier: request.endpoint_identifier.as_ref().map(ToString::to_string),
            additive: request.additive_registration.is_some(),
        })
    }

    /// The names of a registration, that of the presentity first; one without aliases is named by its transport
    /// address.
    pub(super) fn read_names(
        &self,
        aliases: &[AliasAddress],
        addresses: &[SocketAddr],
    ) -> Result<Vec<Name>, RegistrationRejectReason> {
        if aliases.len() > ALIASES_MAX {
            return Err(RegistrationRejectReason::ResourceUnavailable);
        }
        let zone = &self.settings.zone;
        let mut known: Vec<Alias> = aliases.iter().filter_map(Alias::from_wire).collect();
        // A transport address names an endpoint only where nothing else does.
        if known.iter().any(|alias| !matches!(alias, Alias::TransportId(_))) {
            known.retain(|alias| !matches!(alias, Alias::TransportId(_)));
        }
        if aliases.is_empty() {
            known.extend(addresses.first().map(|address| Alias::TransportId(address.to_string())));
        }
        if known.len() > 1
            && let Some((first, _)) = presentity_alias(&known, zone)
        {
            known.swap(0, first);
        }
        let mut names: Vec<Name> = Vec::with_capacity(known.len());
        for alias in known {
            // An alias at a domain that is not ours is somebody of ours with an `@` in the name; one that stands for
            // no address at all stays out of the directory, which is no error while another one is in it.
            let own = canonical(&alias, zone).ok().filter(|address| zone.serves(address));
            let Some(address) =
                own.or_else(|| alternative(&alias, zone)).filter(|address| zone.serves(address))
            else {
                continue;
            };
            if names.iter().all(|name| name.address != address) {
                names.push(Name { alias, address });
            }
        }
        if names.is_empty() {
            return Err(RegistrationRejectReason::InvalidAlias);
        }
        Ok(names)
    }

    /// Whether an endpoint that offers signalling traversal and asks from `peer` needs it: none of the addresses that it
    /// says it asks from is that one.
    pub(super) fn takes_traversal(&self, offer: &Offer, peer: SocketAddr, said: &[TransportAddress]) -> bool {
        let host = |address: SocketAddr| address.ip().to_canonical();
        let is_translated = || {
            let mut said = said.iter().filter_map(TransportAddress::socket_address);
            said.all(|said| host(said) != host(peer))
        };
        let has_port = self.settings.call_signal_port.is_some()
            || (self.settings.tls_signal_port.is_some() && offer.has_tls);
        offer.has_traversal && has_port && self.settings.traversal_time_to_live > Millis(0) && is_translated()
    }

    pub(super) fn grant_time_to_live(&self, asked: Option<u32>) -> Millis {
        let (shortest, longest) = self.settings.time_to_live_range;
        asked
            .map_or(self.settings.time_to_live, |seconds| Millis::seconds(u64::from(seconds)))
            .clamp(shortest, longest)
    }
}

fn kind_of(endpoint: &EndpointType) -> Kind {
    match endpoint {
        EndpointType { gatekeeper: Some(_), .. } => Kind::Gatekeeper,
        EndpointType { mcu: Some(_), .. } => Kind::Mcu,
        EndpointType { gateway: Some(_), .. } => Kind::Gateway,
        _ => Kind::Terminal,
    }
}

/// The number prefixes that a gateway or MCU serves.
fn prefixes_of(endpoint: &EndpointType) -> Vec<String> {
    let gateway = endpoint.gateway.iter().filter_map(|gateway| gateway.protocol.as_ref());
    let mcu = endpoint.mcu.iter().filter_map(|mcu| mcu.protocol.as_ref());
    let lists = gateway.chain(mcu).flatten().filter_map(|protocol| match protocol {
        SupportedProtocols::H310(caps) => caps.supported_prefixes.as_ref(),
        SupportedProtocols::H320(caps) => caps.supported_prefixes.as_ref(),
        SupportedProtocols::H321(caps) => caps.supported_prefixes.as_ref(),
        SupportedProtocols::H322(caps) => caps.supported_prefixes.as_ref(),
        SupportedProtocols::H323(caps) => caps.supported_prefixes.as_ref(),
        SupportedProtocols::H324(caps) => caps.supported_prefixes.as_ref(),
        SupportedProtocols::Voice(caps) => caps.supported_prefixes.as_ref(),
        SupportedProtocols::T120Only(caps) => caps.supported_prefixes.as_ref(),
        SupportedProtocols::NonStandardProtocol(protocol) => Some(&protocol.supported_prefixes),
        SupportedProtocols::T38FaxAnnexbOnly(caps) => Some(&caps.supported_prefixes),
        SupportedProtocols::Sip(caps) => caps.supported_prefixes.as_ref(),
        SupportedProtocols::NonStandardData(_) | SupportedProtocols::UnknownAlternative(_) => None,
    });
    let digits = lists.flatten().filter_map(|prefix| match &prefix.prefix {
        AliasAddress::DialledDigits(digits) => Some(digits.as_str().to_owned()),
        _ => None,
    });
    digits.take(PREFIXES_MAX).collect()
}

/// Product and version as the vendor wrote them, which often ends in NULs.
fn product_of(vendor: &VendorIdentifier) -> Option<String> {
    let text = |octets: &OctetString<1, 256>| {
        let text: String = String::from_utf8_lossy(&octets.0).chars().filter(|c| !c.is_control()).collect();
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let parts = [&vendor.product_id, &vendor.version_id];
    let parts: Vec<_> = parts.into_iter().flatten().filter_map(text).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

fn feature_name(identifier: &GenericIdentifier) -> String {
    match (Feature::of(identifier), identifier) {
        (Some(feature), _) => feature.name().to_owned(),
        (None, GenericIdentifier::Standard(number)) => format!("H.460.{}", number.0),
        (None, GenericIdentifier::Oid(identifier)) => identifier.to_string(),
        (None, _) => "non-standard".to_owned(),
    }
}
