//! Octets and elements: what XMPP looks like on the wire.

pub mod base64;
pub mod chat_state;
mod condition;
mod element;
mod jid;
pub mod namespaces;
pub mod nick;
mod reader;
pub mod stanza;
pub mod time;

pub use condition::{Condition, StreamCondition};
pub use element::{Element, Node, write_attribute, write_escaped};
pub use jid::{Jid, JidError};
pub use reader::{Limits, ReadError, StreamItem, StreamReader};
pub use stanza::Kind;
