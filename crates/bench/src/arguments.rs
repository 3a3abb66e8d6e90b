//! The command line of `herald bench`.

use clap::{Args, Subcommand};
use std::net::{Ipv4Addr, SocketAddr};

/// What to measure.
#[derive(Debug, Subcommand)]
pub enum BenchCommand {
    /// Registrations and keep-alives
    #[command(after_help = "\
Examples:
  herald bench ras --endpoints 1000
  herald bench ras --endpoints 1000000 --return --json
  herald bench ras --endpoints 100000 --soak 30 --pid $(pidof herald)")]
    Ras(RasArguments),
    /// States that are published, and told to all who watch
    ///
    /// With --rate in an open loop; without it each presentity publishes as soon as all its watchers know its last
    /// state. A state that a newer one overtakes on the way to a watcher counts as superseded, not as lost.
    #[command(after_help = "\
Examples:
  herald bench presence --watchers 1000
  herald bench presence --presentities 1000 --watchers 10 --rate 5000")]
    Presence(PresenceArguments),
    /// Messages that are kept: texts in open sessions, and single messages
    ///
    /// Half of the endpoints write, the other half read. A text is accepted when the gatekeeper has answered the Status
    /// Inquiry behind it, a single message when its call is released with cause 16. If the data directory given by
    /// --data is that of the target, its commits are told, too.
    #[command(after_help = "\
Examples:
  herald bench im --sessions 100
  herald bench im --rate 5000 --single-rate 2000 --seconds 60")]
    Im(MessageArguments),
    /// The bare UDP echo that the others compare with; they start it themselves
    Echo(EchoArguments),
}

/// What all measurements are told.
#[derive(Args, Clone, Debug)]
pub struct CommonArguments {
    /// The RAS address of the gatekeeper
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:1719")]
    pub target: SocketAddr,
    /// The address of the first socket of the endpoints; the others follow it
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.1.1")]
    pub from: Ipv4Addr,
    /// What the names of the endpoints begin with
    #[arg(long, value_name = "TEXT", default_value = "bench")]
    pub prefix: String,
    /// The most requests under way at a time
    #[arg(long, value_name = "COUNT", default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub window: u32,
    /// How often target and echo take turns; what else runs on the machine then hits both
    #[arg(long, value_name = "COUNT", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rounds: u32,
    /// The length of a phase at the target, without its echo
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub seconds: u32,
    /// After this time a request counts as unanswered
    #[arg(long, value_name = "MILLISECONDS", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    pub timeout: u32,
    /// How often an unanswered request is sent again before it is lost
    #[arg(long, value_name = "COUNT", default_value_t = 2)]
    pub repeats: u8,
    /// Measure no echo
    #[arg(long)]
    pub no_echo: bool,
    /// Print one line of JSON
    #[arg(long)]
    pub json: bool,
    /// Allow a target outside of this machine: you answer for what the load does there
    #[arg(long)]
    pub yes_this_network_is_mine: bool,
}

/// What `herald bench ras` is told.
#[derive(Args, Clone, Debug)]
pub struct RasArguments {
    #[command(flatten)]
    pub common: CommonArguments,
    /// How many endpoints register
    #[arg(long, value_name = "COUNT", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=3_000_000))]
    pub endpoints: u32,
    /// The time to live that they ask for, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    pub time_to_live: u32,
    /// Send so many keep-alives each second, whatever comes back, instead of a new one for each answer
    #[arg(long, value_name = "COUNT")]
    pub rate: Option<f64>,
    /// Then let everyone go and come back at once, at --overload times the rate of the first registrations
    #[arg(long = "return")]
    pub comeback: bool,
    /// How many times the rate of the first registrations the return is offered at
    #[arg(long, value_name = "FACTOR", default_value_t = 2.0)]
    pub overload: f64,
    /// How long an endpoint pauses that was refused for want of resources, or that nobody answered
    #[arg(long, value_name = "SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=3600))]
    pub pause: u32,
    /// Then keep all alive for so long, at a share of the rate that was found
    #[arg(long, value_name = "MINUTES")]
    pub soak: Option<f64>,
    /// The share of a soak
    #[arg(long, value_name = "SHARE", default_value_t = 0.5)]
    pub share: f64,
    /// Then wait until somebody has restarted the server, and measure how it comes back
    #[arg(long)]
    pub settle: bool,
    /// The server's process, to tell its memory
    #[arg(long, value_name = "PROCESS")]
    pub pid: Option<u32>,
    /// Leave the endpoints registered
    #[arg(long)]
    pub leave: bool,
}

/// What `herald bench presence` is told.
#[derive(Args, Clone, Debug)]
pub struct PresenceArguments {
    #[command(flatten)]
    pub common: CommonArguments,
    /// How many are watched
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub presentities: u32,
    /// How many watch each of them
    #[arg(long, value_name = "COUNT", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub watchers: u32,
    /// Publish so many states each second, of all presentities in turn
    #[arg(long, value_name = "COUNT")]
    pub rate: Option<f64>,
}

/// What `herald bench im` is told.
#[derive(Args, Clone, Debug)]
pub struct MessageArguments {
    #[command(flatten)]
    pub common: CommonArguments,
    /// How many write, each to somebody else
    #[arg(long, value_name = "COUNT", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub sessions: u32,
    /// Write so many texts each second, instead of a new one for each that is accepted
    #[arg(long, value_name = "COUNT")]
    pub rate: Option<f64>,
    /// Write so many single messages each second
    #[arg(long, value_name = "COUNT")]
    pub single_rate: Option<f64>,
    /// No texts in sessions
    #[arg(long)]
    pub without_sessions: bool,
    /// No single messages
    #[arg(long)]
    pub without_single: bool,
}

/// What `herald bench echo` is told.
#[derive(Args, Clone, Debug)]
pub struct EchoArguments {
    /// Where to listen; port 0 takes any
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:7")]
    pub listen: SocketAddr,
}
