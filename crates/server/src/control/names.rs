//! From the names that people type to addresses.

use super::{Failure, FailureKind};
use crate::shard::ShardHandle;
use h323::alias::{Alias, Zone, alternative, canonical};
use model::Address;

/// The most suggestions.
const NEAR_MAX: usize = 5;

/// The most names that are compared for a suggestion.
const COMPARED_MAX: usize = 1000;

/// How alike (0 to 1) a name must be to be suggested.
const ALIKE: f64 = 0.8;

/// Reads names as the zone does.
#[derive(Clone)]
pub(crate) struct Names {
    zone: Zone,
}

impl Names {
    pub const fn new(zone: Zone) -> Self {
        Self { zone }
    }

    /// The addresses that a typed name may stand for, the likeliest first; any form of alias is accepted, and what
    /// has no domain is in the zone's.
    pub fn readings(&self, typed: &str) -> Result<Vec<Address>, Failure> {
        let unreadable = |error: &dyn std::error::Error| {
            Failure::new(FailureKind::Malformed, format!("{typed:?}: {error}"))
        };
        let alias = Alias::parse_typed(typed).map_err(|error| unreadable(&error))?;
        let first = canonical(&alias, &self.zone).map_err(|error| unreadable(&error))?;
        Ok([first].into_iter().chain(alternative(&alias, &self.zone)).collect())
    }

    /// Whether an address is one of the zone.
    pub fn serves(&self, address: &Address) -> bool {
        self.zone.serves(address)
    }

    /// The failure for a name that nobody has, with names that are like it.
    pub fn unknown(&self, typed: &str, shard: &ShardHandle) -> Failure {
        let local = self.readings(typed).ok().and_then(|readings| Some(readings.first()?.local().to_owned()));
        let local = local.unwrap_or_else(|| typed.to_owned());
        let begins: String = local.chars().take(1).collect();
        let wanted = local.clone();
        let known = shard.look(move |engine| {
            let mut known = engine.find(&wanted, NEAR_MAX);
            known.extend(engine.find(&begins, COMPARED_MAX));
            known
        });
        let mut near: Vec<_> = known
            .unwrap_or_default()
            .into_iter()
            .map(|address| (strsim::jaro_winkler(&local, address.local()), address))
            .filter(|(alike, address)| *alike >= ALIKE || address.local().contains(&local))
            .collect();
        near.sort_by(|(a, one), (b, other)| b.total_cmp(a).then_with(|| one.cmp(other)));
        near.dedup_by(|(_, one), (_, other)| one == other);
        near.truncate(NEAR_MAX);
        let near: Vec<_> = near.into_iter().map(|(_, address)| address.to_string()).collect();
        let text = match near.as_slice() {
            [] => format!("nobody has the name {typed}; `herald presence` lists everybody"),
            near => format!("nobody has the name {typed}; did you mean {}?", near.join(", ")),
        };
        Failure { kind: FailureKind::NotFound, text, near }
    }
}
