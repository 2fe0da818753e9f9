//! The backends of a plan: its cloud, and its platform where that has objects of its own.

use crate::contract::backend::Backend;
use crate::contract::platform::Platform;
use crate::pace::Pace;

/// Whoever has the objects of a plan: the cloud, and what the platform is told by, where that is cloudgrant's to do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backends<'a> {
    cloud: &'a dyn Backend,
    platform: Option<(&'a dyn Backend, &'static [&'static str])>,
}

impl<'a> Backends<'a> {
    /// A cloud alone.
    #[cfg(test)]
    pub(crate) fn cloud(cloud: &'a dyn Backend) -> Self {
        Self { cloud, platform: None }
    }

    pub(crate) fn new(cloud: &'a dyn Backend, platform: &'a dyn Platform) -> Self {
        Self { cloud, platform: platform.backend().map(|backend| (backend, platform.kinds())) }
    }

    /// Who has objects of a kind.
    pub(crate) fn of(self, kind: &str) -> &'a dyn Backend {
        match self.platform {
            Some((platform, kinds)) if kinds.contains(&kind) => platform,
            _ => self.cloud,
        }
    }

    /// Whether the platform is told by objects of a kind.
    pub(crate) fn is_of_platform(self, kind: &str) -> bool {
        self.platform.is_some_and(|(_, kinds)| kinds.contains(&kind))
    }

    /// The pace of the cloud's client.
    pub(crate) fn pace(self) -> Option<&'a Pace> {
        self.cloud.pace()
    }

    /// How many requests were sent so far, where anybody counts them.
    pub(crate) fn requests(self) -> Option<u64> {
        let platform = self.platform.and_then(|(platform, _)| platform.requests());
        match (self.cloud.requests(), platform) {
            (None, None) => None,
            (cloud, platform) => Some(cloud.unwrap_or_default() + platform.unwrap_or_default()),
        }
    }
}
