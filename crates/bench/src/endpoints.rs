//! The simulated endpoints: where they are, what they are called, and which identifiers they were given.

use crate::error::BenchError;
use crate::exchange::{Answer, Dialogue};
use crate::flights::Micros;
use crate::reply::{self, Layout};
use crate::template::{self, ADDRESSES, DIGITS, SEQUENCES, Template};
use codec::per::{BmpString, ObjectIdentifier, OctetString};
use h323::wire::feature::Feature;
use h323::wire::h225::{
    AliasAddress, EndpointType, FeatureSet, RasMessage, RegistrationRequest, RequestSeqNum, TerminalInfo,
    TimeToLive, TransportAddress, UnregistrationRequest, VendorIdentifier,
};
use std::collections::HashMap;
use std::net::SocketAddrV4;

/// So many endpoints share one address of ours; they differ in the port of their call signalling.
pub(crate) const ENDPOINTS_PER_ADDRESS: u32 = 60_000;

/// The first port of call signalling where nobody listens there, so that 60,000 have room, and where readers of messages
/// do: below those that the system gives away, and above what services use.
pub(crate) const PORT_FIRST: u16 = 2000;
pub(crate) const PORT_FIRST_LISTENING: u16 = 20_000;

/// H.225.0 version 7: 0.0.8.2250.0.7.
const PROTOCOL: ObjectIdentifier = ObjectIdentifier::from_static(&[0x00, 0x08, 0x91, 0x4a, 0x00, 0x07]);

/// What the endpoints are.
#[derive(Clone, Debug)]
pub(crate) struct Population {
    /// How many.
    pub count: u32,
    /// Their names are this and eight digits.
    pub prefix: String,
    /// The RAS address of each socket; an endpoint's call signalling address is at the same host.
    pub sockets: Vec<SocketAddrV4>,
    /// The first port of their call signalling.
    pub port_first: u16,
    pub time_to_live: u32,
    /// Whether they announce presence.
    pub presence: bool,
}

impl Population {
    /// How many sockets so many endpoints need.
    pub fn sockets_for(count: u32) -> u32 {
        count.div_ceil(ENDPOINTS_PER_ADDRESS).max(1)
    }

    /// The socket of an endpoint.
    pub fn port_of(&self, endpoint: u32) -> usize {
        endpoint as usize % self.sockets.len()
    }

    /// Where an endpoint takes calls.
    pub fn call_signal_address(&self, endpoint: u32) -> SocketAddrV4 {
        let sockets = self.sockets.len() as u32;
        let port = u32::from(self.port_first) + endpoint / sockets;
        SocketAddrV4::new(*self.sockets[self.port_of(endpoint)].ip(), port as u16)
    }

    /// The name with these digits, as an alias.
    pub fn alias(&self, digits: &str) -> Result<AliasAddress, BenchError> {
        let name = BmpString::new(&format!("{}{digits}", self.prefix));
        let name = name.ok_or_else(|| BenchError::Usage("--prefix is too long for an alias".to_owned()))?;
        Ok(AliasAddress::H323Id(name))
    }

    /// A registration request; the variant is another in the field that is named.
    fn request(&self, varies: Option<Field>) -> Result<RegistrationRequest, BenchError> {
        let pick = |field: Field| usize::from(varies == Some(field));
        let ras = |address: SocketAddrV4| TransportAddress::from(std::net::SocketAddr::V4(address));
        let features = FeatureSet {
            supported_features: Some(vec![Feature::Presence.advertised()]),
            ..FeatureSet::default()
        };
        let vendor = VendorIdentifier {
            product_id: Some(OctetString(b"Herald bench".to_vec())),
            ..VendorIdentifier::default()
        };
        Ok(RegistrationRequest {
            request_seq_num: RequestSeqNum::clamped(SEQUENCES[pick(Field::Sequence)]),
            protocol_identifier: PROTOCOL,
            discovery_complete: true,
            call_signal_address: vec![ras(ADDRESSES[pick(Field::Signalling)])],
            ras_address: vec![ras(ADDRESSES[pick(Field::Ras)])],
            terminal_type: EndpointType {
                vendor: Some(vendor.clone()),
                terminal: Some(TerminalInfo::default()),
                ..EndpointType::default()
            },
            endpoint_vendor: vendor,
            time_to_live: Some(TimeToLive::clamped(self.time_to_live)),
            maintain_connection: Some(false),
            feature_set: self.presence.then_some(features),
            ..RegistrationRequest::default()
        })
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Field {
    Sequence,
    Ras,
    Signalling,
    Name,
    Identifier,
}

/// The slots of all templates, in their order.
const SLOTS: [Field; 4] = [Field::Sequence, Field::Ras, Field::Signalling, Field::Name];
const KEEP_ALIVE_SLOTS: [Field; 4] = [Field::Sequence, Field::Ras, Field::Signalling, Field::Identifier];

/// The identifiers that the endpoints were given, as they stand on the wire; empty while they are not registered.
#[derive(Debug, Default)]
pub(crate) struct Identifiers(Vec<Box<[u8]>>);

impl Identifiers {
    pub fn new(count: u32) -> Self {
        Self(vec![Box::default(); count as usize])
    }

    pub fn of(&self, endpoint: u32) -> &[u8] {
        &self.0[endpoint as usize]
    }

    pub fn set(&mut self, endpoint: u32, identifier: &[u8]) {
        self.0[endpoint as usize] = identifier.into();
    }
}

/// Writes first registrations, and reads their confirms.
#[derive(Debug)]
pub(crate) struct Registering {
    pub population: Population,
    /// The number in the name of the first endpoint.
    pub names_from: u32,
    template: Template,
    layout: Layout,
}

impl Registering {
    pub fn new(population: Population) -> Result<Self, BenchError> {
        let build = |varies: Option<Field>| -> Result<RasMessage, BenchError> {
            let digits = DIGITS[usize::from(varies == Some(Field::Name))];
            let request = RegistrationRequest {
                terminal_alias: Some(vec![population.alias(digits)?]),
                keep_alive: Some(false),
                ..population.request(varies)?
            };
            Ok(RasMessage::RegistrationRequest(request.into()))
        };
        let variants = SLOTS.map(|field| build(Some(field))).into_iter().collect::<Result<Vec<_>, _>>()?;
        let template = Template::new(&build(None)?, &variants)?;
        Ok(Self { population, names_from: 0, template, layout: Layout::default() })
    }

    pub fn write(&self, endpoint: u32, sequence: u16, out: &mut Vec<u8>) {
        let (population, template) = (&self.population, &self.template);
        let start = template.append(out);
        template::put_sequence(template.slot(out, start, 0), sequence);
        let ras = population.sockets[population.port_of(endpoint)];
        template::put_address(template.slot(out, start, 1), ras);
        template::put_address(template.slot(out, start, 2), population.call_signal_address(endpoint));
        template::put_digits(template.slot(out, start, 3), self.names_from + endpoint);
    }

    /// Notes the identifier of a confirm; `false` where there is none.
    pub fn confirm(&mut self, endpoint: u32, octets: &[u8], identifiers: &mut Identifiers) -> bool {
        match self.layout.identifier(octets) {
            Some(identifier) if !identifier.is_empty() => {
                identifiers.set(endpoint, identifier);
                true
            }
            _ => false,
        }
    }
}

/// Registers endpoints one after the other.
#[derive(Debug)]
pub(crate) struct FirstRegistrations<'a> {
    pub registering: &'a mut Registering,
    pub identifiers: &'a mut Identifiers,
    /// The next endpoint of each socket.
    next: Vec<u32>,
    end: u32,
}

impl<'a> FirstRegistrations<'a> {
    /// The endpoints from `start` up to and without `end`.
    pub fn new(
        registering: &'a mut Registering,
        identifiers: &'a mut Identifiers,
        start: u32,
        end: u32,
    ) -> Self {
        let sockets = registering.population.sockets.len() as u32;
        let first = |socket: u32| start + (socket + sockets - start % sockets) % sockets;
        Self { registering, identifiers, next: (0..sockets).map(first).collect(), end }
    }
}

impl Dialogue for FirstRegistrations<'_> {
    fn next(&mut self, _now: Micros, port: usize) -> Option<u32> {
        let endpoint = self.next[port];
        self.next[port] += self.next.len() as u32;
        (endpoint < self.end).then_some(endpoint).or_else(|| {
            self.next[port] = endpoint;
            None
        })
    }

    fn write(&mut self, subject: u32, sequence: u16, out: &mut Vec<u8>) {
        self.registering.write(subject, sequence, out);
    }

    fn read(&mut self, octets: &[u8]) -> Option<Answer> {
        reply::registration_answer(octets)
    }

    fn confirm(&mut self, _now: Micros, subject: u32, octets: &[u8]) -> bool {
        self.registering.confirm(subject, octets, self.identifiers)
    }
}

/// Keeps registered endpoints alive, in an order that no cache foresees.
#[derive(Debug)]
pub(crate) struct KeepAlives<'a> {
    population: &'a Population,
    identifiers: &'a Identifiers,
    /// By the length of the identifier.
    templates: HashMap<usize, Template>,
    layout: Layout,
    /// How far each socket is in its order.
    place: Vec<u64>,
    /// Whether each endpoint has one turn only.
    once: bool,
}

/// Coprime to every count below it, so that multiples of it visit all.
const STRIDE: u64 = 2_654_435_761;

impl<'a> KeepAlives<'a> {
    /// For endpoints that are registered; those that are not are left out.
    pub fn new(population: &'a Population, identifiers: &'a Identifiers) -> Result<Self, BenchError> {
        let mut templates = HashMap::new();
        for endpoint in 0..population.count {
            let octets = identifiers.of(endpoint).len();
            if octets > 0 && !templates.contains_key(&octets) {
                templates.insert(octets, keep_alive(population, octets / 2)?);
            }
        }
        let place = vec![0; population.sockets.len()];
        Ok(Self { population, identifiers, templates, layout: Layout::default(), place, once: false })
    }

    /// Each endpoint once.
    pub fn once(self) -> Self {
        Self { once: true, ..self }
    }
}

/// The template of a keep-alive with an identifier of so many units.
fn keep_alive(population: &Population, units: usize) -> Result<Template, BenchError> {
    let build = |varies: Option<Field>| -> Result<RasMessage, BenchError> {
        let identifier = template::filler(usize::from(varies == Some(Field::Identifier)), units);
        let request = RegistrationRequest {
            keep_alive: Some(true),
            endpoint_identifier: Some(identifier),
            ..population.request(varies)?
        };
        Ok(RasMessage::RegistrationRequest(request.into()))
    };
    let variants =
        KEEP_ALIVE_SLOTS.map(|field| build(Some(field))).into_iter().collect::<Result<Vec<_>, _>>()?;
    Template::new(&build(None)?, &variants)
}

impl Dialogue for KeepAlives<'_> {
    fn next(&mut self, _now: Micros, port: usize) -> Option<u32> {
        let sockets = self.place.len() as u64;
        let here = (u64::from(self.population.count) + sockets - 1 - port as u64) / sockets;
        for _ in 0..here {
            if self.once && self.place[port] >= here {
                return None;
            }
            let index = self.place[port].wrapping_mul(STRIDE) % here;
            self.place[port] += 1;
            let endpoint = (index * sockets + port as u64) as u32;
            if !self.identifiers.of(endpoint).is_empty() {
                return Some(endpoint);
            }
        }
        None
    }

    fn write(&mut self, subject: u32, sequence: u16, out: &mut Vec<u8>) {
        let identifier = self.identifiers.of(subject);
        // There is one for each length, made at the start.
        let Some(template) = self.templates.get(&identifier.len()) else { return };
        let start = template.append(out);
        template::put_sequence(template.slot(out, start, 0), sequence);
        let population = self.population;
        let ras = population.sockets[population.port_of(subject)];
        template::put_address(template.slot(out, start, 1), ras);
        template::put_address(template.slot(out, start, 2), population.call_signal_address(subject));
        template.slot(out, start, 3).copy_from_slice(identifier);
    }

    fn read(&mut self, octets: &[u8]) -> Option<Answer> {
        reply::registration_answer(octets)
    }

    fn confirm(&mut self, _now: Micros, subject: u32, octets: &[u8]) -> bool {
        self.layout.identifier(octets) == Some(self.identifiers.of(subject))
    }
}

/// Unregisters all that are registered.
#[derive(Debug)]
pub(crate) struct Unregistrations<'a> {
    pub population: &'a Population,
    pub identifiers: &'a mut Identifiers,
    pub next: Vec<u32>,
}

impl Dialogue for Unregistrations<'_> {
    fn next(&mut self, _now: Micros, port: usize) -> Option<u32> {
        let sockets = self.population.sockets.len() as u32;
        loop {
            let endpoint = self.next[port] * sockets + port as u32;
            if endpoint >= self.population.count {
                return None;
            }
            self.next[port] += 1;
            if !self.identifiers.of(endpoint).is_empty() {
                return Some(endpoint);
            }
        }
    }

    fn write(&mut self, subject: u32, sequence: u16, out: &mut Vec<u8>) {
        let identifier: Vec<u16> = self
            .identifiers
            .of(subject)
            .chunks(2)
            .map(|unit| u16::from_be_bytes([unit[0], unit[1]]))
            .collect();
        let address = std::net::SocketAddr::V4(self.population.call_signal_address(subject));
        let request = UnregistrationRequest {
            request_seq_num: RequestSeqNum::clamped(u32::from(sequence)),
            call_signal_address: vec![address.into()],
            endpoint_identifier: BmpString::from_units(identifier),
            ..UnregistrationRequest::default()
        };
        // Encoded by the encoder: nobody measures it.
        if let Ok(octets) = codec::per::encode(&RasMessage::UnregistrationRequest(request.into())) {
            out.extend_from_slice(&octets);
        }
    }

    fn read(&mut self, octets: &[u8]) -> Option<Answer> {
        reply::registration_answer(octets)
    }

    fn confirm(&mut self, _now: Micros, subject: u32, _octets: &[u8]) -> bool {
        self.identifiers.set(subject, &[]);
        true
    }
}
