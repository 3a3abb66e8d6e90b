//! The endpoint between its inputs and its outputs.

use super::EndpointArguments;
use super::connection::{self, Connection};
use super::console::Console;
use super::input::{self, Input, QUEUE_MAX};
use super::place::Place;
use h323::endpoint::{Command, ConnectionId, Credentials, Endpoint, Event, Offers, Output, Settings};
use model::{Instant, Now, Timestamp};
use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

/// Runs the endpoint until it has quit.
///
/// # Errors
/// The threads it needs can't be had.
pub fn run(
    place: Place,
    arguments: &EndpointArguments,
    credentials: Option<Credentials>,
    console: Console,
) -> io::Result<()> {
    let settings = Settings {
        aliases: arguments.aliases.clone(),
        gatekeeper: place.gatekeeper,
        ras_address: place.ras_address,
        call_signal_address: place.signalling_address,
        credentials,
        time_to_live: arguments.ttl,
        calls: usize::from(arguments.calls),
        auto_answer: arguments.auto_answer,
        offers: Offers {
            presence: !arguments.plain && !arguments.no_presence,
            messaging: !arguments.plain && !arguments.no_messaging,
            package: !arguments.plain && !arguments.no_package,
        },
        by_call: arguments.by_call,
        features: (!arguments.features.is_empty()).then(|| arguments.features.clone()),
        location: arguments.location.clone(),
    };
    let listening = Event::Listening {
        aliases: arguments.aliases.iter().map(|alias| alias.text()).collect(),
        ras_address: place.ras_address,
        call_signal_address: place.signalling_address,
    };
    let (sender, inputs) = sync_channel(QUEUE_MAX);
    let ras = place.ras.try_clone()?;
    input::start(place.ras, place.signalling, &sender)?;
    // The hasher of the standard library is seeded by the system, which is all the randomness needed here.
    let seed = RandomState::new().hash_one(place.ras_address);
    let mut driver = Driver {
        endpoint: Endpoint::new(settings, seed),
        ras,
        signalling_address: place.signalling_address,
        connections: BTreeMap::new(),
        closing: Vec::new(),
        sender,
        console,
        started: std::time::Instant::now(),
        quits: false,
    };
    driver.show(&listening);
    driver.run(&inputs);
    Ok(())
}

struct Driver {
    endpoint: Endpoint,
    ras: UdpSocket,
    signalling_address: SocketAddr,
    connections: BTreeMap<ConnectionId, Connection>,
    /// Threads that still write.
    closing: Vec<JoinHandle<()>>,
    sender: SyncSender<Input>,
    console: Console,
    started: std::time::Instant,
    quits: bool,
}

impl Driver {
    /// One input, then all outputs, until the endpoint has finished or is told to quit a second time.
    fn run(&mut self, inputs: &Receiver<Input>) {
        loop {
            match self.wait(inputs) {
                Some(Input::Quit) if self.quits => break,
                Some(input) => self.take(input),
                None => self.endpoint.timeout(self.now()),
            }
            if self.drain() {
                break;
            }
        }
        let open = std::mem::take(&mut self.connections).into_values();
        for writer in open.map(Connection::close).chain(self.closing.drain(..)) {
            // A writer that panicked has nothing more to write.
            let _ = writer.join();
        }
    }

    /// The next input; `None` when the endpoint wants to be woken.
    fn wait(&self, inputs: &Receiver<Input>) -> Option<Input> {
        let Some(deadline) = self.endpoint.deadline() else { return inputs.recv().ok() };
        let left = Duration::from_millis(deadline.since(self.now().instant).0);
        inputs.recv_timeout(left).ok()
    }

    fn take(&mut self, input: Input) {
        let now = self.now();
        match input {
            Input::Datagram(from, octets) => self.endpoint.datagram(now, from, &octets),
            Input::Accepted(from, stream) => {
                if let Some(id) = self.endpoint.accept(now, from)
                    && !self.start_connection(id, stream)
                {
                    self.endpoint.closed(now, id);
                }
            }
            Input::Opened(id, stream) => match self.start_connection(id, stream) {
                true if self.endpoint.opened(now, id) => {}
                true => self.close(id),
                false => self.endpoint.closed(now, id),
            },
            Input::Received(id, octets) => self.endpoint.received(now, id, &octets),
            Input::Closed(id) => {
                self.close(id);
                self.endpoint.closed(now, id);
            }
            Input::Line(line) if line == "help" => {
                let shown = self.console.help();
                self.quit_unless(shown.is_ok());
            }
            Input::Line(line) => match line.parse::<Command>() {
                Ok(command) => {
                    self.quits |= command == Command::Quit;
                    self.endpoint.command(now, command);
                }
                Err(error) => self.show(&Event::Error { message: format!("Not understood: {error}.") }),
            },
            Input::Quit => self.quit_unless(false),
        }
    }

    /// Does what the endpoint wants done; whether it has finished.
    fn drain(&mut self) -> bool {
        let mut is_finished = false;
        while let Some(output) = self.endpoint.poll() {
            match output {
                // A datagram that can't be sent is a lost one: it is sent again, or missed.
                Output::Datagram { peer, octets } => drop(self.ras.send_to(&octets, peer)),
                Output::Open { id, peer } => {
                    connection::open(id, self.signalling_address.ip(), peer, &self.sender);
                }
                Output::Send { id, octets } => {
                    if let Some(connection) = self.connections.get(&id) {
                        connection.send(octets);
                    }
                }
                Output::Close(id) => self.close(id),
                Output::Event(event) => self.show(&event),
                Output::Finished => is_finished = true,
            }
        }
        is_finished
    }

    /// Starts a connection; whether it could be started.
    fn start_connection(&mut self, id: ConnectionId, stream: TcpStream) -> bool {
        let connection = Connection::start(id, stream, &self.sender);
        connection.map(|connection| self.connections.insert(id, connection)).is_ok()
    }

    fn close(&mut self, id: ConnectionId) {
        self.closing.retain(|writer| !writer.is_finished());
        if let Some(connection) = self.connections.remove(&id) {
            self.closing.push(connection.close());
        }
    }

    fn show(&mut self, event: &Event) {
        let shown = self.console.show(event);
        self.quit_unless(shown.is_ok());
    }

    /// Says goodbye, once; also when nobody reads what we say.
    fn quit_unless(&mut self, goes_on: bool) {
        if !goes_on && !std::mem::replace(&mut self.quits, true) {
            self.endpoint.command(self.now(), Command::Quit);
        }
    }

    fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Now {
            instant: Instant(self.started.elapsed().as_millis() as u64),
            wall: Timestamp(wall.as_millis() as i64),
        }
    }
}
