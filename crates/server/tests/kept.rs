//! What other networks say goes through engine, store and restart without loss, although neither reads it.

#![allow(
    clippy::unwrap_used,
    reason = "clippy allows it in the tests themselves, but not in what they share"
)]

use cpim::message::{Envelope, MessageLimits, instant_message};
use cpim::pidf::{Inbox, Presence, compose, publication};
use cpim::xml::{Limits, canonical};
use engine::{Effects, Engine};
use h323::wire::package::{Package, PackageMessage};
use model::{
    Address, AgentId, Batch, Claim, Effect, Evidence, EvidenceKey, GatewayId, Instant, InstantMessage,
    MessageId, NamedAddress, Now, PresenceState, Request, Source, Strength, Ticket, Timestamp,
};
use server::{Settings, StateMachines};
use std::path::Path;
use std::sync::mpsc;
use store::{Options, Storage, Store};

const NOW: Now = Now { instant: Instant(1), wall: Timestamp(1_795_399_200_000) };

/// One run of a node's engine over its store.
struct Run {
    store: Store,
    engine: Engine,
}

impl Run {
    fn start(place: &Path) -> Self {
        let store = Store::open(place, Options::default()).unwrap();
        let engine =
            StateMachines::load(&Settings::default(), None, [[1; 32], [2; 32]], NOW, &store).unwrap().engine;
        Self { store, engine }
    }

    /// Asks the engine, makes its facts durable; what it wants said.
    fn ask(&mut self, requests: Vec<Request>) -> Vec<Effect> {
        let mut effects = Effects::default();
        for request in requests {
            self.engine.handle(NOW, request, &mut effects);
        }
        self.engine.settle(NOW, &mut effects);
        let (done, outcome) = mpsc::channel();
        let batch = Batch { facts: std::mem::take(&mut effects.facts) };
        self.store.submit(batch, move |outcome| done.send(outcome).unwrap()).unwrap();
        outcome.recv().unwrap().unwrap();
        effects.promised.into_iter().chain(effects.immediate).collect()
    }

    fn end(self) {
        self.store.close().unwrap();
    }
}

fn address(local: &str) -> Address {
    Address::parse(&format!("{local}@example.com")).unwrap()
}

const fn agent(number: u64) -> AgentId {
    AgentId { gateway: GatewayId(3), number }
}

/// Somebody is there with a device.
fn arrive(number: u64, local: &str) -> Vec<Request> {
    let alias = NamedAddress { address: address(local), kind: "im".into(), original: local.into() };
    let claim = Claim {
        agent: agent(number),
        aliases: vec![alias],
        inferred: true,
        has_presence: true,
        has_messaging: true,
        strength: Strength::Password,
        device: format!("device of {local}"),
        description: String::new(),
    };
    let evidence = Evidence {
        key: EvidenceKey { source: Source::Registration, id: String::new() },
        state: PresenceState::Online,
        since: NOW.wall,
        expires: None,
        detail: "".into(),
    };
    vec![
        Request::Claim { ticket: Ticket(number), claim },
        Request::Observe { agent: agent(number), evidence },
        Request::Attend { agent: agent(number) },
    ]
}

/// Signed, with headers out of the usual order, an unknown one, a folded content header and octets that are no text.
const OBJECT: &[u8] = b"Odd:;a=b value\\q\r\nTo: <im:bob@example.com>\r\nFrom: Alice <im:alice@example.com>\r\nSubject:;lang=fr \xc3\xa9t\xc3\xa9\r\n\
    \r\nContent-type: Multipart/Signed;\r\n\tboundary=B; micalg=sha-256\r\n\r\n--B\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nread me\n\r\n--B\r\n\
    Content-Type: application/pkcs7-signature\r\n\r\n\x00\xff\x80\r\n--B--";

fn object() -> InstantMessage {
    let envelope = Envelope {
        id: MessageId([9; 16]),
        sender: address("alice"),
        recipient: address("bob"),
        received_at: NOW.wall,
        max_forwards: 70,
    };
    instant_message(OBJECT, envelope, &MessageLimits::default()).unwrap()
}

/// What Herald's package makes of a message on its way to an endpoint, read there again.
fn over_the_package(message: &InstantMessage) -> Option<(String, Vec<u8>)> {
    let content = message.content.clone().map(|content| (content.media_type, content.body));
    let written = PackageMessage { content, ..PackageMessage::new(message.id) }.write().unwrap();
    match Package::read(&written).unwrap().unwrap() {
        Package::Message(message) => message.content,
        other => panic!("{other:?}"),
    }
}

// covers, C-15, C-21, C-30
#[test]
fn a_signed_object_comes_out_octet_for_octet_although_its_reader_was_away_and_the_node_restarted() {
    let place = tempfile::tempdir().unwrap();
    let mut run = Run::start(place.path());
    run.ask(arrive(1, "alice"));
    run.ask(arrive(2, "bob"));
    let at = NOW.wall;
    run.ask(vec![Request::Depart { agent: agent(2), at, reason: String::new(), is_farewell: false }]);
    let message = Box::new(object());
    run.ask(vec![Request::Send { ticket: Ticket(9), agent: Some(agent(1)), message }]);
    run.end();

    let mut next = Run::start(place.path());
    let effects = next.ask(arrive(5, "bob"));
    let delivered = effects.iter().find_map(|effect| match effect {
        Effect::Deliver { delivery, .. } => Some(&delivery.message),
        _ => None,
    });
    let delivered = delivered.expect("what waits is delivered");
    assert_eq!(delivered.text, "read me\n");
    assert_eq!(delivered.content.as_ref().unwrap().body, OBJECT);
    assert_eq!(over_the_package(delivered), Some(("message/cpim".to_owned(), OBJECT.to_vec())));
}

/// A document with something of every kind that the words of the model lack.
const DOCUMENT: &str = "<presence xmlns='urn:ietf:params:xml:ns:pidf' xmlns:dm='urn:ietf:params:xml:ns:pidf:data-model' \
    xmlns:r='urn:ietf:params:xml:ns:pidf:rpid' xmlns:c='urn:ietf:params:xml:ns:pidf:cipid' xmlns:x='urn:example:x' \
    entity='pres:alice@example.com'><tuple id='t1' x:a='1'><status><basic>open</basic><x:s/></status><r:class>home</r:class>\
    <contact priority='0.7'>sip:alice@192.0.2.1</contact></tuple><dm:person id='p1'><r:activities><r:lunch/><r:tv/></r:activities>\
    <c:card>http://example.com/card</c:card><x:unknown y='z'>\u{20ac}<x:deep/></x:unknown><dm:note xml:lang='de'>zu Tisch</dm:note>\
    </dm:person><dm:device id='d1'><x:colour/></dm:device><x:last/></presence>";

// covers, C-09, C-25, R-045
#[test]
fn a_published_document_comes_out_with_all_its_extensions_after_a_restart() {
    let place = tempfile::tempdir().unwrap();
    let mut run = Run::start(place.path());
    run.ask(arrive(1, "alice"));
    let said = Presence::read(DOCUMENT.as_bytes(), &Limits::default()).unwrap();
    let publication = Box::new(publication(&said, NOW.wall).unwrap());
    run.ask(vec![Request::Publish { ticket: Ticket(2), agent: agent(1), publication }]);
    let before = compose(&run.engine.document(&address("alice")).unwrap(), Inbox::Storing, &[]);
    run.end();

    let mut next = Run::start(place.path());
    next.ask(arrive(1, "alice"));
    let document = next.engine.document(&address("alice")).unwrap();
    assert_eq!(document.state, PresenceState::Lunch);
    let after = compose(&document, Inbox::Storing, &[]);
    assert_eq!(after.write(), before.write());
    assert_eq!(after.tuples[1], said.tuples[0]);
    assert_eq!(after.devices, said.devices);
    assert_eq!(after.elements, said.elements);
    let texts = |presence: &Presence| presence.persons[0].elements.iter().map(canonical).collect::<Vec<_>>();
    assert_eq!(texts(&after), texts(&said));
    assert_eq!(after.persons[0].notes, said.persons[0].notes);
}
