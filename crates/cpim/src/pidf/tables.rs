//! Presence states to RPID and back (interworking a.2 and a.3, the columns of PIDF).

use model::PresenceState;

/// How a state is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Encoded {
    /// The activity of RPID; empty for none.
    pub activity: &'static str,
    /// `show` of XMPP, which tells shades of one activity; empty for none.
    pub show: &'static str,
    /// Whether the input of the person is idle.
    pub is_idle: bool,
    /// Whether a machine answers calls (RFC 5196, `automata`).
    pub is_automata: bool,
}

/// The values of `show`.
pub const SHOWS: [&str; 4] = ["chat", "away", "xa", "dnd"];

/// How a state is written. Hidden is written as offline to everybody (a.4, rule 6).
pub const fn encode(state: PresenceState) -> Encoded {
    use PresenceState::*;
    let (activity, show) = match state {
        Offline | Hidden | Online | Available => ("", ""),
        Chat => ("", "chat"),
        Away | Brb => ("away", "away"),
        Idle => ("", "away"),
        Lunch => ("lunch", "away"),
        NotAvailable | VoiceMail => ("away", "xa"),
        Vacation => ("vacation", "xa"),
        Busy | Dnd => ("busy", "dnd"),
        OnCall => ("on-the-phone", "dnd"),
        Meeting => ("meeting", "dnd"),
        Custom => ("other", ""),
        Unknown => ("unknown", ""),
    };
    Encoded { activity, show, is_idle: matches!(state, Idle), is_automata: matches!(state, VoiceMail) }
}

/// The activity that a state with a qualifier is written as: the qualifier where it is a finer activity of that state.
pub fn activity(state: PresenceState, qualifier: Option<&str>) -> &str {
    let finer = qualifier.filter(|finer| ACTIVITIES.contains(finer) && of_activity(finer).0 == state);
    finer.unwrap_or(encode(state).activity)
}

/// The activities of RPID (RFC 4480, section 3.2).
pub const ACTIVITIES: [&str; 27] = [
    "appointment",
    "away",
    "breakfast",
    "busy",
    "dinner",
    "holiday",
    "in-transit",
    "looking-for-work",
    "lunch",
    "meal",
    "meeting",
    "on-the-phone",
    "other",
    "performance",
    "permanent-absence",
    "playing",
    "presentation",
    "shopping",
    "sleeping",
    "spectator",
    "steering",
    "travel",
    "tv",
    "unknown",
    "vacation",
    "working",
    "worship",
];

/// What is known of a document that may say a state.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Said<'a> {
    /// Its activities, in order.
    pub activities: &'a [&'a str],
    /// `show`; empty for none.
    pub show: &'a str,
    /// Whether the input of the person is idle.
    pub is_idle: bool,
    /// Whether a machine answers calls.
    pub is_automata: bool,
    /// Whether there are tuples and all of them are closed.
    pub is_closed: bool,
}

/// The state that is said, and the activity that is its qualifier where it has no code of its own.
///
/// Among several activities the one that tells most decides; `show` decides between the shades of away and busy.
pub fn decode(said: Said<'_>) -> (PresenceState, Option<String>) {
    use PresenceState::*;
    if said.is_closed {
        return (Offline, None);
    }
    let ranked = said.activities.iter().map(|activity| of_activity(activity));
    // Of equal ones the first that was written.
    let decided = ranked.enumerate().min_by_key(|(place, (state, _))| (rank(*state), *place));
    let (state, qualifier) = decided.map_or((Available, None), |(_, decided)| decided);
    let state = match (state, said.show) {
        (Available | Away, _) if said.is_automata => VoiceMail,
        (Available, _) if said.is_idle && said.show != "xa" => Idle,
        (Available, "chat") => Chat,
        (Available, "away") => Away,
        (Available | Away, "xa") => NotAvailable,
        (Available | Away | Busy, "dnd") => Dnd,
        (state, _) => state,
    };
    (state, qualifier)
}

/// The state of one activity of RPID, with itself as the qualifier where the state alone does not tell it.
fn of_activity(activity: &str) -> (PresenceState, Option<String>) {
    use PresenceState::*;
    let state = match activity {
        "away" => Away,
        "lunch" | "meal" | "breakfast" | "dinner" => Lunch,
        "vacation" | "holiday" | "permanent-absence" => Vacation,
        "busy" | "working" => Busy,
        "on-the-phone" => OnCall,
        "meeting" | "appointment" | "presentation" | "performance" => Meeting,
        "other" => Custom,
        "unknown" => Unknown,
        _ => Away,
    };
    let is_told = encode(state).activity == activity;
    (state, (!is_told).then(|| activity.to_owned()))
}

/// The place of a state among several activities: the lowest decides (a.3).
const fn rank(state: PresenceState) -> u8 {
    use PresenceState::*;
    match state {
        OnCall => 0,
        Meeting => 1,
        Busy => 2,
        Vacation => 3,
        Lunch => 4,
        Away => 5,
        Custom => 6,
        _ => 7,
    }
}
