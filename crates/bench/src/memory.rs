//! The memory of the server's process.

use crate::error::BenchError;
use std::fs;

/// The octets of a process that are in memory (`VmRSS`).
///
/// # Errors
/// There is no such process.
pub(crate) fn resident(pid: u32) -> Result<u64, BenchError> {
    let path = format!("/proc/{pid}/status");
    let status = fs::read_to_string(&path).map_err(BenchError::system(format!("can't read {path}")))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kib.map(|kib| kib * 1024)
        .ok_or_else(|| BenchError::Usage(format!("the process {pid} has no memory; is it --pid?")))
}
