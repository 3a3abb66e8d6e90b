//! Numbers that threads count together.

/// Declares a set of counters: `field "stable.name" "what is counted";` for each.
macro_rules! counters {
    ($(#[doc = $about:literal])* $set:ident { $( $field:ident $name:literal $help:literal; )* }) => {
        $(#[doc = $about])*
        #[derive(Debug, Default)]
        pub(crate) struct $set { $( pub $field: std::sync::Arc<std::sync::atomic::AtomicU64>, )* }

        impl $set {
            /// All of them with their names, in the order of declaration.
            pub fn list(&self) -> Vec<link::Counter> {
                vec![$( link::Counter {
                    name: $name.to_owned(),
                    value: self.$field.load(std::sync::atomic::Ordering::Relaxed),
                    help: $help.to_owned(),
                }, )*]
            }
        }
    };
}
pub(crate) use counters;
