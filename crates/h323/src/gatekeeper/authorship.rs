//! Whom a message comes from, as its recipient is shown it: who wrote it, or the group it was written to.
//!
//! What is answered goes where it comes from. To an endpoint that knows nothing of groups a message comes from the group
//! therefore, and its text begins with who wrote it.

use model::{Delivery, NamedAddress};
use std::borrow::Cow;

/// Whom an answer is for.
pub(super) fn correspondent(delivery: &Delivery) -> &NamedAddress {
    delivery.group.as_ref().unwrap_or(&delivery.sender)
}

/// The text for an endpoint that is shown the correspondent only.
pub(super) fn attributed(delivery: &Delivery) -> Cow<'_, str> {
    let text = delivery.message.text.as_str();
    match &delivery.group {
        // What the group says itself, it says in its own name.
        Some(group) if group.address != delivery.sender.address && !text.is_empty() => {
            Cow::Owned(format!("{}: {text}", delivery.sender.original))
        }
        _ => Cow::Borrowed(text),
    }
}
