//! `herald presence`: how everybody is, or one.

use crate::arguments::PresenceArguments;
use crate::exit::Failure;
use crate::{ask, print, published, time};
use cpim::pidf::{DeviceContact, Inbox, compose};
use model::PresenceDocument;
use model::address::{h323, tel};
use server::control::{Answer, PresenceView, Question};
use std::path::Path;

/// Shows presence.
pub fn run(data: &Path, arguments: &PresenceArguments) -> Result<(), Failure> {
    let question = Question::Presence { address: arguments.address.clone() };
    let mut count = 0_u64;
    ask::each(data, &question, |answer| {
        let Answer::Presence(presence) = answer else { return Ok(()) };
        count += 1;
        if arguments.pidf {
            return print::text(&pidf(*presence));
        }
        if arguments.json {
            return print::json(&presence);
        }
        print::line(&one_line(&presence))?;
        if arguments.address.is_some() {
            print::text(&devices(&presence))?;
        }
        Ok(())
    })?;
    if count == 0 && !arguments.json {
        print::line("Nobody has registered yet.")?;
    }
    Ok(())
}

/// The presence document of one: with an inbox that keeps messages, and addresses for calls.
fn pidf(presence: PresenceView) -> String {
    let document = PresenceDocument::from(presence);
    let address = &document.presentity;
    let h323 = format!("h323:{}@{}", h323::escape(address.local()), address.domain());
    let contacts: Vec<_> = [Some(h323), tel::uri(address)].into_iter().flatten().collect();
    let contacts = contacts.into_iter().map(|uri| DeviceContact {
        // Each device is called by the names of its person.
        agent: None,
        uri,
        priority: None,
        takes_second_call: true,
    });
    compose(&document, Inbox::Storing, &contacts.collect::<Vec<_>>()).write()
}

/// `room4@example.com  on call   since 13:02:11 (3 min)  in a call with alice  "back at two"`
fn one_line(presence: &PresenceView) -> String {
    let line = format!(
        "{:32}  {:9}  since {} ({})  {}  {}",
        presence.presentity.as_str(),
        presence.availability,
        time::moment(presence.since),
        time::ago(presence.since),
        presence.note.as_deref().unwrap_or_default(),
        published::said(presence)
    );
    line.trim_end().to_owned()
}

fn devices(presence: &PresenceView) -> String {
    let devices = presence.devices.iter().filter_map(|device| {
        let agent = device.agent?;
        let line = format!(
            "  device {agent}  {}  since {}  {}",
            device.state.availability(),
            time::moment(device.since),
            device.note.as_deref().unwrap_or_default()
        );
        let published = device.publication.as_deref().map(published::lines).unwrap_or_default();
        Some(format!("{}\n{published}", line.trim_end()))
    });
    devices.collect()
}
