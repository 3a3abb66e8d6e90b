//! Commands (XEP-0050): what somebody would do from its client and has no other way for. Each has one form of one stage,
//! so that nothing is kept between the stages.

use crate::gateway::tickets::Asked;
use crate::gateway::{Gateway, Output};
use crate::wire::namespaces as ns;
use crate::wire::{Condition, Element, Jid, stanza};
use model::{Address, ContactCard, ContactChange, Now, Request, Strength, SubscriptionId, Symmetry};

/// A command.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Command {
    Why,
    Approve,
    Refuse,
    Block,
    Unblock,
}

impl Command {
    const ALL: [Self; 5] = [Self::Why, Self::Approve, Self::Refuse, Self::Block, Self::Unblock];

    const fn node(self) -> &'static str {
        match self {
            Self::Why => "why",
            Self::Approve => "approve",
            Self::Refuse => "refuse",
            Self::Block => "block",
            Self::Unblock => "unblock",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Why => "Why is somebody shown as they are?",
            Self::Approve => "Let somebody see how I am",
            Self::Refuse => "Let somebody no more see how I am",
            Self::Block => "Block somebody",
            Self::Unblock => "Block somebody no more",
        }
    }
}

/// The commands, as items.
pub(super) fn items(to: &Jid) -> impl Iterator<Item = Element> {
    Command::ALL.into_iter().map(move |command| {
        Element::new("item", ns::DISCO_ITEMS)
            .with("jid", to.as_str())
            .with("node", command.node())
            .with("name", command.name())
    })
}

impl Gateway {
    /// Does what a command wants, or asks for what is missing.
    pub(super) fn command(
        &mut self,
        now: Now,
        stanza: &Element,
        from: &Jid,
        to: &Jid,
        payload: &Element,
        strength: Strength,
    ) {
        let node = payload.attribute("node").filter(|_| to.local().is_none());
        let Some(command) = Command::ALL.into_iter().find(|command| Some(command.node()) == node) else {
            return self.refuse(stanza, Condition::ItemNotFound, None);
        };
        let Some(Ok(user)) = from.address() else { return self.refuse(stanza, Condition::Forbidden, None) };
        let form = payload.child("x", ns::FORMS).filter(|form| form.attribute("type") == Some("submit"));
        match (payload.attribute("action").unwrap_or("execute"), form) {
            ("cancel", _) => return self.answer(&answer(stanza, "canceled", None)),
            ("execute" | "next" | "complete", Some(_)) => {}
            ("execute", None) => return self.answer(&answer(stanza, "executing", Some(question(command)))),
            _ => return self.refuse(stanza, Condition::BadRequest, None),
        }
        let mut fields = form.into_iter().flat_map(|form| form.children_named("field", ns::FORMS));
        let field = fields.find(|field| field.attribute("var") == Some("jid"));
        let value = field.and_then(|field| field.child("value", ns::FORMS)).map(Element::text);
        let jid = value.and_then(|value| value.trim().parse::<Jid>().ok());
        let whom = jid.and_then(|jid| jid.address()?.ok()).filter(|whom| whom.is_in(&self.settings.domain));
        let Some(whom) = whom else {
            return self.refuse(stanza, Condition::BadRequest, Some("That is no address of this domain."));
        };
        if !self.claim(now, from, &user, strength) {
            return self.refuse(stanza, Condition::ResourceConstraint, None);
        }
        self.carry_out(now, stanza, command, &user, whom);
    }

    fn carry_out(&mut self, now: Now, stanza: &Element, command: Command, user: &Address, whom: Address) {
        let Some(agent) = self.agent(user) else { return };
        match command {
            Command::Why => {
                let is_operator = self.settings.operators.contains(user);
                let ticket = self.tickets.issue(Asked::ToExplain { command: Box::new(stanza.clone()) });
                self.ask(now, user, Request::Explain { ticket, agent, presentity: whom, is_operator });
            }
            Command::Approve | Command::Refuse => {
                self.decides(now, user, &whom, command == Command::Approve);
                self.completed(stanza, None);
            }
            Command::Block | Command::Unblock => {
                let is_block = command == Command::Block;
                let request = Request::ChangeContact {
                    ticket: self.tickets.issue_durable(now.instant, Asked::Nothing),
                    agent,
                    change: if is_block { ContactChange::Block } else { ContactChange::Unblock },
                    contact: self.named(&whom),
                    card: Box::<ContactCard>::default(),
                    id: SubscriptionId(self.random.octets()),
                    symmetry: Symmetry::Never,
                };
                self.outputs.push_back(Output::Request(request));
                self.completed(stanza, None);
            }
        }
    }

    /// A command is done.
    pub(in crate::gateway) fn completed(&mut self, stanza: &Element, text: Option<&str>) {
        let note = Element::new("note", ns::COMMANDS).with("type", "info");
        self.answer(&answer(stanza, "completed", text.map(|text| note.with_text(text))));
    }
}

fn answer(stanza: &Element, status: &str, content: Option<Element>) -> Element {
    let asked = stanza.child("command", ns::COMMANDS);
    let attribute = |name: &str| asked.and_then(|asked| asked.attribute(name));
    let command = Element::new("command", ns::COMMANDS)
        .with_some("node", attribute("node"))
        // Nothing is kept of it, so that its name means nothing.
        .with("sessionid", attribute("sessionid").or(stanza.attribute("id")).unwrap_or("1"))
        .with("status", status)
        .with_children(content);
    stanza::result(stanza, Some(command))
}

/// The form of a command.
fn question(command: Command) -> Element {
    let required = Element::new("required", ns::FORMS);
    let field = Element::new("field", ns::FORMS)
        .with("var", "jid")
        .with("type", "jid-single")
        .with("label", "Whose address?")
        .with_child(required);
    let title = Element::new("title", ns::FORMS).with_text(command.name());
    Element::new("x", ns::FORMS).with("type", "form").with_child(title).with_child(field)
}
