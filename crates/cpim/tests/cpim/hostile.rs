//! Documents that were written to do harm. covers: C-28, F-21

use cpim::pidf::Presence;
use cpim::xml::{Fault, Limits, Steps, read, read_counting};
use std::fmt::Write;

fn fault(octets: &[u8]) -> Fault {
    let fault = read(octets, &Limits::default()).expect_err("it is hostile").fault;
    assert!(Presence::read(octets, &Limits::default()).is_err());
    fault
}

#[test]
fn entities_that_multiply_are_refused_at_their_declaration() {
    let mut bomb = "<!DOCTYPE lolz [<!ENTITY a0 'lol'>".to_owned();
    for level in 1..=9 {
        let _ = write!(bomb, "<!ENTITY a{level} '{}'>", format!("&a{};", level - 1).repeat(10));
    }
    bomb.push_str("]><lolz>&a9;</lolz>");
    assert_eq!(fault(bomb.as_bytes()), Fault::Doctype);
    assert_eq!(fault(b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>"), Fault::Doctype);
    assert_eq!(fault(b"<!DOCTYPE a PUBLIC 'x' 'http://127.0.0.1/x.dtd'><a/>"), Fault::Doctype);
    assert_eq!(fault(b"<a>&xxe;</a>"), Fault::Entity { name: "xxe".into() });
    assert_eq!(fault(b"<a b='&xxe;'/>"), Fault::Entity { name: "xxe".into() });
}

#[test]
fn what_is_too_deep_too_many_or_too_long_is_refused() {
    let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    assert!(read(nested(64).as_bytes(), &Limits::default()).is_ok());
    assert_eq!(fault(nested(65).as_bytes()), Fault::TooDeep { most: 64 });
    assert_eq!(fault(&b"<a>".repeat(20_000)), Fault::TooDeep { most: 64 });
    let with = |count: usize| (0..count).fold(String::new(), |text, n| format!("{text} b{n}=''"));
    assert!(read(format!("<a{}/>", with(64)).as_bytes(), &Limits::default()).is_ok());
    assert!(matches!(fault(format!("<a{}/>", with(65)).as_bytes()), Fault::TooMany { most: 64, .. }));
    let declared = |count: usize| (0..count).fold(String::new(), |text, n| format!("{text} xmlns:n{n}='u'"));
    let inner = format!(
        "<a{}><b{}/></a>",
        declared(60),
        (60..70).fold(String::new(), |t, n| format!("{t} xmlns:n{n}='u'"))
    );
    assert!(matches!(fault(inner.as_bytes()), Fault::TooMany { most: 64, .. }));
    assert!(matches!(fault(format!("<{}/>", "a".repeat(129)).as_bytes()), Fault::TooMany { most: 128, .. }));
    assert!(matches!(
        fault(format!("<a {}=''/>", "b".repeat(129)).as_bytes()),
        Fault::TooMany { most: 128, .. }
    ));
    assert!(matches!(
        fault(format!("<a>{}</a>", "<b/>".repeat(5000)).as_bytes()),
        Fault::TooMany { most: 4096, .. }
    ));
    let long = format!("<a>{}</a>", "x".repeat(65_536));
    assert_eq!(fault(long.as_bytes()), Fault::TooLong { most: 65_536 });
}

#[test]
fn other_encodings_and_forbidden_characters_are_refused_with_their_place() {
    let utf16: Vec<u8> = "\u{feff}<a/>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(fault(&utf16), Fault::NotUtf8);
    let utf16: Vec<u8> = "<a/>".encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(fault(&utf16), Fault::Character { character: '\0' });
    assert!(matches!(fault(b"<?xml version='1.0' encoding='UTF-16'?><a/>"), Fault::Declared { .. }));
    assert!(matches!(fault(b"<?xml version='1.0' encoding='ISO-8859-1'?><a/>"), Fault::Declared { .. }));
    assert_eq!(
        fault(
            "<a>\u{e4}</a>"
                .as_bytes()
                .split_last()
                .unwrap()
                .1
                .split_last()
                .unwrap()
                .1
                .split_last()
                .unwrap()
                .1
        ),
        fault(b"<a>\xc3\xa4<")
    );
    for broken in [
        &b"<a>\xc3"[..],
        b"<a>\xc0\x80</a>",
        b"<a>\xed\xa0\x80</a>",
        b"<a>\xf5\x80\x80\x80</a>",
        b"\xff\xfe<a/>",
    ] {
        assert_eq!(fault(broken), Fault::NotUtf8);
    }
    let error = read(b"<a>\n\xc3\xa4\x00</a>", &Limits::default()).unwrap_err();
    assert_eq!((error.line, error.column, error.fault), (2, 2, Fault::Character { character: '\0' }));
    assert_eq!(fault("<a>\u{ffff}</a>".as_bytes()), Fault::Character { character: '\u{ffff}' });
    assert_eq!(fault(b"<a>\x0b</a>"), Fault::Character { character: '\u{b}' });
}

/// Steps for a document of a shape, once and four times as large.
fn growth(shape: impl Fn(usize) -> String) -> (f64, f64) {
    let limits = Limits { octets_max: usize::MAX, elements_max: usize::MAX, ..Limits::default() };
    let steps = |size: usize| {
        let text = shape(size);
        let mut steps = Steps::default();
        // What is refused at its end was read until then.
        let _ = read_counting(text.as_bytes(), &limits, &mut steps);
        ((steps.events + steps.characters + steps.comparisons) as f64, text.len() as f64)
    };
    let ((once, octets), (four, more)) = (steps(500), steps(2000));
    (four / once, more / octets)
}

#[test]
fn the_steps_grow_with_the_octets_and_not_faster() {
    let shapes: [(&str, &dyn Fn(usize) -> String); 8] = [
        ("siblings", &|n| format!("<a>{}</a>", "<b c='d'/>".repeat(n))),
        ("texts", &|n| format!("<a>{}</a>", "x&amp;<!-- c -->".repeat(n))),
        ("long value", &|n| format!("<a b='{}'/>", "&#65;&lt;".repeat(n))),
        ("ampersands without an end", &|n| format!("<a b='{}'/>", "&amp;".repeat(n) + &"& ".repeat(n))),
        ("comment", &|n| format!("<a><!--{}--></a>", "- ".repeat(n))),
        ("cdata", &|n| format!("<a>{}</a>", "<![CDATA[]]]]>".repeat(n))),
        ("quoted names", &|n| format!("<a xmlns:p='u'>{}</a>", "p:x q:y ".repeat(n))),
        ("declarations", &|n| format!("<a>{}</a>", "<p:b xmlns:p='u' xmlns:q='v' q:c=''/>".repeat(n))),
    ];
    for (name, shape) in shapes {
        let (steps, octets) = growth(shape);
        assert!(steps < octets * 1.1, "{name}: {octets:.2} times the octets take {steps:.2} times the steps");
    }
}

#[test]
fn no_search_is_longer_than_its_limit() {
    // The worst a place can be: as many declarations and attributes as are allowed, each of the outermost prefix.
    let declared = (0..60).fold(String::new(), |text, n| format!("{text} xmlns:n{n}='u{n}'"));
    let attributes = (0..64).fold(String::new(), |text, n| format!("{text} n0:b{n}=''"));
    let text = format!("<a{declared}>{}</a>", format!("<n0:b{attributes}/>").repeat(100));
    let limits = Limits { octets_max: usize::MAX, ..Limits::default() };
    let mut steps = Steps::default();
    read_counting(text.as_bytes(), &limits, &mut steps).unwrap();
    let names = 101 * 65;
    assert!(steps.comparisons <= names * 64 + 64 * 64, "{steps:?}");
}
