//! Aliases against the written tables.

use super::{
    Alias, AliasError, Scheme, Zone, alternative, canonical, name_alias, presentity_alias, url_alias,
};
use model::Address;
use model::address::{DialPlan, DialRule, Domain, PseudonymKey, gateway_name};
use std::collections::{BTreeMap, BTreeSet};

type Rows<const COLUMNS: usize> = Vec<[String; COLUMNS]>;

fn rows<const COLUMNS: usize>(json: &str) -> Rows<COLUMNS> {
    let rows: Vec<Vec<String>> =
        serde_json::from_str(json).expect("each table is an array of arrays of text");
    assert!(!rows.is_empty());
    rows.into_iter().map(|row| row.try_into().expect("each row has as many columns")).collect()
}

fn domain(name: &str) -> Domain {
    Domain::parse(name).expect("each test names a domain")
}

fn address(text: &str) -> Address {
    Address::parse(text).expect("each test names an address")
}

fn alias(kind: &str, text: &str) -> Alias {
    Alias::restore(kind, text).unwrap_or_else(|error| panic!("{kind} {text:?}: {error}"))
}

/// The variant's name, as the tables give it.
fn cause(error: &AliasError) -> String {
    format!("{error:?}").chars().take_while(|c| c.is_ascii_alphanumeric()).collect()
}

fn zone() -> Zone {
    let abroad =
        DialRule { prefix: "00".into(), international: String::new(), digits_min: 9, digits_max: 17 };
    Zone {
        domain: domain("example.com"),
        foreign: ["example.net", "msn.example.com"].map(domain).into(),
        dial_plan: DialPlan::new(vec![abroad], Some("44".into())).expect("the rule is sound"),
        service_codes: BTreeSet::from(["*100".to_owned()]),
        configured: BTreeSet::from([address("4004@example.com"), address("lobby@example.com")]),
        pseudonym_key: PseudonymKey::new([7; 32]),
    }
}

// covers: D-27
#[test]
fn typed_text_selects_the_kind_of_alias() {
    for [typed, kind, text] in rows(include_str!("vectors/typed.json")) {
        let alias = Alias::parse_typed(&typed).unwrap_or_else(|error| panic!("{typed:?}: {error}"));
        assert_eq!((alias.kind(), alias.text()), (kind.as_str(), text), "{typed:?}");
    }
}

// covers: D-27
#[test]
fn typed_text_beyond_the_limits_of_its_kind_is_refused() {
    let texts: Vec<String> =
        serde_json::from_str(include_str!("vectors/not_typed.json")).expect("it is a list");
    for typed in texts {
        assert!(Alias::parse_typed(&typed).is_err(), "{typed:?}");
    }
    assert!(Alias::parse_typed(&"1".repeat(129)).is_err());
    assert!(Alias::parse_typed(&"a".repeat(257)).is_err());
}

// covers: D-28, D-29, D-30, D-31
#[test]
fn each_alias_stands_for_one_address() {
    for [kind, text, expected] in rows(include_str!("vectors/canonical.json")) {
        let found = canonical(&alias(&kind, &text), &zone());
        assert_eq!(found.map(|address| address.to_string()), Ok(expected), "{kind} {text:?}");
    }
}

// covers: D-30, D-31
#[test]
fn an_alias_that_is_nobody_is_refused_for_the_right_cause() {
    for [kind, text, expected] in rows(include_str!("vectors/no_address.json")) {
        let error = canonical(&alias(&kind, &text), &zone()).expect_err(&format!("{kind} {text:?}"));
        assert_eq!(cause(&error), expected, "{kind} {text:?}");
    }
}

// covers: D-27
#[test]
fn an_alias_beyond_the_limits_of_its_kind_is_refused() {
    for [kind, text, expected] in rows(include_str!("vectors/invalid.json")) {
        let error = Alias::restore(&kind, &text).expect_err(&format!("{kind} {text:?}"));
        assert_eq!(cause(&error), expected, "{kind} {text:?}");
    }
}

// covers: D-27
#[test]
fn the_longest_alias_of_each_kind_is_accepted() {
    for [kind, text] in rows(include_str!("vectors/longest.json")) {
        assert_eq!(alias(&kind, &text).text(), text);
    }
}

// covers: D-28
#[test]
fn an_alias_comes_back_from_the_directory_exactly_as_it_was() {
    let mut directory: BTreeMap<Address, Vec<(&str, String)>> = BTreeMap::new();
    let mut aliases = Vec::new();
    for [kind, text, _] in rows(include_str!("vectors/canonical.json")) {
        let alias = alias(&kind, &text);
        let address = canonical(&alias, &zone()).expect("the table has addresses only");
        directory.entry(address).or_default().push((alias.kind(), alias.text()));
        aliases.push(alias);
    }
    for alias in aliases {
        let address = canonical(&alias, &zone()).expect("it was found above");
        let kept = directory.get(&address).expect("it was entered above");
        let restored: Vec<_> =
            kept.iter().filter_map(|(kind, text)| Alias::restore(kind, text).ok()).collect();
        assert_eq!(restored.len(), kept.len());
        assert!(restored.contains(&alias), "{alias:?}");
    }
}

// covers: D-31
#[test]
fn a_service_code_is_somebody_only_where_it_is_provisioned() {
    let mut zone = zone();
    let code = Alias::DialedDigits("100#2".into());
    assert_eq!(canonical(&code, &zone), Err(AliasError::ServiceCode { digits: "100#2".into() }));
    zone.service_codes.insert("100#2".into());
    assert_eq!(canonical(&code, &zone), Ok(address("100#2@example.com")));
}

// covers: D-31
#[test]
fn without_a_dial_plan_no_dialled_number_is_international() {
    let zone = Zone { dial_plan: DialPlan::default(), ..zone() };
    for (kind, text) in [
        ("dialledDigits", "0015551230100"),
        ("partyNumber", "unknown:0015551230100"),
        ("partyNumber", "nationalNumber:2079460000"),
    ] {
        let found = canonical(&alias(kind, text), &zone).expect("a private number is an address");
        assert!(!found.local().starts_with('+'), "{kind} {text}");
    }
}

#[test]
fn a_transport_address_is_hidden_behind_a_pseudonym_of_the_zone() {
    let endpoint = Alias::TransportId("192.0.2.1:1720".into());
    let found = canonical(&endpoint, &zone()).expect("it has a pseudonym");
    assert!(found.local().starts_with("t-") && !found.local().contains("192"), "{found}");
    assert_eq!(canonical(&endpoint, &zone()), Ok(found.clone()));
    let other = Zone { pseudonym_key: PseudonymKey::new([8; 32]), ..zone() };
    assert_ne!(canonical(&endpoint, &other), Ok(found));
}

// covers: D-28
#[test]
fn the_presentity_is_named_by_the_best_alias_of_a_registration() {
    let by_rank = [
        alias("url-ID", "h323:u@example.com"),
        alias("email-ID", "e@example.com"),
        alias("h323-ID", "n@example.com"),
        alias("dialledDigits", "4004"),
        alias("h323-ID", "name"),
        alias("partyNumber", "internationalNumber:15551230100"),
        alias("transportID", "192.0.2.1:1720"),
    ];
    for first in 0..by_rank.len() {
        let mut aliases: Vec<Alias> = by_rank.iter().skip(first).cloned().collect();
        aliases.reverse();
        let last = aliases.len() - 1;
        let expected = canonical(&by_rank[first], &zone()).expect("each has an address");
        assert_eq!(presentity_alias(&aliases, &zone()), Some((last, expected)));
    }
}

// covers: D-28
#[test]
fn the_first_alias_wins_among_equals() {
    let aliases = [alias("dialledDigits", "4711"), alias("h323-ID", "alice"), alias("h323-ID", "bob")];
    assert_eq!(presentity_alias(&aliases, &zone()), Some((1, address("alice@example.com"))));
}

#[test]
fn an_alias_in_another_domain_never_names_the_presentity() {
    let aliases = [
        alias("url-ID", "xmpp:romeo@example.net"),
        alias("email-ID", "alice@mail.example"),
        alias("h323-ID", "romeo@example.net"),
        alias("dialledDigits", "*21#"),
        alias("dialledDigits", "4711"),
    ];
    assert_eq!(presentity_alias(&aliases, &zone()), Some((4, address("4711@example.com"))));
    assert_eq!(presentity_alias(&aliases[..4], &zone()), None);
    assert_eq!(presentity_alias(&[], &zone()), None);
}

// covers: D-28
#[test]
fn a_name_with_an_at_sign_is_the_same_person_by_whatever_kind() {
    for text in ["bob@lab", "alice@example.com", "romeo@example.net", "4711", "alice"] {
        let registered = canonical(&Alias::H323Id(text.into()), &zone());
        let typed = Alias::parse_typed(text).expect("it is an alias");
        assert_eq!(canonical(&typed, &zone()), registered, "{text}");
        assert_eq!(alternative(&typed, &zone()), None, "{text}");
    }
}

// covers: D-28
#[test]
fn a_name_at_an_unknown_domain_has_the_same_two_readings_by_either_kind() {
    let text = "Room 1@corp.example";
    let (here, there) = (address("room 1@corp.example@example.com"), address("room 1@corp.example"));
    let (name, url) = (Alias::H323Id(text.into()), Alias::UrlId(text.into()));
    assert_eq!(
        (canonical(&name, &zone()), alternative(&name, &zone())),
        (Ok(here.clone()), Some(there.clone()))
    );
    assert_eq!((canonical(&url, &zone()), alternative(&url, &zone())), (Ok(there), Some(here)));
    assert_eq!(alternative(&Alias::UrlId("sip:a@corp.example".into()), &zone()), None);
}

// covers: D-29
#[test]
fn a_foreign_person_is_shown_in_a_form_that_reads_back() {
    let people = ["romeo@example.net", "x,y;z@example.net", "a!hotmail.example@msn.example.com"];
    for text in people {
        let person = address(text);
        let forms = [
            url_alias(Scheme::Sip, &person).expect("nothing needs a percent sign"),
            name_alias(&person).expect("it is a name of the BMP"),
        ];
        for form in forms {
            assert_eq!(canonical(&form, &zone()), Ok(person.clone()), "{form:?}");
            assert_eq!(Alias::restore(form.kind(), &form.text()), Ok(form));
        }
    }
    assert_eq!(
        url_alias(Scheme::Xmpp, &address("romeo@example.net")),
        Some(Alias::UrlId("xmpp:romeo@example.net".into()))
    );
}

// covers: D-29
#[test]
fn an_endpoint_is_never_shown_a_percent_sign() {
    for text in ["o'malley@example.net", "émile zola@example.net", "100%@example.net", "a b@example.net"] {
        let person = address(text);
        assert_eq!(url_alias(Scheme::Xmpp, &person), None, "{text}");
        assert_eq!(name_alias(&person).is_some(), !text.contains('%'), "{text}");
    }
    assert_eq!(name_alias(&address("𠮷@example.net")), None, "not every endpoint takes it");
}

// covers: D-29
#[test]
fn a_percent_sign_in_a_typed_gateway_name_is_understood() {
    let typed = Alias::parse_typed("a%163.example@msn.example.com").expect("it is an alias");
    let found = canonical(&typed, &zone()).expect("it is an address");
    let passport = gateway_name::unescape(gateway_name::Network::Msn, found.local());
    assert_eq!(passport.as_deref(), Ok("a@163.example"));
}

// covers: D-27, D-30
#[test]
fn no_text_makes_the_reader_panic() {
    let pieces = [
        "",
        "@",
        ":",
        "%",
        "%4",
        "%41",
        "\\20",
        "//",
        ";",
        "?",
        " ",
        "+",
        "0",
        "#",
        ",",
        "é",
        "😀",
        "א",
        "\u{0}",
        "tel:",
        "sip:",
        "h323:",
        "xmpp:",
        "wv:",
        "url:",
        "email:",
        "e164:",
        "msisdn:",
        "imsi:",
        "unknown:",
        "internationalNumber:",
        ";phone-context=",
        "example.com",
        "lab",
        ".",
    ];
    let kinds = [
        "dialledDigits",
        "h323-ID",
        "url-ID",
        "transportID",
        "email-ID",
        "partyNumber",
        "mobileUIM",
        "isupNumber",
    ];
    let zone = zone();
    let read = |alias: Alias| {
        if let Ok(found) = canonical(&alias, &zone) {
            assert_eq!(Address::parse(found.as_str()), Ok(found));
        }
        let _ = (alternative(&alias, &zone), presentity_alias(std::slice::from_ref(&alias), &zone));
        assert_eq!(Alias::restore(alias.kind(), &alias.text()), Ok(alias));
    };
    for first in pieces {
        for second in pieces {
            for third in pieces {
                let text = format!("{first}{second}{third}");
                Alias::parse_typed(&text).map(read).unwrap_or_default();
                for kind in kinds {
                    Alias::restore(kind, &text).map(read).unwrap_or_default();
                }
            }
        }
    }
}
