//! What the world does to the server and its network: weather, partitions, disks, crashes, clocks.

use crate::disk::Condition;
use crate::journal::Seen;
use crate::network::Weather;
use crate::random::Random;
use crate::world::World;
use model::{Instant, Millis};
use std::io;
use std::path::PathBuf;
use store::StoreError;

/// When what happens next.
pub(crate) struct Calamities {
    random: Random,
    weather_at: Instant,
    partition_at: Instant,
    disk_at: Instant,
    server_at: Instant,
    clock_at: Instant,
}

impl Calamities {
    pub(crate) fn new(mut random: Random, now: Instant) -> Self {
        let mut at = |seconds| now.after(Millis(1000 * random.below(seconds)));
        Self {
            weather_at: at(120),
            partition_at: at(300),
            disk_at: at(200),
            server_at: at(400),
            clock_at: at(1200),
            random,
        }
    }

    /// The first start.
    pub(crate) fn begin(&mut self, world: &mut World) {
        world.disk.borrow_mut().condition = Condition::Slow(Millis(10));
        world.pace = Millis(self.random.below(4));
        world.network.weather.delay = Millis(5);
        world.start_server();
    }

    pub(crate) fn due(&self) -> Instant {
        let all = [self.weather_at, self.partition_at, self.disk_at, self.server_at, self.clock_at];
        all.into_iter().fold(Instant(u64::MAX), Instant::min)
    }

    pub(crate) fn act(&mut self, world: &mut World) {
        let now = world.now.instant;
        if self.weather_at <= now {
            world.network.weather = self.weather();
            let weather = world.network.weather;
            world.journal.see(world.now, Seen::Note(format!("{weather:?}")));
            self.weather_at = self.later(now, 5, 120);
        }
        if self.partition_at <= now {
            self.partition_at = self.partition(world);
        }
        if self.disk_at <= now {
            self.disk_at = self.disk(world);
        }
        if self.server_at <= now {
            self.server_at = self.server(world);
        }
        if self.clock_at <= now {
            world.clock_step = self.clock_step();
            let step = world.clock_step;
            world.journal.see(world.now, Seen::Note(format!("the server's clock is {step} ms ahead")));
            self.clock_at = self.later(now, 60, 600);
        }
    }

    /// Everything is well again, and stays so.
    pub(crate) fn end(&mut self, world: &mut World) {
        world.network.cut_off.clear();
        world.disk.borrow_mut().condition = Condition::Slow(Millis(10));
        world.journal.see(world.now, Seen::Note("quiet".to_owned()));
        if world.server.is_none() {
            world.start_server();
        }
    }

    fn weather(&mut self) -> Weather {
        let random = &mut self.random;
        if random.percent(30) {
            return Weather { delay: Millis(5), ..Weather::default() };
        }
        let mut sometimes = |percent, most| if random.percent(percent) { random.below(most) } else { 0 };
        Weather {
            loss: sometimes(50, 45),
            doubled: sometimes(40, 30),
            delay: Millis(5 + sometimes(50, 400) + sometimes(10, 4000)),
            broken: sometimes(40, 40),
            cut: sometimes(50, 2) == 1,
        }
    }

    fn partition(&mut self, world: &mut World) -> Instant {
        let now = world.now.instant;
        if !world.network.cut_off.is_empty() {
            world.network.cut_off.clear();
            world.journal.see(world.now, Seen::Note("the network is whole again".to_owned()));
            return self.later(now, 10, 300);
        }
        let percent = 10 + self.random.below(80);
        for number in 0..world.terminals.len() {
            if self.random.percent(percent) {
                world.network.cut_off.insert(number);
            }
        }
        let cut_off = format!("cut off: {:?}", world.network.cut_off);
        world.journal.see(world.now, Seen::Note(cut_off));
        self.later(now, 1, 90)
    }

    fn disk(&mut self, world: &mut World) -> Instant {
        let now = world.now.instant;
        let is_well = matches!(world.disk.borrow().condition, Condition::Slow(_));
        let condition = match self.random.below(10) {
            0 if is_well => Condition::Refusing,
            1..=3 if is_well => Condition::Failing(self.error()),
            4 => Condition::Slow(Millis(8000)),
            5 | 6 => Condition::Slow(Millis(500)),
            _ => Condition::Slow(Millis(10)),
        };
        world
            .journal
            .see(world.now, Seen::Disk(matches!(condition, Condition::Slow(_)), format!("{condition:?}")));
        world.disk.borrow_mut().condition = condition;
        self.later(now, 1, 60)
    }

    /// An error that a disk can give for a while.
    fn error(&mut self) -> StoreError {
        let file = PathBuf::from("herald.db");
        match self.random.below(6) {
            0 | 1 => StoreError::Full { file },
            2 => StoreError::ReadOnly { path: file },
            3 => StoreError::Busy { what: "another program is writing to the database" },
            4 => StoreError::Sqlite { file, code: 10, message: "disk I/O error".to_owned() },
            _ => StoreError::Io {
                action: "write",
                path: file,
                kind: io::ErrorKind::Other,
                message: "on purpose".to_owned(),
            },
        }
    }

    fn server(&mut self, world: &mut World) -> Instant {
        let now = world.now.instant;
        if world.server.is_none() {
            world.start_server();
            // Sometimes one start follows the other.
            return if self.random.percent(20) { self.soon(now) } else { self.later(now, 5, 400) };
        }
        if self.random.percent(60) {
            world.journal.see(world.now, Seen::Note("the server is killed".to_owned()));
            world.kill_server();
        } else {
            world.journal.see(world.now, Seen::Note("the server stops".to_owned()));
            world.stop_server();
        }
        if self.random.percent(60) { self.soon(now) } else { self.later(now, 1, 90) }
    }

    fn clock_step(&mut self) -> i64 {
        let most = [1000, 60_000, 3_600_000, 6 * 3_600_000][self.random.below(4) as usize];
        let step = self.random.below(most) as i64;
        if self.random.percent(50) { step } else { -step }
    }

    fn soon(&mut self, now: Instant) -> Instant {
        now.after(Millis(1 + self.random.below(2000)))
    }

    fn later(&mut self, now: Instant, least: u64, most: u64) -> Instant {
        now.after(Millis(1000 * least + self.random.below(1000 * (most - least))))
    }
}
