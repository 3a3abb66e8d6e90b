//! Conferences: the rooms of an MCU, each a conversation of whoever is in it by a call (D-40, D-41; interworking
//! table f).
//!
//! The gateway of the MCU says who is there. What somebody writes to the name of the room goes to everybody else there,
//! and to those who have entered it without a call; it is seen to be open, and how many are in it. Nothing of this is
//! stored: calls say so again after a restart.

use crate::alias_book::NameId;
use crate::engine::Engine;
use crate::principal::PrincipalId;
use model::{AgentId, Basic, Conference, Note, PresenceState, PresenceTuple, Publication, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// The rooms of all MCUs that are there.
#[derive(Debug, Default)]
pub(crate) struct Conferences(BTreeMap<NameId, Meeting>);

/// Who is in the room of an MCU.
#[derive(Debug)]
pub(crate) struct Meeting {
    /// The MCU.
    owner: PrincipalId,
    agent: AgentId,
    pub participants: BTreeSet<PrincipalId>,
    /// Since when it can be joined.
    since: Timestamp,
}

impl Conferences {
    /// Somebody is in none from now on.
    pub fn leave(&mut self, id: PrincipalId) {
        for meeting in self.0.values_mut() {
            meeting.participants.remove(&id);
        }
    }
}

impl Engine {
    /// An MCU has these rooms with these people in them, and no others.
    pub(crate) fn convene(&mut self, agent: AgentId, at: Timestamp, conferences: &[Conference]) {
        let Some(owner) = self.agents.get(agent) else { return self.counts.strays += 1 };
        let mut convened = BTreeMap::new();
        for conference in conferences {
            let Some(name) = self.book.id(&conference.address) else { continue };
            let participants = conference.participants.iter().filter_map(|one| self.book.owner_of(one));
            let participants: BTreeSet<_> = participants.filter(|one| *one != owner).collect();
            let since = self.conferences.0.get(&name).map_or(at, |meeting| meeting.since);
            convened.insert(name, Meeting { owner, agent, participants, since });
        }
        self.conferences.0.retain(|_, meeting| meeting.agent != agent);
        self.conferences.0.append(&mut convened);
        self.touch(owner);
        self.refresh_rooms();
    }

    /// An MCU is gone, and with it its rooms.
    pub(crate) fn adjourn(&mut self, agent: AgentId) {
        let before = self.conferences.0.len();
        self.conferences.0.retain(|_, meeting| meeting.agent != agent);
        if self.conferences.0.len() != before {
            self.refresh_rooms();
        }
    }

    /// The room of an MCU that has this name. A group of that name goes before it.
    pub(crate) fn conference(&self, name: NameId) -> Option<&Meeting> {
        let meeting = self.conferences.0.get(&name)?;
        let is_its = self.book.owner(name) == Some(meeting.owner) && self.groups.get(name).is_none();
        is_its.then_some(meeting)
    }

    /// The MCU whose room has this name.
    pub(crate) fn convener(&self, name: NameId) -> Option<PrincipalId> {
        self.conference(name).map(|meeting| meeting.owner)
    }

    /// Whether a principal is an MCU with rooms.
    pub(crate) fn is_convener(&self, id: PrincipalId) -> bool {
        self.meetings(id).next().is_some()
    }

    fn meetings(&self, id: PrincipalId) -> impl Iterator<Item = &Meeting> {
        let names = self.principals[id].names.iter();
        names.filter_map(|name| self.conference(*name)).filter(move |meeting| meeting.owner == id)
    }

    /// What is shown of an MCU (D-40): its rooms can be joined, and so many are in them.
    pub(crate) fn conference_tuple(&self, id: PrincipalId) -> Option<PresenceTuple> {
        let meetings = Vec::from_iter(self.meetings(id));
        let since = meetings.iter().map(|meeting| meeting.since).min()?;
        let count: usize = meetings.iter().map(|meeting| meeting.participants.len()).sum();
        let text = match count {
            0 => None,
            1 => Some("1 participant".to_owned()),
            count => Some(format!("{count} participants")),
        };
        let language = Some("en".to_owned());
        let published = Publication {
            state: PresenceState::Available,
            qualifier: None,
            custom: Vec::new(),
            notes: text.into_iter().map(|text| Note { language: language.clone(), text }).collect(),
            capabilities: None,
            location: None,
            extensions: Box::default(),
            at: since,
        };
        Some(PresenceTuple {
            agent: None,
            state: PresenceState::Available,
            basic: Basic::Open,
            since,
            note: Some("a room of an MCU".to_owned()),
            publication: Some(published.into()),
        })
    }
}
