//! Values of a Helm chart: what the platform sets for each domain, the template of service accounts that takes it, and the labels
//! of task pods.

use std::collections::BTreeSet;

use cloudgrant_core::{DeliveryFile, Naming, Principal, Scope};

use crate::known;
use crate::yaml_document::Yaml;

/// The service account of a namespace that charts' own templates annotate.
const DEFAULT_ACCOUNT: &str = "default";

/// What the exported template of service accounts is called. Templates are applied in the order of their names: it comes after
/// those of namespaces, which begin with `0`, `a` or `aa`.
const TEMPLATE: &str = "cloudgrant_service_account";

/// A Helm chart with a cluster resource sync: it fills templates for each project and domain, with values of the domain.
#[derive(Debug, Clone, Copy)]
pub struct Chart {
    /// The chart's name.
    pub name: &'static str,
    /// The keys that lead to its list of domains, each with a list of values.
    pub path: &'static [&'static str],
    /// What its templates make annotations of.
    pub attributes: &'static [ChartAttribute],
    /// Where it takes templates.
    pub templates: Templates,
    /// The keys that lead to its list of labels of task pods.
    pub pod_labels: &'static [&'static str],
    /// Whether it has the template of namespaces as a value, `namespace_mapping.template`, which holds where it isn't `low_privilege`
    /// and has `namespaces` and the sync, `clusterresourcesync`, enabled.
    pub maps_namespaces: bool,
}

/// The value of which a template makes an annotation of service accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChartAttribute {
    /// The annotation's key.
    pub annotation: &'static str,
    /// The value's key.
    pub key: &'static str,
    /// The key of another value, with the annotation's key: for charts whose template has that as a value, too.
    pub annotation_key: Option<&'static str>,
    /// Whether the chart, or the values for that cloud beside it, has such a template for the service account `default`.
    pub is_shipped: bool,
}

/// Where a chart takes templates beside its own.
#[derive(Debug, Clone, Copy)]
pub enum Templates {
    /// In a list, each with its `key` and its `value`; the keys that lead there.
    List(&'static [&'static str]),
    /// In a map from names of files to their contents; the keys that lead there.
    Files(&'static [&'static str]),
}

impl Chart {
    /// The file of the chart's values: of all domains that have a principal of their own, and of the label that pods need. `None`
    /// where there is neither; what holds for a project can't be told so. `templated` are those principals that values of a domain can
    /// name, and `all` are those that there are.
    pub fn file(&self, naming: &Naming, templated: &[&Principal], all: &[&Principal]) -> Option<DeliveryFile> {
        let of_domain = |principal: &&Principal| match &principal.scope {
            Scope::Domain { domain } => {
                let (annotation, value) = known(principal)?;
                Some((domain.to_string(), self.attribute(annotation.key)?, value.to_owned()))
            }
            Scope::Global | Scope::ProjectDomain { .. } | Scope::Workload { .. } => None,
        };
        let domains: Vec<_> = templated.iter().filter_map(of_domain).collect();
        // A file comes once what it names is known.
        let label_of = |principal: &&Principal| known(principal)?.0.pod_label;
        let labels: BTreeSet<_> = all.iter().filter_map(label_of).collect();
        if domains.is_empty() && labels.is_empty() {
            return None;
        }
        let mut values = Yaml::map([]);
        let mut purpose = format!("Values for the chart {}.", self.name);
        if self.maps_namespaces && !domains.is_empty() && naming.template() != Naming::default().template() {
            // The chart puts its values through Helm's own templates first.
            let template = in_template(naming.template(), |name| format!("{{{{ `{{{{ {name} }}}}` }}}}"));
            values.set(&["low_privilege"], Yaml::Bool(false));
            values.set(&["namespace_mapping", "template"], Yaml::Text(template));
            values.set(&["namespaces", "enabled"], Yaml::Bool(true));
            values.set(&["clusterresourcesync", "enabled"], Yaml::Bool(true));
        }
        if !domains.is_empty() {
            values.set(
                self.path,
                Yaml::List(
                    domains
                        .iter()
                        .map(|(domain, attribute, value)| Yaml::map([(domain.as_str(), attribute.values(value))]))
                        .collect(),
                ),
            );
            purpose.push_str(
                " Helm replaces a list as a whole: add what yours has for these domains, and the other domains.",
            );
            if self.maps_namespaces {
                purpose.push_str(
                    " They have an effect where `low_privilege` is false, and `namespaces` and `clusterresourcesync` are enabled.",
                );
            }
        }
        // An account of each project would get its domain's value, also where it has a principal of its own.
        let are_all_templated =
            all.iter().all(|one| known(one).is_none() || templated.iter().any(|of| of.scope == one.scope));
        let attributes: BTreeSet<_> = domains.iter().map(|(_, attribute, _)| *attribute).collect();
        for attribute in attributes.into_iter().filter(|_| are_all_templated) {
            if attribute.is_shipped && naming.account_template() == DEFAULT_ACCOUNT {
                continue;
            }
            self.templates.add(&mut values, &attribute.template(naming));
            purpose.push_str(&format!(
                " The template {TEMPLATE} has the platform annotate the service account {} of each namespace with the value \
                 {}.",
                naming.account_template(),
                attribute.key
            ));
        }
        if !labels.is_empty() {
            let labels = labels.iter().map(|(key, value)| Yaml::map([(*key, Yaml::Text((*value).to_owned()))]));
            values.set(self.pod_labels, Yaml::List(labels.collect()));
            purpose.push_str(" Task pods need the label.");
        }
        Some(DeliveryFile { path: format!("helm/{}.values.yaml", self.name), purpose, content: values.to_string() })
    }

    /// The value of which the chart's templates make an annotation.
    pub(crate) fn attribute(&self, annotation: &str) -> Option<&'static ChartAttribute> {
        self.attributes.iter().find(|attribute| attribute.annotation == annotation)
    }
}

impl ChartAttribute {
    /// The values of a domain whose principal is named by `value`.
    fn values(&self, value: &str) -> Yaml {
        let of =
            |key: &'static str, value: &str| Yaml::map([(key, Yaml::map([("value", Yaml::Text(value.to_owned()))]))]);
        let annotation_key = self.annotation_key.map(|key| of(key, self.annotation));
        Yaml::List(annotation_key.into_iter().chain([of(self.key, value)]).collect())
    }

    /// The template of the service account of a project and domain, as the platform's sync fills it in.
    fn template(&self, naming: &Naming) -> String {
        let account = in_template(naming.account_template(), |name| format!("{{{{ {name} }}}}"));
        format!(
            "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: \"{account}\"\n  namespace: \"{{{{ namespace }}}}\"\n  \
             annotations:\n    {}: \"{{{{ {} }}}}\"\n",
            self.annotation, self.key
        )
    }
}

impl Templates {
    fn add(&self, values: &mut Yaml, template: &str) {
        let template = Yaml::Lines(template.to_owned());
        match self {
            Self::List(path) => {
                let entry = Yaml::map([("key", Yaml::Text(TEMPLATE.to_owned())), ("value", template)]);
                values.set(path, Yaml::List(vec![entry]));
            }
            Self::Files(path) => {
                let file = format!("{TEMPLATE}.yaml");
                values.set(&[path, [file.as_str()].as_slice()].concat(), template);
            }
        }
    }
}

/// A template of names as another language of templates has it.
fn in_template(template: &str, written: impl Fn(&str) -> String) -> String {
    ["project", "domain"]
        .into_iter()
        .fold(template.to_owned(), |template, name| template.replace(&format!("{{{name}}}"), &written(name)))
}
