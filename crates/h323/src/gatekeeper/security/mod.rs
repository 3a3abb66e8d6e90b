//! Who may say what: users, their tokens (H.235), and what is answered to who can't show who he is.
//!
//! A user owns addresses. Nobody else may register them, and what comes from a registration that has one must come from
//! that user. `check` decides that about each message, `answer` refuses and signs.

mod answer;
mod check;
mod disabled;
mod settings;
mod setup;

pub use settings::{Authentication, AuthenticationSettings};

pub(super) use check::Signer;

use super::link::Gatekeeper;
use crate::security::Method;
use crate::security::window::Window;
use model::{Address, Credential, Network, Password, PasswordKey, Timestamp};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

/// The users, and what is known of their tokens.
#[derive(Debug)]
pub(super) struct Security {
    /// The time of the present input, for what is signed.
    pub now: Timestamp,
    users: HashMap<Arc<str>, Arc<Credential>>,
    owners: HashMap<Address, Arc<Credential>>,
    /// Those who speak for networks, the smallest network first.
    networks: Vec<(Network, Arc<Credential>)>,
    /// The addresses of those users who may not register.
    disabled: HashMap<Arc<str>, Box<[Address]>>,
    /// All those addresses. Two users may have one, by a mistake of their directory.
    barred: HashMap<Address, usize>,
    window: Window,
    /// The method by which a registration shows who it is, once it has; by its number.
    methods: HashMap<u64, Method>,
    /// Compared where nobody has the name, so that it takes as long.
    nobody: Arc<Credential>,
    /// The number of the last token of ours.
    last_random: u32,
}

impl Security {
    /// No users. `octets` are random and secret.
    pub fn new(settings: &AuthenticationSettings, octets: [u8; 20]) -> Self {
        let password: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
        Self {
            now: Timestamp(0),
            users: HashMap::new(),
            owners: HashMap::new(),
            networks: Vec::new(),
            disabled: HashMap::new(),
            barred: HashMap::new(),
            window: Window::new(settings.window),
            methods: HashMap::new(),
            nobody: Arc::new(Credential {
                name: "".into(),
                addresses: Box::default(),
                networks: Box::default(),
                key: PasswordKey::from_octets(octets),
                password: Password::new(&password),
            }),
            last_random: 0,
        }
    }

    /// The present time in seconds since 1970, as tokens have it.
    fn seconds(&self) -> u64 {
        u64::try_from(self.now.0 / 1000).unwrap_or_default()
    }

    /// Whose an address is.
    fn owner(&self, address: &Address) -> Option<&Arc<Credential>> {
        self.owners.get(address)
    }

    /// Whose password endpoints of an address need for what belongs to nobody.
    fn of_network(&self, address: IpAddr) -> Option<&Arc<Credential>> {
        self.networks.iter().find(|(network, _)| network.contains(address)).map(|(_, credential)| credential)
    }

    fn set(&mut self, credential: Credential) {
        self.remove(&credential.name);
        let credential = Arc::new(credential);
        for address in &credential.addresses {
            self.owners.insert(address.clone(), credential.clone());
        }
        self.networks.extend(credential.networks.iter().map(|network| (*network, credential.clone())));
        self.networks.sort_by_key(|(network, _)| std::cmp::Reverse(network.prefix()));
        self.users.insert(credential.name.clone(), credential);
    }

    fn remove(&mut self, name: &str) {
        self.enable(name);
        if let Some(removed) = self.users.remove(name) {
            for address in &removed.addresses {
                if self.owners.get(address).is_some_and(|owner| &*owner.name == name) {
                    self.owners.remove(address);
                }
            }
            self.networks.retain(|(_, owner)| &*owner.name != name);
        }
    }

    /// A registration shows who it is by this.
    fn note(&mut self, number: u64, method: Method) {
        self.methods.insert(number, method);
    }

    /// Whether an endpoint that discovers us is told how to sign: one that must, or that does not say yet who it is.
    fn asks(&self, mode: Authentication, has_owner: bool, is_nameless: bool) -> bool {
        match mode {
            Authentication::Off => false,
            Authentication::Offer => has_owner || (is_nameless && !self.users.is_empty()),
            Authentication::Require => true,
        }
    }

    /// A number that no other token of ours has, within this second and long after.
    const fn next_random(&mut self) -> u32 {
        self.last_random = self.last_random.wrapping_add(1) & 0x7fff_ffff;
        self.last_random
    }

    /// A registration has ended.
    pub fn forget(&mut self, number: u64) {
        self.methods.remove(&number);
    }
}

impl Gatekeeper {
    /// A user is known from now on by this. What was seen of the user's tokens stays known.
    pub(super) fn set_user(&mut self, credential: Credential) {
        self.security.set(credential);
    }

    pub(super) fn remove_user(&mut self, name: &str) {
        self.security.remove(name);
        let Security { users, window, .. } = &mut self.security;
        window.retain(|name| users.contains_key(name));
    }
}
