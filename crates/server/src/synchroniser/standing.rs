//! What is known of a directory, for operators.

use crate::counters::counters;
use directory::Snapshot;
use link::Counter;
use model::Timestamp;
use serde::{Deserialize, Serialize};
use std::sync::atomic::Ordering;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The most sentences about what was left out that are kept.
const SENTENCES_MAX: usize = 100;

counters! {
    /// What the synchroniser and those who ask for passwords have counted.
    DirectoryCounters {
        read "directory.read" "times that the directory was read and carried over";
        failures "directory.failures" "times that the directory could not be read or carried over";
        users_changed "directory.users_changed" "users made or changed because of the directory";
        groups_changed "directory.groups_changed" "groups made or changed because of the directory";
        held_back "directory.held_back" "times that something of the directory was not carried out because too much would disappear";
        logins "directory.logins" "names and passwords that the directory took";
        logins_refused "directory.logins_refused" "names and passwords that the directory did not take";
        logins_failed "directory.logins_failed" "names and passwords that the directory could not be asked about";
    }
}

/// What is known of a directory.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    pub counters: DirectoryCounters,
    view: Mutex<DirectoryView>,
}

/// A directory as operators see it.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DirectoryView {
    /// When it was last read and carried over.
    pub read_at: Option<Timestamp>,
    /// When that was last tried.
    pub tried_at: Option<Timestamp>,
    /// Why it failed the last time; `None`: it did not.
    pub failure: Option<String>,
    /// The people in it.
    pub people: usize,
    /// Those of them whose account may not be used.
    pub disabled: usize,
    /// The groups in it.
    pub groups: usize,
    /// Entries that are neither, because they have no name or that of another.
    pub unusable: usize,
    /// What would disappear and is kept until an operator says that it is meant, each in a sentence.
    pub held_back: Vec<String>,
    /// What could not be taken over, each in a sentence; at most a hundred.
    pub left_out: Vec<String>,
}

/// What came of one comparison.
#[derive(Debug, Default)]
pub(super) struct Differences {
    pub users_changed: usize,
    pub groups_changed: usize,
    pub held_back: Vec<String>,
    left_out: Vec<String>,
}

impl Differences {
    /// Notes what could not be taken over.
    pub fn leave_out(&mut self, what: impl FnOnce() -> String) {
        if self.left_out.len() < SENTENCES_MAX {
            self.left_out.push(what());
        }
    }

    /// Notes what would disappear.
    pub fn hold_back(&mut self, what: String) {
        if self.held_back.len() < SENTENCES_MAX {
            self.held_back.push(what);
        }
    }
}

impl Standing {
    /// What is known at present.
    pub fn view(&self) -> DirectoryView {
        self.lock().clone()
    }

    /// Everything that is counted.
    pub fn list(&self) -> Vec<Counter> {
        self.counters.list()
    }

    /// Notes what came of a synchronisation; whether it went otherwise than the one before.
    pub(super) fn note(&self, now: Timestamp, outcome: &Result<String, String>) -> bool {
        let mut view = self.lock();
        let was = view.tried_at.replace(now).map(|_| view.failure.is_some());
        let counter = if outcome.is_ok() { &self.counters.read } else { &self.counters.failures };
        counter.fetch_add(1, Ordering::Relaxed);
        view.failure = outcome.as_ref().err().cloned();
        if outcome.is_ok() {
            view.read_at = Some(now);
        }
        was != Some(outcome.is_err())
    }

    /// Notes what was found, and done about it.
    pub(super) fn found(&self, snapshot: &Snapshot, differences: Differences) {
        let Differences { users_changed, groups_changed, held_back, left_out } = differences;
        let add = |counter: &std::sync::atomic::AtomicU64, count: usize| {
            counter.fetch_add(count as u64, Ordering::Relaxed);
        };
        add(&self.counters.users_changed, users_changed);
        add(&self.counters.groups_changed, groups_changed);
        add(&self.counters.held_back, held_back.len());
        let mut view = self.lock();
        for sentence in held_back.iter().filter(|sentence| !view.held_back.contains(sentence)) {
            tracing::warn!(event = "directory.held_back", "{sentence}");
        }
        view.people = snapshot.people.len();
        view.disabled = snapshot.people.values().filter(|person| person.is_disabled).count();
        view.groups = snapshot.groups.len();
        (view.unusable, view.held_back, view.left_out) = (snapshot.unusable, held_back, left_out);
    }

    /// What an operator should do something about.
    pub fn problems(&self) -> Vec<String> {
        let view = self.lock();
        let failure = view.failure.as_ref().map(|failure| {
            format!("the directory can't be read, so the people and groups stay as they are: {failure}")
        });
        let held_back = view
            .held_back
            .iter()
            .map(|sentence| format!("{sentence}; if that is meant, `herald directory sync --force`"));
        failure.into_iter().chain(held_back).collect()
    }

    fn lock(&self) -> MutexGuard<'_, DirectoryView> {
        self.view.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
