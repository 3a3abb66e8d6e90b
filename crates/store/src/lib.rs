//! What Herald keeps on disk: principals, the alias book, what persons published, subscriptions, blocks, messages that
//! wait, accounts of calls, the audit log, and the soft state a restart resumes from.
//!
//! One SQLite file in the data directory, one thread that writes, readers beside it. A batch of facts commits all
//! or nothing; its `done` is called after the operating system has confirmed the write, so *persist, then speak*
//! holds for whoever speaks from there. The store never decides what is true: the engine does, the store remembers.
//! It never answers from memory, never drops an accepted batch in silence, and never starts empty over a damaged
//! file.
//!
//! ```
//! # fn main() -> Result<(), store::StoreError> {
//! # let scratch = tempfile::tempdir().expect("the test machine has room for a directory");
//! # let data_dir = scratch.path();
//! let store = store::Store::open(data_dir, store::Options::default())?;
//! store.aliases(|entry| println!("{} is {}", entry.address, entry.principal))?;
//! let writer = store.writer();
//! writer.submit(model::Batch::default(), |outcome| assert_eq!(outcome, Ok(())))?;
//! store.close()
//! # }
//! ```

#![warn(missing_docs)]

mod audit;
mod backup;
mod calls;
mod check;
mod clock;
mod commit;
mod connection;
mod contacts;
mod error;
mod groups;
mod history;
mod inboxes;
mod lock;
mod log;
mod messages;
mod migration;
mod options;
mod personal;
mod queue;
mod readers;
mod restore;
mod shutdown;
mod status;
mod storage;
mod store;
mod users;
mod writer;

pub use audit::{AUDIT_PAGE_MAX, AuditHead, AuditQuery, AuditRow, Verified, verify_audit};
pub use backup::backup;
pub use calls::{CALLS_PAGE_MAX, CallQuery};
pub use contacts::PublicationRecord;
pub use error::{ErrorKind, StoreError};
pub use history::{HISTORY_PAGE_MAX, HistoryQuery};
pub use options::Options;
pub use readers::Principal;
pub use restore::{Restored, restore};
pub use shutdown::LastShutdown;
pub use status::{Integrity, Status};
pub use storage::Storage;
pub use store::Store;
pub use writer::Writer;
