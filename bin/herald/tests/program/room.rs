//! A room system that speaks nothing but RAS.

use crate::herald::PATIENCE;
use codec::per::{self, BmpString, Integer};
use h323::alias::Alias;
use h323::wire::h225::{EndpointType, RasMessage, RegistrationRequest, TerminalInfo, UnregistrationRequest};
use std::cell::Cell;
use std::net::{SocketAddr, UdpSocket};

pub struct Room {
    socket: UdpSocket,
    alias: String,
    gatekeeper: SocketAddr,
    sequence: Cell<u16>,
    identifier: String,
}

impl Room {
    /// A room that has registered.
    pub fn register(alias: &str, gatekeeper: SocketAddr) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let sequence = Cell::new(0);
        let mut room = Self { socket, alias: alias.into(), gatekeeper, sequence, identifier: String::new() };
        let address = room.address();
        let request = RegistrationRequest {
            protocol_identifier: "0.0.8.2250.0.4".parse().unwrap(),
            call_signal_address: vec![address.into()],
            terminal_type: EndpointType {
                terminal: Some(TerminalInfo::default()),
                ..EndpointType::default()
            },
            terminal_alias: Some(vec![Alias::parse_typed(alias).unwrap().to_wire().unwrap()]),
            time_to_live: Some(Integer::new(600).unwrap()),
            ..room.request()
        };
        match room.ask(&RasMessage::RegistrationRequest(request.into())) {
            RasMessage::RegistrationConfirm(confirm) => {
                room.identifier = confirm.endpoint_identifier.to_string()
            }
            other => panic!("{} could not register: {other:?}", room.alias),
        }
        room
    }

    /// Whether the gatekeeper still knows the registration.
    pub fn refresh(&self) -> bool {
        let request = RegistrationRequest {
            keep_alive: Some(true),
            endpoint_identifier: Some(BmpString::new(&self.identifier).unwrap()),
            ..self.request()
        };
        let answer = self.ask(&RasMessage::RegistrationRequest(request.into()));
        matches!(answer, RasMessage::RegistrationConfirm(_))
    }

    /// Leaves.
    pub fn unregister(&self) {
        let request = UnregistrationRequest {
            request_seq_num: self.next_sequence(),
            call_signal_address: vec![self.address().into()],
            endpoint_identifier: Some(BmpString::new(&self.identifier).unwrap()),
            ..UnregistrationRequest::default()
        };
        let answer = self.ask(&RasMessage::UnregistrationRequest(request.into()));
        assert!(matches!(answer, RasMessage::UnregistrationConfirm(_)), "{answer:?}");
    }

    fn request(&self) -> RegistrationRequest {
        RegistrationRequest {
            request_seq_num: self.next_sequence(),
            ras_address: vec![self.address().into()],
            ..RegistrationRequest::default()
        }
    }

    fn ask(&self, message: &RasMessage) -> RasMessage {
        self.socket.send_to(&per::encode(message).unwrap(), self.gatekeeper).unwrap();
        let mut buffer = [0; 4096];
        let (length, from) = self.socket.recv_from(&mut buffer).unwrap();
        assert_eq!(from, self.gatekeeper);
        per::decode(&buffer[..length]).unwrap()
    }

    fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    fn next_sequence(&self) -> Integer<1, 65_535> {
        self.sequence.set(self.sequence.get() + 1);
        Integer::new(self.sequence.get().into()).unwrap()
    }
}
