//! Tokens in Setup: a call comes from the user whose endpoint was admitted.

use super::*;
use crate::signalling::line::{Names, ORDINARY_SETUP, RECORDED, SETUP, channel, delivery};
use h323::wire::feature::Feature;
use h323::wire::q931::{Q931, element};
use h323::wire::tpkt;
use link::Input;

const CALL: Names = Names::RECORDED;

fn world_with_calls(signed_setup: bool) -> World {
    let mut world = World::with(|settings| {
        settings.authentication.signed_setup = signed_setup;
        settings.call_signal_port = Some(1720);
    });
    world.command(user("alice", &["alice@example.com", "4004@example.com"], "secret"));
    world.command(user("bob", &["bob@example.com"], "builder"));
    world
}

/// An endpoint that writes messages, registered.
fn writer(world: &mut World, mut endpoint: Endpoint) -> Endpoint {
    endpoint.room.features = vec![Feature::Presence.advertised()];
    assert!(is_confirmed(&endpoint.register(world)));
    endpoint
}

/// Alice, admitted to call bob, who is there.
fn admitted(world: &mut World) -> Endpoint {
    writer(world, Endpoint::new("192.0.2.11", &["bob"], "bob", "builder"));
    let mut alice = writer(world, Endpoint::alice());
    let request = world.admission(&alice.room, "bob", RECORDED);
    let RasMessage::AdmissionConfirm(confirm) = alice.ask(world, &request) else { panic!("not admitted") };
    assert_eq!(confirm.call_model, CallModel::GatekeeperRouted);
    alice
}

impl Endpoint {
    /// A recorded Setup of the call, signed.
    fn setup(&mut self, world: &World, name: &str) -> Vec<u8> {
        self.tokens += 1;
        let claim = procedure1::Claim {
            general_id: self.general_id.and_then(BmpString::new),
            senders_id: BmpString::new(&self.user),
            time_stamp: (world.now.wall.0 / 1000 + self.ahead) as u32,
            random: self.tokens,
        };
        let marker = *b"tWelVe~Octet";
        let mut message = Q931::decode(&CALL.adapt(name)[4..]).unwrap();
        let mut information = message.user_information().unwrap();
        let MessageBody::Setup(setup) = &mut information.h323_uu_pdu.h323_message_body else { panic!() };
        setup.crypto_tokens = Some(vec![procedure1::unsigned_token(&claim, marker)]);
        message.elements.retain(|element| element.code != element::USER_USER);
        let octets = message.with_user_information(&information).unwrap().encode().unwrap();
        tpkt::packet(&procedure1::seal(octets, &key_of(&self.password), marker).unwrap()).unwrap()
    }
}

/// Brings a Setup on a connection of its own from a host: whether it was taken.
fn is_taken(world: &mut World, number: u32, host: &str, setup: &[u8]) -> bool {
    world.connects(channel(number), host);
    world.brings(channel(number), setup);
    let is_released = world.has_closed(channel(number));
    if is_released {
        let said = world.said_once(channel(number));
        assert_eq!((said.cause, said.reason), (Some(21), Some(ReleaseCompleteReason::SecurityDenied)));
    }
    !is_released
}

// covers, F-13
#[test]
fn a_setup_that_is_not_shown_to_be_its_endpoints_is_refused_and_harms_nothing() {
    let mut world = world_with_calls(true);
    let mut alice = admitted(&mut world);
    let here = "192.0.2.10";
    assert!(!is_taken(&mut world, 1, here, &CALL.adapt(SETUP)));
    assert_eq!(world.counter("security.unsigned"), 1);

    let mut thief = Endpoint::new(here, &["alice"], "alice", "guess");
    let setup = thief.setup(&world, SETUP);
    assert!(!is_taken(&mut world, 2, here, &setup));
    assert_eq!(world.counter("security.wrong_password"), 1);

    // One of another user, who calls from behind the same address.
    let mut bob = Endpoint::new(here, &["bob"], "bob", "builder");
    bob.tokens = 1000;
    let setup = bob.setup(&world, SETUP);
    assert!(!is_taken(&mut world, 3, here, &setup));
    assert_eq!(world.counter("security.forged"), 1);

    // Changed on the way: another call reference, outside of what H.225.0 covers.
    let mut setup = alice.setup(&world, SETUP);
    setup[7] ^= 1;
    assert!(!is_taken(&mut world, 4, here, &setup));
    assert_eq!(world.counter("security.wrong_password"), 2);

    alice.ahead = 3600;
    let setup = alice.setup(&world, SETUP);
    assert!(!is_taken(&mut world, 5, here, &setup));
    assert_eq!(world.counter("security.clock_skew"), 1);
    alice.ahead = 0;

    // The admission stands: alice herself gets through, once, and nobody who repeats what she sent.
    let setup = alice.setup(&world, SETUP);
    assert!(is_taken(&mut world, 6, here, &setup));
    assert!(!is_taken(&mut world, 7, here, &setup));
    assert_eq!(world.counter("security.replayed"), 1);
    assert_eq!(world.counter("signalling.strangers"), 0);
}

// covers: F-13
#[test]
fn a_setup_from_another_address_than_its_endpoints_is_refused_whatever_it_is_signed_with() {
    for signed_setup in [false, true] {
        let mut world = world_with_calls(signed_setup);
        let mut alice = admitted(&mut world);
        let setup = alice.setup(&world, SETUP);
        assert!(!is_taken(&mut world, 1, "192.0.2.66", &setup));
        assert_eq!(world.counter("signalling.strangers"), 1);
        // It has used nothing up.
        assert!(is_taken(&mut world, 2, "192.0.2.10", &setup));
    }
}

#[test]
fn calls_that_are_passed_on_are_looked_at_too_and_their_tokens_pass_as_they_are() {
    let mut world = world_with_calls(true);
    let mut alice = admitted(&mut world);
    assert!(!is_taken(&mut world, 1, "192.0.2.10", &CALL.adapt(ORDINARY_SETUP)));
    assert!(world.opened.is_empty());
    let setup = alice.setup(&world, ORDINARY_SETUP);
    assert!(is_taken(&mut world, 2, "192.0.2.10", &setup));
    let (callee, _) = world.opened_once();
    world.happens(callee, Input::Connected { local: "192.0.2.1:5000".parse().unwrap() });
    assert_eq!(world.octets_of(callee), [setup]);
}

#[test]
fn without_the_setting_and_for_who_is_no_user_a_setup_needs_no_token() {
    let mut world = world_with_calls(false);
    admitted(&mut world);
    assert!(is_taken(&mut world, 1, "192.0.2.10", &CALL.adapt(SETUP)));
    let mut world = world_with_calls(true);
    let mut carol = Room::new("192.0.2.12", &["carol"]);
    carol.features = vec![Feature::Presence.advertised()];
    carol.register(&mut world);
    writer(&mut world, Endpoint::new("192.0.2.11", &["bob"], "bob", "builder"));
    world.admits(&carol, "bob");
    assert!(is_taken(&mut world, 1, "192.0.2.12", &CALL.adapt(SETUP)));
}

//
#[test]
fn our_setup_is_signed_for_who_signs_whole_messages() {
    for (signed_setup, method, is_signed) in
        [(true, Method::Procedure1, true), (true, Method::Md5, false), (false, Method::Procedure1, false)]
    {
        let mut world = world_with_calls(signed_setup);
        let bob = Endpoint { method, ..Endpoint::new("192.0.2.11", &["bob"], "bob", "builder") };
        let bob = writer(&mut world, bob);
        world.delivers(1, delivery("alice", "bob", "Hello Bob", false));
        let (call, _) = world.opened_once();
        world.happens(call, Input::Connected { local: "192.0.2.1:5000".parse().unwrap() });
        let packets = world.octets_of(call);
        let octets = &packets[0][4..];
        let pdu = Q931::decode(octets).unwrap().user_information().unwrap().h323_uu_pdu;
        let MessageBody::Setup(setup) = pdu.h323_message_body else { panic!("no Setup") };
        let token = setup.crypto_tokens.iter().flatten().find_map(procedure1::read);
        assert_eq!(token.is_some(), is_signed);
        if let Some((claim, hash)) = token {
            assert_eq!(claim.general_id.unwrap().to_string(), bob.room.identifier.unwrap());
            assert_eq!(claim.senders_id.unwrap().to_string(), "Herald");
            assert!(procedure1::is_signed(octets, &hash, &key_of(&password("builder"))));
        }
    }
}
