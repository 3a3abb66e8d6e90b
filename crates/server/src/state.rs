//! The state machines of a node, made from the configuration, with what the store has for them.

use crate::control::as_command;
use crate::node::StartError;
use crate::secrets;
use crate::settings::Settings;
use engine::{Engine, LoadError, Stop};
use h323::alias::Zone;
use h323::gatekeeper::{self, Gatekeeper, SOFT_TABLES};
use link::{Command, Link};
use model::{GatewayId, Handling, MemberRecord, Now, SoftRecord, UserRecord};
use store::{LastShutdown, Storage, StoreError};

/// The engine and the gateways of a node, without threads and sockets.
pub struct StateMachines {
    /// Presence and messages.
    pub engine: Engine,
    /// The H.323 gateway.
    pub gatekeeper: Box<dyn Link>,
}

impl StateMachines {
    /// Makes them, and takes back the state of the process before; connections are accepted at `call_signal_port`.
    /// `seeds` are secret and random: of the key of pseudonyms, where there is none yet, and of the gateway.
    ///
    /// # Errors
    /// The store can't be read, or the configuration contradicts itself.
    pub fn load(
        settings: &Settings,
        call_signal_port: Option<u16>,
        seeds: [[u8; 32]; 2],
        now: Now,
        store: &impl Storage,
    ) -> Result<Self, StartError> {
        let [pseudonyms, gateway] = seeds;
        let zone = load_zone(settings, pseudonyms, store)?;
        let engine = load_engine(settings, now, store)?;
        let mut gatekeeper = load_gatekeeper(settings, zone, (call_signal_port, None), gateway, now, store)?;
        // There is no key here to open passwords with.
        load_users(gatekeeper.as_mut(), now, store, |record| as_command(record, None))?;
        Ok(Self { engine, gatekeeper })
    }
}

/// How aliases become addresses; `seed` is for the key of pseudonyms, where there is none yet.
pub(crate) fn load_zone(
    settings: &Settings,
    seed: [u8; 32],
    store: &impl Storage,
) -> Result<Zone, StartError> {
    let key = secrets::pseudonym_key(store, seed)?;
    settings.zone.zone(key).map_err(StartError::Settings)
}

/// The engine with all that the store has for it.
pub(crate) fn load_engine(settings: &Settings, now: Now, store: &impl Storage) -> Result<Engine, StoreError> {
    let mut engine = Engine::new(settings.engine(), store.epoch());
    let principals =
        store.principals(|principal| engine.load_principal(&principal.address, principal.created_at))?;
    let names = store.aliases(|entry| {
        if let Err(error) = engine.load_alias(&entry) {
            tracing::warn!(event = "store.name_left_out", %error, "A name was left out.");
        }
    })?;
    load_contacts(&mut engine, store)?;
    load_groups(&mut engine, store)?;
    let left_out = |outcome: Result<(), LoadError>| {
        if let Err(error) = outcome {
            tracing::warn!(event = "store.message_left_out", %error, "A message was left out.");
        }
    };
    store.history_exceptions(|principal| left_out(engine.load_history_exception(&principal)))?;
    store.settled(|inbox, sender, id, at| left_out(engine.load_settled(&inbox, &sender, id, at)))?;
    let messages =
        store.messages(|inbox, place, message| left_out(engine.load_message(&inbox, place, message)))?;
    let table = engine::PRESENCE_TABLE;
    store.soft(table, |key, value, _| {
        engine.restore(&SoftRecord { table, key: key.to_owned(), value: Some(value.to_owned()) });
    })?;
    let stop = match store.last_shutdown() {
        LastShutdown::FirstStart | LastShutdown::Clean => Stop::Clean,
        LastShutdown::Unclean => Stop::Unclean,
    };
    engine.resume(now, stop);
    tracing::info!(
        event = "node.resumed",
        principals,
        names,
        messages,
        ?stop,
        "The state of the last run is loaded."
    );
    Ok(engine)
}

/// What persons published, whom they watch, whom they have blocked, and the rules.
fn load_contacts(engine: &mut Engine, store: &impl Storage) -> Result<(), StoreError> {
    let check = |loaded: Result<(), LoadError>| {
        if let Err(error) = loaded {
            tracing::warn!(event = "store.contact_left_out", %error, "A publication, contact or rule was left out.");
        }
    };
    store.publications(|it| check(engine.load_publication(&it.principal, &it.device, it.publication)))?;
    store.subscriptions(|record| check(engine.load_subscription(record)))?;
    store.blocks(|record| check(engine.load_block(record)))?;
    store.rules(|rule| check(engine.load_rule(rule)))?;
    Ok(())
}

/// The groups, who is in them, and the rules of inboxes.
fn load_groups(engine: &mut Engine, store: &impl Storage) -> Result<(), StoreError> {
    store.groups(|record| engine.load_group(record))?;
    store.group_members(|record| {
        if !engine.load_member(&record) {
            let MemberRecord { group, member, .. } = record;
            tracing::warn!(event = "store.member_left_out", %group, %member, "A member of no group was left out.");
        }
    })?;
    store.inbox_rules(|record| {
        if let Err(error) = engine.load_inbox_rules(&record) {
            tracing::warn!(event = "store.rules_left_out", %error, "The rules of an inbox were left out.");
        }
    })?;
    Ok(())
}

/// The H.323 gatekeeper with the state of the process before; connections are accepted at these ports, the second over
/// TLS.
///
/// # Errors
/// The store can't be read.
pub(crate) fn load_gatekeeper(
    settings: &Settings,
    zone: Zone,
    (call_signal_port, tls_signal_port): (Option<u16>, Option<u16>),
    seed: [u8; 32],
    now: Now,
    store: &impl Storage,
) -> Result<Box<dyn Link>, StoreError> {
    let tls_required = settings.security.tls_required;
    let authentication = settings.security.gatekeeper();
    let settings = settings.h323.gatekeeper(zone, &settings.presence, &settings.limits, call_signal_port);
    let settings = gatekeeper::Settings { authentication, tls_signal_port, tls_required, ..settings };
    let mut gatekeeper = Gatekeeper::new(H323, settings, seed);
    for table in SOFT_TABLES {
        store.soft(table, |key, value, _| {
            gatekeeper.restore(now, SoftRecord { table, key: key.to_owned(), value: Some(value.to_owned()) });
        })?;
    }
    Ok(Box::new(gatekeeper))
}

/// Makes the users known to a gateway; `read` opens what is sealed of them.
///
/// # Errors
/// The store can't be read.
pub(crate) fn load_users(
    link: &mut dyn Link,
    now: Now,
    store: &impl Storage,
    read: impl Fn(&UserRecord) -> Command,
) -> Result<(), StoreError> {
    store.users(|record| {
        // A gateway without users has no use for them.
        let _ = link.command(now, read(&record));
    })?;
    Ok(())
}

/// The gateway to XMPP, where there is one.
pub(crate) fn load_xmpp(
    settings: &Settings,
    zone: &Zone,
    seed: [u8; 32],
) -> Result<Option<Box<dyn Link>>, StartError> {
    if !settings.xmpp.is_on() {
        return Ok(None);
    }
    if *settings.rules.other_domains.value() == Handling::Block {
        tracing::info!(
            event = "xmpp.closed",
            "Nobody of another domain may watch or write to anybody here unless a rule says so: other_domains below \
             [rules] is block."
        );
    }
    let streams =
        settings.xmpp_streams(zone.pseudonym_key.derived("dialback")).map_err(StartError::Settings)?;
    let gateway = settings.xmpp_gateway().map_err(StartError::Settings)?;
    Ok(Some(Box::new(xmpp::Xmpp::new(XMPP, streams, gateway, seed))))
}

/// The number of the H.323 gateway.
pub(crate) const H323: GatewayId = GatewayId(0);

/// The number of the gateway to XMPP.
pub(crate) const XMPP: GatewayId = GatewayId(1);
