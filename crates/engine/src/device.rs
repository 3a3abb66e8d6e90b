//! A device: one agent of a principal, and the evidence about it.

use crate::alias_book::NameId;
use crate::composition::{self, Said, Spell};
use model::{
    AgentId, Evidence, EvidenceKey, Instant, Now, PresenceState, PresenceTuple, Source, Strength, Timestamp,
};
use std::sync::Arc;

/// One agent that holds a claim.
#[derive(Debug)]
pub(crate) struct Device {
    pub(crate) agent: AgentId,
    pub(crate) inferred: bool,
    /// Whether it takes messages.
    pub(crate) has_messaging: bool,
    /// Whether it takes part in presence.
    pub(crate) has_presence: bool,
    /// How surely it is who it says it is.
    pub(crate) strength: Strength,
    /// Its name among the devices of its principal, under which what is published through it is kept.
    pub(crate) name: Box<str>,
    /// What it is, in a few words.
    pub(crate) description: Box<str>,
    /// The names it claimed last, the preferred first.
    pub(crate) names: Box<[NameId]>,
    /// In no order that matters.
    pub(crate) pieces: Vec<Piece>,
    /// What was published of it last.
    pub(crate) spell: Option<Spell>,
    /// When evidence about it ended last.
    pub(crate) ended_at: Timestamp,
}

impl Device {
    /// A device of which nothing is known yet but, after a restart, what was published of it before.
    pub(crate) fn new(agent: AgentId, spell: Option<Spell>) -> Self {
        let ended_at = spell.map_or(Timestamp::default(), |spell| spell.since);
        Self {
            agent,
            inferred: true,
            has_messaging: false,
            has_presence: false,
            strength: Strength::Claimed,
            name: "".into(),
            description: "".into(),
            names: [].into(),
            pieces: Vec::new(),
            spell,
            ended_at,
        }
    }

    /// Adds a piece, or replaces the one of the same key.
    pub(crate) fn observe(&mut self, evidence: Evidence, pieces_max: usize) -> Observed {
        let piece = Piece::from(evidence);
        if let Some(known) = self.pieces.iter_mut().find(|known| known.is_named_as(&piece)) {
            let is_same = known.state == piece.state && known.since == piece.since;
            *known = piece;
            return if is_same { Observed::Renewed } else { Observed::Changed };
        }
        if self.pieces.len() >= pieces_max {
            return Observed::Full;
        }
        if self.pieces.is_empty() {
            // Nearly all devices have one piece; the first growth of a vector would make room for four.
            self.pieces.reserve_exact(1);
        }
        self.pieces.push(piece);
        Observed::Changed
    }

    /// Ends a piece at `at`; one of a call goes on counting until `hold_until`, where that is given.
    pub(crate) fn withdraw(
        &mut self,
        key: &EvidenceKey,
        at: Timestamp,
        hold_until: Option<Instant>,
    ) -> Withdrawn {
        let Some(place) =
            self.pieces.iter().position(|piece| piece.source == key.source && *piece.id == *key.id)
        else {
            return Withdrawn::Unknown;
        };
        if key.source == Source::Registration {
            self.lose(at);
            return Withdrawn::Lost;
        }
        self.ended_at = self.ended_at.max(at);
        let piece = &mut self.pieces[place];
        match hold_until.filter(|_| key.source == Source::Call) {
            Some(until) => {
                piece.is_held = true;
                piece.expires = piece.expires.min(until);
                Withdrawn::Held(piece.expires)
            }
            None => {
                self.pieces.swap_remove(place);
                Withdrawn::Ended
            }
        }
    }

    /// Drops what has expired; gives back when the registration did, if it was among it.
    pub(crate) fn expire(&mut self, now: Now) -> Option<Timestamp> {
        let has_expired = |piece: &Piece| piece.expires <= now.instant;
        let registration =
            self.pieces.iter().find(|piece| piece.source == Source::Registration && has_expired(piece));
        if let Some(at) = registration.map(|piece| now.wall_of(piece.expires)) {
            self.lose(at);
            return Some(at);
        }
        for piece in self.pieces.iter().filter(|piece| has_expired(piece) && !piece.is_held) {
            self.ended_at = self.ended_at.max(now.wall_of(piece.expires));
        }
        self.pieces.retain(|piece| !has_expired(piece));
        None
    }

    /// Forgets all evidence: loss of registration beats everything (D-15).
    fn lose(&mut self, at: Timestamp) {
        self.pieces = Vec::new();
        self.spell = None;
        self.ended_at = self.ended_at.max(at);
    }

    /// When the first piece expires; [`FOREVER`] where none does.
    pub(crate) fn deadline(&self) -> Instant {
        self.pieces.iter().map(|piece| piece.expires).min().unwrap_or(FOREVER)
    }

    /// Its tuple; `None` while nothing is known of it.
    pub(crate) fn tuple(&self, now: Timestamp, said: Said<'_>) -> Option<PresenceTuple> {
        let verdict = composition::weigh(&self.pieces, self.inferred, said)?;
        let spell = Spell::follow(self.spell, verdict.said, self.ended_at, now);
        let is_published = verdict.decided_by.is_none();
        let note = (!self.inferred && !is_published).then(|| NOT_INFERRED.to_owned());
        Some(PresenceTuple {
            agent: Some(self.agent),
            state: spell.state,
            basic: verdict.basic,
            since: spell.since,
            note,
            publication: said.publication.map(|publication| Box::new(publication.clone())),
        })
    }
}

/// One piece of evidence.
#[derive(Debug)]
pub(crate) struct Piece {
    pub(crate) source: Source,
    pub(crate) state: PresenceState,
    /// Withdrawn, and kept for the call gap.
    pub(crate) is_held: bool,
    pub(crate) id: Box<str>,
    pub(crate) since: Timestamp,
    /// [`FOREVER`] where it does not expire.
    pub(crate) expires: Instant,
    pub(crate) detail: Arc<str>,
}

impl Piece {
    fn is_named_as(&self, other: &Self) -> bool {
        self.source == other.source && self.id == other.id
    }

    #[cfg(test)]
    pub(crate) fn of(source: Source, id: &str, state: PresenceState, since: Timestamp) -> Self {
        Self { source, state, is_held: false, id: id.into(), since, expires: FOREVER, detail: "".into() }
    }
}

impl From<Evidence> for Piece {
    fn from(evidence: Evidence) -> Self {
        Self {
            source: evidence.key.source,
            state: evidence.state,
            is_held: false,
            id: evidence.key.id.into(),
            since: evidence.since,
            expires: evidence.expires.unwrap_or(FOREVER),
            detail: evidence.detail,
        }
    }
}

/// What came of observing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Observed {
    /// Nothing new, it only lasts longer.
    Renewed,
    /// The tuple may be another.
    Changed,
    /// There is no room.
    Full,
}

/// What came of withdrawing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Withdrawn {
    /// There was no such piece.
    Unknown,
    /// It counts until then.
    Held(Instant),
    /// It is gone.
    Ended,
    /// It was the registration; all is gone.
    Lost,
}

/// The end of time, for what has no end.
pub(crate) const FOREVER: Instant = Instant(u64::MAX);

/// The note of a device whose presence is not inferred.
pub(crate) const NOT_INFERRED: &str = "presence is not inferred for this device";

#[cfg(test)]
mod tests {
    use super::{Device, Piece};

    #[test]
    fn hot_types_are_small() {
        assert_eq!(size_of::<Piece>(), 56);
        assert_eq!(size_of::<Device>(), 120);
    }
}
