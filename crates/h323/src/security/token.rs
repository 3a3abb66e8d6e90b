//! The tokens of RAS messages: where they are, and what is in them.

use super::{Method, cat, password_hash, procedure1};
use crate::wire::h225::{CryptoEpPwdHash, CryptoH323Token, RasMessage};
use crate::wire::h235::ClearToken;

/// The tokens looked at in one message.
const TOKENS_MAX: usize = 8;

/// A token of a method that is known here.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Token<'a> {
    /// Of procedure I: what it says, and the hash.
    Procedure1(procedure1::Claim, [u8; procedure1::HASH_LENGTH]),
    /// Of MD5: whose it is, and the token.
    Md5(String, &'a CryptoEpPwdHash),
    /// An access token.
    Cat(cat::Claim<'a>),
}

impl Token<'_> {
    /// Its method.
    pub const fn method(&self) -> Method {
        match self {
            Self::Procedure1(..) => Method::Procedure1,
            Self::Md5(..) => Method::Md5,
            Self::Cat(..) => Method::Cat,
        }
    }

    /// Who it says that it is of, where it says so.
    pub fn sender(&self) -> Option<String> {
        match self {
            Self::Procedure1(claim, _) => {
                claim.senders_id.as_ref().map(|name| name.to_string().trim_end_matches('\0').to_owned())
            }
            Self::Md5(alias, _) => Some(alias.clone()),
            Self::Cat(claim) => Some(claim.general_id.clone()),
        }
    }

    /// When it says that it was made, in seconds since 1970, and what tells it from others of that second.
    pub const fn time(&self) -> (u32, Option<i64>) {
        match self {
            Self::Procedure1(claim, _) => (claim.time_stamp, Some(claim.random)),
            Self::Md5(_, token) => (token.time_stamp.get(), None),
            Self::Cat(claim) => (claim.time_stamp, Some(claim.random as i64)),
        }
    }
}

/// The tokens of a message.
#[derive(Clone, Copy, Debug)]
pub struct Tokens<'a> {
    /// Tokens in clear.
    pub clear: &'a [ClearToken],
    /// Tokens with a secret in them.
    pub crypto: &'a [CryptoH323Token],
}

impl<'a> Tokens<'a> {
    /// The strongest token whose method is one of these.
    pub fn strongest(&self, methods: &[Method]) -> Option<Token<'a>> {
        let crypto = self.crypto.iter().take(TOKENS_MAX).filter_map(|token| {
            procedure1::read(token)
                .map(|(claim, hash)| Token::Procedure1(claim, hash))
                .or_else(|| password_hash::read(token).map(|(alias, token)| Token::Md5(alias, token)))
        });
        let clear = self.clear.iter().take(TOKENS_MAX).filter_map(|token| cat::read(token).map(Token::Cat));
        let known = crypto.chain(clear).filter(|token| methods.contains(&token.method()));
        known.min_by_key(Token::method)
    }

    /// Whether there are any, of a method that is known here or not.
    pub const fn is_empty(&self) -> bool {
        self.clear.is_empty() && self.crypto.is_empty()
    }
}

macro_rules! messages {
    ($($alternative:ident)*) => {
        /// The tokens of a message.
        pub fn tokens(message: &RasMessage) -> Tokens<'_> {
            match message {
                $( RasMessage::$alternative(message) => Tokens {
                    clear: message.tokens.as_deref().unwrap_or_default(),
                    crypto: message.crypto_tokens.as_deref().unwrap_or_default(),
                }, )*
                _ => Tokens { clear: &[], crypto: &[] },
            }
        }

        /// Gives a message these tokens in the place of those that it had; `false` where its type has none.
        pub fn set_tokens(message: &mut RasMessage, clear: Vec<ClearToken>, crypto: Vec<CryptoH323Token>) -> bool {
            match message {
                $( RasMessage::$alternative(message) => {
                    message.tokens = (!clear.is_empty()).then_some(clear);
                    message.crypto_tokens = (!crypto.is_empty()).then_some(crypto);
                    true
                } )*
                _ => false,
            }
        }
    };
}

messages! {
    GatekeeperRequest GatekeeperConfirm GatekeeperReject
    RegistrationRequest RegistrationConfirm RegistrationReject
    UnregistrationRequest UnregistrationConfirm UnregistrationReject
    AdmissionRequest AdmissionConfirm AdmissionReject
    BandwidthRequest BandwidthConfirm BandwidthReject
    DisengageRequest DisengageConfirm DisengageReject
    LocationRequest LocationConfirm LocationReject
    InfoRequest InfoRequestResponse InfoRequestAck InfoRequestNak
    NonStandardMessage UnknownMessageResponse RequestInProgress
    ResourcesAvailableIndicate ResourcesAvailableConfirm
    ServiceControlIndication ServiceControlResponse
}
