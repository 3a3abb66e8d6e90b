//! The people of XMPP domains as agents of the engine, and those of here as they appear to them.
//!
//! Each bare JID with which there is something to do is one agent that takes part in presence and takes messages. Each
//! of its available clients is another, which only shows what it says of itself. What the engine knows durably (who
//! watches whom, what waits) it tells again after a start, so nothing of this is stored here.

mod effects;
mod message;
mod presence;
mod replies;

mod rooms;
mod sent;
mod services;
mod stanzas;
mod subscription;
mod tickets;
mod user;
mod users;

use crate::counter::Counters;
use crate::random::Random;
use crate::streams::Outgoing;
use crate::translation::presence::Encoded;
use crate::wire::{Element, Jid};
use message::UnderWay;
use model::address::Domain;
use model::{
    Address, AgentId, Claim, GatewayId, Instant, Millis, NamedAddress, Now, PresenceDocument, PresenceState,
    Request, Strength,
};
use replies::Replies;
use rooms::Rooms;
use sent::Sent;
use std::collections::VecDeque;
use std::sync::Arc;
use tickets::{Asked, Tickets};
use user::{Contact, User};
use users::Users;

/// What the operator decides about it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The domain of those who are served here.
    pub domain: Domain,
    /// The domain of rooms.
    pub rooms_domain: Domain,
    /// The most people of other domains at a time.
    pub users_max: usize,
    /// The most clients of one of them.
    pub clients_per_user_max: usize,
    /// Who of other domains is told by commands what operators are.
    pub operators: Vec<Address>,
    /// Where it is told on the web what is out of order (XEP-0455).
    pub outage_addresses: Vec<String>,
    /// The picture of everybody who is served here.
    pub avatar: Option<Avatar>,
    /// After what time somebody is forgotten with whom nobody has to do.
    pub forget_after: Millis,
}

/// A picture.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Avatar {
    /// What it is, for example `image/png`.
    pub media_type: String,
    /// Its octets.
    pub octets: Vec<u8>,
}

/// What is between the engine and the streams.
pub(crate) struct Gateway {
    id: GatewayId,
    settings: Settings,
    users: Users,
    tickets: Tickets,
    /// Messages that came from users who want to hear of them.
    sent: Sent,
    /// Messages that are under way to users, by the tag under which the streams have them.
    under_way: UnderWay,
    /// The document that was encoded last, since its watchers come one after the other.
    encoded: Option<(Arc<PresenceDocument>, Encoded)>,
    /// What every presence of ours has in it.
    common: Vec<u8>,
    /// When somebody asked first for how long it runs, or it began to run.
    started_at: Option<Instant>,
    rooms: Rooms,
    replies: Replies,
    /// Answers that say that what came before them is kept, until it is.
    pongs: VecDeque<(u64, Element)>,
    random: Random,
    outputs: VecDeque<Output>,
    counters: Counters,
}

/// What the gateway wants done.
#[derive(Debug)]
pub(crate) enum Output {
    /// Ask the engine.
    Request(Request),
    /// Send a stanza.
    Stanza(Outgoing),
    /// Tell the operator's log.
    Event {
        /// A stable name.
        name: &'static str,
        /// One sentence.
        text: String,
    },
}

impl Gateway {
    /// A gateway that knows nobody. `seed` is secret and random.
    pub(crate) fn new(id: GatewayId, settings: Settings, seed: [u8; 32]) -> Self {
        let common = services::capabilities(settings.avatar.as_ref());
        Self {
            id,
            settings,
            users: Users::default(),
            tickets: Tickets::default(),
            sent: Sent::default(),
            under_way: UnderWay::default(),
            encoded: None,
            common,
            started_at: None,
            rooms: Rooms::default(),
            replies: Replies::default(),
            pongs: VecDeque::new(),
            random: Random::new(seed),
            outputs: VecDeque::new(),
            counters: Counters::default(),
        }
    }

    /// The next thing it wants done.
    pub(crate) fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// Forgets people with whom nobody has had to do for a while.
    pub(crate) fn timeout(&mut self, now: Now) {
        let before = Instant(now.instant.0.saturating_sub(self.settings.forget_after.0));
        for _ in 0..FORGOTTEN_PER_TURN {
            let Some(address) = self.users.pop_idle(before) else { break };
            if !self.rooms.has(&address) {
                self.forget(now, &address);
            }
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.users.deadline(self.settings.forget_after)
    }

    pub(crate) fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Makes sure that somebody is claimed. Gives back whether there is room.
    fn claim(&mut self, now: Now, jid: &Jid, address: &Address, strength: Strength) -> bool {
        if let Some(user) = self.users.get_mut(address) {
            user.active_at = now.instant;
            // Who has come by a better way is who it says it is also where it comes by another.
            if strength <= user.strength {
                return true;
            }
            user.strength = strength;
        } else {
            if self.users.len() >= self.settings.users_max {
                let Some(idle) = self.users.pop_idle(now.instant) else {
                    self.counters.users_refused += 1;
                    return false;
                };
                self.forget(now, &idle);
            }
            self.users.insert(User::new(jid.bare(), address.clone(), strength, now.instant));
            self.users.rest(address, now.instant);
        }
        let Some(agent) = self.agent(address) else { return false };
        let claim = Claim {
            agent,
            aliases: vec![self.foreign(address)],
            inferred: true,
            has_presence: true,
            has_messaging: true,
            strength,
            device: String::new(),
            description: format!("XMPP {}", jid.bare_text()),
        };
        let ticket = self.tickets.issue(Asked::ToClaim(address.clone()));
        self.outputs.push_back(Output::Request(Request::Claim { ticket, claim }));
        self.observe(agent, PresenceState::Unknown, now.wall, presence::KNOWN);
        true
    }

    fn forget(&mut self, now: Now, address: &Address) {
        if let Some((number, _)) = self.users.remove(address) {
            let agent = AgentId { gateway: self.id, number };
            let (at, reason) = (now.wall, FORGOTTEN.to_owned());
            self.outputs.push_back(Output::Request(Request::Depart { agent, at, reason, is_farewell: true }));
        }
    }

    /// The agent that stands for a user.
    fn agent(&mut self, user: &Address) -> Option<AgentId> {
        self.users.get(user)?;
        let number = self.users.agent(user);
        Some(AgentId { gateway: self.id, number })
    }

    fn ask(&mut self, now: Now, user: &Address, request: Request) {
        self.touch(now, user);
        self.outputs.push_back(Output::Request(request));
    }

    fn touch(&mut self, now: Now, user: &Address) {
        if let Some(user) = self.users.get_mut(user) {
            user.active_at = now.instant;
        }
    }

    /// What there is between a user and somebody of here.
    fn contact(&self, user: &Address, contact: &Address) -> Contact {
        self.users.get(user).map(|user| user.contact(contact)).unwrap_or_default()
    }

    fn change(&mut self, user: &Address, contact: &Address, change: impl FnOnce(&mut Contact)) {
        if let Some(user) = self.users.get_mut(user) {
            user.change(contact, change);
        }
    }

    /// Notes that a user may be forgotten, if that is so.
    fn rest(&mut self, now: Now, user: &Address) {
        if self.users.get(user).is_some_and(User::is_idle) && !self.rooms.has(user) {
            self.users.rest(user, now.instant);
        }
    }

    /// A user by the name that its network has for it.
    fn foreign(&self, user: &Address) -> NamedAddress {
        let original = self.users.get(user).map(|user| user.jid.to_string());
        let original = original.unwrap_or_else(|| Jid::of(user).to_string());
        NamedAddress { address: user.clone(), kind: KIND.to_owned(), original }
    }

    /// Somebody of here, as users write it.
    fn named(&self, contact: &Address) -> NamedAddress {
        let original = Jid::of(contact).to_string();
        NamedAddress { address: contact.clone(), kind: KIND.to_owned(), original }
    }

    fn send(&mut self, stanza: &Element, from: &str, to: &str) {
        let mut octets = Vec::with_capacity(256);
        stanza.write(&mut octets);
        let (from, to) = (from.to_owned(), to.to_owned());
        self.outputs.push_back(Output::Stanza(Outgoing { from, to, octets, tag: None, late: Vec::new() }));
    }
}

/// The kind of names of this network.
const KIND: &str = "xmpp";

/// The most people who are forgotten at a time.
const FORGOTTEN_PER_TURN: usize = 1024;

/// Why agents of people are gone who are forgotten.
const FORGOTTEN: &str = "nobody here has to do with it";
