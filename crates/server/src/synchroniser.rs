//! Carries over what a directory says: its people become users, its groups groups.
//!
//! One thread reads the whole directory again and again, compares, and does what differs: each change is durable before
//! the next. A directory that can't be read changes nothing. One that suddenly says much less than before is taken for
//! broken: what would disappear stays until an operator says that it is meant (`herald directory sync --force`).

mod groups;
mod people;
mod standing;

pub use standing::DirectoryView;
pub(crate) use standing::Standing;

use crate::control::{Answering, Failure, FailureKind};
use crate::settings::DirectorySettings;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TrySendError, bounded};
use directory::{Directory, DirectoryError, Login, Snapshot};
use standing::Differences;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Operators that may wait for a synchronisation.
const WAITING_MAX: usize = 16;

/// The longest pause after a failure.
const RETRY_MAX: Duration = Duration::from_secs(60);

/// What has fewer members than this may disappear as a whole.
const MANY: usize = 10;

/// The way to the directory for those who answer operators, and other gateways; clones share it.
#[derive(Clone)]
pub(crate) struct DirectoryHandle {
    directory: Directory,
    orders: Sender<Order>,
    waiting: Receiver<Order>,
    standing: Arc<Standing>,
    is_stopping: Arc<AtomicBool>,
}

enum Order {
    Synchronise { is_forced: bool, reply: Sender<Result<String, String>> },
    Stop,
}

/// A synchroniser that runs.
pub(crate) struct Synchronising {
    handle: DirectoryHandle,
    thread: JoinHandle<()>,
}

/// The one who carries over.
struct Synchroniser {
    answering: Answering,
    handle: DirectoryHandle,
    settings: DirectorySettings,
}

impl DirectoryHandle {
    /// The way to the directory of these settings; `None` where there is none. No server is asked yet.
    pub fn open(settings: &DirectorySettings) -> io::Result<Option<Self>> {
        if !settings.is_on() {
            return Ok(None);
        }
        if !settings.starttls && settings.urls.iter().any(|url| url.to_string().starts_with("ldap://")) {
            let text = "Passwords go to the directory in the clear (starttls = false).";
            tracing::warn!(event = "directory.clear", "{text}");
        }
        let (orders, waiting) = bounded(WAITING_MAX);
        let directory = Directory::start(settings.directory())?;
        let (standing, is_stopping) = (Arc::default(), Arc::default());
        Ok(Some(Self { directory, orders, waiting, standing, is_stopping }))
    }

    /// What is known of the directory.
    pub fn standing(&self) -> Arc<Standing> {
        Arc::clone(&self.standing)
    }

    /// Reads the directory now and carries over what it says; in a sentence what was done.
    pub fn synchronise(&self, is_forced: bool) -> Result<String, Failure> {
        let unavailable = |text: String| Failure::new(FailureKind::Unavailable, text);
        let (reply, outcome) = bounded(1);
        self.orders.try_send(Order::Synchronise { is_forced, reply }).map_err(|error| match error {
            TrySendError::Full(_) => {
                unavailable(format!("{WAITING_MAX} operators wait for the directory already"))
            }
            TrySendError::Disconnected(_) => unavailable("the server is ending".to_owned()),
        })?;
        outcome.recv().map_err(|_| unavailable("the server is ending".to_owned()))?.map_err(unavailable)
    }

    /// Whether this is the name and the password of somebody in the directory.
    pub fn authenticate(&self, user: &str, password: &str) -> Result<Login, DirectoryError> {
        let outcome = self.directory.authenticate(user, password);
        let counters = &self.standing.counters;
        let counter = match &outcome {
            Ok(Login::Right(_)) => &counters.logins,
            Ok(_) => &counters.logins_refused,
            Err(_) => &counters.logins_failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        outcome
    }

    /// Starts to synchronise, at once and then again and again.
    pub fn start(self, settings: DirectorySettings, answering: Answering) -> io::Result<Synchronising> {
        let synchroniser = Synchroniser { answering, handle: self.clone(), settings };
        let thread = thread::Builder::new().name("directory".to_owned()).spawn(move || synchroniser.run())?;
        Ok(Synchronising { handle: self, thread })
    }
}

impl Synchronising {
    /// Ends the synchroniser when it has done what it is at, and what is asked of the directory.
    pub fn stop(self) {
        self.handle.is_stopping.store(true, Ordering::Relaxed);
        self.handle.directory.stop();
        let _ = self.handle.orders.try_send(Order::Stop);
        let _ = self.thread.join();
    }
}

impl Synchroniser {
    fn run(self) {
        let mut is_well = self.contained(false).is_ok();
        loop {
            let pause = self.settings.interval();
            let pause = if is_well { pause } else { pause.min(RETRY_MAX) };
            let order = self.handle.waiting.recv_timeout(pause);
            if self.is_stopping() {
                return;
            }
            match order {
                Ok(Order::Synchronise { is_forced, reply }) => {
                    let outcome = self.contained(is_forced);
                    is_well = outcome.is_ok();
                    // The operator may have gone.
                    let _ = reply.send(outcome);
                }
                Err(RecvTimeoutError::Timeout) => is_well = self.contained(false).is_ok(),
                Ok(Order::Stop) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// Synchronises; a fault of ours is a failure of this one time.
    fn contained(&self, is_forced: bool) -> Result<String, String> {
        let now = self.answering.clock.now().wall;
        let outcome = catch_unwind(AssertUnwindSafe(|| self.synchronise(is_forced)));
        let outcome = outcome.unwrap_or_else(|_| Err("a fault in herald; please report the log".to_owned()));
        if self.is_stopping() {
            return outcome;
        }
        let standing = &self.handle.standing;
        let is_news = standing.note(now, &outcome);
        match &outcome {
            Ok(done) => tracing::debug!(event = "directory.read", "The directory was read: {done}."),
            Err(error) if is_news => {
                let text = "The directory can't be read; the people and groups that are known stay.";
                tracing::warn!(event = "directory.failed", %error, "{text}");
            }
            Err(_) => {}
        }
        if outcome.is_ok() && is_news {
            tracing::info!(event = "directory.recovered", "The directory can be read.");
        }
        outcome
    }

    fn synchronise(&self, is_forced: bool) -> Result<String, String> {
        let begun = Instant::now();
        let snapshot = self.handle.directory.fetch().map_err(|error| error.to_string())?;
        let mut differences = Differences::default();
        let done = self.carry_over(&snapshot, is_forced, &mut differences);
        let took = begun.elapsed();
        let done = done.map_err(|failure| format!("what was read could not be carried over: {failure}"));
        self.handle.standing.found(&snapshot, differences);
        done.map(|done| format!("{done}, in {:.1} s", took.as_secs_f64()))
    }

    fn carry_over(
        &self,
        snapshot: &Snapshot,
        is_forced: bool,
        differences: &mut Differences,
    ) -> Result<String, Failure> {
        self.carry_over_people(snapshot, is_forced, differences)?;
        // Where people are missing by a mistake they are missing in groups too.
        if differences.held_back.is_empty() {
            self.carry_over_groups(snapshot, is_forced, differences)?;
        }
        let (people, groups) = (snapshot.people.len(), snapshot.groups.len());
        let Differences { users_changed, groups_changed, held_back, .. } = differences;
        let mut done = format!(
            "{people} people and {groups} groups were read; {users_changed} users and {groups_changed} groups changed"
        );
        if !held_back.is_empty() {
            done.push_str(&format!("; HELD BACK: {}", held_back.join("; ")));
        }
        Ok(done)
    }

    /// Whether so many of so many may disappear at one time.
    fn may_disappear(&self, gone: usize, of: usize, is_forced: bool) -> bool {
        is_forced || of < MANY || gone * 100 <= of * usize::from(self.settings.removals_max)
    }

    fn is_stopping(&self) -> bool {
        self.handle.is_stopping.load(Ordering::Relaxed)
    }
}
