//! What is stored about one principal: the list of it, which serves export and erasure alike.
//!
//! A table is either in [`PERSONAL`] or in the list `NOT_PERSONAL` of the tests; one of them sees to it. What an
//! erasure deletes is overwritten on the disk too (`secure_delete`), and the write-ahead log is emptied after it.

use crate::StoreError;
use crate::readers::Readers;
use model::{Address, Erasure};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, named_params};
use serde_json::{Map, Value};

/// A table with rows about people.
struct Personal {
    table: &'static str,
    /// What is exported of a row; no secrets.
    columns: &'static str,
    /// Which rows are about a principal.
    of: &'static str,
    /// What removes them, in the order of the list; rows that are about others too lose what is about this one.
    erase: &'static [&'static str],
}

/// All tables with rows about people. `:principal` is the address of the principal, `:names` are its addresses, and
/// `:texts` everything it is called by, as JSON arrays.
const PERSONAL: &[Personal] = &[
    Personal {
        table: "aliases",
        columns: "address, kind, original, principal",
        of: "principal = :principal",
        erase: &["DELETE FROM aliases WHERE principal = :principal"],
    },
    Personal {
        table: "publications",
        columns: "principal, device, at, state, publication",
        of: "principal = :principal",
        erase: &["DELETE FROM publications WHERE principal = :principal"],
    },
    Personal {
        table: "subscriptions",
        columns: "watcher, presentity, active, asked_at, written_kind, written, card",
        of: "watcher = :principal OR presentity = :principal OR presentity IN (SELECT value FROM json_each(:names))",
        erase: &["DELETE FROM subscriptions WHERE watcher = :principal OR presentity = :principal
            OR presentity IN (SELECT value FROM json_each(:names))"],
    },
    Personal {
        table: "blocks",
        columns: "owner, blocked, since, written_kind, written, card",
        of: "owner = :principal OR blocked = :principal OR blocked IN (SELECT value FROM json_each(:names))",
        erase: &["DELETE FROM blocks WHERE owner = :principal OR blocked = :principal
            OR blocked IN (SELECT value FROM json_each(:names))"],
    },
    Personal {
        table: "rules",
        columns: "level, whom, who, service, rule",
        of: "whom = :principal OR who = :principal OR whom IN (SELECT value FROM json_each(:names))
            OR who IN (SELECT value FROM json_each(:names))",
        erase: &["DELETE FROM rules WHERE whom = :principal OR who = :principal
            OR whom IN (SELECT value FROM json_each(:names)) OR who IN (SELECT value FROM json_each(:names))"],
    },
    Personal {
        table: "group_members",
        columns: "group_address, member, role",
        of: "member = :principal OR member IN (SELECT value FROM json_each(:names))",
        erase: &["DELETE FROM group_members WHERE member = :principal
            OR member IN (SELECT value FROM json_each(:names))"],
    },
    Personal {
        table: "inbox_rules",
        columns: "principal, rules",
        of: "principal = :principal",
        erase: &["DELETE FROM inbox_rules WHERE principal = :principal"],
    },
    Personal {
        table: "users",
        columns: "name, json_extract(record, '$.addresses') AS addresses, json_extract(record, '$.since') AS since,
            json_extract(record, '$.directory') AS directory",
        of: "EXISTS (SELECT 1 FROM json_each(record, '$.addresses') AS owned WHERE owned.value = :principal
            OR owned.value IN (SELECT value FROM json_each(:names)))",
        erase: &["DELETE FROM users WHERE EXISTS (SELECT 1 FROM json_each(record, '$.addresses') AS owned
            WHERE owned.value = :principal OR owned.value IN (SELECT value FROM json_each(:names)))"],
    },
    Personal {
        table: "messages",
        columns: "inbox, place, sender, hex(id) AS id, recipient, sent_at, expires_at, text, media_type, body, handling,
            settled_at",
        of: "inbox = :principal OR sender IN (SELECT value FROM json_each(:names))",
        erase: &["DELETE FROM messages WHERE inbox = :principal
            OR sender IN (SELECT value FROM json_each(:names))"],
    },
    Personal {
        table: "history",
        columns: "principal, peer, is_sent, thread, at, hex(id) AS id, text, media_type, body, outcome",
        of: "principal = :principal OR peer IN (SELECT value FROM json_each(:names))",
        erase: &["DELETE FROM history WHERE principal = :principal
            OR peer IN (SELECT value FROM json_each(:names))"],
    },
    Personal {
        table: "history_exceptions",
        columns: "principal",
        of: "principal = :principal",
        erase: &["DELETE FROM history_exceptions WHERE principal = :principal"],
    },
    Personal {
        table: "calls",
        columns: "call_identifier, caller, callee, caller_address, callee_address, admitted_at, answered_at, ended_at,
            outcome, reason, bandwidth",
        of: "caller IN (SELECT value FROM json_each(:texts)) OR callee IN (SELECT value FROM json_each(:texts))",
        erase: &[
            "UPDATE calls SET caller = 'erased', caller_address = NULL
                WHERE caller IN (SELECT value FROM json_each(:texts))",
            "UPDATE calls SET callee = 'erased', callee_address = NULL
                WHERE callee IN (SELECT value FROM json_each(:texts))",
        ],
    },
    Personal {
        table: "soft",
        columns: "owner_table, key, value, updated_at",
        of: "key IN (SELECT value FROM json_each(:names)) OR EXISTS
            (SELECT 1 FROM json_each(:texts) AS text WHERE instr(soft.value, json_quote(text.value)) > 0)",
        erase: &["DELETE FROM soft WHERE key IN (SELECT value FROM json_each(:names)) OR EXISTS
            (SELECT 1 FROM json_each(:texts) AS text WHERE instr(soft.value, json_quote(text.value)) > 0)"],
    },
    Personal {
        table: "audit",
        columns: "number, at, last_at, count, act, outcome, reason, gateway,
            (SELECT name FROM audit_names WHERE id = actor) AS actor,
            (SELECT name FROM audit_names WHERE id = object) AS object,
            (SELECT name FROM audit_names WHERE id = target) AS target,
            (SELECT name FROM audit_names WHERE id = peer) AS peer",
        of: "actor IN (SELECT id FROM audit_names WHERE name IN (SELECT value FROM json_each(:texts)))
            OR object IN (SELECT id FROM audit_names WHERE name IN (SELECT value FROM json_each(:texts)))
            OR target IN (SELECT id FROM audit_names WHERE name IN (SELECT value FROM json_each(:texts)))",
        // The rows stay, so that the chain does; who they are about is nobody's any more.
        erase: &["UPDATE audit_names SET salt = NULL, name = NULL
            WHERE name IN (SELECT value FROM json_each(:texts))"],
    },
    Personal {
        table: "principals",
        columns: "address, created_at",
        of: "address = :principal",
        erase: &["DELETE FROM principals WHERE address = :principal"],
    },
];

/// Tables without rows about people: the database itself, and what belongs to the audit log.
#[cfg(test)]
const NOT_PERSONAL: [&str; 4] = ["meta", "audit_head", "audit_names", "groups"];

/// What a principal is called by, for the statements of the list.
struct Called {
    principal: String,
    names: String,
    texts: String,
}

impl Called {
    fn of(erasure: &Erasure) -> Self {
        let Erasure { principal, names, originals } = erasure;
        let mut texts = Vec::from_iter(names.iter().map(|name| name.as_str().to_owned()));
        texts.extend(originals.iter().cloned());
        // An operator types the part before the domain.
        texts.extend(names.iter().map(|name| name.local().to_owned()));
        texts.sort_unstable();
        texts.dedup();
        let names = Vec::from_iter(names.iter().map(Address::as_str));
        Self {
            principal: principal.to_string(),
            names: Value::from(names).to_string(),
            texts: Value::from(texts).to_string(),
        }
    }
}

/// Removes everything about a principal.
pub(crate) fn erase(connection: &Connection, erasure: &Erasure) -> rusqlite::Result<()> {
    let called = Called::of(erasure);
    for statement in PERSONAL.iter().flat_map(|personal| personal.erase) {
        let mut prepared = connection.prepare(statement)?;
        for (name, value) in
            [(":principal", &called.principal), (":names", &called.names), (":texts", &called.texts)]
        {
            if let Some(place) = prepared.parameter_index(name)? {
                prepared.raw_bind_parameter(place, value)?;
            }
        }
        prepared.raw_execute()?;
    }
    Ok(())
}

impl Readers {
    /// Hands everything about a principal to `each`: the table, and a row as JSON with the names of its columns.
    pub(crate) fn export(
        &self,
        erasure: &Erasure,
        mut each: impl FnMut(&'static str, Value),
    ) -> Result<u64, StoreError> {
        let called = Called::of(erasure);
        let mut count = 0;
        for Personal { table, columns, of, .. } in PERSONAL {
            // All three are named, so that one list of parameters fits every table.
            let sql = format!(
                "SELECT {columns} FROM {table} WHERE ({of})
                AND :principal IS NOT NULL AND :names IS NOT NULL AND :texts IS NOT NULL"
            );
            let parameters = named_params! {
                ":principal": called.principal, ":names": called.names, ":texts": called.texts
            };
            count += self.rows(&sql, parameters, |row| {
                each(table, json(row).map_err(|error| self.fail(&error))?);
                Ok(())
            })?;
        }
        Ok(count)
    }
}

/// A row with the names of its columns; octets are hexadecimal digits.
fn json(row: &Row<'_>) -> rusqlite::Result<Value> {
    let mut members = Map::new();
    let statement: &rusqlite::Statement<'_> = row.as_ref();
    for (place, name) in statement.column_names().enumerate() {
        let value = match row.get_ref(place)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => number.into(),
            ValueRef::Real(number) => number.into(),
            ValueRef::Text(text) => String::from_utf8_lossy(text).into(),
            ValueRef::Blob(octets) => {
                octets.iter().map(|octet| format!("{octet:02x}")).collect::<String>().into()
            }
        };
        members.insert(name.to_owned(), value);
    }
    Ok(Value::Object(members))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Options, Store};
    use std::collections::BTreeSet;

    // covers: F-20
    #[test]
    fn every_table_is_exported_and_erased_or_said_to_be_about_nobody() {
        let place = tempfile::tempdir().unwrap();
        Store::open(place.path(), Options::default()).unwrap().close().unwrap();
        let connection = Connection::open(place.path().join("herald.db")).unwrap();
        let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
        let mut tables = connection.prepare(tables).unwrap();
        let tables: BTreeSet<String> =
            tables.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        let personal = PERSONAL.iter().map(|personal| personal.table);
        let listed = personal.chain(NOT_PERSONAL).map(str::to_owned).collect();
        assert_eq!(tables, listed, "say in personal.rs which rows of a new table are about whom");
    }
}
