//! Presence documents: read and written (RFC 3863, 4479, 4480, 4481, 4482, 5196).

use cpim::pidf::{Presence, Reading, Span, kind, reading};
use cpim::xml::{Element, Limits, canonical};
use model::{Basic, ExtensionKind, Note, Timestamp};

/// A document with an example of everything.
pub const RICH: &str = r##"<?xml version="1.0" encoding="UTF-8"?>
<presence xmlns="urn:ietf:params:xml:ns:pidf" xmlns:dm="urn:ietf:params:xml:ns:pidf:data-model"
    xmlns:r="urn:ietf:params:xml:ns:pidf:rpid" xmlns:ci="urn:ietf:params:xml:ns:pidf:cipid"
    xmlns:c="urn:ietf:params:xml:ns:pidf:caps" xmlns:ts="urn:ietf:params:xml:ns:pidf:timed-status"
    xmlns:gp="urn:ietf:params:xml:ns:pidf:geopriv10" xmlns:cl="urn:ietf:params:xml:ns:pidf:geopriv10:civicAddr"
    xmlns:x="urn:example:x" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    entity="pres:alice@example.com" x:edition="7">
  <tuple id="sg89ae" x:origin="desk">
    <status x:how="asked"><basic>open</basic><x:weather unit="C">12</x:weather>
      <ts:timed-status from="2026-11-23T12:00:00Z" until="2026-11-23T13:00:00+01:00"><basic>closed</basic></ts:timed-status>
    </status>
    <x:colour shade="b"/><r:class>work</r:class><r:relationship><r:self/></r:relationship>
    <r:service-class><r:electronic/></r:service-class>
    <c:servcaps><c:audio>true</c:audio><c:video>false</c:video><c:methods><c:supported><c:MESSAGE/><c:INVITE/></c:supported></c:methods>
      <c:languages><c:supported><c:l>de</c:l></c:supported></c:languages><c:description xml:lang="en">a desk set</c:description></c:servcaps>
    <dm:deviceID>urn:uuid:48662e19-5fbf-43fc-a2fd-d23002787599</dm:deviceID>
    <contact priority="0.8" x:via="pbx">sip:alice@desk.example.com</contact>
    <note xml:lang="de">Am Tisch</note><note>at the desk</note>
    <timestamp>2026-11-23T03:00:00+01:00</timestamp>
  </tuple>
  <tuple id="eg92n8"><status><basic>closed</basic></status><contact priority="1.000">mailto:alice@example.com</contact></tuple>
  <note xml:lang="en">generally about</note>
  <dm:person id="p1" x:mood="blue">
    <r:activities from="2026-11-23T01:00:00Z" until="2026-11-23T04:00:00Z" id="a1"><r:note>until four</r:note><r:away/><r:sleeping/><x:knitting/></r:activities>
    <r:mood><r:angry/><r:other>grim</r:other></r:mood><r:place-is><r:audio><r:noisy/></r:audio><r:video><r:dark/></r:video></r:place-is>
    <r:place-type><r:office/></r:place-type><r:privacy><r:audio/></r:privacy><r:sphere>work</r:sphere>
    <r:status-icon>http://example.com/i.png</r:status-icon><r:time-offset>-240</r:time-offset>
    <r:user-input idle-threshold="600" last-input="2026-11-23T01:55:00Z">idle</r:user-input>
    <ci:card>http://example.com/alice.vcf</ci:card><ci:display-name xml:lang="en">Alice</ci:display-name>
    <ci:homepage>http://example.com/~alice</ci:homepage><ci:icon>http://example.com/a.png</ci:icon><ci:map>http://example.com/m</ci:map>
    <ci:sound>http://example.com/s.wav</ci:sound>
    <gp:geopriv><gp:location-info><cl:civicAddress><cl:country>DE</cl:country></cl:civicAddress></gp:location-info></gp:geopriv>
    <x:thing xsi:type="x:Kind">x:value</x:thing>
    <dm:note xml:lang="en">back at four</dm:note><dm:timestamp>2026-11-23T02:00:00.5Z</dm:timestamp>
  </dm:person>
  <dm:device id="d1"><r:user-input>active</r:user-input><c:devcaps><c:mobility><c:supported><c:fixed/></c:supported></c:mobility></c:devcaps>
    <dm:deviceID>urn:uuid:48662e19-5fbf-43fc-a2fd-d23002787599</dm:deviceID><dm:note>grey</dm:note></dm:device>
  <x:anything><y xmlns="urn:example:y"/><z/></x:anything>
</presence>
"##;

pub fn rich() -> Presence {
    Presence::read(RICH.as_bytes(), &Limits::default()).expect("a document")
}

fn read(text: &str) -> Result<Presence, String> {
    Presence::read(text.as_bytes(), &Limits::default()).map_err(|error| error.to_string())
}

// covers: A-3.1.1, A-3.1.2, A-3.1.3, A-3.1.6, B-02, C-22, C-23, E-21, R-005, R-008, R-074
#[test]
fn tuples_persons_and_devices_are_read_with_all_that_they_say() {
    let presence = rich();
    assert_eq!(presence.entity, "pres:alice@example.com");
    let desk = &presence.tuples[0];
    assert_eq!((desk.id.as_str(), desk.basic), ("sg89ae", Some(Basic::Open)));
    let contact = desk.contact.as_ref().unwrap();
    assert_eq!((contact.uri.as_str(), contact.priority), ("sip:alice@desk.example.com", Some(800)));
    assert_eq!(desk.notes[0], Note { language: Some("de".into()), text: "Am Tisch".into() });
    assert_eq!(desk.timestamp, Some(Timestamp(1_795_399_200_000)));
    assert_eq!((desk.status.len(), desk.elements.len()), (2, 6));
    assert_eq!((presence.tuples[1].basic, presence.tuples.len()), (Some(Basic::Closed), 2));
    let person = &presence.persons[0];
    assert_eq!((person.id.as_str(), person.notes.len()), ("p1", 1));
    assert_eq!(person.timestamp, Some(Timestamp(1_795_399_200_500)));
    let device = &presence.devices[0];
    assert_eq!(device.device_id.as_deref(), Some("urn:uuid:48662e19-5fbf-43fc-a2fd-d23002787599"));
    assert_eq!(presence.notes[0].text, "generally about");
}

// covers: C-25, R-056, R-057, R-072, R-103
#[test]
fn rpid_cipid_timed_status_and_capabilities_are_read() {
    let presence = rich();
    let readings: Vec<_> =
        presence.persons[0].elements.iter().map(|element| (&*element.local, reading(element))).collect();
    let of = |name: &str| readings.iter().find(|(local, _)| *local == name).unwrap().1.clone();
    let Some(Reading::Activities { span, activities, notes }) = of("activities") else { panic!() };
    assert_eq!(span.until, Some(Timestamp(1_795_406_400_000)));
    assert!(span.holds(Timestamp(1_795_406_399_999)) && !span.holds(Timestamp(1_795_406_400_000)));
    let names: Vec<_> = activities.iter().map(|activity| activity.name.as_str()).collect();
    assert_eq!((names, notes[0].text.as_str()), (vec!["away", "sleeping", "knitting"], "until four"));
    assert_eq!(of("time-offset"), Some(Reading::TimeOffset(-240)));
    assert_eq!(
        of("place-is"),
        Some(Reading::PlaceIs(vec![("audio".into(), "noisy".into()), ("video".into(), "dark".into())]))
    );
    let last_input = Some(Timestamp(1_795_398_900_000));
    assert_eq!(
        of("user-input"),
        Some(Reading::UserInput { is_idle: true, idle_threshold: Some(600), last_input })
    );
    assert_eq!(of("card"), Some(Reading::Uri("http://example.com/alice.vcf".into())));
    assert_eq!(
        of("display-name"),
        Some(Reading::Text(Note { language: Some("en".into()), text: "Alice".into() }))
    );
    assert_eq!(of("sphere"), Some(Reading::Sphere { span: Span::default(), name: "work".into() }));
    assert_eq!(of("thing"), None);
    let readings: Vec<_> = presence.tuples[0].elements.iter().filter_map(reading).collect();
    assert!(
        readings.contains(&Reading::Word("self".into()))
            && readings.contains(&Reading::Word("electronic".into()))
    );
    let has = vec!["audio".into(), "methods:MESSAGE".into(), "methods:INVITE".into(), "languages:de".into()];
    let descriptions = vec![Note { language: Some("en".into()), text: "a desk set".into() }];
    assert!(readings.contains(&Reading::Capabilities { has, lacks: vec!["video".into()], descriptions }));
    let timed = presence.tuples[0].status.iter().find_map(reading);
    let span = Span { from: Some(Timestamp(1_795_435_200_000)), until: Some(Timestamp(1_795_435_200_000)) };
    assert_eq!(timed, Some(Reading::TimedStatus { span, basic: Some(Basic::Closed) }));
}

// covers: A-3.1.4, C-25, R-006, R-045
#[test]
fn what_is_not_known_is_written_where_it_stood() {
    let presence = rich();
    let written = presence.write();
    let again = Presence::read(written.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(again.write(), written);
    let text = |elements: &[Element]| elements.iter().map(canonical).collect::<Vec<_>>();
    let all = |presence: &Presence| {
        let tuples = presence.tuples.iter().flat_map(|tuple| [text(&tuple.elements), text(&tuple.status)]);
        let persons = presence.persons.iter().map(|person| text(&person.elements));
        let devices = presence.devices.iter().map(|device| text(&device.elements));
        tuples.chain(persons).chain(devices).chain([text(&presence.elements)]).collect::<Vec<_>>()
    };
    assert_eq!(all(&again), all(&presence));
    assert_eq!(again.attributes, presence.attributes);
    assert_eq!(again.tuples[0].attributes, presence.tuples[0].attributes);
    assert_eq!(again.tuples[0].status_attributes, presence.tuples[0].status_attributes);
    assert_eq!(again.tuples[0].contact, presence.tuples[0].contact);
    assert_eq!(again.persons[0].attributes, presence.persons[0].attributes);
    assert!(written.contains("<timestamp>2026-11-23T02:00:00Z</timestamp>"), "{written}");
    assert!(written.contains("xsi:type=\"x:Kind\">x:value</x:thing>"), "{written}");
}

// covers: C-22, C-23
#[test]
fn what_breaks_the_format_is_refused_by_name() {
    let document = |inside: &str| {
        format!(
            "<presence xmlns='urn:ietf:params:xml:ns:pidf' xmlns:dm='urn:ietf:params:xml:ns:pidf:data-model' \
             entity='pres:a@b'>{inside}</presence>"
        )
    };
    let status = "<status><basic>open</basic></status>";
    for (inside, error) in [
        (format!("<tuple>{status}</tuple>"), "tuple has no id"),
        (format!("<tuple id='1'>{status}</tuple>"), "tuple has no id that is an xs:ID"),
        (
            format!("<tuple id='a'>{status}</tuple><tuple id='a'>{status}</tuple>"),
            "the id \"a\" stands twice",
        ),
        (format!("<tuple id='a'>{status}</tuple><dm:person id='a'/>"), "the id \"a\" stands twice"),
        ("<tuple id='a'/>".into(), "tuple has no status"),
        (format!("<tuple id='a'>{status}{status}</tuple>"), "status stands twice"),
        (
            "<tuple id='a'><status><basic>ajar</basic></status></tuple>".into(),
            "basic: neither open nor closed",
        ),
        (
            format!("<tuple id='a'>{status}<contact priority='1.1'>im:a@b</contact></tuple>"),
            "contact: priority is not",
        ),
        (
            format!("<tuple id='a'>{status}<timestamp>yesterday</timestamp></tuple>"),
            "timestamp: not a moment",
        ),
        (format!("<tuple id='a'>{status}<dm:person id='b'/></tuple>"), "person has no place there"),
        ("<status/>".into(), "status has no place there"),
        ("<dm:device/>".into(), "device has no id"),
    ] {
        let refused = read(&document(&inside)).unwrap_err();
        assert!(refused.contains(error), "{inside}: {refused}");
    }
    assert_eq!(
        read("<presence xmlns='urn:ietf:params:xml:ns:pidf'/>").unwrap_err(),
        "presence has no entity"
    );
    assert_eq!(
        read("<presence entity='a'/>").unwrap_err(),
        "the root element is {}presence, not presence of PIDF"
    );
}

// covers: C-23
#[test]
fn what_must_be_understood_and_is_not_makes_its_tuple_say_nothing() {
    let document = |mark: &str, place: &str| {
        let unknown = format!("<x:odd xmlns:x='urn:example:x' p:mustUnderstand='{mark}'/>");
        let (status, root) = if place == "status" { (unknown.as_str(), "") } else { ("", unknown.as_str()) };
        format!(
            "<presence xmlns='urn:ietf:params:xml:ns:pidf' xmlns:p='urn:ietf:params:xml:ns:pidf' entity='pres:a@b'>\
             <tuple id='t'><status><basic>open</basic>{status}</status></tuple>{root}</presence>"
        )
    };
    for (mark, is_beyond_us) in [("1", true), ("true", true), ("0", false), ("false", false)] {
        let presence = read(&document(mark, "status")).unwrap();
        assert_eq!(presence.tuples[0].is_beyond_us, is_beyond_us, "{mark}");
        assert_eq!(presence.tuples[0].status.len(), 1);
        assert_eq!(read(&document(mark, "root")).is_err(), is_beyond_us, "{mark}");
    }
    assert!(read(&document("1", "root")).unwrap_err().contains("{urn:example:x}odd must be understood"));
    let known = document("1", "status").replace("urn:example:x", "urn:ietf:params:xml:ns:pidf:rpid");
    assert!(!read(&known).unwrap().tuples[0].is_beyond_us);
}

#[test]
fn each_element_has_its_kind() {
    let presence = rich();
    let kinds = |elements: &[Element]| {
        elements.iter().map(|one| (one.local.to_string(), kind(one))).collect::<Vec<_>>()
    };
    use ExtensionKind::{Activity, Capability, Contact, Location, Other};
    let expected = [
        ("activities", Activity),
        ("mood", Activity),
        ("place-is", Activity),
        ("place-type", Location),
        ("privacy", Activity),
        ("sphere", Activity),
        ("status-icon", Activity),
        ("time-offset", Location),
        ("user-input", Activity),
        ("card", Contact),
        ("display-name", Contact),
        ("homepage", Contact),
        ("icon", Contact),
        ("map", Location),
        ("sound", Contact),
        ("geopriv", Location),
        ("thing", Other),
    ];
    assert_eq!(kinds(&presence.persons[0].elements), expected.map(|(name, kind)| (name.to_owned(), kind)));
    let expected = [
        ("colour", Other),
        ("class", Other),
        ("relationship", Contact),
        ("service-class", Contact),
        ("servcaps", Capability),
        ("deviceID", Other),
    ];
    assert_eq!(kinds(&presence.tuples[0].elements), expected.map(|(name, kind)| (name.to_owned(), kind)));
    // Whatever carries a location is one.
    let hidden = "<a xmlns='urn:example:a'><b><c xmlns='http://www.opengis.net/gml/3.2'/></b></a>";
    let hidden = cpim::xml::read(hidden.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(kind(&hidden), Location);
}

#[test]
fn a_document_of_many_prefixes_is_written_so_that_it_is_read_again() {
    let elements = |names: std::ops::Range<usize>| {
        names.map(|n| format!("<a{n}:b xmlns:a{n}='urn:a{n}'/>")).collect::<String>()
    };
    let text = format!(
        "<presence xmlns='urn:ietf:params:xml:ns:pidf' entity='pres:a@b'><tuple id='t'><status>{}</status>{}</tuple>{}</presence>",
        elements(0..60),
        elements(60..120),
        elements(120..200)
    );
    let presence = read(&text).unwrap();
    let again = read(&presence.write()).unwrap();
    assert_eq!(
        (again.elements.len(), again.tuples[0].elements.len(), again.tuples[0].status.len()),
        (80, 60, 60)
    );
    assert_eq!(again.write(), presence.write());
}
