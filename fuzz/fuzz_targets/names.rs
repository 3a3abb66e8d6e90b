//! Names: aliases as people type them and as records keep them, addresses, domains, and what a zone makes of them.

#![no_main]

use h323::alias::{Alias, alternative, canonical, presentity_alias};
use herald_fuzz::zone;
use model::Address;
use model::address::Domain;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let Ok(text) = std::str::from_utf8(octets) else { return };
    if let Ok(address) = Address::parse(text) {
        assert_eq!(Address::parse(address.as_str()).as_ref(), Ok(&address));
    }
    if let Ok(domain) = Domain::parse(text) {
        assert_eq!(Domain::parse(domain.as_str()).as_ref(), Ok(&domain));
    }
    let mut aliases = Vec::new();
    aliases.extend(Alias::parse_typed(text));
    if let Some((kind, name)) = text.split_once(' ') {
        aliases.extend(Alias::restore(kind, name));
    }
    let zone = zone();
    for alias in &aliases {
        if let Ok(address) = canonical(alias, &zone) {
            assert_eq!(Address::parse(address.as_str()).as_ref(), Ok(&address));
        }
        let _ = alternative(alias, &zone);
        let restored = Alias::restore(alias.kind(), &alias.text());
        assert_eq!(restored.as_ref(), Ok(alias), "what a record keeps is the same alias");
        // What can be written is read as an alias that stands for the same address.
        if let Some(read) = alias.to_wire().and_then(|wire| Alias::from_wire(&wire)) {
            assert_eq!(canonical(&read, &zone), canonical(alias, &zone));
        }
    }
    let _ = presentity_alias(&aliases, &zone);
});
