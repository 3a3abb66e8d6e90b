//! `[groups]`: groups and their members.

use super::table::table;

table! {
    /// Groups: addresses with members, for rules and for conversations.
    GroupsSettings as "groups" {
        /// The most groups, those of a directory among them.
        groups_max: usize = 100_000, "", 1..=10_000_000;
        /// The most members of one group, those of groups in it left aside.
        members_per_group_max: usize = 10_000, "", 1..=1_000_000;
        /// The most members of all groups together.
        memberships_max: usize = 2_000_000, "", 1..=100_000_000;
        /// How many groups may lie in each other.
        group_depth_max: usize = 8, "", 1..=64;
        /// The most copies of one message that is written to a group: a group with more members, those of groups in it
        /// among them, is no conversation.
        copies_max: usize = 60, "", 1..=1000;
    }
}

impl GroupsSettings {
    /// Puts in the limits of the engine what is decided here.
    pub fn limit(&self, limits: engine::Limits) -> engine::Limits {
        engine::Limits {
            groups_max: self.groups_max,
            members_per_group_max: self.members_per_group_max,
            memberships_max: self.memberships_max,
            group_depth_max: self.group_depth_max,
            ..limits
        }
    }
}
