//! What each provider can do: one column a provider, one line an ability.

use cloudgrant_core::{Access, Registration, ResourceKind, ScopeKind};
use cloudgrant_sandbox_kit::registry::find;
use serde_json::{Value, json};

use super::json::FORMAT_VERSION;
use super::{BOLD, DIM, GREEN, styled};

type Row = (String, Vec<bool>);

/// For people.
pub(crate) fn text(providers: &[&'static Registration]) -> String {
    let mut out = String::new();
    for provider in providers {
        out.push_str(&format!("{}  {}\n", styled(BOLD, provider.id), provider.summary));
        let reason = provider.capabilities.scope_reason();
        if !reason.is_empty() && provider.capabilities.scope_kinds().len() < ScopeKind::ALL.len() {
            out.push_str(&format!("    no other scopes: {reason}\n"));
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
            for (provider, can) in providers.iter().zip(marks) {
                let mark = if can { styled(GREEN, "yes") } else { styled(DIM, "  -") };
                out.push_str(&format!("  {}{mark}", " ".repeat(provider.id.len().saturating_sub(3))));
            }
            out.push('\n');
        }
    }
    out
}

fn table(providers: &[&'static Registration]) -> Vec<(String, Vec<Row>)> {
    let row = |name: String, can: &dyn Fn(&Registration) -> bool| {
        (name, providers.iter().map(|provider| can(provider)).collect::<Vec<_>>())
    };
    let mut groups = vec![(
        "scopes".to_owned(),
        ScopeKind::ALL.map(|kind| row(kind.to_string(), &|p| p.capabilities.allows_scope(kind))).to_vec(),
    )];
    for kind in ResourceKind::ALL {
        let levels =
            Access::ALL.map(|level| row(level.to_string(), &|p| p.capabilities.levels(kind).contains(&level))).to_vec();
        groups.push((format!("task code: {kind}"), levels));
    }
    let levels =
        Access::ALL.map(|level| row(level.to_string(), &|p| p.capabilities.registry_levels().contains(&level)));
    groups.push(("infrastructure: registry".to_owned(), levels.to_vec()));
    groups.push(("without an account".to_owned(), vec![row("sandbox".to_owned(), &|p| find(p.id).is_some())]));
    // Of the levels, only those that somebody has for this kind of thing: a secret can't be pulled anywhere.
    for (title, rows) in &mut groups {
        if title.contains(':') {
            rows.retain(|(_, marks)| marks.contains(&true));
        }
    }
    groups.retain(|(_, rows)| !rows.is_empty());
    groups
}

/// For programs.
pub(crate) fn document(providers: &[&'static Registration]) -> Value {
    let provider = |provider: &&'static Registration| {
        let capabilities = &provider.capabilities;
        let kinds = ResourceKind::ALL.into_iter().filter(|kind| !capabilities.levels(*kind).is_empty());
        let access = kinds.map(|kind| json!({ "kind": kind, "levels": capabilities.levels(kind) }));
        json!({
            "name": provider.id,
            "summary": provider.summary,
            "scopes": capabilities.scope_kinds(),
            "task_access": access.collect::<Vec<_>>(),
            "registry": capabilities.registry_levels(),
            "sandbox": find(provider.id).is_some(),
        })
    };
    json!({
        "format_version": FORMAT_VERSION,
        "command": "providers",
        "providers": providers.iter().map(provider).collect::<Vec<_>>(),
    })
}
