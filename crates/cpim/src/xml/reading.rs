//! From octets to a tree. No DTD, no entity but the five of XML itself, UTF-8 only, everything bounded.

use super::scope::Scope;
use super::{Attribute, Element, Limits, Node, is_character};
use quick_xml::Reader;
use quick_xml::events::{BytesDecl, BytesStart, Event};
use std::borrow::Cow;

/// Why a document could not be read, and where.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("line {line}, column {column}: {fault}")]
pub struct XmlError {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong there.
    pub fault: Fault,
}

/// What is wrong with a document.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Fault {
    /// It is larger than it may be.
    #[error("longer than {most} octets")]
    TooLong {
        /// The limit.
        most: usize,
    },
    /// It is in another encoding, or broken.
    #[error("not UTF-8")]
    NotUtf8,
    /// It declares an encoding or a version that is not read.
    #[error("{what} is not read, only XML 1.0 in UTF-8")]
    Declared {
        /// What it declares.
        what: String,
    },
    /// It has a DTD.
    #[error("a document type declaration is not allowed")]
    Doctype,
    /// It refers to an entity that nobody may define.
    #[error("the entity &{name}; does not exist")]
    Entity {
        /// Its name.
        name: String,
    },
    /// It has a character that XML can't hold.
    #[error("U+{0:04X} is not allowed", u32::from(*.character))]
    Character {
        /// Which.
        character: char,
    },
    /// Elements are within each other too deeply.
    #[error("more than {most} elements within each other")]
    TooDeep {
        /// The limit.
        most: usize,
    },
    /// There is too much of something.
    #[error("more than {most} {what}")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// The limit.
        most: usize,
    },
    /// A name is not one.
    #[error("{name:?} is not a name")]
    Name {
        /// What stands in its place, cut.
        name: String,
    },
    /// A prefix was never declared.
    #[error("the prefix {prefix:?} is not declared")]
    Prefix {
        /// Which.
        prefix: String,
    },
    /// A prefix can't be declared so.
    #[error("the prefix {prefix:?} can't be declared so")]
    Declaration {
        /// Which.
        prefix: String,
    },
    /// An attribute stands twice.
    #[error("{name:?} stands twice")]
    Twice {
        /// Which.
        name: String,
    },
    /// It is not well-formed.
    #[error("{what}")]
    Malformed {
        /// In the parser's words.
        what: String,
    },
}

/// What reading a document took; it grows with the octets and not faster.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Steps {
    /// Pieces of markup and text.
    pub events: u64,
    /// Characters looked at, some of them more than once.
    pub characters: u64,
    /// Prefixes and attribute names compared.
    pub comparisons: u64,
}

/// Reads a document: its root element.
///
/// # Errors
/// The first thing that is wrong, with its place.
pub fn read(octets: &[u8], limits: &Limits) -> Result<Element, XmlError> {
    read_counting(octets, limits, &mut Steps::default())
}

/// Reads a document and counts the steps.
///
/// # Errors
/// As [`read`].
pub fn read_counting(octets: &[u8], limits: &Limits, steps: &mut Steps) -> Result<Element, XmlError> {
    if octets.len() > limits.octets_max {
        return Err(place(&[], 0, Fault::TooLong { most: limits.octets_max }));
    }
    let text = match std::str::from_utf8(octets) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
        Err(error) => return Err(place(octets, error.valid_up_to(), Fault::NotUtf8)),
    };
    steps.characters += text.len() as u64;
    if let Some((at, character)) = text.char_indices().find(|(_, character)| !is_character(*character)) {
        return Err(place(text.as_bytes(), at, Fault::Character { character }));
    }
    let mut tree = Tree { limits, open: Vec::new(), root: None, scope: Scope::default(), elements: 0, steps };
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_comments = true;
    loop {
        let at = reader.buffer_position() as usize;
        let event = reader.read_event().map_err(|error| {
            let what = error.to_string();
            place(text.as_bytes(), reader.error_position() as usize, Fault::Malformed { what })
        })?;
        tree.steps.events += 1;
        if matches!(event, Event::Eof) {
            let unfinished = || malformed("the document ends before its root element does");
            tree.steps.comparisons += tree.scope.comparisons;
            let root = if tree.open.is_empty() { tree.root } else { None };
            return root.ok_or_else(|| place(text.as_bytes(), at, unfinished()));
        }
        tree.take(event, at).map_err(|fault| place(text.as_bytes(), at, fault))?;
    }
}

/// A fault with the line and column of an octet.
fn place(octets: &[u8], at: usize, fault: Fault) -> XmlError {
    let before = &octets[..at.min(octets.len())];
    let line_start = before.iter().rposition(|octet| *octet == b'\n').map_or(0, |newline| newline + 1);
    let line = before.iter().filter(|octet| **octet == b'\n').count() + 1;
    // Octets that continue a character are of the same column.
    let column = before[line_start..].iter().filter(|octet| **octet & 0xc0 != 0x80).count() + 1;
    XmlError { line, column, fault }
}

fn malformed(what: &str) -> Fault {
    Fault::Malformed { what: what.to_owned() }
}

/// The tree as far as it has been read.
struct Tree<'a> {
    limits: &'a Limits,
    /// The elements that have not ended, the innermost last.
    open: Vec<Element>,
    root: Option<Element>,
    scope: Scope,
    elements: usize,
    steps: &'a mut Steps,
}

impl Tree<'_> {
    fn take(&mut self, event: Event<'_>, at: usize) -> Result<(), Fault> {
        match event {
            Event::Start(start) => self.start(&start),
            Event::Empty(start) => {
                self.start(&start)?;
                self.end();
                Ok(())
            }
            Event::End(_) => {
                self.end();
                Ok(())
            }
            Event::Text(text) => {
                if text.contains("]]>") {
                    return Err(malformed("]]> in a text"));
                }
                self.text(&lines(&text))
            }
            Event::CData(text) => self.text(&lines(&text)),
            Event::GeneralRef(reference) => {
                let mut character = [0; 4];
                let character = entity(&reference)?.encode_utf8(&mut character);
                self.text(character)
            }
            Event::DocType(_) => Err(Fault::Doctype),
            Event::Decl(declaration) => declared(&declaration, at),
            Event::PI(instruction) if instruction.target().eq_ignore_ascii_case("xml") => {
                Err(malformed("the XML declaration stands elsewhere than first"))
            }
            Event::Comment(_) | Event::PI(_) | Event::Eof => Ok(()),
        }
    }

    fn start(&mut self, start: &BytesStart<'_>) -> Result<(), Fault> {
        if self.open.len() >= self.limits.depth_max {
            return Err(Fault::TooDeep { most: self.limits.depth_max });
        }
        if self.open.is_empty() && self.root.is_some() {
            return Err(malformed("a second root element"));
        }
        self.elements += 1;
        if self.elements > self.limits.elements_max {
            return Err(Fault::TooMany { what: "elements", most: self.limits.elements_max });
        }
        self.scope.enter();
        let attributes = self.attributes(start)?;
        let name = start.name();
        let (prefix, local) = self.name(name.as_ref())?;
        let namespace = self.resolve(prefix)?;
        let mut element = Element {
            prefix: prefix.into(),
            namespace,
            local: local.into(),
            attributes: Vec::new(),
            quoted: Vec::new(),
            nodes: Vec::new(),
        };
        for (name, value) in attributes {
            let (prefix, local) = self.name(name)?;
            let namespace = if prefix.is_empty() { "".into() } else { self.resolve(prefix)? };
            self.quote(&mut element, &value);
            let attribute =
                Attribute { prefix: prefix.into(), namespace, local: local.into(), value: value.into() };
            element.attributes.push(attribute);
        }
        self.steps.comparisons += element.attributes.len() as u64;
        element
            .attributes
            .sort_by(|one, other| (&one.namespace, &one.local).cmp(&(&other.namespace, &other.local)));
        let same =
            |pair: &&[Attribute]| pair[0].local == pair[1].local && pair[0].namespace == pair[1].namespace;
        if let Some(pair) = element.attributes.windows(2).find(same) {
            return Err(Fault::Twice { name: pair[0].local.to_string() });
        }
        self.open.push(element);
        Ok(())
    }

    /// The attributes of an element but for its declarations, which take force.
    fn attributes<'s>(&mut self, start: &'s BytesStart<'_>) -> Result<Vec<(&'s str, String)>, Fault> {
        let mut plain = Vec::new();
        // Names that stand twice are found by the caller, which sorts them.
        for (count, attribute) in start.attributes().with_checks(false).enumerate() {
            if count >= self.limits.attributes_max {
                return Err(Fault::TooMany {
                    what: "attributes of an element",
                    most: self.limits.attributes_max,
                });
            }
            let attribute = attribute.map_err(|error| Fault::Malformed { what: error.to_string() })?;
            let (name, value) = (attribute.key.0, unescaped(&attribute.value)?);
            self.steps.characters += value.len() as u64;
            match name.strip_prefix("xmlns") {
                Some("") => self.scope.declare("", &value, self.limits.namespaces_max)?,
                Some(prefix) if prefix.starts_with(':') => {
                    let (_, prefix) = self.name(name)?;
                    self.scope.declare(prefix, &value, self.limits.namespaces_max)?;
                }
                _ => plain.push((name, value)),
            }
        }
        Ok(plain)
    }

    fn end(&mut self) {
        self.scope.leave();
        // The parser has seen to it that the names of start and end are the same.
        let Some(element) = self.open.pop() else { return };
        match self.open.last_mut() {
            Some(parent) => parent.nodes.push(Node::Element(element)),
            None => self.root = Some(element),
        }
    }

    fn text(&mut self, text: &str) -> Result<(), Fault> {
        let Some(mut parent) = self.open.pop() else {
            let is_blank = text.chars().all(|character| matches!(character, ' ' | '\t' | '\r' | '\n'));
            return if is_blank { Ok(()) } else { Err(malformed("a text outside of the root element")) };
        };
        self.quote(&mut parent, text);
        match parent.nodes.last_mut() {
            Some(Node::Text(before)) => before.push_str(text),
            _ => parent.nodes.push(Node::Text(text.to_owned())),
        }
        self.open.push(parent);
        Ok(())
    }

    /// Notes the prefixes of what looks like names in a text.
    fn quote(&mut self, element: &mut Element, text: &str) {
        self.steps.characters += text.len() as u64;
        for word in text.split_ascii_whitespace() {
            let Some((prefix, _)) = word.split_once(':') else { continue };
            if prefix.is_empty() || prefix == "xml" || prefix.len() > self.limits.name_octets_max {
                continue;
            }
            self.steps.comparisons += element.quoted.len() as u64;
            if element.quoted.iter().any(|(quoted, _)| **quoted == *prefix) {
                continue;
            }
            if let Some(namespace) = self.scope.namespace(prefix) {
                element.quoted.push((prefix.into(), namespace));
            }
        }
    }

    fn resolve(&mut self, prefix: &str) -> Result<std::sync::Arc<str>, Fault> {
        self.scope.namespace(prefix).ok_or_else(|| Fault::Prefix { prefix: prefix.to_owned() })
    }

    /// The prefix and the local part of a name.
    fn name<'n>(&mut self, name: &'n str) -> Result<(&'n str, &'n str), Fault> {
        if name.len() > self.limits.name_octets_max {
            return Err(Fault::TooMany { what: "octets in a name", most: self.limits.name_octets_max });
        }
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        if (name.contains(':') && prefix.is_empty())
            || !is_ncname(local)
            || !(prefix.is_empty() || is_ncname(prefix))
        {
            return Err(Fault::Name { name: name.to_owned() });
        }
        Ok((prefix, local))
    }
}

/// Whether a text is a name without colon (Namespaces in XML 1.0, production 4), as an `xs:ID` is.
pub(crate) fn is_ncname(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(is_name_start) && characters.all(is_name_character)
}

const fn is_name_start(character: char) -> bool {
    matches!(character, 'A'..='Z' | 'a'..='z' | '_' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
        | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}' | '\u{200d}' | '\u{2070}'..='\u{218f}'
        | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}'
        | '\u{10000}'..='\u{effff}')
}

/// Whether a name may go on with a character.
const fn is_name_character(character: char) -> bool {
    is_name_start(character)
        || matches!(character, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}' | '\u{2040}')
}

/// A text with its line ends as XML reads them: one LF each (section 2.11).
fn lines(text: &str) -> Cow<'_, str> {
    if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n").into() } else { text.into() }
}

/// The value of an attribute: its references resolved, each white space a space (section 3.3.3).
fn unescaped(value: &str) -> Result<String, Fault> {
    let mut read = String::with_capacity(value.len());
    let lines = lines(value);
    let mut rest = &*lines;
    while let Some(at) = rest.find(['&', '<', '\t', '\n']) {
        read.push_str(&rest[..at]);
        let from = &rest[at..];
        if from.starts_with('<') {
            return Err(malformed("< in the value of an attribute"));
        }
        let Some(reference) = from.strip_prefix('&') else {
            read.push(' ');
            rest = &from[1..];
            continue;
        };
        // A reference is short; what has no end nearby is none.
        let end = reference.as_bytes().iter().take(REFERENCE_MAX).position(|octet| *octet == b';');
        let end = end.ok_or_else(|| malformed("& without a reference"))?;
        read.push(entity(&reference[..end])?);
        rest = &reference[end + 1..];
    }
    read.push_str(rest);
    Ok(read)
}

/// The most octets of a reference.
const REFERENCE_MAX: usize = 64;

/// The character that a reference stands for.
fn entity(name: &str) -> Result<char, Fault> {
    let digits = |digits: &str, radix| {
        let is_number = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
        let number = is_number.then(|| u32::from_str_radix(digits, radix).ok()).flatten();
        let character =
            number.and_then(char::from_u32).ok_or_else(|| malformed("a reference to no character"))?;
        if is_character(character) { Ok(character) } else { Err(Fault::Character { character }) }
    };
    match name {
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "amp" => Ok('&'),
        "apos" => Ok('\''),
        "quot" => Ok('"'),
        _ => match (name.strip_prefix("#x"), name.strip_prefix('#')) {
            (Some(hexadecimal), _) => digits(hexadecimal, 16),
            (None, Some(decimal)) => digits(decimal, 10),
            (None, None) => Err(Fault::Entity { name: name.chars().take(REFERENCE_MAX).collect() }),
        },
    }
}

/// Whether the XML declaration is one that is read.
fn declared(declaration: &BytesDecl<'_>, at: usize) -> Result<(), Fault> {
    if at != 0 {
        return Err(malformed("the XML declaration stands elsewhere than first"));
    }
    let version = declaration.version().map_err(|error| Fault::Malformed { what: error.to_string() })?;
    if &*version != "1.0" {
        return Err(Fault::Declared { what: format!("version {version:.20}") });
    }
    match declaration.encoding() {
        None => Ok(()),
        Some(Ok(encoding))
            if encoding.eq_ignore_ascii_case("UTF-8") || encoding.eq_ignore_ascii_case("US-ASCII") =>
        {
            Ok(())
        }
        Some(Ok(encoding)) => Err(Fault::Declared { what: format!("encoding {encoding:.40}") }),
        Some(Err(error)) => Err(Fault::Malformed { what: error.to_string() }),
    }
}
