//! A server and the verbs that ask it.

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a test waits for what must come.
pub const PATIENCE: Duration = Duration::from_secs(60);

const PAUSE: Duration = Duration::from_millis(20);

/// A data directory, and the server on it while one runs.
pub struct Herald {
    directory: TempDir,
    /// Where the server listens, or did.
    pub address: SocketAddr,
    server: Option<Child>,
}

impl Herald {
    /// A server on an empty data directory and a free port.
    pub fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut herald = Self { directory, address: "127.0.0.1:0".parse().unwrap(), server: None };
        fs::create_dir(herald.data()).unwrap();
        // Discovery has ports of its own, which tests that run beside this one would share.
        let configuration = "[h323]\ndiscovery = false\nsignalling = [\"127.0.0.1:0\"]\n[store]\nsnapshot_interval_ms = 100\n";
        fs::write(herald.data().join("herald.toml"), configuration).unwrap();
        herald.serve();
        herald
    }

    /// Starts the server where it was.
    pub fn serve(&mut self) {
        let listen = self.address.to_string();
        let server = command(&self.data(), &["serve", "--listen", &listen, "--log-level", "warn"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        self.server = Some(server);
        eventually(|| {
            let server = self.server.as_mut().unwrap();
            assert_eq!(server.try_wait().unwrap(), None, "the server ended");
            command(&self.data(), &["status"])
                .stderr(Stdio::null())
                .output()
                .unwrap()
                .status
                .success()
                .then_some(())
        });
        self.address = self.status()["listening"][0]["address"].as_str().unwrap().parse().unwrap();
    }

    pub fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// A path beside the data directory.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Ends the server without a warning.
    pub fn kill(&mut self) {
        let mut server = self.server.take().unwrap();
        server.kill().unwrap();
        server.wait().unwrap();
    }

    /// Ends the server as a supervisor does.
    pub fn stop(&mut self) -> ExitStatus {
        let mut server = self.server.take().unwrap();
        kill(Pid::from_raw(server.id().cast_signed()), Signal::SIGTERM).unwrap();
        server.wait().unwrap()
    }

    /// What a verb does.
    pub fn run(&self, arguments: &[&str]) -> Output {
        command(&self.data(), arguments).output().unwrap()
    }

    /// The lines of JSON that a verb prints.
    pub fn json(&self, arguments: &[&str]) -> Vec<Value> {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub fn status(&self) -> Value {
        self.json(&["status", "--json"]).remove(0)
    }

    pub fn counter(&self, name: &str) -> u64 {
        let status = self.status();
        let counters = status["counters"].as_array().unwrap();
        counters.iter().find(|counter| counter["name"] == name).unwrap()["value"].as_u64().unwrap()
    }

    /// The presence of one.
    pub fn presence(&self, name: &str) -> Value {
        self.json(&["presence", name, "--json"]).remove(0)
    }

    /// `herald watch` while it runs.
    pub fn watch(&self, arguments: &[&str]) -> Lines {
        let all: Vec<_> = ["watch"].into_iter().chain(arguments.iter().copied()).collect();
        Lines::of(command(&self.data(), &all))
    }

    /// `herald trace` while it runs, once it follows.
    pub fn trace(&self, arguments: &[&str]) -> Lines {
        let before = self.counter("ras.traces");
        let all: Vec<_> = ["trace"].into_iter().chain(arguments.iter().copied()).collect();
        let trace = Lines::of(command(&self.data(), &all));
        eventually(|| (self.counter("ras.traces") > before).then_some(()));
        trace
    }

    /// `herald endpoint` while it runs, registered with the server.
    pub fn endpoint(&self, alias: &str, arguments: &[&str]) -> Lines {
        let gatekeeper = self.address.to_string();
        let fixed = ["endpoint", "--alias", alias, "--gatekeeper", &gatekeeper, "--json"];
        let all: Vec<_> = fixed.into_iter().chain(arguments.iter().copied()).collect();
        let mut endpoint = Lines::of(command(&self.data(), &all));
        endpoint.type_in("register");
        endpoint.json_until(|event| event["event"] == "registered");
        endpoint
    }
}

impl Drop for Herald {
    fn drop(&mut self) {
        if self.server.is_some() {
            self.kill();
        }
    }
}

/// A process, line by line.
pub struct Lines {
    process: Child,
    input: ChildStdin,
    lines: Receiver<String>,
}

impl Lines {
    fn of(mut command: Command) -> Self {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (input, output) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { process, input, lines }
    }

    /// Types a line.
    pub fn type_in(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap();
    }

    /// Reads lines up to one that fits; all of them.
    pub fn until(&self, fits: impl Fn(&str) -> bool) -> Vec<String> {
        let give_up = Instant::now() + PATIENCE;
        let mut read = Vec::new();
        loop {
            let left = give_up.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                panic!("not what was waited for: {read:#?}")
            };
            let is_last = fits(&line);
            read.push(line);
            if is_last {
                return read;
            }
        }
    }

    /// Reads lines of JSON up to one that fits; all of them.
    pub fn json_until(&self, fits: impl Fn(&Value) -> bool) -> Vec<Value> {
        let read = |line: &str| serde_json::from_str(line).unwrap_or(Value::Null);
        self.until(|line| fits(&read(line))).iter().map(|line| read(line)).collect()
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The program on a data directory.
pub fn command(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_herald"));
    command.arg("--data").arg(data).args(arguments).env_remove("HERALD_DATA");
    command
}

/// Asks again and again until there is an answer.
pub fn eventually<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    let give_up = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < give_up, "it did not come to that");
        thread::sleep(PAUSE);
    }
}

/// What a failed verb said, and its status.
pub fn failure(output: &Output) -> (i32, String) {
    (output.status.code().unwrap(), String::from_utf8(output.stderr.clone()).unwrap())
}
