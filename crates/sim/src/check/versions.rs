//! Versions of documents never go back at any watcher, nor do the states that people publish.

use super::{Checker, View, Violation};
use crate::journal::Seen;
use crate::people;
use h323::endpoint::Event;
use model::{AgentId, Effect, Instant, Millis, Request, Ticket, Version};
use std::collections::{HashMap, HashSet};

#[derive(Default)]
pub(super) struct Versions {
    /// The newest version told of each presentity to each watcher.
    told: HashMap<(usize, usize), Version>,
    /// Whether the store has failed in this run of the server. Presence then goes on and overtakes what waits for the
    /// disk; the gateway, which knows versions too, drops what is older.
    has_failed: bool,
    /// The newest state of each presentity that each watcher was shown, by its number.
    shown: HashMap<(usize, usize), u64>,
    publications: HashMap<(AgentId, Ticket), u64>,
    /// When each watcher registered last.
    registered_at: HashMap<usize, Instant>,
    started_at: Instant,
    /// What each watcher was shown last of each presentity.
    views: HashMap<(usize, usize), Shown>,
    /// States that their publisher knows to be published.
    confirmed: HashSet<u64>,
}

/// A state as an endpoint shows it: its word, and the number in its note.
pub(super) type Face = (&'static str, Option<u64>);

#[derive(Clone, Copy)]
struct Shown {
    face: Face,
    at: Instant,
    /// What was shown before since the watcher registered and the server started, where the last may be old news.
    before: Option<Face>,
}

impl Versions {
    pub(super) fn see(&mut self, view: &View<'_>, seen: &Seen) -> Result<(), Violation> {
        match seen {
            Seen::Started => {
                self.has_failed = false;
                self.started_at = view.now;
                // A new run counts its tickets anew.
                self.publications.clear();
                // What was told while the disk failed, and not confirmed, may be gone; it is news when it is told again.
                self.shown.retain(|_, newest| self.confirmed.contains(newest));
                Ok(())
            }
            Seen::Asked(request) => {
                if let Request::Attend { agent } = &**request
                    && let Some(watcher) = view.parties.of(*agent)
                {
                    self.registered_at.insert(watcher, view.now);
                }
                if let Request::Publish { ticket, agent, publication } = &**request
                    && let Some(number) = publication.notes.iter().find_map(|note| number(&note.text))
                {
                    self.publications.insert((*agent, *ticket), number);
                }
                Ok(())
            }
            Seen::Told(effect) => match &**effect {
                Effect::Done { ticket, agent } => {
                    self.confirmed.extend(self.publications.remove(&(*agent, *ticket)));
                    Ok(())
                }
                Effect::Inform { agent, document, .. } => {
                    let presentity = people::of_address(&document.presentity);
                    let Some(pair) = view.parties.of(*agent).zip(presentity) else { return Ok(()) };
                    self.told(view, pair, document.version)
                }
                _ => Ok(()),
            },
            Seen::Shown(watcher, event) => match &**event {
                Event::Registered { .. } => {
                    self.registered_at.insert(*watcher, view.now);
                    Ok(())
                }
                Event::Presence { alias, state, notes, .. } => {
                    let Some(presentity) = people::of_name(alias) else { return Ok(()) };
                    let (pair, note) =
                        ((*watcher, presentity), notes.iter().find_map(|note| number(&note.text)));
                    self.look_at(view.now, pair, (*state, note));
                    note.map_or(Ok(()), |note| self.shown(view, pair, note))
                }
                _ => Ok(()),
            },
            Seen::Switched(watcher, _) => {
                self.views.retain(|(of, _), _| of != watcher);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn told(&mut self, view: &View<'_>, pair: (usize, usize), version: Version) -> Result<(), Violation> {
        self.has_failed |= view.world.server.as_ref().is_some_and(|server| !server.core().is_writing());
        let newest = self.told.entry(pair).or_insert(version);
        if version < *newest && self.has_failed && version.epoch == newest.epoch {
            return Ok(());
        }
        if version < *newest {
            let (watcher, presentity) = pair;
            let text = format!("p{watcher} is told version {version:?} of p{presentity} after {newest:?}");
            return view.violation(Checker::Versions, text);
        }
        *newest = version;
        Ok(())
    }

    /// Whether a watcher was shown this last, but for old news.
    pub(super) fn was_shown(
        &self,
        watcher: usize,
        presentity: usize,
        face: Face,
    ) -> Result<(), Option<Face>> {
        match self.views.get(&(watcher, presentity)) {
            Some(shown) if shown.face == face || shown.before == Some(face) => Ok(()),
            shown => Err(shown.map(|shown| shown.face)),
        }
    }

    fn look_at(&mut self, now: Instant, pair: (usize, usize), face: Face) {
        let registered_at = self.registered_at.get(&pair.0).copied().unwrap_or(Instant(0));
        let since = self.started_at.max(registered_at);
        // What a server sent before it was killed may arrive after what the next one sent, as with registrations.
        let is_new = now.since(since) < OLD_NEWS;
        let before =
            self.views.get(&pair).filter(|shown| is_new && shown.at >= since).map(|shown| shown.face);
        self.views.insert(pair, Shown { face, at: now, before });
    }

    fn shown(&mut self, view: &View<'_>, pair: (usize, usize), state: u64) -> Result<(), Violation> {
        // What was sent to a registration before the present one may still be under way, and nothing on the wire tells
        // it from news.
        let is_new = |at: &Instant| view.now.since(*at) < OLD_NEWS;
        if self.registered_at.get(&pair.0).is_some_and(is_new) {
            return Ok(());
        }
        // What was refused to its publisher may have been told while the disk failed, and be gone after a crash.
        let newest = self.shown.entry(pair).or_insert(state);
        if state < *newest && self.confirmed.contains(newest) {
            let (watcher, presentity) = pair;
            let text = format!("p{watcher} is shown state n{state} of p{presentity} after n{newest}");
            return view.violation(Checker::Versions, text);
        }
        *newest = state;
        Ok(())
    }
}

/// The number of a state, from its note.
pub(super) fn number(note: &str) -> Option<u64> {
    note.strip_prefix('n')?.parse().ok()
}

/// How long a state from before a registration, or a start of the server, may still come.
const OLD_NEWS: Millis = Millis::seconds(10);
