//! Tokens, integrity and security errors (H.225.0 clause 7.6, H.235.0).

use super::*;
use crate::wire::h235;
use codec::per::{BitString, ObjectIdentifier};
use codec::{choice, sequence};

sequence! {
    /// `CryptoH323Token.cryptoEPPwdHash`.
    CryptoEpPwdHash {
        required "alias" alias: AliasAddress,
        required "timeStamp" time_stamp: h235::TimeStamp,
        required "token" token: h235::Hashed,
    }

    /// `CryptoH323Token.cryptoGKPwdHash`.
    CryptoGkPwdHash {
        required "gatekeeperId" gatekeeper_id: GatekeeperIdentifier,
        required "timeStamp" time_stamp: h235::TimeStamp,
        required "token" token: h235::Hashed,
    }

    /// `ICV`.
    Icv {
        required "algorithmOID" algorithm_oid: ObjectIdentifier,
        required "icv" icv: BitString,
    }

    /// `SecurityCapabilities`.
    SecurityCapabilities {
        optional "nonStandard" non_standard: NonStandardParameter,
        required "encryption" encryption: SecurityServiceMode,
        required "authenticaton" authenticaton: SecurityServiceMode,
        required "integrity" integrity: SecurityServiceMode,
    } ... {}
}

choice! {
    /// `CryptoH323Token`.
    CryptoH323Token {
        "cryptoEPPwdHash" CryptoEpPwdHash(CryptoEpPwdHash),
        "cryptoGKPwdHash" CryptoGkPwdHash(CryptoGkPwdHash),
        "cryptoEPPwdEncr" CryptoEpPwdEncr(h235::Encrypted),
        "cryptoGKPwdEncr" CryptoGkPwdEncr(h235::Encrypted),
        "cryptoEPCert" CryptoEpCert(h235::Signed),
        "cryptoGKCert" CryptoGkCert(h235::Signed),
        "cryptoFastStart" CryptoFastStart(h235::Signed),
        "nestedcryptoToken" NestedcryptoToken(h235::CryptoToken),
    } ... {}

    /// `IntegrityMechanism`.
    IntegrityMechanism {
        "nonStandard" NonStandard(NonStandardParameter),
        "digSig" DigSig,
        "iso9797" Iso9797(ObjectIdentifier),
        "nonIsoIM" NonIsoIm(NonIsoIntegrityMechanism),
    } ... {}

    /// `NonIsoIntegrityMechanism`.
    NonIsoIntegrityMechanism {
        "hMAC-MD5" HMacMd5,
        "hMAC-iso10118-2-s" HMacIso101182S(EncryptIntAlg),
        "hMAC-iso10118-2-l" HMacIso101182L(EncryptIntAlg),
        "hMAC-iso10118-3" HMacIso101183(ObjectIdentifier),
    } ... {}

    /// `EncryptIntAlg`.
    EncryptIntAlg {
        "nonStandard" NonStandard(NonStandardParameter),
        "isoAlgorithm" IsoAlgorithm(ObjectIdentifier),
    } ... {}

    /// `SecurityErrors`.
    SecurityErrors {
        "securityWrongSyncTime" SecurityWrongSyncTime,
        "securityReplay" SecurityReplay,
        "securityWrongGeneralID" SecurityWrongGeneralId,
        "securityWrongSendersID" SecurityWrongSendersId,
        "securityIntegrityFailed" SecurityIntegrityFailed,
        "securityWrongOID" SecurityWrongOid,
        "securityDHmismatch" SecurityDHmismatch,
        "securityCertificateExpired" SecurityCertificateExpired,
        "securityCertificateDateInvalid" SecurityCertificateDateInvalid,
        "securityCertificateRevoked" SecurityCertificateRevoked,
        "securityCertificateNotReadable" SecurityCertificateNotReadable,
        "securityCertificateSignatureInvalid" SecurityCertificateSignatureInvalid,
        "securityCertificateMissing" SecurityCertificateMissing,
        "securityCertificateIncomplete" SecurityCertificateIncomplete,
        "securityUnsupportedCertificateAlgOID" SecurityUnsupportedCertificateAlgOid,
        "securityUnknownCA" SecurityUnknownCa,
    } ... {}

    /// `SecurityErrors2`.
    SecurityErrors2 {
        "securityWrongSyncTime" SecurityWrongSyncTime,
        "securityReplay" SecurityReplay,
        "securityWrongGeneralID" SecurityWrongGeneralId,
        "securityWrongSendersID" SecurityWrongSendersId,
        "securityIntegrityFailed" SecurityIntegrityFailed,
        "securityWrongOID" SecurityWrongOid,
    } ... {}

    /// `H245Security`.
    H245Security {
        "nonStandard" NonStandard(NonStandardParameter),
        "noSecurity" NoSecurity,
        "tls" Tls(SecurityCapabilities),
        "ipsec" Ipsec(SecurityCapabilities),
    } ... {}

    /// `SecurityServiceMode`.
    SecurityServiceMode {
        "nonStandard" NonStandard(NonStandardParameter),
        "none" None,
        "default" Default,
    } ... {}
}
