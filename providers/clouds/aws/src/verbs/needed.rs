//! What principals need and others own.

use cloudgrant_core::{Error, ErrorKind, Result};

use crate::inventory::others_roles::OthersRole;
use crate::inventory::task_policy::TaskPolicy;
use crate::verbs::handles::Handles;

/// What principals need and others own, as far as it could be read.
pub(crate) struct Needed {
    /// Of the stack's own roles.
    task_policy: Result<Option<TaskPolicy>>,
    /// Where all task code is granted something.
    task_role: Result<Option<OthersRole>>,
}

impl Needed {
    /// Reads what the principals of scopes need: of narrow ones, and of the global one. Only roles of ours need the task policy, as
    /// the task role has it already; and they trust the issuers.
    pub(crate) async fn read(handles: Handles<'_>, any_narrow: bool, any_global: bool) -> Self {
        let for_roles = async {
            if any_narrow {
                tokio::try_join!(handles.inventory.task_policy(), issuers(handles)).map(|(policy, ())| policy)
            } else {
                Ok(None)
            }
        };
        let for_global = async { if any_global { handles.inventory.task_role().await.map(Some) } else { Ok(None) } };
        let (task_policy, task_role) = tokio::join!(for_roles, for_global);
        Self { task_policy, task_role }
    }

    /// All of it. What isn't there is for the observation to tell.
    ///
    /// # Errors
    /// Something can't be read; then what isn't there is told as well.
    pub(crate) fn whole(self) -> Result<(Option<TaskPolicy>, Option<OthersRole>)> {
        match (self.task_policy, self.task_role) {
            (Ok(task_policy), Ok(task_role)) => Ok((task_policy, task_role)),
            (task_policy, task_role) => Self { task_policy, task_role }.in_the_way().map(|()| (None, None)),
        }
    }

    /// For whoever is refused for something else: all that is in the way is told at once.
    ///
    /// # Errors
    /// Something can't be read, or isn't there.
    pub(crate) fn in_the_way(self) -> Result<()> {
        let task_policy = self.task_policy.map(|policy| policy.and_then(|policy| policy.missing));
        let task_role = self.task_role.map(|role| role.and_then(|role| role.missing));
        let (failed, missing): (Vec<_>, Vec<_>) = [task_policy, task_role].into_iter().partition(Result::is_err);
        let errors = failed.into_iter().filter_map(Result::err).chain(missing.into_iter().flatten().flatten());
        Error::all(errors.collect()).map_or(Ok(()), Err)
    }
}

/// Read for the observation, beside the rest. What is denied is told there: it is in nobody's way who only takes away.
async fn issuers(handles: Handles<'_>) -> Result<()> {
    let read = || async {
        match handles.inventory.issuers().await {
            Err(error) if error.kind() == ErrorKind::AccessDenied => Ok(()),
            read => read.map(drop),
        }
    };
    handles.inventory.reading().await.issuers_early.get_or_try_init(read).await.copied()
}
