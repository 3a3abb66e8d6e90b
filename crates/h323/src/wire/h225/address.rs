//! Addresses and names (H.225.0 clause 7.6).

use super::*;
use codec::per::{BmpString, FixedOctets, Ia5String, Integer, OctetString, RestrictedString};
use codec::{alphabet, choice, enumerated, sequence};

alphabet! {
    /// The characters of `dialledDigits` and `NumberDigits`, in the order of their codes.
    DialledCharacters = b"#*,0123456789";
    /// The characters of `TBCD-STRING`.
    TbcdCharacters = b"#*0123456789abc";
    /// The characters of `IsupDigits`.
    IsupCharacters = b"0123456789ABCDE";
}

/// `NumberDigits`.
pub type NumberDigits = RestrictedString<DialledCharacters, 1, 128>;

/// `IsupDigits`.
pub type IsupDigits = RestrictedString<IsupCharacters, 1, 128>;

sequence! {
    /// `TransportAddress.ipAddress`.
    IpAddress {
        required "ip" ip: FixedOctets<4>,
        required "port" port: Integer<0, 65535>,
    }

    /// `TransportAddress.ipSourceRoute`.
    IpSourceRoute {
        required "ip" ip: FixedOctets<4>,
        required "port" port: Integer<0, 65535>,
        required "route" route: Vec<FixedOctets<4>>,
        required "routing" routing: SourceRouting,
    } ... {}

    /// `TransportAddress.ipxAddress`.
    IpxAddress {
        required "node" node: FixedOctets<6>,
        required "netnum" netnum: FixedOctets<4>,
        required "port" port: FixedOctets<2>,
    }

    /// `TransportAddress.ip6Address`.
    Ip6Address {
        required "ip" ip: FixedOctets<16>,
        required "port" port: Integer<0, 65535>,
    } ... {}

    /// `PublicPartyNumber`.
    PublicPartyNumber {
        required "publicTypeOfNumber" public_type_of_number: PublicTypeOfNumber,
        required "publicNumberDigits" public_number_digits: NumberDigits,
    }

    /// `PrivatePartyNumber`.
    PrivatePartyNumber {
        required "privateTypeOfNumber" private_type_of_number: PrivateTypeOfNumber,
        required "privateNumberDigits" private_number_digits: NumberDigits,
    }

    /// `ANSI-41-UIM`.
    Ansi41Uim {
        optional "imsi" imsi: RestrictedString<TbcdCharacters, 3, 16>,
        optional "min" min: RestrictedString<TbcdCharacters, 3, 16>,
        optional "mdn" mdn: RestrictedString<TbcdCharacters, 3, 16>,
        optional "msisdn" msisdn: RestrictedString<TbcdCharacters, 3, 16>,
        optional "esn" esn: RestrictedString<TbcdCharacters, 16, 16>,
        optional "mscid" mscid: RestrictedString<TbcdCharacters, 3, 16>,
        required "system-id" system_id: SystemId,
        optional "systemMyTypeCode" system_my_type_code: FixedOctets<1>,
        optional "systemAccessType" system_access_type: FixedOctets<1>,
        optional "qualificationInformationCode" qualification_information_code: FixedOctets<1>,
        optional "sesn" sesn: RestrictedString<TbcdCharacters, 16, 16>,
        optional "soc" soc: RestrictedString<TbcdCharacters, 3, 16>,
    } ... {}

    /// `GSM-UIM`.
    GsmUim {
        optional "imsi" imsi: RestrictedString<TbcdCharacters, 3, 16>,
        optional "tmsi" tmsi: OctetString<1, 4>,
        optional "msisdn" msisdn: RestrictedString<TbcdCharacters, 3, 16>,
        optional "imei" imei: RestrictedString<TbcdCharacters, 15, 16>,
        optional "hplmn" hplmn: RestrictedString<TbcdCharacters, 1, 4>,
        optional "vplmn" vplmn: RestrictedString<TbcdCharacters, 1, 4>,
    } ... {}

    /// `IsupPublicPartyNumber`.
    IsupPublicPartyNumber {
        required "natureOfAddress" nature_of_address: NatureOfAddress,
        required "address" address: IsupDigits,
    } ... {}

    /// `IsupPrivatePartyNumber`.
    IsupPrivatePartyNumber {
        required "privateTypeOfNumber" private_type_of_number: PrivateTypeOfNumber,
        required "address" address: IsupDigits,
    } ... {}

    /// `AlternateTransportAddresses`.
    AlternateTransportAddresses {
        optional "annexE" annex_e: Vec<TransportAddress>,
    } ... {
        "sctp" sctp: Vec<TransportAddress>,
    }

    /// `AddressPattern.range`.
    NumberRange {
        required "startOfRange" start_of_range: PartyNumber,
        required "endOfRange" end_of_range: PartyNumber,
    }

    /// `ExtendedAliasAddress`.
    ExtendedAliasAddress {
        required "address" address: AliasAddress,
        optional "presentationIndicator" presentation_indicator: PresentationIndicator,
        optional "screeningIndicator" screening_indicator: ScreeningIndicator,
    } ... {}

    /// `DisplayName`.
    DisplayName {
        optional "language" language: Ia5String,
        required "name" name: BmpString<1, 80>,
    }
}

choice! {
    /// `TransportAddress`.
    TransportAddress {
        "ipAddress" IpAddress(IpAddress),
        "ipSourceRoute" IpSourceRoute(IpSourceRoute),
        "ipxAddress" IpxAddress(IpxAddress),
        "ip6Address" Ip6Address(Ip6Address),
        "netBios" NetBios(FixedOctets<16>),
        "nsap" Nsap(OctetString<1, 20>),
        "nonStandardAddress" NonStandardAddress(NonStandardParameter),
    } ... {}

    /// `TransportAddress.ipSourceRoute.routing`.
    SourceRouting {
        "strict" Strict,
        "loose" Loose,
    } ... {}

    /// `AliasAddress`.
    AliasAddress {
        "dialledDigits" DialledDigits(RestrictedString<DialledCharacters, 1, 128>),
        "h323-ID" H323Id(BmpString<1, 256>),
    } ... {
        "url-ID" UrlId(Ia5String<1, 512>),
        "transportID" TransportId(TransportAddress),
        "email-ID" EmailId(Ia5String<1, 512>),
        "partyNumber" PartyNumber(PartyNumber),
        "mobileUIM" MobileUim(MobileUim),
        "isupNumber" IsupNumber(IsupNumber),
    }

    /// `PartyNumber`.
    PartyNumber {
        "e164Number" E164Number(PublicPartyNumber),
        "dataPartyNumber" DataPartyNumber(NumberDigits),
        "telexPartyNumber" TelexPartyNumber(NumberDigits),
        "privateNumber" PrivateNumber(PrivatePartyNumber),
        "nationalStandardPartyNumber" NationalStandardPartyNumber(NumberDigits),
    } ... {}

    /// `PublicTypeOfNumber`.
    PublicTypeOfNumber {
        "unknown" Unknown,
        "internationalNumber" InternationalNumber,
        "nationalNumber" NationalNumber,
        "networkSpecificNumber" NetworkSpecificNumber,
        "subscriberNumber" SubscriberNumber,
        "abbreviatedNumber" AbbreviatedNumber,
    } ... {}

    /// `PrivateTypeOfNumber`.
    PrivateTypeOfNumber {
        "unknown" Unknown,
        "level2RegionalNumber" Level2RegionalNumber,
        "level1RegionalNumber" Level1RegionalNumber,
        "pISNSpecificNumber" PIsnSpecificNumber,
        "localNumber" LocalNumber,
        "abbreviatedNumber" AbbreviatedNumber,
    } ... {}

    /// `MobileUIM`.
    MobileUim {
        "ansi-41-uim" Ansi41Uim(Box<Ansi41Uim>),
        "gsm-uim" GsmUim(Box<GsmUim>),
    } ... {}

    /// `ANSI-41-UIM.system-id`.
    SystemId {
        "sid" Sid(RestrictedString<TbcdCharacters, 1, 4>),
        "mid" Mid(RestrictedString<TbcdCharacters, 1, 4>),
    } ... {}

    /// `IsupNumber`.
    IsupNumber {
        "e164Number" E164Number(IsupPublicPartyNumber),
        "dataPartyNumber" DataPartyNumber(IsupDigits),
        "telexPartyNumber" TelexPartyNumber(IsupDigits),
        "privateNumber" PrivateNumber(IsupPrivatePartyNumber),
        "nationalStandardPartyNumber" NationalStandardPartyNumber(IsupDigits),
    } ... {}

    /// `NatureOfAddress`.
    NatureOfAddress {
        "unknown" Unknown,
        "subscriberNumber" SubscriberNumber,
        "nationalNumber" NationalNumber,
        "internationalNumber" InternationalNumber,
        "networkSpecificNumber" NetworkSpecificNumber,
        "routingNumberNationalFormat" RoutingNumberNationalFormat,
        "routingNumberNetworkSpecificFormat" RoutingNumberNetworkSpecificFormat,
        "routingNumberWithCalledDirectoryNumber" RoutingNumberWithCalledDirectoryNumber,
    } ... {}

    /// `AddressPattern`.
    AddressPattern {
        "wildcard" Wildcard(AliasAddress),
        "range" Range(NumberRange),
    } ... {}

    /// `UseSpecifiedTransport`.
    UseSpecifiedTransport {
        "tcp" Tcp,
        "annexE" AnnexE,
    } ... {
        "sctp" Sctp,
    }

    /// `PresentationIndicator`.
    PresentationIndicator {
        "presentationAllowed" PresentationAllowed,
        "presentationRestricted" PresentationRestricted,
        "addressNotAvailable" AddressNotAvailable,
    } ... {}
}

enumerated! {
    /// `ScreeningIndicator`.
    ScreeningIndicator {
        "userProvidedNotScreened" UserProvidedNotScreened,
        "userProvidedVerifiedAndPassed" UserProvidedVerifiedAndPassed,
        "userProvidedVerifiedAndFailed" UserProvidedVerifiedAndFailed,
        "networkProvided" NetworkProvided,
    }
}
