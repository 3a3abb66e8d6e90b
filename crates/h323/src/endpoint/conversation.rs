//! Messages by calls: single ones, sessions, and texts inside a call of people.

use super::call::{Call, Stage};
use super::chat::{Kind, MessageData, Session};
use super::connection::ConnectionId;
use super::event::{Event, Side, Way, digits};
use super::machine::Endpoint;
use super::message;
use super::release::Ending;
use super::settings::{CLOSE_TIMEOUT, MESSAGE_TIMEOUT};
use super::text::{TEXT_UNITS_MAX, pieces};
use crate::alias::Alias;
use crate::wire::h225::H323UuPdu;
use model::Now;

/// The most texts that wait for a session to be opened.
const WAITING_MAX: usize = 16;

impl Endpoint {
    /// Writes one message, by a call of its own.
    pub(super) fn send_by_call(&mut self, now: Now, to: &Alias, text: &str) {
        let units = text.encode_utf16().count();
        if units > TEXT_UNITS_MAX {
            return self.complain(format!(
                "A single message has at most {TEXT_UNITS_MAX} characters of 16 bits; this one has {units}. \
                 `open` a session and `say` it there."
            ));
        }
        if self.may_write() {
            self.start_call(now, to, Kind::Single { text: text.to_owned(), is_sent: false });
        }
    }

    /// Opens a session: inside the call with the other side where there is one, else by a call of its own.
    pub(super) fn open_session(&mut self, now: Now, to: &Alias) {
        if !self.may_write() {
            return;
        }
        let found = self.conversation_with(to);
        match found.and_then(|id| self.calls.get(&id)) {
            None => self.start_call(now, to, Kind::Session),
            Some(call) if call.chat.kind == Kind::Talk && !call.chat.is_open() => {
                self.open_inside(now, found, to);
            }
            Some(_) => self.complain(format!("There is a session with {} already.", to.text())),
        }
    }

    /// Says something in a session; a call of people gets one for it.
    pub(super) fn say(&mut self, now: Now, to: &Alias, text: &str) {
        let found = self.conversation_with(to);
        let Some(id) = found else {
            return self.complain(format!(
                "There is no session with {0}; `open` one, or `send` a single message.",
                to.text()
            ));
        };
        let Some(call) = self.calls.get_mut(&id) else { return };
        match (&call.chat.kind, call.chat.session) {
            (_, Session::Open) => self.say_in(now, id, text),
            (Kind::Talk, _) => {
                if self.open_inside(now, found, to) {
                    self.say_in(now, id, text);
                }
            }
            _ if call.chat.waiting.len() < WAITING_MAX => call.chat.waiting.push(text.to_owned()),
            _ => self.complain("Too many texts wait for this session to be opened."),
        }
    }

    /// Closes a session. The other side then releases the call, where it was only for the session.
    pub(super) fn close_session(&mut self, now: Now, to: &Alias) {
        let open = self.conversation_with(to).filter(|id| {
            self.calls.get(id).is_some_and(|call| call.chat.is_open() || call.chat.kind == Kind::Session)
        });
        let Some((id, call)) = open.and_then(|id| Some((id, self.calls.get(&id)?))) else {
            return self.complain(format!("There is no session with {}.", to.text()));
        };
        if !call.chat.is_open() {
            return self.end_call(now, id, Ending::HANG_UP);
        }
        let message = message::session(call, false);
        self.signal(now, id, message);
        if let Some(call) = self.calls.get_mut(&id) {
            call.patience = call.chat.is_message_call().then(|| now.instant.after(CLOSE_TIMEOUT));
        }
        self.end_session(id, Side::Endpoint);
    }

    /// Whether this endpoint writes messages at all; complains where it does not.
    fn may_write(&mut self) -> bool {
        if !self.settings.offers.messaging {
            self.complain("Messages by calls are switched off.");
        }
        self.settings.offers.messaging
    }

    /// Opens a session inside a call of people; whether it could be.
    fn open_inside(&mut self, now: Now, id: Option<ConnectionId>, to: &Alias) -> bool {
        let Some((id, call)) = id.and_then(|id| Some((id, self.calls.get_mut(&id)?))) else { return false };
        if !call.chat.takes_messages || !self.settings.offers.messaging {
            self.complain(format!("In the call with {} no messages are possible.", to.text()));
            return false;
        }
        call.chat.session = Session::Open;
        let message = message::session(call, true);
        self.signal(now, id, message);
        self.tell_session_opened(id, Side::Endpoint);
        true
    }

    fn say_in(&mut self, now: Now, id: ConnectionId, text: &str) {
        for piece in pieces(text, TEXT_UNITS_MAX) {
            let Some(call) = self.calls.get(&id) else { return };
            let message = message::text(call, piece);
            self.signal(now, id, message);
        }
    }

    /// The conversation with somebody: an open session, one that is being opened, else a call of people that is up or
    /// rings.
    fn conversation_with(&self, to: &Alias) -> Option<ConnectionId> {
        let rank = |call: &Call| match (&call.chat.kind, call.chat.session) {
            (_, Session::Open) => Some(0),
            (Kind::Session, Session::None | Session::Asked) => Some(1),
            (Kind::Talk, _) if call.stage >= Stage::Alerting => Some(2),
            _ => None,
        };
        let with = self.calls.iter().filter(|(_, call)| call.is_with(to));
        let ranked = with.filter_map(|(id, call)| Some((rank(call)?, *id)));
        ranked.min().map(|(_, id)| id)
    }

    /// Takes note of what the other side of a call is.
    pub(super) fn learn_of_messaging(
        &mut self,
        id: ConnectionId,
        pdu: Option<&H323UuPdu>,
        data: Option<&MessageData>,
    ) {
        if let Some(call) = self.calls.get_mut(&id) {
            // Only who was called says everything twice.
            call.chat.learn(pdu.filter(|_| call.is_caller), data);
        }
    }

    /// The called side of a call for messages has come further.
    pub(super) fn take_conversation_progress(&mut self, now: Now, id: ConnectionId, stage: Stage) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        call.stage = stage;
        call.patience = Some(now.instant.after(MESSAGE_TIMEOUT));
        match stage {
            Stage::Alerting => {
                call.alerted_at = Some(now.wall);
                self.begin_conversation(now, id);
            }
            // A callee that answers everything at once never alerts; it gets its text all the same.
            Stage::Connected => {
                call.connected_at = Some(now.wall);
                self.begin_conversation(now, id);
                self.take_opened(now, id);
            }
            _ => {}
        }
    }

    /// Sends what the call is for, once the other side has shown that it takes messages.
    fn begin_conversation(&mut self, now: Now, id: ConnectionId) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if !call.chat.takes_messages {
            return self.end_call(now, id, Ending::NO_MESSAGING);
        }
        match &mut call.chat.kind {
            Kind::Single { text, is_sent } if !*is_sent => {
                *is_sent = true;
                let text = text.clone();
                self.say_in(now, id, &text);
            }
            Kind::Session if call.chat.session == Session::None => {
                call.chat.session = Session::Asked;
                let message = message::session(call, true);
                self.signal(now, id, message);
            }
            _ => {}
        }
    }

    /// The session that was asked for is open: says what waited for it.
    fn take_opened(&mut self, now: Now, id: ConnectionId) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.chat.session == Session::Asked) else {
            return;
        };
        call.chat.session = Session::Open;
        call.patience = None;
        let waiting = std::mem::take(&mut call.chat.waiting);
        self.tell_session_opened(id, Side::Endpoint);
        for text in waiting {
            self.say_in(now, id, &text);
        }
    }

    /// Takes what a message of a call says: opening first, then text, then closing.
    pub(super) fn take_message_data(&mut self, now: Now, id: ConnectionId, data: MessageData) {
        let is_ready = |call: &&Call| call.is_caller || call.stage >= Stage::Alerting;
        if !self.settings.offers.messaging || self.calls.get(&id).filter(is_ready).is_none() {
            self.counters.ignored_messages += 1;
            return;
        }
        if data.open == Some(true) {
            self.take_open(now, id);
        }
        if let Some(text) = data.text.filter(|text| !text.is_empty()) {
            self.take_text(now, id, text);
        }
        if data.open == Some(false) {
            self.take_close(now, id);
        }
    }

    /// The other side opens a session.
    fn take_open(&mut self, now: Now, id: ConnectionId) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| !call.chat.is_open()) else { return };
        if call.chat.session == Session::Asked {
            return self.take_opened(now, id);
        }
        let is_taken = call.chat.kind == Kind::Taken;
        if call.chat.kind != Kind::Talk && !is_taken || is_taken && call.chat.session == Session::Closed {
            return;
        }
        call.chat.session = Session::Open;
        if is_taken {
            self.connect(now, id);
        }
        self.tell_session_opened(id, Side::Remote);
    }

    fn take_text(&mut self, now: Now, id: ConnectionId, text: String) {
        let Some(call) = self.calls.get_mut(&id) else { return };
        if call.chat.is_double(now.instant, &text) {
            self.counters.doubles += 1;
            return;
        }
        let is_single = call.chat.kind == Kind::Taken && call.chat.session == Session::None;
        let way = match call.chat.kind {
            _ if is_single => Way::Single,
            Kind::Talk => Way::Call,
            _ => Way::Session,
        };
        let (from, identifier) = (call.remote.clone(), digits(call.identifier));
        self.tell(Event::Message { from, text, way, identifier, sent_at: None, delayed: false, group: None });
        if is_single {
            // The release is what tells the caller that the text has arrived.
            self.end_call(now, id, Ending::HANG_UP);
        }
    }

    /// The other side closes the session; who is told so releases a call that was only for it.
    fn take_close(&mut self, now: Now, id: ConnectionId) {
        self.end_session(id, Side::Remote);
        if self.calls.get(&id).is_some_and(|call| call.chat.is_message_call()) {
            self.end_call(now, id, Ending::HANG_UP);
        }
    }

    /// The session is over; the call of people around it goes on.
    fn end_session(&mut self, id: ConnectionId, by: Side) {
        let Some(call) = self.calls.get_mut(&id).filter(|call| call.chat.is_open()) else { return };
        call.chat.session = Session::Closed;
        let (with, call_identifier) = (call.remote.clone(), digits(call.identifier));
        self.tell(Event::SessionClosed { with, call_identifier, by, reason: None });
    }

    fn tell_session_opened(&mut self, id: ConnectionId, by: Side) {
        let Some(call) = self.calls.get(&id) else { return };
        let (with, call_identifier) = (call.remote.clone(), digits(call.identifier));
        self.tell(Event::SessionOpened { with, call_identifier, by });
    }

    /// Tells what became of the messages of a call that is over.
    pub(super) fn tell_end_of_conversation(&mut self, call: &Call, ending: &Ending) {
        let (with, call_identifier) = (call.remote.clone(), digits(call.identifier));
        let reason = ending.reason.clone().into_owned();
        let is_delivery = ending.by == Side::Remote && ending.cause == Some(DELIVERED);
        let event = match (&call.chat.kind, call.chat.session) {
            (_, Session::Open) => {
                Event::SessionClosed { with, call_identifier, by: ending.by, reason: Some(reason) }
            }
            (Kind::Single { is_sent: true, .. }, _) if is_delivery => {
                Event::Delivered { to: with, identifier: call_identifier }
            }
            (Kind::Single { .. }, _) => {
                let reason = if is_delivery { "releasedBeforeText".to_owned() } else { reason };
                Event::NotDelivered { to: with, identifier: call_identifier, reason }
            }
            (Kind::Session, Session::None | Session::Asked) => {
                Event::SessionFailed { with, call_identifier, reason, unsaid: call.chat.waiting.len() }
            }
            _ => return,
        };
        self.tell(event);
    }
}

impl Call {
    /// Whether somebody is the other side: by the name it was called or showed, by any of its aliases, or by address.
    fn is_with(&self, who: &Alias) -> bool {
        let who = who.text().to_lowercase();
        let aliases = self.remote_aliases.iter().filter_map(Alias::from_wire).map(|alias| alias.text());
        let address = self.remote_address.map(|address| address.to_string());
        let mut names = aliases.chain(address).chain([self.remote.clone()]);
        names.any(|name| name.to_lowercase() == who)
    }
}

/// The cause with which a callee confirms a single message: normal call clearing.
const DELIVERED: u8 = 16;
