//! What came of a password.

use crate::person::Person;

/// What came of a name and a password. Strangers are told only whether it is [`Login::Right`].
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Login {
    /// The directory takes them.
    Right(Box<Person>),
    /// The directory does not take the password.
    Wrong,
    /// Nobody has the name.
    Unknown,
    /// Several have the name, so nobody can say whose password it is.
    Ambiguous,
    /// The account may not be used; its password was not looked at.
    Disabled,
}
