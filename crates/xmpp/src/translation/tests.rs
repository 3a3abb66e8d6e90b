//! The tables of the interworking, row by row, and what holds for all of them.

use super::{message, presence};
use crate::wire::{Condition, Element, Limits, StreamItem, StreamReader};
use model::{
    AgentId, Basic, GatewayId, InstantMessage, MessageFailure, MessageId, Note, PresenceDocument,
    PresenceState, PresenceTuple, Publication, Timestamp, Version,
};
use proptest::prelude::*;

const NOW: Timestamp = Timestamp(1_750_000_000_000);

/// A stanza as it comes.
fn stanza(text: &str) -> Element {
    let mut reader = StreamReader::new(Limits::default());
    let octets = format!(
        "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams'>{text}"
    );
    let mut octets = octets.as_bytes();
    let mut found = None;
    while let Some(item) = reader.read(&mut octets).unwrap() {
        if let StreamItem::Element(element) = item {
            found = Some(element);
        }
    }
    found.expect("a stanza")
}

/// What others are told of somebody who has published something.
fn encoded(publication: Publication) -> presence::Encoded {
    let state = publication.state;
    let tuple = PresenceTuple {
        agent: Some(AgentId { gateway: GatewayId(0), number: 1 }),
        state,
        basic: Basic::Open,
        since: publication.at,
        note: None,
        publication: Some(Box::new(publication)),
    };
    let document = PresenceDocument {
        presentity: "room@h323.example".parse().unwrap(),
        version: Version::default(),
        state,
        basic: Basic::Open,
        since: NOW,
        note: None,
        tuples: vec![tuple],
    };
    presence::encode(&document, None, b"")
}

/// The presence that is sent for one device.
fn sent(publication: Publication) -> Element {
    let encoded = encoded(publication);
    let content = String::from_utf8(encoded.devices[0].content.clone()).unwrap();
    stanza(&format!("<presence>{content}</presence>"))
}

fn without_tag(presence: &Element) -> Element {
    let mut plain = Element::new("presence", presence.namespace());
    presence.children().filter(|child| child.name() != "state").cloned().for_each(|child| plain.push(child));
    plain
}

fn text_of(presence: &Element, name: &str) -> Option<String> {
    presence.children().find(|child| child.name() == name).map(Element::text)
}

proptest! {
    // covers: C-09
    // a.4 rule 1: what a user says comes back from us as it was said.
    #[test]
    fn what_users_say_survives_a_round(
        show in prop::sample::select(vec!["", "chat", "away", "xa", "dnd"]),
        is_idle in any::<bool>(),
        status in "[A-Za-zäß你好 .!?]{0,60}",
    ) {
        let status = status.trim().to_owned();
        let idle = if is_idle && show == "away" { "<idle xmlns='urn:xmpp:idle:1' since='2020-01-01T00:00:00Z'/>" } else { "" };
        let shown = if show.is_empty() { String::new() } else { format!("<show>{show}</show>") };
        let said = if status.is_empty() { String::new() } else { format!("<status>{status}</status>") };
        let written = stanza(&format!("<presence>{shown}{said}{idle}</presence>"));
        let again = without_tag(&sent(presence::read(&written, NOW)));
        prop_assert_eq!(text_of(&again, "show").unwrap_or_default(), show);
        prop_assert_eq!(text_of(&again, "status").unwrap_or_default(), status);
        prop_assert_eq!(text_of(&again, "idle").is_some(), !idle.is_empty());
    }

    // a.4 rule 3: with the tag nothing is lost between H.323 and XMPP.
    #[test]
    fn with_our_tag_every_state_survives(
        row in prop::sample::select(presence::ROWS.to_vec()),
        qualifier in proptest::option::of("[a-z-]{1,12}"),
        text in "[A-Za-z0-9äß你好]{0,40}",
    ) {
        let note = |text: &str| Note { language: None, text: text.to_owned() };
        let notes: Vec<Note> = if text.is_empty() { Vec::new() } else { vec![note(&text)] };
        let is_custom = row.state == PresenceState::Custom;
        let publication = Publication {
            state: row.state,
            qualifier: qualifier.clone(),
            custom: if is_custom { notes.clone() } else { Vec::new() },
            notes: if is_custom { Vec::new() } else { notes.clone() },
            capabilities: None,
            location: None,
            extensions: Box::default(),
            at: NOW,
        };
        let read = presence::read(&sent(publication.clone()), NOW);
        prop_assert_eq!(read.state, row.state);
        prop_assert_eq!(read.qualifier, qualifier);
        prop_assert_eq!((read.custom, read.notes), (publication.custom, publication.notes));
    }

    #[test]
    fn ids_and_threads_of_ours_are_known_again(octets in any::<[u8; 16]>()) {
        let id = MessageId(octets);
        let receipt = format!("<message><received xmlns='urn:xmpp:receipts' id='{}'/></message>", message::id_text(id));
        prop_assert_eq!(read(&receipt).report, Some(message::Report::Delivered(id)));
        let mut thread = Vec::new();
        message::thread_element(&message::thread_text(octets)).write(&mut thread);
        let thread = String::from_utf8(thread).unwrap();
        prop_assert_eq!(read(&format!("<message><body>x</body>{thread}</message>")).thread, Some(octets));
    }

    #[test]
    fn whatever_comes_is_read_or_not(text in "[a-z<>/ ='\"&;]{0,80}") {
        let octets = format!("<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams'>{text}");
        let mut reader = StreamReader::new(Limits::default());
        let mut octets = octets.as_bytes();
        while let Ok(Some(item)) = reader.read(&mut octets) {
            if let StreamItem::Element(element) = item {
                let _ = presence::read(&element, NOW);
                let _ = message::read(&element, &address("a"), &address("b"), NOW, [0; 16]);
            }
        }
    }
}

fn address(local: &str) -> model::Address {
    format!("{local}@xmpp.example").parse().unwrap()
}

fn read(text: &str) -> message::Received {
    message::read(&stanza(text), &address("romeo"), &address("room"), NOW, [9; 16])
}

fn text_read(text: &str) -> Option<String> {
    read(text).message.map(|InstantMessage { text, .. }| text)
}

#[test]
fn who_is_offline_or_hides_is_not_told_apart_and_nobody_is_told_of_the_unknown() {
    let said = |state| Publication {
        state,
        qualifier: None,
        custom: Vec::new(),
        notes: Vec::new(),
        capabilities: None,
        location: None,
        extensions: Box::default(),
        at: NOW,
    };
    let (offline, hidden) = (encoded(said(PresenceState::Offline)), encoded(said(PresenceState::Hidden)));
    assert_eq!(offline, hidden);
    assert!(offline.devices.is_empty() && offline.is_known);
    let unknown = encoded(said(PresenceState::Unknown));
    assert!(unknown.devices.is_empty() && !unknown.is_known);
}

// covers: F-16
#[test]
fn what_can_not_be_carried_comes_as_a_text() {
    let cases = [
        ("<message><body>Hi</body></message>", Some("Hi")),
        ("<message/>", None),
        ("<message><body/></message>", None),
        ("<message><subject>Lunch</subject><body>Now?</body></message>", Some("Lunch: Now?")),
        (
            "<message><html xmlns='http://jabber.org/protocol/xhtml-im'><body xmlns='http://www.w3.org/1999/xhtml'>\
             <p>One <a href='https://a.example/'>link</a></p><p>Two</p></body></html></message>",
            Some("One link (https://a.example/)\nTwo"),
        ),
        (
            "<message><x xmlns='jabber:x:oob'><url>https://a.example/f</url><desc>Map</desc></x></message>",
            Some("Map: https://a.example/f"),
        ),
    ];
    for (written, text) in cases {
        assert_eq!(text_read(written).as_deref(), text, "{written}");
    }
}

// covers: D-06
#[test]
fn a_message_that_comes_twice_is_known_by_its_id() {
    let id = |text: &str| read(text).message.unwrap().id;
    let one = id("<message id='1'><body>a</body></message>");
    assert_eq!(one, id("<message id='1'><body>a</body></message>"));
    assert_ne!(one, id("<message id='2'><body>a</body></message>"));
    let origin = "<origin-id xmlns='urn:xmpp:sid:0' id='1'/>";
    assert_eq!(
        one,
        id(&format!("<message id='7'><body>a</body>{origin}</message>")),
        "the sender's own name of it"
    );
    assert_eq!(id("<message><body>a</body></message>"), MessageId([9; 16]));
}

// d.8, the column of XMPP.
#[test]
fn errors_are_those_of_the_table() {
    let rows = [
        (MessageFailure::NoRecipient, Condition::ItemNotFound),
        (MessageFailure::Blocked, Condition::Forbidden),
        (MessageFailure::Expired, Condition::RemoteServerTimeout),
        (MessageFailure::TooLarge, Condition::PolicyViolation),
        (MessageFailure::NotSupported, Condition::NotAcceptable),
    ];
    for (failure, condition) in rows {
        assert_eq!(message::condition(failure), condition);
        // What is told comes back as the same, but for what is too large, which XMPP has no other word for.
        let back = message::failure(condition);
        assert!(back == failure || failure == MessageFailure::TooLarge, "{failure:?} {back:?}");
    }
    for condition in Condition::ALL {
        let error = condition.element();
        let mut octets = Vec::new();
        error.write(&mut octets);
        let error = String::from_utf8(octets).unwrap();
        let id = message::id_text(MessageId([5; 16]));
        let written = format!("<message type='error' id='{id}'>{error}</message>");
        let failed = message::Report::Failed(MessageId([5; 16]), message::failure(*condition));
        assert_eq!(read(&written).report, Some(failed), "{written}");
    }
}
