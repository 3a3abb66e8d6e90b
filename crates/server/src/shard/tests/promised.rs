//! What agents and operators are told when the store writes, and when it does not.

use super::*;
use crate::shard::promises::Promises;
use model::{
    ContactChange, Decided, Delivery, GroupChange, GroupRecord, GroupRole, InstantMessage, MemberRecord,
    MessageFailure, MessageId, Millis, Publication, ReceiptsWanted, SubscriptionId, Symmetry,
};
use std::collections::VecDeque;

/// Promises over a disk that does what the test says, in a time of its own.
struct Desk {
    promises: Promises,
    under_way: VecDeque<Batch>,
    written: Vec<Fact>,
    now: model::Instant,
}

impl Desk {
    fn new() -> Self {
        let promises = Promises::new(Arc::default());
        Self { promises, under_way: VecDeque::new(), written: Vec::new(), now: model::Instant(1000) }
    }

    /// Hands in the facts and promises of a batch; what may be said at once.
    fn promise(&mut self, facts: Vec<Fact>, promised: Vec<Effect>) -> Vec<Effect> {
        self.promises.promise(facts, promised);
        self.drain()
    }

    /// Hands in an answer without facts; what may be said at once.
    fn answer(&mut self, effect: Effect) -> Vec<Effect> {
        self.promises.answer(effect);
        self.drain()
    }

    /// Ends the oldest commit; what may be said then.
    fn end(&mut self, succeeds: bool) -> Vec<Effect> {
        let batch = self.under_way.pop_front().expect("a commit is under way");
        if succeeds {
            self.written.extend(batch.facts);
        }
        let full = || StoreError::Full { file: "herald.db".into() };
        self.promises.conclude(self.now, succeeds.then_some(()).ok_or_else(full));
        self.drain()
    }

    fn drain(&mut self) -> Vec<Effect> {
        self.promises.keep_time(self.now);
        while let Some(batch) = self.promises.poll_commit(self.now) {
            self.under_way.push_back(batch);
        }
        std::iter::from_fn(|| self.promises.poll()).collect()
    }

    /// Works until the store has all it missed.
    fn recover(&mut self) {
        while !self.promises.is_writing() {
            match self.under_way.is_empty() {
                true => {
                    self.now = self.promises.due().expect("the store is tried again").max(self.now);
                    assert!(self.drain().is_empty());
                }
                false => drop(self.end(true)),
            }
        }
    }
}

fn message(id: u8) -> InstantMessage {
    InstantMessage {
        id: MessageId([id; 16]),
        sender: address("alice"),
        recipient: address("bob"),
        text: "hello".into(),
        content: None,
        language: None,
        sent_at: Timestamp(0),
        expires_at: None,
        max_forwards: 70,
        thread: None,
        wanted: ReceiptsWanted::default(),
        in_session: false,
        is_report: false,
        is_ignored: false,
    }
}

fn stored(id: u8) -> Fact {
    Fact::Message { inbox: address("bob"), place: id.into(), message: Box::new(message(id)) }
}

fn accepted(number: u64) -> Effect {
    Effect::Accepted { ticket: Ticket(number), agent: Some(agent(1)), is_stored: false }
}

fn done(number: u64) -> Effect {
    Effect::Done { ticket: Ticket(number), agent: agent(1) }
}

fn refused(number: u64) -> Effect {
    let refusal = Refusal::Unavailable { limit: STORE_LIMIT };
    Effect::Refused { ticket: Ticket(number), agent: agent(1), refusal }
}

fn message_refused(number: u64) -> Effect {
    let failure = MessageFailure::Unavailable { limit: STORE_LIMIT };
    Effect::MessageRefused { ticket: Ticket(number), agent: Some(agent(1)), failure }
}

fn deliver(id: u8) -> Effect {
    let sender = NamedAddress { address: address("alice"), kind: "h323-ID".into(), original: "alice".into() };
    let delivery = Delivery { message: message(id), sender, is_delayed: false, group: None };
    Effect::Deliver { agent: agent(2), delivery: Arc::new(delivery) }
}

fn publication() -> Publication {
    Publication {
        state: PresenceState::Away,
        qualifier: None,
        custom: Vec::new(),
        notes: Vec::new(),
        capabilities: None,
        location: None,
        extensions: Box::default(),
        at: Timestamp(0),
    }
}

fn published() -> Fact {
    Fact::Published {
        principal: address("alice"),
        device: "desk".into(),
        publication: Box::new(publication()),
    }
}

fn publish(number: u64) -> Request {
    Request::Publish { ticket: Ticket(number), agent: agent(1), publication: Box::new(publication()) }
}

fn send(number: u64) -> Request {
    Request::Send { ticket: Ticket(number), agent: Some(agent(1)), message: Box::new(message(1)) }
}

#[test]
fn a_message_is_accepted_and_delivered_when_it_is_durable_and_not_before() {
    let mut desk = Desk::new();
    assert!(desk.promise(vec![stored(1)], vec![accepted(1), deliver(1)]).is_empty());
    assert_eq!(desk.end(true), [accepted(1), deliver(1)]);
    assert!(desk.promises.take_retracted().is_empty());
}

#[test]
fn a_message_that_was_not_written_is_refused_taken_back_and_never_delivered_nor_written() {
    let mut desk = Desk::new();
    desk.promise(vec![stored(1)], vec![accepted(1), deliver(1), deliver(9)]);
    assert_eq!(desk.end(false), [message_refused(1), deliver(9)], "another's delivery goes on");
    let (inbox, sender) = (address("bob"), address("alice"));
    let retract = Request::Retract { inbox, sender, message: MessageId([1; 16]) };
    assert_eq!(desk.promises.take_retracted(), [retract]);
    assert!(desk.promises.take_retracted().is_empty(), "once");
    assert!(desk.answer(deliver(1)).is_empty());
    desk.recover();
    assert!(desk.written.is_empty());
    // Its sender may send it again.
    desk.promise(vec![stored(1)], vec![accepted(2), deliver(1)]);
    assert_eq!(desk.end(true), [accepted(2), deliver(1)]);
}

#[test]
fn where_messages_alone_were_refused_the_store_counts_as_failing_until_it_has_written_something() {
    let mut desk = Desk::new();
    desk.promise(vec![stored(1)], vec![accepted(1)]);
    assert_eq!(desk.end(false), [message_refused(1)]);
    for _ in 0..3 {
        desk.now = desk.promises.due().expect("the store is tried again");
        assert!(desk.drain().is_empty());
        assert!(!desk.promises.is_writing(), "nobody has tried yet");
        assert_eq!(desk.under_way.len(), 1, "an attempt is under way");
        desk.end(false);
        assert!(!desk.promises.is_writing());
    }
    desk.recover();
    assert!(desk.promises.is_writing());
    assert!(desk.written.is_empty(), "the message was refused, and stays so");
}

#[test]
fn a_change_that_was_not_written_is_refused_and_written_later_all_the_same() {
    let mut desk = Desk::new();
    desk.promise(vec![published()], vec![done(1)]);
    assert_eq!(desk.end(false), [refused(1)]);
    desk.recover();
    assert_eq!(desk.written, [published()]);
}

#[test]
fn an_answer_without_news_shares_the_fate_of_what_it_rests_on() {
    let mut desk = Desk::new();
    desk.promise(vec![stored(1)], vec![accepted(1)]);
    // The sender repeats itself before the disk has answered.
    assert!(desk.answer(accepted(2)).is_empty());
    assert_eq!(desk.end(true), [accepted(1), accepted(2)]);

    desk.promise(vec![stored(2)], vec![accepted(3)]);
    desk.promise(vec![stored(3)], vec![accepted(4)]);
    assert!(desk.answer(accepted(5)).is_empty());
    assert_eq!(desk.end(false), [message_refused(3)]);
    // Which of the two the last one repeats is not known.
    assert_eq!(desk.end(true), [accepted(4), message_refused(5)]);
    assert_eq!(desk.promises.take_retracted().len(), 1);
    desk.recover();
    assert_eq!(desk.written, [stored(1), stored(3)], "what is durable is not written twice");
}

#[test]
fn a_batch_of_many_facts_is_done_only_when_all_of_them_are_written() {
    let mut desk = Desk::new();
    let mut facts = vec![stored(1)];
    facts.extend((0..5000).map(|_| published()));
    desk.promise(facts, vec![done(1), accepted(2)]);
    assert!(desk.end(false).is_empty());
    assert_eq!(desk.end(true), [refused(1), accepted(2)], "the message was in the commit that succeeded");
}

#[test]
fn while_the_store_does_not_write_what_needs_it_is_refused_at_once_and_presence_goes_on() {
    let scene = scene();
    scene.claim(1, &["alice"]);
    scene.disk.end_one(true);
    assert!(is_granted(&scene.next_effect(), 1));
    scene.claim(2, &["bob"]);
    scene.disk.end_one(false);
    assert!(is_refused(&scene.next_effect(), 2));

    scene.request(publish(3));
    assert_eq!(scene.next_effect(), refused(3));
    scene.request(send(4));
    assert_eq!(scene.next_effect(), message_refused(4));
    scene.request(Request::ChangeContact {
        ticket: Ticket(5),
        agent: agent(1),
        change: ContactChange::Subscribe,
        contact: NamedAddress { address: address("bob"), kind: "h323-ID".into(), original: "bob".into() },
        card: Box::default(),
        id: SubscriptionId([1; 16]),
        symmetry: Symmetry::Auto,
    });
    assert_eq!(scene.next_effect(), refused(5));
    let (ticket, agent, id) = (Ticket(6), agent(1), SubscriptionId([1; 16]));
    scene.request(Request::Decide {
        ticket,
        agent,
        what: Decided::Subscription(id),
        is_approved: true,
        symmetry: Symmetry::Auto,
    });
    assert_eq!(scene.next_effect(), refused(6));
    let unwritten = MessageFailure::Unavailable { limit: STORE_LIMIT };
    assert_eq!(scene.shard.send(message(1)), Ok(Err(unwritten)));

    scene.register(1);
    assert_eq!(scene.state("alice"), Some(PresenceState::Online));
    scene.disk.work_by_itself(true);
    scene.stop();
}

/// A shard that no thread runs, and what its driver is given.
fn still() -> (Shard, Receiver<DriverInput>) {
    let (_, inputs) = bounded(1);
    let (driver_in, effects) = bounded(1000);
    let driver = DriverHandle { inputs: driver_in, waker: Arc::new(Waker::new().unwrap()) };
    let counters = Arc::<ShardCounters>::default();
    let shard = Shard::new(Parts {
        engine: Engine::new(engine::Settings::default(), 1),
        inputs,
        sink: SharedDisk::default().sink(),
        failing: Arc::default(),
        drivers: vec![(GatewayId(0), driver)],
        accounts: Accounts::nowhere(),
        audit: Audit::nowhere(),
        soft: SoftFlow::into_sink(Box::new(|_| Ok(())), Duration::from_secs(3600), 100, Arc::default()),
        clock: Clock::start(),
        counters,
    });
    (shard, effects)
}

#[test]
fn every_effect_for_an_agent_goes_to_its_driver() {
    let (mut shard, effects) = still();
    let all = vec![
        done(1),
        refused(2),
        Effect::Listed { agent: agent(1), contacts: Vec::new() },
        Effect::Routed { ticket: Ticket(3), agent: agent(1), agents: Vec::new() },
        accepted(4),
        message_refused(5),
        deliver(6),
        Effect::SessionEnded { agent: agent(1), peer: address("bob") },
    ];
    all.iter().cloned().for_each(|effect| shard.core.promises.say(effect));
    shard.drain().unwrap();
    let told: Vec<_> = effects
        .try_iter()
        .flat_map(|input| match input {
            DriverInput::Effects(effects) => effects,
            _ => panic!("no effects"),
        })
        .collect();
    assert_eq!(told, all);
    // Of refusals, those that the store is the cause of are counted.
    assert_eq!(shard.core.counters.requests_refused.load(Ordering::Relaxed), 2);
}

#[test]
fn what_an_agent_is_told_keeps_its_order_behind_what_waits_for_the_disk() {
    let (mut shard, effects) = still();
    shard.core.effects.facts.push(published());
    shard.core.effects.promised.push(done(1));
    shard.core.effects.immediate.push(Effect::Listed { agent: agent(1), contacts: Vec::new() });
    shard.core.file();
    shard.drain().unwrap();
    assert!(effects.is_empty());
}

#[test]
fn an_operator_is_answered_by_the_ticket_of_his_message() {
    let (mut shard, effects) = still();
    let (first, first_answered) = bounded(1);
    let (second, second_answered) = bounded(1);
    let (one, two) = (shard.operators.admit(first), shard.operators.admit(second));
    let failure = MessageFailure::NoRecipient;
    let refused = Effect::MessageRefused { ticket: two, agent: None, failure };
    let accepted = Effect::Accepted { ticket: one, agent: None, is_stored: true };
    for effect in [&refused, &accepted, &accepted] {
        shard.release(effect.clone());
    }
    assert_eq!(first_answered.try_recv(), Ok(accepted));
    assert_eq!(second_answered.try_recv(), Ok(refused));
    assert!(effects.is_empty());
}

#[test]
fn what_the_store_does_not_even_take_is_refused_and_tried_again() {
    let mut desk = Desk::new();
    desk.promises.promise(vec![published()], vec![done(1)]);
    assert!(desk.promises.poll_commit(desk.now).is_some());
    desk.promises.refused(desk.now, &StoreError::QueueFull { limit: "queue_facts_max", max: 1 });
    assert_eq!(desk.drain(), [refused(1)]);
    // A batch that comes while an attempt waits to be handed over does not push it aside.
    desk.now = desk.now.after(Millis::seconds(1));
    desk.promises.keep_time(desk.now);
    desk.promises.promise(vec![published()], vec![done(2)]);
    assert!(desk.drain().is_empty());
    assert_eq!(desk.end(true), [], "the attempt");
    assert_eq!(desk.end(true), [done(2)], "what came behind it");
    assert_eq!(desk.written.len(), 2);
}

#[test]
fn what_follows_from_a_message_that_was_not_written_does_not_wait_for_the_next_request() {
    let (mut shard, _effects) = still();
    shard.core.effects.facts.push(stored(1));
    shard.core.file();
    let now = shard.clock.now();
    assert!(shard.core.poll_commit(now.instant).is_some());
    shard.core.conclude(now.instant, Err(StoreError::Full { file: "herald.db".into() }));
    shard.drain().unwrap();
    assert_eq!(shard.core.deadline(), Some(model::Instant(0)));
    shard.core.end_batch(now).unwrap();
    assert_ne!(shard.core.deadline(), Some(model::Instant(0)));
}

#[test]
fn an_answer_that_comes_while_the_store_is_tried_again_is_given_whatever_comes_of_that() {
    for succeeds in [true, false] {
        let mut desk = Desk::new();
        desk.promise(vec![published()], vec![done(1)]);
        assert_eq!(desk.end(false), [refused(1)]);
        desk.now = desk.now.after(Millis::seconds(1));
        assert!(desk.drain().is_empty());
        assert_eq!(desk.under_way.len(), 1, "an attempt is under way");
        assert!(desk.answer(deliver(9)).is_empty());
        assert!(desk.answer(done(2)).is_empty());
        let expected = if succeeds { [deliver(9), done(2)] } else { [deliver(9), refused(2)] };
        assert_eq!(desk.end(succeeds), expected);
    }
}

#[test]
fn the_copies_of_a_message_to_a_group_come_into_one_commit_with_its_acceptance() {
    const MEMBERS: u64 = 1000;
    let settings = engine::Settings {
        messages: engine::MessageSettings { group_copies_max: MEMBERS as usize, ..Default::default() },
        ..Default::default()
    };
    let mut core = Core::new(Engine::new(settings, 1));
    let now = Now::default();
    let ask =
        |core: &mut Core, request| assert_eq!(core.request(now, request), Ok(crate::shard::Taken::Whole));
    let group = address("board");
    let record = GroupRecord { is_conversation: true, ..GroupRecord::of(group.clone(), Timestamp(0)) };
    let change = |change| Request::ChangeGroup { ticket: Ticket(0), agent: None, change: Box::new(change) };
    ask(&mut core, change(GroupChange::Create(record)));
    for number in 0..=MEMBERS {
        let name = format!("p{number}");
        let mut claim = claim(number, &[&name]);
        if let Request::Claim { claim, .. } = &mut claim {
            claim.has_messaging = true;
        }
        ask(&mut core, claim);
        let (group, member) = (group.clone(), address(&name));
        ask(&mut core, change(GroupChange::Join(MemberRecord { group, member, role: GroupRole::Member })));
    }
    core.end_batch(now).unwrap();
    let written = |core: &mut Core| {
        let mut commits = Vec::new();
        while let Some(batch) = core.poll_commit(now.instant) {
            commits.push(batch);
            core.conclude(now.instant, Ok(()));
        }
        while core.poll(now).unwrap().is_some() {}
        commits
    };
    written(&mut core);
    // More copies than a commit takes, in one batch.
    for number in 0..20 {
        let message = InstantMessage { recipient: group.clone(), ..message(number) };
        let agent = Some(agent(0));
        let ticket = Ticket(u64::from(number));
        ask(&mut core, Request::Send { ticket, agent, message: Box::new(message) });
    }
    core.end_batch(now).unwrap();
    let commits = written(&mut core);
    assert!(commits.len() > 1);
    for number in 0..20 {
        let is_copy =
            |fact: &&Fact| matches!(fact, Fact::Message { message, .. } if message.id.0[0] == number);
        let copies = commits.iter().map(|commit| commit.facts.iter().filter(is_copy).count());
        assert_eq!(Vec::from_iter(copies.filter(|copies| *copies > 0)), [MEMBERS as usize], "{number}");
    }
}
