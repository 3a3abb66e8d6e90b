//! Aliases as people type them.

use super::{Alias, NumberType, number, url};

/// Reads typed text by the rule of h323plus; the result is not checked yet.
pub(super) fn read(text: &str) -> Alias {
    let is_dialed = |text: &str| !text.is_empty() && text.chars().all(number::is_dialed);
    if is_dialed(text) {
        return Alias::DialedDigits(text.to_owned());
    }
    if let Some((prefix, rest)) = text.split_once(':') {
        match prefix.to_ascii_lowercase().as_str() {
            "url" => return Alias::UrlId(rest.to_owned()),
            "email" => return Alias::EmailId(rest.to_owned()),
            "e164" => return e164(rest),
            // A number as it is dialled here, not one that RFC 3966 could read.
            "tel" if is_dialed(rest) => return Alias::DialedDigits(rest.to_owned()),
            // A url-ID can't carry it.
            "h323" if !rest.is_ascii() => return Alias::H323Id(rest.to_owned()),
            scheme if url::is_known_scheme(scheme) => return Alias::UrlId(text.to_owned()),
            _ => {}
        }
    }
    if text.contains('@') && text.is_ascii() {
        Alias::UrlId(text.to_owned())
    } else {
        Alias::H323Id(text.to_owned())
    }
}

fn e164(number: &str) -> Alias {
    match number.strip_prefix('+') {
        Some(digits) => {
            Alias::PartyNumber { number_type: NumberType::International, digits: digits.to_owned() }
        }
        None => Alias::DialedDigits(number.to_owned()),
    }
}
