//! The address an alias stands for.

use super::{Alias, AliasError, number, url};
use model::Address;
use model::address::{AddressError, DialPlan, Domain, PseudonymKey};
use std::collections::BTreeSet;

/// What of the configuration decides which address an alias stands for.
#[derive(Clone, Debug)]
pub struct Zone {
    /// The domain of everybody registered here.
    pub domain: Domain,
    /// Domains of others that an h323-ID may name.
    pub foreign: BTreeSet<Domain>,
    /// Which dialled digits are international.
    pub dial_plan: DialPlan,
    /// Digits with `*`, `#` or `,` that are somebody all the same.
    pub service_codes: BTreeSet<String>,
    /// Addresses that the operator configured; they name a presentity before the other names that are not addresses.
    pub configured: BTreeSet<Address>,
    /// For endpoints that have a transport address only.
    pub pseudonym_key: PseudonymKey,
}

impl Zone {
    /// Whether the address is one of this zone. An endpoint may register no other.
    #[must_use]
    pub fn serves(&self, address: &Address) -> bool {
        address.is_in(&self.domain)
    }

    /// The address that an h323-ID has by its own `@`: the only one, before a domain of ours or configured.
    fn read_name(&self, name: &str) -> Option<Result<Address, AddressError>> {
        let (local, domain) = divide(name)?;
        let is_address = self.knows(&domain) && !local.contains('@');
        is_address.then(|| Address::new(local, &domain))
    }

    fn knows(&self, domain: &Domain) -> bool {
        *domain == self.domain || self.foreign.contains(domain)
    }
}

/// The address that an alias stands for (D-28, interworking b.2). Pure: the same alias and zone give the same address.
///
/// A url-ID without a scheme is not a URL but what h323plus makes of any text with `@`. Nothing in it is unescaped,
/// and a last part without a dot that is no domain of ours or configured is not taken for one, so that `bob@lab`
/// is the same person by whatever kind. A transportID gives a pseudonym, which is to be used only where an endpoint
/// has no other alias.
///
/// # Errors
/// Those of [`Alias::check`]; [`AliasError::NamesNobody`], [`AliasError::NotAddress`], [`AliasError::ServiceCode`]
/// and [`AliasError::Address`].
pub fn canonical(alias: &Alias, zone: &Zone) -> Result<Address, AliasError> {
    alias.check()?;
    match alias {
        Alias::DialedDigits(digits) => number::dialed(digits, zone),
        Alias::H323Id(name) => match zone.read_name(name) {
            Some(address) => Ok(address?),
            None => Ok(Address::new(name, &zone.domain)?),
        },
        Alias::UrlId(text) => match (url::divide(text), divide(url::without_port(text))) {
            (Some((scheme, rest)), _) => url::address(&scheme, rest, zone),
            (None, Some((local, domain))) if zone.knows(&domain) || is_dotted(&domain) => {
                Ok(Address::new(local, &domain)?)
            }
            (None, _) => Ok(Address::new(text, &zone.domain)?),
        },
        Alias::TransportId(text) => Ok(Address::new(&zone.pseudonym_key.pseudonym(text), &zone.domain)?),
        Alias::EmailId(text) => Ok(Address::parse(text)?),
        Alias::PartyNumber { number_type, digits } | Alias::IsupNumber { number_type, digits } => {
            number::of_type(alias.kind(), *number_type, digits, zone)
        }
        Alias::MobileUim { msisdn: Some(digits), .. } => {
            number::of_type(alias.kind(), number::NumberType::International, digits, zone)
        }
        Alias::MobileUim { msisdn: None, .. } => Err(AliasError::NotAddress { kind: alias.kind() }),
    }
}

/// The other reading of a text with `@` before a domain that nobody configured, to be tried where the
/// [canonical] one is unknown: somebody of the zone with `@` in the name, or somebody of that domain.
///
/// An h323-ID and a url-ID of the same text have the same two readings, each a different one first.
#[must_use]
pub fn alternative(alias: &Alias, zone: &Zone) -> Option<Address> {
    let (text, is_url) = match alias {
        Alias::H323Id(name) => (name.as_str(), false),
        Alias::UrlId(text) if url::divide(text).is_none() => (url::without_port(text), true),
        _ => return None,
    };
    let (local, domain) = divide(text)?;
    if zone.knows(&domain) || !is_dotted(&domain) {
        return None;
    }
    let address = if is_url { Address::new(text, &zone.domain) } else { Address::new(local, &domain) };
    address.ok()
}

/// Which alias of a registration names the presentity, by its index, and the address it stands for.
///
/// In the order url-ID, email-ID, h323-ID with an `@` before a known domain, configured, h323-ID, number, transport
/// address; the first of the list among equals. An alias that stands for no address, or for one that the zone does
/// not [serve](Zone::serves), names nobody: it can only be a contact.
#[must_use]
pub fn presentity_alias(aliases: &[Alias], zone: &Zone) -> Option<(usize, Address)> {
    aliases
        .iter()
        .enumerate()
        .filter_map(|(index, alias)| Some((index, alias, canonical(alias, zone).ok()?)))
        .filter(|(_, _, address)| zone.serves(address))
        .min_by_key(|(_, alias, address)| rank(alias, address, zone))
        .map(|(index, _, address)| (index, address))
}

fn rank(alias: &Alias, address: &Address, zone: &Zone) -> Rank {
    match alias {
        Alias::TransportId(_) => Rank::Transport,
        Alias::UrlId(_) => Rank::Url,
        Alias::EmailId(_) => Rank::Email,
        Alias::H323Id(name) if zone.read_name(name).is_some() => Rank::NameAtDomain,
        _ if zone.configured.contains(address) => Rank::Configured,
        Alias::H323Id(_) => Rank::Name,
        _ => Rank::Number,
    }
}

/// In order of preference.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
enum Rank {
    Url,
    Email,
    NameAtDomain,
    Configured,
    Name,
    Number,
    Transport,
}

/// What stands before the last `@` and the domain after it, where that is valid.
fn divide(text: &str) -> Option<(&str, Domain)> {
    let (local, domain) = text.trim_matches(' ').rsplit_once('@')?;
    Some((local, Domain::parse(domain).ok()?))
}

fn is_dotted(domain: &Domain) -> bool {
    domain.as_str().contains('.')
}
