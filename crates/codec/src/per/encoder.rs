//! Writing aligned PER.

use super::EncodeError;

/// The first length that needs fragments; deployed stacks misread those, so none is written.
const FRAGMENT: usize = 16_384;

/// Most messages are no longer than this, and grow without being moved.
const USUAL: usize = 256;

/// A growing aligned PER encoding.
#[derive(Clone, Debug, Default)]
pub struct Encoder {
    octets: Vec<u8>,
    /// Bits used in the last octet, 0 (none begun) to 7.
    bits_used: u32,
}

impl Encoder {
    /// An empty encoding, with room for a message of the usual length.
    pub fn new() -> Self {
        Self { octets: Vec::with_capacity(USUAL), bits_used: 0 }
    }

    /// The complete encoding: padded to an octet boundary, one zero octet where nothing was written (X.691 11.1).
    pub fn finish(mut self) -> Vec<u8> {
        if self.octets.is_empty() {
            self.octets.push(0);
        }
        self.octets
    }

    /// Writes one bit.
    #[inline]
    pub fn bit(&mut self, bit: bool) {
        match self.octets.last_mut() {
            Some(last) if self.bits_used > 0 => *last |= u8::from(bit) << (7 - self.bits_used),
            _ => self.octets.push(u8::from(bit) << 7),
        }
        self.bits_used = (self.bits_used + 1) % 8;
    }

    /// Writes the low `count` bits of `value`, the highest first.
    pub fn bits(&mut self, value: u32, count: u32) {
        let mut left = count;
        while left > 0 {
            if self.bits_used == 0 {
                self.octets.push(0);
            }
            let take = left.min(8 - self.bits_used);
            let chunk = (value >> (left - take)) & ((1 << take) - 1);
            if let Some(last) = self.octets.last_mut() {
                *last |= (chunk << (8 - self.bits_used - take)) as u8;
            }
            self.bits_used = (self.bits_used + take) % 8;
            left -= take;
        }
    }

    /// Pads with zero bits to the next octet boundary.
    pub fn align(&mut self) {
        self.bits_used = 0;
    }

    /// Writes whole octets from the next octet boundary.
    pub fn put(&mut self, octets: &[u8]) {
        self.align();
        self.octets.extend_from_slice(octets);
    }

    /// Writes 16-bit units, the higher octet first, from the next octet boundary.
    pub fn put_units(&mut self, units: &[u16]) {
        self.align();
        self.octets.extend(units.iter().flat_map(|unit| unit.to_be_bytes()));
    }

    /// Writes a number constrained to `min..=max` (X.691 11.5).
    ///
    /// # Errors
    /// The number is outside.
    pub fn constrained(&mut self, value: u64, min: u64, max: u64) -> Result<(), EncodeError> {
        if value < min || value > max {
            return Err(EncodeError::OutOfRange { value, min, max });
        }
        let offset = value - min;
        match max - min {
            0 => {}
            range @ 1..=254 => self.bits(offset as u32, u64::BITS - range.leading_zeros()),
            255 => self.put(&[offset as u8]),
            256..=65_535 => self.put(&(offset as u16).to_be_bytes()),
            range => {
                let octets_max = (u64::BITS - range.leading_zeros()).div_ceil(8);
                let count = (u64::BITS - offset.leading_zeros()).div_ceil(8).max(1);
                self.constrained(u64::from(count), 1, u64::from(octets_max))?;
                self.put(&offset.to_be_bytes()[8 - count as usize..]);
            }
        }
        Ok(())
    }

    /// Writes a normally small number (X.691 11.6).
    pub fn small(&mut self, value: u32) {
        if value < 64 {
            self.bits(value, 7);
            return;
        }
        self.bit(true);
        let count = (u32::BITS - value.leading_zeros()).div_ceil(8);
        self.put(&[count as u8]);
        self.put(&value.to_be_bytes()[4 - count as usize..]);
    }

    /// Writes a general length determinant (X.691 11.9).
    ///
    /// # Errors
    /// The length is 16,384 or more.
    pub fn length(&mut self, length: usize) -> Result<(), EncodeError> {
        match length {
            0..128 => self.put(&[length as u8]),
            128..FRAGMENT => self.put(&(0x8000 | length as u16).to_be_bytes()),
            _ => return Err(EncodeError::Length { length, min: 0, max: FRAGMENT - 1 }),
        }
        Ok(())
    }

    /// Writes a length that is constrained to `min..=max` where `max` is below 65,536, else a general one.
    ///
    /// # Errors
    /// The length is outside the constraint, or 16,384 or more.
    pub fn constrained_length(&mut self, length: usize, min: usize, max: usize) -> Result<(), EncodeError> {
        if length < min || length > max {
            return Err(EncodeError::Length { length, min, max });
        }
        if max < 65_536 {
            return self.constrained(length as u64, min as u64, max as u64);
        }
        self.length(length)
    }

    /// Writes an open type: the complete encoding that `content` makes, with its length before it (X.691 11.2).
    ///
    /// # Errors
    /// `content` fails, or its encoding has 16,384 octets or more.
    pub fn open_type(
        &mut self,
        content: impl FnOnce(&mut Self) -> Result<(), EncodeError>,
    ) -> Result<(), EncodeError> {
        self.align();
        let start = self.octets.len();
        // The content is written in its place: alignment inside is the same, since it begins a whole octet.
        self.octets.push(0);
        content(self)?;
        self.align();
        if self.octets.len() == start + 1 {
            self.octets.push(0);
        }
        let length = self.octets.len() - start - 1;
        let [high, low] = (0x8000 | length as u16).to_be_bytes();
        match length {
            0..128 => self.octets[start] = low,
            128..FRAGMENT => {
                self.octets[start] = high;
                self.octets.insert(start + 1, low);
            }
            _ => return Err(EncodeError::Length { length, min: 0, max: FRAGMENT - 1 }),
        }
        Ok(())
    }

    /// Writes an open type from its octets.
    ///
    /// # Errors
    /// There are 16,384 octets or more.
    pub fn open_type_octets(&mut self, octets: &[u8]) -> Result<(), EncodeError> {
        self.length(octets.len())?;
        self.put(octets);
        Ok(())
    }
}
