//! `[rules]`: what becomes of those of whom no rule says anything.

use super::Written;
use super::limit::{Any, AtMost};
use super::table::table;
use jiff::tz::TimeZone;
use model::Handling;
use model::address::Domain;
use std::fmt;
use std::str::FromStr;

table! {
    /// Access rules: who may watch and write to whom. The rules themselves are made with `herald rules` and by people with
    /// their endpoints; here is what holds where there is none.
    RulesSettings as "rules" {
        /// What becomes of somebody of our own domains who wants to watch.
        own_domain: Written<Handling> = "confirm".parse().expect("it is a handling"),
            "", Any("block, confirm, polite-block or allow");
        /// What becomes of somebody of another domain who wants to watch.
        other_domains: Written<Handling> = "block".parse().expect("it is a handling"),
            "", Any("block, confirm, polite-block or allow");
        /// Domains that count as our own, besides that of the zone.
        domains: Vec<Domain> = Vec::new(), "", AtMost(1024, "domain names");
        /// The time zone of the hours in rules: `local` is that of the machine.
        time_zone: Written<ZoneOfHours> = "local".parse().expect("there is a local time"),
            "", Any("local, or a name like Europe/Zurich");
        /// The most rules of all owners and the operator together.
        rules_max: usize = 1_000_000, "", 1..=100_000_000;
        /// The most rules of one owner.
        rules_per_owner_max: usize = 256, "", 1..=4096;
        /// The most rules of the operator.
        operator_rules_max: usize = 4096, "", 1..=65_536;
    }
}

impl RulesSettings {
    /// Puts in the settings of the engine what is decided here, in a zone of this domain.
    pub fn decide(&self, settings: engine::Settings, domain: &Domain) -> engine::Settings {
        let domains = self.domains.iter().chain([domain]).cloned().collect();
        engine::Settings {
            defaults: engine::Defaults {
                domains,
                own_domain: *self.own_domain.value(),
                other_domains: *self.other_domains.value(),
            },
            time_zone: self.time_zone.value().0.clone(),
            limits: engine::Limits {
                rules_max: self.rules_max,
                rules_per_principal_max: self.rules_per_owner_max,
                operator_rules_max: self.operator_rules_max,
                ..settings.limits
            },
            ..settings
        }
    }
}

/// A time zone by its name.
#[derive(Clone, Debug)]
pub struct ZoneOfHours(TimeZone);

impl FromStr for ZoneOfHours {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "local" {
            return Ok(Self(TimeZone::system()));
        }
        TimeZone::get(text).map(Self).map_err(|_| format!("{text:?} is not the name of a time zone"))
    }
}

impl fmt::Display for ZoneOfHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.iana_name().unwrap_or("local"))
    }
}
