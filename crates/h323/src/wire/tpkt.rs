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

/// The packets of a byte stream, however TCP cut it. Holds at most one incomplete packet.
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
    pub fn feed_packets(&mut self, read: &[u8], mut packet: impl FnMut(&[u8])) -> Result<(), TpktError> {
        self.octets.extend_from_slice(read);
        let mut start = 0;
        while let Some(length) = length(&self.octets[start..])? {
            let Some(whole) = self.octets.get(start..start + length) else { break };
            packet(whole);
            start += length;
        }
        self.octets.drain(..start);
        Ok(())
    }

    /// Octets of the incomplete packet that is held.
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
