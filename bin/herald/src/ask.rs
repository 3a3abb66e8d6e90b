//! Asks the running server.

use crate::exit::Failure;
use server::control::{Answer, Client, Question};
use std::path::Path;

/// Asks, and hands every answer to `each` until there are no more.
pub fn each(
    data: &Path,
    question: &Question,
    mut each: impl FnMut(Answer) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut client = Client::connect(data)?;
    client.ask(question)?;
    loop {
        match client.next_answer()? {
            Answer::End => return Ok(()),
            Answer::Failed(failure) => return Err(failure.into()),
            answer => each(answer)?,
        }
    }
}

/// Asks for one thing that `pick` knows; the failure is for a server that answers something else.
pub fn one<T>(data: &Path, question: &Question, pick: impl Fn(Answer) -> Option<T>) -> Result<T, Failure> {
    let mut picked = None;
    each(data, question, |answer| {
        picked = pick(answer);
        Ok(())
    })?;
    picked.ok_or_else(|| Failure::new("the server answered something else; are both of one version?"))
}
