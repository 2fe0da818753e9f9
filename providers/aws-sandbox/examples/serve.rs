//! Serves the AWS sandbox to other programs until Ctrl-C.
//!
//! ```text
//! cargo run -p cloudgrant-aws-sandbox --example serve -- FOLDER [--port N] [--knobs latency=50ms,seed=42] [--config manifest.json]
//! ```
//!
//! Standard output gets `export` lines for a shell: `eval "$(...)"`, or copy them. The manifest is JSON; without one, a
//! small one with an organization named `acme` is used.

use std::error::Error;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr};

use cloudgrant_sandbox_kit::{Start, registry};
// The crate registers itself once the program uses something of it.
use cloudgrant_aws_sandbox as _;
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("name a folder for the state")?;
    let mut start = Start::new(folder).config(small_manifest());
    while let Some(argument) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{argument} needs a value"))?;
        match argument.as_str() {
            "--port" => start.address = SocketAddr::from((Ipv4Addr::LOCALHOST, value.parse()?)),
            "--knobs" => start.knobs = value.parse()?,
            "--config" => start.config = serde_json::from_slice(&std::fs::read(value)?)?,
            other => return Err(format!("there is no {other}; there are --port, --knobs and --config").into()),
        }
    }
    let running = registry::start("aws", start).await?;
    let mut output = std::io::stdout().lock();
    for (name, value) in running.exports() {
        writeln!(output, "export {name}={value}")?;
    }
    output.flush()?;
    drop(output);
    tokio::signal::ctrl_c().await?;
    running.stop().await;
    Ok(())
}

fn small_manifest() -> Value {
    json!({
        "platform": {"kind": "union", "organization": "acme"},
        "aws": {
            "region": "us-west-2",
            "account": "111122223333",
            "cluster": {"oidc_provider": "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE"},
            "accounts": {"444455556666": {"assume_role": "arn:aws:iam::444455556666:role/registry-admin"}},
        },
        "resources": {
            "labels-token": {"aws": "arn:aws:secretsmanager:us-west-2:111122223333:secret:labels-token-AbCdEf"},
        },
        "registries": [{"name": "trainer-images", "aws": "444455556666.dkr.ecr.us-west-2.amazonaws.com/team/trainer"}],
    })
}
