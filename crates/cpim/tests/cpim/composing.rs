//! From documents of the engine to presence documents, and from those to publications and through the engine back.

use crate::documents::rich;
use cpim::pidf::{DeviceContact, Inbox, Presence, compose, publication};
use cpim::xml::{Element, Limits, canonical};
use model::address::Domain;
use model::{
    Address, AgentId, Basic, Capability, EXTENSIONS_OCTETS_MAX, ExtensionKind, GatewayId, Location, Note,
    PresenceDocument,
    PresenceState::{self, *},
    PresenceTuple, Publication, Timestamp, Version,
};
use proptest::prelude::*;

const AT: Timestamp = Timestamp(1_795_399_200_000);

fn address() -> Address {
    let domain = Domain::parse("example.com").expect("a domain");
    Address::new("room 4", &domain).expect("a name")
}

fn agent(number: u64) -> AgentId {
    AgentId { gateway: GatewayId(1), number }
}

fn published(state: PresenceState) -> Publication {
    Publication {
        state,
        qualifier: None,
        custom: Vec::new(),
        notes: Vec::new(),
        capabilities: None,
        location: None,
        extensions: Box::default(),
        at: AT,
    }
}

fn tuple(number: u64, state: PresenceState) -> PresenceTuple {
    let basic = if matches!(state, Offline | Hidden) { Basic::Closed } else { Basic::Open };
    PresenceTuple {
        agent: Some(agent(number)),
        state,
        basic,
        since: AT,
        note: Some("secret".into()),
        publication: None,
    }
}

fn document(state: PresenceState, tuples: Vec<PresenceTuple>) -> PresenceDocument {
    let basic =
        if tuples.iter().any(|tuple| tuple.basic == Basic::Open) { Basic::Open } else { Basic::Closed };
    let (presentity, version) = (address(), Version { epoch: 1, version: 1 });
    PresenceDocument {
        presentity,
        version,
        state,
        basic,
        since: AT,
        note: Some("in a call with bob".into()),
        tuples,
    }
}

fn contact(number: Option<u64>, uri: &str) -> DeviceContact {
    DeviceContact { agent: number.map(agent), uri: uri.into(), priority: Some(500), takes_second_call: true }
}

/// What is written and read again.
fn through(presence: &Presence) -> Presence {
    let written = presence.write();
    let read = Presence::read(written.as_bytes(), &Limits::default())
        .unwrap_or_else(|error| panic!("{error}: {written}"));
    assert_eq!(read.write(), written);
    read
}

fn every_state() -> impl Iterator<Item = PresenceState> {
    PresenceState::ALL.into_iter()
}

/// A document of each state in which everything is said that the model has words for.
pub fn documents_of_every_state() -> impl Iterator<Item = Presence> {
    every_state().map(|state| {
        let note = Note { language: Some("en".into()), text: "Feeding the cat".into() };
        let said = Publication {
            qualifier: Some("desk".into()),
            custom: vec![note.clone()],
            notes: vec![note],
            capabilities: Some(vec![
                Capability::Audio,
                Capability::ExtendedVideo,
                Capability::Other { identifier: "1.2.3".into(), text: None },
            ]),
            location: Some(Location { locale: Some("Room 4".into()), ..Location::default() }),
            ..published(state)
        };
        let one = PresenceTuple { publication: Some(Box::new(said)), ..tuple(1, state) };
        compose(&document(state, vec![one]), Inbox::Storing, &[contact(None, "h323:room4@example.com")])
    })
}

// covers, E-21, R-004, R-059
#[test]
fn a_device_has_a_tuple_for_calls_beside_that_for_messages() {
    let mut full = contact(Some(2), "h323:desk@example.com");
    full.takes_second_call = false;
    let contacts = [full, contact(Some(1), "h323:room4@example.com"), contact(Some(1), "tel:+4930123456")];
    let presence = through(&compose(
        &document(OnCall, vec![tuple(1, Away), tuple(2, OnCall)]),
        Inbox::Storing,
        &contacts,
    ));
    assert_eq!(presence.entity, "pres:room%204@example.com");
    let tuples: Vec<_> = presence
        .tuples
        .iter()
        .map(|tuple| (tuple.contact.as_ref().unwrap().uri.as_str(), tuple.basic.unwrap()))
        .collect();
    assert_eq!(
        tuples,
        [
            ("im:room%204@example.com", Basic::Open),
            ("h323:room4@example.com", Basic::Open),
            ("tel:+4930123456", Basic::Open),
            // In a call, and it takes no second one.
            ("h323:desk@example.com", Basic::Closed),
        ]
    );
    assert_eq!(presence.tuples[0].id, "im");
    assert_eq!((presence.tuples[3].id.as_str(), presence.devices.len()), ("ID-1.2", 2));
}

/// Table a.1, column "IM tuple basic", where nobody but this device is there.
// covers, B-03, C-27
#[test]
fn open_and_closed_say_what_would_become_of_a_message_and_no_activity_changes_them() {
    for state in every_state() {
        let of = |inbox| {
            let presence = compose(&document(state, vec![tuple(1, state)]), inbox, &[]);
            let im = presence.tuples.iter().find(|tuple| tuple.id == "im").and_then(|tuple| tuple.basic);
            (im, presence.tuples.iter().find(|tuple| tuple.id != "im").and_then(|tuple| tuple.basic))
        };
        let there = if matches!(state, Offline | Hidden) { Basic::Closed } else { Basic::Open };
        let (there, open) = if state == Unknown { (None, None) } else { (Some(there), Some(Basic::Open)) };
        assert_eq!(of(Inbox::Delivering), (there, there), "{state:?}");
        assert_eq!(of(Inbox::Storing), (open, there), "{state:?}");
        assert_eq!(of(Inbox::Absent), (None, there), "{state:?}");
    }
}

/// Rule a.4.3: with the tag every state comes back, its qualifier and text too. Hidden is offline to everybody.
// covers: E-23, R-060
#[test]
fn with_the_tag_every_state_comes_back() {
    for state in every_state() {
        for qualifier in [None, Some("desk".to_owned())] {
            let mut one = tuple(1, state);
            let (language, text) = (Some("en".to_owned()), "back <soon>\u{1}".to_owned());
            let notes = vec![Note { language, text }];
            one.publication =
                Some(Box::new(Publication { qualifier: qualifier.clone(), notes, ..published(state) }));
            let presence = through(&compose(&document(state, vec![one]), Inbox::Delivering, &[]));
            let read = publication(&presence, AT).unwrap();
            let expected = if state == Hidden { Offline } else { state };
            assert_eq!(read.state, expected, "{}", presence.write());
            if !matches!(state, Hidden | Unknown) {
                assert_eq!(
                    (read.qualifier, read.notes[0].text.as_str()),
                    (qualifier, "back <soon>\u{fffd}"),
                    "{state:?}"
                );
            }
        }
    }
}

// covers: F-03
#[test]
fn one_in_hiding_is_written_as_one_who_is_offline() {
    let with = |state| {
        let mut one = tuple(1, state);
        let publication = publication(&rich(), AT).unwrap();
        one.publication = (state == Hidden).then(|| Box::new(Publication { state, ..publication }));
        compose(&document(state, vec![one]), Inbox::Storing, &[contact(None, "h323:room4@example.com")])
            .write()
    };
    assert_eq!(with(Hidden), with(Offline));
}

#[test]
fn the_words_in_which_the_engine_says_why_are_not_written() {
    let text = compose(&document(OnCall, vec![tuple(1, OnCall)]), Inbox::Storing, &[]).write();
    assert!(!text.contains("bob") && !text.contains("secret"), "{text}");
}

#[test]
fn features_places_and_words_that_other_documents_lack_come_back() {
    let note = |language: &str, text: &str| Note { language: Some(language.into()), text: text.into() };
    let said = Publication {
        custom: vec![note("en", "Feeding the cat"), note("de", "Ich füttere die Katze")],
        notes: vec![note("en", "do knock")],
        capabilities: Some(vec![
            Capability::Audio,
            Capability::ExtendedVideo,
            Capability::Other { identifier: "1.2.3".into(), text: Some("fax".into()) },
        ]),
        location: Some(Location {
            locale: Some("Room 4".into()),
            latitude: Some("48.1".into()),
            ..Location::default()
        }),
        ..published(Custom)
    };
    let mut one = tuple(1, Custom);
    one.publication = Some(Box::new(said.clone()));
    let presence = through(&compose(&document(Custom, vec![one]), Inbox::Delivering, &[]));
    let read = publication(&presence, AT).unwrap();
    assert_eq!(Publication { extensions: Box::default(), ..read }, said);
}

fn texts(presence: &Presence) -> Vec<String> {
    let mut texts = Vec::new();
    let mut add = |place: &str, id: &str, elements: &[Element]| {
        texts.extend(elements.iter().map(|element| format!("{place} {id} {}", canonical(element))));
    };
    add("presence", "", &presence.elements);
    for tuple in &presence.tuples {
        add("tuple", &tuple.id, &tuple.elements);
        add("status", &tuple.id, &tuple.status);
    }
    presence.persons.iter().for_each(|person| add("person", &person.id, &person.elements));
    presence.devices.iter().for_each(|device| add("device", &device.id, &device.elements));
    texts
}

// covers, C-25, R-006, R-045
#[test]
fn what_was_published_comes_out_of_the_engine_as_it_went_in() {
    let rich = rich();
    let said = publication(&rich, AT).unwrap();
    assert_eq!((said.state, said.notes.len()), (Away, 1));
    let mut one = tuple(1, Away);
    one.publication = Some(Box::new(said));
    let presence = through(&compose(&document(Away, vec![one]), Inbox::Storing, &[]));
    let composed = texts(&presence);
    for text in texts(&rich) {
        assert!(composed.contains(&text), "{text} is not in {composed:#?}");
    }
    assert_eq!(presence.attributes, rich.attributes);
    assert_eq!(presence.notes, rich.notes);
    assert_eq!(presence.persons[0].attributes, rich.persons[0].attributes);
    assert_eq!(presence.persons[0].notes, rich.persons[0].notes);
    assert_eq!(presence.devices, rich.devices);
    // Beside the tuple for the inbox there are those that were published, whole.
    assert_eq!(presence.tuples[1..], rich.tuples[..]);
}

#[test]
fn an_element_that_uses_every_prefix_of_its_document_is_kept() {
    let repeated = |each: &dyn Fn(usize) -> String| (0..60).map(each).collect::<String>();
    let text = format!(
        "<presence xmlns='urn:ietf:params:xml:ns:pidf' {} entity='pres:a@b'><p0:x {}><deep/></p0:x></presence>",
        repeated(&|n| format!("xmlns:p{n}='urn:p{n}' ")),
        repeated(&|n| format!("p{n}:a='p{n}:b' ")),
    );
    let presence = Presence::read(text.as_bytes(), &Limits::default()).unwrap();
    let mut one = tuple(1, Available);
    one.publication = Some(Box::new(publication(&presence, AT).unwrap()));
    let composed = compose(&document(Available, vec![one]), Inbox::Absent, &[]);
    assert_eq!(texts(&composed)[0], texts(&presence)[0]);
}

// covers: C-25
#[test]
fn rules_take_out_pieces_by_their_kind() {
    let mut said = publication(&rich(), AT).unwrap();
    said.retain_extensions(|kind| kind != ExtensionKind::Location && kind != ExtensionKind::Contact);
    let mut one = tuple(1, Away);
    one.publication = Some(Box::new(said));
    let text = compose(&document(Away, vec![one]), Inbox::Storing, &[]).write();
    for gone in
        ["geopriv", "civicAddress", "place-type", "time-offset", "alice.vcf", "sip:alice", "mailto:", "Alice"]
    {
        assert!(!text.contains(gone), "{gone} in {text}");
    }
    for kept in ["r:sleeping", "r:angry", "x:thing", "c:servcaps", "closed"] {
        assert!(text.contains(kept), "{kept} not in {text}");
    }
}

#[test]
fn a_device_that_is_gone_closes_the_tuples_it_published() {
    let mut one = tuple(1, Offline);
    one.publication = Some(Box::new(publication(&rich(), AT).unwrap()));
    let presence = compose(&document(Offline, vec![one]), Inbox::Delivering, &[]);
    assert!(presence.tuples.iter().all(|tuple| tuple.basic == Some(Basic::Closed)));
}

// covers: C-22, C-24
#[test]
fn timestamps_never_go_back_whatever_the_clock_does() {
    let at = |moment: i64, state| {
        let since = Timestamp(moment);
        let tuples = vec![PresenceTuple { since, ..tuple(1, state) }];
        compose(&PresenceDocument { since, ..document(state, tuples) }, Inbox::Storing, &[])
    };
    let mut before = at(AT.0, Away);
    for (moment, state) in
        [(AT.0 - 60_000, OnCall), (AT.0 + 5, Away), (AT.0 - 3_600_000, Offline), (AT.0 + 6, Away)]
    {
        let mut next = at(moment, state);
        next.follow(&before);
        let (one, other) = (next.persons[0].timestamp, before.persons[0].timestamp);
        assert!(one >= other, "{one:?} after {other:?}");
        for tuple in &next.tuples {
            let earlier = before.tuples.iter().find(|one| one.id == tuple.id).unwrap();
            assert!(tuple.timestamp >= earlier.timestamp);
        }
        before = next;
    }
}

#[test]
fn more_than_is_kept_is_refused_and_nothing_is_cut() {
    let text = format!(
        "<presence xmlns='urn:ietf:params:xml:ns:pidf' entity='pres:a@b'><x:a xmlns:x='urn:x'>{}</x:a></presence>",
        "y".repeat(EXTENSIONS_OCTETS_MAX)
    );
    let presence = Presence::read(text.as_bytes(), &Limits::default()).unwrap();
    let refused = publication(&presence, AT).unwrap_err().to_string();
    assert!(refused.contains("16384 octets in 256 pieces are kept"), "{refused}");
}

#[test]
fn of_two_devices_the_newer_says_what_both_say() {
    let person = |mood: &str, card: &str| {
        let text = format!(
            "<presence xmlns='urn:ietf:params:xml:ns:pidf' xmlns:d='urn:ietf:params:xml:ns:pidf:data-model' \
             xmlns:r='urn:ietf:params:xml:ns:pidf:rpid' xmlns:c='urn:ietf:params:xml:ns:pidf:cipid' entity='pres:a@b'>\
             <tuple id='t'><status><basic>open</basic></status></tuple>\
             <d:person id='p'><r:mood><r:{mood}/></r:mood>{card}</d:person></presence>"
        );
        Presence::read(text.as_bytes(), &Limits::default()).unwrap()
    };
    let device = |number, document: &Presence, at: i64| {
        let publication = publication(document, Timestamp(at)).unwrap();
        PresenceTuple { publication: Some(Box::new(publication)), ..tuple(number, Available) }
    };
    let old = device(1, &person("sad", "<c:card>http://example.com/a</c:card>"), 1);
    let new = device(2, &person("happy", ""), 2);
    let presence = through(&compose(&document(Available, vec![old, new]), Inbox::Absent, &[]));
    let elements: Vec<_> = presence.persons[0].elements.iter().map(canonical).collect();
    assert_eq!(elements.len(), 2);
    assert!(elements[0].contains("happy") && elements[1].contains("card"), "{elements:?}");
    let ids: Vec<_> = presence.tuples.iter().map(|tuple| tuple.id.as_str()).collect();
    assert_eq!(ids, ["t", "t-2"]);
}

fn state() -> impl Strategy<Value = PresenceState> {
    prop::sample::select(every_state().collect::<Vec<_>>())
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(any::<char>(), 0..12).prop_map(|characters| characters.into_iter().collect())
}

fn any_publication() -> impl Strategy<Value = Publication> {
    let note = || (prop::option::of("[a-z]{2}"), text()).prop_map(|(language, text)| Note { language, text });
    let capability = prop_oneof![
        Just(Capability::Audio),
        Just(Capability::Video),
        Just(Capability::ExtendedVideo),
        (text(), prop::option::of(text()))
            .prop_map(|(identifier, text)| Capability::Other { identifier, text }),
    ];
    let notes = || prop::collection::vec(note(), 0..3);
    let capabilities = prop::option::of(prop::collection::vec(capability, 0..4));
    (state(), prop::option::of(text()), notes(), notes(), capabilities, 0..5_i64).prop_map(
        |(state, qualifier, custom, notes, capabilities, at)| {
            let at = Timestamp(AT.0 + at);
            let rich = (at.0 % 2 == 0).then(|| publication(&rich(), at).expect("it is small").extensions);
            let extensions = rich.unwrap_or_default();
            Publication { qualifier, custom, notes, capabilities, extensions, at, ..published(state) }
        },
    )
}

proptest! {
    // covers, C-22
    #[test]
    fn whatever_the_engine_says_is_a_document_that_is_read_again(
        composed in state(),
        said in prop::collection::vec((state(), prop::option::of(any_publication())), 0..4),
        inbox in prop::sample::select(vec![Inbox::Absent, Inbox::Delivering, Inbox::Storing]),
    ) {
        let tuples = said.into_iter().enumerate().map(|(number, (state, said))| {
            PresenceTuple { publication: said.map(Box::new), ..tuple(number as u64, state) }
        });
        let document = document(composed, tuples.collect());
        let presence = compose(&document, inbox, &[contact(None, "h323:room4@example.com")]);
        prop_assert_eq!(&presence.entity, "pres:room%204@example.com");
        let read = through(&presence);
        // Where nothing is open, nobody is there.
        let all_closed = !read.tuples.is_empty() && read.tuples.iter().all(|one| one.basic == Some(Basic::Closed));
        prop_assert!(!all_closed || publication(&read, AT).unwrap().state == Offline);
    }
}
