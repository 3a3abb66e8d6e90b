//! One declaration for each table of the file: from it come the struct, the defaults, the checks and the reference.

use super::Problem;

/// A table of the configuration file.
pub(super) trait Table {
    /// Its name in brackets.
    const NAME: &'static str;
    /// What it is about.
    const ABOUT: &'static [&'static str];

    /// Its fields with their defaults, in the order of the reference.
    fn fields() -> Vec<Field>;

    /// What is wrong with its values.
    fn check(&self) -> Vec<Problem>;
}

/// A field as the reference shows it.
pub(super) struct Field {
    pub name: &'static str,
    /// The lines of its doc comment.
    pub about: &'static [&'static str],
    /// The default as TOML; `None` where the field is not set by default.
    pub default: Option<String>,
    /// The unit of the value; empty where it has none.
    pub unit: &'static str,
    /// What values are allowed.
    pub range: String,
}

/// When a changed value counts. No field is read again while the server runs.
pub(super) const RELOAD: &str = "restart";

/// A default as TOML.
pub(super) fn as_toml(value: &impl serde::Serialize) -> Option<String> {
    toml::Value::try_from(value).ok().map(|value| value.to_string())
}

/// Declares a table: `name: type = default, "unit", range;` for each field, where the range is a [`Limit`](super::limit::Limit).
macro_rules! table {
    (
        $(#[doc = $about:literal])*
        $table:ident as $key:literal {
            $(
                $(#[doc = $field_about:literal])*
                $field:ident: $type:ty = $default:expr, $unit:literal, $range:expr;
            )*
        }
    ) => {
        $(#[doc = $about])*
        #[derive(Clone, Debug, PartialEq, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct $table {
            $( $(#[doc = $field_about])* pub $field: $type, )*
        }

        impl Default for $table {
            fn default() -> Self {
                Self { $( $field: $default, )* }
            }
        }

        impl $crate::settings::table::Table for $table {
            const NAME: &'static str = $key;
            const ABOUT: &'static [&'static str] = &[$($about),*];

            fn fields() -> Vec<$crate::settings::table::Field> {
                let default = Self::default();
                vec![$( $crate::settings::table::Field {
                    name: stringify!($field),
                    about: &[$($field_about),*],
                    default: $crate::settings::table::as_toml(&default.$field),
                    unit: $unit,
                    range: $crate::settings::limit::Limit::<$type>::words(&$range),
                }, )*]
            }

            fn check(&self) -> Vec<$crate::settings::Problem> {
                let mut problems = Vec::new();
                $( if !$crate::settings::limit::Limit::<$type>::holds(&$range, &self.$field) {
                    let words = $crate::settings::limit::Limit::<$type>::words(&$range);
                    problems.push($crate::settings::Problem::at($key, stringify!($field), format!(
                        "{} is out of range; allowed: {words}",
                        $crate::settings::table::as_toml(&self.$field).unwrap_or_default(),
                    )));
                } )*
                problems
            }
        }
    };
}
pub(super) use table;
