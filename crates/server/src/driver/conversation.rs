//! The driver between connections and link: who came, what was said, who is gone.

use super::connections::{Read, Ready};
use super::{Driver, Failed};
use link::{ChannelId, Input};

/// Connections accepted from one listener before others have their turn.
const ACCEPTED_AT_ONCE: usize = 64;

/// Reads of one connection before others have their turn; each takes a buffer full at most.
const READS_AT_ONCE: usize = 2;

/// Ends told to the link before others have their turn.
const ENDED_AT_ONCE: usize = 1024;

impl Driver {
    /// Does what connections wait for. While the shard is behind they are written and not read.
    pub(super) fn attend_connections(&mut self) -> Result<(), Failed> {
        for ready in self.connections.ready() {
            match ready {
                Ready::Listener(listener) => self.accept(listener)?,
                Ready::Connection { channel, is_readable, is_writable } => {
                    if is_writable && let Some(local) = self.connections.write(channel) {
                        self.step(|link, now| link.receive(now, channel, Input::Connected { local }))?;
                    }
                    if is_readable {
                        self.read_connection(channel)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Tells the link which connections are gone.
    pub(super) fn tell_ended(&mut self) -> Result<(), Failed> {
        for _ in 0..ENDED_AT_ONCE {
            let Some((channel, how)) = self.connections.take_ended() else { break };
            self.step(|link, now| link.receive(now, channel, Input::Closed { how }))?;
        }
        Ok(())
    }

    fn accept(&mut self, listener: usize) -> Result<(), Failed> {
        for _ in 0..ACCEPTED_AT_ONCE {
            if !self.held.is_empty() {
                break;
            }
            let Some((channel, peer, local)) = self.connections.accept(listener) else { break };
            let is_secured = self.connections.is_secured(listener);
            let accepted = Input::Accepted { peer, local, is_secured };
            self.step(|link, now| link.receive(now, channel, accepted))?;
        }
        Ok(())
    }

    fn read_connection(&mut self, channel: ChannelId) -> Result<(), Failed> {
        for _ in 0..READS_AT_ONCE {
            if !self.held.is_empty() && !self.connections.is_closing(channel) {
                break;
            }
            if !self.link.takes(channel) && !self.connections.is_closing(channel) {
                self.connections.hold(channel);
                break;
            }
            // Lent to the link for one step, as for datagrams.
            let mut buffer = std::mem::take(&mut self.stream_buffer);
            let outcome = match self.connections.read(channel, &mut buffer) {
                Some(Read::Octets(length)) => {
                    let octets = buffer.get(..length).unwrap_or_default();
                    self.step(|link, now| link.receive(now, channel, Input::Octets { octets }))
                }
                Some(Read::Secured { connected, certificate }) => self.step(|link, now| {
                    if let Some(local) = connected {
                        link.receive(now, channel, Input::Connected { local });
                    }
                    if let Some(certificate) = &certificate {
                        link.receive(now, channel, Input::Secured { certificate });
                    }
                }),
                None => {
                    self.stream_buffer = buffer;
                    break;
                }
            };
            self.stream_buffer = buffer;
            outcome?;
        }
        Ok(())
    }
}
