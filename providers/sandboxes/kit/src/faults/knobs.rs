//! What goes wrong on request, as people write it: `latency=50ms,throttle=0.1,seed=42`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::SandboxError;

/// Every knob, with its meaning, for error messages and help.
pub const KNOBS: &[(&str, &str)] = &[
    ("latency=50ms", "wait before every answer"),
    ("throttle=0.1", "share of requests answered as throttled"),
    ("errors=0.05", "share of requests answered with a server error"),
    ("drop=0.02", "share of connections closed instead of answering, half of them after the request was carried out"),
    ("hang=0.01", "share of requests that are never answered, half of them carried out"),
    ("late=0.01", "share of requests that are carried out, and answered, only after the time that lateness says"),
    ("late-at=7", "that request from now on is one of the late ones, whatever the shares"),
    ("lateness=2s", "how late the late ones are; 1s where nothing is said"),
    ("cut=0.01", "share of answers whose body ends in the middle, half of them with a matching Content-Length"),
    ("garbage=0.01", "share of answers whose body is something else"),
    ("throttle-next=3", "how many of the next requests are answered as throttled, whatever the shares"),
    ("errors-next=3", "how many requests after those are answered with a server error"),
    ("hold-before=7", "that request from now on, and all after it, wait until somebody releases them"),
    ("hold-after=7", "the same, but that request is carried out and only its answer waits"),
    ("rate=20", "requests per second beyond which requests are throttled"),
    ("replication=3s", "how long a new principal stays unknown to other services"),
    ("seed=42", "seed of the random decisions"),
    ("wording=older", "errors in the words of some years ago, where those were others"),
    ("deny=iam:CreateRole", "an action that is refused, or service/type:action on Azure (repeatable)"),
    ("quota.PolicySizeQuota=2048", "another value for a quota (repeatable)"),
];

/// Faults, delays and quotas of a sandbox. The default is none of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Knobs {
    /// The wait before every answer.
    pub latency: Duration,
    /// The share (0 to 1) of requests answered as throttled.
    pub throttle: f64,
    /// The share (0 to 1) of requests answered with a server error, without being carried out.
    pub errors: f64,
    /// The share (0 to 1) of connections closed instead of answering; in half of these cases the request was carried out.
    pub drop: f64,
    /// The share (0 to 1) of requests that are never answered; half of them are carried out.
    pub hang: f64,
    /// The share (0 to 1) of requests that are carried out and answered only after [`Self::lateness`], whether their
    /// client still waits or not.
    pub late: f64,
    /// Which request from now on, counted from 1, is one of the late ones, whatever the share.
    pub late_at: Option<u64>,
    /// How late the late ones are; `None` stands for a second.
    pub lateness: Option<Duration>,
    /// The share (0 to 1) of answers whose body ends in the middle: for half of them the `Content-Length` tells, the
    /// others look whole.
    pub cut: f64,
    /// The share (0 to 1) of answers whose body is something else.
    pub garbage: f64,
    /// How many of the next requests are answered as throttled, whatever the shares.
    pub throttle_next: u64,
    /// How many requests after those are answered with a server error.
    pub errors_next: u64,
    /// Which request from now on, counted from 1, waits before it is carried out, as do all after it.
    pub hold_before: Option<u64>,
    /// Which request from now on, counted from 1, is carried out and waits for its answer; all after it wait before they
    /// are carried out.
    pub hold_after: Option<u64>,
    /// Requests per second beyond which requests are throttled.
    pub rate: Option<f64>,
    /// How long a new principal stays unknown to other services.
    pub replication: Duration,
    /// The seed of the random decisions.
    pub seed: u64,
    /// Whether errors are in the words of some years ago, where those were others.
    pub older_wording: bool,
    /// Actions answered with a denial, for example `iam:CreateRole` or `Microsoft.Authorization/roleAssignments:write`.
    pub deny: BTreeSet<String>,
    /// Other values for quotas, by the quota's name.
    pub quotas: BTreeMap<String, u64>,
}

impl FromStr for Knobs {
    type Err = SandboxError;

    fn from_str(text: &str) -> Result<Self, SandboxError> {
        let mut knobs = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or_else(|| bad(part, "it has no `=`"))?;
            match (name.trim(), value.trim()) {
                ("latency", value) => knobs.latency = duration(part, value)?,
                ("throttle", value) => knobs.throttle = share(part, value)?,
                ("errors", value) => knobs.errors = share(part, value)?,
                ("drop", value) => knobs.drop = share(part, value)?,
                ("hang", value) => knobs.hang = share(part, value)?,
                ("late", value) => knobs.late = share(part, value)?,
                ("late-at", value) => knobs.late_at = Some(position(part, value)?),
                ("lateness", value) => knobs.lateness = Some(duration(part, value)?),
                ("cut", value) => knobs.cut = share(part, value)?,
                ("garbage", value) => knobs.garbage = share(part, value)?,
                ("hold-before", value) => knobs.hold_before = Some(position(part, value)?),
                ("hold-after", value) => knobs.hold_after = Some(position(part, value)?),
                ("throttle-next", value) => knobs.throttle_next = number(part, value)?,
                ("errors-next", value) => knobs.errors_next = number(part, value)?,
                ("rate", value) => knobs.rate = Some(rate(part, value)?),
                ("replication", value) => knobs.replication = duration(part, value)?,
                ("seed", value) => knobs.seed = number(part, value)?,
                ("wording", "older") => knobs.older_wording = true,
                ("deny", value) => {
                    if !value.split_once(':').is_some_and(|(service, action)| !service.is_empty() && !action.is_empty())
                    {
                        return Err(bad(part, "an action is written `service:Action`"));
                    }
                    knobs.deny.insert(value.to_owned());
                }
                (name, value) => match name.strip_prefix("quota.") {
                    Some(quota) if !quota.is_empty() => {
                        knobs.quotas.insert(quota.to_owned(), number(part, value)?);
                    }
                    _ => return Err(bad(part, "there is no such fault")),
                },
            }
        }
        Ok(knobs)
    }
}

/// The form that [`FromStr`] reads, always with the seed, so that a failing run can be repeated.
impl fmt::Display for Knobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed={}", self.seed)?;
        for (name, value) in [("latency", self.latency), ("replication", self.replication)] {
            if !value.is_zero() {
                write!(f, ",{name}={}ms", value.as_millis())?;
            }
        }
        let shares = [
            ("throttle", self.throttle),
            ("errors", self.errors),
            ("drop", self.drop),
            ("hang", self.hang),
            ("late", self.late),
            ("cut", self.cut),
            ("garbage", self.garbage),
        ];
        for (name, value) in shares {
            if value > 0.0 {
                write!(f, ",{name}={value}")?;
            }
        }
        if let Some(lateness) = self.lateness {
            write!(f, ",lateness={}ms", lateness.as_millis())?;
        }
        let positions = [("late-at", self.late_at), ("hold-before", self.hold_before), ("hold-after", self.hold_after)];
        for (name, value) in positions {
            if let Some(value) = value {
                write!(f, ",{name}={value}")?;
            }
        }
        for (name, value) in [("throttle-next", self.throttle_next), ("errors-next", self.errors_next)] {
            if value > 0 {
                write!(f, ",{name}={value}")?;
            }
        }
        if let Some(rate) = self.rate {
            write!(f, ",rate={rate}")?;
        }
        if self.older_wording {
            f.write_str(",wording=older")?;
        }
        for action in &self.deny {
            write!(f, ",deny={action}")?;
        }
        for (name, value) in &self.quotas {
            write!(f, ",quota.{name}={value}")?;
        }
        Ok(())
    }
}

fn bad(part: &str, why: &str) -> SandboxError {
    let known: Vec<String> = KNOBS.iter().map(|(example, meaning)| format!("  {example}  {meaning}")).collect();
    SandboxError::new(format!("read the fault `{part}` of the sandbox"))
        .because(why)
        .hint(format!("faults are separated by commas:\n{}", known.join("\n")))
}

fn duration(part: &str, value: &str) -> Result<Duration, SandboxError> {
    let split = value.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(value.len());
    let (amount, unit) = value.split_at(split);
    let seconds = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        _ => {
            return Err(bad(part, "a duration is a number with ms, s or m, such as 50ms"));
        }
    };
    amount
        .parse::<f64>()
        .ok()
        .and_then(|amount| Duration::try_from_secs_f64(amount * seconds).ok())
        .ok_or_else(|| bad(part, "a duration is a number with ms, s or m, such as 50ms"))
}

fn share(part: &str, value: &str) -> Result<f64, SandboxError> {
    match value.parse::<f64>() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err(bad(part, "a share is a number from 0 to 1")),
    }
}

fn rate(part: &str, value: &str) -> Result<f64, SandboxError> {
    match value.parse::<f64>() {
        Ok(rate) if rate > 0.0 && rate.is_finite() => Ok(rate),
        _ => Err(bad(part, "a rate is a number of requests per second above 0")),
    }
}

fn number(part: &str, value: &str) -> Result<u64, SandboxError> {
    value.parse().map_err(|_| bad(part, "it must be a whole number"))
}

fn position(part: &str, value: &str) -> Result<u64, SandboxError> {
    match number(part, value)? {
        0 => Err(bad(part, "requests are counted from 1")),
        position => Ok(position),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_every_knob() {
        let knobs: Knobs = "latency=50ms,throttle=0.1,errors=0.05,drop=0.02,throttle-next=3,errors-next=4,rate=20,replication=3s,seed=42,\
                            hang=0.01,late=0.03,late-at=9,lateness=2s,cut=0.04,garbage=0.06,hold-before=7,hold-after=8,\
                            deny=iam:CreateRole,deny=sts:AssumeRole,quota.PolicySizeQuota=2048"
            .parse()
            .expect("all of these are knobs");
        assert_eq!(knobs.latency, Duration::from_millis(50));
        assert_eq!(knobs.replication, Duration::from_secs(3));
        assert_eq!((knobs.throttle, knobs.errors, knobs.drop, knobs.rate), (0.1, 0.05, 0.02, Some(20.0)));
        assert_eq!((knobs.throttle_next, knobs.errors_next), (3, 4));
        assert_eq!((knobs.hang, knobs.late, knobs.cut, knobs.garbage), (0.01, 0.03, 0.04, 0.06));
        assert_eq!(knobs.lateness, Some(Duration::from_secs(2)));
        assert_eq!((knobs.hold_before, knobs.hold_after, knobs.late_at), (Some(7), Some(8), Some(9)));
        assert_eq!(knobs.deny.len(), 2);
        assert_eq!(knobs.quotas["PolicySizeQuota"], 2048);
        assert_eq!(knobs.to_string().parse::<Knobs>().expect("Display is what FromStr reads"), knobs);
    }

    #[test]
    fn nothing_means_no_faults() {
        assert_eq!(" , ".parse::<Knobs>().expect("an empty list is fine"), Knobs::default());
    }

    #[test]
    fn an_error_lists_the_valid_knobs() {
        for bad in [
            "latencies=3s",
            "throttle=2",
            "latency=50",
            "rate=0",
            "deny=CreateRole",
            "seed=x",
            "quota.=1",
            "throttle",
            "hold-after=0",
        ] {
            let error = bad.parse::<Knobs>().expect_err(bad).to_string();
            assert!(error.contains(bad), "{error}");
            assert!(error.contains("throttle=0.1") && error.contains("quota.PolicySizeQuota"), "{error}");
        }
    }
}
