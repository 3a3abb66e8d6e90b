//! Browsing: who is here, for somebody who looks for people and rooms to watch.

use crate::alias_book::NameId;
use crate::engine::Engine;
use crate::principal::PrincipalId;
use crate::publication;
use model::{Address, AgentId, Amount, Effect, Handling, Listing, Refusal, Service, Ticket};
use std::ops::Bound;

impl Engine {
    /// An agent looks through the names of those who are served here, a page at a time.
    ///
    /// It finds those whom its principal may watch or ask to watch: to all others they are not there.
    pub(crate) fn browse(
        &self,
        ticket: Ticket,
        agent: AgentId,
        (text, groups, after, limit): (&str, Option<bool>, Option<&Address>, usize),
    ) -> Effect {
        let Some(id) = self.agents.get(agent) else {
            return Effect::Refused { ticket, agent, refusal: Refusal::Stranger };
        };
        let seeker = self.principals[id].identity;
        let text = text.trim().to_lowercase();
        let start = after.map_or(Bound::Unbounded, |after| Bound::Excluded(after.as_str()));
        let mut found = Vec::new();
        let mut last = None;
        for (name, id) in self.book.owned_from(start).take(NAMES_PER_PAGE) {
            if found.len() >= limit {
                return Effect::Browsed { ticket, agent, found, next: last };
            }
            last = Some(name.clone());
            let mut listing = self.listing(seeker, name, id, &text);
            // The rooms of an MCU are watched as it is, and entered as groups are.
            let is_entered = groups == Some(true) && self.is_convener(id);
            if let Some(listing) = listing.as_mut().filter(|_| is_entered) {
                listing.is_group = true;
            }
            found.extend(listing.filter(|listing| groups.is_none_or(|groups| listing.is_group == groups)));
        }
        // A page that ends for the number of names it looked at may be followed by others.
        let has_more = |last: &Address| self.book.owned_from(Bound::Excluded(last.as_str())).next().is_some();
        let next = last.filter(has_more);
        Effect::Browsed { ticket, agent, found, next }
    }

    /// How somebody is listed for a seeker; `None`: it is not what was looked for, or not for the seeker to find.
    fn listing(&self, seeker: NameId, name: &Address, id: PrincipalId, text: &str) -> Option<Listing> {
        let principal = &self.principals[id];
        let party = principal.identity;
        let is_its_address = publication::presentity(&self.book, principal, id) == Some(name);
        if !is_its_address || principal.is_foreign || party == seeker {
            return None;
        }
        let shown = self.contact_name(party, None);
        if !name.local().contains(text) && !shown.original.to_lowercase().contains(text) {
            return None;
        }
        let verdict = self.verdict(seeker, party, Service::Presence);
        let may_see = self.watches(seeker, party) || verdict.handling == Handling::Allow;
        let is_seen = may_see && verdict.amount != Amount::Nothing;
        let listing = Listing {
            name: shown,
            is_group: self.groups.get(party).is_some(),
            state: is_seen.then(|| self.view(id).state),
        };
        (may_see || verdict.handling == Handling::Confirm).then_some(listing)
    }
}

/// The most names that are looked at for one page.
const NAMES_PER_PAGE: usize = 10_000;
