//! What holds for every alias.

use h323::alias::{Alias, AliasError, NumberType, Zone, alternative, canonical, presentity_alias};
use model::Address;
use model::address::{DialPlan, DialRule, Domain, PseudonymKey};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn domain(name: &str) -> Domain {
    Domain::parse(name).expect("each test names a domain")
}

fn zone() -> Zone {
    let abroad =
        DialRule { prefix: "00".into(), international: String::new(), digits_min: 9, digits_max: 17 };
    Zone {
        domain: domain("example.com"),
        foreign: BTreeSet::from([domain("example.net")]),
        dial_plan: DialPlan::new(vec![abroad], Some("44".into())).expect("the rule is sound"),
        service_codes: BTreeSet::from(["*100".to_owned()]),
        configured: BTreeSet::new(),
        pseudonym_key: PseudonymKey::new([7; 32]),
    }
}

/// What divides names, URLs and numbers, and what is hard to write in them.
const PIECES: [&str; 44] = [
    " ",
    "@",
    ":",
    ";",
    "?",
    "/",
    "//",
    "+",
    "#",
    "*",
    ",",
    "=",
    "%",
    "%40",
    "%C3%A9",
    "%ff",
    "\\20",
    "\\",
    "\"",
    "'",
    "<",
    "00155512301",
    "4711",
    "h323:",
    "sip:",
    "xmpp:",
    "wv:",
    "im:",
    "tel:",
    ";phone-context=",
    "example.com",
    "@example.com",
    "@example.net",
    "@lab",
    ":1720",
    "msisdn:",
    "imsi:",
    "Alice",
    "Ｂob",
    "é",
    "’",
    "❤\u{fe0f}",
    "א",
    "\u{200d}",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::collection::vec(prop::sample::select(&PIECES[..]), 0..8).prop_map(|pieces| pieces.concat()),
        "[0-9#*,]{1,20}",
        "[0-9A-E]{0,20}",
        "[ -~]{0,24}",
        any::<String>(),
        prop::sample::select(&PIECES[..]).prop_map(|piece| piece.repeat(300)),
    ]
}

fn number_type() -> impl Strategy<Value = NumberType> {
    prop::sample::select(vec![
        NumberType::Unknown,
        NumberType::International,
        NumberType::National,
        NumberType::NetworkSpecific,
        NumberType::Subscriber,
        NumberType::Abbreviated,
        NumberType::RoutingNational,
        NumberType::RoutingNetworkSpecific,
        NumberType::RoutingWithCalledDirectory,
        NumberType::PrivateUnknown,
        NumberType::PrivateLevel2Regional,
        NumberType::PrivateLevel1Regional,
        NumberType::PrivatePisnSpecific,
        NumberType::PrivateLocal,
        NumberType::PrivateAbbreviated,
        NumberType::Data,
        NumberType::Telex,
        NumberType::NationalStandard,
    ])
}

/// Any alias of any kind, valid or not.
fn alias() -> impl Strategy<Value = Alias> {
    let uim_digits = || prop::option::of(prop_oneof!["[0-9#*a-c]{3,16}", text()]);
    prop_oneof![
        text().prop_map(Alias::DialedDigits),
        text().prop_map(Alias::H323Id),
        text().prop_map(Alias::UrlId),
        text().prop_map(Alias::TransportId),
        text().prop_map(Alias::EmailId),
        (number_type(), text()).prop_map(|(number_type, digits)| Alias::PartyNumber { number_type, digits }),
        (uim_digits(), uim_digits()).prop_map(|(msisdn, imsi)| Alias::MobileUim { msisdn, imsi }),
        (number_type(), text()).prop_map(|(number_type, digits)| Alias::IsupNumber { number_type, digits }),
    ]
}

fn valid_alias() -> impl Strategy<Value = Alias> {
    alias().prop_filter("beyond the limits of its kind", |alias| alias.check().is_ok())
}

/// An h323-ID as people give it to a room.
fn room_name() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        " ",
        "Café",
        "–",
        "O’Malley",
        "\"",
        "“",
        "Ｃｏｎｆ",
        "🎥",
        "👩🏽\u{200d}💻",
        "❤\u{fe0f}",
        "½",
        "·",
        "חדר א'",
        "田中",
        "4",
        "#",
        "%",
    ]);
    prop::collection::vec(piece, 0..12).prop_map(|pieces| format!("  Room{}  ", pieces.concat()))
}

proptest! {
    // covers: D-27, D-28
    #[test]
    fn no_text_of_any_kind_makes_the_canonical_form_panic(alias in alias()) {
        let found = canonical(&alias, &zone());
        let _ = (alternative(&alias, &zone()), presentity_alias(std::slice::from_ref(&alias), &zone()));
        if let Err(error) = alias.check() {
            prop_assert_eq!(found, Err(error));
        }
    }

    // covers: D-28
    #[test]
    fn an_alias_stands_for_the_same_address_after_it_was_kept_in_the_directory(alias in valid_alias()) {
        let restored = Alias::restore(alias.kind(), &alias.text());
        prop_assert_eq!(restored.as_ref(), Ok(&alias));
        let again = restored.and_then(|restored| canonical(&restored, &zone()));
        prop_assert_eq!(again, canonical(&alias, &zone()));
    }

    // covers: D-28
    #[test]
    fn every_alias_comes_back_from_its_address_through_the_directory(
        aliases in prop::collection::vec(prop_oneof![alias(), room_name().prop_map(Alias::H323Id)], 1..20),
    ) {
        let mut directory: BTreeMap<Address, BTreeSet<(&str, String)>> = BTreeMap::new();
        let named: Vec<(Alias, Address)> = aliases
            .into_iter()
            .filter_map(|alias| canonical(&alias, &zone()).ok().map(|address| (alias, address)))
            .collect();
        for (alias, address) in &named {
            directory.entry(address.clone()).or_default().insert((alias.kind(), alias.text()));
        }
        for (alias, address) in &named {
            let restored: Result<Vec<Alias>, AliasError> =
                directory[address].iter().map(|(kind, text)| Alias::restore(kind, text)).collect();
            let restored = restored.unwrap();
            prop_assert_eq!(restored.iter().filter(|restored| *restored == alias).count(), 1);
            for restored in &restored {
                prop_assert_eq!(canonical(restored, &zone()), Ok(address.clone()));
            }
        }
    }

    // covers: D-28
    #[test]
    fn an_address_of_the_zone_typed_in_full_means_itself(alias in valid_alias()) {
        if let Ok(address) = canonical(&alias, &zone()) {
            prop_assert_eq!(Address::parse(address.as_str()), Ok(address.clone()));
            let typed = Alias::H323Id(address.to_string());
            if zone().serves(&address) && !address.local().contains('@') && typed.check().is_ok() {
                prop_assert_eq!(canonical(&typed, &zone()), Ok(address));
            }
        }
    }

    // covers: D-28, D-30
    #[test]
    fn a_room_has_an_address_by_whatever_name(name in room_name()) {
        let room = Alias::H323Id(name.clone());
        let address = canonical(&room, &zone());
        prop_assert!(address.is_ok(), "{:?}", address);
        let trimmed = Alias::H323Id(name.trim_matches(' ').to_owned());
        prop_assert_eq!(canonical(&trimmed, &zone()), address, "spaces at the ends are no part of it");
    }
}
