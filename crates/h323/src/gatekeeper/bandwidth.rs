//! Bandwidth of a call in progress: BRQ (H.225.0 clause 7.12).

use super::admission::call_key;
use super::link::Gatekeeper;
use super::request::Asker;
use crate::wire::h225::{BandRejectReason, BandwidthConfirm, BandwidthReject, BandwidthRequest, RasMessage};
use codec::per::Integer;
use model::Now;

impl Gatekeeper {
    /// A side of a call wants more or less bandwidth. More is granted whole or not at all.
    pub(super) fn change_bandwidth(&mut self, now: Now, asker: Asker, request: &BandwidthRequest) {
        let asked = request.band_width.get();
        match self.bandwidth_for(now, &asker, request) {
            Ok((key, messaging)) => {
                if !messaging {
                    self.calls.set_bandwidth(key, asked);
                    self.changed.calls.insert(key);
                }
                self.counters.bandwidths += 1;
                let confirm = BandwidthConfirm {
                    request_seq_num: asker.sequence,
                    band_width: request.band_width,
                    ..BandwidthConfirm::default()
                };
                self.answer(&asker, &RasMessage::BandwidthConfirm(confirm.into()));
            }
            Err((reject_reason, allowed)) => {
                self.counters.bandwidths_refused += 1;
                let reject = BandwidthReject {
                    request_seq_num: asker.sequence,
                    reject_reason,
                    allowed_band_width: Integer::clamped(allowed),
                    ..BandwidthReject::default()
                };
                self.answer(&asker, &RasMessage::BandwidthReject(reject.into()));
            }
        }
    }

    /// The call whose bandwidth may change, and whether it is an instant message; else why not, and what it may have.
    fn bandwidth_for(
        &mut self,
        now: Now,
        asker: &Asker,
        request: &BandwidthRequest,
    ) -> Result<([u8; 16], bool), (BandRejectReason, u32)> {
        let number = self.identify(now, &asker.peer, &request.endpoint_identifier.to_string());
        let number = number.ok_or((BandRejectReason::NotBound, 0))?;
        let key = call_key(request.call_identifier.as_ref().map(|id| id.guid.0), request.conference_id.0);
        let call = self.calls.get(key).filter(|call| call.numbers().any(|side| side == number));
        let call = call.ok_or((BandRejectReason::InvalidConferenceId, 0))?;
        let allowed = self.bandwidth_left(call.bandwidth).min(self.settings.call_bandwidth);
        if request.band_width.get() > allowed && !call.messaging {
            return Err((BandRejectReason::InsufficientResources, allowed));
        }
        Ok((key, call.messaging))
    }
}
