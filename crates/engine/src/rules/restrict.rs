//! How much of a document is shown: pure functions from the whole to what a class of watchers may see.

use model::{
    Amount, Basic, ExtensionKind, PresenceDocument, PresenceState, PresenceTuple, Publication, Timestamp,
    Version,
};
use std::sync::Arc;

/// A document as each class of watchers may see it, each made once and only if it is needed.
#[derive(Debug)]
pub(crate) struct Views {
    whole: Arc<PresenceDocument>,
    /// Since when a reachability is told to those who learn nothing else: it says nothing of when it changed.
    known_since: Timestamp,
    made: [Option<Arc<PresenceDocument>>; CLASSES],
}

/// The amounts of which something is seen.
const CLASSES: usize = 4;

impl Views {
    pub(crate) const fn new(whole: Arc<PresenceDocument>, known_since: Timestamp) -> Self {
        Self { whole, known_since, made: [const { None }; CLASSES] }
    }

    /// The document as it is seen by whom `amount` is shown; not for [`Amount::Nothing`].
    pub(crate) fn of(&mut self, amount: Amount) -> &Arc<PresenceDocument> {
        let class = (amount as usize).saturating_sub(1);
        self.made[class].get_or_insert_with(|| restrict(&self.whole, amount, self.known_since))
    }

    pub(crate) const fn whole(&self) -> &Arc<PresenceDocument> {
        &self.whole
    }

    /// How many were made.
    pub(crate) fn made(&self) -> usize {
        self.made.iter().flatten().count()
    }
}

/// What is left of a document; the document itself where nothing is to be left out.
fn restrict(
    document: &Arc<PresenceDocument>,
    amount: Amount,
    known_since: Timestamp,
) -> Arc<PresenceDocument> {
    match amount {
        Amount::Location => Arc::clone(document),
        Amount::Everything => match document.tuples.iter().any(tells_place) {
            true => Arc::new(without_place(document)),
            false => Arc::clone(document),
        },
        Amount::Activity => Arc::new(activity(document)),
        Amount::Basic | Amount::Nothing => Arc::new(basic(document, known_since)),
    }
}

fn tells_place(tuple: &PresenceTuple) -> bool {
    tuple.publication.as_ref().is_some_and(|publication| {
        let mut extensions = publication.extensions.iter();
        publication.location.is_some()
            || extensions.any(|extension| extension.kind == ExtensionKind::Location)
    })
}

fn without_place(document: &PresenceDocument) -> PresenceDocument {
    let mut seen = document.clone();
    for publication in seen.tuples.iter_mut().filter_map(|tuple| tuple.publication.as_mut()) {
        publication.location = None;
        publication.retain_extensions(|kind| kind != ExtensionKind::Location);
    }
    seen
}

/// The state, since when, and what is said of it: one tuple, as of no device.
fn activity(document: &PresenceDocument) -> PresenceDocument {
    let said = document.deciding().and_then(|tuple| tuple.publication.as_deref());
    let publication = said.filter(|said| said.state == document.state).map(|said| {
        let mut said = Publication { capabilities: None, location: None, ..said.clone() };
        said.retain_extensions(|kind| kind == ExtensionKind::Activity);
        Box::new(said)
    });
    alone(document, document.state, document.basic, document.since, publication)
}

/// Whether he can be reached.
fn basic(document: &PresenceDocument, known_since: Timestamp) -> PresenceDocument {
    let state = match document.basic {
        Basic::Open => PresenceState::Online,
        Basic::Closed if document.state == PresenceState::Unknown => PresenceState::Unknown,
        Basic::Closed => PresenceState::Offline,
    };
    alone(document, state, document.basic, known_since, None)
}

/// A document like that of somebody who is offline, whatever this one says.
pub(crate) fn offline(document: &PresenceDocument, since: Timestamp) -> PresenceDocument {
    alone(document, PresenceState::Offline, Basic::Closed, since, None)
}

fn alone(
    document: &PresenceDocument,
    state: PresenceState,
    basic: Basic,
    since: Timestamp,
    publication: Option<Box<Publication>>,
) -> PresenceDocument {
    let tuple = PresenceTuple { agent: None, state, basic, since, note: None, publication };
    let version: Version = document.version;
    let presentity = document.presentity.clone();
    PresenceDocument { presentity, version, state, basic, since, note: None, tuples: vec![tuple] }
}
