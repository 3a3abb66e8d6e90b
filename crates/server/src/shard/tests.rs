mod promised;

use super::refusal::STORE_LIMIT;
use super::*;
use crate::audit::Audit;
use crate::driver::Waker;
use model::{
    AgentId, Claim, Evidence, EvidenceKey, Fact, NamedAddress, PresenceState, Source, Strength, Ticket,
    Timestamp,
};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::thread::{self, JoinHandle};

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(30);

type Done = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// A store that writes when and if the test says so.
#[derive(Default)]
struct Disk {
    waiting: Vec<(Batch, Done)>,
    /// What is durable.
    facts: Vec<Fact>,
    /// Commits succeed or fail by themselves.
    by_itself: Option<bool>,
    /// Commits succeed by themselves, except those with such a fact.
    refused: Option<fn(&Fact) -> bool>,
}

#[derive(Clone, Default)]
struct SharedDisk(Arc<Mutex<Disk>>);

impl SharedDisk {
    fn sink(&self) -> BatchSink {
        let disk = self.clone();
        Box::new(move |batch, done| {
            let (by_itself, refused) = {
                let disk = disk.0.lock().unwrap();
                (disk.by_itself, disk.refused)
            };
            match by_itself {
                _ if refused.is_some_and(|refused| batch.facts.iter().any(refused)) => {
                    done(Err(StoreError::Contradiction { finding: "on purpose".into() }));
                }
                _ if refused.is_some() => disk.end(batch, done, true),
                None => disk.0.lock().unwrap().waiting.push((batch, done)),
                Some(succeeds) => disk.end(batch, done, succeeds),
            }
            Ok(())
        })
    }

    fn end(&self, batch: Batch, done: Done, succeeds: bool) {
        if succeeds {
            self.0.lock().unwrap().facts.extend(batch.facts);
        }
        done(if succeeds { Ok(()) } else { Err(StoreError::Full { file: "herald.db".into() }) });
    }

    /// Ends the oldest commit, which must come.
    fn end_one(&self, succeeds: bool) {
        let give_up = Instant::now() + PATIENCE;
        loop {
            let mut disk = self.0.lock().unwrap();
            if !disk.waiting.is_empty() {
                let (batch, done) = disk.waiting.remove(0);
                drop(disk);
                return self.end(batch, done, succeeds);
            }
            drop(disk);
            assert!(Instant::now() < give_up, "no commit was begun");
            thread::yield_now();
        }
    }

    fn refuse(&self, refused: fn(&Fact) -> bool) {
        let mut disk = self.0.lock().unwrap();
        disk.refused = Some(refused);
        let waiting = std::mem::take(&mut disk.waiting);
        drop(disk);
        for (_, done) in waiting {
            done(Err(StoreError::Contradiction { finding: "on purpose".into() }));
        }
    }

    fn work_by_itself(&self, succeeds: bool) {
        self.0.lock().unwrap().by_itself = Some(succeeds);
    }
}

struct Scene {
    shard: ShardHandle,
    effects: Receiver<DriverInput>,
    /// Effects that came together with one that was looked at.
    told: RefCell<VecDeque<Effect>>,
    disk: SharedDisk,
    failing: Arc<AtomicBool>,
    thread: JoinHandle<Result<(), Failed>>,
}

fn scene() -> Scene {
    let (inputs_in, inputs) = bounded(INPUTS_MAX);
    let (driver_in, effects) = bounded(1000);
    let driver = DriverHandle { inputs: driver_in, waker: Arc::new(Waker::new().unwrap()) };
    let (disk, failing) = (SharedDisk::default(), Arc::<AtomicBool>::default());
    let counters = Arc::<ShardCounters>::default();
    let parts = Parts {
        engine: Engine::new(engine::Settings::default(), 1),
        inputs,
        sink: disk.sink(),
        failing: Arc::clone(&failing),
        drivers: vec![(GatewayId(0), driver)],
        accounts: Accounts::nowhere(),
        audit: Audit::nowhere(),
        soft: SoftFlow::into_sink(Box::new(|_| Ok(())), Duration::from_secs(3600), 100, Arc::default()),
        clock: Clock::start(),
        counters,
    };
    let thread = thread::spawn(move || Shard::new(parts).run());
    let told = RefCell::default();
    Scene { shard: ShardHandle { inputs: inputs_in }, effects, told, disk, failing, thread }
}

fn claim(number: u64, names: &[&str]) -> Request {
    let alias = |name: &&str| NamedAddress {
        address: address(name),
        kind: "h323-ID".into(),
        original: (*name).into(),
    };
    let claim = Claim {
        agent: agent(number),
        aliases: names.iter().map(alias).collect(),
        inferred: true,
        has_presence: false,
        has_messaging: false,
        strength: Strength::Password,
        device: String::new(),
        description: String::new(),
    };
    Request::Claim { ticket: Ticket(number), claim }
}

impl Scene {
    fn request(&self, request: Request) {
        self.shard.inputs.send(ShardInput::Requests(vec![request])).unwrap();
    }

    fn claim(&self, number: u64, names: &[&str]) {
        self.request(claim(number, names));
    }

    fn register(&self, number: u64) {
        let key = EvidenceKey { source: Source::Registration, id: String::new() };
        let evidence = Evidence {
            key,
            state: PresenceState::Online,
            since: Timestamp(0),
            expires: None,
            detail: "".into(),
        };
        self.request(Request::Observe { agent: agent(number), evidence });
    }

    /// Waits until the shard has done all that it was given.
    fn catch_up(&self) {
        self.shard.look(|_| ()).unwrap();
    }

    fn next_effect(&self) -> Effect {
        if self.told.borrow().is_empty() {
            match self.effects.recv_timeout(PATIENCE) {
                Ok(DriverInput::Effects(effects)) => self.told.borrow_mut().extend(effects),
                _ => panic!("no effect came"),
            }
        }
        self.told.borrow_mut().pop_front().unwrap()
    }

    fn is_silent(&self) -> bool {
        self.told.borrow().is_empty() && self.effects.is_empty()
    }

    fn state(&self, name: &str) -> Option<PresenceState> {
        let name = address(name);
        self.shard.look(move |engine| engine.document(&name).map(|document| document.state)).unwrap()
    }

    fn stop(self) {
        self.shard.inputs.send(ShardInput::Stop).unwrap();
        assert_eq!(self.thread.join().unwrap(), Ok(()));
    }
}

fn address(name: &str) -> Address {
    Address::parse(&format!("{name}@example.com")).unwrap()
}

fn agent(number: u64) -> AgentId {
    AgentId { gateway: GatewayId(0), number }
}

fn is_granted(effect: &Effect, number: u64) -> bool {
    matches!(effect, Effect::Claimed { ticket, .. } if *ticket == Ticket(number))
}

fn is_refused(effect: &Effect, number: u64) -> bool {
    matches!(effect, Effect::ClaimRefused { ticket, refusal: Refusal::Unavailable { limit: STORE_LIMIT }, .. }
        if *ticket == Ticket(number))
}

#[test]
fn a_new_name_is_granted_when_it_is_durable_and_not_before() {
    let scene = scene();
    scene.claim(1, &["alice"]);
    scene.catch_up();
    assert!(scene.is_silent());
    scene.disk.end_one(true);
    assert!(is_granted(&scene.next_effect(), 1));
    scene.stop();
}

#[test]
fn a_claim_on_a_name_that_is_not_durable_yet_waits_for_it() {
    let scene = scene();
    scene.claim(1, &["alice"]);
    scene.catch_up();
    scene.claim(2, &["alice"]);
    scene.catch_up();
    assert!(scene.is_silent());
    scene.disk.end_one(true);
    assert!(is_granted(&scene.next_effect(), 1));
    assert!(is_granted(&scene.next_effect(), 2));
    scene.stop();
}

#[test]
fn a_failed_commit_refuses_its_names_and_leaves_the_others_alone() {
    let scene = scene();
    scene.claim(1, &["alice"]);
    scene.disk.end_one(true);
    assert!(is_granted(&scene.next_effect(), 1));
    scene.register(1);

    scene.claim(2, &["bob"]);
    scene.disk.end_one(false);
    assert!(is_refused(&scene.next_effect(), 2));
    assert!(scene.failing.load(Ordering::Relaxed));
    // Who is known is served on.
    scene.claim(1, &["alice"]);
    assert!(is_granted(&scene.next_effect(), 1));
    assert_eq!(scene.state("alice"), Some(PresenceState::Online));
    // Who is new is refused as long as the store does not write.
    scene.claim(3, &["carol"]);
    assert!(is_refused(&scene.next_effect(), 3));
    scene.disk.work_by_itself(true);
    scene.stop();
}

#[test]
fn what_could_not_be_written_is_written_later_in_order_and_then_names_are_granted_again() {
    let scene = scene();
    scene.claim(1, &["alice"]);
    scene.disk.end_one(false);
    assert!(is_refused(&scene.next_effect(), 1));
    scene.disk.work_by_itself(true);
    let give_up = Instant::now() + PATIENCE;
    while scene.failing.load(Ordering::Relaxed) {
        assert!(Instant::now() < give_up, "the store was not tried again");
        thread::yield_now();
    }
    let written = scene.disk.0.lock().unwrap().facts.clone();
    assert!(matches!(written.as_slice(), [Fact::Principal { .. }, Fact::Alias(_)]), "{written:?}");
    scene.claim(1, &["alice"]);
    assert!(is_granted(&scene.next_effect(), 1));
    scene.stop();
}

#[test]
fn a_watcher_is_told_of_changes_without_waiting_for_the_disk() {
    let scene = scene();
    let watch = scene.shard.watch(None, 16);
    scene.claim(1, &["alice"]);
    scene.register(1);
    let states = std::iter::from_fn(|| match watch.changes.recv_timeout(PATIENCE) {
        Ok(Change::Document(document)) => Some(document.state),
        _ => None,
    });
    assert!(states.into_iter().any(|state| state == PresenceState::Online));
    scene.disk.end_one(true);
    drop(watch);
    scene.stop();
}

#[test]
fn a_watcher_that_takes_nothing_is_cut_off_and_the_others_are_not() {
    let scene = scene();
    let (slow, quick) = (scene.shard.watch(None, 1), scene.shard.watch(None, 1000));
    for number in 1..=5 {
        scene.claim(number, &[&format!("room{number}")]);
        scene.register(number);
        scene.catch_up();
        scene.disk.end_one(true);
    }
    assert_eq!(slow.changes.iter().count(), 1, "one waited, then the end");
    assert!(quick.changes.try_iter().count() >= 5);
    assert_eq!(scene.shard.look(|engine| engine.counts().watchers), Some(1));
    drop((slow, quick));
    scene.stop();
}

#[test]
fn the_account_of_a_call_is_a_fact() {
    let scene = scene();
    let record = crate::control::tests::call_record();
    scene.shard.inputs.send(ShardInput::Call(record.clone())).unwrap();
    scene.disk.end_one(true);
    assert_eq!(scene.disk.0.lock().unwrap().facts, [Fact::Call(Box::new(record))]);
    scene.stop();
}

#[test]
fn a_contradicting_fact_is_given_up_alone() {
    let scene = scene();
    // While the shard looks, both claims come together, to be one commit.
    let (go, wait) = bounded::<()>(1);
    let (looking, looks) = bounded::<()>(1);
    let look = Box::new(move |_: &Engine| {
        looking.send(()).unwrap();
        assert!(wait.recv_timeout(PATIENCE).is_ok());
    });
    scene.shard.inputs.send(ShardInput::Look(look)).unwrap();
    looks.recv_timeout(PATIENCE).unwrap();
    scene.claim(1, &["alice"]);
    scene.claim(2, &["bob"]);
    go.send(()).unwrap();
    scene.disk.refuse(|fact| matches!(fact, Fact::Principal { address, .. } if address.local() == "alice"));
    let mut effects = vec![scene.next_effect(), scene.next_effect()];
    effects.retain(|effect| is_refused(effect, 1) || is_refused(effect, 2));
    assert_eq!(effects.len(), 2);
    let give_up = Instant::now() + PATIENCE;
    while scene.failing.load(Ordering::Relaxed) {
        assert!(Instant::now() < give_up, "the others were not written");
        thread::yield_now();
    }
    let written = scene.disk.0.lock().unwrap().facts.clone();
    assert!(
        matches!(written.as_slice(), [Fact::Alias(_), Fact::Principal { .. }, Fact::Alias(_)]),
        "{written:?}"
    );
    scene.stop();
}

#[test]
fn claims_that_come_while_a_commit_fails_are_refused_in_order() {
    let scene = scene();
    scene.claim(1, &["alice"]);
    scene.catch_up();
    scene.claim(2, &["bob"]);
    scene.catch_up();
    scene.disk.end_one(false);
    assert!(is_refused(&scene.next_effect(), 1));
    scene.claim(3, &["carol"]);
    scene.catch_up();
    assert!(scene.is_silent(), "what came later is not told earlier");
    scene.disk.end_one(true);
    assert!(is_granted(&scene.next_effect(), 2));
    assert!(is_refused(&scene.next_effect(), 3));
    scene.disk.work_by_itself(true);
    scene.stop();
}

#[test]
fn more_requests_than_a_batch_holds_are_all_answered() {
    let scene = scene();
    scene.disk.work_by_itself(true);
    // A look keeps the shard from taking the claims one by one.
    let (go, wait) = bounded::<()>(1);
    let look = Box::new(move |_: &Engine| assert!(wait.recv_timeout(PATIENCE).is_ok()));
    scene.shard.inputs.send(ShardInput::Look(look)).unwrap();
    let claims = 2 * BATCH_MAX as u64 + 1;
    let answers = scene.effects.clone();
    let counting = thread::spawn(move || {
        let mut answered = 0;
        while answered < claims
            && let Ok(DriverInput::Effects(effects)) = answers.recv_timeout(PATIENCE)
        {
            answered += effects.len() as u64;
        }
        answered
    });
    let requests = Vec::from_iter((0..claims).map(|number| claim(number, &[&format!("room{number}")])));
    for some in requests.chunks(REQUESTS_AT_ONCE) {
        scene.shard.inputs.send(ShardInput::Requests(some.to_vec())).unwrap();
    }
    go.send(()).unwrap();
    assert_eq!(counting.join().unwrap(), claims);
    scene.stop();
}
