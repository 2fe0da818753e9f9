//! The principals of grants.

use cloudgrant_core::{ObjectId, Result, Scope};

use crate::objects::role;
use crate::verbs::handles::Handles;

/// The roles that carry a grant, and those of them that have to be made first.
pub(crate) async fn principals(handles: Handles<'_>, scopes: &[Scope]) -> Result<(Vec<String>, Vec<ObjectId>)> {
    let (mut arns, mut ids) = (Vec::new(), Vec::new());
    for scope in scopes {
        if *scope == Scope::Global {
            arns.push(handles.inventory.task_role().await?.arn);
        } else {
            let name = handles.names.role(scope);
            arns.push(handles.names.role_arn(&name));
            ids.push(role::id(&name));
        }
    }
    Ok((arns, ids))
}
