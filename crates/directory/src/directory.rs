//! The conversation with a directory, for threads that wait for its end.

use crate::connection::Connection;
use crate::entry::Entry;
use crate::error::DirectoryError;
use crate::login::Login;
use crate::person::Person;
use crate::settings::Settings;
use crate::snapshot::Snapshot;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::Duration;
use tokio::runtime::Builder;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{Receiver, Sender, channel, error::TrySendError};

/// Questions that are worked on at one time; as many more may wait for the thread.
const QUESTIONS_MAX: usize = 16;

/// The longest that everything may take to read.
const FETCH_MAX: Duration = Duration::from_secs(600);

/// The most octets of a name or a password that somebody signs in with.
const LOGIN_OCTETS_MAX: usize = 1024;

/// A directory that can be asked; clones ask the same one. Its thread ends with [`Directory::stop`].
#[derive(Clone, Debug)]
pub struct Directory {
    jobs: Sender<Job>,
}

#[derive(Debug)]
enum Job {
    Fetch(SyncSender<Result<Snapshot, DirectoryError>>),
    Authenticate { user: String, password: String, reply: SyncSender<Result<Login, DirectoryError>> },
    Stop,
}

impl Directory {
    /// Starts the thread; no server is asked yet.
    ///
    /// # Errors
    /// The system has no thread to give.
    pub fn start(settings: Settings) -> io::Result<Self> {
        let (jobs, waiting) = channel(QUESTIONS_MAX);
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let settings = Arc::new(settings);
        thread::Builder::new().name("directory-io".to_owned()).spawn(move || {
            runtime.block_on(work(settings, waiting));
            // A name that is being looked up is not waited for.
            runtime.shutdown_background();
        })?;
        Ok(Self { jobs })
    }

    /// Reads all people and groups.
    ///
    /// # Errors
    /// Something of it could not be read; then nothing is given.
    pub fn fetch(&self) -> Result<Snapshot, DirectoryError> {
        self.ask(Job::Fetch)
    }

    /// Whether this is the name and the password of somebody in the directory, by a bind of its own (RFC 4513 clause 5.1.3).
    ///
    /// # Errors
    /// The directory could not say.
    pub fn authenticate(&self, user: &str, password: &str) -> Result<Login, DirectoryError> {
        let (user, password) = (user.to_owned(), password.to_owned());
        self.ask(|reply| Job::Authenticate { user, password, reply })
    }

    /// Ends the thread; who waits for an answer gets none.
    pub fn stop(&self) {
        let _ = self.jobs.blocking_send(Job::Stop);
    }

    fn ask<T>(
        &self,
        job: impl FnOnce(SyncSender<Result<T, DirectoryError>>) -> Job,
    ) -> Result<T, DirectoryError> {
        let (reply, answer) = sync_channel(1);
        self.jobs.try_send(job(reply)).map_err(|error| match error {
            TrySendError::Full(_) => DirectoryError::Busy(QUESTIONS_MAX),
            TrySendError::Closed(_) => DirectoryError::Ended,
        })?;
        // Each answer comes in time or its sender is dropped: every wait within has a limit.
        answer.recv().map_err(|_| DirectoryError::Ended)?
    }
}

/// Works until it is told to stop. What panics, as the reader of entries does on some that are malformed, ends alone.
async fn work(settings: Arc<Settings>, mut jobs: Receiver<Job>) {
    let places = Arc::new(Semaphore::new(QUESTIONS_MAX));
    while let Some(job) = jobs.recv().await {
        let (settings, place) = (Arc::clone(&settings), Arc::clone(&places).try_acquire_owned());
        let busy = || DirectoryError::Busy(QUESTIONS_MAX);
        match (job, place) {
            (Job::Stop, _) => return,
            (Job::Fetch(reply), Err(_)) => drop(reply.send(Err(busy()))),
            (Job::Authenticate { reply, .. }, Err(_)) => drop(reply.send(Err(busy()))),
            (Job::Fetch(reply), Ok(place)) => drop(tokio::spawn(async move {
                let fetched = tokio::time::timeout(FETCH_MAX, fetch(&settings)).await;
                let slow = |_| DirectoryError::Slow {
                    url: "the directory".to_owned(),
                    what: "search for people and groups",
                    limit_ms: FETCH_MAX.as_millis() as u64,
                };
                let _ = reply.send(fetched.map_err(slow).and_then(|fetched| fetched));
                drop(place);
            })),
            (Job::Authenticate { user, password, reply }, Ok(place)) => drop(tokio::spawn(async move {
                let _ = reply.send(authenticate(&settings, &user, &password).await);
                drop(place);
            })),
        }
    }
}

async fn fetch(settings: &Settings) -> Result<Snapshot, DirectoryError> {
    let mut connection = Connection::open(settings).await?;
    let (size, max) = (settings.page_size, settings.entries_max);
    let people = people_base(settings);
    let groups = settings.groups_base.as_deref().unwrap_or(&settings.base);
    let (person, group) = (settings.person_attributes(), settings.group_attributes());
    let people =
        connection.search("search for people", people, &settings.people_filter, person, size, max).await?;
    let groups =
        connection.search("search for groups", groups, &settings.groups_filter, group, size, max).await?;
    Ok(Snapshot::compose(&people, &groups, settings))
}

/// Finds the entry that a name means, and binds as it on a connection that has seen nothing else.
async fn authenticate(settings: &Settings, user: &str, password: &str) -> Result<Login, DirectoryError> {
    let is_usable = |text: &str| !text.is_empty() && text.len() <= LOGIN_OCTETS_MAX && !text.contains('\0');
    if !is_usable(password) {
        return Ok(Login::Wrong);
    }
    if !is_usable(user) {
        return Ok(Login::Unknown);
    }
    let mut asking = Connection::open(settings).await?;
    let filter = login_filter(settings, user);
    // Two are enough to know that there is not one. A page of ten keeps who means well from asking for more.
    let found = asking
        .search("search for a person", people_base(settings), &filter, settings.person_attributes(), 10, 2)
        .await;
    let found = match found {
        Err(DirectoryError::TooMany { .. }) => return Ok(Login::Ambiguous),
        found => found?,
    };
    let people = Vec::from_iter(found.iter().filter_map(|entry: &Entry| Person::read(entry, settings)));
    let (dn, refused) = match &people[..] {
        [person] if person.is_disabled => (None, Login::Disabled),
        [person] => (Some(&person.dn), Login::Wrong),
        [] => (None, Login::Unknown),
        _ => (None, Login::Ambiguous),
    };
    let mut binding = Connection::open(&Settings { bind_dn: None, ..settings.clone() }).await?;
    let Some(dn) = dn else {
        // Nobody's password is asked for too, so that it takes as long.
        let _ = binding.is_password(&format!("cn=nobody,{}", people_base(settings)), password).await;
        return Ok(refused);
    };
    let is_right = binding.is_password(dn, password).await?;
    let person = people.first().cloned().filter(|_| is_right);
    Ok(person.map_or(refused, |person| Login::Right(Box::new(person))))
}

fn people_base(settings: &Settings) -> &str {
    settings.people_base.as_deref().unwrap_or(&settings.base)
}

/// The filter that fits the people of one name. Whatever is special in a filter is escaped in the name (RFC 4515 clause 3).
fn login_filter(settings: &Settings, user: &str) -> String {
    let (people, attribute) = (&settings.people_filter, &settings.user_attribute);
    let people = if people.starts_with('(') { people.clone() } else { format!("({people})") };
    format!("(&{people}({attribute}={}))", ldap3::ldap_escape(user))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_say_nothing_but_a_name_in_a_filter() {
        let settings = Settings { people_filter: "(objectClass=person)".to_owned(), ..Settings::default() };
        let filter = login_filter(&settings, "*)(uid=*\\\0");
        assert_eq!(filter, "(&(objectClass=person)(uid=\\2a\\29\\28uid=\\2a\\5c\\00))");
        crate::settings::check_filter(&filter).unwrap();
    }

    #[test]
    fn nobody_is_asked_about_an_empty_password() {
        let directory = Directory::start(Settings::default()).unwrap();
        assert_eq!(directory.authenticate("bob", ""), Ok(Login::Wrong));
        assert_eq!(directory.authenticate("", "secret"), Ok(Login::Unknown));
        assert_eq!(directory.authenticate("bob", "secret"), Err(DirectoryError::NotConfigured));
        assert_eq!(directory.fetch(), Err(DirectoryError::NotConfigured));
        directory.stop();
        while directory.fetch() != Err(DirectoryError::Ended) {
            thread::yield_now();
        }
    }
}
