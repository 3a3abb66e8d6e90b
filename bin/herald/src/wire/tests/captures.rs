//! Captures: file formats, link types, fragments, which datagrams are RAS.

use super::*;

fn ethernet(packet: &[u8], ether_type: u16) -> Vec<u8> {
    [&[2; 12][..], &ether_type.to_be_bytes(), packet].concat()
}

fn ras_frames() -> Vec<Vec<u8>> {
    recorded("RAS").iter().map(|message| datagram((50_000, 1719), message)).collect()
}

#[test]
fn every_recorded_ras_message_is_found_in_a_capture_with_its_time_and_addresses() {
    let lines = decoded(pcap(RAW, &ras_frames()));
    assert_eq!(messages(&lines), recorded("RAS"));
    assert_eq!(lines[1]["frame"], 2);
    assert_eq!(lines[1]["time"], "2026-01-01T00:00:01.250000Z");
    assert_eq!(lines[1]["source"], "192.0.2.1:50000");
    assert_eq!(lines[1]["destination"], "192.0.2.9:1719");
}

#[test]
fn every_link_type_is_read() {
    let packet = datagram((50_000, 1719), &[0x86, 3, 0, 0, 1]);
    let tagged = [&[0, 7, 8, 0][..], &packet].concat();
    let links = [
        (1, ethernet(&packet, 0x0800)),
        (1, ethernet(&tagged, 0x8100)),
        (0, [&[2, 0, 0, 0][..], &packet].concat()),
        (108, [&[0, 0, 0, 2][..], &packet].concat()),
        (12, packet.clone()),
        (101, packet.clone()),
        (228, packet.clone()),
        (113, [&[0; 14][..], &[8, 0], &packet].concat()),
        (276, [&[8, 0][..], &[0; 18], &packet].concat()),
    ];
    for (link, frame) in links {
        let lines = decoded(pcap(link, &[frame]));
        assert_eq!(messages(&lines), [[0x86, 3, 0, 0, 1]], "link type {link}");
    }
}

#[test]
fn an_unknown_link_type_is_reported_once() {
    let lines = decoded(pcap(105, &[vec![0; 60], vec![0; 60]]));
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["error"], "frames of link type 105 can't be read");
}

#[test]
fn a_pcapng_file_is_read_with_the_clock_of_each_interface() {
    let packet = datagram((50_000, 1719), &[0x86, 3, 0, 0, 1]);
    let block = |kind: u32, body: &[u8]| {
        let length = (body.len() + 12) as u32;
        [&kind.to_be_bytes()[..], &length.to_be_bytes(), body, &length.to_be_bytes()].concat()
    };
    let section = [&0x1a2b_3c4d_u32.to_be_bytes()[..], &[0, 1, 0, 0], &[0xff; 8]].concat();
    let interface = |resolution: u8| {
        let options = [0, 9, 0, 1, resolution, 0, 0, 0, 0, 0, 0, 0];
        [&[0, 101, 0, 0, 0, 0, 0, 0][..], &options].concat()
    };
    let frame = |interface: u32, ticks: u64| {
        let length = (packet.len() as u32).to_be_bytes();
        let padding = vec![0; packet.len().next_multiple_of(4) - packet.len()];
        let body = [&interface.to_be_bytes()[..], &ticks.to_be_bytes(), &length, &length, &packet, &padding];
        block(6, &body.concat())
    };
    let file = [
        block(0x0a0d_0d0a, &section),
        block(1, &interface(9)),
        block(1, &interface(0x80 | 10)),
        frame(0, 1_767_225_600_123_456_789),
        frame(1, 1_767_225_600 << 10 | 512),
    ];
    let lines = decoded(file.concat());
    assert_eq!(lines[0]["time"], "2026-01-01T00:00:00.123456Z");
    assert_eq!(lines[1]["time"], "2026-01-01T00:00:00.500000Z");
}

#[test]
fn a_capture_that_ends_inside_a_frame_gives_the_messages_before_and_an_error() {
    let file = pcap(RAW, &ras_frames());
    let lines = decoded(&file[..file.len() - 1]);
    let (last, before) = lines.split_last().unwrap();
    assert_eq!(messages(before), recorded("RAS")[..before.len()]);
    assert_eq!(last["error"], "the capture ends inside a block");
    assert_eq!(last["frame"], recorded("RAS").len());
}

/// The fragments of an IPv4 packet without options, of `size` octets each.
fn fragments(packet: &[u8], size: usize) -> Vec<Vec<u8>> {
    let (header, content) = packet.split_at(20);
    let pieces = content.chunks(size).enumerate();
    let fragment = |(index, piece): (usize, &[u8])| {
        let more = if (index + 1) * size < content.len() { 0x20 } else { 0 };
        let offset = (index * size / 8) as u16;
        let length = (piece.len() + 20) as u16;
        let [high, low] = offset.to_be_bytes();
        let field = [&header[..2], &length.to_be_bytes(), &[0, 77, high | more, low], &header[8..], piece];
        field.concat()
    };
    pieces.map(fragment).collect()
}

#[test]
fn a_fragmented_datagram_is_put_together_in_any_order() {
    let messages_sent = recorded("RAS");
    let mut frames = Vec::new();
    for message in &messages_sent {
        let mut pieces = fragments(&datagram((50_000, 1719), message), 16);
        pieces.reverse();
        frames.extend(pieces);
    }
    assert!(frames.len() > 2 * messages_sent.len());
    assert_eq!(messages(&decoded(pcap(RAW, &frames))), messages_sent);
}

#[test]
fn a_fragmented_datagram_over_ipv6_is_put_together() {
    let message = &recorded("RAS")[0];
    let mut whole = Vec::new();
    PacketBuilder::ipv6([1; 16], [2; 16], 64).udp(50_000, 1719).write(&mut whole, message).unwrap();
    let (header, content) = whole.split_at(40);
    let frames: Vec<_> = [&content[..32], &content[32..]]
        .into_iter()
        .zip([[0, 1], [0, 32]])
        .map(|(piece, [high, low])| {
            let length = (piece.len() + 8) as u16;
            let [first, second] = length.to_be_bytes();
            let header = [&header[..4], &[first, second, 44, 64], &header[8..]].concat();
            [&header[..], &[17, 0, high, low, 0, 0, 0, 9], piece].concat()
        })
        .collect();
    let lines = decoded(pcap(RAW, &frames));
    assert_eq!(messages(&lines), std::slice::from_ref(message));
    assert_eq!(lines[0]["destination"], "[202:202:202:202:202:202:202:202]:1719");
}

#[test]
fn a_datagram_without_its_last_fragment_is_reported() {
    let mut frames = fragments(&datagram((50_000, 1719), &recorded("RAS")[0]), 16);
    frames.pop();
    let lines = decoded(pcap(RAW, &frames));
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["error"], "the capture has only the beginning of this datagram");
}

#[test]
fn a_datagram_that_the_capture_cut_is_reported() {
    let mut frame = datagram((50_000, 1719), &recorded("RAS")[0]);
    frame.truncate(40);
    let lines = decoded(pcap(RAW, &[frame]));
    assert_eq!(lines[0]["error"], "the capture has only the beginning of this datagram");
    assert_eq!(lines[0]["hex"], hex(&recorded("RAS")[0][..12]));
}

/// A registration request from a RAS address that is written into it.
fn registration(port: u16) -> Vec<u8> {
    let is_registration = |line: &&Value| line["message"] == "registrationRequest";
    let all: String = recorded("RAS").iter().map(|message| hex(message) + "\n").collect();
    let mut reading = decoded(all).iter().find(is_registration).unwrap().clone();
    let address = serde_json::json!({ "ipAddress": { "ip": { "hex": hex(&ALICE) }, "port": port } });
    reading["decoded"]["registrationRequest"]["rasAddress"] = serde_json::json!([address]);
    messages(&[reading]).remove(0)
}

#[test]
fn datagrams_on_other_ports_are_ras_only_when_the_capture_says_so() {
    let confirm = [0x86, 3, 0, 0, 1];
    let stranger = datagram((4000, 5000), &confirm);
    assert_eq!(decoded(pcap(RAW, std::slice::from_ref(&stranger))), [] as [Value; 0]);
    assert_eq!(messages(&decoded_with(pcap(RAW, std::slice::from_ref(&stranger)), &[5000])), [confirm]);
    let frames = [stranger, datagram((4000, 5000), &registration(4000)), datagram((4000, 5001), &confirm)];
    assert_eq!(messages(&decoded(pcap(RAW, &frames))), [registration(4000), confirm.to_vec()]);
    let frames = [datagram((4000, 5000), &registration(4001)), datagram((4000, 5001), &confirm)];
    assert_eq!(decoded(pcap(RAW, &frames)), [] as [Value; 0]);
}

#[test]
fn damaged_captures_end_in_lines_and_not_in_a_panic() {
    let setup = &recorded("H.225.0")[0];
    let mut frames = fragments(&datagram((50_000, 1719), &recorded("RAS")[0]), 16);
    frames.extend([segment(1, true, b""), segment(2, false, &setup[..9]), segment(11, false, &setup[9..])]);
    let file = pcap(RAW, &frames);
    let mut state = 1u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    let mut lines = 0;
    for _ in 0..2000 {
        let mut damaged = file.clone();
        for _ in 0..=random(4) {
            let place = random(damaged.len());
            damaged[place] = random(256) as u8;
        }
        damaged.truncate(damaged.len() - random(40));
        lines += decoded(damaged).len();
    }
    assert!(lines > 2000);
}
