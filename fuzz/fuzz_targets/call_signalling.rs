//! Call signalling: a TCP stream of TPKT packets, and a Q.931 message in a packet of the right length, so that most
//! inputs get behind the framing.

#![no_main]

use h323::wire::h225::H323UserInformation;
use h323::wire::q931::{Q931, element};
use h323::wire::tpkt::{self, Reassembly};
use herald_fuzz::{is_exact, is_stable};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    as_a_stream(octets);
    if let Some(packet) = tpkt::packet(octets) {
        is_exact(&packet);
    }
    let Ok(message) = Q931::decode(octets) else { return };
    // Only a flag where there is no call reference, and bits that it leaves free, are not written again.
    let written = message.encode().expect("every element fits the field that its length came from");
    assert_eq!(Q931::decode(&written).as_ref(), Ok(&message));
    if let Some([5, information @ ..]) = message.element(element::USER_USER) {
        is_stable::<H323UserInformation>(information);
    }
});

/// However a stream is cut, the same packets come out.
fn as_a_stream(stream: &[u8]) {
    let packets = |size: usize| {
        let mut packets = Vec::new();
        let mut reassembly = Reassembly::default();
        let fed = stream.chunks(size).try_for_each(|read| {
            let fed = reassembly.feed(read, |packet| packets.push(packet.to_vec()));
            assert!(fed.is_err() || reassembly.held() < tpkt::PACKET_MAX);
            fed
        });
        (fed, packets)
    };
    assert_eq!(packets(usize::MAX), packets(3));
}
