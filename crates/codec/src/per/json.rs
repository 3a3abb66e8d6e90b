//! The JSON reading of values, in the conventions of ASN.1 tools: names of the ASN.1, a CHOICE as an object with
//! one member, NULL as `null`, OCTET STRING as `{"hex": …}`, BIT STRING as `{"bits": …}`, an object identifier
//! dotted, character strings as strings.

use super::{
    Alphabet, BitString, BmpString, BoundedList, ExtensibleInteger, FixedOctets, Ia5String, Integer, Null,
    ObjectIdentifier, OctetString, OpenType, RestrictedString, UnboundedInteger, UnknownAddition,
    UnknownAdditions, UnknownAlternative,
};
use serde_json::{Map, Value, json};
use std::fmt::Write;

/// A type that has a JSON reading.
pub trait Json: Sized {
    /// The reading of this value.
    fn to_json(&self) -> Value;

    /// The value of a reading.
    ///
    /// # Errors
    /// The reading is not of this type; the error says where.
    fn from_json(value: &Value) -> Result<Self, JsonError>;
}

/// Where and why a reading is not of its type.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{}: {expected}", if path.is_empty() { "/" } else { path })]
pub struct JsonError {
    /// The place, as a JSON pointer.
    pub path: String,
    /// What was expected there.
    pub expected: String,
}

impl JsonError {
    /// An error at this place.
    pub fn new(expected: impl Into<String>) -> Self {
        Self { path: String::new(), expected: expected.into() }
    }

    /// The same error seen from one level up, where its place is called `name`.
    #[must_use]
    pub fn at(mut self, name: &str) -> Self {
        self.path.insert_str(0, name);
        self.path.insert(0, '/');
        self
    }
}

/// The members of a SEQUENCE while they are read; what is left over in the end is an error.
#[doc(hidden)]
pub struct Members<'a> {
    object: &'a Map<String, Value>,
    read: usize,
}

impl<'a> Members<'a> {
    pub fn of(value: &'a Value) -> Result<Self, JsonError> {
        let object = value.as_object().ok_or_else(|| JsonError::new("expected an object"))?;
        Ok(Self { object, read: 0 })
    }

    pub fn optional<T: Json>(&mut self, name: &str) -> Result<Option<T>, JsonError> {
        let Some(value) = self.object.get(name) else { return Ok(None) };
        self.read += 1;
        T::from_json(value).map(Some).map_err(|error| error.at(name))
    }

    pub fn required<T: Json>(&mut self, name: &str) -> Result<T, JsonError> {
        self.optional(name)?.ok_or_else(|| JsonError::new("is missing").at(name))
    }

    pub fn finish(self, known: &[&str]) -> Result<(), JsonError> {
        if self.read == self.object.len() {
            return Ok(());
        }
        let stranger = self.object.keys().find(|key| !known.contains(&key.as_str()));
        Err(JsonError::new("is not a member of this type").at(stranger.map_or("", String::as_str)))
    }
}

/// The single member of a CHOICE.
#[doc(hidden)]
pub fn alternative(value: &Value) -> Result<(&str, &Value), JsonError> {
    let object = value.as_object().filter(|object| object.len() == 1);
    let member = object.and_then(|object| object.iter().next());
    member
        .map(|(name, value)| (name.as_str(), value))
        .ok_or_else(|| JsonError::new("expected an object with one member"))
}

/// The reading of an alternative.
#[doc(hidden)]
pub fn member(name: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(name.to_owned(), value)]))
}

fn hex(octets: &[u8]) -> Value {
    let mut text = String::with_capacity(octets.len() * 2);
    for octet in octets {
        let _ = write!(text, "{octet:02x}");
    }
    json!({ "hex": text })
}

fn from_hex(value: &Value) -> Result<Vec<u8>, JsonError> {
    let expected = || JsonError::new("expected {\"hex\": an even number of hexadecimal digits}");
    let (name, digits) = alternative(value)?;
    let digits = digits.as_str().filter(|_| name == "hex").ok_or_else(expected)?.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return Err(expected());
    }
    let digit = |octet: u8| char::from(octet).to_digit(16).ok_or_else(expected);
    digits.chunks_exact(2).map(|pair| Ok((digit(pair[0])? << 4 | digit(pair[1])?) as u8)).collect()
}

fn text(value: &Value) -> Result<&str, JsonError> {
    value.as_str().ok_or_else(|| JsonError::new("expected a string"))
}

fn number(value: &Value) -> Result<i64, JsonError> {
    value.as_i64().ok_or_else(|| JsonError::new("expected a number"))
}

impl Json for bool {
    fn to_json(&self) -> Value {
        Value::Bool(*self)
    }

    fn from_json(value: &Value) -> Result<Self, JsonError> {
        value.as_bool().ok_or_else(|| JsonError::new("expected true or false"))
    }
}

impl Json for Null {
    fn to_json(&self) -> Value {
        Value::Null
    }

    fn from_json(value: &Value) -> Result<Self, JsonError> {
        value.as_null().map(|()| Self).ok_or_else(|| JsonError::new("expected null"))
    }
}

impl<T: Json> Json for Box<T> {
    fn to_json(&self) -> Value {
        (**self).to_json()
    }

    fn from_json(value: &Value) -> Result<Self, JsonError> {
        T::from_json(value).map(Self::new)
    }
}

impl<T: Json> Json for Vec<T> {
    fn to_json(&self) -> Value {
        self.iter().map(Json::to_json).collect()
    }

    fn from_json(value: &Value) -> Result<Self, JsonError> {
        let elements = value.as_array().ok_or_else(|| JsonError::new("expected an array"))?;
        let element =
            |(index, value)| T::from_json(value).map_err(|error| error.at(&usize::to_string(&index)));
        elements.iter().enumerate().map(element).collect()
    }
}

impl<T: Json, const MIN: usize, const MAX: usize> Json for BoundedList<T, MIN, MAX> {
    fn to_json(&self) -> Value {
        self.0.to_json()
    }

    fn from_json(value: &Value) -> Result<Self, JsonError> {
        Vec::from_json(value).map(Self)
    }
}

impl<const MIN: u32, const MAX: u32> Json for Integer<MIN, MAX> {
    fn to_json(&self) -> Value {
        self.get().into()
    }

    fn from_json(value: &Value) -> Result<Self, JsonError> {
        let number = u32::try_from(number(value)?).ok().and_then(Self::new);
        number.ok_or_else(|| JsonError::new(format!("expected a number from {MIN} to {MAX}")))
    }
}

impl Json for UnboundedInteger {
    fn to_json(&self) -> Value {
        self.0.into()
    }

    fn from_json(value: &Value) -> Result<Self, JsonError> {
        number(value).map(Self)
    }
}

impl<const MIN: u32, const MAX: u32> Json for ExtensibleInteger<MIN, MAX> {
    fn to_json(&self) -> Value {
        self.0.into()
    }

    fn from_json(value: &Value) -> Result<Self, JsonError> {
        number(value).map(Self)
    }
}

impl<const MIN: usize, const MAX: usize> Json for OctetString<MIN, MAX> {
    fn to_json(&self) -> Value {
        hex(&self.0)
    }

    fn from_json(value: &Value) -> Result<Self, JsonError> {
        from_hex(value).map(Self)
    }
}

impl<const N: usize> Json for FixedOctets<N> {
    fn to_json(&self) -> Value {
        hex(&self.0)
    }

    fn from_json(value: &Value) -> Result<Self, JsonError> {
        let octets = from_hex(value)?.try_into();
        octets.map(Self).map_err(|_| JsonError::new(format!("expected {N} octets")))
    }
}

impl Json for OpenType {
    fn to_json(&self) -> Value {
        hex(&self.0)
    }

    fn from_json(value: &Value) -> Result<Self, JsonError> {
        from_hex(value).map(Self)
    }
}

impl<const MIN: usize, const MAX: usize> Json for BitString<MIN, MAX> {
    fn to_json(&self) -> Value {
        let bits: String = self.0.iter().map(|bit| if *bit { '1' } else { '0' }).collect();
        json!({ "bits": bits })
    }

    fn from_json(value: &Value) -> Result<Self, JsonError> {
        let expected = || JsonError::new("expected {\"bits\": a string of 0 and 1}");
        let (name, bits) = alternative(value)?;
        let bits = bits.as_str().filter(|_| name == "bits").ok_or_else(expected)?;
        let bit = |digit| match digit {
            '0' => Ok(false),
            '1' => Ok(true),
            _ => Err(expected()),
        };
        bits.chars().map(bit).collect::<Result<_, _>>().map(Self)
    }
}

impl<const MIN: usize, const MAX: usize> Json for BmpString<MIN, MAX> {
    fn to_json(&self) -> Value {
        self.to_string().into()
    }

    fn from_json(value: &Value) -> Result<Self, JsonError> {
        let string = Self::new(text(value)?);
        string.ok_or_else(|| JsonError::new(format!("expected {MIN} to {MAX} UTF-16 units")))
    }
}

impl<const MIN: usize, const MAX: usize> Json for Ia5String<MIN, MAX> {
    fn to_json(&self) -> Value {
        self.to_string().into()
    }

    fn from_json(value: &Value) -> Result<Self, JsonError> {
        let string = Self::new(text(value)?);
        string.ok_or_else(|| JsonError::new(format!("expected {MIN} to {MAX} IA5 characters")))
    }
}

impl<A: Alphabet, const MIN: usize, const MAX: usize> Json for RestrictedString<A, MIN, MAX> {
    fn to_json(&self) -> Value {
        self.as_str().into()
    }

    fn from_json(value: &Value) -> Result<Self, JsonError> {
        let permitted = String::from_utf8_lossy(A::CHARACTERS);
        let string = Self::new(text(value)?);
        string.ok_or_else(|| JsonError::new(format!("expected {MIN} to {MAX} characters of {permitted}")))
    }
}

impl Json for ObjectIdentifier {
    fn to_json(&self) -> Value {
        self.to_string().into()
    }

    fn from_json(value: &Value) -> Result<Self, JsonError> {
        text(value)?.parse().map_err(|_| JsonError::new("expected a dotted object identifier"))
    }
}

/// The two kinds of unknown things are read alike: a position and the content of an open type.
fn positioned(index: u16, octets: &[u8]) -> Value {
    json!({ "index": index, "content": hex(octets) })
}

fn from_positioned(value: &Value) -> Result<(u16, Vec<u8>), JsonError> {
    let mut members = Members::of(value)?;
    let index = members.required::<Integer<0, 65_535>>("index")?.get() as u16;
    let octets = members.required::<OctetString>("content")?.0;
    members.finish(&["index", "content"])?;
    Ok((index, octets))
}

impl Json for UnknownAddition {
    fn to_json(&self) -> Value {
        positioned(self.index, &self.octets)
    }

    fn from_json(value: &Value) -> Result<Self, JsonError> {
        from_positioned(value).map(|(index, octets)| Self { index, octets })
    }
}

impl Json for UnknownAlternative {
    fn to_json(&self) -> Value {
        positioned(self.index, &self.octets)
    }

    fn from_json(value: &Value) -> Result<Self, JsonError> {
        from_positioned(value).map(|(index, octets)| Self { index, octets })
    }
}

impl Json for UnknownAdditions {
    fn to_json(&self) -> Value {
        self.iter().map(Json::to_json).collect()
    }

    fn from_json(value: &Value) -> Result<Self, JsonError> {
        Vec::<UnknownAddition>::from_json(value).map(|additions| additions.into_iter().collect())
    }
}
