//! `[zone]`: names.

use super::limit::{Any, AtMost, IfSet};
use super::table::table;
use super::{Problem, Written};
use h323::alias::Zone;
use model::Address;
use model::address::{DIAL_RULES_MAX, DialPlan, DialRule, Domain, PseudonymKey};

table! {
    /// Whose presence this server tells, and what the names mean that endpoints register.
    ZoneSettings as "zone" {
        /// The domain of everybody registered here: an endpoint that registers `alice` is `alice@<domain>`.
        /// Names that are stored keep the domain they were registered under, so choose it before the first
        /// endpoint comes.
        domain: Written<Domain> = "localhost".parse().expect("localhost is a host name"),
            "", Any("a domain name");
        /// Domains of others that an h323-ID may name after its `@`.
        foreign_domains: Vec<Domain> = Vec::new(), "", AtMost(1024, "domain names");
        /// The country code that makes numbers marked as national international.
        country_code: Option<String> = None, "", IfSet(Any("1 to 15 digits, not beginning with 0"));
        /// Which dialled digits are an international number: `{ prefix = "00" }`, or
        /// `{ prefix = "0", international = "44", digits_min = 10, digits_max = 11 }`. Digits that no rule names
        /// are a number of this zone only.
        dial_rules: Vec<DialRule> = Vec::new(), "", AtMost(DIAL_RULES_MAX, "rules");
        /// Digits with `*`, `#` or `,` that are somebody all the same.
        service_codes: Vec<String> = Vec::new(), "", AtMost(1024, "codes");
        /// Addresses that name an endpoint before the other names it registers.
        preferred_addresses: Vec<Address> = Vec::new(), "", AtMost(1_000_000, "addresses");
    }
}

impl ZoneSettings {
    /// What is wrong beyond the single values.
    pub(super) fn check_together(&self) -> Option<Problem> {
        self.dial_plan().err().map(|problem| Problem::at("zone", "dial_rules", problem))
    }

    /// The zone as the gatekeeper knows it.
    ///
    /// # Errors
    /// A dial plan that contradicts itself.
    pub fn zone(&self, pseudonym_key: PseudonymKey) -> Result<Zone, String> {
        Ok(Zone {
            domain: self.domain.value().clone(),
            foreign: self.foreign_domains.iter().cloned().collect(),
            dial_plan: self.dial_plan()?,
            service_codes: self.service_codes.iter().cloned().collect(),
            configured: self.preferred_addresses.iter().cloned().collect(),
            pseudonym_key,
        })
    }

    fn dial_plan(&self) -> Result<DialPlan, String> {
        DialPlan::new(self.dial_rules.clone(), self.country_code.clone()).map_err(|error| error.to_string())
    }
}
