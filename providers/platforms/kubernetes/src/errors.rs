//! What a cluster, or the way to it, says, as an error that says what to do.

use cloudgrant_core::{Error, ErrorKind, in_the_way_of_another, redacted};
use kube::client::AuthError;
use kube::config::KubeconfigError;
use kube::core::Status;

use crate::bounds;
use crate::fields::told;
use crate::manager::{home_of, stack_of};

/// Where the cluster itself is the problem, or what may be done there: the way on.
pub(crate) const WITHOUT_CLUSTER: &str = "`platform.delivery: handoff` (for one run, the variable CLOUDGRANT_PLATFORM__DELIVERY=handoff) leaves the cluster to others, also \
     where it is gone for good: a revoke then deletes everything else, and reports what it can't search there";

/// What a server says of a field that somebody else has.
const OF_MANAGER: &str = "FieldManagerConflict";

/// The kubeconfig can't be read, or says too little.
pub(crate) fn of_kubeconfig(error: &KubeconfigError) -> Error {
    let told = match error {
        // What stands in the file may be a secret.
        KubeconfigError::Parse(_) => "it can't be read as YAML".to_owned(),
        error => error.to_string(),
    };
    Error::new(ErrorKind::Credentials, "the way to the Kubernetes cluster isn't known").with("kubeconfig", told).hint(format!(
        "set KUBECONFIG, or the current context of `~/.kube/config`, so that `kubectl auth whoami` works in this shell; \
         {WITHOUT_CLUSTER}"
    ))
}

/// The cloud is a sandbox's, and the cluster none.
pub(crate) fn of_real_cluster() -> Error {
    let message = "the cloud is a sandbox's, and the current context of the kubeconfig isn't: sandbox principals are never written to a real cluster";
    Error::new(ErrorKind::WrongAccount, message).hint(
        "start both with `cloudgrant sandbox`, and set all of the variables that it prints, KUBECONFIG among them",
    )
}

/// The client can't be set up with what the kubeconfig says.
pub(crate) fn of_configuration(error: &kube::Error) -> Error {
    asked("can't set up a client of the Kubernetes cluster", error)
}

/// A request failed. `what` was attempted.
pub(crate) fn asked(what: &str, error: &kube::Error) -> Error {
    match error {
        kube::Error::Api(status) => answered(what, status),
        kube::Error::Auth(error) => of_credentials(what, error),
        kube::Error::InferKubeconfig(error) => of_kubeconfig(error),
        kube::Error::ProxyProtocolDisabled { .. } | kube::Error::ProxyProtocolUnsupported { .. } => {
            Error::new(ErrorKind::Unsupported, what).with("cause", redacted(&error.to_string())).hint(
                "proxies are named with `http://` or `https://`, in HTTPS_PROXY or as `proxy-url` of the kubeconfig's cluster",
            )
        }
        kube::Error::RustlsTls(_) | kube::Error::TlsRequired => Error::new(ErrorKind::Credentials, what)
            .with("cause", error)
            .hint(format!("check the certificates in the kubeconfig; {WITHOUT_CLUSTER}")),
        error => {
            let (mut kind, mut causes) = (ErrorKind::Unavailable, Vec::new());
            let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
            while let Some(cause) = source {
                let connects = cause.downcast_ref::<hyper_util::client::legacy::Error>();
                if connects.is_some_and(hyper_util::client::legacy::Error::is_connect) {
                    kind = ErrorKind::Unreachable;
                }
                if let Some(limit) = bounds::passed(cause) {
                    let hint = format!("check which server the kubeconfig's current context names; {WITHOUT_CLUSTER}");
                    return Error::new(ErrorKind::Unexpected, what).with("cause", limit).hint(hint);
                }
                if let Some(error) = cause.downcast_ref::<AuthError>() {
                    return of_credentials(what, error);
                }
                causes.push(cause.to_string());
                source = cause.source();
            }
            // Each says what is said below it, or the last says it best.
            let cause = causes.pop().unwrap_or_default();
            let error = Error::new(kind, what).with("cause", redacted(&cause));
            error.hint(format!("check that `kubectl get serviceaccounts` works in this shell; {WITHOUT_CLUSTER}"))
        }
    }
}

/// What a command of the kubeconfig printed may be a token, and stays out of what is said.
fn of_credentials(what: &str, error: &AuthError) -> Error {
    let cause = match error {
        AuthError::AuthExecRun { cmd, out } => {
            let said = String::from_utf8_lossy(&out.stderr);
            format!("`{}` failed ({}): {}", redacted(cmd), out.status, redacted(said.trim()))
        }
        AuthError::AuthExecParse(_) => "what the kubeconfig's command printed can't be understood".to_owned(),
        error => error.to_string(),
    };
    Error::new(ErrorKind::Credentials, what).with("cause", cause).hint(format!(
        "log in as the kubeconfig wants it, so that `kubectl auth whoami` works in this shell; {WITHOUT_CLUSTER}"
    ))
}

fn answered(what: &str, status: &Status) -> Error {
    let kind = match status.code {
        401 => ErrorKind::Credentials,
        403 => ErrorKind::AccessDenied,
        404 => ErrorKind::NotFound,
        409 => ErrorKind::NotYet,
        // The next pages of a list are gone: it is read anew.
        410 => ErrorKind::Unavailable,
        429 => ErrorKind::Throttled,
        500.. => ErrorKind::Unavailable,
        _ => ErrorKind::Unexpected,
    };
    let error = Error::new(kind, what).with("the cluster said", redacted(&status.message)).with("status", status.code);
    match kind {
        ErrorKind::Credentials => error.hint(format!(
            "log in again: the cluster doesn't know the kubeconfig's user, as `kubectl auth whoami` shows; {WITHOUT_CLUSTER}"
        )),
        _ => error,
    }
}

/// Says which rule of role-based access control is missing, where that is what the cluster said, and how to do without.
pub(crate) fn needing(error: Error, rule: &str, namespace: Option<&str>) -> Error {
    match error.kind() {
        ErrorKind::AccessDenied => error.hint(format!("{}; {WITHOUT_CLUSTER}", missing(rule, namespace))),
        _ => error,
    }
}

/// How a user is given a rule: in the whole cluster, or in a namespace, for which a Role is enough. A ClusterRole has no namespace.
pub(crate) fn missing(rule: &str, namespace: Option<&str>) -> String {
    let by = match namespace {
        Some(namespace) => {
            format!(
                "a Role and a RoleBinding in the namespace {namespace}, or by a ClusterRole and a ClusterRoleBinding"
            )
        }
        None => "a ClusterRole and a ClusterRoleBinding".to_owned(),
    };
    format!(
        "whoever administers the cluster gives the kubeconfig's user the rule {rule}, by {by} (`cloudgrant permissions --for cluster` \
         prints a ClusterRole with all rules)"
    )
}

/// The managers that have what was applied, and the fields, where that is why it was refused.
pub(crate) fn managers_in_the_way(error: &kube::Error) -> Option<(Vec<String>, String)> {
    let kube::Error::Api(status) = error else { return None };
    let causes = status.details.as_ref().filter(|_| status.code == 409)?.causes.iter();
    let mut managers: Vec<String> = Vec::new();
    let mut fields: Vec<&str> = Vec::new();
    for cause in causes.filter(|cause| cause.reason == OF_MANAGER) {
        // As in `conflict with "helm"` and `conflict with "kubectl-annotate" using v1`.
        let manager = cause.message.split('"').nth(1).unwrap_or(&cause.message).to_owned();
        if !managers.contains(&manager) {
            managers.push(manager);
        }
        fields.push(&cause.field);
    }
    (!managers.is_empty()).then(|| (managers, fields.join(", ")))
}

/// Whether the service account isn't the one that was seen: it was deleted since, or deleted and made anew.
pub(crate) fn is_another(error: &kube::Error) -> bool {
    let kube::Error::Api(status) = error else { return false };
    let has_cause =
        |field: &str| status.details.iter().flat_map(|details| &details.causes).any(|cause| cause.field == field);
    match status.code {
        409 => status.message.contains("uid mismatch"),
        422 => has_cause("metadata.uid") || status.message.contains("metadata.uid"),
        _ => false,
    }
}

/// An annotation that somebody else than this manager has, with another value.
pub(crate) fn in_the_way(name: &str, key: &str, others: &[String], manager: &str) -> Error {
    let managers: Vec<_> = others.iter().map(|manager| told(manager)).collect();
    let (namespace, account) = crate::names::parts(name);
    let message = format!(
        "the annotation {key} of service account {name} has another value, and is managed by {}",
        managers.join(" and ")
    );
    let error = Error::new(ErrorKind::Conflict, message);
    // Taken out by hand, it would come back with the next apply of that stack, and all else that it made would stay.
    if let Some((stack, mark)) = others.iter().find_map(|other| Some((stack_of(other)?, other))) {
        let is_at_home = home_of(mark) == home_of(manager);
        return error.hint(in_the_way_of_another(&stack, is_at_home, "pods that start in between have no identity"));
    }
    error.hint(format!(
        "take it out of what that manager applies, or remove it: `kubectl annotate serviceaccount {account} --namespace \
         {namespace} {key}-`; cloudgrant takes no field over from another manager"
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(status: serde_json::Value) -> kube::Error {
        kube::Error::Api(Box::new(serde_json::from_value(status).expect("a status")))
    }

    #[test]
    fn an_annotation_of_another_stack_s_is_taken_back_with_it() {
        let ours = "cloudgrant.new.0123456789abcdef";
        let hint = |others: &[&str]| {
            let others: Vec<_> = others.iter().map(|other| (*other).to_owned()).collect();
            in_the_way("a/default", "role", &others, ours).hint_text().unwrap_or_default().to_owned()
        };
        let here = hint(&["helm", "cloudgrant.old.0123456789abcdef"]);
        assert!(here.contains("`cloudgrant revoke --all --stack old`") && !here.contains("kubectl"), "{here}");
        let elsewhere = hint(&["cloudgrant.new.0123456789abcde0"]);
        assert!(elsewhere.contains("`cloudgrant stacks` prints") && !elsewhere.contains("kubectl"), "{elsewhere}");
        for foreign in ["helm", "cloudgrant.old", "cloudgrant.old.helm"] {
            assert!(hint(&[foreign]).contains("`kubectl annotate serviceaccount default --namespace a role-`"));
        }
    }

    #[test]
    fn two_kinds_of_conflict_are_told_apart() {
        let cause =
            |message: &str| json!({ "reason": OF_MANAGER, "message": message, "field": ".metadata.annotations.a" });
        let held = refused(
            json!({ "code": 409, "reason": "Conflict", "message": "Apply failed with 2 conflicts", "details": {
                "causes": [cause("conflict with \"helm\""), cause("conflict with \"kubectl\" using v1")],
            }}),
        );
        let (managers, _) = managers_in_the_way(&held).expect("managers");
        assert_eq!(managers, ["helm", "kubectl"]);
        let lost = refused(json!({ "code": 409, "reason": "Conflict", "message": "the object has been modified" }));
        assert!(managers_in_the_way(&lost).is_none() && !is_another(&lost));
        assert_eq!(asked("x", &lost).kind(), ErrorKind::NotYet, "it is tried again");
    }

    #[test]
    fn a_refusal_names_the_rule_that_is_missing() {
        let denied = refused(json!({ "code": 403, "reason": "Forbidden", "message": "User \"x\" cannot patch" }));
        let error = needing(asked("can't annotate", &denied), "verbs: [patch]", Some("vision-production"));
        assert_eq!(error.kind(), ErrorKind::AccessDenied);
        let hint = error.hint_text().expect("a hint");
        assert!(
            hint.contains("verbs: [patch], by a Role and a RoleBinding in the namespace vision-production"),
            "{hint}"
        );
        assert!(hint.contains("CLOUDGRANT_PLATFORM__DELIVERY=handoff"), "{hint}");
        let hint = missing("verbs: [list]", None);
        assert!(hint.contains("by a ClusterRole and a ClusterRoleBinding (") && !hint.contains("namespace"), "{hint}");
        assert!(error.to_string().contains("cannot patch"), "{error}");
    }

    #[test]
    fn what_a_command_printed_is_not_told() {
        let out = std::process::Command::new("sh").args(["-c", "echo token; echo expired >&2; exit 1"]).output();
        let error = AuthError::AuthExecRun { cmd: "login".to_owned(), out: Box::new(out.expect("an output")) };
        let error = asked("can't list", &kube::Error::Service(Box::new(error)));
        assert_eq!(error.kind(), ErrorKind::Credentials);
        assert!(error.to_string().contains("expired") && !format!("{error:?}").contains("token"), "{error:?}");
    }
}
