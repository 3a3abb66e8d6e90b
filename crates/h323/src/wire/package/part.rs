//! Messages longer than a datagram: cut into parts, and joined again.
//!
//! Every part has the id, the sender and its place. What else is said of the message the first part says; a text
//! and a body are what all parts have of them, one after the other.

use super::{PARTS_MAX, PackageMessage, Part};

/// The most octets of a joined message, text and body together.
const JOINED_MAX: usize = 65_536;

/// Cuts a message into parts that have at most `octets` octets of text and body each; it is one, unmarked, where it
/// fits. `None` where more than [`PARTS_MAX`] parts would be needed.
///
/// A text is cut between characters only.
pub fn divide(message: PackageMessage, octets: usize) -> Option<Vec<PackageMessage>> {
    let mut text = message.text.as_deref().unwrap_or_default();
    let mut body = message.content.as_ref().map(|(_, body)| body.as_slice()).unwrap_or_default();
    if text.len() + body.len() <= octets {
        return Some(vec![message]);
    }
    let mut pieces = Vec::new();
    while !text.is_empty() || !body.is_empty() {
        if pieces.len() == usize::from(PARTS_MAX) {
            return None;
        }
        let (piece, rest) = text.split_at(boundary(text, octets));
        let (body_piece, body_rest) = body.split_at(body.len().min(octets - piece.len()));
        if piece.is_empty() && body_piece.is_empty() {
            return None;
        }
        pieces.push((piece, body_piece));
        (text, body) = (rest, body_rest);
    }
    let count = u8::try_from(pieces.len()).ok()?;
    let part = |(number, (text, body)): (u8, (&str, &[u8]))| {
        let base = if number == 1 {
            PackageMessage { text: None, content: None, ..message.clone() }
        } else {
            PackageMessage { from: message.from.clone(), ..PackageMessage::new(message.id) }
        };
        let media_type = message.content.as_ref().map(|(media_type, _)| media_type.clone());
        PackageMessage {
            text: (!text.is_empty()).then(|| text.to_owned()),
            content: media_type.filter(|_| !body.is_empty()).map(|media_type| (media_type, body.to_vec())),
            part: Some(Part { number, count }),
            ..base
        }
    };
    Some((1..).zip(pieces).map(part).collect())
}

/// The end of the last character that ends within so many octets.
fn boundary(text: &str, octets: usize) -> usize {
    (0..=octets.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default()
}

/// The parts of one message that have come, in any order.
#[derive(Clone, Debug)]
pub struct Assembly {
    parts: Vec<Option<PackageMessage>>,
    octets: usize,
}

/// What came of a part.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Joined {
    /// More parts are to come.
    Waiting,
    /// The whole message.
    Whole(Box<PackageMessage>),
    /// It is too large, or a part does not belong to the others.
    Refused,
}

impl Assembly {
    /// Waits for the parts of a message of so many.
    pub fn new(count: u8) -> Self {
        Self { parts: vec![None; usize::from(count.min(PARTS_MAX))], octets: 0 }
    }

    /// Takes a part; one that came before changes nothing.
    pub fn add(&mut self, message: PackageMessage) -> Joined {
        let Some(part) = message.part else { return Joined::Refused };
        if usize::from(part.count) != self.parts.len() {
            return Joined::Refused;
        }
        let place = usize::from(part.number).checked_sub(1).and_then(|place| self.parts.get_mut(place));
        let Some(place) = place else { return Joined::Refused };
        if place.is_none() {
            self.octets += message.size();
            if self.octets > JOINED_MAX {
                return Joined::Refused;
            }
            *place = Some(message);
        }
        if self.parts.iter().any(Option::is_none) {
            return Joined::Waiting;
        }
        let mut parts = std::mem::take(&mut self.parts).into_iter().flatten();
        let Some(mut whole) = parts.next() else { return Joined::Refused };
        for part in parts {
            if let Some(text) = part.text {
                whole.text.get_or_insert_default().push_str(&text);
            }
            if let Some((media_type, body)) = part.content {
                whole.content.get_or_insert_with(|| (media_type, Vec::new())).1.extend(body);
            }
        }
        whole.part = None;
        Joined::Whole(whole.into())
    }
}

impl PackageMessage {
    /// Octets of text and body.
    pub fn size(&self) -> usize {
        self.text.as_ref().map_or(0, String::len) + self.content.as_ref().map_or(0, |(_, body)| body.len())
    }
}
