//! The keys of the section `platform` by which a manifest says who tells the platform.

use cloudgrant_core::manifest::one_or_several;
use cloudgrant_platform_admin::unfit_attribute;
use cloudgrant_platform_control_plane::unfit_host;
use serde::de::value::StrDeserializer;
use serde::{Deserialize, Deserializer};

/// The keys of the section `platform` that are for these platforms alone.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Keys {
    /// Who tells the platform.
    pub delivery: Deliveries,
    /// The cluster resource attribute of which the platform's own templates make the annotation, where its charts' isn't the one.
    #[serde(deserialize_with = "written")]
    pub attribute: Option<Attribute>,
    /// The host of the deployment that is meant. It leads nowhere: any other that the surroundings name is refused.
    #[serde(deserialize_with = "written")]
    pub deployment: Option<Host>,
}

/// Reads what may be left out and isn't null: that would mean another attribute, and any deployment.
///
/// # Errors
/// What is written isn't of the type.
pub fn written<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> std::result::Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The name of a cluster resource attribute.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Attribute(String);

impl Attribute {
    /// As it is written.
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Attribute {
    type Error = String;

    fn try_from(name: String) -> std::result::Result<Self, String> {
        match unfit_attribute(&name) {
            Some(why) => Err(why),
            None => Ok(Self(name)),
        }
    }
}

/// The host of a deployment, or its host and port.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Host(String);

impl Host {
    /// As it is written.
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Host {
    type Error = String;

    fn try_from(host: String) -> std::result::Result<Self, String> {
        match unfit_host(&host) {
            Some(why) => Err(why),
            None => Ok(Self(host)),
        }
    }
}

/// Who tells a platform under which principal task code runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeliveryMethod {
    /// Somebody else, who gets all that they need.
    #[default]
    Handoff,
    /// cloudgrant, which annotates the service accounts in the cluster.
    Kubernetes,
    /// Somebody else from now on: cloudgrant takes away what it annotated.
    LeaveKubernetes,
    /// cloudgrant, which sets the cluster resource attributes by Flyte admin's REST API.
    Admin,
    /// Somebody else from now on: cloudgrant takes away the attributes that it set.
    LeaveAdmin,
    /// cloudgrant, which sets the service accounts of tasks by the settings service of Flyte 2 and Union 2; the annotations of these
    /// are left to somebody else.
    Settings,
    /// Somebody else from now on: cloudgrant takes away the settings that it set.
    LeaveSettings,
}

/// The ways in which a platform is told: one by the platform's control plane and one in its cluster, either of them, or neither.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Deliveries {
    /// By the platform's control plane.
    pub control_plane: Option<ControlPlane>,
    /// In its cluster.
    pub cluster: Option<Who>,
}

/// What of a control plane says under which principal task code runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ControlPlane {
    /// The cluster resource attributes of Flyte admin.
    Admin(Who),
    /// The settings of Flyte 2 and Union 2.
    Settings(Who),
}

/// Who does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// cloudgrant.
    Cloudgrant,
    /// Somebody else from now on: cloudgrant takes away what it made.
    SomebodyElse,
}

impl Deliveries {
    /// Whether Flyte admin is asked for anything.
    pub fn asks_admin(self) -> bool {
        matches!(self.control_plane, Some(ControlPlane::Admin(_)))
    }

    /// Whether the settings service is asked for anything.
    pub fn asks_settings(self) -> bool {
        matches!(self.control_plane, Some(ControlPlane::Settings(_)))
    }

    /// Whether cloudgrant annotates service accounts.
    pub fn annotates(self) -> bool {
        self.cluster == Some(Who::Cloudgrant)
    }
}

impl From<DeliveryMethod> for Deliveries {
    fn from(method: DeliveryMethod) -> Self {
        use Who::{Cloudgrant, SomebodyElse};
        let by_control_plane = |control_plane| Self { control_plane: Some(control_plane), cluster: None };
        let in_cluster = |who| Self { control_plane: None, cluster: Some(who) };
        match method {
            DeliveryMethod::Handoff => Self::default(),
            DeliveryMethod::Kubernetes => in_cluster(Cloudgrant),
            DeliveryMethod::LeaveKubernetes => in_cluster(SomebodyElse),
            DeliveryMethod::Admin => by_control_plane(ControlPlane::Admin(Cloudgrant)),
            DeliveryMethod::LeaveAdmin => by_control_plane(ControlPlane::Admin(SomebodyElse)),
            DeliveryMethod::Settings => by_control_plane(ControlPlane::Settings(Cloudgrant)),
            DeliveryMethod::LeaveSettings => by_control_plane(ControlPlane::Settings(SomebodyElse)),
        }
    }
}

impl TryFrom<&[DeliveryMethod]> for Deliveries {
    type Error = String;

    fn try_from(methods: &[DeliveryMethod]) -> std::result::Result<Self, String> {
        if let [method] = methods {
            return Ok((*method).into());
        }
        let mut all = Self::default();
        for method in methods {
            let Self { control_plane, cluster } = (*method).into();
            let is_second = control_plane.is_some() && all.control_plane.is_some();
            if is_second || cluster.is_some() && all.cluster.is_some() {
                return Err("two ways of which one deployment has one: a list has one of the control plane (`admin`, `settings`) \
                            and one of the cluster (`kubernetes`)"
                    .to_owned());
            }
            if control_plane.is_none() && cluster.is_none() {
                return Err("`handoff` beside another way: what that one doesn't serve is handed off anyway".to_owned());
            }
            all = Self { control_plane: all.control_plane.or(control_plane), cluster: all.cluster.or(cluster) };
        }
        match methods {
            [] => Err("a list of no way: leave `delivery` out, or write `handoff`".to_owned()),
            _ => Ok(all),
        }
    }
}

impl<'de> Deserialize<'de> for Deliveries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        use serde::de::Error as _;
        let names = one_or_several(deserializer, "a way of delivery, or a list of them")?;
        let method = |name: &String| DeliveryMethod::deserialize(StrDeserializer::<D::Error>::new(name));
        let methods: Vec<_> = names.iter().map(method).collect::<std::result::Result<_, _>>()?;
        Self::try_from(methods.as_slice()).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_has_one_way_of_each_side() {
        let read =
            |value: serde_json::Value| serde_json::from_value::<Deliveries>(value).map_err(|error| error.to_string());
        let both =
            Deliveries { control_plane: Some(ControlPlane::Settings(Who::Cloudgrant)), cluster: Some(Who::Cloudgrant) };
        assert_eq!(read(json!(["settings", "kubernetes"])), Ok(both));
        assert_eq!(read(json!(["kubernetes", "settings"])), Ok(both));
        assert_eq!(read(json!(["admin"])), read(json!("admin")));
        assert_eq!(read(json!("handoff")), Ok(Deliveries::default()));
        let leaving = Deliveries { cluster: Some(Who::SomebodyElse), ..both };
        assert_eq!(read(json!(["settings", "leave-kubernetes"])), Ok(leaving));
        for (odd, why) in [
            (json!([]), "a list of no way"),
            (json!(["admin", "settings"]), "one of the control plane"),
            (json!(["kubernetes", "leave-kubernetes"]), "one of the cluster"),
            (json!(["settings", "settings"]), "one of the control plane"),
            (json!(["handoff", "kubernetes"]), "handed off anyway"),
            (json!(["kubernets"]), "unknown variant `kubernets`"),
            (json!("kubernets"), "unknown variant `kubernets`"),
            (json!(null), "a way of delivery, or a list of them"),
            (json!([null]), "null"),
        ] {
            let refusal = read(odd.clone()).expect_err("it is no delivery");
            assert!(refusal.contains(why), "{odd}: {refusal}");
        }
    }
}
