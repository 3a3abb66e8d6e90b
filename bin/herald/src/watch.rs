//! `herald watch`: a line whenever presence changes.

use crate::arguments::PresenceArguments;
use crate::exit::Failure;
use crate::{ask, print, time};
use model::{Address, Availability, Millis, Timestamp, Version};
use server::control::{Answer, PresenceView, Question};
use std::collections::HashMap;
use std::path::Path;

/// Watches until it is interrupted or the server ends.
pub fn run(data: &Path, arguments: &PresenceArguments) -> Result<(), Failure> {
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
                Before::Shown(availability, _) if availability == presence.availability => Ok(()),
                Before::Shown(before, since) => {
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
    latest: HashMap<Address, (Version, Availability, Timestamp)>,
}

enum Before {
    Nothing,
    Shown(Availability, Timestamp),
}

impl Seen {
    /// What was shown before this document; `None` where this one is not newer.
    fn take(&mut self, presence: &PresenceView) -> Option<Before> {
        let latest = (presence.version, presence.availability, presence.since);
        match self.latest.insert(presence.presentity.clone(), latest) {
            None => Some(Before::Nothing),
            Some((version, availability, since)) if version < presence.version => {
                // How long it was available counts from when that began, whatever it was in detail.
                if availability == presence.availability
                    && let Some(latest) = self.latest.get_mut(&presence.presentity)
                {
                    latest.2 = since;
                }
                Some(Before::Shown(availability, since))
            }
            Some(newer) => {
                self.latest.insert(presence.presentity.clone(), newer);
                None
            }
        }
    }
}

/// `13:02:11  room4@example.com  on call   (was available for 3 min)`
fn line(presence: &PresenceView, remark: &str) -> String {
    format!(
        "{}  {:32}  {:9}  {remark}",
        time::moment(presence.since),
        presence.presentity.as_str(),
        presence.availability
    )
}
