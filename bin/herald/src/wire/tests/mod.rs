//! `herald wire` on the recorded messages: as lines, and inside captures of every kind.

mod captures;
mod lines;
mod streams;

use super::output::Output;
use super::{Input, decode, encode, hex, octets};
use etherparse::PacketBuilder;
use serde_json::Value;
use std::io::Cursor;

const VECTORS: &str = include_str!("../../../../../crates/h323/tests/vectors/vectors.jsonl");

/// The octets of every recorded message over `transport` (a prefix of its name).
fn recorded(transport: &str) -> Vec<Vec<u8>> {
    let vectors = VECTORS.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let chosen = vectors.filter(|vector| vector["transport"].as_str().unwrap().starts_with(transport));
    let messages: Vec<_> =
        chosen.map(|vector| octets(vector["hex"].as_str().unwrap().as_bytes()).unwrap()).collect();
    assert!(messages.len() > 10);
    messages
}

fn input(octets: impl Into<Vec<u8>>) -> Input {
    Box::new(Cursor::new(octets.into()))
}

/// What a run wrote, and how many errors it counted.
fn run(convert: impl FnOnce(&mut Output<&mut Vec<u8>>) -> std::io::Result<()>) -> (String, u64) {
    let mut written = Vec::new();
    let mut output = Output::new(&mut written);
    convert(&mut output).unwrap();
    output.flush().unwrap();
    let errors = output.errors();
    drop(output);
    (String::from_utf8(written).unwrap(), errors)
}

/// The lines that `herald wire decode` makes of a file.
fn decoded_with(file: impl Into<Vec<u8>>, ras_ports: &[u16]) -> Vec<Value> {
    let (lines, errors) = run(|output| decode(input(file), output, ras_ports));
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.iter().filter(|line| line.get("error").is_some()).count() as u64, errors);
    lines
}

fn decoded(file: impl Into<Vec<u8>>) -> Vec<Value> {
    decoded_with(file, &[])
}

/// The octets of the messages in the lines.
fn messages(lines: &[Value]) -> Vec<Vec<u8>> {
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let (lines, errors) = run(|output| encode(input(lines), output));
    assert_eq!(errors, 0, "{lines}");
    lines.lines().map(|line| octets(line.as_bytes()).unwrap()).collect()
}

/// A pcap file in little-endian order with microseconds; frame `n` is captured `n` seconds after 2026-01-01.
fn pcap(link: u32, frames: &[Vec<u8>]) -> Vec<u8> {
    let header = [0xa1b2_c3d4, 0x0004_0002, 0, 0, 262_144, link];
    let mut file: Vec<u8> = header.into_iter().flat_map(u32::to_le_bytes).collect();
    for (number, frame) in (1_767_225_600..).zip(frames) {
        let length = frame.len() as u32;
        file.extend([number, 250_000, length, length].into_iter().flat_map(u32::to_le_bytes));
        file.extend(frame);
    }
    file
}

const ALICE: [u8; 4] = [192, 0, 2, 1];
const HERALD: [u8; 4] = [192, 0, 2, 9];

/// An IPv4 packet with a datagram from alice to Herald.
fn datagram(ports: (u16, u16), content: &[u8]) -> Vec<u8> {
    let mut packet = Vec::new();
    PacketBuilder::ipv4(ALICE, HERALD, 64).udp(ports.0, ports.1).write(&mut packet, content).unwrap();
    packet
}

/// An IPv4 packet with a segment from alice to Herald's port 1720.
fn segment(sequence: u32, opens: bool, content: &[u8]) -> Vec<u8> {
    let builder = PacketBuilder::ipv4(ALICE, HERALD, 64).tcp(40_000, 1720, sequence, 8192);
    let builder = if opens { builder.syn() } else { builder.ack(1) };
    let mut packet = Vec::new();
    builder.write(&mut packet, content).unwrap();
    packet
}

/// The link type of packets without a link header.
const RAW: u32 = 101;
