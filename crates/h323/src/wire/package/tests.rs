use super::receipt::{REASONS, STAGES};
use super::*;
use crate::alias::Alias;
use crate::wire::feature::Feature;
use crate::wire::h225::{AliasAddress, Content, EnumeratedParameter};
use codec::per::{self, BoundedList, ExtensibleInteger, Integer, OctetString};
use model::{ReceiptsWanted, Timestamp};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

fn alias() -> impl Strategy<Value = AliasAddress> {
    let typed =
        prop_oneof!["[0-9]{1,20}", "[a-zäöü一-三 ]{1,20}", "[a-z]{1,8}@[a-z]{1,8}\\.com", "h323:[a-z]{1,9}"];
    typed.prop_filter_map("an alias", |text| Alias::parse_typed(&text).ok()?.to_wire())
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![".{0,60}", "[🎉é一]{0,400}", "[a-z]{7990,8000}"]
}

fn wanted() -> impl Strategy<Value = ReceiptsWanted> {
    any::<(bool, bool, bool)>().prop_map(|(delivered, displayed, failed)| ReceiptsWanted {
        delivered,
        displayed,
        failed,
    })
}

prop_compose! {
    fn message()(
        id in any::<[u8; 16]>(),
        from in option::of(alias()),
        to in vec(alias(), 0..4),
        text in option::of(text()),
        content in option::of(("[a-zA-Z/]{1,40}", vec(any::<u8>(), 0..300))),
        // The years 0 to 9999.
        sent_at in option::of(-62_167_219_200_000_i64..253_402_200_000_000),
        (expires, max_forwards, thread) in any::<(Option<u32>, Option<u8>, Option<[u8; 16]>)>(),
        part in option::of((1..=PARTS_MAX).prop_flat_map(|count| (1..=count, Just(count)))),
        wanted in wanted(),
        language in option::of("[a-z]{2}(-[A-Z]{2})?"),
        (is_delayed, group, is_carbon) in (any::<bool>(), option::of(alias()), any::<bool>()),
    ) -> PackageMessage {
        let part = part.map(|(number, count)| Part { number, count });
        PackageMessage {
            id: MessageId(id), from, to, text, content, sent_at: sent_at.map(Timestamp), expires, max_forwards,
            thread, part, wanted, language, is_delayed, group, is_carbon,
        }
    }
}

fn through_the_wire(descriptor: &GenericData) -> GenericData {
    per::decode(&per::encode(descriptor).unwrap()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_message_comes_back(message in message()) {
        let descriptor = through_the_wire(&message.write().unwrap());
        prop_assert_eq!(Package::read(&descriptor), Ok(Some(Package::Message(message.into()))));
    }

    #[test]
    fn a_receipt_comes_back(
        id in any::<[u8; 16]>(),
        stage in 0..STAGES.len(),
        reason in option::of(0..REASONS.len()),
        retry_after in any::<Option<u16>>(),
        (from, to) in (option::of(alias()), option::of(alias())),
    ) {
        let kind = STAGES[stage].1;
        let reason = reason.map(|at| REASONS[at].1).filter(|_| kind == ReceiptStage::Failed);
        let receipt = PackageReceipt { message: MessageId(id), kind, reason, retry_after, from, to };
        let descriptor = through_the_wire(&receipt.write());
        prop_assert_eq!(Package::read(&descriptor), Ok(Some(Package::Receipt(receipt))));
    }

    #[test]
    fn typing_comes_back(
        (from, to) in (option::of(alias()), option::of(alias())),
        (is_composing, thread) in any::<(bool, Option<[u8; 16]>)>(),
    ) {
        let typing = Typing { from, to, is_composing, thread };
        let descriptor = through_the_wire(&typing.write());
        prop_assert_eq!(Package::read(&descriptor), Ok(Some(Package::Typing(typing))));
    }

    #[test]
    fn an_announcement_comes_back(version in 1..=u8::MAX, capabilities in any::<u16>()) {
        let announcement = Announcement { version, capabilities };
        prop_assert_eq!(Announcement::read(&through_the_wire(&announcement.write())), Ok(Some(announcement)));
    }

    #[test]
    fn a_state_tag_comes_back(code in "[A-Z][0-9]{1,2}", qualifier in option::of("[a-z]{1,20}")) {
        let tag = StateTag { code, qualifier };
        prop_assert_eq!(StateTag::read(&through_the_wire(&tag.write().unwrap())), Ok(Some(tag)));
    }

    // covers: F-21
    #[test]
    fn any_parameters_are_read_or_refused(
        contents in vec((0..60_u8, 0..9_u8, vec(any::<u8>(), 0..40)), 0..12),
    ) {
        let content = |kind: u8, octets: Vec<u8>| match kind {
            0 => Content::Bool(true),
            1 => Content::Number8(Integer::clamped(u32::from(octets.first().copied().unwrap_or(0)))),
            2 => Content::Number16(Integer::clamped(octets.len() as u32)),
            3 => Content::Number32(Integer::clamped(u32::MAX)),
            4 => Content::Text(codec::per::Ia5String::new("2026-02-30T25:00:00Z").unwrap()),
            5 => Content::Compound(BoundedList(vec![EnumeratedParameter::default()])),
            _ => Content::Raw(OctetString(octets)),
        };
        let descriptor = of(contents.into_iter().map(|(number, kind, octets)| (number, content(kind, octets))));
        if let Ok(Some(read)) = Package::read(&descriptor) {
            let written = match &read {
                Package::Message(message) => message.write().unwrap(),
                Package::Receipt(receipt) => receipt.write(),
                Package::Typing(typing) => typing.write(),
            };
            prop_assert_eq!(Package::read(&written), Ok(Some(read)));
        }
        let _ = (Announcement::read(&descriptor), StateTag::read(&descriptor));
    }

    #[test]
    fn parts_in_any_order_make_the_message_again(
        message in message(),
        octets in 16..2000_usize,
        order in Just((0..usize::from(PARTS_MAX)).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let message = PackageMessage { part: None, ..message };
        let Some(parts) = divide(message.clone(), octets) else {
            prop_assert!(message.size() > octets * usize::from(PARTS_MAX) * 9 / 16);
            return Ok(());
        };
        prop_assert!(parts.iter().all(|part| part.size() <= octets));
        if parts.len() == 1 {
            prop_assert_eq!(parts, vec![message]);
            return Ok(());
        }
        let mut assembly = Assembly::new(parts.len() as u8);
        let mut joined = Joined::Waiting;
        for at in order.into_iter().filter(|at| *at < parts.len()) {
            prop_assert_eq!(&joined, &Joined::Waiting);
            joined = assembly.add(parts[at].clone());
        }
        // What is empty is not there after a division.
        let content = message.content.clone().filter(|(_, body)| !body.is_empty());
        let text = message.text.clone().filter(|text| !text.is_empty());
        prop_assert_eq!(joined, Joined::Whole(PackageMessage { text, content, ..message }.into()));
    }
}

/// A descriptor of the package with these parameters.
fn of(parameters: impl IntoIterator<Item = (u8, Content)>) -> GenericData {
    let parameter = |(number, content)| EnumeratedParameter::new(Feature::Herald.parameter(number), content);
    let parameters: Vec<_> = parameters.into_iter().map(parameter).collect();
    let parameters = (!parameters.is_empty()).then_some(BoundedList(parameters));
    GenericData { parameters, ..Feature::Herald.advertised() }
}

fn raw(octets: &[u8]) -> Content {
    Content::Raw(OctetString(octets.to_vec()))
}

fn ascii(text: &str) -> Content {
    Content::Text(codec::per::Ia5String::new(text).unwrap())
}

/// A message with one more parameter.
fn with(number: u8, content: Content) -> Result<Option<Package>, PackageError> {
    Package::read(&of([(number::MESSAGE_ID, raw(&[1; 16])), (number, content)]))
}

#[test]
fn a_malformed_parameter_makes_the_descriptor_an_error() {
    let malformed = |parameter| Err(PackageError::Malformed { parameter });
    let part = |number, count| {
        let member = |place, value| {
            let id = crate::wire::h225::GenericIdentifier::Standard(ExtensibleInteger(place));
            EnumeratedParameter::new(id, Content::Number8(Integer::clamped(value)))
        };
        Content::Compound(BoundedList(vec![member(1, number), member(2, count)]))
    };
    assert_eq!(Package::read(&of([(number::MESSAGE_ID, raw(&[1; 15]))])), malformed(number::MESSAGE_ID));
    assert_eq!(with(number::TEXT, raw(&[0xff])), malformed(number::TEXT));
    assert_eq!(with(number::TEXT, ascii("hello")), malformed(number::TEXT));
    assert_eq!(with(number::SENT_AT, ascii("yesterday")), malformed(number::SENT_AT));
    assert_eq!(with(number::SENT_AT, ascii("2026-01-02T03:04:05")), malformed(number::SENT_AT));
    assert_eq!(with(number::LANGUAGE, ascii("")), malformed(number::LANGUAGE));
    assert_eq!(with(number::LANGUAGE, ascii("é")), malformed(number::LANGUAGE));
    assert_eq!(with(number::FROM, raw(b"alice")), malformed(number::FROM));
    for (number, count) in [(0, 2), (3, 2), (1, 0), (1, 17)] {
        assert_eq!(with(number::PART, part(number, count)), malformed(number::PART), "{number} of {count}");
    }
    let receipt = |value| {
        let kind = Content::Number8(Integer::clamped(value));
        Package::read(&of([(number::RECEIPT_FOR, raw(&[1; 16])), (number::RECEIPT, kind)]))
    };
    assert_eq!(receipt(0), malformed(number::RECEIPT));
    assert_eq!(receipt(6), malformed(number::RECEIPT));
    let typing = Package::read(&of([(number::TYPING, Content::Number8(Integer::clamped(2)))]));
    assert_eq!(typing, malformed(number::TYPING));
}

#[test]
fn what_is_too_long_is_neither_read_nor_written() {
    let too_long = |parameter, limit| PackageError::TooLong { parameter, limit };
    let text = "a".repeat(TEXT_OCTETS_MAX + 1);
    assert_eq!(with(number::TEXT, raw(text.as_bytes())), Err(too_long(number::TEXT, TEXT_OCTETS_MAX)));
    let message = PackageMessage::new(MessageId([1; 16]));
    let long = PackageMessage { text: Some(text), ..message.clone() };
    assert_eq!(long.write(), Err(too_long(number::TEXT, TEXT_OCTETS_MAX)));
    let alias = Alias::parse_typed("alice").unwrap().to_wire().unwrap();
    let many = PackageMessage { to: vec![alias; RECIPIENTS_MAX + 1], ..message };
    assert_eq!(many.write(), Err(too_long(number::TO, RECIPIENTS_MAX)));
}

#[test]
fn a_body_without_its_type_is_refused_and_so_is_a_type_without_a_body() {
    assert_eq!(with(number::BODY, raw(b"x")), Err(PackageError::Missing { parameter: number::CONTENT_TYPE }));
    assert_eq!(
        with(number::CONTENT_TYPE, ascii("a/b")),
        Err(PackageError::Missing { parameter: number::BODY })
    );
}

#[test]
fn a_parameter_that_is_not_known_is_ignored() {
    let message = PackageMessage::new(MessageId([1; 16]));
    assert_eq!(with(99, Content::Bool(true)), Ok(Some(Package::Message(message.into()))));
}

#[test]
fn a_descriptor_about_something_else_is_no_message() {
    assert_eq!(Package::read(&Feature::Herald.advertised()), Ok(None));
    assert_eq!(Package::read(&Feature::Presence.advertised()), Ok(None));
    assert_eq!(Announcement::read(&Feature::Messaging.advertised()), Ok(None));
}

#[test]
fn a_reason_of_a_later_version_is_a_failure_without_a_reason() {
    let number16 = Content::Number16(Integer::clamped(99));
    let kind = Content::Number8(Integer::clamped(4));
    let parameters =
        [(number::RECEIPT_FOR, raw(&[1; 16])), (number::RECEIPT, kind), (number::REASON, number16)];
    let receipt = PackageReceipt::new(MessageId([1; 16]), ReceiptStage::Failed);
    assert_eq!(Package::read(&of(parameters)), Ok(Some(Package::Receipt(receipt))));
}

#[test]
fn a_time_with_a_zone_is_read_as_the_moment_and_written_in_utc() {
    let Ok(Some(Package::Message(message))) = with(number::SENT_AT, ascii("2026-01-02T03:04:05.678+02:00"))
    else {
        panic!("not read")
    };
    let descriptor = message.write().unwrap();
    let time = descriptor.parameter(&Feature::Herald.parameter(number::SENT_AT));
    assert_eq!(time, Some(&ascii("2026-01-02T01:04:05.678Z")));
}

#[test]
fn parts_that_do_not_belong_together_are_refused() {
    let part = |number, count, text: String| PackageMessage {
        part: Some(Part { number, count }),
        text: Some(text),
        ..PackageMessage::new(MessageId([1; 16]))
    };
    let mut assembly = Assembly::new(2);
    assert_eq!(assembly.add(part(1, 3, "a".to_owned())), Joined::Refused);
    assert_eq!(assembly.add(part(1, 2, "a".to_owned())), Joined::Waiting);
    assert_eq!(assembly.add(part(1, 2, "again".to_owned())), Joined::Waiting);
    let mut assembly = Assembly::new(16);
    let piece = "a".repeat(TEXT_OCTETS_MAX);
    assert!((1..=8).all(|number| assembly.add(part(number, 16, piece.clone())) == Joined::Waiting));
    assert_eq!(assembly.add(part(9, 16, piece)), Joined::Refused);
}

//
#[test]
fn every_parameter_is_registered_and_none_beside() {
    let text = include_str!("../package.rs");
    let (_, numbers) = text.split_once("mod number {").unwrap();
    let constants = numbers
        .split("\n}")
        .next()
        .unwrap()
        .lines()
        .filter_map(|line| line.trim().strip_prefix("pub const "));
    let parameters = constants.map(|constant| constant.trim_end_matches(';').rsplit_once(" = ").unwrap().1);
    let registry = include_str!("../../../../../docs/namespaces.tsv");
    let registered = registry.lines().filter_map(|line| line.strip_prefix("package\t")?.split('\t').next());
    assert_eq!(registered.collect::<Vec<_>>(), parameters.collect::<Vec<_>>());
}
