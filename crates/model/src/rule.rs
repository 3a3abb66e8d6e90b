//! Access rules and delivery rules: who may watch and write to whom, and how much is seen (RFC 2778, RFC 4745, RFC 5025).
//!
//! A rule is written by the operator, and then stands above all that people decide, or on behalf of one owner. How rules
//! combine is the engine's to say.

use crate::address::Domain;
use crate::{Address, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// One rule.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rule {
    /// What it is about; there is one rule of each key.
    #[serde(flatten)]
    pub key: RuleKey,
    /// What becomes of those whom it is about.
    pub handling: Handling,
    /// How much they see, where they may watch.
    pub amount: Amount,
    /// When it holds.
    #[serde(default, skip_serializing_if = "Times::is_always")]
    pub times: Times,
    /// When it was made.
    pub since: Timestamp,
}

/// What a rule is about.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleKey {
    /// Who made it.
    pub level: Level,
    /// Whose presence and inbox it protects.
    pub whom: Subject,
    /// Who wants to watch or to write.
    pub who: Subject,
    /// What for.
    pub service: Service,
}

/// Who makes a rule. The order is that in which rules decide.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    /// The operator, above everybody's own rules.
    Operator,
    /// The one whom it protects, an [`Subject::Address`].
    Owner,
}

/// Whom a rule names. The order is that in which rules of one level decide: the closer, the sooner.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Hash)]
pub enum Subject {
    /// The principal of any of these names.
    Address(Address),
    /// Who has a device that has not shown who it is: a name that is only claimed may be anybody's.
    Unauthenticated,
    /// The members of a group.
    Group(Address),
    /// Everybody of a domain.
    Domain(Domain),
    /// Everybody who comes through a gateway, by its name: `h323`.
    Gateway(String),
    /// Whom the owner watches.
    Contacts,
    /// Who does not say who it is.
    Anonymous,
    /// Everybody.
    Everybody,
}

/// What a rule is for. The more special one of two rules that are alike decides.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Service {
    /// Watching.
    Presence,
    /// Writing.
    Messages,
    /// Both.
    All,
}

/// What becomes of a watcher or a sender, in the order of strength (RFC 5025, section 3.2.1).
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Handling {
    /// Refused, and told so.
    Block,
    /// The owner is asked; who only wants to write must be somebody to whom the owner has agreed.
    Confirm,
    /// Refused, and sees an owner who is away.
    PoliteBlock,
    /// Granted.
    Allow,
}

impl Handling {
    /// The numeric strength that RFC 5025 gives it.
    pub const fn strength(self) -> u8 {
        match self {
            Self::Block => 0,
            Self::Confirm => 10,
            Self::PoliteBlock => 20,
            Self::Allow => 30,
        }
    }
}

/// How much of the presence of somebody a watcher sees, from nothing to all.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Amount {
    /// Nothing: as if always away.
    Nothing,
    /// Whether he can be reached.
    Basic,
    /// Also what he does, since when, and what he says of it.
    Activity,
    /// Also through which devices, with which capabilities and contacts.
    #[default]
    Everything,
    /// Also where he is.
    Location,
}

/// When a rule holds.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Times {
    /// From this moment on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Until before this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Only at these hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
}

impl Times {
    /// Whether the rule always holds.
    pub fn is_always(&self) -> bool {
        *self == Self::default()
    }
}

/// Hours of the week, in the time of the zone.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Hours {
    /// The days, Monday in the lowest of seven bits.
    pub days: u8,
    /// From this minute of the day on, 0 to 1439.
    pub from: u16,
    /// Until before this minute, 1 to 1440. Where it is not after [`Self::from`] it is one of the next day.
    pub until: u16,
}

/// The days of [`Hours::days`], in order.
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

impl FromStr for Hours {
    type Err = String;

    /// Reads `mon-fri 08:00-18:00`, `sat,sun 00:00-24:00` or `22:00-06:00`.
    fn from_str(text: &str) -> Result<Self, String> {
        let malformed = || format!("{text:?} is not hours; write them like 'mon-fri 08:00-18:00'");
        let (days, hours) = text.trim().rsplit_once(' ').unwrap_or(("mon-sun", text.trim()));
        let day = |name: &str| {
            let name = name.trim().to_ascii_lowercase();
            DAYS.iter().position(|day| *day == name).ok_or_else(malformed)
        };
        let mut bits = 0;
        for part in days.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (mut at, last) = (day(first)?, day(last)?);
            bits |= 1 << at;
            while at != last {
                at = (at + 1) % 7;
                bits |= 1 << at;
            }
        }
        let minute = |clock: &str| {
            let (hour, minute) = clock.trim().split_once(':').ok_or_else(malformed)?;
            let is_plain = |digits: &str| digits.len() == 2 && digits.bytes().all(|it| it.is_ascii_digit());
            let number = |digits: &str| digits.parse::<u16>().map_err(|_| malformed());
            if !is_plain(hour) || !is_plain(minute) || number(minute)? > 59 {
                return Err(malformed());
            }
            let minutes = number(hour)? * 60 + number(minute)?;
            if minutes > DAY { Err(malformed()) } else { Ok(minutes) }
        };
        let (from, until) = hours.split_once('-').ok_or_else(malformed)?;
        let (from, until) = (minute(from)?, minute(until)?);
        if from == DAY || until == 0 || from == until {
            return Err(malformed());
        }
        Ok(Self { days: bits, from, until })
    }
}

/// Minutes of a day.
const DAY: u16 = 1440;

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let days = DAYS.iter().enumerate().filter(|(at, _)| self.days & (1 << at) != 0);
        let days = Vec::from_iter(days.map(|(_, day)| *day)).join(",");
        let clock = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        write!(f, "{days} {}-{}", clock(self.from), clock(self.until))
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Group(address) => write!(f, "group:{address}"),
            Self::Domain(domain) => write!(f, "domain:{}", domain.as_str()),
            Self::Gateway(name) => write!(f, "gateway:{name}"),
            Self::Contacts => f.write_str("contacts"),
            Self::Unauthenticated => f.write_str("unauthenticated"),
            Self::Anonymous => f.write_str("anonymous"),
            Self::Everybody => f.write_str("everybody"),
        }
    }
}

impl FromStr for Subject {
    type Err = String;

    /// Reads what [`fmt::Display`] writes.
    fn from_str(text: &str) -> Result<Self, String> {
        let address = |text: &str| Address::parse(text).map_err(|error| format!("{text:?}: {error}"));
        Ok(match text {
            "contacts" => Self::Contacts,
            "unauthenticated" => Self::Unauthenticated,
            "anonymous" => Self::Anonymous,
            "everybody" => Self::Everybody,
            _ => match text.split_once(':') {
                Some(("group", group)) => Self::Group(address(group)?),
                Some(("domain", domain)) => {
                    Self::Domain(Domain::parse(domain).map_err(|error| format!("{domain:?}: {error}"))?)
                }
                Some(("gateway", name)) if is_gateway_name(name) => Self::Gateway(name.to_owned()),
                Some(("gateway", name)) => return Err(format!("{name:?} is not the name of a gateway")),
                _ => Self::Address(address(text)?),
            },
        })
    }
}

fn is_gateway_name(name: &str) -> bool {
    (1..=32).contains(&name.len()) && name.bytes().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit())
}

impl Serialize for Subject {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Subject {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// The words of an enumeration, as people write them.
macro_rules! words {
    ($type:ident, $what:literal: $($word:literal $variant:ident),+) => {
        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(match self { $(Self::$variant => $word,)+ })
            }
        }

        impl FromStr for $type {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(format!(concat!("{:?} is not ", $what, "; there are: {}"), text, [$($word),+].join(", "))),
                }
            }
        }
    };
}

words!(Level, "a level": "operator" Operator, "owner" Owner);
words!(Service, "a service": "presence" Presence, "messages" Messages, "all" All);
words!(Handling, "a handling": "block" Block, "confirm" Confirm, "polite-block" PoliteBlock, "allow" Allow);
words!(
    Amount, "an amount":
    "nothing" Nothing, "basic" Basic, "activity" Activity, "everything" Everything, "location" Location
);

/// Why a rule can't be.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RuleError {
    /// Only the operator has rules for others than one.
    #[error("a rule of an owner protects one address, not {whom}")]
    NotAnOwner {
        /// Whom it would protect.
        whom: Subject,
    },
    /// Who is named by how he comes, or by whom he knows, can't be protected.
    #[error("a rule can't protect {whom}")]
    NotProtectable {
        /// Whom it would protect.
        whom: Subject,
    },
    /// Who is asked whether nothing may be seen can't say anything that matters.
    #[error("only what is allowed can be shown as nothing")]
    Nothing,
    /// It would never hold.
    #[error("the rule would never hold: it ends before it begins")]
    Never,
}

impl Rule {
    /// Whether the rule makes sense.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), RuleError> {
        self.key.check()?;
        if self.amount == Amount::Nothing && self.handling != Handling::Allow {
            return Err(RuleError::Nothing);
        }
        let Times { from, until, .. } = self.times;
        match (from, until) {
            (Some(from), Some(until)) if until <= from => Err(RuleError::Never),
            _ => Ok(()),
        }
    }
}

impl RuleKey {
    /// Whether there can be a rule of this key.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self) -> Result<(), RuleError> {
        let whom = &self.whom;
        match (self.level, whom) {
            (Level::Owner, Subject::Address(_)) => Ok(()),
            (Level::Owner, _) => Err(RuleError::NotAnOwner { whom: whom.clone() }),
            (
                Level::Operator,
                Subject::Address(_) | Subject::Group(_) | Subject::Domain(_) | Subject::Everybody,
            ) => Ok(()),
            (Level::Operator, _) => Err(RuleError::NotProtectable { whom: whom.clone() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_and_hours_are_read_as_they_are_written() {
        for text in [
            "alice@example.com",
            "group:board@example.com",
            "domain:example.org",
            "gateway:xmpp",
            "contacts",
            "unauthenticated",
            "anonymous",
            "everybody",
        ] {
            assert_eq!(text.parse::<Subject>().map(|it| it.to_string()), Ok(text.to_owned()));
        }
        for text in ["mon,tue,wed,thu,fri 08:00-18:00", "sat,sun 00:00-24:00", "fri 22:00-06:00"] {
            assert_eq!(text.parse::<Hours>().map(|it| it.to_string()), Ok(text.to_owned()));
        }
        assert_eq!("sat-mon 09:30-10:00".parse::<Hours>().map(|it| it.days), Ok(0b110_0001));
        assert_eq!("22:00-06:00".parse::<Hours>().map(|it| it.days), Ok(0b111_1111));
    }

    #[test]
    fn what_is_no_subject_and_no_hours_is_refused() {
        for text in ["", "group:", "domain:not a domain", "gateway:X", "gateway:", "a b@", "domain:"] {
            assert!(text.parse::<Subject>().is_err(), "{text:?}");
        }
        for text in [
            "",
            "mon",
            "8:00-9:00",
            "08:00-08:00",
            "24:00-01:00",
            "08:00-25:00",
            "mo 08:00-09:00",
            "08:60-09:00",
        ] {
            assert!(text.parse::<Hours>().is_err(), "{text:?}");
        }
    }

    // covers: F-01
    #[test]
    fn treatments_have_the_strengths_of_rfc_5025_in_order() {
        let all = [Handling::Block, Handling::Confirm, Handling::PoliteBlock, Handling::Allow];
        assert!(all.is_sorted());
        assert_eq!(all.map(Handling::strength), [0, 10, 20, 30]);
    }
}
