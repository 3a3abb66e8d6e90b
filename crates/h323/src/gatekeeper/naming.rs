//! Names as endpoints are shown them: their own, and those of others.

use super::registration::Registration;
use crate::alias::{Alias, Scheme, Zone, canonical, name_alias, url_alias};
use crate::wire::h225::AliasAddress;
use model::{Address, NamedAddress};

/// The alias under which an endpoint is shown somebody: as it was written or registered, unless that has a `%`, at
/// which deployed endpoints cut a name, or comes from another network. `None` where there is no alias that means the
/// same.
pub(super) fn shown(name: &NamedAddress, zone: &Zone) -> Option<AliasAddress> {
    if let Some((_, shown)) = Alias::restore(&name.kind, &name.original).ok().and_then(presentable) {
        return Some(shown);
    }
    let address = &name.address;
    // How its own network writes it says how it is reached, and reads the same in every zone.
    let url = Scheme::of_kind(&name.kind).and_then(|scheme| url_alias(scheme, address));
    if let Some((_, shown)) = url.and_then(presentable) {
        return Some(shown);
    }
    let local = || Alias::H323Id(address.local().to_owned());
    let (alias, shown) = presentable(if zone.serves(address) { local() } else { name_alias(address)? })?;
    canonical(&alias, zone).is_ok_and(|read| read == *address).then_some(shown)
}

/// An alias of somebody as others may see it, and on the wire; `None` where it has a `%` or no form there.
pub(super) fn presentable(alias: Alias) -> Option<(Alias, AliasAddress)> {
    let alias = without_secret(alias);
    let shown = alias.to_wire().filter(|_| !alias.text().contains('%'))?;
    Some((alias, shown))
}

/// The name of somebody who has no other than those with a `%`: with the wide form of it, which stands for the same
/// address. What deployed endpoints would leave of the other could be somebody else's name.
pub(super) fn widened(address: &Address) -> Alias {
    Alias::H323Id(address.as_str().replace('%', "\u{ff05}"))
}

/// The identity of a mobile card is nobody else's business.
fn without_secret(alias: Alias) -> Alias {
    match alias {
        Alias::MobileUim { msisdn: Some(msisdn), .. } => {
            Alias::MobileUim { msisdn: Some(msisdn), imsi: None }
        }
        other => other,
    }
}

/// How an endpoint is called in what is sent to it: by the alias of its own that was asked for, else by its first.
pub(super) fn own_alias(registration: &Registration, asked_for: Option<&Address>) -> Option<AliasAddress> {
    let asked = registration.names.iter().find(|name| Some(&name.address) == asked_for);
    asked.or(registration.names.first())?.alias.to_wire()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::h225::AliasAddress;
    use model::NamedAddress;
    use model::address::{DialPlan, PseudonymKey};

    fn zone() -> Zone {
        Zone {
            domain: "example.com".parse().unwrap(),
            foreign: ["xmpp.example".parse().unwrap()].into(),
            dial_plan: DialPlan::default(),
            service_codes: Default::default(),
            configured: Default::default(),
            pseudonym_key: PseudonymKey::new([7; 32]),
        }
    }

    fn shown_as(address: &str) -> Option<AliasAddress> {
        let address: Address = address.parse().unwrap();
        let original = address.to_string();
        shown(&NamedAddress { address, kind: "xmpp".to_owned(), original }, &zone())
    }

    #[test]
    fn somebody_of_another_network_is_shown_by_a_url_where_that_can_be_had() {
        let wire = |alias: Alias| alias.to_wire();
        assert_eq!(shown_as("romeo@far.example"), wire(Alias::UrlId("xmpp:romeo@far.example".to_owned())));
        let name = "romeo montague@xmpp.example";
        assert_eq!(shown_as(name), wire(Alias::H323Id(name.to_owned())), "a space would need a percent sign");
        assert_eq!(shown_as("romeo montague@far.example"), None, "it would be read as somebody of this zone");
    }
}
