//! A gatekeeper that does as it is told.

use codec::per;
use h323::wire::h225::*;
use std::collections::VecDeque;
use std::net::SocketAddr;

/// A gatekeeper that registers and admits everyone, as far as its knobs let it.
#[derive(Default)]
pub struct Gatekeeper {
    /// Answers nothing.
    pub is_silent: bool,
    /// What registration confirms carry.
    pub time_to_live: Option<u32>,
    pub alternates: Option<Vec<AlternateGk>>,
    /// Why registrations are refused, where they are.
    pub registration_reject: Option<RegistrationRejectReason>,
    /// Taken and sent instead of the answer, one for each request.
    pub instead: VecDeque<RasMessage>,
    /// Sent instead of the confirm to those who ask whether they may answer.
    pub reject_answers: Option<AdmissionReject>,
    /// What confirms of full registrations say of features, and of keep-alives.
    pub features: [Option<FeatureSet>; 2],
    /// What answers to indications say.
    pub indication_result: Option<ServiceControlResult>,
    /// Answers no indication.
    pub ignores_indications: bool,
    /// Where everyone is called.
    pub callee: Option<SocketAddr>,
    /// What admission confirms carry.
    pub admission: AdmissionConfirm,
    /// What was heard, with its sender.
    pub heard: Vec<(SocketAddr, RasMessage)>,
    /// Who is registered, under which identifier.
    pub registered: Vec<(RegistrationRequest, String)>,
}

impl Gatekeeper {
    /// Takes a datagram; its answer.
    pub fn hear(&mut self, own: SocketAddr, from: SocketAddr, octets: &[u8]) -> Option<RasMessage> {
        let message: RasMessage = per::decode(octets).unwrap();
        self.heard.push((from, message.clone()));
        if self.is_silent {
            return None;
        }
        let answer = self.answer(own, message)?;
        Some(match self.instead.pop_front() {
            Some(instead) => with_number(instead, &answer),
            None => answer,
        })
    }

    fn answer(&mut self, own: SocketAddr, message: RasMessage) -> Option<RasMessage> {
        Some(match message {
            RasMessage::GatekeeperRequest(request) => confirm_discovery(own, request.request_seq_num),
            RasMessage::RegistrationRequest(request) if self.registration_reject.is_some() => {
                RasMessage::RegistrationReject(Box::new(RegistrationReject {
                    request_seq_num: request.request_seq_num,
                    reject_reason: self.registration_reject.clone()?,
                    ..RegistrationReject::default()
                }))
            }
            RasMessage::RegistrationRequest(request) => {
                let address = request.ras_address[0].socket_address().unwrap();
                let identifier = format!("ep-{}", address.ip());
                if request.keep_alive != Some(true) {
                    self.registered.retain(|(_, known)| *known != identifier);
                    self.registered.push((*request.clone(), identifier.clone()));
                }
                RasMessage::RegistrationConfirm(Box::new(RegistrationConfirm {
                    request_seq_num: request.request_seq_num,
                    endpoint_identifier: EndpointIdentifier::new(&identifier).unwrap(),
                    gatekeeper_identifier: GatekeeperIdentifier::new("GK"),
                    time_to_live: self.time_to_live.and_then(TimeToLive::new),
                    alternate_gatekeeper: self.alternates.clone(),
                    feature_set: self.features[usize::from(request.keep_alive == Some(true))].clone(),
                    ..RegistrationConfirm::default()
                }))
            }
            RasMessage::UnregistrationRequest(request) => {
                RasMessage::UnregistrationConfirm(Box::new(UnregistrationConfirm {
                    request_seq_num: request.request_seq_num,
                    ..UnregistrationConfirm::default()
                }))
            }
            RasMessage::ServiceControlIndication(_) if self.ignores_indications => return None,
            RasMessage::ServiceControlIndication(indication) => {
                RasMessage::ServiceControlResponse(Box::new(ServiceControlResponse {
                    request_seq_num: indication.request_seq_num,
                    result: self.indication_result.clone(),
                    ..ServiceControlResponse::default()
                }))
            }
            RasMessage::AdmissionRequest(request) => self.admit(&request),
            RasMessage::DisengageRequest(request) => {
                RasMessage::DisengageConfirm(Box::new(DisengageConfirm {
                    request_seq_num: request.request_seq_num,
                    ..DisengageConfirm::default()
                }))
            }
            RasMessage::InfoRequestResponse(response) if response.need_response == Some(true) => {
                RasMessage::InfoRequestAck(Box::new(InfoRequestAck {
                    request_seq_num: response.request_seq_num,
                    ..InfoRequestAck::default()
                }))
            }
            _ => return None,
        })
    }

    fn admit(&self, request: &AdmissionRequest) -> RasMessage {
        let wanted = request.destination_info.as_ref().and_then(|aliases| aliases.first());
        let callee = self.registered.iter().find(|(registration, _)| {
            registration.terminal_alias.iter().flatten().any(|alias| Some(alias) == wanted)
        });
        let request_seq_num = request.request_seq_num;
        if let Some(reject) = self.reject_answers.clone().filter(|_| request.answer_call) {
            return RasMessage::AdmissionReject(Box::new(AdmissionReject { request_seq_num, ..reject }));
        }
        match callee {
            Some((callee, _)) => RasMessage::AdmissionConfirm(Box::new(AdmissionConfirm {
                request_seq_num,
                band_width: request.band_width,
                dest_call_signal_address: match self.callee {
                    Some(address) => address.into(),
                    None => callee.call_signal_address[0].clone(),
                },
                ..self.admission.clone()
            })),
            None => RasMessage::AdmissionReject(Box::new(AdmissionReject {
                request_seq_num,
                reject_reason: AdmissionRejectReason::CalledPartyNotRegistered,
                ..AdmissionReject::default()
            })),
        }
    }
}

/// The answer of a gatekeeper to a discovery request.
pub fn confirm_discovery(own: SocketAddr, request_seq_num: RequestSeqNum) -> RasMessage {
    RasMessage::GatekeeperConfirm(Box::new(GatekeeperConfirm {
        request_seq_num,
        gatekeeper_identifier: GatekeeperIdentifier::new("GK"),
        ras_address: own.into(),
        ..GatekeeperConfirm::default()
    }))
}

/// A message with the sequence number of another.
fn with_number(mut message: RasMessage, other: &RasMessage) -> RasMessage {
    let number = match other {
        RasMessage::GatekeeperConfirm(confirm) => confirm.request_seq_num,
        RasMessage::RegistrationConfirm(confirm) => confirm.request_seq_num,
        RasMessage::AdmissionConfirm(confirm) => confirm.request_seq_num,
        RasMessage::AdmissionReject(reject) => reject.request_seq_num,
        RasMessage::UnregistrationConfirm(confirm) => confirm.request_seq_num,
        other => panic!("no number is known of {other:?}"),
    };
    match &mut message {
        RasMessage::GatekeeperReject(reject) => reject.request_seq_num = number,
        RasMessage::RegistrationReject(reject) => reject.request_seq_num = number,
        RasMessage::AdmissionReject(reject) => reject.request_seq_num = number,
        RasMessage::RequestInProgress(progress) => progress.request_seq_num = number,
        other => panic!("no number can be given to {other:?}"),
    }
    message
}
