//! What the server needs of a store, so that a simulated one can stand in its place.

use crate::{
    AuditQuery, AuditRow, CallQuery, HistoryQuery, LastShutdown, Principal, PublicationRecord, Store,
    StoreError,
};
use model::{
    Address, AliasEntry, Batch, BlockRecord, CallDetailRecord, GroupRecord, HistoryRecord, InboxRecord,
    InstantMessage, MemberRecord, MessageId, Rule, SoftRecord, SubscriptionRecord, Timestamp, UserRecord,
};

/// A store: batches of facts that become durable together, soft state that is written lazily, and what a start loads.
///
/// [`Store`] keeps them in SQLite; its methods of the same names say what each promises. What both keep is the
/// conformance suite in `tests/store`.
pub trait Storage {
    /// As [`Store::epoch`].
    fn epoch(&self) -> u32;

    /// As [`Store::last_shutdown`].
    fn last_shutdown(&self) -> LastShutdown;

    /// As [`Store::principals`].
    ///
    /// # Errors
    /// It can't be read; so in all that follows.
    fn principals(&self, each: impl FnMut(Principal)) -> Result<u64, StoreError>;

    /// As [`Store::aliases`].
    ///
    /// # Errors
    /// It can't be read.
    fn aliases(&self, each: impl FnMut(AliasEntry)) -> Result<u64, StoreError>;

    /// As [`Store::publications`].
    ///
    /// # Errors
    /// It can't be read.
    fn publications(&self, each: impl FnMut(PublicationRecord)) -> Result<u64, StoreError>;

    /// As [`Store::subscriptions`].
    ///
    /// # Errors
    /// It can't be read.
    fn subscriptions(&self, each: impl FnMut(SubscriptionRecord)) -> Result<u64, StoreError>;

    /// As [`Store::blocks`].
    ///
    /// # Errors
    /// It can't be read.
    fn blocks(&self, each: impl FnMut(BlockRecord)) -> Result<u64, StoreError>;

    /// As [`Store::rules`].
    ///
    /// # Errors
    /// It can't be read.
    fn rules(&self, each: impl FnMut(Rule)) -> Result<u64, StoreError>;
    /// As [`Store::groups`].
    ///
    /// # Errors
    /// It can't be read.
    fn groups(&self, each: impl FnMut(GroupRecord)) -> Result<u64, StoreError>;

    /// As [`Store::group_members`].
    ///
    /// # Errors
    /// It can't be read.
    fn group_members(&self, each: impl FnMut(MemberRecord)) -> Result<u64, StoreError>;

    /// As [`Store::inbox_rules`].
    ///
    /// # Errors
    /// It can't be read.
    fn inbox_rules(&self, each: impl FnMut(InboxRecord)) -> Result<u64, StoreError>;
    /// As [`Store::users`].
    ///
    /// # Errors
    /// It can't be read.
    fn users(&self, each: impl FnMut(UserRecord)) -> Result<u64, StoreError>;

    /// As [`Store::messages`].
    ///
    /// # Errors
    /// It can't be read.
    fn messages(&self, each: impl FnMut(Address, u64, InstantMessage)) -> Result<u64, StoreError>;

    /// As [`Store::settled`].
    ///
    /// # Errors
    /// It can't be read.
    fn settled(&self, each: impl FnMut(Address, Address, MessageId, Timestamp)) -> Result<u64, StoreError>;

    /// As [`Store::soft`].
    ///
    /// # Errors
    /// It can't be read.
    fn soft(&self, table: &str, each: impl FnMut(&str, &str, Timestamp)) -> Result<u64, StoreError>;

    /// As [`Store::calls`].
    ///
    /// # Errors
    /// It can't be read.
    fn calls(&self, query: &CallQuery) -> Result<Vec<CallDetailRecord>, StoreError>;

    /// As [`Store::audit`].
    ///
    /// # Errors
    /// It can't be read.
    fn audit(&self, query: &AuditQuery, limit: u32) -> Result<Vec<AuditRow>, StoreError>;

    /// As [`Store::history`].
    ///
    /// # Errors
    /// It can't be read.
    fn history(&self, query: &HistoryQuery, limit: u32) -> Result<Vec<(u64, HistoryRecord)>, StoreError>;

    /// As [`Store::history_exceptions`].
    ///
    /// # Errors
    /// It can't be read.
    fn history_exceptions(&self, each: impl FnMut(Address)) -> Result<u64, StoreError>;

    /// As [`Writer::submit`](crate::Writer::submit).
    ///
    /// # Errors
    /// Nothing was taken.
    fn submit(
        &self,
        batch: Batch,
        done: impl FnOnce(Result<(), StoreError>) + Send + 'static,
    ) -> Result<(), StoreError>;

    /// As [`Writer::submit_soft`](crate::Writer::submit_soft).
    ///
    /// # Errors
    /// Nothing was taken.
    fn submit_soft(&self, records: Vec<SoftRecord>) -> Result<(), StoreError>;

    /// As [`Store::close`].
    ///
    /// # Errors
    /// Not everything was written.
    fn close(&self) -> Result<(), StoreError>;
}

impl Storage for Store {
    fn epoch(&self) -> u32 {
        Self::epoch(self)
    }

    fn last_shutdown(&self) -> LastShutdown {
        Self::last_shutdown(self)
    }

    fn principals(&self, each: impl FnMut(Principal)) -> Result<u64, StoreError> {
        Self::principals(self, each)
    }

    fn aliases(&self, each: impl FnMut(AliasEntry)) -> Result<u64, StoreError> {
        Self::aliases(self, each)
    }

    fn publications(&self, each: impl FnMut(PublicationRecord)) -> Result<u64, StoreError> {
        Self::publications(self, each)
    }

    fn subscriptions(&self, each: impl FnMut(SubscriptionRecord)) -> Result<u64, StoreError> {
        Self::subscriptions(self, each)
    }

    fn blocks(&self, each: impl FnMut(BlockRecord)) -> Result<u64, StoreError> {
        Self::blocks(self, each)
    }

    fn rules(&self, each: impl FnMut(Rule)) -> Result<u64, StoreError> {
        Self::rules(self, each)
    }
    fn groups(&self, each: impl FnMut(GroupRecord)) -> Result<u64, StoreError> {
        Self::groups(self, each)
    }

    fn group_members(&self, each: impl FnMut(MemberRecord)) -> Result<u64, StoreError> {
        Self::group_members(self, each)
    }

    fn inbox_rules(&self, each: impl FnMut(InboxRecord)) -> Result<u64, StoreError> {
        Self::inbox_rules(self, each)
    }
    fn users(&self, each: impl FnMut(UserRecord)) -> Result<u64, StoreError> {
        Self::users(self, each)
    }

    fn messages(&self, each: impl FnMut(Address, u64, InstantMessage)) -> Result<u64, StoreError> {
        Self::messages(self, each)
    }

    fn settled(&self, each: impl FnMut(Address, Address, MessageId, Timestamp)) -> Result<u64, StoreError> {
        Self::settled(self, each)
    }

    fn soft(&self, table: &str, each: impl FnMut(&str, &str, Timestamp)) -> Result<u64, StoreError> {
        Self::soft(self, table, each)
    }

    fn calls(&self, query: &CallQuery) -> Result<Vec<CallDetailRecord>, StoreError> {
        Self::calls(self, query)
    }

    fn audit(&self, query: &AuditQuery, limit: u32) -> Result<Vec<AuditRow>, StoreError> {
        Self::audit(self, query, limit)
    }

    fn history(&self, query: &HistoryQuery, limit: u32) -> Result<Vec<(u64, HistoryRecord)>, StoreError> {
        Self::history(self, query, limit)
    }

    fn history_exceptions(&self, each: impl FnMut(Address)) -> Result<u64, StoreError> {
        Self::history_exceptions(self, each)
    }

    fn submit(
        &self,
        batch: Batch,
        done: impl FnOnce(Result<(), StoreError>) + Send + 'static,
    ) -> Result<(), StoreError> {
        self.writer().submit(batch, done)
    }

    fn submit_soft(&self, records: Vec<SoftRecord>) -> Result<(), StoreError> {
        self.writer().submit_soft(records)
    }

    fn close(&self) -> Result<(), StoreError> {
        Self::close(self)
    }
}
