//! `herald audit`: reading the audit log, following it, and looking whether it is whole.

use super::answering::{Answered, LOOK_INTERVAL, unavailable};
use super::listener::Answers;
use super::{Answer, Answering, Failure};
use std::thread;
use store::{AUDIT_PAGE_MAX, AuditHead, AuditQuery};

impl Answering {
    /// The last so many rows that a query is about, in the order of their numbers, and then those that come.
    pub(super) fn audit(
        &self,
        mut query: AuditQuery,
        last: u32,
        follows: bool,
        answers: &mut Answers<'_>,
    ) -> Answered<()> {
        match self.store.audit_start(&query, last) {
            Ok(start) => query.after = start,
            Err(error) => return Ok(Err(unavailable(&error))),
        }
        loop {
            let page = match self.store.audit(&query, AUDIT_PAGE_MAX) {
                Ok(page) => page,
                Err(error) => return Ok(Err(unavailable(&error))),
            };
            let is_whole = page.len() < AUDIT_PAGE_MAX as usize;
            for row in page {
                query.after = row.number;
                answers.give(&Answer::Audited(Box::new(row)))?;
            }
            if is_whole && !follows {
                return Ok(Ok(()));
            }
            if is_whole {
                thread::sleep(LOOK_INTERVAL);
                if answers.is_gone() {
                    return Ok(Ok(()));
                }
            }
        }
    }

    pub(super) fn verify_audit(&self, noted: Option<&AuditHead>) -> Result<Answer, Failure> {
        self.store.audit_verify(noted).map(Answer::Verified).map_err(|error| unavailable(&error))
    }
}
