//! The configuration as the command line and the file give it.

use crate::arguments::{CheckArguments, ConfigurationArguments, ServeArguments};
use crate::ask;
use crate::exit::Failure;
use crate::print;
use server::Settings;
use server::control::{Answer, Question};
use std::path::{Path, PathBuf};

/// The name of the file in the data directory.
const FILE: &str = "herald.toml";

/// The settings to serve with.
pub fn settings(data: &Path, arguments: &ServeArguments) -> Result<Settings, Failure> {
    let (mut settings, _) = read(data, &arguments.configuration)?;
    if !arguments.listen.is_empty() {
        settings.h323.listen.clone_from(&arguments.listen);
    }
    settings.h323.trusted.extend(arguments.trust.iter().cloned());
    settings.log.level = arguments.log_level.unwrap_or(settings.log.level);
    settings.log.format = arguments.log_format.unwrap_or(settings.log.format);
    Ok(settings)
}

/// `herald check`.
pub fn check(data: &Path, arguments: &CheckArguments) -> Result<(), Failure> {
    match read(data, &arguments.configuration)? {
        (_, Some(file)) => print::line(&format!("{} is right.", file.display()))?,
        (_, None) => print::line("There is no configuration file; the defaults are in force.")?,
    }
    if arguments.database {
        let done = ask::one(data, &Question::CheckIntegrity, |answer| match answer {
            Answer::Done(done) => Some(done),
            _ => None,
        })?;
        print::line(&format!("The whole database was read: {done}."))?;
    }
    Ok(())
}

/// The settings and the file they come from, where there is one.
pub fn read(data: &Path, arguments: &ConfigurationArguments) -> Result<(Settings, Option<PathBuf>), Failure> {
    let file = match &arguments.config {
        Some(file) => file.clone(),
        None => {
            let file = data.join(FILE);
            if !file.exists() {
                return Ok((Settings::default(), None));
            }
            file
        }
    };
    let settings = Settings::read(&file).map_err(Failure::new)?;
    Ok((settings, Some(file)))
}
