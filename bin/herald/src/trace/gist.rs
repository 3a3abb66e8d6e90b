//! What a message is about, in a few words, from its reading.

use serde_json::{Map, Value};

/// Aliases that are shown of one message.
const ALIASES_MAX: usize = 6;

/// Characters of one value that are shown.
const VALUE_CHARS_MAX: usize = 120;

/// The names of the choices that are aliases of people.
const ALIASES: [&str; 5] = ["h323-ID", "dialledDigits", "dialedDigits", "url-ID", "email-ID"];

/// Members of which the choice below them is worth a word.
const REASONS: [&str; 5] = ["rejectReason", "reason", "disengageReason", "unregReason", "callModel"];

/// Reasons that every message of their kind has.
const NO_REASONS: [&str; 2] = ["refresh", "featureSetUpdate"];

/// Aliases, reasons, and what known features carry: states of presence, parameters of messages.
pub fn of(reading: &Value) -> String {
    if let Some(error) = reading.get("error").and_then(Value::as_str) {
        return error.to_owned();
    }
    let mut found = Found::default();
    found.look(reading.get("decoded").unwrap_or(&Value::Null));
    let mut words = vec![found.aliases.join(", ")];
    words.extend(found.reasons);
    for feature in reading.get("features").and_then(Value::as_array).into_iter().flatten() {
        let name = feature.get("name").and_then(Value::as_str).unwrap_or_default();
        let parameters = feature.get("parameters").and_then(Value::as_array).into_iter().flatten();
        let parameters: Vec<_> = parameters.map(parameter).filter(|shown| !shown.is_empty()).collect();
        words.push(match parameters.as_slice() {
            [] => format!("[{name}]"),
            parameters => format!("[{name}: {}]", parameters.join(", ")),
        });
    }
    words.retain(|word| !word.is_empty());
    words.dedup();
    words.join("  ")
}

/// What is found on the way through a message.
#[derive(Default)]
struct Found {
    aliases: Vec<String>,
    reasons: Vec<String>,
}

impl Found {
    fn look(&mut self, value: &Value) {
        let mut places = vec![value];
        // A stack instead of recursion; children are pushed in reverse so that they come in order.
        while let Some(value) = places.pop() {
            match value {
                Value::Object(members) => {
                    self.members(members);
                    // What features carry is shown by their readings.
                    let inside = members.iter().filter(|(name, _)| *name != "genericData");
                    places.extend(inside.rev().map(|(_, inner)| inner));
                }
                Value::Array(items) => places.extend(items.iter().rev()),
                _ => {}
            }
        }
    }

    fn members(&mut self, members: &Map<String, Value>) {
        for (name, value) in members {
            if ALIASES.contains(&name.as_str())
                && let Some(alias) = value.as_str()
                && self.aliases.len() < ALIASES_MAX
            {
                let alias = printable(alias);
                if !self.aliases.contains(&alias) {
                    self.aliases.push(alias);
                }
            }
            if REASONS.contains(&name.as_str())
                && let Some(reason) = choice(value).filter(|reason| !NO_REASONS.contains(reason))
            {
                self.reasons.push(reason.to_owned());
            }
        }
    }
}

/// A parameter of a feature: the presence it carries, or its name and value.
fn parameter(parameter: &Value) -> String {
    if let Some(element) = parameter.get("presenceElement") {
        let messages = element.get("message").and_then(Value::as_array).into_iter().flatten();
        return messages.map(presence).collect::<Vec<_>>().join(", ");
    }
    let label = parameter.get("name").and_then(Value::as_str);
    let label = label.or_else(|| parameter.get("id").and_then(Value::as_str)).unwrap_or_default();
    match parameter.get("value") {
        None => label.to_owned(),
        Some(Value::String(text)) => format!("{label} {:?}", cut(text)),
        Some(value) => format!("{label} {}", cut(&value.to_string())),
    }
}

/// `presenceNotify alice: away "back at two"`
fn presence(message: &Value) -> String {
    let Some(name) = choice(message) else { return String::new() };
    let mut found = Found::default();
    found.look(message);
    let mut states = Vec::new();
    let mut places = vec![message];
    while let Some(value) = places.pop() {
        match value {
            Value::Object(members) => {
                for (member, inner) in members {
                    match (member.as_str(), inner) {
                        ("state", state) => states.extend(choice(state).map(str::to_owned)),
                        ("instruction", Value::Array(changes)) => {
                            states.extend(changes.iter().filter_map(choice).map(str::to_owned));
                        }
                        ("display", Value::String(text)) => states.push(format!("{:?}", cut(text))),
                        ("approved", Value::Bool(approved)) => {
                            states.push(if *approved { "approved" } else { "refused" }.to_owned());
                        }
                        _ => {}
                    }
                }
                places.extend(members.values().rev());
            }
            Value::Array(items) => places.extend(items.iter().rev()),
            _ => {}
        }
    }
    let aliases = found.aliases.join(", ");
    [name, &aliases, &states.join(" ")]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The name of the alternative that a choice has.
fn choice(value: &Value) -> Option<&str> {
    value.as_object()?.keys().next().map(String::as_str)
}

/// A text as a terminal can show it.
fn printable(text: &str) -> String {
    let quoted = format!("{text:?}");
    let is_plain = quoted.len() == text.len() + 2;
    cut(if is_plain { text } else { &quoted })
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(VALUE_CHARS_MAX) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_registration_shows_its_aliases_and_a_refusal_its_reason() {
        let request = json!({ "decoded": { "registrationRequest": {
            "terminalAlias": [{ "h323-ID": "alice" }, { "dialledDigits": "4004" }, { "h323-ID": "alice" }] } } });
        assert_eq!(of(&request), "alice, 4004");
        let reject = json!({ "decoded": { "registrationReject": { "rejectReason": { "duplicateAlias": [
            { "h323-ID": "alice" }] } } } });
        assert_eq!(of(&reject), "alice  duplicateAlias");
    }

    #[test]
    fn presence_shows_whose_it_is_and_the_state() {
        let element = json!({ "message": [{ "presenceNotify": { "notification": [{
            "aliasAddress": { "h323-ID": "bob" },
            "presentity": { "state": { "onCall": null }, "display": [{ "language": "en-US", "display": "In a call" }] }
        }] } }] });
        let reading = json!({ "decoded": {}, "features": [
            { "name": "presence", "parameters": [{ "name": "presence element", "presenceElement": element }] }] });
        assert_eq!(of(&reading), "[presence: presenceNotify bob onCall \"In a call\"]");
    }

    #[test]
    fn a_change_of_a_contact_list_shows_what_becomes_of_whom() {
        let element = json!({ "message": [{ "presenceInstruct": { "alias": { "h323-ID": "alice" }, "instruction": [
            { "pending": { "alias": { "h323-ID": "bob" } } }] } }] });
        let session =
            json!({ "serviceControlIndication": { "serviceControl": [{ "reason": { "refresh": null } }] } });
        let reading = json!({ "decoded": session, "features": [
            { "name": "presence", "parameters": [{ "name": "presence element", "presenceElement": element }] }] });
        assert_eq!(of(&reading), "[presence: presenceInstruct alice, bob pending]");
    }

    #[test]
    fn a_message_shows_its_parameters_and_no_control_characters() {
        let reading = json!({ "decoded": {}, "features": [{ "name": "instant messaging", "parameters": [
            { "id": "x.1", "name": "IM type", "value": 1 }, { "id": "x.2", "name": "text", "value": "hi\u{1b}" }] }] });
        assert_eq!(of(&reading), "[instant messaging: IM type 1, text \"hi\\u{1b}\"]");
        let reading = json!({ "decoded": { "h323-ID": "a\u{7}" } });
        assert_eq!(of(&reading), "\"a\\u{7}\"");
    }

    #[test]
    fn what_can_not_be_read_says_why() {
        assert_eq!(
            of(&json!({ "message": "unreadable", "error": "not a RAS message", "hex": "00" })),
            "not a RAS message"
        );
    }
}
