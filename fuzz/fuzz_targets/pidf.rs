//! Presence documents: what is read is written so that it is read again, goes through a publication, and never takes more
//! steps than its octets allow.

#![no_main]

use cpim::pidf::{Inbox, Presence, compose, publication};
use cpim::xml::{Limits, Steps, canonical, read, read_counting};
use model::{Address, AgentId, Basic, GatewayId, PresenceDocument, PresenceTuple, Timestamp, Version};

const AT: Timestamp = Timestamp(1_795_399_200_000);

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let limits = Limits::default();
    let mut steps = Steps::default();
    let tree = read_counting(octets, &limits, &mut steps);
    // Every octet is looked at a few times, every name against the declarations in force.
    assert!(steps.events + steps.characters <= 8 * octets.len() as u64 + 8, "{steps:?}");
    assert!(steps.comparisons <= (octets.len() as u64 + 8) * limits.namespaces_max as u64, "{steps:?}");
    let Ok(tree) = tree else { return };
    let text = canonical(&tree);
    let again = read(
        text.as_bytes(),
        &Limits { octets_max: usize::MAX, namespaces_max: 256, attributes_max: 256, ..limits },
    )
    .expect("canonical text is XML");
    assert_eq!(canonical(&again), text);
    let Ok(presence) = Presence::from_element(&tree) else { return };
    is_read_again(&presence);
    let Ok(said) = publication(&presence, AT) else { return };
    let tuple = PresenceTuple {
        agent: Some(AgentId { gateway: GatewayId(1), number: 7 }),
        state: said.state,
        basic: Basic::Open,
        since: AT,
        note: None,
        publication: Some(Box::new(said)),
    };
    let document = PresenceDocument {
        presentity: Address::parse("alice@example.com").expect("an address"),
        version: Version::default(),
        state: tuple.state,
        basic: Basic::Open,
        since: AT,
        note: None,
        tuples: vec![tuple],
    };
    is_read_again(&compose(&document, Inbox::Storing, &[]));
});

/// What is written is read as what it was.
fn is_read_again(presence: &Presence) {
    let written = presence.write();
    // Canonical text declares on one element what was declared around it.
    let limits =
        Limits { octets_max: usize::MAX, namespaces_max: 256, attributes_max: 256, ..Limits::default() };
    let again =
        Presence::read(written.as_bytes(), &limits).unwrap_or_else(|error| panic!("{error}: {written}"));
    assert_eq!(again.write(), written);
}
