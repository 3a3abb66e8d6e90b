use super::*;
use crate::audit::Audit;
use crate::clock::Clock;
use crate::driver::{DriverHandle, DriverInput, Waker};
use crate::report::Report;
use crate::settings::ZoneSettings;
use crate::shard::{ShardHandle, ShardInput};
use crate::vault::Vault;
use crossbeam_channel::{Receiver, Sender, bounded};
use engine::{Effects, Engine};
use link::{CommandError, Traced};
use model::address::PseudonymKey;
use model::{
    CallEnd, Claim, Effect, GatewayId, InstantMessage, MessageFailure, NamedAddress, Now, Request, Strength,
    Ticket,
};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread;
use store::Store;
use tempfile::TempDir;

pub(crate) fn call_record() -> CallDetailRecord {
    CallDetailRecord {
        call_identifier: "00112233445566778899aabbccddeeff".to_owned(),
        conference_identifier: None,
        caller: "alice".to_owned(),
        callee: "bob".to_owned(),
        caller_address: None,
        callee_address: None,
        admitted_at: Timestamp(1_000),
        answered_at: Some(Timestamp(2_000)),
        ended_at: Timestamp(3_500),
        end: CallEnd::Disengaged,
        reason: Some("normalDrop".to_owned()),
        bandwidth: 1280,
    }
}

/// A control socket over an engine that knows two rooms, without a gateway.
struct Scene {
    directory: TempDir,
    _listener: Listener,
    /// What the gateway is asked.
    commands: Receiver<DriverInput>,
    /// What the operator sends. Who goes by `room 2` takes no messages; nobody else goes by any other name.
    sent: Receiver<InstantMessage>,
    store: Arc<Store>,
}

fn scene(clients_max: usize) -> Scene {
    let directory = tempfile::tempdir().unwrap();
    let (shard_in, shard_inputs) = bounded(100);
    let (sent_in, sent) = bounded(100);
    thread::spawn(move || shard(&shard_inputs, &sent_in));
    let (driver_in, commands) = bounded(100);
    let report = Report {
        started_at: Timestamp(0),
        data: directory.path().to_owned(),
        domain: "example.com".to_owned(),
        heard: Heard::default(),
        store_failing: Arc::default(),
        drivers: vec![Arc::default()],
        shard: Arc::default(),
        accounts_missed: Arc::default(),
        audit: Arc::default(),
        clients_cut: Arc::default(),
        directory: None,
    };
    let zone = ZoneSettings { domain: "example.com".parse().unwrap(), ..ZoneSettings::default() };
    let store = Arc::new(Store::open(directory.path(), store::Options::default()).unwrap());
    let writer = store.writer();
    let sink = Arc::new(move |batch, done| writer.submit(batch, done));
    let (audit, _) = Audit::start(sink, Clock::start(), 16).unwrap();
    let answering = Answering {
        shard: ShardHandle { inputs: shard_in },
        drivers: vec![DriverHandle { inputs: driver_in, waker: Arc::new(Waker::new().unwrap()) }],
        store: Arc::clone(&store),
        names: Names::new(zone.zone(PseudonymKey::new([0; 32])).unwrap()),
        report: Arc::new(report),
        clock: Clock::start(),
        audit,
        watch_queue_max: 16,
        vault: Vault::new(directory.path(), None),
        symmetric: model::Symmetry::Auto,
        user_changes: Arc::default(),
        directory: None,
    };
    let listener = Listener::start(directory.path(), clients_max, answering).unwrap();
    Scene { directory, _listener: listener, commands, sent, store }
}

/// What a shard would do, of what the control socket asks for.
fn shard(inputs: &Receiver<ShardInput>, sent: &Sender<InstantMessage>) {
    let engine = engine();
    for input in inputs {
        match input {
            ShardInput::Look(look) => look(&engine),
            ShardInput::Operate { request, answer } => {
                let Request::Send { ticket, agent, message } = request(Ticket(1)) else { continue };
                let refused = |failure| Effect::MessageRefused { ticket, agent, failure };
                let outcome = match message.recipient.local() {
                    "room 1" => Effect::Accepted { ticket, agent, is_stored: true },
                    "room 2" => refused(MessageFailure::NotSupported),
                    _ => refused(MessageFailure::NoRecipient),
                };
                sent.send(*message).unwrap();
                answer.send(outcome).unwrap();
            }
            _ => {}
        }
    }
}

fn engine() -> Engine {
    let mut engine = Engine::new(engine::Settings::default(), 1);
    let mut effects = Effects::default();
    for (number, name) in [(1, "room 1"), (2, "room 2")] {
        let address = Address::parse(&format!("{name}@example.com")).unwrap();
        let agent = AgentId { gateway: GatewayId(0), number };
        let aliases = vec![NamedAddress { address, kind: "h323-ID".into(), original: name.into() }];
        let claim = Claim {
            agent,
            aliases,
            inferred: true,
            has_presence: false,
            has_messaging: false,
            strength: Strength::Password,
            device: String::new(),
            description: String::new(),
        };
        engine.handle(Now::default(), Request::Claim { ticket: Ticket(number), claim }, &mut effects);
    }
    engine.settle(Now::default(), &mut effects);
    engine
}

impl Scene {
    fn ask(&self, question: &Question) -> Vec<Answer> {
        let mut client = Client::connect(self.directory.path()).unwrap();
        client.ask(question).unwrap();
        let mut answers = Vec::new();
        loop {
            let answer = client.next_answer().unwrap();
            let is_last = matches!(answer, Answer::End | Answer::Failed(_));
            answers.push(answer);
            if is_last {
                return answers;
            }
        }
    }

    fn failure(&self, question: &Question) -> Failure {
        match self.ask(question).as_slice() {
            [Answer::Failed(failure)] => failure.clone(),
            answers => panic!("{answers:?}"),
        }
    }

    /// The line that answers a line.
    fn answer_to(&self, line: &str) -> String {
        let mut stream = UnixStream::connect(self.directory.path().join(SOCKET)).unwrap();
        stream.write_all(line.as_bytes()).unwrap();
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).unwrap();
        answer
    }
}

#[test]
fn the_socket_is_for_its_owner_only() {
    let scene = scene(4);
    let mode = scene.directory.path().join(SOCKET).metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_list_is_its_items_and_the_end() {
    let answers = scene(4).ask(&Question::Presence { address: None });
    let names: Vec<_> = answers
        .iter()
        .filter_map(|answer| match answer {
            Answer::Presence(presence) => Some(presence.presentity.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(names, ["room 1@example.com", "room 2@example.com"]);
    assert_eq!(answers.last(), Some(&Answer::End));
}

#[test]
fn a_name_without_a_domain_and_in_other_case_is_found() {
    let answers = scene(4).ask(&Question::Presence { address: Some("Room 1".into()) });
    let [Answer::Presence(presence), Answer::End] = answers.as_slice() else { panic!("{answers:?}") };
    assert_eq!(presence.presentity.as_str(), "room 1@example.com");
}

#[test]
fn an_unknown_name_is_answered_with_names_like_it() {
    let failure = scene(4).failure(&Question::Why { address: "rom 1".into() });
    assert_eq!(failure.kind, FailureKind::NotFound);
    assert_eq!(failure.near.first().map(String::as_str), Some("room 1@example.com"));
    assert!(failure.text.contains("did you mean room 1@example.com"), "{}", failure.text);
}

#[test]
fn a_line_that_is_no_question_is_answered_and_does_not_harm() {
    // Room for all of them: when the server notices that a client has gone is its own affair.
    let scene = scene(16);
    for line in ["\n", "{}\n", "[1,2\n", "{\"verb\":\"dance\"}\n", "{\"verb\":\"why\"}\n"] {
        assert!(scene.answer_to(line).contains("\"kind\":\"malformed\""), "{line}");
    }
    assert_eq!(scene.ask(&Question::Presence { address: None }).len(), 3);
}

#[test]
fn one_client_more_than_allowed_is_told_so() {
    let scene = scene(1);
    let mut first = Client::connect(scene.directory.path()).unwrap();
    first.ask(&Question::Presence { address: None }).unwrap();
    first.next_answer().unwrap();
    assert!(scene.answer_to("").contains("clients_max"));
}

#[test]
fn a_store_is_backed_up_and_checked_on_request() {
    let scene = scene(4);
    let file = scene.directory.path().join("copy.db");
    let answers = scene.ask(&Question::Backup { file: file.clone() });
    assert!(matches!(answers.as_slice(), [Answer::Done(_), Answer::End]), "{answers:?}");
    assert!(file.exists());
    let answers = scene.ask(&Question::CheckIntegrity);
    assert!(matches!(answers.as_slice(), [Answer::Done(_), Answer::End]), "{answers:?}");
}

#[test]
fn without_a_server_the_client_says_how_to_start_one() {
    let directory = tempfile::tempdir().unwrap();
    let error = Client::connect(directory.path()).err().unwrap();
    assert!(matches!(error, ClientError::NotRunning { .. }));
    assert!(error.to_string().contains("herald serve"));
}

#[test]
fn moments_are_shown_as_text_and_other_numbers_as_they_are() {
    let shown = as_json(&call_record());
    assert_eq!(shown["endedAt"], "1970-01-01T00:00:03.500Z");
    assert_eq!(shown["bandwidth"], 1280);
    assert_eq!(shown["conferenceIdentifier"], Value::Null);
}

fn send(from: Option<&str>, to: &str, text: &str) -> Question {
    Question::Send { from: from.map(str::to_owned), to: to.to_owned(), text: text.to_owned() }
}

#[test]
fn a_message_of_the_operator_comes_from_the_server_or_from_whom_he_names() {
    let scene = scene(4);
    for (from, sender) in [(None, "herald@example.com"), (Some("ROOM 2"), "room 2@example.com")] {
        let answers = scene.ask(&send(from, "Room 1", "hello"));
        assert_eq!(answers, [Answer::Accepted { is_stored: true }, Answer::End]);
        let message = scene.sent.recv().unwrap();
        assert_eq!((message.sender.as_str(), message.recipient.as_str()), (sender, "room 1@example.com"));
        assert_eq!((message.text.as_str(), message.is_report), ("hello", false));
    }
}

#[test]
fn two_messages_of_the_operator_have_two_names() {
    let scene = scene(4);
    let names = [(), ()].map(|()| {
        scene.ask(&send(None, "room 1", "hello"));
        scene.sent.recv().unwrap().id
    });
    assert_ne!(names[0], names[1]);
}

#[test]
fn a_message_that_is_refused_is_a_failure_that_says_why() {
    let scene = scene(4);
    let failure = scene.failure(&send(None, "room 2", "hello"));
    assert_eq!(failure.kind, FailureKind::Unavailable);
    assert!(failure.text.contains("no device of the recipient takes messages"), "{}", failure.text);
    let failure = scene.failure(&send(None, "rom 1", "hello"));
    assert_eq!(failure.kind, FailureKind::NotFound);
    assert_eq!(failure.near.first().map(String::as_str), Some("room 1@example.com"));
}

#[test]
fn a_text_that_is_empty_or_too_long_is_not_sent() {
    let scene = scene(4);
    for text in [String::new(), "x".repeat(TEXT_OCTETS_MAX + 1)] {
        assert_eq!(scene.failure(&send(None, "room 1", &text)).kind, FailureKind::Malformed);
    }
    assert!(scene.sent.is_empty());
}

fn traced(name: &str) -> Traced {
    Traced {
        trace: 1,
        at: Timestamp(1_000),
        is_received: true,
        protocol: "RAS".into(),
        peer: "192.0.2.1:1719".into(),
        name: name.into(),
        reading: serde_json::json!({ "message": name }),
    }
}

#[test]
fn a_trace_shows_each_message_and_ends_when_the_client_goes() {
    let scene = scene(4);
    let mut client = Client::connect(scene.directory.path()).unwrap();
    client.ask(&Question::Trace { endpoint: "alice".into() }).unwrap();
    let Ok(DriverInput::Trace { endpoint, answer, messages }) = scene.commands.recv() else { panic!() };
    assert_eq!(endpoint, "alice");
    answer.send(Ok(7)).unwrap();
    assert_eq!(client.next_answer().unwrap(), Answer::Tracing);
    messages.send(traced("registrationRequest")).unwrap();
    let expected = Answer::Traced(Box::new(traced("registrationRequest")));
    assert_eq!(client.next_answer().unwrap(), expected);
    drop(client);
    assert!(matches!(scene.commands.recv(), Ok(DriverInput::Untrace(7))));
}

#[test]
fn a_trace_that_is_refused_or_cut_off_says_so() {
    let scene = scene(4);
    let asking = thread::scope(|scope| {
        let asking = scope.spawn(|| scene.failure(&Question::Trace { endpoint: "alice".into() }));
        let Ok(DriverInput::Trace { answer, .. }) = scene.commands.recv() else { panic!() };
        answer.send(Err(CommandError::TracesExhausted)).unwrap();
        asking.join().unwrap()
    });
    assert_eq!(asking.kind, FailureKind::Unavailable);
    let mut client = Client::connect(scene.directory.path()).unwrap();
    client.ask(&Question::Trace { endpoint: "alice".into() }).unwrap();
    let Ok(DriverInput::Trace { answer, messages, .. }) = scene.commands.recv() else { panic!() };
    answer.send(Ok(8)).unwrap();
    drop(messages);
    assert_eq!(client.next_answer().unwrap(), Answer::Tracing);
    let Answer::Failed(failure) = client.next_answer().unwrap() else { panic!() };
    assert!(failure.text.contains("cut off"), "{}", failure.text);
}

// covers: F-18, F-19
#[test]
fn what_an_operator_does_is_recorded_before_and_after_with_who_and_without_the_text() {
    let scene = scene(4);
    scene.ask(&send(None, "Room 1", "the combination is 7-1-9"));
    scene.ask(&send(None, "room 2", "the combination is 7-1-9"));
    scene.ask(&Question::Presence { address: None });
    let rows = scene.store.audit(&store::AuditQuery::default(), 100).unwrap();
    let told: Vec<_> = rows
        .iter()
        .map(|row| {
            let event = &row.record.event;
            format!("{} {} {}", event.act, event.object.as_deref().unwrap(), event.outcome.name())
        })
        .collect();
    let expected = [
        "send room 1@example.com begun",
        "send room 1@example.com done",
        "send room 2@example.com begun",
        "send room 2@example.com failed",
    ];
    assert_eq!(told, expected);
    let number = nix::unistd::Uid::effective();
    for row in &rows {
        let event = &row.record.event;
        assert!(event.actor.as_ref().unwrap().contains(&format!("uid {number}")), "{event:?}");
        assert_eq!(event.peer, Some(format!("process {}", std::process::id())));
    }
    assert!(!format!("{rows:?}").contains("7-1-9"));
}

#[test]
fn the_log_is_read_in_order_and_its_last_rows_are_enough() {
    let scene = scene(4);
    for _ in 0..3 {
        scene.ask(&send(None, "Room 1", "hello"));
    }
    let numbers = |last| {
        let query = store::AuditQuery::default();
        let answers = scene.ask(&Question::Audit { query, last, follows: false });
        let rows = answers.into_iter().filter_map(|answer| match answer {
            Answer::Audited(row) => Some(row.number),
            _ => None,
        });
        rows.collect::<Vec<_>>()
    };
    assert_eq!(numbers(100), [1, 2, 3, 4, 5, 6]);
    assert_eq!(numbers(2), [5, 6]);
    let answers = scene.ask(&Question::VerifyAudit { noted: None });
    assert!(matches!(&answers[0], Answer::Verified(verified) if verified.rows == 6), "{answers:?}");
}

fn adds(name: &str, addresses: &[&str], password: &str, is_legacy: bool) -> Question {
    Question::Users(UserQuestion::Add {
        name: name.to_owned(),
        addresses: addresses.iter().map(ToString::to_string).collect(),
        networks: Vec::new(),
        password: Secret(password.to_owned()),
        is_legacy,
    })
}

/// Asks while a gateway does what it is told; what it was told.
fn tells(scene: &Scene, question: &Question) -> link::Command {
    thread::scope(|scope| {
        let asking = scope.spawn(|| scene.ask(question));
        let Ok(DriverInput::Command(command, answer)) = scene.commands.recv() else { panic!() };
        answer.send(Ok(link::Outcome::Known)).unwrap();
        let answers = asking.join().unwrap();
        assert!(matches!(answers.as_slice(), [Answer::Done(_), Answer::End]), "{answers:?}");
        command
    })
}

// covers: F-18
#[test]
fn a_user_is_durable_and_known_to_the_gateway_and_no_secret_is_shown() {
    let scene = scene(4);
    let told = tells(&scene, &adds("alice", &["room 1", "4001"], "correct horse", false));
    let link::Command::SetUser(credential) = told else { panic!("{told:?}") };
    assert_eq!((&*credential.name, &credential.password), ("alice", &None));
    let addresses: Vec<_> = credential.addresses.iter().map(Address::as_str).collect();
    assert_eq!(addresses, ["room 1@example.com", "4001@example.com"]);
    let told = tells(&scene, &adds("bob", &[], "correct horse", true));
    let link::Command::SetUser(credential) = told else { panic!("{told:?}") };
    assert_eq!(credential.password.unwrap().as_str(), "correct horse");

    let answers = scene.ask(&Question::Users(UserQuestion::List));
    let [Answer::User(alice), Answer::User(bob), Answer::End] = answers.as_slice() else {
        panic!("{answers:?}")
    };
    assert_eq!(
        (alice.name.as_str(), alice.methods.as_slice()),
        ("alice", ["procedure1".to_owned()].as_slice())
    );
    assert_eq!((bob.name.as_str(), bob.methods.len()), ("bob", 3));
    // The password is in no file of the data directory, and in nothing that is shown.
    for entry in std::fs::read_dir(scene.directory.path()).unwrap() {
        let octets = std::fs::read(entry.unwrap().path()).unwrap_or_default();
        assert!(!octets.windows(5).any(|window| window == b"horse"));
    }
    assert!(!format!("{answers:?} {:?}", adds("bob", &[], "correct horse", true)).contains("horse"));
}

#[test]
fn a_user_that_can_not_be_is_refused_and_nothing_is_changed() {
    let scene = scene(4);
    tells(&scene, &adds("alice", &["room 1"], "secret", false));
    let wrong = [
        adds("alice", &["room 2"], "secret", false),
        adds("bob", &["room 2", "ROOM 1"], "secret", false),
        adds("", &["room 2"], "secret", false),
        adds("bob\n", &["room 2"], "secret", false),
        adds("bob", &["room 2"], "", false),
        adds("bob", &["room 2"], &"x".repeat(128), false),
    ];
    for question in wrong {
        assert_eq!(scene.failure(&question).kind, FailureKind::Malformed, "{question:?}");
    }
    let password = Secret("secret".to_owned());
    let change = UserQuestion::Change { name: "bob".to_owned(), password };
    assert_eq!(scene.failure(&Question::Users(change)).kind, FailureKind::NotFound);
    let remove = Question::Users(UserQuestion::Remove { name: "bob".to_owned() });
    assert_eq!(scene.failure(&remove).kind, FailureKind::NotFound);
    assert_eq!(scene.ask(&Question::Users(UserQuestion::List)).len(), 2);
    assert!(scene.commands.is_empty());
}

#[test]
fn a_changed_password_is_told_and_a_removed_user_is_gone() {
    let scene = scene(4);
    tells(&scene, &adds("alice", &["room 1"], "secret", true));
    let password = Secret("other".to_owned());
    let change = UserQuestion::Change { name: "alice".to_owned(), password };
    let told = tells(&scene, &Question::Users(change));
    let link::Command::SetUser(credential) = told else { panic!("{told:?}") };
    assert_eq!(credential.password.as_ref().map(model::Password::as_str), Some("other"));
    let told = tells(&scene, &Question::Users(UserQuestion::Remove { name: "alice".to_owned() }));
    assert_eq!(told, link::Command::RemoveUser { name: "alice".to_owned() });
    assert_eq!(scene.ask(&Question::Users(UserQuestion::List)), [Answer::End]);
}
