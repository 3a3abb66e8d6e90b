//! Presence states between the wire and the canonical model (interworking a.2 and a.3).

use crate::wire::presence::PresenceState as Native;
use model::PresenceState as Canonical;

/// How a canonical state is written: the plain state, whether `generic` says it better, and the canned text that tells
/// it from the others with the same plain state, in every language we know, that we write first.
pub(super) struct Row {
    pub state: Canonical,
    pub native: Native,
    pub prefers_generic: bool,
    pub canned: &'static [(&'static str, &'static str)],
}

const fn plain(state: Canonical, native: Native) -> Row {
    Row { state, native, prefers_generic: false, canned: &[] }
}

const fn canned(state: Canonical, native: Native, canned: &'static [(&'static str, &'static str)]) -> Row {
    Row { state, native, prefers_generic: false, canned }
}

const fn generic(state: Canonical, native: Native, canned: &'static [(&'static str, &'static str)]) -> Row {
    Row { state, native, prefers_generic: true, canned }
}

/// What is written for each canonical state (a.2). Nothing is ever written for [`Canonical::Unknown`]. A meeting that
/// was inferred from a call is written as that call; its row is the last.
pub(super) static ROWS: [Row; 18] = [
    plain(Canonical::Offline, Native::Offline),
    // Only its own devices may see that somebody hides; all that are told here are watchers.
    plain(Canonical::Hidden, Native::Offline),
    plain(Canonical::Online, Native::Online),
    plain(Canonical::Available, Native::Available),
    canned(
        Canonical::Chat,
        Native::Available,
        &[
            ("en", "Free for chat"),
            ("de", "Bereit zum Chatten"),
            ("fr", "Prêt à discuter"),
            ("es", "Listo para charlar"),
        ],
    ),
    plain(Canonical::Away, Native::Away),
    canned(
        Canonical::Idle,
        Native::Away,
        &[("en", "Idle"), ("de", "Untätig"), ("fr", "Inactif"), ("es", "Inactivo")],
    ),
    canned(
        Canonical::Brb,
        Native::Away,
        &[
            ("en", "Be right back"),
            ("de", "Gleich zurück"),
            ("fr", "Bientôt de retour"),
            ("es", "Vuelvo enseguida"),
        ],
    ),
    canned(
        Canonical::Lunch,
        Native::Away,
        &[
            ("en", "Out to lunch"),
            ("de", "Beim Mittagessen"),
            ("fr", "Parti déjeuner"),
            ("es", "Salí a comer"),
        ],
    ),
    plain(Canonical::NotAvailable, Native::NotAvailable),
    canned(
        Canonical::Vacation,
        Native::NotAvailable,
        &[("en", "On vacation"), ("de", "Im Urlaub"), ("fr", "En vacances"), ("es", "De vacaciones")],
    ),
    generic(
        Canonical::Busy,
        Native::NotAvailable,
        &[("en", "Busy"), ("de", "Beschäftigt"), ("fr", "Occupé"), ("es", "Ocupado")],
    ),
    canned(
        Canonical::Dnd,
        Native::NotAvailable,
        &[
            ("en", "Do not disturb"),
            ("de", "Bitte nicht stören"),
            ("fr", "Ne pas déranger"),
            ("es", "No molestar"),
        ],
    ),
    plain(Canonical::OnCall, Native::OnCall),
    generic(Canonical::Meeting, Native::NotAvailable, MEETING),
    plain(Canonical::VoiceMail, Native::VoiceMail),
    generic(Canonical::Custom, Native::Available, &[]),
    canned(Canonical::Meeting, Native::OnCall, MEETING),
];

const MEETING: &[(&str, &str)] =
    &[("en", "In a meeting"), ("de", "In einer Besprechung"), ("fr", "En réunion"), ("es", "En una reunión")];

/// The row of a state; of a meeting the one that fits whether it was inferred.
pub(super) fn row(state: Canonical, is_inferred: bool) -> Option<&'static Row> {
    let mut rows: Vec<&Row> = ROWS.iter().filter(|row| row.state == state).collect();
    if is_inferred { rows.pop() } else { rows.into_iter().next() }
}

/// The state of a native one (a.3), before any text is looked at; `None` for one of a newer edition.
pub(super) const fn canonical(native: &Native) -> Option<Canonical> {
    Some(match native {
        Native::Hidden => Canonical::Hidden,
        Native::Available => Canonical::Available,
        Native::Online => Canonical::Online,
        Native::Offline => Canonical::Offline,
        Native::OnCall => Canonical::OnCall,
        Native::VoiceMail => Canonical::VoiceMail,
        Native::NotAvailable => Canonical::NotAvailable,
        Native::Away => Canonical::Away,
        Native::Generic(_) => Canonical::Custom,
        Native::UnknownAlternative(_) => return None,
    })
}

/// Whether a canonical state may have been written as this native one.
pub(super) fn is_written_as(state: Canonical, native: &Native) -> bool {
    // Those in hiding say so themselves; what watchers are shown is no way back.
    if state == Canonical::Hidden || *native == Native::Hidden {
        return state == Canonical::Hidden && *native == Native::Hidden;
    }
    let is_generic = matches!(native, Native::Generic(_));
    ROWS.iter().any(|row| row.state == state && (row.native == *native || row.prefers_generic && is_generic))
}

/// The state that one of our canned texts beside a native state stands for, in any language.
pub(super) fn of_text(text: &str, native: &Native) -> Option<Canonical> {
    let is_generic = matches!(native, Native::Generic(_));
    let row = ROWS.iter().filter(|row| row.native == *native || row.prefers_generic && is_generic);
    row.into_iter().find(|row| row.says(text)).map(|row| row.state)
}

impl Row {
    /// Whether a text is the canned one of this row in some language.
    pub fn says(&self, text: &str) -> bool {
        let text = text.trim().to_lowercase();
        self.canned.iter().any(|(_, canned)| canned.to_lowercase() == text)
    }
}

/// A state by its code, as a state tag writes it.
pub(super) fn of_code(code: &str) -> Option<Canonical> {
    ROWS.iter().map(|row| row.state).find(|state| state.code() == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_written_as_the_table_says() {
        let expected = [
            (Canonical::Offline, "offline", ""),
            (Canonical::Hidden, "offline", ""),
            (Canonical::Online, "online", ""),
            (Canonical::Available, "available", ""),
            (Canonical::Chat, "available", "Free for chat"),
            (Canonical::Away, "away", ""),
            (Canonical::Idle, "away", "Idle"),
            (Canonical::Brb, "away", "Be right back"),
            (Canonical::Lunch, "away", "Out to lunch"),
            (Canonical::NotAvailable, "notAvailable", ""),
            (Canonical::Vacation, "notAvailable", "On vacation"),
            (Canonical::Busy, "notAvailable", "Busy"),
            (Canonical::Dnd, "notAvailable", "Do not disturb"),
            (Canonical::OnCall, "onCall", ""),
            (Canonical::Meeting, "notAvailable", "In a meeting"),
            (Canonical::VoiceMail, "voiceMail", ""),
            (Canonical::Custom, "available", ""),
        ];
        for (state, native, text) in expected {
            let row = row(state, false).unwrap();
            let canned = row.canned.first().map_or("", |(_, text)| text);
            assert_eq!((name(&row.native), canned), (native, text), "{state:?}");
        }
        let meeting = row(Canonical::Meeting, true).unwrap();
        assert_eq!(name(&meeting.native), "onCall");
        assert!(row(Canonical::Unknown, false).is_none());
    }

    #[test]
    fn a_canned_text_in_any_language_is_read_as_the_state_it_was_written_for() {
        for row in &ROWS {
            for (_, text) in row.canned {
                assert_eq!(of_text(text, &row.native), Some(row.state), "{text}");
                assert!(is_written_as(row.state, &row.native));
            }
        }
        assert_eq!(of_text("busy", &Native::Generic(Vec::new())), Some(Canonical::Busy));
        assert_eq!(of_text("Idle", &Native::OnCall), None);
        assert_eq!(of_text("Gone fishing", &Native::Away), None);
    }

    #[test]
    fn a_state_tag_stands_only_for_a_state_that_is_written_so() {
        assert!(is_written_as(of_code("C8").unwrap(), &Native::Away));
        assert!(!is_written_as(of_code("C8").unwrap(), &Native::Available));
        assert!(!is_written_as(Canonical::Hidden, &Native::Offline));
        assert!(!is_written_as(Canonical::Offline, &Native::Hidden));
        assert_eq!(of_code("C99"), None);
    }

    fn name(native: &Native) -> &'static str {
        match native {
            Native::Offline => "offline",
            Native::Online => "online",
            Native::Available => "available",
            Native::Away => "away",
            Native::NotAvailable => "notAvailable",
            Native::OnCall => "onCall",
            Native::VoiceMail => "voiceMail",
            _ => "another",
        }
    }
}
