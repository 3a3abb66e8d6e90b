//! Repeats: the first refusal of a kind is written at once; what is the same within a minute from it is one more record,
//! with a count, when the minute is over.

use model::{AuditEvent, AuditRecord, Instant, Millis};
use std::collections::{HashMap, HashSet};

/// How long repeats are gathered.
const GATHERED_FOR: Millis = Millis::seconds(60);

/// What is gathered, by what happened. It has a limit: a flood of refusals of which each is about somebody else is
/// gathered by what was asked and why alone.
#[derive(Debug)]
pub(super) struct Gathering {
    open_max: usize,
    open: HashMap<AuditEvent, Open>,
    /// When the first of them is over.
    due: Option<Instant>,
}

#[derive(Debug)]
struct Open {
    until: Instant,
    /// The repeats; none yet where its count is 0.
    repeats: AuditRecord,
}

impl Gathering {
    pub fn new(open_max: usize) -> Self {
        Self { open_max, open: HashMap::new(), due: None }
    }

    /// Takes what happened. What comes back is to be written now.
    pub fn note(&mut self, now: Instant, record: AuditRecord) -> Option<AuditRecord> {
        if let Some(open) = self.open.get_mut(&record.event) {
            open.add(&record);
            return None;
        }
        let is_full = self.open.len() >= self.open_max;
        let event = if is_full { common(&record.event) } else { record.event.clone() };
        if let Some(open) = self.open.get_mut(&event) {
            open.add(&record);
            return None;
        }
        let until = now.after(GATHERED_FOR);
        self.due = Some(self.due.map_or(until, |due| due.min(until)));
        let first = AuditRecord { event: event.clone(), ..record };
        self.open.insert(event, Open { until, repeats: AuditRecord { count: 0, ..first.clone() } });
        Some(first)
    }

    /// When [`Self::take_due`] has something.
    pub const fn due(&self) -> Option<Instant> {
        self.due
    }

    /// What was gathered of minutes that are over.
    pub fn take_due(&mut self, now: Instant) -> Vec<AuditRecord> {
        if self.due.is_none_or(|due| due > now) {
            return Vec::new();
        }
        let over = self.open.extract_if(|_, open| open.until <= now).map(|(_, open)| open.repeats);
        let over = in_order(over);
        self.due = self.open.values().map(|open| open.until).min();
        over
    }

    /// What was gathered about somebody; it is gathered no more.
    pub fn take_about(&mut self, texts: &HashSet<String>) -> Vec<AuditRecord> {
        in_order(self.open.extract_if(|event, _| is_about(event, texts)).map(|(_, open)| open.repeats))
    }

    /// All that was gathered.
    pub fn take_all(&mut self) -> Vec<AuditRecord> {
        self.due = None;
        in_order(self.open.drain().map(|(_, open)| open.repeats))
    }
}

impl Open {
    fn add(&mut self, record: &AuditRecord) {
        let repeats = &mut self.repeats;
        if repeats.count == 0 {
            repeats.at = record.at;
        }
        repeats.count += record.count;
        repeats.last_at = record.last_at;
    }
}

/// Whether an event names somebody who goes by one of these.
pub(super) fn is_about(event: &AuditEvent, texts: &HashSet<String>) -> bool {
    [&event.actor, &event.object, &event.target].into_iter().flatten().any(|name| texts.contains(name))
}

/// An event without anybody's name.
pub(super) fn unnamed(event: &AuditEvent) -> AuditEvent {
    AuditEvent { actor: None, object: None, target: None, ..event.clone() }
}

/// What is left of an event when too many differ.
fn common(event: &AuditEvent) -> AuditEvent {
    AuditEvent { actor: None, object: None, target: None, peer: None, ..event.clone() }
}

/// Those that are repeats at all, the first before the others.
fn in_order(records: impl Iterator<Item = AuditRecord>) -> Vec<AuditRecord> {
    let mut records = Vec::from_iter(records.filter(|repeats| repeats.count > 0));
    records.sort_by(|one, other| {
        (one.at, &one.event.act, &one.event.object).cmp(&(other.at, &other.event.act, &other.event.object))
    });
    records
}
