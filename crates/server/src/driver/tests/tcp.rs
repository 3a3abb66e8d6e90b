//! Connections over real sockets.

use super::*;
use crate::driver::connection::WAITING_OCTETS_MAX;
use crossbeam_channel::unbounded;
use link::{Closure, Traced};
use model::Timestamp;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::socket::{setsockopt, sockopt};
use std::fs::File;
use std::io::{Read, Write};
use std::net::{IpAddr, Shutdown, TcpListener, TcpStream};
use std::process::Command as Process;

/// What a test's link was told.
#[derive(Debug, Eq, PartialEq)]
enum Told {
    Accepted(ChannelId, SocketAddr, SocketAddr),
    Connected(ChannelId, SocketAddr),
    Octets(ChannelId, Vec<u8>),
    Closed(ChannelId, Closure),
    Untrace(u64),
}

/// Echoes what comes on connections, asks the engine once for each piece, and does what a test orders by
/// [`Command::Disconnect`]: `open CHANNEL PEER [LOCAL]`, `send CHANNEL OCTETS`, `close CHANNEL`, `hold CHANNEL`, `show TRACE`.
struct Talker {
    outputs: VecDeque<Output>,
    /// Nothing is taken of this connection after the next octets, until an order comes.
    held: Option<ChannelId>,
    is_full: bool,
    told: Sender<Told>,
}

impl Talker {
    fn order(&mut self, order: &str) {
        let words: Vec<_> = order.split(' ').collect();
        self.is_full = false;
        let number = words[1].parse().unwrap();
        let channel = ChannelId(number);
        self.outputs.push_back(match words[0] {
            "open" => Output::Open {
                channel,
                peer: words[2].parse().unwrap(),
                local: words.get(3).map(|local| local.parse::<IpAddr>().unwrap()),
                tls: None,
            },
            "send" => Output::Octets { channel, octets: vec![b'x'; words[2].parse().unwrap()] },
            "close" => Output::Close { channel },
            "hold" => return self.held = Some(channel),
            "take" => return self.held = None,
            _ => Output::Traced(Box::new(Traced {
                trace: u64::from(number),
                at: Timestamp(0),
                is_received: true,
                protocol: "RAS".into(),
                peer: String::new(),
                name: String::new(),
                reading: serde_json::Value::Null,
            })),
        });
    }
}

impl Link for Talker {
    fn receive(&mut self, _: Now, channel: ChannelId, input: Input<'_>) {
        let told = match input {
            Input::Accepted { peer, local, .. } => Told::Accepted(channel, peer, local),
            Input::Connected { local } => Told::Connected(channel, local),
            Input::Octets { octets } => {
                assert!(!self.is_full || self.held != Some(channel), "more was given than is taken");
                self.is_full |= self.held == Some(channel);
                self.outputs.push_back(Output::Octets { channel, octets: octets.to_vec() });
                self.outputs.push_back(Output::Request(Request::Unsubscribe { watcher: WatcherId(7) }));
                Told::Octets(channel, octets.to_vec())
            }
            Input::Closed { how } => Told::Closed(channel, how),
            Input::Secured { .. } => return,
            Input::Datagram { peer, octets, .. } => {
                let octets = octets.to_vec();
                return self.outputs.push_back(Output::Datagram { channel, peer, octets });
            }
        };
        self.told.send(told).unwrap();
    }

    fn takes(&self, channel: ChannelId) -> bool {
        !self.is_full || self.held != Some(channel)
    }

    fn apply(&mut self, _: Now, _: Effect) {}

    fn timeout(&mut self, _: Now) {}

    fn command(&mut self, _: Now, command: Command) -> Result<Outcome, CommandError> {
        match command {
            Command::Disconnect { call } => self.order(&call),
            Command::Untrace { trace } => self.told.send(Told::Untrace(trace)).unwrap(),
            Command::Trace { endpoint, .. } if endpoint == "nobody" => {
                return Err(CommandError::TracesExhausted);
            }
            _ => {}
        }
        Ok(Outcome::Tracing)
    }

    fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn deadline(&self) -> Option<Moment> {
        None
    }

    fn snapshot(&mut self, _: Now, _: usize) -> Vec<SoftRecord> {
        Vec::new()
    }

    fn restore(&mut self, _: Now, _: SoftRecord) {}
}

/// A driver whose link does what the test says.
struct Stage {
    scene: Scene,
    told: Receiver<Told>,
}

const OPENED: u32 = ChannelId::OPENED;

fn stage(requests_max: usize, connections_max: usize) -> Stage {
    let (told_in, told) = unbounded();
    let link = Talker { outputs: VecDeque::new(), held: None, is_full: false, told: told_in };
    Stage { scene: scene_of(Box::new(link), requests_max, connections_max), told }
}

impl Stage {
    fn order(&self, order: String) {
        assert!(matches!(self.scene.handle.command(Command::Disconnect { call: order }), Some(Ok(_))));
    }

    fn next(&self) -> Told {
        self.told.recv_timeout(PATIENCE).unwrap()
    }

    /// A peer that has connected, and its channel.
    fn connect(&self) -> (TcpStream, ChannelId) {
        let peer = self.peer();
        match self.next() {
            Told::Accepted(channel, address, local) => {
                assert_eq!((address, local), (peer.local_addr().unwrap(), self.scene.signalling));
                (peer, channel)
            }
            other => panic!("{other:?}"),
        }
    }

    fn peer(&self) -> TcpStream {
        let peer = TcpStream::connect(self.scene.signalling).unwrap();
        peer.set_read_timeout(Some(PATIENCE)).unwrap();
        peer
    }

    fn counter(&self, counter: impl Fn(&DriverCounters) -> &std::sync::atomic::AtomicU64) -> u64 {
        counter(&self.scene.counters).load(Ordering::Relaxed)
    }

    fn eventually(&self, is_so: impl Fn() -> bool) {
        let give_up = Instant::now() + PATIENCE;
        while !is_so() {
            assert!(Instant::now() < give_up, "it did not come to that");
            thread::yield_now();
        }
    }

    fn stop(self) {
        assert_eq!(self.scene.stop().0, Ok(()));
    }
}

/// Says something and hears it again.
fn echo(peer: &mut TcpStream, words: &[u8]) {
    peer.write_all(words).unwrap();
    let mut heard = vec![0; words.len()];
    peer.read_exact(&mut heard).unwrap();
    assert_eq!(heard, words);
}

/// A port that nobody listens on.
fn silent_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[test]
fn a_peer_connects_is_heard_and_answered_and_its_end_is_told() {
    let stage = stage(10, 100);
    let (mut peer, channel) = stage.connect();
    assert!((CHANNELS_MAX as u32..OPENED).contains(&channel.0), "{channel:?}");
    echo(&mut peer, b"hello");
    assert_eq!(stage.next(), Told::Octets(channel, b"hello".to_vec()));
    drop(peer);
    assert_eq!(stage.next(), Told::Closed(channel, Closure::Ended));
    stage.eventually(|| stage.counter(|counters| &counters.connections) == 0);
    stage.stop();
}

#[test]
fn a_number_is_not_given_twice() {
    let stage = stage(10, 100);
    let (peer, first) = stage.connect();
    drop(peer);
    assert_eq!(stage.next(), Told::Closed(first, Closure::Ended));
    assert_ne!(stage.connect().1, first);
    stage.stop();
}

#[test]
fn octets_sent_before_the_peer_has_answered_wait_and_come_from_the_address_that_was_asked_for() {
    let stage = stage(10, 100);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (channel, address) = (ChannelId(OPENED), listener.local_addr().unwrap());
    stage.order(format!("open {OPENED} {address} 127.0.0.2"));
    stage.order(format!("send {OPENED} 5"));
    let (mut peer, from) = listener.accept().unwrap();
    assert_eq!(from.ip(), "127.0.0.2".parse::<IpAddr>().unwrap());
    assert_eq!(stage.next(), Told::Connected(channel, from));
    let mut heard = [0; 5];
    peer.read_exact(&mut heard).unwrap();
    assert_eq!(&heard, b"xxxxx");
    peer.write_all(b"back").unwrap();
    assert_eq!(stage.next(), Told::Octets(channel, b"back".to_vec()));
    stage.stop();
}

#[test]
fn a_connection_that_can_not_be_had_is_unreachable() {
    let stage = stage(10, 100);
    stage.order(format!("open {OPENED} {}", silent_address()));
    assert_eq!(stage.next(), Told::Closed(ChannelId(OPENED), Closure::Unreachable));
    // This machine does not have that address.
    stage.order(format!("open {} {} 192.0.2.1", OPENED + 1, silent_address()));
    assert_eq!(stage.next(), Told::Closed(ChannelId(OPENED + 1), Closure::Unreachable));
    assert_eq!(stage.counter(|counters| &counters.unreachable), 2);
    stage.stop();
}

#[test]
fn a_connection_that_the_peer_resets_is_broken() {
    let stage = stage(10, 100);
    let (peer, channel) = stage.connect();
    setsockopt(&peer, sockopt::Linger, &nix::libc::linger { l_onoff: 1, l_linger: 0 }).unwrap();
    drop(peer);
    assert_eq!(stage.next(), Told::Closed(channel, Closure::Broken));
    stage.stop();
}

#[test]
fn a_peer_that_has_said_its_last_still_gets_what_was_sent_to_it() {
    let stage = stage(10, 100);
    let (mut peer, channel) = stage.connect();
    let size = WAITING_OCTETS_MAX / 2;
    stage.order(format!("send {} {size}", channel.0));
    peer.shutdown(Shutdown::Write).unwrap();
    assert_eq!(stage.next(), Told::Closed(channel, Closure::Ended));
    let mut heard = Vec::new();
    peer.read_to_end(&mut heard).unwrap();
    assert_eq!(heard.len(), size);
    stage.eventually(|| stage.counter(|counters| &counters.connections) == 0);
    stage.stop();
}

#[test]
fn closing_sends_what_was_sent_before_and_tells_the_link_nothing() {
    let stage = stage(10, 100);
    let (mut peer, channel) = stage.connect();
    let size = WAITING_OCTETS_MAX;
    stage.order(format!("send {} {size}", channel.0));
    stage.order(format!("close {}", channel.0));
    let mut heard = Vec::new();
    peer.read_to_end(&mut heard).unwrap();
    assert_eq!(heard.len(), size);
    drop(peer);
    stage.eventually(|| stage.counter(|counters| &counters.connections) == 0);
    assert!(stage.told.is_empty());
    stage.stop();
}

#[test]
fn a_connection_closed_before_it_is_there_never_comes() {
    let stage = stage(10, 100);
    stage.order(format!("open {OPENED} {}", silent_address()));
    stage.order(format!("close {OPENED}"));
    stage.eventually(|| stage.counter(|counters| &counters.connections) == 0);
    // What is ordered for a connection that is gone does nothing.
    stage.order(format!("send {OPENED} 5"));
    stage.order(format!("close {OPENED}"));
    // The refusal may have come first; nothing else does.
    let told: Vec<_> = stage.told.try_iter().collect();
    let refused = Told::Closed(ChannelId(OPENED), Closure::Unreachable);
    assert!(told.iter().all(|one| *one == refused) && told.len() <= 1, "{told:?}");
    stage.stop();
}

#[test]
fn a_peer_that_does_not_read_is_given_up_and_others_are_served() {
    let stage = stage(10, 100);
    let ((slow, channel), (mut other, _)) = (stage.connect(), stage.connect());
    // What the system's own buffers take is no limit of ours.
    while stage.told.is_empty() {
        stage.order(format!("send {} {WAITING_OCTETS_MAX}", channel.0));
    }
    assert_eq!(stage.next(), Told::Closed(channel, Closure::Stuck));
    assert_eq!(stage.counter(|counters| &counters.stuck), 1);
    echo(&mut other, b"hello");
    drop(slow);
    stage.stop();
}

#[test]
fn a_connection_of_which_the_link_takes_no_more_waits_and_the_others_are_served() {
    let stage = stage(1000, 100);
    let (mut held, channel) = stage.connect();
    stage.order(format!("hold {}", channel.0));
    echo(&mut held, b"first");
    assert_eq!(stage.next(), Told::Octets(channel, b"first".to_vec()));
    held.write_all(b"second").unwrap();
    held.shutdown(Shutdown::Write).unwrap();
    let (mut other, there) = stage.connect();
    for _ in 0..20 {
        echo(&mut other, b"hello");
        assert_eq!(stage.next(), Told::Octets(there, b"hello".to_vec()));
    }
    stage.order(format!("take {}", channel.0));
    assert_eq!(stage.next(), Told::Octets(channel, b"second".to_vec()));
    assert_eq!(stage.next(), Told::Closed(channel, Closure::Ended));
    let mut rest = Vec::new();
    held.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, b"second");
    stage.stop();
}

#[test]
fn many_connections_are_served_together() {
    const CONNECTIONS: usize = 300;
    let stage = stage(CONNECTIONS, CONNECTIONS);
    let mut peers: Vec<_> = (0..CONNECTIONS).map(|_| stage.peer()).collect();
    for peer in &mut peers {
        peer.write_all(b"hello").unwrap();
    }
    for peer in &mut peers {
        let mut heard = [0; 5];
        peer.read_exact(&mut heard).unwrap();
    }
    let channels: std::collections::HashSet<_> = stage
        .told
        .try_iter()
        .filter_map(|told| match told {
            Told::Accepted(channel, ..) => Some(channel),
            _ => None,
        })
        .collect();
    assert_eq!(channels.len(), CONNECTIONS);
    stage.stop();
}

#[test]
fn one_connection_more_than_allowed_waits_until_another_ends() {
    let stage = stage(10, 1);
    let (first, channel) = stage.connect();
    let mut second = stage.peer();
    stage.eventually(|| stage.counter(|counters| &counters.accepting_paused) > 0);
    stage.order(format!("open {OPENED} {}", stage.scene.signalling));
    assert_eq!(stage.next(), Told::Closed(ChannelId(OPENED), Closure::Unreachable));
    drop(first);
    assert_eq!(stage.next(), Told::Closed(channel, Closure::Ended));
    echo(&mut second, b"hello");
    stage.stop();
}

#[test]
fn while_the_shard_is_behind_connections_wait_and_nothing_is_lost() {
    let stage = stage(1, 100);
    let (mut peer, _) = stage.connect();
    let words = vec![b'x'; 1_000_000];
    let mut writer = peer.try_clone().unwrap();
    let length = words.len();
    let writing = thread::spawn(move || writer.write_all(&words).unwrap());
    stage.eventually(|| stage.counter(|counters| &counters.congested) > 0);
    let requests = stage.scene.requests.clone();
    let taking = thread::spawn(move || while requests.recv_timeout(PATIENCE).is_ok() {});
    let mut heard = vec![0; length];
    peer.read_exact(&mut heard).unwrap();
    writing.join().unwrap();
    stage.stop();
    taking.join().unwrap();
}

#[test]
fn when_no_descriptor_is_left_accepting_pauses_and_nothing_else_breaks() {
    const CHILD: &str = "HERALD_TEST_DESCRIPTORS";
    if std::env::var_os(CHILD).is_none() {
        // The limit is that of a whole process, so it is tried in one of its own.
        let (_, module) = module_path!().split_once("::").unwrap();
        let name = format!("{module}::when_no_descriptor_is_left_accepting_pauses_and_nothing_else_breaks");
        let mut child = Process::new(std::env::current_exe().unwrap());
        let output = child.args(["--exact", &name]).env(CHILD, "1").output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{text}");
        return;
    }
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, 256, hard).unwrap();
    let stage = stage(10, 100);
    let (mut before, channel) = stage.connect();
    let mut files: Vec<_> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    // The last descriptor is for the peer.
    files.pop();
    let mut peer = stage.peer();
    stage.eventually(|| stage.counter(|counters| &counters.accepting_paused) > 0);
    echo(&mut before, b"hello");
    assert_eq!(stage.next(), Told::Octets(channel, b"hello".to_vec()));
    stage.scene.send(b"datagram");
    assert_eq!(stage.scene.receive(), b"datagram");
    stage.order(format!("open {OPENED} {}", stage.scene.signalling));
    assert_eq!(stage.next(), Told::Closed(ChannelId(OPENED), Closure::Unreachable));
    drop(files);
    echo(&mut peer, b"at last");
    stage.stop();
}

#[test]
fn a_port_for_calls_that_is_taken_is_told_with_what_to_do() {
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap();
    let mut sockets = Sockets::open(&["127.0.0.1:0".parse().unwrap()], false, 1 << 20).unwrap();
    let text = sockets.listen_for_calls(&[address]).unwrap_err().to_string();
    let says_who = format!("(process {})", std::process::id());
    assert!(text.contains(&says_who) && text.contains("`signalling = []`"), "{text}");
}

#[test]
fn who_follows_an_endpoint_is_shown_its_messages_until_he_is_too_slow_or_goes() {
    let stage = stage(10, 100);
    let refused = stage.scene.handle.trace("nobody".into(), 1).unwrap();
    assert_eq!(refused.err(), Some(CommandError::TracesExhausted));
    let slow = stage.scene.handle.trace("alice".into(), 1).unwrap().ok().unwrap();
    let quick = stage.scene.handle.trace("alice".into(), 10).unwrap().ok().unwrap();
    for _ in 0..2 {
        stage.order("show 2".into());
        stage.order("show 3".into());
    }
    assert_eq!(stage.next(), Told::Untrace(2));
    assert_eq!(slow.messages.iter().count(), 1, "one waited, then the end");
    assert_eq!(stage.counter(|counters| &counters.traces_cut), 1);
    assert_eq!(quick.messages.recv_timeout(PATIENCE).unwrap().trace, 3);
    drop(quick);
    assert_eq!(stage.next(), Told::Untrace(3));
    stage.stop();
}
