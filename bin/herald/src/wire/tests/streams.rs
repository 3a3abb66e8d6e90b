//! Call signalling out of TCP segments, however the network treated them.

use super::*;

/// The recorded call signalling as one stream, cut into segments of `size` octets after the one that opens it.
fn cut(size: usize) -> Vec<Vec<u8>> {
    let stream = recorded("H.225.0").concat();
    // Near the end of the number space, so that it is passed in the middle.
    let start = u32::MAX - 1000;
    let pieces = stream.chunks(size).enumerate();
    let segments =
        pieces.map(|(index, piece)| segment(start.wrapping_add(1 + (index * size) as u32), false, piece));
    std::iter::once(segment(start, true, b"")).chain(segments).collect()
}

fn found(frames: &[Vec<u8>]) -> Vec<Vec<u8>> {
    messages(&decoded(pcap(RAW, frames)))
}

#[test]
fn every_recorded_packet_comes_out_however_the_stream_is_cut() {
    for size in [1, 2, 3, 5, 7, 64, 100, 1460, 60_000] {
        assert_eq!(found(&cut(size)), recorded("H.225.0"), "segments of {size} octets");
    }
}

#[test]
fn segments_out_of_order_are_put_in_order() {
    let mut frames = cut(64);
    frames[1..].chunks_mut(8).for_each(<[_]>::reverse);
    assert_eq!(found(&frames), recorded("H.225.0"));
}

#[test]
fn what_is_sent_again_is_read_once() {
    let (small, large) = (cut(64), cut(192));
    let mut frames = small.clone();
    for (index, overlapping) in large.into_iter().enumerate().skip(1).rev() {
        let place = (index * 3 - 1).min(frames.len());
        frames.insert(place, overlapping);
    }
    frames.insert(4, small[0].clone());
    assert_eq!(found(&frames), recorded("H.225.0"));
}

#[test]
fn after_a_missing_segment_the_stream_goes_on_at_the_next_packet() {
    let packets = recorded("H.225.0");
    let mut sequence = 1;
    let mut frames = vec![segment(0, true, b"")];
    for packet in &packets {
        frames.push(segment(sequence, false, packet));
        sequence += packet.len() as u32;
    }
    frames.remove(3);
    let lines = decoded(pcap(RAW, &frames));
    let (errors, read): (Vec<_>, Vec<_>) = lines.into_iter().partition(|line| line.get("error").is_some());
    assert_eq!(errors.len(), 1);
    let missing = format!("{} octets of the connection are not in the capture", packets[2].len());
    assert_eq!(errors[0]["error"], missing);
    assert_eq!(messages(&read), [&packets[..2], &packets[3..]].concat());
}

#[test]
fn a_connection_that_is_older_than_the_capture_is_followed_from_its_next_packet() {
    let packets = recorded("H.225.0");
    let frames = [
        segment(5000, false, &packets[0][7..]),
        segment(5000 + packets[0].len() as u32 - 7, false, &packets[1]),
    ];
    assert_eq!(found(&frames), [packets[1].clone()]);
}

#[test]
fn keep_alives_are_passed_over() {
    let packet = &recorded("H.225.0")[0];
    let keep_alives = [3, 0, 0, 4].repeat(3);
    let stream = [&keep_alives[..], packet, &keep_alives, packet, &keep_alives].concat();
    assert_eq!(
        found(&[segment(9, true, b""), segment(10, false, &stream)]),
        [packet.clone(), packet.clone()]
    );
}

#[test]
fn a_connection_to_the_signalling_port_that_carries_something_else_is_reported() {
    let frames = [segment(9, true, b""), segment(10, false, b"GET / HTTP/1.1\r\n")];
    let lines = decoded(pcap(RAW, &frames));
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["error"], "the connection does not carry TPKT packets");
}

#[test]
fn connections_to_other_ports_are_read_only_when_they_start_like_call_signalling() {
    let other = |sequence, opens: bool, content: &[u8]| {
        let builder = PacketBuilder::ipv4(ALICE, HERALD, 64).tcp(40_000, 8080, sequence, 8192);
        let builder = if opens { builder.syn() } else { builder.ack(1) };
        let mut packet = Vec::new();
        builder.write(&mut packet, content).unwrap();
        packet
    };
    let packet = &recorded("H.225.0")[0];
    let frames = [other(9, true, b""), other(10, false, &packet[..3]), other(13, false, &packet[3..])];
    assert_eq!(found(&frames), std::slice::from_ref(packet));
    let frames = [other(9, true, b""), other(10, false, b"GET / HTTP/1.1\r\n")];
    assert_eq!(decoded(pcap(RAW, &frames)), [] as [Value; 0]);
}

#[test]
fn a_packet_that_the_capture_does_not_finish_is_reported() {
    let packet = &recorded("H.225.0")[0];
    let frames = [segment(9, true, b""), segment(10, false, &packet[..20])];
    let lines = decoded(pcap(RAW, &frames));
    assert_eq!(lines[0]["error"], "the capture has only the beginning of this packet");
    assert_eq!(lines[0]["hex"], hex(&packet[..20]));
}
