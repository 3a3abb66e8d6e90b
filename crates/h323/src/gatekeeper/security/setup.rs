//! Tokens in call signalling: the Setup of a call must come from the user whose endpoint calls, and ours is signed.
//!
//! The hash of procedure I covers the whole Q.931 message, from its protocol discriminator on (H.235.1 clause 13.2); the TPKT
//! header is none of it. The deployed endpoints that sign in calls sign Setup alone.

use super::check::Matter;
use crate::gatekeeper::link::Gatekeeper;
use crate::gatekeeper::registration::Peer;
use crate::security::procedure1;
use crate::security::token::Tokens;
use crate::wire::h225::{CryptoH323Token, SetupUuie};
use codec::per::BmpString;
use std::net::SocketAddr;

impl Gatekeeper {
    /// Whether a Setup of a registered endpoint, `octets` of Q.931 that came from `from`, may be taken: where Setup must be
    /// signed it is, by the same rules as what the endpoint sends over RAS. What is refused is counted.
    pub(in crate::gatekeeper) fn is_setup_shown(
        &mut self,
        from: SocketAddr,
        caller: u64,
        setup: &SetupUuie,
        octets: &[u8],
    ) -> bool {
        if !self.settings.authentication.signed_setup {
            return true;
        }
        let Some(registration) = self.registrations.get(caller) else { return false };
        let peer = Peer { address: from, ..registration.peer };
        let owners = self.owner_of(registration).cloned().into_iter().collect();
        let matter = Matter { number: Some(caller), owners, ..Matter::default() };
        let tokens = Tokens {
            clear: setup.tokens.as_deref().unwrap_or_default(),
            crypto: setup.crypto_tokens.as_deref().unwrap_or_default(),
        };
        self.check_tokens(&peer, tokens, &matter, octets).is_ok()
    }

    /// The octets of Q.931 of a Setup of ours to an endpoint, as `write` writes them with a token or without: signed where
    /// Setup must be and the endpoint signs by procedure I.
    pub(in crate::gatekeeper) fn signed_setup(
        &mut self,
        number: u64,
        write: impl FnOnce(Option<CryptoH323Token>) -> Option<Vec<u8>>,
    ) -> Option<Vec<u8>> {
        let signer = self.signer_for(number).filter(|_| self.settings.authentication.signed_setup);
        let Some(signer) = signer else { return write(None) };
        let theirs = self.registrations.get(number).and_then(|it| BmpString::new(it.identifier.as_str()));
        let ours = self.our_identifier();
        let (claim, marker) = self.our_claim(theirs, ours);
        let octets = write(Some(procedure1::unsigned_token(&claim, marker)))?;
        procedure1::seal(octets, &signer.credential.key, marker).ok()
    }
}
