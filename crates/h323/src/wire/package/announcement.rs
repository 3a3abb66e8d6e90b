//! What a peer says of itself and of presence: the announcement and the state tag.

use super::parameter::{Reader, Writer};
use super::{PackageError, number};
use crate::wire::h225::GenericData;

/// The bits of [`Announcement::capabilities`].
pub mod capability {
    /// Receipts are understood and given.
    pub const RECEIPTS: u16 = 1;
    /// Typing is understood.
    pub const TYPING: u16 = 1 << 1;
    /// Presence documents are understood.
    pub const DOCUMENTS: u16 = 1 << 2;
    /// Messages over RAS are taken.
    pub const MESSAGES: u16 = 1 << 3;
    /// Bodies of the type `Message/CPIM` are understood.
    pub const CPIM: u16 = 1 << 4;
    /// Group conversations are understood.
    pub const GROUPS: u16 = 1 << 5;
    /// Copies of what the user wrote on another of its devices are taken, and shown as written by itself.
    pub const CARBONS: u16 = 1 << 6;
}

/// That a peer speaks the package, and what of it; in the feature sets of GRQ, GCF, RRQ, RCF and of Setup.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Announcement {
    /// Which version; meanings never change, so a higher one is as good.
    pub version: u8,
    /// A sum of the constants in [`capability`].
    pub capabilities: u16,
}

/// The canonical state in `Presentity.genericData`, on the wire for example `C5;desk`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct StateTag {
    /// The code; neither it nor the qualifier has a semicolon.
    pub code: String,
    /// The finer value within the code.
    pub qualifier: Option<String>,
}

impl Announcement {
    /// Reads the announcement in a feature set; `None` where there is none.
    ///
    /// # Errors
    /// It is malformed.
    pub fn read(descriptor: &GenericData) -> Result<Option<Self>, PackageError> {
        let Some(reader) = Reader::new(descriptor) else { return Ok(None) };
        let Some(version) = reader.number8(number::VERSION)? else { return Ok(None) };
        if version == 0 {
            return Err(PackageError::Malformed { parameter: number::VERSION });
        }
        let capabilities = reader.number16(number::CAPABILITIES)?.unwrap_or_default();
        Ok(Some(Self { version, capabilities }))
    }

    /// The descriptor.
    pub fn write(&self) -> GenericData {
        let mut writer = Writer::default();
        writer.number8(number::VERSION, Some(self.version));
        writer.number16(number::CAPABILITIES, Some(self.capabilities));
        writer.finish()
    }

    /// Whether all these capabilities are announced.
    pub const fn has(&self, capabilities: u16) -> bool {
        self.capabilities & capabilities == capabilities
    }
}

impl StateTag {
    /// Reads the tag in a descriptor; `None` where there is none.
    ///
    /// # Errors
    /// It is malformed.
    pub fn read(descriptor: &GenericData) -> Result<Option<Self>, PackageError> {
        let Some(reader) = Reader::new(descriptor) else { return Ok(None) };
        let Some(text) = reader.text(number::STATE_TAG, STATE_TAG_MAX)? else { return Ok(None) };
        let (code, qualifier) = match text.split_once(';') {
            Some((code, qualifier)) => (code, Some(qualifier.to_owned())),
            None => (text.as_str(), None),
        };
        let is_clean = |text: &str| !text.is_empty() && !text.contains(';');
        if !is_clean(code) || !qualifier.as_deref().is_none_or(is_clean) {
            return Err(PackageError::Malformed { parameter: number::STATE_TAG });
        }
        Ok(Some(Self { code: code.to_owned(), qualifier }))
    }

    /// The descriptor.
    ///
    /// # Errors
    /// It is empty, too long, or has characters that are not ASCII or a semicolon.
    pub fn write(&self) -> Result<GenericData, PackageError> {
        let parts = [Some(self.code.as_str()), self.qualifier.as_deref()];
        if parts.iter().flatten().any(|part| part.is_empty() || part.contains(';')) {
            return Err(PackageError::Malformed { parameter: number::STATE_TAG });
        }
        let mut writer = Writer::default();
        let text = parts.into_iter().flatten().collect::<Vec<_>>().join(";");
        writer.text(number::STATE_TAG, Some(&text), STATE_TAG_MAX)?;
        Ok(writer.finish())
    }
}

/// The most characters of a state tag.
const STATE_TAG_MAX: usize = 64;
