//! TPKT framing of call signalling over TCP (RFC 1006 section 6, H.225.0 Appendix IV).

/// Octets of the header: version 3, a reserved octet, the length of all in two octets.
pub const HEADER: usize = 4;

/// The greatest packet, header included: what the length field can say.
pub const PACKET_MAX: usize = 65_535;

/// Why a stream is not TPKT any more; there is no way to find the next packet after it.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TpktError {
    /// The version octet is not 3.
    #[error("a TPKT header starts with {0:#04x}, not 0x03")]
    Version(u8),
    /// The length is shorter than the header.
    #[error("a TPKT length of {0} is shorter than its header")]
    Length(usize),
}

/// The packets of a byte stream, however TCP cut it. Holds at most one incomplete packet, and what was not released.
#[derive(Clone, Debug, Default)]
pub struct Reassembly {
    octets: Vec<u8>,
}

impl Reassembly {
    /// Takes what was read from the stream and hands each complete packet's content to `packet`, in order; empty
    /// packets (keep-alives) are passed over.
    ///
    /// # Errors
    /// The stream is broken; packets before the break have been handed over.
    pub fn feed(&mut self, read: &[u8], mut packet: impl FnMut(&[u8])) -> Result<(), TpktError> {
        self.feed_packets(read, |whole| {
            if whole.len() > HEADER {
                packet(&whole[HEADER..]);
            }
        })
    }

    /// Like [`Self::feed`], but hands over every packet with its header, empty ones too.
    ///
    /// # Errors
    /// The stream is broken; packets before the break have been handed over.
    pub fn feed_packets(&mut self, read: &[u8], packet: impl FnMut(&[u8])) -> Result<(), TpktError> {
        self.hold(read);
        self.release(usize::MAX, packet).map(drop)
    }

    /// Takes what was read from the stream and hands nothing over yet.
    pub fn hold(&mut self, read: &[u8]) {
        self.octets.extend_from_slice(read);
    }

    /// Hands over the next packets of what is held, header included, at most so many; whether that stopped it.
    ///
    /// # Errors
    /// The stream is broken; packets before the break have been handed over.
    pub fn release(&mut self, packets_max: usize, mut packet: impl FnMut(&[u8])) -> Result<bool, TpktError> {
        let mut start = 0;
        let mut count = 0;
        while count < packets_max {
            let Some(length) = length(&self.octets[start..])? else { break };
            let Some(whole) = self.octets.get(start..start + length) else { break };
            packet(whole);
            start += length;
            count += 1;
        }
        self.octets.drain(..start);
        Ok(count == packets_max)
    }

    /// Octets that are held: of one incomplete packet, where all whole ones were released.
    pub const fn held(&self) -> usize {
        self.octets.len()
    }
}

/// The length of the packet that starts here, header included; `None` while too little is there to tell.
///
/// # Errors
/// This is not the start of a packet.
pub fn length(octets: &[u8]) -> Result<Option<usize>, TpktError> {
    match octets {
        [] => Ok(None),
        [version, ..] if *version != 3 => Err(TpktError::Version(*version)),
        [_, _, high, low, ..] => match usize::from(*high) << 8 | usize::from(*low) {
            length @ HEADER.. => Ok(Some(length)),
            length => Err(TpktError::Length(length)),
        },
        _ => Ok(None),
    }
}

/// A packet with this content; `None` where that would be longer than the limit.
pub fn packet(content: &[u8]) -> Option<Vec<u8>> {
    let length = content.len() + HEADER;
    if length > PACKET_MAX {
        return None;
    }
    Some([&[3, 0, (length >> 8) as u8, length as u8], content].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_come_out_whole_however_the_stream_is_cut() {
        let stream = [packet(b"setup").unwrap(), packet(b"").unwrap(), packet(b"facility").unwrap()].concat();
        for cut in 1..stream.len() {
            let mut reassembly = Reassembly::default();
            let mut packets = Vec::new();
            for piece in stream.chunks(cut) {
                reassembly.feed(piece, |packet| packets.push(packet.to_vec())).unwrap();
            }
            assert_eq!(packets, [b"setup".to_vec(), b"facility".to_vec()]);
            assert_eq!(reassembly.held(), 0);
        }
    }

    #[test]
    fn packets_are_released_some_at_a_time() {
        let mut reassembly = Reassembly::default();
        reassembly.hold(&[packet(b"a").unwrap(), packet(b"b").unwrap(), packet(b"c").unwrap()].concat());
        let mut packets = Vec::new();
        assert_eq!(reassembly.release(2, |packet| packets.push(packet[HEADER])), Ok(true));
        assert_eq!(packets, b"ab");
        assert_eq!(reassembly.release(2, |packet| packets.push(packet[HEADER])), Ok(false));
        assert_eq!(packets, b"abc");
    }

    #[test]
    fn a_stream_that_is_not_tpkt_is_refused_at_its_first_octet() {
        let mut reassembly = Reassembly::default();
        assert_eq!(reassembly.feed(b"GET / HTTP/1.1", |_| ()), Err(TpktError::Version(b'G')));
    }

    #[test]
    fn a_length_shorter_than_the_header_is_refused() {
        let mut reassembly = Reassembly::default();
        assert_eq!(reassembly.feed(&[3, 0, 0, 3], |_| ()), Err(TpktError::Length(3)));
    }

    #[test]
    fn empty_packets_and_headers_are_kept_for_who_passes_them_on() {
        let stream = [packet(b"").unwrap(), packet(&[7; 40_000]).unwrap()].concat();
        let mut packets = Vec::new();
        Reassembly::default().feed_packets(&stream, |packet| packets.extend_from_slice(packet)).unwrap();
        assert_eq!(packets, stream);
    }
}
