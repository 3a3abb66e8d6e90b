//! What Herald knows of the elements that other documents add: RPID (RFC 4480), timed status (RFC 4481), CIPID (RFC 4482),
//! capabilities (RFC 5196). A reading of an element that itself is kept.

use super::element::{basic, trimmed};
use crate::namespaces::{CAPS, CIPID, DATA_MODEL, HERALD, JABBER, PIDF, RPID, TIMED};
use crate::time;
use crate::xml::{Element, XML};
use model::{Basic, Note, Timestamp};

/// From when to when something holds; what is not said is open.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Span {
    /// From when.
    pub from: Option<Timestamp>,
    /// Until when.
    pub until: Option<Timestamp>,
}

impl Span {
    /// Whether it holds at a moment.
    pub fn holds(self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }

    fn of(element: &Element) -> Option<Self> {
        let moment = |name| match element.attribute("", name) {
            Some(text) => time::moment(text.trim()).map(Some),
            None => Some(None),
        };
        Some(Self { from: moment("from")?, until: moment("until")? })
    }
}

/// One activity, mood or kind of place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Activity {
    /// Its name; of another namespace where it is none of RPID's.
    pub name: String,
    /// Its words, where it is `other`.
    pub text: Option<Note>,
}

/// What an element says.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reading {
    /// `activities`.
    Activities {
        /// When they hold.
        span: Span,
        /// Which.
        activities: Vec<Activity>,
        /// Notes on them.
        notes: Vec<Note>,
    },
    /// `mood`, `place-type` and `privacy`: names of one kind.
    Names {
        /// When they hold.
        span: Span,
        /// Which.
        names: Vec<Activity>,
    },
    /// `place-is`: for audio, video and text how the place is.
    PlaceIs(Vec<(String, String)>),
    /// `relationship` and `service-class`: the name, or the words of `other`.
    Word(String),
    /// `sphere`: its name, of RPID or in words.
    Sphere {
        /// When it holds.
        span: Span,
        /// Which.
        name: String,
    },
    /// `user-input`.
    UserInput {
        /// Whether it is idle.
        is_idle: bool,
        /// After how many seconds without input it counts as idle.
        idle_threshold: Option<u64>,
        /// When there was input last.
        last_input: Option<Timestamp>,
    },
    /// `time-offset`: minutes east of UTC.
    TimeOffset(i32),
    /// `card`, `homepage`, `icon`, `map`, `sound` and `status-icon`: an address.
    Uri(String),
    /// `class`, `display-name`, `deviceID` and `show`: a text.
    Text(Note),
    /// `timed-status`: open or closed at another time.
    TimedStatus {
        /// When; it has a beginning.
        span: Span,
        /// What it is then.
        basic: Option<Basic>,
    },
    /// `servcaps` and `devcaps`: what is said to be so, and what is said not to be.
    Capabilities {
        /// Names of what is there, and the names in lists of what is supported.
        has: Vec<String>,
        /// Names of what is not there, and the names in lists of what is not supported.
        lacks: Vec<String>,
        /// Descriptions.
        descriptions: Vec<Note>,
    },
}

/// Whether Herald knows the namespace of an element.
pub(super) fn is_understood(element: &Element) -> bool {
    matches!(&*element.namespace, PIDF | DATA_MODEL | RPID | TIMED | CIPID | CAPS | JABBER | HERALD)
}

/// What an element says; `None` for one that is not known, or does not hold what it should.
pub fn read(element: &Element) -> Option<Reading> {
    let note = |element: &Element| Note {
        language: element.attribute(XML, "lang").map(str::to_owned),
        text: trimmed(element),
    };
    Some(match (&*element.namespace, &*element.local) {
        (RPID, "activities") => {
            let notes = element.elements().filter(|child| child.is(RPID, "note")).map(note).collect();
            Reading::Activities { span: Span::of(element)?, activities: names(element), notes }
        }
        (RPID, "mood" | "place-type" | "privacy") => {
            Reading::Names { span: Span::of(element)?, names: names(element) }
        }
        (RPID, "place-is") => Reading::PlaceIs(place(element)),
        (RPID, "relationship" | "service-class") => {
            let first = element.elements().find(|child| !child.is(RPID, "note"))?;
            Reading::Word(if first.is(RPID, "other") { trimmed(first) } else { first.local.to_string() })
        }
        (RPID, "sphere") => {
            let name =
                element.elements().next().map_or_else(|| trimmed(element), |child| child.local.to_string());
            Reading::Sphere { span: Span::of(element)?, name }
        }
        (RPID, "user-input") => user_input(element)?,
        (RPID, "time-offset") => Reading::TimeOffset(trimmed(element).parse().ok()?),
        (RPID, "status-icon") | (CIPID, "card" | "homepage" | "icon" | "map" | "sound") => {
            Reading::Uri(trimmed(element))
        }
        (RPID, "class") | (CIPID, "display-name") | (DATA_MODEL, "deviceID") | (JABBER, "show") => {
            Reading::Text(note(element))
        }
        (TIMED, "timed-status") => {
            let basic = element.child(PIDF, "basic").map(basic).transpose().ok()?;
            let span = Span::of(element)?;
            span.from?;
            Reading::TimedStatus { span, basic }
        }
        (CAPS, "servcaps" | "devcaps") => capabilities(element, note),
        _ => return None,
    })
}

fn names(element: &Element) -> Vec<Activity> {
    let named = element.elements().filter(|child| !child.is(RPID, "note"));
    let named = named.map(|child| {
        let language = child.attribute(XML, "lang").map(str::to_owned);
        let text = Some(trimmed(child)).filter(|text| !text.is_empty()).map(|text| Note { language, text });
        Activity { name: child.local.to_string(), text }
    });
    named.collect()
}

fn place(element: &Element) -> Vec<(String, String)> {
    let media = element.elements().filter(|child| matches!(&*child.local, "audio" | "video" | "text"));
    let media = media.filter_map(|medium| {
        let how = medium.elements().next()?;
        Some((medium.local.to_string(), how.local.to_string()))
    });
    media.collect()
}

fn user_input(element: &Element) -> Option<Reading> {
    let is_idle = match &*trimmed(element) {
        "idle" => true,
        "active" => false,
        _ => return None,
    };
    let idle_threshold = element.attribute("", "idle-threshold").map(|text| text.trim().parse().ok());
    let last_input = element.attribute("", "last-input").map(|text| time::moment(text.trim()));
    Some(Reading::UserInput {
        is_idle,
        idle_threshold: idle_threshold.unwrap_or_default(),
        last_input: last_input.unwrap_or_default(),
    })
}

fn capabilities(element: &Element, note: impl Fn(&Element) -> Note) -> Reading {
    let (mut has, mut lacks, mut descriptions) = (Vec::new(), Vec::new(), Vec::new());
    for child in element.elements() {
        let name = &*child.local;
        match &*trimmed(child) {
            _ if child.is(CAPS, "description") => descriptions.push(note(child)),
            "true" | "1" => has.push(name.to_owned()),
            "false" | "0" => lacks.push(name.to_owned()),
            _ => {
                // Lists: `<methods><supported><MESSAGE/></supported><notsupported>…`; priorities are `<equal value=""/>`.
                for (side, names) in [("supported", &mut has), ("notsupported", &mut lacks)] {
                    let listed = child.child(CAPS, side).into_iter().flat_map(Element::elements);
                    names.extend(listed.map(|entry| match trimmed(entry) {
                        text if text.is_empty() => format!("{name}:{}", entry.local),
                        text => format!("{name}:{text}"),
                    }));
                }
            }
        }
    }
    Reading::Capabilities { has, lacks, descriptions }
}
