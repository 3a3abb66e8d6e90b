//! Which questions are acts of an operator, and who asks.
//!
//! An act is in the audit log before it is carried out, and what came of it after. A disk that is full must not keep an
//! operator from acting, so an act goes on where it can't be recorded, and is recorded when the store writes again; but
//! what people wrote is shown to nobody of whom no record remains.

use super::answering::{Answered, unavailable};
use super::listener::Answers;
use super::{Answering, DirectoryQuestion, FailureKind, Question, RuleQuestion, UserQuestion};
use model::{AuditEvent, AuditOutcome, AuditRecord};
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use nix::unistd::{Uid, User};
use std::os::unix::net::UnixStream;
use std::path::Path;

/// The most characters that are kept of what an operator typed.
const TYPED_MAX: usize = 256;

/// Who asks through the control socket, as the system knows it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Operator {
    /// The user's name and number.
    user: Option<String>,
    /// The process.
    process: Option<String>,
}

impl Operator {
    /// Who is at the other end of a connection.
    pub fn of(stream: &UnixStream) -> Self {
        let Ok(credentials) = getsockopt(stream, PeerCredentials) else { return Self::default() };
        let process = Some(format!("process {}", credentials.pid()));
        Self { user: Some(user(credentials.uid())), process }
    }

    /// Who runs this process.
    pub fn oneself() -> Self {
        let process = Some(format!("process {}", std::process::id()));
        Self { user: Some(user(Uid::effective().as_raw())), process }
    }

    /// What this one does.
    pub fn does(&self, act: &'static str, outcome: AuditOutcome) -> AuditEvent {
        let (actor, peer) = (self.user.clone(), self.process.clone());
        AuditEvent { actor, peer, ..AuditEvent::new(act, outcome) }
    }
}

fn user(number: u32) -> String {
    match User::from_uid(Uid::from_raw(number)) {
        Ok(Some(user)) => format!("{} (uid {number})", user.name),
        _ => format!("uid {number}"),
    }
}

/// The record of something that the user of this process has done to a file, without a server.
#[must_use]
pub fn audit_record(act: &'static str, file: &Path) -> AuditRecord {
    let event = Operator::oneself().does(act, AuditOutcome::Done);
    let target = Some(file.display().to_string());
    AuditRecord::once(crate::clock::wall(), AuditEvent { target, ..event })
}

impl Answering {
    /// Answers a question of an operator, and keeps a record of it where it is an act.
    pub(super) fn answer(
        &self,
        question: Question,
        operator: &Operator,
        answers: &mut Answers<'_>,
    ) -> Answered<()> {
        let Some(Act { name, object, target }) = act(&question) else {
            return self.carry_out(question, answers);
        };
        let object = object.map(|typed| match self.known(&typed) {
            Ok(address) => address.to_string(),
            Err(_) => typed.chars().take(TYPED_MAX).collect(),
        });
        let event = |outcome| AuditEvent {
            object: object.clone(),
            target: target.clone(),
            ..operator.does(name, outcome)
        };
        let is_erasure = name == ERASE;
        let begun = self.audit.record(event(AuditOutcome::Begun));
        if let Err(unrecorded) = begun
            && shows_what_people_wrote(&question)
        {
            return Ok(Err(unavailable(&unrecorded)));
        }
        let answered = self.carry_out(question, answers);
        let ended = match &answered {
            Ok(Err(failure)) => {
                AuditEvent { reason: Some(kind(failure.kind).into()), ..event(AuditOutcome::Failed) }
            }
            // Whether the client is still there to read it or not.
            // The one record that is left says that somebody was erased, and not who.
            Ok(Ok(())) | Err(_) if is_erasure => AuditEvent { object: None, ..event(AuditOutcome::Done) },
            Ok(Ok(())) | Err(_) => event(AuditOutcome::Done),
        };
        // A failure has been logged.
        let _ = self.audit.record(ended);
        answered
    }
}

/// The act after which its object is not to be named.
const ERASE: &str = "erase";

/// An act, for the log.
struct Act {
    name: &'static str,
    /// Whom it is about, as the operator typed it.
    object: Option<String>,
    target: Option<String>,
}

/// What a question changes, ends or reveals; `None` where it only looks.
fn act(question: &Question) -> Option<Act> {
    let about = |name, object: &String| Act { name, object: Some(object.clone()), target: None };
    Some(match question {
        Question::Disconnect { call } => about("disconnect", call),
        Question::Unregister { endpoint } => about("unregister", endpoint),
        Question::Send { from, to, .. } => Act { target: from.clone(), ..about("send", to) },
        Question::Trace { endpoint } => about("trace", endpoint),
        Question::Backup { file } => {
            Act { name: "backup", object: None, target: Some(file.display().to_string()) }
        }
        Question::Kept(kept) => Act { target: kept.with.clone(), ..about("history", &kept.address) },
        Question::KeepHistory { address, is_kept: true } => about("history.on", address),
        Question::KeepHistory { address, is_kept: false } => about("history.off", address),
        Question::Export { address } => about("export", address),
        Question::Erase { address } => about(ERASE, address),
        Question::Rules(RuleQuestion::Set { whom, who, handling, service, .. }) => {
            Act { target: Some(format!("{handling} {who} ({service})")), ..about("setRule", whom) }
        }
        Question::Rules(RuleQuestion::End { whom, who, service, .. }) => {
            Act { target: Some(format!("{who} ({service})")), ..about("endRule", whom) }
        }
        Question::Rules(RuleQuestion::Decide { whom, who, is_approved }) => {
            let name = if *is_approved { "approve" } else { "deny" };
            Act { target: Some(who.clone()), ..about(name, whom) }
        }
        Question::AddGroup { group, .. } => about("addGroup", group),
        Question::SetGroup { group, .. } => about("setGroup", group),
        Question::RemoveGroup { group } => about("removeGroup", group),
        Question::JoinGroup { group, member, .. } => {
            Act { target: Some(group.clone()), ..about("joinGroup", member) }
        }
        Question::LeaveGroup { group, member } => {
            Act { target: Some(group.clone()), ..about("leaveGroup", member) }
        }
        Question::SetInbox { address, .. } => about("setInbox", address),
        Question::Groups | Question::Group { .. } | Question::GroupsOf { .. } | Question::Inbox { .. } => {
            return None;
        }
        Question::Users(UserQuestion::Add { name, addresses, is_legacy, .. }) => {
            let method = if *is_legacy { ", legacy" } else { "" };
            Act { target: Some(format!("{}{method}", addresses.join(" "))), ..about("addUser", name) }
        }
        Question::Users(UserQuestion::Change { name, .. }) => about("changePassword", name),
        Question::Users(UserQuestion::Remove { name }) => about("removeUser", name),
        Question::Users(UserQuestion::List) => return None,
        Question::Directory(DirectoryQuestion::Synchronise { is_forced }) => {
            let name = if *is_forced { "forceDirectory" } else { "readDirectory" };
            Act { name, object: None, target: None }
        }
        Question::Directory(DirectoryQuestion::Check { user, .. }) => about("checkPassword", user),
        Question::Directory(DirectoryQuestion::Status) => return None,
        Question::Rules(_) => return None,
        Question::Status
        | Question::Endpoints { .. }
        | Question::Presence { .. }
        | Question::Watch { .. }
        | Question::Why { .. }
        | Question::Calls { .. }
        | Question::History { .. }
        | Question::CheckIntegrity
        | Question::Audit { .. }
        | Question::VerifyAudit { .. } => return None,
    })
}

const fn shows_what_people_wrote(question: &Question) -> bool {
    matches!(question, Question::Trace { .. } | Question::Kept(_) | Question::Export { .. })
}

const fn kind(kind: FailureKind) -> &'static str {
    match kind {
        FailureKind::Malformed => "malformed",
        FailureKind::NotFound => "not found",
        FailureKind::Unavailable => "unavailable",
    }
}
