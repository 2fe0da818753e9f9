//! Profiles of the AWS configuration files that somebody names: one that isn't there is told, as by AWS's own command, and
//! nobody's other credentials are used in its place.

use aws_config::profile::{ProfileSet, load};
use aws_types::os_shim_internal::{Env, Fs};
use cloudgrant_core::redacted;
use futures_util::FutureExt as _;
use tracing::subscriber::NoSubscriber;

use crate::error::unusable_profile::{NamedBy, Unusable, VARIABLE};

/// The profile that the environment names.
pub(crate) fn of_environment() -> Option<String> {
    std::env::var(VARIABLE).ok().filter(|name| !name.is_empty())
}

/// All profiles, as far as the files can be read: what can't be read gives no credentials.
pub(crate) fn all(env: &Env, fs: &Fs) -> Option<ProfileSet> {
    // Whoever uses them is told what is odd about the files. It reads without waiting.
    let read = || load(fs, env, &Default::default(), None).now_or_never();
    tracing::subscriber::with_default(NoSubscriber::default(), read)?.ok()
}

/// Makes sure that a profile is there, and whatever it builds upon.
///
/// # Errors
/// What is missing, or why the files can't be read.
pub(crate) async fn check(profile: &str, named_by: NamedBy) -> Result<(), Unusable> {
    let what = match load(&Fs::real(), &Env::real(), &Default::default(), Some(profile.to_owned().into())).await {
        // Credentials in the environment win over those of its profile, which only has to be there.
        Ok(profiles) if named_by == NamedBy::Environment && std::env::var_os("AWS_ACCESS_KEY_ID").is_some() => {
            profiles.get_profile(profile).is_none().then(|| not_there(profile))
        }
        Ok(profiles) => missing(&profiles, profile),
        Err(error) => Some(format!("the AWS configuration files can't be read: {error}")),
    };
    match what {
        Some(what) => Err(Unusable { profile: profile.to_owned(), named_by, what }),
        None => Ok(()),
    }
}

fn not_there(profile: &str) -> String {
    format!("the AWS profile ({}) couldn't be found", redacted(profile))
}

/// What a profile lacks, in a sentence.
fn missing(profiles: &ProfileSet, named: &str) -> Option<String> {
    let (mut name, mut before): (&str, Vec<&str>) = (named, Vec::new());
    loop {
        let Some(profile) = profiles.get_profile(name) else {
            let what = not_there(name);
            return Some(match before.last() {
                None => what,
                Some(by) => format!("{what}, which the profile ({}) names as its `source_profile`", redacted(by)),
            });
        };
        if let Some(session) = profile.get("sso_session").filter(|name| profiles.sso_session(name).is_none()) {
            let (session, name) = (redacted(session), redacted(name));
            return Some(format!(
                "the section [sso-session {session}] couldn't be found, which the profile ({name}) names as its \
                 `sso_session`"
            ));
        }
        before.push(name);
        // Only who assumes a role builds upon another profile. A circle is for the SDK to tell.
        match profile.get("source_profile").filter(|_| profile.get("role_arn").is_some()) {
            Some(next) if !before.contains(&next) => name = next,
            _ => return None,
        }
    }
}
