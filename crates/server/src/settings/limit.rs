//! Which values a field allows.

use std::fmt::Display;
use std::ops::RangeInclusive;

/// Which values of a type a field allows, for the check and in words for the reference.
pub(super) trait Limit<T> {
    fn holds(&self, value: &T) -> bool;
    fn words(&self) -> String;
}

impl<T: PartialOrd + Display> Limit<T> for RangeInclusive<T> {
    fn holds(&self, value: &T) -> bool {
        self.contains(value)
    }

    fn words(&self) -> String {
        format!("{} to {}", self.start(), self.end())
    }
}

/// The type says it all: what can be read is allowed.
pub(super) struct Any(pub &'static str);

impl<T> Limit<T> for Any {
    fn holds(&self, _: &T) -> bool {
        true
    }

    fn words(&self) -> String {
        self.0.to_owned()
    }
}

/// A list of at most so many.
pub(super) struct AtMost(pub usize, pub &'static str);

impl<T> Limit<Vec<T>> for AtMost {
    fn holds(&self, value: &Vec<T>) -> bool {
        value.len() <= self.0
    }

    fn words(&self) -> String {
        format!("at most {} {}", self.0, self.1)
    }
}

/// Text of so many UTF-16 units, as H.225.0 counts them.
pub(super) struct Units(pub RangeInclusive<usize>);

impl Limit<String> for Units {
    fn holds(&self, value: &String) -> bool {
        self.0.contains(&value.encode_utf16().count())
    }

    fn words(&self) -> String {
        format!("{} to {} characters", self.0.start(), self.0.end())
    }
}

/// A value that may be missing.
pub(super) struct IfSet<L>(pub L);

impl<T, L: Limit<T>> Limit<Option<T>> for IfSet<L> {
    fn holds(&self, value: &Option<T>) -> bool {
        value.as_ref().is_none_or(|value| self.0.holds(value))
    }

    fn words(&self) -> String {
        self.0.words()
    }
}
