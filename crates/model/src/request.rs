//! What links ask of the engine, and what the engine asks of links.

use crate::{
    Address, AgentId, Conference, Contact, ContactCard, ContactChange, Decided, Delivery, DeliveryOutcome,
    Evidence, EvidenceKey, GatewayId, GroupChange, GroupRefusal, InboxRules, InstantMessage, Listing,
    MessageFailure, MessageId, NamedAddress, Occupant, PresenceDocument, Publication, Receipt, Rule,
    RuleError, RuleKey, Strength, SubscriptionId, SubscriptionRequest, Symmetry, Ticket, Timestamp,
    WatcherId,
};
use std::sync::Arc;

/// An agent's claim to names.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Claim {
    /// Who claims.
    pub agent: AgentId,
    /// The names, the one that names the presentity first.
    pub aliases: Vec<NamedAddress>,
    /// Whether presence is inferred for this agent (D-18).
    pub inferred: bool,
    /// Whether the agent takes part in presence: has a contact list, is notified, can be asked for a decision.
    pub has_presence: bool,
    /// Whether the agent takes messages, as far as is known.
    pub has_messaging: bool,
    /// How surely it is who it says it is.
    pub strength: Strength,
    /// Names the device among those of its principal, over registrations and restarts: what a person published
    /// through it is kept under this name. For example its call signalling address.
    pub device: String,
    /// In a few words what the agent is, for people: product and version, transport address.
    pub description: String,
}

/// What a link asks.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// An agent claims names; answered by [`Effect::Claimed`] or [`Effect::ClaimRefused`] with the ticket, after
    /// new names are durable.
    Claim {
        /// Comes back with the answer.
        ticket: Ticket,
        /// The claim.
        claim: Claim,
    },
    /// Something was learnt about an agent that holds a claim.
    Observe {
        /// About whom.
        agent: AgentId,
        /// What.
        evidence: Evidence,
    },
    /// A piece of evidence no longer holds.
    Withdraw {
        /// About whom.
        agent: AgentId,
        /// Which piece.
        key: EvidenceKey,
        /// Since when it does not.
        at: Timestamp,
    },
    /// An agent is gone; its claim ends and `reason` is kept as the evidence for its absence.
    Depart {
        /// Who.
        agent: AgentId,
        /// Since when.
        at: Timestamp,
        /// In a few words why, for people.
        reason: String,
        /// Whether it signed off by itself, which also ends what was published through it.
        is_farewell: bool,
    },
    /// A person publishes through an agent; answered by [`Effect::Done`] or [`Effect::Refused`] when it is durable.
    Publish {
        /// Comes back with the answer.
        ticket: Ticket,
        /// Through whom.
        agent: AgentId,
        /// What.
        publication: Box<Publication>,
    },
    /// An agent changes the contact list of its principal; answered by [`Effect::Done`] or [`Effect::Refused`] when
    /// it is durable, and followed by [`Effect::Listed`] to every agent whose list is another now.
    ChangeContact {
        /// Comes back with the answer.
        ticket: Ticket,
        /// Who.
        agent: AgentId,
        /// What.
        change: ContactChange,
        /// Which contact.
        contact: NamedAddress,
        /// What is noted on it, or, in a request to watch, of the watcher.
        card: Box<ContactCard>,
        /// The name of the subscription, should it be a new one; random.
        id: SubscriptionId,
        /// What it means for the other direction.
        symmetry: Symmetry,
    },
    /// An agent decides a request to watch its principal, or ends what it asked for itself; answered by [`Effect::Done`] or [`Effect::Refused`].
    Decide {
        /// Comes back with the answer.
        ticket: Ticket,
        /// Who decides.
        agent: AgentId,
        /// What.
        what: Decided,
        /// Whether the watcher may watch.
        is_approved: bool,
        /// As in a [`Request::ChangeContact`].
        symmetry: Symmetry,
    },
    /// An agent has (again) registered and wants its whole contact list, the states of the contacts and the requests
    /// that wait: [`Effect::Listed`], [`Effect::Inform`], [`Effect::Asked`]. What was not delivered is delivered.
    Attend {
        /// Who.
        agent: AgentId,
    },
    /// An agent wants the newest document of somebody once (RFC 2778 "fetcher"): [`Effect::Inform`] where its principal
    /// watches it or a rule lets it, else [`Effect::Refused`].
    Fetch {
        /// Comes back with a refusal.
        ticket: Ticket,
        /// Who.
        agent: AgentId,
        /// Whose.
        presentity: Address,
    },
    /// Why is somebody shown as it is? Answered by [`Effect::Explained`], or [`Effect::Refused`] to whom it is not shown.
    Explain {
        /// Comes back with the answer.
        ticket: Ticket,
        /// Who asks.
        agent: AgentId,
        /// Of whom.
        presentity: Address,
        /// Whether an operator asks, who is told everything; others are told what they may see.
        is_operator: bool,
    },
    /// An agent enters a conversation to see who is there and hear what is written, or goes by another name there;
    /// answered by [`Effect::Entered`] or [`Effect::GroupRefused`].
    Enter {
        /// Comes back with the answer.
        ticket: Ticket,
        /// Who.
        agent: AgentId,
        /// The address of the group.
        group: Address,
        /// Under which name.
        nick: String,
    },
    /// An agent leaves a conversation that it entered.
    Exit {
        /// Who.
        agent: AgentId,
        /// The address of the group.
        group: Address,
    },
    /// An MCU has these rooms with these people in them, and no others. Not kept over a restart.
    Convene {
        /// The MCU.
        agent: AgentId,
        /// When somebody came or went.
        at: Timestamp,
        /// Its rooms, empty ones too.
        conferences: Vec<Conference>,
    },
    /// An agent looks for people, rooms and groups that are served here; answered by [`Effect::Browsed`] or
    /// [`Effect::Refused`].
    Browse {
        /// Comes back with the answer.
        ticket: Ticket,
        /// Who looks.
        agent: AgentId,
        /// What their names contain, in any case; empty: all.
        text: String,
        /// Only groups, or only who is none; `None`: all.
        groups: Option<bool>,
        /// Only those behind this address in order.
        after: Option<Address>,
        /// At most so many.
        limit: usize,
    },
    /// An agent's principal is offline for one of its watchers, whatever it is for others, or no more so. Not kept over a
    /// restart.
    Show {
        /// Whose principal.
        agent: AgentId,
        /// To whom.
        watcher: Address,
        /// Whether it shows itself.
        is_shown: bool,
    },
    /// Where would a message of an agent go? Answered by [`Effect::Routed`] or [`Effect::MessageRefused`].
    Route {
        /// Comes back with the answer.
        ticket: Ticket,
        /// Who would send.
        agent: AgentId,
        /// To whom.
        recipient: Address,
    },
    /// A message is sent; answered by [`Effect::Accepted`] when it is durable, or [`Effect::MessageRefused`].
    Send {
        /// Comes back with the answer.
        ticket: Ticket,
        /// Through whom; `None`: by the operator, for the sender that the message names.
        agent: Option<AgentId>,
        /// What.
        message: Box<InstantMessage>,
    },
    /// The store did not take a message: it is in no inbox, and its sender has been told.
    Retract {
        /// The address of the principal whose inbox it was for.
        inbox: Address,
        /// Its sender.
        sender: Address,
        /// Which.
        message: MessageId,
    },
    /// What became of a delivery to an agent. Each delivery has one outcome; `Displayed` may follow `Delivered`.
    Conclude {
        /// Who was to have it.
        agent: AgentId,
        /// The sender of the message.
        sender: Address,
        /// Which of its messages.
        message: MessageId,
        /// What became of it.
        outcome: DeliveryOutcome,
    },
    /// An agent's user writes, or stopped writing. May be lost.
    Compose {
        /// Who writes.
        agent: AgentId,
        /// To whom.
        recipient: Address,
        /// Whether it writes.
        is_composing: bool,
        /// In which conversation.
        thread: Option<[u8; 16]>,
    },
    /// An agent has closed its session with somebody. May be lost.
    EndSession {
        /// Who.
        agent: AgentId,
        /// With whom.
        peer: Address,
    },
    /// A watcher subscribes to one presentity, or to all where the address is `None` (an operator's view).
    Subscribe {
        /// Who watches.
        watcher: WatcherId,
        /// Whom.
        presentity: Option<Address>,
    },
    /// A watcher ends all its subscriptions.
    Unsubscribe {
        /// Who.
        watcher: WatcherId,
    },
    /// The operator acts, also on behalf of others; answered by [`Effect::Operated`] when it is durable.
    Operate {
        /// Comes back with the answer.
        ticket: Ticket,
        /// What he does.
        act: Box<OperatorAct>,
    },
    /// A group is changed; answered by [`Effect::GroupChanged`] when it is durable, or [`Effect::GroupRefused`].
    ChangeGroup {
        /// Comes back with the answer.
        ticket: Ticket,
        /// Who changes it; `None`: the operator, or a directory.
        agent: Option<AgentId>,
        /// What.
        change: Box<GroupChange>,
    },
    /// The rules of an inbox are decided; answered by [`Effect::InboxRuled`] when it is durable.
    RuleInbox {
        /// Comes back with the answer.
        ticket: Ticket,
        /// Who decides, about its own inbox; `None`: the operator.
        agent: Option<AgentId>,
        /// Any name of whose inbox it is.
        principal: Address,
        /// What.
        rules: InboxRules,
    },
}

/// What an operator does.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum OperatorAct {
    /// Makes a rule, in the place of the one of its key. When it began is for the engine to say.
    SetRule(Rule),
    /// Ends a rule, or the block that stands for it.
    EndRule(RuleKey),
    /// Decides a request to watch in the place of the presentity, or ends what it has granted.
    Decide {
        /// Whose presence.
        presentity: Address,
        /// Who asked.
        watcher: Address,
        /// Whether it may watch.
        is_approved: bool,
        /// As in a [`Request::ChangeContact`].
        symmetry: Symmetry,
    },
    /// Has the messages of a principal kept from now on, where its domain keeps any, or no more.
    KeepHistory {
        /// Any name of it.
        principal: Address,
        /// Whether.
        is_kept: bool,
    },
    /// Has everything about a principal removed, for ever.
    Erase {
        /// Any name of it.
        principal: Address,
    },
}

/// Why a request was refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// The claim holds no name, so there is no presentity to belong to.
    #[error("a claim needs at least one name")]
    Nameless,
    /// The claim holds the name of a group.
    #[error("one of the names is that of a group")]
    NameOfGroup,
    /// Only an agent that holds a claim can ask for this.
    #[error("the agent is not registered")]
    Stranger,
    /// Nobody waits for this decision, or another decides it.
    #[error("no such request waits for a decision of this principal")]
    NoSuchRequest,
    /// Nobody has that name.
    #[error("there is no such principal")]
    NoSuchPrincipal,
    /// A principal can't watch or block itself.
    #[error("a principal can't be its own contact")]
    Oneself,
    /// There is no rule of that key.
    #[error("there is no such rule")]
    NoSuchRule,
    /// The rule makes no sense.
    #[error("{0}")]
    Rule(RuleError),
    /// A table is full or the store is not writing.
    #[error("the server can't take more at present: {limit}")]
    Unavailable {
        /// What is exhausted.
        limit: &'static str,
    },
}

/// What the engine asks a link or the server to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// The claim holds; the presentity it belongs to.
    Claimed {
        /// Of the request.
        ticket: Ticket,
        /// To whom.
        agent: AgentId,
        /// The address of the presentity.
        presentity: Address,
        /// How many of the names nobody had before.
        new_names: usize,
    },
    /// The claim was refused.
    ClaimRefused {
        /// Of the request.
        ticket: Ticket,
        /// To whom.
        agent: AgentId,
        /// Why.
        refusal: Refusal,
    },
    /// The subscription was refused; other subscriptions of the watcher stay as they are.
    SubscriptionRefused {
        /// Who wanted to watch.
        watcher: WatcherId,
        /// Whom; `None`: all.
        presentity: Option<Address>,
        /// Why.
        refusal: Refusal,
    },
    /// The request is done, durably where it changed anything.
    Done {
        /// Of the request.
        ticket: Ticket,
        /// To whom.
        agent: AgentId,
    },
    /// The request was refused and changed nothing.
    Refused {
        /// Of the request.
        ticket: Ticket,
        /// To whom.
        agent: AgentId,
        /// Why.
        refusal: Refusal,
    },
    /// Entries of an agent's contact list: all of them after it attends, else those that are new or changed.
    Listed {
        /// Whose list.
        agent: AgentId,
        /// The entries.
        contacts: Vec<Contact>,
    },
    /// Somebody wants to watch an agent's principal, who is asked for a decision.
    Asked {
        /// Who is asked.
        agent: AgentId,
        /// What.
        request: Box<SubscriptionRequest>,
    },
    /// A contact's newest document as this agent's principal may see it.
    Inform {
        /// Who is told.
        agent: AgentId,
        /// The contact, as it is named in the contact list.
        contact: NamedAddress,
        /// What.
        document: Arc<PresenceDocument>,
    },
    /// A message to this recipient would be accepted.
    Routed {
        /// Of the request.
        ticket: Ticket,
        /// To whom.
        agent: AgentId,
        /// The agents it would be delivered to at once; none: it would be stored.
        agents: Vec<AgentId>,
    },
    /// A message is accepted: durable, and delivered from now on.
    Accepted {
        /// Of the request.
        ticket: Ticket,
        /// To whom; `None`: the operator.
        agent: Option<AgentId>,
        /// Whether it waits because the recipient is away.
        is_stored: bool,
    },
    /// A message is refused, or would be.
    MessageRefused {
        /// Of the request.
        ticket: Ticket,
        /// To whom; `None`: the operator.
        agent: Option<AgentId>,
        /// Why.
        failure: MessageFailure,
    },
    /// Deliver a message and conclude it.
    Deliver {
        /// To whom.
        agent: AgentId,
        /// What.
        delivery: Arc<Delivery>,
    },
    /// What became of a message that an agent sent and wanted to be told of.
    Reported {
        /// Who sent it.
        agent: AgentId,
        /// What became of it.
        receipt: Receipt,
    },
    /// Somebody writes to an agent's user, or stopped.
    Composing {
        /// Who is told.
        agent: AgentId,
        /// Who writes.
        peer: NamedAddress,
        /// Whether it writes.
        is_composing: bool,
        /// In which conversation.
        thread: Option<[u8; 16]>,
    },
    /// Somebody has closed its session with an agent's user.
    SessionEnded {
        /// Who is told.
        agent: AgentId,
        /// Who closed it.
        peer: Address,
    },
    /// A presentity's newest document, for a watcher.
    Notify {
        /// Who is told.
        watcher: WatcherId,
        /// What.
        document: Arc<PresenceDocument>,
    },
    /// What the operator wanted is done, durably, or refused.
    Operated {
        /// Of the request.
        ticket: Ticket,
        /// Whether it is done.
        outcome: Result<(), Refusal>,
    },
    /// A group is as it was asked for.
    GroupChanged {
        /// Of the request.
        ticket: Ticket,
        /// To whom; `None`: the operator.
        agent: Option<AgentId>,
        /// What of it was left out, and why.
        left_out: Vec<GroupRefusal>,
    },
    /// A group was not changed.
    GroupRefused {
        /// Of the request.
        ticket: Ticket,
        /// To whom; `None`: the operator.
        agent: Option<AgentId>,
        /// Why.
        refusal: GroupRefusal,
    },
    /// The rules of an inbox are decided, or it was refused to.
    InboxRuled {
        /// Of the request.
        ticket: Ticket,
        /// To whom; `None`: the operator.
        agent: Option<AgentId>,
        /// Why not.
        outcome: Result<(), MessageFailure>,
    },
    /// What an agent's user wrote on another device. Neither stored nor concluded.
    Carbon {
        /// Who is shown it.
        agent: AgentId,
        /// The message.
        message: Arc<InstantMessage>,
        /// To whom it was written.
        recipient: NamedAddress,
    },
    /// An agent has entered a conversation.
    Entered {
        /// Of the request.
        ticket: Ticket,
        /// Who.
        agent: AgentId,
        /// Which.
        group: NamedAddress,
        /// What people call it.
        title: String,
        /// Who is there, the agent's own user among them.
        occupants: Vec<Occupant>,
    },
    /// Why somebody is shown as it is.
    Explained {
        /// Of the request.
        ticket: Ticket,
        /// Who asked.
        agent: AgentId,
        /// In words, a line for each thing.
        lines: Vec<String>,
    },
    /// Somebody comes into a conversation that an agent has entered, or goes.
    Occupancy {
        /// Who is told.
        agent: AgentId,
        /// Which conversation.
        group: Address,
        /// Who comes or goes.
        occupant: Occupant,
        /// Whether it comes.
        is_there: bool,
        /// The name under which it comes again at once, where it only goes by another.
        renamed: Option<String>,
    },
    /// An agent is in a conversation no more: there is none of that name any more, or it may not be in it.
    PutOut {
        /// Who is told.
        agent: AgentId,
        /// Which conversation.
        group: Address,
    },
    /// What was written to a conversation that an agent has entered, by itself too. Neither stored nor concluded.
    Overheard {
        /// Who hears it.
        agent: AgentId,
        /// Which conversation.
        group: Address,
        /// Under which name its writer is there.
        nick: String,
        /// What.
        message: Arc<InstantMessage>,
    },
    /// Who was found.
    Browsed {
        /// Of the request.
        ticket: Ticket,
        /// Who looked.
        agent: AgentId,
        /// In the order of their addresses.
        found: Vec<Listing>,
        /// Behind which address there may be more.
        next: Option<Address>,
    },
    /// There is something for somebody of another network for whom no agent is there: the gateway is to claim the
    /// address for one that takes part in presence and takes messages.
    Summon {
        /// Which gateway.
        gateway: GatewayId,
        /// Whose address.
        address: Address,
    },
    /// Somebody watches an agent's principal with its consent, or watches it no more and asks no more to. Only for
    /// principals of other networks, whose own servers keep count of it.
    Watched {
        /// Who is told.
        agent: AgentId,
        /// Who watches, as it registered.
        watcher: NamedAddress,
        /// Whether it does.
        is_watching: bool,
    },
}

impl Request {
    /// The ticket of a request that is answered, and the agent that asks (`None`: the operator).
    pub const fn ticket(&self) -> Option<(Ticket, Option<AgentId>)> {
        match self {
            Self::Claim { ticket, claim } => Some((*ticket, Some(claim.agent))),
            Self::Publish { ticket, agent, .. }
            | Self::ChangeContact { ticket, agent, .. }
            | Self::Decide { ticket, agent, .. }
            | Self::Browse { ticket, agent, .. }
            | Self::Enter { ticket, agent, .. }
            | Self::Fetch { ticket, agent, .. }
            | Self::Explain { ticket, agent, .. }
            | Self::Route { ticket, agent, .. } => Some((*ticket, Some(*agent))),
            Self::Operate { ticket, .. } => Some((*ticket, None)),
            Self::Send { ticket, agent, .. }
            | Self::ChangeGroup { ticket, agent, .. }
            | Self::RuleInbox { ticket, agent, .. } => Some((*ticket, *agent)),
            _ => None,
        }
    }
}

impl Effect {
    /// The agent this is for; `None`: a watcher, the operator or a gateway.
    pub const fn agent(&self) -> Option<AgentId> {
        match self {
            Self::Claimed { agent, .. }
            | Self::ClaimRefused { agent, .. }
            | Self::Done { agent, .. }
            | Self::Refused { agent, .. }
            | Self::Listed { agent, .. }
            | Self::Asked { agent, .. }
            | Self::Inform { agent, .. }
            | Self::Routed { agent, .. }
            | Self::Deliver { agent, .. }
            | Self::Reported { agent, .. }
            | Self::Composing { agent, .. }
            | Self::Carbon { agent, .. }
            | Self::Watched { agent, .. }
            | Self::Browsed { agent, .. }
            | Self::Entered { agent, .. }
            | Self::Explained { agent, .. }
            | Self::Occupancy { agent, .. }
            | Self::PutOut { agent, .. }
            | Self::Overheard { agent, .. }
            | Self::SessionEnded { agent, .. } => Some(*agent),
            Self::Accepted { agent, .. }
            | Self::MessageRefused { agent, .. }
            | Self::GroupChanged { agent, .. }
            | Self::GroupRefused { agent, .. }
            | Self::InboxRuled { agent, .. } => *agent,
            Self::SubscriptionRefused { .. }
            | Self::Notify { .. }
            | Self::Operated { .. }
            | Self::Summon { .. } => None,
        }
    }
}
