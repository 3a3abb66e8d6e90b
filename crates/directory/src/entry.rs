//! Entries: what a directory says of one thing.

use std::collections::BTreeMap;

/// An entry with the attributes that were asked for.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Entry {
    /// Its distinguished name as the directory writes it.
    pub dn: String,
    /// The values of each attribute. Values that are no UTF-8 are left out.
    attributes: BTreeMap<String, Vec<String>>,
}

impl Entry {
    /// An entry. Attributes are known by their names without options: Active Directory gives those of a large group as
    /// `member;range=0-1499`.
    #[must_use]
    pub fn new(dn: String, attributes: impl IntoIterator<Item = (String, Vec<String>)>) -> Self {
        let mut entry = Self { dn, attributes: BTreeMap::new() };
        for (name, values) in attributes {
            let name = name.split(';').next().unwrap_or_default().to_ascii_lowercase();
            entry.attributes.entry(name).or_default().extend(values);
        }
        entry
    }

    /// The values of an attribute.
    pub fn values(&self, attribute: &str) -> impl Iterator<Item = &str> {
        let values = self.attributes.get(&attribute.to_ascii_lowercase());
        values.into_iter().flatten().map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// The first value of an attribute.
    #[must_use]
    pub fn first(&self, attribute: &str) -> Option<&str> {
        self.values(attribute).next()
    }
}
