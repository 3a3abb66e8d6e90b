//! A new message. One that came is never written again.

use super::{Mailbox, escape};
use crate::namespaces::{HERALD, IMDN};
use crate::time;
use model::{Note, ReceiptsWanted, Timestamp};
use std::fmt::Write;

/// What a new message says.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct NewMessage {
    /// Who writes.
    pub from: Mailbox,
    /// To whom.
    pub to: Vec<Mailbox>,
    /// Who gets a copy.
    pub cc: Vec<Mailbox>,
    /// When it was written.
    pub date_time: Option<Timestamp>,
    /// What it is about, in each language.
    pub subjects: Vec<Note>,
    /// Its identifier for notifications.
    pub message_id: Option<String>,
    /// What the sender wants to be told.
    pub notifications: ReceiptsWanted,
    /// The conversation it belongs to, in 32 hexadecimal digits.
    pub thread: Option<String>,
    /// The headers of its content, `Content-Type` among them.
    pub content_headers: Vec<(String, String)>,
    /// The content.
    pub content: Vec<u8>,
}

impl NewMessage {
    /// The octets of its body: each header with one space, CRLF, UTF-8, escapes where they must be (RFC 3862, section 2).
    pub fn to_octets(&self) -> Vec<u8> {
        let mut text = String::new();
        // What stands before the space is the name with its colon, and parameters.
        let mut line = |name: &str, value: &str| {
            let _ = write!(text, "{name} {value}\r\n");
        };
        line("From:", &self.from.write());
        self.to.iter().for_each(|to| line("To:", &to.write()));
        self.cc.iter().for_each(|cc| line("cc:", &cc.write()));
        if let Some(moment) = self.date_time.and_then(time::rfc3339) {
            line("DateTime:", &moment);
        }
        for Note { language, text } in &self.subjects {
            let value = escape::write(text.trim(), false);
            match language.as_deref().filter(|language| is_language(language)) {
                Some(language) => line(&format!("Subject:;lang={language}"), &value),
                None => line("Subject:", &value),
            }
        }
        let words = notifications(self.notifications);
        if self.message_id.is_some() || !words.is_empty() {
            line("NS:", &format!("imdn <{IMDN}>"));
        }
        if let Some(id) = &self.message_id {
            line("imdn.Message-ID:", &escape::write(id.trim(), false));
        }
        if !words.is_empty() {
            line("imdn.Disposition-Notification:", &words);
        }
        if let Some(thread) = &self.thread {
            line("NS:", &format!("herald <{HERALD}>"));
            line("herald.Thread:", &escape::write(thread.trim(), false));
        }
        text.push_str("\r\n");
        for (name, value) in &self.content_headers {
            let _ = write!(text, "{name}: {value}\r\n");
        }
        text.push_str("\r\n");
        let mut octets = text.into_bytes();
        octets.extend_from_slice(&self.content);
        octets
    }
}

/// The words of what a sender wants to be told.
fn notifications(wanted: ReceiptsWanted) -> String {
    let words = [
        (wanted.delivered, "positive-delivery"),
        (wanted.failed, "negative-delivery"),
        (wanted.displayed, "display"),
    ];
    words.into_iter().filter(|(is_wanted, _)| *is_wanted).map(|(_, word)| word).collect::<Vec<_>>().join(", ")
}

/// Whether a text can be the value of `lang`.
fn is_language(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'-')
}
