//! Rooms: conversations that people enter, where they see each other and hear what is written while they are there
//! (interworking table f).
//!
//! Who enters is an occupant, under a name of its choice. The members of the conversation are in the room all the time,
//! under the names that they registered; one whose agent enters is there under the name it chose. Nothing of this is
//! stored: gateways enter again after a restart.

use crate::alias_book::NameId;
use crate::effects::Effects;
use crate::engine::Engine;
use crate::principal::PrincipalId;
use model::{Address, AgentId, Effect, GroupRefusal, InstantMessage, Occupant, Ticket};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The rooms that somebody has entered.
#[derive(Debug, Default)]
pub(crate) struct Rooms {
    rooms: BTreeMap<NameId, Room>,
    /// What occupants are told when the batch is settled.
    told: Vec<Effect>,
}

/// Who is in a room, under which name.
#[derive(Debug, Default)]
struct Room {
    seats: BTreeMap<Seat, String>,
}

/// Somebody's place in a room.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Seat {
    /// A member that has not entered.
    Member(PrincipalId),
    /// Whom an agent stands for that has entered.
    Occupant(PrincipalId, AgentId),
}

/// What becomes of a seat.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Change<'a> {
    Comes,
    Leaves,
    /// It is left for one under this name.
    IsCalled(&'a str),
}

impl Seat {
    const fn principal(self) -> PrincipalId {
        match self {
            Self::Member(id) | Self::Occupant(id, _) => id,
        }
    }
}

impl Room {
    fn occupants(&self) -> impl Iterator<Item = (PrincipalId, AgentId)> {
        self.seats.keys().filter_map(|seat| match seat {
            Seat::Member(_) => None,
            Seat::Occupant(id, agent) => Some((*id, *agent)),
        })
    }

    fn seat_of(&self, agent: AgentId) -> Option<Seat> {
        self.occupants().find(|(_, other)| *other == agent).map(|(id, agent)| Seat::Occupant(id, agent))
    }

    fn is_taken(&self, nick: &str, by_other_than: Option<PrincipalId>) -> bool {
        let nick = nick.to_lowercase();
        let is_other = |seat: &Seat| Some(seat.principal()) != by_other_than;
        self.seats.iter().any(|(seat, other)| is_other(seat) && other.to_lowercase() == nick)
    }

    /// A name that nobody else has there; the same as long as the room is open.
    fn free(&self, nick: &str) -> String {
        let numbered = (2_u32..).map(|number| format!("{nick} {number}"));
        let mut all = std::iter::once(nick.to_owned()).chain(numbered);
        all.find(|nick| !self.is_taken(nick, None)).unwrap_or_default()
    }
}

impl Engine {
    /// An agent enters a room, or goes by another name there.
    pub(crate) fn enter(&mut self, ticket: Ticket, agent: AgentId, group: &Address, nick: String) {
        let told = match self.entered(ticket, agent, group, nick) {
            Ok(effect) => effect,
            Err(refusal) => {
                self.counts.group_changes_refused += 1;
                Effect::GroupRefused { ticket, agent: Some(agent), refusal }
            }
        };
        self.rooms.told.push(told);
    }

    fn entered(
        &mut self,
        ticket: Ticket,
        agent: AgentId,
        address: &Address,
        nick: String,
    ) -> Result<Effect, GroupRefusal> {
        let unknown = || GroupRefusal::Unknown(address.clone());
        let id = self.agents.get(agent).ok_or_else(unknown)?;
        let group = self.conversation_at(address).ok_or_else(unknown)?;
        if self.admit_writer(group, Some(id)).is_err() {
            let member = self.book.address(self.principals[id].identity).clone();
            return Err(GroupRefusal::NotMember { group: address.clone(), member });
        }
        let mut room = self.rooms.rooms.remove(&group).unwrap_or_else(|| self.open_room(group));
        let admitted = self.admit_occupant(&room, id, &nick);
        if admitted.is_ok() {
            self.take_seat(&mut room, group, Seat::Occupant(id, agent), nick);
        }
        let entered = admitted.map(|()| Effect::Entered {
            ticket,
            agent,
            group: self.book.named(group),
            title: self.title_of(group),
            occupants: self.occupants_of(&room),
        });
        if room.occupants().next().is_some() {
            self.rooms.rooms.insert(group, room);
        }
        entered
    }

    fn title_of(&self, conversation: NameId) -> String {
        let title = |group: &crate::groups::Group| group.record.title.clone();
        self.groups.get(conversation).map_or_else(|| self.book.named(conversation).original, title)
    }

    fn admit_occupant(&self, room: &Room, id: PrincipalId, nick: &str) -> Result<(), GroupRefusal> {
        let max = self.settings.limits.members_per_group_max;
        if room.seats.len() >= max && !room.seats.keys().any(|seat| seat.principal() == id) {
            return Err(GroupRefusal::Full { limit: "members_per_group_max", max });
        }
        if room.is_taken(nick, Some(id)) {
            return Err(GroupRefusal::NickTaken(nick.to_owned()));
        }
        Ok(())
    }

    fn take_seat(&mut self, room: &mut Room, group: NameId, seat: Seat, nick: String) {
        // A member that enters is there as it enters.
        let member = Seat::Member(seat.principal());
        if let Some(before) = room.seats.remove(&member) {
            self.tell_room(room, group, member, before, Change::Leaves);
        }
        if let Some(before) = room.seats.remove(&seat) {
            self.tell_room(room, group, seat, before, Change::IsCalled(&nick));
        }
        room.seats.insert(seat, nick.clone());
        self.tell_room(room, group, seat, nick, Change::Comes);
    }

    /// An agent leaves a room.
    pub(crate) fn exit(&mut self, agent: AgentId, group: &Address) {
        if let Some(group) = self.book.id(group) {
            self.vacate_seat(agent, group);
        }
    }

    /// An agent is gone, and with it from all rooms.
    pub(crate) fn exit_all(&mut self, agent: AgentId) {
        let is_in = |room: &Room| room.seat_of(agent).is_some();
        let rooms = self.rooms.rooms.iter().filter(|(_, room)| is_in(room)).map(|(group, _)| *group);
        for group in Vec::from_iter(rooms) {
            self.vacate_seat(agent, group);
        }
    }

    fn vacate_seat(&mut self, agent: AgentId, group: NameId) {
        let Some(mut room) = self.rooms.rooms.remove(&group) else { return };
        if let Some(seat) = room.seat_of(agent)
            && let Some(nick) = room.seats.remove(&seat)
        {
            self.tell_room(&room, group, seat, nick, Change::Leaves);
        }
        if room.occupants().next().is_some() {
            self.seat_members(&mut room, group);
            self.rooms.rooms.insert(group, room);
        }
    }

    fn open_room(&self, group: NameId) -> Room {
        let mut room = Room::default();
        for id in self.people_in(group) {
            let nick = room.free(&self.nick_of(id));
            room.seats.insert(Seat::Member(id), nick);
        }
        room
    }

    fn nick_of(&self, id: PrincipalId) -> String {
        let name = self.book.named(self.principals[id].identity);
        match name.kind == crate::alias_book::UNREGISTERED || name.original.contains('@') {
            true => name.address.local().to_owned(),
            false => name.original,
        }
    }

    /// Groups are others than they were: whoever is no member any more is not in the room, and who is one now is.
    pub(crate) fn refresh_rooms(&mut self) {
        for group in Vec::from_iter(self.rooms.rooms.keys().copied()) {
            let Some(mut room) = self.rooms.rooms.remove(&group) else { continue };
            let may_stay = |id| self.is_conversation(group) && self.admit_writer(group, Some(id)).is_ok();
            let out = Vec::from_iter(room.occupants().filter(|(id, _)| !may_stay(*id)));
            for (id, agent) in out {
                let seat = Seat::Occupant(id, agent);
                if let Some(nick) = room.seats.remove(&seat) {
                    self.tell_room(&room, group, seat, nick, Change::Leaves);
                    let group = self.book.address(group).clone();
                    self.rooms.told.push(Effect::PutOut { agent, group });
                }
            }
            if room.occupants().next().is_some() {
                self.seat_members(&mut room, group);
                self.rooms.rooms.insert(group, room);
            }
        }
    }

    /// Brings the seats of members who have not entered in line with who is a member.
    fn seat_members(&mut self, room: &mut Room, group: NameId) {
        let entered: BTreeSet<PrincipalId> = room.occupants().map(|(id, _)| id).collect();
        let members = self.people_in(group);
        let is_gone = |seat: &Seat| matches!(seat, Seat::Member(id) if !members.contains(id));
        let gone = Vec::from_iter(room.seats.keys().copied().filter(is_gone));
        for seat in gone {
            let Some(nick) = room.seats.remove(&seat) else { continue };
            self.tell_room(room, group, seat, nick, Change::Leaves);
        }
        for id in members.into_iter().filter(|id| !entered.contains(id)) {
            let seat = Seat::Member(id);
            if !room.seats.contains_key(&seat) {
                let nick = room.free(&self.nick_of(id));
                room.seats.insert(seat, nick.clone());
                self.tell_room(room, group, seat, nick, Change::Comes);
            }
        }
    }

    /// Tells the others in a room that somebody comes or goes.
    fn tell_room(&mut self, room: &Room, group: NameId, seat: Seat, nick: String, change: Change<'_>) {
        let occupant = self.occupant(seat, nick);
        let is_there = change == Change::Comes;
        let renamed = match change {
            Change::IsCalled(nick) => Some(nick.to_owned()),
            Change::Comes | Change::Leaves => None,
        };
        let group = self.book.address(group).clone();
        for (id, agent) in room.occupants() {
            if Seat::Occupant(id, agent) != seat {
                let (group, occupant, renamed) = (group.clone(), occupant.clone(), renamed.clone());
                self.rooms.told.push(Effect::Occupancy { agent, group, occupant, is_there, renamed });
            }
        }
    }

    fn occupant(&self, seat: Seat, nick: String) -> Occupant {
        let address = self.contact_address(self.principals[seat.principal()].identity);
        Occupant { nick, address }
    }

    fn occupants_of(&self, room: &Room) -> Vec<Occupant> {
        room.seats.iter().map(|(seat, nick)| self.occupant(*seat, nick.clone())).collect()
    }

    /// Whether somebody hears what is written to a group without a copy of its own.
    pub(crate) fn is_in_room(&self, group: NameId, id: PrincipalId) -> bool {
        self.rooms.rooms.get(&group).is_some_and(|room| room.occupants().any(|(other, _)| other == id))
    }

    /// Lets those in a room hear what was written to it, the writer too; gives back whether anybody does.
    pub(crate) fn say_in_room(
        &mut self,
        group: NameId,
        sender: Option<PrincipalId>,
        message: &InstantMessage,
    ) -> bool {
        let Some(room) = self.rooms.rooms.get(&group) else { return false };
        let seat = room.seats.iter().find(|(seat, _)| Some(seat.principal()) == sender);
        let nick = seat.map_or_else(|| self.name_of(&message.sender).original, |(_, nick)| nick.clone());
        let message = Arc::new(message.clone());
        let group = self.book.address(group).clone();
        let overheard = room.occupants().map(|(_, agent)| {
            let (group, nick, message) = (group.clone(), nick.clone(), Arc::clone(&message));
            Effect::Overheard { agent, group, nick, message }
        });
        self.rooms.told.extend(overheard);
        true
    }

    /// Tells occupants what has happened in their rooms.
    pub(crate) fn settle_rooms(&mut self, effects: &mut Effects) {
        for effect in std::mem::take(&mut self.rooms.told) {
            effects.answer(effect);
        }
    }
}
