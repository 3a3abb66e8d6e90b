//! Blocking and reporting people of here (XEP-0191, XEP-0377), by those of other domains: their own servers need not know
//! of it.

use crate::gateway::tickets::Asked;
use crate::gateway::{Gateway, Output};
use crate::wire::namespaces as ns;
use crate::wire::{Condition, Element, Jid, stanza};
use model::{ContactCard, ContactChange, Now, Request, Strength, SubscriptionId, Symmetry};

impl Gateway {
    /// Somebody blocks people of here, or does no more.
    pub(super) fn block(
        &mut self,
        now: Now,
        stanza: &Element,
        from: &Jid,
        to: &Jid,
        payload: &Element,
        strength: Strength,
    ) {
        let change = match payload.name() {
            "block" => ContactChange::Block,
            "unblock" => ContactChange::Unblock,
            _ => return self.refuse(stanza, Condition::BadRequest, None),
        };
        let Some(Ok(user)) = from.address().filter(|_| to.local().is_none()) else {
            return self.refuse(stanza, Condition::ServiceUnavailable, None);
        };
        let items = payload.children_named("item", ns::BLOCKING).take(ITEMS_MAX);
        let own = &self.settings.domain;
        let blocked: Option<Vec<_>> = items
            .map(|item| {
                let jid: Jid = item.attribute("jid")?.parse().ok()?;
                let address = jid.address()?.ok().filter(|address| address.is_in(own))?;
                Some((address, item.child("report", ns::REPORTING).cloned()))
            })
            .collect();
        let Some(blocked) = blocked.filter(|blocked| !blocked.is_empty()) else {
            return self.refuse(stanza, Condition::BadRequest, None);
        };
        if !self.claim(now, from, &user, strength) {
            return self.refuse(stanza, Condition::ResourceConstraint, None);
        }
        let Some(agent) = self.agent(&user) else { return };
        for (address, report) in blocked {
            if let Some(report) = report {
                self.reported_to_operator(user.as_str(), address.as_str(), &report);
            }
            let request = Request::ChangeContact {
                ticket: self.tickets.issue(Asked::Nothing),
                agent,
                change,
                contact: self.named(&address),
                card: Box::<ContactCard>::default(),
                id: SubscriptionId(self.random.octets()),
                symmetry: Symmetry::Never,
            };
            self.outputs.push_back(Output::Request(request));
        }
        self.answer(&stanza::result(stanza, None));
    }

    /// Somebody complains of somebody here. What was said is not written down, only of whom and why.
    fn reported_to_operator(&mut self, who: &str, whom: &str, report: &Element) {
        self.counters.reports += 1;
        let reason = match report.attribute("reason") {
            Some("urn:xmpp:reporting:abuse") => "abuse",
            Some("urn:xmpp:reporting:spam") => "spam",
            _ => "no reason that is known",
        };
        let text = format!("{who} reports {whom}: {reason}.");
        self.outputs.push_back(Output::Event { name: "xmpp.reported", text });
    }
}

/// The most people who are blocked by one request.
const ITEMS_MAX: usize = 100;
