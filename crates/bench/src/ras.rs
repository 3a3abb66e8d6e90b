//! `herald bench ras`: registrations and keep-alives beside a bare echo.

use crate::arguments::{CommonArguments, RasArguments};
use crate::comeback;
use crate::discovery;
use crate::echo::{Echo, Echoing};
use crate::endpoints::PORT_FIRST;
use crate::endpoints::{
    FirstRegistrations, Identifiers, KeepAlives, Population, Registering, Unregistrations,
};
use crate::error::BenchError;
use crate::exchange::{Exchange, Pace, Rules};
use crate::interrupt;
use crate::memory;
use crate::progress::Progress;
use crate::report::{Phase, Report};
use crate::settle;
use crate::soak;
use crate::socket::Port;
use crate::tally::Tally;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::Path;
use std::time::Duration;

/// The sockets that a return has at least: each has 60,000 sequence numbers for what is under way.
const SOCKETS_OF_COMEBACK: u32 = 8;

/// So many endpoints are in too soon to tell a rate, and register more than once.
const FEW: u32 = 10_000;

/// One measurement of RAS: the target, the echo beside it, and the endpoints.
pub(crate) struct Bench {
    pub exchange: Exchange,
    pub echo: Option<Echo>,
    pub registering: Registering,
    pub identifiers: Identifiers,
    pub rules: Rules,
    pub pace: Pace,
    pub rounds: u32,
    pub seconds: u32,
}

/// Measures registrations and keep-alives.
pub(crate) fn run(arguments: &RasArguments, data: &Path) -> Result<Report, BenchError> {
    let common = &arguments.common;
    // So that there are sequence numbers for all that are under way when everyone comes back.
    let sockets_min = if arguments.comeback { SOCKETS_OF_COMEBACK } else { 1 };
    let mut bench =
        Bench::start(common, arguments.endpoints, sockets_min, arguments.time_to_live, false, PORT_FIRST)?;
    let mut report = bench.report("ras", common)?;
    let empty = arguments.pid.map(memory::resident).transpose()?;
    let few = arguments.endpoints <= FEW;
    let mut registered = if few { bench.register_again_and_again()? } else { bench.register()? };
    let steady = registered.target.rate;
    if let (Some(empty), Some(pid)) = (empty, arguments.pid) {
        let full = memory::resident(pid)?;
        registered = registered.with("residentOctets", full);
        if !few {
            let each = full.saturating_sub(empty) as f64 / f64::from(arguments.endpoints);
            registered = registered.with("residentOctetsEach", each);
        }
    }
    report.phases.push(registered);
    if !interrupt::happened() {
        report.phases.push(bench.keep_alive(arguments.rate)?);
    }
    let kept = report.phases.last().map_or(0.0, |phase| phase.target.rate);
    if let Some(minutes) = arguments.soak.filter(|_| !interrupt::happened()) {
        let rate = kept * arguments.share;
        report.phases.push(soak::run(&mut bench, rate, minutes, arguments.pid)?);
    }
    if arguments.settle && !interrupt::happened() {
        report.phases.push(settle::run(&mut bench, common, data)?);
    }
    if arguments.comeback && !interrupt::happened() {
        bench.unregister()?;
        report.phases.push(comeback::run(&mut bench, steady, arguments.overload, arguments.pause)?);
    }
    if !arguments.leave {
        bench.unregister()?;
    }
    Ok(report)
}

impl Bench {
    /// Opens everything, and looks whether the target answers.
    pub fn start(
        common: &CommonArguments,
        endpoints: u32,
        sockets_min: u32,
        time_to_live: u32,
        presence: bool,
        port_first: u16,
    ) -> Result<Self, BenchError> {
        let target = common.target;
        if !target.ip().is_loopback() && !common.yes_this_network_is_mine {
            return Err(BenchError::NotLoopback(target.ip()));
        }
        if !target.is_ipv4() {
            return Err(BenchError::Usage("the target must have an IPv4 address".to_owned()));
        }
        discovery::find(target, common.from)?;
        let count = Population::sockets_for(endpoints).max(sockets_min);
        let locals: Vec<Ipv4Addr> = (0..count).map(|k| Ipv4Addr::from(u32::from(common.from) + k)).collect();
        let ports = locals.iter().map(|local| Port::open(*local, target)).collect::<Result<Vec<_>, _>>()?;
        let sockets = ports.iter().map(ras_address).collect::<Result<Vec<_>, _>>()?;
        let echo = if common.no_echo { None } else { Some(Echo::start(common.from, &locals)?) };
        let prefix = common.prefix.clone();
        let population = Population { count: endpoints, prefix, sockets, port_first, time_to_live, presence };
        Ok(Self {
            exchange: Exchange::new(ports, target),
            echo,
            registering: Registering::new(population)?,
            identifiers: Identifiers::new(endpoints),
            rules: Rules {
                timeout: Duration::from_millis(u64::from(common.timeout)),
                repeats: common.repeats,
                at_most: None,
            },
            pace: Pace::Closed { window: common.window as usize },
            rounds: common.rounds,
            seconds: common.seconds,
        })
    }

    /// A report without phases.
    pub fn report(&self, bench: &'static str, common: &CommonArguments) -> Result<Report, BenchError> {
        let buffers = self.exchange.ports.first().map(Port::buffers).unwrap_or_default();
        Ok(Report {
            bench,
            target: common.target,
            endpoints: self.registering.population.count,
            sockets: self.exchange.ports.len(),
            window: common.window,
            timeout_ms: common.timeout,
            repeats: common.repeats,
            buffers,
            echo_buffers: self.echo.as_ref().map(|echo| echo.buffers),
            interrupted: false,
            phases: Vec::new(),
        })
    }

    /// First registrations of all endpoints, in rounds.
    pub fn register(&mut self) -> Result<Phase, BenchError> {
        let count = self.registering.population.count;
        let rounds = self.rounds.min(count);
        let mut progress = Progress::new("registrations", Some(u64::from(count)));
        let (mut tally, mut echoed) = (Tally::default(), Tally::default());
        let border = |round: u32| (u64::from(count) * u64::from(round) / u64::from(rounds)) as u32;
        for round in 0..rounds {
            if interrupt::happened() {
                break;
            }
            let (start, end) = (border(round), border(round + 1));
            let mut dialogue =
                FirstRegistrations::new(&mut self.registering, &mut self.identifiers, start, end);
            progress.next_round(tally.confirmed);
            let part = self.exchange.run(&mut dialogue, self.pace, self.rules, &mut progress)?;
            // As long as the target took, so that both see the same machine.
            echoed.add(&self.echo(&part, part.elapsed.max(Duration::from_millis(100)), self.pace)?);
            tally.add(&part);
        }
        Ok(Phase::new("registrations", &tally, self.echo.is_some().then_some(&echoed)))
    }

    /// First registrations of all endpoints, under new names each time, until the time of a phase is over; they leave
    /// unmeasured in between, and stay after the last time.
    pub fn register_again_and_again(&mut self) -> Result<Phase, BenchError> {
        let count = self.registering.population.count;
        let slice = Duration::from_secs_f64(f64::from(self.seconds) / f64::from(self.rounds));
        let mut progress = Progress::new("registrations", None);
        let (mut tally, mut echoed) = (Tally::default(), Tally::default());
        for round in 1..=self.rounds {
            let mut part = Tally::default();
            loop {
                let mut dialogue =
                    FirstRegistrations::new(&mut self.registering, &mut self.identifiers, 0, count);
                progress.next_round(tally.confirmed + part.confirmed);
                part.add(&self.exchange.run(&mut dialogue, self.pace, self.rules, &mut progress)?);
                let is_over = part.elapsed >= slice || interrupt::happened();
                if is_over && (round == self.rounds || interrupt::happened()) {
                    break;
                }
                self.unregister()?;
                self.registering.names_from += count;
                if is_over {
                    break;
                }
            }
            echoed.add(&self.echo(&part, slice, self.pace)?);
            tally.add(&part);
            if interrupt::happened() {
                break;
            }
        }
        Ok(Phase::new("registrations", &tally, self.echo.is_some().then_some(&echoed)))
    }

    /// Keep-alives of registered endpoints, in rounds.
    pub fn keep_alive(&mut self, rate: Option<f64>) -> Result<Phase, BenchError> {
        let pace = rate.map_or(self.pace, |rate| Pace::Open { rate });
        let slice = Duration::from_secs_f64(f64::from(self.seconds) / f64::from(self.rounds));
        let rules = Rules { at_most: Some(slice), ..self.rules };
        let mut progress = Progress::new("keep-alives", None);
        let (mut tally, mut echoed) = (Tally::default(), Tally::default());
        for _ in 0..self.rounds {
            if interrupt::happened() {
                break;
            }
            let mut dialogue = KeepAlives::new(&self.registering.population, &self.identifiers)?;
            progress.next_round(tally.confirmed);
            let part = self.exchange.run(&mut dialogue, pace, rules, &mut progress)?;
            echoed.add(&self.echo(&part, slice, pace)?);
            tally.add(&part);
        }
        Ok(Phase::new("keepAlives", &tally, self.echo.is_some().then_some(&echoed)))
    }

    /// The echo of datagrams of the same sizes, for a time.
    pub fn echo(&mut self, like: &Tally, at_most: Duration, pace: Pace) -> Result<Tally, BenchError> {
        let Some(echo) = &mut self.echo else { return Ok(Tally::default()) };
        let mut dialogue = Echoing::new(like.request_size(), like.answer_size(), None);
        let rules = Rules { at_most: Some(at_most), ..self.rules };
        echo.exchange.run(&mut dialogue, pace, rules, &mut Progress::new("echo", None))
    }

    /// Takes all endpoints back, unmeasured; those that nobody confirms are left to their time to live.
    pub fn unregister(&mut self) -> Result<Tally, BenchError> {
        let next = vec![0; self.exchange.ports.len()];
        let mut dialogue = Unregistrations {
            population: &self.registering.population,
            identifiers: &mut self.identifiers,
            next,
        };
        let total = u64::from(self.registering.population.count);
        self.exchange.run(
            &mut dialogue,
            self.pace,
            self.rules,
            &mut Progress::new("unregistrations", Some(total)),
        )
    }
}

fn ras_address(port: &Port) -> Result<SocketAddrV4, BenchError> {
    match port.local().map_err(BenchError::system("can't tell where a socket is bound"))? {
        SocketAddr::V4(address) => Ok(address),
        SocketAddr::V6(address) => Err(BenchError::Usage(format!("{address} is no IPv4 address"))),
    }
}
