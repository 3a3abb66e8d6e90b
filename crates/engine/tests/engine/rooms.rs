//! Conversations that people enter: who sees whom there, and who hears what.

use crate::conversations::{board_with, conversation};
use crate::scene::{Scene, address, agent};
use engine::Settings;
use model::{Effect, GroupChange, GroupRecord, GroupRefusal, Request, Ticket, Writers};

/// Alice, Bob and Carol are members of the board, which is open to everybody; Dave and Erin are not.
fn board() -> Scene {
    let open = GroupRecord { writers: Writers::Anybody, ..conversation("board") };
    let mut scene = board_with(Settings::default(), open);
    scene.sign_on(5, "erin");
    scene.effects_for(5);
    scene
}

impl Scene {
    fn enter(&mut self, number: u64, nick: &str) {
        let (group, nick) = (address("board"), nick.to_owned());
        self.ask(Request::Enter { ticket: Ticket(0), agent: agent(number), group, nick });
    }

    fn exit(&mut self, number: u64) {
        self.ask(Request::Exit { agent: agent(number), group: address("board") });
    }

    /// What an agent saw and heard in the room.
    fn witnessed(&mut self, number: u64) -> Vec<String> {
        let words = |effect: &Effect| match effect {
            Effect::Entered { occupants, .. } => {
                let occupants = occupants.iter().map(|one| format!("{}={}", one.nick, one.address.local()));
                let mut occupants = Vec::from_iter(occupants);
                occupants.sort();
                Some(format!("in with {}", occupants.join(" ")))
            }
            Effect::Occupancy { occupant, is_there, .. } => {
                Some(format!("{}{}", if *is_there { "+" } else { "-" }, occupant.nick))
            }
            Effect::PutOut { .. } => Some("out".to_owned()),
            Effect::Overheard { nick, message, .. } => Some(format!("{nick}: {}", message.text)),
            Effect::GroupRefused { refusal, .. } => Some(refusal.to_string()),
            _ => None,
        };
        self.effects_for(number).iter().filter_map(words).collect()
    }
}

#[test]
fn who_enters_sees_the_members_and_those_who_have_entered_and_is_seen() {
    let mut scene = board();
    scene.enter(4, "Dave");
    assert_eq!(scene.witnessed(4), ["in with Dave=dave alice=alice bob=bob carol=carol"]);
    scene.enter(5, "Erin");
    assert_eq!(scene.witnessed(4), ["+Erin"]);
    assert_eq!(scene.witnessed(5), ["in with Dave=dave Erin=erin alice=alice bob=bob carol=carol"]);
    scene.enter(5, "E.");
    assert_eq!(scene.witnessed(4), ["-Erin", "+E."]);
    scene.exit(5);
    assert_eq!(scene.witnessed(4), ["-E."]);
    scene.enter(5, "Erin");
    scene.depart(5, "gone");
    assert_eq!(scene.witnessed(4), ["+Erin", "-Erin"]);
}

#[test]
fn no_two_have_one_name_there() {
    let mut scene = board();
    scene.sign_on(6, "Dave B");
    scene.join_group("board", &["Dave B"]);
    scene.enter(4, "ALICE");
    assert_eq!(scene.witnessed(4), ["somebody is called ALICE there already"]);
    scene.enter(4, "zoe");
    scene.sign_on(7, "Zoe");
    scene.join_group("board", &["Zoe"]);
    assert_eq!(scene.witnessed(4).last().unwrap(), "+Zoe 2");
    // A member may enter under the name it has there, and has it again when it leaves.
    scene.enter(1, "alice");
    assert_eq!(scene.witnessed(4), ["-alice", "+alice"]);
    scene.exit(1);
    assert_eq!(scene.witnessed(4), ["-alice", "+alice"]);
}

#[test]
fn what_is_written_is_heard_in_the_room_and_waits_for_the_members_outside() {
    let mut scene = board();
    scene.enter(4, "Dave");
    scene.enter(1, "Chair");
    scene.witnessed(4);
    scene.witnessed(1);
    scene.send(4, 9, "board");
    assert_eq!(scene.witnessed(4), ["Dave: 9"], "whoever writes hears it too");
    assert_eq!(scene.witnessed(1), ["Dave: 9"]);
    assert_eq!((scene.texts(1), scene.texts(2)), (vec![], vec!["9".to_owned()]));
    assert_eq!(scene.drain(3), ["9"]);
    scene.send(2, 8, "board");
    assert_eq!(
        (scene.witnessed(4), scene.witnessed(1)),
        (vec!["bob: 8".to_owned()], vec!["bob: 8".to_owned()])
    );
    assert_eq!(scene.texts(3), ["8"]);
}

#[test]
fn who_may_not_write_may_not_enter_and_is_put_out() {
    let mut scene = board();
    scene.enter(4, "Dave");
    scene.enter(1, "Chair");
    scene.witnessed(4);
    scene.witnessed(1);
    let closed = GroupRecord { writers: Writers::Members, ..conversation("board") };
    scene.change_group(None, GroupChange::Alter(closed)).unwrap();
    assert_eq!(scene.witnessed(4).last().unwrap(), "out");
    assert_eq!(scene.witnessed(1).last().unwrap(), "-Dave");
    scene.enter(4, "Dave");
    let refusal = GroupRefusal::NotMember { group: address("board"), member: address("dave") };
    assert_eq!(scene.witnessed(4), [refusal.to_string()]);
    scene.change_group(None, GroupChange::Remove(address("board"))).unwrap();
    assert_eq!(scene.witnessed(1), ["out"]);
    scene.enter(1, "Chair");
    assert_eq!(scene.witnessed(1), [GroupRefusal::Unknown(address("board")).to_string()]);
}

#[test]
fn who_is_alone_in_a_room_hears_itself() {
    let open = GroupRecord { writers: Writers::Anybody, ..conversation("hall") };
    let mut scene = Scene::new();
    scene.sign_on(1, "alice");
    scene.change_group(None, GroupChange::Create(open)).unwrap();
    let (group, nick) = (address("hall"), "Alice".to_owned());
    scene.ask(Request::Enter { ticket: Ticket(0), agent: agent(1), group, nick });
    scene.send(1, 1, "hall");
    assert_eq!(scene.witnessed(1), ["in with Alice=alice", "Alice: 1"]);
}
