//! Descriptors of Herald's own package and of H.460.22: what is read is written to be read the same, however it is cut into
//! parts.

#![no_main]

use codec::per;
use h323::wire::h225::GenericData;
use h323::wire::package::{Announcement, Assembly, Joined, Package, StateTag, divide};
use h323::wire::signalling_security::SignallingSecurity;

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let Ok(descriptor) = per::decode::<GenericData>(octets) else { return };
    if let Ok(Some(announcement)) = Announcement::read(&descriptor) {
        assert_eq!(Announcement::read(&announcement.write()), Ok(Some(announcement)));
    }
    if let Ok(Some(tag)) = StateTag::read(&descriptor) {
        let written = tag.write().expect("a tag that was read");
        assert_eq!(StateTag::read(&written), Ok(Some(tag)));
    }
    if let Some(said) = SignallingSecurity::read(&descriptor)
        && said.has_tls
    {
        assert_eq!(SignallingSecurity::read(&said.write()), Some(said));
    }
    let Ok(Some(package)) = Package::read(&descriptor) else { return };
    let written = match &package {
        Package::Message(message) => message.write().expect("a message that was read"),
        Package::Receipt(receipt) => receipt.write(),
        Package::Typing(typing) => typing.write(),
    };
    assert_eq!(Package::read(&written).as_ref(), Ok(&Some(package.clone())));
    let Package::Message(message) = package else { return };
    let Some(parts) = divide(*message, 16) else { return };
    let mut assembly = Assembly::new(parts.len() as u8);
    let last = parts.len();
    for (number, part) in (1..).zip(parts) {
        let joined = assembly.add(part);
        assert!(last == 1 || matches!(joined, Joined::Whole(_)) == (number == last));
    }
});
