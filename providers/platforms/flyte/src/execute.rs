//! What Flyte asks of whoever starts task code (requirements 8 and 44).

use cloudgrant_core::ExecutePermission;

/// Source: flyteorg/flyte#5189.
pub(crate) fn permission() -> ExecutePermission {
    ExecutePermission {
        action: None,
        summary: "open-source Flyte has no such permission: whoever may sign in can start tasks in every project \
                  and domain, and so use what these are granted"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_8_and_44_flyte_has_no_such_permission_and_that_is_said() {
        let permission = permission();
        assert_eq!(permission.action, None);
        assert!(permission.summary.contains("whoever may sign in can start tasks in every project"));
    }
}
