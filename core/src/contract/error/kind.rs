//! Kinds of failures.

/// What kind of failure it is: it decides about retries and exit codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The manifest or the configuration is wrong. Nothing was changed, and mostly nothing called.
    Manifest,
    /// The command line is wrong, or what is around it: the manifest has nothing to do with it. Nothing was called.
    Usage,
    /// The selected provider can't do what was asked. Nothing was changed, and mostly nothing called.
    Unsupported,
    /// Something that was taken for granted isn't there.
    NotFound,
    /// The cloud refused the caller.
    AccessDenied,
    /// There are no credentials, or they have expired.
    Credentials,
    /// The credentials are for another account, subscription or tenant than the manifest's.
    WrongAccount,
    /// An object of somebody else is in the way.
    Conflict,
    /// A quota of the cloud doesn't allow it.
    Quota,
    /// The cloud asks to slow down.
    Throttled,
    /// The cloud, or the way to it, fails at the moment.
    Unavailable,
    /// There is no way to the cloud: its name isn't known, or nobody listens there. Nothing was sent. What only reads is
    /// not tried for long then.
    Unreachable,
    /// Something written a moment ago isn't seen everywhere yet.
    NotYet,
    /// The cloud changed between plan and apply.
    PlanStale,
    /// A provider breaks the contract.
    ProviderBug,
    /// Somebody interrupted.
    Cancelled,
    /// Anything else.
    Unexpected,
}

impl ErrorKind {
    /// Whether the same call may succeed later without anybody changing anything.
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::Throttled | Self::Unavailable | Self::Unreachable | Self::NotYet)
    }

    /// Whether what was asked for is what can't be, as things are: not the cloud, nor the way to it.
    pub fn is_of_the_intents(self) -> bool {
        matches!(self, Self::Conflict | Self::Manifest | Self::NotFound | Self::Quota | Self::Unsupported)
    }

    /// Whether the request was wrong from the start, before any cloud was asked: exit code 2.
    pub fn is_usage(self) -> bool {
        matches!(self, Self::Manifest | Self::Usage | Self::Unsupported)
    }
}
