//! Message/CPIM (RFC 3862).

use cpim::message::{
    Cause, ContentType, ConversionError, Envelope, MEDIA_TYPE, Mailbox, Message, MessageLimits, NewMessage,
    from_instant_message, instant_message,
};
use model::address::Domain;
use model::{Address, InstantMessage, MessageContent, MessageId, Note, ReceiptsWanted, Timestamp};
use proptest::prelude::*;

/// An object with every kind of header.
const FULL: &str = "From: MR SANDERS <im:piglet@100akerwood.com>\r\n\
    To: Depressed Donkey <im:eeyore@100akerwood.com>\r\n\
    cc: \"Kanga \\\"the\\\" mother\" <im:kanga@100akerwood.com>\r\n\
    DateTime: 2000-12-13T13:40:00-08:00\r\n\
    Subject: the weather will be fine today\r\n\
    Subject:;lang=fr beau temps pr\u{e9}vu pour aujourd'hui\r\n\
    NS: MyFeatures <mid:MessageFeatures@id.foo.com>\r\n\
    MyFeatures.WackyMessageOption: Use-silly-font\\n\r\n\
    Odd: kept\r\n\
    NS: imdn <urn:ietf:params:imdn>\r\n\
    imdn.Message-ID: 34jk324j\r\n\
    imdn.Disposition-Notification: positive-delivery, negative-delivery\r\n\
    Require: imdn.Message-ID, Subject\r\n\
    \r\n\
    Content-type: text/xml;\r\n charset=\"utf-8\"\r\n\
    Content-ID: <1234567890@foo.com>\r\n\
    \r\n\
    <body>\nHere is the text.\r\n\r\n</body>\0";

fn read(text: &str) -> Result<Message, Cause> {
    Message::read(text.as_bytes(), &MessageLimits::default()).map_err(|error| error.cause)
}

/// A message with these headers before its content.
fn with(headers: &str) -> String {
    format!("{headers}\r\n\r\nContent-Type: text/plain\r\n\r\nhi")
}

fn address(text: &str) -> Address {
    let (local, domain) = text.split_once('@').expect("an address");
    Address::new(local, &Domain::parse(domain).expect("a domain")).expect("an address")
}

// covers, C-16, C-19, C-20
#[test]
fn headers_are_read_in_their_order_and_the_content_is_left_alone() {
    let message = read(FULL).unwrap();
    assert_eq!(message.octets(), FULL.as_bytes());
    let from = Mailbox { formal_name: "MR SANDERS".into(), uri: "im:piglet@100akerwood.com".into() };
    assert_eq!(message.from(), Some(from));
    assert_eq!(message.to().next().unwrap().formal_name, "Depressed Donkey");
    assert_eq!(message.cc().next().unwrap().formal_name, "Kanga \"the\" mother");
    assert_eq!(message.date_time(), Some(Timestamp(976_743_600_000)));
    let subjects: Vec<_> = message.subjects().collect();
    assert_eq!(subjects[0], Note { language: None, text: "the weather will be fine today".into() });
    assert_eq!(subjects[1].language.as_deref(), Some("fr"));
    let written: Vec<_> = message.headers().iter().map(|header| header.written.as_str()).collect();
    let order = [
        "From",
        "To",
        "cc",
        "DateTime",
        "Subject",
        "Subject",
        "NS",
        "MyFeatures.WackyMessageOption",
        "Odd",
        "NS",
        "imdn.Message-ID",
        "imdn.Disposition-Notification",
        "Require",
    ];
    assert_eq!(written, order);
    assert_eq!(message.headers()[7].text(), "Use-silly-font\n");
    assert!(message.headers()[7].name.is("mid:MessageFeatures@id.foo.com", "WackyMessageOption"));
    assert_eq!(message.message_id().as_deref(), Some("34jk324j"));
    assert_eq!(message.notifications(), ReceiptsWanted { delivered: true, displayed: false, failed: true });
    let kind = message.content_type().unwrap();
    assert!(kind.is("text", "xml"));
    assert_eq!(kind.charset().as_deref(), Some("utf-8"));
    assert_eq!(message.content_headers()[1].name, "Content-ID");
    assert_eq!(message.content(), b"<body>\nHere is the text.\r\n\r\n</body>\0");
}

// covers: C-16
#[test]
fn the_whole_entity_is_read_behind_its_own_headers() {
    let entity = format!("Content-type: Message/CPIM\r\nContent-Length: 9\r\n\r\n{FULL}");
    let message = Message::read_entity(entity.as_bytes(), &MessageLimits::default()).unwrap();
    assert_eq!(message.octets(), FULL.as_bytes());
    for other in [format!("Content-Type: text/plain\r\n\r\n{FULL}"), format!("A: b\r\n\r\n{FULL}")] {
        let refused = Message::read_entity(other.as_bytes(), &MessageLimits::default()).unwrap_err();
        assert_eq!(refused.to_string(), "octet 0: the value of Content-Type is not Message/CPIM");
    }
}

// covers: C-16, C-17
#[test]
fn what_breaks_the_form_is_refused_with_its_place() {
    for (text, error) in [
        ("From: <im:a@b>\n\n\n", "octet 14: a header line ends otherwise than by CRLF"),
        ("From: <im:a@b>\rx\r\n\r\n", "octet 14: a header line ends otherwise"),
        ("From: <im:a@b>\r\n", "before the empty line after the message headers"),
        ("\r\nA: b\r\n", "before the empty line after the content headers"),
        (&with("From:  <im:a@b>"), "octet 0: a header line has more than one space"),
        (&with("From: <im:a@b> "), "one at its end"),
        (&with("From:<im:a@b>"), "no space after the colon"),
        (&with("From: <im:a@b>\r\n continued"), "octet 16: a header line is folded"),
        (&with("From: im:a@b"), "the value of From is not a name and <a URI>"),
        (&with("From: \"a <im:a@b>"), "the value of From"),
        (&with("To: <a b>"), "the value of To"),
        (&with("From: <im:a@b>\r\nFrom: <im:c@d>"), "From stands twice"),
        (&with("DateTime: yesterday"), "the value of DateTime is not a moment"),
        (&with("NS: <>"), "the value of NS"),
        (&with("NS: a.b <urn:x>"), "the value of NS"),
        (&with("NS: a urn:x"), "the value of NS"),
        (&with("Bad Name: x"), "\"Bad Name\" is no name"),
        (&with("no colon"), "\"no colon\" is no name"),
        (&with("a.b.c: x"), "is no name"),
        (&with("Subject:;lang fr x"), "a parameter of Subject"),
        (&with("Odd: a\u{0}b"), "a control character"),
        (&with("Odd: a\u{7f}b"), "a control character"),
        (&with("Odd: a\tb"), "a control character"),
        ("\r\nContent Type: x\r\n\r\n", "is no name"),
    ] {
        let refused = Message::read(text.as_bytes(), &MessageLimits::default()).unwrap_err().to_string();
        assert!(refused.contains(error), "{text:?}: {refused}");
    }
    let broken = [
        b"Odd: \xff\r\n\r\n\r\n".to_vec(),
        b"Odd: \xc3\r\n\r\n\r\n".to_vec(),
        "Odd: x".encode_utf16().flat_map(u16::to_le_bytes).collect(),
    ];
    for octets in broken {
        assert!(Message::read(&octets, &MessageLimits::default()).is_err());
    }
}

// covers, C-18
#[test]
fn a_prefix_stands_for_what_was_declared_last_before_it() {
    let message = read(&with(
        "a.X: 1\r\nNS: a <urn:one>\r\na.X: 2\r\nNS: a <urn:two>\r\na.X: 3\r\nNS: <urn:three>\r\nFrom: anything\r\nX: 4",
    ))
    .unwrap();
    let named: Vec<_> = message.headers().iter().map(|header| header.name.namespace.as_deref()).collect();
    let core = Some("urn:ietf:params:cpim-headers:");
    let three = Some("urn:three");
    assert_eq!(named, [None, core, Some("urn:one"), core, Some("urn:two"), core, three, three]);
    // In another namespace it is another header, whatever it is called.
    assert_eq!(message.from(), None);
}

// covers, C-18
#[test]
fn what_is_required_and_not_understood_is_refused_by_its_name() {
    let refused = |headers: &str| read(&with(headers)).unwrap_err();
    let not = |name: &str| Cause::NotUnderstood { name: name.into() };
    assert_eq!(refused("Require: Wacky"), not("Wacky"));
    assert_eq!(refused("NS: m <urn:m>\r\nm.Vital: 1\r\nRequire: Subject,m.Vital"), not("m.Vital"));
    assert_eq!(refused("Require: imdn.Message-ID"), not("imdn.Message-ID"), "its prefix is not declared");
    assert_eq!(refused("Require: from"), not("from"), "upper and lower case differ");
    assert!(read(&with("NS: i <urn:ietf:params:imdn>\r\nRequire: i.Message-ID")).is_ok());
}

// covers, C-20
#[test]
fn any_type_of_content_is_told_by_its_header() {
    let of = |value: &str| ContentType::read(value);
    let signed = of(
        "Multipart/Signed; micalg=sha-256; protocol=\"application/pkcs7-signature\"; boundary=\"a \\\"b\"",
    )
    .unwrap();
    assert!(signed.is("multipart", "signed"));
    assert_eq!((signed.parameter("boundary"), signed.parameter("micalg")), (Some("a \"b"), Some("sha-256")));
    assert_eq!(of("text/plain").unwrap().charset().as_deref(), Some("us-ascii"));
    assert_eq!(of("text/plain ; CHARSET = ISO-8859-1;").unwrap().charset().as_deref(), Some("iso-8859-1"));
    assert_eq!(of("application/pkcs7-mime").unwrap().charset(), None);
    for wrong in [
        "",
        "text",
        "text/",
        "/plain",
        "text/plain; charset",
        "text/plain; a=\"b",
        "text/plain; =b",
        "te xt/plain",
    ] {
        assert_eq!(of(wrong), None, "{wrong}");
    }
    let without = read("\r\n\r\nhi").unwrap();
    assert!(without.content_type().unwrap().is("text", "plain"));
}

// covers: C-16, C-17
#[test]
fn a_new_message_is_written_as_it_must_be() {
    let mailbox = |name: &str, uri: &str| Mailbox { formal_name: name.into(), uri: uri.into() };
    let new = NewMessage {
        from: mailbox("A \"B\\", "im:a@example.com"),
        to: vec![mailbox("", "im:b@example.com")],
        cc: vec![mailbox("C\r\nX: y", "im:c@example.com")],
        date_time: Some(Timestamp(1_795_399_200_000)),
        subjects: vec![Note { language: Some("de".into()), text: " zwei\tW\u{f6}rter ".into() }],
        message_id: Some("0123".into()),
        notifications: ReceiptsWanted { delivered: true, displayed: true, failed: false },
        thread: Some("00".into()),
        content_headers: vec![("Content-Type".into(), "text/plain; charset=utf-8".into())],
        content: b"hi\r\n".to_vec(),
    };
    let octets = new.to_octets();
    assert_eq!(
        String::from_utf8(octets.clone()).unwrap(),
        "From: \"A \\\"B\\\\\" <im:a@example.com>\r\nTo: <im:b@example.com>\r\ncc: \"C\\r\\nX: y\" <im:c@example.com>\r\n\
         DateTime: 2026-11-23T02:00:00Z\r\nSubject:;lang=de zwei\\tW\u{f6}rter\r\nNS: imdn <urn:ietf:params:imdn>\r\n\
         imdn.Message-ID: 0123\r\nimdn.Disposition-Notification: positive-delivery, display\r\n\
         NS: herald <urn:uuid:ababeab3-473c-4036-953b-a32e8c03b325>\r\nherald.Thread: 00\r\n\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\nhi\r\n"
    );
    let read = Message::read(&octets, &MessageLimits::default()).unwrap();
    assert_eq!((read.from(), read.cc().next()), (Some(new.from), Some(new.cc[0].clone())));
    assert_eq!(read.subjects().next().unwrap().text, "zwei\tW\u{f6}rter");
    assert_eq!(read.notifications(), new.notifications);
}

fn envelope(sender: &str) -> Envelope {
    Envelope {
        id: MessageId([7; 16]),
        sender: address(sender),
        recipient: address("eeyore@100akerwood.com"),
        received_at: Timestamp(1_795_399_200_000),
        max_forwards: 70,
    }
}

fn converted(body: &str) -> InstantMessage {
    instant_message(body.as_bytes(), envelope("piglet@100akerwood.com"), &MessageLimits::default()).unwrap()
}

const SIGNED: &str =
    "From: <im:piglet@100akerwood.com>\r\nTo: <im:eeyore@100akerwood.com>\r\nX-Odd:;a=b  \u{e9}\r\n";

// covers, C-21
#[test]
fn signed_and_encrypted_objects_stay_as_they_are_with_the_text_that_is_readable() {
    let head = SIGNED.replace("  ", " ");
    let signed = format!(
        "{head}\r\nContent-Type: multipart/signed; boundary=next;\r\n\tprotocol=\"application/pkcs7-signature\"\r\n\r\n\
         preamble\r\n--next\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGr\u{fc}\u{df}e\r\n--next\r\n\
         Content-Type: application/pkcs7-signature\r\n\r\nMIIB\r\n--next--\r\n"
    );
    let message = converted(&signed);
    assert_eq!(message.text, "Gr\u{fc}\u{df}e");
    let encrypted = format!(
        "{head}\r\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\n\u{1}\u{0}"
    );
    assert_eq!(converted(&encrypted).text, "");
    let foreign = format!("{head}\r\nContent-Type: text/plain; charset=koi8-r\r\n\r\nabc");
    assert_eq!(converted(&foreign).text, "");
    let coded =
        format!("{head}\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\naGk=");
    assert_eq!(converted(&coded).text, "");
    for body in [&signed, &encrypted, &foreign, &coded] {
        let message = converted(body);
        let content = message.content.as_ref().unwrap();
        assert_eq!((content.media_type.as_str(), content.body.as_slice()), (MEDIA_TYPE, body.as_bytes()));
        assert_eq!(from_instant_message(&message), body.as_bytes());
    }
}

#[test]
fn one_who_writes_in_the_name_of_another_is_refused() {
    let convert = |from: &str, sender: &str| {
        let body = with(&format!("From: <{from}>"));
        instant_message(body.as_bytes(), envelope(sender), &MessageLimits::default())
    };
    for from in [
        "im:piglet@example.com",
        "sip:piglet@example.com;user=ip",
        "xmpp:PIGLET@example.com",
        "pres:piglet@example.com",
    ] {
        assert!(convert(from, "piglet@example.com").is_ok(), "{from}");
    }
    assert!(convert("tel:+4930123456", "+4930123456@example.com").is_ok());
    for from in
        ["im:eeyore@example.com", "im:piglet@example.org", "mailto:piglet@example.com", "tel:+4930123457"]
    {
        let refused = convert(from, "piglet@example.com").unwrap_err();
        assert!(matches!(refused, ConversionError::Forged { .. }), "{from}");
    }
}

fn any_message() -> impl Strategy<Value = InstantMessage> {
    let content = prop::option::of(prop::collection::vec(any::<u8>(), 0..40));
    let wanted = any::<(bool, bool, bool)>();
    (any::<[u8; 16]>(), ".{1,40}", content, wanted, prop::option::of(any::<[u8; 16]>())).prop_map(
        |(id, text, content, (delivered, displayed, failed), thread)| InstantMessage {
            id: MessageId(id),
            sender: address("piglet@100akerwood.com"),
            recipient: address("eeyore@100akerwood.com"),
            text,
            content: content.map(|body| MessageContent { media_type: "image/png; a=b".into(), body }),
            language: Some("en".into()),
            sent_at: Timestamp(1_795_399_200_000),
            expires_at: None,
            max_forwards: 70,
            thread,
            wanted: ReceiptsWanted { delivered, displayed, failed },
            in_session: false,
            is_report: false,
            is_ignored: false,
        },
    )
}

proptest! {
    // covers, C-20
    #[test]
    fn every_message_is_an_object_that_says_the_same(message in any_message()) {
        let body = from_instant_message(&message);
        let read = Message::read(&body, &MessageLimits::default()).unwrap();
        let kind = read.content_type().unwrap();
        match &message.content {
            Some(content) => {
                prop_assert_eq!(read.content(), &content.body);
                prop_assert!(kind.is("image", "png"));
            }
            None => {
                prop_assert_eq!(read.content(), message.text.as_bytes());
                let charset = kind.charset();
                prop_assert_eq!(charset.as_deref(), Some("utf-8"));
            }
        }
        let envelope = Envelope { id: message.id, ..envelope("piglet@100akerwood.com") };
        let back = instant_message(&body, envelope, &MessageLimits::default()).unwrap();
        prop_assert_eq!((&back.sender, back.thread, back.wanted), (&message.sender, message.thread, message.wanted));
        prop_assert_eq!(back.sent_at, message.sent_at);
        if message.content.is_none() {
            prop_assert_eq!((&back.text, &back.language), (&message.text, &message.language));
        }
        prop_assert_eq!(from_instant_message(&back), body);
    }

    // covers: C-19, F-21
    #[test]
    fn whatever_is_read_is_kept_octet_for_octet(octets in prop::collection::vec(any::<u8>(), 0..200), headers in "([A-Za-z.]{1,8}:(;[a-z]{1,3}=[a-z]{1,3})? [ -~]{0,20}\r\n){0,5}") {
        let mut object = headers.into_bytes();
        object.extend_from_slice(b"\r\n\r\n");
        object.extend_from_slice(&octets);
        for object in [&octets, &object] {
            if let Ok(message) = Message::read(object, &MessageLimits::default()) {
                prop_assert_eq!(message.octets(), object.as_slice());
            }
        }
    }
}

// covers: C-16, F-21
#[test]
fn reading_is_bounded_and_its_steps_grow_with_the_octets() {
    let limits = MessageLimits { octets_max: usize::MAX, headers_max: usize::MAX };
    let steps = |octets: &[u8]| {
        let mut steps = 0;
        let _ = Message::read_counting(octets, &limits, &mut steps);
        steps as f64 / octets.len() as f64
    };
    let shapes: [(&str, &dyn Fn(usize) -> String); 5] = [
        ("long line", &|n| with(&format!("A: {}", "\\".repeat(n)))),
        ("headers", &|n| with(&["A: b"].repeat(n).join("\r\n"))),
        ("one prefix", &|n| with(&["NS: a <urn:a>\r\na.b: c"].repeat(n).join("\r\n"))),
        ("folded", &|n| format!("\r\nA: b{}\r\n\r\n", "\r\n c".repeat(n))),
        ("parameters", &|n| with(&format!("A:{} x", ";a=b".repeat(n)))),
    ];
    for (name, shape) in shapes {
        let (small, large) = (steps(shape(500).as_bytes()), steps(shape(4000).as_bytes()));
        assert!(large < small * 1.1, "{name}: {small:.2} steps for an octet, then {large:.2}");
    }
    let default = MessageLimits::default();
    let refused = |text: &str| Message::read(text.as_bytes(), &default).unwrap_err().cause;
    assert_eq!(refused(&with(&["A: b"].repeat(129).join("\r\n"))), Cause::TooMany { most: 128 });
    assert_eq!(refused(&format!("\r\n{}\r\n", "A: b\r\n".repeat(129))), Cause::TooMany { most: 128 });
    assert_eq!(refused(&"a".repeat(65_537)), Cause::TooLong { most: 65_536 });
    // The worst that the limit allows: half of the headers declare what the other half looks for in vain.
    let mut worst = 0;
    let declared = (0..64).map(|n| format!("NS: p{n} <urn:a>\r\nq.b: c")).collect::<Vec<_>>().join("\r\n");
    Message::read_counting(with(&declared).as_bytes(), &default, &mut worst).unwrap();
    assert!(worst < declared.len() as u64 * 2 + 64 * 65, "{worst}");
}
