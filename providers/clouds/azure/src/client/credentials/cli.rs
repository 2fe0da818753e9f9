//! Runs `az` and `azd`, but not for ever.

use std::ffi::OsStr;
use std::io;
use std::process::Output;
use std::time::Duration;

use azure_identity::Executor;

/// How long one run may take. A cold start of `az` takes several seconds.
const RUN: Duration = Duration::from_secs(30);

/// Runs a program and ends it if it takes too long.
#[derive(Debug)]
pub(super) struct Bounded;

#[async_trait::async_trait]
impl Executor for Bounded {
    async fn run(&self, program: &OsStr, args: &[&OsStr]) -> io::Result<Output> {
        run(program, args, RUN).await
    }
}

async fn run(program: &OsStr, args: &[&OsStr], limit: Duration) -> io::Result<Output> {
    let mut command = tokio::process::Command::new(program);
    let output = command.args(args).kill_on_drop(true).output();
    let late = |_| io::Error::new(io::ErrorKind::TimedOut, format!("no answer in {} s", limit.as_secs()));
    tokio::time::timeout(limit, output).await.map_err(late)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_program_that_hangs_is_ended() {
        let args = [OsStr::new("-c"), OsStr::new("sleep 60")];
        let started = std::time::Instant::now();
        let error = run(OsStr::new("/bin/sh"), &args, Duration::from_millis(50)).await.expect_err("too late");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(started.elapsed() < Duration::from_secs(10));
    }
}
