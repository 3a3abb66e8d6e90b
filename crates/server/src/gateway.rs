//! The gateways of a node, made from the configuration, and the state they take back after a restart.

use crate::settings::Settings;
use h323::alias::Zone;
use h323::gatekeeper::{Gatekeeper, SOFT_TABLES};
use link::Link;
use model::{GatewayId, Now, SoftRecord};
use store::{Store, StoreError};

/// The number of the H.323 gateway.
pub(crate) const H323: GatewayId = GatewayId(0);

/// The H.323 gatekeeper with the state of the process before; connections are accepted at `call_signal_port`.
///
/// # Errors
/// The store can't be read.
pub(crate) fn h323(
    settings: &Settings,
    zone: Zone,
    call_signal_port: Option<u16>,
    seed: [u8; 32],
    now: Now,
    store: &Store,
) -> Result<Box<dyn Link>, StoreError> {
    let settings = settings.h323.gatekeeper(zone, &settings.presence, call_signal_port);
    let mut gatekeeper = Gatekeeper::new(H323, settings, seed);
    for table in SOFT_TABLES {
        store.soft(table, |key, value, _| {
            gatekeeper.restore(now, SoftRecord { table, key: key.to_owned(), value: Some(value.to_owned()) });
        })?;
    }
    Ok(Box::new(gatekeeper))
}
