//! `[directory]`: people and groups from LDAP.

use super::limit::{Any, AtMost, IfSet, Units};
use super::table::table;
use super::{Problem, Written};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

table! {
    /// People and groups from a directory: LDAP, Active Directory among them. Nothing is ever written there. See "People and
    /// groups from a directory" in the book.
    DirectorySettings as "directory" {
        /// The servers, as `ldaps://HOST` or `ldap://HOST:PORT`; the first that answers counts. None: there is no directory.
        urls: Vec<Written<ServerUrl>> = Vec::new(), "", AtMost(8, "servers");
        /// What kind it is; it decides the defaults of the filters and attributes below.
        kind: DirectoryKind = DirectoryKind::Openldap, "", Any("\"openldap\" or \"active-directory\"");
        /// Whether TLS is begun on `ldap://` before anything is sent (StartTLS). `false` sends passwords in the clear.
        starttls: bool = true, "", Any("true or false");
        /// The file with the certificates that vouch for the servers, as PEM. Not set: those of the system.
        ca_file: Option<PathBuf> = None, "", IfSet(Any("a path"));
        /// The account that Herald reads with. Not set: it reads as nobody.
        bind_dn: Option<String> = None, "", IfSet(Units(1..=1024));
        /// The file with the password of `bind_dn` on its first line, which only the server's user can read. It is read for
        /// each connection.
        password_file: Option<PathBuf> = None, "", IfSet(Any("a path"));
        /// The entry below which everything is, like `dc=example,dc=com`.
        base: String = String::new(), "", Units(0..=1024);
        /// The entry below which people are. Not set: `base`.
        people_base: Option<String> = None, "", IfSet(Units(1..=1024));
        /// The entry below which groups are. Not set: `base`.
        groups_base: Option<String> = None, "", IfSet(Units(1..=1024));
        /// Which entries are people (RFC 4515). Not set: by `kind`, `(|(objectClass=inetOrgPerson)(objectClass=h323Identity))`
        /// or `(&(objectCategory=person)(objectClass=user))`.
        people_filter: Option<Written<Filter>> = None, "", IfSet(Any("a filter"));
        /// Which entries are groups (RFC 4515). Not set: by `kind`, those of the classes `groupOfNames`, `groupOfUniqueNames`
        /// and `posixGroup`, or `(objectClass=group)`.
        groups_filter: Option<Written<Filter>> = None, "", IfSet(Any("a filter"));
        /// The attribute with the name that somebody signs in with. Not set: by `kind`, `uid` or `sAMAccountName`.
        user_attribute: Option<String> = None, "", IfSet(Units(1..=128));
        /// Attributes with aliases of a person. Not set: `user_attribute`, `mail`, and those of H.350
        /// (`h323Identityh323-ID`, `h323IdentitydialedDigits`, `h323Identityemail-ID`).
        address_attributes: Option<Vec<String>> = None, "", IfSet(AtMost(32, "attributes"));
        /// Attributes with telephone numbers, which are aliases without spaces and dashes. Not set: by `kind`, none or
        /// `ipPhone`.
        number_attributes: Option<Vec<String>> = None, "", IfSet(AtMost(32, "attributes"));
        /// The attribute with the name of a group, under which it is a group here.
        group_attribute: String = "cn".to_owned(), "", Units(1..=128);
        /// Attributes of groups with their members: distinguished names, or names to sign in with. Not set: by `kind`,
        /// `member`, `uniqueMember` and `memberUid`, or `member`. Groups that a person or a group names in `memberOf` count
        /// besides.
        member_attributes: Option<Vec<String>> = None, "", IfSet(AtMost(32, "attributes"));
        /// Whether H.235 passwords are taken from `h235IdentityPassword`, and the names of their users from
        /// `h235IdentityEndpointID` where there is one (H.350.2).
        h235_passwords: bool = false, "", Any("true or false");
        /// Whether these passwords are kept, encrypted, for endpoints that can do only MD5 or CAT.
        h235_legacy: bool = false, "", Any("true or false");
        /// How often everything is read. `herald directory sync` reads at once.
        sync_interval: u32 = 600, "s", 1..=604_800;
        /// How long one answer may take.
        answer_max_ms: u64 = 10_000, "ms", 100..=120_000;
        /// Entries that are asked for at one time (RFC 2696).
        page_size: u16 = 500, "", 1..=10_000;
        /// The most people, and the most groups. A directory with more is not taken over.
        entries_max: usize = 200_000, "", 1..=1_000_000;
        /// How much of what has 10 or more may disappear at one time: members of a group, or people altogether. More is not
        /// carried out until `herald directory sync --force`.
        removals_max: u8 = 50, "%", 0..=100;
    }
}

/// What kind of directory it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DirectoryKind {
    /// OpenLDAP and the like.
    Openldap,
    /// Active Directory.
    ActiveDirectory,
}

/// The URL of a server.
#[derive(Clone, Debug)]
pub struct ServerUrl(String);

impl FromStr for ServerUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        directory::check_url(text).map(|()| Self(text.to_owned()))
    }
}

/// A filter.
#[derive(Clone, Debug)]
pub struct Filter(String);

impl FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        directory::check_filter(text).map(|()| Self(text.to_owned()))
    }
}

impl DirectorySettings {
    /// Whether there is a directory.
    pub const fn is_on(&self) -> bool {
        !self.urls.is_empty()
    }

    /// How often everything is read.
    pub fn interval(&self) -> Duration {
        Duration::from_secs(self.sync_interval.into())
    }

    /// What the conversation with the directory is told.
    pub fn directory(&self) -> directory::Settings {
        let default = directory::Settings::of(match self.kind {
            DirectoryKind::Openldap => directory::Kind::OpenLdap,
            DirectoryKind::ActiveDirectory => directory::Kind::ActiveDirectory,
        });
        let filter =
            |filter: &Option<Written<Filter>>| filter.as_ref().map(|filter| filter.value().0.clone());
        let user_attribute = self.user_attribute.clone().unwrap_or_else(|| default.user_attribute.clone());
        // Where the name to sign in with is another attribute, that is an alias in the place of the usual one.
        let usual = default.address_attributes.iter();
        let addresses =
            usual.map(|name| if *name == default.user_attribute { &user_attribute } else { name });
        let address_attributes = addresses.cloned().collect();
        directory::Settings {
            urls: self.urls.iter().map(|url| url.value().0.clone()).collect(),
            starttls: self.starttls,
            ca_file: self.ca_file.clone(),
            bind_dn: self.bind_dn.clone(),
            password_file: self.password_file.clone(),
            base: self.base.clone(),
            people_base: self.people_base.clone(),
            groups_base: self.groups_base.clone(),
            people_filter: filter(&self.people_filter).unwrap_or(default.people_filter),
            groups_filter: filter(&self.groups_filter).unwrap_or(default.groups_filter),
            address_attributes: self.address_attributes.clone().unwrap_or(address_attributes),
            number_attributes: self.number_attributes.clone().unwrap_or(default.number_attributes),
            group_attribute: self.group_attribute.clone(),
            member_attributes: self.member_attributes.clone().unwrap_or(default.member_attributes),
            title_attributes: default.title_attributes,
            takes_passwords: self.h235_passwords,
            page_size: self.page_size,
            entries_max: self.entries_max,
            answer_max: Duration::from_millis(self.answer_max_ms),
            user_attribute,
        }
    }

    /// What is wrong with fields that depend on each other.
    pub(super) fn check_together(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut wrong = |field, text: &str| problems.push(Problem::at("directory", field, text.to_owned()));
        if self.is_on() && self.base.is_empty() && (self.people_base.is_none() || self.groups_base.is_none())
        {
            wrong("urls", "`base` is needed, unless `people_base` and `groups_base` are set");
        }
        if self.bind_dn.is_some() && self.password_file.is_none() {
            wrong(
                "bind_dn",
                "its password must be in a file that `password_file` names; without one nothing is proved",
            );
        }
        if self.password_file.is_some() && self.bind_dn.is_none() {
            wrong("password_file", "there is no `bind_dn` whose password it is");
        }
        if self.h235_legacy && !self.h235_passwords {
            wrong("h235_legacy", "it needs `h235_passwords = true`");
        }
        problems
    }
}
