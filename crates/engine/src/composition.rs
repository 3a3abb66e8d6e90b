//! Composition: from evidence to tuples, from tuples to the document.
//!
//! Everything here is pure, and indifferent to the order in which evidence or tuples are given.

use crate::device::Piece;
use model::{Basic, PresenceState, PresenceTuple, Publication, Source, Timestamp};

/// A state and since when it has held.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Spell {
    pub(crate) state: PresenceState,
    pub(crate) since: Timestamp,
}

impl Spell {
    /// The spell after evidence says `said`.
    ///
    /// A state that goes on keeps its beginning, or moves it back where evidence shows that it began earlier. A
    /// new state began when its evidence did, yet not before `ended_at`, when the last harder evidence ended (a
    /// room that has hung up is online since then, however long it has been registered); and not in the future.
    pub(crate) fn follow(before: Option<Self>, said: Self, ended_at: Timestamp, now: Timestamp) -> Self {
        let since = said.since.max(ended_at).min(now);
        match before {
            Some(before) if before.state == said.state => Self { since: before.since.min(since), ..before },
            _ => Self { since, ..said },
        }
    }
}

/// What the evidence about one device comes to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Verdict {
    pub(crate) said: Spell,
    pub(crate) basic: Basic,
    /// The place of the piece that decides; `None`: what its person published does.
    pub(crate) decided_by: Option<usize>,
}

/// What a person says of himself through a device, and how it is laid over what is inferred.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Said<'a> {
    /// What was published through the device.
    pub(crate) publication: Option<&'a Publication>,
    /// Whether it wins over a call too.
    pub(crate) always_wins: bool,
}

/// Weighs the evidence about one device; `None` where there is none.
///
/// The hardest source decides (a softer one never hides it), within a source the state of most interest, then
/// the piece that began first. What its person published wins over all that is inferred (D-15), while the device is
/// there, but for a call over "available". A device whose presence is not inferred (D-18) is unknown unless its
/// person says what it is, whatever is seen of it.
pub(crate) fn weigh(pieces: &[Piece], inferred: bool, said: Said<'_>) -> Option<Verdict> {
    let weight = |piece: &Piece| (piece.source.rank(), interest(piece.state));
    let (decided_by, piece) = pieces.iter().enumerate().max_by(|(_, one), (_, other)| {
        weight(one)
            .cmp(&weight(other))
            .then_with(|| other.since.cmp(&one.since))
            .then_with(|| other.id.cmp(&one.id))
    })?;
    let is_call = matches!(piece.state, PresenceState::OnCall | PresenceState::Meeting);
    let overlaid = is_call && inferred && !said.always_wins;
    if let Some(verdict) = published(pieces, said.publication, overlaid) {
        return Some(verdict);
    }
    if !inferred {
        let since = pieces.iter().map(|piece| piece.since).min()?;
        return Some(Verdict {
            said: Spell { state: PresenceState::Unknown, since },
            basic: Basic::Closed,
            decided_by: Some(decided_by),
        });
    }
    let said = Spell { state: piece.state, since: piece.since };
    Some(Verdict { said, basic: reachability(pieces), decided_by: Some(decided_by) })
}

/// The verdict of what was published through a device; `None` where it has no say: nothing was, the device is not
/// there, or it only says that its person is available and a call is laid over it.
fn published(pieces: &[Piece], publication: Option<&Publication>, overlaid: bool) -> Option<Verdict> {
    use PresenceState::{Available, Chat, Hidden, Offline, Online, Unknown};
    let publication = publication.filter(|publication| publication.state != Unknown)?;
    // Nobody has said it of a device that was not there yet.
    let there_since = pieces.iter().filter(|piece| is_hard(piece)).map(|piece| piece.since).min()?;
    if overlaid && matches!(publication.state, Available | Online | Chat) {
        return None;
    }
    let said = Spell { state: publication.state, since: publication.at.max(there_since) };
    let basic = match publication.state {
        // Not an activity but the wish not to be reached, or to look so.
        Offline | Hidden => Basic::Closed,
        _ => reachability(pieces),
    };
    Some(Verdict { said, basic, decided_by: None })
}

/// What all tuples of a principal come to: the state of most interest (D-17), the earliest moment since when a
/// device shows it, and open if a device can be reached.
///
/// The winner is the first tuple, by agent, of those that began first in the winning state; its note is the
/// document's. `None` where there is no tuple.
///
/// Who hides is not seen through another device: where what was published last says hidden, all of it is (D-16).
/// Where something else was published later, the tuple that still hides has no say.
pub(crate) fn compose(tuples: &[PresenceTuple]) -> Option<(&PresenceTuple, Basic)> {
    let is_hidden = |tuple: &&PresenceTuple| tuple.state == PresenceState::Hidden;
    let newest = tuples
        .iter()
        .filter(|tuple| tuple.publication.is_some())
        .max_by_key(|tuple| (tuple.publication.as_ref().map(|publication| publication.at), is_hidden(tuple)));
    let hides =
        newest.is_some_and(|newest| is_hidden(&newest)) || tuples.iter().all(|tuple| is_hidden(&tuple));
    let with_a_say = tuples.iter().filter(|tuple| is_hidden(tuple) == hides);
    let winner = with_a_say.min_by(|one, other| {
        let by_interest = interest(other.state).cmp(&interest(one.state));
        by_interest.then_with(|| one.since.cmp(&other.since)).then_with(|| one.agent.cmp(&other.agent))
    })?;
    let is_open = tuples.iter().any(|tuple| tuple.basic == Basic::Open);
    Some((winner, if is_open { Basic::Open } else { Basic::Closed }))
}

/// The order of interest, made total: states of equal precedence by their place in the table, which has the more
/// telling ones later.
fn interest(state: PresenceState) -> (u8, u8) {
    (state.interest(), state as u8)
}

/// A device can be reached when it is registered or in a call; its activity has no say (C-27).
///
/// Only evidence that itself says that no device is there to be seen (C0, C1, C17) opens nothing.
fn reachability(pieces: &[Piece]) -> Basic {
    let shows_device = |piece: &Piece| {
        is_hard(piece)
            && !matches!(piece.state, PresenceState::Offline | PresenceState::Hidden | PresenceState::Unknown)
    };
    if pieces.iter().any(shows_device) { Basic::Open } else { Basic::Closed }
}

/// Whether a piece of evidence comes from a device that is there.
fn is_hard(piece: &Piece) -> bool {
    matches!(piece.source, Source::Registration | Source::Call)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(source: Source, state: PresenceState, since: i64) -> Piece {
        Piece::of(source, "", state, Timestamp(since))
    }

    #[test]
    fn a_softer_source_never_hides_a_harder_one() {
        let pieces = [
            piece(Source::Call, PresenceState::Away, 1),
            piece(Source::Registration, PresenceState::OnCall, 2),
            piece(Source::Departure, PresenceState::Offline, 3),
        ];
        let verdict = weigh(&pieces, true, Said::default()).unwrap();
        assert_eq!((verdict.said.state, verdict.decided_by), (PresenceState::Away, Some(0)));
    }

    // covers: C-27
    #[test]
    fn no_activity_of_a_registered_device_closes_it() {
        use PresenceState::*;
        for activity in
            [Away, Idle, Brb, Lunch, NotAvailable, Vacation, Busy, Dnd, OnCall, Meeting, VoiceMail, Custom]
        {
            let pieces = [piece(Source::Registration, Online, 1), piece(Source::Call, activity, 2)];
            assert_eq!(weigh(&pieces, true, Said::default()).unwrap().basic, Basic::Open, "{activity:?}");
        }
    }

    // covers: D-18
    #[test]
    fn a_device_that_is_not_inferred_is_unknown_and_closed_whatever_is_seen() {
        let pieces = [
            piece(Source::Registration, PresenceState::Online, 5),
            piece(Source::Call, PresenceState::OnCall, 9),
        ];
        let verdict = weigh(&pieces, false, Said::default()).unwrap();
        assert_eq!(verdict.said, Spell { state: PresenceState::Unknown, since: Timestamp(5) });
        assert_eq!(verdict.basic, Basic::Closed);
    }

    #[test]
    fn a_state_that_goes_on_keeps_its_beginning() {
        let before = Spell { state: PresenceState::OnCall, since: Timestamp(10) };
        let said = Spell { state: PresenceState::OnCall, since: Timestamp(15) };
        assert_eq!(Spell::follow(Some(before), said, Timestamp(0), Timestamp(20)), before);
    }

    #[test]
    fn a_softer_state_begins_when_the_harder_evidence_ended() {
        let before = Some(Spell { state: PresenceState::OnCall, since: Timestamp(10) });
        let said = Spell { state: PresenceState::Online, since: Timestamp(5) };
        let after = Spell::follow(before, said, Timestamp(18), Timestamp(20));
        assert_eq!(after, Spell { state: PresenceState::Online, since: Timestamp(18) });
    }

    #[test]
    fn no_state_begins_in_the_future() {
        let said = Spell { state: PresenceState::Online, since: Timestamp(90) };
        assert_eq!(Spell::follow(None, said, Timestamp(80), Timestamp(20)).since, Timestamp(20));
    }
}
