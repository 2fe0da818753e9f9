//! Keys of the section `platform` that have no effect on what the platform is told, and why: a plan says it of each.

use cloudgrant_core::{Identity, Note, Principal};

use crate::platform_delivery::keys::{ControlPlane, Keys, Who};

const DELIVERY: &str = "platform.delivery";

/// The ways by which a control plane is told, each with the versions of the platforms that have it.
const ADMIN: (&str, &str) = ("admin", "the first versions of Flyte and Union");
const SETTINGS: (&str, &str) = ("settings", "the second versions of Flyte and Union");

/// Why nothing is written for a principal that the cloud binds.
const OF_CLOUD: &str = "the cloud itself gives pods their principal, whatever their service accounts say";

/// What a platform is told of principals, as far as cloudgrant tells it by itself.
pub(super) struct Told<'a> {
    /// All principals of a plan.
    pub(super) principals: &'a [Principal],
    /// Of which of them an attribute of Flyte admin's could say it.
    pub(super) has_attribute: &'a dyn Fn(&Principal) -> bool,
    /// Whether a principal's scope has namespaces of its own, which an attribute takes.
    pub(super) has_own_namespaces: &'a dyn Fn(&Principal) -> bool,
    /// Why there may be no principal of which the platform is to be told ([`Delivery::untold`](crate::Delivery::untold)).
    pub(super) untold: &'a str,
}

impl Told<'_> {
    /// The notes, each at its key.
    pub(super) fn notes(&self, keys: &Keys) -> Vec<Note> {
        let Keys { delivery, attribute, deployment } = keys;
        let is_admin = delivery.control_plane == Some(ControlPlane::Admin(Who::Cloudgrant));
        let asks_control_plane = delivery.asks_admin() || delivery.asks_settings();
        let attribute =
            attribute.as_ref().filter(|_| !(is_admin && self.any(|it| self.is_set_by_admin(it)))).map(|_| {
                let message = match is_admin {
                    true => "it has no effect here: no cluster resource attribute is set".to_owned(),
                    false => format!(
                        "it is for `platform.delivery: admin`, and has no effect here{}",
                        self.line_to_add(keys, &[ADMIN])
                    ),
                };
                Note::warning("platform.attribute", message)
            });
        let deployment = deployment.as_ref().filter(|_| !asks_control_plane).map(|_| {
            // An attribute is for Flyte admin alone, and no attribute says it where all scopes share their namespaces.
            let fitting: &[_] = if keys.attribute.is_some() {
                &[ADMIN]
            } else if self.any(|it| is_known(it) && (self.has_own_namespaces)(it)) {
                &[ADMIN, SETTINGS]
            } else {
                &[SETTINGS]
            };
            let message = format!(
                "it is for `platform.delivery: admin` and `settings`, and has no effect here: what no `delivery` names is asked for nothing \
                 and told nothing{}",
                self.line_to_add(keys, fitting)
            );
            Note::warning("platform.deployment", message)
        });
        attribute.into_iter().chain(deployment).chain(self.delivery(keys)).collect()
    }

    /// That cloudgrant tells nothing by a way that the manifest selects.
    fn delivery(&self, keys: &Keys) -> Option<Note> {
        let is_admin = keys.delivery.control_plane == Some(ControlPlane::Admin(Who::Cloudgrant));
        let control_plane = match keys.delivery.control_plane {
            Some(ControlPlane::Admin(Who::Cloudgrant)) => Some(("admin", self.any(|it| self.is_set_by_admin(it)))),
            Some(ControlPlane::Settings(Who::Cloudgrant)) => {
                Some(("settings", self.any(|it| !matches!(it.identity, Identity::Asked(_)))))
            }
            Some(ControlPlane::Admin(Who::SomebodyElse) | ControlPlane::Settings(Who::SomebodyElse)) | None => None,
        };
        let is_annotated = |it: &Principal| is_known(it) && !(is_admin && self.is_set_by_admin(it));
        let cluster = keys.delivery.annotates().then(|| self.any(is_annotated));
        match (control_plane, cluster) {
            (None | Some((_, false)), None | Some(false)) if control_plane.is_some() || cluster.is_some() => {
                Some(Note::warning(DELIVERY, format!("it has no effect here: {}", self.why_nothing_is_told())))
            }
            (Some((way, false)), Some(true)) => {
                Some(Note::warning(DELIVERY, format!("`{way}` has no effect here: {}", self.why_nothing_is_told())))
            }
            (Some((_, true)), Some(false)) if self.any(is_bound_by_cloud) => {
                Some(Note::warning(DELIVERY, format!("`kubernetes` has no effect here: {OF_CLOUD}")))
            }
            // It is there for what attributes can't say, which may come.
            (Some((_, true)), Some(false)) => {
                let message = "`kubernetes` has nothing to annotate here: cluster resource attributes say it all";
                Some(Note::info(DELIVERY, message))
            }
            _ => None,
        }
    }

    /// What to write so that a control plane is told, as the end of a sentence; nothing where that would tell it nothing, either.
    ///
    /// Nobody chooses it by itself, not even where one alone fits: whoever wrote the manifest had the platform told by somebody else so
    /// far, and a manifest may be a stranger's.
    fn line_to_add(&self, keys: &Keys, fitting: &[(&str, &str)]) -> String {
        let is_told = |way: &str, it: &Principal| match way {
            "settings" => !matches!(it.identity, Identity::Asked(_)),
            _ => is_known(it),
        };
        let of_cluster = match keys.delivery.cluster {
            Some(Who::Cloudgrant) => Some("kubernetes"),
            Some(Who::SomebodyElse) => Some("leave-kubernetes"),
            None => None,
        };
        let line = |(way, version): &(&str, &str)| match of_cluster {
            Some(cluster) => format!("`delivery: [{way}, {cluster}]` ({version})"),
            None => format!("`delivery: {way}` ({version})"),
        };
        // With another control plane's, this would be a second one.
        let fitting = if keys.delivery.control_plane.is_some() { &[] } else { fitting };
        let lines: Vec<_> = fitting.iter().filter(|(way, _)| self.any(|it| is_told(way, it))).map(line).collect();
        match lines.as_slice() {
            [] => String::new(),
            lines => format!(". To have cloudgrant do it, write {}", lines.join(" or ")),
        }
    }

    fn any(&self, is: impl Fn(&Principal) -> bool) -> bool {
        self.principals.iter().any(is)
    }

    fn is_set_by_admin(&self, principal: &Principal) -> bool {
        is_known(principal) && (self.has_attribute)(principal)
    }

    fn why_nothing_is_told(&self) -> &str {
        if self.any(is_known) {
            "no cluster resource attribute says under which principal task code runs, with these namespaces and templates"
        } else if self.any(is_bound_by_cloud) {
            OF_CLOUD
        } else {
            self.untold
        }
    }
}

fn is_known(principal: &Principal) -> bool {
    matches!(principal.identity, Identity::Known { .. })
}

fn is_bound_by_cloud(principal: &Principal) -> bool {
    matches!(principal.identity, Identity::BoundByCloud { .. })
}
