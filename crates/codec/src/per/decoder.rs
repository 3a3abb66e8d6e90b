//! Reading aligned PER.

use super::{DecodeError, Per};

/// How deep lists and boxed values may be nested.
///
/// The deepest message that makes sense is a compound inside nested generic data inside a call's data in an IRR.
const DEPTH_MAX: u8 = 24;

/// What a decoder may still spend: memory in proportion to the input, and depth.
///
/// Every list element and boxed value is charged its size in memory before it is made, so that a few octets
/// cannot grow into millions of empty elements. The shortest elements that make sense, contacts with a number of three
/// digits, take some 50 times their encoding in memory.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    memory: usize,
    depth: u8,
}

impl Budget {
    /// A small fixed sum, enough for any single value of the largest type, plus 64 octets for each octet read.
    pub const fn for_input(octets: usize) -> Self {
        Self { memory: 16_384 + octets.saturating_mul(64), depth: 0 }
    }
}

/// A cursor over a complete aligned PER encoding.
#[derive(Clone, Debug)]
pub struct Decoder<'a> {
    octets: &'a [u8],
    /// Position in bits from the start of `octets`; alignment is relative to it.
    position: usize,
    budget: Budget,
}

impl<'a> Decoder<'a> {
    /// Starts at the first bit.
    pub const fn new(octets: &'a [u8]) -> Self {
        Self { octets, position: 0, budget: Budget::for_input(octets.len()) }
    }

    /// Octets used so far; one begun counts as used.
    pub const fn octets_used(&self) -> usize {
        self.position.div_ceil(8)
    }

    /// Reads one bit.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    #[inline]
    pub fn bit(&mut self) -> Result<bool, DecodeError> {
        let octet = self.octets.get(self.position / 8).ok_or(DecodeError::Truncated)?;
        let bit = octet >> (7 - self.position % 8) & 1;
        self.position += 1;
        Ok(bit == 1)
    }

    /// Reads up to 32 bits as a number.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn bits(&mut self, count: u32) -> Result<u32, DecodeError> {
        debug_assert!(count <= 32, "a bit field is at most 32 bits wide");
        let mut value = 0u64;
        let mut left = count as usize;
        while left > 0 {
            let octet = *self.octets.get(self.position / 8).ok_or(DecodeError::Truncated)?;
            let offset = self.position % 8;
            let take = left.min(8 - offset);
            let chunk = (octet << offset) >> (8 - take);
            value = value << take | u64::from(chunk);
            self.position += take;
            left -= take;
        }
        Ok(value as u32)
    }

    /// Moves to the next octet boundary.
    #[inline]
    pub fn align(&mut self) {
        self.position = self.position.next_multiple_of(8);
    }

    /// Reads whole octets from the next octet boundary.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`].
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        self.align();
        let start = self.position / 8;
        let end = start.checked_add(count).ok_or(DecodeError::Truncated)?;
        let octets = self.octets.get(start..end).ok_or(DecodeError::Truncated)?;
        self.position = end * 8;
        Ok(octets)
    }

    /// Reads a number constrained to `min..=max` (X.691 11.5).
    ///
    /// # Errors
    /// The input ends, or the number is greater than `max`.
    pub fn constrained(&mut self, min: u64, max: u64) -> Result<u64, DecodeError> {
        let offset = match max - min {
            0 => 0,
            range @ 1..=254 => u64::from(self.bits(u64::BITS - range.leading_zeros())?),
            255 => u64::from(self.take(1)?[0]),
            256..=65_535 => {
                let octets = self.take(2)?;
                u64::from(octets[0]) << 8 | u64::from(octets[1])
            }
            range => {
                let octets_max = (u64::BITS - range.leading_zeros()).div_ceil(8);
                let count = self.constrained(1, u64::from(octets_max))?;
                self.take(count as usize)?.iter().fold(0, |value, octet| value << 8 | u64::from(*octet))
            }
        };
        let value = min.checked_add(offset).filter(|value| *value <= max);
        value.ok_or(DecodeError::OutOfRange { what: "number", value: offset })
    }

    /// Reads a normally small number (X.691 11.6).
    ///
    /// # Errors
    /// The input ends, or the number does not fit 32 bits.
    pub fn small(&mut self) -> Result<u32, DecodeError> {
        if !self.bit()? {
            return self.bits(6);
        }
        let count = self.length()?;
        if count > 4 {
            return Err(DecodeError::OutOfRange { what: "small number of octets", value: count as u64 });
        }
        Ok(self.take(count)?.iter().fold(0, |value, octet| value << 8 | u32::from(*octet)))
    }

    /// Reads a general length determinant that is not fragmented (X.691 11.9).
    ///
    /// # Errors
    /// The input ends, or the length is a fragment's (only octet and character strings may have those).
    pub fn length(&mut self) -> Result<usize, DecodeError> {
        match self.fragment()? {
            (length, false) => Ok(length),
            (length, true) => {
                Err(DecodeError::OutOfRange { what: "fragmented length", value: length as u64 })
            }
        }
    }

    /// Reads a length that is constrained to `min..=max` where `max` is below 65,536, else a general one.
    ///
    /// # Errors
    /// The input ends, or the length is outside the constraint.
    pub fn constrained_length(&mut self, min: usize, max: usize) -> Result<usize, DecodeError> {
        if max < 65_536 {
            return self.constrained(min as u64, max as u64).map(|length| length as usize);
        }
        self.length()
    }

    /// Reads one length determinant: the length, and whether more fragments follow.
    fn fragment(&mut self) -> Result<(usize, bool), DecodeError> {
        let first = self.take(1)?[0];
        match first {
            0x00..=0x7f => Ok((usize::from(first), false)),
            0x80..=0xbf => Ok((usize::from(first & 0x3f) << 8 | usize::from(self.take(1)?[0]), false)),
            0xc1..=0xc4 => Ok((usize::from(first & 0x3f) * 16_384, true)),
            _ => Err(DecodeError::OutOfRange { what: "length determinant", value: u64::from(first) }),
        }
    }

    /// Reads a string of `unit` octets a character whose length is general and may be fragmented; the pieces are
    /// handed to `piece` in order.
    ///
    /// # Errors
    /// The input ends.
    pub fn pieces(&mut self, unit: usize, mut piece: impl FnMut(&'a [u8])) -> Result<(), DecodeError> {
        loop {
            let (length, more) = self.fragment()?;
            piece(self.take(length * unit)?);
            if !more {
                return Ok(());
            }
        }
    }

    /// Decodes the content of an open type with `content`; what `content` leaves over is skipped (X.691 11.2).
    ///
    /// # Errors
    /// The input ends, or `content` fails.
    pub fn open_type<T>(
        &mut self,
        content: impl FnOnce(&mut Decoder<'_>) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        let (length, more) = self.fragment()?;
        let first = self.take(length)?;
        if !more {
            return self.inside(first, content);
        }
        let mut whole = first.to_vec();
        self.pieces(1, |piece| whole.extend_from_slice(piece))?;
        self.inside(&whole, content)
    }

    fn inside<T>(
        &mut self,
        octets: &[u8],
        content: impl FnOnce(&mut Decoder<'_>) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        let mut inner = Decoder { octets, position: 0, budget: self.budget };
        let value = content(&mut inner)?;
        self.budget = inner.budget;
        Ok(value)
    }

    /// Reads the octets of an open type without looking into them.
    ///
    /// # Errors
    /// The input ends.
    pub fn open_type_octets(&mut self) -> Result<Vec<u8>, DecodeError> {
        let mut octets = Vec::new();
        self.pieces(1, |piece| octets.extend_from_slice(piece))?;
        Ok(octets)
    }

    /// Reads `count` elements of a list.
    ///
    /// # Errors
    /// An element fails, or the budget is exceeded.
    pub fn elements<T: Per>(&mut self, count: usize) -> Result<Vec<T>, DecodeError> {
        self.charge(count.saturating_mul(size_of::<T>().max(1)))?;
        self.nested(|decoder| {
            let mut elements = Vec::with_capacity(count);
            for _ in 0..count {
                elements.push(T::decode(decoder)?);
            }
            Ok(elements)
        })
    }

    /// Takes `octets` of memory from the budget.
    ///
    /// # Errors
    /// [`DecodeError::TooLarge`] when too little is left.
    pub fn charge(&mut self, octets: usize) -> Result<(), DecodeError> {
        self.budget.memory = self.budget.memory.checked_sub(octets).ok_or(DecodeError::TooLarge)?;
        Ok(())
    }

    /// Runs `content` one level deeper.
    ///
    /// # Errors
    /// [`DecodeError::TooDeep`] when that is deeper than the limit, or `content` fails.
    pub fn nested<T>(
        &mut self,
        content: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        if self.budget.depth == DEPTH_MAX {
            return Err(DecodeError::TooDeep { limit: DEPTH_MAX });
        }
        self.budget.depth += 1;
        let value = content(self);
        self.budget.depth -= 1;
        value
    }
}
