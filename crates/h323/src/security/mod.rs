//! H.235: who sent a message, shown by a password that both sides know.
//!
//! Three methods, strongest first: [`procedure1`] (H.235.1) signs the whole message; [`password_hash`]
//! (`cryptoEPPwdHash`) and [`cat`] show only that the sender knew the password at some time. [`token`] finds the tokens in a
//! message, and [`window`] says whether a token is fresh.
//! Nothing here does IO or reads a clock.

pub mod cat;
mod credential;
pub mod password_hash;
pub mod procedure1;
pub mod token;
pub mod window;

pub use credential::{can, key_of};

use crate::wire::h225::RasMessage;

/// A way to show who sends, the strongest first.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Method {
    /// Baseline procedure I (H.235.1): HMAC-SHA1-96 over the message.
    Procedure1,
    /// MD5 over password and time (`cryptoEPPwdHash`, H.225.0 clause 7.6).
    Md5,
    /// The Cisco access token: MD5 over a number, password and time.
    Cat,
}

impl Method {
    /// All of them, the strongest first.
    pub const ALL: [Self; 3] = [Self::Procedure1, Self::Md5, Self::Cat];

    /// Its name in configuration and commands.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Procedure1 => "procedure1",
            Self::Md5 => "md5",
            Self::Cat => "cat",
        }
    }

    /// Whether endpoints with this method sign such a message: those with procedure I all but discovery, which comes before
    /// the method is agreed, those with MD5 and access tokens only some.
    pub(crate) const fn signs(self, message: &RasMessage) -> bool {
        let by_all = matches!(message, RasMessage::RegistrationRequest(_) | RasMessage::AdmissionRequest(_));
        let by_md5 = matches!(
            message,
            RasMessage::UnregistrationRequest(_)
                | RasMessage::DisengageRequest(_)
                | RasMessage::BandwidthRequest(_)
                | RasMessage::InfoRequestResponse(_)
        );
        match self {
            Self::Procedure1 => !matches!(message, RasMessage::GatekeeperRequest(_)),
            Self::Md5 => by_all || by_md5,
            Self::Cat => by_all,
        }
    }

    /// Whether it needs the password itself; procedure I needs only a hash of it.
    pub const fn needs_password(self) -> bool {
        !matches!(self, Self::Procedure1)
    }
}

impl std::str::FromStr for Method {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|method| method.name() == text);
        found.ok_or_else(|| {
            format!("{text:?} is no method of authentication; there are procedure1, md5 and cat")
        })
    }
}

#[cfg(test)]
mod tests;
