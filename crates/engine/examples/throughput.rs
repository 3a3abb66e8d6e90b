//! Measures the engine alone: how many changes one core makes in a second of its time, and how much memory a principal takes.
//!
//! `cargo run --release -p engine --example throughput [principals] [watchers of each]`

use engine::{Effects, Engine, Limits, Settings};
use model::{
    Address, AgentId, Claim, Evidence, EvidenceKey, GatewayId, Instant, Millis, NamedAddress, Now,
    PresenceState, Request, Source, Strength, Ticket, Timestamp, WatcherId,
};

fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse().unwrap_or(0));
    let principals: u64 = arguments.next().unwrap_or(1_000_000);
    let watchers: u64 = arguments.next().unwrap_or(0);
    let settings = Settings { call_gap: Millis(0), limits: Limits::default(), ..Settings::default() };
    let mut bench = Bench { engine: Engine::new(settings, 1), effects: Effects::default(), waiting: 0 };

    let empty = resident_kib();
    bench.measure("claims and registrations", principals, |number| {
        [claim(number), observe(number, registration())]
    });
    println!("{} octets of memory for each principal", (resident_kib() - empty) * 1024 / principals);
    let known = resident_kib();
    if watchers > 0 {
        bench.measure("subscriptions", principals * watchers, |step| [subscribe(step % principals, step)]);
        println!(
            "{} octets for each subscription",
            (resident_kib() - known) * 1024 / (principals * watchers)
        );
    }
    bench.measure("renewals", 5_000_000, |step| [observe(scatter(step) % principals, registration())]);
    bench.measure("calls answered, then ended", 5_000_000, |step| {
        // A call ends some batches after it was answered, so that each makes two documents.
        let (round, place) = (step / 65_536, step % 65_536);
        let id = round / 2 * 65_536 + place;
        let number = scatter(id) % principals;
        if round % 2 == 0 { [observe(number, call(id))] } else { [hang_up(number, id)] }
    });
    println!("{:#?}", bench.engine.counts());
}

struct Bench {
    engine: Engine,
    effects: Effects,
    waiting: usize,
}

impl Bench {
    /// Feeds the requests of `count` steps, in batches, and tells how fast they went.
    fn measure<const N: usize>(&mut self, what: &str, count: u64, requests: impl Fn(u64) -> [Request; N]) {
        let before = self.engine.counts();
        let began = busy_seconds();
        for step in 0..count {
            for request in requests(step) {
                self.engine.handle(NOW, request, &mut self.effects);
                self.waiting += 1;
            }
            if self.waiting >= BATCH {
                self.engine.settle(NOW, &mut self.effects);
                self.effects.clear();
                self.waiting = 0;
            }
        }
        self.engine.settle(NOW, &mut self.effects);
        self.effects.clear();
        let seconds = busy_seconds() - began;
        let after = self.engine.counts();
        let rate = |count: u64| (count as f64 / seconds) as u64;
        println!(
            "{what}: {}/s, with {} documents/s and {} notifications/s",
            rate(count),
            rate(after.changes - before.changes),
            rate(after.notifications - before.notifications)
        );
    }
}

fn agent(number: u64) -> AgentId {
    AgentId { gateway: GatewayId(0), number }
}

fn address(number: u64) -> Address {
    Address::parse(&format!("meeting room {number}@example.com")).expect("it is an address")
}

fn claim(number: u64) -> Request {
    let alias = |address: Address, kind: &str, original: String| NamedAddress {
        address,
        kind: kind.to_owned(),
        original,
    };
    let digits = Address::parse(&format!("{number}@example.com")).expect("it is an address");
    let claim = Claim {
        agent: agent(number),
        aliases: vec![
            alias(address(number), "h323-ID", format!("Meeting Room {number}")),
            alias(digits, "dialedDigits", number.to_string()),
        ],
        inferred: true,
        has_presence: false,
        has_messaging: false,
        strength: Strength::Password,
        device: String::new(),
        description: "a room system of some make 4.2, 192.0.2.17:1719".to_owned(),
    };
    Request::Claim { ticket: Ticket(number), claim }
}

fn registration() -> Evidence {
    Evidence {
        key: EvidenceKey { source: Source::Registration, id: String::new() },
        state: PresenceState::Online,
        since: Timestamp(1),
        expires: Some(Instant(1_000_000)),
        detail: "registered, heard at least every 120 s".into(),
    }
}

fn call(id: u64) -> Evidence {
    Evidence {
        key: EvidenceKey { source: Source::Call, id: format!("{id:032x}") },
        state: PresenceState::OnCall,
        since: Timestamp(2),
        expires: Some(Instant(2_000_000)),
        detail: "answered, as its admission request said".into(),
    }
}

fn observe(number: u64, evidence: Evidence) -> Request {
    Request::Observe { agent: agent(number), evidence }
}

fn hang_up(number: u64, id: u64) -> Request {
    let key = EvidenceKey { source: Source::Call, id: format!("{id:032x}") };
    Request::Withdraw { agent: agent(number), key, at: Timestamp(3) }
}

fn subscribe(number: u64, watcher: u64) -> Request {
    Request::Subscribe { watcher: WatcherId(watcher), presentity: Some(address(number)) }
}

/// Spreads steps over all principals, so that the caches are of no more use than in life.
fn scatter(step: u64) -> u64 {
    step.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20
}

/// How long this thread has been running on a core, whoever else wants it; 0 where the system doesn't tell.
fn busy_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|nanoseconds| nanoseconds.parse::<f64>().ok()).unwrap_or(0.0) / 1e9
}

/// Resident memory of this process in KiB; 0 where the system doesn't tell.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse().ok()).unwrap_or(0)
}

/// Requests in one batch.
const BATCH: usize = 1_024;

const NOW: Now = Now { instant: Instant(10), wall: Timestamp(1_000) };
