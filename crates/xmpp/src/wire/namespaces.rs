//! The namespaces of the extensions that are spoken here.

/// Stanzas on every stream: `jabber:client`, `jabber:server` and `jabber:component:accept` are this one in here, and
/// none is written where a stanza is.
pub const STANZAS: &str = "jabber:server";
/// Between components and their server (XEP-0114).
pub const COMPONENT: &str = "jabber:component:accept";
/// Between clients and their server.
pub const CLIENT: &str = "jabber:client";
/// Streams (RFC 6120).
pub const STREAMS: &str = "http://etherx.jabber.org/streams";
/// Herald's own (docs/formats.md).
pub const HERALD: &str = "urn:uuid:ababeab3-473c-4036-953b-a32e8c03b325";
/// Service discovery: what an entity is (XEP-0030).
pub const DISCO_INFO: &str = "http://jabber.org/protocol/disco#info";
/// Service discovery: what an entity has (XEP-0030).
pub const DISCO_ITEMS: &str = "http://jabber.org/protocol/disco#items";
/// Receipts (XEP-0184).
pub const RECEIPTS: &str = "urn:xmpp:receipts";
/// Chat markers (XEP-0333).
pub const MARKERS: &str = "urn:xmpp:chat-markers:0";
/// Chat states (XEP-0085).
pub const CHAT_STATES: &str = "http://jabber.org/protocol/chatstates";
/// Delayed delivery (XEP-0203).
pub const DELAY: &str = "urn:xmpp:delay";
/// Unique ids (XEP-0359).
pub const IDS: &str = "urn:xmpp:sid:0";
/// Hints (XEP-0334).
pub const HINTS: &str = "urn:xmpp:hints";
/// Idle time (XEP-0319).
pub const IDLE: &str = "urn:xmpp:idle:1";
/// Nicknames (XEP-0172).
pub const NICK: &str = "http://jabber.org/protocol/nick";
/// Out of band data (XEP-0066).
pub const OOB: &str = "jabber:x:oob";
/// XHTML (XEP-0071).
pub const XHTML_IM: &str = "http://jabber.org/protocol/xhtml-im";
/// Pings (XEP-0199).
pub const PING: &str = "urn:xmpp:ping";
/// Carbon copies (XEP-0280).
pub const CARBONS: &str = "urn:xmpp:carbons:2";
/// Forwarded stanzas (XEP-0297).
pub const FORWARD: &str = "urn:xmpp:forward:0";
/// Capabilities (XEP-0115).
pub const CAPS: &str = "http://jabber.org/protocol/caps";
/// Versions of software (XEP-0092).
pub const VERSION: &str = "jabber:iq:version";
/// Uptime and last activity (XEP-0012).
pub const LAST: &str = "jabber:iq:last";
/// Time of an entity (XEP-0202).
pub const TIME: &str = "urn:xmpp:time";
/// Cards (XEP-0054).
pub const VCARD: &str = "vcard-temp";
/// The picture of a card, in presence (XEP-0153).
pub const VCARD_UPDATE: &str = "vcard-temp:x:update";
/// Search (XEP-0055).
pub const SEARCH: &str = "jabber:iq:search";
/// Gateways (XEP-0100).
pub const GATEWAY: &str = "jabber:iq:gateway";
/// Blocking (XEP-0191).
pub const BLOCKING: &str = "urn:xmpp:blocking";
/// Reporting (XEP-0377).
pub const REPORTING: &str = "urn:xmpp:reporting:1";
/// Forms (XEP-0004).
pub const FORMS: &str = "jabber:x:data";
/// Pages of results (XEP-0059).
pub const PAGES: &str = "http://jabber.org/protocol/rsm";
/// Rooms (XEP-0045).
pub const MUC: &str = "http://jabber.org/protocol/muc";
/// Rooms: what occupants are told (XEP-0045).
pub const MUC_USER: &str = "http://jabber.org/protocol/muc#user";
/// Commands (XEP-0050).
pub const COMMANDS: &str = "http://jabber.org/protocol/commands";
