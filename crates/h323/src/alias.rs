//! Aliases: the names that H.323 endpoints register, subscribe to, call and write to.
//!
//! An [`Alias`] is neutral: it knows the kinds of H.225.0 `AliasAddress` and their limits, not their encoding.
//! [`canonical`] says which address it stands for in a [`Zone`].

mod foreign;
mod number;
#[cfg(test)]
mod tests;
mod typed;
mod url;
mod wire;
mod zone;

pub use foreign::{Scheme, name_alias, url_alias};
pub use number::NumberType;
pub use zone::{Zone, alternative, canonical, presentity_alias};

use model::address::{AddressError, DIALED_DIGITS_MAX};

/// The most 16-bit characters of an h323-ID; one outside the BMP counts as two.
pub const H323_ID_UNITS_MAX: usize = 256;

/// The most characters of a url-ID or an email-ID.
pub const URL_ID_CHARS_MAX: usize = 512;

/// The most characters of a transport address in text.
pub const TRANSPORT_ID_CHARS_MAX: usize = 128;

/// The fewest and the most digits of an MSISDN or an IMSI (`TBCD-STRING`).
pub const UIM_DIGITS: std::ops::RangeInclusive<usize> = 3..=16;

/// An alias of H.225.0, clause 7.6, in text (D-27).
///
/// ```text
/// AliasAddress ::= CHOICE {
///   dialledDigits IA5String (SIZE (1..128)) (FROM ("0123456789#*,")),
///   h323-ID BMPString (SIZE (1..256)), ...,
///   url-ID IA5String (SIZE (1..512)), transportID TransportAddress, email-ID IA5String (SIZE (1..512)),
///   partyNumber PartyNumber, mobileUIM MobileUIM, isupNumber IsupNumber }
/// ```
///
/// A variant can be made with any text; [`Alias::check`] applies the limits, and all that reads an alias from
/// outside calls it.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Hash)]
pub enum Alias {
    /// Digits as a keypad gives them.
    DialedDigits(String),
    /// A name, spaces at its ends included.
    H323Id(String),
    /// A URL, or text with `@` as people type it.
    UrlId(String),
    /// A transport address, for example `192.0.2.1:1720`.
    TransportId(String),
    /// A mail address.
    EmailId(String),
    /// A number with its type.
    PartyNumber {
        /// What kind of number.
        number_type: NumberType,
        /// Its digits, of `0123456789#*,`.
        digits: String,
    },
    /// A mobile subscriber; at least one of the two.
    MobileUim {
        /// The number that others dial.
        msisdn: Option<String>,
        /// The secret identity of the card; never part of an address.
        imsi: Option<String>,
    },
    /// A number of the telephone network with its type.
    IsupNumber {
        /// What kind of number.
        number_type: NumberType,
        /// Its digits, of `0123456789ABCDE`.
        digits: String,
    },
}

impl Alias {
    /// Reads an alias that a person types or an operator configures, as h323plus does: digits are dialled digits,
    /// text with `@` is a url-ID, `h323:`, `sip:`, `xmpp:`, `tel:` and the like begin a url-ID, `url:`, `email:` and
    /// `e164:` select the kind of what follows, anything else is an h323-ID.
    ///
    /// A url-ID has ASCII only; other text with `@` is an h323-ID.
    ///
    /// # Errors
    /// Those of [`Alias::check`].
    pub fn parse_typed(text: &str) -> Result<Self, AliasError> {
        let alias = typed::read(text);
        alias.check()?;
        Ok(alias)
    }

    /// Makes the alias of the kind and the text that [`Alias::kind`] and [`Alias::text`] gave.
    ///
    /// # Errors
    /// [`AliasError::UnknownKind`], [`AliasError::NumberType`], and those of [`Alias::check`].
    pub fn restore(kind: &str, text: &str) -> Result<Self, AliasError> {
        let owned = || text.to_owned();
        let alias = match kind {
            DIALLED_DIGITS => Self::DialedDigits(owned()),
            H323_ID => Self::H323Id(owned()),
            URL_ID => Self::UrlId(owned()),
            TRANSPORT_ID => Self::TransportId(owned()),
            EMAIL_ID => Self::EmailId(owned()),
            PARTY_NUMBER => {
                let (number_type, digits) = number::divide(text)?;
                Self::PartyNumber { number_type, digits }
            }
            ISUP_NUMBER => {
                let (number_type, digits) = number::divide(text)?;
                Self::IsupNumber { number_type, digits }
            }
            MOBILE_UIM => {
                let part = |name| text.split(';').find_map(|part| part.strip_prefix(name));
                let (msisdn, imsi) = (part("msisdn:"), part("imsi:"));
                Self::MobileUim { msisdn: msisdn.map(str::to_owned), imsi: imsi.map(str::to_owned) }
            }
            _ => return Err(AliasError::UnknownKind { kind: kind.to_owned() }),
        };
        alias.check()?;
        Ok(alias)
    }

    /// Checks the limits and the characters of the kind (D-27).
    ///
    /// # Errors
    /// [`AliasError::Length`] and [`AliasError::Forbidden`].
    pub fn check(&self) -> Result<(), AliasError> {
        let within = |length: usize, limits: std::ops::RangeInclusive<usize>| match limits.contains(&length) {
            true => Ok(()),
            false => Err(AliasError::Length { kind: self.kind(), length }),
        };
        let only = |text: &str, allowed: fn(char) -> bool| match text.chars().find(|c| !allowed(*c)) {
            None => Ok(()),
            Some(character) => Err(AliasError::Forbidden { kind: self.kind(), character }),
        };
        match self {
            Self::DialedDigits(digits) | Self::PartyNumber { digits, .. } => {
                only(digits, number::is_dialed)?;
                within(digits.len(), 1..=DIALED_DIGITS_MAX)
            }
            Self::IsupNumber { digits, .. } => {
                only(digits, |c| matches!(c, '0'..='9' | 'A'..='E'))?;
                within(digits.len(), 1..=DIALED_DIGITS_MAX)
            }
            Self::H323Id(name) => within(name.encode_utf16().count(), 1..=H323_ID_UNITS_MAX),
            Self::UrlId(text) | Self::EmailId(text) => {
                only(text, |c| c.is_ascii())?;
                within(text.len(), 1..=URL_ID_CHARS_MAX)
            }
            Self::TransportId(text) => within(text.chars().count(), 1..=TRANSPORT_ID_CHARS_MAX),
            Self::MobileUim { msisdn: None, imsi: None } => within(0, UIM_DIGITS),
            Self::MobileUim { msisdn, imsi } => [msisdn, imsi].into_iter().flatten().try_for_each(|digits| {
                only(digits, |c| matches!(c, '0'..='9' | '#' | '*' | 'a'..='c'))?;
                within(digits.len(), UIM_DIGITS)
            }),
        }
    }

    /// The name of the kind in the ASN.1 of newer editions, which write `dialledDigits`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::DialedDigits(_) => DIALLED_DIGITS,
            Self::H323Id(_) => H323_ID,
            Self::UrlId(_) => URL_ID,
            Self::TransportId(_) => TRANSPORT_ID,
            Self::EmailId(_) => EMAIL_ID,
            Self::PartyNumber { .. } => PARTY_NUMBER,
            Self::MobileUim { .. } => MOBILE_UIM,
            Self::IsupNumber { .. } => ISUP_NUMBER,
        }
    }

    /// The alias as text, exactly; with the kind it says all ([`Alias::restore`]).
    ///
    /// A number has its type before it, `internationalNumber:15551230100`; a mobile subscriber is written
    /// `msisdn:447700900123;imsi:234150000000000`.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::DialedDigits(text)
            | Self::H323Id(text)
            | Self::UrlId(text)
            | Self::TransportId(text)
            | Self::EmailId(text) => text.clone(),
            Self::PartyNumber { number_type, digits } | Self::IsupNumber { number_type, digits } => {
                format!("{}:{digits}", number_type.word())
            }
            Self::MobileUim { msisdn, imsi } => {
                let msisdn = msisdn.iter().map(|digits| format!("msisdn:{digits}"));
                let imsi = imsi.iter().map(|digits| format!("imsi:{digits}"));
                msisdn.chain(imsi).collect::<Vec<_>>().join(";")
            }
        }
    }
}

/// Why an alias is not valid, or stands for no address here.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum AliasError {
    /// It is empty or too long for its kind.
    #[error("a {kind} may not have {length} characters")]
    Length {
        /// Of which kind.
        kind: &'static str,
        /// How many it has.
        length: usize,
    },
    /// It has a character that its kind does not have.
    #[error("the character {character:?} is not allowed in a {kind}")]
    Forbidden {
        /// Of which kind.
        kind: &'static str,
        /// Which character.
        character: char,
    },
    /// A kind that no alias has.
    #[error("{kind:?} is not a kind of alias")]
    UnknownKind {
        /// What it was called.
        kind: String,
    },
    /// The text of a number does not begin with a type.
    #[error("the number does not begin with a type of number")]
    NumberType,
    /// A URL of a scheme that names nobody, or without a user.
    #[error("the URL does not name anybody")]
    NamesNobody,
    /// A kind that is never an address: an IMSI alone, numbers of data and telex networks.
    #[error("a {kind} of this type is never an address")]
    NotAddress {
        /// Of which kind.
        kind: &'static str,
    },
    /// Digits with `*`, `#` or `,` (or the extra digits of ISUP) that the zone does not provide.
    #[error("{digits:?} is a service code that is not provisioned")]
    ServiceCode {
        /// Which.
        digits: String,
    },
    /// The text is no address.
    #[error(transparent)]
    Address(#[from] AddressError),
}

const DIALLED_DIGITS: &str = "dialledDigits";
const H323_ID: &str = "h323-ID";
const URL_ID: &str = "url-ID";
const TRANSPORT_ID: &str = "transportID";
const EMAIL_ID: &str = "email-ID";
const PARTY_NUMBER: &str = "partyNumber";
const MOBILE_UIM: &str = "mobileUIM";
const ISUP_NUMBER: &str = "isupNumber";
