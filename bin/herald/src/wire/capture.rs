//! The H.323 messages of a capture file.

use super::frame::{Frames, Packet, Payload, is_link_known};
use super::hex;
use super::output::{Output, failure};
use super::stream::{Found, Piece, Segment, Streams};
use h323::wire::reading::{self, ReadingError};
use pcap_parser::pcapng::Block;
use pcap_parser::traits::PcapNGPacketBlock;
use pcap_parser::{PcapBlockOwned, PcapError, create_reader};
use serde_json::{Map, Value, json};
use std::collections::{HashSet, VecDeque};
use std::io::{self, Cursor, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr};

/// How many octets at the start of a file tell whether it is a capture.
pub const MAGIC: usize = 4;
/// Memory for the file's blocks, so the longest block that can be read; capture programs cut frames at 256 KiB.
const BLOCK_MAX: usize = 1024 * 1024;
/// How many interfaces a pcapng section may describe.
const INTERFACES_MAX: usize = 4096;
/// How many RAS addresses are remembered; the oldest is forgotten for a new one.
const ADDRESSES_MAX: usize = 65_536;
/// The ports of RAS: multicast discovery and everything else.
const RAS: [u16; 2] = [1718, 1719];

/// Whether a file that starts like this is a pcap file, in either byte order and time resolution, or pcapng.
pub fn is_capture(start: &[u8]) -> bool {
    const PCAP: [[u8; 4]; 2] = [[0xa1, 0xb2, 0xc3, 0xd4], [0xa1, 0xb2, 0x3c, 0x4d]];
    let Ok(start) = <[u8; MAGIC]>::try_from(start) else { return false };
    let mut reversed = start;
    reversed.reverse();
    PCAP.contains(&start) || PCAP.contains(&reversed) || start == PCAPNG
}

/// The type of a section header block.
const PCAPNG: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];

/// Writes a line for each message of the capture that is `start` and then `input`.
///
/// # Errors
/// The input or the output fails. A file that is not well formed is a line of output.
pub fn decode(
    mut start: Vec<u8>,
    mut input: Box<dyn Read + Send>,
    output: &mut Output<impl Write>,
    ras_ports: &[u16],
) -> io::Result<()> {
    // The library wants the file's header in one piece, which a pipe does not promise.
    read_header(&mut start, &mut input)?;
    let mut reader = match create_reader(BLOCK_MAX, Cursor::new(start).chain(input)) {
        Ok(reader) => reader,
        Err(error) => return output.error(json!({ "error": explain(&error) })),
    };
    let mut messages = Messages::new(output, ras_ports);
    let mut blocks = Blocks::default();
    loop {
        match reader.next() {
            Ok((length, block)) => {
                if let Some(frame) = blocks.read(block) {
                    messages.frame(&frame)?;
                }
                reader.consume(length);
            }
            Err(PcapError::Eof) => break,
            Err(PcapError::Incomplete(_)) => {
                messages.output.flush()?;
                if let Err(error) = reader.refill() {
                    return Err(io::Error::new(ErrorKind::InvalidData, explain(&error)));
                }
            }
            Err(error) => {
                let error = json!({ "error": explain(&error), "frame": blocks.frames + 1 });
                messages.output.error(error)?;
                break;
            }
        }
    }
    messages.finish(blocks.frames)
}

fn read_header(start: &mut Vec<u8>, input: &mut impl Read) -> io::Result<()> {
    let mut more = |start: &mut Vec<u8>, length: usize| {
        let missing = length.saturating_sub(start.len()) as u64;
        input.by_ref().take(missing).read_to_end(start).map(drop)
    };
    if *start != PCAPNG {
        return more(start, 24);
    }
    more(start, 12)?;
    let (Some(length), Some(order)) = (start.get(4..8), start.get(8..12)) else { return Ok(()) };
    let length = length.try_into().unwrap_or_default();
    let length =
        if order[0] == 0x1a { u32::from_be_bytes(length) } else { u32::from_le_bytes(length) } as usize;
    more(start, length.min(BLOCK_MAX))
}

fn explain(error: &PcapError<&[u8]>) -> String {
    match error {
        PcapError::BufferTooSmall => format!("the capture has a block of more than {BLOCK_MAX} octets"),
        PcapError::UnexpectedEof | PcapError::Incomplete(_) | PcapError::Eof => {
            "the capture ends inside a block".to_owned()
        }
        PcapError::ReadError => "the capture can't be read".to_owned(),
        _ => "the capture is damaged".to_owned(),
    }
}

/// A captured frame.
struct Frame<'a> {
    stamp: Stamp,
    link: i32,
    octets: &'a [u8],
}

/// Which frame, and when it was captured.
#[derive(Clone, Copy)]
struct Stamp {
    /// From 1.
    number: u64,
    time: Option<jiff::Timestamp>,
}

/// A capture interface: its link type, the units of its clock in a second, what to add to it in seconds.
#[derive(Clone, Copy)]
struct Interface {
    link: i32,
    units: u64,
    offset: i64,
}

/// What the blocks before tell about those that follow.
#[derive(Default)]
struct Blocks {
    interfaces: Vec<Interface>,
    frames: u64,
}

impl Blocks {
    /// Reads a block; a frame where it holds one.
    fn read<'a>(&mut self, block: PcapBlockOwned<'a>) -> Option<Frame<'a>> {
        match block {
            PcapBlockOwned::LegacyHeader(header) => {
                let units = if header.is_nanosecond_precision() { 1_000_000_000 } else { 1_000_000 };
                // The upper half of the field says whether frames have check sequences.
                let link = header.network.0 & 0xffff;
                self.interfaces = vec![Interface { link, units, offset: header.thiszone.into() }];
                None
            }
            PcapBlockOwned::Legacy(block) => {
                let interface = *self.interfaces.first()?;
                let ticks =
                    u128::from(block.ts_sec) * u128::from(interface.units) + u128::from(block.ts_usec);
                Some(self.frame(interface, Some(ticks), block.data))
            }
            PcapBlockOwned::NG(Block::SectionHeader(_)) => {
                self.interfaces.clear();
                None
            }
            PcapBlockOwned::NG(Block::InterfaceDescription(block)) => {
                if self.interfaces.len() < INTERFACES_MAX {
                    let units = units(block.if_tsresol);
                    let interface = Interface { link: block.linktype.0, units, offset: block.if_tsoffset };
                    self.interfaces.push(interface);
                }
                None
            }
            PcapBlockOwned::NG(Block::EnhancedPacket(block)) => {
                let interface = *self.interfaces.get(block.if_id as usize)?;
                let ticks = u128::from(block.ts_high) << 32 | u128::from(block.ts_low);
                let captured = block.data.len().min(block.caplen as usize);
                Some(self.frame(interface, Some(ticks), block.data.get(..captured)?))
            }
            PcapBlockOwned::NG(Block::SimplePacket(block)) => {
                let interface = *self.interfaces.first()?;
                let captured = block.packet_data().len();
                Some(self.frame(interface, None, block.data.get(..captured)?))
            }
            PcapBlockOwned::NG(_) => None,
        }
    }

    fn frame<'a>(&mut self, interface: Interface, ticks: Option<u128>, octets: &'a [u8]) -> Frame<'a> {
        self.frames += 1;
        let time = ticks.and_then(|ticks| {
            let nanoseconds = i128::try_from(ticks * 1_000_000_000 / u128::from(interface.units)).ok()?;
            let offset = i128::from(interface.offset) * 1_000_000_000;
            jiff::Timestamp::from_nanosecond(nanoseconds + offset).ok()
        });
        Frame { stamp: Stamp { number: self.frames, time }, link: interface.link, octets }
    }
}

/// Units of time in a second, from the `if_tsresol` option: a negative power of 2 when the top bit is set, else of
/// 10. Finer ones than the greatest that fits make times of zero.
fn units(resolution: u8) -> u64 {
    let exponent = u32::from(resolution & 0x7f);
    let base: u64 = if resolution & 0x80 == 0 { 10 } else { 2 };
    base.checked_pow(exponent).unwrap_or(u64::MAX)
}

/// From frames to lines.
struct Messages<'a, W: Write> {
    output: &'a mut Output<W>,
    ras_ports: Vec<u16>,
    frames: Frames,
    streams: Streams<Stamp>,
    addresses: Addresses,
    /// Link types that were reported as unknown.
    unknown_links: HashSet<i32>,
}

impl<'a, W: Write> Messages<'a, W> {
    fn new(output: &'a mut Output<W>, ras_ports: &[u16]) -> Self {
        Self {
            output,
            ras_ports: [&RAS, ras_ports].concat(),
            frames: Frames::default(),
            streams: Streams::new(),
            addresses: Addresses::default(),
            unknown_links: HashSet::new(),
        }
    }

    fn frame(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        if !is_link_known(frame.link) {
            if self.unknown_links.len() < INTERFACES_MAX && self.unknown_links.insert(frame.link) {
                let error = format!("frames of link type {} can't be read", frame.link);
                self.output.error(json!({ "error": error, "frame": frame.stamp.number }))?;
            }
            return Ok(());
        }
        match self.frames.read(frame.link, frame.octets) {
            Some(packet) => self.packet(frame.stamp, packet),
            None => Ok(()),
        }
    }

    /// Reports what was held for more to come.
    fn finish(mut self, frames: u64) -> io::Result<()> {
        let stamp = Stamp { number: frames, time: None };
        for packet in self.frames.unfinished() {
            self.packet(stamp, packet)?;
        }
        for found in self.streams.finish(stamp) {
            self.found(found)?;
        }
        Ok(())
    }

    fn packet(&mut self, stamp: Stamp, packet: Packet<'_>) -> io::Result<()> {
        let Packet { source, destination, payload } = packet;
        match payload {
            Payload::Datagram { octets, is_cut } => {
                self.datagram(&Place { stamp, source, destination }, &octets, is_cut)
            }
            Payload::Segment { sequence, opens, octets } => {
                let segment = Segment { sequence, opens, octets };
                let found = self.streams.feed(stamp, (source, destination), segment);
                found.into_iter().try_for_each(|found| self.found(found))
            }
        }
    }

    /// A datagram is RAS when it has a port of RAS, when an earlier message named one of its addresses as one for
    /// RAS, or when it is itself a request that names its own source so.
    fn datagram(&mut self, place: &Place, octets: &[u8], is_cut: bool) -> io::Result<()> {
        let ends = [place.source, place.destination];
        let is_ras =
            ends.iter().any(|end| self.ras_ports.contains(&end.port()) || self.addresses.contains(end));
        let reading = if is_cut { None } else { Some(reading::read(octets)) };
        let named = match &reading {
            Some(Ok(reading)) => ras_addresses(reading),
            _ => Vec::new(),
        };
        if !is_ras && !named.contains(&place.source) {
            return Ok(());
        }
        if matches!(reading, Some(Ok(_))) {
            self.addresses.learn(named.into_iter().chain(ends));
        }
        match reading {
            Some(reading) => self.reading(place, octets, reading),
            None => self.failure(place, "the capture has only the beginning of this datagram", Some(octets)),
        }
    }

    fn found(&mut self, found: Found<Stamp>) -> io::Result<()> {
        let Found { direction: (source, destination), stamp, piece } = found;
        let place = Place { stamp, source, destination };
        match piece {
            Piece::Packet(octets) => self.reading(&place, &octets, reading::read(&octets)),
            Piece::Missing(octets) => {
                let error = format!("{octets} octets of the connection are not in the capture");
                self.failure(&place, &error, None)
            }
            Piece::Foreign(octets) => {
                self.failure(&place, "the connection does not carry TPKT packets", Some(&octets))
            }
            Piece::Unfinished(octets) => {
                self.failure(&place, "the capture has only the beginning of this packet", Some(&octets))
            }
        }
    }

    fn reading(
        &mut self,
        place: &Place,
        octets: &[u8],
        reading: Result<Value, ReadingError>,
    ) -> io::Result<()> {
        match reading {
            Ok(Value::Object(reading)) => {
                let members = place.members().into_iter().map(|(name, value)| (name.to_owned(), value));
                self.output.line(&Value::Object(Map::from_iter(members.chain(reading))))
            }
            Ok(other) => self.output.line(&other),
            Err(error) => self.failure(place, &error.to_string(), Some(octets)),
        }
    }

    fn failure(&mut self, place: &Place, error: &str, octets: Option<&[u8]>) -> io::Result<()> {
        let error = match octets {
            Some(octets) => json!({ "error": error, "hex": hex(octets) }),
            None => json!({ "error": error }),
        };
        self.output.error(failure(error, place.members()))
    }
}

/// Where in the capture something was found.
struct Place {
    stamp: Stamp,
    source: SocketAddr,
    destination: SocketAddr,
}

impl Place {
    fn members(&self) -> [(&'static str, Value); 4] {
        let time = self.stamp.time.map(|time| format!("{time:.6}"));
        [
            ("frame", self.stamp.number.into()),
            ("time", time.into()),
            ("source", self.source.to_string().into()),
            ("destination", self.destination.to_string().into()),
        ]
    }
}

/// Addresses that carry RAS.
#[derive(Default)]
struct Addresses {
    known: HashSet<SocketAddr>,
    by_age: VecDeque<SocketAddr>,
}

impl Addresses {
    fn contains(&self, address: &SocketAddr) -> bool {
        self.known.contains(address)
    }

    fn learn(&mut self, addresses: impl IntoIterator<Item = SocketAddr>) {
        for address in addresses {
            if self.known.insert(address) {
                self.by_age.push_back(address);
            }
            if self.by_age.len() > ADDRESSES_MAX
                && let Some(oldest) = self.by_age.pop_front()
            {
                self.known.remove(&oldest);
            }
        }
    }
}

/// The addresses that a RAS message names as addresses for RAS.
fn ras_addresses(reading: &Value) -> Vec<SocketAddr> {
    let message = reading.get("decoded").and_then(Value::as_object).and_then(|choice| choice.values().next());
    let Some(message) = message else { return Vec::new() };
    let named = ["rasAddress", "replyAddress"].into_iter().filter_map(|name| message.get(name));
    let addresses = named.flat_map(|value| match value {
        Value::Array(addresses) => addresses.as_slice(),
        address => std::slice::from_ref(address),
    });
    addresses.filter_map(transport_address).collect()
}

fn transport_address(address: &Value) -> Option<SocketAddr> {
    let address = address.get("ipAddress").or_else(|| address.get("ip6Address"))?;
    let digits = address.get("ip")?.get("hex")?.as_str()?;
    let port = u16::try_from(address.get("port")?.as_u64()?).ok()?;
    let ip: IpAddr = match digits.len() {
        8 => u32::from_str_radix(digits, 16).ok()?.to_be_bytes().into(),
        32 => u128::from_str_radix(digits, 16).ok()?.to_be_bytes().into(),
        _ => return None,
    };
    Some((ip, port).into())
}
