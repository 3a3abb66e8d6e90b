//! `herald directory`: people and groups from LDAP.

use super::answering::{Answered, give_all, unavailable};
use super::listener::Answers;
use super::{Answer, Answering, Failure, FailureKind, Secret};
use crate::synchroniser::DirectoryHandle;
use directory::Login;
use serde::{Deserialize, Serialize};

/// What a client asks about the directory.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(tag = "directory", rename_all = "camelCase", deny_unknown_fields)]
pub enum DirectoryQuestion {
    /// How it is: one [`Answer::Directory`].
    Status,
    /// Reads it now and carries over what it says: one [`Answer::Done`].
    Synchronise {
        /// Whether also what would otherwise be held back.
        is_forced: bool,
    },
    /// Whether somebody's password is right: one [`Answer::Done`] where it is.
    Check {
        /// The name that somebody signs in with.
        user: String,
        /// The password.
        password: Secret,
    },
}

impl Answering {
    /// Answers a question about the directory.
    pub(super) fn about_directory(
        &self,
        question: DirectoryQuestion,
        answers: &mut Answers<'_>,
    ) -> Answered<()> {
        let Some(directory) = &self.directory else {
            let text = "there is no directory; `urls` in [directory] of the configuration names its servers";
            return Ok(Err(Failure::new(FailureKind::NotFound, text)));
        };
        let answered = match question {
            DirectoryQuestion::Status => Ok(Answer::Directory(Box::new(directory.standing().view()))),
            DirectoryQuestion::Synchronise { is_forced } => {
                directory.synchronise(is_forced).map(Answer::Done)
            }
            DirectoryQuestion::Check { user, password } => check(directory, &user, &password),
        };
        match answered {
            Ok(answer) => give_all(answers, std::iter::once(answer)),
            Err(failure) => Ok(Err(failure)),
        }
    }
}

fn check(directory: &DirectoryHandle, user: &str, password: &Secret) -> Result<Answer, Failure> {
    let login = directory.authenticate(user, &password.0).map_err(|error| unavailable(&error))?;
    let refused = |text: String| Err(Failure::new(FailureKind::NotFound, text));
    match login {
        Login::Right(person) => {
            let title = person.title.as_ref().map_or_else(String::new, |title| format!(" ({title})"));
            Ok(Answer::Done(format!("the password of {user} is right: {}{title}", person.dn)))
        }
        Login::Wrong => refused(format!("the password of {user} is wrong")),
        Login::Unknown => refused(format!("the directory has no {user:?}")),
        Login::Ambiguous => {
            refused(format!("the directory has several {user:?}, so none of them can sign in"))
        }
        Login::Disabled => refused(format!("the account of {user} is disabled")),
    }
}
