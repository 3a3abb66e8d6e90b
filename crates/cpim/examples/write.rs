//! Writes presence documents for other programs to read, as the lines of standard input say.
//!
//! `STATE FILE` is a state by its code (C0 to C17) and where its document goes; `through FROM FILE`: what comes of a document
//! that somebody published, by way of the pieces that the engine keeps.

use cpim::pidf::{DeviceContact, Inbox, Presence, compose, publication};
use cpim::xml::Limits;
use model::{
    Address, AgentId, Basic, Capability, GatewayId, Note, PresenceDocument, PresenceState, PresenceTuple,
    Publication, Timestamp, Version,
};
use std::error::Error;
use std::fs;
use std::io::stdin;

const AT: Timestamp = Timestamp(1_795_399_200_000);

fn main() -> Result<(), Box<dyn Error>> {
    for line in stdin().lines() {
        let line = line?;
        let words: Vec<_> = line.split_whitespace().collect();
        match words[..] {
            ["through", from, file] => {
                let presence = Presence::read(&fs::read(from)?, &Limits::default())?;
                fs::write(file, document(publication(&presence, AT)?)?.write())?;
            }
            [code, file] => {
                let state = state(code).ok_or_else(|| format!("{code} is no state"))?;
                fs::write(file, document(said(state))?.write())?;
            }
            _ => return Err(format!("not understood: {line}").into()),
        }
    }
    Ok(())
}

/// The document of one device through which something was published.
fn document(publication: Publication) -> Result<Presence, Box<dyn Error>> {
    let state = publication.state;
    let is_there = !matches!(state, PresenceState::Offline | PresenceState::Hidden);
    let basic = if is_there { Basic::Open } else { Basic::Closed };
    let agent = Some(AgentId { gateway: GatewayId(1), number: 7 });
    let tuples = vec![PresenceTuple {
        agent,
        state,
        basic,
        since: AT,
        note: None,
        publication: Some(Box::new(publication)),
    }];
    let (presentity, version) = (Address::parse("alice@example.com")?, Version::default());
    let document = PresenceDocument { presentity, version, state, basic, since: AT, note: None, tuples };
    let contact =
        |uri: &str| DeviceContact { agent, uri: uri.into(), priority: Some(500), takes_second_call: true };
    Ok(compose(
        &document,
        Inbox::Delivering,
        &[contact("h323:alice@example.com"), contact("tel:+4930123456")],
    ))
}

fn said(state: PresenceState) -> Publication {
    let note =
        Note { language: Some("de".into()), text: "Zurück um <drei> & \"ganz\" sicher \u{1f600}".into() };
    Publication {
        state,
        qualifier: None,
        custom: vec![Note { language: Some("en".into()), text: "Feeding the cat".into() }],
        notes: vec![note],
        capabilities: Some(vec![Capability::Audio, Capability::ExtendedVideo]),
        location: None,
        extensions: Box::default(),
        at: AT,
    }
}

fn state(code: &str) -> Option<PresenceState> {
    PresenceState::ALL.into_iter().find(|state| state.code() == code)
}
