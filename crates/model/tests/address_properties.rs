//! What holds for every name.

use model::address::{
    Address, AddressError, DialPlan, DialRule, Domain, gateway_name, h323, im_pres, matrix, normalise, sip,
    tel, wv, xmpp, xmpp_uri,
};
use proptest::prelude::*;
use std::borrow::Cow;

/// Text of the characters that matter to some network, mixed with any others.
fn text() -> impl Strategy<Value = String> {
    let piece = r"(\\[2-5][0-9a-fA-F]|%[0-9A-Fa-f]{0,2}|=[0-9a-f]{0,2}|_[A-Za-z_]?|[ .@!+/])";
    prop_oneof![
        "[ -~]{0,24}",
        prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat()),
        hard_name(),
        r"\PC{0,24}",
        any::<String>(),
    ]
}

/// A name as people give to rooms: words, signs, emoji and what stands between their parts.
fn hard_name() -> impl Strategy<Value = String> {
    let word = prop::sample::select(
        "Café|Σίσυφος|İzmir|Ｃｏｎｆ|ｶﾞﾗｽ|ﾡ|会議室|חדר|קומה א'|قاعة|١|می\u{200c}خواهم|ශ්\u{200d}ර|4|Ⅷ|ﬁ|e\u{301}"
            .split('|')
            .collect::<Vec<_>>(),
    );
    let sign = prop::sample::select(
        " |\u{a0}|\u{3000}|–|’|“|”|«|…|·|・|【|™|½|€|@|\"|'|&|<|\\20|%41|_|=|/"
            .split('|')
            .collect::<Vec<_>>(),
    );
    let emoji = prop::sample::select(
        "🎥|❤\u{fe0f}|👩🏽\u{200d}💻|🏴\u{e0067}\u{e007f}|🇨🇭|1\u{fe0f}\u{20e3}".split('|').collect::<Vec<_>>(),
    );
    prop::collection::vec(prop_oneof![word, sign, emoji], 1..12).prop_map(|pieces| pieces.concat())
}

fn canonical_local() -> impl Strategy<Value = String> {
    text().prop_filter_map("not a local part", |text| normalise(&text).ok().map(|local| local.into_owned()))
}

/// What a reader that must succeed makes of a text.
fn read(reader: impl Fn(&str) -> Result<Cow<'_, str>, AddressError>, text: &str) -> String {
    match reader(text) {
        Ok(read) => read.into_owned(),
        Err(error) => panic!("{text:?} is not read: {error}"),
    }
}

proptest! {
    // covers: D-28
    #[test]
    fn an_address_is_its_own_canonical_form(local in text(), domain in "[a-zA-Z0-9ü]{1,9}(\\.[a-z]{2,5})?") {
        if let Ok(address) = Address::parse(&format!("{local}@{domain}")) {
            prop_assert_eq!(Address::parse(address.as_str()), Ok(address.clone()));
            let json = serde_json::to_string(&address).unwrap();
            prop_assert_eq!(serde_json::from_str::<Address>(&json).unwrap(), address);
        }
    }

    // covers: D-28
    #[test]
    fn case_width_composition_and_outer_spaces_do_not_make_another_address(local in "[ -~]{1,24}") {
        if let Ok(normal) = normalise(&local) {
            let wide: String = local.chars().map(|c| match c {
                '!'..='~' => char::from_u32(u32::from(c) + 0xfee0).unwrap(),
                _ => '\u{3000}',
            }).collect();
            prop_assert_eq!(normalise(&wide).unwrap(), normal.as_ref());
            prop_assert_eq!(read(normalise, &local.to_uppercase()), normal.as_ref());
            let spaced = format!("  {}  ", local);
            prop_assert_eq!(normalise(&spaced).unwrap(), normal);
        }
    }

    // covers: D-28, D-30
    #[test]
    fn a_hard_name_has_an_address(name in hard_name()) {
        prop_assume!(!name.trim_matches([' ', '\u{a0}', '\u{3000}']).is_empty());
        let normal = read(normalise, &name);
        prop_assert_eq!(read(normalise, &normal), normal);
    }

    // covers: D-28
    #[test]
    fn what_only_chooses_a_glyph_or_a_width_of_space_does_not_make_another_address(
        name in text(), selector in "[\u{180b}\u{fe00}-\u{fe0f}\u{e0100}]", space in r"[\p{Zs}]",
    ) {
        let selected: String = name.chars().flat_map(|c| [c.to_string(), selector.clone()]).collect();
        let spaced = name.replace(' ', &space);
        if let Ok(normal) = normalise(&name) {
            prop_assert_eq!(normalise(&selected).unwrap(), normal.as_ref());
            prop_assert_eq!(normalise(&spaced).unwrap(), normal.as_ref());
        }
    }

    // covers: D-30
    #[test]
    fn an_invisible_character_makes_no_address_of_its_own(
        before in prop::sample::select(vec!["a", "room ", "4", "–", "א", "田", "❤", "🎥", "👩🏽"]),
        hidden in r"\p{Default_Ignorable_Code_Point}",
        after in prop::sample::select(vec!["", "a", " 4", "א", "💻"]),
    ) {
        let seen = format!("{before}{after}");
        if let Ok(normal) = normalise(&format!("{before}{hidden}{after}")) {
            prop_assert_eq!(normal, normalise(&seen).unwrap());
        }
    }

    // covers: D-29
    #[test]
    fn every_lossless_network_gives_back_any_text(local in text()) {
        prop_assert_eq!(read(sip::unescape, &sip::escape(&local)), local.as_str());
        prop_assert_eq!(read(h323::unescape, &h323::escape(&local)), local.as_str());
        prop_assert_eq!(read(im_pres::unescape, &im_pres::escape(&local)), local.as_str());
        prop_assert_eq!(read(wv::unescape, &wv::escape(&local)), local.as_str());
        for plus in [matrix::Plus::Plain, matrix::Plus::Escaped] {
            prop_assert_eq!(read(matrix::unescape, &matrix::escape(&local, plus)), local.as_str());
        }
    }

    // covers: D-29
    #[test]
    fn xmpp_gives_back_every_canonical_local_part(local in canonical_local()) {
        prop_assert_eq!(read(xmpp::unescape, &xmpp::escape(&local)), local.as_str());
        prop_assert_eq!(read(xmpp_uri::unescape, &xmpp_uri::escape(&local)), local.as_str());
    }

    // covers: D-29
    #[test]
    fn xmpp_gives_back_a_canonical_local_part_after_a_server_lowered_its_case(local in "[ -~]{1,24}") {
        let local = local.trim_matches(' ');
        let jid = xmpp::escape(local).to_lowercase();
        prop_assert_eq!(xmpp::unescape(&jid).unwrap(), local.to_lowercase());
    }

    // covers: D-29
    #[test]
    fn what_a_network_gets_has_only_characters_it_allows(local in canonical_local()) {
        let has_only = |text: &str, allowed: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || allowed.contains(c));
        prop_assert!(has_only(&sip::escape(&local), "-_.!~*'()&=+$,;?/%"));
        prop_assert!(has_only(&im_pres::escape(&local), "!$'*+-_~.%"));
        prop_assert!(!im_pres::escape(&local).contains(".."));
        prop_assert!(has_only(&xmpp_uri::escape(&local), "-._~!$()*+,;=%"));
        prop_assert!(has_only(&wv::escape(&local), "-_.%+"));
        prop_assert!(has_only(&matrix::escape(&local, matrix::Plus::Escaped), "._=-/"));
        prop_assert!(!xmpp::escape(&local).contains([' ', '"', '&', '\'', '/', ':', '<', '>', '@']));
    }

    #[test]
    fn reading_never_panics(text in text()) {
        let _ = (sip::unescape(&text), im_pres::unescape(&text), xmpp::unescape(&text), xmpp_uri::unescape(&text));
        let _ = (wv::unescape(&text), matrix::unescape(&text), Address::parse(&text), Domain::parse(&text));
        let _ = tel::address(&format!("tel:{text}"), &Domain::parse("example.com").unwrap());
        for network in NETWORKS {
            let _ = (gateway_name::escape(network, &text), gateway_name::unescape(network, &text));
        }
    }

    // covers: D-29
    #[test]
    fn a_name_at_a_gateway_reads_back_and_shows_no_percent(
        user in "[a-z0-9!._=/+-]{1,12}", host in prop::option::of("[a-z][a-z0-9]{0,8}\\.example"),
    ) {
        for network in NETWORKS {
            let name = match (&host, network) {
                (Some(host), gateway_name::Network::Matrix) => format!("@{user}:{host}"),
                (Some(host), _) => format!("{user}@{host}"),
                (None, _) => user.clone(),
            };
            if let Ok(local) = gateway_name::escape(network, &name) {
                prop_assert!(!local.contains(['%', '@']));
                prop_assert_eq!(normalise(&local).unwrap(), local.as_str());
                prop_assert_eq!(gateway_name::unescape(network, &local), Ok(name));
            } else {
                prop_assert!(host.is_none());
            }
        }
    }

    // covers: D-31
    #[test]
    fn a_dial_plan_gives_international_numbers_or_nothing(
        prefix in "[0-9]{0,3}", international in "[0-9]{0,3}", dialed in "[0-9#*,]{0,24}",
    ) {
        let rule = DialRule { prefix: prefix.clone(), international: international.clone(), digits_min: 1, digits_max: 128 };
        let plan = DialPlan::new(vec![rule], None).unwrap();
        if let Some(number) = plan.international(&dialed) {
            let address = Address::new(&number, &Domain::parse("example.com").unwrap()).unwrap();
            prop_assert_eq!(tel::uri(&address), Some(format!("tel:{number}")));
            let rest = dialed.strip_prefix(prefix.as_str()).unwrap();
            prop_assert_eq!(number, format!("+{international}{rest}"));
        }
    }
}

const NETWORKS: [gateway_name::Network; 4] = [
    gateway_name::Network::Oscar,
    gateway_name::Network::Msn,
    gateway_name::Network::Yahoo,
    gateway_name::Network::Matrix,
];
