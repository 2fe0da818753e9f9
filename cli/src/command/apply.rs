//! `cloudgrant apply`

use std::path::PathBuf;

use clap::Args;
use cloudgrant_core::{Result, Session};

use crate::command::audit::AuditOptions;
use crate::command::carrying_out::{Asked, carry_out};
use crate::command::saved_plan::SavedPlan;
use crate::command::session::{Work, with_session};
use crate::command::shell::Shell;
use crate::exit::Exit;
use crate::render::telling::Wording;

/// Show what would change, ask, and apply it
#[derive(Debug, Args)]
#[command(after_help = "\
Objects that the stack created and the manifest no longer asks for are deleted. A failed change doesn't stop those that don't \
depend on it; after a denial, changes of the same kind aren't tried, unless they remove access. After a failure or an \
interruption, run it again: it continues where it ended. Ctrl-C finishes the changes that are under way and begins no others. \
Places that the manifest no longer names and that can't be searched are reported, and don't count as a failure; exits with 1 where \
something that should be deleted can't be.

Examples:
  cloudgrant apply
  cloudgrant apply --yes      In CI: approved in advance
  cloudgrant apply plan.json  Carry out a plan that `plan --out` saved
  cloudgrant apply --sandbox  Try it without an account")]
pub(crate) struct Options {
    /// A saved plan: exactly that is carried out, without asking, or nothing where the cloud or the manifest isn't as it was
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    saved: Option<PathBuf>,

    /// Don't ask: approve the plan in advance
    #[arg(short, long)]
    yes: bool,

    #[command(flatten)]
    audit: AuditOptions,
}

pub(crate) async fn run(shell: Shell<'_>, options: Options) -> Result<Exit> {
    let saved = options.saved.as_deref().map(SavedPlan::read).transpose()?;
    let check = |session: &Session| options.audit.check(session);
    with_session(shell, check, async |mut work: Work<'_>| {
        if let Some(saved) = &saved {
            saved.check_session(work.session)?;
        }
        let engine = work.session.engine();
        let asked = Asked {
            command: "apply",
            again: &options.audit.repeated("apply"),
            look: &shell.global.repeated("plan"),
            wording: Wording::Plan,
            question: "Apply these changes to",
            leaves_nothing: false,
            looks_again: true,
            must_be_there: false,
            saved: saved.as_ref(),
        };
        // Whoever saved it was shown it, and whoever names it says yes to it.
        let yes = options.yes || saved.is_some();
        Ok(carry_out(shell, &mut work, engine, asked, yes, &options.audit).await?.exit)
    })
    .await
}
