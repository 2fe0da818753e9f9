//! cloudgrant as a library: a program of one's own reads a manifest, looks at the plan, decides, and applies it.
//!
//! It works in a sandbox, so that it can be run anywhere: `cargo run -p cloudgrant-example-embedding`.

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;

// A cloud or a platform that only stands in Cargo.toml isn't linked. These lines register them.
use cloudgrant_aws as _;
use cloudgrant_core::manifest::{Loaded, Overrides};
use cloudgrant_core::{Action, Approval, Cancel, Session, Settings, Silent};
use cloudgrant_sandbox_kit::Start;
use cloudgrant_union as _;

const MANIFEST: &str = include_str!("../cloudgrant.yaml");

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout().lock();
    let loaded = Loaded::from_text(MANIFEST, Path::new("cloudgrant.yaml"), &Overrides::default())?;

    // Against AWS itself, leave out these lines: the provider then finds credentials as every AWS program does.
    let folder = tempfile::tempdir()?;
    let sandbox = cloudgrant_aws_sandbox::start(Start::new(folder.path()).config(loaded.surroundings())).await?;
    let loaded = loaded.overlaid(sandbox.settings(), "the sandbox")?;

    let session = Session::open(loaded, Settings::default()).await?;
    let engine = session.engine();

    let plan = engine.plan(&Silent).await?;
    for change in &plan.changes {
        let because: Vec<_> = change.because.iter().map(ToString::to_string).collect();
        writeln!(out, "{:?} {} (for {})", change.action, change.id, because.join(", "))?;
    }
    // A rule of one's own: this program never takes anything away.
    if plan.changes.iter().any(|change| change.action == Action::Delete) {
        return Err("the plan deletes something; a person should look at it".into());
    }

    let report = engine.apply(plan.approve(Approval::InAdvance), &Silent, &Cancel::default()).await?;
    writeln!(out, "{} made, verified: {}", report.applied.len(), report.is_success())?;
    sandbox.stop().await;
    Ok(())
}
