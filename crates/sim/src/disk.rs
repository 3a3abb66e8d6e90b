//! A disk and the store on it: a log of batches that are written and synced, slow, full for a while, and struck by
//! crashes.

use crate::fault::{Fault, Faults};
use crate::random::Random;
use crate::tables::{Change, Tables};
use model::{
    Address, AliasEntry, Batch, BlockRecord, CallDetailRecord, Fact, GroupRecord, HistoryRecord, InboxRecord,
    Instant, InstantMessage, MemberRecord, MessageId, Millis, Now, Rule, SoftRecord, SubscriptionRecord,
    Timestamp, UserRecord,
};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use store::{
    AUDIT_PAGE_MAX, AuditQuery, AuditRow, CALLS_PAGE_MAX, CallQuery, HISTORY_PAGE_MAX, HistoryQuery,
    LastShutdown, Principal, PublicationRecord, Storage, StoreError,
};

type Done = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// How a disk is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Condition {
    /// It writes at once.
    #[default]
    Instant,
    /// Each commit takes a moment, at most so long.
    Slow(Millis),
    /// No commit succeeds; sometimes a small one does where the disk is only nearly full.
    Failing(StoreError),
    /// The queue takes nothing.
    Refusing,
}

/// What survives a crash, and what does not.
pub struct Disk {
    /// What a crash leaves.
    synced: Tables,
    /// What readers see.
    written: Tables,
    /// What is in the one and not in the other, in order.
    unsynced: Vec<Change>,
    waiting: VecDeque<(Batch, Done)>,
    soft: BTreeMap<(&'static str, String), (Option<String>, Timestamp)>,
    soft_due: Option<Instant>,
    /// When the commit that is under way ends, and how many batches it has.
    commit: Option<(Instant, usize)>,
    pub(crate) condition: Condition,
    random: Random,
    now: Now,
    faults: Faults,
    /// The batch before, for the fault that commits it again.
    last_batch: Vec<Fact>,
}

/// The store of one run of a server over a disk.
pub struct SimStore {
    disk: Rc<RefCell<Disk>>,
    epoch: u32,
    last_shutdown: LastShutdown,
    is_open: Cell<bool>,
    /// Whether soft records were handed in: the queue of a store that was just opened has room for the first.
    has_taken: Cell<bool>,
}

impl Disk {
    /// An empty disk without delay and mistakes.
    #[must_use]
    pub fn perfect() -> Rc<RefCell<Self>> {
        let mut random = Random::new(0);
        Self::new(random.branch(), Faults::new(None, random))
    }

    pub(crate) fn new(random: Random, faults: Faults) -> Rc<RefCell<Self>> {
        Rc::new(RefCell::new(Self {
            synced: Tables::default(),
            written: Tables::default(),
            unsynced: Vec::new(),
            waiting: VecDeque::new(),
            soft: BTreeMap::new(),
            soft_due: None,
            commit: None,
            condition: Condition::Instant,
            random,
            now: Now::default(),
            faults,
            last_batch: Vec::new(),
        }))
    }

    /// What a crash at this moment would leave at least.
    pub(crate) const fn synced(&self) -> &Tables {
        &self.synced
    }

    /// Whether nothing is under way.
    pub(crate) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.commit.is_none()
    }

    /// When [`Self::step`] has something to do.
    pub(crate) fn due(&self) -> Option<Instant> {
        self.commit.map(|(ends_at, _)| ends_at).into_iter().chain(self.soft_due).min()
    }

    /// Does what is due.
    pub(crate) fn step(&mut self, now: Now) {
        self.now = now;
        while self.commit.is_some_and(|(ends_at, _)| ends_at <= now.instant) {
            self.end_commit();
            self.begin_commit();
        }
        if self.soft_due.is_some_and(|due| due <= now.instant) {
            self.soft_due = match self.write_soft() {
                Ok(()) => None,
                Err(_) => Some(now.instant.after(SOFT_INTERVAL)),
            };
        }
    }

    /// The power fails. What was synced is there; of what was only written, and of the commit under way, as much as
    /// the disk happened to have.
    pub(crate) fn crash(&mut self) {
        if let Some((_, batches)) = self.commit.take()
            && !matches!(self.condition, Condition::Failing(_))
            && self.random.percent(50)
        {
            for (batch, _) in self.waiting.drain(..batches).collect::<Vec<_>>() {
                if self.written.check(&batch.facts).is_ok() {
                    self.write(Change::Facts(batch.facts));
                }
            }
        }
        let kept = self.random.below(self.unsynced.len() as u64 + 1) as usize;
        for change in std::mem::take(&mut self.unsynced).into_iter().take(kept) {
            self.synced.apply(&change);
        }
        self.written = self.synced.clone();
        self.waiting.clear();
        self.soft.clear();
        self.soft_due = None;
    }

    fn begin_commit(&mut self) {
        if self.commit.is_some() || self.waiting.is_empty() {
            return;
        }
        let mut facts = 0;
        let fitting = self.waiting.iter().take_while(|(batch, _)| {
            facts += batch.facts.len().max(1);
            facts <= GROUP_FACTS_MAX
        });
        let batches = fitting.count().max(1);
        let takes = match self.condition {
            Condition::Instant => 0,
            Condition::Slow(most) => 1 + self.random.below(most.0),
            Condition::Failing(_) | Condition::Refusing => 1 + self.random.below(20),
        };
        self.commit = Some((self.now.instant.after(Millis(takes)), batches));
    }

    fn end_commit(&mut self) {
        let Some((_, batches)) = self.commit.take() else { return };
        let group = Vec::from_iter(self.waiting.drain(..batches));
        let ended = group.into_iter().map(|(batch, done)| (self.commit_batch(batch), done));
        let ended = Vec::from_iter(ended);
        // All of them rest on one sync, and are told after it.
        if !self.faults.strike(Fault::SkippedSync) {
            self.sync();
        }
        for (outcome, done) in ended {
            done(outcome);
        }
    }

    fn commit_batch(&mut self, batch: Batch) -> Result<(), StoreError> {
        if let Condition::Failing(error) = &self.condition {
            let has_room = matches!(error, StoreError::Full { .. }) && self.random.percent(25);
            if !has_room {
                return Err(error.clone());
            }
        }
        self.written.check(&batch.facts)?;
        let mut facts = batch.facts;
        if self.faults.strike(Fault::FactDropped) && !facts.is_empty() {
            facts.pop();
        }
        if self.faults.strike(Fault::BatchTwice) {
            let again = std::mem::take(&mut self.last_batch);
            self.write(Change::Facts(facts.clone()));
            self.write(Change::Facts(again));
        } else {
            self.write(Change::Facts(facts.clone()));
        }
        self.last_batch = facts;
        Ok(())
    }

    fn write_soft(&mut self) -> Result<(), StoreError> {
        if let Condition::Failing(error) = &self.condition {
            return Err(error.clone());
        }
        let records = std::mem::take(&mut self.soft);
        self.write(Change::Soft(records));
        self.sync();
        Ok(())
    }

    fn write(&mut self, change: Change) {
        self.written.apply(&change);
        self.unsynced.push(change);
    }

    fn sync(&mut self) {
        for change in self.unsynced.drain(..) {
            self.synced.apply(&change);
        }
    }
}

impl SimStore {
    /// Opens the store on a disk; all that a start writes is durable on return.
    #[must_use]
    pub fn open(disk: &Rc<RefCell<Disk>>) -> Self {
        let mut on_disk = disk.borrow_mut();
        let (before, last_shutdown) = (on_disk.written.epoch, on_disk.written.last_shutdown);
        let epoch = if on_disk.faults.strike(Fault::EpochNotRaised) { before.max(1) } else { before + 1 };
        on_disk.write(Change::Run { epoch, last_shutdown: LastShutdown::Unclean });
        on_disk.sync();
        drop(on_disk);
        Self {
            disk: Rc::clone(disk),
            epoch,
            last_shutdown,
            is_open: Cell::new(true),
            has_taken: Cell::new(false),
        }
    }

    fn read<T>(&self, read: impl FnOnce(&Tables) -> T) -> Result<T, StoreError> {
        if self.is_open.get() { Ok(read(&self.disk.borrow().written)) } else { Err(StoreError::Closed) }
    }

    /// Copies first, so that `each` may look at the store.
    fn rows<T>(&self, read: impl FnOnce(&Tables) -> Vec<T>, each: impl FnMut(T)) -> Result<u64, StoreError> {
        let rows = self.read(read)?;
        let count = rows.len() as u64;
        rows.into_iter().for_each(each);
        Ok(count)
    }
}

impl Storage for SimStore {
    fn epoch(&self) -> u32 {
        self.epoch
    }

    fn last_shutdown(&self) -> LastShutdown {
        self.last_shutdown
    }

    fn principals(&self, each: impl FnMut(Principal)) -> Result<u64, StoreError> {
        let principal =
            |(address, at): (&Address, &Timestamp)| Principal { address: address.clone(), created_at: *at };
        self.rows(|tables| tables.principals.iter().map(principal).collect(), each)
    }

    fn aliases(&self, each: impl FnMut(AliasEntry)) -> Result<u64, StoreError> {
        self.rows(|tables| tables.aliases.values().cloned().collect(), each)
    }

    fn publications(&self, each: impl FnMut(PublicationRecord)) -> Result<u64, StoreError> {
        let records = |tables: &Tables| {
            let rows = tables.publications.iter().map(|((principal, device), publication)| {
                let (principal, device) = (principal.clone(), device.clone());
                PublicationRecord { principal, device, publication: publication.clone() }
            });
            rows.collect()
        };
        self.rows(records, each)
    }

    fn subscriptions(&self, each: impl FnMut(SubscriptionRecord)) -> Result<u64, StoreError> {
        self.rows(|tables| tables.subscriptions.values().cloned().collect(), each)
    }

    fn blocks(&self, each: impl FnMut(BlockRecord)) -> Result<u64, StoreError> {
        self.rows(|tables| tables.blocks.values().cloned().collect(), each)
    }

    fn rules(&self, each: impl FnMut(Rule)) -> Result<u64, StoreError> {
        self.rows(|tables| tables.rules.values().cloned().collect(), each)
    }
    fn groups(&self, each: impl FnMut(GroupRecord)) -> Result<u64, StoreError> {
        self.rows(|tables| tables.groups.values().cloned().collect(), each)
    }

    fn group_members(&self, each: impl FnMut(MemberRecord)) -> Result<u64, StoreError> {
        self.rows(|tables| tables.group_members.values().cloned().collect(), each)
    }

    fn inbox_rules(&self, each: impl FnMut(InboxRecord)) -> Result<u64, StoreError> {
        self.rows(|tables| tables.inbox_rules.values().cloned().collect(), each)
    }
    fn users(&self, each: impl FnMut(UserRecord)) -> Result<u64, StoreError> {
        self.rows(|tables| tables.users.values().cloned().collect(), each)
    }

    fn messages(&self, mut each: impl FnMut(Address, u64, InstantMessage)) -> Result<u64, StoreError> {
        let waiting = |tables: &Tables| {
            let rows = tables
                .messages
                .iter()
                .filter_map(|((inbox, ..), row)| Some((inbox.clone(), row.place, row.message.clone()?)));
            let mut rows = Vec::from_iter(rows);
            rows.sort_by(|one, other| (&one.0, one.1).cmp(&(&other.0, other.1)));
            rows
        };
        self.rows(waiting, |(inbox, place, message)| each(inbox, place, message))
    }

    fn settled(
        &self,
        mut each: impl FnMut(Address, Address, MessageId, Timestamp),
    ) -> Result<u64, StoreError> {
        let left = |tables: &Tables| {
            let rows = tables.messages.iter().filter_map(|((inbox, sender, id), row)| {
                Some((row.settled_at?, inbox.clone(), row.place, sender.clone(), *id))
            });
            let mut rows = Vec::from_iter(rows);
            rows.sort();
            rows
        };
        self.rows(left, |(at, inbox, _, sender, id)| each(inbox, sender, id, at))
    }

    fn soft(&self, table: &str, mut each: impl FnMut(&str, &str, Timestamp)) -> Result<u64, StoreError> {
        let records = |tables: &Tables| {
            let of_table = tables.soft.iter().filter(|((of, _), _)| *of == table);
            of_table.map(|((_, key), (value, at))| (key.clone(), value.clone(), *at)).collect()
        };
        self.rows(records, |(key, value, at)| each(&key, &value, at))
    }

    fn calls(&self, query: &CallQuery) -> Result<Vec<CallDetailRecord>, StoreError> {
        self.read(|tables| {
            let mut calls = Vec::from_iter(tables.calls.values());
            calls.sort_by_key(|call| std::cmp::Reverse((call.ended_at, &call.call_identifier)));
            let is_wanted = |call: &&&CallDetailRecord| {
                query.since.is_none_or(|since| call.ended_at >= since)
                    && query.before.as_ref().is_none_or(|(at, identifier)| {
                        (call.ended_at, &call.call_identifier) < (*at, identifier)
                    })
            };
            let limit = query.limit.min(CALLS_PAGE_MAX) as usize;
            calls.iter().filter(is_wanted).take(limit).map(|call| (*call).clone()).collect()
        })
    }

    fn audit(&self, query: &AuditQuery, limit: u32) -> Result<Vec<AuditRow>, StoreError> {
        self.read(|tables| {
            let all =
                (1..).zip(&tables.audit).map(|(number, record)| AuditRow { number, record: record.clone() });
            all.filter(|row| is_asked(query, row)).take(limit.min(AUDIT_PAGE_MAX) as usize).collect()
        })
    }

    fn history(&self, query: &HistoryQuery, limit: u32) -> Result<Vec<(u64, HistoryRecord)>, StoreError> {
        let is_asked = |(number, row): &(&u64, &HistoryRecord)| {
            row.principal == query.principal
                && query.before.is_none_or(|before| **number < before)
                && query.peer.as_ref().is_none_or(|peer| row.peer == *peer)
                && query.thread.is_none_or(|thread| row.thread == Some(thread))
                && query.since.is_none_or(|since| row.at >= since)
                && query.until.is_none_or(|until| row.at < until)
        };
        self.read(|tables| {
            let asked = tables.history.iter().rev().filter(is_asked);
            let rows = asked.map(|(number, row)| (*number, row.clone()));
            rows.take(limit.min(HISTORY_PAGE_MAX) as usize).collect()
        })
    }

    fn history_exceptions(&self, each: impl FnMut(Address)) -> Result<u64, StoreError> {
        self.rows(|tables| tables.history_exceptions.iter().cloned().collect(), each)
    }

    fn submit(
        &self,
        batch: Batch,
        done: impl FnOnce(Result<(), StoreError>) + Send + 'static,
    ) -> Result<(), StoreError> {
        if !self.is_open.get() {
            return Err(StoreError::Closed);
        }
        let mut disk = self.disk.borrow_mut();
        if disk.condition == Condition::Refusing {
            return Err(StoreError::QueueFull { limit: "queue_facts_max", max: 0 });
        }
        disk.waiting.push_back((batch, Box::new(done)));
        disk.begin_commit();
        let now = disk.now;
        if disk.condition == Condition::Instant {
            disk.step(now);
        }
        Ok(())
    }

    fn submit_soft(&self, records: Vec<SoftRecord>) -> Result<(), StoreError> {
        if !self.is_open.get() {
            return Err(StoreError::Closed);
        }
        let mut disk = self.disk.borrow_mut();
        if self.has_taken.replace(true) && disk.condition == Condition::Refusing {
            return Err(StoreError::QueueFull { limit: "soft_waiting_max", max: 0 });
        }
        let Now { instant, wall } = disk.now;
        for SoftRecord { table, key, value } in records {
            disk.soft.insert((table, key), (value, wall));
        }
        if !disk.soft.is_empty() {
            disk.soft_due.get_or_insert(instant.after(SOFT_INTERVAL));
        }
        Ok(())
    }

    fn close(&self) -> Result<(), StoreError> {
        if !self.is_open.replace(false) {
            return Ok(());
        }
        let mut disk = self.disk.borrow_mut();
        while !disk.waiting.is_empty() {
            disk.begin_commit();
            disk.end_commit();
        }
        disk.soft_due = None;
        disk.write_soft()?;
        let epoch = self.epoch;
        disk.write(Change::Run { epoch, last_shutdown: LastShutdown::Clean });
        disk.sync();
        Ok(())
    }
}

/// Whether a query is about a row of the audit log.
fn is_asked(query: &AuditQuery, AuditRow { number, record }: &AuditRow) -> bool {
    let is_named = |asked: &Option<String>, names: &[&Option<String>]| {
        let is_it = |name: &&str, asked: &str| {
            *name == asked || name.split_once(['@', ' ']).is_some_and(|(before, _)| before == asked)
        };
        asked.as_ref().is_none_or(|asked| {
            names.iter().filter_map(|name| name.as_deref()).any(|name| is_it(&name, asked))
        })
    };
    let event = &record.event;
    *number > query.after
        && query.since.is_none_or(|since| record.at >= since)
        && query.until.is_none_or(|until| record.at < until)
        && query.act.as_ref().is_none_or(|act| event.act == *act)
        && is_named(&query.actor, &[&event.actor])
        && is_named(&query.object, &[&event.object, &event.target])
}

/// Facts in one commit.
const GROUP_FACTS_MAX: usize = 512;

/// How long soft records wait to be merged with newer ones.
const SOFT_INTERVAL: Millis = Millis::seconds(2);
