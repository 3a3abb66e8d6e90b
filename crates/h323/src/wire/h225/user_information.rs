//! The User-User information of call signalling (H.225.0 Annex H).

use super::*;
use codec::per::{Integer, Null, OctetString};
use codec::{choice, sequence};

sequence! {
    /// `H323-UU-PDU`.
    H323UuPdu {
        required "h323-message-body" h323_message_body: MessageBody,
        optional "nonStandardData" non_standard_data: NonStandardParameter,
    } ... {
        "h4501SupplementaryService" h4501_supplementary_service: Vec<OctetString>,
        "h245Tunnelling" h245_tunnelling: bool,
        "h245Control" h245_control: Vec<OctetString>,
        "nonStandardControl" non_standard_control: Vec<NonStandardParameter>,
        "callLinkage" call_linkage: CallLinkage,
        "tunnelledSignallingMessage" tunnelled_signalling_message: TunnelledSignallingMessage,
        "provisionalRespToH245Tunnelling" provisional_resp_to_h245_tunnelling: Null,
        "stimulusControl" stimulus_control: StimulusControl,
        "genericData" generic_data: Vec<GenericData>,
    }

    /// `H323-UU-PDU.tunnelledSignallingMessage`.
    TunnelledSignallingMessage {
        required "tunnelledProtocolID" tunnelled_protocol_id: TunnelledProtocol,
        required "messageContent" message_content: Vec<OctetString>,
        optional "tunnellingRequired" tunnelling_required: Null,
        optional "nonStandardData" non_standard_data: NonStandardParameter,
    } ... {}

    /// `StimulusControl`.
    StimulusControl {
        optional "nonStandard" non_standard: NonStandardParameter,
        optional "isText" is_text: Null,
        optional "h248Message" h248_message: OctetString,
    } ... {}

    /// `H323-UserInformation`.
    H323UserInformation {
        required "h323-uu-pdu" h323_uu_pdu: H323UuPdu,
        optional "user-data" user_data: UserData,
    } ... {}

    /// `H323-UserInformation.user-data`.
    UserData {
        required "protocol-discriminator" protocol_discriminator: Integer<0, 255>,
        required "user-information" user_information: OctetString<1, 131>,
    } ... {}
}

choice! {
    /// `H323-UU-PDU.h323-message-body`.
    MessageBody {
        "setup" Setup(Box<SetupUuie>),
        "callProceeding" CallProceeding(Box<CallProceedingUuie>),
        "connect" Connect(Box<ConnectUuie>),
        "alerting" Alerting(Box<AlertingUuie>),
        "information" Information(Box<InformationUuie>),
        "releaseComplete" ReleaseComplete(Box<ReleaseCompleteUuie>),
        "facility" Facility(Box<FacilityUuie>),
    } ... {
        "progress" Progress(Box<ProgressUuie>),
        "empty" Empty,
        "status" Status(Box<StatusUuie>),
        "statusInquiry" StatusInquiry(Box<StatusInquiryUuie>),
        "setupAcknowledge" SetupAcknowledge(Box<SetupAcknowledgeUuie>),
        "notify" Notify(Box<NotifyUuie>),
    }
}
