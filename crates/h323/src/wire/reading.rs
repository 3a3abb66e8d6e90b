//! Messages as JSON and back, for people who read captures.
//!
//! A reading is an object with `transport`, `length`, `message` (the RAS choice or the Q.931 message type),
//! `decoded` (every value in the conventions of [`codec::per::Json`]) and `features` (the descriptors of known
//! features, each with its place and parameters). Where the sender did not write what our encoder would, for
//! example a longer extension bitmap, the reading also has `exact`, the octets, so that writing it gives them
//! back; editing `decoded` overrules it.

use super::feature::Feature;
use super::h225::{GenericIdentifier, H323UserInformation, RasMessage};
use super::presence::PresenceElement;
use super::q931::{InformationElement, Q931, Q931Error, element, message_type};
use super::tpkt;
use super::traversal::IncomingCallIndication;
use codec::per::{self, DecodeError, EncodeError, Integer, Json, JsonError, OctetString};
use serde_json::{Map, Value, json};

const RAS: &str = "RAS over UDP";
const CALL_SIGNALLING: &str = "H.225.0 call signalling over TPKT/TCP";

/// Why octets have no reading.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ReadingError {
    /// Not a RAS message.
    #[error("not a RAS message: {0}")]
    Ras(#[from] DecodeError),
    /// Not a call signalling message.
    #[error("not a call signalling message: {0}")]
    CallSignalling(#[from] Q931Error),
    /// The reading has a value that is not of its type.
    #[error("{0}")]
    Json(#[from] JsonError),
    /// The reading has a value that can't be written.
    #[error("can't be encoded: {0}")]
    Encode(#[from] EncodeError),
}

/// The reading of a RAS datagram or a TPKT packet; which of the two it is shows in its first octets.
///
/// # Errors
/// It is neither.
pub fn read(octets: &[u8]) -> Result<Value, ReadingError> {
    let is_tpkt = tpkt::length(octets) == Ok(Some(octets.len()));
    let mut reading = if is_tpkt && octets.len() > tpkt::HEADER && octets[tpkt::HEADER] == 0x08 {
        read_call_signalling(octets)?
    } else {
        read_ras(octets)?
    };
    if write_decoded(&reading).as_deref() != Ok(octets)
        && let Some(members) = reading.as_object_mut()
    {
        members.insert("exact".to_owned(), OctetString::<0>(octets.to_vec()).to_json());
    }
    Ok(reading)
}

/// The octets of a reading.
///
/// # Errors
/// A member is missing, not of its type, or breaks a constraint.
pub fn write(reading: &Value) -> Result<Vec<u8>, ReadingError> {
    if let Some(exact) = reading.get("exact") {
        let octets = OctetString::<0>::from_json(exact).map_err(|error| error.at("exact"))?.0;
        if read(&octets).is_ok_and(|original| original.get("decoded") == reading.get("decoded")) {
            return Ok(octets);
        }
    }
    write_decoded(reading)
}

fn write_decoded(reading: &Value) -> Result<Vec<u8>, ReadingError> {
    let decoded = reading.get("decoded").ok_or_else(|| JsonError::new("is missing").at("decoded"))?;
    let octets = match decoded.get("q931") {
        Some(q931) => write_call_signalling(decoded, q931),
        None => RasMessage::from_json(decoded)
            .map_err(ReadingError::from)
            .and_then(|message| Ok(per::encode(&message)?)),
    };
    octets.map_err(|error| match error {
        ReadingError::Json(error) => ReadingError::Json(error.at("decoded")),
        other => other,
    })
}

fn read_ras(octets: &[u8]) -> Result<Value, ReadingError> {
    let decoded = per::decode::<RasMessage>(octets)?.to_json();
    let message = decoded.as_object().and_then(|choice| choice.keys().next()).cloned();
    Ok(json!({
        "transport": RAS,
        "length": octets.len(),
        "message": message,
        "features": features(&decoded),
        "decoded": decoded,
    }))
}

fn read_call_signalling(octets: &[u8]) -> Result<Value, ReadingError> {
    let message = Q931::decode(&octets[tpkt::HEADER..])?;
    let mut decoded = json!({
        "tpkt": { "version": octets[0], "reserved": octets[1], "length": octets.len() },
        "q931": {
            "protocolDiscriminator": 8,
            "callReferenceLength": message.call_reference_length,
            "callReferenceValue": message.call_reference,
            "callReferenceFlagFromDestination": message.from_destination,
            "messageType": message_type::name(message.message_type),
            "messageTypeCode": message.message_type,
            "informationElements": message.elements.iter().map(read_element).collect::<Vec<_>>(),
        },
    });
    let mut found = Vec::new();
    if message.elements.iter().any(has_user_information) {
        let information = message.user_information()?.to_json();
        found = features(&information);
        decoded["h323-UserInformation"] = information;
    }
    Ok(json!({
        "transport": CALL_SIGNALLING,
        "length": octets.len(),
        "message": message_type::name(message.message_type),
        "features": found,
        "decoded": decoded,
    }))
}

fn has_user_information(element: &InformationElement) -> bool {
    element.code == element::USER_USER && element.octets.first() == Some(&5)
}

fn read_element(element: &InformationElement) -> Value {
    let InformationElement { code, octets } = element;
    let mut reading = json!({ "ie": element::name(*code), "code": code });
    if element::is_single(*code) {
        return reading;
    }
    reading["length"] = octets.len().into();
    if has_user_information(element) {
        reading["protocolDiscriminator"] = 5.into();
        return reading;
    }
    reading["hex"] = hex(octets);
    if *code == element::DISPLAY {
        reading["text"] = octets.iter().map(|octet| char::from(*octet)).collect::<String>().into();
    }
    reading
}

fn hex(octets: &[u8]) -> Value {
    OctetString::<0>(octets.to_vec()).to_json()["hex"].take()
}

fn write_call_signalling(decoded: &Value, q931: &Value) -> Result<Vec<u8>, ReadingError> {
    let in_q931 = |error: JsonError| error.at("q931");
    let code = number::<255>(q931, "messageTypeCode").map_err(in_q931)?;
    let mut message = Q931::new(code as u8, 0, false);
    message.call_reference_length = number::<2>(q931, "callReferenceLength").map_err(in_q931)? as u8;
    message.call_reference = match message.call_reference_length {
        0 => number::<0>(q931, "callReferenceValue"),
        1 => number::<0x7f>(q931, "callReferenceValue"),
        _ => number::<0x7fff>(q931, "callReferenceValue"),
    }
    .map_err(in_q931)?;
    message.from_destination = q931.get("callReferenceFlagFromDestination") == Some(&Value::Bool(true));
    let elements = q931.get("informationElements").and_then(Value::as_array);
    for (index, element) in elements.into_iter().flatten().enumerate() {
        let place = |error: JsonError| error.at(&index.to_string()).at("informationElements").at("q931");
        let code = number::<255>(element, "code").map_err(place)? as u8;
        if element.get("protocolDiscriminator").is_some() {
            let information = decoded.get("h323-UserInformation").unwrap_or(&Value::Null);
            let information = H323UserInformation::from_json(information);
            message = message
                .with_user_information(&information.map_err(|error| error.at("h323-UserInformation"))?)?;
        } else {
            let octets = match element.get("hex") {
                Some(hex) => {
                    OctetString::<0>::from_json(&json!({ "hex": hex }))
                        .map_err(|error| place(error.at("hex")))?
                        .0
                }
                None => Vec::new(),
            };
            message = message.with(code, octets);
        }
    }
    let mut packet = tpkt::packet(&message.encode()?).ok_or(EncodeError::Length {
        length: tpkt::PACKET_MAX,
        min: tpkt::HEADER,
        max: tpkt::PACKET_MAX,
    })?;
    if let Some(framing) = decoded.get("tpkt") {
        packet[1] = number::<255>(framing, "reserved").map_err(|error| error.at("tpkt"))? as u8;
    }
    Ok(packet)
}

/// A member that is a number up to `MAX`.
fn number<const MAX: u32>(object: &Value, name: &str) -> Result<u16, JsonError> {
    let value = object.get(name).ok_or_else(|| JsonError::new("is missing").at(name))?;
    Integer::<0, MAX>::from_json(value).map(|number| number.get() as u16).map_err(|error| error.at(name))
}

/// The lists in which descriptors stand, wherever they are.
const LISTS: [&str; 4] = ["genericData", "neededFeatures", "desiredFeatures", "supportedFeatures"];

/// Every descriptor of a known feature in a decoded value, with its place.
fn features(decoded: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    let mut places = vec![(String::new(), decoded)];
    // A stack instead of recursion; children are pushed in reverse so that places come out in document order.
    while let Some((path, value)) = places.pop() {
        let is_list = LISTS.iter().any(|list| path.rsplit('/').nth(1) == Some(list));
        if is_list && let Some(descriptor) = read_descriptor(&path, value) {
            found.push(descriptor);
        }
        match value {
            Value::Object(members) => {
                places.extend(members.iter().rev().map(|(name, value)| (format!("{path}/{name}"), value)));
            }
            Value::Array(elements) => {
                let elements = elements.iter().enumerate().rev();
                places.extend(elements.map(|(index, value)| (format!("{path}/{index}"), value)));
            }
            _ => {}
        }
    }
    found
}

fn read_descriptor(path: &str, descriptor: &Value) -> Option<Value> {
    let id = descriptor.get("id")?;
    let feature = Feature::of(&GenericIdentifier::from_json(id).ok()?)?;
    let parameters = descriptor.get("parameters").and_then(Value::as_array);
    let parameters: Vec<_> =
        parameters.into_iter().flatten().filter_map(|parameter| read_parameter(feature, parameter)).collect();
    Some(json!({ "path": path, "feature": plain(id), "name": feature.name(), "parameters": parameters }))
}

/// An identifier without its choice name, as people write it.
fn plain(id: &Value) -> Value {
    let member = id.as_object().and_then(|choice| choice.values().next());
    member.map_or(Value::Null, |value| value.get("hex").unwrap_or(value).clone())
}

fn read_parameter(feature: Feature, parameter: &Value) -> Option<Value> {
    let id = parameter.get("id")?;
    let mut reading = Map::new();
    reading.insert("id".to_owned(), plain(id));
    let number = GenericIdentifier::from_json(id).ok().and_then(|id| feature.number_of(&id));
    reading.insert("name".to_owned(), number.and_then(|number| feature.parameter_name(number)).into());
    let content = parameter.get("content").and_then(Value::as_object).and_then(|choice| choice.iter().next());
    let Some((kind, value)) = content else { return Some(Value::Object(reading)) };
    reading.insert("content".to_owned(), kind.as_str().into());
    let Some((name, read)) = inside(feature, number).filter(|_| kind == "raw") else {
        reading.insert("value".to_owned(), value.clone());
        return Some(Value::Object(reading));
    };
    let octets = OctetString::<0>::from_json(value).ok()?.0;
    reading.insert("rawHex".to_owned(), hex(&octets));
    match read(&octets) {
        Ok(value) => reading.insert(name.to_owned(), value),
        Err(error) => reading.insert("error".to_owned(), error.to_string().into()),
    };
    Some(Value::Object(reading))
}

/// How the octets of a raw parameter are read.
type Inside = fn(&[u8]) -> Result<Value, DecodeError>;

/// What is in a raw parameter: its name, and how it is read.
fn inside(feature: Feature, number: Option<u8>) -> Option<(&'static str, Inside)> {
    match (feature, number?) {
        (Feature::Presence, 1) => Some(("presenceElement", |octets| {
            per::decode::<PresenceElement>(octets).map(|element| older_spelling(element.to_json()))
        })),
        (Feature::SignallingTraversal, 1) => Some(("incomingCallIndication", |octets| {
            per::decode::<IncomingCallIndication>(octets).map(|indication| indication.to_json())
        })),
        _ => None,
    }
}

/// The presence module imports `AliasAddress` from an edition that still wrote `dialedDigits`.
fn older_spelling(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let rename =
                |name: String| if name == "dialledDigits" { "dialedDigits".to_owned() } else { name };
            Value::Object(
                members.into_iter().map(|(name, value)| (rename(name), older_spelling(value))).collect(),
            )
        }
        Value::Array(elements) => elements.into_iter().map(older_spelling).collect(),
        other => other,
    }
}
