mod tcp;

use super::*;
use crate::audit::Audit;
use crate::soft::SoftFlow;
use crossbeam_channel::bounded;
use link::{ChannelId, Counter};
use model::{Instant as Moment, Millis, Request, SoftRecord, WatcherId};
use std::net::{SocketAddr, UdpSocket};
use std::sync::Mutex;
use std::thread::{self, JoinHandle};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(30);

/// Echoes datagrams, asks the engine once for each, and counts timeouts in a soft record.
#[derive(Default)]
struct Echo {
    outputs: VecDeque<Output>,
    deadline: Option<Moment>,
    timeouts: u64,
    changed: bool,
}

impl Link for Echo {
    fn receive(&mut self, now: Now, channel: ChannelId, input: Input<'_>) {
        let Input::Datagram { peer, octets, .. } = input else { return };
        assert_ne!(octets, b"panic", "asked to");
        if octets == b"timer" {
            self.deadline = Some(now.instant.after(Millis(1)));
        }
        self.outputs.push_back(Output::Datagram { channel, peer, octets: octets.to_vec() });
        self.outputs.push_back(Output::Request(Request::Unsubscribe { watcher: WatcherId(7) }));
    }

    fn apply(&mut self, _: Now, _: Effect) {}

    fn timeout(&mut self, _: Now) {
        self.deadline = None;
        self.timeouts += 1;
        self.changed = true;
    }

    fn command(&mut self, _: Now, _: Command) -> Result<Outcome, CommandError> {
        let counter = Counter { name: "timeouts".into(), value: self.timeouts, help: String::new() };
        Ok(Outcome::Counters(vec![counter]))
    }

    fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn deadline(&self) -> Option<Moment> {
        self.deadline
    }

    fn snapshot(&mut self, _: Now, _: usize) -> Vec<SoftRecord> {
        let record = SoftRecord { table: "echo", key: self.timeouts.to_string(), value: None };
        if std::mem::take(&mut self.changed) { vec![record] } else { Vec::new() }
    }

    fn restore(&mut self, _: Now, _: SoftRecord) {}
}

/// A driver that runs, and everything around it.
struct Scene {
    handle: DriverHandle,
    address: SocketAddr,
    /// Where connections are accepted.
    signalling: SocketAddr,
    peer: UdpSocket,
    requests: Receiver<ShardInput>,
    written: Arc<Mutex<Vec<SoftRecord>>>,
    counters: Arc<DriverCounters>,
    thread: JoinHandle<Result<(), Failed>>,
}

fn scene(requests_max: usize) -> Scene {
    scene_of(Box::new(Echo::default()), requests_max, 100)
}

fn scene_of(link: Box<dyn Link>, requests_max: usize, connections_max: usize) -> Scene {
    let anywhere = ["127.0.0.1:0".parse().unwrap()];
    let mut sockets = Sockets::open(&anywhere, false, 1 << 20).unwrap();
    sockets.listen_for_calls(&anywhere).unwrap();
    let (address, signalling) = (sockets.listening()[0].0, sockets.signalling()[0]);
    let (inputs_in, inputs) = bounded(INPUTS_MAX);
    let (shard, requests) = bounded(requests_max);
    let waker = Arc::new(Waker::new().unwrap());
    let written = Arc::<Mutex<Vec<SoftRecord>>>::default();
    let sink = Arc::clone(&written);
    let soft = SoftFlow::into_sink(
        Box::new(move |records| {
            sink.lock().unwrap().extend(records);
            Ok(())
        }),
        Duration::from_secs(3600),
        100,
        Arc::default(),
    );
    let counters = Arc::<DriverCounters>::default();
    let parts = Parts {
        link,
        sockets,
        resolver: None,
        inputs,
        waker: Arc::clone(&waker),
        shard,
        soft,
        audit: Audit::nowhere(),
        datagram_octets_max: 1500,
        connections_max,
        clock: Clock::start(),
        counters: Arc::clone(&counters),
    };
    let thread = thread::spawn(move || Driver::new(parts).unwrap().run());
    let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    let handle = DriverHandle { inputs: inputs_in, waker };
    Scene { handle, address, signalling, peer, requests, written, counters, thread }
}

impl Scene {
    fn send(&self, octets: &[u8]) {
        self.peer.send_to(octets, self.address).unwrap();
    }

    fn receive(&self) -> Vec<u8> {
        let mut buffer = [0; 1500];
        let (length, from) = self.peer.recv_from(&mut buffer).unwrap();
        assert_eq!(from, self.address);
        buffer[..length].to_vec()
    }

    fn timeouts(&self) -> u64 {
        match self.handle.command(Command::Counters) {
            Some(Ok(Outcome::Counters(counters))) => counters[0].value,
            other => panic!("{other:?}"),
        }
    }

    fn stop(self) -> (Result<(), Failed>, Arc<Mutex<Vec<SoftRecord>>>) {
        self.handle.give(DriverInput::Stop);
        // Room for what it holds back.
        while self.requests.recv().is_ok() {}
        (self.thread.join().unwrap(), self.written)
    }
}

#[test]
fn a_datagram_is_answered_from_where_it_came_in_and_its_request_reaches_the_shard() {
    let scene = scene(10);
    scene.send(b"hello");
    assert_eq!(scene.receive(), b"hello");
    let request = scene.requests.recv_timeout(PATIENCE).unwrap();
    let ShardInput::Requests(requests) = request else { panic!("no requests") };
    assert!(matches!(requests[..], [Request::Unsubscribe { watcher: WatcherId(7) }]));
    assert_eq!(scene.stop().0, Ok(()));
}

#[test]
fn a_full_queue_pauses_reading_and_loses_no_request() {
    // So many are read in several turns, and what comes in one turn is handed over together: the second finds no room.
    const DATAGRAMS: usize = 200;
    let scene = scene(1);
    for _ in 0..DATAGRAMS {
        scene.send(b"hello");
    }
    let give_up = Instant::now() + PATIENCE;
    while scene.counters.congested.load(Ordering::Relaxed) == 0 {
        assert!(Instant::now() < give_up, "the queue is never full");
        thread::yield_now();
    }
    let mut requests = 0;
    while requests < DATAGRAMS {
        match scene.requests.recv_timeout(PATIENCE) {
            Ok(ShardInput::Requests(more)) => requests += more.len(),
            _ => panic!("{requests} requests of {DATAGRAMS}"),
        }
    }
    for _ in 0..DATAGRAMS {
        assert_eq!(scene.receive(), b"hello");
    }
    assert_eq!(scene.stop().0, Ok(()));
}

#[test]
fn while_the_queue_is_full_commands_are_still_answered() {
    let scene = scene(1);
    // What comes in one turn is handed over together.
    while scene.counters.congested.load(Ordering::Relaxed) == 0 {
        scene.send(b"hello");
        thread::yield_now();
    }
    assert_eq!(scene.timeouts(), 0);
    assert_eq!(scene.stop().0, Ok(()));
}

#[test]
fn a_deadline_is_kept_and_the_end_writes_the_state() {
    let scene = scene(10);
    scene.send(b"timer");
    let give_up = Instant::now() + PATIENCE;
    while scene.timeouts() == 0 && Instant::now() < give_up {
        thread::yield_now();
    }
    let (outcome, written) = scene.stop();
    assert_eq!(outcome, Ok(()));
    let expected = SoftRecord { table: "echo", key: "1".into(), value: None };
    assert_eq!(*written.lock().unwrap(), [expected]);
}

#[test]
fn a_step_that_fails_does_not_end_the_driver_and_many_do() {
    let scene = scene(10);
    scene.send(b"panic");
    scene.send(b"hello");
    assert_eq!(scene.receive(), b"hello");
    assert_eq!(scene.counters.panics.load(Ordering::Relaxed), 1);
    for _ in 0..crate::containment::PANICS_MAX {
        scene.send(b"panic");
    }
    assert_eq!(scene.thread.join().unwrap(), Err(Failed));
}

#[test]
fn a_datagram_beyond_the_limit_is_dropped_and_counted() {
    let scene = scene(10);
    scene.send(&[0; 1501]);
    scene.send(b"hello");
    assert_eq!(scene.receive(), b"hello");
    assert_eq!(scene.counters.too_long.load(Ordering::Relaxed), 1);
    assert_eq!(scene.stop().0, Ok(()));
}
