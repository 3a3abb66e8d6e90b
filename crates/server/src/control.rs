//! The control protocol: how the other verbs of `herald` ask a running server.
//!
//! A client connects to `control.sock` in the data directory and writes one [`Question`] as a line of JSON. The
//! server writes [`Answer`]s, one on each line: the items of a list, then [`Answer::End`]. After that the client may
//! ask again. [`Question::Watch`] is answered until one side hangs up. Moments are milliseconds since 1970; what
//! people and programs are shown is made by [`as_json`].

mod answering;
mod auditing;
mod client;
mod directory;
mod grouping;
mod inboxes;
mod listener;
mod log;
mod names;
mod personal;
mod rules;
mod sending;
#[cfg(test)]
pub(crate) mod tests;
mod tracing;
mod users;

use crate::driver::Sockets;
pub use crate::synchroniser::DirectoryView;
pub(crate) use answering::Answering;
pub(crate) use auditing::Operator;
pub use auditing::audit_record;
pub use client::{Client, ClientError};
pub use directory::DirectoryQuestion;
pub use grouping::{GroupMemberView, GroupOptions, GroupView};
pub use inboxes::InboxView;
pub(crate) use listener::Listener;
pub(crate) use names::Names;
pub use personal::Kept;
pub use rules::RuleQuestion;
pub use users::{Secret, UserQuestion, UserView};
pub(crate) use users::{as_command, opened};

use link::{CallSummary, Counter, EndpointSummary, LimitedSummary, Traced};
use model::{
    Address, AgentId, Availability, Basic, CallDetailRecord, HistoryRecord, InboxRules, PresenceDocument,
    PresenceState, PresenceTuple, Publication, Rule, Timestamp, Version,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::net::SocketAddr;
use std::path::PathBuf;
use store::{AuditHead, AuditQuery, AuditRow, Verified};

/// The name of the socket in the data directory.
pub const SOCKET: &str = "control.sock";

/// The most octets of a question or an answer on one line.
pub const LINE_OCTETS_MAX: u64 = 1024 * 1024;

/// The most octets of a text to send.
pub const TEXT_OCTETS_MAX: usize = 65_536;

/// What a client asks.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "camelCase", deny_unknown_fields)]
pub enum Question {
    /// How the server is: one [`Answer::Status`].
    Status,
    /// The registered endpoints: [`Answer::Endpoint`]s in order of registration.
    Endpoints {
        /// Only those with an alias that contains this text.
        filter: String,
        /// At most so many.
        limit: usize,
    },
    /// The presence of one, or of all in order: [`Answer::Presence`]s.
    Presence {
        /// Any name of the one.
        address: Option<String>,
    },
    /// The presence of one, or of all, now and whenever it changes: [`Answer::Watching`], [`Answer::Presence`]s of
    /// all as they are, [`Answer::Live`], then [`Answer::Presence`]s. Of two documents of one presentity that with the higher version counts.
    Watch {
        /// Any name of the one.
        address: Option<String>,
    },
    /// Why somebody is shown as they are: one [`Answer::Why`].
    Why {
        /// Any name.
        address: String,
    },
    /// Calls in progress: [`Answer::Call`]s, the oldest first.
    Calls {
        /// At most so many.
        limit: usize,
    },
    /// Calls that have ended: [`Answer::Record`]s, the last first.
    History {
        /// At most so many.
        limit: u32,
        /// Only those that ended at this moment or later.
        since: Option<Timestamp>,
    },
    /// Ends a call, or all calls of an endpoint: one [`Answer::Ended`].
    Disconnect {
        /// The call's identifier, or any name of the endpoint.
        call: String,
    },
    /// Unregisters an endpoint: one [`Answer::Ended`].
    Unregister {
        /// Any name of it.
        endpoint: String,
    },
    /// Sends a message as the operator: one [`Answer::Accepted`].
    Send {
        /// Whom it comes from; `None`: `herald` in the zone's domain.
        from: Option<String>,
        /// Any name of the recipient.
        to: String,
        /// The text.
        text: String,
    },
    /// Follows an endpoint: [`Answer::Tracing`], then an [`Answer::Traced`] for each message from and to it.
    Trace {
        /// One of its aliases, whether it is registered yet or not.
        endpoint: String,
    },
    /// Writes a copy of the store to a file: one [`Answer::Done`].
    Backup {
        /// Its absolute path.
        file: PathBuf,
    },
    /// Checks the whole database: one [`Answer::Done`].
    CheckIntegrity,
    /// The audit log: [`Answer::Audited`]s in the order of their numbers.
    Audit {
        /// Which rows.
        query: AuditQuery,
        /// At most so many, the last of them.
        last: u32,
        /// Whether to go on with those that come, until one side hangs up.
        follows: bool,
    },
    /// The messages that were kept of one: [`Answer::Kept`]s, the newest first.
    Kept(Kept),
    /// Keeps the messages of one from now on, or no more: one [`Answer::Done`].
    KeepHistory {
        /// Any name of it.
        address: String,
        /// Whether.
        is_kept: bool,
    },
    /// Everything that is stored about one: [`Answer::Exported`]s, table by table.
    Export {
        /// Any name of it.
        address: String,
    },
    /// Removes everything that is stored about one: one [`Answer::Ended`] with its registrations.
    Erase {
        /// Any name of it.
        address: String,
    },
    /// Looks whether the audit log is whole: one [`Answer::Verified`].
    VerifyAudit {
        /// A head that was noted before and must be in it.
        noted: Option<AuditHead>,
    },
    /// The groups: [`Answer::Group`]s in order, without members.
    Groups,
    /// One group with its members: one [`Answer::Group`].
    Group {
        /// Its address.
        group: String,
    },
    /// The groups that somebody is in, directly or through others: [`Answer::Group`]s in order, without members.
    GroupsOf {
        /// Any name.
        party: String,
    },
    /// Makes a group: one [`Answer::Done`].
    AddGroup {
        /// Its address, in the zone's domain where it has none.
        group: String,
        /// What is decided about it.
        options: GroupOptions,
    },
    /// Changes what is decided about a group: one [`Answer::Done`].
    SetGroup {
        /// Its address.
        group: String,
        /// What is decided anew.
        options: GroupOptions,
    },
    /// Removes a group: one [`Answer::Done`].
    RemoveGroup {
        /// Its address.
        group: String,
    },
    /// Lets somebody join a group, or makes it an owner or a mere member: one [`Answer::Done`].
    JoinGroup {
        /// Its address.
        group: String,
        /// Any name of a principal, known or not, or the address of a group.
        member: String,
        /// Whether it is an owner.
        is_owner: bool,
    },
    /// Puts somebody out of a group: one [`Answer::Done`].
    LeaveGroup {
        /// Its address.
        group: String,
        /// The member as it joined.
        member: String,
    },
    /// What waits for somebody, and by which rules: one [`Answer::Inbox`].
    Inbox {
        /// Any name.
        address: String,
    },
    /// Decides about an inbox: one [`Answer::Inbox`], as it is then.
    SetInbox {
        /// Any name.
        address: String,
        /// All that is decided about it.
        rules: InboxRules,
    },
    /// Asks about access rules and watchers, or changes them.
    Rules(RuleQuestion),
    /// Asks about users, or changes them.
    Users(UserQuestion),
    /// Asks about the directory, or has it read.
    Directory(DirectoryQuestion),
}

/// What the server answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "answer", content = "body", rename_all = "camelCase")]
pub enum Answer {
    /// Of [`Question::Status`].
    Status(Box<Status>),
    /// One of [`Question::Endpoints`].
    Endpoint(Box<EndpointSummary>),
    /// One of [`Question::Presence`] and [`Question::Watch`].
    Presence(Box<PresenceView>),
    /// The first of [`Question::Watch`]: whom it watches.
    Watching {
        /// The address; `None`: everybody.
        address: Option<Address>,
        /// Whether anybody has that name yet.
        known: bool,
    },
    /// One of [`Question::Watch`]: what comes from here on are changes.
    Live,
    /// Of [`Question::Why`]: the explanation as the engine gives it.
    Why(Value),
    /// One of [`Question::Calls`].
    Call(CallSummary),
    /// One of [`Question::History`].
    Record(Box<CallDetailRecord>),
    /// Of [`Question::Send`]: the message is durable.
    Accepted {
        /// Whether it waits because the recipient is away.
        is_stored: bool,
    },
    /// The first of [`Question::Trace`]: what happens from here on is shown.
    Tracing,
    /// One of [`Question::Trace`].
    Traced(Box<Traced>),
    /// One of [`Question::Audit`].
    Audited(Box<AuditRow>),
    /// One of [`Question::Kept`].
    Kept(Box<HistoryRecord>),
    /// One of [`Question::Export`].
    Exported {
        /// Of which table.
        table: String,
        /// A row, with the names of its columns.
        row: Value,
    },
    /// Of [`Question::VerifyAudit`].
    Verified(Verified),
    /// How many were ended.
    Ended(usize),
    /// One of [`RuleQuestion::List`].
    Rule(Box<Rule>),
    /// One of [`RuleQuestion::Explain`]: the explanation as the engine gives it.
    Explained(Value),
    /// One of [`RuleQuestion::Watchers`]: a watcher as the engine sees it.
    Watcher(Value),
    /// Of [`Question::Group`], one of [`Question::Groups`] and [`Question::GroupsOf`].
    Group(Box<GroupView>),
    /// Of [`Question::Inbox`] and [`Question::SetInbox`].
    Inbox(Box<InboxView>),
    /// One of [`UserQuestion::List`].
    User(UserView),
    /// Of [`DirectoryQuestion::Status`].
    Directory(Box<DirectoryView>),
    /// It is done; in a sentence what was.
    Done(String),
    /// It can't be done; nothing more follows.
    Failed(Failure),
    /// Nothing more follows.
    End,
}

/// Why a question is not answered.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[error("{text}")]
pub struct Failure {
    /// What kind of failure.
    pub kind: FailureKind,
    /// What happened, why, and what to do.
    pub text: String,
    /// Names that may have been meant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub near: Vec<String>,
}

/// What a client can do about a failure.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FailureKind {
    /// The question can't be understood.
    Malformed,
    /// There is no such thing.
    NotFound,
    /// Not now; perhaps later.
    Unavailable,
}

impl Failure {
    /// A failure without suggestions.
    pub(crate) fn new(kind: FailureKind, text: impl ToString) -> Self {
        Self { kind, text: text.to_string(), near: Vec::new() }
    }
}

/// How the server is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// The version of the program.
    pub version: String,
    /// The number of its process.
    pub process: u32,
    /// Since when it runs.
    pub started_at: Timestamp,
    /// Its data directory.
    pub data: PathBuf,
    /// The domain of its zone.
    pub domain: String,
    /// What is wrong at present, each with what to do; empty when all is well.
    pub problems: Vec<String>,
    /// Where it is reached.
    #[serde(flatten)]
    pub heard: Heard,
    /// The store.
    pub store: StoreStatus,
    /// Principals by what is shown of them, and the sizes of the engine's tables.
    pub presence: Value,
    /// Who is over a limit, or was in the last ten minutes.
    #[serde(default)]
    pub limited: Vec<LimitedSummary>,
    /// Everything that is counted.
    pub counters: Vec<Counter>,
}

/// Where a server is reached.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Heard {
    /// Where it listens for RAS.
    pub listening: Vec<Listening>,
    /// Where endpoints can find it without knowing its address.
    pub discovery: Vec<SocketAddr>,
    /// Where call signalling connections are accepted.
    pub signalling: Vec<SocketAddr>,
    /// Where those over TLS are.
    #[serde(default)]
    pub tls_signalling: Vec<SocketAddr>,
    /// Where servers of XMPP connect to.
    #[serde(default)]
    pub xmpp: Vec<SocketAddr>,
    /// Where they do so over TLS from the first octet.
    #[serde(default)]
    pub tls_xmpp: Vec<SocketAddr>,
}

impl Heard {
    /// By these sockets, and those for servers.
    pub(crate) fn of(sockets: &Sockets, servers: Option<&Sockets>) -> Self {
        let listening = sockets.listening().into_iter();
        Self {
            listening: listening
                .map(|(address, receive_buffer)| Listening { address, receive_buffer })
                .collect(),
            discovery: sockets.discovery(),
            signalling: sockets.signalling(),
            tls_signalling: sockets.secured(),
            xmpp: servers.map(Sockets::signalling).unwrap_or_default(),
            tls_xmpp: servers.map(Sockets::secured).unwrap_or_default(),
        }
    }
}

/// A socket that the server listens on.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Listening {
    /// Its address.
    pub address: SocketAddr,
    /// Its receive buffer as the system gave it, in octets.
    pub receive_buffer: usize,
}

/// How the store is.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoreStatus {
    /// `writing`, or `failing` while what was learnt can't be written.
    pub state: String,
    /// The epoch of this run.
    pub epoch: u32,
    /// How the run before ended: `firstStart`, `clean` or `unclean`.
    pub last_shutdown: String,
    /// Duration of the last commit in microseconds.
    pub last_commit_us: u64,
    /// The last failure of any kind; it may be long past.
    pub last_failure: Option<String>,
    /// `notChecked`, `running`, `sound` or `damaged`.
    pub integrity: String,
}

/// Presence of one presentity as programs are shown it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PresenceView {
    /// Whose.
    pub presentity: Address,
    /// The canonical state.
    pub state: PresenceState,
    /// Its code in the interworking tables.
    pub code: String,
    /// What a room board shows.
    pub availability: Availability,
    /// Reachability.
    pub basic: Basic,
    /// Since when.
    pub since: Timestamp,
    /// In a few words why.
    pub note: Option<String>,
    /// Which edition.
    pub version: Version,
    /// One for each device.
    pub devices: Vec<DeviceView>,
}

/// Presence of one device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceView {
    /// Which; `None`: what is known of the principal apart from any device.
    pub agent: Option<AgentId>,
    /// Its state.
    pub state: PresenceState,
    /// Its reachability.
    pub basic: Basic,
    /// Since when.
    pub since: Timestamp,
    /// In a few words why.
    pub note: Option<String>,
    /// What its person published through it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publication: Option<Box<Publication>>,
}

impl From<&PresenceDocument> for PresenceView {
    fn from(document: &PresenceDocument) -> Self {
        let PresenceDocument { presentity, version, state, basic, since, note, tuples } = document;
        Self {
            presentity: presentity.clone(),
            state: *state,
            code: state.code().to_owned(),
            availability: state.availability(),
            basic: *basic,
            since: *since,
            note: note.clone(),
            version: *version,
            devices: tuples.iter().map(DeviceView::from).collect(),
        }
    }
}

impl From<PresenceView> for PresenceDocument {
    fn from(view: PresenceView) -> Self {
        let PresenceView { presentity, version, state, basic, since, note, devices, .. } = view;
        let tuples = devices.into_iter().map(|device| {
            let DeviceView { agent, state, basic, since, note, publication } = device;
            PresenceTuple { agent, state, basic, since, note, publication }
        });
        Self { presentity, version, state, basic, since, note, tuples: tuples.collect() }
    }
}

impl From<&PresenceTuple> for DeviceView {
    fn from(tuple: &PresenceTuple) -> Self {
        let PresenceTuple { agent, state, basic, since, note, publication } = tuple;
        let (note, publication) = (note.clone(), publication.clone());
        Self { agent: *agent, state: *state, basic: *basic, since: *since, note, publication }
    }
}

/// A value as JSON for people and programs: moments are text in RFC 3339, UTC, with milliseconds.
#[must_use]
pub fn as_json(value: &impl Serialize) -> Value {
    let mut json = serde_json::to_value(value).unwrap_or_default();
    write_moments(&mut json);
    json
}

/// A moment as text in RFC 3339, UTC, with milliseconds.
#[must_use]
pub fn rfc3339(moment: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(moment.0)
        .map_or_else(|_| moment.0.to_string(), |moment| format!("{moment:.3}"))
}

/// The members that hold moments, in all that is shown.
const MOMENTS: [&str; 14] = [
    "readAt",
    "triedAt",
    "createdAt",
    "lastAt",
    "at",
    "since",
    "expires",
    "startedAt",
    "registeredAt",
    "heardAt",
    "expiresAt",
    "admittedAt",
    "answeredAt",
    "endedAt",
];

fn write_moments(json: &mut Value) {
    match json {
        Value::Array(items) => items.iter_mut().for_each(write_moments),
        Value::Object(members) => {
            for (name, value) in members {
                match value.as_i64().filter(|_| MOMENTS.contains(&name.as_str())) {
                    Some(moment) => *value = Value::String(rfc3339(Timestamp(moment))),
                    None => write_moments(value),
                }
            }
        }
        _ => {}
    }
}
