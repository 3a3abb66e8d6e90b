//! A scene: an engine, a clock that moves when told, and a word for each thing that happens.

use engine::{Effects, Engine, Settings};
use model::{
    Address, AgentId, AuditEvent, BlockRecord, Claim, Effect, Evidence, EvidenceKey, Fact, GatewayId,
    GroupRecord, Instant, MemberRecord, Millis, NamedAddress, Now, PresenceDocument, PresenceState,
    Publication, Request, Rule, RuleKey, SoftRecord, Source, Strength, SubscriptionId, SubscriptionRecord,
    Symmetry, Ticket, Timestamp, WatcherId,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// How long a registration lasts unless renewed.
pub const TIME_TO_LIVE: Millis = Millis::seconds(120);

pub struct Scene {
    pub engine: Engine,
    pub now: Now,
    /// All facts so far.
    pub facts: Vec<Fact>,
    /// All effects that might leave at once, not yet looked at.
    pub immediate: Vec<Effect>,
    /// All promises not yet looked at.
    pub promised: Vec<Effect>,
    /// All refusals so far.
    pub audited: Vec<AuditEvent>,
    effects: Effects,
    epoch: u32,
    settings: Settings,
    /// Whether what is asked or decided of one direction is meant for both, as with H.323.
    pub symmetry: Symmetry,
    /// Of all who join from now on.
    pub strength: Strength,
    /// Ids of subscriptions given out.
    ids: u64,
}

impl Scene {
    pub fn new() -> Self {
        Self::with(Settings::default())
    }

    pub fn with(settings: Settings) -> Self {
        Self::of(settings, 1, Now { instant: Instant(0), wall: Timestamp(1_000_000) })
    }

    fn of(settings: Settings, epoch: u32, now: Now) -> Self {
        let engine = Engine::new(settings.clone(), epoch);
        let effects = Effects::default();
        Self {
            engine,
            now,
            facts: Vec::new(),
            immediate: Vec::new(),
            promised: Vec::new(),
            audited: Vec::new(),
            effects,
            epoch,
            settings,
            symmetry: Symmetry::Auto,
            strength: Strength::Password,
            ids: 0,
        }
    }

    /// The next process over the same store: durable facts and the soft records that were written.
    pub fn restarted(&self, records: &[SoftRecord], down: Millis) -> Self {
        let mut next = self.restarted_with(self.settings.clone(), down);
        for record in records {
            next.engine.restore(record);
        }
        next
    }

    /// The next process with settings of its own and no soft records: what is durable of names and of the service,
    /// messages left aside.
    pub fn restarted_with(&self, settings: Settings, down: Millis) -> Self {
        let now = Now { instant: Instant(7), wall: self.now.wall.after(down) };
        let mut next = Self::of(settings, self.epoch + 1, now);
        let engine = &mut next.engine;
        for fact in &self.facts {
            if let Fact::Principal { address, created_at } = fact {
                engine.load_principal(address, *created_at);
            }
        }
        for fact in &self.facts {
            if let Fact::Alias(entry) = fact {
                engine.load_alias(entry).unwrap();
            }
        }
        let stored = Stored::of(&self.facts);
        for ((principal, device), publication) in stored.publications {
            engine.load_publication(&principal, &device, publication).unwrap();
        }
        for record in stored.subscriptions.into_values() {
            engine.load_subscription(record).unwrap();
        }
        for record in stored.blocks.into_values() {
            engine.load_block(record).unwrap();
        }
        for rule in stored.rules.into_values() {
            engine.load_rule(rule).unwrap();
        }
        for record in stored.groups.into_values() {
            engine.load_group(record);
        }
        for record in stored.members.into_values() {
            assert!(engine.load_member(&record));
        }
        next.ids = self.ids;
        next.facts = self.facts.clone();
        next.epoch = self.epoch + 1;
        next
    }

    pub fn ask(&mut self, request: Request) {
        self.engine.handle(self.now, request, &mut self.effects);
    }

    /// Ends the batch.
    pub fn settle(&mut self) {
        self.engine.settle(self.now, &mut self.effects);
        self.facts.append(&mut self.effects.facts);
        self.promised.append(&mut self.effects.promised);
        self.immediate.append(&mut self.effects.immediate);
        self.audited.append(&mut self.effects.audited);
    }

    /// Time passes, with all that is due in it.
    pub fn pass(&mut self, length: Millis) {
        self.settle();
        let end = self.now.after(length);
        while let Some(due) = self.engine.deadline().filter(|due| *due <= end.instant) {
            self.now = self.now.after(due.since(self.now.instant));
            self.engine.timeout(self.now);
            self.settle();
        }
        self.now = end;
    }

    pub fn claim_with(&mut self, number: u64, names: &[&str], inferred: bool) {
        let claim = Claim {
            agent: agent(number),
            aliases: names.iter().map(|name| alias(name)).collect(),
            inferred,
            has_presence: false,
            has_messaging: false,
            strength: self.strength,
            device: String::new(),
            description: format!("endpoint {number}"),
        };
        self.ask(Request::Claim { ticket: Ticket(number), claim });
    }

    pub fn claim(&mut self, number: u64, names: &[&str]) {
        self.claim_with(number, names, true);
    }

    pub fn observe(&mut self, number: u64, evidence: Evidence) {
        self.ask(Request::Observe { agent: agent(number), evidence });
    }

    pub fn keep_alive(&mut self, number: u64) {
        let evidence = registration(self.now.wall, self.now.instant.after(TIME_TO_LIVE));
        self.observe(number, evidence);
    }

    pub fn register(&mut self, number: u64, names: &[&str]) {
        self.claim(number, names);
        self.keep_alive(number);
    }

    pub fn answer_call(&mut self, number: u64, call: &str) {
        let evidence = self::call(call, self.now.wall);
        self.observe(number, evidence);
    }

    pub fn withdraw(&mut self, number: u64, source: Source, id: &str) {
        let key = EvidenceKey { source, id: id.to_owned() };
        self.ask(Request::Withdraw { agent: agent(number), key, at: self.now.wall });
    }

    pub fn hang_up(&mut self, number: u64, call: &str) {
        self.withdraw(number, Source::Call, call);
    }

    pub fn depart(&mut self, number: u64, reason: &str) {
        let at = self.now.wall;
        self.ask(Request::Depart { agent: agent(number), at, reason: reason.to_owned(), is_farewell: false });
    }

    pub fn watch(&mut self, watcher: u64, name: &str) {
        self.ask(Request::Subscribe { watcher: WatcherId(watcher), presentity: Some(address(name)) });
    }

    pub fn watch_all(&mut self, watcher: u64) {
        self.ask(Request::Subscribe { watcher: WatcherId(watcher), presentity: None });
    }

    /// What a watcher was told since it was last looked at.
    pub fn told(&mut self, watcher: u64) -> Vec<Arc<PresenceDocument>> {
        self.settle();
        let mut told = Vec::new();
        self.immediate.retain(|effect| match effect {
            Effect::Notify { watcher: WatcherId(to), document } if *to == watcher => {
                told.push(Arc::clone(document));
                false
            }
            _ => true,
        });
        told
    }

    /// The states a watcher was told since it was last looked at.
    pub fn states_told(&mut self, watcher: u64) -> Vec<PresenceState> {
        self.told(watcher).iter().map(|document| document.state).collect()
    }

    pub fn document(&mut self, name: &str) -> Arc<PresenceDocument> {
        self.settle();
        self.engine.document(&address(name)).unwrap()
    }

    pub fn state(&mut self, name: &str) -> PresenceState {
        self.document(name).state
    }

    /// An id for a subscription that none has had.
    pub fn next_id(&mut self) -> SubscriptionId {
        self.ids += 1;
        SubscriptionId(u128::from(self.ids).to_be_bytes())
    }

    /// A moment, in milliseconds after the scene began.
    pub fn wall(&self, millis: i64) -> Timestamp {
        Timestamp(1_000_000 + millis)
    }
}

pub fn agent(number: u64) -> AgentId {
    AgentId { gateway: GatewayId(0), number }
}

/// Somebody of the scene's domain, unless the name has one.
pub fn address(name: &str) -> Address {
    let name = if name.contains('@') { name.to_owned() } else { format!("{name}@x.example") };
    Address::parse(&name).unwrap()
}

pub fn alias(name: &str) -> NamedAddress {
    NamedAddress { address: address(name), kind: "h323-ID".to_owned(), original: name.to_owned() }
}

pub fn registration(since: Timestamp, expires: Instant) -> Evidence {
    Evidence {
        key: EvidenceKey { source: Source::Registration, id: String::new() },
        state: PresenceState::Online,
        since,
        expires: Some(expires),
        detail: "registered".into(),
    }
}

pub fn call(id: &str, since: Timestamp) -> Evidence {
    Evidence {
        key: EvidenceKey { source: Source::Call, id: id.to_owned() },
        state: PresenceState::OnCall,
        since,
        expires: None,
        detail: "answered".into(),
    }
}

/// What a store would hold after facts.
#[derive(Default)]
pub struct Stored {
    pub publications: BTreeMap<(Address, String), Publication>,
    pub subscriptions: BTreeMap<(Address, Address), SubscriptionRecord>,
    pub blocks: BTreeMap<(Address, Address), BlockRecord>,
    pub rules: BTreeMap<RuleKey, Rule>,
    pub groups: BTreeMap<Address, GroupRecord>,
    pub members: BTreeMap<(Address, Address), MemberRecord>,
}

impl Stored {
    pub fn of(facts: &[Fact]) -> Self {
        let mut stored = Self::default();
        for fact in facts.iter().cloned() {
            match fact {
                Fact::Published { principal, device, publication } => {
                    stored.publications.insert((principal, device), *publication);
                }
                Fact::PublicationEnded { principal, device } => {
                    stored.publications.remove(&(principal, device)).unwrap();
                }
                Fact::Subscription(record) => {
                    let parties = (record.watcher.clone(), record.presentity.clone());
                    stored.subscriptions.insert(parties, *record);
                }
                Fact::SubscriptionEnded { watcher, presentity } => {
                    stored.subscriptions.remove(&(watcher, presentity)).unwrap();
                }
                Fact::Block(record) => {
                    stored.blocks.insert((record.owner.clone(), record.blocked.clone()), *record);
                }
                Fact::BlockEnded { owner, blocked } => {
                    stored.blocks.remove(&(owner, blocked)).unwrap();
                }
                Fact::Rule(rule) => drop(stored.rules.insert(rule.key.clone(), *rule)),
                Fact::RuleEnded(key) => drop(stored.rules.remove(&key).unwrap()),
                Fact::Group(record) => drop(stored.groups.insert(record.address.clone(), *record)),
                Fact::GroupRemoved { address } => {
                    stored.groups.remove(&address).unwrap();
                    stored.members.retain(|(group, _), _| *group != address);
                }
                Fact::GroupMember(record) => {
                    stored.members.insert((record.group.clone(), record.member.clone()), *record);
                }
                Fact::GroupMemberRemoved { group, member } => {
                    stored.members.remove(&(group, member)).unwrap();
                }
                _ => {}
            }
        }
        stored
    }
}
