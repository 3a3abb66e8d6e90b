//! Which principal each agent belongs to.

use crate::principal::PrincipalId;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use model::{AgentId, GatewayId};
use std::collections::BTreeMap;

/// Whose each agent is that holds a claim. There is one entry for each endpoint, so it is as small as it can be.
#[derive(Debug, Default)]
pub(crate) struct Agents {
    /// Never iterated, so its order is of no consequence. Gateways are few, and never leave.
    by_gateway: BTreeMap<GatewayId, HashTable<Belonging>>,
}

/// That an agent belongs to a principal.
#[derive(Clone, Copy, Debug)]
struct Belonging {
    /// In two halves: a number of eight octets would leave four of padding behind it.
    number: [u32; 2],
    principal: PrincipalId,
}

impl Agents {
    /// Whose an agent is.
    pub(crate) fn get(&self, agent: AgentId) -> Option<PrincipalId> {
        let agents = self.by_gateway.get(&agent.gateway)?;
        let number = halves(agent.number);
        agents.find(hash(number), |one| one.number == number).map(|one| one.principal)
    }

    /// Gives an agent to a principal; whose it was before.
    pub(crate) fn insert(&mut self, agent: AgentId, principal: PrincipalId) -> Option<PrincipalId> {
        let agents = self.by_gateway.entry(agent.gateway).or_default();
        let number = halves(agent.number);
        match agents.entry(hash(number), |one| one.number == number, |one| hash(one.number)) {
            Entry::Occupied(mut known) => Some(std::mem::replace(&mut known.get_mut().principal, principal)),
            Entry::Vacant(place) => {
                place.insert(Belonging { number, principal });
                None
            }
        }
    }

    /// Takes an agent out; whose it was.
    pub(crate) fn remove(&mut self, agent: AgentId) -> Option<PrincipalId> {
        let agents = self.by_gateway.get_mut(&agent.gateway)?;
        let number = halves(agent.number);
        let known = agents.find_entry(hash(number), |one| one.number == number).ok()?;
        Some(known.remove().0.principal)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.by_gateway.values().map(HashTable::len).sum()
    }
}

fn halves(number: u64) -> [u32; 2] {
    [number as u32, (number >> 32) as u32]
}

/// Numbers are given by gateways and differ as they are; the table wants something to tell them by in the first bits
/// and in the last.
fn hash([low, high]: [u32; 2]) -> u64 {
    let mixed = (u64::from(low) | u64::from(high) << 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ mixed >> 32
}

#[cfg(test)]
mod tests {
    use super::{Agents, Belonging};
    use crate::principal::Principals;
    use model::{AgentId, GatewayId};

    #[test]
    fn hot_types_are_small() {
        assert_eq!(size_of::<Belonging>(), 12);
    }

    #[test]
    fn agents_of_two_gateways_and_with_large_numbers_are_told_apart() {
        let principal = Principals::default().next_id();
        let agent = |gateway, number| AgentId { gateway: GatewayId(gateway), number };
        let all = [agent(0, 1), agent(1, 1), agent(0, 1 + (1 << 32))];
        let mut agents = Agents::default();
        for agent in all {
            assert_eq!((agents.get(agent), agents.insert(agent, principal)), (None, None));
        }
        assert_eq!((agents.len(), agents.insert(all[0], principal)), (3, Some(principal)));
        assert_eq!((agents.remove(all[0]), agents.remove(all[0])), (Some(principal), None));
        assert_eq!((agents.get(all[0]), agents.get(all[2]), agents.len()), (None, Some(principal), 2));
    }
}
