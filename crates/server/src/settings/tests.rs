use super::{LogFormat, Problem, SecondDevice, Settings, example, reference};
use std::fs;
use std::path::Path;

fn problems(text: &str) -> Vec<Problem> {
    Settings::parse(text).expect_err("the text is wrong on purpose")
}

#[test]
fn an_empty_file_gives_the_defaults() {
    assert_eq!(Settings::parse("").unwrap(), Settings::default());
}

#[test]
fn values_are_read() {
    let text = "[zone]\ndomain = \"Example.COM\"\n[h323]\nlisten = [\"192.0.2.1\", \"[::1]:1800\"]\n\
                second_device = \"accept\"\ntrusted = [\"10.0.0.0/8\"]\n[log]\nformat = \"json\"\n";
    let settings = Settings::parse(text).unwrap();
    assert_eq!(settings.zone.domain.value().as_str(), "example.com");
    let listen: Vec<_> = settings.h323.listen.iter().map(|address| address.value().to_string()).collect();
    assert_eq!(listen, ["192.0.2.1:1719", "[::1]:1800"]);
    assert_eq!(settings.h323.second_device, SecondDevice::Accept);
    assert!(settings.h323.trusted[0].value().contains("10.1.2.3".parse().unwrap()));
    assert_eq!(settings.log.format, LogFormat::Json);
}

#[test]
fn an_unknown_field_is_refused_with_its_line_and_what_was_meant() {
    let found = problems("[h323]\ndiscovery = false\ntime_to_liv = 60\n");
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].to_string(),
        "line 3: time_to_liv in [h323]: there is no such field; did you mean `time_to_live`?"
    );
}

#[test]
fn an_unknown_table_is_refused_with_what_was_meant() {
    assert_eq!(problems("[h232]\n")[0].text, "there is no table [h232]; did you mean [h323]?");
    assert_eq!(problems("time_to_live = 60\n")[0].text, "`time_to_live` belongs below [h323]");
}

#[test]
fn all_values_out_of_range_are_told_at_once_with_their_lines() {
    let found = problems("[h323]\nprobes = 0\n\n[control]\nclients_max = 5000\n");
    let told: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "line 2: probes in [h323]: 0 is out of range; allowed: 1 to 10",
            "line 5: clients_max in [control]: 5000 is out of range; allowed: 1 to 1024"
        ]
    );
}

#[test]
fn a_time_to_live_outside_its_own_limits_is_refused() {
    let found = problems("[h323]\ntime_to_live = 60\ntime_to_live_min = 90\n");
    assert_eq!((found[0].field.as_str(), found[0].line), ("time_to_live", Some(2)));
}

#[test]
fn a_value_of_a_wrong_type_is_refused_with_its_line() {
    let found = problems("[h323]\n\ndiscovery = \"yes\"\n");
    assert_eq!(found[0].line, Some(3));
    let found = problems("[h323]\nlisten = [\"somewhere\"]\n");
    assert!(found[0].text.contains("is not an address to listen on"), "{}", found[0].text);
}

#[test]
fn a_directory_that_can_not_be_asked_is_refused() {
    let at = |text: &str| problems(text).into_iter().map(|found| found.field).collect::<Vec<_>>();
    assert_eq!(at("[directory]\nurls = [\"ldaps://ldap.example.com\"]\n"), ["urls"]);
    assert_eq!(at("[directory]\nbind_dn = \"cn=herald\"\n"), ["bind_dn"]);
    assert_eq!(at("[directory]\npassword_file = \"secret\"\n"), ["password_file"]);
    assert_eq!(at("[directory]\nh235_legacy = true\n"), ["h235_legacy"]);
    let found = problems("[directory]\nurls = [\"http://example.com\"]\n");
    assert!(found[0].text.contains("is no server"), "{}", found[0].text);
    let found = problems("[directory]\npeople_filter = \"(uid=*\"\n");
    assert!(found[0].text.contains("is no filter"), "{}", found[0].text);
}

#[test]
fn the_kind_of_a_directory_decides_what_is_not_set() {
    let settings =
        Settings::parse("[directory]\nkind = \"active-directory\"\nuser_attribute = \"upn\"\n").unwrap();
    let told = settings.directory.directory();
    assert_eq!((told.user_attribute.as_str(), told.groups_filter.as_str()), ("upn", "(objectClass=group)"));
    assert_eq!(told.address_attributes[..2], ["upn".to_owned(), "mail".to_owned()]);
}

#[test]
fn a_contradicting_dial_plan_is_refused() {
    let found = problems("[zone]\ndial_rules = [{ prefix = \"00\" }, { prefix = \"00\" }]\n");
    assert_eq!((found[0].field.as_str(), found[0].line), ("dial_rules", Some(2)));
}

#[test]
fn the_example_file_is_valid_and_shows_the_defaults() {
    assert_eq!(Settings::parse(&example()).unwrap(), Settings::default());
    let all_set: String = example()
        .lines()
        .filter(|line| !line.starts_with("# ") && !line.ends_with("# not set"))
        .map(|line| line.strip_prefix('#').unwrap_or(line).to_owned() + "\n")
        .collect();
    assert!(all_set.contains("\ntime_to_live = 120\n"));
    assert_eq!(Settings::parse(&all_set).unwrap(), Settings::default());
}

#[test]
fn the_reference_states_default_unit_range_and_reload_of_every_field() {
    let reference = reference();
    let fields = reference.matches("\n### `").count();
    assert!(fields > 40);
    assert_eq!(reference.matches("\nDefault: ").count(), fields);
    assert!(reference.contains("Default: `120`. Unit: s. Range: 10 to 86400. Reload: restart."));
}

#[test]
fn the_page_of_the_book_is_the_reference() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let is_up_to_date = fs::read_to_string(page).unwrap() == reference();
    assert!(is_up_to_date, "run `herald config reference > docs/configuration.md`");
}

fn signalling(text: &str) -> Vec<String> {
    let settings = Settings::parse(text).unwrap();
    settings.h323.signalling_addresses().iter().map(ToString::to_string).collect()
}

#[test]
fn calls_are_taken_where_ras_is_heard_unless_the_operator_says_otherwise() {
    assert_eq!(signalling(""), ["0.0.0.0:1720", "[::]:1720"]);
    assert_eq!(signalling("[h323]\nlisten = [\"192.0.2.1:2719\", \"192.0.2.1:2819\"]\n"), ["192.0.2.1:2720"]);
    assert_eq!(signalling("[h323]\nlisten = [\"127.0.0.1:0\"]\n"), ["127.0.0.1:0"]);
    assert_eq!(
        signalling("[h323]\nsignalling = [\"192.0.2.1\", \"::1\"]\n"),
        ["192.0.2.1:1720", "[::1]:1720"]
    );
    assert!(signalling("[h323]\nsignalling = []\n").is_empty());
}

#[test]
fn addresses_for_calls_have_one_port() {
    let found = problems("[h323]\nsignalling = [\"192.0.2.1\", \"192.0.2.2:1800\"]\n");
    assert_eq!((found[0].field.as_str(), found[0].line), ("signalling", Some(2)));
}
