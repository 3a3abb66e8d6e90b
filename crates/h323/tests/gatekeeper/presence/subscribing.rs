//! Contact lists and decisions, as endpoints change and make them.

use super::*;
use codec::per::FixedOctets;
use h323::wire::presence::{
    PresenceAlive, PresenceAuthorize, PresenceFeature, PresenceIdentifier, PresenceRemove,
    PresenceSubscription,
};
use model::{Capability, ContactChange, Decided, Note, Request, Symmetry};

fn decision(id: u8, watcher: &str, approved: Option<bool>) -> PresenceSubscription {
    PresenceSubscription {
        identifier: PresenceIdentifier { guid: FixedOctets([id; 16]), ..PresenceIdentifier::default() },
        subscribe: alias("bob"),
        aliases: vec![person(watcher)],
        approved,
        ..PresenceSubscription::default()
    }
}

fn authorize(subscription: Vec<PresenceSubscription>) -> PresenceMessage {
    PresenceMessage::PresenceAuthorize(PresenceAuthorize {
        alias: alias("bob"),
        subscription,
        ..PresenceAuthorize::default()
    })
}

/// The changes that were wished, as what and whom.
fn changes(world: &World) -> Vec<(ContactChange, String)> {
    let changes = world.wishes.iter().map(|wish| match wish {
        Request::ChangeContact { change, contact, symmetry: Symmetry::Auto, .. } => {
            (*change, contact.address.to_string())
        }
        other => panic!("{other:?}"),
    });
    changes.collect()
}

// covers: Q23, K-11
#[test]
fn every_recorded_change_of_a_contact_list_is_passed_on_for_both_directions() {
    for (name, own, change, contact) in [
        ("rec_sci_ep_Instruct_subscribe", "alice", ContactChange::Subscribe, "bob@example.com"),
        ("rec_sci_ep_Instruct_unsubscribe", "alice", ContactChange::Unsubscribe, "bob@example.com"),
        ("rec_sci_ep_Instruct_block", "carol", ContactChange::Block, "dave@example.com"),
        ("rec_sci_ep_Instruct_unblock", "carol", ContactChange::Unblock, "dave@example.com"),
        ("lib_sci_ep_instruct_block", "alice", ContactChange::Block, "bob@example.com"),
        ("lib_sci_ep_instruct_unblock", "alice", ContactChange::Unblock, "bob@example.com"),
    ] {
        let mut world = World::new();
        let room = present(&mut world, "192.0.2.10", &[own]);
        let answers = world.octets(&room.ras, false, &vector(name));
        assert_eq!(per::encode(&answers[0]).unwrap().len(), 5, "{name}: {answers:?}");
        assert_eq!(changes(&world), [(change, contact.to_owned())], "{name}");
    }
}

// covers: Q12
#[test]
fn what_a_watcher_notes_is_passed_on() {
    let mut world = World::new();
    let room = present(&mut world, "192.0.2.10", &["alice"]);
    world.octets(&room.ras, false, &vector("lib_sci_ep_instruct_subscribe_display"));
    let [Request::ChangeContact { card, .. }] = &world.wishes[..] else { panic!() };
    let note = Note { language: None, text: "Alice Ärmel".to_owned() };
    assert_eq!(**card, ContactCard { display: Some(note), ..ContactCard::default() });
    let contact = PresenceAlias {
        avatar: Some(text("http://example.org/bob.png")),
        category: Some(PresenceFeature::Video),
        ..person("Bob")
    };
    indicate(&mut world, &room, vec![instruct("alice", vec![PresenceInstruction::Subscribe(contact)])]);
    let Request::ChangeContact { card, contact, .. } = &world.wishes[1] else { panic!() };
    assert_eq!(card.avatar.as_deref(), Some("http://example.org/bob.png"));
    assert_eq!(card.category, Some(Capability::Video));
    assert_eq!((contact.kind.as_str(), contact.original.as_str()), ("h323-ID", "Bob"));
}

// covers: Q24, K-6
#[test]
fn an_endpoint_may_have_any_number_of_contacts_each_with_a_name_of_its_own() {
    let mut world = World::new();
    let room = present(&mut world, "192.0.2.10", &["alice"]);
    let list = |from: u32| {
        (from..from + 10)
            .map(|number| PresenceInstruction::Subscribe(person(&format!("b{number}"))))
            .collect()
    };
    for from in [0, 10, 20] {
        assert_eq!(indicate(&mut world, &room, vec![instruct("alice", list(from))]), None);
    }
    assert_eq!(changes(&world).len(), 30);
    let ids: std::collections::BTreeSet<_> = world
        .wishes
        .iter()
        .map(|wish| match wish {
            Request::ChangeContact { id, .. } => *id,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(ids.len(), 30);
}

#[test]
fn what_only_a_gatekeeper_says_is_ignored_and_counted() {
    let mut world = World::new();
    let room = present(&mut world, "192.0.2.10", &["alice"]);
    let pending = PresenceInstruction::Pending(person("bob"));
    assert_eq!(indicate(&mut world, &room, vec![instruct("alice", vec![pending])]), None);
    assert_eq!((world.wishes.len(), world.counter("presence.ignored")), (0, 1));
}

#[test]
fn messages_between_gatekeepers_mean_nothing_from_an_endpoint() {
    let mut world = World::new();
    let room = present(&mut world, "192.0.2.10", &["alice"]);
    for name in ["lib_sci_gk_request", "lib_sci_gk_alert"] {
        let answers = world.octets(&room.ras, false, &vector(name));
        assert_eq!(result(&answers[0]), None, "{name}");
    }
    assert_eq!((world.wishes.len(), world.counter("presence.ignored")), (0, 2));
}

// covers: E-26
#[test]
fn what_a_subscription_means_for_the_other_direction_is_as_it_is_set() {
    for symmetric in [Symmetry::Never, Symmetry::Ask] {
        let mut world = World::with(|settings| settings.symmetric = symmetric);
        let bob = present(&mut world, "192.0.2.11", &["bob"]);
        indicate(&mut world, &bob, vec![authorize(vec![decision(7, "alice", Some(true))])]);
        world.octets(&bob.ras, false, &vector("rec_sci_ep_Instruct_subscribe"));
        let meant = world.wishes.iter().map(|wish| match wish {
            Request::ChangeContact { symmetry, .. } | Request::Decide { symmetry, .. } => *symmetry,
            other => panic!("{other:?}"),
        });
        assert_eq!(Vec::from_iter(meant), [symmetric; 2]);
    }
}

// covers: Q13, K-6
#[test]
fn a_decision_is_named_by_its_identifier_alone_and_made_once() {
    let mut world = World::new();
    let bob = present(&mut world, "192.0.2.11", &["bob"]);
    let answers = world.octets(&bob.ras, false, &vector("rec_sci_ep_Authorize_True"));
    assert_eq!(result(&answers[0]), None);
    let [
        Request::Decide {
            what: Decided::Subscription(id), is_approved: true, symmetry: Symmetry::Auto, ..
        },
    ] = &world.wishes[..]
    else {
        panic!("{:?}", world.wishes)
    };
    let guid = 0xc07a_3e4b_b3e4_f111_960d_02fc_0000_0001_u128;
    assert_eq!(id.0, guid.to_be_bytes());
    world.wishes.clear();
    let twice = vec![decision(7, "alice", Some(false)), decision(7, "someone else", Some(false))];
    assert_eq!(indicate(&mut world, &bob, vec![authorize(twice)]), None);
    let [Request::Decide { what: Decided::Subscription(id), is_approved: false, .. }] = &world.wishes[..]
    else {
        panic!("{:?}", world.wishes)
    };
    assert_eq!(id.0, [7; 16]);
}

// covers: Q11
#[test]
fn a_category_in_a_decision_means_nothing() {
    let mut world = World::new();
    let bob = present(&mut world, "192.0.2.11", &["bob"]);
    let mut subscription = decision(7, "alice", Some(true));
    subscription.aliases[0].category = Some(PresenceFeature::Audio);
    indicate(&mut world, &bob, vec![authorize(vec![subscription])]);
    assert!(matches!(world.wishes[..], [Request::Decide { is_approved: true, .. }]));
}

// covers: D-02, Q14
#[test]
fn remove_ends_subscriptions_by_their_identifiers_and_alive_changes_nothing() {
    let mut world = World::new();
    let alice = present(&mut world, "192.0.2.10", &["alice"]);
    let identifier = |id| PresenceIdentifier { guid: FixedOctets([id; 16]), ..PresenceIdentifier::default() };
    let remove =
        PresenceRemove { identifier: vec![identifier(7), identifier(8)], ..PresenceRemove::default() };
    assert_eq!(indicate(&mut world, &alice, vec![PresenceMessage::PresenceRemove(remove)]), None);
    let ended = world.wishes.drain(..).map(|wish| match wish {
        Request::Decide { what: Decided::Subscription(id), is_approved: false, .. } => id.0,
        other => panic!("{other:?}"),
    });
    assert_eq!(Vec::from_iter(ended), [[7; 16], [8; 16]]);
    let alive = PresenceAlive { identifier: vec![identifier(9)], ..PresenceAlive::default() };
    assert_eq!(indicate(&mut world, &alice, vec![PresenceMessage::PresenceAlive(alive)]), None);
    assert_eq!((world.wishes.len(), world.counter("presence.ignored")), (0, 0));
}

#[test]
fn a_decision_that_decides_nothing_is_ignored_and_counted() {
    let mut world = World::new();
    let bob = present(&mut world, "192.0.2.11", &["bob"]);
    assert_eq!(indicate(&mut world, &bob, vec![authorize(vec![decision(7, "alice", None)])]), None);
    assert_eq!((world.wishes.len(), world.counter("presence.ignored")), (0, 1));
}

#[test]
fn a_contact_that_stands_for_no_address_fails_and_the_others_do_not() {
    let mut world = World::new();
    let room = present(&mut world, "192.0.2.10", &["alice"]);
    let subscribe = |name: &str| PresenceInstruction::Subscribe(person(name));
    let list = vec![subscribe("#"), subscribe("bob")];
    let answer = indicate(&mut world, &room, vec![instruct("alice", list)]);
    assert_eq!(answer, Some(ServiceControlResult::Failed));
    assert_eq!(changes(&world), [(ContactChange::Subscribe, "bob@example.com".to_owned())]);
    assert_eq!(world.counter("presence.unusable_alias"), 1);
}

#[test]
fn more_than_is_taken_at_a_time_is_refused_whole() {
    let mut world = World::new();
    let room = present(&mut world, "192.0.2.10", &["alice"]);
    let many = |count| vec![PresenceInstruction::Subscribe(person("bob")); count];
    let answer = indicate(&mut world, &room, vec![instruct("alice", many(1000))]);
    assert_eq!(answer, Some(ServiceControlResult::Failed));
    // One endpoint can't have everything waiting either, and what others ask is still taken.
    world.engine_obeys = false;
    let different = |from: usize| {
        (from..from + 900).map(|n| PresenceInstruction::Subscribe(person(&format!("b{n}")))).collect()
    };
    for from in [0, 900] {
        let sci = indication(&mut world, vec![instruct("alice", different(from))]);
        assert!(world.send(&room.ras, &sci).is_empty());
    }
    let answer = indicate(&mut world, &room, vec![instruct("alice", different(1800))]);
    assert_eq!(answer, Some(ServiceControlResult::NotAvailable));
    assert_eq!((world.wishes.len(), world.counter("presence.too_many")), (1800, 2));
    let other = present(&mut world, "192.0.2.12", &["carol"]);
    let sci = indication(&mut world, vec![instruct("carol", different(0))]);
    assert!(world.send(&other.ras, &sci).is_empty());
    assert_eq!(world.wishes.len(), 2700);
}

// covers: Q27
#[test]
fn an_empty_status_and_repeated_entries_do_no_harm() {
    let mut world = World::new();
    let room = present(&mut world, "192.0.2.10", &["alice"]);
    let answers = world.octets(&room.ras, false, &vector("rec_sci_gk_Status_0"));
    assert_eq!(result(&answers[0]), None);
    assert!(world.wishes.is_empty());
    let name = "rec_sci_gk_Instruct_unsubscribe_unsubscribe";
    let answers = world.octets(&room.ras, false, &vector(name));
    assert_eq!(result(&answers[0]), None);
    assert_eq!(changes(&world), [(ContactChange::Unsubscribe, "carol@example.com".to_owned())]);
}

// covers: Q12, Q28, K-7
#[test]
fn a_request_is_told_with_what_the_watcher_noted_octet_for_octet_as_recorded() {
    let mut world = World::new();
    let bob = present(&mut world, "192.0.2.11", &["bob"]);
    let card = ContactCard {
        display: Some(Note { language: None, text: "Alice A.".to_owned() }),
        avatar: Some("https://example.org/a.jpg".to_owned()),
        category: Some(Capability::Video),
    };
    let id = 0x0011_2233_4455_6677_8899_aabb_ccdd_0003_u128.to_be_bytes();
    let request = SubscriptionRequest {
        id: SubscriptionId(id),
        presentity: named("bob").address,
        watcher: named("alice"),
        card,
        asked_at: Timestamp(0),
    };
    world.apply(Effect::Asked { agent: agent(1), request: Box::new(request) });
    super::telling::assert_sent_as(&mut world, &bob, "lib_sci_gk_authorize_display_avatar");
}
