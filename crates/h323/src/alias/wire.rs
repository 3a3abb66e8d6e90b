//! Aliases between the wire and their neutral form.

use super::{Alias, NumberType};
use crate::wire::h225::{
    AliasAddress, GsmUim, IsupNumber, IsupPrivatePartyNumber, IsupPublicPartyNumber, MobileUim,
    NatureOfAddress, NumberDigits, PartyNumber, PrivatePartyNumber, PrivateTypeOfNumber, PublicPartyNumber,
    PublicTypeOfNumber,
};
use codec::per::{BmpString, Ia5String, RestrictedString};

impl Alias {
    /// The alias of a value on the wire; `None` for a kind of a newer edition and for a transport address that is
    /// neither IPv4 nor IPv6.
    pub fn from_wire(alias: &AliasAddress) -> Option<Self> {
        Some(match alias {
            AliasAddress::DialledDigits(digits) => Self::DialedDigits(digits.as_str().to_owned()),
            AliasAddress::H323Id(name) => Self::H323Id(name.to_string()),
            AliasAddress::UrlId(url) => Self::UrlId(url.to_string()),
            AliasAddress::TransportId(address) => Self::TransportId(address.socket_address()?.to_string()),
            AliasAddress::EmailId(address) => Self::EmailId(address.to_string()),
            AliasAddress::PartyNumber(number) => {
                let (number_type, digits) = read_party_number(number)?;
                Self::PartyNumber { number_type, digits: digits.as_str().to_owned() }
            }
            AliasAddress::MobileUim(uim) => {
                let text = |digits: &Option<RestrictedString<_, 3, 16>>| {
                    digits.as_ref().map(|digits| digits.as_str().to_owned())
                };
                match uim {
                    MobileUim::Ansi41Uim(uim) => Self::MobileUim {
                        msisdn: text(&uim.msisdn).or(text(&uim.mdn)),
                        imsi: text(&uim.imsi),
                    },
                    MobileUim::GsmUim(uim) => {
                        Self::MobileUim { msisdn: text(&uim.msisdn), imsi: text(&uim.imsi) }
                    }
                    MobileUim::UnknownAlternative(_) => return None,
                }
            }
            AliasAddress::IsupNumber(number) => {
                let (number_type, digits) = read_isup_number(number)?;
                Self::IsupNumber { number_type, digits }
            }
            AliasAddress::UnknownAlternative(_) => return None,
        })
    }

    /// The value on the wire; `None` where the alias breaks a limit of its kind.
    pub fn to_wire(&self) -> Option<AliasAddress> {
        Some(match self {
            Self::DialedDigits(digits) => AliasAddress::DialledDigits(RestrictedString::new(digits)?),
            Self::H323Id(name) => AliasAddress::H323Id(BmpString::new(name)?),
            Self::UrlId(url) => AliasAddress::UrlId(Ia5String::new(url)?),
            Self::TransportId(address) => {
                AliasAddress::TransportId(address.parse::<std::net::SocketAddr>().ok()?.into())
            }
            Self::EmailId(address) => AliasAddress::EmailId(Ia5String::new(address)?),
            Self::PartyNumber { number_type, digits } => {
                AliasAddress::PartyNumber(party_number(*number_type, NumberDigits::new(digits)?))
            }
            Self::MobileUim { msisdn, imsi } => {
                let digits = |text: &Option<String>| match text {
                    Some(text) => RestrictedString::new(text).map(Some),
                    None => Some(None),
                };
                let uim = GsmUim { imsi: digits(imsi)?, msisdn: digits(msisdn)?, ..GsmUim::default() };
                AliasAddress::MobileUim(MobileUim::GsmUim(Box::new(uim)))
            }
            Self::IsupNumber { number_type, digits } => {
                AliasAddress::IsupNumber(isup_number(*number_type, digits)?)
            }
        })
    }
}

const PUBLIC: [(NumberType, PublicTypeOfNumber); 6] = [
    (NumberType::Unknown, PublicTypeOfNumber::Unknown),
    (NumberType::International, PublicTypeOfNumber::InternationalNumber),
    (NumberType::National, PublicTypeOfNumber::NationalNumber),
    (NumberType::NetworkSpecific, PublicTypeOfNumber::NetworkSpecificNumber),
    (NumberType::Subscriber, PublicTypeOfNumber::SubscriberNumber),
    (NumberType::Abbreviated, PublicTypeOfNumber::AbbreviatedNumber),
];

const PRIVATE: [(NumberType, PrivateTypeOfNumber); 6] = [
    (NumberType::PrivateUnknown, PrivateTypeOfNumber::Unknown),
    (NumberType::PrivateLevel2Regional, PrivateTypeOfNumber::Level2RegionalNumber),
    (NumberType::PrivateLevel1Regional, PrivateTypeOfNumber::Level1RegionalNumber),
    (NumberType::PrivatePisnSpecific, PrivateTypeOfNumber::PIsnSpecificNumber),
    (NumberType::PrivateLocal, PrivateTypeOfNumber::LocalNumber),
    (NumberType::PrivateAbbreviated, PrivateTypeOfNumber::AbbreviatedNumber),
];

const NATURE: [(NumberType, NatureOfAddress); 8] = [
    (NumberType::Unknown, NatureOfAddress::Unknown),
    (NumberType::Subscriber, NatureOfAddress::SubscriberNumber),
    (NumberType::National, NatureOfAddress::NationalNumber),
    (NumberType::International, NatureOfAddress::InternationalNumber),
    (NumberType::NetworkSpecific, NatureOfAddress::NetworkSpecificNumber),
    (NumberType::RoutingNational, NatureOfAddress::RoutingNumberNationalFormat),
    (NumberType::RoutingNetworkSpecific, NatureOfAddress::RoutingNumberNetworkSpecificFormat),
    (NumberType::RoutingWithCalledDirectory, NatureOfAddress::RoutingNumberWithCalledDirectoryNumber),
];

/// The neutral type of one on the wire; a newer edition's type is one that is not stated.
fn read_type<T: PartialEq>(table: &[(NumberType, T)], wire: &T, unstated: NumberType) -> NumberType {
    table.iter().find(|(_, value)| value == wire).map_or(unstated, |(number_type, _)| *number_type)
}

fn write_type<T: Clone>(table: &[(NumberType, T)], number_type: NumberType) -> Option<T> {
    table.iter().find(|(key, _)| *key == number_type).map(|(_, value)| value.clone())
}

fn read_party_number(number: &PartyNumber) -> Option<(NumberType, &NumberDigits)> {
    Some(match number {
        PartyNumber::E164Number(number) => (
            read_type(&PUBLIC, &number.public_type_of_number, NumberType::Unknown),
            &number.public_number_digits,
        ),
        PartyNumber::PrivateNumber(number) => (
            read_type(&PRIVATE, &number.private_type_of_number, NumberType::PrivateUnknown),
            &number.private_number_digits,
        ),
        PartyNumber::DataPartyNumber(digits) => (NumberType::Data, digits),
        PartyNumber::TelexPartyNumber(digits) => (NumberType::Telex, digits),
        PartyNumber::NationalStandardPartyNumber(digits) => (NumberType::NationalStandard, digits),
        PartyNumber::UnknownAlternative(_) => return None,
    })
}

fn party_number(number_type: NumberType, digits: NumberDigits) -> PartyNumber {
    match number_type {
        NumberType::Data => return PartyNumber::DataPartyNumber(digits),
        NumberType::Telex => return PartyNumber::TelexPartyNumber(digits),
        NumberType::NationalStandard => return PartyNumber::NationalStandardPartyNumber(digits),
        _ => {}
    }
    if let Some(private_type_of_number) = write_type(&PRIVATE, number_type) {
        return PartyNumber::PrivateNumber(PrivatePartyNumber {
            private_type_of_number,
            private_number_digits: digits,
        });
    }
    let public_type_of_number = write_type(&PUBLIC, number_type).unwrap_or_default();
    PartyNumber::E164Number(PublicPartyNumber { public_type_of_number, public_number_digits: digits })
}

fn read_isup_number(number: &IsupNumber) -> Option<(NumberType, String)> {
    let (number_type, digits) = match number {
        IsupNumber::E164Number(number) => {
            (read_type(&NATURE, &number.nature_of_address, NumberType::Unknown), &number.address)
        }
        IsupNumber::PrivateNumber(number) => {
            (read_type(&PRIVATE, &number.private_type_of_number, NumberType::PrivateUnknown), &number.address)
        }
        IsupNumber::DataPartyNumber(digits) => (NumberType::Data, digits),
        IsupNumber::TelexPartyNumber(digits) => (NumberType::Telex, digits),
        IsupNumber::NationalStandardPartyNumber(digits) => (NumberType::NationalStandard, digits),
        IsupNumber::UnknownAlternative(_) => return None,
    };
    Some((number_type, digits.as_str().to_owned()))
}

fn isup_number(number_type: NumberType, digits: &str) -> Option<IsupNumber> {
    let address = RestrictedString::new(digits)?;
    Some(match number_type {
        NumberType::Data => IsupNumber::DataPartyNumber(address),
        NumberType::Telex => IsupNumber::TelexPartyNumber(address),
        NumberType::NationalStandard => IsupNumber::NationalStandardPartyNumber(address),
        _ => match write_type(&PRIVATE, number_type) {
            Some(private_type_of_number) => IsupNumber::PrivateNumber(IsupPrivatePartyNumber {
                private_type_of_number,
                address,
                ..IsupPrivatePartyNumber::default()
            }),
            None => IsupNumber::E164Number(IsupPublicPartyNumber {
                nature_of_address: write_type(&NATURE, number_type).unwrap_or_default(),
                address,
                ..IsupPublicPartyNumber::default()
            }),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::h225::SystemId;

    // covers: D-27
    #[test]
    fn every_kind_of_alias_goes_to_the_wire_and_back() {
        let kinds = [
            ("dialledDigits", "4711#*,"),
            ("h323-ID", " Meeting Room 4 "),
            ("url-ID", "h323:alice@example.com"),
            ("transportID", "192.0.2.1:1720"),
            ("transportID", "[2001:db8::1]:1720"),
            ("email-ID", "alice@example.com"),
            ("mobileUIM", "msisdn:447700900123;imsi:234150000000000"),
        ];
        let kinds = kinds.map(|(kind, text)| Alias::restore(kind, text).unwrap());
        let party = PUBLIC.iter().map(|(number_type, _)| *number_type).chain(PRIVATE.iter().map(|(t, _)| *t));
        let party = party.map(|number_type| Alias::PartyNumber { number_type, digits: "123".to_owned() });
        let isup = NATURE.iter().map(|(number_type, _)| *number_type).chain(PRIVATE.iter().map(|(t, _)| *t));
        let isup = isup.map(|number_type| Alias::IsupNumber { number_type, digits: "12E".to_owned() });
        for alias in kinds.into_iter().chain(party).chain(isup) {
            let wire = alias.to_wire().unwrap();
            assert_eq!(Alias::from_wire(&wire), Some(alias));
        }
    }

    #[test]
    fn a_mobile_number_of_the_american_kind_is_read() {
        let uim = crate::wire::h225::Ansi41Uim {
            mdn: RestrictedString::new("15551230100"),
            system_id: SystemId::Sid(RestrictedString::new("1").unwrap()),
            ..Default::default()
        };
        let alias = Alias::from_wire(&AliasAddress::MobileUim(MobileUim::Ansi41Uim(Box::new(uim))));
        assert_eq!(alias, Some(Alias::MobileUim { msisdn: Some("15551230100".to_owned()), imsi: None }));
    }
}
