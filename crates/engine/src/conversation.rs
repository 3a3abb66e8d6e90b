//! Group conversations: what is written to a group goes to each of its members.
//!
//! A message is accepted when a copy of it lies in the inbox of every member that has room for it; all copies are
//! facts of one batch, so that a restart loses none and doubles none. A copy keeps sender, id and thread of the
//! original, and the group as its recipient: who gets it sees who wrote and answers to the group. Each copy is a message
//! of its own from there on. No receipts are given of copies; what became of those that failed is told by the group's
//! rule.

use crate::alias_book::NameId;
use crate::effects::Effects;
use crate::engine::Engine;
use crate::principal::PrincipalId;
use crate::receipt::civil;
use model::{
    Address, Basic, FailureReports, GroupRole, InstantMessage, MessageFailure, MessageId, Now, PresenceState,
    PresenceTuple, ReceiptsWanted, Writers,
};
use std::collections::BTreeSet;

/// A member that has no copy, and why.
type Failed = (PrincipalId, MessageFailure);

impl Engine {
    /// The conversation at an address: a group that is one, or a conference.
    pub(crate) fn conversation_at(&self, address: &Address) -> Option<NameId> {
        self.book.id(address).filter(|name| self.is_conversation(*name))
    }

    /// Whether a name is that of a conversation.
    pub(crate) fn is_conversation(&self, name: NameId) -> bool {
        match self.groups.get(name) {
            Some(group) => group.record.is_conversation,
            None => self.conference(name).is_some(),
        }
    }

    /// Whom what is written to a conversation goes to.
    pub(crate) fn people_in(&self, conversation: NameId) -> BTreeSet<PrincipalId> {
        match self.conference(conversation) {
            Some(meeting) => meeting.participants.clone(),
            None => self.principals_in(conversation),
        }
    }

    /// The group or conference that a message was written to.
    pub(crate) fn group_of_copy(&self, message: &InstantMessage) -> Option<NameId> {
        let is_shared = |name: &NameId| self.groups.get(*name).is_some() || self.conference(*name).is_some();
        self.book.id(&message.recipient).filter(is_shared)
    }

    /// Whether somebody may write to a conversation; `None` is somebody unknown, for whom only the operator writes. To a
    /// conference may who is in it, and whom the rules let write to the MCU.
    pub(crate) fn admit_writer(
        &self,
        group: NameId,
        sender: Option<PrincipalId>,
    ) -> Result<(), MessageFailure> {
        if let Some(convener) = self.convener(group) {
            let sender = sender.ok_or(MessageFailure::Blocked)?;
            let is_there = self.people_in(group).contains(&sender);
            let may = is_there || self.forbids_writing(sender, convener).is_none();
            return if may { Ok(()) } else { Err(MessageFailure::Blocked) };
        }
        let is_open = self.groups.get(group).is_some_and(|group| group.record.writers == Writers::Anybody);
        let may = is_open || sender.is_some_and(|sender| self.is_in_group(group, sender));
        if may { Ok(()) } else { Err(MessageFailure::Blocked) }
    }

    /// Puts a copy of a message into the inbox of each member but the sender; gives back whether all of them are away.
    ///
    /// Whoever has blocked the sender, or has no device that takes messages, gets none, of which the sender learns
    /// nothing. A repeat goes to those only who have not had it.
    pub(crate) fn send_to_group(
        &mut self,
        now: Now,
        group: NameId,
        sender: Option<PrincipalId>,
        mut message: InstantMessage,
        effects: &mut Effects,
    ) -> Result<bool, MessageFailure> {
        let mut members = self.people_in(group);
        sender.map(|sender| members.remove(&sender));
        members.retain(|member| !self.is_in_room(group, *member));
        if members.len() > self.settings.messages.group_copies_max {
            return Err(MessageFailure::Unavailable { limit: "group_copies_max" });
        }
        self.admit_message(now, &mut message)?;
        message.wanted = ReceiptsWanted::default();
        let is_heard = self.say_in_room(group, sender, &message);
        if members.is_empty() && !is_heard {
            return Err(MessageFailure::NoRecipient);
        }
        let (mut copies, mut repeats, mut is_stored) = (0, 0, true);
        let mut failed: Vec<Failed> = Vec::new();
        for member in members {
            if sender.is_some_and(|sender| self.forbids_writing(sender, member).is_some())
                || !self.may_have_copy(member)
            {
                self.counts.group_copies_left_out += 1;
                continue;
            }
            let lane = self.inboxes.lane(member, &message.sender);
            if lane.is_some_and(|lane| lane.holds(message.id) || lane.has_settled(message.id)) {
                repeats += 1;
                continue;
            }
            match self.admit_to_inbox(member, &message) {
                Ok(()) => {
                    is_stored &= self.deposit(now, member, message.clone(), effects);
                    copies += 1;
                }
                Err(failure) => failed.push((member, failure)),
            }
        }
        self.counts.messages_repeated += u64::from(copies == 0 && repeats > 0);
        self.counts.group_messages += u64::from(copies > 0);
        if let (0, 0, false, Some((_, failure))) = (copies, repeats, is_heard, failed.first()) {
            return Err(*failure);
        }
        self.tell_copies_failed(now, group, &message, &failed, effects);
        Ok(is_stored)
    }

    /// Whether a principal takes messages, or may once one of its devices is there.
    fn may_have_copy(&self, id: PrincipalId) -> bool {
        let principal = &self.principals[id];
        principal.devices.is_empty() || principal.messaging_agents().next().is_some()
    }

    /// Counts copies that failed, and tells whom the group's rule names.
    pub(crate) fn tell_copies_failed(
        &mut self,
        now: Now,
        group: NameId,
        message: &InstantMessage,
        failed: &[Failed],
        effects: &mut Effects,
    ) {
        self.counts.group_copies_failed += failed.len() as u64;
        let Some((_, failure)) = failed.first().filter(|_| !message.is_report) else { return };
        for reader in self.readers_of_failures(group, &message.sender) {
            let text = self.words_of_failure(group, reader, message, failed, *failure);
            self.tell_from_group(now, group, reader, text, message.thread, effects);
        }
    }

    fn readers_of_failures(&self, group: NameId, sender: &Address) -> Vec<PrincipalId> {
        let Some(record) = self.groups.get(group) else { return Vec::new() };
        match record.record.reports {
            FailureReports::Nobody => Vec::new(),
            FailureReports::Sender => self.book.owner_of(sender).into_iter().collect(),
            FailureReports::Owners => {
                let owners = record.members.iter().filter(|(_, role)| **role == GroupRole::Owner);
                let reached = owners.flat_map(|(owner, _)| self.principals_in(*owner));
                BTreeSet::from_iter(reached).into_iter().collect()
            }
        }
    }

    /// What is told of copies that failed. Who is in the group is for its members to know.
    fn words_of_failure(
        &self,
        group: NameId,
        reader: PrincipalId,
        message: &InstantMessage,
        failed: &[Failed],
        failure: MessageFailure,
    ) -> String {
        let name = |address: &Address| self.name_of(address).original;
        let board = name(self.book.address(group));
        let is_writer = self.book.owner_of(&message.sender) == Some(reader);
        let what = match is_writer {
            true => format!("Your message to {board}"),
            false => format!("A message of {} to {board}", name(&message.sender)),
        };
        let identity = |(id, _): &Failed| name(self.book.address(self.principals[*id].identity));
        let who = match failed.len() <= NAMED_MAX && self.is_in_group(group, reader) {
            true => Vec::from_iter(failed.iter().map(identity)).join(", "),
            false => format!("{} of its members", failed.len()),
        };
        format!("{what}, sent on {}, was not delivered to {who}: {failure}.", civil(message.sent_at))
    }

    /// Tells the members of a group something in its name, if that is wanted.
    pub(crate) fn announce(&mut self, now: Now, group: NameId, text: &str, effects: &mut Effects) {
        let is_wanted = |record: &model::GroupRecord| record.announces && record.is_conversation;
        if !self.groups.get(group).is_some_and(|group| is_wanted(&group.record)) {
            return;
        }
        let members = self.principals_in(group);
        if members.len() > self.settings.messages.group_copies_max {
            return;
        }
        for member in members {
            if self.may_have_copy(member) {
                self.tell_from_group(now, group, member, text.to_owned(), None, effects);
            }
        }
    }

    /// A message of the server in the name of a group; nothing is ever told of it.
    fn tell_from_group(
        &mut self,
        now: Now,
        group: NameId,
        reader: PrincipalId,
        text: String,
        thread: Option<[u8; 16]>,
        effects: &mut Effects,
    ) {
        let sender = self.book.address(group).clone();
        let id: MessageId = self.report_id(reader, &sender);
        let report = InstantMessage {
            id,
            recipient: sender.clone(),
            sender,
            text,
            content: None,
            language: Some("en".to_owned()),
            sent_at: now.wall,
            expires_at: None,
            max_forwards: crate::receipt::REPORT_FORWARDS,
            thread,
            wanted: ReceiptsWanted::default(),
            in_session: false,
            is_report: true,
            is_ignored: false,
        };
        match self.admit_to_inbox(reader, &report) {
            Ok(()) => drop(self.deposit(now, reader, report, effects)),
            Err(_) => self.counts.reports_dropped += 1,
        }
    }

    /// What is shown of a conversation (D-40): it takes messages at any time. Whether its members are there is theirs
    /// to show.
    pub(crate) fn conversation_tuple(&self, id: PrincipalId) -> Option<PresenceTuple> {
        let Some(group) = self.groups.get(self.principals[id].identity) else {
            return self.conference_tuple(id);
        };
        group.record.is_conversation.then(|| PresenceTuple {
            agent: None,
            state: PresenceState::Available,
            basic: Basic::Open,
            since: group.record.created_at,
            note: Some(group.record.title.clone()),
            publication: None,
        })
    }

    /// Makes a group a principal, as far as it is a conversation, and shows what is new of it.
    pub(crate) fn show_group(&mut self, now: Now, group: NameId, effects: &mut Effects) {
        let is_conversation = self.groups.get(group).is_some_and(|group| group.record.is_conversation);
        if is_conversation && self.book.filed(group).is_none() {
            let address = self.book.address(group).clone();
            effects.facts.push(model::Fact::Principal { address, created_at: now.wall });
            let next = self.principals.next_id();
            self.owed.extend(self.watchers.of(group).iter().map(|watcher| (next, *watcher)));
            self.create(group, now.wall);
        }
        if let Some(id) = self.book.filed(group) {
            // Nobody is there who could be asked for a decision.
            self.principals[id].is_silent |= is_conversation;
            self.touch(id);
            if is_conversation {
                self.decide_for_silent(id, effects);
            }
        }
    }
}

/// The most members that are named in a report.
const NAMED_MAX: usize = 5;
