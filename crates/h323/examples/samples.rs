//! Random messages, for tests against other implementations.
//!
//! `samples COUNT SEED` prints COUNT random messages, RAS and call signalling in turn: JSON lines with `hex`, the
//! octets, beside the members of `h323::wire::reading`. Equal arguments give equal lines. `samples read` reads lines
//! of hexadecimal digits instead and prints the reading of each, or `{"error": …}`; `samples write` is its inverse.

use arbitrary::{Arbitrary, Unstructured};
use codec::per::{self, Json};
use h323::wire::h225::{H323UserInformation, MessageBody, RasMessage};
use h323::wire::q931::{Q931, element, message_type};
use h323::wire::{reading, tpkt};
use serde_json::{Value, json};
use std::error::Error;
use std::fmt::Write as _;
use std::io::{self, BufWriter, Write};

/// Random octets a message is made of; enough for messages of several kilobytes.
const ENTROPY_MAX: usize = 6000;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut output = BufWriter::new(io::stdout().lock());
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["read"] => {
            for line in io::stdin().lines() {
                let reading = octets(&line?).and_then(|octets| Ok(reading::read(&octets)?));
                let reading = reading.unwrap_or_else(|error| json!({ "error": error.to_string() }));
                writeln!(output, "{reading}")?;
            }
        }
        ["write"] => {
            for line in io::stdin().lines() {
                writeln!(output, "{}", hex(&reading::write(&serde_json::from_str(&line?)?)?))?;
            }
        }
        [count, seed] => {
            let mut random = Random(seed.parse()?);
            for number in 0..count.parse::<u64>()? {
                let octets = if number % 2 == 0 { random.ras() } else { random.call_signalling() };
                let mut reading = reading::read(&octets)?;
                reading["hex"] = hex(&octets).into();
                writeln!(output, "{reading}")?;
            }
        }
        _ => return Err("expected COUNT and SEED, read, or write".into()),
    }
    Ok(output.flush()?)
}

/// SplitMix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ value >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ value >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        value ^ value >> 31
    }

    /// A random value; values whose encoding would need fragments, which are not written, are passed over.
    fn value<T: per::Per + Json + for<'a> Arbitrary<'a>>(&mut self) -> T {
        loop {
            let length = self.next() as usize % ENTROPY_MAX;
            let entropy: Vec<u8> = (0..length).map(|_| self.next() as u8).collect();
            let Ok(value) = T::arbitrary(&mut Unstructured::new(&entropy)) else { continue };
            let mut reading = value.to_json();
            make_printable(&mut reading);
            if let Ok(value) = T::from_json(&reading)
                && per::encode(&value).is_ok()
            {
                return value;
            }
        }
    }

    fn ras(&mut self) -> Vec<u8> {
        loop {
            if let Ok(octets) = per::encode(&self.value::<RasMessage>()) {
                return octets;
            }
        }
    }

    fn call_signalling(&mut self) -> Vec<u8> {
        loop {
            let information: H323UserInformation = self.value();
            let code = match &information.h323_uu_pdu.h323_message_body {
                MessageBody::Setup(_) => message_type::SETUP,
                MessageBody::CallProceeding(_) => message_type::CALL_PROCEEDING,
                MessageBody::Connect(_) => message_type::CONNECT,
                MessageBody::Alerting(_) => message_type::ALERTING,
                MessageBody::ReleaseComplete(_) => message_type::RELEASE_COMPLETE,
                MessageBody::Progress(_) => message_type::PROGRESS,
                MessageBody::Status(_) => message_type::STATUS,
                MessageBody::StatusInquiry(_) => message_type::STATUS_INQUIRY,
                MessageBody::SetupAcknowledge(_) => message_type::SETUP_ACKNOWLEDGE,
                MessageBody::Notify(_) => message_type::NOTIFY,
                MessageBody::Information(_) => message_type::INFORMATION,
                _ => message_type::FACILITY,
            };
            let reference = self.next();
            let mut message = Q931::new(code, reference as u16 & 0x7fff, reference & 0x8000 != 0);
            // The elements that their messages must have, and one that any may have.
            match code {
                message_type::SETUP => message = message.with(element::BEARER_CAPABILITY, [0x88, 0x90]),
                message_type::RELEASE_COMPLETE => message = message.with(element::CAUSE, [0x80, 0x90]),
                message_type::STATUS => {
                    message = message.with(element::CAUSE, [0x80, 0x9e]).with(0x14, [0x00]);
                }
                message_type::NOTIFY => message = message.with(0x27, [0xf1]),
                _ => {}
            }
            if reference & 0x1_0000 != 0 {
                message = message.with(element::DISPLAY, *b"alice");
            }
            let packet = message.with_user_information(&information).and_then(|message| message.encode());
            if let Some(packet) = packet.ok().and_then(|message| tpkt::packet(&message)) {
                return packet;
            }
        }
    }
}

/// Confines `cname`, a PrintableString that our type takes more of, to what others accept.
fn make_printable(reading: &mut Value) {
    match reading {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(text) if name == "cname" => {
                        text.retain(|c| c.is_ascii_alphanumeric() || " '()+,-./:=?".contains(c));
                    }
                    _ => make_printable(value),
                }
            }
        }
        Value::Array(elements) => elements.iter_mut().for_each(make_printable),
        _ => {}
    }
}

fn octets(line: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    let digits = line.trim().as_bytes();
    let pair = |pair| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?);
    digits.chunks(2).map(pair).collect()
}

fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut text, octet| {
        let _ = write!(text, "{octet:02x}");
        text
    })
}
