//! TLS (RFC 8446, RFC 5246) on one connection, between its peer's octets and the link's. It knows no socket: what it reads
//! from and writes to is given to it, and may have nothing, or no room, for now.

use rustls::Connection;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};

/// Reads of the wire for one [`Session::receive`]: a peer that sends what brings nothing has no more of our time.
const READS_AT_ONCE: usize = 16;

/// The most octets of one record (RFC 8446 section 5.1).
const RECORD_OCTETS_MAX: usize = 16_384;

/// A buffer of so many octets takes all that one read of the wire can bring, so that nothing is left behind of which the
/// system would not tell.
pub(super) const RECEIVED_OCTETS_MAX: usize = 32 * 1024;

/// Our side of TLS on a connection.
#[derive(Debug)]
pub(super) struct Session {
    /// On the heap, because few connections have it and it is large.
    tls: Box<Connection>,
}

/// What receiving brought.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Received {
    /// So many octets of plain text lie in the buffer.
    Octets(usize),
    /// The handshake is done.
    Secured,
    /// There is nothing now.
    Nothing,
    /// The peer has said its last.
    Ended,
}

/// Why there is no more to come.
#[derive(Debug, thiserror::Error)]
pub(super) enum SessionError {
    /// What the peer sends is not TLS, or not such as counts here.
    #[error("TLS failed: {0}")]
    Refused(#[from] rustls::Error),
    /// The connection ended, and the peer has not said that it would: somebody else may have cut it.
    #[error("the connection was cut off without a closing of TLS")]
    Truncated,
    /// The connection broke.
    #[error(transparent)]
    Broken(io::Error),
}

impl Session {
    pub fn new(tls: Connection) -> Self {
        Self { tls: Box::new(tls) }
    }

    /// Whether nothing of the link's can be sent or received yet.
    pub fn is_handshaking(&self) -> bool {
        self.tls.is_handshaking()
    }

    /// Whether there is something to be written that is not the link's.
    pub fn wants_write(&self) -> bool {
        self.tls.wants_write()
    }

    /// The connection of rustls.
    pub const fn tls(&self) -> &Connection {
        &self.tls
    }

    /// The version and the cipher suite, for the log.
    pub fn agreed(&self) -> String {
        let version = self.tls.protocol_version().and_then(|version| version.as_str());
        let suite = self.tls.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str());
        format!("{} {}", version.unwrap_or("?"), suite.unwrap_or("?"))
    }

    /// Reads from the wire, and what is in it into a buffer, which is not empty.
    ///
    /// # Errors
    /// There is no more to come; an alert may have to be written.
    pub fn receive(&mut self, wire: &mut impl Read, buffer: &mut [u8]) -> Result<Received, SessionError> {
        for _ in 0..READS_AT_ONCE {
            let was_handshaking = self.is_handshaking();
            match self.tls.reader().read(buffer) {
                Ok(0) => return Ok(Received::Ended),
                Ok(length) => return Ok(Received::Octets(length)),
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                    return Err(SessionError::Truncated);
                }
                // Nothing is there yet.
                Err(_) => {}
            }
            match self.tls.read_tls(wire) {
                Ok(0) if was_handshaking => return Err(SessionError::Truncated),
                Ok(_) => {
                    self.tls.process_new_packets()?;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Received::Nothing),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(SessionError::Broken(error)),
            }
            if was_handshaking && !self.is_handshaking() {
                return Ok(Received::Secured);
            }
        }
        Ok(Received::Nothing)
    }

    /// Writes what TLS has to say, and then as much of what waits as the wire takes, a record at a time. What is not taken
    /// stays where it waits; while the handshake lasts that is everything.
    ///
    /// # Errors
    /// The wire takes nothing any more.
    pub fn send(&mut self, wire: &mut impl Write, waiting: &mut VecDeque<u8>) -> io::Result<()> {
        loop {
            while self.tls.wants_write() {
                match self.tls.write_tls(wire) {
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            let next = waiting.as_slices().0;
            let record = next.get(..RECORD_OCTETS_MAX).unwrap_or(next);
            if record.is_empty() || self.is_handshaking() {
                return Ok(());
            }
            let taken = self.tls.writer().write(record)?;
            waiting.drain(..taken);
        }
    }

    /// Says that nothing more will be sent; it is written by the next [`Self::send`].
    pub fn close(&mut self) {
        self.tls.send_close_notify();
    }
}

#[cfg(test)]
mod tests;
