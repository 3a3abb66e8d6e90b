//! What is kept of one person: `herald history`, `herald export`, `herald erase`.

use super::answering::{Answered, ending, unavailable};
use super::listener::Answers;
use super::{Answer, Answering, Failure, FailureKind};
use link::Command;
use model::{Address, Erasure, OperatorAct, Timestamp};
use serde::{Deserialize, Serialize};
use store::{HISTORY_PAGE_MAX, HistoryQuery};

/// Which messages of one are asked for.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kept {
    /// Any name of the one.
    pub address: String,
    /// Only those to and from this one.
    pub with: Option<String>,
    /// Only those of this conversation.
    pub thread: Option<[u8; 16]>,
    /// Only those accepted at this moment or later.
    pub since: Option<Timestamp>,
    /// Only those accepted before this moment.
    pub until: Option<Timestamp>,
    /// Only those with this text in them, in capitals or not.
    pub search: Option<String>,
    /// At most so many.
    pub limit: u32,
}

/// The most registrations that an erasure ends; more than one principal can have.
const REGISTRATIONS_MAX: usize = 1024;

impl Answering {
    /// What a person is called by.
    fn called(&self, typed: &str) -> Result<Erasure, Failure> {
        let name = self.known(typed)?;
        self.shard.look(move |engine| engine.called(&name)).flatten().ok_or_else(ending)
    }

    /// The address under which somebody is filed in histories; where nobody has that name, the name itself.
    fn filed(&self, typed: &str) -> Result<Address, Failure> {
        match self.called(typed) {
            Ok(called) => Ok(called.principal),
            Err(unknown) if unknown.kind == FailureKind::NotFound => {
                self.names.readings(typed)?.into_iter().next().ok_or(unknown)
            }
            Err(failure) => Err(failure),
        }
    }

    /// The history of one, the newest message first.
    pub(super) fn kept(&self, kept: Kept, answers: &mut Answers<'_>) -> Answered<()> {
        let query = match self.history_query(&kept) {
            Ok(query) => query,
            Err(failure) => return Ok(Err(failure)),
        };
        let search = kept.search.map(|search| search.to_lowercase());
        let (mut query, mut left) = (query, kept.limit);
        while left > 0 {
            let page = match self.store.history(&query, HISTORY_PAGE_MAX) {
                Ok(page) => page,
                Err(error) => return Ok(Err(unavailable(&error))),
            };
            let is_last = page.len() < HISTORY_PAGE_MAX as usize;
            for (number, record) in page {
                query.before = Some(number);
                let is_found =
                    search.as_ref().is_none_or(|search| record.text.to_lowercase().contains(search));
                if is_found && left > 0 {
                    left -= 1;
                    answers.give(&Answer::Kept(Box::new(record)))?;
                }
            }
            if is_last {
                break;
            }
        }
        Ok(Ok(()))
    }

    fn history_query(&self, kept: &Kept) -> Result<HistoryQuery, Failure> {
        let peer = kept.with.as_deref().map(|with| self.filed(with)).transpose()?;
        let of = HistoryQuery::of(self.called(&kept.address)?.principal);
        Ok(HistoryQuery { peer, thread: kept.thread, since: kept.since, until: kept.until, ..of })
    }

    /// Keeps a history of one from now on, or no more.
    pub(super) fn keep_history(&self, typed: &str, is_kept: bool) -> Result<Answer, Failure> {
        let principal = self.known(typed)?;
        let name = principal.clone();
        self.administer(OperatorAct::KeepHistory { principal, is_kept })?;
        let kept = self.shard.look(move |engine| engine.keeps_history_of(&name)).flatten();
        Ok(Answer::Done(match (is_kept, kept) {
            (true, Some(true)) => "a history is kept from now on".to_owned(),
            (true, _) => "a history is kept as soon as [history] domains has the domain".to_owned(),
            (false, _) => {
                "nothing more is kept; what was kept stays until it is too old or erased".to_owned()
            }
        }))
    }

    /// Everything that is stored about one.
    pub(super) fn export(&self, typed: &str, answers: &mut Answers<'_>) -> Answered<()> {
        let called = match self.called(typed) {
            Ok(called) => called,
            Err(failure) => return Ok(Err(failure)),
        };
        let mut given = Ok(());
        let exported = self.store.export(&called, |table, row| {
            if given.is_ok() {
                given = answers.give(&Answer::Exported { table: table.to_owned(), row });
            }
        });
        given?;
        Ok(exported.map(drop).map_err(|error| unavailable(&error)))
    }

    /// Removes everything about one, here and in the store.
    pub(super) fn erase(&self, typed: &str) -> Result<Answer, Failure> {
        let called = self.called(typed)?;
        let ended = self.unregister_all(&called.originals)?;
        self.audit.forget(&called);
        self.remove_users_of(&called)?;
        self.administer(OperatorAct::Erase { principal: called.principal })?;
        // Who registered in between is one whom the engine has forgotten since; it is to register again.
        self.unregister_all(&called.originals)?;
        Ok(Answer::Ended(ended))
    }

    /// Ends the registrations of these names; how many there were.
    fn unregister_all(&self, names: &[String]) -> Result<usize, Failure> {
        let mut ended = 0;
        for endpoint in names {
            while ended < REGISTRATIONS_MAX {
                let command = Command::Unregister { endpoint: endpoint.clone() };
                if self.h323()?.command(command).ok_or_else(ending)?.is_err() {
                    break;
                }
                ended += 1;
            }
        }
        Ok(ended)
    }

    fn administer(&self, act: OperatorAct) -> Result<(), Failure> {
        let done = self.shard.operate(act).map_err(|error| unavailable(&error))?;
        done.map_err(|refusal| unavailable(&refusal))
    }
}
