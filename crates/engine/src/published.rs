//! What persons published of themselves, kept by device: over registrations and restarts, until they sign off.

use crate::consequences::Consequences;
use crate::effects::Effects;
use crate::engine::Engine;
use crate::principal::{Principal, PrincipalId};
use crate::restart::LoadError;
use model::{Address, AgentId, Fact, Publication, Refusal, Ticket};
use std::collections::HashMap;

/// All publications. Most principals have none.
#[derive(Debug, Default)]
pub(crate) struct Publications {
    /// Never iterated, so its order is of no consequence. No list is empty.
    by_principal: HashMap<PrincipalId, Vec<Published>>,
    len: usize,
}

/// What was published through one device.
#[derive(Debug)]
pub(crate) struct Published {
    /// The name of the device among those of its principal.
    pub(crate) device: Box<str>,
    /// Capabilities and location as they were told last.
    pub(crate) publication: Box<Publication>,
}

/// The publication of a device among those of its principal.
pub(crate) fn of_device<'a>(published: &'a [Published], device: &str) -> Option<&'a Publication> {
    published.iter().find(|one| *one.device == *device).map(|one| &*one.publication)
}

impl Publications {
    /// What was published through the devices of a principal, in no order that matters.
    pub(crate) fn of(&self, id: PrincipalId) -> &[Published] {
        self.by_principal.get(&id).map_or(&[], Vec::as_slice)
    }

    /// How many there are.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    fn insert(&mut self, id: PrincipalId, device: &str, publication: Publication) {
        self.remove(id, device);
        let publication = Box::new(publication);
        self.by_principal.entry(id).or_default().push(Published { device: device.into(), publication });
        self.len += 1;
    }

    fn remove(&mut self, id: PrincipalId, device: &str) -> bool {
        let Some(published) = self.by_principal.get_mut(&id) else { return false };
        let before = published.len();
        published.retain(|one| *one.device != *device);
        let has_ended = published.len() < before;
        self.len -= usize::from(has_ended);
        if published.is_empty() {
            self.by_principal.remove(&id);
        }
        has_ended
    }
}

impl Engine {
    /// Takes what a person published through a device from the store, after the principals.
    ///
    /// # Errors
    /// [`LoadError::PartyUnknown`]; the engine is unchanged.
    pub fn load_publication(
        &mut self,
        principal: &Address,
        device: &str,
        publication: Publication,
    ) -> Result<(), LoadError> {
        let filed = self.book.id(principal).and_then(|name| self.book.filed(name));
        let id = filed.ok_or_else(|| LoadError::PartyUnknown { party: principal.clone() })?;
        self.publications.insert(id, device, publication);
        Ok(())
    }

    /// A person publishes through an agent.
    pub(crate) fn take_publication(
        &mut self,
        ticket: Ticket,
        agent: AgentId,
        publication: Publication,
        effects: &mut Effects,
    ) {
        let mut consequences = Consequences::default();
        let done = match self.agents.get(agent) {
            Some(id) => self.keep(id, agent, publication, &mut consequences),
            None => Err(Refusal::Stranger),
        };
        if let Err(refusal) = &done {
            let event = self.refusal("publish", Some(agent), None, refusal.to_string());
            consequences.audited.push(event);
        }
        self.answer(ticket, agent, done, consequences, effects);
    }

    fn keep(
        &mut self,
        id: PrincipalId,
        agent: AgentId,
        mut publication: Publication,
        consequences: &mut Consequences,
    ) -> Result<(), Refusal> {
        let Some(device) = self.principals[id].device_mut(agent).map(|device| device.name.clone()) else {
            return Err(Refusal::Stranger);
        };
        let published = self.publications.of(id);
        match of_device(published, &device) {
            Some(before) => {
                publication.capabilities = publication.capabilities.or_else(|| before.capabilities.clone());
                publication.location = publication.location.or_else(|| before.location.clone());
                if (Publication { at: before.at, ..publication.clone() }) == *before {
                    return Ok(());
                }
            }
            None if published.len() >= self.settings.limits.publications_per_principal_max => {
                let limit = "publications_per_principal_max";
                let oldest = oldest_absent(&self.principals[id], published);
                let oldest = oldest.ok_or(Refusal::Unavailable { limit })?.to_owned();
                self.counts.publications_dropped += 1;
                self.unpublish(id, &oldest, &mut consequences.facts);
            }
            None => {}
        }
        if !self.principals[id].is_foreign {
            consequences.facts.push(Fact::Published {
                principal: self.book.address(self.principals[id].identity).clone(),
                device: device.to_string(),
                publication: Box::new(publication.clone()),
            });
        }
        self.publications.insert(id, &device, publication);
        self.touch(id);
        Ok(())
    }

    /// An agent signs off: what was published through it counts no more.
    pub(crate) fn take_leave(&mut self, agent: AgentId, effects: &mut Effects) {
        let Some(id) = self.agents.get(agent) else { return };
        if let Some(device) = self.principals[id].device_mut(agent).map(|device| device.name.clone()) {
            self.unpublish(id, &device, &mut effects.facts);
        }
    }

    /// What was published through a device counts no more.
    pub(crate) fn unpublish(&mut self, id: PrincipalId, device: &str, facts: &mut Vec<Fact>) {
        if self.publications.remove(id, device) {
            if !self.principals[id].is_foreign {
                let principal = self.book.address(self.principals[id].identity).clone();
                facts.push(Fact::PublicationEnded { principal, device: device.to_owned() });
            }
            self.touch(id);
        }
    }
}

/// The device that is away and through which something was published first.
fn oldest_absent<'a>(principal: &Principal, published: &'a [Published]) -> Option<&'a str> {
    let is_there = |one: &&Published| principal.devices.iter().any(|device| device.name == one.device);
    let absent = published.iter().filter(|one| !is_there(one));
    absent.min_by_key(|one| (one.publication.at, &one.device)).map(|one| &*one.device)
}
