//! Whether a message comes from whom it must come from.

use super::Authentication;
use crate::alias::{Alias, canonical};
use crate::gatekeeper::link::Gatekeeper;
use crate::gatekeeper::registration::{Peer, Registration};
use crate::gatekeeper::request::Asker;
use crate::security::token::{Token, Tokens, tokens};
use crate::security::window::Stale;
use crate::security::{Method, can, cat, password_hash, procedure1};
use crate::wire::h225::{AliasAddress, RasMessage};
use crate::wire::h235::Identifier;
use codec::per::BmpString;
use model::{Address, Credential, Strength};
use std::net::IpAddr;
use std::sync::Arc;

/// Who has signed a request. Where that was by procedure I, its answer is signed with the same key.
#[derive(Clone, Debug)]
pub(in crate::gatekeeper) struct Signer {
    pub(super) method: Method,
    pub(super) credential: Arc<Credential>,
    /// What the sender calls itself, to whom the answer is.
    pub(super) senders_id: Option<Identifier>,
    /// What it calls us.
    pub(super) general_id: Option<Identifier>,
}

/// Why a message is refused. Its sender is told only the difference between these three.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::gatekeeper) enum Insecure {
    Denied,
    Skew,
    Replay,
}

/// What a message is about, as far as that decides who may send it.
#[derive(Default)]
pub(super) struct Matter {
    /// The addresses that it registers.
    pub names: Vec<Address>,
    /// The registration that speaks, or is renewed.
    pub number: Option<u64>,
    /// Whose these are.
    pub owners: Vec<Arc<Credential>>,
    /// Whether it may come without a token.
    pub is_unsigned_tolerated: bool,
}

impl Gatekeeper {
    /// Who has signed a message, where that matters; `None` where it does not.
    ///
    /// # Errors
    /// Somebody else must have signed it, or it is not the first of its kind; it is counted.
    pub(in crate::gatekeeper) fn check_message(
        &mut self,
        peer: &Peer,
        message: &RasMessage,
        octets: &[u8],
    ) -> Result<Option<Signer>, Insecure> {
        if self.registers_what_is_barred(peer, message) {
            return Err(Insecure::Denied);
        }
        let mode = self.settings.authentication.of(peer.address.ip());
        let is_idle = self.security.users.is_empty() && mode != Authentication::Require;
        if mode == Authentication::Off || is_idle {
            return Ok(None);
        }
        let Some(matter) = self.matter_of(peer, message) else { return Ok(None) };
        self.check_tokens(peer, tokens(message), &matter, octets)
    }

    /// The same for the tokens of a message whose matter is known.
    pub(super) fn check_tokens(
        &mut self,
        peer: &Peer,
        all: Tokens<'_>,
        matter: &Matter,
        octets: &[u8],
    ) -> Result<Option<Signer>, Insecure> {
        let mode = self.settings.authentication.of(peer.address.ip());
        if mode == Authentication::Off {
            return Ok(None);
        }
        let is_needed =
            !matter.is_unsigned_tolerated && (mode == Authentication::Require || !matter.owners.is_empty());
        let Some(token) = all.strongest(&self.settings.authentication.methods) else {
            if !is_needed {
                return Ok(None);
            }
            let counters = &mut self.counters;
            *if all.is_empty() { &mut counters.unsigned } else { &mut counters.tokens_unusable } += 1;
            return Err(self.denied(peer, "it is not signed in a way that counts here"));
        };
        let sender = self.sender_of(&token, matter);
        // Who is no user and wants nothing of one goes on as if he had not signed.
        if sender.is_none() && matter.owners.is_empty() && mode == Authentication::Offer {
            return Ok(None);
        }
        self.check_token(peer, &token, sender, matter, octets)
    }

    /// Checks a token of somebody who must be known by it.
    fn check_token(
        &mut self,
        peer: &Peer,
        token: &Token<'_>,
        sender: Option<Arc<Credential>>,
        matter: &Matter,
        octets: &[u8],
    ) -> Result<Option<Signer>, Insecure> {
        let now = self.security.seconds();
        if self.security.window.check(now, token.time().0).is_err() {
            self.counters.tokens_skewed += 1;
            let distance = i64::from(token.time().0) - now as i64;
            let text = |_: &Self| {
                format!("the clock of {} is {distance} s from ours, or it was replayed", peer.address)
            };
            self.detail("security.skew", text);
            return Err(Insecure::Skew);
        }
        if let Token::Procedure1(claim, _) = token
            && !self.is_for_us(claim.general_id.as_ref())
        {
            self.counters.tokens_for_others += 1;
            return Err(self.denied(peer, "its token is for another gatekeeper"));
        }
        // Nobody's password is compared too, so that it takes as long as a user's.
        let known = sender.clone().filter(|sender| can(sender, token.method()));
        let credential = known.as_ref().unwrap_or(&self.security.nobody);
        let is_right = is_made_by(token, credential, octets);
        let Some(credential) = known.filter(|_| is_right) else {
            let counters = &mut self.counters;
            *if sender.is_none() { &mut counters.strangers } else { &mut counters.passwords_wrong } += 1;
            return Err(self.denied(peer, "its user is not known, or the password is wrong"));
        };
        let from: IpAddr = peer.address.ip();
        if let Err(Stale::Skew | Stale::Replay) =
            self.security.window.take(now, &credential.name, token.time(), from)
        {
            self.counters.tokens_replayed += 1;
            let text = |_: &Self| format!("{} sent a token of {} again", peer.address, credential.name);
            self.detail("security.replay", text);
            return Err(Insecure::Replay);
        }
        // Who speaks for a network registers there what belongs to nobody.
        let speaks_here = credential.networks.iter().any(|network| network.contains(from));
        let owns = |name: &Address| {
            credential.addresses.contains(name) || speaks_here && self.security.owner(name).is_none()
        };
        let is_own = matter.owners.iter().all(|owner| owner.name == credential.name);
        if !is_own || !matter.names.iter().all(owns) {
            self.counters.names_forged += 1;
            return Err(self.denied(peer, "its user does not own what it is about"));
        }
        self.counters.signed += 1;
        let method = token.method();
        if let Some(number) = matter.number {
            self.security.note(number, method);
        }
        let (senders_id, general_id) = match token {
            Token::Procedure1(claim, _) => (claim.senders_id.clone(), claim.general_id.clone()),
            _ => (None, None),
        };
        Ok(Some(Signer { method, credential, senders_id, general_id }))
    }

    fn denied(&mut self, peer: &Peer, why: &str) -> Insecure {
        self.detail("security.denied", |_| format!("a message of {} was refused: {why}", peer.address));
        Insecure::Denied
    }

    /// The user that a token says it is of: by the identifier of a registration, by name, or by an address. Some tokens say
    /// nothing of use; those are of whom the message is about.
    fn sender_of(&self, token: &Token<'_>, matter: &Matter) -> Option<Arc<Credential>> {
        let only = || matter.owners.first().cloned();
        let Some(name) = token.sender() else { return only() };
        let registration = self.registrations.by_identifier(&name);
        let registered = registration.and_then(|registration| self.owner_of(registration));
        let by_address = || {
            let address = canonical(&Alias::parse_typed(&name).ok()?, &self.settings.zone).ok()?;
            self.security.owner(&address)
        };
        let named = registered.or_else(|| self.security.users.get(name.as_str())).or_else(by_address);
        // After a restart of ours an endpoint may sign with an identifier that is none any more.
        let forgotten = || if token.method() == Method::Procedure1 { only() } else { None };
        named.cloned().or_else(forgotten)
    }

    pub(super) fn owner_of(&self, registration: &Registration) -> Option<&Arc<Credential>> {
        let names = registration.names.iter().map(|name| &name.address);
        let owner =
            registration.presentity.iter().chain(names).find_map(|address| self.security.owner(address));
        owner.or_else(|| self.security.of_network(registration.peer.address.ip()))
    }

    /// Whether who asks may be a device of a presentity: the engine knows names of it that no user is said to own.
    pub(in crate::gatekeeper) fn may_be(&mut self, asker: &Asker, presentity: &Address) -> bool {
        if self.security.is_barred(presentity) {
            self.counters.disabled += 1;
            return false;
        }
        let Some(owner) = self.security.owner(presentity) else { return true };
        let signer = asker.key.and_then(|key| self.replies.signer(key));
        let is_owner = signer.is_some_and(|signer| signer.credential.name == owner.name);
        let is_asked = self.settings.authentication.of(asker.peer.address.ip()) != Authentication::Off;
        if is_asked && !is_owner {
            self.counters.names_forged += 1;
            self.denied(&asker.peer, "one of its names belongs to a user");
        }
        is_owner || !is_asked
    }

    /// How surely who asks is who it says it is.
    pub(in crate::gatekeeper) fn strength_of(&self, asker: &Asker) -> Strength {
        let is_signed = asker.key.is_some_and(|key| self.replies.signer(key).is_some());
        if is_signed { Strength::Password } else { Strength::Claimed }
    }

    /// What a message is about; `None` where anybody may send it: answers to what we asked have a number that only who
    /// read it knows.
    fn matter_of(&self, peer: &Peer, message: &RasMessage) -> Option<Matter> {
        let mut matter = Matter::default();
        let identifier = match message {
            RasMessage::GatekeeperRequest(request) => {
                matter.names = self.names_in(request.endpoint_alias.as_deref().unwrap_or_default());
                // It comes before the method is agreed, and does nothing.
                matter.is_unsigned_tolerated = true;
                None
            }
            RasMessage::RegistrationRequest(request) => {
                matter.names = self.names_in(request.terminal_alias.as_deref().unwrap_or_default());
                let renewed = request.call_signal_address.iter().find_map(|address| {
                    let renewed = self.registrations.by_call_signal(address.socket_address()?)?;
                    (renewed.peer.address.ip() == peer.address.ip()).then_some(renewed.number)
                });
                matter.number = renewed;
                request.endpoint_identifier.as_ref()
            }
            RasMessage::UnregistrationRequest(request) => {
                matter.number = self.registrations.by_peer(peer.address).map(|it| it.number);
                request.endpoint_identifier.as_ref()
            }
            RasMessage::ServiceControlIndication(request) => {
                matter.number = self.registrations.by_peer(peer.address).map(|it| it.number);
                request.endpoint_identifier.as_ref()
            }
            RasMessage::AdmissionRequest(request) => Some(&request.endpoint_identifier),
            RasMessage::BandwidthRequest(request) => Some(&request.endpoint_identifier),
            RasMessage::DisengageRequest(request) => Some(&request.endpoint_identifier),
            RasMessage::InfoRequestResponse(request) => Some(&request.endpoint_identifier),
            RasMessage::ResourcesAvailableIndicate(request) => Some(&request.endpoint_identifier),
            RasMessage::LocationRequest(request) => request.endpoint_identifier.as_ref(),
            _ => return None,
        };
        let named = identifier.and_then(|it| self.registrations.by_identifier(&it.to_string()));
        let speaking = named.or_else(|| self.registrations.get(matter.number?));
        matter.number = speaking.map(|registration| registration.number);
        matter.owners.extend(matter.names.iter().filter_map(|name| self.security.owner(name).cloned()));
        matter.owners.extend(speaking.and_then(|registration| self.owner_of(registration)).cloned());
        if matter.owners.is_empty() {
            matter.owners.extend(self.security.of_network(peer.address.ip()).cloned());
        }
        matter.is_unsigned_tolerated |= !self.is_signed_by_custom(&matter, message);
        Some(matter)
    }

    /// The addresses that an endpoint with these aliases would have.
    pub(super) fn names_in(&self, aliases: &[AliasAddress]) -> Vec<Address> {
        let names = self.read_names(aliases, &[]).unwrap_or_default();
        names.into_iter().map(|name| name.address).collect()
    }

    /// Whether endpoints that use the method of whom a message is about sign this kind of message.
    fn is_signed_by_custom(&self, matter: &Matter, message: &RasMessage) -> bool {
        if matter.owners.is_empty() {
            return true;
        }
        let known = matter.number.and_then(|number| self.security.methods.get(&number).copied());
        // Of a user without a password only the strongest can come; else the weakest may.
        let is_strong = matter.owners.first().is_some_and(|owner| owner.password.is_none());
        let method = known.unwrap_or(if is_strong { Method::Procedure1 } else { Method::Cat });
        method.signs(message)
    }

    /// Who our requests to a registration are signed for, where it uses procedure I.
    pub(super) fn signer_for(&self, number: u64) -> Option<Signer> {
        let method =
            self.security.methods.get(&number).copied().filter(|method| *method == Method::Procedure1)?;
        let credential = self.owner_of(self.registrations.get(number)?)?.clone();
        Some(Signer { method, credential, senders_id: None, general_id: None })
    }

    /// What tokens of ours say that they are of, where their endpoint has not named us.
    pub(super) fn our_identifier(&self) -> Option<Identifier> {
        BmpString::new(&self.settings.gatekeeper_identifier)
    }
}

fn is_made_by(token: &Token<'_>, credential: &Credential, octets: &[u8]) -> bool {
    let password = credential.password.as_ref();
    match token {
        Token::Procedure1(_, hash) => procedure1::is_signed(octets, hash, &credential.key),
        Token::Md5(alias, token) => {
            password.is_some_and(|password| password_hash::is_made_with(token, alias, password))
        }
        Token::Cat(claim) => password.is_some_and(|password| cat::is_made_with(claim, password)),
    }
}
