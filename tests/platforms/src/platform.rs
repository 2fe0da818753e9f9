//! A platform that is told by the backend under test.

use cloudgrant_core::{Backend, Desired, ExecutePermission, Object, Platform, Principal, Result, Tenancy};

#[derive(Debug)]
pub(crate) struct PlatformWithObjects {
    pub(crate) tenancy: Tenancy,
    pub(crate) backend: Box<dyn Backend>,
    pub(crate) kinds: &'static [&'static str],
    pub(crate) objects: fn(&Principal) -> Result<Vec<Object>>,
}

impl Platform for PlatformWithObjects {
    fn name(&self) -> &'static str {
        "PlatformWithObjects"
    }

    fn tenancy(&self) -> &Tenancy {
        &self.tenancy
    }

    fn deliver(&self, principals: &[Principal]) -> Result<Desired> {
        let mut desired = Desired::default();
        for principal in principals {
            desired.objects.extend((self.objects)(principal)?);
        }
        Ok(desired)
    }

    fn kinds(&self) -> &'static [&'static str] {
        self.kinds
    }

    fn backend(&self) -> Option<&dyn Backend> {
        Some(self.backend.as_ref())
    }

    fn unbinding(&self, _: &[String]) -> String {
        String::new()
    }

    fn execute_permission(&self) -> ExecutePermission {
        ExecutePermission { action: None, summary: String::new() }
    }
}
