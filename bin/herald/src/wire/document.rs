//! Presence documents and messages of the common formats, as JSON.

use super::output::Output;
use cpim::message::{Header, Mailbox, Message, MessageLimits};
use cpim::pidf::{Activity, Contact, Presence, Reading, Span, kind, publication, reading};
use cpim::xml::{Element, Limits};
use model::{Basic, Note, Timestamp};
use serde_json::{Map, Value, json};
use server::control::{as_json, rfc3339};
use std::fmt::Display;
use std::io::{self, Read, Write};

/// Shows a presence document.
pub fn pidf(input: impl Read, output: &mut Output<impl Write>) -> io::Result<()> {
    let limits = Limits::default();
    let octets = whole(input, limits.octets_max)?;
    match Presence::read(&octets, &limits) {
        Ok(presence) => output.line(&presence_json(&presence)),
        Err(error) => refuse(output, &error),
    }
}

/// Shows a message.
pub fn cpim(input: impl Read, output: &mut Output<impl Write>) -> io::Result<()> {
    let limits = MessageLimits::default();
    let octets = whole(input, limits.octets_max)?;
    // An object that stands by itself begins with message headers, never with this one.
    let is_entity = octets.get(..13).is_some_and(|start| start.eq_ignore_ascii_case(b"Content-Type:"));
    let read = if is_entity { Message::read_entity } else { Message::read };
    match read(&octets, &limits) {
        Ok(message) => output.line(&message_json(&message)),
        Err(error) => refuse(output, &error),
    }
}

/// All that there is, or one octet more than may be.
fn whole(input: impl Read, most: usize) -> io::Result<Vec<u8>> {
    let mut octets = Vec::new();
    input.take(most as u64 + 1).read_to_end(&mut octets)?;
    Ok(octets)
}

fn refuse(output: &mut Output<impl Write>, error: &impl Display) -> io::Result<()> {
    output.error(json!({ "error": error.to_string() }))
}

/// An object without the members that say nothing.
fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    let is_empty = |value: &Value| match value {
        Value::Null => true,
        Value::Array(values) => values.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    };
    let members = members.into_iter().filter(|(_, value)| !is_empty(value));
    Value::Object(members.map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}

fn list<T>(values: &[T], each: impl Fn(&T) -> Value) -> Value {
    values.iter().map(each).collect()
}

fn moment(moment: Option<Timestamp>) -> Value {
    moment.map_or(Value::Null, |moment| rfc3339(moment).into())
}

fn presence_json(presence: &Presence) -> Value {
    let latest = presence.tuples.iter().filter_map(|tuple| tuple.timestamp).max();
    let persons = presence.persons.iter().filter_map(|person| person.timestamp);
    // What is timed in it is read as of its newest moment, so that the reading of a file does not change with the day.
    let at = persons.chain(latest).max().unwrap_or(Timestamp(0));
    let meant = match publication(presence, at) {
        Ok(publication) => object([
            ("state", as_json(&publication.state)),
            ("code", publication.state.code().into()),
            ("qualifier", publication.qualifier.into()),
        ]),
        Err(error) => json!({ "error": error.to_string() }),
    };
    let tuples = list(&presence.tuples, |tuple| {
        object([
            ("id", tuple.id.as_str().into()),
            ("basic", tuple.basic.map(basic).into()),
            ("contact", tuple.contact.as_ref().map(contact).into()),
            ("notes", list(&tuple.notes, note)),
            ("timestamp", moment(tuple.timestamp)),
            ("status", list(&tuple.status, element)),
            ("elements", list(&tuple.elements, element)),
            ("mustUnderstand", tuple.is_beyond_us.then_some("an element that is not understood").into()),
        ])
    });
    let persons = list(&presence.persons, |person| {
        let (elements, notes) = (list(&person.elements, element), list(&person.notes, note));
        let id = person.id.as_str().into();
        object([
            ("id", id),
            ("elements", elements),
            ("notes", notes),
            ("timestamp", moment(person.timestamp)),
        ])
    });
    let devices = list(&presence.devices, |device| {
        object([
            ("id", device.id.as_str().into()),
            ("deviceId", device.device_id.clone().into()),
            ("elements", list(&device.elements, element)),
            ("notes", list(&device.notes, note)),
            ("timestamp", moment(device.timestamp)),
        ])
    });
    object([
        ("entity", presence.entity.as_str().into()),
        ("meant", meant),
        ("tuples", tuples),
        ("notes", list(&presence.notes, note)),
        ("persons", persons),
        ("devices", devices),
        ("elements", list(&presence.elements, element)),
    ])
}

fn basic(basic: Basic) -> &'static str {
    match basic {
        Basic::Open => "open",
        Basic::Closed => "closed",
    }
}

fn contact(contact: &Contact) -> Value {
    let priority = contact.priority.map(|thousandths| f64::from(thousandths) / 1000.0);
    object([("uri", contact.uri.as_str().into()), ("priority", priority.into())])
}

fn note(note: &Note) -> Value {
    object([("text", note.text.as_str().into()), ("language", note.language.clone().into())])
}

fn element(element: &Element) -> Value {
    object([
        ("name", (&*element.local).into()),
        ("namespace", (&*element.namespace).into()),
        ("kind", as_json(&kind(element))),
        ("reading", reading(element).map(|reading| reading_json(&reading)).into()),
    ])
}

fn reading_json(reading: &Reading) -> Value {
    match reading {
        Reading::Activities { span, activities, notes } => {
            timed(*span, [("activities", list(activities, named)), ("notes", list(notes, note))])
        }
        Reading::Names { span, names } => timed(*span, [("names", list(names, named))]),
        Reading::PlaceIs(media) => {
            media.iter().map(|(medium, how)| (medium.clone(), Value::from(how.clone()))).collect()
        }
        Reading::Word(word) | Reading::Uri(word) => word.as_str().into(),
        Reading::Sphere { span, name } => timed(*span, [("name", name.as_str().into())]),
        Reading::UserInput { is_idle, idle_threshold, last_input } => object([
            ("idle", (*is_idle).into()),
            ("idleThreshold", (*idle_threshold).into()),
            ("lastInput", moment(*last_input)),
        ]),
        Reading::TimeOffset(minutes) => (*minutes).into(),
        Reading::Text(text) => note(text),
        Reading::TimedStatus { span, basic: then } => timed(*span, [("basic", then.map(basic).into())]),
        Reading::Capabilities { has, lacks, descriptions } => object([
            ("has", has.clone().into()),
            ("lacks", lacks.clone().into()),
            ("descriptions", list(descriptions, note)),
        ]),
        _ => Value::Null,
    }
}

fn timed<const N: usize>(span: Span, members: [(&str, Value); N]) -> Value {
    let mut value = object(members);
    for (name, at) in [("from", span.from), ("until", span.until)] {
        if let Some(at) = at {
            value[name] = rfc3339(at).into();
        }
    }
    value
}

fn named(activity: &Activity) -> Value {
    let text = activity.text.as_ref().map(note);
    object([("name", activity.name.as_str().into()), ("text", text.into())])
}

fn message_json(message: &Message) -> Value {
    let mailboxes = |all: Vec<Mailbox>| list(&all, mailbox);
    let kind = message.content_type();
    let readable = kind.as_ref().is_some_and(|kind| kind.kind == "text");
    let text = readable.then(|| std::str::from_utf8(message.content()).ok()).flatten();
    let wanted = message.notifications();
    let content_headers =
        message.content_headers().iter().map(|header| (header.name.clone(), header.value.clone().into()));
    object([
        ("from", message.from().as_ref().map(mailbox).into()),
        ("to", mailboxes(message.to().collect())),
        ("cc", mailboxes(message.cc().collect())),
        ("dateTime", moment(message.date_time())),
        ("subjects", list(&message.subjects().collect::<Vec<_>>(), note)),
        ("messageId", message.message_id().into()),
        ("wanted", if wanted == model::ReceiptsWanted::default() { Value::Null } else { as_json(&wanted) }),
        ("headers", list(message.headers(), header)),
        ("contentHeaders", Value::Object(content_headers.collect())),
        ("contentOctets", message.content().len().into()),
        ("text", text.into()),
    ])
}

fn mailbox(mailbox: &Mailbox) -> Value {
    let name = Some(mailbox.formal_name.as_str()).filter(|name| !name.is_empty());
    object([("name", name.into()), ("uri", mailbox.uri.as_str().into())])
}

fn header(header: &Header) -> Value {
    let parameters = header.parameters.iter().map(|one| (one.name.clone(), Value::from(one.value.clone())));
    object([
        ("name", header.written.as_str().into()),
        ("namespace", header.name.namespace.as_deref().into()),
        ("parameters", parameters.collect()),
        ("value", header.text().into()),
    ])
}
