//! What a directory says, whatever it is: names are read or refused, and a snapshot mentions nobody whom it has not.
//!
//! Each line is an entry: `p` or `g`, its name, and pairs of attribute and value, between `|`.

#![no_main]

use directory::{Entry, Kind, Settings, Snapshot, normal};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    let (mut people, mut groups) = (Vec::new(), Vec::new());
    for line in text.lines() {
        let mut fields = line.split('|');
        let (kind, dn) = (fields.next(), fields.next().unwrap_or_default());
        if let Some(name) = normal(dn) {
            assert_eq!(normal(&name).as_ref(), Some(&name), "the normal form is its own");
        }
        let mut pairs = Vec::new();
        while let (Some(attribute), Some(value)) = (fields.next(), fields.next()) {
            pairs.push((attribute.to_owned(), vec![value.to_owned()]));
        }
        let entry = Entry::new(dn.to_owned(), pairs);
        if kind == Some("g") { groups.push(entry) } else { people.push(entry) }
    }
    let _ = directory::check_filter(text);
    let _ = directory::check_url(text);
    for kind in [Kind::OpenLdap, Kind::ActiveDirectory] {
        let settings = Settings { takes_passwords: true, ..Settings::of(kind) };
        let snapshot = Snapshot::compose(&people, &groups, &settings);
        assert!(snapshot.people.len() + snapshot.groups.len() <= people.len() + groups.len());
        for group in snapshot.groups.values() {
            assert!(group.people.iter().all(|user| snapshot.people.contains_key(user)));
            assert!(group.groups.iter().all(|dn| snapshot.groups.contains_key(dn)));
        }
    }
});
