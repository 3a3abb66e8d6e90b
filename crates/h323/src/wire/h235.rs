//! Security messages (H.235.0, edition of 2005, as H.225.0 version 7 uses them).

use codec::per::{
    BitString, BmpString, FixedOctets, Integer, ObjectIdentifier, OctetString, OpenType, UnboundedInteger,
};
use codec::{choice, sequence};

/// `TimeStamp`.
pub type TimeStamp = Integer<1, 4294967295>;

/// `Password`.
pub type Password = BmpString<1, 128>;

/// `ChallengeString`.
pub type ChallengeString = OctetString<8, 128>;

/// `RandomVal`.
pub type RandomVal = UnboundedInteger;

/// `Identifier`.
pub type Identifier = BmpString<1, 128>;

/// `KeyMaterial`.
pub type KeyMaterial = BitString<1, 2048>;

/// `IV8`.
pub type Iv8 = FixedOctets<8>;

/// `IV16`.
pub type Iv16 = FixedOctets<16>;

sequence! {
    /// `ClearToken`.
    ClearToken {
        required "tokenOID" token_oid: ObjectIdentifier,
        optional "timeStamp" time_stamp: TimeStamp,
        optional "password" password: Password,
        optional "dhkey" dhkey: DHset,
        optional "challenge" challenge: ChallengeString,
        optional "random" random: RandomVal,
        optional "certificate" certificate: TypedCertificate,
        optional "generalID" general_id: Identifier,
        optional "nonStandard" non_standard: NonStandardParameter,
    } ... {
        "eckasdhkey" eckasdhkey: Eckasdh,
        "sendersID" senders_id: Identifier,
        "h235Key" h235_key: H235Key,
        "profileInfo" profile_info: Vec<ProfileElement>,
    }

    /// `DHset`.
    DHset {
        required "halfkey" halfkey: BitString<0, 2048>,
        required "modSize" mod_size: BitString<0, 2048>,
        required "generator" generator: BitString<0, 2048>,
    } ... {}

    /// `TypedCertificate`.
    TypedCertificate {
        required "type" r#type: ObjectIdentifier,
        required "certificate" certificate: OctetString,
    } ... {}

    /// `NonStandardParameter`.
    NonStandardParameter {
        required "nonStandardIdentifier" non_standard_identifier: ObjectIdentifier,
        required "data" data: OctetString,
    }

    /// `ECKASDH.eckasdhp`.
    EckasdhPrime {
        required "public-key" public_key: ECpoint,
        required "modulus" modulus: BitString<0, 511>,
        required "base" base: ECpoint,
        required "weierstrassA" weierstrass_a: BitString<0, 511>,
        required "weierstrassB" weierstrass_b: BitString<0, 511>,
    }

    /// `ECpoint`.
    ECpoint {
        optional "x" x: BitString<0, 511>,
        optional "y" y: BitString<0, 511>,
    } ... {}

    /// `ECKASDH.eckasdh2`.
    EckasdhBinary {
        required "public-key" public_key: ECpoint,
        required "fieldSize" field_size: BitString<0, 511>,
        required "base" base: ECpoint,
        required "weierstrassA" weierstrass_a: BitString<0, 511>,
        required "weierstrassB" weierstrass_b: BitString<0, 511>,
    }

    /// `ENCRYPTED`.
    Encrypted {
        required "algorithmOID" algorithm_oid: ObjectIdentifier,
        required "paramS" param_s: Params,
        required "encryptedData" encrypted_data: OctetString,
    }

    /// `Params`.
    Params {
        optional "ranInt" ran_int: UnboundedInteger,
        optional "iv8" iv8: Iv8,
    } ... {
        "iv16" iv16: Iv16,
        "iv" iv: OctetString,
        "clearSalt" clear_salt: OctetString,
    }

    /// `SIGNED`.
    Signed {
        required "toBeSigned" to_be_signed: OpenType,
        required "algorithmOID" algorithm_oid: ObjectIdentifier,
        required "paramS" param_s: Params,
        required "signature" signature: BitString,
    }

    /// `V3KeySyncMaterial`.
    V3KeySyncMaterial {
        optional "generalID" general_id: Identifier,
        optional "algorithmOID" algorithm_oid: ObjectIdentifier,
        required "paramS" param_s: Params,
        optional "encryptedSessionKey" encrypted_session_key: OctetString,
        optional "encryptedSaltingKey" encrypted_salting_key: OctetString,
        optional "clearSaltingKey" clear_salting_key: OctetString,
        optional "paramSsalt" param_ssalt: Params,
        optional "keyDerivationOID" key_derivation_oid: ObjectIdentifier,
    } ... {
        "genericKeyMaterial" generic_key_material: OctetString,
    }

    /// `ProfileElement`.
    ProfileElement {
        required "elementID" element_id: Integer<0, 255>,
        optional "paramS" param_s: Params,
        optional "element" element: Element,
    } ... {}

    /// `HASHED`.
    Hashed {
        required "algorithmOID" algorithm_oid: ObjectIdentifier,
        required "paramS" param_s: Params,
        required "hash" hash: BitString,
    }

    /// `CryptoToken.cryptoEncryptedToken`.
    CryptoEncryptedToken {
        required "tokenOID" token_oid: ObjectIdentifier,
        required "token" token: Encrypted,
    }

    /// `CryptoToken.cryptoSignedToken`.
    CryptoSignedToken {
        required "tokenOID" token_oid: ObjectIdentifier,
        required "token" token: Signed,
    }

    /// `CryptoToken.cryptoHashedToken`.
    CryptoHashedToken {
        required "tokenOID" token_oid: ObjectIdentifier,
        required "hashedVals" hashed_vals: ClearToken,
        required "token" token: Hashed,
    }
}

choice! {
    /// `ECKASDH`.
    Eckasdh {
        "eckasdhp" Eckasdhp(EckasdhPrime),
        "eckasdh2" Eckasdh2(EckasdhBinary),
    } ... {}

    /// `H235Key`.
    H235Key {
        "secureChannel" SecureChannel(KeyMaterial),
        "sharedSecret" SharedSecret(Encrypted),
        "certProtectedKey" CertProtectedKey(Signed),
    } ... {
        "secureSharedSecret" SecureSharedSecret(V3KeySyncMaterial),
    }

    /// `Element`.
    Element {
        "octets" Octets(OctetString),
        "integer" Integer(UnboundedInteger),
        "bits" Bits(BitString),
        "name" Name(BmpString),
        "flag" Flag(bool),
    } ... {}

    /// `CryptoToken`.
    CryptoToken {
        "cryptoEncryptedToken" CryptoEncryptedToken(CryptoEncryptedToken),
        "cryptoSignedToken" CryptoSignedToken(CryptoSignedToken),
        "cryptoHashedToken" CryptoHashedToken(CryptoHashedToken),
        "cryptoPwdEncr" CryptoPwdEncr(Encrypted),
    } ... {}

    /// `AuthenticationMechanism`.
    AuthenticationMechanism {
        "dhExch" DhExch,
        "pwdSymEnc" PwdSymEnc,
        "pwdHash" PwdHash,
        "certSign" CertSign,
        "ipsec" Ipsec,
        "tls" Tls,
        "nonStandard" NonStandard(NonStandardParameter),
    } ... {
        "authenticationBES" AuthenticationBes(AuthenticationBes),
        "keyExch" KeyExch(ObjectIdentifier),
    }

    /// `AuthenticationBES`.
    AuthenticationBes {
        "default" Default,
        "radius" Radius,
    } ... {}
}
