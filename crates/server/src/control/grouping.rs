//! `herald group`: groups and their members.

use super::answering::{Answered, ending, give_all, unavailable};
use super::listener::Answers;
use super::{Answer, Answering, Failure, FailureKind, Question};
use model::{
    Address, FailureReports, GroupChange, GroupRecord, GroupRefusal, GroupRole, MemberRecord, Writers,
};
use serde::{Deserialize, Serialize};

/// What is decided about a group; what is left out stays as it is, or as it is by default.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct GroupOptions {
    /// Its name for people.
    pub title: Option<String>,
    /// Whether its members write to it.
    pub is_conversation: Option<bool>,
    /// Who may write to it.
    pub writers: Option<Writers>,
    /// Whether its members are told who joins and leaves.
    pub announces: Option<bool>,
    /// Who is told of failures.
    pub reports: Option<FailureReports>,
}

/// A group as programs are shown it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupView {
    /// What is known of it.
    #[serde(flatten)]
    pub group: GroupRecord,
    /// Who joined, in order; `None` in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub members: Option<Vec<GroupMemberView>>,
    /// How many persons, rooms and machines it has, those of groups in it among them; `None` in lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reached: Option<usize>,
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GroupMemberView {
    /// The name under which it joined.
    pub member: Address,
    /// What it is there.
    pub role: GroupRole,
}

/// Groups read from the engine at one time.
const PAGE: usize = 256;

/// The most octets of a title.
const TITLE_OCTETS_MAX: usize = 256;

impl Answering {
    /// Lists all groups, page by page.
    pub(super) fn groups(&self, answers: &mut Answers<'_>) -> Answered<()> {
        let mut after: Option<Address> = None;
        loop {
            let from = after.take();
            let Some(page) = self.shard.look(move |engine| engine.all_groups(from.as_ref(), PAGE)) else {
                return Ok(Err(ending()));
            };
            after = page.last().map(|group| group.address.clone());
            let is_last = page.len() < PAGE;
            if let Err(failure) = give_all(answers, page.into_iter().map(listed))? {
                return Ok(Err(failure));
            }
            if is_last {
                return Ok(Ok(()));
            }
        }
    }

    /// Lists the groups that somebody is in.
    pub(super) fn groups_of(&self, typed: &str, answers: &mut Answers<'_>) -> Answered<()> {
        let readings = match self.names.readings(typed) {
            Ok(readings) => readings,
            Err(failure) => return Ok(Err(failure)),
        };
        let groups = self.shard.look(move |engine| {
            let groups =
                readings.iter().map(|party| engine.groups_of(party)).find(|groups| !groups.is_empty());
            let groups = groups.unwrap_or_default();
            Vec::from_iter(groups.iter().filter_map(|group| Some(engine.group(group)?.record)))
        });
        match groups {
            Some(groups) => give_all(answers, groups.into_iter().map(listed)),
            None => Ok(Err(ending())),
        }
    }

    /// Answers all other questions about groups.
    pub(super) fn change_groups(&self, question: Question) -> Result<Answer, Failure> {
        match question {
            Question::Group { group } => self.group(&group),
            Question::AddGroup { group, options } => self.add_group(&group, options),
            Question::SetGroup { group, options } => {
                let known = self.known_group(&group)?;
                let record = decide(known.group, options)?;
                let done = format!("{} is changed", record.address);
                self.change_group(GroupChange::Alter(record), done)
            }
            Question::RemoveGroup { group } => {
                let group = self.known_group(&group)?.group.address;
                let done = format!("{group} is removed");
                self.change_group(GroupChange::Remove(group), done)
            }
            Question::JoinGroup { group, member, is_owner } => {
                let group = self.known_group(&group)?.group.address;
                let member = self.party(&member)?;
                let role = if is_owner { GroupRole::Owner } else { GroupRole::Member };
                let role_word = if is_owner { "an owner" } else { "a member" };
                let done = format!("{member} is {role_word} of {group}");
                self.change_group(GroupChange::Join(MemberRecord { group, member, role }), done)
            }
            Question::LeaveGroup { group, member } => {
                let known = self.known_group(&group)?;
                let (group, members) = (known.group.address, known.members.unwrap_or_default());
                let mut readings = self.names.readings(&member)?;
                let has_joined = |name: &Address| members.iter().any(|member| member.member == *name);
                let place = readings.iter().position(has_joined).unwrap_or(0);
                let member = readings.swap_remove(place);
                let done = format!("{member} is not a member of {group} any more");
                self.change_group(GroupChange::Leave { group, member }, done)
            }
            _ => Err(Failure::new(FailureKind::Malformed, "that is no question about groups")),
        }
    }

    fn group(&self, typed: &str) -> Result<Answer, Failure> {
        self.known_group(typed).map(|group| Answer::Group(Box::new(group)))
    }

    fn add_group(&self, typed: &str, options: GroupOptions) -> Result<Answer, Failure> {
        let address = self.first_reading(typed)?;
        if !self.names.serves(&address) {
            let text = format!("{address} is not in the domain of this zone, where groups are");
            return Err(Failure::new(FailureKind::Malformed, text));
        }
        let record = decide(GroupRecord::of(address.clone(), self.clock.now().wall), options)?;
        self.change_group(GroupChange::Create(record), format!("there is a group {address}"))
    }

    fn change_group(&self, change: GroupChange, done: String) -> Result<Answer, Failure> {
        match self.shard.change_group(change).map_err(|error| unavailable(&error))? {
            Ok(_) => Ok(Answer::Done(done)),
            Err(refusal) => Err(refused(&refusal)),
        }
    }

    fn known_group(&self, typed: &str) -> Result<GroupView, Failure> {
        let readings = self.names.readings(typed)?;
        let group = self.shard.look(move |engine| readings.iter().find_map(|name| engine.group(name)));
        let Some(group) = group.ok_or_else(ending)? else {
            let text = format!("there is no group {typed}; `herald group list` lists all");
            return Err(Failure::new(FailureKind::NotFound, text));
        };
        let member = |record: MemberRecord| GroupMemberView { member: record.member, role: record.role };
        let members = group.members.into_iter().map(member).collect();
        Ok(GroupView { group: group.record, members: Some(members), reached: Some(group.reached) })
    }

    /// The reading of a name that a principal or a group has, or else the likeliest: members may come later.
    fn party(&self, typed: &str) -> Result<Address, Failure> {
        let readings = self.names.readings(typed)?;
        let known = self.shard.look(move |engine| {
            let is_known = |name: &&Address| engine.resolve(name).is_some() || engine.group(name).is_some();
            readings.iter().find(is_known).or_else(|| readings.first()).cloned()
        });
        known.ok_or_else(ending)?.ok_or_else(|| self.names.unknown(typed, &self.shard))
    }

    fn first_reading(&self, typed: &str) -> Result<Address, Failure> {
        let first = self.names.readings(typed)?.into_iter().next();
        first.ok_or_else(|| self.names.unknown(typed, &self.shard))
    }
}

fn listed(group: GroupRecord) -> Answer {
    Answer::Group(Box::new(GroupView { group, members: None, reached: None }))
}

/// A group with what is decided anew.
fn decide(group: GroupRecord, options: GroupOptions) -> Result<GroupRecord, Failure> {
    let title = options.title.unwrap_or(group.title);
    if title.is_empty() || title.len() > TITLE_OCTETS_MAX || title.contains(char::is_control) {
        let text = format!("a title has 1 to {TITLE_OCTETS_MAX} octets and no control characters");
        return Err(Failure::new(FailureKind::Malformed, text));
    }
    Ok(GroupRecord {
        title,
        is_conversation: options.is_conversation.unwrap_or(group.is_conversation),
        writers: options.writers.unwrap_or(group.writers),
        announces: options.announces.unwrap_or(group.announces),
        reports: options.reports.unwrap_or(group.reports),
        ..group
    })
}

fn refused(refusal: &GroupRefusal) -> Failure {
    let kind = match refusal {
        GroupRefusal::Unknown(_) | GroupRefusal::NotMember { .. } => FailureKind::NotFound,
        _ => FailureKind::Unavailable,
    };
    Failure::new(kind, refusal)
}
