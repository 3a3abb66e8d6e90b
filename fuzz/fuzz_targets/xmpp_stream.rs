//! What a stream of XMPP brings: read in any pieces it is the same, an element that is read is written so that it is read
//! again, and what it says as presence and message is read or not, without harm.

#![no_main]

use model::{Address, Timestamp};
use xmpp::translation::{message, presence};
use xmpp::wire::{Element, Jid, Limits, ReadError, StreamItem, StreamReader};

const HEADER: &[u8] =
    b"<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams'>";
const NOW: Timestamp = Timestamp(1_750_000_000_000);

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let Some((&size, octets)) = octets.split_first() else { return };
    let whole = items(octets, usize::MAX);
    assert_eq!(items(octets, usize::from(size).max(1)), whole, "it depends on how it is cut");
    let somebody: Address = "a@h323.example".parse().expect("an address");
    for item in whole.0 {
        let StreamItem::Element(element) = item else { continue };
        is_written(&element);
        let _ = presence::read(&element, NOW);
        let _ = message::read(&element, &somebody, &somebody, NOW, [0; 16]);
        if let Some(Ok(jid)) = element.attribute("from").map(str::parse::<Jid>) {
            assert_eq!(jid.as_str().parse::<Jid>().as_ref(), Ok(&jid));
            if let Some(Ok(address)) = jid.address() {
                assert_eq!(Jid::of(&address).address(), Some(Ok(address)), "{jid}");
            }
        }
    }
});

/// All items, and why there are no more.
fn items(octets: &[u8], size: usize) -> (Vec<StreamItem>, Option<ReadError>) {
    let limits = Limits { octets_max: 4096, depth_max: 16, elements_max: 128 };
    let (mut reader, mut items) = (StreamReader::new(limits), Vec::new());
    for mut piece in [HEADER, octets].into_iter().flat_map(|octets| octets.chunks(size)) {
        loop {
            match reader.read(&mut piece) {
                Ok(Some(item)) => items.push(item),
                Ok(None) => break,
                Err(error) => return (items, Some(error)),
            }
        }
    }
    (items, None)
}

fn is_written(element: &Element) {
    let mut octets = Vec::new();
    element.write(&mut octets);
    let mut reader = StreamReader::new(Limits::default());
    let stream = [HEADER, &octets].concat();
    let (mut rest, mut last) = (stream.as_slice(), None);
    while let Some(item) = reader.read(&mut rest).expect("what is written is XML") {
        last = Some(item);
    }
    assert_eq!(last, Some(StreamItem::Element(element.clone())));
}
