//! How an endpoint shows who it is (H.235), and how it knows its gatekeeper.

use super::machine::Endpoint;
use crate::security::token::{Token, set_tokens, tokens};
use crate::security::{Method, cat, key_of, password_hash, procedure1};
use crate::wire::h225::RasMessage;
use crate::wire::h235::{AuthenticationBes, AuthenticationMechanism};
use codec::per::{self, BmpString, ObjectIdentifier};
use model::Password;
use rand::Rng;

/// What an endpoint signs with.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The name of the user.
    pub user: String,
    /// The password.
    pub password: Password,
    /// How to sign.
    pub method: Method,
}

impl Credentials {
    /// What is offered in a GRQ: a mechanism and an algorithm.
    pub(super) fn offer(&self) -> (AuthenticationMechanism, ObjectIdentifier) {
        match self.method {
            Method::Procedure1 => (AuthenticationMechanism::PwdHash, procedure1::U),
            Method::Md5 => (AuthenticationMechanism::PwdHash, password_hash::MD5),
            Method::Cat => (AuthenticationMechanism::AuthenticationBes(AuthenticationBes::Radius), cat::CAT),
        }
    }
}

impl Endpoint {
    /// Encodes a message, signed where there is something to sign with; `None` where it can't be written.
    pub(super) fn encode_signed(&mut self, message: &RasMessage) -> Option<Vec<u8>> {
        let credentials =
            self.settings.credentials.clone().filter(|credentials| credentials.method.signs(message));
        let Some(Credentials { user, password, method }) = credentials else {
            return per::encode(message).ok();
        };
        let mut message = message.clone();
        let seconds = u32::try_from(self.now.wall.0 / 1000).unwrap_or(u32::MAX);
        self.last_token = self.last_token.wrapping_add(1);
        match method {
            Method::Procedure1 => {
                let mut marker = [0; procedure1::HASH_LENGTH];
                self.random.fill_bytes(&mut marker);
                let gatekeeper = self.registration.gatekeeper.as_ref();
                let registered = self.registration.registered();
                let claim = procedure1::Claim {
                    general_id: gatekeeper.and_then(|gatekeeper| gatekeeper.identifier.clone()),
                    senders_id: registered
                        .map(|registered| registered.identifier.clone())
                        .or_else(|| BmpString::new(&user)),
                    time_stamp: seconds,
                    random: i64::from(self.last_token & 0x7fff_ffff),
                };
                let encode = |token| {
                    set_tokens(&mut message, Vec::new(), vec![token]);
                    per::encode(&message)
                };
                procedure1::sign(&claim, &key_of(&password), marker, encode).ok()
            }
            Method::Md5 => {
                let alias = crate::alias::Alias::parse_typed(&user).ok()?.to_wire()?;
                let token = password_hash::make(alias, &password, seconds)?;
                set_tokens(&mut message, Vec::new(), vec![token]);
                per::encode(&message).ok()
            }
            Method::Cat => {
                let token = cat::make(&user, &password, seconds, self.last_token as u8)?;
                set_tokens(&mut message, vec![token], Vec::new());
                per::encode(&message).ok()
            }
        }
    }

    /// Whether a message may be from our gatekeeper. Where whole messages are signed, a signature must be right. A
    /// gatekeeper that has signed once signs what grants something; GnuGk 5.15 never does.
    pub(super) fn is_from_gatekeeper(&mut self, message: &RasMessage, octets: &[u8]) -> bool {
        let Some(credentials) = &self.settings.credentials else { return true };
        if credentials.method != Method::Procedure1 {
            return true;
        }
        match tokens(message).strongest(&[Method::Procedure1]) {
            Some(Token::Procedure1(_, hash)) => {
                let is_right = procedure1::is_signed(octets, &hash, &key_of(&credentials.password));
                self.registration.is_signed |= is_right;
                is_right
            }
            _ if !self.registration.is_signed => true,
            _ => !matches!(message, RasMessage::RegistrationConfirm(_) | RasMessage::AdmissionConfirm(_)),
        }
    }
}
