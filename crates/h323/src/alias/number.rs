//! Types of numbers, and the address a number stands for.

use super::{AliasError, Zone};
use model::Address;
use model::address::tel;

/// What kind of number a `PartyNumber` or an `IsupNumber` is.
///
/// One list for both: `publicTypeOfNumber` or `natureOfAddress`, then `privateTypeOfNumber`, then the alternatives
/// that have no type.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Hash)]
pub enum NumberType {
    /// Public, of no stated type: digits as they are dialled.
    Unknown,
    /// Public, with the country code and nothing before it.
    International,
    /// Public, without country code and without a prefix.
    National,
    /// Public, known to one network only.
    NetworkSpecific,
    /// Public, without area code.
    Subscriber,
    /// Public, shortened.
    Abbreviated,
    /// ISUP only: a routing number.
    RoutingNational,
    /// ISUP only: a routing number.
    RoutingNetworkSpecific,
    /// ISUP only: a routing number.
    RoutingWithCalledDirectory,
    /// Private, of no stated type.
    PrivateUnknown,
    /// Private.
    PrivateLevel2Regional,
    /// Private.
    PrivateLevel1Regional,
    /// Private.
    PrivatePisnSpecific,
    /// Private.
    PrivateLocal,
    /// Private, shortened.
    PrivateAbbreviated,
    /// Not a telephone number.
    Data,
    /// Not a telephone number.
    Telex,
    /// Reserved.
    NationalStandard,
}

/// Each type with its word, that of the ASN.1, those of private numbers with a mark before it.
const WORDS: [(NumberType, &str); 18] = [
    (NumberType::Unknown, "unknown"),
    (NumberType::International, "internationalNumber"),
    (NumberType::National, "nationalNumber"),
    (NumberType::NetworkSpecific, "networkSpecificNumber"),
    (NumberType::Subscriber, "subscriberNumber"),
    (NumberType::Abbreviated, "abbreviatedNumber"),
    (NumberType::RoutingNational, "routingNumberNationalFormat"),
    (NumberType::RoutingNetworkSpecific, "routingNumberNetworkSpecificFormat"),
    (NumberType::RoutingWithCalledDirectory, "routingNumberWithCalledDirectoryNumber"),
    (NumberType::PrivateUnknown, "private.unknown"),
    (NumberType::PrivateLevel2Regional, "private.level2RegionalNumber"),
    (NumberType::PrivateLevel1Regional, "private.level1RegionalNumber"),
    (NumberType::PrivatePisnSpecific, "private.pISNSpecificNumber"),
    (NumberType::PrivateLocal, "private.localNumber"),
    (NumberType::PrivateAbbreviated, "private.abbreviatedNumber"),
    (NumberType::Data, "dataPartyNumber"),
    (NumberType::Telex, "telexPartyNumber"),
    (NumberType::NationalStandard, "nationalStandardPartyNumber"),
];

impl NumberType {
    /// The word for the type in the text of an alias.
    #[must_use]
    pub fn word(self) -> &'static str {
        let entry = WORDS.iter().find(|(number_type, _)| *number_type == self);
        entry.expect("the table has every type").1
    }

    /// The type for a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        WORDS.iter().find(|(_, known)| *known == word).map(|(number_type, _)| *number_type)
    }
}

/// Divides the text of a number into type and digits.
pub(super) fn divide(text: &str) -> Result<(NumberType, String), AliasError> {
    let (word, digits) = text.split_once(':').ok_or(AliasError::NumberType)?;
    let number_type = NumberType::from_word(word).ok_or(AliasError::NumberType)?;
    Ok((number_type, digits.to_owned()))
}

/// Whether a keypad gives this character.
pub(super) fn is_dialed(character: char) -> bool {
    matches!(character, '0'..='9' | '#' | '*' | ',')
}

/// The address that digits dialled in the zone stand for.
pub(super) fn dialed(digits: &str, zone: &Zone) -> Result<Address, AliasError> {
    address(digits, zone.dial_plan.international(digits), zone)
}

/// The address that a number of a known type stands for (interworking b.2).
///
/// What its type does not make international stays a local number of the zone; the level of a private number only
/// says who may dial it so. `kind` is for the error.
pub(super) fn of_type(
    kind: &'static str,
    number_type: NumberType,
    digits: &str,
    zone: &Zone,
) -> Result<Address, AliasError> {
    match number_type {
        NumberType::International => address(digits, tel::international(digits), zone),
        NumberType::National => address(digits, zone.dial_plan.national(digits), zone),
        NumberType::Unknown => dialed(digits, zone),
        NumberType::Data | NumberType::Telex | NumberType::NationalStandard => {
            Err(AliasError::NotAddress { kind })
        }
        _ => address(digits, None, zone),
    }
}

fn address(digits: &str, international: Option<String>, zone: &Zone) -> Result<Address, AliasError> {
    if let Some(number) = international {
        return Ok(Address::new(&number, &zone.domain)?);
    }
    let is_number = digits.bytes().all(|octet| octet.is_ascii_digit());
    if !is_number && !zone.service_codes.contains(digits) {
        return Err(AliasError::ServiceCode { digits: digits.to_owned() });
    }
    Ok(Address::new(digits, &zone.domain)?)
}
