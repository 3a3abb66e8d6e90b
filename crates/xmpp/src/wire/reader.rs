//! Streams of XML (RFC 6120 sections 4 and 11): octets in any pieces become headers, elements and ends.

use super::element::Element;
use super::namespaces::STREAMS;
use rxml::error::EndOrError;
use rxml::{Event, Options, Parse, Parser, WithOptions};

/// Reads one direction of a stream.
pub struct StreamReader {
    parser: Parser,
    limits: Limits,
    /// Elements that are not complete, the outermost first; the stream itself is not among them.
    open: Vec<Element>,
    is_in_stream: bool,
    /// Whether nothing of the next item has come.
    is_at_boundary: bool,
    /// Octets of the element that is not complete.
    octets: usize,
    elements: usize,
}

/// The most of what one element may have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Octets, with all in it.
    pub octets_max: usize,
    /// How deep elements are in each other.
    pub depth_max: usize,
    /// How many elements are in it altogether.
    pub elements_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { octets_max: 262_144, depth_max: 32, elements_max: 4096 }
    }
}

/// What a stream brings.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum StreamItem {
    /// Its beginning: the element `stream`, without what comes in it.
    Header(Element),
    /// A stanza, or something else at that level.
    Element(Element),
    /// Its end in order.
    End,
}

/// Why nothing more can be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ReadError {
    /// It is not XML.
    #[error("it is not well-formed")]
    NotWellFormed,
    /// It is XML of which RFC 6120 section 11.1 says that it has no place here.
    #[error("it has XML that streams must not have")]
    Restricted,
    /// It does not begin with a stream.
    #[error("it is no stream")]
    NoStream,
    /// It begins with a stream of something else.
    #[error("it is a stream of another namespace")]
    OtherNamespace,
    /// An element is too large.
    #[error("an element is larger than {0}")]
    TooLarge(&'static str),
}

impl StreamReader {
    /// A reader of a stream that has not begun.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        // What is longer is refused by our own count, which says why.
        let options =
            Options { max_token_length: limits.octets_max.saturating_mul(2).max(64), ..Options::default() };
        let parser = Parser::with_options(options);
        Self {
            parser,
            limits,
            open: Vec::new(),
            is_in_stream: false,
            is_at_boundary: true,
            octets: 0,
            elements: 0,
        }
    }

    /// Begins again: the next octets are those of a new stream (RFC 6120 section 4.3.3).
    pub fn reset(&mut self) {
        *self = Self::new(self.limits);
    }

    /// Reads on; what is not read yet is left in `octets`. `None`: all is read and nothing more is complete.
    ///
    /// # Errors
    /// Nothing more can be read, now or later.
    pub fn read(&mut self, octets: &mut &[u8]) -> Result<Option<StreamItem>, ReadError> {
        // What is no XML is told at once, not when its end comes.
        if let Some(first) =
            octets.iter().find(|octet| !octet.is_ascii_whitespace()).filter(|_| self.is_at_boundary)
        {
            if *first != b'<' {
                return Err(ReadError::NotWellFormed);
            }
            self.is_at_boundary = false;
        }
        loop {
            let before = octets.len();
            let event = match self.parser.parse(octets, false) {
                Ok(Some(event)) => event,
                Ok(None) => return Ok(None),
                Err(EndOrError::NeedMoreData) => {
                    self.count(before - octets.len())?;
                    return Ok(None);
                }
                Err(EndOrError::Error(error)) => return Err(ReadError::of(&error)),
            };
            self.count(before - octets.len())?;
            if let Some(item) = self.take(event)? {
                (self.octets, self.is_at_boundary) = (0, true);
                return Ok(Some(item));
            }
        }
    }

    /// Gives back what memory is not needed until more comes.
    pub fn rest(&mut self) {
        if self.open.is_empty() {
            self.parser.release_temporaries();
            self.open.shrink_to_fit();
        }
    }

    fn count(&mut self, octets: usize) -> Result<(), ReadError> {
        self.octets += octets;
        // White space between stanzas keeps a connection alive and is of no element.
        if self.octets > self.limits.octets_max {
            return Err(ReadError::TooLarge("octets_max"));
        }
        Ok(())
    }

    fn take(&mut self, event: Event) -> Result<Option<StreamItem>, ReadError> {
        match event {
            Event::XmlDeclaration(..) => Ok(None),
            Event::StartElement(_, (namespace, name), attributes) => {
                let mut element = Element::new(&name, &namespace);
                for ((namespace, name), value) in attributes {
                    element.set_in(&namespace, &name, &value);
                }
                if !self.is_in_stream {
                    self.is_in_stream = element.is("stream", STREAMS);
                    return match (self.is_in_stream, element.name()) {
                        (true, _) => Ok(Some(StreamItem::Header(element))),
                        (false, "stream") => Err(ReadError::OtherNamespace),
                        (false, _) => Err(ReadError::NoStream),
                    };
                }
                self.elements = if self.open.is_empty() { 1 } else { self.elements + 1 };
                if self.open.len() >= self.limits.depth_max {
                    return Err(ReadError::TooLarge("depth_max"));
                }
                if self.elements > self.limits.elements_max {
                    return Err(ReadError::TooLarge("elements_max"));
                }
                self.open.push(element);
                Ok(None)
            }
            Event::EndElement(_) => {
                let Some(element) = self.open.pop() else { return Ok(Some(StreamItem::End)) };
                match self.open.last_mut() {
                    Some(around) => {
                        around.push(element);
                        Ok(None)
                    }
                    None => Ok(Some(StreamItem::Element(element))),
                }
            }
            Event::Text(_, text) => {
                match self.open.last_mut() {
                    Some(element) => element.push_text(&text),
                    None if text.trim().is_empty() => self.octets = 0,
                    None => return Err(ReadError::NotWellFormed),
                }
                Ok(None)
            }
        }
    }
}

impl ReadError {
    fn of(error: &rxml::Error) -> Self {
        match error {
            rxml::Error::RestrictedXml(_) | rxml::Error::UndeclaredEntity => Self::Restricted,
            _ => Self::NotWellFormed,
        }
    }
}
