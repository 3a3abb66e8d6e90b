//! An endpoint that shows who it is, with a real gatekeeper that wants to see it.

use crate::world::*;
use codec::per;
use h323::alias::Zone;
use h323::endpoint::{Credentials, Endpoint, Output, Settings};
use h323::gatekeeper;
use h323::security::token::{set_tokens, tokens};
use h323::security::{Method, key_of};
use h323::wire::h225::RasMessage;
use link::{ChannelId, Command, Input, Link};
use model::address::{DialPlan, Domain, PseudonymKey};
use model::{Address, Credential, Effect, GatewayId, Instant, Now, Password, Request, Timestamp};

fn password(text: &str) -> Password {
    Password::new(text).unwrap()
}

fn zone() -> Zone {
    Zone {
        domain: Domain::parse("example.com").unwrap(),
        foreign: Default::default(),
        dial_plan: DialPlan::default(),
        service_codes: Default::default(),
        configured: Default::default(),
        pseudonym_key: PseudonymKey::new([7; 32]),
    }
}

/// An endpoint and a gatekeeper that requires passwords; what either says goes through `changed` on its way.
struct Pair {
    endpoint: Endpoint,
    gatekeeper: gatekeeper::Gatekeeper,
    changed: fn(bool, Vec<u8>) -> Vec<u8>,
    events: Vec<serde_json::Value>,
}

const NOW: Now = Now { instant: Instant(1000), wall: Timestamp(EPOCH) };

impl Pair {
    fn new(method: Method, secret: &str) -> Self {
        let mut settings = gatekeeper::Settings::new(zone());
        settings.authentication.mode = gatekeeper::Authentication::Require;
        let mut gatekeeper = gatekeeper::Gatekeeper::new(GatewayId(0), settings, [1; 32]);
        let credential = Credential {
            name: "alice".into(),
            addresses: Box::new([Address::parse("alice@example.com").unwrap()]),
            networks: Box::default(),
            key: key_of(&password("secret")),
            password: Some(password("secret")),
        };
        gatekeeper.command(NOW, Command::SetUser(Box::new(credential))).unwrap();
        let credentials = Credentials { user: "alice".to_owned(), password: password(secret), method };
        let endpoint = Endpoint::new(Settings { credentials: Some(credentials), ..settings_of_alice() }, 1);
        Self { endpoint, gatekeeper, changed: |_, octets| octets, events: Vec::new() }
    }

    fn command(&mut self, line: &str) {
        self.endpoint.command(NOW, line.parse().unwrap());
        let mut is_busy = true;
        while is_busy {
            is_busy = self.endpoint_speaks() | self.gatekeeper_speaks();
        }
    }

    fn endpoint_speaks(&mut self) -> bool {
        let mut has_spoken = false;
        while let Some(output) = self.endpoint.poll() {
            match output {
                Output::Datagram { octets, .. } => {
                    let octets = (self.changed)(true, octets);
                    let (peer, local) = (ras_address(ALICE), gatekeeper_address());
                    let input = Input::Datagram { peer, local, to_many: false, octets: &octets };
                    self.gatekeeper.receive(NOW, ChannelId(0), input);
                }
                Output::Event(event) => self.events.push(serde_json::to_value(&event).unwrap()),
                _ => {}
            }
            has_spoken = true;
        }
        has_spoken
    }

    fn gatekeeper_speaks(&mut self) -> bool {
        let mut has_spoken = false;
        while let Some(output) = self.gatekeeper.poll() {
            match output {
                link::Output::Datagram { octets, .. } => {
                    let octets = (self.changed)(false, octets);
                    self.endpoint.datagram(NOW, gatekeeper_address(), &octets);
                }
                link::Output::Request(Request::Claim { ticket, claim }) => {
                    let presentity = claim.aliases[0].address.clone();
                    let claimed = Effect::Claimed { ticket, agent: claim.agent, presentity, new_names: 0 };
                    self.gatekeeper.apply(NOW, claimed);
                }
                _ => {}
            }
            has_spoken = true;
        }
        has_spoken
    }

    fn has(&self, event: &str) -> bool {
        self.events.iter().any(|told| told["event"] == event)
    }

    fn status(&mut self) -> serde_json::Value {
        self.command("status");
        self.events.pop().unwrap()
    }
}

fn settings_of_alice() -> Settings {
    settings(ALICE)
}

#[test]
fn an_endpoint_with_a_password_registers_and_leaves_by_every_method() {
    for method in Method::ALL {
        let mut pair = Pair::new(method, "secret");
        pair.command("register");
        assert!(pair.has("registered"), "{method:?}: {:?}", pair.events);
        pair.command("unregister");
        assert!(pair.has("unregistered"), "{method:?}: {:?}", pair.events);
        assert_eq!(pair.status()["counters"]["unsigned"], 0);
    }
}

#[test]
fn an_endpoint_with_a_wrong_password_is_told_so() {
    for method in Method::ALL {
        let mut pair = Pair::new(method, "Secret");
        pair.command("register");
        let refused = pair.events.iter().find(|told| told["event"] == "registrationRejected");
        assert_eq!(refused.unwrap()["reason"], "securityDenial", "{method:?}");
    }
}

//
#[test]
fn an_endpoint_believes_nobody_who_changes_what_its_gatekeeper_signed() {
    let mut pair = Pair::new(Method::Procedure1, "secret");
    pair.changed = |to_gatekeeper, octets| match per::decode(&octets).unwrap() {
        RasMessage::RegistrationConfirm(mut confirm) if !to_gatekeeper => {
            confirm.will_respond_to_irr = Some(true);
            per::encode(&RasMessage::RegistrationConfirm(confirm)).unwrap()
        }
        _ => octets,
    };
    pair.command("register");
    assert!(!pair.has("registered"), "{:?}", pair.events);
    assert_eq!(pair.status()["counters"]["unsigned"], 1);
}

#[test]
fn a_gatekeeper_that_has_signed_once_must_go_on_to() {
    let mut pair = Pair::new(Method::Procedure1, "secret");
    pair.command("register");
    pair.changed = |to_gatekeeper, octets| {
        let mut message: RasMessage = per::decode(&octets).unwrap();
        if to_gatekeeper || tokens(&message).is_empty() {
            return octets;
        }
        set_tokens(&mut message, Vec::new(), Vec::new());
        per::encode(&message).unwrap()
    };
    pair.command("call bob");
    // The refusal of a call may be anybody's; to grant one takes the password.
    assert!(pair.has("admissionRejected"), "{:?}", pair.events);
}
