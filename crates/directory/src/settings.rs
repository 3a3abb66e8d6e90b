//! What the operator decides about a directory.

use std::path::PathBuf;
use std::time::Duration;

/// What is asked of a directory, and how.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Settings {
    /// The servers, `ldap://` or `ldaps://`; the first that answers counts.
    pub urls: Vec<String>,
    /// Whether TLS is begun on `ldap://` (RFC 4511 clause 4.14). Without, everything goes in the clear.
    pub starttls: bool,
    /// The certificates that vouch for the servers, as PEM; `None`: those of the system.
    pub ca_file: Option<PathBuf>,
    /// Who we are there; `None`: nobody.
    pub bind_dn: Option<String>,
    /// The file whose first line is the password of `bind_dn`. It is read each time.
    pub password_file: Option<PathBuf>,
    /// Below which entry everything is.
    pub base: String,
    /// Below which entry people are; `None`: `base`.
    pub people_base: Option<String>,
    /// Below which entry groups are; `None`: `base`.
    pub groups_base: Option<String>,
    /// Which entries are people (RFC 4515).
    pub people_filter: String,
    /// Which entries are groups.
    pub groups_filter: String,
    /// The attribute with the name that somebody signs in with.
    pub user_attribute: String,
    /// Attributes with a name for people; the first that is there counts.
    pub title_attributes: Vec<String>,
    /// Attributes with aliases.
    pub address_attributes: Vec<String>,
    /// Attributes with telephone numbers, which are aliases without their spaces and dashes.
    pub number_attributes: Vec<String>,
    /// The attribute with the name of a group.
    pub group_attribute: String,
    /// Attributes of groups with their members: distinguished names, or names to sign in with.
    pub member_attributes: Vec<String>,
    /// Whether passwords of H.235 are taken from `h235IdentityPassword` (H.350.2).
    pub takes_passwords: bool,
    /// Entries that are asked for at one time (RFC 2696).
    pub page_size: u16,
    /// The most people, and the most groups.
    pub entries_max: usize,
    /// The longest wait for one answer.
    pub answer_max: Duration,
}

/// What kind of directory it is: what is not decided is decided by this.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Kind {
    /// OpenLDAP and others with the schema of RFC 2798, RFC 4519 and H.350.
    #[default]
    OpenLdap,
    /// Active Directory.
    ActiveDirectory,
}

impl Default for Settings {
    fn default() -> Self {
        Self::of(Kind::OpenLdap)
    }
}

impl Settings {
    /// The settings for a kind of directory, in which nothing is said of servers and bases.
    #[must_use]
    pub fn of(kind: Kind) -> Self {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        // H.350.1 clause 7.
        let h350 = ["h323Identityh323-ID", "h323IdentitydialedDigits", "h323Identityemail-ID"];
        let (people, groups, user, numbers, members) = match kind {
            Kind::OpenLdap => (
                "(|(objectClass=inetOrgPerson)(objectClass=h323Identity))",
                "(|(objectClass=groupOfNames)(objectClass=groupOfUniqueNames)(objectClass=posixGroup))",
                "uid",
                list(&[]),
                list(&["member", "uniqueMember", "memberUid"]),
            ),
            // A person is no computer; the category is indexed.
            Kind::ActiveDirectory => (
                "(&(objectCategory=person)(objectClass=user))",
                "(objectClass=group)",
                "sAMAccountName",
                list(&["ipPhone"]),
                list(&["member"]),
            ),
        };
        let addresses = [user, "mail"].into_iter().chain(h350);
        Self {
            urls: Vec::new(),
            starttls: true,
            ca_file: None,
            bind_dn: None,
            password_file: None,
            base: String::new(),
            people_base: None,
            groups_base: None,
            people_filter: people.to_owned(),
            groups_filter: groups.to_owned(),
            user_attribute: user.to_owned(),
            title_attributes: list(&["displayName", "cn"]),
            address_attributes: addresses.map(str::to_owned).collect(),
            number_attributes: numbers,
            group_attribute: "cn".to_owned(),
            member_attributes: members,
            takes_passwords: false,
            page_size: 500,
            entries_max: 200_000,
            answer_max: Duration::from_secs(10),
        }
    }

    /// The attributes that are asked for of people.
    pub(crate) fn person_attributes(&self) -> Vec<String> {
        let known = ["memberOf", "mail", "telephoneNumber"];
        // Where directories say that an account may not be used. Some give it only to who asks for it by name.
        let state = ["userAccountControl", "nsAccountLock", "pwdAccountLockedTime"];
        let h235: &[&str] = if self.takes_passwords { &[H235_ENDPOINT_ID, H235_PASSWORD] } else { &[] };
        let mut all = vec![self.user_attribute.clone()];
        all.extend_from_slice(&self.title_attributes);
        all.extend_from_slice(&self.address_attributes);
        all.extend_from_slice(&self.number_attributes);
        all.extend(known.iter().chain(&state).chain(h235).map(|name| (*name).to_owned()));
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The attributes that are asked for of groups.
    pub(crate) fn group_attributes(&self) -> Vec<String> {
        let mut all = vec![self.group_attribute.clone(), "description".to_owned(), "memberOf".to_owned()];
        all.extend_from_slice(&self.member_attributes);
        all
    }
}

/// The name that the tokens of somebody have (H.350.2 clause 7.2).
pub(crate) const H235_ENDPOINT_ID: &str = "h235IdentityEndpointID";

/// The password of H.235 (H.350.2 clause 7.3).
pub(crate) const H235_PASSWORD: &str = "h235IdentityPassword";

/// Whether a text is a filter (RFC 4515).
///
/// # Errors
/// It is none; the error says so.
pub fn check_filter(text: &str) -> Result<(), String> {
    ldap3::parse_filter(text).map(drop).map_err(|()| format!("{text:?} is no filter of RFC 4515"))
}

/// Whether a text is the URL of a directory server.
///
/// # Errors
/// It is none; the error says what one looks like.
pub fn check_url(text: &str) -> Result<(), String> {
    let rest = text.strip_prefix("ldap://").or_else(|| text.strip_prefix("ldaps://"));
    let is_host = |rest: &str| {
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        !rest.is_empty() && rest.chars().all(|c| c.is_ascii_alphanumeric() || "-._:[]".contains(c))
    };
    match rest.is_some_and(is_host) {
        true => Ok(()),
        false => Err(format!(
            "{text:?} is no server; write one like ldaps://ldap.example.com or ldap://ldap.example.com:389, without a base"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_named_by_scheme_and_host() {
        for right in ["ldap://ldap.example.com", "ldaps://[2001:db8::1]:636/", "ldap://192.0.2.1:3890"] {
            assert_eq!(check_url(right), Ok(()));
        }
        for wrong in ["", "ldap://", "http://example.com", "ldap://h/dc=example", "ldapi:///", "ldap://u:p@h"]
        {
            assert!(check_url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_filters_that_are_there_without_the_operator_are_filters() {
        for kind in [Kind::OpenLdap, Kind::ActiveDirectory] {
            let settings = Settings::of(kind);
            check_filter(&settings.people_filter).unwrap();
            check_filter(&settings.groups_filter).unwrap();
        }
        assert!(check_filter("(uid=*)(").is_err());
    }
}
