//! The Bidi Rule.

use super::AddressError;
use icu_properties::{CodePointMapData, props::BidiClass};

/// Checks a userpart against the Bidi Rule (RFC 5893, section 2), which RFC 8265 applies to those that have a
/// right-to-left character.
pub(super) fn check(word: &str) -> Result<(), AddressError> {
    let table = CodePointMapData::<BidiClass>::new();
    let class = |character| Class::of(table.get(character));
    if !word.chars().any(|character| class(character).is_right_to_left()) {
        return Ok(());
    }
    if is_ordered(word.chars().map(class)) { Ok(()) } else { Err(AddressError::MixedDirections) }
}

/// The six conditions. Nonspacing marks may stand anywhere but first, and do not count as the end.
fn is_ordered(mut classes: impl Iterator<Item = Class>) -> bool {
    let first = classes.next();
    let allows = match first {
        Some(Class::Right) => |class| class != Class::Left && class != Class::Other,
        Some(Class::Left) => |class| !matches!(class, Class::Right | Class::ArabicNumber | Class::Other),
        _ => return false,
    };
    let mut last = first;
    let (mut european, mut arabic) = (false, false);
    for class in classes {
        if !allows(class) {
            return false;
        }
        european |= class == Class::EuropeanNumber;
        arabic |= class == Class::ArabicNumber;
        if class != Class::Mark {
            last = Some(class);
        }
    }
    let ends = match (first, last) {
        (Some(Class::Right), Some(last)) => {
            matches!(last, Class::Right | Class::EuropeanNumber | Class::ArabicNumber)
        }
        (_, Some(last)) => matches!(last, Class::Left | Class::EuropeanNumber),
        (_, None) => false,
    };
    ends && !(first == Some(Class::Right) && european && arabic)
}

/// The bidirectional classes as far as the rule tells them apart.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Class {
    /// L.
    Left,
    /// R and AL.
    Right,
    /// AN.
    ArabicNumber,
    /// EN.
    EuropeanNumber,
    /// NSM.
    Mark,
    /// ES, CS, ET, ON and BN.
    Neutral,
    /// All that no label may have.
    Other,
}

impl Class {
    fn of(class: BidiClass) -> Self {
        match class {
            BidiClass::LeftToRight => Self::Left,
            BidiClass::RightToLeft | BidiClass::ArabicLetter => Self::Right,
            BidiClass::ArabicNumber => Self::ArabicNumber,
            BidiClass::EuropeanNumber => Self::EuropeanNumber,
            BidiClass::NonspacingMark => Self::Mark,
            BidiClass::EuropeanSeparator
            | BidiClass::CommonSeparator
            | BidiClass::EuropeanTerminator
            | BidiClass::OtherNeutral
            | BidiClass::BoundaryNeutral => Self::Neutral,
            _ => Self::Other,
        }
    }

    fn is_right_to_left(self) -> bool {
        matches!(self, Self::Right | Self::ArabicNumber)
    }
}
