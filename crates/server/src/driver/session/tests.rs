//! Two sides of TLS with a wire between them that is a queue of octets.

use super::*;
use crate::tls::{Keys, SignallingKeys, TlsFiles};
use link::Tls;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

const PEER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/certificates").join(name)
}

fn keys(name: &str, is_mutual: bool) -> SignallingKeys {
    let authorities = is_mutual.then(|| file("authority.pem"));
    let (certificate, key) = (file(&format!("{name}.pem")), file(&format!("{name}.key")));
    SignallingKeys::load(TlsFiles { certificate, key, authorities }).unwrap()
}

/// One direction of a connection: it takes so many octets at a time, and may have ended.
#[derive(Default)]
struct Wire {
    octets: VecDeque<u8>,
    room: Option<usize>,
    has_ended: bool,
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.octets.is_empty() && !self.has_ended {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.octets.read(buffer)
    }
}

impl Write for Wire {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let room = self.room.map_or(octets.len(), |room| room.saturating_sub(self.octets.len()));
        match octets.get(..room.min(octets.len())) {
            Some([]) | None => Err(ErrorKind::WouldBlock.into()),
            Some(taken) => self.octets.write(taken),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An end of a connection: its session, what waits to be sent, what has come, and how it ended.
struct End {
    session: Session,
    waiting: VecDeque<u8>,
    got: Vec<u8>,
    end: Option<Result<Received, SessionError>>,
}

impl End {
    fn new(tls: Connection) -> Self {
        Self { session: Session::new(tls), waiting: VecDeque::new(), got: Vec::new(), end: None }
    }

    /// Reads all that is on the wire.
    fn read(&mut self, wire: &mut Wire) {
        let mut buffer = vec![0; RECEIVED_OCTETS_MAX];
        while self.end.is_none() {
            match self.session.receive(wire, &mut buffer) {
                Ok(Received::Octets(length)) => self.got.extend(&buffer[..length]),
                Ok(Received::Secured) => {}
                Ok(Received::Nothing) if wire.octets.is_empty() && !wire.has_ended => return,
                Ok(Received::Nothing) => {}
                end => self.end = Some(end),
            }
        }
    }

    fn write(&mut self, wire: &mut Wire) {
        self.session.send(wire, &mut self.waiting).unwrap();
    }

    fn is_refused(&self) -> bool {
        matches!(self.end, Some(Err(SessionError::Refused(_))))
    }
}

/// A client, a server, and the wires from one to the other and back.
struct Line {
    client: End,
    server: End,
    there: Wire,
    back: Wire,
}

impl Line {
    fn new(client: &SignallingKeys, server: &SignallingKeys) -> Self {
        let (client, server) =
            (client.secure(&Tls::Signalling, PEER, true).unwrap(), server.accept().unwrap());
        let (there, back) = (Wire::default(), Wire::default());
        Self { client: End::new(client), server: End::new(server), there, back }
    }

    fn open() -> Self {
        let mut line = Self::new(&keys("endpoint", true), &keys("server", true));
        line.settle();
        assert!(!line.client.session.is_handshaking() && !line.server.session.is_handshaking());
        line
    }

    /// Goes on until nothing moves any more.
    fn settle(&mut self) {
        for _ in 0..1000 {
            self.client.write(&mut self.there);
            self.server.read(&mut self.there);
            self.server.write(&mut self.back);
            self.client.read(&mut self.back);
            if self.there.octets.is_empty() && self.back.octets.is_empty() {
                let wants = |end: &End| end.session.wants_write() && end.end.is_none();
                if !wants(&self.client) && !wants(&self.server) {
                    return;
                }
            }
        }
        panic!("it does not come to rest");
    }
}

// covers, D-37, F-17
#[test]
fn what_one_side_sends_the_other_gets_and_nobody_between_can_read_it() {
    let mut line = Line::open();
    line.client.waiting.extend(b"a text that is nobody's business");
    line.client.write(&mut line.there);
    let seen: Vec<u8> = line.there.octets.iter().copied().collect();
    assert!(!seen.windows(6).any(|window| window == b"nobody"));
    line.settle();
    assert_eq!(line.server.got, b"a text that is nobody's business");
    assert!(line.client.session.agreed().starts_with("TLSv1_3"), "{}", line.client.session.agreed());
}

//
#[test]
fn one_flipped_bit_ends_the_connection_and_nothing_of_it_is_taken() {
    let mut line = Line::open();
    line.client.waiting.extend(b"pay Bob");
    line.client.write(&mut line.there);
    let last = line.there.octets.len() - 1;
    line.there.octets[last] ^= 1;
    line.server.read(&mut line.there);
    assert!(line.server.is_refused(), "{:?}", line.server.end);
    assert!(line.server.got.is_empty());
}

#[test]
fn a_megabyte_goes_both_ways_through_a_wire_that_takes_little_at_a_time() {
    let mut line = Line::open();
    (line.there.room, line.back.room) = (Some(1000), Some(777));
    let octets: Vec<u8> = (0..1_000_000_u32).map(|at| at as u8).collect();
    line.client.waiting.extend(&octets);
    line.server.waiting.extend(&octets);
    while line.server.got.len() < octets.len() || line.client.got.len() < octets.len() {
        line.client.write(&mut line.there);
        line.server.read(&mut line.there);
        line.server.write(&mut line.back);
        line.client.read(&mut line.back);
    }
    assert!(line.server.got == octets && line.client.got == octets);
}

#[test]
fn a_slow_reader_makes_wait_what_is_sent_and_not_more_than_a_record_of_it_is_sealed() {
    let mut line = Line::open();
    line.back.room = Some(100);
    line.server.waiting.extend(vec![0; 100_000]);
    for _ in 0..10 {
        line.server.write(&mut line.back);
    }
    assert_eq!(line.server.waiting.len(), 100_000 - RECORD_OCTETS_MAX);
    assert!(line.server.session.wants_write());
}

#[test]
fn what_is_to_be_sent_waits_until_the_handshake_is_done() {
    let mut line = Line::new(&keys("endpoint", true), &keys("server", true));
    line.client.waiting.extend(b"early");
    line.client.write(&mut line.there);
    assert_eq!(line.client.waiting.len(), 5);
    line.settle();
    line.settle();
    assert_eq!(line.server.got, b"early");
}

// covers: F-17
#[test]
fn plain_octets_random_ones_and_records_that_are_too_long_are_refused() {
    let setup = [3, 0, 0, 9, 8, 2, 0, 1, 5];
    let noise: Vec<u8> = (0..1000_u32).map(|at| (at * 7919 % 251) as u8).collect();
    let huge = [&[22, 3, 1, 0xff, 0xff][..], &[0; 70_000]].concat();
    for octets in [&setup[..], b"GET / HTTP/1.1\r\n\r\n", &noise, &huge] {
        let mut server = End::new(keys("server", false).accept().unwrap());
        let mut wire = Wire { octets: octets.iter().copied().collect(), ..Wire::default() };
        server.read(&mut wire);
        assert!(server.is_refused(), "{:?}", server.end);
    }
    // Inside of an open connection too.
    let mut line = Line::open();
    line.there.octets.extend([23, 3, 3, 0xff, 0xff]);
    line.there.octets.extend([0; 70_000]);
    line.server.read(&mut line.there);
    assert!(line.server.is_refused(), "{:?}", line.server.end);
}

#[test]
fn a_handshake_cut_anywhere_is_no_end_in_order_and_no_fault() {
    let mut line = Line::new(&keys("endpoint", false), &keys("server", false));
    line.client.write(&mut line.there);
    let hello: Vec<u8> = line.there.octets.iter().copied().collect();
    for cut in 0..hello.len() {
        let mut server = End::new(keys("server", false).accept().unwrap());
        let octets = hello[..cut].iter().copied().collect();
        server.read(&mut Wire { octets, has_ended: true, room: None });
        assert!(matches!(server.end, Some(Err(SessionError::Truncated))), "{:?}", server.end);
    }
}

#[test]
fn an_end_that_tls_said_is_one_in_order_and_one_that_it_did_not_is_not() {
    let mut line = Line::open();
    line.client.waiting.extend(b"last words");
    line.client.write(&mut line.there);
    line.client.session.close();
    line.client.write(&mut line.there);
    line.there.has_ended = true;
    line.server.read(&mut line.there);
    assert!(matches!(line.server.end, Some(Ok(Received::Ended))), "{:?}", line.server.end);
    assert_eq!(line.server.got, b"last words");

    let mut line = Line::open();
    line.client.waiting.extend(b"pay Bob, but not before ");
    line.client.write(&mut line.there);
    line.there.has_ended = true;
    line.server.read(&mut line.there);
    assert!(matches!(line.server.end, Some(Err(SessionError::Truncated))), "{:?}", line.server.end);
}

// covers: F-17
#[test]
fn where_authorities_are_known_nobody_is_taken_without_a_certificate_of_theirs() {
    for (client, server, is_right) in [
        (keys("endpoint", true), keys("server", true), true),
        // One that looks at nothing is looked at all the same.
        (keys("endpoint", false), keys("server", true), true),
        (keys("stranger", false), keys("server", true), false),
        // And whom we connect to.
        (keys("endpoint", true), keys("server", false), true),
        (keys("endpoint", true), keys("stranger", false), false),
        // Without authorities everybody is taken.
        (keys("endpoint", false), keys("stranger", false), true),
    ] {
        let mut line = Line::new(&client, &server);
        line.settle();
        let is_open = line.client.end.is_none() && line.server.end.is_none();
        assert_eq!(is_open, is_right, "{:?} {:?}", line.client.end, line.server.end);
    }
}
