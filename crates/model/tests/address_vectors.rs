//! The written tables of names, read in both directions.

use model::address::{
    Address, AddressError, DialPlan, DialPlanError, DialRule, Domain, PseudonymKey, gateway_name, h323,
    im_pres, matrix, normalise, sip, tel, wv, xmpp, xmpp_uri,
};
use serde::de::DeserializeOwned;
use std::borrow::Cow;

fn rows<Row: DeserializeOwned>(json: &str) -> Vec<Row> {
    let rows: Vec<Row> = serde_json::from_str(json).expect("each table is JSON of this shape");
    assert!(!rows.is_empty());
    rows
}

fn domain(name: &str) -> Domain {
    Domain::parse(name).expect("each test names a domain")
}

fn escape<'a>(target: &str, local: &'a str) -> Cow<'a, str> {
    match target {
        "sip" => sip::escape(local),
        "h323" => h323::escape(local),
        "im_pres" => im_pres::escape(local),
        "xmpp" => xmpp::escape(local),
        "xmpp_uri" => xmpp_uri::escape(local),
        "wv" => wv::escape(local),
        "matrix" => matrix::escape(local, matrix::Plus::Plain),
        "matrix_before_1_8" => matrix::escape(local, matrix::Plus::Escaped),
        _ => panic!("there is no target {target}"),
    }
}

fn unescape<'a>(target: &str, text: &'a str) -> Result<Cow<'a, str>, AddressError> {
    match target {
        "sip" => sip::unescape(text),
        "h323" => h323::unescape(text),
        "im_pres" => im_pres::unescape(text),
        "xmpp" => xmpp::unescape(text),
        "xmpp_uri" => xmpp_uri::unescape(text),
        "wv" => wv::unescape(text),
        "matrix" | "matrix_before_1_8" => matrix::unescape(text),
        _ => panic!("there is no target {target}"),
    }
}

/// The variant's name, as the tables give it.
fn cause(error: &AddressError) -> String {
    format!("{error:?}").chars().take_while(|c| c.is_ascii_alphanumeric()).collect()
}

// covers: D-28, D-29, D-30
#[test]
fn each_local_part_of_the_interworking_table_reads_in_every_column() {
    for [h323_id, canonical, jid, sip_user, mailbox, matrix_local] in
        rows::<[String; 6]>(include_str!("vectors/locals.json"))
    {
        assert_eq!(normalise(&h323_id).as_deref(), Ok(&*canonical), "{h323_id}");
        let columns = [
            ("xmpp", &canonical, &jid),
            ("sip", &h323_id, &sip_user),
            ("h323", &h323_id, &sip_user),
            ("im_pres", &h323_id, &mailbox),
            ("matrix", &h323_id, &matrix_local),
        ];
        for (target, local, escaped) in columns {
            assert_eq!(escape(target, local), **escaped, "{target} of {local}");
            assert_eq!(unescape(target, escaped).as_deref(), Ok(&**local), "{target} of {escaped}");
        }
    }
}

// covers: D-28, D-29, D-30, A-4.1.6
#[test]
fn each_hard_name_has_a_canonical_local_part_that_every_network_gives_back() {
    let rows = rows::<[String; 8]>(include_str!("vectors/hard_names.json"));
    assert!(rows.len() >= 20);
    for [name, canonical, jid, jid_in_uri, sip_user, mailbox, wv_user, matrix_local] in rows {
        assert_eq!(normalise(&name).as_deref(), Ok(&*canonical), "{name:?}");
        assert_eq!(normalise(&canonical).as_deref(), Ok(&*canonical), "{name:?}");
        let columns = [
            ("xmpp", &jid),
            ("xmpp_uri", &jid_in_uri),
            ("sip", &sip_user),
            ("h323", &sip_user),
            ("im_pres", &mailbox),
            ("wv", &wv_user),
            ("matrix", &matrix_local),
            ("matrix_before_1_8", &matrix_local),
        ];
        for (target, escaped) in columns {
            assert_eq!(escape(target, &canonical), **escaped, "{target} of {canonical:?}");
            assert_eq!(unescape(target, escaped).as_deref(), Ok(&*canonical), "{target} of {escaped:?}");
        }
    }
}

// covers: D-29, D-30
#[test]
fn each_escaped_local_part_reads_in_both_directions() {
    let rows = rows::<[String; 3]>(include_str!("vectors/escapes.json"));
    assert!(rows.len() >= 60, "D-29 asks for sixty");
    for [target, local, escaped] in rows {
        assert_eq!(escape(&target, &local), escaped, "{target} of {local:?}");
        assert_eq!(unescape(&target, &escaped).as_deref(), Ok(&*local), "{target} of {escaped:?}");
    }
}

// covers: D-29
#[test]
fn what_is_not_validly_escaped_is_refused() {
    for [target, text, expected] in rows::<[String; 3]>(include_str!("vectors/refused.json")) {
        let error = unescape(&target, &text).expect_err(&format!("{target} of {text:?}"));
        assert_eq!(cause(&error), expected, "{target} of {text:?}");
    }
}

// covers: D-28, D-30, A-4.1.6
#[test]
fn each_address_has_one_canonical_text() {
    for [text, canonical] in rows::<[String; 2]>(include_str!("vectors/addresses.json")) {
        let address = Address::parse(&text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_eq!(address.as_str(), canonical, "{text:?}");
        assert_eq!(Address::parse(&canonical), Ok(address.clone()), "{text:?}");
        assert_eq!(Address::new(address.local(), &domain(address.domain())), Ok(address), "{text:?}");
    }
}

// covers: D-30, A-4.1.6
#[test]
fn what_is_no_address_is_refused_for_the_right_cause() {
    for [text, expected] in rows::<[String; 2]>(include_str!("vectors/not_addresses.json")) {
        let error = Address::parse(&text).expect_err(&format!("{text:?}"));
        assert_eq!(cause(&error), expected, "{text:?}");
    }
}

// covers: D-30
#[test]
fn an_alias_of_256_characters_has_an_address_whatever_its_script() {
    for character in ["a", "é", "田", "–", "ﾡ"] {
        let address = Address::new(&character.repeat(256), &domain("example.com")).unwrap();
        assert_eq!(address.local().chars().count(), 256);
    }
}

#[test]
fn a_local_part_ends_at_1023_octets() {
    let home = domain("example.com");
    assert!(Address::new(&"a".repeat(1023), &home).is_ok());
    assert_eq!(
        Address::new(&"a".repeat(1024), &home),
        Err(AddressError::LocalTooLong { octets: 1024, limit: 1023 })
    );
    assert!(Address::new(&"Ａ".repeat(1023), &home).is_ok(), "the canonical form counts");
    assert!(Address::new(&"a".repeat(1_000_000), &home).is_err());
}

#[test]
fn a_domain_ends_at_253_octets() {
    let name =
        [&"a".repeat(63), &"b".repeat(63), &"c".repeat(63), &"d".repeat(61)].map(|s| s.as_str()).join(".");
    assert_eq!(name.len(), 253);
    assert_eq!(domain(&name).as_str(), name);
    assert_eq!(domain(&format!("{name}.")).as_str(), name);
    assert_eq!(Domain::parse(&format!("{name}d")), Err(AddressError::Domain));
    assert_eq!(Domain::parse(&"a.".repeat(1_000_000)), Err(AddressError::Domain));
}

#[test]
fn an_address_is_a_string_in_json_and_is_normalised_when_read() {
    let address: Address = serde_json::from_str(r#""Meeting Room 4@EXAMPLE.com""#).unwrap();
    assert_eq!(serde_json::to_string(&address).unwrap(), r#""meeting room 4@example.com""#);
    assert!(serde_json::from_str::<Address>(r#""nobody""#).is_err());
    assert_eq!(serde_json::from_str::<Domain>(r#""EXAMPLE.com.""#).unwrap(), domain("example.com"));
    assert!(serde_json::from_str::<Domain>(r#""exa mple""#).is_err());
}

// covers: D-29
#[test]
fn each_name_of_a_closed_network_reads_in_both_directions() {
    for [network, name, local, canonical] in rows::<[String; 4]>(include_str!("vectors/gateway_names.json")) {
        let network = match network.as_str() {
            "oscar" => gateway_name::Network::Oscar,
            "msn" => gateway_name::Network::Msn,
            "yahoo" => gateway_name::Network::Yahoo,
            "matrix" => gateway_name::Network::Matrix,
            _ => panic!("there is no network {network}"),
        };
        assert_eq!(gateway_name::escape(network, &name).as_deref(), Ok(&*local), "{name}");
        assert_eq!(gateway_name::unescape(network, &local).as_deref(), Ok(&*canonical), "{local}");
        assert_eq!(gateway_name::escape(network, &canonical).as_deref(), Ok(&*local), "{canonical}");
        let typed = local.replace('!', "%");
        if typed.matches('%').count() == 1 {
            assert_eq!(gateway_name::unescape(network, &typed).as_deref(), Ok(&*canonical), "{typed}");
        }
    }
}

// covers: D-29
#[test]
fn a_name_without_a_form_at_a_gateway_is_refused() {
    use gateway_name::Network::{Matrix, Msn, Oscar, Yahoo};
    let names = [
        (Msn, "nobody"),
        (Msn, "a%b@hotmail.example"),
        (Msn, "@hotmail.example"),
        (Msn, "a@b@hotmail.example"),
        (Msn, "a@not a host"),
        (Oscar, ""),
        (Oscar, "   "),
        (Yahoo, "a!b"),
        (Yahoo, "a%b"),
        (Matrix, "u:hs.example"),
        (Matrix, "@u"),
        (Matrix, "@:hs.example"),
        (Matrix, "@Alice:hs.example"),
        (Matrix, "@u:hs.example:port"),
    ];
    for (network, name) in names {
        assert_eq!(gateway_name::escape(network, name), Err(AddressError::NoForm), "{name}");
    }
    for (network, local) in
        [(Msn, "nobody"), (Matrix, "u"), (Msn, "!hotmail.example"), (Yahoo, "a!"), (Yahoo, "")]
    {
        assert_eq!(gateway_name::unescape(network, local), Err(AddressError::NoForm), "{local}");
    }
}

// covers: D-29, D-31
#[test]
fn each_number_reads_as_a_tel_uri_in_both_directions() {
    let home = domain("example.com");
    for [address, uri] in rows::<[String; 2]>(include_str!("vectors/tel.json")) {
        let address = Address::parse(&address).unwrap();
        assert_eq!(tel::uri(&address).as_deref(), Some(&*uri), "{address}");
        assert_eq!(tel::address(&uri, &home), Ok(address), "{uri}");
    }
}

// covers: D-31
#[test]
fn a_name_that_is_no_number_has_no_tel_uri() {
    for local in ["alice", "+", "+0123456", "+1234567890123456", "100#2", "*21", "47 11", "+1555x"] {
        assert_eq!(tel::uri(&Address::new(local, &domain("example.com")).unwrap()), None, "{local}");
    }
}

// covers: D-31
#[test]
fn a_tel_uri_is_read_without_guessing() {
    let home = domain("example.com");
    let read = |uri: &str| tel::address(uri, &home).map(|address| address.to_string());
    assert_eq!(read("TEL:+1-555-(123)-0100"), Ok("+15551230100@example.com".into()));
    assert_eq!(read("tel:+15551230100;foo=bar"), Ok("+15551230100@example.com".into()));
    assert_eq!(read("tel:47-11;Phone-Context=Other.example"), Ok("4711@other.example".into()));
    assert_eq!(read("tel:4711"), Err(AddressError::NumberWithoutContext));
    assert_eq!(read("tel:4711;phone-context=+44"), Err(AddressError::NumberWithoutContext));
    assert_eq!(read("tel:4711;phone-context="), Err(AddressError::Domain));
    for uri in [
        "tel:",
        "tel:+",
        "tel:-",
        "4711",
        "sip:4711",
        "tel:+15551230100;ext=9",
        "tel:+15551230100;isub=9",
        "tel:+0123",
        "tel:+1;phone-context=example.com",
        "tel:alice;phone-context=example.com",
        "tel:*21;phone-context=example.com",
        "tel:+1234567890123456",
        "tel:++1",
    ] {
        assert_eq!(read(uri), Err(AddressError::NotNumber), "{uri}");
    }
}

fn rule(prefix: &str, international: &str, digits_min: usize, digits_max: usize) -> DialRule {
    DialRule { prefix: prefix.into(), international: international.into(), digits_min, digits_max }
}

// covers: D-31
#[test]
fn a_dial_plan_makes_international_only_what_it_names() {
    let british = DialPlan::new(
        vec![rule("00", "", 9, 17), rule("0", "44", 10, 11), rule("0800", "", 1, 3), rule("999", "0", 3, 3)],
        Some("44".into()),
    )
    .unwrap();
    let table = [
        ("0015551230100", Some("+15551230100")),
        ("02079460000", Some("+442079460000")),
        ("0207946", None),
        ("00155", None),
        ("4711", None),
        ("15551230100", None),
        ("08001111111", Some("+448001111111")),
        ("0001234567890", None),
        ("999", None),
        ("00123456789012345", Some("+123456789012345")),
        ("001234567890123456", None),
        ("00155512301#2", None),
        ("", None),
    ];
    for (dialed, expected) in table {
        assert_eq!(british.international(dialed).as_deref(), expected, "{dialed}");
    }
    assert_eq!(british.national("2079460000").as_deref(), Some("+442079460000"));
    assert_eq!(british.national("20#"), None);
}

// covers: D-31
#[test]
fn without_a_dial_plan_every_number_is_private() {
    for dialed in ["0015551230100", "01115551230100", "15551230100", "4711", "112"] {
        assert_eq!(DialPlan::default().international(dialed), None, "{dialed}");
        assert_eq!(DialPlan::default().national(dialed), None, "{dialed}");
    }
}

// covers: D-31
#[test]
fn the_longest_prefix_that_fits_decides_in_whatever_order_rules_are_written() {
    let rules = [rule("9", "", 1, 128), rule("9011", "", 1, 128), rule("91", "1", 12, 12)];
    let mut reversed = rules.to_vec();
    reversed.reverse();
    for rules in [rules.to_vec(), reversed] {
        let plan = DialPlan::new(rules, None).unwrap();
        assert_eq!(plan.international("9011442079460000").as_deref(), Some("+442079460000"));
        assert_eq!(plan.international("915551230100").as_deref(), Some("+15551230100"));
        assert_eq!(plan.international("9442079460000").as_deref(), Some("+442079460000"));
    }
}

// covers: D-31
#[test]
fn a_dial_plan_that_contradicts_itself_is_refused() {
    let plan = |rules| DialPlan::new(rules, None).unwrap_err();
    assert!(matches!(
        plan(vec![rule("0", "44", 5, 11), rule("0", "49", 11, 12)]),
        DialPlanError::Overlap { .. }
    ));
    assert!(matches!(plan(vec![rule("0x", "44", 5, 11)]), DialPlanError::NotDigits { .. }));
    assert!(matches!(plan(vec![rule("0", "+44", 5, 11)]), DialPlanError::NotDigits { .. }));
    assert!(matches!(plan(vec![rule("0", "44", 12, 11)]), DialPlanError::Length { .. }));
    assert!(matches!(plan(vec![rule("0", "44", 1, 129)]), DialPlanError::Length { .. }));
    assert!(matches!(plan(vec![rule("0", "44", 1, 2); 1025]), DialPlanError::TooManyRules { .. }));
    assert!(matches!(DialPlan::new(vec![], Some("0".into())), Err(DialPlanError::CountryCode { .. })));
}

#[test]
fn a_pseudonym_is_an_address_that_only_its_key_gives() {
    let key = PseudonymKey::new([7; 32]);
    let name = key.pseudonym("192.0.2.1:1720");
    assert_eq!(name, key.clone().pseudonym("192.0.2.1:1720"));
    assert_ne!(name, key.pseudonym("192.0.2.1:1721"));
    assert_ne!(name, PseudonymKey::new([8; 32]).pseudonym("192.0.2.1:1720"));
    assert_eq!(normalise(&name).as_deref(), Ok(&*name));
    assert_eq!(name.len(), "t-".len() + 12);
    assert!(!format!("{key:?}").contains('7'));
}

#[test]
fn a_pseudonym_is_the_same_in_every_version() {
    // HMAC-SHA-256 with a key of 32 octets 0b over "Hi There", computed with another implementation.
    let key = PseudonymKey::new([0x0b; 32]);
    assert_eq!(key.pseudonym("Hi There"), "t-36560znm9fxw");
}
