//! Plays: scenes in plain text.
//!
//! | line | what happens |
//! |---|---|
//! | `# ...` | nothing |
//! | `alice is alice, 1001` | there is an endpoint of this name with these aliases; `(plain)` after them: without generic features, `(deployed)`: without Herald's package; `(no calls for messages)`: with messages over RAS only |
//! | `alice: COMMAND` | alice types a command of `herald endpoint` |
//! | `alice sees: TEXT` | alice is shown a sentence that contains the text, after those of the lines before, within 20 s |
//! | `alice sees no: TEXT` | alice was shown no such sentence since |
//! | `wait 10 s` | time passes |
//! | `10 % of datagrams are lost` | from now on |
//! | `bob vanishes` | without a word |
//! | `bob goes deaf`, `bob hears again` | no datagram reaches bob meanwhile |
//! | `there is a conversation board of alice, bob` | the operator makes a group that is a conversation of these |
//! | `bob is put out of board` | the operator does that |
//! | `a name may have several devices` | at its next start the server takes a second endpoint of a name as one more device |
//! | `the server is killed`, `the server stops`, `the server starts` | |
//!
//! In texts `\n` is a line end, and `{x*300}` is `x` three hundred times.

use crate::World;
use h323::endpoint::Offers;
use model::{GroupChange, GroupRecord, GroupRole, MemberRecord, Millis, Timestamp};

/// How long a sentence may take to be shown.
const PATIENCE: Millis = Millis::seconds(20);

/// Acts a play out.
///
/// # Errors
/// The number of the first line that did not happen, the line, and what happened instead.
pub fn act(text: &str, seed: u64) -> Result<(), String> {
    let mut world = World::new(seed);
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        act_line(&mut world, line).map_err(|error| format!("line {}: {line}\n{error}", number + 1))?;
    }
    Ok(())
}

fn act_line(world: &mut World, line: &str) -> Result<(), String> {
    match line {
        "a name may have several devices" => world.allow_devices(),
        "the server is killed" => world.kill_server(),
        "the server stops" => world.stop_server(),
        "the server starts" => world.start_server(),
        _ => return act_on(world, line),
    }
    Ok(())
}

fn act_on(world: &mut World, line: &str) -> Result<(), String> {
    let number = |text: &str| text.trim().parse::<u64>().map_err(|error| format!("{text:?}: {error}"));
    if let Some(seconds) = line.strip_prefix("wait ").and_then(|rest| rest.strip_suffix(" s")) {
        world.pass(Millis::seconds(number(seconds)?));
    } else if let Some(percent) = line.strip_suffix("% of datagrams are lost") {
        world.lose(number(percent)?);
    } else if let Some(name) = line.strip_suffix(" goes deaf") {
        world.deafen(name, true)?;
    } else if let Some(name) = line.strip_suffix(" hears again") {
        world.deafen(name, false)?;
    } else if let Some(name) = line.strip_suffix(" vanishes") {
        world.vanish(name)?;
    } else if let Some(group) = line.strip_prefix("there is a conversation ") {
        let (group, members) = group.split_once(" of ").ok_or("a conversation of whom?")?;
        make_group(world, group, members)?;
    } else if let Some((name, group)) = line.split_once(" is put out of ") {
        let (group, member) = (world.address(group)?, world.address(name)?);
        world.change_group(GroupChange::Leave { group, member });
    } else if let Some((name, text)) = line.split_once(" sees: ") {
        world.expect(name, &expand(text)?, PATIENCE)?;
    } else if let Some((name, text)) = line.split_once(" sees no: ") {
        world.expect_nothing(name, &expand(text)?)?;
    } else if let Some((name, command)) = line.split_once(": ") {
        world.command(name, &expand(command)?)?;
    } else if let Some((name, aliases)) = line.split_once(" is ") {
        let (aliases, offers) = match aliases.split_once('(') {
            Some((aliases, "plain)")) => (aliases, Offers::NONE),
            Some((aliases, "deployed)")) => (aliases, Offers { package: false, ..Offers::ALL }),
            Some((aliases, "no calls for messages)")) => {
                (aliases, Offers { messaging: false, ..Offers::ALL })
            }
            Some((_, other)) => return Err(format!("({other} is no kind of endpoint")),
            None => (aliases, Offers::ALL),
        };
        let aliases: Vec<_> = aliases.split(',').map(str::trim).collect();
        world.add(name, &aliases, offers);
    } else {
        return Err("this is no line of a play".to_owned());
    }
    Ok(())
}

fn make_group(world: &mut World, name: &str, members: &str) -> Result<(), String> {
    let group = world.address(name)?;
    let record = GroupRecord { is_conversation: true, ..GroupRecord::of(group.clone(), Timestamp(0)) };
    world.change_group(GroupChange::Create(record));
    for member in members.split(',') {
        let (group, member) = (group.clone(), world.address(member.trim())?);
        world.change_group(GroupChange::Join(MemberRecord { group, member, role: GroupRole::Member }));
    }
    Ok(())
}

/// The text that is meant.
fn expand(text: &str) -> Result<String, String> {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, repetition)) = rest.split_once('{') {
        let (inner, after) = repetition.split_once('}').ok_or("a { without }")?;
        let (piece, times) = inner.rsplit_once('*').ok_or("write {TEXT*TIMES}")?;
        let times: usize = times.parse().map_err(|error| format!("{times:?}: {error}"))?;
        expanded += before;
        expanded += &piece.repeat(times);
        rest = after;
    }
    expanded += rest;
    Ok(expanded.replace("\\n", "\n"))
}
