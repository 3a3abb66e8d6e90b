//! How much of a document is read.

/// The limits of one document. What exceeds one is refused whole.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Octets of the document. Default 65,536.
    pub octets_max: usize,
    /// Elements within each other. Default and most 64.
    pub depth_max: usize,
    /// Elements in all. Default 4,096.
    pub elements_max: usize,
    /// Attributes of one element, declarations of namespaces among them. Default 64.
    pub attributes_max: usize,
    /// Octets of a name, of an element or attribute with its prefix. Default 128.
    pub name_octets_max: usize,
    /// Declarations of namespaces in force at one place. Default 64.
    pub namespaces_max: usize,
}

impl Limits {
    /// The limits of a document that nothing is known of.
    pub const DEFAULT: Self = Self {
        octets_max: 65_536,
        depth_max: 64,
        elements_max: 4096,
        attributes_max: 64,
        name_octets_max: 128,
        namespaces_max: 64,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}
