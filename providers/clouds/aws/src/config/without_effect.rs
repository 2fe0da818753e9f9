//! Keys of the section that have no effect with the way in which pods get their roles, and why: a plan says it of each.

use cloudgrant_core::Note;

use crate::config::{Binding, Config};

/// The notes, each at its key.
pub(crate) fn notes(config: &Config) -> Vec<Note> {
    let Some(cluster) = &config.cluster else { return Vec::new() };
    match config.binding {
        Binding::PodIdentity => {
            let message = "it has no effect with `aws.binding: pod-identity`: EKS gives the roles, and no service account's \
                           token is exchanged";
            let audience = cluster.audience.as_ref().map(|_| Note::warning("aws.cluster.audience", message));
            Vec::from_iter(audience)
        }
        // Where no issuer is named, the cluster is the stack's home.
        Binding::Irsa if config.issuers().next().is_some() => {
            let message = "it is for `aws.binding: pod-identity`, and has no effect here: roles trust the cluster's `oidc_provider`";
            let name = cluster.name.as_ref().map(|_| Note::warning("aws.cluster.name", message));
            Vec::from_iter(name)
        }
        Binding::Irsa => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_for_the_other_way_of_binding_is_told() {
        let notes = |keys: &str| {
            let section = format!("{{\"region\":\"us-west-2\",\"account\":\"111122223333\",{keys}}}");
            let config = serde_json::from_str(&section).expect("a section");
            notes(&config).into_iter().map(|note| note.about).collect::<Vec<_>>()
        };
        const ISSUER: &str = "\"oidc_provider\":\"oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE\"";
        let cluster = format!("\"cluster\":{{{ISSUER},\"name\":\"blue\",\"audience\":\"mine\"}}");
        assert_eq!(notes(&format!("\"binding\":\"pod-identity\",{cluster}")), ["aws.cluster.audience"]);
        assert_eq!(notes(&cluster), ["aws.cluster.name"]);
        assert!(notes(&format!("\"cluster\":{{{ISSUER},\"audience\":\"mine\"}}")).is_empty());
        // Without an issuer, the cluster is the stack's home.
        assert!(notes("\"cluster\":{\"name\":\"blue\"}").is_empty());
        assert!(notes("\"binding\":\"pod-identity\",\"cluster\":{\"name\":\"blue\"}").is_empty());
    }
}
