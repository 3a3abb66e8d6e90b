//! The reference and the example file, made from the declarations of the tables.

use super::table::{Field, RELOAD, Table};
use super::{
    AuditSettings, CallsSettings, ControlSettings, DirectorySettings, DnsSettings, GroupsSettings,
    H323Settings, HistorySettings, LimitsSettings, LogSettings, MessagesSettings, PresenceSettings,
    RulesSettings, SecuritySettings, StoreSettings, XmppSettings, ZoneSettings,
};
use std::fmt::Write;

/// A table as the reference shows it.
pub(super) struct TableReference {
    pub name: &'static str,
    pub about: &'static [&'static str],
    pub fields: Vec<Field>,
}

/// All tables in the order of the file.
pub(super) fn tables() -> Vec<TableReference> {
    fn table<T: Table>() -> TableReference {
        TableReference { name: T::NAME, about: T::ABOUT, fields: T::fields() }
    }
    vec![
        table::<ZoneSettings>(),
        table::<H323Settings>(),
        table::<SecuritySettings>(),
        table::<LimitsSettings>(),
        table::<PresenceSettings>(),
        table::<MessagesSettings>(),
        table::<RulesSettings>(),
        table::<GroupsSettings>(),
        table::<DirectorySettings>(),
        table::<XmppSettings>(),
        table::<DnsSettings>(),
        table::<HistorySettings>(),
        table::<StoreSettings>(),
        table::<CallsSettings>(),
        table::<AuditSettings>(),
        table::<ControlSettings>(),
        table::<LogSettings>(),
    ]
}

/// The reference in Markdown: each field with what it does, default, unit, range and when a change counts.
pub fn reference() -> String {
    let mut text = String::from(INTRODUCTION);
    for table in tables() {
        // Writing to a string can't fail.
        let _ = write!(text, "\n## `[{}]`\n\n{}\n", table.name, paragraph(table.about));
        for field in &table.fields {
            let default =
                field.default.as_deref().map_or("not set".to_owned(), |default| format!("`{default}`"));
            let unit = if field.unit.is_empty() { "none" } else { field.unit };
            let _ = write!(
                text,
                "\n### `{}`\n\n{}\n\nDefault: {default}. Unit: {unit}. Range: {}. Reload: {RELOAD}.\n",
                field.name,
                paragraph(field.about),
                field.range,
            );
        }
    }
    text
}

/// A `herald.toml` with every field at its default, each commented out.
pub fn example() -> String {
    let mut text = String::from("# Herald's configuration. Every field is shown with its default.\n");
    for table in tables() {
        let _ = write!(text, "\n{}[{}]\n", comment(table.about), table.name);
        for field in &table.fields {
            let unit = if field.unit.is_empty() { String::new() } else { format!(" {}", field.unit) };
            let _ = write!(
                text,
                "\n{}# Range: {}.{}\n#{} = {}\n",
                comment(field.about),
                field.range,
                if unit.is_empty() { unit } else { format!(" Unit:{unit}.") },
                field.name,
                field.default.as_deref().unwrap_or("# not set"),
            );
        }
    }
    text
}

const INTRODUCTION: &str = "# Configuration

This page is made by `herald config reference`.

Herald needs no configuration file. Where there is one, it is `herald.toml` in the data directory or the file
that `--config` names. `herald check` reads it without starting a server. An unknown name is an error. Every
field may be left out. A change counts after a restart.
";

/// Doc comment lines as one paragraph.
fn paragraph(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join("\n")
}

fn comment(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("# {}\n", line.trim())).collect()
}
