//! The small elements that tuples, persons and devices share, from a tree and back.

use super::Contact;
use super::reading::{Cause, PidfError};
use crate::namespaces::{DATA_MODEL, PIDF};
use crate::time;
use crate::xml::{Attribute, Element, XML};
use model::{Basic, Note, Timestamp};

/// The text of an element without white space around it.
pub(super) fn trimmed(element: &Element) -> String {
    element.text().trim_matches([' ', '\t', '\r', '\n']).to_owned()
}

/// Reads `basic`.
pub(super) fn basic(element: &Element) -> Result<Basic, PidfError> {
    match &*trimmed(element) {
        "open" => Ok(Basic::Open),
        "closed" => Ok(Basic::Closed),
        _ => Err(PidfError::value("basic", Cause::NotOpenOrClosed)),
    }
}

/// `basic` in words.
pub(super) const fn word(basic: Basic) -> &'static str {
    match basic {
        Basic::Open => "open",
        Basic::Closed => "closed",
    }
}

/// Reads a note.
pub(super) fn note(element: &Element) -> Note {
    Note { language: element.attribute(XML, "lang").map(str::to_owned), text: element.text() }
}

/// Writes a note.
pub(super) fn write_note(namespace: &str, prefix: &str, note: &Note) -> Element {
    Element::new(namespace, prefix, "note").with_language(note.language.as_deref()).with_text(&note.text)
}

/// Reads a timestamp.
pub(super) fn timestamp(element: &Element) -> Result<Timestamp, PidfError> {
    time::moment(&trimmed(element)).ok_or_else(|| PidfError::value("timestamp", Cause::NotRfc3339))
}

/// Writes a timestamp; nothing for a moment that RFC 3339 can't write.
pub(super) fn write_timestamp(namespace: &str, prefix: &str, moment: Option<Timestamp>) -> Option<Element> {
    let text = time::rfc3339(moment?)?;
    Some(Element::new(namespace, prefix, "timestamp").with_text(&text))
}

/// Reads a contact.
pub(super) fn contact(element: &Element) -> Result<Contact, PidfError> {
    let priority = element.attribute("", "priority");
    let priority = priority.map(|text| thousandths(text.trim()).ok_or(Cause::NotPriority)).transpose();
    Ok(Contact {
        uri: trimmed(element),
        priority: priority.map_err(|cause| PidfError::value("contact", cause))?,
        attributes: foreign(element),
    })
}

/// Writes a contact.
pub(super) fn write_contact(contact: &Contact) -> Element {
    let mut element = Element::new(PIDF, "", "contact").with_text(&contact.uri);
    element.attributes.clone_from(&contact.attributes);
    match contact.priority {
        Some(priority) => element.with_attribute("priority", &priority_text(priority)),
        None => element,
    }
}

/// Reads a priority: a decimal from 0 to 1 with at most three decimals.
pub(super) fn thousandths(text: &str) -> Option<u16> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let are_digits = |text: &str| text.bytes().all(|octet| octet.is_ascii_digit());
    if (whole.is_empty() && decimals.is_empty())
        || !are_digits(whole)
        || !are_digits(decimals)
        || decimals.len() > 3
    {
        return None;
    }
    let whole: u16 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
    let thousandths = format!("{decimals:0<3}").parse::<u16>().ok()?;
    Some(whole.checked_mul(1000)?.checked_add(thousandths)?).filter(|value| *value <= 1000)
}

/// Writes a priority, without zeros at its end.
pub(super) fn priority_text(thousandths: u16) -> String {
    let value = thousandths.min(1000);
    let text = format!("{}.{:03}", value / 1000, value % 1000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The attributes of an element that are of another namespace than its own vocabulary.
pub(super) fn foreign(element: &Element) -> Vec<Attribute> {
    let is_foreign =
        |attribute: &&Attribute| !attribute.namespace.is_empty() && &*attribute.namespace != PIDF;
    element.attributes.iter().filter(is_foreign).cloned().collect()
}

/// Whether an element says that whoever does not understand it must not go on.
pub(super) fn must_be_understood(element: &Element) -> bool {
    matches!(element.attribute(PIDF, "mustUnderstand").map(str::trim), Some("1" | "true"))
}

/// Whether the namespace is of RFC 3863 or RFC 4479, which define where their elements stand.
pub(super) fn is_structure(element: &Element) -> bool {
    matches!(&*element.namespace, PIDF | DATA_MODEL)
}

#[cfg(test)]
mod tests {
    use super::*;

    // covers: C-23
    #[test]
    fn a_priority_has_at_most_three_decimals_and_is_at_most_one() {
        for (text, value) in
            [("0", 0), ("1", 1000), ("0.5", 500), ("0.125", 125), (".8", 800), ("1.000", 1000), ("1.", 1000)]
        {
            assert_eq!(thousandths(text), Some(value), "{text}");
        }
        for text in ["", ".", "-1", "1.001", "2", "0.1234", "+0.5", "0,5", "1e0", "99999"] {
            assert_eq!(thousandths(text), None, "{text}");
        }
        for value in 0..=1000 {
            assert_eq!(thousandths(&priority_text(value)), Some(value));
        }
        assert_eq!([0, 500, 125, 1000].map(priority_text), ["0", "0.5", "0.125", "1"]);
    }
}
