//! Explanations: every piece of evidence behind a state, and which of it decides.

use crate::composition::{self, Said};
use crate::device::{Device, FOREVER, Piece};
use crate::engine::Engine;
use crate::principal::{Principal, PrincipalId};
use crate::published::{self, Published};
use model::{
    Address, AgentId, AliasEntry, Amount, Handling, Now, PresenceDocument, PresenceState, Publication,
    Service, Source, Timestamp,
};
use serde::Serialize;

/// Why a presentity is shown as it is.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The name that was asked for.
    pub asked: Address,
    /// The address under which the principal is filed in the store.
    pub principal: Address,
    /// All its names as they were registered first, in order.
    pub aliases: Vec<AliasEntry>,
    /// Its agents, in order.
    pub agents: Vec<AgentExplanation>,
    /// Every piece of evidence: those of each agent from the hardest to the softest, then those of the principal
    /// itself.
    pub evidence: Vec<EvidenceExplanation>,
    /// In words, how the evidence was combined.
    pub rule: String,
    /// What came of it, as of the last settled batch.
    pub document: PresenceDocument,
}

/// An agent of the presentity.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentExplanation {
    /// Which.
    pub agent: AgentId,
    /// What it is, in the words of its link.
    pub description: String,
    /// The names it claims, the preferred first.
    pub aliases: Vec<Address>,
    /// Whether presence is inferred for it (D-18).
    pub inferred: bool,
    /// What its evidence comes to; `None`: there is none.
    pub state: Option<PresenceState>,
    /// Whether it is shown as the state of the presentity.
    pub decides: bool,
}

/// One piece of evidence.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EvidenceExplanation {
    /// About which agent; `None`: about the principal.
    pub agent: Option<AgentId>,
    /// Where it comes from.
    pub source: Source,
    /// Which one of that source, for example a call identifier.
    pub id: String,
    /// The higher wins.
    pub rank: u8,
    /// What it says.
    pub state: PresenceState,
    /// Since when.
    pub since: Timestamp,
    /// When it stops counting; `None`: it does not by itself.
    pub expires: Option<Timestamp>,
    /// In a few words what was seen.
    pub detail: String,
    /// Whether it has ended and counts on only for the call gap (D-20).
    pub held: bool,
    /// Whether it makes the state of the presentity.
    pub decides: bool,
}

impl Engine {
    /// Why the presentity that a name belongs to is shown as it is; `None` where nobody has the name. `now` turns
    /// expiries into civil time.
    #[must_use]
    pub fn why(&self, now: Now, name: &Address) -> Option<Explanation> {
        let id = self.book.owner_of(name)?;
        let principal = &self.principals[id];
        let decider = self.decider(now, id);
        let published = self.publications.of(id);
        let mut agents = Vec::new();
        let mut evidence = Vec::new();
        for device in &principal.devices {
            let publication = published::of_device(published, &device.name);
            let said = Said { publication, always_wins: self.settings.published_wins };
            let verdict = composition::weigh(&device.pieces, device.inferred, said);
            let decides = decider == Some(device.agent);
            agents.push(AgentExplanation {
                agent: device.agent,
                description: device.description.to_string(),
                aliases: device.names.iter().map(|name| self.book.address(*name).clone()).collect(),
                inferred: device.inferred,
                state: verdict.map(|verdict| verdict.said.state),
                decides,
            });
            let verdict = verdict.filter(|_| decides);
            let by_publication = verdict.is_some_and(|verdict| verdict.decided_by.is_none());
            let decided_by = verdict.filter(|_| device.inferred).and_then(|verdict| verdict.decided_by);
            let agent = Some(device.agent);
            evidence
                .extend(publication.map(|it| publication_evidence(agent, &device.name, it, by_publication)));
            evidence.extend(device_evidence(now, device, decided_by));
        }
        evidence.extend(self.principal_evidence(now, principal, decider.is_none()));
        evidence.extend(absent_publications(principal, published));
        Some(Explanation {
            asked: name.clone(),
            principal: self.book.address(principal.identity).clone(),
            aliases: self.aliases(name),
            agents,
            evidence,
            rule: self.rule(id, name, decider),
            document: PresenceDocument::clone(&principal.document),
        })
    }

    /// Why somebody is shown as it is, in words, to whom it is shown: to an operator with all evidence, to others as they
    /// see it. `None`: there is nobody of that name, or nobody who is shown.
    pub(crate) fn explain(
        &self,
        now: Now,
        agent: AgentId,
        presentity: &Address,
        is_operator: bool,
    ) -> Option<Vec<String>> {
        let asks = self.principals[self.agents.get(agent)?].identity;
        let id = self.book.owner_of(presentity)?;
        if is_operator {
            let explained = self.why(now, presentity)?;
            let seen = &explained.document;
            let mut lines = vec![sentence(presentity, seen.state, seen.since), explained.rule];
            lines.extend(explained.evidence.iter().map(|piece| {
                let mark = if piece.decides { "> " } else { "" };
                format!("{mark}{}: {} (since {})", words(piece.state), piece.detail, moment(piece.since))
            }));
            return Some(lines);
        }
        let party = self.principals[id].identity;
        let verdict = self.verdict(asks, party, Service::Presence);
        let amount = if self.watches(asks, party) || verdict.handling == Handling::Allow {
            verdict.amount
        } else {
            Amount::Nothing
        };
        if amount == Amount::Nothing {
            return None;
        }
        let mut views = self.views(id, self.view(id));
        let seen = views.of(amount);
        let mut lines = vec![sentence(presentity, seen.state, seen.since)];
        let of_devices = seen.tuples.iter().filter(|tuple| tuple.agent.is_some());
        lines.extend(of_devices.map(|tuple| {
            let notes = tuple.publication.iter().flat_map(|said| &said.notes).map(|note| note.text.as_str());
            let said = Vec::from_iter(notes).join(" / ");
            let colon = if said.is_empty() { "" } else { ": " };
            format!("A device: {}{colon}{said} (since {})", words(tuple.state), moment(tuple.since))
        }));
        Some(lines)
    }

    /// The agent whose tuple is shown as the state of the presentity; `None`: no device is there.
    fn decider(&self, now: Now, id: PrincipalId) -> Option<AgentId> {
        composition::compose(&self.tuples(id, now.wall))?.0.agent
    }

    /// What is known of the principal itself: that the server has restarted, and how its last device left.
    fn principal_evidence(&self, now: Now, principal: &Principal, decides: bool) -> Vec<EvidenceExplanation> {
        let restart = principal.restart(self.restart.as_ref());
        let departure = principal.departure.as_deref().map(|departure| EvidenceExplanation {
            agent: departure.agent,
            source: Source::Departure,
            id: String::new(),
            rank: Source::Departure.rank(),
            state: PresenceState::Offline,
            since: departure.at,
            expires: None,
            detail: departure.reason.to_string(),
            held: false,
            decides: decides && restart.is_none(),
        });
        let restart = restart.map(|restart| EvidenceExplanation {
            agent: None,
            source: Source::Restart,
            id: String::new(),
            rank: Source::Restart.rank(),
            state: PresenceState::Unknown,
            since: restart.since,
            expires: Some(now.wall_of(restart.expires)),
            detail: crate::principal::RESTARTED.to_owned(),
            held: false,
            decides,
        });
        departure.into_iter().chain(restart).collect()
    }

    fn rule(&self, id: PrincipalId, name: &Address, decider: Option<AgentId>) -> String {
        let principal = &self.principals[id];
        let mut rule = match principal.devices.iter().find(|device| Some(device.agent) == decider) {
            Some(device) => by_device(principal, device, self.publications.of(id)),
            None if principal.restart(self.restart.as_ref()).is_some() => BY_RESTART.to_owned(),
            None if principal.departure.is_some() => BY_DEPARTURE.to_owned(),
            None => BY_NOTHING.to_owned(),
        };
        let filed = self.book.id(name).and_then(|name| self.book.filed(name));
        if filed.is_some_and(|filed| filed != id) {
            rule.push_str(
                " The name asked for was a principal of its own until a device of this one claimed it.",
            );
        }
        rule
    }
}

/// The rule where the tuple of a device is shown.
fn sentence(who: &Address, state: PresenceState, since: Timestamp) -> String {
    format!("{who} is {} since {}.", words(state), moment(since))
}

/// A state in words, as it is called.
fn words(state: PresenceState) -> String {
    let name = serde_json::to_value(state).ok();
    let name = name.as_ref().and_then(serde_json::Value::as_str).unwrap_or("unknown");
    let mut words = String::with_capacity(name.len() + 2);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            words.push(' ');
        }
        words.push(letter.to_ascii_lowercase());
    }
    words
}

/// A moment in UTC, to the second.
fn moment(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0)
        .map_or_else(|_| at.0.to_string(), |at| at.strftime("%F %T UTC").to_string())
}

fn by_device(principal: &Principal, device: &Device, published: &[Published]) -> String {
    let there = principal.devices.iter().filter(|device| !device.pieces.is_empty()).count();
    let among = match there {
        1 => "One device is there.".to_owned(),
        _ => format!(
            "{there} devices are there; the state of most interest is shown, that of {}.",
            device.agent
        ),
    };
    if let Some(publication) = published::of_device(published, &device.name) {
        let hides = match publication.state {
            PresenceState::Hidden => " Who hides is hidden on all devices.",
            _ => "",
        };
        return format!(
            "{among} What its person published decides while the device is there, unless that is only to be \
             available and a call is seen.{hides}"
        );
    }
    if !device.inferred {
        return format!("{among} Its presence is not inferred, so nothing that is seen of it counts.");
    }
    format!(
        "{among} Of its evidence that of the highest rank decides; a softer source never hides a harder one."
    )
}

/// What was published through a device, as evidence.
fn publication_evidence(
    agent: Option<AgentId>,
    device: &str,
    publication: &Publication,
    decides: bool,
) -> EvidenceExplanation {
    let notes = publication.custom.iter().chain(&publication.notes).map(|note| note.text.as_str());
    let words = Vec::from_iter(notes).join("; ");
    let detail = match (agent, words.is_empty()) {
        (None, _) => "published, and kept until the device is there again".to_owned(),
        (Some(_), true) => "published by its person".to_owned(),
        (Some(_), false) => format!("published by its person: {words}"),
    };
    EvidenceExplanation {
        agent,
        source: Source::Publication,
        id: device.to_owned(),
        rank: Source::Publication.rank(),
        state: publication.state,
        since: publication.at,
        expires: None,
        detail,
        held: false,
        decides,
    }
}

/// What was published through devices that are not there, the newest first.
fn absent_publications(principal: &Principal, published: &[Published]) -> Vec<EvidenceExplanation> {
    let is_absent = |one: &&Published| principal.devices.iter().all(|device| device.name != one.device);
    let absent = published.iter().filter(is_absent);
    let mut evidence =
        Vec::from_iter(absent.map(|one| publication_evidence(None, &one.device, &one.publication, false)));
    evidence.sort_by(|one, other| other.since.cmp(&one.since).then_with(|| one.id.cmp(&other.id)));
    evidence
}

/// The evidence about one device, the hardest first.
fn device_evidence(now: Now, device: &Device, decided_by: Option<usize>) -> Vec<EvidenceExplanation> {
    let explain = |(place, piece): (usize, &Piece)| EvidenceExplanation {
        agent: Some(device.agent),
        source: piece.source,
        id: piece.id.to_string(),
        rank: piece.source.rank(),
        state: piece.state,
        since: piece.since,
        expires: (piece.expires != FOREVER).then(|| now.wall_of(piece.expires)),
        detail: piece.detail.to_string(),
        held: piece.is_held,
        decides: decided_by == Some(place),
    };
    let mut evidence = Vec::from_iter(device.pieces.iter().enumerate().map(explain));
    evidence.sort_by(|one, other| {
        let by_rank = other.rank.cmp(&one.rank);
        by_rank.then_with(|| one.since.cmp(&other.since)).then_with(|| one.id.cmp(&other.id))
    });
    evidence
}

/// The rule in the time after a start.
const BY_RESTART: &str = "The server has just started and nothing was heard yet; until the evidence of the restart \
                          expires, silence does not make anybody offline.";

/// The rule where all devices have left.
const BY_DEPARTURE: &str = "No device is there; the last departure decides.";

/// The rule where no device has ever been.
const BY_NOTHING: &str = "No device is there, and none has left since the server began to keep count.";
