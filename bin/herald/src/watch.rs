//! `herald watch`: a line whenever presence changes.

use crate::arguments::WatchArguments;
use crate::exit::Failure;
use crate::{ask, print, published, time};
use model::{Address, Availability, Millis, Timestamp, Version};
use server::control::{Answer, PresenceView, Question};
use std::collections::HashMap;
use std::path::Path;

/// Watches until it is interrupted or the server ends.
pub fn run(data: &Path, arguments: &WatchArguments) -> Result<(), Failure> {
    let mut seen = Seen::default();
    // Of everybody only changes are told to people: the first picture is what `herald presence` is for.
    let tells_picture = arguments.json || arguments.address.is_some();
    let mut is_live = false;
    let question = Question::Watch { address: arguments.address.clone() };
    ask::each(data, &question, |answer| match answer {
        Answer::Watching { address: Some(address), known: false } if !arguments.json => {
            print::line(&format!("Nobody has the name {address} yet; waiting."))
        }
        Answer::Presence(presence) => {
            let Some(before) = seen.take(&presence) else { return Ok(()) };
            if arguments.json {
                return print::json(&presence);
            }
            match before {
                _ if !is_live && !tells_picture => Ok(()),
                Before::Nothing if is_live => print::line(&line(&presence, "(new)")),
                Before::Nothing => {
                    print::line(&line(&presence, &format!("(for {})", time::ago(presence.since))))
                }
                Before::Shown { availability, said, .. } if availability == presence.availability => {
                    if said == published::said(&presence) {
                        return Ok(());
                    }
                    print::line(&line(&presence, "(says)"))
                }
                Before::Shown { availability: before, since, .. } => {
                    let lasted: Millis = presence.since.since(since);
                    print::line(&line(&presence, &format!("(was {before} for {})", time::length(lasted))))
                }
            }
        }
        Answer::Live => {
            is_live = true;
            Ok(())
        }
        _ => Ok(()),
    })
}

/// What was seen of each before.
#[derive(Default)]
struct Seen {
    latest: HashMap<Address, Latest>,
}

/// The latest that was seen of one.
struct Latest {
    version: Version,
    availability: Availability,
    since: Timestamp,
    said: String,
}

enum Before {
    Nothing,
    Shown { availability: Availability, since: Timestamp, said: String },
}

impl Seen {
    /// What was shown before this document; `None` where this one is not newer.
    fn take(&mut self, presence: &PresenceView) -> Option<Before> {
        let mut latest = Latest {
            version: presence.version,
            availability: presence.availability,
            since: presence.since,
            said: published::said(presence),
        };
        let Some(seen) = self.latest.get_mut(&presence.presentity) else {
            self.latest.insert(presence.presentity.clone(), latest);
            return Some(Before::Nothing);
        };
        if seen.version >= presence.version {
            return None;
        }
        // How long it was available counts from when that began, whatever it was in detail.
        if seen.availability == latest.availability {
            latest.since = seen.since;
        }
        let Latest { availability, since, said, .. } = std::mem::replace(seen, latest);
        Some(Before::Shown { availability, since, said })
    }
}

/// `13:02:11  room4@example.com  on call   (was available for 3 min)  "back at two"`
fn line(presence: &PresenceView, remark: &str) -> String {
    let line = format!(
        "{}  {:32}  {:9}  {remark}  {}",
        time::moment(presence.since),
        presence.presentity.as_str(),
        presence.availability,
        published::said(presence)
    );
    line.trim_end().to_owned()
}
