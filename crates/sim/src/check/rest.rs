//! Once all is quiet: everybody sees what is true, nothing hangs, and a restart would know what the server knows.

use super::versions::{self, Versions};
use super::{Checker, Violation, address};
use crate::people::{self, People};
use crate::server_side::Server;
use crate::world::World;
use link::{Command, Outcome};
use model::{Availability, ContactStatus, PresenceDocument, PresenceState};

pub(super) fn check(world: &mut World, people: &People, versions: &Versions) -> Result<(), Violation> {
    let at = world.now.instant;
    let violation = |(checker, text)| Violation { checker, at, text };
    hanging(world, people).map_err(violation)?;
    let server = world.server.as_ref().expect("the server runs when all is quiet");
    memory(world, server).map_err(violation)?;
    truth(world, people, server).map_err(violation)?;
    convergence(world, people, server, versions).map_err(violation)
}

type Found = (Checker, String);

/// Calls, connections, agents and commits that nobody needs.
fn hanging(world: &mut World, people: &People) -> Result<(), Found> {
    let now = world.server_now();
    let server = world.server.as_mut().expect("the server runs when all is quiet");
    let Some(Outcome::Calls(calls)) = server.command(now, Command::Calls { limit: 100 }) else {
        return Ok(());
    };
    if let Some(call) = calls.first() {
        return Err((Checker::Rest, format!("a call of {} with {} hangs", call.caller, call.callee)));
    }
    let Some(Outcome::Endpoints(endpoints)) =
        server.command(now, Command::Endpoints { filter: String::new(), limit: 100 })
    else {
        return Ok(());
    };
    let registered = (0..people.len()).filter(|number| people.person(*number).is_registered).count();
    if endpoints.len() != registered {
        let count = endpoints.len();
        return Err((Checker::Rest, format!("{count} endpoints count as registered, and {registered} are")));
    }
    let agents = server.core().engine().counts().agents;
    if agents != registered {
        return Err((Checker::Rest, format!("{agents} agents hold claims, and {registered} are registered")));
    }
    if !server.core().is_writing() || !server.is_idle() || !world.disk.borrow().is_idle() {
        return Err((Checker::Rest, "something waits for the disk, which writes".to_owned()));
    }
    let connections = world.network.connections();
    if !connections.is_empty() {
        return Err((Checker::Rest, format!("connections hang: {connections:?}")));
    }
    Ok(())
}

/// What the engine knows against what the disk has.
fn memory(world: &World, server: &Server) -> Result<(), Found> {
    let disk = world.disk.borrow();
    let tables = disk.synced();
    let counts = server.core().engine().counts();
    let waiting = tables.messages.values().filter(|row| row.message.is_some()).count();
    // A conversation goes by its address, which nobody registers.
    let conversations = tables.groups.values().filter(|group| group.is_conversation).count();
    let pairs = [
        ("principals", counts.principals, tables.principals.len()),
        ("names", counts.names, tables.aliases.len() + conversations),
        ("groups", counts.groups, tables.groups.len()),
        ("members of groups", counts.group_members, tables.group_members.len()),
        ("contacts", counts.contacts, tables.subscriptions.len()),
        ("blocks", counts.blocks, tables.blocks.len()),
        ("publications", counts.publications, tables.publications.len()),
        ("messages", counts.messages_waiting, waiting),
    ];
    for (what, known, kept) in pairs {
        if known != kept {
            return Err((
                Checker::Memory,
                format!("the server knows {known} {what}, and the disk has {kept}"),
            ));
        }
    }
    for ((principal, device), publication) in &tables.publications {
        let document = server.core().engine().document(principal);
        let tuples = document.iter().flat_map(|document| &document.tuples);
        let notes = tuples.filter_map(|tuple| Some(&tuple.publication.as_ref()?.notes));
        if notes.clone().next().is_some() && !notes.clone().any(|notes| *notes == publication.notes) {
            let text = format!("the disk has another publication of {principal} at {device} than the server");
            return Err((Checker::Memory, text));
        }
    }
    for ((watcher, presentity), record) in &tables.subscriptions {
        let records = server.core().engine().subscriptions_to(presentity);
        let known = records.iter().find(|known| known.watcher == *watcher);
        if known.map(|known| known.is_active) != Some(record.is_active) {
            let text =
                format!("the disk has another subscription of {watcher} to {presentity} than the server");
            return Err((Checker::Memory, text));
        }
    }
    Ok(())
}

/// What the engine says of everybody against how it is.
fn truth(world: &World, people: &People, server: &Server) -> Result<(), Found> {
    for number in 0..people.len() {
        let person = people.person(number);
        let document = server.core().engine().document(&address(world, number));
        let Some(document) = document else {
            if person.is_registered {
                return Err((Checker::Convergence, format!("p{number} is registered, and not known")));
            }
            continue;
        };
        let expected = match person.last_state {
            _ if !person.is_registered => Availability::Offline,
            Some(("away" | "notAvailable", _)) => Availability::Away,
            _ => Availability::Available,
        };
        if document.state.availability() != expected {
            let text = format!("p{number} counts as {:?}, and is {expected:?}", document.state);
            return Err((Checker::Convergence, text));
        }
        let last = person.last_state.map(|(_, number)| number);
        if person.is_registered && last.is_some() && note(&document) != last {
            let text = format!("p{number} told n{last:?}, and the server has {:?}", note(&document));
            return Err((Checker::Convergence, text));
        }
    }
    Ok(())
}

/// What watchers were shown last against what they may see.
fn convergence(world: &World, people: &People, server: &Server, versions: &Versions) -> Result<(), Found> {
    let engine = server.core().engine();
    for watcher in 0..people.len() {
        let terminal = &world.terminals[watcher].1;
        if !people.person(watcher).is_registered || !terminal.offers.presence {
            continue;
        }
        for contact in engine.contacts(&address(world, watcher)) {
            let Some(presentity) = people::of_address(&contact.name.address) else { continue };
            if contact.status != ContactStatus::Subscribed {
                continue;
            }
            let (one, other) = (address(world, watcher), address(world, presentity));
            let Some(seen) = engine.seen_by(&one, &other) else { continue };
            let expected = (word(seen.state), note(&seen));
            if let Err(shown) = versions.was_shown(watcher, presentity, expected) {
                let text =
                    format!("p{watcher} was shown {shown:?} of p{presentity} last; it may see {expected:?}");
                return Err((Checker::Convergence, text));
            }
        }
    }
    Ok(())
}

/// The number in the note of the state that decides.
fn note(document: &PresenceDocument) -> Option<u64> {
    let publication = document.deciding()?.publication.as_ref()?;
    publication.notes.iter().find_map(|note| versions::number(&note.text))
}

/// How an endpoint shows a state of those that can be when all is quiet.
const fn word(state: PresenceState) -> &'static str {
    match state {
        PresenceState::Available => "available",
        PresenceState::Online => "online",
        PresenceState::Away => "away",
        PresenceState::NotAvailable => "notAvailable",
        PresenceState::OnCall => "onCall",
        _ => "offline",
    }
}
