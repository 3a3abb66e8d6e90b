use super::*;
use model::{BlockRecord, SubscriptionRecord};
use std::fs;
use store::Options;
use tempfile::TempDir;

fn import_text(directory: &TempDir, text: &str) -> Result<Imported, ImportError> {
    let file = directory.path().join("people.jsonl");
    fs::write(&file, text).unwrap();
    import(&Settings::default(), &directory.path().join("data"), &file, |_| {})
}

/// All names with their owners, all subscriptions and all blocks, each in order.
fn stored(directory: &TempDir) -> (Vec<[String; 2]>, Vec<SubscriptionRecord>, Vec<BlockRecord>) {
    let store = Store::open(&directory.path().join("data"), Options::default()).unwrap();
    let (mut names, mut subscriptions, mut blocks) = (Vec::new(), Vec::new(), Vec::new());
    store.aliases(|entry| names.push([entry.address.to_string(), entry.principal.to_string()])).unwrap();
    store.subscriptions(|record| subscriptions.push(record)).unwrap();
    store.blocks(|record| blocks.push(record)).unwrap();
    store.close().unwrap();
    names.sort();
    subscriptions.sort_by_key(|record| (record.watcher.clone(), record.presentity.clone()));
    (names, subscriptions, blocks)
}

const PEOPLE: &str = r#"
{"names": ["alice"], "watches": ["7004", "bob", "carol@elsewhere.example"]}
{"names": ["Room4", "7004"], "watches": ["ALICE"], "blocks": ["bob"]}
{"names": ["bob"]}
"#;

#[test]
fn people_names_lists_and_blocks_are_there_afterwards() {
    let directory = tempfile::tempdir().unwrap();
    let imported = import_text(&directory, PEOPLE).unwrap();
    let expected = Imported { lines: 3, principals: 3, names: 4, subscriptions: 4, blocks: 1 };
    assert_eq!(imported, expected);
    let (names, subscriptions, blocks) = stored(&directory);
    let name = |name: &str, of: &str| [format!("{name}@localhost"), format!("{of}@localhost")];
    let domain = Settings::default().zone.domain.to_string();
    let names =
        Vec::from_iter(names.into_iter().map(|pair| pair.map(|name| name.replace(&domain, "localhost"))));
    assert_eq!(
        names,
        [name("7004", "room4"), name("alice", "alice"), name("bob", "bob"), name("room4", "room4")]
    );
    assert!(subscriptions.iter().all(|record| record.is_active));
    let ids = Vec::from_iter(subscriptions.iter().map(|record| record.id));
    // alice to bob, carol and room4; room4 to alice.
    assert_eq!(ids[2], ids[3], "a mutual subscription has one name");
    assert_ne!(ids[0], ids[2]);
    assert_eq!(blocks.len(), 1);
}

#[test]
fn a_second_import_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    import_text(&directory, PEOPLE).unwrap();
    let before = stored(&directory);
    assert_eq!(import_text(&directory, PEOPLE).unwrap(), Imported { lines: 3, ..Imported::default() });
    assert_eq!(stored(&directory), before);
}

#[test]
fn who_is_known_by_one_name_gets_the_others() {
    let directory = tempfile::tempdir().unwrap();
    import_text(&directory, PEOPLE).unwrap();
    let imported = import_text(&directory, r#"{"names": ["lobby", "7004"], "watches": ["bob"]}"#).unwrap();
    assert_eq!(imported, Imported { lines: 1, principals: 0, names: 1, subscriptions: 1, blocks: 0 });
}

#[test]
fn a_mistake_in_the_last_line_is_named_and_leaves_nothing_behind() {
    let mistakes = [
        ("{\"names\": [\"alice\", \"bob\"]}", "belong to"),
        ("{\"names\": []}", "it has no names"),
        ("{\"names\": [\"dave\"], \"watches\": [\"dave\"]}", "is itself"),
        ("{\"names\": [\"dave@elsewhere.example\"]}", "not of this zone"),
        ("{\"names\": [\"dave\"], \"likes\": []}", "unknown field `likes`"),
        ("{\"names\": [\"dave\"", "EOF"),
    ];
    for (line, problem) in mistakes {
        let directory = tempfile::tempdir().unwrap();
        let error = import_text(&directory, &format!("{PEOPLE}{line}")).unwrap_err().to_string();
        assert!(error.starts_with("line 5: ") && error.contains(problem), "{line}: {error}");
        assert_eq!(stored(&directory), (vec![], vec![], vec![]));
    }
}

#[test]
fn a_list_of_more_than_one_part_is_written_whole() {
    let directory = tempfile::tempdir().unwrap();
    let contacts = Vec::from_iter((0..9_000).map(|number| format!("\"c{number}\"")));
    let text = format!("{{\"names\": [\"alice\"], \"watches\": [{}]}}", contacts.join(","));
    assert_eq!(import_text(&directory, &text).unwrap().subscriptions, 9_000);
    assert_eq!(stored(&directory).1.len(), 9_000);
}
