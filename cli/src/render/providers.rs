//! What each provider can do: one column a provider, one line an ability; and which platforms there are.

use cloudgrant_core::{Access, Capabilities, PlatformRegistration, Registration, ResourceKind, ScopeKind};
use cloudgrant_sandbox_kit::registry::find;
use serde_json::{Value, json};

use super::{BOLD, DIM, FORMAT_VERSION, GREEN, YELLOW, styled, wrapped};

/// An ability, and which provider has it.
type Row = (String, Vec<Can>);

/// Whether a provider can do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Can {
    No,
    Yes,
    /// With more or less than it says: a line below the table says in what.
    Nearly,
}

/// For people.
pub(crate) fn text(
    providers: &[&'static Registration],
    platforms: &[&'static PlatformRegistration],
    width: Option<usize>,
) -> String {
    let mut out = String::new();
    for provider in providers {
        out.push_str(&format!(
            "{}  {}\n",
            styled(BOLD, provider.id),
            wrapped(provider.summary, provider.id.len() + 2, 4, width)
        ));
        let reason = provider.capabilities.scope_reason();
        if !reason.is_empty() && provider.capabilities.scope_kinds().len() < ScopeKind::ALL.len() {
            let text = wrapped(&format!("no other scopes: {reason}"), 4, 6, width);
            out.push_str(&format!("    {text}\n"));
        }
    }
    out.push('\n');
    let groups = table(providers);
    let first =
        groups.iter().flat_map(|(title, rows)| rows.iter().map(|(name, _)| name.len() + 2).chain([title.len()]));
    let first = first.max().unwrap_or_default();
    let heads: Vec<_> = providers.iter().map(|provider| format!("  {:>3}", provider.id)).collect();
    out.push_str(&format!("{:first$}{}\n", "", styled(BOLD, &heads.concat())));
    for (title, rows) in groups {
        out.push_str(&format!("{title}\n"));
        for (name, marks) in rows {
            out.push_str(&format!("  {name:width$}", width = first - 2));
            let mut gap = 2;
            for (provider, can) in providers.iter().zip(marks) {
                let before = " ".repeat(gap + provider.id.len().saturating_sub(3));
                let mark = match can {
                    Can::No => styled(DIM, "  -"),
                    Can::Yes => styled(GREEN, "yes"),
                    Can::Nearly => styled(GREEN, "yes") + &styled(YELLOW, "*"),
                };
                out.push_str(&format!("{before}{mark}"));
                // The star stands in the gap, so that the columns stay where they are.
                gap = if can == Can::Nearly { 1 } else { 2 };
            }
            out.push('\n');
        }
    }
    if !platforms.is_empty() {
        out.push_str("\nplatforms (platform.kind)\n");
    }
    for platform in platforms {
        let summary = wrapped(platform.summary, platform.id.len() + 4, 6, width);
        out.push_str(&format!("  {}  {summary}\n", styled(BOLD, platform.id)));
    }
    let lines: Vec<_> = providers.iter().flat_map(|provider| inexact(provider, width)).collect();
    if !lines.is_empty() {
        out.push_str(&format!("\n{}", lines.concat()));
    }
    out
}

/// What the stars mean, a line each.
fn inexact(provider: &Registration, width: Option<usize>) -> impl Iterator<Item = String> {
    provider.capabilities.inexact_levels().iter().map(move |inexact| {
        let precisely = if inexact.precisely { "; `precise: true` for exactly this" } else { "" };
        let (access, kind) = (inexact.access, inexact.kind.with_article());
        let text = format!("{}, {access} on {kind}: {}{precisely}", provider.id, inexact.effect());
        format!("{} {}\n", styled(YELLOW, "*"), wrapped(&text, 2, 2, width))
    })
}

fn table(providers: &[&'static Registration]) -> Vec<(String, Vec<Row>)> {
    let row = |name: String, can: &dyn Fn(&Registration) -> Can| {
        (name, providers.iter().map(|provider| can(provider)).collect::<Vec<_>>())
    };
    let yes = |can: bool| if can { Can::Yes } else { Can::No };
    let level = |kind, level: Access, levels: &dyn Fn(&Capabilities) -> &'static [Access]| {
        row(level.to_string(), &|p| match p.capabilities.inexact_level(kind, level) {
            Some(_) if levels(&p.capabilities).contains(&level) => Can::Nearly,
            _ => yes(levels(&p.capabilities).contains(&level)),
        })
    };
    let mut groups = vec![(
        "scopes".to_owned(),
        ScopeKind::ALL.map(|kind| row(kind.to_string(), &|p| yes(p.capabilities.allows_scope(kind)))).to_vec(),
    )];
    for kind in kinds(providers) {
        let levels = Access::ALL.map(|access| level(kind, access, &|capabilities| capabilities.levels(kind)));
        groups.push((format!("task code: {kind}"), levels.to_vec()));
    }
    let levels =
        Access::ALL.map(|access| level(ResourceKind::REGISTRY, access, &|capabilities| capabilities.registry_levels()));
    groups.push(("infrastructure: registry".to_owned(), levels.to_vec()));
    groups.push(("without an account".to_owned(), vec![row("sandbox".to_owned(), &|p| yes(find(p.id).is_some()))]));
    // Of the levels, only those that somebody has for this kind of thing: a secret can't be pulled anywhere.
    for (title, rows) in &mut groups {
        if title.contains(':') {
            rows.retain(|(_, marks)| marks.iter().any(|can| *can != Can::No));
        }
    }
    groups.retain(|(_, rows)| !rows.is_empty());
    groups
}

/// Every kind that somebody has, once. What is of no other kind comes last.
fn kinds(providers: &[&'static Registration]) -> Vec<ResourceKind> {
    let mut kinds: Vec<ResourceKind> = Vec::new();
    for registered in providers.iter().flat_map(|provider| provider.capabilities.registered_kinds()) {
        if !kinds.contains(&registered.kind) {
            kinds.push(registered.kind);
        }
    }
    kinds.sort_by_key(|kind| *kind == ResourceKind::OTHER);
    kinds
}

/// For programs.
pub(crate) fn document(providers: &[&'static Registration], platforms: &[&'static PlatformRegistration]) -> Value {
    let platform =
        |platform: &&'static PlatformRegistration| json!({ "name": platform.id, "summary": platform.summary });
    let provider = |provider: &&'static Registration| {
        let capabilities = &provider.capabilities;
        let kinds = capabilities.registered_kinds().iter();
        let access = kinds.map(|registered| {
            json!({ "kind": registered.kind, "levels": registered.levels, "locators": registered.locators })
        });
        json!({
            "name": provider.id,
            "summary": provider.summary,
            "scopes": capabilities.scope_kinds(),
            "task_access": access.collect::<Vec<_>>(),
            "registry": capabilities.registry_levels(),
            "inexact": capabilities.inexact_levels(),
            "sandbox": find(provider.id).is_some(),
        })
    };
    json!({
        "format_version": FORMAT_VERSION,
        "command": "providers",
        "providers": providers.iter().map(provider).collect::<Vec<_>>(),
        "platforms": platforms.iter().map(platform).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use async_trait::async_trait;
    use cloudgrant_core::{
        Approved, Backend, Bound, Checked, Connect, Context, Desired, Diagnostic, Inexact, Locator, Observed, Outcome,
        Permissions, Provider, RegisteredKind, RegistryAccess, Result, ScopeBinding, TaskAccess,
    };

    use super::*;

    /// Only what it declares is looked at.
    #[derive(Debug)]
    struct Exact;

    #[async_trait]
    impl Backend for Exact {
        async fn observe(&self, _: &Desired) -> Result<Observed> {
            Ok(Observed::default())
        }

        async fn apply(&self, _: Approved<'_>) -> Result<Outcome> {
            Ok(Outcome::default())
        }
    }

    #[async_trait]
    impl Provider for Exact {
        async fn grant_task_access(&self, _: &[Arc<Checked<TaskAccess>>]) -> Result<Permissions> {
            Ok(Permissions::default())
        }

        async fn enable_registry(&self, _: &[Checked<RegistryAccess>]) -> Result<Desired> {
            Ok(Desired::default())
        }

        async fn bind_scope(&self, _: &[Checked<ScopeBinding>], _: &Permissions) -> Result<Bound> {
            Ok(Bound::default())
        }
    }

    #[async_trait]
    impl Connect for Exact {
        const ID: &'static str = "exact";
        const SUMMARY: &'static str = "does as it says";
        const CAPABILITIES: Capabilities = Capabilities::none()
            .scopes(&ScopeKind::ALL, "")
            .kinds(&[RegisteredKind::new(ResourceKind::OBJECT_STORE, &[Access::Read, Access::Write])]);
        type Config = Value;

        fn parse_locator(text: &str) -> Result<(ResourceKind, Locator), Diagnostic> {
            Ok((ResourceKind::OBJECT_STORE, Locator::new(text, ())))
        }
        fn directs_credentials(_: &Value) -> Vec<Diagnostic> {
            Vec::new()
        }
        async fn connect(_: Context, _: Value) -> Result<Self> {
            Ok(Self)
        }
    }

    const KINDS: [RegisteredKind; 2] = [
        RegisteredKind::new(ResourceKind::OBJECT_STORE, &[Access::Read, Access::Write]),
        RegisteredKind::new(ResourceKind::OTHER, &[Access::Read]),
    ];

    fn nearly() -> Registration {
        let mut nearly = Registration::of::<Exact>();
        (nearly.id, nearly.summary) = ("nearly", "does more than it says");
        nearly.capabilities = Capabilities::none()
            .scopes(&[ScopeKind::Global], "there is one identity")
            .kinds(&KINDS)
            .registry(&[Access::Pull])
            .inexact(&[
                Inexact {
                    kind: ResourceKind::OBJECT_STORE,
                    access: Access::Write,
                    gains: "reads and deletes objects",
                    loses: "",
                    precisely: true,
                },
                Inexact {
                    kind: ResourceKind::REGISTRY,
                    access: Access::Pull,
                    gains: "reads its neighbours",
                    loses: "see tags",
                    precisely: false,
                },
            ]);
        nearly
    }

    fn both() -> [&'static Registration; 2] {
        [Box::leak(Box::new(nearly())), Box::leak(Box::new(Registration::of::<Exact>()))]
    }

    #[test]
    fn inexact_levels_have_a_star_and_a_line() {
        let seen = anstream::adapter::strip_str(&text(&both(), &[], None)).to_string();
        let expected = "\
nearly  does more than it says
    no other scopes: there is one identity
exact  does as it says

                           nearly  exact
scopes
  global                      yes    yes
  domain                        -    yes
  project-domain                -    yes
  workload                      -    yes
task code: object store
  read                        yes    yes
  write                       yes*   yes
task code: other resource
  read                        yes      -
infrastructure: registry
  pull                        yes*     -
without an account
  sandbox                       -      -

* nearly, write on an object store: also reads and deletes objects; `precise: true` for exactly this
* nearly, pull on a registry: also reads its neighbours, but does not see tags
";
        assert_eq!(seen, expected);
    }

    #[test]
    fn inexact_levels_keep_to_the_schema() {
        let schema = serde_json::from_str(include_str!("../../schema/output.schema.json")).expect("JSON");
        let schema = jsonschema::validator_for(&schema).expect("a schema");
        let document = document(&both(), &[]);
        assert!(schema.is_valid(&document), "{document:#}");
        assert_eq!(document["providers"][0]["inexact"][0]["gains"], "reads and deletes objects");
        assert_eq!(document["providers"][0]["task_access"][1]["kind"], "other");
        assert_eq!(document["providers"][1]["inexact"], json!([]));
    }
}
