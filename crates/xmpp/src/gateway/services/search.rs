//! Looking for people and rooms: search and lists of items (XEP-0055, XEP-0030, XEP-0059). The engine says who may be
//! found.

use crate::gateway::Gateway;
use crate::gateway::tickets::Asked;
use crate::wire::namespaces as ns;
use crate::wire::{Condition, Element, Jid, stanza};
use model::{Address, Listing, Now, Request, Strength};

/// What is looked for, until the engine has found it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::gateway) enum Searching {
    /// For an answer to a search; `has_form`: as a form.
    Search { stanza: Element, has_form: bool },
    /// For the items of a domain.
    Items { stanza: Element },
    /// For the rooms.
    Rooms { stanza: Element },
    /// For the card of somebody.
    Card { stanza: Element, address: Address },
}

/// Whom to look for.
pub(super) struct Looking {
    pub(super) text: String,
    pub(super) after: Option<Address>,
    pub(super) limit: usize,
}

impl Gateway {
    pub(super) fn look(
        &mut self,
        now: Now,
        from: &Jid,
        strength: Strength,
        what: Searching,
        looking: Looking,
    ) {
        let (Searching::Search { stanza, .. }
        | Searching::Items { stanza }
        | Searching::Rooms { stanza }
        | Searching::Card { stanza, .. }) = &what;
        let Some(Ok(user)) = from.address() else {
            let stanza = stanza.clone();
            return self.refuse(&stanza, Condition::Forbidden, None);
        };
        if !self.claim(now, from, &user, strength) {
            let stanza = stanza.clone();
            return self.refuse(&stanza, Condition::ResourceConstraint, None);
        }
        let Some(agent) = self.agent(&user) else { return };
        let groups = match what {
            Searching::Items { .. } => Some(false),
            Searching::Rooms { .. } => Some(true),
            Searching::Search { .. } | Searching::Card { .. } => None,
        };
        let ticket = self.tickets.issue(Asked::ToBrowse(Box::new(what)));
        let Looking { text, after, limit } = looking;
        self.ask(now, &user, Request::Browse { ticket, agent, text, groups, after, limit });
    }

    /// Takes what was found.
    pub(in crate::gateway) fn found(&mut self, what: Searching, found: &[Listing], next: Option<&Address>) {
        match what {
            Searching::Search { stanza, has_form } => {
                let query = if has_form { form(found) } else { plain(found) };
                self.answer(&stanza::result(&stanza, Some(query)));
            }
            Searching::Items { stanza } => {
                let rooms = Element::new("item", ns::DISCO_ITEMS)
                    .with("jid", self.settings.rooms_domain.as_str())
                    .with("name", "Rooms");
                let people = found.iter().filter(|listing| !listing.is_group).map(item);
                let is_first = page(&stanza).is_none_or(|page| page.child("after", ns::PAGES).is_none());
                let items = Element::new("query", ns::DISCO_ITEMS)
                    .with_children(is_first.then_some(rooms))
                    .with_children(people)
                    .with_children(last_of_page(&stanza, found, next));
                self.answer(&stanza::result(&stanza, Some(items)));
            }
            Searching::Rooms { stanza } => {
                let rooms = found.iter().filter(|listing| listing.is_group);
                let items = rooms.map(|room| {
                    let jid = Jid::of(&room.name.address);
                    let jid = format!("{}@{}", jid.local().unwrap_or_default(), self.settings.rooms_domain);
                    Element::new("item", ns::DISCO_ITEMS).with("jid", jid).with("name", &room.name.original)
                });
                let query = Element::new("query", ns::DISCO_ITEMS)
                    .with_children(items)
                    .with_children(last_of_page(&stanza, found, next));
                self.answer(&stanza::result(&stanza, Some(query)));
            }
            Searching::Card { stanza, address } => self.tell_card(&stanza, &address, found),
        }
    }

    /// A search for people.
    pub(super) fn search(
        &mut self,
        now: Now,
        stanza: &Element,
        from: &Jid,
        to: &Jid,
        payload: &Element,
        strength: Strength,
    ) {
        if to.local().is_some() {
            return self.refuse(stanza, Condition::ServiceUnavailable, None);
        }
        if stanza.attribute("type") == Some("get") {
            return self.answer(&stanza::result(stanza, Some(questions())));
        }
        let form = payload.child("x", ns::FORMS);
        let fields = form.into_iter().flat_map(|form| form.children_named("field", ns::FORMS));
        let asked = fields
            .filter(|field| matches!(field.attribute("var"), Some("nick" | "first" | "name" | "search")))
            .filter_map(|field| field.child("value", ns::FORMS))
            .map(Element::text)
            .chain(
                ["nick", "first", "last"]
                    .into_iter()
                    .filter_map(|name| payload.child(name, ns::SEARCH))
                    .map(Element::text),
            );
        let text = asked.map(|text| text.trim().to_owned()).find(|text| !text.is_empty());
        let text = text.unwrap_or_default().trim_matches('*').to_owned();
        let what = Searching::Search { stanza: stanza.clone(), has_form: form.is_some() };
        self.look(now, from, strength, what, Looking { text, after: None, limit: PAGE_MAX });
    }
}

/// The page of results that a list is asked for (XEP-0059).
pub(super) fn page(stanza: &Element) -> Option<&Element> {
    stanza.children().find_map(|query| query.child("set", ns::PAGES))
}

/// How many are wanted, and behind whom.
pub(super) fn wanted(stanza: &Element) -> (usize, Option<Address>) {
    let part = |name: &str| page(stanza).and_then(|page| page.child(name, ns::PAGES)).map(Element::text);
    let limit = part("max").and_then(|max| max.trim().parse::<usize>().ok()).unwrap_or(PAGE_MAX);
    let after = part("after").and_then(|after| Address::parse(&after).ok());
    (limit.clamp(1, PAGE_MAX), after)
}

fn last_of_page(stanza: &Element, found: &[Listing], next: Option<&Address>) -> Option<Element> {
    page(stanza)?;
    let text = |name: &str, listing: Option<&Listing>| {
        let address = listing.map(|listing| listing.name.address.to_string());
        address.map(|address| Element::new(name, ns::PAGES).with_text(&address))
    };
    let last = next.map(|next| Element::new("last", ns::PAGES).with_text(next.as_str()));
    let first = text("first", found.first());
    Some(Element::new("set", ns::PAGES).with_children(first).with_children(last))
}

fn item(listing: &Listing) -> Element {
    let jid = Jid::of(&listing.name.address);
    Element::new("item", ns::DISCO_ITEMS).with("jid", jid.as_str()).with("name", &listing.name.original)
}

/// What can be searched for.
fn questions() -> Element {
    let field = |var: &str, kind: &str, label: &str| {
        Element::new("field", ns::FORMS).with("var", var).with("type", kind).with("label", label)
    };
    let hidden = Element::new("value", ns::FORMS).with_text(ns::SEARCH);
    let form = Element::new("x", ns::FORMS)
        .with("type", "form")
        .with_child(Element::new("title", ns::FORMS).with_text("Rooms and people"))
        .with_child(
            Element::new("field", ns::FORMS)
                .with("var", "FORM_TYPE")
                .with("type", "hidden")
                .with_child(hidden),
        )
        .with_child(field("nick", "text-single", "A part of the name"));
    let words = "Give a part of the name of a room or a person.";
    Element::new("query", ns::SEARCH)
        .with_child(Element::new("instructions", ns::SEARCH).with_text(words))
        .with_child(Element::new("nick", ns::SEARCH))
        .with_child(form)
}

fn plain(found: &[Listing]) -> Element {
    let items = found.iter().map(|listing| {
        let part = |name: &str| Element::new(name, ns::SEARCH).with_text(&listing.name.original);
        let jid = Jid::of(&listing.name.address);
        Element::new("item", ns::SEARCH)
            .with("jid", jid.as_str())
            .with_child(part("nick"))
            .with_child(part("first"))
    });
    Element::new("query", ns::SEARCH).with_children(items)
}

fn form(found: &[Listing]) -> Element {
    let field =
        |var: &str, label: &str| Element::new("field", ns::FORMS).with("var", var).with("label", label);
    let value = |var: &str, text: &str| {
        let value = Element::new("value", ns::FORMS).with_text(text);
        Element::new("field", ns::FORMS).with("var", var).with_child(value)
    };
    let reported = Element::new("reported", ns::FORMS)
        .with_child(field("jid", "JID").with("type", "jid-single"))
        .with_child(field("nick", "Name"))
        .with_child(field("state", "State"));
    let items = found.iter().map(|listing| {
        let state = listing.state.map_or("", |state| match state.availability() {
            model::Availability::Available => "available",
            model::Availability::OnCall => "on a call",
            model::Availability::Away => "away",
            model::Availability::Offline => "offline",
            model::Availability::Unknown => "unknown",
        });
        Element::new("item", ns::FORMS)
            .with_child(value("jid", Jid::of(&listing.name.address).as_str()))
            .with_child(value("nick", &listing.name.original))
            .with_child(value("state", state))
    });
    let form = Element::new("x", ns::FORMS).with("type", "result").with_child(reported).with_children(items);
    Element::new("query", ns::SEARCH).with_child(form)
}

/// The most that are listed at a time.
const PAGE_MAX: usize = 100;
