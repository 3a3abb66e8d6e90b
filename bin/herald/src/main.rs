//! Herald: presence for H.323 and what it connects to.

mod arguments;
mod ask;
mod audit;
mod backup;
mod bench;
mod calls;
mod configuration;
mod directory;
mod end;
mod endpoint;
mod endpoints;
mod exit;
mod group;
mod history;
mod import;
mod inbox;
mod personal;
mod presence;
mod print;
mod published;
mod rules;
mod send;
mod serve;
mod status;
mod time;
mod trace;
mod user;
mod watch;
mod why;
mod wire;

use arguments::{Arguments, ConfigVerb, Verb};
use clap::{CommandFactory, Parser};
use exit::Failure;
use std::process::ExitCode;

/// What one thread takes another gives back: requests, effects and facts go from thread to thread.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let Arguments { data, verb } = Arguments::parse();
    let outcome = match verb {
        Verb::Serve(arguments) => serve::run(&data, &arguments),
        Verb::Endpoint(arguments) => return endpoint::run(&arguments),
        Verb::Wire(verb) => return wire::run(&verb),
        Verb::Bench(command) => bench::run(&data, &command),
        Verb::Status(arguments) => status::run(&data, &arguments),
        Verb::Endpoints(arguments) => endpoints::run(&data, &arguments),
        Verb::Presence(arguments) => presence::run(&data, &arguments),
        Verb::Watch(arguments) => watch::run(&data, &arguments),
        Verb::Why(arguments) => why::run(&data, &arguments),
        Verb::Send(arguments) => send::run(&data, &arguments),
        Verb::Rules(command) => rules::run(&data, &command),
        Verb::User(command) => user::run(&data, &command),
        Verb::Watchers(arguments) => rules::watchers(&data, &arguments),
        Verb::Directory(verb) => directory::run(&data, &verb),
        Verb::Group(verb) => group::run(&data, &verb),
        Verb::Inbox(verb) => inbox::run(&data, &verb),
        Verb::Trace(arguments) => trace::run(&data, &arguments),
        Verb::Calls(arguments) => calls::run(&data, &arguments),
        Verb::Audit(arguments) => audit::run(&data, &arguments),
        Verb::History(arguments) => history::run(&data, &arguments),
        Verb::Export(arguments) => personal::export(&data, &arguments),
        Verb::Erase(arguments) => personal::erase(&data, &arguments),
        Verb::Disconnect(arguments) => end::disconnect(&data, &arguments),
        Verb::Unregister(arguments) => end::unregister(&data, &arguments),
        Verb::Backup(arguments) => backup::backup(&data, &arguments),
        Verb::Restore(arguments) => backup::restore(&data, &arguments),
        Verb::Import(arguments) => import::run(&data, &arguments),
        Verb::Check(arguments) => configuration::check(&data, &arguments),
        Verb::Config(ConfigVerb::Reference) => print::text(&server::settings::reference()),
        Verb::Config(ConfigVerb::Example) => print::text(&server::settings::example()),
        Verb::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "herald", &mut script);
            print::text(&String::from_utf8_lossy(&script))
        }
    };
    outcome.map_or_else(Failure::report, |()| ExitCode::SUCCESS)
}
