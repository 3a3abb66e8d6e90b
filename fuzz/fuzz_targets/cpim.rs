//! Message/CPIM: what is read is kept octet for octet, also as a message of the engine, and takes steps as its octets allow.

#![no_main]

use cpim::message::{Envelope, Message, MessageLimits, from_instant_message, instant_message};
use model::{Address, MessageId, Timestamp};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let limits = MessageLimits::default();
    let mut steps = 0;
    let read = Message::read_counting(octets, &limits, &mut steps);
    let names = limits.headers_max as u64;
    assert!(steps <= 2 * octets.len() as u64 + names * names + 8, "{steps}");
    let _ = Message::read_entity(octets, &limits);
    let Ok(message) = read else { return };
    assert_eq!(message.octets(), octets);
    assert!(octets.ends_with(message.content()));
    for header in message.headers() {
        let _ = header.text();
    }
    let _ =
        (message.content_type(), message.date_time(), message.subjects().count(), message.notifications());
    let address = |text: &str| Address::parse(text).expect("an address");
    let envelope = Envelope {
        id: MessageId([1; 16]),
        sender: address("alice@example.com"),
        recipient: address("bob@example.com"),
        received_at: Timestamp(0),
        max_forwards: 70,
    };
    let Ok(instant) = instant_message(octets, envelope, &limits) else { return };
    assert_eq!(from_instant_message(&instant), octets);
});
