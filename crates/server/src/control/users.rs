//! `herald user`: who may register what, and by which password.
//!
//! What changes is durable first, then the gateway is told, then it is answered. A gateway that is told nothing, because the
//! server ends, reads it from the store at its start.

use super::answering::{Answered, ending, give_all, unavailable};
use super::listener::Answers;
use super::{Answer, Answering, Failure, FailureKind};
use crate::vault::Vault;
use h323::security::Method;
use link::Command;
use model::{
    Address, Batch, Credential, DirectoryState, DirectoryUser, Erasure, Fact, Network, PASSWORD_MAX,
    Password, Timestamp, USER_NAME_MAX, UserRecord,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::PoisonError;
use std::time::Duration;
use store::Storage;

/// The most users.
const USERS_MAX: usize = 1_000_000;

/// The most addresses of a user.
const ADDRESSES_MAX: usize = 64;

/// How long an operator waits until he is told that nobody knows.
const WRITTEN_MAX: Duration = Duration::from_secs(30);

/// What a client asks about users.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(tag = "users", rename_all = "camelCase", deny_unknown_fields)]
pub enum UserQuestion {
    /// All users: [`Answer::User`]s in order of their names.
    List,
    /// Makes a user: one [`Answer::Done`].
    Add {
        /// The name that tokens have.
        name: String,
        /// Any names of what only the user may register; none, without networks: what the name stands for.
        addresses: Vec<String>,
        /// Whose endpoints register with this password what belongs to nobody.
        #[serde(default)]
        networks: Vec<Network>,
        /// The password.
        password: Secret,
        /// Whether MD5 and CAT are enabled, for which the password is kept.
        is_legacy: bool,
    },
    /// Changes the password of a user: one [`Answer::Done`].
    Change {
        /// The user.
        name: String,
        /// The new password.
        password: Secret,
    },
    /// Removes a user: one [`Answer::Done`].
    Remove {
        /// The user.
        name: String,
    },
}

/// A text that is shown to nobody.
#[derive(Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Secret(..)")
    }
}

/// A user as people and programs are shown it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserView {
    /// The name that tokens have.
    pub name: String,
    /// What only this user may register, the principal first.
    pub addresses: Vec<Address>,
    /// Whose endpoints register with this password what belongs to nobody.
    pub networks: Vec<Network>,
    /// The methods that the user can be known by.
    pub methods: Vec<String>,
    /// Since when the user has this password.
    pub since: Timestamp,
    /// What a directory says of the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub directory: Option<DirectoryUser>,
}

impl From<UserRecord> for UserView {
    fn from(record: UserRecord) -> Self {
        let UserRecord { name, addresses, networks, key, sealed_password, since, directory } = record;
        let can = |method: &Method| key.is_some() && (sealed_password.is_some() || !method.needs_password());
        let methods = Method::ALL.into_iter().filter(can).map(|method| method.name().to_owned()).collect();
        Self { name, addresses, networks, methods, since, directory }
    }
}

impl Answering {
    /// Answers a question about users.
    pub(super) fn users(&self, question: UserQuestion, answers: &mut Answers<'_>) -> Answered<()> {
        // One change at a time: two users must not come to own one address.
        let _turn = self.user_changes.lock().unwrap_or_else(PoisonError::into_inner);
        let answered = match question {
            UserQuestion::List => self.list_users(),
            UserQuestion::Add { name, addresses, networks, password, is_legacy } => {
                self.add_user(name, &addresses, networks, &password, is_legacy)
            }
            UserQuestion::Change { name, password } => self.change_password(&name, &password),
            UserQuestion::Remove { name } => self.remove_user(&name),
        };
        match answered {
            Ok(all) => give_all(answers, all.into_iter()),
            Err(failure) => Ok(Err(failure)),
        }
    }

    fn list_users(&self) -> Result<Vec<Answer>, Failure> {
        Ok(self.all_users()?.into_values().map(|record| Answer::User(UserView::from(record))).collect())
    }

    pub(crate) fn all_users(&self) -> Result<BTreeMap<String, UserRecord>, Failure> {
        let mut users = BTreeMap::new();
        let read = self.store.users(|record| drop(users.insert(record.name.clone(), record)));
        read.map(|_| users).map_err(|error| unavailable(&error))
    }

    fn add_user(
        &self,
        name: String,
        addresses: &[String],
        networks: Vec<Network>,
        password: &Secret,
        is_legacy: bool,
    ) -> Result<Vec<Answer>, Failure> {
        let malformed = |text: String| Err(Failure::new(FailureKind::Malformed, text));
        if name.is_empty() || name.len() > USER_NAME_MAX || name.chars().any(char::is_control) {
            return malformed(format!(
                "the name of a user has 1 to {USER_NAME_MAX} octets, none of them control"
            ));
        }
        let users = self.all_users()?;
        if users.contains_key(&name) {
            return malformed(format!("there is a user {name}; `herald user passwd` changes the password"));
        }
        if users.len() >= USERS_MAX || addresses.len().max(networks.len()) > ADDRESSES_MAX {
            return malformed(format!(
                "at most {USERS_MAX} users, with {ADDRESSES_MAX} addresses and networks each"
            ));
        }
        let speaks = |user: &&UserRecord| user.networks.iter().any(|network| networks.contains(network));
        if let Some(other) = users.values().find(speaks) {
            return malformed(format!("the user {} speaks for that network", other.name));
        }
        let mut owned: Vec<Address> = Vec::new();
        // A user who owns nothing else owns what the name stands for.
        let owns_itself = addresses.is_empty() && networks.is_empty();
        let typed = if owns_itself { std::slice::from_ref(&name) } else { addresses };
        for typed in typed {
            let address = self.address(typed)?;
            // Who is known by other names too owns them all: nobody else is to come to the principal by one of them.
            let name = address.clone();
            let known = self.shard.look(move |engine| engine.aliases(&name)).ok_or_else(ending)?;
            for address in [address].into_iter().chain(known.into_iter().map(|entry| entry.address)) {
                if let Some(owner) = users.values().find(|user| user.addresses.contains(&address)) {
                    return malformed(format!("{address} belongs to the user {}", owner.name));
                }
                if !owned.contains(&address) {
                    owned.push(address);
                }
            }
        }
        let speaks_for = networks.iter().map(|network| format!("what is nobody's in {network}"));
        let done =
            format!("user {name} owns {}", joined(owned.iter().map(ToString::to_string).chain(speaks_for)));
        let password = read(password)?;
        let record = UserRecord { networks, ..self.record(name, owned, &password, is_legacy)? };
        self.set_user(record, password, done)
    }

    fn change_password(&self, name: &str, password: &Secret) -> Result<Vec<Answer>, Failure> {
        let old = self.all_users()?.remove(name).ok_or_else(|| no_user(name))?;
        let password = read(password)?;
        let is_legacy = old.sealed_password.is_some();
        let record = self.record(old.name, old.addresses, &password, is_legacy)?;
        let record = UserRecord { networks: old.networks, directory: old.directory, ..record };
        self.set_user(record, password, format!("user {name} has a new password"))
    }

    fn remove_user(&self, name: &str) -> Result<Vec<Answer>, Failure> {
        let record = self.all_users()?.remove(name).ok_or_else(|| no_user(name))?;
        if record.directory.is_some_and(|user| user.owns_addresses && user.state != DirectoryState::Gone) {
            let text =
                format!("{name} is in the directory and would be back soon; remove the account there first");
            return Err(Failure::new(FailureKind::Unavailable, text));
        }
        self.forget_user(name)
    }

    fn forget_user(&self, name: &str) -> Result<Vec<Answer>, Failure> {
        self.write(Fact::UserRemoved { name: name.to_owned() })?;
        self.tell(Command::RemoveUser { name: name.to_owned() })?;
        Ok(vec![Answer::Done(format!("there is no user {name} any more"))])
    }

    /// Removes the users to whom any name of a principal belongs that is erased.
    pub(super) fn remove_users_of(&self, erased: &Erasure) -> Result<(), Failure> {
        let _turn = self.user_changes.lock().unwrap_or_else(PoisonError::into_inner);
        let is_of_it = |address: &Address| erased.names.contains(address) || *address == erased.principal;
        for (name, record) in self.all_users()? {
            if record.addresses.iter().any(is_of_it) {
                self.forget_user(&name)?;
            }
        }
        Ok(())
    }

    fn record(
        &self,
        name: String,
        addresses: Vec<Address>,
        password: &Password,
        is_legacy: bool,
    ) -> Result<UserRecord, Failure> {
        let seal = || self.vault.seal(&name, password).map_err(|error| unavailable(&error));
        let sealed_password = if is_legacy { Some(seal()?) } else { None };
        let (key, since) = (Some(h323::security::key_of(password)), self.clock.now().wall);
        let networks = Vec::new();
        Ok(UserRecord { name, addresses, networks, key, sealed_password, since, directory: None })
    }

    fn set_user(&self, record: UserRecord, password: Password, done: String) -> Result<Vec<Answer>, Failure> {
        let password = record.sealed_password.is_some().then_some(password);
        let command = as_command(&record, password);
        self.write(Fact::User(Box::new(record)))?;
        self.tell(command)?;
        Ok(vec![Answer::Done(done)])
    }

    /// Writes a fact, and waits until it is durable.
    fn write(&self, fact: Fact) -> Result<(), Failure> {
        self.write_all(vec![fact])
    }

    /// Writes facts together, and waits until they are durable.
    pub(crate) fn write_all(&self, facts: Vec<Fact>) -> Result<(), Failure> {
        let (done, written) = crossbeam_channel::bounded(1);
        let batch = Batch { facts };
        let submitted = self.store.submit(batch, move |outcome| drop(done.send(outcome)));
        submitted.map_err(|error| unavailable(&error))?;
        match written.recv_timeout(WRITTEN_MAX) {
            Ok(outcome) => outcome.map_err(|error| unavailable(&error)),
            Err(_) => {
                let text = "the store has not written it yet, so nobody can say whether it is done; see `herald status`";
                Err(Failure::new(FailureKind::Unavailable, text))
            }
        }
    }

    pub(crate) fn tell(&self, command: Command) -> Result<(), Failure> {
        let told = self.h323()?.command(command).ok_or_else(ending)?;
        told.map(|_| ()).map_err(|error| super::answering::command_failure(&error))
    }
}

/// What makes a user known to a gateway as it is: by its password, as one who may not register, or not at all, which leaves
/// the addresses to anybody where nobody must sign.
pub(crate) fn as_command(record: &UserRecord, password: Option<Password>) -> Command {
    let UserRecord { name, addresses, networks, key, .. } = record;
    if record.is_disabled() {
        return Command::DisableUser { name: name.clone(), addresses: addresses.as_slice().into() };
    }
    let Some(key) = *key else { return Command::RemoveUser { name: name.clone() } };
    let (addresses, networks) = (addresses.as_slice().into(), networks.as_slice().into());
    Command::SetUser(Box::new(Credential { name: name.as_str().into(), addresses, networks, key, password }))
}

/// What makes a user known to a gateway that was stored. Where the password does not open, the user goes without the methods
/// that need it.
pub(crate) fn opened(record: &UserRecord, vault: &Vault) -> Command {
    let password = record.sealed_password.as_ref().map(|sealed| vault.open(&record.name, sealed));
    let password = password.and_then(|opened| match opened {
        Ok(password) => Some(password),
        Err(error) => {
            let user = &record.name;
            tracing::error!(event = "user.sealed", user, %error, "A user can't be known by MD5 or CAT.");
            None
        }
    });
    as_command(record, password)
}

fn read(secret: &Secret) -> Result<Password, Failure> {
    Password::new(&secret.0).ok_or_else(|| {
        let text = format!("a password has 1 to {PASSWORD_MAX} characters, none of them control");
        Failure::new(FailureKind::Malformed, text)
    })
}

fn no_user(name: &str) -> Failure {
    Failure::new(FailureKind::NotFound, format!("there is no user {name}; `herald user list` lists them"))
}

fn joined(texts: impl Iterator<Item = String>) -> String {
    texts.collect::<Vec<_>>().join(", ")
}
