//! Which hosts answer at all. One from which something came is worth waiting for, however slow it is; where nothing ever came,
//! and for long enough, nobody is there, as with a firewall that drops what it gets.

use std::collections::HashMap;
use std::error::Error;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::pace::request_timeout::RequestTimeout;

/// How long a host from which nothing ever came may take for its first answer, unless somebody says that requests take longer than
/// they do where nothing is said.
const SILENCE: Duration = Duration::from_secs(10);

/// The same once it has taken that long for nothing: several requests are on their way before anybody gives up.
const SILENT: Duration = Duration::from_secs(2);

/// What is known of hosts. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Answering(Arc<Mutex<HashMap<String, Host>>>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Host {
    AskedSince(Instant),
    Silent,
    Answered,
}

impl Answering {
    /// How long to wait for an answer of a host that is asked now, where one that answers is waited for so long.
    pub fn patience(&self, host: &str, patience: Duration) -> Duration {
        match self.hosts().entry(host.to_owned()).or_insert_with(|| Host::AskedSince(Instant::now())) {
            Host::Answered => patience,
            Host::Silent => patience.min(SILENT),
            Host::AskedSince(_) if patience > RequestTimeout::default().0 => patience,
            Host::AskedSince(_) => patience.min(SILENCE),
        }
    }

    /// Takes note that something came from a host, whatever it was.
    pub fn answered(&self, host: &str) {
        self.hosts().insert(host.to_owned(), Host::Answered);
    }

    /// Whether nothing ever came from a host, for so long that another try is of no use.
    pub fn is_silent(&self, host: &str) -> bool {
        let mut hosts = self.hosts();
        let Some(host) = hosts.get_mut(host) else { return false };
        if matches!(host, Host::AskedSince(first) if first.elapsed() >= SILENCE) {
            *host = Host::Silent;
        }
        *host == Host::Silent
    }

    fn hosts(&self) -> MutexGuard<'_, HashMap<String, Host>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the environment says of the proxy for a scheme, such as `HTTPS_PROXY is http://proxy.example:3128`. A name and a
/// password in it are left out; whether `NO_PROXY` exempts a host is for whoever reads it to see.
pub fn proxy_named(scheme: &str) -> Option<String> {
    named(scheme, |variable| std::env::var(variable).ok())
}

fn named(scheme: &str, value: impl Fn(&str) -> Option<String>) -> Option<String> {
    let upper = scheme.to_ascii_uppercase();
    let variables =
        [format!("{scheme}_proxy"), format!("{upper}_PROXY"), "all_proxy".to_owned(), "ALL_PROXY".to_owned()];
    let set = |variable: String| {
        let value = value(&variable).filter(|value| !value.is_empty())?;
        Some((variable, value))
    };
    let (variable, value) = variables.into_iter().find_map(set)?;
    let schemes = ["http", "https", "socks4", "socks4a", "socks5", "socks5h"];
    // A password may hold what looks like the end of a scheme.
    let scheme =
        value.split_once("://").map(|(scheme, _)| scheme).filter(|it| schemes.contains(it)).unwrap_or_default();
    let rest = value[scheme.len()..].trim_start_matches("://");
    // A password may hold any sign, and is behind the name: what comes after the last `@` is the host.
    let host = rest.rsplit('@').next().unwrap_or_default();
    let host = host.split(['/', '?', '#']).next().unwrap_or_default();
    let scheme = if scheme.is_empty() { String::new() } else { format!("{scheme}://") };
    Some(format!("{variable} is {}", crate::text::redact::redacted(&format!("{scheme}{host}"))))
}

/// What to do where a connection to this machine is refused: a sandbox that was served there and has ended looks like a cloud that
/// can't be reached, in a shell that still has its variables. `origin` is scheme, host and port. None where it is another machine, or
/// the connection failed otherwise.
pub fn nothing_listens(origin: &str, error: &(dyn Error + 'static)) -> Option<String> {
    let (_, authority) = origin.split_once("://")?;
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None => authority.split(':').next().unwrap_or_default(),
    };
    let is_here = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let mut cause = Some(error);
    while let Some(error) = cause.filter(|_| is_here) {
        if error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::ConnectionRefused) {
            return Some(format!(
                "nothing listens at {origin}, on this machine. A sandbox that was served there may have ended: start it again with \
                 `cloudgrant sandbox`, and set the variables that it prints; without those of the last one, the real cloud is used"
            ));
        }
        cause = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_host_that_has_answered_is_waited_for_longer() {
        let answering = Answering::default();
        let (slow, nobody) = ("https://slow.example", "https://nobody.example");
        answering.answered(slow);
        let (minute, second) = (Duration::from_secs(60), Duration::from_secs(1));
        let usual = RequestTimeout::default().0;
        assert_eq!(answering.patience(nobody, usual), SILENCE);
        assert_eq!(answering.patience(slow, minute), minute);
        assert_eq!((answering.patience(nobody, minute), answering.patience(nobody, second)), (minute, second));
        // One request of a second that was lost says nothing yet.
        tokio::time::advance(second).await;
        assert!(!answering.is_silent(nobody) && answering.patience(nobody, usual) == SILENCE);
        tokio::time::advance(SILENCE).await;
        assert!(!answering.is_silent(slow) && answering.is_silent(nobody));
        assert_eq!((answering.patience(slow, minute), answering.patience(nobody, minute)), (minute, SILENT));
        answering.answered(nobody);
        assert_eq!(answering.patience(nobody, minute), minute);
        assert!(!answering.is_silent("https://unknown.example"));
    }

    #[test]
    fn a_proxy_is_named_without_its_password() {
        let with = |set: &'static [(&str, &str)]| {
            move |scheme: &str| {
                let value = |variable: &str| set.iter().find(|(name, _)| *name == variable).map(|(_, value)| *value);
                named(scheme, |variable| value(variable).map(ToOwned::to_owned))
            }
        };
        let https = with(&[("HTTPS_PROXY", "http://ann:p@ss/w@proxy.example:3128/")]);
        assert_eq!(https("https").as_deref(), Some("HTTPS_PROXY is http://proxy.example:3128"));
        assert_eq!(https("http"), None);
        let odd =
            with(&[("HTTPS_PROXY", "ann:hunter://2@proxy.example:9"), ("http_proxy", "socks5h://a:b@c@proxy.example")]);
        assert_eq!(odd("https").as_deref(), Some("HTTPS_PROXY is proxy.example:9"));
        assert_eq!(odd("http").as_deref(), Some("http_proxy is socks5h://proxy.example"));
        let all = with(&[("http_proxy", ""), ("ALL_PROXY", "proxy.example:1")]);
        assert_eq!(all("http").as_deref(), Some("ALL_PROXY is proxy.example:1"));
    }

    #[test]
    fn a_sandbox_that_has_ended_was_on_this_machine() {
        let refused = std::io::Error::from(ErrorKind::ConnectionRefused);
        for here in ["http://127.0.0.1:4000", "https://[::1]:4000", "https://localhost:4000", "http://127.0.0.1"] {
            let told = nothing_listens(here, &refused).expect(here);
            assert!(told.contains(here) && told.contains("`cloudgrant sandbox`"), "{told}");
        }
        for there in ["http://169.254.169.254", "https://iam.amazonaws.com", "https://127.0.0.1.example.com:4000", ""] {
            assert_eq!(nothing_listens(there, &refused), None, "{there}");
        }
        let late = std::io::Error::from(ErrorKind::TimedOut);
        assert_eq!(nothing_listens("http://127.0.0.1:4000", &late), None);
    }
}
