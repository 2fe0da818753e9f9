//! Values of a Helm chart: what the platform sets for each domain.

use cloudgrant_core::{DeliveryFile, Naming, Principal, Scope};

use crate::{known, yaml};

/// Where a chart has the values of each domain, and what it calls the principal's.
#[derive(Debug, Clone, Copy)]
pub struct Chart {
    /// The chart's name.
    pub name: &'static str,
    /// The keys that lead to its list of domains.
    pub path: &'static [&'static str],
    /// The key of the principal's value.
    pub key: &'static str,
    /// Whether it has the template of namespaces as a value, `namespace_mapping.template`, which holds where it isn't `low_privilege`.
    pub maps_namespaces: bool,
}

impl Chart {
    /// The file of the chart's values for all domains that have a principal of their own; `None` where none has, as what holds for
    /// a project can't be told so.
    pub fn file(&self, naming: &Naming, principals: &[&Principal]) -> Option<DeliveryFile> {
        let domain = |principal: &Principal| match &principal.scope {
            Scope::Domain { domain } => Some((domain.to_string(), known(principal)?.1.to_owned())),
            Scope::Global | Scope::ProjectDomain { .. } => None,
        };
        let domains: Vec<_> = principals.iter().filter_map(|principal| domain(principal)).collect();
        if domains.is_empty() {
            return None;
        }
        let mut content = match self.maps_namespaces && naming.template() != Naming::default().template() {
            // The chart puts its values through Helm's own templates first.
            true => {
                let template =
                    ["project", "domain"].into_iter().fold(naming.template().to_owned(), |template, name| {
                        template.replace(&format!("{{{name}}}"), &format!("{{{{ `{{{{ {name} }}}}` }}}}"))
                    });
                format!("low_privilege: false\nnamespace_mapping:\n  template: {}\n", yaml(&template))
            }
            false => String::new(),
        };
        for (depth, key) in self.path.iter().enumerate() {
            content.push_str(&format!("{}{key}:\n", "  ".repeat(depth)));
        }
        let indent = "  ".repeat(self.path.len());
        for (domain, value) in domains {
            let (domain, value) = (yaml(&domain), yaml(&value));
            content
                .push_str(&format!("{indent}- {domain}:\n{indent}  - {}:\n{indent}      value: {value}\n", self.key));
        }
        Some(DeliveryFile {
            path: format!("helm/{}.values.yaml", self.name),
            purpose: format!(
                "Values for the chart {}. Helm replaces a list as a whole: add what yours has for these domains, and the other \
                 domains.",
                self.name
            ),
            content,
        })
    }
}
