//! Groups: what an entry says of one.

use crate::entry::Entry;
use crate::person::is_usable;
use crate::settings::Settings;

/// A group as its entry has it: its members are not looked up yet.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DirectoryGroup {
    /// The distinguished name.
    pub dn: String,
    /// Its name.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// Its members: distinguished names, or names to sign in with.
    pub members: Vec<String>,
    /// The distinguished names of groups that it says it is in.
    pub(crate) member_of: Vec<String>,
}

impl DirectoryGroup {
    /// The group that an entry is; `None` where it has no name.
    #[must_use]
    pub fn read(entry: &Entry, settings: &Settings) -> Option<Self> {
        let name = entry.first(&settings.group_attribute).filter(|name| is_usable(name))?;
        let title = entry.first("description").filter(|title| is_usable(title)).unwrap_or(name);
        let members = settings.member_attributes.iter().flat_map(|attribute| entry.values(attribute));
        Some(Self {
            dn: entry.dn.clone(),
            name: name.to_owned(),
            title: title.to_owned(),
            members: members.map(str::to_owned).collect(),
            member_of: entry.values("memberOf").map(str::to_owned).collect(),
        })
    }
}
