//! Whether there is a gatekeeper at all.

use crate::error::BenchError;
use codec::per::{self, ObjectIdentifier};
use h323::wire::h225::{EndpointType, GatekeeperRequest, RasMessage, RequestSeqNum, TerminalInfo};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

/// How often it is asked, and how long each answer may take.
const ATTEMPTS: u16 = 3;
const PATIENCE: Duration = Duration::from_secs(1);

/// Asks a gatekeeper (GRQ) until it answers.
///
/// # Errors
/// It doesn't, or what answers speaks no RAS.
pub(crate) fn find(target: SocketAddr, from: Ipv4Addr) -> Result<(), BenchError> {
    let failed = || BenchError::system(format!("can't reach {target} from {from}"));
    let socket = UdpSocket::bind((from, 0)).map_err(failed())?;
    socket.connect(target).map_err(failed())?;
    socket.set_read_timeout(Some(PATIENCE)).map_err(failed())?;
    let here = socket.local_addr().map_err(failed())?;
    let mut octets = [0; 2048];
    let mut hint = "";
    for attempt in 1..=ATTEMPTS {
        match socket.send(&request(attempt, here)?).and_then(|_| socket.recv(&mut octets)) {
            Ok(length) => match per::decode::<RasMessage>(&octets[..length]) {
                Ok(_) => return Ok(()),
                Err(_) => hint = " with RAS messages",
            },
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                hint = ": nothing listens there";
                std::thread::sleep(PATIENCE / 4);
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => hint = "",
            Err(error) => return Err(failed()(error)),
        }
    }
    Err(BenchError::NoAnswer { target, hint })
}

/// Whether a gatekeeper answers now.
pub(crate) fn is_there(target: SocketAddr, from: Ipv4Addr, within: Duration) -> bool {
    let ask = || -> Option<bool> {
        let socket = UdpSocket::bind((from, 0)).ok()?;
        socket.connect(target).ok()?;
        socket.set_read_timeout(Some(within)).ok()?;
        socket.send(&request(1, socket.local_addr().ok()?).ok()?).ok()?;
        let mut octets = [0; 2048];
        let length = socket.recv(&mut octets).ok()?;
        Some(per::decode::<RasMessage>(&octets[..length]).is_ok())
    };
    ask() == Some(true)
}

fn request(attempt: u16, here: SocketAddr) -> Result<Vec<u8>, BenchError> {
    let request = GatekeeperRequest {
        request_seq_num: RequestSeqNum::clamped(u32::from(attempt)),
        protocol_identifier: ObjectIdentifier::from_static(&[0x00, 0x08, 0x91, 0x4a, 0x00, 0x07]),
        ras_address: here.into(),
        endpoint_type: EndpointType { terminal: Some(TerminalInfo::default()), ..EndpointType::default() },
        ..GatekeeperRequest::default()
    };
    per::encode(&RasMessage::GatekeeperRequest(request.into()))
        .map_err(|error| BenchError::Template(error.to_string()))
}
