//! Every namespace that Herald reads or writes by meaning. docs/namespaces.tsv is the registry for people; a test holds
//! one to the other.

/// Presence documents (RFC 3863).
pub const PIDF: &str = "urn:ietf:params:xml:ns:pidf";
/// Persons and devices (RFC 4479).
pub const DATA_MODEL: &str = "urn:ietf:params:xml:ns:pidf:data-model";
/// Activities and the like (RFC 4480).
pub const RPID: &str = "urn:ietf:params:xml:ns:pidf:rpid";
/// Status in the past or future (RFC 4481).
pub const TIMED: &str = "urn:ietf:params:xml:ns:pidf:timed-status";
/// Card, homepage and the like (RFC 4482).
pub const CIPID: &str = "urn:ietf:params:xml:ns:pidf:cipid";
/// What a service or a device can do (RFC 5196).
pub const CAPS: &str = "urn:ietf:params:xml:ns:pidf:caps";
/// Location objects (RFC 4119); whatever is below it says where somebody is.
pub const GEOPRIV: &str = "urn:ietf:params:xml:ns:pidf:geopriv10";
/// Geography Markup Language, in location objects (RFC 5491).
pub const GML: &str = "http://www.opengis.net/gml";
/// The element `show` of XMPP, which tells shades of away (RFC 3921; in PIDF as RFC 3922 has it).
pub const JABBER: &str = "jabber:client";
/// Herald's own: the identifier of its package as a URN, in PIDF and in Message/CPIM.
pub const HERALD: &str = "urn:uuid:ababeab3-473c-4036-953b-a32e8c03b325";
/// Headers of disposition notifications in Message/CPIM (RFC 5438).
pub const IMDN: &str = "urn:ietf:params:imdn";
/// The headers of Message/CPIM itself (RFC 3862).
pub const CPIM_HEADERS: &str = "urn:ietf:params:cpim-headers:";

/// Those that Herald writes of itself, with the prefix it uses; what it passes on may have others.
pub const WRITTEN: [(&str, &str); 8] = [
    ("", PIDF),
    ("dm", DATA_MODEL),
    ("rpid", RPID),
    ("caps", CAPS),
    ("jabber", JABBER),
    ("herald", HERALD),
    ("imdn", IMDN),
    ("", CPIM_HEADERS),
];
