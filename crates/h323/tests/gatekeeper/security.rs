//! Users and their tokens: who may register what, and who speaks for a registration.

mod setup;

use crate::restart::{restarted, snapshot};
use crate::world::{Room, World, alias};
use codec::per::{self, BmpString};
use h323::gatekeeper::Authentication;
use h323::security::token::{Token, set_tokens, tokens};
use h323::security::{Method, cat, key_of, password_hash, procedure1};
use h323::wire::h225::*;
use h323::wire::h235::{AuthenticationBes, AuthenticationMechanism};
use link::Command;
use model::{Address, Credential, Effect, Password, Ticket};

fn password(text: &str) -> Password {
    Password::new(text).unwrap()
}

fn user(name: &str, addresses: &[&str], secret: &str) -> Command {
    Command::SetUser(Box::new(Credential {
        name: name.into(),
        addresses: addresses.iter().map(|address| Address::parse(address).unwrap()).collect(),
        networks: Box::default(),
        key: key_of(&password(secret)),
        password: Some(password(secret)),
    }))
}

/// A gatekeeper that knows alice, with a name and a number, and bob.
fn world_in(mode: Authentication) -> World {
    let mut world = World::with(|settings| settings.authentication.mode = mode);
    world.command(user("alice", &["alice@example.com", "4004@example.com"], "secret"));
    world.command(user("bob", &["bob@example.com"], "builder"));
    world
}

fn world() -> World {
    world_in(Authentication::Offer)
}

/// An endpoint that signs.
struct Endpoint {
    room: Room,
    user: String,
    password: Password,
    method: Method,
    /// How far its clock is ahead of the gatekeeper's, in seconds.
    ahead: i64,
    general_id: Option<&'static str>,
    tokens: i64,
}

impl Endpoint {
    fn new(host: &str, aliases: &[&str], user: &str, secret: &str) -> Self {
        let (room, user) = (Room::new(host, aliases), user.to_owned());
        let (password, method) = (password(secret), Method::Procedure1);
        Self { room, user, password, method, ahead: 0, general_id: Some("Herald"), tokens: 0 }
    }

    fn alice() -> Self {
        Self::new("192.0.2.10", &["alice", "4004"], "alice", "secret")
    }

    /// Signs a message and gives its octets.
    fn signed(&mut self, world: &World, message: &RasMessage) -> Vec<u8> {
        self.tokens += 1;
        let now = (world.now.wall.0 / 1000 + self.ahead) as u32;
        let mut message = message.clone();
        match self.method {
            Method::Procedure1 => {
                let claim = procedure1::Claim {
                    general_id: self.general_id.and_then(BmpString::new),
                    senders_id: BmpString::new(&self.user),
                    time_stamp: now,
                    random: self.tokens,
                };
                let encode = |token| {
                    assert!(set_tokens(&mut message, Vec::new(), vec![token]));
                    per::encode(&message)
                };
                procedure1::sign(&claim, &key_of(&self.password), *b"tWelVe~Octet", encode).unwrap()
            }
            Method::Md5 => {
                let token = password_hash::make(alias(&self.user), &self.password, now).unwrap();
                assert!(set_tokens(&mut message, Vec::new(), vec![token]));
                per::encode(&message).unwrap()
            }
            Method::Cat => {
                let token = cat::make(&self.user, &self.password, now, self.tokens as u8).unwrap();
                assert!(set_tokens(&mut message, vec![token], Vec::new()));
                per::encode(&message).unwrap()
            }
        }
    }

    fn ask(&mut self, world: &mut World, message: &RasMessage) -> RasMessage {
        let octets = self.signed(world, message);
        let mut answers = world.octets(&self.room.ras.clone(), false, &octets);
        assert_eq!(answers.len(), 1, "{answers:?}");
        answers.remove(0)
    }

    fn register(&mut self, world: &mut World) -> RasMessage {
        let request = RasMessage::RegistrationRequest(self.room.registration(world).into());
        let answer = self.ask(world, &request);
        if let RasMessage::RegistrationConfirm(confirm) = &answer {
            self.room.identifier = Some(confirm.endpoint_identifier.to_string());
        }
        answer
    }
}

fn is_confirmed(answer: &RasMessage) -> bool {
    matches!(answer, RasMessage::RegistrationConfirm(_))
}

fn reason(answer: &RasMessage) -> &RegistrationRejectReason {
    let RasMessage::RegistrationReject(reject) = answer else { panic!("{answer:?}") };
    &reject.reject_reason
}

fn is_denied(answer: &RasMessage) -> bool {
    reason(answer) == &RegistrationRejectReason::SecurityDenial
}

#[test]
fn who_signs_with_the_right_password_registers_by_every_method() {
    for method in Method::ALL {
        let mut world = world();
        let mut alice = Endpoint { method, ..Endpoint::alice() };
        let answer = alice.register(&mut world);
        assert!(is_confirmed(&answer), "{method:?}: {answer:?}");
        assert_eq!(world.counter("security.signed"), 1);
    }
}

// covers: F-13
#[test]
fn a_wrong_password_and_an_unknown_user_read_the_same() {
    for method in Method::ALL {
        let mut world = world_in(Authentication::Require);
        let mut wrong = Endpoint { method, password: password("Secret"), ..Endpoint::alice() };
        let mut unknown = Endpoint { method, ..Endpoint::new("192.0.2.10", &["zoe"], "zoe", "secret") };
        let [mut one, mut other] = [wrong.register(&mut world), unknown.register(&mut world)];
        for answer in [&mut one, &mut other] {
            let RasMessage::RegistrationReject(reject) = answer else { panic!("{answer:?}") };
            assert_eq!(reject.reject_reason, RegistrationRejectReason::SecurityDenial);
            reject.request_seq_num = RequestSeqNum::default();
        }
        assert_eq!(one, other);
        assert_eq!(world.counter("security.wrong_password"), 1);
        assert_eq!(world.counter("security.unknown_user"), 1);
        assert_eq!(world.registered(), 0);
    }
}

//
#[test]
fn a_token_is_good_once() {
    for method in Method::ALL {
        let mut world = world();
        let mut alice = Endpoint { method, ..Endpoint::alice() };
        let request = RasMessage::RegistrationRequest(alice.room.registration(&mut world).into());
        let octets = alice.signed(&world, &request);
        let first = world.octets("192.0.2.10:32768", false, &octets);
        assert!(is_confirmed(&first[0]));
        // Its own repetition is answered again and does nothing.
        assert_eq!(world.octets("192.0.2.10:32768", false, &octets), first);
        assert_eq!(world.counter("security.signed"), 1);
        // Who listened to it gains nothing.
        let error = RegistrationRejectReason::SecurityError(SecurityErrors::SecurityReplay);
        let answers = world.octets("203.0.113.9:32768", false, &octets);
        assert_eq!(reason(&answers[0]), &error, "{method:?}");
        assert_eq!(world.counter("security.replayed"), 1);
        assert_eq!(world.registered(), 1);
        world.seconds(100);
        let answers = world.octets("203.0.113.9:32768", false, &octets);
        assert_eq!(reason(&answers[0]), &error, "{method:?}");
    }
}

//
#[test]
fn a_clock_too_far_from_ours_has_a_reason_and_a_counter_of_its_own() {
    for (ahead, is_near) in [(-601, false), (-599, true), (599, true), (601, false)] {
        let mut world = world();
        let mut alice = Endpoint { ahead, ..Endpoint::alice() };
        let answer = alice.register(&mut world);
        assert_eq!(is_confirmed(&answer), is_near, "{ahead}: {answer:?}");
        if !is_near {
            let error = RegistrationRejectReason::SecurityError(SecurityErrors::SecurityWrongSyncTime);
            assert_eq!(reason(&answer), &error);
        }
        assert_eq!(world.counter("security.clock_skew"), u64::from(!is_near));
    }
}

#[test]
fn an_endpoint_of_an_old_edition_is_told_no_reason_that_it_does_not_know() {
    let mut world = world();
    let mut alice = Endpoint { ahead: 5000, ..Endpoint::alice() };
    let mut request = alice.room.registration(&mut world);
    request.protocol_identifier = "0.0.8.2250.0.3".parse().unwrap();
    let answer = alice.ask(&mut world, &RasMessage::RegistrationRequest(request.into()));
    assert!(is_denied(&answer), "{answer:?}");
}

#[test]
fn nobody_registers_what_another_user_owns() {
    let mut world = world();
    for names in [&["alice"][..], &["bob", "alice"], &["bob", "5005"]] {
        world.seconds(1);
        let mut bob = Endpoint::new("192.0.2.20", names, "bob", "builder");
        assert!(is_denied(&bob.register(&mut world)), "{names:?}");
    }
    assert_eq!(world.counter("security.forged"), 3);
    // Without a token neither, while others go on as before.
    let unsigned = |world: &mut World, name: &str| {
        let room = Room::new("192.0.2.30", &[name]);
        let request = RasMessage::RegistrationRequest(room.registration(world).into());
        world.ask(&room.ras, &request)
    };
    assert!(is_denied(&unsigned(&mut world, "bob")));
    assert_eq!(world.counter("security.unsigned"), 1);
    assert!(is_confirmed(&unsigned(&mut world, "carol")));
}

/// Who speaks for networks, and owns nothing else.
fn speaker(name: &str, networks: &[&str], secret: &str) -> Command {
    let Command::SetUser(credential) = user(name, &[], secret) else { unreachable!() };
    let networks = networks.iter().map(|network| network.parse().unwrap()).collect();
    Command::SetUser(Box::new(Credential { networks, ..*credential }))
}

//
#[test]
fn what_belongs_to_nobody_registers_in_a_network_with_the_password_of_the_network() {
    let mut world = world();
    world.command(speaker("rooms", &["192.0.2.0/24"], "shared"));
    world.command(speaker("lab", &["192.0.2.128/25"], "closer"));
    let unsigned = |world: &mut World, host: &str, name: &str| {
        let room = Room::new(host, &[name]);
        let request = RasMessage::RegistrationRequest(room.registration(world).into());
        world.ask(&room.ras, &request)
    };
    assert!(is_denied(&unsigned(&mut world, "192.0.2.40", "room4")));
    assert!(is_confirmed(&unsigned(&mut world, "198.51.100.40", "elsewhere")));
    for (host, user, secret, names, is_right) in [
        ("192.0.2.40", "rooms", "shared", &["room4"][..], true),
        ("192.0.2.41", "rooms", "a guess", &["room5"], false),
        ("192.0.2.41", "lab", "closer", &["room5"], false),
        ("192.0.2.42", "rooms", "shared", &["alice"], false),
        ("192.0.2.42", "rooms", "shared", &["room6", "bob"], false),
        ("192.0.2.140", "lab", "closer", &["room7"], true),
        ("198.51.100.41", "rooms", "shared", &["room8"], false),
        // Who has a password of his own uses it in every network.
        ("192.0.2.10", "alice", "secret", &["alice", "4004"], true),
    ] {
        world.seconds(1);
        let mut endpoint = Endpoint::new(host, names, user, secret);
        let answer = endpoint.register(&mut world);
        assert_eq!(is_confirmed(&answer), is_right, "{host} {user} {names:?}: {answer:?}");
        if is_right {
            let unregistration = endpoint.room.unregistration(&mut world);
            let answer = world.ask(&endpoint.room.ras, &unregistration);
            let RasMessage::UnregistrationReject(reject) = &answer else { panic!("{answer:?}") };
            assert_eq!(reject.reject_reason, UnregRejectReason::SecurityDenial);
        }
    }
    world.command(Command::RemoveUser { name: "rooms".to_owned() });
    assert!(is_confirmed(&unsigned(&mut world, "192.0.2.43", "room9")));
}

#[test]
fn later_messages_must_come_from_the_user_that_registered() {
    let mut world = world();
    let mut alice = Endpoint::alice();
    assert!(is_confirmed(&alice.register(&mut world)));
    // One behind the same address, who knows the identifier, and is a user too.
    let mut bob = Endpoint::new("192.0.2.10", &["bob"], "bob", "builder");
    bob.room.identifier = alice.room.identifier.clone();

    let unregistration = alice.room.unregistration(&mut world);
    let answers = world.send("192.0.2.10:40000", &unregistration);
    let [RasMessage::UnregistrationReject(reject)] = &answers[..] else { panic!("{answers:?}") };
    assert_eq!(reject.reject_reason, UnregRejectReason::SecurityDenial);

    let unregistration = bob.room.unregistration(&mut world);
    let answer = bob.ask(&mut world, &unregistration);
    assert!(matches!(answer, RasMessage::UnregistrationReject(_)), "{answer:?}");

    let admission = alice.room.admission(&mut world, 1, false, "bob");
    let admission = RasMessage::AdmissionRequest(admission.into());
    let answer = bob.ask(&mut world, &admission);
    let RasMessage::AdmissionReject(reject) = &answer else { panic!("{answer:?}") };
    assert_eq!(reject.reject_reason, AdmissionRejectReason::SecurityDenial);

    let RasMessage::RegistrationReject(reject) = alice.room.refresh(&mut world) else { panic!() };
    assert_eq!(reject.reject_reason, RegistrationRejectReason::SecurityDenial);
    // Nor can he take the registration over.
    let mut request = bob.room.registration(&mut world);
    request.endpoint_identifier = Some(alice.room.endpoint_identifier());
    assert!(is_denied(&bob.ask(&mut world, &RasMessage::RegistrationRequest(request.into()))));
    assert_eq!(world.registered(), 1);

    let unregistration = alice.room.unregistration(&mut world);
    let answer = alice.ask(&mut world, &unregistration);
    assert!(matches!(answer, RasMessage::UnregistrationConfirm(_)), "{answer:?}");
    assert_eq!(world.registered(), 0);
}

//
#[test]
fn tokens_that_are_not_whole_are_refused_and_counted() {
    let mut world = world();
    let mut alice = Endpoint::alice();
    let request = RasMessage::RegistrationRequest(alice.room.registration(&mut world).into());
    let whole = alice.signed(&world, &request);
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        world.octets("192.0.2.10:32768", false, &changed);
    }
    // What is left where its name was changed too is somebody else, who is nobody's business.
    let outcome = world.command(Command::Endpoints { filter: "alice@".to_owned(), limit: 10 });
    assert_eq!(outcome, link::Outcome::Endpoints(Vec::new()));
    assert!(world.counter("security.unusable") > 10);
    assert!(world.counter("security.wrong_password") > 10);
    assert_eq!(world.counter("security.signed"), 0);
    // None of that spent the token.
    let answers = world.octets("192.0.2.10:32768", false, &whole);
    assert!(is_confirmed(&answers[0]), "{answers:?}");
}

#[test]
fn a_token_for_another_gatekeeper_is_none_for_us() {
    let mut world = world();
    let mut alice = Endpoint { general_id: Some("Other"), ..Endpoint::alice() };
    assert!(is_denied(&alice.register(&mut world)));
    assert_eq!(world.counter("security.other_gatekeeper"), 1);
    // Who registers without discovery does not know ours.
    alice.general_id = None;
    assert!(is_confirmed(&alice.register(&mut world)));
}

/// Whether the octets of the last datagram are signed for `to`.
fn check_signature(octets: &[u8], secret: &str, to: &str) {
    let message: RasMessage = per::decode(octets).unwrap();
    let token = tokens(&message).strongest(&[Method::Procedure1]);
    let Some(Token::Procedure1(claim, hash)) = token else { panic!("{message:?}") };
    assert_eq!(claim.general_id.unwrap().to_string(), to);
    assert_eq!(claim.senders_id.unwrap().to_string(), "Herald");
    assert!(procedure1::is_signed(octets, &hash, &key_of(&password(secret))));
}

//
#[test]
fn answers_and_requests_to_who_signs_the_whole_message_are_signed_too() {
    let mut world = world();
    let mut alice = Endpoint::alice();
    let request = RasMessage::RegistrationRequest(alice.room.registration(&mut world).into());
    let octets = alice.signed(&world, &request);
    world.octets("192.0.2.10:32768", false, &octets);
    let confirm = world.datagrams.pop().unwrap();
    let RasMessage::RegistrationConfirm(message) = per::decode(&confirm).unwrap() else { panic!() };
    // As h323plus expects it: for who it is from now on.
    check_signature(&confirm, "secret", &message.endpoint_identifier.to_string());
    alice.room.identifier = Some(message.endpoint_identifier.to_string());

    // It falls silent and is asked whether it is there.
    world.seconds(61);
    let identifier = alice.room.identifier.clone().unwrap();
    let asked = world.datagrams.pop().unwrap();
    assert!(matches!(per::decode(&asked).unwrap(), RasMessage::InfoRequest(_)));
    check_signature(&asked, "secret", &identifier);
    // Asked again, it is by another token: an endpoint takes none twice.
    world.seconds(2);
    let again = world.datagrams.pop().unwrap();
    assert!(matches!(per::decode(&again).unwrap(), RasMessage::InfoRequest(_)));
    assert_ne!(again, asked);
    check_signature(&again, "secret", &identifier);
    world.take("192.0.2.10:32768".parse().unwrap());

    // By its identifier it signs from now on, as h323plus does.
    alice.user = identifier.clone();
    let unregistration = alice.room.unregistration(&mut world);
    alice.ask(&mut world, &unregistration);
    check_signature(&world.datagrams.pop().unwrap(), "secret", &identifier);
}

#[test]
fn who_does_not_sign_the_whole_message_is_answered_without_tokens() {
    for method in [Method::Md5, Method::Cat] {
        let mut world = world();
        let answer = Endpoint { method, ..Endpoint::alice() }.register(&mut world);
        assert!(tokens(&answer).is_empty(), "{answer:?}");
    }
}

#[test]
fn a_changed_password_holds_at_once_and_a_removed_user_needs_none() {
    let mut world = world();
    let mut alice = Endpoint::alice();
    assert!(is_confirmed(&alice.register(&mut world)));
    world.command(user("alice", &["alice@example.com", "4004@example.com"], "new"));
    assert!(is_denied(&alice.register(&mut world)));
    alice.password = password("new");
    assert!(is_confirmed(&alice.register(&mut world)));
    world.command(Command::RemoveUser { name: "alice".to_owned() });
    assert!(matches!(alice.room.refresh(&mut world), RasMessage::RegistrationConfirm(_)));
}

//
#[test]
fn the_operator_decides_by_network_who_must_sign() {
    let mut world = World::with(|settings| {
        settings.authentication.mode = Authentication::Offer;
        settings.authentication.required = vec!["198.51.100.0/24".parse().unwrap()];
        settings.authentication.off = vec!["203.0.113.0/24".parse().unwrap()];
    });
    world.command(user("alice", &["alice@example.com"], "secret"));
    let mut unsigned = |host: &str, name: &str| {
        let room = Room::new(host, &[name]);
        let request = RasMessage::RegistrationRequest(room.registration(&mut world).into());
        is_confirmed(&world.ask(&room.ras, &request))
    };
    assert!(unsigned("192.0.2.30", "carol"), "offered: who has no password goes on as before");
    assert!(!unsigned("192.0.2.31", "alice"), "offered: who has one must sign");
    assert!(!unsigned("198.51.100.30", "dave"), "required of everybody");
    assert!(unsigned("203.0.113.30", "alice"), "off: nobody is asked");
}

#[test]
fn only_the_methods_that_the_operator_allows_count() {
    let mut world = World::with(|settings| settings.authentication.methods = vec![Method::Procedure1]);
    world.command(user("alice", &["alice@example.com", "4004@example.com"], "secret"));
    for method in [Method::Md5, Method::Cat] {
        let mut alice = Endpoint { method, ..Endpoint::alice() };
        assert!(is_denied(&alice.register(&mut world)), "{method:?}");
    }
    assert_eq!(world.counter("security.unusable"), 2);
    assert!(is_confirmed(&Endpoint::alice().register(&mut world)));
}

#[test]
fn a_neighbour_that_must_sign_is_told_nothing_without_a_token() {
    let mut world = World::with(|settings| {
        settings.neighbours = vec!["198.51.100.0/24".parse().unwrap()];
        settings.authentication.required = vec!["198.51.100.0/24".parse().unwrap()];
    });
    world.command(user("east", &["east@example.com"], "secret"));
    Room::new("192.0.2.10", &["carol"]).register(&mut world);
    let mut east = Endpoint::new("198.51.100.1", &[], "east", "secret");
    let request = LocationRequest {
        destination_info: vec![alias("carol")],
        reply_address: crate::world::transport("198.51.100.1:32768"),
        ..LocationRequest::default()
    };
    let request = RasMessage::LocationRequest(request.into());
    let answers = world.send("198.51.100.1:32768", &request);
    let [RasMessage::LocationReject(reject)] = &answers[..] else { panic!("{answers:?}") };
    assert_eq!(reject.reject_reason, LocationRejectReason::SecurityDenial);
    let answer = east.ask(&mut world, &request);
    assert!(matches!(answer, RasMessage::LocationConfirm(_)), "{answer:?}");
}

#[test]
fn discovery_agrees_on_the_strongest_method_that_the_user_can_use() {
    let md5 = password_hash::MD5;
    let offer = |names: &[&str]| GatekeeperRequest {
        protocol_identifier: "0.0.8.2250.0.4".parse().unwrap(),
        ras_address: crate::world::transport("192.0.2.10:32768"),
        endpoint_alias: Some(names.iter().map(|name| alias(name)).collect()),
        authentication_capability: Some(vec![
            AuthenticationMechanism::AuthenticationBes(AuthenticationBes::Radius),
            AuthenticationMechanism::PwdHash,
        ]),
        algorithm_oids: Some(vec![cat::CAT, md5.clone(), procedure1::U]),
        ..GatekeeperRequest::default()
    };
    let agreed = |world: &mut World, request: GatekeeperRequest| {
        let request = RasMessage::GatekeeperRequest(request.into());
        let RasMessage::GatekeeperConfirm(confirm) = world.ask("192.0.2.10:32768", &request) else {
            panic!()
        };
        confirm.authentication_mode.zip(confirm.algorithm_oid)
    };
    let mut world = world();
    assert_eq!(
        agreed(&mut world, offer(&["alice"])),
        Some((AuthenticationMechanism::PwdHash, procedure1::U))
    );
    let weak = GatekeeperRequest { algorithm_oids: Some(vec![cat::CAT]), ..offer(&["alice"]) };
    let radius = AuthenticationMechanism::AuthenticationBes(AuthenticationBes::Radius);
    assert_eq!(agreed(&mut world, weak), Some((radius, cat::CAT)));
    assert_eq!(agreed(&mut world, offer(&["carol"])), None, "nobody's password is asked for");
}

#[test]
fn after_a_restart_who_registered_is_still_who_must_sign() {
    let mut world = world();
    let mut alice = Endpoint::alice();
    assert!(is_confirmed(&alice.register(&mut world)));
    let records = snapshot(&mut world);
    let mut world = restarted(&world, records);
    world.command(user("alice", &["alice@example.com", "4004@example.com"], "secret"));
    assert!(matches!(alice.room.refresh(&mut world), RasMessage::RegistrationReject(_)));
    alice.user = alice.room.identifier.clone().unwrap();
    let request = RegistrationRequest {
        request_seq_num: world.sequence(),
        keep_alive: Some(true),
        endpoint_identifier: Some(alice.room.endpoint_identifier()),
        ..RegistrationRequest::default()
    };
    let answer = alice.ask(&mut world, &RasMessage::RegistrationRequest(request.into()));
    assert!(is_confirmed(&answer), "{answer:?}");
}

#[test]
fn nobody_comes_to_a_users_principal_by_a_name_that_only_the_engine_knows() {
    let mut world = world();
    world.engine_answers = false;
    // The alias book says that 4005 is alice, too; the gatekeeper has not heard of it.
    let room = Room::new("192.0.2.30", &["4005"]);
    let request = RasMessage::RegistrationRequest(room.registration(&mut world).into());
    assert!(world.send(&room.ras, &request).is_empty());
    let claimed = |world: &World, place: usize| Effect::Claimed {
        ticket: Ticket(place as u64 + 1),
        agent: world.claims[place].agent,
        presentity: Address::parse("alice@example.com").unwrap(),
        new_names: 0,
    };
    world.apply(claimed(&world, 0));
    let answers = world.take(room.ras.parse().unwrap());
    let [answer] = answers.as_slice() else { panic!("{answers:?}") };
    assert!(is_denied(answer), "{answer:?}");
    assert_eq!(world.registered(), 0);
    assert!(world.attending.is_empty());
    // Alice herself does.
    let mut alice = Endpoint::alice();
    let request = RasMessage::RegistrationRequest(alice.room.registration(&mut world).into());
    let octets = alice.signed(&world, &request);
    assert!(world.octets("192.0.2.10:32768", false, &octets).is_empty());
    world.apply(claimed(&world, 1));
    let answers = world.take("192.0.2.10:32768".parse().unwrap());
    assert!(is_confirmed(&answers[0]), "{answers:?}");
}

#[test]
fn a_name_in_another_form_is_the_same_users() {
    let mut world = world();
    for name in ["ALICE", "alice@example.com", "h323:alice@example.com"] {
        let room = Room::new("192.0.2.30", &[name]);
        let request = RasMessage::RegistrationRequest(room.registration(&mut world).into());
        assert!(is_denied(&world.ask(&room.ras, &request)), "{name}");
    }
}

#[test]
fn every_kind_of_request_is_refused_in_its_own_words() {
    let mut world = world();
    let mut alice = Endpoint::alice();
    assert!(is_confirmed(&alice.register(&mut world)));
    let room = alice.room.clone();
    let identifier = room.endpoint_identifier();
    let disengage = room.disengage(&mut world, 1);
    let RasMessage::DisengageReject(reject) = &disengage else { panic!("{disengage:?}") };
    assert_eq!(reject.reject_reason, DisengageRejectReason::SecurityDenial);
    let request = BandwidthRequest { endpoint_identifier: identifier.clone(), ..BandwidthRequest::default() };
    let answer = world.ask(&room.ras, &RasMessage::BandwidthRequest(request.into()));
    let RasMessage::BandwidthReject(reject) = &answer else { panic!("{answer:?}") };
    assert_eq!(reject.reject_reason, BandRejectReason::SecurityDenial);
    let request = InfoRequestResponse {
        endpoint_identifier: identifier.clone(),
        need_response: Some(true),
        ..InfoRequestResponse::default()
    };
    let answer = world.ask(&room.ras, &RasMessage::InfoRequestResponse(request.into()));
    let RasMessage::InfoRequestNak(nak) = &answer else { panic!("{answer:?}") };
    assert_eq!(nak.nak_reason, InfoRequestNakReason::SecurityDenial);
    let request = ServiceControlIndication {
        endpoint_identifier: Some(identifier),
        ..ServiceControlIndication::default()
    };
    let answer = world.ask(&room.ras, &RasMessage::ServiceControlIndication(request.into()));
    let RasMessage::ServiceControlResponse(response) = &answer else { panic!("{answer:?}") };
    assert_eq!(response.result, Some(ServiceControlResult::Failed));
    // In discovery only a token that is there is looked at.
    alice.password = password("wrong");
    let request = GatekeeperRequest {
        protocol_identifier: "0.0.8.2250.0.4".parse().unwrap(),
        ras_address: crate::world::transport(&room.ras),
        endpoint_alias: Some(vec![alias("alice")]),
        ..GatekeeperRequest::default()
    };
    let answer = alice.ask(&mut world, &RasMessage::GatekeeperRequest(request.into()));
    let RasMessage::GatekeeperReject(reject) = &answer else { panic!("{answer:?}") };
    assert_eq!(reject.reject_reason, GatekeeperRejectReason::SecurityDenial);
    assert_eq!(world.counter("security.unsigned"), 4);
}

fn disabled(name: &str, addresses: &[&str]) -> Command {
    let addresses = addresses.iter().map(|address| Address::parse(address).unwrap()).collect();
    Command::DisableUser { name: name.to_owned(), addresses }
}

#[test]
fn who_is_disabled_is_registered_no_more_and_nobody_else_is_under_that_name() {
    for mode in [Authentication::Off, Authentication::Offer, Authentication::Require] {
        let mut world = world_in(mode);
        let mut alice = Endpoint::alice();
        assert!(is_confirmed(&alice.register(&mut world)));
        world.command(disabled("alice", &["alice@example.com"]));
        assert_eq!(world.counter("ras.registered"), 0, "{mode:?}");
        let told = world.take(alice.room.ras.parse().unwrap());
        assert!(matches!(told[..], [RasMessage::UnregistrationRequest(_)]), "{mode:?}: {told:?}");
        assert!(is_denied(&alice.register(&mut world)), "{mode:?}: by the right password");
        let thief = Room::new("198.51.100.9", &["4711", "alice"]);
        let request = RasMessage::RegistrationRequest(thief.registration(&mut world).into());
        assert!(is_denied(&world.ask(&thief.ras, &request)), "{mode:?}: by somebody else");
        assert_eq!(world.counter("security.disabled"), 2, "{mode:?}");
        world.command(user("alice", &["alice@example.com", "4004@example.com"], "secret"));
        assert!(is_confirmed(&alice.register(&mut world)), "{mode:?}: again");
    }
}

#[test]
fn an_address_of_two_users_is_barred_until_both_are_enabled() {
    let mut world = world();
    let room = Room::new("192.0.2.50", &["desk"]);
    let registers = |world: &mut World| {
        let request = RasMessage::RegistrationRequest(room.registration(world).into());
        is_confirmed(&world.ask(&room.ras, &request))
    };
    for name in ["dave", "erin"] {
        world.command(disabled(name, &["desk@example.com"]));
    }
    world.command(Command::RemoveUser { name: "dave".to_owned() });
    assert!(!registers(&mut world));
    world.command(Command::RemoveUser { name: "erin".to_owned() });
    assert!(registers(&mut world));
}
