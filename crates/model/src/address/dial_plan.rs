//! Which dialled digits are an international number.

use super::tel;
use serde::{Deserialize, Serialize};

/// The most rules of a dial plan.
pub const DIAL_RULES_MAX: usize = 1024;

/// The most digits dialled at once (`dialedDigits` of H.225.0).
pub const DIALED_DIGITS_MAX: usize = 128;

/// What a zone knows about the numbers dialled in it (D-31). It never guesses: what no rule names is private.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct DialPlan {
    /// The longest prefix first, so that the first rule that fits is the most exact.
    rules: Vec<DialRule>,
    country_code: Option<String>,
}

/// One rule: numbers that begin with `prefix` are international.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DialRule {
    /// The digits dialled first, for example `00`; may be empty.
    pub prefix: String,
    /// The digits of the international number that stand for the prefix, for example `44` for a prefix `0`.
    #[serde(default)]
    pub international: String,
    /// The fewest digits dialled, prefix included. Default 1.
    #[serde(default = "digits_min")]
    pub digits_min: usize,
    /// The most digits dialled, prefix included. Default 128.
    #[serde(default = "digits_max")]
    pub digits_max: usize,
}

impl DialPlan {
    /// Makes a plan of rules; their order does not matter, the longest prefix that fits wins.
    ///
    /// `country_code` makes numbers that their sender marks as national international; without it they are private.
    ///
    /// # Errors
    /// A rule that contradicts itself or another one, and too many of them.
    pub fn new(mut rules: Vec<DialRule>, country_code: Option<String>) -> Result<Self, DialPlanError> {
        if rules.len() > DIAL_RULES_MAX {
            return Err(DialPlanError::TooManyRules { count: rules.len(), limit: DIAL_RULES_MAX });
        }
        if let Some(code) = country_code.as_deref().filter(|code| tel::international(code).is_none()) {
            return Err(DialPlanError::CountryCode { code: code.to_owned() });
        }
        let is_digits = |text: &str| text.bytes().all(|octet| octet.is_ascii_digit());
        for rule in &rules {
            if !is_digits(&rule.prefix) || !is_digits(&rule.international) {
                return Err(DialPlanError::NotDigits { prefix: rule.prefix.clone() });
            }
            if rule.digits_min > rule.digits_max || rule.digits_max > DIALED_DIGITS_MAX {
                return Err(DialPlanError::Length { prefix: rule.prefix.clone() });
            }
        }
        rules.sort_by(|a, b| {
            (b.prefix.len(), &a.prefix, a.digits_min).cmp(&(a.prefix.len(), &b.prefix, b.digits_min))
        });
        for (rule, next) in rules.iter().zip(rules.iter().skip(1)) {
            if rule.prefix == next.prefix && next.digits_min <= rule.digits_max {
                return Err(DialPlanError::Overlap { prefix: rule.prefix.clone() });
            }
        }
        Ok(Self { rules, country_code })
    }

    /// The international number, `+` and digits, that these dialled digits mean; `None` where they are private.
    #[must_use]
    pub fn international(&self, dialed: &str) -> Option<String> {
        let rule = self.rules.iter().find(|rule| rule.fits(dialed))?;
        tel::international(&format!("{}{}", rule.international, dialed.strip_prefix(&rule.prefix)?))
    }

    /// The international number that the digits of a national number, without any prefix, mean.
    #[must_use]
    pub fn national(&self, digits: &str) -> Option<String> {
        tel::international(&format!("{}{digits}", self.country_code.as_ref()?))
    }
}

impl DialRule {
    fn fits(&self, dialed: &str) -> bool {
        dialed.starts_with(&self.prefix) && (self.digits_min..=self.digits_max).contains(&dialed.len())
    }
}

/// Why a dial plan can't be used; for the operator who wrote it.
#[non_exhaustive]
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DialPlanError {
    /// It has too many rules.
    #[error("the dial plan has {count} rules, more than {limit}")]
    TooManyRules {
        /// How many it has.
        count: usize,
        /// How many it may have.
        limit: usize,
    },
    /// The country code is not one to fifteen digits without a zero first.
    #[error("{code:?} is not a country code")]
    CountryCode {
        /// What is written.
        code: String,
    },
    /// A prefix or its replacement is not digits.
    #[error("the dial rule for {prefix:?} may have digits only")]
    NotDigits {
        /// Of which rule.
        prefix: String,
    },
    /// The lengths of a rule are reversed or beyond what can be dialled.
    #[error("the dial rule for {prefix:?} needs digits_min <= digits_max <= 128")]
    Length {
        /// Of which rule.
        prefix: String,
    },
    /// Two rules of one prefix both fit some number.
    #[error("two dial rules for {prefix:?} fit numbers of the same length")]
    Overlap {
        /// Of which rules.
        prefix: String,
    },
}

fn digits_min() -> usize {
    1
}

fn digits_max() -> usize {
    DIALED_DIGITS_MAX
}
