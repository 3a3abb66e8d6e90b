//! Captured frames as datagrams and segments: link headers, IP with fragments, UDP and TCP headers.

use etherparse::defrag::IpDefragBuf;
use etherparse::{
    EtherType, IpFragOffset, IpNumber, Ipv6ExtensionSlice, LaxIpPayloadSlice, LaxNetSlice, LaxSlicedPacket,
    TcpSlice, UdpSlice,
};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

/// How many fragmented datagrams are held; the oldest makes room for a new one.
const FRAGMENTED_MAX: usize = 64;

/// What one frame, or the last fragment of a datagram, carries.
pub struct Packet<'a> {
    /// Who sent it.
    pub source: SocketAddr,
    /// For whom.
    pub destination: SocketAddr,
    /// What it carries.
    pub payload: Payload<'a>,
}

/// A datagram or a piece of a stream.
pub enum Payload<'a> {
    /// UDP.
    Datagram {
        /// Its content, as much as was captured.
        octets: Cow<'a, [u8]>,
        /// Whether the capture has only its beginning.
        is_cut: bool,
    },
    /// TCP.
    Segment {
        /// The number of its first octet.
        sequence: u32,
        /// Whether it opens its direction of a connection (SYN).
        opens: bool,
        /// Its content, as much as was captured.
        octets: Cow<'a, [u8]>,
    },
}

/// Whether frames of this link type (the numbers of the pcap file formats) can be read.
pub const fn is_link_known(link: i32) -> bool {
    matches!(link, 0 | 1 | 12 | 14 | 101 | 108 | 113 | 228 | 229 | 276)
}

/// The layers from IP up of a frame.
fn network(link: i32, frame: &[u8]) -> Option<LaxSlicedPacket<'_>> {
    let ether = |ether_type: std::ops::Range<usize>, header: usize| {
        let number = u16::from_be_bytes(frame.get(ether_type)?.try_into().ok()?);
        Some(LaxSlicedPacket::from_ether_type(EtherType(number), frame.get(header..)?))
    };
    match link {
        1 => ether(12..14, 14),
        // Linux cooked capture, both versions.
        113 => ether(14..16, 16),
        276 => ether(0..2, 20),
        // BSD loopback: an address family, whose byte order and numbers vary; IP's own version says the same.
        0 | 108 => LaxSlicedPacket::from_ip(frame.get(4..)?).ok(),
        12 | 14 | 101 | 228 | 229 => LaxSlicedPacket::from_ip(frame).ok(),
        _ => None,
    }
}

/// Fragments belong together when these are equal (RFC 791, RFC 8200 section 4.5).
#[derive(Clone, Debug, Eq, PartialEq)]
struct DatagramKey {
    source: IpAddr,
    destination: IpAddr,
    protocol: IpNumber,
    identification: u32,
}

struct Fragment {
    key: DatagramKey,
    offset: IpFragOffset,
    more: bool,
}

/// Reads frames; holds the fragments of datagrams that are not complete.
#[derive(Default)]
pub struct Frames {
    fragmented: VecDeque<(DatagramKey, IpDefragBuf)>,
}

impl Frames {
    /// What a frame carries, or completes; `None` for what is neither UDP nor TCP over IP.
    pub fn read<'a>(&mut self, link: i32, frame: &'a [u8]) -> Option<Packet<'a>> {
        let network = network(link, frame)?.net?;
        let (source, destination, payload) = match &network {
            LaxNetSlice::Ipv4(ip) => {
                let header = ip.header();
                (header.source_addr().into(), header.destination_addr().into(), ip.payload().clone())
            }
            LaxNetSlice::Ipv6(ip) => {
                let header = ip.header();
                (header.source_addr().into(), header.destination_addr().into(), ip.payload().clone())
            }
            LaxNetSlice::Arp(_) => return None,
        };
        if !payload.fragmented {
            return transport(payload.ip_number, source, destination, Cow::Borrowed(payload.payload));
        }
        let (identification, offset, more) = fragment(&network)?;
        let key = DatagramKey { source, destination, protocol: payload.ip_number, identification };
        let whole = self.complete(Fragment { key, offset, more }, &payload)?;
        transport(payload.ip_number, source, destination, Cow::Owned(whole))
    }

    /// Gives up the datagrams whose fragments did not all come; those whose beginning is there are handed out.
    pub fn unfinished(&mut self) -> Vec<Packet<'static>> {
        let held = self.fragmented.drain(..);
        let beginnings = held.filter_map(|(key, fragments)| {
            let length = fragments.sections().iter().find(|section| section.start == 0)?.end;
            let octets = fragments.data().get(..usize::from(length))?.to_vec();
            transport(key.protocol, key.source, key.destination, Cow::Owned(octets))
        });
        beginnings.collect()
    }

    /// Adds a fragment; the datagram's content when that completes it.
    fn complete(&mut self, fragment: Fragment, payload: &LaxIpPayloadSlice<'_>) -> Option<Vec<u8>> {
        let Fragment { key, offset, more } = fragment;
        let held = self.fragmented.iter().position(|(held, _)| *held == key);
        let (key, mut datagram) = match held {
            Some(index) => self.fragmented.remove(index)?,
            None => (key, IpDefragBuf::new(payload.ip_number, Vec::new(), Vec::new())),
        };
        // A fragment that contradicts the others is passed over.
        let _ = datagram.add(offset, more, payload.payload);
        if datagram.is_complete() {
            return Some(datagram.take_bufs().0);
        }
        if self.fragmented.len() == FRAGMENTED_MAX {
            self.fragmented.pop_front();
        }
        self.fragmented.push_back((key, datagram));
        None
    }
}

/// Identification, offset and whether more follow, of a fragment.
fn fragment(network: &LaxNetSlice<'_>) -> Option<(u32, IpFragOffset, bool)> {
    match network {
        LaxNetSlice::Ipv4(ip) => {
            let header = ip.header();
            Some((header.identification().into(), header.fragments_offset(), header.more_fragments()))
        }
        LaxNetSlice::Ipv6(ip) => ip.extensions().clone().into_iter().find_map(|extension| match extension {
            Ipv6ExtensionSlice::Fragment(fragment) => {
                Some((fragment.identification(), fragment.fragment_offset(), fragment.more_fragments()))
            }
            _ => None,
        }),
        LaxNetSlice::Arp(_) => None,
    }
}

fn transport(
    protocol: IpNumber,
    source: IpAddr,
    destination: IpAddr,
    octets: Cow<'_, [u8]>,
) -> Option<Packet<'_>> {
    let part = |start: usize, length: usize| match &octets {
        Cow::Borrowed(octets) => octets.get(start..start + length).map(Cow::Borrowed),
        Cow::Owned(octets) => octets.get(start..start + length).map(|part| Cow::Owned(part.to_vec())),
    };
    match protocol {
        IpNumber::UDP => {
            let udp = UdpSlice::from_slice_lax(&octets).ok()?;
            let is_cut = usize::from(udp.length()) > octets.len();
            Some(Packet {
                source: (source, udp.source_port()).into(),
                destination: (destination, udp.destination_port()).into(),
                payload: Payload::Datagram {
                    octets: part(udp.header_slice().len(), udp.payload().len())?,
                    is_cut,
                },
            })
        }
        IpNumber::TCP => {
            let tcp = TcpSlice::from_slice(&octets).ok()?;
            Some(Packet {
                source: (source, tcp.source_port()).into(),
                destination: (destination, tcp.destination_port()).into(),
                payload: Payload::Segment {
                    sequence: tcp.sequence_number(),
                    opens: tcp.syn(),
                    octets: part(tcp.header_slice().len(), tcp.payload().len())?,
                },
            })
        }
        _ => None,
    }
}
