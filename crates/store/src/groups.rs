//! Groups and their members.

use crate::StoreError;
use crate::readers::Readers;
use model::{Address, GroupRecord, GroupRole, MemberRecord};
use rusqlite::{Connection, params};

/// Writes a group, or what is new of it.
pub(crate) fn group(connection: &Connection, record: &GroupRecord) -> rusqlite::Result<()> {
    let row = params![record.address.as_str(), json(record)?];
    connection.prepare_cached(GROUP)?.execute(row).map(|_| ())
}

/// Removes a group with its members.
pub(crate) fn removed(connection: &Connection, address: &Address) -> rusqlite::Result<()> {
    connection.prepare_cached(MEMBERS_REMOVED)?.execute([address.as_str()])?;
    connection.prepare_cached(GROUP_REMOVED)?.execute([address.as_str()]).map(|_| ())
}

pub(crate) fn member(connection: &Connection, record: &MemberRecord) -> rusqlite::Result<()> {
    let role = match record.role {
        GroupRole::Member => MEMBER_ROLE,
        GroupRole::Owner => OWNER_ROLE,
    };
    let row = params![record.group.as_str(), record.member.as_str(), role];
    connection.prepare_cached(MEMBER)?.execute(row).map(|_| ())
}

pub(crate) fn member_removed(
    connection: &Connection,
    group: &Address,
    member: &Address,
) -> rusqlite::Result<()> {
    connection.prepare_cached(MEMBER_REMOVED)?.execute([group.as_str(), member.as_str()]).map(|_| ())
}

impl Readers {
    pub(crate) fn groups(&self, mut each: impl FnMut(GroupRecord)) -> Result<u64, StoreError> {
        self.rows(GROUPS, [], |row| {
            let record = serde_json::from_str(self.text(row, 0)?);
            each(record.map_err(|error| self.corrupt(format!("groups.record can't be read: {error}")))?);
            Ok(())
        })
    }

    pub(crate) fn group_members(&self, mut each: impl FnMut(MemberRecord)) -> Result<u64, StoreError> {
        self.rows(MEMBERS, [], |row| {
            let role = match self.text(row, 2)? {
                OWNER_ROLE => GroupRole::Owner,
                _ => GroupRole::Member,
            };
            each(MemberRecord {
                group: self.address(row, 0, "group_members.group_address")?,
                member: self.address(row, 1, "group_members.member")?,
                role,
            });
            Ok(())
        })
    }
}

fn json(record: &GroupRecord) -> rusqlite::Result<String> {
    serde_json::to_string(record).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

const MEMBER_ROLE: &str = "member";

const OWNER_ROLE: &str = "owner";

const GROUP: &str = "INSERT INTO groups (address, record) VALUES ($1, $2)
    ON CONFLICT (address) DO UPDATE SET record = excluded.record";

const GROUP_REMOVED: &str = "DELETE FROM groups WHERE address = $1";

const MEMBERS_REMOVED: &str = "DELETE FROM group_members WHERE group_address = $1";

const GROUPS: &str = "SELECT record FROM groups ORDER BY address";

const MEMBER: &str = "INSERT INTO group_members (group_address, member, role) VALUES ($1, $2, $3)
    ON CONFLICT (group_address, member) DO UPDATE SET role = excluded.role";

const MEMBER_REMOVED: &str = "DELETE FROM group_members WHERE group_address = $1 AND member = $2";

const MEMBERS: &str = "SELECT group_address, member, role FROM group_members ORDER BY group_address, member";
