//! Service control indications with presence: those that the endpoints send, and what is read in those they get.

use crate::endpoints::Population;
use crate::error::BenchError;
use crate::exchange::{Answer, Word};
use crate::reply::{self, Kind};
use crate::socket::Batch;
use crate::template::{self, DIGITS, SEQUENCES, Template};
use codec::per::{self, BmpString, BoundedList, FixedOctets, OctetString};
use h323::wire::feature::Feature;
use h323::wire::h225::{
    AliasAddress, Content, EnumeratedParameter, GenericData, RasMessage, RequestSeqNum,
    ServiceControlIndication, ServiceControlResponse, ServiceControlResult,
};
use h323::wire::presence::{
    PresenceAlias, PresenceAuthorize, PresenceDisplay, PresenceElement, PresenceIdentifier, PresenceInstruct,
    PresenceInstruction, PresenceMessage, PresenceNotification, PresenceNotify, PresenceState,
    PresenceSubscription, Presentity,
};
use std::collections::HashMap;

/// The parameter of the presence feature that holds the element.
const ELEMENT: u8 = 1;

/// What stands before the digits in the text of a state; no name has it.
const MARK: char = '~';

/// What endpoints send.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Shape {
    /// I want to watch somebody.
    Subscribe,
    /// Somebody may watch me.
    Approve,
    /// This is how I am.
    Publish,
}

/// A subscription that somebody asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Asked {
    pub identifier: [u8; 16],
    pub presentity: u32,
    pub watcher: u32,
}

/// One thing that an endpoint is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Told {
    /// Somebody wants to watch.
    Asked(Asked),
    /// The subscription of `watcher` stands.
    Subscribed { watcher: u32, presentity: u32 },
    /// A state of `presentity`, which is its publication with this number.
    State { watcher: u32, presentity: u32, version: u32 },
}

/// What varies in an indication of ours.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Saying<'a> {
    pub identifier: &'a [u8],
    pub own: u32,
    pub other: u32,
    pub version: u32,
    pub subscription: [u8; 16],
}

/// Writes and reads indications. Templates are by shape and by the length of the endpoint identifier.
#[derive(Debug)]
pub(crate) struct Indications {
    population: Population,
    templates: HashMap<(Shape, usize), Template>,
    response: Template,
    /// The beginning of all names, as it stands on the wire.
    prefix: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Field {
    Sequence,
    Identifier,
    Own,
    /// The own name once more.
    Subscribed,
    Other,
    Version,
    Subscription,
}

impl Indications {
    pub fn new(population: &Population) -> Result<Self, BenchError> {
        let response = |sequence: u32| {
            let response = ServiceControlResponse {
                request_seq_num: RequestSeqNum::clamped(sequence),
                ..ServiceControlResponse::default()
            };
            RasMessage::ServiceControlResponse(response.into())
        };
        let response = Template::new(&response(SEQUENCES[0]), &[response(SEQUENCES[1])])?;
        let prefix = population.prefix.encode_utf16().flat_map(u16::to_be_bytes).collect();
        Ok(Self { population: population.clone(), templates: HashMap::new(), response, prefix })
    }

    /// Appends an indication.
    ///
    /// # Errors
    /// The first of a shape can't be encoded.
    pub fn write(
        &mut self,
        shape: Shape,
        saying: Saying<'_>,
        sequence: u16,
        out: &mut Vec<u8>,
    ) -> Result<(), BenchError> {
        let key = (shape, saying.identifier.len());
        if !self.templates.contains_key(&key) {
            let template = self.template(shape, saying.identifier.len() / 2)?;
            self.templates.insert(key, template);
        }
        let template = &self.templates[&key];
        let start = template.append(out);
        for (slot, field) in fields(shape).iter().enumerate() {
            let octets = template.slot(out, start, slot);
            match field {
                Field::Sequence => template::put_sequence(octets, sequence),
                Field::Identifier => octets.copy_from_slice(saying.identifier),
                Field::Own | Field::Subscribed => template::put_digits(octets, saying.own),
                Field::Other => template::put_digits(octets, saying.other),
                Field::Version => template::put_digits(octets, saying.version),
                Field::Subscription => octets.copy_from_slice(&saying.subscription),
            }
        }
        Ok(())
    }

    fn template(&self, shape: Shape, units: usize) -> Result<Template, BenchError> {
        let plain = self.message(shape, units, None)?;
        let variants = fields(shape).iter().map(|field| self.message(shape, units, Some(*field)));
        Template::new(&plain, &variants.collect::<Result<Vec<_>, _>>()?)
    }

    fn message(&self, shape: Shape, units: usize, varies: Option<Field>) -> Result<RasMessage, BenchError> {
        let pick = |field: Field| usize::from(varies == Some(field));
        let own = self.population.alias(DIGITS[pick(Field::Own)])?;
        let other = self.population.alias(DIGITS[pick(Field::Other)])?;
        let entry = PresenceAlias { alias: other, ..PresenceAlias::default() };
        let message = match shape {
            Shape::Subscribe => PresenceMessage::PresenceInstruct(PresenceInstruct {
                alias: own,
                instruction: vec![PresenceInstruction::Subscribe(entry)],
                ..PresenceInstruct::default()
            }),
            Shape::Approve => {
                let guid = FixedOctets([[0x11; 16], [0x22; 16]][pick(Field::Subscription)]);
                let subscription = PresenceSubscription {
                    identifier: PresenceIdentifier { guid, ..PresenceIdentifier::default() },
                    subscribe: self.population.alias(DIGITS[pick(Field::Subscribed)])?,
                    aliases: vec![entry],
                    approved: Some(true),
                    ..PresenceSubscription::default()
                };
                PresenceMessage::PresenceAuthorize(PresenceAuthorize {
                    alias: own,
                    subscription: vec![subscription],
                    ..PresenceAuthorize::default()
                })
            }
            Shape::Publish => {
                let (who, version) = (DIGITS[pick(Field::Other)], DIGITS[pick(Field::Version)]);
                let text = BmpString::new(&format!("{}{MARK}{who}{version}", self.population.prefix));
                let display = text.ok_or_else(|| BenchError::Usage("--prefix is too long".to_owned()))?;
                let presentity = Presentity {
                    state: PresenceState::Away,
                    display: Some(vec![PresenceDisplay { language: None, display }]),
                    ..Presentity::default()
                };
                let notification = PresenceNotification { presentity, ..PresenceNotification::default() };
                PresenceMessage::PresenceNotify(PresenceNotify {
                    alias: own,
                    notification: vec![notification],
                    ..PresenceNotify::default()
                })
            }
        };
        let element = PresenceElement { message: vec![message], ..PresenceElement::default() };
        let element = per::encode(&element).map_err(|error| BenchError::Template(error.to_string()))?;
        let content = Content::Raw(OctetString(element));
        let parameter = EnumeratedParameter::new(Feature::Presence.parameter(ELEMENT), content);
        let data =
            GenericData { parameters: Some(BoundedList(vec![parameter])), ..Feature::Presence.advertised() };
        let indication = ServiceControlIndication {
            request_seq_num: RequestSeqNum::clamped(SEQUENCES[pick(Field::Sequence)]),
            endpoint_identifier: Some(template::filler(pick(Field::Identifier), units)),
            generic_data: Some(vec![data]),
            ..ServiceControlIndication::default()
        };
        Ok(RasMessage::ServiceControlIndication(indication.into()))
    }

    /// Confirms an indication of the server; its length there, `None` where it is none.
    pub fn confirm(&self, octets: &[u8], out: &mut Batch) -> Option<usize> {
        let Some((Kind::ServiceControlIndication, sequence)) = reply::peek(octets) else { return None };
        let start = self.response.append(&mut out.octets);
        template::put_sequence(self.response.slot(&mut out.octets, start, 0), sequence);
        let length = out.octets.len() - start;
        out.end();
        Some(length)
    }

    /// The states in an indication, found by the beginning of the names and texts, without decoding it.
    pub fn scan(&self, octets: &[u8], mut state: impl FnMut(u32, u32, u32)) {
        let mut watcher = None;
        let mut at = 0;
        while at + self.prefix.len() < octets.len() {
            if !octets[at..].starts_with(&self.prefix) {
                at += 1;
                continue;
            }
            at += self.prefix.len();
            let rest = &octets[at..];
            match (watcher, rest) {
                (Some(watcher), [0, mark, digits @ ..]) if *mark == MARK as u8 => {
                    if let (Some(presentity), Some(version)) =
                        (number(digits), digits.get(16..).and_then(number))
                    {
                        state(watcher, presentity, version);
                    }
                }
                (None, digits) => watcher = number(digits),
                _ => {}
            }
        }
    }

    /// All that an indication says, decoded; `None` where it can't be.
    pub fn decode(&self, octets: &[u8]) -> Option<Vec<Told>> {
        let RasMessage::ServiceControlIndication(indication) = per::decode(octets).ok()? else { return None };
        let mut told = Vec::new();
        let id = Feature::Presence.parameter(ELEMENT);
        for data in indication.generic_data.iter().flatten() {
            let Some(Content::Raw(element)) = data.parameter(&id) else { continue };
            for message in per::decode::<PresenceElement>(&element.0).ok()?.message {
                self.tell(message, &mut told);
            }
        }
        Some(told)
    }

    fn tell(&self, message: PresenceMessage, told: &mut Vec<Told>) {
        match message {
            PresenceMessage::PresenceAuthorize(authorize) => {
                for subscription in authorize.subscription {
                    let presentity = self.endpoint(&subscription.subscribe);
                    let watcher = subscription.aliases.first().and_then(|entry| self.endpoint(&entry.alias));
                    if let (Some(presentity), Some(watcher)) = (presentity, watcher) {
                        let identifier = subscription.identifier.guid.0;
                        told.push(Told::Asked(Asked { identifier, presentity, watcher }));
                    }
                }
            }
            PresenceMessage::PresenceInstruct(instruct) => {
                for instruction in instruct.instruction {
                    let PresenceInstruction::Subscribe(entry) = instruction else { continue };
                    if let (Some(watcher), Some(presentity)) =
                        (self.endpoint(&instruct.alias), self.endpoint(&entry.alias))
                    {
                        told.push(Told::Subscribed { watcher, presentity });
                    }
                }
            }
            PresenceMessage::PresenceNotify(notify) => {
                for notification in notify.notification {
                    let about = notification.alias_address.as_ref().and_then(|alias| self.endpoint(alias));
                    let text = notification.presentity.display.iter().flatten().next();
                    let version = text.and_then(|text| self.version(&text.display.to_string()));
                    if let (Some(watcher), Some(presentity), Some((named, version))) =
                        (self.endpoint(&notify.alias), about, version)
                        && named == presentity
                    {
                        told.push(Told::State { watcher, presentity, version });
                    }
                }
            }
            _ => {}
        }
    }

    /// The number of an endpoint of ours.
    fn endpoint(&self, alias: &AliasAddress) -> Option<u32> {
        let AliasAddress::H323Id(name) = alias else { return None };
        name.to_string().strip_prefix(self.population.prefix.as_str())?.parse().ok()
    }

    /// Whose publication a text is from, and which.
    fn version(&self, text: &str) -> Option<(u32, u32)> {
        let digits = text.strip_prefix(self.population.prefix.as_str())?.strip_prefix(MARK)?;
        let (who, version) = digits.split_at_checked(8)?;
        Some((who.parse().ok()?, version.parse().ok()?))
    }
}

/// What varies in each shape, in the order of the slots.
const fn fields(shape: Shape) -> &'static [Field] {
    match shape {
        Shape::Subscribe => &[Field::Sequence, Field::Identifier, Field::Own, Field::Other],
        Shape::Approve => &[
            Field::Sequence,
            Field::Identifier,
            Field::Own,
            Field::Subscribed,
            Field::Other,
            Field::Subscription,
        ],
        Shape::Publish => &[Field::Sequence, Field::Identifier, Field::Own, Field::Other, Field::Version],
    }
}

/// Eight digits in 16-bit units.
fn number(octets: &[u8]) -> Option<u32> {
    let digits = octets.get(..16)?.chunks_exact(2);
    let mut number = 0;
    for digit in digits {
        match digit {
            [0, digit @ b'0'..=b'9'] => number = number * 10 + u32::from(digit - b'0'),
            _ => return None,
        }
    }
    Some(number)
}

/// Reads the answer to an indication of ours.
pub(crate) fn answer(octets: &[u8]) -> Option<Answer> {
    let Some((Kind::ServiceControlResponse, sequence)) = reply::peek(octets) else { return None };
    // The result is the first of the seven optional members, behind the extension bit.
    let preamble = octets[if octets[1] & 0x80 == 0 { 2 } else { 3 }];
    if preamble & 0x40 == 0 {
        return Some(Answer { sequence, word: Word::Confirm });
    }
    let RasMessage::ServiceControlResponse(response) = per::decode(octets).ok()? else { return None };
    let word = match response.result {
        None | Some(ServiceControlResult::Started | ServiceControlResult::Stopped) => Word::Confirm,
        Some(result) => Word::Reject(reply::name_of(&result)),
    };
    Some(Answer { sequence, word })
}
