//! What Flyte calls its own things on each cloud: whoever installs it chooses nearly all names.

use cloudgrant_core::Conventions;

/// What tools that set Flyte up have called the principal of its control plane. To protect one that isn't there does no harm.
pub(crate) fn on(cloud: &str) -> Conventions {
    let protected: &[&str] = match cloud {
        "aws" => &["*adminflyterole*"],
        "azure" => &["*adminflyte*", "*flyteadmin*"],
        _ => &[],
    };
    Conventions { protected: protected.iter().map(ToString::to_string).collect(), ..Conventions::default() }
}

#[cfg(test)]
mod tests {
    use cloudgrant_core::MadeBy;

    use super::*;

    #[test]
    fn nothing_says_how_task_code_s_principal_is_called_and_the_stack_makes_those_of_scopes() {
        for cloud in ["aws", "azure", "elsewhere"] {
            let conventions = on(cloud);
            assert!(conventions.task_principal.is_empty() && conventions.storage.is_empty(), "{cloud}");
            assert_eq!(conventions.scoped_principals, MadeBy::Stack, "{cloud}");
        }
        assert!(on("elsewhere").protected.is_empty());
    }
}
