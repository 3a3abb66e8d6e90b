//! The tables of presence states (interworking a.1 to a.4), row by row against a copy.

use cpim::pidf::{ACTIVITIES, SHOWS, Said, activity, decode, encode};
use model::PresenceState::{self, *};

/// Table a.2, column RPID: state, activity, `show`, idle, automata.
const ENCODE: [(PresenceState, &str, &str, bool, bool); 18] = [
    (Offline, "", "", false, false),
    (Hidden, "", "", false, false),
    (Online, "", "", false, false),
    (Available, "", "", false, false),
    (Chat, "", "chat", false, false),
    (Away, "away", "away", false, false),
    (Idle, "", "away", true, false),
    (Brb, "away", "away", false, false),
    (Lunch, "lunch", "away", false, false),
    (NotAvailable, "away", "xa", false, false),
    (Vacation, "vacation", "xa", false, false),
    (Busy, "busy", "dnd", false, false),
    (Dnd, "busy", "dnd", false, false),
    (OnCall, "on-the-phone", "dnd", false, false),
    (Meeting, "meeting", "dnd", false, false),
    (VoiceMail, "away", "xa", false, true),
    (Custom, "other", "", false, false),
    (Unknown, "unknown", "", false, false),
];

/// Table a.3, column PIDF: activities and what they are read as, the activity kept as qualifier where the state has another.
const DECODE: [(&str, PresenceState); 27] = [
    ("away", Away),
    ("lunch", Lunch),
    ("meal", Lunch),
    ("breakfast", Lunch),
    ("dinner", Lunch),
    ("vacation", Vacation),
    ("holiday", Vacation),
    ("permanent-absence", Vacation),
    ("busy", Busy),
    ("working", Busy),
    ("on-the-phone", OnCall),
    ("meeting", Meeting),
    ("appointment", Meeting),
    ("presentation", Meeting),
    ("performance", Meeting),
    ("other", Custom),
    ("unknown", Unknown),
    ("in-transit", Away),
    ("looking-for-work", Away),
    ("playing", Away),
    ("shopping", Away),
    ("sleeping", Away),
    ("spectator", Away),
    ("steering", Away),
    ("travel", Away),
    ("tv", Away),
    ("worship", Away),
];

/// What comes back of a state that was written without the tag; offline is told by its tuples.
fn without_tag(state: PresenceState) -> PresenceState {
    let encoded = encode(state);
    let activities: Vec<_> = [encoded.activity].into_iter().filter(|activity| !activity.is_empty()).collect();
    let is_closed = matches!(state, Offline | Hidden);
    let (show, is_idle, is_automata) = (encoded.show, encoded.is_idle, encoded.is_automata);
    decode(Said { activities: &activities, show, is_idle, is_automata, is_closed }).0
}

// covers: B-12
#[test]
fn every_state_is_written_as_the_table_says() {
    for (state, activity, show, is_idle, is_automata) in ENCODE {
        let encoded = encode(state);
        assert_eq!((encoded.activity, encoded.show), (activity, show), "{state:?}");
        assert_eq!((encoded.is_idle, encoded.is_automata), (is_idle, is_automata), "{state:?}");
    }
}

#[test]
fn every_activity_is_read_as_the_table_says() {
    assert_eq!(DECODE.len(), ACTIVITIES.len());
    for (name, state) in DECODE {
        assert!(ACTIVITIES.contains(&name));
        let (decoded, qualifier) = decode(Said { activities: &[name], ..Said::default() });
        assert_eq!(decoded, state, "{name}");
        assert_eq!(qualifier.as_deref(), (encode(state).activity != name).then_some(name), "{name}");
    }
    assert_eq!(decode(Said::default()), (Available, None));
    assert_eq!(decode(Said { is_closed: true, activities: &["busy"], ..Said::default() }), (Offline, None));
    assert_eq!(decode(Said { is_idle: true, ..Said::default() }), (Idle, None));
    assert_eq!(decode(Said { is_automata: true, ..Said::default() }), (VoiceMail, None));
    let shown = SHOWS.map(|show| decode(Said { show, ..Said::default() }).0);
    assert_eq!(shown, [Chat, Away, NotAvailable, Dnd]);
    // What nobody has defined yet is away, and kept.
    let knitting = decode(Said { activities: &["knitting"], ..Said::default() });
    assert_eq!(knitting, (Away, Some("knitting".into())));
}

// covers: C-25
#[test]
fn of_several_activities_the_one_that_tells_most_decides() {
    let order = ["on-the-phone", "meeting", "busy", "vacation", "lunch", "away", "other"];
    for (place, first) in order.iter().enumerate() {
        for second in &order[place..] {
            let alone = decode(Said { activities: &[first], ..Said::default() });
            assert_eq!(
                decode(Said { activities: &[second, first], ..Said::default() }),
                alone,
                "{second} {first}"
            );
        }
    }
}

/// Rule a.4.1: what was native comes back as it was.
#[test]
fn every_native_value_comes_back() {
    for (name, _) in DECODE {
        let (state, qualifier) = decode(Said { activities: &[name], ..Said::default() });
        assert_eq!(activity(state, qualifier.as_deref()), name);
    }
    for show in SHOWS {
        assert_eq!(encode(decode(Said { show, ..Said::default() }).0).show, show);
    }
    assert!(encode(decode(Said { is_idle: true, ..Said::default() }).0).is_idle);
    assert!(encode(decode(Said { is_automata: true, ..Said::default() }).0).is_automata);
}

/// The classes of rule a.4.2, from least to most available.
fn class(state: PresenceState) -> Option<u8> {
    match state {
        Offline | Hidden => Some(1),
        Away | Idle | Brb | Lunch | NotAvailable | Vacation | VoiceMail => Some(2),
        Busy | Dnd | OnCall | Meeting => Some(3),
        Online | Available | Chat | Custom => Some(4),
        Unknown => None,
    }
}

// covers: B-03
#[test]
fn nobody_comes_back_as_more_available_and_no_one_available_as_away() {
    for (state, ..) in ENCODE {
        let (before, after) = (class(state), class(without_tag(state)));
        assert!(after <= before, "{state:?}");
        assert!(before != Some(4) || after == Some(4), "{state:?}");
    }
}

/// The survival table of rule a.4.4, column SIP/PIDF, for the states that H.323 has.
#[test]
fn the_states_of_h323_survive_as_the_table_says() {
    for (state, after) in [
        (Hidden, Offline),
        (Available, Available),
        (Online, Available),
        (Offline, Offline),
        (OnCall, OnCall),
        (VoiceMail, VoiceMail),
        (NotAvailable, NotAvailable),
        (Away, Away),
        (Custom, Custom),
    ] {
        assert_eq!(without_tag(state), after, "{state:?}");
    }
}

/// What else is lost without the tag, so that it can't change unseen.
#[test]
fn without_the_tag_three_more_states_come_back_as_their_neighbours() {
    let lost: Vec<_> =
        ENCODE.iter().map(|row| (row.0, without_tag(row.0))).filter(|(one, other)| one != other).collect();
    assert_eq!(lost, [(Hidden, Offline), (Online, Available), (Brb, Away), (Busy, Dnd)]);
}
