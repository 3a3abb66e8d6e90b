//! What the server says to each question.

use super::listener::Answers;
use super::{Answer, Failure, FailureKind, Names, PresenceView, Question, Status};
use crate::audit::Audit;
use crate::clock::Clock;
use crate::driver::DriverHandle;
use crate::report::Report;
use crate::shard::{Change, ShardHandle};
use crate::synchroniser::DirectoryHandle;
use crate::vault::Vault;
use crossbeam_channel::RecvTimeoutError;
use link::{Command, CommandError, Outcome};
use model::{Address, PresenceDocument, Symmetry, Timestamp};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::{CallQuery, Store};

/// Documents read from the engine at one time, so that its other work never waits long.
const PAGE: usize = 256;

/// How often a watch looks whether its client is still there.
pub(super) const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// Everything that questions are about; clones share it.
#[derive(Clone)]
pub(crate) struct Answering {
    pub shard: ShardHandle,
    /// That of the gateway to H.323, and that to XMPP where there is one.
    pub drivers: Vec<DriverHandle>,
    pub store: Arc<Store>,
    pub names: Names,
    pub report: Arc<Report>,
    pub clock: Clock,
    pub audit: Audit,
    pub watch_queue_max: usize,
    /// What a decision in somebody's place means for the other direction.
    pub symmetric: Symmetry,
    /// Where passwords are sealed.
    pub vault: Vault,
    /// Held by who changes users.
    pub user_changes: Arc<Mutex<()>>,
    /// Where people and groups come from.
    pub directory: Option<DirectoryHandle>,
}

/// The outer error is that of the client's connection, the inner is for the client.
pub(super) type Answered<T> = io::Result<Result<T, Failure>>;

impl Answering {
    /// Does what a question asks for, and answers it; the end is for the caller to say.
    pub(super) fn carry_out(&self, question: Question, answers: &mut Answers<'_>) -> Answered<()> {
        match question {
            Question::Status => {
                give_one(answers, self.status().map(|status| Answer::Status(Box::new(status))))
            }
            Question::Endpoints { filter, limit } => match self.command(Command::Endpoints { filter, limit })
            {
                Ok(Outcome::Endpoints(endpoints)) => give_all(
                    answers,
                    endpoints.into_iter().map(|endpoint| Answer::Endpoint(Box::new(endpoint))),
                ),
                other => give_one(answers, unexpected(other)),
            },
            Question::Presence { address: Some(address) } => give_one(answers, self.presence(&address)),
            Question::Presence { address: None } => self.everybody(answers, |_| Ok(())),
            Question::Watch { address } => self.watch(address, answers),
            Question::Why { address } => give_one(answers, self.why(&address)),
            Question::Calls { limit } => match self.command(Command::Calls { limit }) {
                Ok(Outcome::Calls(calls)) => give_all(answers, calls.into_iter().map(Answer::Call)),
                other => give_one(answers, unexpected(other)),
            },
            Question::History { limit, since } => self.history(limit, since, answers),
            Question::Disconnect { call } => give_one(answers, self.end(Command::Disconnect { call })),
            Question::Unregister { endpoint } => {
                give_one(answers, self.end(Command::Unregister { endpoint }))
            }
            Question::Send { from, to, text } => give_one(answers, self.send(from.as_deref(), &to, text)),
            Question::Rules(question) => self.rules(question, answers),
            Question::Users(question) => self.users(question, answers),
            Question::Directory(question) => self.about_directory(question, answers),
            Question::Trace { endpoint } => self.trace(endpoint, answers),
            Question::Backup { file } => {
                let done = self.store.backup(&file).map_err(|error| unavailable(&error));
                give_one(
                    answers,
                    done.map(|()| Answer::Done(format!("{} is complete and checked", file.display()))),
                )
            }
            Question::CheckIntegrity => give_one(answers, self.check_integrity()),
            Question::Audit { query, last, follows } => self.audit(query, last, follows, answers),
            Question::Kept(kept) => self.kept(kept, answers),
            Question::KeepHistory { address, is_kept } => {
                give_one(answers, self.keep_history(&address, is_kept))
            }
            Question::Export { address } => self.export(&address, answers),
            Question::Erase { address } => give_one(answers, self.erase(&address)),
            Question::VerifyAudit { noted } => give_one(answers, self.verify_audit(noted.as_ref())),
            Question::Inbox { address } => give_one(answers, self.inbox(&address)),
            Question::SetInbox { address, rules } => give_one(answers, self.set_inbox(&address, rules)),
            Question::Groups => self.groups(answers),
            Question::GroupsOf { party } => self.groups_of(&party, answers),
            other => give_one(answers, self.change_groups(other)),
        }
    }

    fn status(&self) -> Result<Status, Failure> {
        let counts = self.shard.look(|engine| serde_json::to_value(engine.counts())).ok_or_else(ending)?;
        let mut counters = Vec::new();
        for driver in &self.drivers {
            if let Some(Ok(Outcome::Counters(counted))) = driver.command(Command::Counters) {
                counters.extend(counted);
            }
        }
        let limited = match self.command(Command::Limited)? {
            Outcome::Limited(limited) => limited,
            _ => Vec::new(),
        };
        Ok(self.report.status(&self.store, counts.unwrap_or_default(), limited, counters))
    }

    /// The reading of a typed name that somebody has.
    pub(super) fn known(&self, typed: &str) -> Result<Address, Failure> {
        let readings = self.names.readings(typed)?;
        let known =
            self.shard.look(|engine| readings.into_iter().find(|name| engine.resolve(name).is_some()));
        known.ok_or_else(ending)?.ok_or_else(|| self.names.unknown(typed, &self.shard))
    }

    fn presence(&self, typed: &str) -> Result<Answer, Failure> {
        let name = self.known(typed)?;
        let document = self.shard.look(move |engine| engine.document(&name)).flatten().ok_or_else(ending)?;
        Ok(presence(&document))
    }

    fn why(&self, typed: &str) -> Result<Answer, Failure> {
        let (name, now) = (self.known(typed)?, self.clock.now());
        let explanation =
            self.shard.look(move |engine| engine.why(now, &name)).flatten().ok_or_else(ending)?;
        serde_json::to_value(explanation).map(Answer::Why).map_err(|error| unavailable(&error))
    }

    /// The documents of all presentities, page by page, with something done after each page.
    fn everybody(
        &self,
        answers: &mut Answers<'_>,
        mut after_page: impl FnMut(&mut Answers<'_>) -> io::Result<()>,
    ) -> Answered<()> {
        let mut after: Option<Address> = None;
        loop {
            let from = after.take();
            let Some(page) = self.shard.look(move |engine| engine.documents(from.as_ref(), PAGE)) else {
                return Ok(Err(ending()));
            };
            for document in &page {
                answers.give(&presence(document))?;
            }
            after_page(answers)?;
            if page.len() < PAGE {
                return Ok(Ok(()));
            }
            after = page.last().map(|document| document.presentity.clone());
        }
    }

    fn watch(&self, typed: Option<String>, answers: &mut Answers<'_>) -> Answered<()> {
        let mut known = true;
        let address = match typed {
            None => None,
            Some(typed) => match (self.known(&typed), self.names.readings(&typed)) {
                (Ok(address), _) => Some(address),
                // Somebody may come by that name; the likeliest reading is watched.
                (Err(Failure { kind: FailureKind::NotFound, .. }), Ok(readings)) => {
                    known = false;
                    readings.into_iter().next()
                }
                (Err(failure), _) => return Ok(Err(failure)),
            },
        };
        let watch = self.shard.watch(address.clone(), self.watch_queue_max);
        answers.give(&Answer::Watching { address: address.clone(), known })?;
        let picture = match address {
            Some(address) => match self.shard.look(move |engine| engine.document(&address)) {
                Some(document) => give_all(answers, document.iter().map(|document| presence(document))),
                None => Ok(Err(ending())),
            },
            // Changes are taken in between, or those of a long first picture would look like a slow client.
            None => self.everybody(answers, |answers| {
                watch.changes.try_iter().try_for_each(|change| match change {
                    Change::Document(document) => answers.give(&presence(&document)),
                    Change::Refused(_) => Ok(()),
                })
            }),
        };
        if let Err(failure) = picture? {
            return Ok(Err(failure));
        }
        answers.give(&Answer::Live)?;
        loop {
            match watch.changes.recv_timeout(LOOK_INTERVAL) {
                Ok(Change::Document(document)) => answers.give(&presence(&document))?,
                Ok(Change::Refused(refusal)) => return Ok(Err(unavailable(&refusal))),
                Err(RecvTimeoutError::Timeout) if answers.is_gone() => return Ok(Ok(())),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    let text =
                        "the watch was cut off: the server ends, or the changes were not read fast enough";
                    return Ok(Err(Failure::new(FailureKind::Unavailable, text)));
                }
            }
        }
    }

    fn history(&self, limit: u32, since: Option<Timestamp>, answers: &mut Answers<'_>) -> Answered<()> {
        let records = self.store.calls(&CallQuery { limit, since, before: None });
        match records {
            Ok(records) => {
                give_all(answers, records.into_iter().map(|record| Answer::Record(Box::new(record))))
            }
            Err(error) => Ok(Err(unavailable(&error))),
        }
    }

    fn check_integrity(&self) -> Result<Answer, Failure> {
        let (done, outcome) = crossbeam_channel::bounded(1);
        let started = self.store.integrity_check_in_background(move |outcome| {
            let _ = done.send(outcome);
        });
        started.map_err(|error| unavailable(&error))?;
        outcome.recv().map_err(|_| ending())?.map_err(|error| unavailable(&error))?;
        Ok(Answer::Done("the database is sound".to_owned()))
    }

    fn end(&self, command: Command) -> Result<Answer, Failure> {
        match self.command(command) {
            Ok(Outcome::Ended(count)) => Ok(Answer::Ended(count)),
            other => unexpected(other),
        }
    }

    /// The gateway to H.323, which endpoints and calls are of.
    pub(super) fn h323(&self) -> Result<&DriverHandle, Failure> {
        self.drivers.first().ok_or_else(ending)
    }

    fn command(&self, command: Command) -> Result<Outcome, Failure> {
        self.h323()?.command(command).ok_or_else(ending)?.map_err(|error| command_failure(&error))
    }
}

fn presence(document: &PresenceDocument) -> Answer {
    Answer::Presence(Box::new(PresenceView::from(document)))
}

fn give_one(answers: &mut Answers<'_>, answer: Result<Answer, Failure>) -> Answered<()> {
    match answer {
        Ok(answer) => answers.give(&answer).map(Ok),
        Err(failure) => Ok(Err(failure)),
    }
}

pub(super) fn give_all(answers: &mut Answers<'_>, all: impl Iterator<Item = Answer>) -> Answered<()> {
    for answer in all {
        answers.give(&answer)?;
    }
    Ok(Ok(()))
}

/// The failure of a command, or that of a link that answers another one.
fn unexpected(outcome: Result<Outcome, Failure>) -> Result<Answer, Failure> {
    outcome.and_then(|_| Err(Failure::new(FailureKind::Unavailable, "the gateway answered something else")))
}

pub(super) fn command_failure(error: &CommandError) -> Failure {
    let kind = match error {
        CommandError::NoCall(_) | CommandError::NoEndpoint(_) => FailureKind::NotFound,
        CommandError::TracesExhausted | CommandError::Unsupported => FailureKind::Unavailable,
    };
    Failure::new(kind, error)
}

pub(super) fn ending() -> Failure {
    Failure::new(FailureKind::Unavailable, "the server is ending")
}

pub(super) fn unavailable(error: &dyn std::error::Error) -> Failure {
    Failure::new(FailureKind::Unavailable, error)
}
