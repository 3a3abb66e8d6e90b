//! The parameters of a descriptor, each read and written as its type and within its limit.

use super::{PARTS_MAX, PackageError, Part};
use crate::wire::feature::Feature;
use crate::wire::h225::{AliasAddress, Content, EnumeratedParameter, GenericData, GenericIdentifier};
use codec::per::{BoundedList, ExtensibleInteger, Ia5String, Integer, OctetString};
use model::Timestamp;

/// The most characters of a time; nanoseconds and a name of the zone are short of it.
const TIME_MAX: usize = 64;

/// Reads the parameters of a descriptor of the package; each is `None` where it is not there.
pub(super) struct Reader<'a>(&'a GenericData);

impl<'a> Reader<'a> {
    /// `None` for a descriptor of another feature.
    pub fn new(descriptor: &'a GenericData) -> Option<Self> {
        (Feature::of(&descriptor.id) == Some(Feature::Herald)).then_some(Self(descriptor))
    }

    fn content(&self, parameter: u8) -> Option<&'a Content> {
        self.0.parameter(&Feature::Herald.parameter(parameter))
    }

    pub fn raw(&self, parameter: u8, limit: usize) -> Result<Option<&'a [u8]>, PackageError> {
        match self.content(parameter) {
            None => Ok(None),
            Some(Content::Raw(octets)) if octets.0.len() > limit => {
                Err(PackageError::TooLong { parameter, limit })
            }
            Some(Content::Raw(octets)) => Ok(Some(&octets.0)),
            Some(_) => Err(PackageError::Malformed { parameter }),
        }
    }

    /// Sixteen octets.
    pub fn identifier(&self, parameter: u8) -> Result<Option<[u8; 16]>, PackageError> {
        let octets = self.raw(parameter, 16)?;
        octets.map(|octets| octets.try_into().map_err(|_| PackageError::Malformed { parameter })).transpose()
    }

    pub fn utf8(&self, parameter: u8, limit: usize) -> Result<Option<String>, PackageError> {
        let text = self.raw(parameter, limit)?.map(std::str::from_utf8).transpose();
        text.map(|text| text.map(str::to_owned)).map_err(|_| PackageError::Malformed { parameter })
    }

    /// A text of ASCII, at least one character.
    pub fn text(&self, parameter: u8, limit: usize) -> Result<Option<String>, PackageError> {
        let text = match self.content(parameter) {
            None => return Ok(None),
            Some(Content::Text(text)) => text.to_string(),
            Some(_) => return Err(PackageError::Malformed { parameter }),
        };
        check_text(parameter, &text, limit).map(|()| Some(text))
    }

    pub fn time(&self, parameter: u8) -> Result<Option<Timestamp>, PackageError> {
        let Some(text) = self.text(parameter, TIME_MAX)? else { return Ok(None) };
        let time = text.parse::<jiff::Timestamp>().map_err(|_| PackageError::Malformed { parameter })?;
        Ok(Some(Timestamp(time.as_millisecond())))
    }

    pub fn number8(&self, parameter: u8) -> Result<Option<u8>, PackageError> {
        match self.content(parameter) {
            None => Ok(None),
            Some(content) => number8(content).map(Some).ok_or(PackageError::Malformed { parameter }),
        }
    }

    pub fn number16(&self, parameter: u8) -> Result<Option<u16>, PackageError> {
        match self.content(parameter) {
            None => Ok(None),
            Some(Content::Number16(number)) => Ok(u16::try_from(number.get()).ok()),
            Some(_) => Err(PackageError::Malformed { parameter }),
        }
    }

    pub fn number32(&self, parameter: u8) -> Result<Option<u32>, PackageError> {
        match self.content(parameter) {
            None => Ok(None),
            Some(Content::Number32(number)) => Ok(Some(number.get())),
            Some(_) => Err(PackageError::Malformed { parameter }),
        }
    }

    pub fn boolean(&self, parameter: u8) -> Result<Option<bool>, PackageError> {
        match self.content(parameter) {
            None => Ok(None),
            Some(Content::Bool(value)) => Ok(Some(*value)),
            Some(_) => Err(PackageError::Malformed { parameter }),
        }
    }

    pub fn alias(&self, parameter: u8) -> Result<Option<AliasAddress>, PackageError> {
        match self.content(parameter) {
            None => Ok(None),
            Some(Content::Alias(alias)) => Ok(Some(alias.clone())),
            Some(_) => Err(PackageError::Malformed { parameter }),
        }
    }

    /// The aliases of a compound in their order, whatever they are numbered.
    pub fn aliases(&self, parameter: u8, limit: usize) -> Result<Vec<AliasAddress>, PackageError> {
        let list = match self.content(parameter) {
            None => return Ok(Vec::new()),
            Some(Content::Compound(list)) => list,
            Some(_) => return Err(PackageError::Malformed { parameter }),
        };
        if list.0.len() > limit {
            return Err(PackageError::TooLong { parameter, limit });
        }
        let alias = |entry: &EnumeratedParameter| match &entry.content {
            Some(Content::Alias(alias)) => Ok(alias.clone()),
            _ => Err(PackageError::Malformed { parameter }),
        };
        list.0.iter().map(alias).collect()
    }

    pub fn first_alias(&self, parameter: u8, limit: usize) -> Result<Option<AliasAddress>, PackageError> {
        Ok(self.aliases(parameter, limit)?.into_iter().next())
    }

    pub fn part(&self, parameter: u8) -> Result<Option<Part>, PackageError> {
        let list = match self.content(parameter) {
            None => return Ok(None),
            Some(Content::Compound(list)) => list,
            Some(_) => return Err(PackageError::Malformed { parameter }),
        };
        let member = |number: i64| {
            let entry = list.0.iter().find(|entry| entry.id == standard(number))?;
            number8(entry.content.as_ref()?)
        };
        let part = member(1).zip(member(2)).map(|(number, count)| Part { number, count });
        part.filter(|part| part.is_valid()).map(Some).ok_or(PackageError::Malformed { parameter })
    }
}

impl Part {
    /// Whether it is a part that there can be.
    pub(super) fn is_valid(self) -> bool {
        (1..=PARTS_MAX).contains(&self.count) && (1..=self.count).contains(&self.number)
    }
}

/// Collects the parameters of a descriptor; one that is `None` is left out.
#[derive(Default)]
pub(super) struct Writer(Vec<EnumeratedParameter>);

impl Writer {
    fn content(&mut self, parameter: u8, content: Content) {
        self.0.push(EnumeratedParameter::new(Feature::Herald.parameter(parameter), content));
    }

    pub fn octets(&mut self, parameter: u8, octets: &[u8; 16]) {
        self.content(parameter, Content::Raw(OctetString(octets.to_vec())));
    }

    pub fn raw(&mut self, parameter: u8, octets: Option<&[u8]>, limit: usize) -> Result<(), PackageError> {
        let Some(octets) = octets else { return Ok(()) };
        if octets.len() > limit {
            return Err(PackageError::TooLong { parameter, limit });
        }
        self.content(parameter, Content::Raw(OctetString(octets.to_vec())));
        Ok(())
    }

    pub fn text(&mut self, parameter: u8, text: Option<&str>, limit: usize) -> Result<(), PackageError> {
        let Some(text) = text else { return Ok(()) };
        check_text(parameter, text, limit)?;
        let text = Ia5String::new(text).ok_or(PackageError::Malformed { parameter })?;
        self.content(parameter, Content::Text(text));
        Ok(())
    }

    /// A time in UTC with as many digits of a second as it needs.
    pub fn time(&mut self, parameter: u8, time: Option<Timestamp>) -> Result<(), PackageError> {
        let Some(Timestamp(time)) = time else { return Ok(()) };
        let time =
            jiff::Timestamp::from_millisecond(time).map_err(|_| PackageError::Malformed { parameter })?;
        self.text(parameter, Some(&time.to_string()), TIME_MAX)
    }

    pub fn number8(&mut self, parameter: u8, number: Option<u8>) {
        if let Some(number) = number {
            self.content(parameter, Content::Number8(Integer::clamped(u32::from(number))));
        }
    }

    pub fn number16(&mut self, parameter: u8, number: Option<u16>) {
        if let Some(number) = number {
            self.content(parameter, Content::Number16(Integer::clamped(u32::from(number))));
        }
    }

    pub fn number32(&mut self, parameter: u8, number: Option<u32>) {
        if let Some(number) = number {
            self.content(parameter, Content::Number32(Integer::clamped(number)));
        }
    }

    pub fn boolean(&mut self, parameter: u8, value: Option<bool>) {
        if let Some(value) = value {
            self.content(parameter, Content::Bool(value));
        }
    }

    pub fn alias(&mut self, parameter: u8, alias: Option<&AliasAddress>) {
        if let Some(alias) = alias {
            self.content(parameter, Content::Alias(alias.clone()));
        }
    }

    pub fn aliases(
        &mut self,
        parameter: u8,
        aliases: &[AliasAddress],
        limit: usize,
    ) -> Result<(), PackageError> {
        if aliases.len() > limit {
            return Err(PackageError::TooLong { parameter, limit });
        }
        if !aliases.is_empty() {
            let entry = |(number, alias): (i64, &AliasAddress)| {
                EnumeratedParameter::new(standard(number), Content::Alias(alias.clone()))
            };
            let entries = (1..).zip(aliases).map(entry).collect();
            self.content(parameter, Content::Compound(BoundedList(entries)));
        }
        Ok(())
    }

    /// A list of one alias.
    pub fn recipient(&mut self, parameter: u8, alias: Option<&AliasAddress>) {
        if let Some(alias) = alias {
            let entry = EnumeratedParameter::new(standard(1), Content::Alias(alias.clone()));
            self.content(parameter, Content::Compound(BoundedList(vec![entry])));
        }
    }

    pub fn part(&mut self, parameter: u8, part: Option<Part>) -> Result<(), PackageError> {
        let Some(part) = part else { return Ok(()) };
        if !part.is_valid() {
            return Err(PackageError::Malformed { parameter });
        }
        let member = |number, value: u8| {
            EnumeratedParameter::new(standard(number), Content::Number8(Integer::clamped(u32::from(value))))
        };
        let members = vec![member(1, part.number), member(2, part.count)];
        self.content(parameter, Content::Compound(BoundedList(members)));
        Ok(())
    }

    pub fn finish(self) -> GenericData {
        let parameters = (!self.0.is_empty()).then_some(BoundedList(self.0));
        GenericData { parameters, ..Feature::Herald.advertised() }
    }
}

fn standard(number: i64) -> GenericIdentifier {
    GenericIdentifier::Standard(ExtensibleInteger(number))
}

fn number8(content: &Content) -> Option<u8> {
    match content {
        Content::Number8(number) => u8::try_from(number.get()).ok(),
        _ => None,
    }
}

fn check_text(parameter: u8, text: &str, limit: usize) -> Result<(), PackageError> {
    if text.chars().count() > limit {
        return Err(PackageError::TooLong { parameter, limit });
    }
    let is_good = !text.is_empty() && text.is_ascii() && !text.bytes().any(|octet| octet.is_ascii_control());
    if is_good { Ok(()) } else { Err(PackageError::Malformed { parameter }) }
}
